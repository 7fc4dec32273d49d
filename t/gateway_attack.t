#!/usr/bin/perl

# What an attacker who has a caller's key can send to the gateway, byte by
# byte. Either it is refused, and Zoom hears nothing of it, or Zoom gets the
# very request that was allowed. The stand-in reads paths as the most credulous
# of servers would, and tells what it was sent.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $json = JSON::PP->new->utf8;
my $key = $t->secret('header');

our $TODO;

# at "info" nginx itself quotes a key that comes twice
my $pass = <<'EOC';
        zoom_pass          acme;
        zoom_authenticate  header=Authorization file:%{header} as=agent;
        zoom_allow         agent "GET:/meetings/{meetingId}"
                                 "DELETE:/meetings/{meetingId}"
                                 "POST:/users/{userId}/meetings";
EOC

# It has a certificate of somebody we trust, but not of this name.
my $other = $t->start_sandbox(called => 'other', names => 'DNS:other.example');

spew($t->dir . '/both.pem', slurp($zoom->ca) . slurp($other->ca), 0644);

my $named = $t->account('named', api_url => $other->api_url,
                        trusted_certificate => '%{dir}/both.pem');

$t->nginx(level => 'notice', http => $named, locations => <<"EOC");
    location /zoom/  { $pass }
    location /named/ { @{[ $pass =~ s/acme/named/r ]} zoom_timeout 1s; }
    location /short/ { $pass zoom_timeout 1s; }
EOC

# What it may do, and whatever it asks for must be one of these to Zoom.
my %allowed = map { $_ => 1 } (
    'GET /meetings/{meetingId}', 'DELETE /meetings/{meetingId}',
    'POST /users/{userId}/meetings',
);

# Headers that Zoom may get, at most once each.
my %headers = map { $_ => 1 } qw(
    host authorization user-agent accept accept-language content-type
    content-length transfer-encoding content-disposition content-language
    if-match if-none-match if-modified-since if-unmodified-since if-range range
    last-event-id mcp-session-id mcp-protocol-version connection
);


sub again {
    $zoom->control({ forget => 1 }, { clear => 1 });
}

$zoom->control({ account => { all_scopes => 1 } }, { paths => 'lenient' });


# True if there is nothing but whole answers, the last of them no "100".
sub whole {
    my ($in) = @_;
    my $status = 100;

    while ($in =~ s/\A(HTTP\/1\.1 (\d+).*?\r\n\r\n)//s) {
        (my $head, $status) = ($1, $2);

        if ($head =~ /^Content-Length: (\d+)/mi) {
            return if length $in < $1;
            substr $in, 0, $1, '';

        } elsif ($head =~ /^Transfer-Encoding: chunked/mi) {
            $in =~ s/\A.*?\r\n0\r\n\r\n//s or return;
        }
    }

    return $in eq '' && $status >= 200;
}


# All that comes back: until the connection ends, or an answer is whole and no
# other follows.
sub raw {
    my ($bytes, $patience) = @_;
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $t->port) or die $!;
    my $select = IO::Select->new($sock);
    my $in = '';
    my $end = time + 10;

    syswrite $sock, $bytes;

    while (time < $end && $select->can_read(whole($in) ? 0.03
                                               : $patience // 5)) {
        sysread $sock, $in, 65536, length $in or last;
    }

    return $in;
}


sub statuses { return join ' ', $_[0] =~ m{HTTP/1\.1 (\d+) }g }


# What Zoom was sent: "GET /v2/meetings/1" ...
sub seen {
    return grep { $_->{endpoint} ne 'download' && $_->{endpoint} ne 'cdn' }
           $zoom->requests;
}


# What can't be, whatever was sent: of each request that Zoom got.
sub foul {
    my ($got) = @_;
    my @foul;

    for my $request (seen()) {
        my %n;

        $n{ lc $_->[0] }++ for @{ $request->{headers} };

        push @foul, "$_: $n{$_} times"
            for grep { $n{$_} > 1 && !/^(?:accept|if-)/ } keys %n;
        push @foul, "a header $_" for grep { !$headers{$_} } keys %n;

        for (@{ $request->{headers} }) {
            my ($name, $value) = @$_;

            push @foul, "$name: $value" if index($value, $key) >= 0
                || $value =~ /evil/i && lc $name ne 'user-agent'
                || lc $name eq 'authorization' && $value !~ /^Bearer ey/;
        }

        push @foul, "both lengths"
            if $n{'content-length'} && $n{'transfer-encoding'};
        push @foul, "a host: $request->{host}"
            if $request->{host} ne '127.0.0.1:' . $zoom->tls;
    }

    # what the caller must not see
    my %secret = (
        'an access token' => $t->token_mark($zoom),
        'a cookie'        => $zoom->cookie,
        'our app'         => $t->secret('client_id'),
        'our account'     => $t->secret('account_id'),
        'its own key'     => $key,
    );

    push @foul, "the caller got $_"
        for grep { index($got, $secret{$_}) >= 0 } sort keys %secret;

    return @foul;
}


# The bytes, the statuses of the answers (a pattern), and what Zoom got of it;
# where all answers are refusals, nothing.
sub check {
    my ($name, $bytes, $want, @want) = @_;

    again();

    # what has no end may get no answer
    my $got = raw($bytes, $want =~ /\|\z/ ? 0.5 : 5);
    my @seen = seen();
    my @endpoints = $got =~ /"endpoint":"([^"]*)"/g;
    my @foul = (foul($got), grep { !$allowed{ s{\\/}{/}gr } } @endpoints);

    @want = () if statuses($got) !~ /\b2/;

    my $ok = statuses($got) =~ /\A(?:$want)\z/
             && "@want" eq join(' ', map { "$_->{method} $_->{uri}" } @seen)
             && !@foul;

    ok($ok, $name) or $TODO
        or diag('sent: ' . $bytes =~ s/\Q$key\E/KEY/gr, "\n",
                "got: $got\nZoom got: ",
                (map { "$_->{method} $_->{uri}\n" } @seen), "wrong: @foul");
    return @seen;
}


sub request {
    my ($method, $target, @headers) = @_;

    return join "\r\n", "$method $target HTTP/1.1", 'Host: localhost',
                        "Authorization: Bearer $key", @headers, '', '';
}


sub get { return request('GET', "/zoom$_[0]", @_[1 .. $#_]) }

my $fine = 'GET /v2/meetings/123';
my $path = '/meetings/123';


subtest 'what is meant' => sub {
    check('a path', get($path), 200, $fine);
    check('arguments', get("$path?a=b&c=%20d&e"), 200, "$fine?a=b&c=%20d&e");
    check('a meeting', request('POST', '/zoom/users/a%40b.c/meetings',
          'Content-Type: application/json', 'Content-Length: 2') . '{}',
          201, 'POST /v2/users/a%40b.c/meetings');
    check('none', request('DELETE', "/zoom$path"), 200,
          'DELETE /v2/meetings/123');
    check('what it may not', get('/users/x'), 403);
    check('nor that way', request('PATCH', "/zoom$path", 'Content-Length: 0'),
          403);
};


subtest 'dots' => sub {
    for my $dots ('..', '.', '%2e%2e', '%2E%2e', '.%2e', '%2e.', '%2e',
                  '%252e%252e', '..;', '..%00', '..%2f', '%2e%2e%2f',
                  '%2e%2e%5c', '..\\', '%c0%ae%c0%ae', '%e0%80%ae',
                  '%uff0e%uff0e', '%25%32%65%25%32%65')
    {
        check("$path/$dots/$dots/users/x", get("$path/$dots/$dots/users/x"),
              '400|403');
        check("/$dots$path", get("/$dots$path"), '400|403|404');
        check("$path/$dots", get("$path/$dots"), '400|403|404');
        check("/meetings/$dots", get("/meetings/$dots"), '400|403|404');
    }

    check('out of the location', request('GET', "/zoom/../zoom$path"), 400);
    check('and of it all', request('GET', '/zoom/../../etc/passwd'),
          '400|404');
};


subtest 'slashes' => sub {
    check("//$_", get($_), '400|403')
        for '//meetings/123', '/meetings//123', '/meetings/123/',
            '/meetings/123//', '/meetings/', '/', '//', '/meetings/%2F',
            '/meetings%2F123', '/meetings%252F123', '/meetings/a%2Fb',
            '/meetings/123%2F..%2F..%2Fusers%2Fx', '/meetings/123%2f',
            '/meetings/%2f%2f', '/meetings/123%5cx', '/meetings\\123',
            '/meetings/123%255c..', '/meetings/1%25252Fx';

    # which only Zoom itself reads right
    $zoom->control({ paths => 'strict' });

    my $uuid = 'aDYlohsHRtCd4ii1uC2%shA%%3D%%3D';
    my $zoom_wants = 'GET /v2/meetings/' . sprintf $uuid, '%2F';

    check('of an UUID', get('/meetings/' . sprintf $uuid, '%2F'), 200,
          $zoom_wants);
    check('small letters', get('/meetings/' . sprintf $uuid, '%2f'), 200,
          $zoom_wants);
    check('twice', get('/meetings/' . sprintf $uuid =~ s/%%/%%25/gr, '%252F'),
          200, $zoom_wants);

    $uuid = '/DYlohsHR//Cd4ii1uC2hA==';
    $zoom_wants = $uuid =~ s{/}{%252F}gr =~ s/=/%253D/gr;

    for my $sent ($uuid =~ s{/}{%2F}gr, $uuid =~ s{/}{%2F}gr =~ s/=/%3D/gr,
                  $zoom_wants)
    {
        check($sent, get("/meetings/$sent"), 200,
              "GET /v2/meetings/$zoom_wants");
    }

    check('where there is none', request('POST', '/zoom/users/'
          . ($uuid =~ s{/}{%2F}gr) . '/meetings', 'Content-Length: 0'), 400);

    $zoom->control({ paths => 'lenient' });

    for my $id ('12345%2Fregistrants%3D', '12345%2Fregistrants',
                '1%2Finvitation', 'a%2F..%2F..%2Fusers%2Fx==',
                '12345678901%2Fregistrants==')
    {
        again();

        my $got = raw(get("/meetings/$id"));

        like(statuses($got), qr/^40[034]$/, "$id is no other endpoint");
        is(join(' ', foul($got)), '', 'to anybody');
    }
};


subtest 'escapes' => sub {
    check("$_", get($_), '400|403')
        for '/meetings/12%', '/meetings/12%3', '/meetings/12%zz',
            '/meetings/12%00', '/meetings/%00', '/meetings/123%00.json',
            '/meetings/123%0d%0aX-Evil:%20evil', '/meetings/123%0a',
            '/meetings/123%7f', '/meetings/123%ff', '/meetings/%c0%af',
            '/meetings/%ed%a0%80', '/meetings/123;x=1', '/meetings/123%3bx',
            '/meetings/123%253bx', '/meetings/%u0031', '/meetings/123%09';

    check('what needs none', get('/%6deetings/%31%32%33'), 200, $fine);
    check('what does', get('/meetings/%c3%a9'), 200,
          'GET /v2/meetings/%C3%A9');
    check('raw', get("/meetings/\xc3\xa9"), '200|400',
          'GET /v2/meetings/%C3%A9');
    check('a star', get('/meetings/*'), 200, 'GET /v2/meetings/%2A');
    check('of the location', request('GET', "/%7aoom$path"), 400);
    check('and its slash', request('GET', '/zoom%2fmeetings/123'), '400|404');
    check('its letters', request('GET', "/ZOOM$path"), 404);
    check('its slashes', request('GET', "//zoom$path"), 400);
};


subtest 'arguments' => sub {
    check('a fragment', get("$path#evil"), '200|400',
          'GET /v2/meetings/123%23evil');
    check('behind arguments', get("$path?a=b#evil"), 400);
    check('encoded', get("$path?a=%23&b=%0d%0aX:y"), 200,
          "$fine?a=%23&b=%0d%0aX:y");
    check('a question', get("$path?a=?b=/../x"), 200, "$fine?a=?b=/../x");
    check('nothing', get("$path?"), 200, $fine);
    check('a letter of another kind', get("$path?a=\xe9"), 400);
    check('a blank', get("$path?a=b c"), 400);
    check('a control character', get("$path?a=\x01"), 400);
    check('a token of its own', get("$path?access_token=evil"), '200|400',
          "$fine?access_token=evil");
};


subtest 'the request line' => sub {
    my %target = (
        'absolute'        => "http://localhost/zoom$path",
        'of another host' => "http://api.zoom.us/zoom$path",
        'and another'     => 'https://evil.example/v2/users',
        'with a user'     => "http://me:evil\@localhost/zoom$path",
        'with a user, no scheme' => "//evil\@localhost/zoom$path",
        'without a path'  => 'http://localhost',
        'a name'          => 'localhost:80',
        'a star'          => '*',
        'no slash'        => 'zoom/meetings/123',
        'a blank'         => "/zoom$path /x",
        'a tab'           => "/zoom$path\t/x",
        'a line'          => "/zoom$path\r/x",
        'NUL'             => "/zoom$path\0",
    );

    check($_, request('GET', $target{$_}), '400|404|') for sort keys %target;

    check("$_", request($_, "/zoom$path", 'Content-Length: 0'),
          '400|405|') for qw(TRACE OPTIONS HEAD PROPFIND MKCOL get G%45T);
    check('CONNECT', request('CONNECT', 'api.zoom.us:443'), '400|405|');
    check('a star for all', request('OPTIONS', '*'), '400|405');

    check('HTTP/0.9', "GET /zoom$path\r\n", '401|');
    check('HTTP/1.0', get($path) =~ s/1\.1/1.0/r, 200, $fine);
    check('HTTP/2.0', get($path) =~ s/1\.1/2.0/r, '400|505');
    check('HTTP/9', get($path) =~ s/1\.1/9/r, '400|505|');
    check('long', get('/meetings/' . 'x' x 3000), '400');
    check('longer', get('/meetings/' . 'x' x 40_000), 414);
    check('deep', get('/meetings' . '/x' x 40), '400|403');
};


subtest 'lengths' => sub {
    my $post = '/zoom/users/x/meetings';
    my $type = 'Content-Type: application/json';
    my $hidden = "DELETE /v2/users/evil HTTP/1.1\r\nHost: evil\r\n\r\n";

    for my $both (['Content-Length: 2', 'Transfer-Encoding: chunked'],
                  ['Transfer-Encoding: chunked', 'Content-Length: 2'],
                  ['Transfer-Encoding: chunked',
                   'Transfer-Encoding: chunked'],
                  ['Transfer-Encoding: chunked',
                   'Transfer-Encoding: identity'],
                  ['Transfer-Encoding: identity, chunked'],
                  ['Transfer-Encoding: chunked, identity'],
                  ['Transfer-Encoding: gzip, chunked'],
                  ['Transfer-Encoding: xchunked'],
                  ["Transfer-Encoding: \x0bchunked"],
                  ['Transfer-Encoding: chunked;x'],
                  ['Transfer-Encoding: identity', 'Content-Length: 2'],
                  ['Content-Length: 2', 'Content-Length: 2'],
                  ['Content-Length: 2', 'Content-Length: 200'],
                  ['Content-Length: 2, 2'], ['Content-Length: +2'],
                  ['Content-Length: -2'], ['Content-Length: 0x2'],
                  ['Content-Length: 2 3'], ['Content-Length: 2;'],
                  ['Content-Length: 99999999999999999999'])
    {
        check(join(' + ', @$both) =~ s/\x0b/VT/r,
              request('POST', $post, $type, @$both)
              . "{}\r\n0\r\n\r\n$hidden", '400|413|501');
    }

    check('a name with a blank', request('POST', $post, $type,
          'Content-Length : 60') . $hidden, '400|201 40[0-9]',
          'POST /v2/users/x/meetings');

    my @seen = check('a body that is a request', request('POST', $post,
          'Content-Type: multipart/form-data; boundary=x',
          'Content-Length: ' . length $hidden) . $hidden, 201,
          'POST /v2/users/x/meetings');

    is($seen[0]{body}{text}, $hidden, 'is a body');

    check('and one behind it', request('POST', $post, $type,
          'Content-Length: 2') . "{}$hidden", '201 (?:40[0-9])',
          'POST /v2/users/x/meetings');

    my $chunks = request('POST', $post, $type, 'Transfer-Encoding: chunked');

    @seen = check('chunks', "${chunks}1;evil=1\r\n{\r\n1\r\n}\r\n"
          . "0\r\nX-Evil: evil\r\nAuthorization: evil\r\n\r\n", '201',
          'POST /v2/users/x/meetings');
    is($seen[0]{body}{text}, '{}', 'are their bytes');

    for my $bad ('0x1', '-1', '1g', ' ', 'ffffffffffffffff1',
                 'fffffffffffffffff', "1\0")
    {
        check("a chunk of $bad", "${chunks}$bad\r\n{\r\n0\r\n\r\n", '400|413|');
    }

    @seen = check('GET with a body', get($path, 'Content-Length: '
          . length $hidden) . $hidden, 200, $fine);
    is($seen[0]{body}{length}, 0, 'has none for Zoom');

    @seen = check('and in chunks', get($path, 'Transfer-Encoding: chunked')
          . sprintf("%x\r\n%s\r\n0\r\n\r\n", length $hidden, $hidden), 200,
          $fine);
    is($seen[0]{body}{length}, 0, 'neither');
};


subtest 'headers' => sub {
    for my $header ('Cookie: evil=1', 'X-Forwarded-For: evil',
                    'X-Forwarded-Host: evil', 'Forwarded: host=evil',
                    'X-Real-IP: evil', 'Via: evil', 'X-Original-URL: /evil',
                    'X-Rewrite-URL: /evil', 'X-HTTP-Method-Override: DELETE',
                    'X-Method-Override: DELETE', 'Proxy: http://evil',
                    'Proxy-Authorization: Basic evil', 'TE: trailers',
                    'Trailer: X-Evil', 'Keep-Alive: timeout=9',
                    'Proxy-Connection: keep-alive', 'X-Zm-Trackingid: evil',
                    'Connection: authorization', 'Connection: host, x-y',
                    'Connection: content-length', 'Accept-Encoding: gzip',
                    'Connection: keep-alive, authorization, close',
                    'X-Zoom-Evil: evil', 'Referer: evil', 'Origin: evil',
                    'Upgrade-Insecure-Requests: 1', 'X_Evil: evil',
                    'Expect: evil', 'Max-Forwards: 0')
    {
        check($header, get($path, $header),
              '200|417', $fine);
    }

    check('another key', request('GET', "/zoom$path")
                         =~ s/Bearer \Q$key\E/Bearer evil/r, 401);
    check('two keys', get($path, 'Authorization: Bearer evil'), '400|401');
    check('the other way round', request('GET', "/zoom$path")
          =~ s/^(Authorization: )/${1}Bearer evil\r\n$1/mr, '400|401');
    check('two hosts', get($path, 'Host: evil'), 400);
    check('another host', get($path) =~ s/localhost/evil.example/r, 200,
          $fine);
    check('a host with a user', get($path) =~ s/localhost/evil\@localhost/r,
          '200|400', $fine);
    check('a host with a path', get($path) =~ s/localhost/localhost\/x/r,
          400);
    check('no host', get($path) =~ s/^Host.*\r\n//mr, 400);
    check('a folded line', get($path, 'Accept: a', ' evil: b'), '400|200',
          $fine);
    check('a bare CR', get($path, "Accept: a\rX-Evil: evil"), '400', ());
    check('NUL in a value', get($path, "Accept: a\0evil"), '400');
    check('NUL in a name', get($path, "Acc\0ept: a"), '200|400', $fine);
    check('bare LF', get($path) =~ s/\r\n/\n/gr, 200, $fine);
    check('a name without a colon', get($path, 'evil'), '200|400', $fine);
    check('a list in two', get($path, 'Accept: a', 'Accept: b'), 200, $fine);

    # one of them is sent, see t/gateway.t
    check('two ranges', get($path, 'Range: bytes=0-1', 'Range: bytes=2-'),
          '200|206', $fine);

    check('large', get($path, 'Accept: ' . 'x' x 60_000), '400|431');
    check('many', get($path, map { "X-Evil-$_: evil" } 1 .. 300), 200, $fine);
};


subtest 'more than a request' => sub {
    check('WebSocket', get($path, 'Upgrade: websocket',
          'Connection: upgrade, close', 'Sec-WebSocket-Key: evil'), 200,
          $fine);
    check('h2c', get($path, 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk',
                     'Connection: Upgrade, HTTP2-Settings'), 200, $fine);
    check('HTTP/2 at once', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", '400|');
    check('Expect', request('POST', '/zoom/users/x/meetings',
          'Content-Type: application/json', 'Content-Length: 2',
          'Expect: 100-continue', 'Connection: close') . '{}', '100 201',
          'POST /v2/users/x/meetings');
    check('several', get($path) . get('/users/x') . get("$path?2"),
          '200 403 200', $fine, "$fine?2");
};


subtest 'HTTP/2' => sub {
    my $h2 = sub {
        my ($name, $to, $want, $seen, @o) = @_;

        again();

        my $r = http2(port => $t->{nginx}[-1]->port2, path => "/zoom$to",
                      headers => [Authorization => "Bearer $key"], @o);

        is($r->status, $want, $name);
        is(join(' ', map { "$_->{method} $_->{uri}" } seen()), $seen,
           'and what Zoom got');
        is(join(' ', foul(join "\n", $r->body, %{ $r->headers })), '',
           'is clean');
    };

    $h2->('a path', $path, 200, $fine);
    $h2->('dots', "$path/../../users/x", 400, '');
    $h2->('slashes', '//meetings/123', 400, '');
    $h2->('escapes', '/meetings/%2e%2e', 400, '');
    $h2->('headers', $path, 200, $fine, headers => [
        Authorization => "Bearer $key", Cookie => 'evil=1',
        'X-Forwarded-For' => 'evil', TE => 'trailers']);
    $h2->('a body', '/users/x/meetings', 201, 'POST /v2/users/x/meetings',
          body => '{}', headers => [Authorization => "Bearer $key",
                                    'Content-Type' => 'application/json']);
    $h2->('no key', $path, 401, '', headers => []);
};


# A key of ours is for Zoom, and for nobody who says that it is Zoom.
subtest 'another Zoom' => sub {
    my $served = sub { statuses(raw(request('GET', "/short$path"))) };

    is($served->(), 200, 'what is Zoom');

    again();
    $zoom->disguise;

    # until no connection is left that was made before
    wait_for(sub { $served->() =~ /^50/ }, 20, 'the end of connections');
    again();
    like($served->(), qr/^50[234]$/, 'who has another authority');
    is(scalar seen(), 0, 'is not asked');

    $zoom->restore;
    ok(wait_for(sub { $served->() eq '200' }, 20), 'Zoom again');

    # The right authority, for somebody else's name.
    like(statuses(raw(request('GET', "/named$path"))), qr/^50[234]$/,
         'who has another name');
    is(scalar(grep { $_->{endpoint} } $other->requests), 0,
       'is not asked either');
    like(slurp($t->{nginx}[-1]->dir . '/error.log'),
         qr/account "named": .*mismatch/, 'and told of');
};


# Zoom, or who has got between us.
subtest 'what comes back' => sub {
    my $with = sub {
        my (%rule) = @_;

        # an outage is over when somebody has seen that it is
        again();
        wait_for(sub { statuses(raw(get($path))) eq '200' }, 30, 'an answer');
        again();

        $zoom->control({ match => 'rest', times => 1, %rule });
        return raw(request('GET', "/short$path"));
    };
    my $ok = "HTTP/1.1 200 OK\r\n";

    for my $bad ("${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
                 "${ok}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
                 "${ok}Content-Length: -2\r\n\r\n{}",
                 "${ok}Transfer-Encoding: chunked, identity\r\n\r\n{}",
                 "${ok}X: y\0\r\n\r\n{}",
                 "HTTP/1.1 101 Switching\r\nUpgrade: evil\r\n\r\nevil",
                 "HTTP/1.1 2000 OK\r\n\r\n{}", "evil\r\n\r\n", "\0",
                 'HTTP/1.1 200 OK',
                 $ok . join('', map { "X-$_: y\r\n" } 1 .. 5000) . "\r\n{}",
                 $ok . 'X: ' . ('y' x 200_000) . "\r\n\r\n{}")
    {
        my $got = $with->(mode => 'raw', bytes => $bad, times => 9);
        my $called = (substr $bad, 0, 60) =~ s/[^ -~]+/ /gr;

        like(statuses($got), qr/^50[234]$/, $called);
        unlike($got, qr/evil/, 'none of it');
    }

    my $got = $with->(mode => 'answer', status => 302,
                      headers => { Location => 'https://evil.example/',
                                   'Set-Cookie' => 'evil=1',
                                   'X-Accel-Redirect' => '/evil',
                                   'X-Accel-Buffering' => 'no',
                                   'Refresh' => '0; url=/evil',
                                   'WWW-Authenticate' => 'Basic evil' });

    is(statuses($got), 302, 'a redirect is the caller\'s');
    unlike($got, qr/^(?:Set-Cookie|X-Accel|Refresh|WWW)/mi, 'but no more');
    is(scalar seen(), 1, 'and goes nowhere from here');

    # What is left on a connection is nobody's answer.
    $got = $with->(mode => 'raw', then => 'hang', ms => 3000,
                   bytes => "${ok}Content-Type: application/json\r\n"
                            . "Content-Length: 2\r\n\r\n{}"
                            . "${ok}Content-Length: 6\r\n\r\npoison");
    like($got, qr/\{\}\z/, 'an answer with another behind it');
    unlike(join('', map { raw(get($path)) } 1 .. 4), qr/poison/,
           'which nobody gets');

    $got = $with->(mode => 'early', status => 400, body => '{"code":300}');
    is(statuses($got), 400, 'an early answer');

    $got = $with->(mode => '401');
    is(statuses($got), 200, 'a token that died is renewed, once');
    is(scalar seen(), 2, 'and it is asked again');

    $got = $with->(mode => 'answer', status => 401, times => 9,
                   body => '{"code":124,"message":"Invalid access token."}');
    like(statuses($got), qr/^50[0-9]$/, 'one that never lives is no answer');
    cmp_ok(scalar seen(), '<=', 3, 'and not asked for ever');
};



$t->finish;
