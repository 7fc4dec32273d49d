#!/usr/bin/perl

# One table of what "zoom" does, for both of its hosts: code in lua-nginx-module
# and routing scripts.  Theirs alone are an account that need not be named, a
# user without whom nothing is purged, and strings for meetings' ids.

use strict;
use warnings;

use Digest::SHA qw(sha1_hex);
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep);

use Zoom::Resty;
use Zoom::Test;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

my $t = Zoom::Test->new;

mkdir $t->dir . '/lua', 0755;

# A script tells what it found as its reason for refusing, in the log: of a
# token nothing but a number.
spew($t->dir . '/lua/calls.lua', <<'EOL');
local function show(value)
    if type(value) == "table" then
        local parts = {}

        for k, v in pairs(value) do
            parts[#parts + 1] = k .. "=" .. tostring(v)
        end

        table.sort(parts)
        return table.concat(parts, ",")
    end

    if type(value) == "string" and #value > 100 then
        return "token" .. zoom.hash(value)
    end

    return tostring(value)
end

return function (bot)
    local order = zoom.json_decode(bot.args.order)
    local a, b, c = zoom[order.f](order.arg)

    return nil, show(a) .. " ; " .. show(b) .. " ; " .. show(c)
end
EOL

my $nginx = $t->nginx(
    lua       => 1,
    main      => resty_main(),
    http      => resty_http(),
    reuseport => 1,
    locations => resty_locations() . <<'EOC');
        zoom_allow_user  *@example.com *@t1.example;

        location = /script {
            zoom_tokens             acme;
            zoom_authenticate       off;
            zoom_route_by_lua_file  %{dir}/lua/calls.lua;
        }
EOC


sub show {
    my ($value) = @_;

    return 'nil' if !defined $value;
    return $value ? 'true' : 'false' if JSON::PP::is_bool($value);
    return length $value > 100 ? 'token' . sha1_hex($value) : $value
        if !ref $value;

    return join ',', map { "$_=" . show($value->{$_}) }
                     grep { ref $value->{$_} ne 'HASH' } sort keys %$value;
}


sub in_module {
    my ($f, $arg) = @_;

    return join ' ; ', map { show($_) }
                       (call_lua($t, '/content', $f, $arg), undef, undef)
                       [0 .. 2];
}


sub in_script {
    my ($f, $arg) = @_;
    my $order = $json->encode({ f => $f, arg => $arg });

    $order =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;

    my $r = $t->get("/script?order=$order");
    my ($line) = (grep { /the route is refused: / }
                  split /\n/, $nginx->error_log)[-1];

    return $r->status . ' ' . $r->body if $r->status != 403;
    return ($line // '') =~ /the route is refused: (.*?), client: / ? $1 : '';
}


my %bots = (account => 'acme', user => 'bots@example.com');
my %of = (account => 'acme', user => 'bots@t1.example',
          meeting_id => '123456789');
my $bad = qr/^nil ; bad argument: .* ; nil$/;

# Name, function, argument, and what comes back.
my @TABLE = (
    ['a ZAK', 'mint', { %bots, fresh => JSON::PP::true },
     qr/^token\S+ ; nil ; .*expires=\d+.*status=MISS,tracking_id=.*WEB_/],
    ['from the store', 'mint', \%bots,
     qr/^token\S+ ; nil ; expires=\d+,(?:http=\d+,)?status=HIT/],
    ['with a life', 'mint', { %bots, ttl => 600 },
     qr/^token\S+ ; nil ; .*status=MISS/],
    ['an OBF token', 'mint', { %of, type => 'onbehalf' },
     qr/^token\S+ ; nil ; .*status=MISS/],
    ['a recording token', 'mint', { %of, type => 'local_recording' },
     qr/^token\S+ ; nil ; .*status=MISS/],
    ['a streaming token', 'mint', { %of, type => 'live_streaming' },
     qr/^token\S+ ; nil ; .*status=MISS/],
    ['an archiving token', 'mint', { %of, type => 'local_archiving' },
     qr/^token\S+ ; nil ; .*status=MISS/],

    ['an unknown user', 'mint', { %bots, user => 'nobody@example.com' },
     qr/^nil ; user_unknown ; .*code=1001,http=502,retry_after=\d+/],
    ['again', 'mint', { %bots, user => 'nobody@example.com' },
     qr/^nil ; user_unknown ; .*code=1001,http=502,retry_after=\d+/],
    ['an unknown meeting', 'mint', { %of, type => 'local_recording',
                                     meeting_id => '404999999' },
     qr/^nil ; meeting_unknown ; .*code=3001,http=502/],

    ['another account', 'mint', { %bots, account => 'other' }, $bad],
    ['no user', 'mint', { account => 'acme' }, $bad],
    ['an empty user', 'mint', { %bots, user => '' }, $bad],
    ['me', 'mint', { %bots, user => 'Me' }, $bad],
    ['a path', 'mint', { %bots, user => '../x' }, $bad],
    ['a user that is not allowed', 'mint',
     { %bots, user => 'bots@t2.example' }, $bad],
    ['a user of the wrong type', 'mint', { %bots, user => { a => 1 } }, $bad],
    ['no such type', 'mint', { %bots, type => 'token' }, $bad],
    ['the access token as a type', 'mint', { %bots, type => 'access' }, $bad],
    ['no meeting', 'mint', { %bots, type => 'onbehalf' }, $bad],
    ['a meeting that is none', 'mint', { %of, type => 'onbehalf',
                                         meeting_id => '12a' }, $bad],
    ['a life too short', 'mint', { %bots, ttl => 59 }, $bad],
    ['a life of words', 'mint', { %bots, ttl => 'long' }, $bad],
    ['a misspelled name', 'mint', { %bots, usr => 'x' }, $bad],
    ['no table', 'mint', 'acme', $bad],

    ['a link', 'parse_meeting', 'https://zoom.us/j/123456789?pwd=abc.1',
     qr/^id=123456789,passcode=abc\.1\b.* ; nil ; nil$/],
    ['an id', 'parse_meeting', '123456789', qr/^id=123456789\b.* ; nil ; nil/],
    ['no link', 'parse_meeting', 'https://notzoom.us/j/123456789',
     qr/^nil ; no_meeting ; nil$/],

    ['an account', 'account', 'acme',
     qr/(?:^|,)name=acme,ok=true,wait=[\d.]+ ; nil ; nil$/],
    ['no such account', 'account', 'other', $bad],

    ['a purge', 'purge', \%bots, qr/^2 ; nil ; nil$/],
    ['another one', 'purge', \%bots, qr/^nil ; rate_limited ; nil$/],
    ['a purge of nobody', 'purge', { %bots, user => 'me' }, $bad],
);

my @HOSTS = ([module => \&in_module], [script => \&in_script]);

for (@HOSTS) {
    my ($host, $call) = @$_;

    subtest "in a $host" => sub {
        my %said;

        for (@TABLE) {
            my ($name, $f, $arg, $expected) = @$_;

            like($said{$name} = $call->($f, $arg), $expected, $name);
        }

        is((split / /, $said{'from the store'})[0],
           (split / /, $said{'a ZAK'})[0], 'one and the same token');
    };

    # There is one purge a second.
    sleep 1.05;
}


$t->finish;
