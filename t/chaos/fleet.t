#!/usr/bin/perl

# Three hosts under 300 callers that never stop, FLEET seconds (20) for each
# part: their store is away (AWAY seconds, 30), is killed again and again, hangs,
# is emptied, or gives way to a replica without the latest writes.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Chaos qw(bot steadily);
use Zoom::Fleet;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $seconds = $ENV{FLEET} // 20;
my $away = $ENV{AWAY} // 30;
my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);

# Few enough for each host to mint for itself within its part of the limits.
my $USERS = 60;
my $REUSE = 5;

$zoom->control({ bots => $USERS }, { plan => 'business' });

my @hosts = map { $fleet->host(reuseport => 1, level => 'notice',
                               account => { plan => 'business' },
                               locations => <<"EOC") } 1 .. 3;
        zoom_authenticate  off;
        zoom_user          \$arg_user;
        zoom_allow_user    *;
        zoom_reuse         ${REUSE}s;
        access_log         off;

        location = /zak {
            zoom_tokens  acme;
        }
EOC


sub lines {
    return map { scalar(() = $_->error_log =~ /is away/g) } @hosts;
}


sub back {
    return scalar grep { $_->error_log =~ /is back after/ } @hosts;
}


# "hand" is what happens each second.
sub part {
    my ($name, $hand, %o) = @_;
    my $seconds = $o{seconds} // $seconds;

    subtest $name => sub {
        my @loads = map { Zoom::Chaos->new(nginx => $_, clients => 100,
                              path => sub { '/zak?' . bot(1 + int rand $USERS) })
                    } @hosts;
        my ($first, @others) = @loads;
        my $mints = $zoom->token_calls;
        my @before = lines();
        my $began = time;

        $first->run($seconds,
            [0, sub {
                for my $load (@others) {
                    $load->send_one while keys %{ $load->{open} } < 100;
                    $load->tick(0);
                }
            }],
            steadily(1, $hand));

        my $took = time - $began;

        $_->drain for @loads;
        $o{after}->() if $o{after};

        for my $load (@loads) {
            $load->check;
            $load->answers_are(200, 'all got a token');
        }

        my $sent = 0;

        $sent += $_->{sent} for @loads;
        note(sprintf '%d callbacks, %.0f a second; %.1f mints a second, of %.1f '
             . 'that one host would need', $sent, $sent / $took,
             ($zoom->token_calls - $mints) / $took, $USERS / $REUSE);
        is($zoom->count(qw(limited Light QPS)), 0, 'no 429');

        my @now = lines();

        for (0 .. $#hosts) {
            my $n = $now[$_] - $before[$_];

            note("host $_: $n lines of a store that is away");
            cmp_ok($n, '<=', $seconds, 'no line for each request');
        }
    };
}


part('the store is there', sub {});

my ($there, $began) = (1, time);


# It is started when that time is over, while callers go on.
part('it is away', sub {
    if ($there) {
        $fleet->stop_it('KILL');
        ($there, $began) = (0, time);

    } elsif ($began && time - $began >= $away) {
        $fleet->start;
        $began = time;
        wait_for(sub { back() == @hosts }, 10, 'the hosts');
        cmp_ok(time - $began, '<', 2, 'each host is back soon');
        $began = 0;
    }
}, seconds => $away + 5, after => sub { $there = 1 });

part('it is killed again and again', sub {
    $there ? $fleet->stop_it('KILL') : $fleet->start;
    $there = !$there;
}, after => sub { $fleet->start if !$there; $there = 1 });

part('it hangs now and then', sub {
    kill $there ? 'STOP' : 'CONT', $fleet->pid;
    $there = !$there;
}, after => sub { kill 'CONT', $fleet->pid; $there = 1 });

part('it is emptied', sub { $fleet->command('FLUSHALL') });

my ($replica, $replaced) = (undef, 0);

part('replicas take over', sub {
    if ($replica) {
        $fleet->replace($replica);
        $replica = undef;
        $replaced++;
        return;
    }

    $replica = $fleet->replica;
    $replica->cut_off;
}, after => sub { cmp_ok($replaced, '>', 0, 'one did') });

$t->finish;
