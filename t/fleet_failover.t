#!/usr/bin/perl

# A replica that has fallen behind becomes the primary, at the same address: of
# the last second it knows nothing, of the limits neither.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);
my $n = 0;

my @hosts = map { $fleet->host(account => { plan => 'pro' }, reuseport => 1,
                               level => 'info', locations => <<'EOC') } 1 .. 3;
        zoom_authenticate  off;
        zoom_timeout       20s;

        location = /user {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }
EOC

$zoom->control({ bots => 1000 }, { plan => 'pro' });


sub callbacks {
    my ($from, $to) = @_;

    return map {
        http_start(port => $hosts[$_ % 3]->port,
                   path => sprintf '/user?user=bot%04d@example.com', $_)
    } $from .. $to;
}


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


sub there { return $fleet->command('ZCARD', 'zoom:hosts') == 3 }

sub away {
    return scalar grep { /is away/ } map { split /\n/, $_->error_log } @hosts;
}

wait_for(\&there, 10, 'three hosts');

for my $lag (0.2, 0.6) {
    subtest "a replica that lags by $lag s" => sub {
        my $first = $n + 1;
        my $replica = $fleet->replica;
        my $began = time;
        my @calls = callbacks($first, $n += 150);

        wait_for(sub { time - $began > 1.5 }, 10);
        $replica->cut_off;
        wait_for(sub { time - $began > 1.5 + $lag }, 10);
        $fleet->replace($replica);

        http_wait(@calls);
        is(statuses(@calls), '200:150', 'all are answered');
        is($zoom->count(qw(limited Light QPS)), 0, 'no 429');

        wait_for(\&there, 10, 'three hosts');

        my $mints = $zoom->token_calls;

        @calls = http_wait(callbacks($first, $n));
        is(statuses(@calls), '200:150', 'and what hosts know they know still');
        is($zoom->token_calls - $mints, 0, 'without a mint');
    };
}

$t->finish;
