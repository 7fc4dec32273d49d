#!/usr/bin/perl

# client_body_early_read, which nginx has since 1.31.5: it reads a body before
# there is a location, into the server's buffers and, if it is larger, a file.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Zoom::Test;

my $t = Zoom::Test->new;

my ($without) = $t->nginx_t(account => 0, http => 'client_body_early_read 1;');

plan skip_all => 'this nginx has no client_body_early_read' if $without;

my $nginx = $t->nginx(account => {
    sdk_key => 'key', sdk_secret => 'CANARYsdk_secret_of_the_sdk',
}, http => <<'EOC', locations => <<'EOC2');
    client_body_early_read   1;
    client_body_buffer_size  1k;
    client_max_body_size     100k;

    add_header               X-In-File $request_body_file always;

    zoom_user                bots@example.com;
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
            client_max_body_size  2k;
            zoom_tokens           acme;
            zoom_authenticate     arg=key file:%{arg};
        }

        location = /kit {
            zoom_join          acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /purge {
            zoom_purge         acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /sent_on {
            error_page         403 = @second;
            zoom_tokens        acme;
            zoom_user          $arg_user;
            zoom_allow_user    bots@example.com;
            zoom_authenticate  attendee file:%{attendee};
        }

        location @second {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee};
        }

        location = /header {
            zoom_tokens        acme;
            zoom_authenticate  header=X-Webhook-Secret file:%{header};
        }
EOC2

$t->canary(sdk_secret => 'CANARYsdk_secret');

my $key = 'key=' . $t->secret('arg');
my $served = '200 ok in a file';
my $refused = '401 unauthenticated in a file';
my $too_large = '413 too_large in a file';
my $elsewhere = '/sent_on?user=nobody@example.com';
my $short = callback();
my $long = callback(bot_metadata => '{"note": "' . 'x' x 20_000 . '"}');


sub said {
    my ($r) = @_;

    return $r->status . ' ' . ($r->status == 200 ? 'ok'
                               : $r->json->{error} // 'by nginx')
           . ($r->header('X-In-File') ? ' in a file' : '');
}


subtest 'from memory' => sub {
    is(said($t->attendee('/attendee', body => $short)), '200 ok', 'served');
    is(said($t->attendee('/attendee', body => $short, secret => 'attendee2')),
       '401 unauthenticated', 'with its signature');
    is(said($t->attendee($elsewhere, body => $short)), '200 ok',
       'and sent on to another location');
};


subtest 'from a file' => sub {
    my @changed = (body => $long, secret => 'attendee2');

    is(said($t->attendee('/attendee', body => $long)), $served, 'served');
    is(said($t->attendee('/attendee', @changed)), $refused,
       'with its signature');
    is(said(http($t->attendee_request('/attendee', body => $long),
                 chunked => 3000)), $served, 'of an unknown length');
    is(said($t->attendee($elsewhere, body => $long)), $served,
       'and sent on to another location');
    is(said(http2($t->attendee_request('/attendee', body => $long),
                  port => $nginx->port2)), $served, 'over HTTP/2');
    is(said(http2($t->attendee_request('/attendee', @changed),
                  port => $nginx->port2)), $refused,
       'with its signature there, too');
};


subtest 'as it comes' => sub {
    my %request = $t->attendee_request('/attendee', body => $long);
    my %header = @{ $request{headers} };
    my $call = http_start(port => $t->port,
                          bytes => "POST /attendee HTTP/1.1\r\nHost: x\r\n"
                                   . "Connection: close\r\n"
                                   . "Content-Length: ${\ length $long}\r\n"
                                   . 'X-Webhook-Signature: '
                                   . "$header{'X-Webhook-Signature'}\r\n\r\n");

    for my $piece ($long =~ /(.{1,4000})/gs) {
        $call->{out} .= $piece;
        $call->write_some while $call->{out} ne '';

        # so that it is read on its own
        sleep 0.02;
    }

    is(said(scalar http_wait($call)), $served, 'in pieces');

    # a GET has no use for its body
    is(said(http(port => $t->port, path => "/arg?$key", method => 'GET',
                 body => $long)), $served, 'with a GET');
};


subtest 'too long' => sub {
    for my $path ('/arg', '/kit', '/purge') {
        my %request = (port => $t->port, path => "$path?$key",
                       body => ' ' x 70_000);

        is(said(http(%request)), $too_large, "$path, as it says");
        is(said(http(%request, chunked => 1000)), $too_large,
           "$path, as it turns out");
    }

    is(said(http(port => $t->port, path => "/small?$key", body => ' ' x 3000,
                 chunked => 1000)), $too_large, 'for a smaller location');

    # nginx logs the request itself, an argument's secret included
    is(said($t->post('/header', ' ' x 110_000,
                     'X-Webhook-Secret' => $t->secret('header'))),
       '413 by nginx', 'and for the server, before there is a location');
};


# Which variables there are is said by what reads them too early.
subtest 'a predicate of ours' => sub {
    my $odd = $t->nginx(http => <<'EOC', locations => <<'EOC2');
    client_body_early_read  $zoom_meeting_id;
    zoom_user               bots@example.com;
EOC
        location = /attendee {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee};
        }
EOC2

    is(said($t->attendee('/attendee')), '500 internal', 'is too early');
    like($odd->error_log, qr/"\$zoom_meeting_id" was read before/,
         'which the log explains');
};


$t->finish;
