#!/usr/bin/perl

# zoom_webhook: Zoom's signature over the bytes that came, the window, the
# challenge, the ceiling, and an answer where nobody else has one.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use JSON::PP ();
use Test::More;

use Zoom::Event qw(event event_signature);
use Zoom::Receiver;
use Zoom::Test;

my $t = Zoom::Test->new;
my $secret = 'CANARYhook' . 'x' x 12;
my $older = 'CANARYolder' . 'y' x 11;
my $app = Zoom::Receiver->start(log => $t->dir . '/app');

$t->secret_file('hook', $secret);
$t->secret_file('older', $older);
$t->canary(hook => $secret, older => $older);

my %account = (webhook_secret => 'file:%{hook}');
my $upstream = '127.0.0.1:' . $app->port;

$t->nginx(account => \%account, http => <<'EOC', locations => <<"EOC2");
    log_format  events  '$uri $status [$zoom_webhook_status] '
                        '[$zoom_event] [$zoom_event_id] '
                        '[$zoom_event_meeting_id] [$zoom_caller]';

    zoom_account two {
        account_id      file:%{account_id};
        client_id       file:%{client_id};
        client_secret   file:%{client_secret};
        oauth_url       %{oauth_url};
        api_url         %{api_url};
        trusted_certificate %{ca};
        plan            business;
        webhook_secret  file:%{hook};
        webhook_secret  file:%{older};
    }
EOC
        access_log  ${\ $t->dir}/events.log  events;

        location = /hook {
            zoom_webhook  acme;
        }

        location = /rotation {
            zoom_webhook  two;
        }

        location = /window {
            zoom_webhook         acme;
            zoom_webhook_window  2h;
        }

        location = /app {
            zoom_webhook      acme;
            proxy_pass        http://$upstream/behind;
            proxy_set_header  X-Event    \$zoom_event;
            proxy_set_header  X-Meeting  \$zoom_event_meeting_id;
            proxy_set_header  X-Id       \$zoom_event_id;
            proxy_set_header  X-Status   \$zoom_webhook_status;
        }

        location = /guarded {
            zoom_webhook       acme;
            zoom_authenticate  arg=key file:%{arg} as=zoom;
        }

        location = /closed {
            zoom_webhook  acme;
            satisfy       any;
            allow         127.0.0.1;
            deny          all;
        }

        location = /denied {
            zoom_webhook  acme;
            deny          all;
        }

        location = /small {
            zoom_webhook          acme;
            client_max_body_size  1k;
        }

        location = /if {
            zoom_webhook  acme;

            if (\$arg_x) {
                add_header  X-If  1;
            }

            limit_except POST {
                deny  192.0.2.1;
            }
        }

        location /nested {
            zoom_webhook  acme;

            location = /nested/inner {
                proxy_pass  http://$upstream;
            }

            location = /nested/open {
                zoom_webhook  off;
                return        204;
            }
        }

        location = /early {
            zoom_webhook  acme;
            set           \$early \$zoom_event;
        }

        location = /files {
            zoom_webhook  acme;
            try_files     /nothing \@app;
        }

        location \@app {
            proxy_pass  http://$upstream;
        }
EOC2


sub post {
    my ($path, %o) = @_;

    return http(port => $t->port, path => $path,
                event($o{event} // 'meeting.ended',
                      $o{payload} // { object => { id => '123456789' } },
                      secret => $secret, %o), %{ $o{http} // {} });
}


sub verdict {
    my ($r) = @_;

    return $r->status if $r->status < 300;
    return $r->status . ' ' . ($r->json->{error} // $r->body);
}


sub line {
    my ($fits) = @_;

    return wait_for(sub {
        (grep { $_ =~ $fits } split /\n/, slurp($t->dir . '/events.log'))[-1];
    }, 5, "$fits in the log");
}


subtest 'the signature' => sub {
    is(verdict(post('/hook')), '204', 'of Zoom');
    is(post('/hook')->body, '', 'an answer without a body');
    is(verdict(post('/hook', secret => $older)), '401 unauthenticated',
       'of another secret');
    is(verdict(post('/hook', secret => "$secret ")), '401 unauthenticated',
       'of nearly the same');

    my %good = event('x', {}, secret => $secret);
    my %h = @{ $good{headers} };

    (my $upper = $h{'x-zm-signature'}) =~ tr/a-f/A-F/;

    for my $case (
        ['none', 'x-zm-signature' => undef],
        ['no time', 'x-zm-request-timestamp' => undef],
        ['another time', 'x-zm-request-timestamp'
                         => $h{'x-zm-request-timestamp'} - 1],
        ['upper case', 'x-zm-signature' => $upper],
        ['version 1', 'x-zm-signature' => 'v1' . substr $h{'x-zm-signature'},
                                                        2],
        ['a part', 'x-zm-signature' => substr $h{'x-zm-signature'}, 0, 66],
        ['milliseconds', 'x-zm-request-timestamp'
                         => $h{'x-zm-request-timestamp'} . '000'],
    ) {
        my ($name, $header, $value) = @$case;
        my %changed = (%h, $header => $value);
        my @headers = map { ($_ => $changed{$_}) }
                      grep { defined $changed{$_} } sort keys %changed;

        is(verdict(http(port => $t->port, path => '/hook',
                        body => $good{body}, headers => \@headers)),
           '401 unauthenticated', $name);
    }

    is(verdict(http(port => $t->port, path => '/hook', %good,
                    body => "$good{body} ")), '401 unauthenticated',
       'a blank more');
    is(verdict(http(port => $t->port, path => '/hook', %good,
                    headers => [@{ $good{headers} },
                                'X-Zm-Signature' => $h{'x-zm-signature'}])),
       '401 unauthenticated', 'twice');
    is(verdict(http(port => $t->port, path => '/hook', %good)), '204',
       'and the good one is still good');

    # The bytes, not what they mean: each of these spells it otherwise.
    for my $body ('{"event":"x","payload":{"n":1.0,"a":"\u00e9/\/"}}',
                  qq({ "event" : "x" ,\r\n\t"payload":{"a":"\xc3\xa9"}}\n),
                  '{"payload":{"z":1,"a":2},"event":"x","event":"y"}',
                  '{"event":"x","payload":{"n":12345678901234567890}}') {
        is(verdict(post('/hook', body => $body)), '204', 'any spelling');
    }

    for my $body ('{}', '[]', 'event', '', '{"event":1}', '{"event":"x"') {
        is(verdict(post('/hook', body => $body)), '400 bad_callback',
           "no event: $body");
    }

    is(verdict(http(port => $t->port, path => '/hook',
                    event('x', {}, secret => $secret), chunked => 7)), '204',
       'in chunks');
    is(http2(port => $t->{nginx}[-1]->port2, path => '/hook',
             event('x', {}, secret => $secret))->status, 204, 'over HTTP/2');
};


subtest 'methods' => sub {
    for my $method (qw(GET PUT HEAD DELETE OPTIONS)) {
        my $r = http(port => $t->port, path => '/hook', method => $method);

        is($r->status, 405, $method);
        is($r->header('allow'), 'POST', 'what would do');
    }
};


subtest 'while a secret is replaced' => sub {
    is(verdict(post('/rotation', secret => $_)), '204', 'one of two')
        for $secret, $older;

    for my $key ($secret, $older) {
        my $r = post('/rotation', event => 'endpoint.url_validation',
                     secret => $key, payload => { plainToken => 'abc' });

        is($r->json->{encryptedToken}, hmac_sha256_hex('abc', $key),
           'a challenge is answered with the one that it has');
    }

    is(verdict(post('/rotation', secret => 'a third')), '401 unauthenticated',
       'another');
};


subtest 'the challenge' => sub {
    my $body = '{"payload":{"plainToken":"xys8n8PGS7mAU0m5-YJjRA"},'
             . '"event_ts":1720705455858,"event":"endpoint.url_validation"}';
    my $r = post('/app', body => $body, id => 'challenge');

    is($r->status, 200, 'is answered');
    is($r->header('content-type'), 'application/json', 'in JSON');
    is_deeply($r->json, {
        plainToken     => 'xys8n8PGS7mAU0m5-YJjRA',
        encryptedToken => hmac_sha256_hex('xys8n8PGS7mAU0m5-YJjRA', $secret),
    }, 'as it should be');
    is(scalar $app->requests, 0, 'by us, whoever is behind');

    is(post('/app', body => $body, id => 'challenge')->status, 200,
       'as often as Zoom likes');
    like(line(qr/challenge/),
         qr{^/app 200 \[CRC\] \[endpoint.url_validation\] \[challenge\] \[\]},
         'the log knows');

    is(verdict(post('/app', body => $body, secret => 'no')),
       '401 unauthenticated', 'of somebody else');

    # A forged event would be signed by whoever answers this.
    is(verdict(post('/app', event => 'endpoint.url_validation',
                    payload => { plainToken => 'v0:1:{"event":"x"}' })),
       '400 bad_callback', 'a token that is another webhook');
    is(verdict(post('/app', event => 'endpoint.url_validation')),
       '400 bad_callback', 'no token');
};


subtest 'the window' => sub {
    is(verdict(post('/window', age => 7190)), '204', 'two hours');
    is(verdict(post('/window', age => 7210)), '401 unauthenticated',
       'and more');
    is(verdict(post('/window', age => -290)), '204', 'of the future');
    is(verdict(post('/window', age => -320)), '401 unauthenticated',
       'and further');

    wait_for(sub { $t->{nginx}[-1]->error_log =~ /too old/ }, 5);
    like($t->{nginx}[-1]->error_log,
         qr/\[error\].*: the webhook is too old; .*"zoom_webhook_window"/,
         'the log says what to look at');
};


subtest 'the ceiling' => sub {
    my $big = '{"event":"x","payload":{"a":"' . 'x' x 1_000_000 . '"}}';
    my $r = post('/hook', body => $big);

    is(verdict($r), '413 too_large', 'a megabyte');
    is(verdict(http(port => $t->port, path => '/hook', chunked => 60000,
                    event('x', {}, secret => $secret, body => $big))),
       '413 too_large', 'in chunks');
    is(verdict(post('/hook', body => '{"event":"x","payload":{"a":"'
                                    . 'x' x 500_000 . '"}}')), '204',
       'half of it');
    is(verdict(post('/small', body => '{"event":"x","payload":{"a":"'
                                     . 'x' x 2000 . '"}}')), '413 too_large',
       'client_max_body_size');

    # It is refused by its header: nothing was sent, so nothing was hashed.
    my %large = event('x', {}, secret => $secret, body => 'x');

    is(verdict(http(port => $t->port, path => '/hook', method => 'POST',
                    headers => [@{ $large{headers} },
                                'Content-Length' => 1_000_000])),
       '413 too_large', 'before it comes');
};


subtest 'whoever is behind' => sub {
    my $body = qq({ "event":"meeting.started",\r\n "payload":{"object":{"id":)
             . qq(987654321,"n":1.0,"topic":"\\u00e9\xc3\xa9"}}}\n);
    my $n = $app->requests;

    is(verdict(post('/app', body => $body, id => 'id-1')), '200', 'answers');

    wait_for(sub { $app->requests > $n }, 5);
    my $got = ($app->requests)[$n];

    is($got->{body}, $body, 'has every byte');
    is($got->{path}, '/behind', 'at its place');
    is($got->{headers}{'x-event'}, 'meeting.started', 'the name');
    is($got->{headers}{'x-meeting'}, '987654321', 'the meeting');
    is($got->{headers}{'x-id'}, 'id-1', 'the id');
    is($got->{headers}{'x-status'}, 'NEW', 'and what we think of it');
    like($got->{headers}{'x-zm-signature'}, qr/^v0=/, 'and can look itself');

    like(line(qr/id-1/),
         qr{^/app 200 \[NEW\] \[meeting.started\] \[id-1\] \[987654321\]},
         'the log');

    # A large one, which did not come at once.
    my $large = '{"event":"x","payload":{"a":"' . 'y' x 200_000 . '"}}';

    is(verdict(http(port => $t->port, path => '/app', chunked => 10_000,
                    event('x', {}, secret => $secret, body => $large))),
       '200', 'one in pieces');
    is(http2(port => $t->{nginx}[-1]->port2, path => '/app',
             event('x', {}, secret => $secret, body => "$large "))->status,
       200, 'and over HTTP/2');

    wait_for(sub { $app->requests == $n + 3 }, 5);
    ok(($app->requests)[$n + 1]{body} eq $large, 'all of it');
    ok(($app->requests)[$n + 2]{body} eq "$large ", 'of both');

    is(verdict(post('/app', secret => 'no')), '401 unauthenticated',
       'a stranger');
    is(scalar $app->requests, $n + 3, 'does not come that far');

    is(verdict(post('/files')), '200', 'try_files leads on');
    is(verdict(post('/files', secret => 'no')), '401 unauthenticated',
       'and strangers nowhere');
    is(scalar $app->requests, $n + 4, 'so it is');
};


subtest 'what else guards' => sub {
    my $key = 'key=' . $t->secret('arg');

    is(verdict(post("/guarded?$key")), '204', 'both proofs');
    is(verdict(post('/guarded?key=wrong')), '401 unauthenticated',
       'one is wrong');
    is(verdict(post('/guarded')), '401 unauthenticated', 'one is missing');
    is(verdict(post("/guarded?$key", secret => 'no')), '401 unauthenticated',
       'the signature is');
    like(line(qr{^/guarded 204}), qr/\[zoom\]$/, 'who it is');

    is(verdict(post('/closed')), '204', 'where an address suffices');
    is(verdict(post('/closed', secret => 'no')), '401 unauthenticated',
       'it does not');
    is(post('/denied')->status, 403, 'and a ban bans');

    is(verdict(post('/if?x=1')), '204', 'in an "if"');
    is(verdict(post('/if?x=1', secret => 'no')), '401 unauthenticated',
       'is no way around');
    is(http(port => $t->port, path => '/if')->status, 405,
       'nor limit_except');

    my $n = $app->requests;

    is(verdict(post('/nested/inner', secret => 'no')), '401 unauthenticated',
       'nor a location in it');
    is(verdict(post('/nested/inner')), '200', 'which has an app');
    is(http(port => $t->port, path => '/nested/open')->status, 204,
       'unless it says so');
    is(scalar $app->requests, $n + 1, 'one came');
};


subtest 'a variable read too early' => sub {
    is(verdict(post('/early')), '500 internal', 'is empty');
    like($t->{nginx}[-1]->error_log,
         qr/"\$zoom_event" was read before the webhook was authenticated/,
         'and says so');
};

$t->finish;
