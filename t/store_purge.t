#!/usr/bin/perl

# zoom_purge: what is forgotten, what is not, and who may ask for it.

use strict;
use warnings;

use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$zoom->control({ bots => 20 }, { app => { account_id => 'other-id',
                                          client_id => 'other-client' } });

my $nginx = $t->nginx(
    http => $t->account('other', account_id => 'other-id',
                        client_id => 'other-client'),
    reuseport => 1, locations => <<'EOC');
        zoom_authenticate  off;
        zoom_allow_user    *;

        location = /zak {
            zoom_tokens  acme;
            zoom_user    $arg_user;
        }

        location = /other {
            zoom_tokens  other;
            zoom_user    $arg_user;
        }

        location = /purge {
            zoom_purge  acme;
        }

        location = /purge-other {
            zoom_purge  other;
        }

        location = /guarded {
            zoom_purge         acme;
            zoom_authenticate  arg=key file:%{arg} as=operator;
        }
EOC

my $last = 0;


# A purge that may be made, as the last one is long enough ago.
sub purge {
    my ($path, @headers) = @_;
    my $left = $last + 1.05 - time;

    sleep $left if $left > 0;

    my $r = $t->post($path // '/purge', '', @headers);

    $last = time;
    return $r;
}


sub zak {
    my ($user, $path) = @_;

    return $t->get(($path // '/zak') . "?user=$user")->body;
}


sub is_refused {
    my ($r, $status, $error, $name) = @_;

    is($r->status . ' ' . ($r->json->{error} // ''), "$status $error", $name);
}


my ($a, $b) = ('bot0001@example.com', 'bot0002@example.com');

subtest 'one user' => sub {
    my ($za, $zb) = (zak($a), zak($b));
    my $mints = $zoom->token_calls;
    my $r = purge("/purge?user=$a");

    is($r->status . $r->body, '200{"purged":1}', 'one token');
    is($r->header('Content-Type'), 'application/json', 'as JSON');
    is($r->header('Cache-Control'), 'no-store', 'no-store');
    is(zak($b), $zb, 'others keep theirs');
    is($zoom->token_calls, $mints, 'without a mint');
    isnt(zak($a), $za, 'this one gets another');
    is($zoom->token_calls, $mints + 1, 'with one');
    is($zoom->oauth_calls, 2, 'the access token is still good');

    is(purge("/purge?user=BOT0001%40Example.com")->body, '{"purged":1}',
       'decoded, and in any case');
    is(purge("/purge?user=$a")->body, '{"purged":0}', 'nothing left');
    is(zak($b), $zb, 'and others still have theirs');
};


subtest 'all' => sub {
    my ($za, $zb, $zo) = (zak($a), zak($b), zak($a, '/other'));
    my $oauth = $zoom->oauth_calls;
    my $n = purge()->json->{purged};

    cmp_ok($n, '>=', 2, 'two tokens at least');
    isnt(zak($a), $za, 'one user');
    isnt(zak($b), $zb, 'and another');
    is($zoom->oauth_calls, $oauth + 1, 'the access token went, too');
    is(zak($a, '/other'), $zo, 'another account keeps its own');
};


subtest 'in mid flight' => sub {
    for my $path ('/purge', "/purge?user=$a") {
        purge($path);
        zak($b);
        $zoom->control({ match => 'token', mode => 'delay', ms => 2500,
                         times => 1 });

        my $mints = $zoom->token_calls;
        my @calls = map {
            http_start(port => $t->port, path => "/zak?user=$a")
        } 1 .. 20;

        wait_for(sub { $zoom->count(qw(concurrency token now)) == 1 }, 5,
                 'a mint');
        is(purge($path)->status, 200, "POST $path");

        my %before = map { $_ => 1 } $zoom->issued;

        http_wait(@calls);
        $zoom->control({ clear => 1 });

        my %token = map { $_->body => 1 } @calls;

        is(scalar(grep { $_->status == 200 } @calls), 20, 'all are answered');
        is(scalar keys %token, 1, 'with one token');
        is($zoom->token_calls, $mints + 2, 'minted once more');
        ok(!$before{ (keys %token)[0] }, 'after the purge');
        is(zak($a), (keys %token)[0], 'which is the one in store');
    }
};


subtest 'users' => sub {
    my %bad = (
        'user='                    => 'no_user',
        'user'                     => 'no_user',
        'user=me'                  => 'denied',
        'user=a/b'                 => 'denied',
        'user=a%2fb'               => 'denied',
        'user=%zz'                 => 'denied',
        'user=a@b@c'               => 'denied',
        'user=%2540'               => 'denied',
        "user=$a&user=$a"          => 'denied',
        'user=' . 'x' x 200        => 'denied',
    );

    my $zak = zak($b);

    for my $arguments (sort keys %bad) {
        is_refused($t->post("/purge?$arguments", ''), 403, $bad{$arguments},
                   substr $arguments, 0, 40);
    }

    is(zak($b), $zak, 'for which nothing went');
};


subtest 'other sites' => sub {
    my @bad = (
        ['Content-Type' => 'application/x-www-form-urlencoded'],
        ['Content-Type' => 'Application/X-WWW-Form-Urlencoded; charset=x'],
        ['Content-Type' => 'multipart/form-data; boundary=x'],
        ['Content-Type' => 'text/plain'],
        ['Content-Type' => 'text/plain;charset=UTF-8'],
        ['Content-Type' => 'application/json', 'Content-Type' => 'text/plain'],
        ['Origin' => 'https://evil.example'],
        ['Origin' => 'null'],
        ['Origin' => ''],
        ['Origin' => 'http://localhost:1'],
        ['Origin' => 'http://localhost.evil.example'],
        ['Origin' => 'ftp://localhost'],
        ['Origin' => 'http://localhost', 'Origin' => 'http://evil.example'],
        ['Sec-Fetch-Site' => 'cross-site'],
        ['Sec-Fetch-Site' => 'same-site'],
        ['Sec-Fetch-Site' => ''],
        ['Origin' => 'http://localhost', 'Sec-Fetch-Site' => 'cross-site'],
    );

    my $zak = zak($b);

    for my $headers (@bad) {
        my $r = http(port => $t->port, path => '/purge', body => 'user=x',
                     headers => $headers);

        is_refused($r, 403, 'denied', "@$headers");
        like($r->json->{message}, qr/another site|form/, 'and says why');
    }

    is(zak($b), $zak, 'for which nothing went');

    for my $headers (['Origin' => 'http://localhost'],
                     ['Origin' => 'HTTPS://LocalHost'],
                     ['Sec-Fetch-Site' => 'same-origin'],
                     ['Sec-Fetch-Site' => 'none'])
    {
        is(purge('/purge?user=nobody', @$headers)->status, 200, "@$headers");
    }
};


subtest 'how often' => sub {
    is(purge()->status, 200, 'once');

    my $r = $t->post('/purge', '');

    is_refused($r, 503, 'rate_limited', 'not twice in a second');
    is($r->header('Retry-After'), 1, 'but then');
    like($r->json->{message}, qr/last purge/, 'as it says');
    is($t->post('/purge-other', '')->status, 200, 'another account may');
    is(purge()->status, 200, 'a second later');
};


subtest 'methods and bodies' => sub {
    for my $method (qw(GET HEAD PUT DELETE)) {
        my $r = http(port => $t->port, path => '/purge', method => $method);

        is($r->status . ' ' . $r->header('Allow'), '405 POST', $method);
    }

    my $r = http(port => $t->port, path => '/purge', body => 'x' x 60_000,
                 keepalive => 1);

    sleep 1.1;
    $r = http(on => $r, port => $t->port, path => '/purge', keepalive => 1,
              body => 'y' x 3000, chunked => 1000);
    is($r->status, 200, 'a body is thrown away');

    is($t->post('/purge', 'x' x 70_000)->status, 413, 'if it is no flood');

    sleep 1.1;
    is(http2(port => $nginx->port2, path => '/purge', method => 'POST',
             body => '{}', headers => ['Content-Type' => 'application/json',
                                       Origin => 'http://127.0.0.1:'
                                                 . $nginx->port2])
       ->status, 200, 'HTTP/2');
    $last = time;
};


subtest 'who may' => sub {
    my $key = $t->secret('arg');

    is_refused(purge('/guarded'), 401, 'unauthenticated', 'not anybody');
    is_refused(purge('/guarded?key=wrong'), 401, 'unauthenticated', 'nor so');
    is(purge("/guarded?key=$key&user=$a")->status, 200, 'one with a proof');

    my @lines = grep { /purged/ } split /\n/, $nginx->error_log;

    like($lines[-1], qr/\[notice\].*account "acme": purged a user, \d+ tokens?, /,
         'is written down');
    like($lines[-1], qr/for caller "operator" at 127\.0\.0\.1/, 'by whom');
    is(scalar(grep { /example\.com|nobody/i } @lines), 0, 'without the user');
};


subtest 'what was broken' => sub {
    my $error = sub { return $t->get("/zak?user=$b")->json->{error} // '' };

    purge();
    $zoom->control({ account => { disabled => JSON::PP::true } });
    wait_for(sub { $error->() eq 'app_disabled' }, 5, 'an app that is off');

    # Once more: the next try is some seconds away.
    sleep 1.1;
    $error->();

    $zoom->control({ account => { disabled => JSON::PP::false } });
    is($error->(), 'app_disabled', 'nobody tries it');
    is(purge()->status, 200, 'a purge');
    is($t->get("/zak?user=$b")->status, 200, 'and somebody does');
};


$t->finish;
