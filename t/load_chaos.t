#!/usr/bin/perl

# Much happens at once, and nobody notices.  t/chaos/storm.t is the long form.

use strict;
use warnings;

use Test::More;

use Zoom::Chaos;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my $USERS = 200;
my $CLIENTS = $ENV{ZOOM_ASAN} ? 60 : 200;

my %conf = (
    account   => { rate => 'light=4000r/s', connections => 64 },
    locations => <<'EOC');
        zoom_authenticate  off;
        zoom_user          $arg_user;
        zoom_allow_user    *;
        zoom_reuse         1h;
        access_log         off;

        location = /zak {
            zoom_tokens  acme;
        }

        location = /fresh {
            zoom_tokens  acme;
            zoom_reuse   0;
        }
EOC

sub user { return sprintf 'user=bot%04d@example.com', 1 + int rand $USERS }

sub cold {
    $zoom->control({ reset => 1 }, { bots => $USERS });
    return $t->nginx(%conf);
}

sub everybody {
    my ($path) = @_;

    return map { sprintf '%s?user=bot%04d@example.com', $path, $_ }
           1 .. $USERS;
}


subtest 'a storm of reloads' => sub {
    my $nginx = cold();
    my $load = Zoom::Chaos->new(nginx => $nginx, clients => $CLIENTS,
                                path => sub { '/zak?' . user() });

    $load->run(6, [0.8, sub { $load->hup }])->drain;
    $load->ask_each(everybody('/zak'));
    $load->settle($zoom, mints => $USERS, oauth => 1);

    cmp_ok($load->{reloads}, '>=', 3, 'several reloads');
    $load->answers_are(200, 'all got a token');
    is($zoom->token_calls, $USERS, 'one mint for each user, as without');
    is($zoom->oauth_calls, 1, 'one access token');

    $t->over;
};


my @BAD = (
    { match => 'token', mode => 'hang',  ms => 2000, times => 3 },
    { match => 'token', mode => 'reset', times => 20 },
    { match => 'token', mode => '503',   times => 20 },
    { match => 'token', mode => 'delay', ms => 300, times => 20 },
    { match => 'oauth', mode => '500',   times => 1 },
    { revoke => 1 },
);

subtest 'everything at once' => sub {
    my $nginx = cold();

    $t->allow(qr/exited on signal 9/);

    my $load = Zoom::Chaos->new(
        nginx => $nginx, clients => $CLIENTS, keepalive => 0.5,
        aborts => 0.05,
        path => sub { (rand() < 0.2 ? '/fresh?' : '/zak?') . user() },
    );

    $load->run(8, [0.7, sub { $load->slay }], [1.3, sub { $load->hup }],
               [0.8, sub { $zoom->control($BAD[rand @BAD]) }]);

    $zoom->control({ clear => 1 });
    $load->run(3)->drain;
    is($load->ask_each(everybody('/zak'), everybody('/fresh')), 0,
       'then everybody is served, and no flight is left over');

    $load->settle($zoom, mints => [1, $load->{sent}]);

    cmp_ok($load->{kills}, '>=', 3, 'workers were killed');
    cmp_ok($load->{status}{200}, '>', $load->{answered} / 2,
           'most were served all the time');
    $load->answers_are('200|502|503|504',
                       'the others were told why not');

    $t->over;
};


$t->finish;
