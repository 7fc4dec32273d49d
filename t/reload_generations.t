#!/usr/bin/perl

# Workers of several generations at once, upgrades, and what is full.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Chaos qw(rss fds bot statuses);
use Zoom::Generations;
use Zoom::Nginx;
use Zoom::Process qw(spawn);
use Zoom::Test;

my ($t, %conf) = setup();
my $zoom = $t->zoom;
my $nginx;

subtest 'an old generation that is cut short' => sub {
    $nginx = cold(main => 'worker_shutdown_timeout 1s;');
    $zoom->control({ match => 'token', mode => 'hang', times => 1 });

    my @old = map { call('/fresh?' . bot(1)) } 1 .. 10;
    my @workers = $nginx->workers;

    in_flight(1);
    $t->reload(%conf, main => 'worker_shutdown_timeout 1s;');

    my @new = map { call('/fresh?' . bot(1)) } 1 .. 10;
    my $start = time;

    http_wait(@new);
    is(statuses(@new), '200: 10', 'the new one takes over its flight');
    cmp_ok(time - $start, '<', 4, 'soon');
    http_wait(@old);
    ok(wait_for(sub {
        my %now = map { $_ => 1 } $nginx->workers;

        return !grep { $now{$_} } @workers;
    }, 3), 'the old one is gone');
    all_well(10);

    $t->over;
};


subtest 'a zone of another size' => sub {
    $nginx = cold();

    my $load = Zoom::Chaos->new(nginx => $nginx, clients => 50,
                                path => sub { '/zak?' . bot(1 + int rand 50) });

    $load->run(0.5);

    my $fds = fds($nginx->pid);

    for my $size (1, 2, 3, 4) {
        $load->run(0.5, [9, sub {}]);
        $t->reload(%conf, http => "zoom_zone ${size}m;");
    }

    $load->run(0.5)->drain;
    $load->check;
    $load->answers_are(200, 'nobody fails');
    ok(wait_for(sub { fds($nginx->pid) == $fds }, 5),
       'the master keeps nothing of the old ones');
    cmp_ok($zoom->token_calls, '<=', 250, 'each starts cold, and only once');

    $t->over;
};


# A real daemon, since nginx wants to be one for this.  It is no child of ours.

my %masters;

sub daemon {
    my $dir = $t->dir . '/daemon';

    $zoom->control({ reset => 1 }, { bots => 200 });
    $nginx = Zoom::Nginx->prepare(
        $t->pieces(%conf, daemon => 'on',
                   main => 'env LD_PRELOAD; env ASAN_OPTIONS; '
                           . 'env LUA_PATH;'),
        dir => $dir);

    # execve() of the new one looks nowhere else
    my ($path, @args) = @{ $nginx->argv };

    ($path) = grep { -x } map { "$_/$path" } split /:/, $ENV{PATH}
        if $path !~ m{^/};

    spawn(name => 'nginx', argv => [$path, @args], output => "$dir/output",
          env => Zoom::Nginx::environment());

    $nginx->{pid} = master('nginx.pid');
}

sub master {
    my ($file, $not) = @_;
    my $pid = wait_for(sub {
        my ($pid) = slurp($nginx->dir . "/$file") =~ /^(\d+)\n/;

        return $pid && $pid != ($not // 0) ? $pid : undef;
    }, 10, $file);

    $masters{$pid} = 1;
    return $pid;
}

sub gone {
    my ($pid) = @_;

    return slurp("/proc/$pid/stat") !~ /^\d+ \(.*\) [^ZX]/;
}

END {
    kill 'KILL', grep { !gone($_) } keys %masters;
}


# Until everyone had a token; a slow machine takes longer.
sub minted {
    my ($load, $n) = @_;
    my $end = time + 15;

    do { $load->run(1) } until $zoom->token_calls >= $n || time > $end;
}


subtest 'another binary' => sub {
    my $old = daemon();
    my $n = 0;
    my $load = Zoom::Chaos->new(nginx => $nginx, clients => 50,
                                path => sub {
                                    '/zak?' . bot(1 + $n++ % 100);
                                });

    minted($load, 100);
    kill 'USR2', $old;

    my $new = master('nginx.pid', $old);

    $load->run(1);
    is(master('nginx.pid.oldbin'), $old, 'two at once');
    kill 'WINCH', $old;
    minted($load, 200);
    ok(wait_for(sub { !grep { $_ != $new } $nginx->workers }, 5),
       'the old workers finish');
    kill 'QUIT', $old;
    $load->run(0.5)->drain;
    $load->report($zoom, mints => 200, oauth => 2);
    $load->check;

    $load->answers_are(200, 'nobody fails');
    cmp_ok($zoom->token_calls, '<=', 200, 'it starts cold, with one mint each');
    is($zoom->oauth_calls, 2, 'and an access token');
    ok(wait_for(sub { gone($old) }, 5), 'the old one is gone');

    $nginx->{pid} = $new;
    is(scalar $nginx->workers, 2, 'the new one works');
    kill 'QUIT', $new;
    ok(wait_for(sub { gone($new) }, 5), 'and ends gracefully');
    $t->check_logs($nginx);
};


subtest 'accounts that come and go' => sub {
    my %rest = (http => join '', map { account("a$_") } 1 .. 3);

    $nginx = cold(%rest);
    is($t->get("/other?account=a$_&" . bot($_))->status, 200, "a$_")
        for 1 .. 3;

    for my $n (4 .. 40) {
        $t->reload(%conf, http => account("a$n")) if $n % 6 == 0;
    }

    is($t->get('/other?account=a36&' . bot(1))->status, 200, 'the last one');
    is($t->get('/other?account=a1&' . bot(1))->status, 403, 'the first one');

    $t->over;
};


subtest 'a secret that changes in mid flight' => sub {
    my $old = $t->secret('client_secret');
    my $new = 'CANARYrotated0123456789';

    $nginx = cold();
    $t->canary(rotated => $new);
    all_well(2);
    $zoom->control({ match => 'token', mode => 'delay', ms => 1200,
                     times => 1 });

    my @calls = map { call('/fresh?' . bot(901)) } 1 .. 10;

    in_flight(1);

    # It is revoked in the middle, too, so the old workers have to fail, and
    # these users have nothing stale to fall back on.
    $zoom->control({ credentials => { client_secret => $new } },
                   { revoke => 1 });
    spew($t->secret_file('client_secret'), "$new\n");
    $t->reload(%conf);
    push @calls, my @late = map { call('/fresh?' . bot(901)) } 1 .. 10;
    push @calls, my @rest = map { call('/fresh?' . bot(902)) } 1 .. 5;
    http_wait(@calls);

    is(statuses(@late), '200: 10', 'those who came after the reload');
    is(statuses(@rest), '200: 5', 'and for somebody else');
    all_well(20, 'what the old ones met does no harm');

    spew($t->secret_file('client_secret'), "$old\n");
    $t->over;
};


sub youngest {
    my @workers = grep { !Zoom::Nginx::retired($_) } $nginx->workers;

    return $workers[-1];
}


subtest 'few descriptors' => sub {
    $nginx = cold(nofile => 24);
    all_well(20, 'are enough for two workers');
    $t->reload(%conf);
    all_well(20, 'and for two more');
    unlike($nginx->error_log, qr{\[(?:alert|crit|emerg)\]},
           'with some to spare');
    $t->over;

    my ($exit, $said) = $t->nginx_t(%conf, nofile => 24, workers => 8);

    is($exit, 1, 'not for eight');
    like($said, qr/\[emerg\].*of\ 24\ eventfds.*"ulimit\ -n"/x,
         'which is told in words');
};


# A generation that finds nobody but the one before.
sub alone {
    my $two = sub { 2 == $nginx->workers };

    wait_for($two, 5, 'two workers');
    $t->reload(%conf);
    wait_for($two, 5, 'two others');
}


subtest 'fifty reloads' => sub {
    $nginx = cold();
    all_well(20);
    $t->reload(%conf) for 1 .. 5;
    alone();

    my ($fds, $rss) = (fds($nginx->pid), rss($nginx->pid));
    my $theirs = fds(youngest(), 'eventfd');

    for (1 .. 45) {
        kill 'HUP', $nginx->pid;
        sleep 0.06;
    }

    all_well(20);
    alone();
    all_well(20);
    ok(wait_for(sub { fds($nginx->pid) <= $fds }, 5),
       'no descriptor more in the master');
    is(fds(youngest(), 'eventfd'), $theirs, 'nor in a worker');

    # A sanitizer keeps what is freed.
    cmp_ok(rss($nginx->pid), '<', $rss + 3000, 'nor much memory')
        if !$ENV{ZOOM_ASAN};

    $t->over;
};


subtest 'a zone full of flights' => sub {
    # The many that wait for a connection are not to run out of time there.
    $nginx = cold(http    => 'zoom_zone 512k;',
                  server  => 'zoom_timeout 20s;',
                  account => { rate            => 'light=4000r/s',
                               connections     => 32,
                               connect_timeout => '10s',
                               request_timeout => '20s' });
    $zoom->control({ match => 'token', mode => 'delay', ms => 700 });

    my @calls = http_wait(map { call('/zak?' . bot($_)) } 1 .. 1000);
    my @refused = grep { $_->status == 503 } @calls;

    like(statuses(@calls), qr/\A200: \d+, 503 overloaded: \d+\z/,
         'some are served, the others told');
    ok(!grep({ !$_->header('Retry-After') } @refused), 'when to come again');
    cmp_ok(logged(qr/no room for another flight/), '>', 0, 'and why');
    $zoom->control({ clear => 1 });
    all_well(100, 'then there is room again');

    $t->over;
};


subtest 'no connection left' => sub {
    $t->allow(qr/\d+ worker_connections are not enough/);
    $nginx = cold(connections => 64);
    $zoom->control({ match => 'token', mode => 'delay', ms => 500 });

    my @calls = http_wait(map { call('/fresh?' . bot($_)) } 1 .. 150);
    my $statuses = statuses(@calls);

    note($statuses);
    unlike($statuses, qr/500|502/, 'some are turned away');
    $zoom->control({ clear => 1 });
    ok(wait_for(sub { $t->get('/fresh?' . bot(1))->status == 200 }, 5),
       'it recovers');
    sleep 1;
    all_well(20);

    $t->over;
};


$t->finish;
