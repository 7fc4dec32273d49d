#!/usr/bin/perl

# zoom.pool() of routing scripts and of lua-nginx-module.

use strict;
use warnings;

use Test::More;

use Zoom::Resty;
use Zoom::Test;

my $t = Zoom::Test->new;
my $resty = !resty_missing();

$t->zoom->control({ bots => 4 });
mkdir $t->dir . '/lua', 0755;

# A face for each customer, and never twice in a meeting.
spew($t->dir . '/lua/route.lua', <<'EOL');
return function(bot)
    local pool, err = zoom.pool(bot.args.pool or "bots")

    if not pool then
        return nil, err
    end

    if bot.args.release then
        return nil, "ended " .. pool:release {
            distinct = bot.args.release, user = bot.args.user
        }
    end

    if bot.args.members then
        local list = pool:members()
        local text = #list .. ":"

        for i = 1, #list do
            text = text .. " " .. list[i].user:match("^[^@]*") .. "="
                   .. tostring(list[i].up) .. "," .. list[i].leases
        end

        return nil, text
    end

    local user, why, info = pool:pick { distinct = bot.meeting_id }

    if not user then
        return nil, why .. " " .. info.retry_after
    end

    return { user = user }
end
EOL

my $pool = <<'EOC';
    zoom_pool bots {
        account   acme;
        user      bot0001@example.com;
        user      bot0002@example.com;
        user      nobody@example.com down;
        distinct  $zoom_meeting_id 1h;
    }
EOC

$t->nginx(lua => 1, http => $pool, locations => <<'EOC');
        location = /route {
            zoom_tokens             acme;
            zoom_route_by_lua_file  %{dir}/lua/route.lua;
            zoom_allow_user         bot*@example.com;
            zoom_authenticate       off;
        }
EOC


sub route {
    my (%o) = @_;
    my $query = join '&', map { "$_=$o{$_}" } sort keys %o;
    my $r = $t->get("/route?$query");

    return jwt_claims($r->body)->{uid} if $r->status == 200;

    my ($why) = $t->{nginx}[-1]->error_log
                =~ /.*the route is refused: ([^;\n]*?)(?:;|, client)/s;

    return $r->status . ' ' . ($why // $r->json->{error});
}

my %meeting = (meeting_url => 'https://zoom.us/j/80000000001');

my @got = sort map { route(%meeting, bot_id => "bot_$_") } 1, 2;
is("@got", 'bot0001@example.com bot0002@example.com', 'two bots, two users');
like(route(%meeting, bot_id => 'bot_3'), qr/^403 pool_exhausted [1-9]/,
     'the third gets none');
is(route(%meeting, bot_id => 'bot_1'), route(%meeting, bot_id => 'bot_1'),
   'and the first the same as before');

is(route(members => 1),
   '403 3: bot0001=true,1 bot0002=true,1 nobody=false,0', 'members');
is(route(release => '80000000001', user => 'Bot0001@example.com'),
   '403 ended 1', 'one is released');
is(route(%meeting, bot_id => 'bot_4'), 'bot0001@example.com', 'for another');
is(route(release => '80000000001'), '403 ended 2', 'all are');
is(route(release => '80000000001'), '403 ended 0', 'once');
like(route(pool => 'nosuch'), qr/^403 bad argument: there is no such pool/,
     'a pool that is none');


SKIP: {
    skip resty_missing(), 1 if !$resty;

    $t->nginx(main => resty_main(), http => resty_http() . $pool,
              locations => <<'EOC');
        location = /pick {
            content_by_lua_block {
                local zoom = require "resty.zoom"
                local args = ngx.req.get_uri_args()
                local pool = assert(zoom.pool("bots"))

                local user, err, info = pool:pick {
                    distinct = args.meeting, bot = args.bot
                }

                ngx.status = tonumber(args.status) or 200
                ngx.say(user or err .. " " .. info.retry_after)
            }
        }
        location = /release {
            content_by_lua_block {
                local zoom = require "resty.zoom"
                local args = ngx.req.get_uri_args()

                ngx.say(zoom.pool("bots"):release {
                    distinct = args.meeting, user = args.user
                })
            }
        }
        location = /members {
            content_by_lua_block {
                local zoom = require "resty.zoom"
                local n = {}

                for _, m in ipairs(zoom.pool("bots"):members()) do
                    n[#n + 1] = m.user:match("^[^@]*") .. "="
                                .. tostring(m.up) .. "," .. m.leases
                end

                ngx.say(table.concat(n, " "))
            }
        }
        location = /wrong {
            content_by_lua_block {
                local zoom = require "resty.zoom"

                ngx.say(select(2, zoom.pool("nosuch")))
                ngx.say(select(2, zoom.pool(1)))
                ngx.say(select(2, zoom.pool("bots"):pick { distinct = {} }))
                ngx.say(select(2, zoom.pool("bots"):release {}))
            }
        }
EOC

    my $say = sub { return $t->get($_[0])->body =~ s/\n\z//r };

    my @got = sort map { $say->("/pick?meeting=1&bot=$_") } 1, 2;
    is("@got", 'bot0001@example.com bot0002@example.com', 'resty: two bots');
    like($say->('/pick?meeting=1&bot=3'), qr/^pool_exhausted [1-9]/,
         'and no third');
    is($say->('/pick?meeting=1&bot=1'), $say->('/pick?meeting=1&bot=1'),
       'one that comes again');
    is($say->('/members'), 'bot0001=true,1 bot0002=true,1 nobody=false,0',
       'members');
    is($say->('/release?meeting=1'), 2, 'released');

    is($t->get('/pick?meeting=2&bot=1&status=502')->status, 502,
       'an answer that is none');
    is($say->('/release?meeting=2'), 0, 'keeps no lease');

    is($say->('/wrong'), join("\n",
        'bad argument: there is no such pool',
        'bad argument: the name of a pool is needed, got number',
        'bad argument: "distinct" is a table, a string is needed',
        'bad argument: "distinct" is needed'), 'what is wrong');
}

$t->finish;
