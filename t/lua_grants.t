#!/usr/bin/perl

# What Lua does with the grants of users: a routing script that mints in their
# names, and, for scripts and for lua-nginx-module alike, who has connected and
# how that ends.  The cases are in t/lua/cases.lua.

use strict;
use warnings;

use FindBin;
use Test::More;

use Zoom::Grants;
use Zoom::Resty;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);
my $resty = !resty_missing();
my $alice = 'alice@other.example';
my $bob = 'bob@other.example';

mkdir $t->dir . '/lua', 0755;
spew($t->dir . '/lua/cases.lua', slurp("$FindBin::Bin/lua/cases.lua"));
spew($t->dir . '/lua/cases_script.lua', <<'EOL');
local cases = require("cases")

local function hex(c)
    return ("%02x"):format(c:byte())
end

return function(bot)
    return { zak_token = (cases.run(bot.args.case, zoom):gsub(".", hex)) }
end
EOL

spew($t->dir . '/lua/route.lua', <<'EOL');
return function(bot)
    local tokens = {}

    for name in bot.metadata.owners:gmatch("%S+") do
        local token, err = zoom.mint {
            account = "users", user = name, type = "onbehalf",
            meeting_id = bot.meeting_id
        }

        if token then
            tokens[#tokens + 1] = token
        elseif err ~= "not_connected" then
            return nil, err
        end
    end

    return { onbehalf_token = table.concat(tokens, ",") }
end
EOL

spew($t->dir . '/lua/many.lua', <<'EOL');
return function(bot)
    for i = 1, 17 do zoom.grants{ account = "users" } end
end
EOL

my $script = <<'EOC';
        zoom_tokens             acme;
        zoom_lua_accounts       users;
        zoom_authenticate       off;
        zoom_allow_user         owner* nobody me;
        zoom_route_by_lua_file  %{dir}/lua/cases_script.lua;
EOC

my $nginx = $t->nginx(
    lua     => 1,
    account => 0,
    main    => $resty ? resty_main() : '',
    http    => ($resty ? resty_http() : '') . $t->account('acme')
               . "zoom_lua_path %{dir}/lua;\n"
               . $grants->conf('users', <<"EOC" . ($resty ? <<'EOC' : '')));
    location = /route {
        zoom_tokens             acme;
        zoom_types              onbehalf;
        zoom_route_by_lua_file  %{dir}/lua/route.lua;
        zoom_allow_user         *;
        zoom_lua_accounts       acme users;
        zoom_authenticate       off;
    }

    location = /script {
$script
        zoom_lua_allow  grants;
    }

    location = /denied {
$script
        zoom_lua_allow  access_token request;
    }

    location = /stranger {
        zoom_tokens             acme;
        zoom_authenticate       off;
        zoom_allow_user         *;
        zoom_route_by_lua_file  %{dir}/lua/cases_script.lua;
        zoom_lua_allow          grants;
    }

    location = /many {
        zoom_tokens             acme;
        zoom_lua_accounts       users;
        zoom_lua_allow          grants;
        zoom_authenticate       off;
        zoom_route_by_lua_file  %{dir}/lua/many.lua;
    }
EOC
    location = /resty {
        zoom_allow_user  owner* nobody me;

        content_by_lua_block {
            local run = require("cases").run

            ngx.print(run(ngx.var.arg_case, require("resty.zoom")))
        }
    }
EOC


sub script {
    my ($case, $path) = @_;
    my $r = $grants->get(($path // '/script') . "?case=$case");

    return $r->status == 200 ? pack('H*', $r->body)
                             : $r->status . ' ' . $r->body;
}


# What both hosts answer.
sub both {
    my ($case, $answer, $before) = @_;

    $before->() if $before;
    is(script($case), $answer, "$case: a script");

  SKIP: {
        skip resty_missing() => 1 if !$resty;

        $before->() if $before;

        my $r = $grants->get("/resty?case=$case");

        is($r->status . ' ' . $r->body, "200 $answer", "$case: resty.zoom");
    }
}


sub row {
    my ($name, $id, $email) = @_;

    return "{aliases={1=$name},connected=yes,email=$email,refreshed=yes,"
           . "state=active,user=$id}";
}


is($grants->connect('owner', user => $alice)->status, 200,
   'one has connected');
is($grants->connect('boss', user => $bob)->status, 200, 'another, too');

my %id = map { $_->{user} => 1 }
         @{ $grants->get('/grants')->json->{grants} };

is(scalar keys %id, 2, 'as the list says');


subtest 'a route' => sub {
    my $r = http(
        port => $grants->port, path => '/route',
        headers => ['Content-Type' => 'application/json'],
        body => '{"bot_id":"bot_1","callback_type":"zoom_tokens",'
                . '"bot_metadata":{"owners":"owner nobody boss"},'
                . '"meeting_url":"https://zoom.us/j/123456789"}');

    is($r->status, 200, 'a script mints in their names') or diag($r->body);
    is(scalar(split /,/, $r->json->{onbehalf_token} // ''), 2,
       'and returns a list of those who have connected');
};


subtest 'zoom.mint' => sub {
    both(grants_zak => 'string nil {expires=yes,status=MISS,'
                       . 'tracking_id=yes}');
    both(grants_zak_nobody => 'nil not_connected {http=403,'
                              . 'retry_after=yes}');
};


subtest 'zoom.grants' => sub {
    my @rows = map { row(@$_) }
               (['owner', 'AliceOfAnotherAccount1', $alice],
                ['boss', grep({ $_ ne 'AliceOfAnotherAccount1' } keys %id),
                 $bob]);

    both(grants => "{1=$rows[0],2=$rows[1]}");
    both(grants_after => "{1=$rows[1]}");
    both(grants_all => '2 1');
    both(grants_acme => 'nil bad argument: the account has no grants of '
                        . 'users, which "grant" gives it');
    both(grants_odd => 'nil bad argument: what the list is to come after is '
                       . 'no user id');
    both(grants_text => 'nil bad argument: a table is needed, got string');
    both(grants_timeout => 'nil bad argument: "timeout" must be above 0 and '
                           . 'at most 60 seconds');
};


subtest 'who may' => sub {
    is(script($_, '/denied'), 'nil denied {http=403}', "$_ is not allowed")
        for qw(grants disconnect);
    is(script($_, '/stranger'), 'nil bad argument: "users" is no account that '
                                . 'the script may use',
       "$_: of another's account")
        for qw(grants disconnect);

    is($grants->get('/many')->status, 500, 'and not without end');
    $t->allow(qr/more than 16 calls of zoom\.mint\(\) and the like/);
};


subtest 'zoom.disconnect' => sub {
    both(disconnect_nobody => 'nil user_unknown {http=404,retry_after=5}');
    both(disconnect_whom => 'nil bad argument: "user" is missing');
    both(disconnect_me => 'nil bad argument: the user is neither a Zoom user '
                          . 'id nor an e-mail');
    both(disconnect_boss => 'nil bad argument: the user is not in '
                            . '"zoom_allow_user"');
    both(disconnect_acme => 'nil bad argument: the account has no grants of '
                            . 'users, which "grant" gives it');

    my $connect = sub { $grants->connect('owner', user => $alice) };
    my $n = $zoom->count(qw(grants revoked));

    both(disconnect => 'true', $connect);
    is($zoom->count(qw(grants revoked)), $n + 1 + $resty, 'revoked at Zoom');
    both(grants_all => '1 1');

    $connect->();
    $zoom->control({ match => 'revoke', mode => 'delay', ms => 500,
                     times => 1 });
    like(script('disconnect_late'), qr/^nil timeout \{http=504\}/,
         'who does not wait is told so');
    ok(wait_for(sub { script('grants_all') eq '1 1' }, 10),
       'and it is done all the same');
};


# Whoever leaves takes nothing along.
subtest 'a client that is gone' => sub {
    for my $path ('/script', $resty ? '/resty' : ()) {
        $grants->connect('owner', user => $alice);
        $zoom->control({ match => 'revoke', mode => 'delay', ms => 300,
                         times => 1 });

        my $n = $zoom->count(qw(endpoints revoke calls)) // 0;
        my $call = Zoom::HTTP::http_start(port => $grants->port,
                                          path => "$path?case=disconnect");

        ok(wait_for(sub { $zoom->count(qw(endpoints revoke calls)) > $n }, 10),
           "$path: while Zoom is asked");
        $call->abort;
        ok(wait_for(sub { script('grants_all') eq '1 1' }, 10),
           'the user is disconnected');
    }
};


$t->finish;
