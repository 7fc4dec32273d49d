#!/usr/bin/perl

# Bodies through the gateway, both ways: they go on while they come, nothing of
# them is held, and whoever hangs up is heard at the other side.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $key = $t->secret('header');
my $MB = 1 << 20;

# A token is renewed once in some seconds: each of these has one of its own.
my @apps = qw(get delete put patch post);

$t->secret_file("id_$_" => "app_of_$_") for @apps;

# One worker: its memory is looked at.
my %conf = (
    workers   => 1,
    http      => join('', map { $t->account($_, client_id =>
                                            "file:%{id_$_}") } @apps)
                 . $t->account('many', dry_run => 'on'),
    locations => join('', <<'EOC', map { <<"EOC" } @apps, 'many'));
    client_max_body_size   0;
    zoom_authenticate      header=Authorization file:%{header} as=agent;

    location /zoom/ {
        zoom_pass          acme;
        zoom_allow         agent *;
    }
EOC

    location /$_/ {
        zoom_pass          $_;
        zoom_allow         agent *;
    }
EOC

my $nginx = $t->nginx(%conf);


sub with {
    my (@rules) = @_;

    $zoom->control({ forget => 1 }, { clear => 1 },
                   { account => { all_scopes => 1 } },
                   (map { { app => { client_id => "app_of_$_" } } } @apps),
                   map { { match => 'rest', %$_ } } @rules);
}


# AddressSanitizer keeps what was freed.
my $LITTLE = $ENV{ZOOM_ASAN} ? 1 << 40 : 4 * $MB;

sub rss {
    my ($pid) = $nginx->workers;

    return slurp("/proc/$pid/status") =~ /^VmHWM:\s+(\d+)/m ? $1 * 1024 : 0;
}


sub connection {
    my (@lines) = @_;
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $t->port) or die $!;

    syswrite $sock, join "\r\n", @lines, 'Host: localhost',
                                 "Authorization: Bearer $key", '', '';
    return $sock;
}


# All of the bytes, however little the socket takes.
sub send_all {
    my ($sock, $bytes) = @_;
    my $at = 0;

    while ($at < length $bytes) {
        $at += syswrite $sock, $bytes, $MB, $at or return;
    }

    return 1;
}


# Until the pattern is there, or the end.
sub read_to {
    my ($sock, $in, $pattern) = @_;
    my $end = time + 20;

    while ($$in !~ $pattern && time < $end) {
        next if !IO::Select->new($sock)->can_read(1);
        sysread $sock, $$in, 65536, length $$in or last;
    }

    return $$in =~ $pattern;
}


sub upload {
    my ($length) = @_;

    return connection('POST /zoom/users/x/meetings HTTP/1.1',
                      'Content-Type: multipart/form-data; boundary=x',
                      $length ? "Content-Length: $length"
                              : 'Transfer-Encoding: chunked');
}


# What a worker needs at all.
with();
ok(http(port => $t->port, path => '/zoom/meetings/1',
        headers => [Authorization => "Bearer $key"])->status == 200, 'warm');


subtest 'a body to Zoom' => sub {
    my $body = $zoom->content(0, 48 * $MB);
    my $before = rss();

    with({ mode => 'swallow' });

    my $sock = upload(length $body);
    my $in = '';

    send_all($sock, substr $body, 0, $MB);
    ok(wait_for(sub { $zoom->count('swallowed') == $MB }, 10),
       'is there before it is whole');

    send_all($sock, substr $body, $MB);
    read_to($sock, \$in, qr/\}/);
    like($in, qr/^HTTP\S+ 200 /, 'is answered');
    like($in, qr/"swallowed":"${\ sha256_hex($body) }"/, 'whole');
    cmp_ok(rss() - $before, '<', $LITTLE, 'and was never held');

    # in chunks of all sizes
    with();
    $sock = upload();
    $in = '';

    for (my $at = 0; $at < 8 * $MB; ) {
        my $n = 1 + ($at * 7919) % 65521;

        $n = 8 * $MB - $at if $at + $n > 8 * $MB;
        send_all($sock, sprintf("%x\r\n", $n) . substr($body, $at, $n)
                        . "\r\n");
        $at += $n;
    }

    send_all($sock, "0\r\n\r\n");
    read_to($sock, \$in, qr/\}\z/);
    like($in, qr/"sha256":"${\ sha256_hex(substr $body, 0, 8 * $MB) }"/,
         'in chunks, too');
    cmp_ok(rss() - $before, '<', $LITTLE, 'not held either');
};


subtest 'a body of Zoom' => sub {
    my $length = 96 * $MB;
    my $before = rss();

    for my $chunked (0, 1) {
        with({ mode => 'big', length => $length,
               $chunked ? (chunked => 1) : () });

        my $sock = connection('GET /zoom/meetings/1 HTTP/1.1',
                              'Connection: close');
        my $sha = Digest::SHA->new(256);
        my $in = '';

        # Zoom would send it all, but this caller does not read.
        read_to($sock, \$in, qr/\r\n\r\n/);
        select undef, undef, undef, 0.3;
        cmp_ok(rss() - $before, '<', $LITTLE, 'waits at Zoom');

        $in =~ s/\A.*?\r\n\r\n//s;

        while (sysread $sock, $in, $MB, length $in) {
            next if $chunked;
            $sha->add($in);
            $in = '';
        }

        # chunks are a matter between each two: taken off here
        if ($chunked) {
            my $at = 0;

            while ($at < length $in) {
                my $line = index $in, "\r\n", $at;
                my $n = hex substr $in, $at, $line - $at or last;

                $sha->add(substr $in, $line + 2, $n);
                $at = $line + 4 + $n;
            }
        } else {
            $sha->add($in);
        }

        is($sha->hexdigest, sha256_hex($zoom->content(0, $length)),
           $chunked ? 'whole in chunks' : 'whole');
        cmp_ok(rss() - $before, '<', $LITTLE, 'and was never held');
    }
};


subtest 'events' => sub {
    with({ mode => 'sse', count => 12, ms => 150 });

    my $sock = connection('GET /zoom/meetings/1 HTTP/1.1',
                          'Connection: close');
    my $in = '';

    ok(read_to($sock, \$in, qr/^data: \{"n":2\}/m), 'come');
    is($zoom->count(qw(concurrency rest now)), 1, 'while others are sent');

    # A worker that is on its way out finishes what it has begun.
    $t->reload(%conf);
    ok(read_to($sock, \$in, qr/^data: \{"n":12\}/m), 'through a reload');
    is(scalar(() = $in =~ /^data: /mg), 12, 'all of them');
};


subtest 'who hangs up' => sub {
    for (['events', { mode => 'sse', ms => 20 }, qr/"n":3/],
         ['a download', { mode => 'big', length => 500 * $MB }, qr/\r\n\r\n/],
         ['what drips', { mode => 'slow', length => 100_000 }, qr/\r\n\r\n/])
    {
        my ($name, $rule, $seen) = @$_;

        with($rule);

        my $sock = connection('GET /zoom/meetings/1 HTTP/1.1');
        my $in = '';

        ok(read_to($sock, \$in, $seen), $name);
        close $sock;
        ok(wait_for(sub { $zoom->count('given up')
                          || !$zoom->count(qw(concurrency rest now)) }, 5),
           'ends at Zoom');
    }

    # Half a body is the end of a connection, or what comes next is its rest.
    with();

    for my $length (50 * $MB, 0) {
        my $sock = upload($length);

        send_all($sock, $length ? 'x' x 200_000
                                : "30d40\r\n" . 'x' x 100_000);
        wait_for(sub { $zoom->count(qw(concurrency rest now)) == 1 }, 5,
                 'the first half');
        close $sock;
        ok(wait_for(sub { $zoom->count(qw(concurrency rest now)) == 0 }, 5),
           'half a body');

        for (1 .. 3) {
            my $r = http(port => $t->port, path => "/zoom/meetings/$_",
                         headers => [Authorization => "Bearer $key"]);

            is($r->json->{args}{meetingId}, $_, 'is not before what follows');
        }
    }

    is($zoom->count('refused', 400), 0, 'Zoom could read all that came');
};


subtest 'an answer before the body' => sub {
    with({ mode => 'early', status => 413, body => '{"code":300}' });

    my $sock = upload(50 * $MB);
    my $in = '';

    send_all($sock, 'x' x $MB);
    ok(read_to($sock, \$in, qr/\{"code":300\}/), 'goes to the caller');
    like($in, qr/^HTTP\S+ 413 /, 'as it is');
    close $sock;

    with();

    my $r = http(port => $t->port, path => '/zoom/meetings/7',
                 headers => [Authorization => "Bearer $key"]);

    is($r->json->{args}{meetingId}, 7, 'and nothing of it is left behind');
};


subtest 'a token that dies under way' => sub {
    # What has left can't be sent again.
    my $body = 'x' x (2 * $MB);

    with({ mode => '401', times => 1 });

    my $r = http(port => $t->port, method => 'POST', body => $body,
                 path => '/zoom/users/x/meetings',
                 headers => [Authorization => "Bearer $key", 'Content-Type' =>
                             'multipart/form-data; boundary=x']);

    is($r->status, 502, 'a large body that has left');
    isnt($r->json->{error} // '', '', 'for a reason: ' . $r->body);

    for (['GET', undef], ['DELETE', undef], ['PUT', '{}'], ['PATCH', '{}'],
         ['POST', '{}'])
    {
        my ($method, $small) = @$_;
        my $path = $method eq 'POST' ? '/users/x/meetings'
                   : $method eq 'PUT' ? '/meetings/1/status' : '/meetings/1';

        with({ mode => '401', times => 1 });

        $r = http(port => $t->port, method => $method,
                  path => '/' . lc($method) . $path,
                  defined $small ? (body => $small) : (),
                  headers => [Authorization => "Bearer $key",
                              'Content-Type' => 'application/json']);
        is($r->status, $method =~ /^P(?:OST|ATCH)/ ? 502 : 200, $method)
            or diag($r->body);
        is($zoom->count(qw(endpoints rest calls)),
           $method =~ /^P(?:OST|ATCH)/ ? 1 : 2, 'as often as it may be sent');
    }
};


# Few are ever closed, so that what each request leaves behind adds up.  This is
# the last one: what it spends, all accounts here have spent.
subtest 'a connection to Zoom' => sub {
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $t->port) or die $!;
    my $get = "GET /many/meetings/1 HTTP/1.1\r\nHost: localhost\r\n"
              . "Authorization: Bearer $key\r\n\r\n";
    my ($pid) = $nginx->workers;
    my $now = sub { slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m && $1 };
    my $before;

    with();

    for my $round (1 .. 240) {
        my ($in, $n) = ('', 0);

        $before = $now->() if $round == 40;
        syswrite $sock, $get x 50;

        while ($n < 50) {
            sysread $sock, $in, $MB, length $in or die "nginx hung up\n";
            $n = () = $in =~ m{HTTP/1\.1 200 }g;
            die "no answer: $in\n" if $in =~ m{HTTP/1\.1 [^2]};
        }
    }

    my $more = $now->() - $before;

    note("$more KiB");
    cmp_ok($more, '<', $LITTLE / 20 / 1024,
           '10,000 requests leave nothing on it');
};


$t->finish;
