#!/usr/bin/perl

# Hosts that share a store keep Zoom's limits together: who has something to do
# gets slots, an idle one costs nothing, and none comes to a 429, whoever comes
# and goes, the store as well.

use strict;
use warnings;

use List::Util qw(max min);
use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Shim;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $rate = 30;      # of plan "pro"
my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $clock = $t->dir . '/clock';

spew($clock, pack 'q', 0);

my $fleet = Zoom::Fleet->new($t, env => {
    LD_PRELOAD => shim('clock', $t->dir), SHIM_CLOCK => $clock,
});
my (@hosts, $n, $limited);


sub another {
    return $fleet->host(account => { plan => 'pro' }, reuseport => 1,
                        locations => <<'EOC');
        zoom_authenticate  off;
        zoom_timeout       12s;

        location = /user {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }

        location = /status {
            zoom_status;
        }
EOC
}


sub status_of {
    my ($host) = @_;

    return http(port => $host->port, path => '/status',
                headers => [Accept => 'application/json'])->json;
}


# Each worker by itself: one that was asked tells of itself alone.
sub have_rate {
    my ($rate) = @_;

    return wait_for(sub {
        !grep { status_of($_)->{accounts}{acme}{limits}{light}{rate} != $rate }
              (@hosts) x 8;
    }, 10);
}


sub callbacks {
    my ($count, @on) = @_;

    return map {
        http_start(port => $on[$_ % @on]->port, path =>
                   sprintf '/user?user=bot%04d@example.com', ++$n)
    } 1 .. $count;
}


# Answers all of them, while "things" happen at their times, with $limited 429s
# of Zoom's.
sub disturbed {
    my ($name, $calls, @things) = @_;
    my $before = $zoom->count(qw(limited Light QPS));
    my $mints = () = $zoom->arrivals('token');
    my $began = time;
    my %n;

    while (my $thing = shift @things) {
        my ($at, $sub) = @$thing;

        wait_for(sub { time - $began >= $at }, $at + 5);
        push @$calls, $sub->();
    }

    http_wait(@$calls);
    $n{ $_->status }++ for @$calls;
    is_deeply(\%n, { 200 => scalar @$calls }, "$name: all are answered");
    $limited = $zoom->count(qw(limited Light QPS)) - $before;

    my @at = map { $_->[0] } $zoom->arrivals('token');

    return @at[$mints .. $#at];
}


sub answered {
    my @at = disturbed(@_);

    is($limited, 0, 'no 429');

    return @at;
}


# Of the rate, from the first to the last.
sub used {
    my @at = sort { $a <=> $b } @_;
    my $used = $#at / $rate / ($at[-1] - $at[0]);

    diag(sprintf '%d mints, %.3f of the rate', scalar @at, $used)
        if $ENV{TEST_VERBOSE};

    return $used;
}


sub there { return $fleet->command('ZCARD', 'zoom:hosts') }

$zoom->control({ bots => 3000 }, { plan => 'pro' });
push @hosts, another() for 1 .. 3;
wait_for(sub { there() == 3 }, 10, 'three hosts');


subtest 'one busy host of three' => sub {
    ok(have_rate($rate), 'each may have all of the rate');
    cmp_ok(best(0.9, sub {
        used(answered('one host', [callbacks(150, $hosts[0])]))
    }), '>=', 0.9, 'idle hosts cost it nothing');

    my $status = status_of($hosts[0])->{fleet};

    cmp_ok($status->{slots}, '>=', 150, 'slots were handed out');
    cmp_ok($status->{slots}, '<', 1.7 * $n, 'and not many more');
    cmp_ok($status->{slot_questions}, '<', $n, 'several at a time');
};


subtest 'three busy ones' => sub {
    cmp_ok(best(0.9, sub {
        used(answered('three hosts', [callbacks(180, @hosts)]))
    }), '>=', 0.9, 'they use the rate');
};


subtest 'hosts come and go' => sub {
    my $round = sub {
        my $new;
        my @calls = callbacks(210, @hosts);

        return used(answered('a crowd', \@calls,
            [1, sub { $new = another(); return callbacks(20, $new) }],
            [3, sub { $new->quit; return callbacks(20, @hosts) }]));
    };

    cmp_ok(best(0.9, $round), '>=', 0.9, 'they use the rate');
    ok(wait_for(sub { there() == 3 }, 5), 'who leaves says so');
};


subtest 'a callback now and then' => sub {
    my @took = map {
        http_wait(callbacks(1, $hosts[$_ % 3]))->took
    } 1 .. 15;

    cmp_ok((sort { $a <=> $b } @took)[7], '<', 0.2, 'waits for nobody');
};


subtest 'what the store holds of it' => sub {
    my @keys = $fleet->keys_like('zoom:slots:*');

    is(scalar @keys, 1, 'one clock');
    is(scalar(grep { $fleet->command('PTTL', $_) <= 0 } $fleet->keys_like('*')),
       0, 'no key stays for ever');
};


# Of the store's clock, in seconds; the hosts' own goes on.
sub jump {
    my ($by) = @_;

    my ($before) = @{ $fleet->command('TIME') };

    open my $fh, '+<:raw', $clock or die "$clock: $!\n";
    syswrite $fh, pack 'q', unpack('q', slurp($clock)) + int($by * 1e6);

    my ($after) = @{ $fleet->command('TIME') };

    cmp_ok(abs($after - $before - $by), '<=', 1.5, 'it does');
    return;
}


sub longest_pause {
    my @at = sort { $a <=> $b } @_;

    return max(map { $at[$_ + 1] - $at[$_] } 0 .. $#at - 1);
}


for my $by (3600, -3600, 0.7, -0.7) {
    subtest "the store's clock jumps by $by s" => sub {
        my @calls = callbacks(120, @hosts);
        my @at = answered('a crowd', \@calls, [1.5, sub { jump($by) }]);

        cmp_ok(longest_pause(@at), '<', 1.2, 'no pause of more than a window');
    };
}


# A request that a busy machine holds up may come to Zoom in the next window.
sub calm {
    my (@things) = @_;

    is(best(1, sub {
        my @at = disturbed('a crowd', [callbacks(150, @hosts)], @things);

        used(@at);
        wait_for(sub { there() == 3 }, 10, 'three hosts');

        return $limited == 0 && longest_pause(@at) < 2 ? 1 : 0;
    }), 1, 'no 429, and no long pause');
}


subtest 'the store is lost, and empty when it is back' => sub {
    calm([1, sub { $fleet->stop_it('KILL'); return }],
         [2.5, sub { $fleet->start; return }]);
};


subtest 'it is emptied' => sub {
    calm([1, sub { $fleet->command('FLUSHALL'); return }]);
};


subtest 'while the store is away' => sub {
    $fleet->stop_it;
    ok(have_rate($rate / 3), 'each keeps its part');

    my @at = answered('three hosts', [callbacks(90, @hosts)]);

    cmp_ok(used(@at), '<=', 1.1, 'which is all of it, together');

    $fleet->start;
    ok(have_rate($rate), 'and together again when it is back');
};

$t->finish;
