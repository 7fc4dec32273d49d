#!/usr/bin/perl

# What routing scripts compute with: their strings are Lua's, though the
# functions are ours, and JSON comes out as it went in.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Test;

# In JSON, which is what most of them come from.
my $nul = '\\' . 'u0000';

sub unreadable {
    my ($byte) = @_;

    return "JSON: line 1 can't be read from its byte $byte on";
}

# "name" => [a list of expressions, the values joined by "|"], as Lua has it.
my @cases = (
    'find, from where it is told' => [
        ['("hello"):find("l")',             '3|3'],
        ['("hello"):find("l", 4)',          '4|4'],
        ['("hello"):find("l", -2)',         '4|4'],
        ['("hello"):find("h", -2)',         'nil'],
        ['("hello"):find("h", -99)',        '1|1'],
        ['("hello"):find("", 6)',           '6|5'],
        ['("hello"):find("", 7)',           'nil'],
        ['("hello"):find(".", 9)',          'nil'],
        ['("hello"):find("l", 0)',          '3|3'],
        ['("hello"):find("xyz")',           'nil'],
        ['("hello"):find("x.z")',           'nil'],
        ['("a.b"):find(".", 1, true)',      '2|2'],
        ['("a.b"):find("+", 1, true)',      'nil'],
        ['("hello"):find("(l)(l)")',        '3|4|l|l'],
        ['("hello"):find("()ll()")',        '3|4|3|5'],
    ],
    'match' => [
        ['("key = value"):match("^(%w+)%s*=%s*(%w+)$")', 'key|value'],
        ['("hello"):match("l+")',           'll'],
        ['("hello"):match("l+", 4)',        'l'],
        ['("hello"):match("l+", -1)',       'nil'],
        ['("hello"):match("x")',            'nil'],
        ['("hello"):match("h", 9)',         'nil'],
        ['("hello"):match("()e()")',        '2|3'],
    ],
    'patterns' => [
        ['("a1B2 _"):gsub("%a", "-")',      '-1-2 _|2'],
        ['("a1B2 _"):gsub("%d", "-")',      'a-B- _|2'],
        ['("a1B2 _"):gsub("%l", "-")',      '-1B2 _|1'],
        ['("a1B2 _"):gsub("%u", "-")',      'a1-2 _|1'],
        ['("a1B2 _"):gsub("%s", "-")',      'a1B2-_|1'],
        ['("a1B2 _"):gsub("%p", "-")',      'a1B2 -|1'],
        ['("a1B2 _"):gsub("%W", "-")',      'a1B2--|2'],
        ['("a1gG"):gsub("%x", "-")',        '--gG|2'],
        ['("a\tb\127"):gsub("%c", "-")',    'a-b-|2'],
        ['("a b"):gsub("%g", "-")',         '- -|2'],
        ['("a\0b"):gsub("%z", "-")',        'a-b|1'],
        ['("colour color"):gsub("colou?r", "x")', 'x x|2'],
        ['("[a]-b"):gsub("[%]%-]", "_")',   '[a__b|2'],
        ['("a-z0"):gsub("[a-c0-9]", "_")',  '_-z_|2'],
        ['("abc"):gsub("[^b]", "_")',       '_b_|2'],
        ['("x]y"):gsub("[]]", "_")',        'x_y|1'],
        ['("f(a(b)c)d"):match("%b()")',     '(a(b)c)'],
        ['("f(a(b c d"):match("%b()")',     'nil'],
        ['("f"):match("%b()")',             'nil'],
        ['("THE (quick) fox"):find("%f[%a]%a+%f[%A]")', '1|3'],
        ['("THE (quick) fox"):gsub("%f[%l]%l+", "_")', 'THE (_) _|2'],
        [q{([[say "hi" or 'ho']]):gsub([[(["'])(.-)%1]], "<%2>")},
                                            'say <hi> or <ho>|2'],
        ['("abab"):match("(ab)%1")',        'ab'],
        ['("abac"):match("(ab)%1")',        'nil'],
        ['("a.b.c"):match("^(.-)%.(.*)$")', 'a|b.c'],
        ['("100%"):match("%%$")',           '%'],
    ],
    'patterns that are none' => [
        ['pcall(string.find, "x", "%")',
         "false|malformed pattern (ends with '%')"],
        ['pcall(string.find, "x", "[a")',
         "false|malformed pattern (missing ']')"],
        ['pcall(string.find, "x", "[a%")',
         "false|malformed pattern (missing ']')"],
        ['pcall(string.find, "x", "(x")', 'false|unfinished capture'],
        ['pcall(string.find, "x", "x)")', 'false|invalid pattern capture'],
        ['pcall(string.find, "x", "%b(")', 'false|unbalanced pattern'],
        ['pcall(string.find, "x", "%fx")',
         "false|missing '[' after '%f' in pattern"],
        ['pcall(string.find, "x", "%1")', 'false|invalid capture index'],
        ['pcall(string.find, "x", "(x%1)")', 'false|invalid capture index'],
        ['pcall(string.find, "x", ("()"):rep(33))',
         'false|too many captures'],
        ['pcall(string.find, "x", ("a."):rep(9999))',
         'false|pattern too complex'],
    ],
    'gsub' => [
        ['("abc"):gsub("b", "<%0>")',       'a<b>c|1'],
        ['("abc"):gsub("(b)(c)", "%2%1")',  'acb|1'],
        ['("abc"):gsub("b", "%%")',         'a%c|1'],
        ['("abc"):gsub("b", "x%")',         'ax%c|1'],
        ['("abc"):gsub("%w", "-", 2)',      '--c|2'],
        ['("abc"):gsub("", "-")',           '-a-b-c-|4'],
        ['("abc"):gsub("%w", { a = "1", b = false })', '1bc|3'],
        ['("abc"):gsub("%w", function(c) if c == "b" then return 7 end end)',
                                            'a7c|3'],
        ['(select(2, pcall(string.gsub, "abc", "b", "%2"))):match("invalid.*")',
                                            'invalid capture index'],
    ],
    'gmatch' => [
        ['all(("a=1, b=2"):gmatch("(%w)=(%w)"))',  'a1 b2'],
        ['all(("one two"):gmatch("%a+"))',         'one two'],
        ['all(("abc"):gmatch("()"))',              '1 2 3 4'],
    ],
    'rep' => [
        ['("ab"):rep(3)',                   'ababab'],
        ['("ab"):rep(3, "-")',              'ab-ab-ab'],
        ['("ab"):rep(0)',                   ''],
        ['("ab"):rep(-1)',                  ''],
        ['(""):rep(1000000)',               ''],
    ],
    'JSON that is well-formed' => [
        ['json([=[{}]=])',                    '{}'],
        ['json([=[[]]=])',                    '{}'],
        ['json([=[ [ 1 , 2.5, -3e2, true, false, null ] ]=])',
                        '{1=1,2=2.5,3=-300,4=true,5=false,6=false}'],
        ['json([=[{"a":null,"b":{"c":[]}}]=])', '{b={c={}}}'],
        ['json([=["plain"]=])',               'plain'],
        ['json([=["\\"\\\\\\/\\b\\f\\n\\r\\t"]=])', "\"\\/\b\f\n\r\t"],
        ['json([=["a\\u0041\\u00e9\\u20ac\\ud83d\\ude00z"]=])',
                        "aA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"],
        ['#json([=["' . $nul . '"]=])',       '1'],
        ['json([=[-0.5E-1]=])',               '-0.05'],
        ['json("\t\r\n false ")',           'false'],
    ],
    'JSON that is not' => [
        map { ["json([=[$_->[0]]=])", unreadable($_->[1])] }
            ['{', 2], ['{"a"', 5], ['{"a":', 6], ['{"a":1', 7], ['{"a":1,', 8],
            ['{1:2}', 2], ['{"a" 1}', 6], ['[1 2]', 4], ['[1,]', 4],
            ['"', 2], ['"a', 3], ['"\\', 3], ['"\\x"', 3], ['"\\u12"', 3],
            ['"\\u12g4"', 3], ['"\\ud800"', 8], ['"\\ud800\\u0041"', 14],
            ['"\\udc00"', 8], ["\"a\nb\"", 3], ["\"\\n\nb\"", 4],
            ['1.', 1], ['+1', 1], ['.5', 1], ['1e', 1], ['1e999', 1],
            ['--1', 1], ['tru', 1], ['nul', 1], ['fals', 1], ['x', 1],
            ['', 1], ['1 2', 3], ['[1]]', 4], ['1' x 80, 1],
    ],
);

my (@names, $tests);

for (my $i = 0; $i < @cases; $i += 2) {
    push @names, $cases[$i];
    $tests .= "    function()\n"
            . join('', map { "        is($_->[0])\n" } @{ $cases[$i + 1] })
            . "    end,\n";
}

my $t = Zoom::Test->new;

mkdir $t->dir . '/lua', 0755;
spew($t->dir . '/lua/values.lua', <<"EOL");
local out

local function plain(v)
    if type(v) ~= "table" then
        return tostring(v)
    end

    local keys = {}

    for k in pairs(v) do
        keys[#keys + 1] = k
    end

    table.sort(keys)

    for i, k in ipairs(keys) do
        keys[i] = k .. "=" .. plain(v[k])
    end

    return "{" .. table.concat(keys, ",") .. "}"
end

local function is(...)
    local got = {}

    for i = 1, select("#", ...) do
        got[i] = plain((select(i, ...)))
    end

    -- a line for each in the log, where bytes are not for the eye
    zoom.log("warn", "value " .. table.concat(got, "|"):gsub(".", function(c)
        return ("%02x"):format(c:byte())
    end))
end

local function all(next)
    local list = {}

    for a, b in next do
        list[#list + 1] = a .. (b or "")
    end

    return table.concat(list, " ")
end

local function json(text)
    local v, e = zoom.json_decode(text)

    if e then
        return (e:gsub("^.-JSON", "JSON"))
    end

    return v
end

local tests = {
$tests}

return function(bot)
    tests[tonumber(bot.args.n)]()
    return "bots\@example.com"
end
EOL

my $nginx = $t->nginx(lua => 1, workers => 1, locations => <<'EOC');
        location = /values {
            zoom_tokens             acme;
            zoom_authenticate       off;
            zoom_reuse              1h;
            zoom_route_by_lua_file  %{dir}/lua/values.lua;
        }
EOC

for my $n (1 .. @names) {
    subtest $names[$n - 1] => sub {
        my $before = length $nginx->error_log;
        my $r = $t->get("/values?n=$n");
        my @got = map { pack 'H*', $_ }
                  substr($nginx->error_log, $before) =~ /value ([0-9a-f]*)/g;

        is($r->status, 200, 'the script ran');

        for my $case (@{ $cases[2 * $n - 1] }) {
            is(shift @got, $case->[1], $case->[0]);
        }
    };
}

$t->finish;
