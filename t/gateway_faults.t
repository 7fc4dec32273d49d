#!/usr/bin/perl

# What a review of the gateway has found, each as it was shown to be.

use strict;
use warnings;

use IO::Socket::INET;
use Test::More;

use Zoom::Process qw(spew);
use Zoom::Test;
use Zoom::Wire;

my $t = Zoom::Test->new;
my $type = "Content-Type: application/json\r\n";
my $ok = "HTTP/1.1 200 OK\r\n${type}Content-Length: 2\r\n\r\n{}";

my %answers = (
    made  => sub { "HTTP/1.1 201 Created\r\n${type}Content-Length: 2\r\n\r\n{}" },
    slow  => sub { (0.6, $ok) },
    dies  => sub { $_[1] > 1 ? 'close' : $ok },
    hint  => sub { "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nETag: \"a\"\r\n"
                   . "\r\nHTTP/1.1 200 OK\r\n${type}ETag: \"b\"\r\n"
                   . "Content-Length: 2\r\n\r\n{}" },
    none  => sub { "HTTP/1.1 204 No Content\r\n\r\n" },
    same  => sub { "HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\n\r\n" },
    moved => sub { my ($here) = $_[0] =~ /^Host: (\S+)/m;
                   "HTTP/1.1 302 Found\r\nLocation: http://$here/rec/ok\r\n"
                   . "Content-Length: 40000\r\n\r\n" . 'x' x 40_000 },
    ok    => sub { $ok },
);

my $wire = Zoom::Wire->start(log => $t->dir . '/wire', answer => sub {
    my ($what) = $_[0] =~ m{^\S+ /(?:v2|v3|rec)/(?:users/)?(\w+)};

    return ($answers{ $what // 'ok' } // $answers{ok})->(@_);
});
my $here = 'http://127.0.0.1:' . $wire->port;

mkdir $t->dir . '/lua', 0755;
spew($t->dir . '/lua/asks.lua', <<'EOL');
return function(request)
    zoom.request{ path = { "users", "slow" } }
    return true
end
EOL

my %conf = (workers => 1, lua => 1,
    account => { api_url => "$here/v2", download_url => $here,
                 dry_run => 'on' },
    http => $t->account('paced', account_id => 'other-id',
                        client_id => 'other-client', api_url => "$here/v2", rate => 'heavy=1r/s'),
    locations => <<'EOC');
    zoom_authenticate   header=Authorization file:%{header} as=agent;
    zoom_allow          agent *;
    zoom_timeout        8s;

    location /zoom/ {
        zoom_pass           acme;
        zoom_allow          agent *;
    }

    location /asks/ {
        zoom_pass               acme;
        zoom_lua_allow          request;
        zoom_allow_by_lua_file  %{dir}/lua/asks.lua;
    }

    location /paced/ {
        zoom_pass  paced;
    }

    location = /graphql {
        zoom_pass   acme graphql;
        zoom_allow  agent read;
    }

    location /files/ {
        zoom_pass            acme download;
        zoom_download_hosts  127.0.0.1;
    }
EOC

$t->zoom->control({ app => { account_id => 'other-id',
                             client_id => 'other-client' } });
$t->nginx(%conf);


sub ask {
    my ($method, $path, %o) = @_;

    $wire->forget;

    return http(port => $t->port, method => $method, path => $path, %o,
                headers => [Authorization => 'Bearer ' . $t->secret('header'),
                            @{ $o{headers} // [] }]);
}


sub connection {
    my ($bytes) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                  PeerPort => $t->port) or die "$!\n";
    my $key = $t->secret('header');

    syswrite $s, $bytes =~ s/\r\n\r\n/\r\nAuthorization: Bearer $key\r\n\r\n/r;
    return $s;
}


sub status_of {
    my ($s) = @_;
    my $in = '';

    while (sysread $s, $in, 65536, length $in) { }

    return $in =~ m{^HTTP/1\.1 (\d+)} ? $1 : 'nothing';
}


subtest 'a GraphQL document is nothing else to Zoom' => sub {
    my $body = '{"query":"query{a}","z":"&query=mutation{x}#"}';

    ask(POST => '/graphql', body => $body, headers =>
        ['Content-Type' => 'application/x-www-form-urlencoded']);

    my ($got) = $wire->requests;
    is(join(' ', $got =~ /^content-type: (\S+)/gmi), 'application/json',
       'it is sent as what it was read as');
};


subtest 'whose day it is' => sub {
    my %n;

    $n{ ask(POST => '/zoom/users/victim/meetings', body => '{}')->status }++
        for 1 .. 101;
    is($n{429}, 1, 'one has written enough');

    my $s = connection("POST /asks/users/victim/meetings HTTP/1.1\r\n"
                       . "Host: x\r\nConnection: close\r\n"
                       . "Content-Length: 2\r\n\r\n{}");

    ok(wait_for(sub { grep { m{/users/slow } } $wire->requests }, 5),
       'while a script waits');
    http(port => $t->port, path => '/zoom/users/innocent', headers =>
         [Authorization => 'Bearer ' . $t->secret('header')]);
    is(status_of($s), 429, 'others do not change whose');
};


subtest 'a POST without a body is sent once' => sub {
    is(ask(GET => '/zoom/users/dies')->status, 200, 'a connection is kept');

    my $r = ask(POST => "/zoom/users/dies/meetings");
    my @posts = grep { /^POST/ } $wire->requests;

    is(scalar @posts, 1, 'and dies under a POST');
    is($r->status, 502, 'which is told');
    ok(wait_for(sub { ask(GET => '/zoom/users/ok')->status == 200 }, 10),
       'and is over');
};


subtest 'heads' => sub {
    my $r = ask(GET => '/zoom/users/hint');

    is($r->header('etag'), '"b"', 'what is early is not for the caller');
    ok(!$r->header('link'), 'none of it');

    $r = ask(GET => '/zoom/users/same');
    is($r->status, 304, 'not modified');
    ok(!defined $r->header('content-length'), 'has no length');
    is(ask(GET => '/zoom/users/none')->status, 204, 'nothing');
    is(ask(GET => '/files/rec/moved')->status, 200,
       'a redirect with a long body');
};


subtest 'who waits for a slot is answered in a reload' => sub {
    my @waiting = map {
        connection("GET /paced/report/users HTTP/1.1\r\nHost: x\r\n"
                   . "Connection: close\r\n\r\n")
    } 1 .. 4;

    ok(wait_for(sub { grep { m{/report/users} } $wire->requests }, 5),
       'some wait');
    $t->reload(%conf);

    my @status = map { status_of($_) } @waiting;
    is(scalar(grep { $_ eq 'nothing' } @status), 0, "all of them: @status");
};

# The time for an answer was running when the connection had died, and ended in
# the midst of making another one, which was made once more beside it.
subtest 'late while it connects' => sub {
    plan(skip_all => 'IO::Socket::SSL is not installed')
        if !eval { require IO::Socket::SSL };

    my $dead = Zoom::Wire->start(
        log => $t->dir . '/dead', tls => $t->dir . '/sandbox', answers => 1,
        answer => sub { $_[1] > 1 ? (0.6, 'close') : $ok });

    $t->nginx(account => { api_url => 'https://127.0.0.1:' . $dead->port
                                      . '/v2' },
              workers => 1, locations => <<'EOC');
        location /zoom/ {
            zoom_pass          acme;
            zoom_authenticate  header=Authorization file:%{header} as=agent;
            zoom_allow         agent *;
            zoom_timeout       1500ms;
        }
EOC

    is(ask(GET => '/zoom/users/ok')->status, 200, 'a connection is kept');

    my $r = ask(GET => '/zoom/users/ok');

    is($r->status . ' ' . $r->json->{error}, '504 timeout', 'and has died');
    cmp_ok($r->took, '<', 3, 'in time');
};


# Over TLS the last five bytes had waited for more, which never came.
subtest 'the end of a body comes alone' => sub {
    plan(skip_all => 'IO::Socket::SSL is not installed')
        if !eval { require IO::Socket::SSL };

    my $slow = Zoom::Wire->start(
        log => $t->dir . '/alone', tls => $t->dir . '/sandbox', partly => 1,
        answer => sub { $ok });

    $t->nginx(account => { api_url => 'https://127.0.0.1:' . $slow->port
                                      . '/v2' },
              locations => <<'EOC');
        location /zoom/ {
            zoom_pass          acme;
            zoom_authenticate  header=Authorization file:%{header} as=agent;
            zoom_allow         agent *;
        }
EOC

    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $t->port) or die $!;
    my $sent = '';
    my $in = '';

    syswrite $sock, join "\r\n", 'POST /zoom/users/x/meetings HTTP/1.1',
        'Host: localhost', 'Authorization: Bearer ' . $t->secret('header'),
        'Content-Type: application/json', 'Transfer-Encoding: chunked', '', '';

    for my $chunk ("1\r\n{\r\n", "1\r\n}\r\n") {
        syswrite $sock, $chunk;
        $sent .= $chunk;
        ok(wait_for(sub { $slow->part eq $sent }, 10), 'a chunk is there');
    }

    syswrite $sock, "0\r\n\r\n";

    ok(wait_for(sub { scalar $slow->requests }, 10), 'and the end')
        or $sock->shutdown(2);

    while ($in !~ /\{\}/) {
        sysread $sock, $in, 4096, length $in or last;
    }

    like($in, qr{\AHTTP/1\.1 200 }, 'is answered');

    $slow->stop_it;
};


$t->finish;
