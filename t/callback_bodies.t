#!/usr/bin/perl

# Bodies that come in pieces, broken, too long, read by others before us, or
# where nobody wants one.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my $nginx = $t->nginx(account => {
    sdk_key => 'key', sdk_secret => 'CANARYsdk_secret_of_the_sdk',
}, http => 'zoom_user bots@example.com;', locations => <<'EOC');
        location = /attendee {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee};
        }

        location = /arg {
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /kit {
            zoom_join          acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /purge {
            zoom_purge         acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /health {
            zoom_health        acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /mirrored {
            mirror             /copy;
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee};
        }

        location = /on_disk {
            mirror                    /copy;
            client_body_in_file_only  clean;
            zoom_tokens               acme;
            zoom_authenticate         attendee file:%{attendee};
        }

        location = /copy {
            internal;
            return 204;
        }

        location = /guarded {
            auth_request  /proven;
            empty_gif;
        }

        location = /proven {
            zoom_tokens        acme;
            zoom_authenticate  header=X-Webhook-Secret file:%{header};
        }

        # The same proof makes another caller of whoever sends it.
        location = /sent_on {
            error_page         403 = /second;
            zoom_tokens        acme;
            zoom_user          $arg_user;
            zoom_allow_user    nobody@example.com;
            zoom_authenticate  header=X-Webhook-Secret file:%{header};
        }

        location = /sent_to_another {
            error_page         403 = /second;
            zoom_tokens        acme;
            zoom_user          $arg_user;
            zoom_allow_user    nobody@example.com;
            zoom_authenticate  header=X-Webhook-Secret file:%{header} as=first;
        }

        location = /second {
            zoom_tokens        acme;
            zoom_authenticate  header=X-Webhook-Secret file:%{header};
        }
EOC

$t->canary(sdk_secret => 'CANARYsdk_secret');

my $key = 'key=' . $t->secret('arg');


sub said {
    my ($r) = @_;

    return $r->status . ' ' . ($r->status == 200 ? 'ok'
                               : $r->json->{error} // 'by nginx');
}


# A request whose body comes in these pieces, each when the one before is sent.
sub pieces {
    my ($path, $headers, @pieces) = @_;
    my $call = http_start(port => $t->port,
                          bytes => "POST $path HTTP/1.1\r\nHost: x\r\n"
                                   . "Connection: close\r\n$headers\r\n");

    for my $piece (@pieces) {
        $call->{out} .= $piece;
        $call->write_some while $call->{out} ne '';

        # so that it is read on its own
        sleep 0.05;
    }

    return scalar http_wait($call);
}


sub chunk {
    return sprintf("%x\r\n", length $_[0]) . "$_[0]\r\n";
}


subtest 'in pieces' => sub {
    my $long = callback(bot_metadata => '{"note": "' . 'x' x 20_000 . '"}');
    my %request = $t->attendee_request('/attendee', body => $long);
    my %header = @{ $request{headers} };
    my $signed = "X-Webhook-Signature: $header{'X-Webhook-Signature'}\r\n";
    my @some = $long =~ /(.{1,3000})/gs;

    is(said(pieces('/attendee', $signed . 'Content-Length: ' . length($long)
                   . "\r\n", @some)), '200 ok', 'of a known length');
    is(said(pieces('/attendee', "${signed}Transfer-Encoding: chunked\r\n",
                   (map { chunk($_) } @some), "0\r\n\r\n")), '200 ok',
       'of an unknown one: the signature holds for the whole');
    is(said(pieces('/attendee', "${signed}Transfer-Encoding: chunked\r\n",
                   (map { chunk($_) } @some[0, 2 .. $#some]), "0\r\n\r\n")),
       '401 unauthenticated', 'and for no less');
    is(said(pieces("/arg?$key", "Transfer-Encoding: chunked\r\n",
                   "0\r\n\r\n")), '400 bad_callback', 'none at all');
};


# nginx says what it was, and we say it as we say everything.
subtest 'broken' => sub {
    my $framing = "Transfer-Encoding: chunked\r\n";

    for my $path ('/arg', '/kit', '/purge') {
        is(said(http(port => $t->port, bytes =>
                     "POST $path?$key HTTP/1.1\r\nHost: x\r\n$framing\r\n"
                     . "zz\r\n")), '400 bad_callback', "$path, at once");
        is(said(pieces("$path?$key", $framing, chunk('{'), "zz\r\n")),
           '400 bad_callback', "$path, later");
    }

    is(http(port => $t->port, bytes => "GET /arg?$key HTTP/1.1\r\nHost: x\r\n"
            . "$framing\r\nzz\r\n")->status, 400, 'one that nobody reads');
};


subtest 'too long' => sub {
    my $long = ' ' x 70_000;

    for my $path ('/arg', '/kit', '/purge') {
        is(said(http(port => $t->port, path => "$path?$key", body => $long,
                     chunked => 1000)), '413 too_large', $path);

        # curl takes the reset behind the answer for an error
        http2(port => $nginx->port2, path => "$path?$key", body => $long,
              headers => ['Transfer-Encoding' => 'chunked']);

        my $logged = $t->logged(sub {
            $_[0]{request} =~ m{^POST \Q$path\E\?.*HTTP/2};
        });

        is("$logged->{status} $logged->{zoom_error}", '413 too_large',
           "$path over HTTP/2");
    }
};


# A GET has no use for it, and the client does not send what nobody reads.
subtest 'with a question first' => sub {
    my $r = http(port => $t->port, bytes => "GET /arg?$key HTTP/1.1\r\n"
                 . "Host: x\r\nExpect: 100-continue\r\n"
                 . "Content-Length: 2\r\n\r\n");

    is($r->status, 200, 'answered, with no word of going on');
    is($r->header('Connection'), 'close', 'and done with');
};


subtest 'read by others' => sub {
    is(said($t->attendee('/mirrored')), '200 ok', 'from memory');
    is(said($t->attendee('/mirrored', secret => 'attendee2')),
       '401 unauthenticated', 'with its signature');
    is(said($t->attendee('/on_disk')), '200 ok', 'from a file');
    is(said($t->attendee('/on_disk', secret => 'attendee2')),
       '401 unauthenticated', 'with its signature, too');
    is(said(http(port => $t->port, path => '/on_disk', body => ' ' x 70_000,
                 chunked => 1000)), '413 too_large', 'and no longer than any');
};


subtest 'for somebody else' => sub {
    my @proof = ('X-Webhook-Secret' => $t->secret('header'));
    my $user = 'user=bots@example.com';

    is($t->get('/guarded', @proof)->status, 500, 'no subrequest is answered');
    like($nginx->error_log, qr/zoom: subrequests are not answered/,
         'and the log says so');

    is(said($t->get("/sent_on?$user", @proof)), '200 ok',
       'sent on to a location with the same caller');
    is(said($t->get("/sent_to_another?$user", @proof)), '500 internal',
       'but to none of another');
    like($nginx->error_log, qr/authenticated before, for another caller/,
         'which the log explains');
};


$t->finish;
