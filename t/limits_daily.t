#!/usr/bin/perl

# Zoom lets a user create and change 100 meetings and webinars a day: the 101st
# is refused here, and Zoom is not asked.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Process qw(free_ports);
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$zoom->control({ reset => 1 }, { bots => 10 });

mkdir $t->dir . '/lua', 0755;

spew($t->dir . '/lua/write.lua', <<'EOL');
return function(bot)
    local n, got, err, info = tonumber(bot.args.n) or 1, nil, nil, nil
    local counts = {}
    for _ = 1, n do
        got, err, info = zoom.request{ path = bot.args.path,
                                       method = bot.args.method,
                                       label = bot.args.label,
                                       timeout = tonumber(bot.args.timeout),
                                       body = { topic = "daily" } }
        local what = got and tostring(got.status) or err
        counts[what] = (counts[what] or 0) + 1
    end
    local said = {}
    for what, k in pairs(counts) do said[#said + 1] = what .. "=" .. k end
    table.sort(said)
    return nil, table.concat(said, " ") .. " after "
                .. tostring(info and info.retry_after) .. " http "
                .. tostring(info and info.http)
end
EOL

my %conf = (
    lua       => 1,
    account   => { rate => join ";\n    rate ", 'light=2000r/s',
                           'heavy=50r/s day=4', 'resource=50r/s day=6' },
    http      => 'zoom_lua_allow  request;',
    locations => <<'EOC');
        location = /write {
            zoom_tokens             acme;
            zoom_authenticate       off;
            zoom_allow_user         *;
            zoom_timeout            30s;
            zoom_route_by_lua_file  %{dir}/lua/write.lua;
        }
EOC

my $nginx = $t->nginx(%conf);


sub calls {
    return $zoom->stats->{endpoints}{rest}{calls} // 0;
}


# What came of so many writes, and what the last one was told.
sub writes {
    my ($n, $method, $path, $more) = @_;

    my $r = $t->get("/write?n=$n&method=$method&path=$path" . ($more // ''));
    my @said = $nginx->error_log
               =~ /the route is refused: (.*?)(?:; if the caller|, client: )/g;

    return $said[-1];
}


sub last_day { return time % 86400 > 86370 }

# A day that ends meanwhile begins anew.
sleep 1 while last_day();

my $bot = '/users/bot0001@example.com';


subtest 'a hundred' => sub {
    my $before = calls();
    my %pids;

    # by both workers
    for (1 .. 20) {
        my $r = $t->get("/write?n=5&method=POST&path=$bot/meetings");

        $pids{ $r->header('X-Pid') } = 1;
    }

    is(calls() - $before, 100, 'reach Zoom');
    is(scalar keys %pids, 2, 'from two workers');

    my $said = writes(1, 'POST', "$bot/meetings");
    my ($after) = $said =~ /^user_daily_limit=1 after (\d+) http 429$/;

    ok($after, 'one more does not') or diag($said);
    cmp_ok(abs(86400 - time % 86400 - $after), '<', 10,
           'the next day brings more');
    is(calls() - $before, 100, 'nor is Zoom asked');
    like($nginx->error_log, qr/\[info\].*has written 100 meetings/,
         'the log says why');
};


subtest 'whatever it is' => sub {
    my $before = calls();

    like(writes(1, 'POST', "$bot/webinars"), qr/^user_daily_limit=1 /,
         'a webinar');
    like(writes(1, 'POST', '/users/BOT0001@Example.COM/meetings'),
         qr/^user_daily_limit=1 /, 'another spelling');
    like(writes(1, 'POST', '/users/bot0001%2540example.com/meetings'),
         qr/^user_daily_limit=1 /, 'encoded');
    like(writes(1, 'POST', "$bot/meetings", '&label=medium'),
         qr/^user_daily_limit=1 /, 'under another label');
    is(calls(), $before, 'Zoom is not asked');
};


subtest 'what does not count' => sub {
    my $before = calls();

    unlike(writes(1, 'GET', "$bot/meetings"), qr/daily/, 'to read');
    unlike(writes(1, 'POST', '/users/bot0002@example.com/meetings'),
           qr/daily/, 'another user');
    is(calls() - $before, 2, 'Zoom is asked');

    # What Zoom has never seen is given back.
    my $other = '/users/bot0003@example.com/meetings';
    my ($port) = free_ports(1);

    $t->reload(%conf, account => { %{ $conf{account} },
                                   proxy => "http://127.0.0.1:$port" });
    like(writes(3, 'POST', $other, '&timeout=0.3'),
         qr/^(?:timeout|zoom_unavailable)=\d /, 'nobody is there');

    $t->reload(%conf);
    is(scalar(grep { writes(5, 'POST', $other) =~ /^[24]0\d=5 / } 1 .. 20), 20,
       'these do not count');
    like(writes(1, 'POST', $other), qr/^user_daily_limit=1 /, 'those do');
};


subtest 'a meeting whose user nobody knows' => sub {
    my $path = '/meetings/91234567890';

    writes(5, 'PATCH', $path) for 1 .. 20;
    like(writes(1, 'PATCH', $path), qr/^user_daily_limit=1 /,
         'counts by itself');
    unlike(writes(1, 'PATCH', '/meetings/91234567891'), qr/daily/,
           'and so does another one');
};


subtest 'heavy and resource-intensive requests of a day' => sub {
    my @heavy = ('GET', '/users', '&label=heavy');
    my @resource = ('GET', '/users', '&label=resource');

    like(writes(2, @heavy), qr/^200=2 /, 'two are heavy');
    like(writes(4, @resource), qr/^200=4 /, 'four are of the other kind');

    for (\@heavy, \@resource) {
        my ($after) = writes(1, @$_) =~ /^rate_limited=1 after (\d+) http 503$/;

        ok($after, "six are all there may be: $_->[2]");
        cmp_ok(abs(86400 - time % 86400 - ($after // 0)), '<', 10,
               'today');
    }
};


$t->finish;
