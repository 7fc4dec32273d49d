#!/usr/bin/perl

# An access token that was revoked is replaced, once and not again and again;
# and the token endpoint is left alone when it says so.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Renewal;
use Zoom::Test;

my ($t, $zoom) = renewal();


subtest 'another host that revokes' => sub {
    cold();
    is(statuses(http_wait(map { call($_) } 1 .. 20)), '200:20', 'warm');

    # Once is nothing: the token that failed is replaced, by one of them.
    $zoom->control({ revoke => 1 });
    is(statuses(http_wait(map { call($_) } 1 .. 30)), '200:30',
       'what was revoked is replaced');
    is($zoom->oauth_calls, 2, 'once');

    # All the time is a war that nobody wins.
    my $end = time + 4;
    my (%n, $refused);

    while (time < $end) {
        $zoom->control({ revoke => 1 });

        for (http_wait(map { call($_) } 1 .. 5)) {
            $n{ $_->status }++;
            $refused = $_ if $_->status != 200;
        }

        sleep 0.05;
    }

    cmp_ok($zoom->oauth_calls, '<=', 4, 'a war of refreshes is not waged');
    is($refused->status, 503, 'callers are told');
    like($t->{nginx}[-1]->error_log, qr/another host may be using the same/,
         'and the log says what it looks like');

    # The truce: refreshes are spaced, but they come.
    ok(wait_for(sub { http_wait(call(1))->status == 200 }, 12),
       'peace comes back');

    $t->over;
};


subtest 'OAuth refuses for a while' => sub {
    bare({ match => 'oauth', mode => '429', retry_after => '30' });
    wait_for(sub { $zoom->count('misbehaved', '429') }, 5, 'a refusal');

    my @calls = traffic(1);

    is(statuses(@calls), '503:' . @calls, 'callers are told');
    is($calls[-1]->json->{error}, 'rate_limited', 'what it is');
    cmp_ok($calls[-1]->header('Retry-After'), '>=', 20, 'and for how long');
    cmp_ok($zoom->oauth_calls, '<=', 2, 'Zoom is left in peace');

    $t->over;
};


subtest 'OAuth refuses and does not say for how long' => sub {
    bare({ match => 'oauth', mode => '429', times => 1 });

    is(statuses(http_wait(call(1))), '200:1', 'who waits is served');

    my @at = map { $_->[0] } $zoom->arrivals('oauth');

    is(scalar @at, 2, 'by the second call');

    # two seconds and some jitter
    cmp_ok($at[1] - $at[0], '>=', 1.9, 'not at once');
    cmp_ok($at[1] - $at[0], '<', 3.9, 'nor much later');

    $t->over;
};


# Who comes after those that gave up is no reason to begin anew.
subtest 'OAuth refuses all the time and does not say for how long' => sub {
    bare({ match => 'oauth', mode => '429' });
    wait_for(sub { $zoom->oauth_calls == 3 }, 20, 'the third refusal');

    my $r = http_wait(call(1));

    is(statuses($r), '503:1', 'callers are told');
    cmp_ok($r->header('Retry-After'), '>=', 4, 'when it is worth a try');

    my @calls = traffic(2);

    is(statuses(@calls), '503:' . @calls, 'a crowd of them, too');
    is($zoom->oauth_calls, 3, 'and Zoom is left in peace');

    $t->over;
};


$t->finish;
