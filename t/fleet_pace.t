#!/usr/bin/perl

# The clock that hands out slots to hosts, by itself: the script as the module
# has it, in a Redis, asked by up to a hundred hosts that are played here, each
# with requests that arrive late by chance.  Zoom is a window that nothing may
# cross.

use strict;
use warnings;

use List::Util qw(max min sum0);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Fleet;
use Zoom::Pace;
use Zoom::Shim;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new(sandbox => 0);
my $clock = $t->dir . '/clock';

spew($clock, pack 'q', 0);

my $pace = Zoom::Pace->new($t, env => {
    LD_PRELOAD => shim('clock', $t->dir), SHIM_CLOCK => $clock,
});


sub used_of {
    my ($run) = @_;

    diag(sprintf '%d hosts: %.3f of the rate, %.0f scripts a second, %.0f us '
         . 'each; a host got %d to %d', $run->{hosts}, $run->{used},
         $run->{trips} / $run->{seconds}, $run->{busy} / $run->{trips} * 1e6,
         min(@{ $run->{each} }), max(@{ $run->{each} }))
        if $ENV{TEST_VERBOSE};

    return $run->{used};
}


sub busy {
    my ($name, @how) = @_;

    cmp_ok(best(0.9, sub {
        my $run = $pace->run(@how);

        is($run->{crossed}, 0, 'the window is not crossed');
        return used_of($run);
    }), '>=', 0.9, $name);
}


subtest 'a busy host among a hundred' => sub {
    busy('idle hosts cost it nothing',
         hosts => 100, busy => 1, n => 30, seconds => 3);
};

subtest 'a hundred busy hosts' => sub {
    busy('the rate is used', hosts => 100, busy => 100, n => 30, seconds => 5);
};

subtest 'eighty a second' => sub {
    busy('the rate is used', hosts => 100, busy => 20, n => 80, seconds => 4);
};

my $ahead = 0;

sub set_clock {
    my ($ahead) = @_;

    open my $fh, '+<:raw', $clock or die "$clock: $!\n";
    syswrite $fh, pack 'q', int($ahead * 1e6);
}


# One after another, 0.7 s apart.
sub jumps {
    my (@by) = @_;
    my $next = 0.7;

    return sub {
        my ($self, $at) = @_;

        return if $at < $next || !@by;

        $next += 0.7;
        $ahead += shift @by;
        set_clock($ahead);
        $self->hello({ hosts => 5 });
    };
}

for my $by ([0.5, 0.5, 0.5, 0.5], [-0.5, -0.5, -0.5, -0.5],
            [86400, -86400, 5, -5]) {
    subtest "a clock that jumps by @$by seconds" => sub {
        my $run = $pace->run(hosts => 5, busy => 5, n => 30, seconds => 4,
                             each_time => jumps(@$by));

        is($run->{crossed}, 0, 'the window is not crossed');
        cmp_ok($run->{gap}, '<', 1.1, 'nor is there a pause');
        cmp_ok(used_of($run), '>=', 0.6, 'nor much lost');
    };
}


# The last second of a day, and what is left of it.
subtest 'a day' => sub {
    my ($s, $us) = @{ $pace->call('TIME') };

    jumps(86400 - $s % 86400 - 1.2 - $us / 1e6)->($pace, 1);

    my $run = $pace->run(hosts => 3, busy => 3, n => 100, seconds => 2,
                         day => 40);

    is(scalar @{ $run->{arrivals} }, 80, 'each has its requests, of all hosts');
};


subtest 'a day of two limits' => sub {
    my ($s) = @{ $pace->call('TIME') };

    jumps(86400 - $s % 86400 + 60)->($pace, 1);

    my @got = map { scalar @{ $_->{arrivals} } }
              map { $pace->run(hosts => 3, busy => 3, n => 100, seconds => 1,
                               days => 70, day => $_) } 50, 60;

    is("@got", '50 20', 'each has its own, and both have what is left');

    my ($date, $used) = split ' ', $pace->call('GET', 'day');

    is($used, 70, 'which is written down');
    ($s) = @{ $pace->call('TIME') };
    is($date, int($s / 86400), 'for today');
};


# It has used its part while the store hung, and the others' slots are there.
subtest 'a host that was alone' => sub {
    my %run = (hosts => 1, n => 30, width => 1e6, want => 4, key => 'alone');
    my %host = (id => 'host1', slots => [], fates => []);

    $pace->hello(\%run);
    $pace->ask(\%run, { %host, slots => [] }) for 1 .. 2;

    my $back = { %host, slots => [], alone => 30 };

    $pace->ask(\%run, $back);
    is(scalar @{ $back->{slots} }, 0, 'gets nothing at once');
    cmp_ok($back->{again} - time, '>', 0.3, 'but after its window');
};


# Three hosts have used their parts while a master died and another one took
# over, which has the clock still.
subtest 'three that were alone' => sub {
    my %run = (hosts => 3, n => 30, width => 1e6, want => 4, key => 'all');
    my @hosts = map { { id => "host$_", slots => [], fates => [] } } 1 .. 3;

    $pace->hello(\%run);
    $pace->ask(\%run, $_) for @hosts, @hosts;
    sleep 0.5;
    @$_{qw(slots now turn alone)} = ([], 0, 0, 10) for @hosts;

    $pace->ask(\%run, $hosts[0]);
    is(scalar @{ $hosts[0]{slots} }, 0, 'the first that is back gets nothing');
    cmp_ok($hosts[0]{again} - time, '>', 0.3, 'but after its window');

    # They have sent less, and say so.
    $_->{alone} = 1 for @hosts;
    $pace->ask(\%run, $_) for @hosts[1, 2];
    $hosts[0]{alone} = 0;
    $pace->ask(\%run, $hosts[0]);
    cmp_ok(scalar @{ $hosts[0]{slots} }, '>', 0,
           'or when the others have said');
};


subtest 'slots that are not used' => sub {
    my %run = (hosts => 1, n => 30, width => 1e6, want => 4, key => 'unused');
    my $host = { id => 'host1', slots => [], fates => [] };

    $pace->hello(\%run);
    $pace->ask(\%run, $host);
    is(scalar @{ $host->{slots} }, 4, 'some');

    my @before = map { $_->[0] } @{ $host->{slots} };

    $host->{fates} = [map { [$_, 'x'] } @before];
    $host->{slots} = [];
    $pace->ask(\%run, $host);
    cmp_ok($host->{slots}[0][0] - $before[0], '<', 1e6 / 30,
           'are handed out again');
};


# A month of a busy account, in steps of hours: it leaves what an hour does.
subtest 'a month' => sub {
    my $keys;

    $pace->hello({ hosts => 1 });

    for my $hour (1 .. 24 * 30) {
        $ahead += 3600;
        set_clock($ahead);
        $pace->ask({ hosts => 1, n => 30, width => 1e6, want => 4,
                     key => 'month', day => $hour % 2 ? 0 : 1000 },
                   { id => 'host' . $hour, slots => [], fates => [] });
        $keys //= $pace->call('DBSIZE');
    }

    cmp_ok($pace->call('DBSIZE'), '<=', $keys, 'no more keys than before');
    cmp_ok(length $pace->call('GET', 'month'), '<', 2000, 'nor larger ones');
    is(scalar(grep { $pace->call('PTTL', $_) <= 0 }
                   grep { $_ ne 'hosts' } @{ $pace->call('KEYS', '*') }), 0,
       'each has its time to live');
};

$t->finish;
