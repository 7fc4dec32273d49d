#!/usr/bin/perl

# The stand-in's side of the gateway: every endpoint that Zoom has published,
# what it refuses, GraphQL, MCP, recordings, and each way to go wrong on the
# way.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $json = JSON::PP->new->utf8->canonical;
my $bearer;


sub token {
    return http(
        port => $zoom->plain, path => '/oauth/token',
        body => 'grant_type=account_credentials&account_id='
                . $t->secret('account_id'),
        headers => ['Content-Type' => 'application/x-www-form-urlencoded',
                    'Authorization' => 'Basic ' . encode_base64(
                        $t->secret('client_id') . ':'
                        . $t->secret('client_secret'), '')],
    )->json->{access_token};
}


sub again {
    $zoom->control({ reset => 1 }, { account => { all_scopes => 1 } }, @_);
    $bearer = token();
}


# body => a hash for JSON, or text; headers, host, port, on: see Zoom::HTTP.
sub ask {
    my ($method, $path, %o) = @_;
    my @type = ref $o{body} ? ('Content-Type' => 'application/json') : ();

    $o{body} = $json->encode($o{body}) if ref $o{body};

    return http(
        port => $zoom->plain, method => $method, path => $path,
        (map { exists $o{$_} ? ($_ => $o{$_}) : () }
             qw(body chunked keepalive on)),
        headers => [
            exists $o{bearer} ? () : (Authorization => "Bearer $bearer"),
            defined $o{bearer} ? (Authorization => $o{bearer}) : (),
            Host => $o{host} // 'localhost', @type, @{ $o{headers} // [] },
        ],
    );
}

sub api { my ($method, $path, @o) = @_; return ask($method, "/v2$path", @o) }
sub said { return join ' ', $_[0]->status, $_[0]->json->{code} // () }


subtest 'every endpoint' => sub {
    again();

    my (@bad, %seen, $n, $on);

    open my $fh, '<', "$FindBin::Bin/../src/endpoints.tsv" or die;

    while (<$fh>) {
        next if /^#/;

        my (undef, $method, $path) = split /\t/;
        my $raw = $path =~ s/\{.*?\}/'5' . $n++ . 'x'/ger;
        my $whole = $raw =~ m{^/v\d+/} ? $raw : "/v2$raw";

        # those that are written out answer by themselves
        next if $raw =~ m{^/(?:users|groups)(?:/[^/]+(?:/token|/status|/zak
                           |/members)?)?$|/jointoken/}x;

        my $r = ask($method, $whole, keepalive => 1, $on ? (on => $on) : (),
                    $method eq 'GET' ? () : (body => {}));
        my $want = $method eq 'POST' ? 201 : 200;

        push @bad, "$method $path: " . $r->status . ' '
                   . ($r->json->{endpoint} // $r->body)
            if $r->status != $want
               || ($r->json->{endpoint} // '') ne "$method $path";
        $seen{ $r->json->{label} // '' }++;
        $on = $r;
    }

    is(scalar @bad, 0, 'is itself') or diag("@bad[0 .. 4]");
    is(join(' ', sort keys %seen), 'Heavy Light Medium Resource-intensive',
       'each label');
};


subtest 'what came' => sub {
    again();

    my $body = $json->encode({ topic => 'x' x 3000 });
    my $r = api(PATCH => '/meetings/85746065432?occurrence_id=1&a=%20b',
                body => $body, chunked => 700,
                headers => ['Content-Type' => 'application/json',
                            'X-Mine' => 'yes']);
    my $is = $r->json;

    is($r->status, 200, 'is answered');
    is($is->{uri}, '/v2/meetings/85746065432?occurrence_id=1&a=%20b',
       'the path as it came');
    is($is->{endpoint}, 'PATCH /meetings/{meetingId}', 'its endpoint');
    is($is->{args}{meetingId}, '85746065432', 'its arguments');
    is($is->{body}{length}, length $body, 'the length of the body');
    is($is->{body}{sha256}, sha256_hex($body), 'the body');
    ok($is->{body}{chunked}, 'in chunks');
    ok((grep { $_ eq 'X-Mine' } @{ $is->{headers} }), 'names of headers');
    unlike($r->body, qr/\Q$bearer\E/, 'not the token');

    my ($seen) = grep { $_->{endpoint} eq 'rest' } $zoom->requests;

    ok((grep { $_->[0] eq 'X-Mine' && $_->[1] eq 'yes' }
        @{ $seen->{headers} }), 'headers are reported');
    is($seen->{body}{text}, substr($body, 0, 2000), 'and the body');
    is($seen->{status}, 200, 'and the answer');

    my $big = $zoom->content(5, 3_000_000);

    $r = api(POST => '/users/me/meetings', body => $big,
             headers => ['Content-Type' => 'multipart/form-data; boundary=x']);
    is($r->json->{body}{sha256}, sha256_hex($big), 'a large one');
    is($zoom->count('me'), 1, '"me" is counted');

    $zoom->control({ echo => JSON::PP::false });
    is(api(DELETE => '/meetings/85746065432')->status, 204,
       'or nothing is said, as Zoom does');
};


subtest 'what tells of us' => sub {
    again();

    my $r = api(GET => '/meetings/85746065432');

    is($r->header('x-zm-clientid'), $t->secret('client_id'), 'our app');
    like($r->header('set-cookie'), qr/cred=\Q${\ $zoom->cookie }\E/, 'cookies');
    like($r->header('x-zm-trackingid'), qr/^v=2\.0;/, 'a tracking id');
};


subtest 'refusals' => sub {
    again();

    my $path = '/meetings/85746065432';

    is(said(api(GET => $path, bearer => undef)), '401 124', 'no token');
    is(said(api(GET => $path, bearer => 'Bearer x')), '401 124', 'another');
    is(said(api(GET => '/nothing')), '404 2300', 'no such endpoint');
    is(said(api(GET => "$path/x/y/z")), '404 2300', 'nor one below it');
    is(said(api(PUT => $path, body => {})), '404 2300', 'nor method');
    is(said(api(PATCH => $path, body => 'x=1', headers => ['Content-Type' =>
                'application/x-www-form-urlencoded'])), '415 300', 'a form');
    is(said(api(PATCH => $path, body => '{}')), '415 300', 'no type');
    is(said(api(PATCH => $path, body => '{', headers => ['Content-Type' =>
                'application/json'])), '400 300', 'no JSON');
    is(said(ask(GET => "/v2$path", host => 'zoom.us')), '404 2300',
       'zoom.us has no API');
    is(said(ask(GET => "/v2$path", host => 'mcp.zoom.us')), '404 2300',
       'nor has MCP');

    $zoom->control({ revoke => 1 });
    is(said(api(GET => $path)), '401 124', 'a token that was');
};


subtest 'scopes' => sub {
    again({ account => { all_scopes => JSON::PP::false,
                         scopes => ['meeting:read:meeting:admin',
                                    'meeting:read:meeting'] } });

    is(api(GET => '/meetings/1')->status, 200, 'the one');

    my $r = api(DELETE => '/meetings/1');

    is(said($r), '400 4711', 'another');
    is($r->json->{message}, 'Invalid access token, does not contain scopes:'
       . '[meeting:delete:meeting:admin, meeting:write:admin].', 'in words')
        or diag($r->body);

    again({ account => { all_scopes => JSON::PP::false,
                         scopes => ['meeting:delete:meeting'] } });
    is(said(api(DELETE => '/meetings/1')), '400 4711',
       "a user's own is none of the account's");
};


subtest 'limits' => sub {
    again({ plan => 'free' });

    my @got = map { api(GET => '/meetings/1') } 1 .. 6;
    my ($over) = grep { $_->status == 429 } @got;

    ok($over, 'too many') or return;
    is($over->header('x-ratelimit-category'), 'Light', 'of what');
    is($over->header('x-ratelimit-type'), 'QPS', 'in a second');

    again({ daily_spent => { 'bots@example.com' => 98 } });

    my $path = '/users/bots@example.com/meetings';
    my $r = api(POST => $path, body => {});
    my $meeting = $r->json->{id};

    is($r->status, 201, 'the 99th meeting of a day');
    is(api(PATCH => "/meetings/$meeting", body => {})->status, 200,
       'the 100th, which changes it');

    $r = api(POST => $path, body => {});
    is(said($r), '429 429', 'the 101st');
    is($r->header('x-ratelimit-type'), 'Daily-limit', 'of the day');
    is($r->header('x-ratelimit-limit'), 100, 'of a hundred');
    like($r->header('retry-after'), qr/T00:00:00Z$/, 'until midnight');
    is(said(api(PATCH => "/meetings/$meeting", body => {})), '429 429',
       'whichever it is');
    is(api(POST => '/users/owner@example.com/meetings', body => {})->status,
       201, 'not of another user');
    is(api(GET => "/meetings/$meeting")->status, 200, 'reading is free');
};


subtest 'UUIDs' => sub {
    again();

    my $uuid = sub {
        return api(GET => '/past_meetings/' . $_[0])->json->{args}{meetingId};
    };

    is($uuid->('aDYlohsHRtCd4ii1uC2%2BhA%3D%3D'), 'aDYlohsHRtCd4ii1uC2+hA==',
       'once');
    is($uuid->('ab%2Fcd%3D%3D'), 'ab/cd==', 'with a slash');
    is($uuid->('%252Fab%252F%252Fcd%253D%253D'), '/ab//cd==', 'twice');
    is(said(api(GET => '/past_meetings/%2Fabcd')), '404 3001',
       'once, where twice is needed');
    is(said(api(GET => '/past_meetings/ab%2F%2Fcd')), '404 3001',
       'in its middle');
    is(said(api(GET => '/past_meetings//abcd')), '404 2300',
       'as it is');
};


subtest 'the most credulous of servers' => sub {
    again({ paths => 'lenient' });

    my %means = (
        '/meetings/1/../../users/a/meetings'  => 'GET /users/{userId}/meetings',
        '/meetings/%2e%2e/users/a/meetings'   => 'GET /users/{userId}/meetings',
        '/meetings/%252e%252e/users/a/meetings'
            => 'GET /users/{userId}/meetings',
        '/meetings\\1'                        => 'GET /meetings/{meetingId}',
        '//meetings//1'                       => 'GET /meetings/{meetingId}',
        '/meetings/1;/../2'                   => 'GET /meetings/{meetingId}',
        '/users/a%2Fmeetings'                 => 'GET /users/{userId}/meetings',
        '/meetings/1%00/x'                    => undef,
    );

    is(api(GET => $_)->json->{endpoint}, $means{$_}, $_) for sort keys %means;
};


subtest 'GraphQL' => sub {
    again();

    my $graphql = sub {
        return ask(POST => '/v3/graphql', body => ref $_[0] ? $_[0]
                                                  : { query => $_[0] });
    };

    my $r = $graphql->('query Q($n: Int = 3) { # two of them { }
        users(first: $n, filter: { name: "} mutation {" }) { edges { id } }
        mine: user(userId: "me") @include(if: true) { profile { firstName } }
    }');

    is($r->status, 200, 'a query');
    is(join(' ', sort keys %{ $r->json->{data} }), 'user users',
       'its fields');
    is($zoom->count(qw(graphql query users)), 1, 'are counted');

    $r = $graphql->('mutation { createUser(input: {type: BASIC}) { id } }');
    ok($r->json->{data}{createUser}, 'a mutation');
    is($zoom->count(qw(graphql mutation createUser)), 1, 'is another thing');

    my $both = 'query A { users { id } } mutation B { deleteUser { id } }';

    ok($graphql->({ query => $both, operationName => 'A' })
           ->json->{data}{users}, 'one of several, by name');
    ok($graphql->({ query => $both, operationName => 'B' })
           ->json->{data}{deleteUser}, 'the other');
    like($graphql->($both)->json->{errors}[0]{message}, qr/operation name/,
         'which has to be said');
    like($graphql->('{ nothing }')->json->{errors}[0]{message},
         qr/FieldUndefined/, 'no such field');
    like($graphql->('{ users ')->json->{errors}[0]{message},
         qr/Invalid syntax/, 'half of one');
    like($graphql->('subscription { users }')->json->{errors}[0]{extensions}
            {classification}, qr/ValidationError/, 'no subscription');

    is(said(ask(POST => '/v3/graphql', body => '{}', bearer => undef)),
       '401 124', 'no token');
    is(said(ask(POST => '/v3/graphql', body => 'query=x')), '415 300',
       'a form');
    is(said(ask(GET => '/v3/graphql')), '405 300', 'GET');

    $zoom->control({ account => { all_scopes => JSON::PP::false } });
    is(said($graphql->('{ meetings { id } }')), '400 4711', 'no scope');
};


subtest 'MCP' => sub {
    again();

    my $mcp = sub {
        my ($message, %o) = @_;

        return ask(POST => '/mcp/zoom/streamable',
                   host => 'mcp.zoom.us', body => $message, %o,
                   headers => [Accept => 'application/json, text/event-stream',
                               @{ $o{headers} // [] }]);
    };
    my $of = sub {
        my ($id, $method, %params) = @_;

        return { jsonrpc => '2.0', method => $method, params => \%params,
                 defined $id ? (id => $id) : () };
    };
    my $last = sub {
        my @data = $_[0]->body =~ /^data: (.*)$/mg;

        return @data ? $json->decode($data[-1]) : {};
    };

    my $r = $mcp->($of->(1, 'initialize', protocolVersion => '2025-06-18'));
    my $session = $r->header('mcp-session-id');

    is($r->status, 200, 'a session');
    is($r->header('content-type'), 'text/event-stream', 'as a stream');
    is($last->($r)->{result}{protocolVersion}, '2025-06-18', 'its version');

    my @session = ('Mcp-Session-Id' => $session);
    my @in = (headers => \@session);

    is($mcp->($of->(undef, 'notifications/initialized'), @in)->status, 202,
       'a notification');
    is(scalar @{ $last->($mcp->($of->(2, 'tools/list'), @in))
                      ->{result}{tools} }, 3, 'tools');
    is($last->($mcp->($of->(3, 'tools/call', name => 'echo', arguments =>
        { text => 'hello' }), @in))->{result}{content}[0]{text}, 'hello',
       'one of them');

    $r = $mcp->($of->(4, 'tools/call', name => 'count', arguments =>
                      { to => 5, ms => 1 }, _meta => { progressToken => 7 }),
                @in);
    is(scalar(() = $r->body =~ /notifications\\?\/progress/g), 5, 'a stream');
    is($last->($r)->{id}, 4, 'and its answer');

    is($mcp->($of->(5, 'tools/list'))->status, 400, 'no session');
    is($mcp->($of->(6, 'ping'), headers => ['Mcp-Session-Id' => 'x'])->status,
       404, 'another');
    is($mcp->($of->(7, 'ping'), headers => [@session,
              'MCP-Protocol-Version' => '1999-01-01'])->status, 400,
       'another version');
    is($mcp->($of->(8, 'ping'), bearer => undef)->status, 401, 'no token');
    is(ask(POST => '/mcp/zoom/streamable', body => $of->(9, 'ping'),
           headers => \@session)->status, 406, 'no Accept');
    is($mcp->($of->(10, 'nothing'), @in)->json->{error}{code}, -32601,
       'no such method');

    $zoom->control({ mcp => { answers => 'json' } });
    ok($mcp->($of->(11, 'ping'), @in)->json->{result}, 'or as JSON');

    is(ask(DELETE => '/mcp/zoom/streamable', headers => \@session)->status,
       200, 'its end');
    is($mcp->($of->(12, 'ping'), @in)->status, 404, 'it has ended');
    is(ask(POST => '/mcp/zoom/streamable', host => 'api.zoom.us',
           body => {})->status, 404, 'not where the API is');
};


subtest 'recordings' => sub {
    again();

    my $download = sub {
        return ask(GET => '/rec/download/' . $_[0], host => 'zoom.us',
                   @_[1 .. $#_]);
    };
    my $r = $download->('size-2500000');
    my $to = $r->header('location');

    is($r->status, 302, 'are elsewhere');
    like($to, qr{^https://localhost:${\ $zoom->cdn }/.*Signature=},
         'with a permission in the address');
    is($download->('x', bearer => undef)->status, 401, 'not for everybody');
    is($download->('x', bearer => 'Bearer x')->json->{errorCode}, 124,
       'of another kind');
    is(ask(GET => "/rec/download/x?access_token=$bearer",
           bearer => undef)->status, 302, 'a token in the address');
    is($download->('gone')->status, 404, 'what there is not');

    my $curl = sub {
        my (@headers) = @_;
        my $out = $t->dir . '/out';

        unlink $out;
        spew($t->dir . '/curl', join "\n", "url = \"$to\"",
             'silent', 'cacert = "' . $zoom->ca . '"', "output = \"$out\"",
             'write-out = "%{http_code}"', 'noproxy = "*"',
             map { 'header = "' . s/"/\\"/gr . '"' } @headers);

        my $status = qx(curl -q -K ${\ $t->dir }/curl);

        return ($status, slurp($out));
    };

    my ($status, $body) = $curl->();

    is($status, 200, 'the CDN gives it');
    is(sha256_hex($body), sha256_hex($zoom->content(0, 2_500_000)), 'whole');

    ($status, $body) = $curl->('Range: bytes=999990-1000020');
    is($status, 206, 'or a part');
    is(unpack('H*', $body), unpack('H*', $zoom->content(999_990, 31)),
       'of it');
    ($status, $body) = $curl->('Range: bytes=-10');
    is(unpack('H*', $body), unpack('H*', $zoom->content(2_499_990, 10)),
       'its end');
    is(($curl->('Range: bytes=2500000-'))[0], 416, 'there is no more');
    is(($curl->('Range: bytes=0-1', 'If-Range: "x"'))[0], 200,
       'of another one it is all');
    is(($curl->("Authorization: Bearer $bearer"))[0], 400,
       'who shows a token is sent away');
    is($zoom->count('cdn', 'with authorization'), 1, 'and counted');

    $to =~ s/Signature=../Signature=xx/;
    is(($curl->())[0], 403, 'nor without permission');

    my ($seen) = grep { $_->{endpoint} eq 'cdn' } $zoom->requests;

    is($seen->{port}, $zoom->cdn, 'its requests are reported');

    $zoom->control({ download => { hops => 2 } });

    for my $hop (1, 2) {
        $r = $download->($hop == 1 ? 'size-10' : "size-10?hop=1");
        like($r->header('location'), qr{^http://zoom\.us/rec/.*hop=$hop$},
             "a way of $hop");
    }

    $zoom->control({ download => { location => 'http://127.0.0.1/x' } });
    is($download->('x')->header('location'), 'http://127.0.0.1/x',
       'anywhere');
};


# The answer as it came, and whether the connection ended with it.
sub raw {
    my ($bytes, $seconds) = @_;
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $zoom->plain) or die;
    my $select = IO::Select->new($sock);
    my ($in, $ended) = ('');

    syswrite $sock, $bytes;

    while ($select->can_read($seconds // 3)) {
        if (!sysread $sock, $in, 65536, length $in) {
            $ended = 1;
            last;
        }
    }

    return ($in, $ended);
}


sub head {
    my ($method, $path, @more) = @_;

    return join "\r\n", "$method /v2$path HTTP/1.1", 'Host: localhost',
                "Authorization: Bearer $bearer", @more, '', '';
}


subtest 'misbehaviour' => sub {
    my $path = '/meetings/1';
    my $with = sub {
        my (%rule) = @_;

        again({ match => 'rest', %rule });
        return api(GET => $path);
    };

    my $r = $with->(mode => '401', times => 1);

    is(said($r), '401 124', 'a token that dies on its way');
    is(api(GET => $path)->status, 200, 'once');

    is($with->(mode => 'big', length => 3_000_000)->body,
       $zoom->content(0, 3_000_000), 'a large answer');
    is($with->(mode => 'big', length => 300_000, chunked => 1)->body,
       $zoom->content(0, 300_000), 'in chunks');
    ok($with->(mode => 'big', length => 300_000, sent => 1000)->error,
       'cut short');
    ok($with->(mode => 'big', length => 300_000, sent => 1000, chunked => 1)
           ->error, 'in chunks as well');
    cmp_ok($with->(mode => 'slow', length => 40, piece => 10, ms => 30)->took,
           '>', 0.05, 'a slow one');
    is(scalar(() = $with->(mode => 'sse', count => 4, ms => 1)->body
              =~ /^data: /mg), 4, 'events');
    is($with->(mode => 'gzip')->header('content-encoding'), 'gzip', 'gzip');
    is(gunzip($r = $with->(mode => 'gzip')), '{"zipped":true}',
       'which is that');
    is(length $with->(mode => 'headers', count => 3, size => 9000)
                   ->header('x-long-3'), 9000, 'long headers');
    is($with->(mode => 'answer', status => 204)->status, 204,
       'nothing to say');
    is($with->(mode => 'answer', status => 302,
               headers => { Location => 'https://evil.example/' })
           ->header('location'), 'https://evil.example/', 'a redirect');

    is($with->(mode => '503', method => 'POST')->status, 200,
       'of another method');
    is($with->(mode => '503', kept => 1)->status, 200,
       "a connection's first request");

    my ($in, $ended) = raw(head('GET', $path)
                             . head('GET', $path, 'Connection: close'));

    like($in, qr{^HTTP/1.1 200 .*HTTP/1.1 503 }s, 'and its second');

    again({ match => 'rest', mode => 'early', status => 413 });
    ($in, $ended) = raw(head('POST', '/users/a/meetings',
                             'Content-Length: 10') . '12345', 1);
    like($in, qr/^HTTP\S+ 413 .*early/s, 'an answer before the body');
    ok(!$ended, 'of which more may come');

    again({ match => 'rest', mode => 'early', then => 'close' });
    ($in, $ended) = raw(head('POST', '/users/a/meetings',
                             'Content-Length: 10') . '12345');
    like($in, qr/^HTTP\S+ 413 .*early/s, 'or not');

    again({ match => 'rest', mode => 'raw', read => 4,
            bytes => "HTTP/1.0 200 OK\r\n\r\nhello" });
    ($in, $ended) = raw(head('POST', '/users/a/meetings',
                             'Transfer-Encoding: chunked') . "1\r\nx\r\n");
    is($in, "HTTP/1.0 200 OK\r\n\r\nhello", 'the very bytes');
    ok($ended, 'and the end');

    again({ match => 'rest', mode => 'swallow', piece => 10 });
    $r = api(POST => '/users/a/meetings', body => 'y' x 50);
    is($r->json->{swallowed}, sha256_hex('y' x 50), 'a body that is eaten');
    is($zoom->count('swallowed'), 50, 'bit by bit');

    again();
    ($in) = raw(head('POST', '/users/a/meetings', 'Content-Length: 2',
                     'Content-Type: application/json', 'Expect: 100-continue',
                     'Connection: close'), 1);
    like($in, qr{^HTTP/1.1 100 }, 'it wants the body first');

    $r = api(HEAD => $path, keepalive => 1);
    is($r->status, 200, 'HEAD');
    is($r->body, '', 'has no body');
};


# Stored, as the stand-in makes it.
sub gunzip {
    my ($r) = @_;

    return substr $r->body, 15, unpack 'v', substr $r->body, 11, 2;
}


$t->finish;
