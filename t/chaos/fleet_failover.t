#!/usr/bin/perl

# Failovers in mid flight: three sentinels, a master and a replica, and three
# hosts under load.  The master is killed, comes back as a replica, and is made
# the master again, FAILOVERS times (1) each.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Sentinel;
use Zoom::Storm;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $failovers = $ENV{FAILOVERS} // 1;
my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my @redis = map { Zoom::Fleet->new($t, name => "redis$_") } 1 .. 2;
my %redis = map { $_->port => $_ } @redis;

$zoom->control({ bots => 4000 }, { plan => 'pro' });
$redis[1]->command('REPLICAOF', '127.0.0.1', $redis[0]->port);

my $sentinels = Zoom::Sentinel->new($t, master => $redis[0]->port);

$redis[0]{url} = $sentinels->url;

my @hosts = map {
    $redis[0]->host(reuseport => 1, level => 'notice',
                    store => ['timeout=500ms'], account => { plan => 'pro' },
                    locations => Zoom::Storm->locations)
} 1 .. 3;


sub lines {
    my ($pattern) = @_;

    return map { scalar(() = $_->error_log =~ /$pattern/g) } @hosts;
}


sub has_replica {
    wait_for(sub { $sentinels->ready(1) }, 60, 'sentinels and a replica');
}


wait_for(sub { $redis[0]->command('ZCARD', 'zoom:hosts') == 3 }, 15, 'hosts');
has_replica();

my $storm = Zoom::Storm->wanting(zoom => $zoom, hosts => \@hosts);


# Something that makes the other one the master, until the hosts have followed,
# and a moment more.
sub follows {
    my ($name, $port, $begin) = @_;
    my @before = lines(qr/is back after/);
    my @away = lines(qr/is away/);
    my ($promoted, $back);

    $begin->();
    ok($storm->until($name, sub {
        my @now = lines(qr/is back after/);

        $promoted //= time if $sentinels->master == $port;
        $back //= time if !grep { $now[$_] <= $before[$_] } 0 .. $#now;

        # those that never noticed were not away
        $promoted && ($back || time - $promoted > 3);
    }, 60), "$name: sentinels have another one");

    note(sprintf 'hosts are back %.2f s after that', $back - $promoted)
        if $back;

    my @now = lines(qr/is away/);

    cmp_ok($now[$_] - $away[$_], '<=', 3, 'no line for each request')
        for 0 .. $#now;
    cmp_ok($back - $promoted, '<', 2.5, 'hosts are back within 2 s')
        if $back;
    $storm->until("$name: and then", sub { 0 }, 2);
    is($redis{$port}->command('ZCARD', 'zoom:hosts'), 3,
       'all hosts are at the new master');
}


$storm->until('all is well', sub { 0 }, 3);

for (1 .. $failovers) {
    my $master = $sentinels->master;
    my ($other) = grep { $_ != $master } keys %redis;

    follows('the master is killed', $other, sub {
        $redis{$master}->stop_it('KILL');
    });

    $redis{$master}->start;
    ok($storm->until('the old one comes back', sub {
        eval { $sentinels->ready(1) };
    }, 60), 'it is a replica');

    follows('it is made the master again', $master, sub {
        wait_for(sub {
            eval { $sentinels->command(0, qw(SENTINEL FAILOVER mymaster)) };
        }, 30, 'a failover');
    });
    ok($storm->until('until the next time', sub {
        eval { $sentinels->ready(1) };
    }, 60), 'there is a replica again');
}

$storm->drain;
$storm->check(200);
note(sprintf 'who is known waited for %.2f s at most, others for %.2f s',
     $storm->longest('also'), $storm->longest('path'));
cmp_ok($storm->longest('also'), '<', 2, 'who is known waits for no store');
is($storm->limited(qr/killed/), 0, 'no 429 when a master dies');

# Hosts leave a master that lives one after the other, and for a moment there
# are two clocks (docs/fleet.md).
cmp_ok($storm->limited(qr/./), '<=', 2 * $failovers, 'hardly any by order');

$sentinels->stop_them;
$t->finish;
