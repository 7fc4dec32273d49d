#!/usr/bin/perl

# An outage of Zoom's API, seen by several types of token: each finds out by
# itself, all share the one probe a second, and the first that is back tells
# the others.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Accounts;
use Zoom::Test;

my ($t, $zoom) = accounts('types');

start();


sub types_of {
    my ($n) = @_;

    return http_start(port => $t->port, path => '/types/types?user=' . bot($n),
                      body => '{"meeting_number":123456789}');
}


# All four of them.
sub known {
    my $json = http(port => $t->port, path => '/status?format=json')->json;

    return 4 == grep { ref eq 'HASH' && ($_->{condition} // '') eq 'outage' }
                values %{ $json->{accounts}{types} };
}


is(http_wait(types_of(1))->status, 200, 'warm');
$zoom->control({ match => 'api', mode => '500' });
wait_for(sub { http_wait(types_of(1)); known() }, 15, 'an outage of all types');

$zoom->control({ forget => 1 });

my $start = time;
my @calls;

push @calls, http_wait(map { types_of($_) } 1 .. 5) while time - $start < 4;

my $n = $zoom->token_calls + $zoom->count(qw(endpoints jointoken calls));

cmp_ok($n, '<=', time - $start + 1.2, 'Zoom is asked once a second');
cmp_ok($n, '>=', 2, 'and is asked');
is(statuses(@calls), '503:' . @calls, 'all are told');

$zoom->control({ clear => 1 });
$start = time;
wait_for(sub { http_wait(types_of(1))->status == 200 }, 6, 'all types');
cmp_ok(time - $start, '<', 2.5, 'all are back soon');


$t->finish;
