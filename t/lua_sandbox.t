#!/usr/bin/perl

# Scripts that mean ill, or are just wrong: each is a 500 with a reason in the
# log, and the same worker serves the next request at once.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Test;

my $t = Zoom::Test->new;

# name => [what the log says, the script's function, what stands before it]
# Which limit comes first is a matter of the machine.
my $stopped = 'too many instructions|too much memory|too long at a stretch';

my %bad = (
    loop => ['too many instructions', 'while true do end'],
    pcall_loop => ['too many instructions', <<'EOL'],
        while true do pcall(function() while true do end end) end
EOL
    pcall_tail => ['too many instructions', <<'EOL'],
        return pcall(function() while true do end end)
EOL
    xpcall_handler => ['too many instructions', <<'EOL'],
        xpcall(function() while true do end end,
               function() while true do end end)
EOL
    error_in_handler => ['an error that is a nil', 'xpcall(error, error)'],
    rep => ['resulting string too large', 'local s = ("x"):rep(1e9)'],
    rep_tail => ['resulting string too large.*, after a tail call by the '
                 . 'function at \S+/rep_tail\.lua:3, client',
                 'return ("x"):rep(1e9)', "-- one\n-- two"],
    gsub_tail => ['after a tail call by the function at \S+\.lua:2',
                  'return ("x"):gsub("(", "")'],
    module_tail => ['lua/late_error\.lua:2: late', 'return late()',
                    'local late = require("late_error")'],
    rep_separator => ['resulting string too large',
                      'local s = (""):rep(1e9, "x")'],
    rep_loop => ['too much memory|too many instructions', <<'EOL'],
        local t = {}
        while true do t[#t + 1] = ("x"):rep(1e6) .. #t end
EOL
    rep_pcall => ['too much memory|too many instructions', <<'EOL'],
        local t = {}
        while true do pcall(function() t[#t + 1] = ("x"):rep(1e6) .. #t end) end
EOL
    concat_loop => ['too much memory|too many instructions', <<'EOL'],
        local s = "x"
        while true do s = s .. s end
EOL
    concat_short => ['too much memory|too many instructions|at a stretch', <<'EOL'],
        local s, n = ("x"):rep(1e6), 0
        while true do n = n + 1; local t = s .. n end
EOL
    compare => ['too many instructions|at a stretch', <<'EOL'],
        local a, b = ("x"):rep(2e6) .. "a", ("x"):rep(2e6) .. "b"
        while true do local c = a < b end
EOL
    table => ['too much memory|too many instructions', <<'EOL'],
        local t = {}
        while true do t[#t + 1] = {} end
EOL
    recursion => ['stack overflow', 'return f(1)',
                  'local function f(n) return 1 + f(n) end'],
    recursion_pcall => ['stack overflow|too many instructions|too much memory',
        'return f()', 'local function f() pcall(f) return f() + 1 end'],
    recursion_tostring => ['stack overflow', <<'EOL', <<'EOH'],
        return tostring(t)
EOL
        local t = {}
        setmetatable(t, { __tostring = function()
            return string.format("%s", t)
        end })
EOH
    recursion_index => ['too much memory|too many instructions', 'return t.x', <<'EOL'],
        local t = {}
        setmetatable(t, { __index = function(_, k) return t[k .. "x"] end })
EOL
    recursion_gsub => ['stack overflow', 'return f("x")', <<'EOL'],
        local function f(s) return (s:gsub(".", f)) end
EOL
    pattern => ['too many instructions', <<'EOL'],
        return ("a"):rep(200):find(("(.-)"):rep(8) .. "b")
EOL
    pattern_gsub => ['too many instructions', <<'EOL'],
        return (("a"):rep(10000):gsub(("a*"):rep(20) .. "b", ""))
EOL
    find_plain => ['too many instructions|at a stretch', <<'EOL'],
        local s, w = ("a"):rep(1e6), ("a"):rep(5e5) .. "b"
        while true do s:find(w, 1, true) end
EOL
    sort => ['too many instructions', <<'EOL'],
        local t = {}
        for i = 1, 50000 do t[i] = i end
        table.sort(t, function() return true end)
EOL
    global => ['write to the global "x"', 'x = 1'],
    global_g => ['read-only', '_G.x = 1'],
    global_pcall => ['got false', 'local ok = pcall(function() x = 1 end)'
                     . ' error("got " .. tostring(ok))'],
    string => ['read-only', 'string.x = 1'],
    string_rep => ['read-only', 'string.rep = nil'],
    string_method => ['attempt to index|read-only', 'local s = "" s.x = 1'],
    table_insert => ['table expected', 'table.insert(string, 1)'],
    zoom => ['read-only', 'zoom.mint = nil'],
    metatable_of_strings => ['attempt to index', 'getmetatable("").__index = 1'],
    metatable_of_library => ['protected metatable|table expected',
                             'setmetatable(string, {})'],
    metatable_of_globals => ['attempt to index',
                             'getmetatable(_G).__index = {}'],
    metatable_of_bot => ['attempt to index', 'getmetatable(bot).__index = 1'],
    headers => ['read-only', 'bot.headers.x = 1'],
    error_nil => ['an error that is a nil', 'error(nil)'],
    error_table => ['an error that is a table', <<'EOL'],
        error(setmetatable({}, { __tostring = function()
            while true do end
        end }))
EOL
    error_lines => ['line one\?line two', 'error("line one\nline two")'],
    error_long => ['x{400}', 'error(("x"):rep(100000))'],
    mints => ['more than 16 calls', <<'EOL'],
        for i = 1, 100 do zoom.mint{ user = "bots@example.com" } end
EOL
    mints_pcall => ['too many instructions|at a stretch', <<'EOL'],
        while true do pcall(zoom.mint, { user = "bots@example.com" }) end
EOL
    requests => ['more than 16 calls', <<'EOL'],
        for i = 1, 100 do zoom.request{ path = "/users" } end
EOL
    requests_pcall => ['too many instructions|at a stretch', <<'EOL'],
        while true do pcall(zoom.request, { path = "/users" }) end
EOL
    request_bad => ['too many instructions|at a stretch', <<'EOL'],
        while true do zoom.request{ path = "users" } end
EOL
    request_then => ['too many instructions', <<'EOL'],
        zoom.request{ path = "/users" }
        while true do end
EOL
    request_cycle => ['"body" can\'t be JSON: it is too deep', <<'EOL'],
        local t = {}
        t.t = t
        error(select(2, zoom.request{ path = "/users", body = t }))
EOL
    request_wide => [$stopped, <<'EOL'],
        local t = { "x" }
        for i = 1, 30 do t = { t, t } end
        zoom.request{ path = "/users", body = t }
EOL
    request_path => [$stopped, <<'EOL'],
        zoom.request{ path = setmetatable({}, {
            __index = function() return "x" end, __len = function() return 1e9 end
        }) } local t = {} for i = 1, 1e5 do t[i] = "ü" end
        zoom.request{ path = t }
EOL
    request_args => [$stopped, <<'EOL'],
        local t = {}
        for i = 1, 30000 do t[i] = "ü ü" end
        zoom.request{ path = "/users", args = { t = t } }
EOL
    request_error => ['mine', <<'EOL'],
        zoom.request{ path = setmetatable({ "a" }, {
            __index = function() error("mine") end
        }), body = setmetatable({}, { __index = error }) }
        error("mine")
EOL
    pages_many => ['more than 16 calls', <<'EOL'],
        while true do for p in zoom.pages{ path = "/users" } do end end
EOL
    log_many => ['too many instructions|at a stretch', <<'EOL'],
        while true do zoom.log("debug", "x") end
EOL
    log_level => ['invalid option', 'zoom.log("emerg", "x")'],
    json_deep => ['too deep', <<'EOL'],
        local v, e = zoom.json_decode(("["):rep(1000)) error(e)
EOL
    json_large => ['too many instructions', <<'EOL'],
        return zoom.json_decode("[" .. ("1,"):rep(900000) .. "1]")
EOL
    unpack => ['too many results|stack overflow|overflow',
               'return unpack({}, 1, 1e8)'],
    unpack_view => ['too many results', 'return unpack(bot.metadata, 1, 1e8)'],
    yield_in_json => ['too deep|returned', <<'EOL'],
        return zoom.json_decode("[1]")
EOL
    require_late => ['was not read when', 'return require("late")'],
    require_up => ['not plain', 'return require("../late")'],
    require_dots => ['not plain', 'return require("..late")'],
    require_root => ['not plain', 'return require("/etc/passwd")'],
    json_file_up => ['not plain', 'return zoom.json_file("../x.json")'],
    json_file_hidden => ['not plain', 'return zoom.json_file(".x.json")'],
);

# What is not there at all.
for (qw(io os ffi jit debug package load loadstring loadfile dofile
        collectgarbage getfenv setfenv rawset print coroutine newproxy module
        gcinfo))
{
    $bad{"no_$_"} = ["attempt to (?:call|index) global '$_'",
                     "return $_ and $_() or $_.x"];
}

for (qw(string.dump math.randomseed table.foreach string.gfind
        zoom.callback zoom.authenticate))
{
    (my $name = $_) =~ s/.*\.//;
    $bad{"no_$name"} = ["attempt to call field '$name'", "return $_('')"];
}


mkdir $t->dir . '/lua', 0755;
spew($t->dir . '/lua/late.lua', "return {}\n");
spew($t->dir . '/lua/late_error.lua',
     "return function()\nlocal x = error('late')\nend\n");

spew($t->dir . '/lua/good.lua', <<'EOL');
return function(bot) return "bots@example.com" end
EOL

for (keys %bad) {
    my (undef, $body, $before) = @{ $bad{$_} };

    spew($t->dir . "/lua/$_.lua", ($before // '') . "\n" . <<"EOL");
return function(bot)
$body
end
EOL
}

my $locations = join '', map { <<"EOC" } 'good', sort keys %bad;
        location = /$_ {
            zoom_tokens             acme;
            zoom_authenticate       off;
            zoom_reuse              1h;
            zoom_route_by_lua_file  %{dir}/lua/$_.lua;
        }
EOC

# One worker: the next request goes where the script ran.
my $nginx = $t->nginx(lua => 1, workers => 1, http => <<'EOC',
    zoom_lua_path  %{dir}/lua;
    zoom_lua_allow request;
EOC
                      locations => $locations);

is($t->get('/good')->status, 200, 'a good script');

my ($worker) = $nginx->workers;
my $slow = $ENV{ZOOM_ASAN} ? 10 : 1;

# A machine at work may take long once, a worker that is stuck does so again.
sub at_once {
    my ($name, $took) = @_;

    for (1 .. 4) {
        last if $took < 0.1 * $slow;

        $t->get("/$name");
        $took = $t->get('/good')->took;
    }

    return $took;
}


for my $name (sort keys %bad) {
    subtest $name => sub {
        my $before = length $nginx->error_log;
        my $r = $t->get("/$name");

        is($r->status, 500, 'refused');
        is($r->json->{error}, 'route_failed', 'route_failed');
        cmp_ok($r->took, '<', 3 * $slow, 'soon') or diag($r->took);

        my $log = substr $nginx->error_log, $before;
        my ($line) = grep { m{script ".*/\Q$name\E\.lua" failed: } }
                     split /\n/, $log;

        # On a slow machine any of them meets the bound of time first.
        like($line // '', qr/failed: .*(?:$bad{$name}[0]|at a stretch)/,
             'the reason');

        $r = $t->get('/good');
        is($r->status, 200, 'the next request');

        my $took = at_once($name, $r->took);

        cmp_ok($took, '<', 0.1 * $slow, 'at once') or diag($took);
    };
}

is(join(' ', $nginx->workers), $worker, 'it was one worker all the time');

$t->finish;
