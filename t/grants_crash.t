#!/usr/bin/perl

# Workers are killed at every point of a rotation: when the refresh has arrived
# at Zoom, when the old token is dead and nothing has been said, when half of
# the answer is sent.  No grant is lost that Zoom still honours; one that Zoom
# does not is told apart, once, and never asked for again and again.
#
# ROUNDS is how often all of it is done (1).

use strict;
use warnings;

use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep);

use Zoom::Grants;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);
my $alice = 'alice@other.example';
my $id = 'AliceOfAnotherAccount1';

$t->allow(qr/exited on signal 9/);

my $nginx = $t->nginx(http => $grants->conf('users', <<'EOC'));
    location = /zak {
        zoom_tokens        users;
        zoom_user          owner;
        zoom_reuse         0;
        zoom_use_stale     off;
        zoom_timeout       5s;
        zoom_authenticate  off;
    }

    location = /purge {
        zoom_purge         users;
        zoom_authenticate  off;
    }
EOC


sub call { return http_start(port => $grants->port, path => '/zak') }


# Whose token a callback gets, or the error.
sub answer {
    my $r = http_wait(call());

    return jwt_claims($r->body)->{zid} // $r->json->{error} // $r->status;
}


sub refreshes { return $zoom->count(qw(endpoints refresh calls)) }


sub connected {
    return 1 if answer() eq $id;

    $grants->connect('owner', user => $alice);
    return answer() eq $id;
}


# The next callback has to refresh.  There is one purge a second.
sub purge {
    return wait_for(sub {
        http(port => $grants->port, path => '/purge', body => '')->status
            == 200;
    }, 5);
}


sub workers {
    wait_for(sub { 2 == $nginx->workers }, 10, 'workers');
}


# The one that refreshes, or both.
sub kill_workers {
    my ($which) = @_;
    my ($port) = $zoom->clients('refresh');
    my @all = $nginx->workers;
    my @victims = $which eq 'all' ? @all : grep { $_ } $nginx->worker_at($port);

    kill 'KILL', @victims;
    wait_for(sub {
        my %now = map { $_ => 1 } $nginx->workers;

        !grep { $now{$_} } @victims;
    }, 10, 'their end');
    workers();

    return scalar @victims;
}


sub round {
    my ($point, $which, $how, $grace) = @_;
    my $name = "$point, $which killed, $how, grace $grace";
    my $lost = $how eq 'go' && !$grace;

    $zoom->control({ user_oauth => { grace => $grace } });
    ok(connected(), "$name: connected") or return;
    ok(purge(), 'and without an access token');

    my $n = $zoom->count('paused', $point);

    $zoom->control({ pause => [$point, 1] });

    my $call = call();

    wait_for(sub { $zoom->count('paused', $point) > $n }, 10, $point);
    cmp_ok(kill_workers($which), '>=', 1, 'killed');
    $zoom->control({ release => $how });
    wait_for(sub { !$zoom->count(qw(concurrency refresh now)) }, 5,
             'Zoom to go on');
    $call->abort if !$call->{done};

    my $before = refreshes();
    my $answer = answer();

    is($answer, $lost ? 'grant_expired' : $id,
       $lost ? 'lost at Zoom as well' : 'nothing is lost');

    my $after = refreshes();

    cmp_ok($after - $before, '<=', 2, 'one refresh, or two');
    is(answer(), $answer, 'and so it stays') for 1 .. 3;
    is(refreshes(), $after, 'without any more of them');
}


# Some moment after Zoom has begun to answer: the new token is on its way, in a
# buffer, in the database.  While Zoom honours the old one nothing may be lost.
sub some_moment {
    my ($ms) = @_;

    $zoom->control({ user_oauth => { grace => 60 } });
    ok(connected(), 'killed after ' . int($ms) . ' ms: connected')
        or return;
    ok(purge(), 'and without an access token');

    my $n = $zoom->count(qw(paused rotated));

    $zoom->control({ pause => ['rotated', 1] });

    my $call = call();

    wait_for(sub { $zoom->count(qw(paused rotated)) > $n }, 10, 'rotated');

    my @workers = $nginx->workers;

    $zoom->control({ release => 'go' });
    sleep $ms / 1000;
    kill 'KILL', @workers;
    wait_for(sub {
        my %now = map { $_ => 1 } $nginx->workers;

        !grep { $now{$_} } @workers;
    }, 10, 'their end');
    workers();
    $call->abort if !$call->{done};

    is(answer(), $id, 'nothing is lost');
}


for (1 .. $ENV{ROUNDS} // 1) {
    subtest 'a round' => sub {
        some_moment($_ + rand 10) for 0, 10, 25;

        for my $which (qw(one all)) {
            round('arrived', $which, 'drop', 0);

            for my $grace (0, 60) {
                round($_, $which, 'go', $grace) for qw(arrived rotated half);
            }
        }
    };
}


$t->finish;
