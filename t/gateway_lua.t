#!/usr/bin/perl

# zoom_allow_by_lua_file: a script that says whether a request is passed.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Process qw(slurp spew);
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$t->canary(body => 'CANARYbody');
$zoom->control({ account => { all_scopes => 1 } });

my %script = (
    nothing => '',
    yes     => 'return true',
    no      => 'return false',
    why     => 'return false, request.args.why',
    nil     => 'return nil, "as elsewhere"',
    error   => 'error("on purpose")',
    text    => 'return "true"',
    number  => 'return 1',
    reason  => 'return false, {}',
    endless => 'while true do end',
    memory  => 'local s = "x" while true do s = s .. s end',
    known   => <<'EOL',
return false, table.concat({
    request.caller, request.scheme, request.account, request.method,
    tostring(request.endpoint), tostring(request.scope),
    tostring(request.label), request.policy,
    tostring(request.path_args.userId), tostring(request.path_args.meetingId),
    tostring(request.args.q), tostring(request.args.key),
    tostring(request.headers["X-Who"]),
    tostring(request.headers["Authorization"]), tostring(request.bot_id) },
    "|")
EOL
    all     => <<'EOL',
local names, n = {}, 0

for name, value in pairs(request) do
    n = n + 1
    names[n] = name
end

for name, value in pairs(request.path_args) do
    n = n + 1
    names[n] = name .. "=" .. value
end

table.sort(names)

return false, table.concat(names, " ")
EOL
    asks    => <<'EOL',
local user = request.path_args.userId or "bots@example.com"
local answer, err = zoom.request{ path = { "users", user } }

if not answer then
    return nil, err
end

return answer.status == 200, "there is no such user"
EOL
    own     => <<'EOL',
if request.endpoint == "POST /users/{userId}/meetings"
    and request.path_args.userId ~= request.caller .. "@example.com"
then
    return false, "only meetings of your own"
end
EOL
);

mkdir $t->dir . '/lua', 0755;
spew($t->dir . '/lua/kept.lua', <<'EOL');
local kept

return function(request)
    if kept then
        return false, kept.path_args.userId
    end

    kept = request

    return false, "1"
end
EOL
spew($t->dir . "/lua/$_.lua", "return function(request)\n$script{$_}\nend\n")
    for keys %script;
$script{kept} = '';

my $auth = <<'EOC';
            zoom_authenticate       header=Authorization file:%{header} as=bots;
            zoom_authenticate       arg=key file:%{arg} as=reader;
            zoom_allow              bots * GET:/nowhere/*;
            zoom_allow              reader user:read:user:admin;
            zoom_allow_unknown      /nowhere/;
EOC

my $locations = join '', map { <<"EOC" } sort keys %script;
        location /$_/ {
            zoom_pass               acme;
            zoom_allow_by_lua_file  ${\ $t->dir}/lua/$_.lua;
            zoom_lua_allow          request;
$auth
        }
EOC

my $logs = $t->dir . '/audit.log';

my $nginx = $t->nginx(lua => 1, locations => $locations . <<"EOC",
        location /limited/ {
            limit_except GET {
                deny all;
            }
            zoom_pass               acme;
            zoom_allow_by_lua_file  ${\ $t->dir}/lua/no.lua;
$auth
        }
EOC
    http => "log_format audit escape=json "
            . "'\$request_uri \$zoom_policy \$zoom_audit'; "
            . "access_log $logs audit;");


sub ask {
    my ($path, %o) = @_;
    my $as = delete $o{as} // 'bots';
    my @proof = $as eq 'bots'
        ? (Authorization => 'Bearer ' . $t->secret('header')) : ();

    $path .= ($path =~ /\?/ ? '&' : '?') . 'key=' . $t->secret('arg')
        if $as eq 'reader';

    return http(port => $t->port, path => $path, %o,
                headers => [@proof, @{ $o{headers} // [] }]);
}


sub said {
    my ($r) = @_;

    return $r->status . ' ' . (eval { $r->json->{error} } // '');
}


sub audited {
    my ($path) = @_;

    return wait_for(sub {
        my @lines = grep { index($_, "$path ") == 0 } split /\n/, slurp($logs);

        return $lines[-1];
    }, 3);
}


my $user = 'users/bots@example.com';

subtest 'what it says' => sub {
    is(ask("/nothing/$user")->status, 200, 'nothing, of what is allowed');
    is(said(ask("/nothing/meetings/1", as => 'reader')), '403 denied',
       'and of what is not');
    is(ask("/yes/$user")->status, 200, 'yes, of what is allowed');
    is(ask('/yes/users?page_size=1', as => 'reader')->status, 200,
       'and of what is not');
    is(said(ask("/no/$user")), '403 denied', 'no');
    is(said(ask("/no/$user", as => 'reader')), '403 denied', 'to everybody');
    is(ask("/no/$user")->json->{message}, 'bots may not GET /users/{userId}',
       'without a reason');
    is(ask("/nil/$user")->json->{message},
       'bots may not GET /users/{userId}: as elsewhere', 'and with one');
    is(said(ask('/no/users', as => 'nobody')), '401 unauthenticated',
       'a stranger has no script');
    is(said(ask('/yes/users/../users')), '400 bad_path',
       'nor has what is no path');
    is(said(ask("/limited/$user")), '403 denied', 'beside limit_except');

    is(audited("/no/$user"), "/no/$user DENY bots was not allowed to GET "
       . '/users/{userId} (userId=bots@example.com) by a script: 403 denied.',
       'the audit log has what it decided');
    like(audited('/yes/users?page_size=1&key=' . '*' x length $t->secret('arg')),
         qr/ ALLOW reader was allowed to GET \/users: Zoom answered 200\./,
         'either way');
};


subtest 'what is not published' => sub {
    is(said(ask('/yes/nowhere/at/all', as => 'reader')), '403 denied',
       'is not allowed by a yes');
    is(said(ask('/yes/nowhere/1')), '404 ', 'but by a rule');
    is(said(ask('/nothing/nowhere/1')), '404 ', 'as without a script');
    is(ask('/no/nowhere/1')->json->{message}, 'bots may not GET this path',
       'and denied by a no');
    like(ask('/known/nowhere/1?q=1')->json->{message},
         qr/: bots\|header\|acme\|GET\|nil\|nil\|nil\|ALLOW\|nil\|nil\|1\|/,
         'nothing of it is known');
};


subtest 'what it knows' => sub {
    my @who = (headers => ['X-Who' => 'me']);

    is(ask("/known/users/a%40b%2Bc.example?q=a%20b", @who)->json->{message},
       'bots may not GET /users/{userId}: bots|header|acme|GET|'
       . 'GET /users/{userId}|user:read:user:admin|light|ALLOW|a@b+c.example|'
       . 'nil|a b|nil|me|nil|nil', 'a user');
    like(ask('/known/meetings/123', method => 'PATCH', body => 'CANARYbody',
             as => 'reader', @who)->json->{message},
         qr/\|PATCH\ \/meetings\/\{meetingId\}\|meeting:update:meeting:admin
            \|light\|DENY\|nil\|123\|nil\|\*+\|me\|nil\|nil$/x, 'a meeting');
    is(ask('/known/meetings/%252FajXp112QmuoKj4854875%253D%253D')
       ->json->{message} =~ s/.*ALLOW\|nil\|([^|]*).*/$1/r,
       '/ajXp112QmuoKj4854875==', 'a UUID as it is');
    is(ask('/all/meetings/1/registrants/r%201')->json->{message},
       'bots may not GET /meetings/{meetingId}/registrants/{registrantId}: '
       . 'account caller endpoint label meetingId=1 metadata method path_args policy '
       . 'registrantId=r 1 scheme scope', 'all of it in turn');
    is(ask("/kept/$user")->json->{message},
       'bots may not GET /users/{userId}: 1', 'the first one');

    # once a worker has had one
    ok(wait_for(sub { said(ask("/kept/$user")) eq '500 route_failed' }, 10),
       'of another nothing');
    like($nginx->error_log, qr/of another callback, of which nothing more/,
         'and why');
};


subtest 'the reason' => sub {
    my $said = sub {
        return ask("/why/$user?why=$_[0]")->json->{message}
               =~ s/.*?\}: //r;
    };

    is($said->('plain%20words.'), 'plain words.', 'plain');
    is($said->('%22,%22error%22:%22'), '?,?error?:?', 'no quotes');
    is($said->('a%5Cu0022b%0d%0aX:%20y'), 'a?u0022b??X: y', 'no lines');
    is($said->('%c3%a9%00%7f%1b'), '?????', 'nothing else');
    is(length $said->('x' x 1000), 200, 'and not too long');

    my @lines = grep { /403 denied: bots may not GET \/users/ }
                split /\n/, $nginx->error_log;

    ok((grep { /: plain words; / } @lines), 'the log has it');
    ok((grep { /: \?,\?error\?:\?; / } @lines), 'and no quotes');
};


subtest 'it fails' => sub {
    my %tells = (
        error   => qr/script ".*error\.lua" failed: .*on purpose/,
        text    => qr/it returned a string, which neither allows nor denies/,
        number  => qr/it returned a number, which neither allows nor denies/,
        reason  => qr/the reason it returned is a table/,
        endless => qr/script ".*endless\.lua" failed: /,
        memory  => qr/script ".*memory\.lua" failed: /,
    );

    for my $name (sort keys %tells) {
        is(said(ask("/$name/$user")), '500 route_failed', "$name: 500");
        like($nginx->error_log, $tells{$name}, 'the log says why');
    }

    like(audited("/error/$user"),
         qr/ DENY bots was not allowed .*, as a script failed: 500 route_failed\./,
         'nothing is allowed');
    is(ask("/yes/$user")->status, 200, 'others work');
};


subtest 'it waits' => sub {
    $zoom->control({ match => 'api', mode => 'delay', ms => 200 });

    is(ask("/asks/$user")->status, 200, 'for an answer');
    is(said(ask('/asks/users/nobody@example.com')), '403 denied', 'or another');

    for my $size (10, 5000, 200_000) {
        for my $chunked (0, 700) {
            my $new = JSON::PP::encode_json({
                action => 'custCreate', padding => 'x' x $size, user_info =>
                { email => "new$size$chunked\@example.com", type => 1 } });
            my $r = ask('/asks/users', method => 'POST', body => $new,
                        headers => ['Content-Type' => 'application/json'],
                        chunked => $chunked);

            is($r->status, 201, "with a body of $size ($chunked)")
                or diag $r->body;
        }
    }

    my $gone = http_start(port => $t->port, path => "/asks/$user", headers =>
                          [Authorization => 'Bearer ' . $t->secret('header')]);
    $gone->abort;
    is(ask("/asks/$user")->status, 200, 'one that goes away hurts nobody');
    $zoom->control({ clear => 1 });
};


subtest 'the example' => sub {
    my @new = (method => 'POST', body => '{}',
               headers => ['Content-Type' => 'application/json']);

    is(ask("/own/$user/meetings", @new)->status, 201, 'one of its own');
    is(ask('/own/users/owner@example.com/meetings', @new)->json->{message},
       'bots may not POST /users/{userId}/meetings: only meetings of your own',
       'and another\'s');
};


subtest 'nginx -t' => sub {
    my $file = $t->dir . '/lua/yes.lua';

    my ($exit, $said) = $t->nginx_t(lua => 1, locations => <<"EOC");
    location /zoom/ {
        zoom_tokens             acme;
        zoom_user               bots\@example.com;
        zoom_authenticate       off;
        zoom_allow_by_lua_file  $file;
    }
EOC
    isnt($exit, 0, 'without zoom_pass');
    like($said, qr/"zoom_allow_by_lua_file" must have "zoom_pass" of kind "rest" in location "\/zoom\/"/, 'why');

    for my $kind (qw(graphql mcp download)) {
        ($exit, $said) = $t->nginx_t(lua => 1, locations => <<"EOC");
    location /zoom/ {
        zoom_pass               acme $kind;
        zoom_authenticate       off;
        zoom_allow_by_lua_file  $file;
    }
EOC
        isnt($exit, 0, $kind);
        like($said, qr/must have "zoom_pass" of kind "rest" in loc/, 'why');
    }

    ($exit, $said) = $t->nginx_t(lua => 1, locations => <<"EOC");
    location /zoom/ {
        zoom_pass               acme;
        zoom_authenticate       off;
        zoom_route_by_lua_file  $file;
    }
EOC
    isnt($exit, 0, 'a routing script');
    like($said, qr/a routing script must have "zoom_tokens"/, 'why');

    ($exit, $said) = $t->nginx_t(lua => 1, locations => <<"EOC");
    location /zoom/ {
        zoom_pass               acme;
        zoom_authenticate       off;
        zoom_allow_by_lua_file  $file;
        zoom_allow_by_lua_file  $file;
    }
EOC
    isnt($exit, 0, 'two of them');
    like($said, qr/"zoom_allow_by_lua_file" directive is duplicate/, 'why');
};

$t->finish;
