#!/usr/bin/perl

# What a zone takes of the machine's memory, whatever its size; and that a
# reload and a worker's death are told to all of it without a walk through it.

use strict;
use warnings;

use Test::More;

use Zoom::Chaos qw(bot statuses not_of);
use Zoom::Process qw(slurp);
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $MB = 1024;
my $nginx;

$t->allow(qr/exited on signal 9/);

sub cold {
    my ($size) = @_;

    $zoom->control({ reset => 1 }, { bots => 200 });
    $nginx = $t->nginx(http => "zoom_zone $size;\n", locations => <<'EOC',
        zoom_authenticate  off;
        zoom_user          $arg_user;
        zoom_allow_user    *;

        location = /zak {
            zoom_tokens  acme;
            zoom_reuse   1h;
        }

        location = /status {
            zoom_status;
        }
EOC
        account => { rate => 'light=4000r/s', connections => 64 },
        reuseport => 1);
}

sub call { return http_start(port => $nginx->port, path => "/zak?$_[0]") }
sub zone { return $t->get('/status?format=json')->json->{zone} }

# KiB of the zone that a process has touched: "anonymous" memory that is shared
# is a file without a name.

sub touched {
    no warnings 'portable';
    my ($pid, $size) = @_;
    my $zone = 0;

    for (split /\n/, slurp("/proc/$pid/smaps")) {
        $zone = hex($2) - hex($1) == $size if /^(\w+)-(\w+) rw-s /;
        return $1 if $zone && /^Rss:\s+(\d+) kB/;
    }

    return undef;
}


# nginx's own table of pages is in it, 24 bytes for each page.
subtest 'what is not used is not touched' => sub {
    my %size = ('64m' => 64 << 20, '1g' => 1 << 30);

    for (qw(64m 1g)) {
        cold($_);
        is(statuses(http_wait(map { call(bot($_)) } 1 .. 20)), '200: 20',
           "$_: tokens");

        my $pages = $size{$_} / 4096 * 24 / 1024;
        my $master = touched($nginx->pid, $size{$_});
        my $size = $size{$_};
        my @workers = map { touched($_, $size) } $nginx->workers;

        note("$_: master $master KiB, workers @workers");
        cmp_ok($master, '<', $pages + 2 * $MB, 'by the master');
        cmp_ok($_, '<', 4 * $MB, 'by a worker') for @workers;
        $t->over;
    }
};


subtest 'a reload keeps tokens and forgives failures' => sub {
    cold('64m');

    my $none = 'user=nobody@example.com';
    my $ask = sub { statuses(http_wait(map { call($_) } map({ bot($_) } 1 .. 50),
                                       $none)) };
    my $expected = '200: 50, 502 user_unknown: 1';

    is($ask->(), $expected, 'once');

    my $calls = $zoom->token_calls;

    is($ask->(), $expected, 'again');
    is($zoom->token_calls, $calls, 'all that is known');

    $nginx->reload;

    is($ask->(), $expected, 'after a reload');
    is($zoom->token_calls, $calls + 1, 'Zoom is asked for the failure only');

    is(zone()->{used}, 52, 'entries: tokens, the failure, the access token');
    is(zone()->{flights}, 0, 'none of them in flight');
    $t->over;
};


# Those of the other stay.
subtest 'the flights of a worker that died' => sub {
    cold('64m');

    $zoom->control({ match => 'token', mode => 'hold' });

    my @calls = map { call(bot($_)) } 1 .. 60;

    wait_for(sub { 60 == (zone()->{flights} // 0) }, 5, '60 flights');

    my ($worker) = $nginx->workers;
    my @others = not_of($nginx, $worker, @calls);

    cmp_ok(scalar @others, '<', 60, 'some are of one worker');
    kill 'KILL', $worker;

    # Its clients are gone, and nobody else asked for the same.
    wait_for(sub { @others == (zone()->{flights} // 0) }, 5,
             'the other worker has its own');
    is(zone()->{flights}, scalar @others, 'and these only are in flight');

    $zoom->control({ clear => 1 });

    is(statuses(http_wait(@others)), '200: ' . @others,
       'its clients are answered');
    is(statuses(http_wait(map { call(bot($_)) } 1 .. 60)), '200: 60',
       'and so is everybody');
    is(zone()->{flights}, 0, 'nothing is in flight');
    Zoom::Chaos->new(nginx => $nginx)->check_zone(64 << 20);
    $t->over;
};


$t->finish;
