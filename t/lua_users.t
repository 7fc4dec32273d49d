#!/usr/bin/perl

# zoom.users, of both hosts of "zoom": the cases are in t/lua/users.lua.

use strict;
use warnings;

use FindBin;
use JSON::PP ();
use Test::More;

use Zoom::HTTP;
use Zoom::Resty;
use Zoom::Test;

plan skip_all => resty_missing() if resty_missing();

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my %settings = (bots => 45, managed_domains => ['managed.example']);

$zoom->control(\%settings, { app => { account_id => 'poor-id',
                                      client_id  => 'poor-client',
                                      scopes     => ['user:read:user:admin'] }
                           });

# What a script finds goes out as if it were a token, in hexadecimal.
mkdir $t->dir . '/lua', 0755;
spew($t->dir . "/lua/$_.lua", slurp("$FindBin::Bin/lua/$_.lua"))
    for qw(cases users);
spew($t->dir . '/lua/script.lua', <<'EOL');
local users = require("users")

local function hex(c)
    return ("%02x"):format(c:byte())
end

return function(bot)
    return { zak_token = (users.run(bot.args.case, zoom):gsub(".", hex)) }
end
EOL

my $script = <<'EOC';
            zoom_tokens             acme;
            zoom_authenticate       off;
            zoom_route_by_lua_file  %{dir}/lua/script.lua;
EOC

my $nginx = $t->nginx(
    lua       => 1,
    main      => resty_main(),
    account   => { plan => 'business' },
    http      => resty_http() . <<'EOC',
    zoom_lua_path  %{dir}/lua;
    zoom_reuse     1h;

    zoom_pool faces {
        account  acme;
        user     bot0001@example.com;
        user     bot0002@example.com;
        user     bot0003@example.com;
        user     bot0004@example.com;
    }
EOC
    locations => <<"EOC");
        location = /zak {
            zoom_tokens        acme;
            zoom_user          \$arg_user\@example.com;
            zoom_allow_user    bot*\@example.com;
            zoom_authenticate  off;
        }

        location = /resty {
            content_by_lua_block {
                local run = require("users").run

                ngx.print(run(ngx.var.arg_case, require("resty.zoom")))
            }
        }

        location = /script {
            zoom_lua_allow  users;
            $script
        }

        location = /request {
            zoom_lua_allow  request access_token;
            $script
        }

        location = /denied {
            $script
        }
EOC


sub script {
    my ($case, $path) = @_;
    my $r = $t->get(($path // '/script') . "?case=$case");

    return $r->status == 200 ? pack('H*', $r->body)
                             : $r->status . ' ' . $r->body;
}


sub resty {
    my ($case) = @_;
    my $r = $t->get("/resty?case=$case");

    return $r->status == 200 ? $r->body : $r->status . ' ' . $r->body;
}


# Pairs of a case and what both hosts answer.
sub table {
    while (my ($case, $answer) = splice @_, 0, 2) {
        is(resty($case), $answer, "$case: resty.zoom");
        is(script($case), $answer, "$case: a script");
    }
}


# Under misbehaviour, anew for each host.
sub meanwhile {
    my ($rules, $case, $answer) = @_;

    for my $way (\&resty, \&script) {
        $zoom->control(@$rules);
        is($way->($case), $answer, $case);
        $zoom->control({ clear => 1 });
    }
}


sub refused {
    my ($error, $http, $code) = @_;

    return "nil $error {answer=yes," . ($code ? "code=$code," : '')
           . "http=$http,tracking_id=yes}";
}


subtest 'get' => sub {
    table(
        get         => 'KDcuGIm1QgePTO8WbOqwIQ bots@example.com active',
        get_id      => 'bots@example.com',
        get_unknown => refused('user_unknown', 404, 1001),
        get_other   => refused('user_unknown', 404, 1010),
        get_pending => refused('user_pending', 400, 1120),
    );

    meanwhile([{ match => 'user_get', mode => 'answer', status => 200,
                 body => '{"code":300,"message":"Validation Failed."}' }],
              'get_unknown', refused('zoom_refused', 200, 300));
    meanwhile([{ match => 'user_get', mode => 'answer', status => 200,
                 body => $_ }],
              'get_unknown', refused('zoom_invalid', 200))
        for '{"users":[]}', '[1', '{"id":null,"email":null}', '7';
    meanwhile([{ match => 'user_get', mode => 'delay', seconds => 1 }],
              'get_timeout', 'nil timeout {http=504,reason=yes}');
};


subtest 'a life' => sub {
    my $life = 'string2:nil nil:user_exists true:nil CB1:nil true:nil '
               . 'inactive:nil true:nil true:nil nil:user_unknown';

    is(resty('life_resty'), $life, 'resty.zoom');
    is(script('life_script'), $life, 'a script');

    is($zoom->stats->{created}{autoCreate}, 2, 'each was created once');
};


subtest 'one at a time' => sub {
    $zoom->control({ forget => 1 },
                   { match => 'user_create', mode => 'delay', ms => 50 });

    my @started = map {
        http_start(port => $nginx->port,
                   path => '/' . ($_ % 2 ? 'script' : 'resty')
                           . "?case=create_$_")
    } 1 .. 12;

    my @answers = map { http_wait($_)->body } @started;

    $zoom->control({ clear => 1 });

    is(scalar(grep { $_ eq 'true' || $_ eq unpack 'H*', 'true' } @answers),
       12, 'each is made') or diag(explain(\@answers));
    is($zoom->stats->{concurrency}{user_create}{max}, 1,
       'by two workers and two hosts');
};


subtest 'create' => sub {
    for my $code (2033, 2034, 2038, 3412) {
        meanwhile([{ licences_used_up => $code }], 'create_used_up',
                  refused('licences_used_up', 400, $code));
    }

    $zoom->control({ licences_used_up => JSON::PP::false });

    meanwhile([{ exists => 1009 }], 'create_again',
              refused('user_exists', 400, 1009));
    $zoom->control({ exists => JSON::PP::false });

    table(create_unmanaged => refused('zoom_refused', 400, 300));
};


subtest 'bad arguments' => sub {
    my $user = 'the user is neither a Zoom user id nor an e-mail';
    my $type = '"type" is neither basic nor licensed';
    my %wrong = (
        create_bad_action => '"action" is not create, autoCreate, custCreate '
                             . 'or ssoCreate',
        (map { ("create_bad_$_" => '"email" is no e-mail') }
             qw(email email_path email_long)),
        create_bad_type   => $type,
        create_bad_type_number => '"type" is a number, not a string',
        create_bad_password => '"password" is for autoCreate only',
        create_bad_password_short => '"password" must have 8 to 32 '
                                     . 'characters',
        create_bad_first_name => '"first_name" is longer than 64 bytes',
        create_bad_display_name => '"display_name" is longer than 128 bytes',
        create_bad_odd    => 'there is no "mail"',
        create_bad_none   => '"email" is missing',
        create_bad_text   => 'a table is needed, got string',
        (map { ("bad_$_" => $user) }
             qw(get_me get_path get_percent get_long update_me delete_me
                status_me)),
        bad_get_number    => '"user" is a number, not a string',
        bad_get_none      => '"user" is missing',
        bad_update_none   => '"changes" is missing',
        bad_update_empty  => '"changes" are none',
        bad_update_odd    => 'there is no "firstname" in a user',
        bad_update_type   => $type,
        bad_update_long   => '"last_name" is longer than 64 bytes',
        bad_delete_none   => '"action" is missing',
        bad_delete_action => '"action" is neither disassociate nor delete',
        bad_status_action => '"action" is neither activate nor deactivate',
    );

    table(map { ($_ => "nil bad argument: $wrong{$_}") } sort keys %wrong);

    like($_, qr/^nil bad argument: /, 'an account that there is not')
        for resty('bad_account'), script('bad_account');

    is($zoom->stats->{me} // 0, 0, 'nobody asked for the owner');
};


subtest 'list' => sub {
    my $size = '"page_size" must be from 1 to 2000';
    my $n = $zoom->stats->{calls}{users_list} // 0;

    table(
        list         => '61 0',
        list_one     => '61 0',
        list_pending => '1 0',
        list_some    => '3',
    );

    table(
        list_status    => '0 0 bad argument: "status" is not active, inactive '
                          . 'or pending',
        (map { ("list_$_" => "0 0 bad argument: $size") }
             qw(size size_zero size_nan)),
        list_odd       => '0 0 bad argument: there is no "page"',
        list_account   => '0 0 bad argument: "account" is a number, not a '
                          . 'string',
        list_text      => 'false bad argument: a table is needed, got string',
    );
};


subtest 'a list that Zoom spoils' => sub {
    my %page = (match => 'users_list', mode => 'answer', status => 200);
    my $users = '"users":[{"email":"a@example.com"},null,7,{"id":null},'
                . '{"id":"x","email":"b@example.com"},'
                . '{"id":"x","email":"b@example.com"}]';

    meanwhile([{ %page, after => 1, times => 1, status => 400,
                 body => '{"code":300,"message":"The token has expired."}' }],
              'list', '61 0');
    meanwhile([{ %page, after => 1, status => 400,
                 body => '{"code":300,"message":"The token has expired."}' }],
              'list', '20 0 zoom_refused {answer=yes,code=300,http=400,'
                      . 'tracking_id=yes}');
    meanwhile([{ %page, body => "{$users,\"next_page_token\":\"loop\"}" }],
              'list', '2 0 zoom_invalid {answer=yes,http=200,'
                      . 'tracking_id=yes}');
    meanwhile([{ %page, body => "{$users,\"next_page_token\":7}" }],
              'list', '2 0');
    meanwhile([{ %page, body => $_ }],
              'list', '0 0 zoom_invalid {answer=yes,http=200,'
                      . 'tracking_id=yes}')
        for '{"users":null}', '{}', '[]';
};


subtest 'permission' => sub {
    my $denied = 'nil denied {http=403}';

    is(script('get_unknown', "/$_"), $denied, "not for $_")
        for qw(denied request);
};


sub zak {
    my ($bot) = @_;

    return $t->get("/zak?user=$bot")->status;
}


subtest 'whoever is gone is so at once' => sub {
    my $all = 'bot0001,bot0002,bot0003,bot0004';

    for my $way (\&resty, \&script) {
        is(zak('bot0001'), 200, 'a token, to be kept');
        is($way->('deactivate'), 'true nil bot0002,bot0003,bot0004',
           'deactivated: the pool knows');
        is(zak('bot0001'), 502, 'the token is forgotten');
        is($way->('activate'), "true nil $all", 'activated: it is back');
        is(zak('bot0001'), 200, 'with a token');
    }

    table(deactivate_nobody => "nil user_unknown $all");

    is(zak('bot0003'), 200, 'a token of another');
    is(resty('delete_resty'), 'true nil bot0001,bot0002,bot0004',
       'deleted by resty.zoom');
    is(zak('bot0003'), 502, 'its token is forgotten');
    is(script('delete_script'), 'true nil bot0001,bot0002',
       'disassociated by a script');
};


$t->finish;
