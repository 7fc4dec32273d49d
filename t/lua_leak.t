#!/usr/bin/perl

# Routing scripts that wait for a token, or for Zoom's answer to a request, and
# never get it: their client hangs up, they are stopped, their time is over.
# Nothing of that may stay.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Test;

my $AT_ONCE = 100;      # requests; one that does not hang up waits 16 times
my $ABORTED = 100;      # rounds of as many
my $OVER = 7;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

mkdir $t->dir . '/lua', 0755;

# What a finished token says is how many waits came to nothing in time.  Every
# other one is for a request.
spew($t->dir . '/lua/wait.lua', <<'EOL');
local refused = { timeout = true, rate_limited = true, overloaded = true,
                  zoom_unavailable = true }

return function(bot)
    local n = 0

    for i = 1, 16 do
        local token, err

        if (i + bot.args.n) % 2 == 0 then
            token, err = zoom.mint{
                user = "bot" .. bot.args.n % 8 .. "@example.com",
                timeout = tonumber(bot.args.timeout),
                fresh = i % 4 == 0,
            }
        else
            token, err = zoom.request{
                path = "/users/bots@example.com", method = "PUT",
                body = "{}", timeout = tonumber(bot.args.timeout),
            }
        end

        if token == nil and refused[err] then
            n = n + 1
        end
    end

    if bot.args["then"] == "loop" then
        while true do end
    end

    return { zak_token = "n" .. n }
end
EOL

my $nginx = $t->nginx(
    lua       => 1,
    # or an outage is known before all have come, on a slow machine
    account   => { request_timeout => '60s' },
    reuseport => 1,
    http      => '    zoom_lua_memory 4m; zoom_lua_allow request;',
    locations => <<'EOC');
        zoom_authenticate  off;
        zoom_allow_user    *;

        location = /wait {
            zoom_tokens             acme;
            zoom_lua_instructions   20000;
            zoom_route_by_lua_file  %{dir}/lua/wait.lua;
        }

        location = /zak {
            zoom_tokens             acme;
            zoom_user               bots@example.com;
        }

        location = /status {
            zoom_status;
        }

        location = /stub {
            stub_status;
        }
EOC


sub flights {
    my $status = JSON::PP->new->decode($t->get('/status?format=json')->body);

    return $status->{zone}{flights};
}


# Requests that have come to where they wait, or are answered; but this one.
sub under_way {
    my ($writing) = $t->get('/stub')->body =~ /Writing: (\d+)/;

    return $writing - 1;
}


sub rss {
    my ($pid) = @_;
    my ($kib) = slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m;

    return $kib;
}


sub begin {
    my ($args) = @_;

    return map { http_start(port => $t->port, path => "/wait?n=$_&$args") }
           1 .. $AT_ONCE;
}


sub aborted {
    my ($rounds) = @_;
    my $n = 0;

    for (1 .. $rounds) {
        my @calls = begin('timeout=20');

        wait_for(sub { under_way() == $AT_ONCE }, 5, 'all wait');
        $_->abort for @calls;
        wait_for(sub { under_way() == 0 }, 5, 'all are gone');
        $n += @calls;
    }

    is($n, $rounds * $AT_ONCE, "$n aborted");
}


sub timed_out {
    my ($rounds) = @_;
    my %answers;

    for (1 .. $rounds) {
        $answers{ $_->body }++ for http_wait(begin('timeout=0.002'));
    }

    my $n = $rounds * $AT_ONCE * 16;

    is_deeply(\%answers, { n16 => $rounds * $AT_ONCE }, "$n timed out");
}


sub stopped {
    my ($rounds) = @_;
    my %answers;

    for (1 .. $rounds) {
        $answers{ $_->status }++
            for http_wait(begin('timeout=0.002&then=loop'));
    }

    my $n = $rounds * $AT_ONCE * 16;

    is_deeply(\%answers, { 500 => $rounds * $AT_ONCE }, "$n of the stopped");
}


$zoom->control({ match => 'api', mode => 'hold' });

subtest 'before' => sub {
    aborted(10);
    timed_out(2);
    stopped(2);
};

my %before = map { $_ => rss($_) } $nginx->workers;

subtest 'waits that come to nothing' => sub {
    aborted($ABORTED);
    timed_out($OVER);
    stopped($OVER);
};


subtest 'what is left' => sub {
    is(keys %before, 2, 'both workers');

    for my $pid ($nginx->workers) {
        my $grown = rss($pid) - $before{$pid};

        # AddressSanitizer keeps what was freed
        cmp_ok($grown, '<', 2048, "memory has grown by $grown KiB")
            if !$ENV{ZOOM_ASAN};
    }

    $zoom->control({ reset => JSON::PP::true });
    ok(wait_for(sub { flights() == 0 }, 10), 'no flight');
};


subtest 'and all works' => sub {
    ok(wait_for(sub { $t->get('/zak')->status == 200 }, 5), 'a token');
    is($t->get('/wait?n=1&timeout=5')->body, 'n0', 'and a script');
};


$t->finish;
