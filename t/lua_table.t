#!/usr/bin/perl

# One table of cases, two hosts: what "zoom" does for code in lua-nginx-module
# it does for a routing script.  The cases are in t/lua/cases.lua.

use strict;
use warnings;

use FindBin;
use Test::More;

use Zoom::Resty;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

# What a script finds goes out as if it were a token, in hexadecimal.
mkdir $t->dir . '/lua', 0755;
spew($t->dir . '/lua/cases.lua', slurp("$FindBin::Bin/lua/cases.lua"));
spew($t->dir . '/lua/script.lua', <<'EOL');
local cases = require("cases")

local function hex(c)
    return ("%02x"):format(c:byte())
end

return function(bot)
    return { zak_token = (cases.run(bot.args.case, zoom):gsub(".", hex)) }
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
    http      => resty_http() . <<'EOC',
    zoom_lua_path  %{dir}/lua;
EOC
    server    => <<'EOC',
        zoom_allow_user  *@t1.example *@t2.example bots@example.com
                         nobody@example.com me;
EOC
    locations => <<"EOC");
        location = /resty {
            content_by_lua_block {
                local run = require("cases").run

                ngx.print(run(ngx.var.arg_case, require("resty.zoom")))
            }
        }

        location = /script {
            zoom_lua_allow  access_token;
            $script
        }

        location = /denied {
            $script
        }

        location /allowed/ {
            zoom_lua_allow  access_token;

            location = /allowed/inherited {
                $script
            }

            location = /allowed/off {
                zoom_lua_allow  off;
                $script
            }
        }
EOC


sub script {
    my ($path, $case) = @_;
    my $r = $t->get("$path?case=$case");

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
        is(script('/script', $case), $answer, "$case: a script");
    }
}


my $missed = 'string nil {expires=yes,status=MISS,tracking_id=yes}';
my $unknown = 'user_unknown {code=1001,http=502,retry_after=yes,'
              . 'tracking_id=yes}';
my $meeting = 'the meeting\'s id is not 9 to 11 digits';
my $odd = 'the user is neither a Zoom user id nor an e-mail';
my $ttl = '"ttl" must be from 60 seconds to 365 days';
my $timeout = '"timeout" must be above 0 and at most 60 seconds';


subtest 'zoom.mint' => sub {
    table(
        zak_miss        => $missed,
        zak_hit         => 'string nil {expires=yes,status=HIT}',
        same_token      => 'true',
        onbehalf        => $missed,
        onbehalf_number => $missed,
        local_recording => $missed,
        live_streaming  => $missed,
        local_archiving => $missed,
        user_unknown    => "nil $unknown",      # and then from the store
        meeting_unknown => 'nil meeting_unknown {code=3001,http=502,retry_after=yes,'
                           . 'tracking_id=yes}',
        ttl             => $missed,     # too short-lived to be kept
    );
};


my %bad = (
    account_number   => '"account" is a number, not a string',
    user_empty       => 'the user is empty',
    user_me          => $odd,
    user_path        => $odd,
    user_long        => $odd,
    user_table       => '"user" is a table, not a string',
    user_number      => '"user" is a number, not a string',
    misspelled       => 'there is no "usr"',
    numbered         => 'there is no "1"',
    type_odd         => 'there is no such type of token',
    type_access      => 'there is no such type of token',
    type_number      => '"type" is a number, not a string',
    meeting_none     => $meeting,
    meeting_text     => $meeting,
    meeting_link     => $meeting,
    meeting_short    => $meeting,
    meeting_broken   => $meeting,
    meeting_large    => $meeting,
    meeting_nan      => $meeting,
    meeting_negative => $meeting,
    meeting_boolean  => '"meeting_id" is a boolean, not a string',
    ttl_low          => $ttl,
    ttl_high         => $ttl,
    ttl_nan          => $ttl,
    ttl_text         => '"ttl" is a string, not a number',
    timeout_zero     => $timeout,
    timeout_negative => $timeout,
    timeout_high     => $timeout,
    timeout_nan      => $timeout,
    timeout_text     => '"timeout" is a string, not a number',
    fresh_number     => '"fresh" is a number, not a boolean',
    webinar_text     => '"webinar" is a string, not a boolean',
    bypass_number    => '"bypass_waiting_room" is a number, not a boolean',
);

subtest 'bad arguments' => sub {
    table(map { ("bad_$_" => "nil bad argument: $bad{$_}") } sort keys %bad);

    table(
        no_table    => 'nil bad argument: a table is needed, got nil',
        text        => 'nil bad argument: a table is needed, got string',
        not_allowed => 'nil bad argument: the user is not in '
                       . '"zoom_allow_user"',
    );

    for my $case (qw(bad_account_empty bad_account_other account_other
                     account_empty purge_other bad_misspelled_zero))
    {
        like($_, qr/^nil bad argument: /, $case)
            for resty($case), script('/script', $case);
    }
};


subtest 'zoom.parse_meeting' => sub {
    table(
        link_1 => '{id=85123456789,passcode=Zm9v.1,webinar=false}',
        link_2 => '{id=85123456789,tk=abc.def,webinar=true}',
        link_3 => '{id=85123456789,webinar=false}',
        (map { ("link_$_" => 'nil no_meeting') } 4 .. 6),
        link_7 => 'nil bad argument: a link is needed, got boolean',
        link_8 => 'nil bad argument: a link is needed, got number',
        link_none => 'nil bad argument: a link is needed, got nil',
    );
};


subtest 'zoom.access_token' => sub {
    like($_, qr/^string nil \{expires=yes,status=(?:HIT|MISS)/, 'it is')
        for resty('access_token'), script('/script', 'access_token');

    is(script('/script', 'access_token_end'), resty('access_token_end'),
       'the same one');

    table(
        access_token_user    => 'nil bad argument: there is no "user"',
        access_token_timeout => "nil bad argument: $timeout",
    );

    is(script($_, 'access_token'), 'nil denied {http=403}', "not for $_")
        for '/denied', '/allowed/off';
    like(script('/allowed/inherited', 'access_token'), qr/^string /,
         'inherited');
};


subtest 'zoom.purge' => sub {
    for my $way (\&resty, sub { script('/script', @_) }) {
        my $said;

        wait_for(sub { ($said = $way->('purge')) ne 'nil rate_limited' }, 5);
        like($said, qr/^[1-9]$/, 'how many went');
        is($way->('purge'), 'nil rate_limited', 'and not at once again');
    }

    table(
        purge_me     => "nil bad argument: $odd",
        purge_odd    => 'nil bad argument: there is no "all"',
        purge_number => 'nil bad argument: "user" is a number, not a string',
        purge_text   => 'nil bad argument: a table is needed, got string',
    );
};


subtest 'when Zoom is slow' => sub {
    is(resty('zak_hit'), 'string nil {expires=yes,status=HIT}',
       'something to fall back to');

    $zoom->control({ match => 'token', mode => 'delay', ms => 5000 });

    table(timeout => 'nil timeout {http=504,retry_after=yes}');

    for my $way (\&resty, sub { script('/script', @_) }) {
        is($way->('stale'), 'string nil {expires=yes,status=STALE}',
           'an older one serves');
    }

    $zoom->control({ clear => 1 });
};


subtest 'zoom.account' => sub {
    my $account = resty('account');

    like($account, qr/access_expires=number.*errors=\{.*last=\{.*error=.*limits=\{heavy=\{left=\d+,rate=\d.*name=acme,ok=true,wait=number/,
         'how it fares');
    is(script('/script', 'account'), $account, 'the same for a script');

    table(
        account_number  => 'nil bad argument: the name of an account is '
                           . 'needed, got number',
        account_boolean => 'nil bad argument: the name of an account is '
                           . 'needed, got boolean',
    );
};


$t->finish;
