#!/usr/bin/perl

# Lua code that waits for a token and never gets it: its thread is killed, its
# request ends, its time is over.  Nothing of that may stay.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Resty;
use Zoom::Test;

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


# Both workers have their share, and their semaphores, before we measure.
sub rounds {
    my ($n) = @_;

    is($t->get("/do/killed?rounds=$n")->body, $n * $AT_ONCE . "\n",
       $n * $AT_ONCE . ' killed');
    is($t->get("/do/timed_out?rounds=$n")->body, $n * $AT_ONCE . "\n",
       $n * $AT_ONCE . ' timed out');

    abort() for 1 .. $n;
    pass($n * $AT_ONCE . ' aborted');

    is(scalar(grep { $t->get('/do/left')->body =~ /^100$/ } 1 .. $n), $n,
       $n * $AT_ONCE . ' left behind');
}


$zoom->control({ match => 'token', mode => 'hang' });

subtest 'before' => sub { rounds(10) for 1 .. 2 };

my $semaphores = ask_all('/do/state');
my %before = map { $_ => rss($_) } keys %$semaphores;

subtest 'waits that come to nothing' => sub { rounds($ROUNDS) };


subtest 'what is left' => sub {
    my $after = ask_all('/do/state');

    for my $pid (sort keys %$after) {
        my $grown = rss($pid) - $before{$pid};

        is($after->{$pid}, $AT_ONCE,
           'as many semaphores as ever waited at once');
        cmp_ok($grown, '<', 2048, "memory has grown by $grown KiB");
    }

    ok(wait_for(sub { flights() == 0 }, 10), 'no flight');
};


subtest 'and all works' => sub {
    $zoom->control({ reset => JSON::PP::true });

    ok(wait_for(sub { $t->get('/zak')->status == 200 }, 5), 'a token');
};


$t->finish;
