#!/usr/bin/perl

# What comes in: methods, sizes, hostile JSON, slow clients; and how errors
# go out.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;

my $nginx = $t->nginx(http => <<'EOC', locations => <<'EOC2');
    gzip            on;
    gzip_types      *;
    gzip_min_length 1;
    gzip_proxied    any;

    zoom_user  bots@example.com;
EOC
        location = /attendee {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee};
        }

        location = /arg {
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /small {
            client_max_body_size 1k;
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /large {
            client_max_body_size 10m;
            client_body_buffer_size 1k;
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /page {
            error_page         401 /sorry;
            error_page         400 403 =418 @teapot;
            zoom_tokens        acme;
            zoom_user          $arg_user;
            zoom_allow_user    bots@example.com;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /sorry {
            internal;
            return 200 "sorry\n";
        }

        location @teapot {
            return 418 "teapot $zoom_error\n";
        }
EOC2

my $key = 'key=' . $t->secret('arg');
my $zoom = $t->zoom;


sub is_error {
    my ($r, $status, $error, $name) = @_;

    is($r->status . ' ' . ($r->json->{error} // substr $r->body, 0, 40),
       "$status $error", $name);
}


sub request {
    my ($method, $path, %o) = @_;

    return http(port => $t->port, method => $method, path => $path, %o);
}


subtest 'methods' => sub {
    for my $method (qw(PUT DELETE OPTIONS PATCH PROPFIND BREW)) {
        my $r = request($method, "/arg?$key");

        is_error($r, 405, 'method', $method);
        like($r->header('Allow'), qr/^GET, ?POST$|^POST, ?GET$/,
             "$method: Allow");
    }

    my $r = request('HEAD', "/arg?$key");

    is($r->status, 405, 'HEAD');
    is($r->body, '', 'HEAD has no body');
    ok($r->header('Allow'), 'HEAD: Allow');

    is_error(request('PUT', '/arg', body => 'x' x 70_000), 405, 'method',
             'before anything else');
    is($zoom->token_calls, 0, 'nothing was minted');
};


# A callback of exactly so many bytes.
sub padded {
    my ($size) = @_;
    my $body = callback();

    return $body . ' ' x ($size - length $body);
}


subtest 'sizes' => sub {
    my $limit = 65_535;

    is($t->attendee('/attendee', body => padded($limit))->status, 200,
       'just below 64 KiB');
    is_error($t->attendee('/attendee', body => padded($limit + 1)), 413,
             'too_large', '64 KiB');
    is_error($t->post("/arg?$key", 'x' x ($limit + 1)), 413, 'too_large',
             'with another proof');
    is_error($t->post('/arg?key=wrong', padded($limit + 1)), 413,
             'too_large', 'before the proof is looked at');
    is_error($t->post("/large?$key", padded($limit + 1)), 413, 'too_large',
             'client_max_body_size cannot raise it');
    is($t->post("/large?$key", padded($limit))->status, 200,
       'nor client_body_buffer_size lower the buffer');
    is_error($t->post("/small?$key", padded(1025)), 413, 'too_large',
             'client_max_body_size can lower it');
    is($t->post("/small?$key", padded(1024))->status, 200, 'so far');

    is(request('POST', "/arg?$key", body => padded(20_000), chunked => 999)
       ->status, 200, 'chunks');
    is(request('POST', "/arg?$key", body => padded($limit), chunked => 5000)
       ->status, 200, 'as much in chunks');
    is_error(request('POST', "/arg?$key", body => padded($limit + 1),
                     chunked => 5000), 413, 'too_large',
             'and one byte more');

    my $r = http(port => $t->port,
                 bytes => "POST /arg?$key HTTP/1.1\r\nHost: x\r\n"
                          . "Content-Length: 99999999999\r\n\r\n");
    is_error($r, 413, 'too_large', 'only announced');

    # curl takes the reset behind such an answer for an error, whoever in
    # nginx has answered; so the log must tell.
    http2(port => $nginx->port2, path => "/arg?$key",
          body => padded($limit + 1));
    is($t->logged(sub { $_[0]{request} =~ m{HTTP/2} })->{status}, 413,
       'HTTP/2');
    is(http2(port => $nginx->port2, path => "/arg?$key",
             body => padded($limit))->status, 200, 'as much over HTTP/2');

    is(scalar(() = glob $t->dir . '/nginx0/tmp/body/*'), 0,
       'no body touched a disk');
    unlike($nginx->error_log, qr/buffered to a temporary file/,
           'nor a log says so');
};


subtest 'no callback' => sub {
    my $deep = '[' x 1000 . ']' x 1000;
    my $nested = '{"a":' x 500 . '1' . '}' x 500;
    my @bad = (
        '', ' ', '{', '}', '[]', '"x"', '1', 'null', 'true', '{]', '{"a"}',
        '{"a":}', '{"a":1,}', '{,}', '{"a":1}}', '{"a":1} x', '{a:1}',
        "{'a':1}", '{"a":nul}', '{"a":NaN}', '{"a":Infinity}', '{"a":01}',
        '{"a":.5}', '{"a":1.}', '{"a":+1}', '{"a":-}', '{"a":1e}',
        '{"a":0x1}', '{"a":"\x41"}', '{"a":"\u12g4"}', '{"a":"\u12"}',
        '{"a":"\ud800"}', '{"a":"\udc00\ud800"}', '{"a":"\ud800\u0041"}',
        '{"a":"\u0000"}', "{\"a\":\"\0\"}", "{\"a\":\"\n\"}",
        "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\xed\xa0\x80\"}",
        "\xef\xbb\xbf{}", '/* */{}', '{"a":1,"a":2}', '{"a":1,"\u0061":2}',
        '{"bot_metadata":{"x":{"a":1,"a":2}}}',
        '{"a":"', '{"a":"\\', '{"a":"\\"}',
        "{\"a\":$deep}", $nested, '[' x 60_000, '{"a":' x 12_000,
        '{"a":[' . join(',', (1) x 30_000) . ']}',
        '{' . join(',', map { qq("k$_":1) } 1 .. 5000) . '}',
        '{"callback_type":1}', '{"callback_type":"webhook"}',
        '{"callback_type":""}', '{"callback_type":"zoom_tokens\u0020"}',
        '{"callback_type":"ZOOM_TOKENS"}',
    );

    for my $body (@bad) {
        (my $name = substr $body, 0, 40) =~ s/[^ -~]/?/g;

        is_error($t->post("/arg?$key", $body), 400, 'bad_callback',
                 "<$name>");
    }

    is_error($t->post('/arg?key=wrong', '{'), 401, 'unauthenticated',
             'but first of all the proof');
};


subtest 'odd, and yet a callback' => sub {
    my @good = (
        '{}', ' {} ', '{"bot_id":null}', '{"unknown":[1,{"x":"y"}]}',
        '{"bot_metadata":{"a":1,"b":[],"c":{}}}', '{"":""}',
        '{"a":"\ud83d\ude00"}', "{\"a\":\"\x7f\xe2\x80\xa8\"}",
        '{"a":-0.1e-5}', '{"a":[[[[[[]]]]]]}',
        '{"meeting_url":"https:\/\/zoom.us\r\n\/j\/1"}',
        '{"meeting_url":"https://zoom.us/j/1?' . 'x' x 2048 . '"}',
        '{"bot_id":1}', '{"bot_id":["x"]}', '{"bot_id":"a\nb"}',
        '{"meeting_url":{}}', '{"meeting_url":true}', '{"meeting_number":[1]}',
        '{"bot_metadata":"x"}', '{"bot_metadata":[]}',
    );

    for my $body (@good) {
        is($t->post("/arg?$key", $body)->status, 200, $body);
    }
};


subtest 'slow' => sub {
    my %request = $t->attendee_request('/attendee');

    is(http(%request, pause => 0.002)->status, 200, 'byte by byte');

    my %chunked = (%request, chunked => 7, pause => 0.002);
    is(http(%chunked)->status, 200, 'in chunks');

    my $head = "POST /arg?$key HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
               . "Content-Length: 2\r\n\r\n";
    my $call = http_start(port => $t->port, bytes => $head);

    $call->{out} = '{}';
    is(scalar(http_wait($call))->status, 200, 'a body that comes later');

    $call = http_start(port => $t->port, bytes => "${head}{");
    $call->abort;
    is($t->get("/arg?$key")->status, 200, 'one that never comes');

    my $kept = http(%request, keepalive => 1);
    for (1 .. 3) {
        $kept = http(%request, keepalive => 1, on => $kept);
        is($kept->status, 200, 'over one connection');
    }

    my $bytes = "GET /arg?$key HTTP/1.1\r\nHost: x\r\n\r\n" x 2
                . "GET /arg?$key HTTP/1.1\r\nHost: x\r\n"
                . "Connection: close\r\n\r\n";
    my $r = http(port => $t->port, bytes => $bytes, keepalive => 0);
    is($r->status, 200, 'pipelined');
};


# What an answer leaves unread must never be taken for a request.
subtest 'bodies that nobody reads' => sub {
    my $smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    my %by_status = (
        405 => "PUT /arg?$key",
        401 => 'POST /arg',
        413 => "POST /arg?$key",
        400 => "POST /arg?$key",
    );

    for my $status (sort keys %by_status) {
        my $body = $status == 413 ? $smuggled x 2000 : $smuggled;
        my $head = "$by_status{$status} HTTP/1.1\r\nHost: x\r\n";

        for my $framing ('Content-Length: ' . length($body), 'chunked') {
            my $bytes = $framing ne 'chunked'
                ? "$head$framing\r\n\r\n$body"
                : "${head}Transfer-Encoding: chunked\r\n\r\n"
                  . sprintf("%x\r\n", length $body) . "$body\r\n0\r\n\r\n";

            my $r = http(port => $t->port, bytes => $bytes
                         . "GET /last HTTP/1.1\r\nHost: x\r\n"
                         . "Connection: close\r\n\r\n");

            like($r->status, qr/^($status|0)$/, "$status, $framing");
        }
    }

    is(scalar(grep { $_->{uri} eq '/smuggled' }
              $t->{nginx}[0]->access_log), 0, 'was a request');
};


subtest 'errors' => sub {
    my $r = $t->get('/arg');

    is($r->header('Cache-Control'), 'no-store', 'no-store');
    like($r->header('Content-Type'), qr{^application/json\b}, 'JSON');
    is_deeply([sort keys %{ $r->json }], ['error', 'message'], 'two members');
    like($r->json->{message}, qr/^[A-Z].*\.$/, 'a plain sentence');
    is($r->header('Content-Length'), length $r->body, 'its length');

    is(http2(port => $nginx->port2, path => '/arg')->json->{error},
       'unauthenticated', 'over HTTP/2');
};


subtest 'error_page' => sub {
    my $r = $t->get('/page?user=bots@example.com');

    is($r->status . $r->body, "401sorry\n", 'a page of the site');
    is_error($t->post("/page?$key&user=bots\@example.com", '{'), 418,
             "teapot bad_callback\n", 'another status');
    is_error($t->get("/page?$key&user=me"), 418, "teapot denied\n",
             'a named location, which knows the error');
    is_error(request('PUT', "/page?$key"), 405, 'method',
             'a status that has none');
    is($t->get("/page?$key&user=bots\@example.com")->status, 200,
       'and no error at all');
};


subtest 'never compressed' => sub {
    my @accept = ('Accept-Encoding' => 'gzip');

    for my $r ($t->get("/arg?$key", @accept),
               $t->post("/arg?$key", callback(), @accept),
               $t->get('/arg', @accept))
    {
        ok(!$r->header('Content-Encoding'), $r->status . ' comes as it is');
        is($r->header('Cache-Control'), 'no-store', 'and is not stored');
    }
};


is($zoom->token_calls, 1, 'all that for one mint');
$t->finish;
