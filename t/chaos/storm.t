#!/usr/bin/perl

# The long form of t/load_chaos.t: storms of reloads and of kills for STORM seconds
# (30) each, and everything at once for MIX seconds (90).

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Chaos qw(rss fds bot steadily);
use Zoom::Test;

my $storm = $ENV{STORM} // 30;
my $mix = $ENV{MIX} // 90;
my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my $USERS = 300;
my $CLIENTS = 200;

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

        location = /hasty {
            zoom_tokens   acme;
            zoom_timeout  2s;
        }
EOC

sub user { return bot(1 + int rand $USERS) }
sub everybody { return map { "$_[0]?" . bot($_) } 1 .. $USERS }

# How often a worker died while it wrote.
sub zones_lost {
    my ($nginx) = @_;

    return scalar(() = $nginx->error_log =~ /starting with an empty one/g);
}


sub cold {
    $zoom->control({ reset => 1 }, { bots => $USERS });
    return $t->nginx(%conf);
}


# Without reloads, and with one a second: the same number of mints.
my %mints;

for my $every (0, 1) {
    subtest $every ? 'a reload every second' : 'no reload' => sub {
        my $load = Zoom::Chaos->new(nginx => cold(), clients => $CLIENTS,
                                    path => sub { '/zak?' . user() });

        $load->run($storm, $every ? steadily($every, sub { $load->hup }) : ());
        $load->drain;
        $load->ask_each(everybody('/zak'));
        $load->settle($zoom, mints => $USERS, oauth => 1);

        $mints{$every} = $zoom->token_calls;
        $load->answers_are(200, 'all got a token');
        is($mints{$every}, $mints{0}, 'the mints are those without reloads');
        is($zoom->oauth_calls, 1, 'one access token');
        $t->over;
    };
}


subtest 'a worker killed every second' => sub {
    my $nginx = cold();

    $t->allow(qr/exited on signal 9/);

    my $load = Zoom::Chaos->new(
        nginx => $nginx, clients => $CLIENTS,
        path => sub { (rand() < 0.1 ? '/fresh?' : '/zak?') . user() },
    );

    $load->run($storm, steadily(1, sub { $load->slay }));
    $load->drain;
    is($load->ask_each(everybody('/fresh')), 0,
       'then everybody is served, and no flight is left over');

    # Whoever asked for a fresh token got one of a mint that he may have
    # shared; a zone that a worker died in the midst of is empty afterwards.
    $load->settle($zoom, mints => [$USERS, $load->{fresh} + $USERS
                                           * (1 + zones_lost($nginx))],
                  oauth => [1, 1 + zones_lost($nginx)]);

    $load->answers_are(200, 'the others got a token');
    $t->over;
};


my @BAD = (
    { match => 'token', mode => 'hang',  ms => 3000, times => 5 },
    { match => 'token', mode => 'reset', times => 30 },
    { match => 'token', mode => '503',   times => 30 },
    { match => 'token', mode => '500',   times => 30 },
    { match => 'token', mode => 'html',  times => 10 },
    { match => 'token', mode => 'empty', times => 10 },
    { match => 'token', mode => 'truncated', times => 10 },
    { match => 'token', mode => 'close', times => 50 },
    { match => 'token', mode => 'delay', ms => 500, times => 30 },
    { match => 'oauth', mode => '500',   times => 2 },
    { match => 'oauth', mode => 'hang',  ms => 2000, times => 1 },
    { match => 'oauth', mode => 'reset', times => 2 },
    { revoke => 1 },
);

subtest 'everything at once' => sub {
    my $nginx = cold();
    my $load = Zoom::Chaos->new(
        nginx => $nginx, clients => $CLIENTS, keepalive => 0.5,
        aborts => 0.05,
        path => sub {
            my $dice = rand;

            return ($dice < 0.2 ? '/fresh?' : $dice < 0.3 ? '/hasty?'
                    : '/zak?') . user();
        },
    );
    my $end = time + $mix;
    my ($rss, $fds);
    my $oauth = 0;

    while (time < $end) {
        $load->run(15, [0.7, sub { $load->slay }], [1.1, sub { $load->hup }],
                   [0.8, sub {
                       my $bad = $BAD[rand @BAD];

                       $zoom->control($bad);
                       $oauth += $bad->{revoke} ? 1
                                 : $bad->{match} eq 'oauth' ? $bad->{times}
                                 : 0;
                   }]);
        $zoom->control({ clear => 1 });
        $load->run(3)->drain;
        is($load->ask_each(everybody('/zak'), everybody('/fresh')), 0,
           'in the calm everybody is served');

        $rss //= rss($nginx->pid);
        $fds //= fds($nginx->pid);
    }


    # One for each that was revoked or spoilt, or died with a worker.
    $load->settle($zoom, mints => [1, $load->{sent}],
                  oauth => [1, 1 + $oauth + $load->{kills}
                               + zones_lost($nginx)]);
    cmp_ok(rss($nginx->pid), '<', $rss + 4000, 'the master did not grow');
    cmp_ok(fds($nginx->pid), '<=', $fds + 4, 'nor keep descriptors');
    $load->answers_are('200|502|503|504',
                       'who got no token was told why not');

    $t->over;
};


# The same work without harm: what a worker has when it is warm is all it ever
# needs.  A crowd that is larger than those before takes more, but a leak goes
# on.
subtest 'memory' => sub {
    my $nginx = cold();
    my $load = Zoom::Chaos->new(
        nginx => $nginx, clients => $CLIENTS, keepalive => 0.5,
        aborts => 0.05, path => sub { '/fresh?' . user() },
    );
    my $heaviest = sub {
        my ($most) = sort { $b <=> $a } map { rss($_) } $nginx->workers;

        return $most;
    };

    my @rss = map {
        $load->run($storm / 2)->drain;
        $heaviest->();
    } 1 .. 4;
    my ($least) = sort { $a <=> $b } map { $rss[$_] - $rss[$_ - 1] } 1 .. 3;

    note("RSS of a worker, in KiB: @rss");
    cmp_ok($least, '<', 500, 'no worker goes on growing');
    $load->settle($zoom, mints => [$USERS, $load->{fresh}], oauth => 1);

    $t->over;
};


$t->finish;
