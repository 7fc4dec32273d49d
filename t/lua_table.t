#!/usr/bin/perl

# One table of cases, two hosts: what "zoom" does for code in lua-nginx-module
# it does for a routing script.  The cases are in t/lua/cases.lua.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use FindBin;
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use Test::More;

use Zoom::Resty;
use Zoom::Test;

plan skip_all => resty_missing() if resty_missing();

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$t->secret_file('sdk_key', 'SDKkey_' . Zoom::Test::random_name(6));
$t->secret_file('sdk_secret', 'CANARYsdk' . Zoom::Test::random_name());
$t->canary(sdk_secret => $t->secret('sdk_secret'));
$zoom->control({ bots => 60 });

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

my $resty = <<'EOC';
            content_by_lua_block {
                local run = require("cases").run

                ngx.print(run(ngx.var.arg_case, require("resty.zoom")))
            }
EOC

my $nginx = $t->nginx(
    lua       => 1,
    main      => resty_main(),
    account   => { sdk_key    => 'file:%{sdk_key}',
                   sdk_secret => 'file:%{sdk_secret}' },
    http      => resty_http() . $t->account('plain') . <<'EOC',
    zoom_lua_path      %{dir}/lua;
    zoom_lua_accounts  plain;
EOC
    server    => <<'EOC',
        zoom_allow_user  *@t1.example *@t2.example bots@example.com
                         nobody@example.com me;
EOC
    locations => <<"EOC");
        location = /resty {
            $resty
        }

        location = /resty/slow {
            zoom_reuse  0;
            $resty
        }

        location = /script {
            zoom_lua_allow  access_token request;
            $script
        }

        location = /script/slow {
            zoom_reuse  0;
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

            location = /allowed/request {
                zoom_lua_allow  request;
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
    my ($case, $path) = @_;
    my $r = $t->get(($path // '/resty') . "?case=$case");

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
        zak_meeting     => $missed,
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
        for '/denied', '/allowed/off', '/allowed/request';
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


subtest 'zoom.sdk_signature' => sub {
    for my $way (\&resty, sub { script('/script', @_) }) {
        for (['signature',         '123456789 1',   3600],
             ['signature_default', '12345678901 0', 1800])
        {
            my ($case, $whom, $life) = @$_;
            my ($text, $err, $key, $expires) = split / /, $way->($case);
            my ($signed, $mac) = $text =~ /^(.*)\.(.*)$/;
            my $claims = jwt_claims($text);

            is($mac, encode_base64url(hmac_sha256($signed,
                                                  $t->secret('sdk_secret'))),
               $case);
            is("$claims->{mn} $claims->{role}", $whom, 'for whom');
            is($claims->{exp} - $claims->{iat}, $life, 'for how long');
            is($expires, $claims->{exp}, 'until when');
            is("$err $key", 'nil ' . $t->secret('sdk_key'), 'by whom');
        }
    }

    my $life = '"ttl" must be from 30 minutes to 48 hours';
    my $role = '"role" is neither participant nor host';
    my %wrong = (
        odd            => 'there is no "key"',
        account_plain  => 'the account has no "sdk_key"',
        account_number => '"account" is a number, not a string',
        meeting_none   => '"meeting_id" is missing',
        meeting_short  => $meeting,
        meeting_broken => $meeting,
        meeting_table  => '"meeting_id" is a table, not a string',
        role_odd       => $role,
        role_empty     => $role,
        role_zero      => $role,
        role_number    => '"role" is a number, not a string',
        ttl_low        => $life,
        ttl_high       => $life,
        ttl_nan        => $life,
        ttl_text       => '"ttl" is a string, not a number',
        text           => 'a table is needed, got string',
    );

    table(map { ("signature_$_" => "nil bad argument: $wrong{$_}") }
          sort keys %wrong);

    like($_, qr/^nil bad argument: /, 'no such account')
        for resty('signature_account_other'),
            script('/script', 'signature_account_other');
};


# The same from both, whatever it is.
sub same {
    my ($case, $words) = @_;
    my $said = resty($case);

    like($said, $words, "$case: resty.zoom");
    is(script('/script', $case), $said, "$case: a script");
}


# What a case asks Zoom for, its arguments sorted.
sub sent {
    my ($case, $target) = @_;

    for my $way (\&resty, sub { script('/script', @_) }) {
        $way->($case);

        my ($line) = grep { m{/past_meetings/} } reverse $zoom->recent;
        my ($path, $args) = $line =~ m{ /v2/past_meetings/(\S*)\?(\S*)};

        is("$path?" . join('&', sort split /&/, $args), $target, $case);
    }
}


subtest 'zoom.request' => sub {
    same('request', qr{^200 application/json\S* .*"email":"bots\@t1\.example});
    same('request_segments', qr/^200 .*bots\@t1\.example/);
    same('request_headers', qr/content-type .*x-zm-trackingid/);
    same('request_refused', qr/^404 .*1001/);
    same('request_list', qr/^200 .*"page_size":1,/);
    same('request_patch', qr/^204 "q\\"/);
    same('request_patch_text', qr/^204 "first_name":"Plain"$/);
    same('request_post', qr/^201 204 404$/);
    same('request_post_bad', qr/^400$/);

    sent("request_sent_$_->[0]", "$_->[1]/x?n=7&q=a%20b%26")
        for [1, '%252Fabc%253D%253D'], [2, 'a%252F%252Fb'],
            [3, 'a%2Fb%2Bc'], [4, '123456789'], [5, '%C3%BC%20~'];
    sent('request_args', 'several/x?q&q=1&q=2&q=a%2Fb');

    is(script($_, 'request'), 'nil denied {http=403}', "not for $_")
        for '/denied', '/allowed/off', '/allowed/inherited';
    like(script('/allowed/request', 'request'), qr/^200 /, 'nor more than it');
};


subtest 'bad requests' => sub {
    my $path = '"path" is no path in its encoded form';
    my $segment = '"path" has a segment that is none';
    my $method = 'the method is not GET, POST, PUT, PATCH or DELETE';
    my $label = 'the label is not light, medium, heavy or resource';
    my $long = 'the path is over 8 KiB or the body over 1 MiB';
    my $args = '"args" are not names and plain values';
    my %wrong = (
        path_none     => '"path" is missing',
        (map { ("path_$_" => $path) }
             qw(relative query space dots dots_end lines zero)),
        path_empty    => '"path" is empty',
        (map { ("path_$_" => $segment) } qw(up nothing boolean table)),
        path_long     => $long,
        path_number   => '"path" is a number, not a string',
        (map { ("method_$_" => $method) } qw(head case empty)),
        label_odd     => $label,
        label_empty   => $label,
        label_zero    => $label,
        timeout_zero  => $timeout,
        timeout_high  => $timeout,
        timeout_nan   => $timeout,
        args_text     => '"args" is a string, not a table',
        (map { ("args_$_" => $args) } qw(deep list empty names)),
        body_number   => '"body" is a number, not a string',
        body_long     => $long,
        query         => 'there is no "query"',
        text          => 'a table is needed, got string',
    );

    table(map { ("request_$_" => "nil bad argument: $wrong{$_}") }
          sort keys %wrong);

    for my $case (qw(request_body_nan request_body_function request_other)) {
        like($_, qr/^nil bad argument: /, $case)
            for resty($case), script('/script', $case);
    }
};


subtest 'zoom.pages' => sub {
    same('pages', qr/^(?:20 ){3}\d+$/);
    same('pages_refused', qr/^zoom_refused 404 404$/);

    table(
        pages_bad  => 'bad argument: "path" is missing',
        pages_none => 'bad argument: a table is needed, got nil',
        pages_text => 'bad argument: a table is needed, got string',
        pages_args => 'bad argument: "args" is a number, not a table',
    );

    is(script('/denied', 'pages'), 'denied 403', 'not for everyone');
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

    my $stale = 'string nil {expires=yes,status=STALE}';

    is(resty('stale_after', '/resty/slow'), $stale, 'and in time: resty.zoom');
    is(script('/script/slow', 'stale_after'), $stale, 'a script');

    $zoom->control({ match => 'api', mode => 'delay', ms => 5000 });

    table(request_timeout => 'nil timeout {http=504,reason=yes}');

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
