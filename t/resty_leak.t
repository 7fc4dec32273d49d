#!/usr/bin/perl

# Lua code that waits for a token and never gets it: its thread is killed, its
# request ends, its time is over.  Nothing of that may stay.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Resty;
use Zoom::Test;

plan skip_all => resty_missing() if resty_missing();

my $ROUNDS = 100;       # of 100 waits each
my $AT_ONCE = 100;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my $nginx = $t->nginx(
    main      => resty_main(),
    http      => resty_http(),
    account   => { request_timeout => '1s' },
    reuseport => 1,
    locations => <<'EOC');
        location /do/ {
            content_by_lua_block {
                local f = require("leak")[ngx.var.uri:sub(5)]

                ngx.say(f(tonumber(ngx.var.arg_rounds)))
            }
        }

        location = /zak {
            zoom_tokens        acme;
            zoom_user          bots@example.com;
            zoom_authenticate  off;
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC


sub flights {
    my $status = JSON::PP->new->decode($t->get('/status?format=json')->body);

    return $status->{zone}{flights};
}


sub rss {
    my ($pid) = @_;
    my ($kib) = slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m;

    return $kib;
}


# Every worker's answer to a question, by its process.
sub ask_all {
    my ($path) = @_;
    my %answer;

    wait_for(sub {
        my $r = $t->get($path);

        $answer{ $r->header('X-Pid') } = $r->body + 0;
        return keys %answer == 2;
    }, 10, 'both workers');

    return \%answer;
}


# A client that sees that the threads wait, and hangs up.
sub abort {
    my ($client) = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                         PeerPort => $t->port);

    print $client "GET /do/aborted HTTP/1.1\r\nHost: localhost\r\n\r\n";

    while (<$client>) {
        return close $client if /waiting/;
    }

    die "nobody waits\n";
}


# Ten rounds a request, which keeps something for every thread till its end.
sub waits {
    my ($what, $n) = @_;
    my $waits = 0;

    $waits += $t->get("/do/$what?rounds=10")->body for 1 .. $n / 10;

    is($waits, $n * $AT_ONCE, "$waits $what");
}


sub rounds {
    my ($n) = @_;

    waits('killed', $n);
    waits('timed_out', $n);

    abort() for 1 .. $n;
    pass($n * $AT_ONCE . ' aborted');

    is(scalar(grep { $t->get('/do/left')->body =~ /^100$/ } 1 .. $n), $n,
       $n * $AT_ONCE . ' left behind');
}


$zoom->control({ match => 'api', mode => 'hang' });

subtest 'before' => sub {
    my %seen;

    rounds(10);

    ok(wait_for(sub {
        $seen{ $t->get("/do/$_?rounds=10")->header('X-Pid') }++
            for qw(killed timed_out left);

        return 2 == grep { $_ >= 8 } values %seen;
    }, 10), 'each worker knows all of it');
};

my $semaphores = ask_all('/do/state');
my %before = map { $_ => rss($_) } keys %$semaphores;

subtest 'waits that come to nothing' => sub { rounds($ROUNDS) };


subtest 'what is left' => sub {
    my $after = ask_all('/do/state');

    for my $pid (sort keys %$after) {
        my $grown = rss($pid) - $before{$pid};

        is($after->{$pid}, $AT_ONCE,
           'as many semaphores as ever waited at once');

        SKIP: {
            skip 'a sanitizer keeps what was freed', 1 if $ENV{ZOOM_ASAN};
            cmp_ok($grown, '<', 2048, "memory has grown by $grown KiB");
        }
    }

    ok(wait_for(sub { flights() == 0 }, 10), 'no flight');
};


subtest 'and all works' => sub {
    $zoom->control({ reset => JSON::PP::true });

    ok(wait_for(sub { $t->get('/zak')->status == 200 }, 5), 'a token');
};


$t->finish;
