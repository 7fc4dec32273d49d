#!/usr/bin/perl

# Names of Zoom's go through nginx's resolver where there is one, and never
# hold up anybody else.

use strict;
use warnings;

use Test::More;

use Zoom::Stub;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my $dns = Zoom::Stub->dns(log => $t->dir . '/dns', names => {
    'zoom.us'     => ['::1', '127.0.0.1'],

    # Nobody listens at the first.
    'api.zoom.us' => ['127.0.0.9', '127.0.0.1'],

    # Never answered.
    'mute.zoom.us' => [],

    # Nobody listens at any but the last; nginx keeps the order of an answer.
    'far.zoom.us' => ['127.0.0.21', '127.0.0.22', '127.0.0.23', '127.0.0.1'],
});

my $port = $zoom->tls;
my $address = '127.0.0.1:' . $dns->port;
my $resolver = "resolver $address ipv6=off;\nresolver_timeout 30s;\n";

my $accounts = join '', map {
    $t->account($_->[0], oauth_url => "https://$_->[1]:$port/oauth/token",
                api_url => "https://$_->[2]:$port/v2")
} (
    ['named',   'zoom.us',   'api.zoom.us'],
    ['missing', 'zoom.us',   'nowhere.zoom.us'],
    ['mute',    'mute.zoom.us', 'mute.zoom.us'],
    ['dotted',  'zoom.us.',  'api.zoom.us.'],
);

# An app of its own, so that its access token is asked for there.
$zoom->control({ app => { client_id => 'far-client' } });

$accounts .= $t->account('far', client_id => 'far-client',
                         connect_timeout => '8s', request_timeout => '9s',
                         api_url => "https://api.zoom.us:$port/v2",
                         oauth_url => "https://far.zoom.us:$port/oauth/token");

my $locations = join '', map { <<"EOC" } qw(named missing mute dotted far acme);
        location = /$_ {
            zoom_tokens        $_;
            zoom_authenticate  off;
            zoom_user          bots\@example.com;
            zoom_timeout       2s;
        }
EOC


subtest 'the configuration needs no names' => sub {
    my ($exit) = $t->nginx_t(http => $resolver . $accounts,
                             locations => $locations);

    is($exit, 0, 'nginx -t');
    is(scalar(my @asked = $dns->log), 0, 'asked nobody');
};


my $nginx = $t->nginx(http => $resolver . $accounts, locations => $locations);


subtest 'through the resolver' => sub {
    my $r = $t->get('/named');

    is($r->status, 200, 'a token') or diag $r->body;
    ok(scalar(grep { $_ eq 'zoom.us A' } $dns->log), 'zoom.us was looked up');
    ok(scalar(grep { $_ eq 'api.zoom.us A' } $dns->log), 'api.zoom.us, too');
    cmp_ok($zoom->count(qw(hosts zoom.us)), '>=', 1, 'its name was sent');
    is($zoom->count(qw(hosts api.zoom.us)), 1,
       'and all addresses were tried');
};


# curl 7.88 to 8.3 waits for half of connect_timeout behind the second of them
# (findings/curl-next-address.sh), unless it is called again.
subtest 'many addresses that refuse' => sub {
    my $r = $t->get('/far');

    is($r->status, 200, 'a token in time') or diag $r->body;
    is($zoom->count(qw(hosts far.zoom.us)), 1, 'from the last of them');
};


subtest 'a name that does not exist' => sub {
    my $r = $t->get('/missing');

    is($r->status . ' ' . $r->json->{error}, '503 zoom_unavailable',
       'no token');
    like($nginx->error_log, qr/nowhere\.zoom\.us/, 'the log names it');
};


subtest 'a server that does not answer' => sub {
    my $mute = http_start(port => $t->port, path => '/mute');
    my $r = $t->get('/acme');

    is($r->status, 200, 'others are served');
    cmp_ok($r->took, '<', 1, 'at once');

    http_wait($mute);
    like($mute->status, qr/^50[34]$/, 'and it ends');
    cmp_ok($mute->took, '<', 3, 'in time');
};


subtest 'a name in full' => sub {
    is($t->get('/dotted')->status, 200, 'with the dot at its end');
    is(scalar(grep { /\. / } $dns->log), 0, 'which is not asked for');
};


subtest 'literal addresses' => sub {
    is(scalar(grep { /127\.0\.0/ } $dns->log), 0, 'are nobody\'s name');
};


$t->over;

my $six = $t->nginx(http => "resolver $address;\nresolver_timeout 1s;\n"
                            . $accounts, locations => $locations);

subtest 'addresses of both kinds' => sub {
    is($t->get('/named')->status, 200, 'one of them answers');

    for my $type (qw(A AAAA)) {
        ok(scalar(grep { $_ eq "zoom.us $type" } $dns->log), $type);
    }
};


subtest 'a server that does not answer in its time' => sub {
    my $r = $t->get('/mute');

    is($r->status . ' ' . $r->json->{error}, '503 zoom_unavailable',
       'no token');
    like($six->error_log, qr/mute\.zoom\.us:.*\ no\ answer\ from\ the\ name
                             \ server/x, 'the log tells whose fault it is');
};


$dns->stop_it;
$t->finish;
