#!/usr/bin/perl

# zoom.request in routing scripts: what bounds it.  What it does is in
# t/lua_table.t, what it leaves behind in t/lua_leak.t.  And what needs to know
# that there is one worker.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$zoom->control({ app => { account_id => 'other-id',
                          client_id  => 'other-client' } },
               { app => { account_id => 'private-id',
                          client_id  => 'private-client' } });

my $accounts = $t->account('other', account_id => 'other-id',
                           client_id => 'other-client')
             . $t->account('private', account_id => 'private-id',
                           client_id => 'private-client');

# Each answers by way of its reason.
my %script = (
    own => <<'EOL',
    local got, err = zoom.request{ path = { "users", "bots@example.com" } }
    return nil, got and got.status .. " " .. bot.account or err
EOL
    other => <<'EOL',
    local got, err = zoom.request{ account = bot.args.name, path = "/users" }
    return nil, got and tostring(got.status) or err
EOL
    json => <<'EOL',
    local got = zoom.request{ path = "/users/bots@example.com" }
    return zoom.json_decode(got.body).email
EOL
    mixed => <<'EOL',
    local out = {}
    local function note(got, err) out[#out + 1] = got and "y" or err end
    note(zoom.mint{ user = "bots@example.com", fresh = true })
    note(zoom.request{ path = "/users" })
    note(pcall(zoom.request, { path = "/users" }))
    local path = setmetatable({ "users" }, { __index = function(_, i)
        if i == 2 then return zoom.mint{ user = "bots@example.com" } end
    end })
    note(zoom.request{ path = path })
    out[#out + 1] = ("ab"):gsub(".", function()
        return tostring(zoom.request{ path = "/users" }.status)
    end)
    for page in zoom.pages{ path = "/users" } do note(page) end
    return nil, table.concat(out, " ")
EOL
    views => <<'EOL',
    local data = require("data")
    local got, err = zoom.request(data.get)
    local pages = 0
    for page, why in zoom.pages(data.list) do
        pages = pages + (page and 1 or 100)
    end
    local patched = zoom.request(data.patch)
    return nil, (got and got.status or err) .. " " .. pages .. " "
                .. patched.status
EOL
    odd => <<'EOL',
    local out = {}
    local function note(got, err)
        out[#out + 1] = tostring(got)
                        .. err:gsub("^bad argument: (.?%a+).*", "%1")
    end
    note(zoom.request{ path = bot.headers })
    note(zoom.request{ path = "/users", args = bot.headers })
    note(zoom.request{ path = "/users", args = { a = bot.args } })
    note(zoom.request{ path = "/users", body = bot.headers })
    note(zoom.request{ path = "/users", body = { a = bot.headers } })
    note(zoom.request(bot.args))
    for page, err in zoom.pages(bot.args) do note(page, err) end
    for page, err in zoom.pages{ path = "/users", args = bot.args } do
        note(page, err)
    end
    note(zoom.mint(bot.args))
    return nil, #out .. " " .. table.concat(out, ",")
EOL
    waits => <<'EOL',
    local out = {}
    for i = 1, 3 do
        local got, err = zoom.request{ path = "/users", timeout = 30 }
        out[i] = tostring(got) .. " " .. tostring(err)
    end
    return nil, table.concat(out, ", ")
EOL
    size => <<'EOL',
    local got, err, info = zoom.request{ path = "/users" }
    return nil, got and tostring(#got.body) or err .. " " .. info.http .. " "
                .. info.reason
EOL
    keep => <<'EOL',
    local all = {}
    for i = 1, 15 do all[i] = zoom.request{ path = "/users" }.body .. i end
    return nil, tostring(#all)
EOL
    first => 'zoom.request{ path = "/users" }',
    kept => <<'EOL',
    if bot.args.keep then
        kept[1], kept[2] = bot, bot.caller
        bot.caller = "own"
        return nil, "kept"
    end
    local ok, err = pcall(function() return kept[1].scheme end)
    return nil, kept[2] .. " " .. kept[1].caller .. " " .. err:gsub("^.-: ", "")
EOL
    link => <<'EOL',
    return nil, tostring(bot.webinar) .. " " .. tostring(bot.tk) .. " "
                .. tostring(bot.meeting_id)
EOL
);

mkdir $t->dir . '/lua', 0755;

spew($t->dir . '/lua/data.lua', <<'EOL');
return {
    get = { path = { "users", "bots@example.com" }, args = { q = { 1, 2 } } },
    list = { path = "/users", args = { page_size = 3 } },
    patch = { path = "/users/bots@example.com", method = "PATCH",
              body = { first_name = "Bots", list = { 1, { 2 } } } },
}
EOL

spew($t->dir . "/lua/$_.lua",
     ($_ eq 'views' ? qq(require("data")\n)
      : $_ eq 'kept' ? "local kept = {}\n" : '')
     . "return function(bot)\n$script{$_}\nend\n") for keys %script;

my $locations = join '', map { <<"EOC" } sort keys %script;
        location = /$_ {
            zoom_tokens             acme;
            zoom_route_by_lua_file  %{dir}/lua/$_.lua;
        }
EOC

my $nginx = $t->nginx(
    lua       => 1,
    workers   => 1,
    account   => { request_timeout => '4s', plan => 'business' },
    http      => <<"EOC",
    $accounts
    zoom_lua_path      %{dir}/lua;
    zoom_lua_memory    2m;
    zoom_lua_accounts  other;
    zoom_lua_allow     request;
EOC
    locations => <<"EOC");
        zoom_authenticate  off;
        zoom_allow_user    *;

        $locations

        location = /short {
            zoom_tokens             acme;
            zoom_lua_timeout        1200ms;
            zoom_route_by_lua_file  %{dir}/lua/waits.lua;
        }

        location = /hurried {
            zoom_tokens             acme;
            zoom_timeout            1s;
            zoom_route_by_lua_file  %{dir}/lua/waits.lua;
        }

        location = /twice {
            zoom_tokens             acme;
            zoom_lua_allow          access_token request;
            zoom_route_by_lua_file  %{dir}/lua/own.lua;
        }

        location = /status {
            zoom_status;
        }
EOC


# What a script gave as its reason, or how it ended.
sub reason {
    my ($path) = @_;
    my $r = $t->get($path);

    return $r->status . ' ' . $r->body if $r->status != 403;

    my ($line) = (grep { /the route is refused: / }
                  split /\n/, $nginx->error_log)[-1];

    # the first of a kind has advice behind it
    return $line
           =~ /the route is refused: (.*?)(?:; if the caller|, client: )/
           ? $1 : '';
}


sub script_requests {
    my $status = JSON::PP->new->decode($t->get('/status?format=json')->body);

    return $status->{accounts}{acme}{script_requests};
}


my $worker;

wait_for(sub { ($worker) = $nginx->workers }, 5, 'a worker');


sub descriptors {
    opendir my $dir, "/proc/$worker/fd" or die "/proc/$worker/fd: $!\n";

    return scalar grep { /^\d+$/ } readdir $dir;
}


subtest 'accounts' => sub {
    my $private = 'bad argument: "%s" is no account that the script may use';

    is(reason('/own'), '200 acme', 'that of the location');
    is(reason('/twice'), '200 acme', 'among other things that are allowed');
    is(reason('/other?name=other'), '200', 'one of zoom_lua_accounts');
    is(reason("/other?name=$_"), sprintf($private, $_), "not $_")
        for qw(private nowhere);
    is($zoom->count('app', 'private-id'), 0, 'nobody asked');
};


subtest 'among other waits' => sub {
    is($t->get('/json')->status, 200, 'an answer is read');
    is(reason('/mixed'), 'y y y y 200200 y', 'in all places');
    is(reason('/views'), '200 2 204', 'with arguments that are read-only');
    is(reason('/odd'), '9 nil"path,nil"args,nil"args,nil"body,nil"body,nila,'
       . 'falsea,false"args,nila',
       'but not with those that can not be gone through');
};


subtest 'counters' => sub {
    my $before = script_requests();

    reason('/own') for 1 .. 3;
    is(script_requests() - $before, 3, 'of requests that were sent');
    like($t->get('/status?format=prometheus')->body,
         qr/^zoom_script_requests_total\{account="acme"\} \d+$/m,
         'for Prometheus');
};


subtest 'links' => sub {
    is(reason('/link?meeting_url=https%3A%2F%2Fzoom.us%2Fw%2F987654321'
              . '%3Ftk%3Dab.c'), 'true ab.c 987654321', 'of a webinar');
    is(reason('/link?meeting_url=https%3A%2F%2Fzoom.us%2Fj%2F987654321'),
       'nil nil 987654321', 'of a meeting');
};


# All bots of a worker share its machine.
subtest 'bots that are kept' => sub {
    is(reason('/kept?keep=1'), 'kept', 'one');
    is(reason('/kept'), 'off own this is the bot of another callback, of which '
       . 'nothing more is known', 'which says what it has said');
};


subtest 'large answers' => sub {
    my $answer = sub {
        $zoom->control({ clear => 1 }, { match => 'api', mode => 'answer',
                                         body => 'x' x $_[0] });
    };

    $answer->(200_000);
    is(reason('/size'), '200000', 'an eighth of the memory');

    $answer->(300_000);

    my $before = script_requests();

    like(reason('/size'), qr/^zoom_invalid 502 .*too large/, 'not more');
    is(script_requests() - $before, 1, 'nor is it asked for again');

    $answer->(150_000);
    like(reason('/keep'), qr/^500 .*route_failed/, 'all memory');
    like($nginx->error_log, qr/keep\.lua" failed: .*too much memory/,
         'the log says so');
    is(reason('/size'), '150000', 'the next bot');
    is(join(' ', $nginx->workers), $worker, 'in the same worker');

    $zoom->control({ clear => 1 });
};


subtest 'time' => sub {
    $zoom->control({ match => 'api', mode => 'delay', ms => 6000 });

    my $r = $t->get('/short');

    is($r->status, 403, 'all waits end');
    cmp_ok($r->took, '<', 3, 'after zoom_lua_timeout');
    like(reason('/short'), qr/^nil timeout, nil timeout, nil timeout$/,
         'what each of them was');

    $r = $t->get('/hurried');
    is($r->status, 403, 'and');
    cmp_ok($r->took, '<', 2.5, 'after zoom_timeout');
};


# Someone else's script goes on while this one waits.
subtest 'clients that leave' => sub {
    my $before = descriptors();
    my @calls = map { http_start(port => $t->port, path => '/first') } 1 .. 8;

    ok(wait_for(sub { $zoom->count(qw(concurrency users_list now)) >= 8 }, 3),
       'eight wait');
    is(reason('/link'), 'nil nil nil', 'another is served');
    cmp_ok(descriptors(), '>=', $before + 8, 'on connections');
    $_->abort for @calls;
    ok(wait_for(sub { descriptors() <= $before + 1 }, 3),
       'what nobody waits for is given up');

    $zoom->control({ clear => 1 });
    is(reason('/own'), '200 acme', 'and all works');
};


$t->finish;
