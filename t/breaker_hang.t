#!/usr/bin/perl

# A Zoom that takes calls and does not answer.  What hangs holds its key, so a
# single one must find out by itself that Zoom is back, or that it is slow.

use strict;
use warnings;

use List::Util qw(max min);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Accounts;
use Zoom::Nginx;
use Zoom::Test;

my ($t, $zoom) = accounts(qw(one slow oauth));

# Between two calls, as they arrive: the earlier one may be held up by its TLS
# handshake.
my $SECOND = $ENV{ZOOM_ASAN} ? 0.5 : 0.8;

my $nginx = start(timeout => '14s', one => { request_timeout => '12s' });


# Errors, of which some make an outage: it is known then, and the next calls
# are probes.
sub break_it {
    my ($account) = @_;

    $zoom->control({ match => 'token', mode => '500',
                     path => 'users/bot' });
    http_wait(map { call("$account/cold", $_) } 31 .. 40);
}


sub gaps {
    my @times = map { $_->[0] } $zoom->arrivals($_[0]);

    return map { $times[$_] - $times[$_ - 1] } 1 .. $#times;
}


# How many calls are under way.  The stand-in does not notice that a client
# hung up while it sleeps; the kernel knows.
sub calling {
    my %open = map { $_ => 1 } $zoom->clients('token');

    return scalar grep { $_->[1] == $zoom->tls && $open{ $_->[0] } }
                  map { Zoom::Nginx::connections_of($_) } $nginx->workers;
}


subtest 'one key alone' => sub {
    break_it('one');
    $zoom->control({ clear => 1 }, { forget => 1 },
                   { match => 'token', mode => 'hang' });

    # It waits longer than the outage lasts, and less than a call may take.
    my $call = call('one', 1);

    my ($most, $start) = (0, time);

    wait_for(sub {
        $most = max($most, calling());
        $zoom->token_calls >= 3;
    }, 8, 'probes');

    # The first one has request_timeout, 12 s.
    cmp_ok(time - $start, '<', 8, 'calls are made beside the first one');
    cmp_ok($most, '<=', 2, 'two at most are under way');
    cmp_ok(min(gaps('token')), '>', $SECOND, 'one new call a second at most');

    $zoom->control({ clear => 1 });

    my $back = time;

    http_wait($call);
    is($call->status, 200, 'who waits is served');
    cmp_ok(time - $back, '<', 2, 'soon after Zoom is back');
    is(scalar lines(qr/"one": minting works again/), 1, 'the log knows');
    ok(wait_for(sub { !calling() }, 1), 'what hung is given up');
};


subtest 'a Zoom that comes back slow' => sub {
    break_it('slow');
    $zoom->control({ clear => 1 }, { forget => 1 },
                   { match => 'token', mode => 'delay', ms => 2000 });

    my $call = http_wait(call('slow', 1));

    is($call->status, 200, 'is found to be alive');
    cmp_ok($call->took, '>', 1.9, 'by its first answer');
    cmp_ok($call->took, '<', 4, 'which was waited for');
    cmp_ok($zoom->token_calls, '<=', 4, 'with few calls');
    cmp_ok(min(gaps('token')), '>', $SECOND, 'one new call a second at most');
    $zoom->control({ clear => 1 });
};


# There is one access token, so this is always one key alone.
subtest 'OAuth' => sub {
    $zoom->control({ revoke => 1 }, { match => 'oauth', mode => '500' });
    http_wait(call('oauth/cold', 1));

    $zoom->control({ clear => 1 }, { forget => 1 },
                   { match => 'oauth', mode => 'hang' });

    my $call = call('oauth', 2);

    wait_for(sub { $zoom->oauth_calls >= 2 }, 8, 'probes');
    $zoom->control({ clear => 1 });

    my $back = time;

    http_wait($call);
    is($call->status, 200, 'who waits is served');
    cmp_ok(time - $back, '<', 2, 'soon after OAuth is back');
    cmp_ok(min(gaps('oauth')), '>', $SECOND, 'one new call a second at most');
};


$t->finish;
