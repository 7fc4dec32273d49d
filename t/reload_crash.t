#!/usr/bin/perl

# Death at the worst moment, upgrades, and tables that are full.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Chaos qw(fds stop_process gdb hold bot statuses not_of);
use Zoom::Generations;
use Zoom::Process qw(alive slurp);
use Zoom::Test;

my ($t, %conf) = setup(locations => <<'EOC');

        location = /hasty {
            zoom_tokens   acme;
            zoom_timeout  1s;
        }
EOC
my $zoom = $t->zoom;
my $nginx;

$t->allow(qr/exited on signal 9/);

my $gdb = gdb($$, 'info proc') ? 1 : 0;

# Requests until the worker is caught in the act.
sub provoke {
    my ($output) = @_;
    my @calls;

    for my $n (1 .. 200) {
        push @calls, call('/fresh?' . bot($n));
        last if wait_for(sub { slurp($output) =~ /^held/m }, 0.03);
    }

    ok(slurp($output) =~ /^held/m, 'a worker is held')
        or diag(slurp($output));
    return @calls;
}

# Whether any of these is in the zone, of the default size.
sub zone_has {
    no warnings 'portable';
    my (@tokens) = @_;
    my $pid = $nginx->pid;

    for (split /\n/, slurp("/proc/$pid/maps")) {
        my ($start, $end) = /^(\w+)-(\w+) rw-s / or next;
        my ($at, $size) = (hex $start, hex($end) - hex $start);

        next if $size != 8 << 20;

        open my $mem, '<:raw', "/proc/$pid/mem" or die "mem: $!\n";
        sysseek $mem, $at, 0;
        sysread($mem, my $bytes, $size) == $size or die "mem: $!\n";

        return scalar grep { index($bytes, $_) >= 0 } @tokens;
    }

    die "no zone\n";
}

sub killed_at {
    my ($meanwhile, @where) = @_;

    $nginx = cold();
    all_well(10, 'all is well');

    my @before = $zoom->issued;

    is(zone_has($before[-1]), 1, 'a token is in the zone');

    my ($worker) = $nginx->workers;
    my ($gdb, $file, $output) = hold($t->dir, $worker, 'kill', @where);
    my @calls = provoke($output);

    @calls = not_of($nginx, $worker, @calls);
    $meanwhile->() if $meanwhile;
    unlink $file;
    wait_for(sub { !alive($gdb) }, 5, 'the end of gdb');
    http_wait(@calls);

    is(statuses(@calls), '200: ' . @calls, 'the others get their tokens')
        if @calls;
    all_well(40, 'everybody is served');
    is(logged(qr/\[warn\].*died while it wrote/), 1, 'one warning');
    is(scalar(grep { !Zoom::Nginx::retired($_) } $nginx->workers), 2,
       'two workers');
    wait_for(sub { !zone_has(@before) }, 10, 'what was in it is wiped');
    is(zone_has(@before), 0, 'no token of before is left in the zone');
    Zoom::Chaos->new(nginx => $nginx)->check_zone;

    $t->over;
}


SKIP: {
    skip 'gdb is not there or may not attach', 4 if !$gdb;

    subtest 'a worker killed with the lock of the zone' => sub {
        killed_at(undef, 'ngx_http_zoom_zone_unlock');
    };

    # The old value is wiped, the new one is not there yet.
    subtest 'a worker killed while it stores a token' => sub {
        killed_at(undef, 'ngx_http_zoom_store_set',
                  'tbreak ngx_http_zoom_blocks_write', 'continue');
    };

    # A master that reloads does not hear of the death until it is done.
    subtest 'a worker killed with the lock during a reload' => sub {
        killed_at(sub {
            kill 'HUP', $nginx->pid;
            sleep 0.5;
        }, 'ngx_http_zoom_zone_unlock');
    };

    # The owner of a flight stands still; its slot is made to look like that
    # of a process that has the pid by chance.
    subtest 'a pid that is another process by now' => sub {
        $nginx = cold();
        $zoom->control({ match => 'token', mode => 'hang', times => 1 });

        my @calls = map { call('/fresh?' . bot(1)) } 1 .. 30;

        in_flight(1);
        sleep 0.2;

        my $owner = $nginx->worker_at(($zoom->clients('token'))[0]);
        my ($other) = grep { $_ != $owner } $nginx->workers;

        # Which worker takes a connection is for the kernel to say.
        wait_for(sub {
            push @calls, map { call('/fresh?' . bot(1)) } 1 .. 10;
            sleep 0.1;
            not_of($nginx, $owner, @calls);
        }, 5, 'clients of the other worker');
        @calls = not_of($nginx, $owner, @calls);
        stop_process($owner);
        http_wait(call('/zak?' . bot(2))) for 1 .. 2;
        is(scalar(grep { $_->{done} } @calls), 0, 'others wait for it');

        my $sh = "ngx_http_zoom_flight_zone->sh";

        gdb($other, 'set $i = 0', 'while $i < 256',
            "if $sh->workers[\$i].pid == $owner",
            "set var $sh->workers[\$i].start = 1", 'end',
            'set $i = $i + 1', 'end');

        my $start = time;

        http_wait(@calls);
        is(statuses(@calls), '200: ' . @calls, 'they are served');
        cmp_ok(time - $start, '<', 2, 'soon');
        kill 'KILL', $owner;
        wait_for(sub { 2 == grep { $_ != $owner } $nginx->workers });
        all_well(20);

        $t->over;
    };
}


subtest 'callers with less time than Zoom takes' => sub {
    $nginx = cold();
    $zoom->control({ match => 'token', mode => 'delay', ms => 4000 });

    my @calls = map { call('/hasty?' . bot(1)) } 1 .. 2;

    in_flight(1);
    sleep 2.5;
    push @calls, map { call('/hasty?' . bot(1)) } 1 .. 20;
    http_wait(@calls);

    is(statuses(@calls), '504 timeout: 22', 'give up');
    is($zoom->token_calls, 1, 'but nobody asks again meanwhile');
    ok(wait_for(sub { $t->get('/zak?' . bot(1))->status == 200 }),
       'and its token is kept');
    is($zoom->token_calls, 1, 'for others');

    $t->over;
};


subtest 'more workers than slots' => sub {
    $nginx = cold(workers => 2);
    $nginx->{options}{workers} = 40;

    # Enough for sockets and channels of so many, and for some eventfds more.
    my $limit = fds($nginx->pid) + (1 + 2) * 40 + 24;

    # Of anybody but root Linux lets no more descriptors be on their way
    # through sockets than that, all processes together, and nginx complains.
    $t->allow(qr/sendmsg\(\) failed \(109:/) if $> != 0;

    system('prlimit', '--pid', $nginx->pid, "--nofile=$limit:");
    $t->reload(%conf, workers => 40, reuseport => 1);
    wait_for(sub { logged(qr/this one polls/) >= 8 }, 5, 'pollers');
    like($nginx->error_log, qr/\[warn\].*eventfds only, .*"ulimit -n"/,
         'the log tells how there can be more');

    my %polls = map { $_ => 1 }
                $nginx->error_log =~ /\[notice\] (\d+)#.*this one polls/g;

    $zoom->control({ match => 'token', mode => 'delay', ms => 700 });

    my $before = $zoom->token_calls;
    my @calls = http_wait(map { call('/zak?' . bot(1)) } 1 .. 300);

    is(statuses(@calls), '200: 300', 'all are answered');
    cmp_ok(scalar(grep { $polls{ $_->header('X-Pid') } } @calls), '>', 0,
           'by some without a slot, too');
    is($zoom->token_calls, $before + 1, 'one mint');

    # One of these dies with a flight of its own.
    my $way = wait_for(sub {
        my $call = http(port => $nginx->port, path => '/zak?' . bot(1),
                        keepalive => 1);

        return $polls{ $call->header('X-Pid') } ? $call : undef;
    }, 5, 'a way to one of them');
    my $owner = $way->header('X-Pid');

    $zoom->control({ clear => 1 },
                   { match => 'token', mode => 'hang', times => 1 });
    call('/fresh?' . bot(2), on => $way);
    in_flight(1);

    my @others = map { call('/fresh?' . bot(2)) } 1 .. 100;

    sleep 0.3;
    @others = not_of($nginx, $owner, @others);
    kill 'KILL', $owner;

    my $start = time;

    http_wait(@others);
    is(statuses(@others), '200: ' . @others, 'its waiters are served');
    cmp_ok(time - $start, '<', 2, 'soon');
    all_well(100);

    $t->over;
};


$t->finish;
