#!/usr/bin/perl

# What routing scripts can do: what they know of a bot, what they may answer,
# and what "zoom" gives them.

use strict;
use warnings;

use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

mkdir $t->dir . '/lua', 0755;
mkdir $t->dir . '/lua/sub', 0755;

# Another account at the same Zoom, one that a script may use, and one that it
# may not.
$zoom->control({ app => { account_id => 'other-id',
                          client_id  => 'other-client' } },
               { app => { account_id => 'private-id',
                          client_id  => 'private-client' } });

my $accounts = $t->account('other', account_id => 'other-id',
                           client_id => 'other-client')
             . $t->account('private', account_id => 'private-id',
                           client_id => 'private-client');

my %module = (
    'util' => <<'EOL',
local util = { list = { "a", "b", { deep = 1 } }, calls = 0 }
function util.double(n) return 2 * n end
return util
EOL
    'sub/inner' => 'return { name = ... or "inner" }',
);

my $long_user = 'x' x 65;

# Each function answers by way of its reason: "nil, what it found".
my %script = (
    user    => 'return "bots@t1.example"',
    nothing => '',
    refused => 'return nil, "not\nyou"',
    false   => 'return false',
    number  => 'return 1',
    table   => 'return { user = "bots@t1.example", ttl = 1234 }',
    view    => 'return require("util").list[3]',
    account => 'return { account = "other", user = "bots@t2.example" }',
    private => 'return { account = "private", user = "bots@t2.example" }',
    absent  => 'return { account = "nowhere", user = "bots@t2.example" }',
    typo    => 'return { usr = "bots@t2.example" }',
    list    => 'return { "bots@t2.example" }',
    user_number => 'return { user = 1 }',
    ttl_low     => 'return { user = "bots@t1.example", ttl = 59 }',
    ttl_text    => 'return { user = "bots@t1.example", ttl = "2h" }',
    ttl_nan     => 'return { user = "bots@t1.example", ttl = 0/0 }',
    type_odd    => 'return { user = "bots@t1.example", types = "zok" }',
    reason_odd  => 'return nil, {}',
    empty   => 'return ""',
    me      => 'return "me"',
    ME      => 'return "%4de"',
    long    => qq(return "$long_user"),
    path    => 'return "a/../b"',
    owner   => 'return "owner@example.com"',
    token   => 'return { zak_token = "CANARYown.token-of_ours" }',
    obf     => 'return { onbehalf_token = "CANARYobf.token" }',
    obfs    => 'return { onbehalf_token = "CANARYobf.1,CANARYobf.2" }',
    obfs_odd => 'return { onbehalf_token = "CANARYobf.1," }',
    zaks_odd => 'return { zak_token = "CANARYzak.1,CANARYzak.2" }',
    join    => 'return { join_token = "CANARYjoin.token" }',
    join_both => <<'EOL',
    return { user = "bots@t1.example", types = { "zak" },
             join_token = "CANARYjoin.token" }
EOL
    both    => <<'EOL',
    return { user = "bots@t1.example", types = { "zak" },
             onbehalf_token = "CANARYobf.token" }
EOL
    narrow  => 'return { user = "bots@t1.example", types = "zak" }',
    wide    => 'return { user = "bots@t1.example", types = "live_streaming" }',
    token_odd   => 'return { zak_token = "no token" }',
    token_long  => 'return { zak_token = ("x"):rep(5000) }',
    token_empty => 'return { zak_token = "" }',

    bot => <<'EOL',
    local t = {}
    for _, k in ipairs{ "bot_id", "meeting_url", "meeting_id", "passcode",
                        "caller", "scheme", "account" } do
        t[#t + 1] = k .. "=" .. tostring(bot[k])
    end
    local names = {}
    for k, v in pairs(bot.metadata) do names[#names + 1] = k .. ":" .. v end
    table.sort(names)
    return nil, table.concat(t, " ") .. " " .. table.concat(names, ",")
EOL
    bot_all => <<'EOL',
    local names = {}
    bot.own = bot.caller
    bot.scheme = "mine"
    for k, v in pairs(bot) do
        names[#names + 1] = k .. "=" .. (type(v) == "table" and "table" or
                                         tostring(v))
    end
    table.sort(names)
    return nil, tostring(next(bot) ~= nil) .. " " .. table.concat(names, " ")
                .. " " .. tostring(bot[1]) .. tostring(bot.nothing)
EOL
    bot_next => <<'EOL',
    local n, k = 0, nil
    repeat k = next(bot, k) n = n + 1 until not k
    bot.metadata.mine = "x"
    return nil, (n > 6 and "n" or n) .. bot.metadata.mine
EOL
    request => <<'EOL',
    local h, a = bot.headers, bot.args
    return nil, table.concat({
        tostring(h["User-Agent"]), tostring(h("x-tenant")),
        tostring(h["X-Key"]), tostring(h.Authorization), tostring(h.Cookie),
        tostring(h["X-Webhook-Signature"]), tostring(a.plain),
        tostring(a("a b")), tostring(a.none), (tostring(a.key)),
        tostring(type(h)),
    }, "|")
EOL
    strings => <<'EOL',
    local t = {}
    t[1] = ("hello world"):gsub("o", "0")
    t[2] = ("abc"):gsub("%w", "%0%0")
    t[3] = ("abc"):gsub("", "-")
    t[4] = ("hello"):gsub("l", { l = "L" })
    t[5] = ("hello"):gsub("[aeiou]", function(c) return c:upper() end)
    t[6] = ("a,b,,c"):gsub(",", ";", 2)
    local w = {}
    for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do w[#w + 1] = k .. v end
    t[7] = table.concat(w, "+")
    t[8] = tostring(("abc"):find("b", 1, true)) .. select("#", ("abc"):find("(b)(c)"))
    t[9] = ("x"):rep(3, "-")
    t[10] = ("%5.1f|%s|%d"):format(1.5, true, 7)
    t[11] = string.format("%s", setmetatable({}, { __tostring = function() return "T" end }))
    t[12] = ("THE (quick) fox"):match("%((%a+)%)")
    t[13] = ("  trim "):match("^%s*(.-)%s*$") .. "."
    t[14] = ("^a"):gsub("^^", "b")
    local s = { 5, 2, 9, 1 } table.sort(s, function(a, b) return a > b end)
    t[15] = table.concat(s)
    t[16] = select(2, pcall(error, { 1 }))[1] .. tostring(select(2, xpcall(error, function(e) return "h" .. e end, "x")))
    return nil, table.concat(t, " ")
EOL
    module => <<'EOL',
    local util = require("util")
    local t = { util.double(21), #util.list, type(util.list), util.list[2] }
    for i, v in ipairs(util.list) do t[#t + 1] = i end
    local n = 0 for k in pairs(util) do n = n + 1 end
    t[#t + 1] = n
    t[#t + 1] = select("#", unpack(util.list))
    t[#t + 1] = next(util.list)
    t[#t + 1] = tostring(pcall(function() util.x = 1 end))
    t[#t + 1] = tostring(pcall(function() util.list[1] = 1 end))
    t[#t + 1] = tostring(pcall(table.insert, util.list, 1))
    t[#t + 1] = tostring(util == require("util"))
    t[#t + 1] = require("sub.inner").name
    return nil, table.concat(t, " ")
EOL
    clock => <<'EOL',
    local now = zoom.now()
    return nil, (now > 1.6e9 and now < 4e9) and "sane" or tostring(now)
EOL
    meeting => <<'EOL',
    local m = zoom.parse_meeting("https://us02web.zoom.us/j/85123456789?pwd=Zm9v.1")
    local none, err = zoom.parse_meeting("https://zoom.us.evil.example/j/1")
    return nil, m.id .. " " .. m.passcode .. " " .. tostring(none) .. " " .. err
EOL
    hash => 'return nil, tostring(zoom.hash("123456789"))',
    json => <<'EOL',
    local v = zoom.json_decode([[ {"a":[1,-2.5e1,null,true,"\u00e9\ud83d\ude00\n"],"b":{},"c":null} ]])
    local bad = { "", "{", "[1,]", "{\"a\":1,\"a\":2}", "01x", "\"\\ud800\"",
                  "nul", "1 2", "\"\1\"" }
    local n = 0
    for _, text in ipairs(bad) do
        local value, err = zoom.json_decode(text)
        if value == nil and err then n = n + 1 end
    end
    return nil, table.concat({ v.a[1], v.a[2], tostring(v.a[3]),
        tostring(v.a[4]), #v.a[5], #v.a, tostring(v.c), n }, " ")
EOL
    log => <<'EOL',
    zoom.log("notice", "one\n", 2, true, nil, {})
    return nil, "logged"
EOL
    mint => <<'EOL',
    local token, err, info = zoom.mint{ user = "bots@t1.example", fresh = true }
    if not token then return nil, err end
    local again, e2, i2 = zoom.mint{ user = "bots@t1.example" }
    if info.status ~= "MISS" or i2.status ~= "HIT" then
        return nil, info.status .. i2.status
    end
    if err ~= nil or info.expires < zoom.now() + 7000 then
        return nil, "wrong info"
    end
    return { zak_token = again }
EOL
    mint_within => <<'EOL',
    -- a wait in functions that LuaJIT has in C
    local n = 0
    local function mint()
        n = n + 1
        local token, err = zoom.mint{ user = "bots@t1.example", fresh = true }
        return token and "x" or err
    end
    local text = ("ab"):gsub(".", mint)
    local list = { 3, 1, 2 }
    table.sort(list, function(a, b) mint() return a < b end)
    local ok, value = pcall(mint)
    local shown = tostring(setmetatable({}, { __tostring = mint }))
    return nil, text .. table.concat(list) .. value .. shown .. (n > 6 and "n" or "")
EOL
    mint_unknown => <<'EOL',
    local token, err, info = zoom.mint{ user = "nobody@example.com" }
    return nil, tostring(token) .. " " .. err .. " " .. info.http .. tostring(info.status)
EOL
    mint_bad => <<'EOL',
    local t = {}
    for _, args in ipairs{
        { user = "me" }, { user = "" }, { user = 1 }, {},
        { user = "bots@t1.example", usr = 1 },
        { user = "bots@t1.example", account = "private" },
        { user = "bots@t1.example", ttl = 1 },
        { user = "bots@t1.example", ttl = "x" },
        { user = "bots@t1.example", timeout = -1 },
        { user = "bots@t1.example", type = "zok" },
        { user = "denied@example.com" },
    } do
        local token, err = zoom.mint(args)
        t[#t + 1] = (token == nil and err:match("^bad argument: .")) and "y" or "n"
    end
    local token, err = zoom.mint()
    t[#t + 1] = err:match("^bad argument: .") and "y" or "n"
    return nil, table.concat(t)
EOL
    timeout => <<'EOL',
    local began = zoom.now()
    local token, err = zoom.mint{ user = "bots@t2.example", fresh = true, timeout = 1.2 }
    return nil, tostring(token) .. " " .. tostring(err)
EOL
    timeout_all => <<'EOL',
    local n, token, err = 0
    repeat
        n = n + 1
        token, err = zoom.mint{ user = "bots@t2.example", fresh = true }
    until token or n == 3
    return nil, tostring(err) .. n
EOL
    state => <<'EOL',
    local a, b = zoom.account(), zoom.account("other")
    local none, err = zoom.account("private")
    return nil, a.name .. tostring(a.ok) .. " " .. b.name .. tostring(b.ok)
                .. type(a.wait) .. " " .. tostring(none) .. " " .. err
EOL
    purge => <<'EOL',
    local n, err = zoom.purge{ user = "bots@t1.example" }
    if not n then return nil, err end
    local none, why = zoom.purge{ user = "me" }
    local other, denied = zoom.purge{ account = "private", user = "bots@t1.example" }
    return nil, n .. " " .. tostring(why:match("^bad argument"))
                .. tostring(denied:match("^bad argument"))
EOL
    args_table => 'return { user = bot.args.user }',
);

sub function_of {
    my ($body) = @_;

    return "return function(bot)\n$body\nend\n";
}

spew($t->dir . "/lua/$_.lua", $module{$_}) for keys %module;
spew($t->dir . "/lua/script_$_.lua",
     ($_ eq 'module' ? qq(require("util") require("sub.inner")\n)
      : $_ eq 'view' ? qq(require("util")\n) : '')
     . function_of($script{$_})) for keys %script;

my $locations = join '', map { <<"EOC" } sort keys %script;
        location = /$_ {
            zoom_tokens             acme;
            zoom_route_by_lua_file  %{dir}/lua/script_$_.lua;
        }
EOC

my $nginx = $t->nginx(lua => 1, http => <<"EOC", locations => <<"EOC2");
    $accounts
    zoom_lua_path      %{dir}/lua;
    zoom_lua_accounts  other;
EOC
        zoom_authenticate  attendee file:%{attendee} as=tenant1;
        zoom_authenticate  header=X-Key file:%{header} as=keyed;
        zoom_authenticate  arg=key file:%{arg} as=argued;
        zoom_allow_user    *\@t1.example *\@t2.example bots\@example.com
                           nobody\@example.com ME me;
        zoom_reuse         60s;

        $locations

        location = /limited {
            zoom_tokens             acme;
            zoom_route_by_lua_file  %{dir}/lua/script_user.lua;

            limit_except POST {
                allow 127.0.0.1;
            }
        }

        location = /default {
            zoom_tokens             acme;
            zoom_user               bots\@example.com;
            zoom_route_by_lua_file  %{dir}/lua/script_nothing.lua;
        }

        location /types/ {
            location = /types/narrow {
                zoom_tokens             acme;
                zoom_types              zak onbehalf;
                zoom_route_by_lua_file  %{dir}/lua/script_narrow.lua;
            }
        }

        location = /short {
            zoom_tokens             acme;
            zoom_lua_timeout        1200ms;
            zoom_route_by_lua_file  %{dir}/lua/script_timeout_all.lua;
        }

        location = /none {
            zoom_tokens             \$arg_account;
            zoom_route_by_lua_file  %{dir}/lua/script_account.lua;
        }
EOC2

my @key = ('X-Key' => $t->secret('header'));

sub get {
    my ($path) = @_;

    return $t->get($path, @key);
}

sub claims {
    my ($r) = @_;

    return jwt_claims($r->body =~ /^\{/ ? $r->json->{zak_token} : $r->body);
}

sub outcome {
    my ($r) = @_;

    return $r->status == 200 ? claims($r)->{uid} // $r->body
                             : $r->status . ' ' . $r->json->{error};
}

# What a script gave as its reason.
sub reason {
    my ($r) = @_;
    my ($line) = (grep { /the route is refused: / }
                  split /\n/, $nginx->error_log)[-1];

    return $r->status . ' ' . ($line // '') if $r->status != 403;

    # the first of a kind has advice behind it
    return ($line // '')
           =~ /the route is refused: (.*?)(?:; if the caller|, client: )/
           ? $1 : '';
}

sub failure {
    my ($name) = @_;
    my ($line) = (grep { /script_$name\.lua" failed: / }
                  split /\n/, $nginx->error_log)[-1];

    return ($line // '') =~ /failed: (.*?), client: / ? $1 : '';
}


subtest 'what a script returns' => sub {
    is(outcome(get('/user')), 'bots@t1.example', 'a user');
    is(outcome(get('/table')), 'bots@t1.example', 'a table');

    is(outcome(get('/limited')), 'bots@t1.example', 'in a limit_except');

    my $claims = claims(get('/table'));

    is($claims->{exp} - $claims->{iat}, 1234, 'with a ttl');
    is(outcome(get('/default')), 'bots@example.com',
       'nothing: the directives decide');
    is(outcome(get('/nothing')), '403 no_user', 'and where there are none');
    is(outcome(get('/refused')), '403 denied', 'nil and a reason');
    is(reason(get('/refused')), 'not?you', 'which is in the log');
    is(outcome(get('/account')), 'bots@t2.example', 'another account');
    is(claims(get('/account'))->{aid}, 'other-id', 'it is that one');
    is(claims(get('/none?account=nowhere'))->{aid}, 'other-id',
       'where zoom_tokens has none');

};


subtest 'tokens of its own, and types' => sub {
    my $post = sub { return $t->attendee($_[0])->body };

    is(get('/token')->body, 'CANARYown.token-of_ours', 'as text');
    is($post->('/token'), '{"zak_token":"CANARYown.token-of_ours"}',
       'as JSON');
    is(get('/obf')->body, 'CANARYobf.token', 'of another type');
    is($post->('/obf'), '{"onbehalf_token":"CANARYobf.token"}',
       'and nothing else');
    is(get('/obf?type=zak')->json->{error}, 'bad_type', 'if not asked for');

    is($post->('/obfs'),
       '{"onbehalf_token":"CANARYobf.1,CANARYobf.2"}', 'several to try');
    is(get('/obfs')->body, 'CANARYobf.1', 'of which text has the first');
    is($post->('/join'), '{"join_token":"CANARYjoin.token"}',
       'one that none of ours is');
    is(get('/join')->json->{error}, 'bad_type', 'which is for JSON alone');

    my $r = $t->attendee('/join_both');
    is(claims($r)->{uid}, 'bots@t1.example', 'one that is minted');
    is($r->json->{join_token}, 'CANARYjoin.token', 'beside that');

    $r = $t->attendee('/both');
    is(claims($r)->{uid}, 'bots@t1.example', 'one that is minted');
    is($r->json->{onbehalf_token}, 'CANARYobf.token', 'beside one that is not');

    is(outcome(get('/narrow')), 'bots@t1.example', 'one of zoom_types');
    is(join(' ', keys %{ $t->attendee('/types/narrow')->json }), 'zak_token',
       'one of several');
    is(outcome(get('/types/narrow?type=onbehalf')), '400 bad_type',
       'and not the other');
    is(outcome(get('/wide')), '500 route_failed', 'not one beside zoom_types');
};


subtest 'users are checked' => sub {
    is(outcome(get("/$_->[0]")), "403 $_->[1]", $_->[0])
        for [empty => 'no_user'], [me => 'denied'], [ME => 'denied'],
            [long => 'denied'], [path => 'denied'], [owner => 'denied'];
};


subtest 'what a script may not return' => sub {
    my %fails = (
        false       => 'returned a boolean',
        number      => 'returned a number',
        view        => '"deep", which means nothing',
        private     => '"private", which is none that it may use',
        absent      => '"nowhere", which is none that it may use',
        typo        => '"usr", which means nothing',
        list        => 'returned a list',
        user_number => 'the user it returned is a number',
        ttl_low     => 'not from 60 seconds',
        ttl_text    => 'the ttl it returned is a string',
        ttl_nan     => 'not from 60 seconds',
        type_odd    => 'the type "zok"',
        reason_odd  => 'the reason it returned is a table',
            token_odd   => 'zak_token is no token',
        token_long  => 'zak_token is no token',
        token_empty => 'zak_token is no token',
           obfs_odd => 'onbehalf_token is no token',
           zaks_odd => 'zak_token is no token',
    );

    for (sort keys %fails) {
        is(outcome(get("/$_")), '500 route_failed', $_);
        like(failure($_), qr/\Q$fails{$_}\E/, "$_: the log says why");
    }
};


subtest 'what a script knows' => sub {
    my $url = '"https://zoom.us/j/123456789?pwd=SECRETpass"';
    my $metadata = '{"tenant":"t\u00e91","z":"2","n":1}';

    is(reason($t->attendee('/bot', members => {
           meeting_url => $url, bot_metadata => $metadata })),
       'bot_id=bot_AbCdEfGh12345678 '
       . 'meeting_url=https://zoom.us/j/123456789?pwd=*** '
       . 'meeting_id=123456789 passcode=SECRETpass caller=tenant1 '
       . "scheme=attendee account=acme tenant:t\xc3\xa91,z:2",
       'of a callback');

    is(reason($t->attendee('/bot_all', members => {
           meeting_url => '"https://zoom.us/w/987654321?tk=a.b"',
           bot_metadata => '{"a":"b"}' })),
       'true account=acme bot_id=bot_AbCdEfGh12345678 caller=tenant1 '
       . 'meeting_id=987654321 meeting_url=https://zoom.us/w/987654321?tk=*** '
       . 'metadata=table own=tenant1 scheme=mine tk=a.b webinar=true nilnil',
       'all of it');
    is(reason($t->attendee('/bot_next', members => {
           bot_metadata => '{"a":"b"}' })), 'nx', 'step by step');

    is(reason(get('/bot')),
       'bot_id=nil meeting_url=nil meeting_id=nil passcode=nil caller=keyed '
       . 'scheme=header account=acme ', 'of a GET');

    is(reason($t->get('/request?plain=x%20y&a%20b=1&key='
                      . $t->secret('arg'), 'User-Agent' => 'UA/1',
                      'X-Tenant' => 't1', 'X-Key' => 'wrong',
                      'Authorization' => 'Basic eA==', 'Cookie' => 'a=b')),
       'UA/1|t1|nil|nil|nil|nil|x y|nil|nil|' . '*' x length($t->secret('arg'))
       . '|table', 'of the request, but not what proves something');
};


subtest 'strings' => sub {
    is(reason(get('/strings')),
       'hell0 w0rld aabbcc -a-b-c- heLLo hEllO a;b;,c a1+b2 24 x-x-x '
       . '  1.5|true|7 T quick trim. ba 9521 1hx', 'as Lua has them');
};


subtest 'modules' => sub {
    is(reason(get('/module')),
       '42 3 table b 1 2 3 3 3 1 false false false true inner',
       'are shared, and read-only');
};


subtest 'helpers' => sub {
    is(reason(get('/clock')), 'sane', 'zoom.now()');
    is(reason(get('/meeting')), '85123456789 Zm9v.1 nil no_meeting',
       'zoom.parse_meeting()');
    is(reason(get('/hash')), '3421780262', 'zoom.hash()');
    is(reason(get('/json')), '1 -25 false true 7 5 nil 9',
       'zoom.json_decode()');
    is(reason(get('/log')), 'logged', 'zoom.log()');
    like($nginx->error_log, qr/\[notice\] .* script: one\?2truenilta/,
         'one line in the log');
    is(reason(get('/state')), 'acmetrue othertruenumber nil bad argument: '
       . '"private" is no account that the script may use',
       'zoom.account()');
};


subtest 'minting' => sub {
    is(outcome(get('/mint')), 'bots@t1.example', 'and handing out');
    is(reason(get('/mint_within')), 'xx123xxn', 'from within other calls');
    is(reason(get('/mint_unknown')), 'nil user_unknown 502nil', 'an unknown user');
    is(reason(get('/mint_bad')), 'y' x 12, 'bad arguments');
    like(reason(get('/purge')), qr/^[1-9] bad argumentbad argument$/,
         'zoom.purge()');
};


subtest 'time' => sub {
    $zoom->control({ match => 'token', mode => 'delay', ms => 6000 });

    my $r = get('/timeout');
    is(reason($r), 'nil timeout', 'a wait ends');
    cmp_ok($r->took, '<', 3, 'when it was to');

    $r = get('/short');
    is(reason($r), 'timeout3', 'all waits end');
    cmp_ok($r->took, '<', 3, 'after zoom_lua_timeout');

    # somebody who does not wait
    my $call = http_start(port => $t->port, path => '/mint',
                          headers => [@key]);
    wait_for(sub { $zoom->count(qw(concurrency token now)) }, 3, 'a mint');
    $call->abort;
    $zoom->control({ clear => 1 });
    is(outcome(get('/user')), 'bots@t1.example', 'a client that left');
};


$t->finish;
