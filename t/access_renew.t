#!/usr/bin/perl

# Access tokens are renewed before they die, by one worker, if anybody uses
# them.

use strict;
use warnings;

use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Renewal;
use Zoom::Test;

my ($t, $zoom) = renewal();


subtest 'a short life under load' => sub {
    cold({ oauth => { expires_in => 8 } });

    # What waited for OAuth would take as long as this.
    $zoom->control({ match => 'oauth', mode => 'delay', ms => 700 });

    my @calls = traffic(12);
    my @times = map { $_->[0] } $zoom->arrivals('oauth');
    my @lives = map { $times[$_] - $times[$_ - 1] } 1 .. $#times;

    is(statuses(@calls), '200:' . @calls, 'everybody is served');

    # Mints go on while OAuth takes its 700 ms; the last one may be too late
    # to see.
    my @mints = map { $_->[0] } $zoom->arrivals('token');
    my @seen = grep { $_ + 0.7 < $mints[-1] } @times[1 .. $#times];

    cmp_ok(scalar @seen, '>=', 1, 'it is renewed on the way');

    for my $start (@seen) {
        ok(scalar grep({ $_ > $start + 0.1 && $_ < $start + 0.7 } @mints),
           'nobody waits for OAuth');
    }

    cmp_ok(scalar @times, '>=', 2, 'though it is renewed');
    cmp_ok(scalar @times, '<=', 3, 'once in a life');
    cmp_ok($_, '>=', 5, 'not before its time') for @lives;
    is($zoom->count(qw(endpoints token 401)), 0, 'and in time');
    is($zoom->count(qw(concurrency oauth max)), 1, 'by one worker');

    # The last one may be renewed for the traffic there was.
    my $n = $zoom->oauth_calls;

    sleep 8.5;
    cmp_ok($zoom->oauth_calls - $n, '<=', 1, 'without traffic it is not');

    $t->over;
};


subtest 'a renewal that fails' => sub {
    cold({ oauth => { expires_in => 6 } });

    $zoom->control({ match => 'oauth', mode => '500' }, { forget => 1 });

    my @calls = traffic(4.8);

    is(statuses(@calls), '200:' . @calls, 'the old one serves');
    # who waited for OAuth would wait for all of zoom_timeout
    cmp_ok(max(map { $_->took } @calls), '<', 3, 'without delay');
    cmp_ok($zoom->oauth_calls, '>=', 1, 'it was tried');
    cmp_ok($zoom->oauth_calls, '<=', 4, 'not too often');

    $zoom->control({ clear => 1 });

    # It died meanwhile, or is about to: somebody waits, nobody is lost.
    @calls = traffic(1.5);
    is(statuses(@calls), '200:' . @calls, 'and when OAuth is back');
    is($zoom->count(qw(endpoints oauth 200)), 1, 'there is a new one');

    $t->over;
};


$t->finish;
