#!/usr/bin/perl

# zoom.mint of a routing script, with the grants of users.

use strict;
use warnings;

use Test::More;

use Zoom::Grants;
use Zoom::Test;

my $t = Zoom::Test->new;
my $grants = Zoom::Grants->new($t);

spew($t->dir . '/route.lua', <<'EOL', 0644);
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

my $nginx = $t->nginx(lua => 1, account => 0,
                      http => $t->account('acme')
                              . $grants->conf('users', <<'EOC'));
    location = /route {
        zoom_tokens             acme;
        zoom_types              onbehalf;
        zoom_route_by_lua_file  %{dir}/route.lua;
        zoom_allow_user         *;
        zoom_lua_accounts       acme users;
        zoom_authenticate       off;
    }
EOC

is($grants->connect('owner1', user => 'alice@other.example')->status, 200,
   'one has connected');
is($grants->connect('owner2', user => 'bob@other.example')->status, 200,
   'another, too');

my $r = Zoom::HTTP::http(
    port => $grants->port, path => '/route',
    headers => ['Content-Type' => 'application/json'],
    body => '{"bot_id":"bot_1","callback_type":"zoom_tokens",'
            . '"bot_metadata":{"owners":"owner1 nobody owner2"},'
            . '"meeting_url":"https://zoom.us/j/123456789"}');

is($r->status, 200, 'a script mints in their names') or diag($r->body);
is(scalar(split /,/, $r->json->{onbehalf_token} // ''), 2,
   'and returns a list of those who have connected');

$t->finish;
