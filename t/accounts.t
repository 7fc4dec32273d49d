#!/usr/bin/perl

# Several accounts in one nginx: what one of them suffers, or does, is no
# concern of another's; what they share at Zoom's they share here.

use strict;
use warnings;

use JSON::PP ();
use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

# "twin" has acme's credentials, "sister" another app of the same account, and
# "abroad" asks another host.
$zoom->control({ bots => 200 },
               { app => { client_id => 'sister-client' } },
               map { { app => { account_id => "$_-id",
                                client_id => "$_-client" } } } qw(t1 t2 t3));

my %rate = (rate => 'light=20r/s');

my $http = join '',
    $t->account('twin', %rate),
    $t->account('sister', client_id => 'sister-client', %rate),
    $t->account('abroad', api_url => 'http://127.0.0.1:%{plain}/v2', %rate),
    map { $t->account($_, account_id => "$_-id", client_id => "$_-client",
                      $_ eq 't3' ? (plan => 'free') : ()) } qw(t1 t2 t3);

my $nginx = $t->nginx(account => \%rate, reuseport => 1, http => $http,
                      locations => <<'EOC');
        zoom_authenticate  off;
        zoom_user          $arg_user;
        zoom_allow_user    *;
        zoom_use_stale     off;
        zoom_timeout       4s;

        location = /zak {
            zoom_tokens  $arg_account;
        }

        location = /fresh {
            zoom_tokens  $arg_account;
            zoom_reuse   0;
        }
EOC


sub call {
    my ($account, $n, $path) = @_;
    my $user = $n =~ /@/ ? $n : sprintf 'bot%04d@example.com', $n;

    return http_start(port => $t->port, path => '/' . ($path // 'zak')
                      . "?account=$account&user=$user");
}


sub ask { return scalar http_wait(call(@_)) }


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


subtest 'chosen by a variable' => sub {
    # acme and twin are one app.
    ok(wait_for(sub { $zoom->oauth_calls == 5 }, 5), 'a token for each app');

    my %aid = map { ($_ => jwt_claims(ask($_, 1)->body)->{aid}) }
              qw(acme twin t1 t2 sister);

    is_deeply(\%aid, { acme => $t->secret('account_id'),
                       twin => $t->secret('account_id'),
                       sister => $t->secret('account_id'),
                       t1 => 't1-id', t2 => 't2-id' },
              'each gets its own');
    is(ask('t4', 1)->status, 403, 'there is no other');
    is($zoom->oauth_calls, 5, 'and no more access tokens');

    isnt(ask('t1', 1)->body, ask('t2', 1)->body, 'tokens are not shared');
    is(ask('acme', 1)->body, ask('twin', 1)->body,
       'but between blocks of one app');
};


subtest 'what is revoked' => sub {
    my $before = $zoom->oauth_calls;

    $zoom->control({ revoke => 1 });
    http_wait(map { (call('acme', $_, 'fresh'), call('twin', $_, 'fresh')) }
              1 .. 5);
    is($zoom->oauth_calls - $before, 1, 'is fetched once for both blocks');

    # All of it, before the next parts.
    is(statuses(map { ask($_, 1, 'fresh') } qw(t1 t2 t3 sister)), '200:4',
       'and for the others');
};


subtest 'one Zoom account' => sub {
    my $start = time;
    my @calls = map { (call('acme', $_), call('twin', 20 + $_),
                       call('sister', 40 + $_), call('abroad', 60 + $_)) }
                11 .. 20;

    http_wait(@calls);
    is(statuses(@calls), '200:40', 'all are served');

    my @times = map { $_->[0] } grep { $_->[0] >= $start }
                $zoom->arrivals('token');

    is(scalar @times, 40, 'by a mint each');

    # A limit for each of the four would let all of them through at once.
    cmp_ok($times[-1] - $times[0], '>', 0.9,
           'has one limit of 20 a second for all its blocks and hosts');
};


subtest 'a flood' => sub {
    # Far more than t3 may ask for.
    my @flood = map { call('t3', "x$_\@example.com") } 1 .. 120;
    my @others = map { (call('t1', $_), call('t2', $_)) } 61 .. 80;

    http_wait(@others);
    is(statuses(@others), '200:40', 'others are served');
    cmp_ok(max(map { $_->took } @others), '<', 1.5, 'as always')
        if !$ENV{ZOOM_ASAN};
    http_wait(@flood);

    # A sanitizer keeps some of those that were let in from being in time.
    my $late = $ENV{ZOOM_ASAN} ? qr/(?: 504:\d+)?/ : qr//;

    like(statuses(@flood), qr/^502:\d+ 503:\d+$late$/, 'the flood is not');

    my $calls = $zoom->token_calls;

    is(statuses(http_wait(map { (call('t1', $_), call('t2', $_)) } 61 .. 80)),
       '200:40', 'nor has it');
    is($zoom->token_calls, $calls, 'washed anything away');
};


subtest 'one that is broken' => sub {

    # What was revoked above may not be renewed again so soon.
    $nginx->reload;

    $zoom->control({ app => { client_id => 't1-client',
                              disabled => JSON::PP::true } });

    my @calls = map { (call('t1', $_, 'fresh'), call('t2', $_, 'fresh')) }
                1 .. 20;
    my %of;

    push @{ $of{ $_->{path} =~ /account=(\w+)/ ? $1 : '' } }, $_
        for http_wait(@calls);

    is(statuses(@{ $of{t1} }), '502:20', 'is broken');
    is($of{t1}[-1]->json->{error}, 'app_disabled', 'as Zoom says');
    is(statuses(@{ $of{t2} }), '200:20', 'alone');

    my @errors = grep { /\[error\].*"t[12]"/ } split /\n/, $nginx->error_log;

    is(scalar @errors, 1, 'one line tells of it') or diag "@errors";
    like($errors[0], qr/"t1"/, 'and of nobody else');
};


$t->finish;
