#!/usr/bin/perl

# resty.zoom under lua-nginx-module of Debian's: what Lua code asks for and
# what it is told.

use strict;
use warnings;

use FindBin;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use Zoom::Nginx;
use Zoom::Resty;
use Zoom::Test;

plan skip_all => resty_missing() if resty_missing();

my ($true, $false) = (JSON::PP::true, JSON::PP::false);

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my $nginx = $t->nginx(
    main      => resty_main(),
    http      => resty_http(),
    reuseport => 1,
    locations => resty_locations() . <<'EOC');
        location = /guarded {
            zoom_allow_user  bots@example.com *@t1.example;
            zoom_ttl         3h;

            content_by_lua_block { require("calls").answer() }
        }

        location = /filter {
            content_by_lua_block { ngx.say("hello") }

            header_filter_by_lua_block {
                local _, err = require("resty.zoom").mint{
                    account = "acme",
                    user = "bots@example.com",
                }

                ngx.header["X-Error"] = err
            }
        }

        location = /uncached {
            lua_code_cache off;

            content_by_lua_block { require("calls").answer() }
        }
EOC


sub mint {
    my ($path, %args) = @_;

    return call_lua($t, $path, 'mint', { account => 'acme',
                                         user    => 'bots@example.com',
                                         %args });
}


subtest 'wherever code may wait' => sub {
    for my $where (qw(/content /access /rewrite /uncached /content?way=thread
                      /access?way=thread /content?way=timer))
    {
        my ($token, $err, $info) = mint($where, fresh => $true);

        is(jwt_claims($token)->{uid}, 'bots@example.com', "$where: a ZAK")
            or diag($err);
        is($err, undef, 'no error');
        is($info->{status}, 'MISS', 'just minted');
        cmp_ok(abs($info->{expires} - time - 7200), '<', 10, 'for two hours');
        like($info->{tracking_id}, qr/rid=WEB_/, 'Zoom knows of it');

        my ($again, undef, $known) = mint($where);

        is($again, $token, 'the same again');
        is($known->{status}, 'HIT', 'from the store');
    }
};


subtest 'one version' => sub {
    my $top = "$FindBin::Bin/..";
    my ($version) = slurp("$top/ngx_zoom_module/ngx_http_zoom_version.h")
                    =~ /"([0-9.]+)"/;
    my ($lua) = slurp("$top/lua/resty/zoom.lua") =~ /_VERSION = "([^"]+)"/;
    my ($rock) = slurp("$top/lua/lua-resty-zoom-$version-1.rockspec")
                 =~ /^version = "([^"]+)"/m;

    is($lua, $version, 'of the Lua half');
    is($rock, "$version-1", 'of its rock');
};


subtest 'where code may not wait' => sub {
    is($t->get('/filter')->header('X-Error'),
       'API disabled in the context of header_filter', 'an error');
};


subtest 'types' => sub {
    my %meeting = (meeting_id => '123456789');
    my ($obf) = mint('/content', type => 'onbehalf', %meeting);

    ok(jwt_claims($obf)->{obf}, 'an OBF token');
    is(jwt_claims($obf)->{mid}, '123456789', 'for that meeting');

    my ($any) = mint('/content', type => 'onbehalf');
    my $free = jwt_claims($any);

    ok($free->{obf} && !defined $free->{mid}, 'one for any meeting');

    for my $type (qw(local_recording live_streaming local_archiving)) {
        my ($token, $err, $info) = call_lua($t, '/content', 'mint', {
            account => 'acme', type => $type, meeting_id => 123456789,
        });

        like($token, qr/^CANARYtoken/, "$type, without a user");
        cmp_ok($info->{expires} - time, '<', 125, 'for two minutes');
    }

    my ($zak, undef, $info) = mint('/guarded', ttl => 600, fresh => $true);
    my $claims = jwt_claims($zak);

    is($claims->{exp} - $claims->{iat}, 600, 'a life of its own');
    ($zak) = mint('/guarded', fresh => $true);
    $claims = jwt_claims($zak);
    is($claims->{exp} - $claims->{iat}, 10800, 'else that of the location');
};


subtest 'the access token' => sub {
    my ($token, $err, $info) = call_lua($t, '/content', 'access_token',
                                        { account => 'acme' });

    is(jwt_claims($token)->{aid}, $t->secret('account_id'), 'it is');
    cmp_ok($info->{expires}, '>', time + 3000, 'for an hour');
};


subtest 'errors of Zoom\'s' => sub {
    my ($token, $err, $info) = mint('/content', user => 'nobody@example.com');

    is($token, undef, 'no token');
    is($err, 'user_unknown', 'the code of docs/errors.md');
    is($info->{http}, 502, 'its status');
    is($info->{code}, 1001, 'that of Zoom');
    like($info->{tracking_id}, qr/rid=WEB_/, 'a tracking id');
    is($info->{status}, undef, 'no token, no status');

    ($token, $err, $info) = mint('/content', user => 'nobody@example.com');
    is($info->{code}, 1001, 'and from the store as well');

    (undef, $err) = mint('/content', type => 'local_recording',
                         meeting_id => '404999999');
    is($err, 'meeting_unknown', 'an unknown meeting');
};


# What is wrong, and the words it is told in.
my @BAD = (
    [undef,                                qr/a table is needed, got nil/],
    ['acme',                               qr/a table is needed, got string/],
    [{},                                   qr/"account" is missing/],
    [{ account => 7 },                     qr/"account" is a number, not a s/],
    [{ account => 'other' },               qr/there is no such account/],
    [{ user => undef },                    qr/the user is empty/],
    [{ user => '' },                       qr/the user is empty/],
    [{ user => 'me' },                     qr/neither a Zoom user id nor/],
    [{ user => 'ME' },                     qr/neither a Zoom user id nor/],
    [{ user => '%6De' },                   qr/neither a Zoom user id nor/],
    [{ user => '../x' },                   qr/neither a Zoom user id nor/],
    [{ user => 'x' x 5000 },               qr/neither a Zoom user id nor/],
    [{ user => [] },                       qr/"user" is a table, not a string/],
    [{ usr => 'x' },                       qr/there is no "usr"/],
    [{ type => 'token' },                  qr/no such type of token/],
    [{ type => 'access' },                 qr/no such type of token/],
    [{ type => 'local_recording' },        qr/id is not 9 to 11 digits/],
    [{ type => 'onbehalf', meeting_id => '12345678a' },
                                           qr/id is not 9 to 11 digits/],
    [{ type => 'onbehalf', meeting_id => 1.5 },
                                           qr/id is not 9 to 11 digits/],
    [{ type => 'onbehalf', meeting_id => 'https://zoom.us/j/123456789' },
                                           qr/id is not 9 to 11 digits/],
    [{ ttl => 59 },                        qr/"ttl" must be from 60 seconds/],
    [{ ttl => 1e300 },                     qr/"ttl" must be from 60 seconds/],
    [{ ttl => 'long' },                    qr/"ttl" is a string, not a numbe/],
    [{ timeout => 0 },                     qr/"timeout" must be above 0/],
    [{ timeout => -1 },                    qr/"timeout" must be above 0/],
    [{ timeout => 61 },                    qr/"timeout" must be above 0/],
    [{ fresh => 1 },                       qr/"fresh" is a number, not a bool/],
);


subtest 'bad arguments' => sub {
    for my $bad (@BAD) {
        my ($args, $words) = @$bad;
        my %good = (account => 'acme', user => 'bots@example.com');

        $args = { %good, %$args } if ref $args && %$args;
        delete $args->{user} if ref $args && exists $args->{user}
                                && !defined $args->{user};

        my ($token, $err, $info) = call_lua($t, '/content', 'mint', $args);

        is($token, undef, 'nil');
        like($err, qr/^bad argument: .*$words/, $err // 'no error');
        is($info, undef, 'and no more');
    }
};


subtest 'zoom_allow_user holds' => sub {
    my (undef, $err) = mint('/guarded', user => 'owner@example.com');

    like($err, qr/^bad argument: .*not in "zoom_allow_user"/, 'not for all');
    ok((mint('/guarded', user => 'BOTS@t1.example'))[0], 'but for these');
};


subtest 'together' => sub {
    my $before = $zoom->token_calls;
    my $order = '{"f":"mint","args":[{"account":"acme",'
                . '"user":"bots@t2.example"}]}';

    $zoom->control({ match => 'token', mode => 'delay', ms => 300 });

    my @calls = http_wait(map {
        http_start(port => $t->port, path => '/content', body => $order)
    } 1 .. 100);
    my %seen;

    $seen{ JSON::PP->new->decode($_->body)->[0] }++ for @calls;
    $zoom->control({ clear => 1 });

    is(keys %seen, 1, 'all have the same token');
    is($zoom->token_calls - $before, 1, 'after one mint');
    is(keys %{{ map { $_->header('X-Pid') => 1 } @calls }}, 2,
       'in both workers');
};


subtest 'no time' => sub {
    $zoom->control({ match => 'token', mode => 'hang' });

    for my $where (qw(/content /content?way=timer)) {
        my $start = time;
        my ($token, $err, $info) = mint($where, fresh => $true,
                                        user => 'bots@example.com',
                                        timeout => 0.7);

        is($info->{status}, 'STALE', 'an older one serves');

        ($token, $err, $info) = mint($where, user => 'late@example.com',
                                     timeout => 0.7);

        like($err, qr/^(?:timeout|zoom_unavailable)$/, 'or there is none');
        like($info->{http}, qr/^50[34]$/, 'with its status');
        cmp_ok(time - $start, '<', 3, 'in time');
    }

    $zoom->control({ clear => 1 });
};


# The name of what is loaded, in this order.
for my $order ([qw(zoom ndk lua)], [qw(ndk lua zoom)]) {
    subtest "load_module @$order" => sub {
        my $dir = $t->nginx(
            no_module => 1,
            main      => Zoom::Resty::load_modules(@$order),
            http      => resty_http(),
            locations => resty_locations());

        my ($token, $err) = mint('/content', fresh => $true);

        is(jwt_claims($token)->{uid}, 'bots@example.com', 'a ZAK');
        $t->over;
    };
}


# nginx -t runs no Lua: whoever wants to know early has init_by_lua.
sub no_start {
    my (%o) = @_;
    my $nginx = eval {
        $t->nginx(%o, http => $o{http}
                      . 'init_by_lua_block { require("resty.zoom") }');
    };

    return $@;
}


subtest 'without the module' => sub {
    like(no_start(account => 0, no_module => 1, main => resty_main(),
                  http => resty_http()),
         qr/resty\.zoom needs ngx_http_zoom_module.*load_module/,
         'it says what is missing');
};


subtest 'halves that do not match' => sub {
    my $lua = "$FindBin::Bin/../lua";
    my $source = slurp("$lua/resty/zoom/ffi.lua");
    my $dir = $t->dir . '/other';

    ok($source =~ s/^local FFI_VERSION = \K(\d+)/$1 + 1/me, 'another version');
    mkdir $_ for $dir, "$dir/resty", "$dir/resty/zoom";
    spew("$dir/resty/zoom/ffi.lua", $source);

    like(no_start(main => resty_main(),
                  http => qq(lua_package_path "$dir/?.lua;$lua/?.lua;;";\n)),
         qr/resty\.zoom speaks version \d+ and the loaded \S+ version/,
         'it says so');
};


$t->allow(qr/lua_code_cache is off/);
$t->finish;
