#!/usr/bin/perl

# The harness itself.  A detector that has never detected anything is no
# evidence, so each is shown what it is there to find.

use strict;
use warnings;

use IO::Socket::INET;
use Socket qw(inet_ntoa);
use Test::More;

use Zoom::Attendee qw(canonical);
use Zoom::Stub;
use Zoom::Test;

my $t = Zoom::Test->new(sandbox => 0);
my $vector = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';


subtest 'signatures' => sub {
    is(sign($vector, callback()),
       'ScwQNV6PIsTIVxIy2hdBN1YgT8Qqg2mxvHwPG6mb0KI=', 'the first vector');

    my $metadata = '{"tenant": "caf\u00e9 \u2615", "z": "1", "a": "2"}';

    is(sign($vector, callback(bot_metadata => $metadata)),
       '41bmMY5hSAmygMdiyszyS3ZN0XGydy6BdTqII1tBpyg=', 'the second vector');
    is(canonical('{"b" :[1.50, -0e1,null] ,"a\ud83d\ude00":"\/\u000a\u007f"}'),
       qq({"a\xf0\x9f\x98\x80":"/\\n\x7f","b":[1.50,-0e1,null]}),
       'the canonical form');
};


my $nginx = $t->nginx(account => 0, no_module => 1, server => <<'EOC');
        location = /hello {
            return 200 "hello $arg_name $http_x_name";
        }

        location = /chunks {
            ssi       on;
            ssi_types *;
            return    200 "a<!--# echo var='arg_name' -->b";
        }
EOC


subtest 'the client' => sub {
    my $r = $t->get('/hello?name=x', 'X-Name' => 'y');

    is($r->status, 200, 'a status');
    is($r->body, 'hello x y', 'a body');
    like($r->header('X-Pid'), qr/^\d+$/, 'a header');

    my $kept = http(port => $t->port, path => '/hello', keepalive => 1);

    is(http(on => $kept, path => '/hello?name=2')->body, 'hello 2 ',
       'a connection is used again');

    is(http(port => $t->port, path => '/hello', pause => 0.001)->status, 200,
       'byte by byte');
    is(http(port => $t->port, bytes => "NONSENSE\r\n\r\n")->status, 400,
       'nonsense');

    my @all = http_wait(map {
        http_start(port => $t->port, path => "/hello?name=$_")
    } 1 .. 1100);

    is(scalar(grep { $_->status == 200 } @all), 1100, 'many at once');
    is($all[299]->body, 'hello 300 ', 'each its own answer');

    is(http(port => $t->port, path => '/chunks?name=x')->body, 'axb',
       'chunks');
    is(http(port => $t->port, method => 'HEAD', path => '/hello')->status,
       200, 'HEAD');

    $r = http2(port => $nginx->port2, path => '/hello?name=two');
    is($r->status, 200, 'HTTP/2');
    is($r->body, 'hello two ', 'its body');
    is($r->{version}, 'HTTP/2', 'indeed');

    my @workers = $nginx->workers;

    is(scalar @workers, 2, 'two workers');
    like(slurp("/proc/$workers[0]/maps"), qr/libasan/, 'with a sanitizer')
        if $ENV{ZOOM_ASAN};

    $r = http(port => 1, path => '/');
    ok($r->error, 'nobody there');
};


subtest 'reload' => sub {
    my @old = $nginx->workers;

    $t->reload(account => 0, no_module => 1,
               server => 'location = /new { return 200 new; }');
    is($t->get('/new')->body, 'new', 'a new configuration');

    my %is_old = map { $_ => 1 } @old;

    ok(wait_for(sub { !grep { $is_old{$_} } $nginx->workers }), 'new workers');
};


subtest 'the stubs' => sub {
    my $dns = Zoom::Stub->dns(log => $t->dir . '/dns', names => {
        'zoom.us' => ['127.0.0.1', '127.0.0.2'],
    });
    my $sock = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '127.0.0.1',
                                     PeerPort => $dns->port);

    $sock->send("\x12\x34\1\0\0\1\0\0\0\0\0\0\4zoom\2us\0\0\1\0\1");
    $sock->recv(my $answer, 4096);
    is(unpack('x6n', $answer), 2, 'two addresses');
    is(inet_ntoa(substr $answer, -4), '127.0.0.2', 'the second');
    is(($dns->log)[0], 'zoom.us A', 'noted');
    $dns->stop_it;

    my $proxy = Zoom::Stub->proxy(log => $t->dir . '/proxy',
                                  to => $nginx->port);
    my $r = http(port => $proxy->port, keepalive => 1,
                 bytes => "CONNECT zoom.us:443 HTTP/1.1\r\n\r\n",
                 method => 'HEAD');

    is($r->status, 200, 'a tunnel');
    is(http(on => $r, path => '/new')->body, 'new', 'and through it');
    is(($proxy->log)[0], 'CONNECT zoom.us:443 HTTP/1.1', 'noted');
    $proxy->stop_it;
};


subtest 'the detectors' => sub {
    my $log = $t->dir . '/fake.log';
    my @bad = (
        '2026/01/01 00:00:00 [alert] 1#1: worker process 2 exited on signal 9',
        '2026/01/01 00:00:00 [emerg] 1#1: no memory',
        '2026/01/01 00:00:00 [alert] 1#1: *1 open socket #3 left in connection',
        '==1==ERROR: AddressSanitizer: heap-use-after-free',
        'x.c:1:2: runtime error: signed integer overflow',
    );

    is(scalar $t->bad_lines($_), 1, substr $_, -30) for @bad;
    is(scalar $t->bad_lines('[error] 1#1: fine'), 0, 'not in what is fine');

    $t->allow(qr/exited on signal 9/);
    is(scalar $t->bad_lines($bad[0]), 0, 'nor where it was allowed');

    for my $name (qw(client_secret arg header attendee)) {
        spew($log, 'x ' . $t->secret($name) . ' y');
        is(scalar $t->leaks($log), 1, "a leaked $name");
    }

    spew($log, 'nothing');
    is(scalar $t->leaks($log), 0, 'and no leak');
};


subtest 'tokens in logs' => sub {
    my $u = Zoom::Test->new;
    my $log = $u->dir . '/fake.log';

    my %canary = $u->canaries;
    my $basic = $canary{basic};
    my $token = http(
        port    => $u->zoom->plain, path => '/oauth/token',
        body    => 'grant_type=account_credentials&account_id='
                   . $u->secret('account_id'),
        headers => ['Authorization' => "Basic $basic",
                    'Content-Type' => 'application/x-www-form-urlencoded'],
    )->json->{access_token};

    ok($token, 'a token');

    for ([$token, 'whole'], [substr($token, 0, 60), 'its beginning'],
         [substr($token, -50), 'its end'], [$basic, 'Basic'])
    {
        spew($log, "x $_->[0] y");
        cmp_ok(scalar $u->leaks($log), '>', 0, $_->[1]);
    }

    $u->zoom->stop_it;
    $u->{finished} = 1;
    $u->tidy;
};


$t->finish;
