#!/usr/bin/perl

# zoom_pass: a caller's request goes to Zoom with our access token, and the
# answer comes back.

use strict;
use warnings;

use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use Zoom::Test;
use Zoom::Wire;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $json = 'application/json';

my $ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

# By what the path begins with.
my %answers = (
    plain  => sub { $ok . "Content-Length: 11\r\n\r\n{\"a\":\"one\"}" },
    chunks => sub { $ok . "Transfer-Encoding: chunked\r\n\r\n"
                    . "5\r\nabcde\r\n3;x=y\r\nfgh\r\n0\r\n\r\n" },
    slow   => sub { ($ok . "Transfer-Encoding: chunked\r\n\r\n",
                     (map { (0.2, "2\r\n$_\n\r\n") } 1 .. 3), "0\r\n\r\n") },
    eof    => sub { "$ok\r\nto the end", 'close' },
    cut    => sub { $ok . "Content-Length: 100\r\n\r\nshort", 'close' },
    none   => sub { "HTTP/1.1 204 No Content\r\n\r\n" },
    hint   => sub { "HTTP/1.1 100 Continue\r\n\r\n"
                    . "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                    . $ok . "Content-Length: 2\r\n\r\n{}" },
    gone   => sub { 'close' },
    once   => sub { my ($head, $n) = @_;
                    $n > 1 ? 'close' : $ok . "Content-Length: 2\r\n\r\n{}" },
    twice  => sub { $ok . "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" },
    words  => sub { "nonsense\r\n\r\n", 'close' },
    cookie => sub { $ok . "Content-Length: 2\r\nSet-Cookie: _zm=1\r\n"
                    . "x-zm-clientid: canary-of-an-app\r\n"
                    . "X-Accel-Redirect: /status\r\nServer: ZOOM\r\n"
                    . "x-zm-trackingid: v=2.0;clid=us02;rid=W_1\r\n"
                    . "X-RateLimit-Remaining: 9\r\nETag: \"e\"\r\n\r\n{}" },
    hang   => sub { 20 },
    early  => sub { 'half', "HTTP/1.1 413 Too Large\r\nContent-Type: $json\r\n"
                    . "Content-Length: 12\r\nConnection: close\r\n\r\n"
                    . '{"code":300}', 0.5 },
    bad    => sub { "HTTP/1.1 400 Bad Request\r\nContent-Type: $json\r\n"
                    . "Content-Length: 32\r\n\r\n"
                    . '{"code":300,"message":"Invalid"}' },
    large  => sub { $ok . "Content-Length: 3000000\r\n\r\n" . 'x' x 3_000_000 },
);

my $wire = Zoom::Wire->start(log => $t->dir . '/wire', answer => sub {
    my ($path) = $_[0] =~ m{^\S+ /v2/things/(\w+)};

    return $answers{$path}->(@_);
});

# Zoom never said what these paths are.
$t->nginx(http => $t->account('wired',
                              api_url => 'http://127.0.0.1:' . $wire->port
                                         . '/v2',
                              request_timeout => '2s'),
          locations => <<'EOC');
    client_max_body_size  0;

    location /zoom/ {
        zoom_pass           acme;
        zoom_authenticate   header=Authorization file:%{header} as=agent;
        zoom_authenticate   header=X-Key file:%{arg} as=reader;
        zoom_allow          agent *;
        zoom_allow          reader user:read:* "GET:/meetings/{meetingId}";
    }

    location /wire {
        zoom_pass           wired rest;
        zoom_authenticate   header=Authorization file:%{header} as=agent;
        zoom_authenticate   arg=key file:%{arg} as=arg;
        zoom_allow          agent GET:/things/* POST:/things/* PUT:/things/*
                            DELETE:/things/* GET:/things/*/*;
        zoom_allow          arg GET:/things/*;
        zoom_allow_unknown  /things/;
        zoom_timeout        8s;
    }

    location /brief {
        zoom_pass           wired;
        zoom_authenticate   header=Authorization file:%{header} as=agent;
        zoom_allow          agent GET:/things/*;
        zoom_allow_unknown  /things/;
        zoom_timeout        1500ms;
    }
EOC


sub ask {
    my ($method, $path, %o) = @_;
    my $who = delete $o{who} // 'agent';
    my @proof = $who eq 'agent'
        ? (Authorization => 'Bearer ' . $t->secret('header'))
        : $who eq 'reader' ? ('X-Key' => $t->secret('arg')) : ();

    return http(port => $t->port, method => $method, path => $path, %o,
                headers => [@proof, @{ $o{headers} // [] }]);
}


sub wire {
    my ($method, $path, %o) = @_;

    $wire->forget;

    return ask($method, "/wire/things$path", %o);
}


# What Zoom would not do, and what closes the breaker for a while.
sub brief {
    my ($path) = @_;

    $wire->forget;

    my $r = ask(GET => "/brief/things$path");

    wait_for(sub { ask(GET => '/wire/things/plain')->status == 200 }, 10);

    return $r;
}


sub said {
    my ($r) = @_;

    return $r->status . ' ' . ($r->json->{error} // '');
}


subtest 'there and back' => sub {
    my $r = ask(GET => '/zoom/users/bots@example.com');

    is($r->status, 200, 'a user') or diag $r->body;
    is($r->json->{email}, 'bots@example.com', 'the one asked for');

    $r = ask(GET => '/zoom/users?page_size=30&status=active');
    is($r->status, 200, 'a list');

    $r = ask(POST => '/zoom/users', headers => ['Content-Type' => $json],
             body => JSON::PP::encode_json({ action => 'custCreate',
                 user_info => { email => 'new@example.com', type => 1 } }));
    is($r->status, 201, 'one is made') or diag $r->body;

    is(ask(GET => '/zoom/users/nobody@example.com')->json->{code}, 1001,
       'an error of Zoom is the caller\'s');
};


subtest 'what Zoom gets' => sub {
    my $r = wire(GET => '/plain?a=b&c=%2F', headers => [
        Accept => '*/*', Cookie => 'c=1', 'X-Forwarded-For' => '1.2.3.4',
        'If-None-Match' => '"x"', 'Accept-Encoding' => 'gzip',
        'X-Zoom-Client' => 'other', TE => 'trailers',
        Host => 'evil.example']);
    my ($got) = $wire->requests;

    is($r->body, '{"a":"one"}', 'the body');
    like($got, qr{\AGET /v2/things/plain\?a=b&c=%2F HTTP/1\.1\r\n}, 'path');
    like($got, qr{^Host: 127\.0\.0\.1:\d+\r$}m, 'its own name');
    like($got, qr{^Authorization: Bearer ey\S+\r$}m, 'our access token');
    unlike($got, qr/\Q${\ $t->secret('header') }/, 'and not the caller\'s key');
    like($got, qr{^If-None-Match: "x"\r$}m, 'what is meant for Zoom');
    unlike($got, qr/cookie|forwarded|encoding|X-Zoom-Client|^TE|evil/mi,
           'and no more');

    wire(POST => '/plain', body => '{}', headers => [
         'Content-Type' => 'a/1', 'Content-Type' => 'b/2',
         Accept => 'c/3', Accept => 'd/4']);
    ($got) = $wire->requests;
    is(join(' ', $got =~ m{^(?:content-type|accept): (\S+)\r$}gmi),
       'a/1 c/3 d/4', 'one type of a body, and whole lists');

    $r = wire(GET => '/plain?x=1&key=' . $t->secret('arg') . '&y=2',
              who => 'nobody');
    is($r->status, 200, 'a key in the arguments');
    like(($wire->requests)[0], qr{^GET /v2/things/plain\?x=1&y=2 }m,
         'is not sent on');
};


subtest 'bodies to Zoom' => sub {
    my $body = '{"topic":"' . 'x' x 200 . '"}';

    is(wire(POST => '/plain', body => $body,
            headers => ['Content-Type' => $json])->status, 200, 'a small one');
    like(($wire->requests)[0], qr/\r\nContent-Length: 212\r\n.*\Q$body\E\z/s,
         'in one piece');

    my $long = join '', map { "$_\n" } 1 .. 200_000;

    is(wire(PUT => '/plain', body => $long)->status, 200, 'a long one');

    my ($got) = $wire->requests;
    ok(substr($got, index($got, "\r\n\r\n") + 4) eq $long, 'the same');

    is(wire(POST => '/plain', body => $long, chunked => 30_000)->status, 200,
       'chunks');
    ($got) = $wire->requests;
    my ($head, $chunks) = split /\r\n\r\n/, $got, 2;

    like($head, qr/^Transfer-Encoding: chunked\r?$/m, 'as chunks');
    unlike($head, qr/Content-Length/, 'of unknown length');

    my $plain = '';
    while ($chunks =~ s/\A([0-9a-f]+)\r\n//) {
        $plain .= substr $chunks, 0, hex $1, '';
        $chunks =~ s/\A\r\n//;
    }
    is(length $plain, length $long, 'as long');
    ok($plain eq $long, 'the same');

    is(wire(POST => '/plain', body => '')->status, 200, 'none');
    like(($wire->requests)[0], qr/^Content-Length: 0\r$/m, 'is told');

    is(wire(POST => '/plain', body => $body, chunked => 10)->status, 200,
       'small chunks');
    is(wire(POST => '/early', body => $long x 5)->status, 413,
       'an answer before the body was read');
};


subtest 'answers' => sub {
    is(wire(GET => '/chunks')->body, 'abcdefgh', 'chunks');
    is(wire(GET => '/none')->status, 204, 'none');
    is(wire(GET => '/hint')->status, 200, 'after a hint');
    is(wire(GET => '/eof')->body, 'to the end', 'until the end');
    is(length wire(GET => '/large')->body, 3_000_000, 'a large one');
    is(wire(GET => '/bad')->json->{code}, 300, 'a refusal');
    is(wire(GET => '/slow')->body, "1\n2\n3\n", 'a slow one');

    my $r = wire(GET => '/cookie');
    is($r->header('x-zm-trackingid'), 'v=2.0;clid=us02;rid=W_1',
       'the tracking id stays');
    is($r->header('x-ratelimit-remaining'), 9, 'limits');
    is($r->header('etag'), '"e"', 'tags');
    ok(!$r->header('set-cookie'), 'no cookies');
    ok(!$r->header('x-zm-clientid'), 'nor the app');
    isnt($r->header('server'), 'ZOOM', 'nor the server');
    is($r->status, 200, 'X-Accel-Redirect is nothing');

    ok(wire(GET => '/cut')->error, 'what was cut is cut');
    is(said(brief('/twice')), '503 zoom_unavailable', 'two lengths');
    is(said(brief('/words')), '503 zoom_unavailable', 'no HTTP');
};


subtest 'connections' => sub {
    is(wire(GET => '/plain')->status, 200, "request $_") for 1 .. 10;

    my @r = http_wait(map { http_start(port => $t->port,
                path => '/wire/things/plain', headers => [Authorization =>
                'Bearer ' . $t->secret('header')]) } 1 .. 40);
    is(scalar(grep { $_->status == 200 } @r), 40, 'many at once');

    is(wire(GET => '/once')->status, 200, 'one that dies') for 1 .. 6;
    is(said(brief('/gone')), '503 zoom_unavailable', 'one that is dead');
    cmp_ok(scalar(grep { m{/gone} } $wire->requests), '>=', 1,
           'was tried');

    my $r = wire(POST => '/gone', body => 'x');
    is(said($r), '502 zoom_invalid', 'a POST is not sent twice');
    like($r->json->{message}, qr/not known/, 'and the caller is told');
    is(scalar($wire->requests), 1, 'once');
    ok(wait_for(sub { wire(GET => '/plain')->status == 200 }, 10), 'again');

    my $start = time;
    is(said(wire(POST => '/hang', body => 'x')), '502 zoom_invalid',
       'a POST that hangs');
    cmp_ok(time - $start, '<', 5, 'for so long as request_timeout');
};


subtest 'who may what' => sub {
    is(ask(GET => '/zoom/users', who => 'nobody')->status, 401, 'nobody');
    is(ask(GET => '/zoom/users/bots@example.com', who => 'reader')->status,
       200, 'a scope');

    my $r = ask(DELETE => '/zoom/users/bots@example.com', who => 'reader');
    is(said($r), '403 denied', 'another');
    is($r->json->{message}, 'reader may not DELETE /users/{userId}, which '
       . 'takes user:delete:user:admin', 'is named');

    $r = ask(GET => '/zoom/nowhere/at/all');
    is(said($r), '403 denied', 'an unknown path');
    is($r->json->{message}, 'agent may not GET this path, which Zoom has not '
       . 'published for this method', 'is told');
    is(said(ask(HEAD => '/zoom/users')), '405 ', 'an unknown method');
};


subtest 'paths' => sub {
    my $slash = 'an encoded slash where there is no UUID of a meeting';
    my %bad = (
        'dots'              => ['/zoom/users/../users', 'has a dot segment'],
        'encoded dots'      => ['/zoom/users/%2e%2e/users',
                                'has a dot segment'],
        'a dot'             => ['/zoom/./users', 'has a dot segment'],
        'two slashes'       => ['/zoom//users', 'has an empty segment'],
        'an encoded slash'  => ['/zoom/users/a%2fb', 'has an encoded slash'],
        'twice encoded'     => ['/zoom/users/a%252fb', 'is encoded twice'],
        'a UUID of no meeting' => ['/zoom/users/%252fabcdefghijklmnopqrstu%3d%3d',
                                   "has $slash"],
        'thrice encoded'    => ['/zoom/users/a%25252fb', 'is encoded twice'],
        'a bad escape'      => ['/zoom/users/%c0%af', 'is no UTF-8'],
        'a semicolon'       => ['/zoom/users;x/y',
                                'has a backslash or semicolon'],
        'a backslash'       => ['/zoom/users%5cx',
                                'has a backslash or semicolon'],
        'a control character' => ['/zoom/users/%01',
                                  'has a control character'],
        'me'                => ['/zoom/users/me', "has 'me', which is nobody "
                                . 'where an app asks: name the user'],
        'ME'                => ['/zoom/users/%4dE/meetings',
                                "has 'me', which is nobody where an app asks: "
                                . 'name the user'],
        'another spelling of the location'
                            => ['/zo%6fm/users',
                                'is not spelled as the location is'],
        'a fragment'        => ['/zoom/users?a#b',
                                'has a fragment, which no client sends'],
        'an argument'       => ["/zoom/users?a=\xc3\xa4", 'has a character in '
                                . 'its arguments that must be encoded'],
    );

    for my $what (sort keys %bad) {
        my ($path, $why) = @{ $bad{$what} };
        my $r = ask(GET => $path);

        is(said($r), '400 bad_path', $what);
        is($r->json->{message}, "The path $why.", 'and why');
    }

    is(http(port => $t->port, bytes => "GET http://api.zoom.us/zoom/users "
            . "HTTP/1.1\r\nHost: x\r\nX-Key: " . $t->secret('arg')
            . "\r\nConnection: close\r\n\r\n")->status, 400, 'a whole URL');
};


subtest 'Zoom says no' => sub {
    $zoom->control({ revoke => 1 });
    is(ask(GET => '/zoom/users')->status, 200, 'a dead access token is renewed');

    # Renewals are spaced, and a war with another host is not waged.
    $zoom->control({ revoke => 1 });
    is(said(ask(GET => '/zoom/users')), '503 zoom_unavailable',
       'a dead token of ours is not told as the caller\'s');
    ok(wait_for(sub { ask(GET => '/zoom/users')->status == 200 }, 15), 'peace');

    $zoom->control({ revoke => 1 });
    my $r = ask(POST => '/zoom/users', headers => ['Content-Type' => $json],
                body => '{}');
    is(said($r), '502 zoom_refused', 'a POST is not sent again');
    like($r->json->{message}, qr/not executed/, 'and why');
    ok(wait_for(sub { ask(GET => '/zoom/users')->status == 200 }, 15),
       'what comes next has another');

    $zoom->control({ match => 'api', mode => '429', times => 1,
                     retry_after => 1 });
    is(ask(GET => '/zoom/users')->status, 200, 'a limit is waited for');

    $zoom->control({ match => 'api', mode => '503', times => 1 });
    is(ask(GET => '/zoom/users')->status, 200, 'and an error tried again');
};


# Zoom tells the caller, who can't help it, and we tell whoever can.
subtest 'a scope that the app lacks' => sub {
    my $lacks = '/zoom/report/meetings/85712345678';

    for (1 .. 3) {
        my $r = ask(GET => $lacks);

        is($r->status, 400, "Zoom's answer");
        is($r->json->{code}, 4711, 'as it is');
    }

    my $log = $t->{nginx}[-1]->error_log;

    is(scalar(() = $log =~ /a scope that the app lacks/g), 1, 'one line');
    like($log, qr/\[error\].*\ account\ "acme":\ Zoom\ refused\ a\ GET\ of\ caller
                  \ "agent"\ for\ a\ scope\ that\ the\ app\ lacks:\ ".*
                  report:read:meeting:admin.*",\ the\ endpoint\ takes
                  \ report:read:meeting:admin;\ add\ the\ scope\ at\ Zoom's
                  \ Marketplace,\ under\ the\ app's\ Scopes,\ and\ activate\ the
                  \ app\ again/x, 'that says which and where');
};


subtest 'a caller that hangs up' => sub {
    my $r = http_start(port => $t->port, path => '/wire/things/hang',
                       headers => [Authorization => 'Bearer '
                                   . $t->secret('header')]);
    $wire->forget;
    ok(wait_for(sub { scalar $wire->requests }, 5), 'on its way');
    $r->abort;
    ok(wait_for(sub {
        $t->{nginx}[-1]->error_log =~ /client prematurely closed/ }, 5), 'gone');
    is(wire(GET => '/plain')->status, 200, 'and nobody minds');
};

$t->finish;
