package Zoom::Event;

# Zoom's webhooks as Zoom makes them, written from their description alone.
#
#     my %request = event('meeting.ended', { object => { id => '1' } },
#                         secret => $secret);
#     http(port => $port, path => '/zoom-webhook', %request);

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use Exporter qw(import);
use JSON::PP ();
use Time::HiRes ();

our @EXPORT_OK = qw(event event_signature);

my $json = JSON::PP->new->utf8->canonical;
my $sent = 0;
my $latest = 0;


sub event_signature {
    my ($secret, $timestamp, $body) = @_;

    return 'v0=' . hmac_sha256_hex("v0:$timestamp:$body", $secret);
}


# Milliseconds, of which no two events have the same: they would be one.
sub timestamp {
    my $now = int 1000 * Time::HiRes::time();

    return $latest = $now > $latest ? $now : $latest + 1;
}


# The headers and the body of one; id, timestamp, body and signature may be
# given, "age" is in seconds, and an undefined id is none.

sub event {
    my ($name, $payload, %o) = @_;
    my $body = $o{body} // $json->encode({
        event    => $name,
        event_ts => timestamp(),
        payload  => { account_id => 'an account', %{ $payload // {} } },
    });
    my $id = exists $o{id} ? $o{id} : sprintf '%d-%d-%d', time, $$, ++$sent;
    my $timestamp = $o{timestamp} // time - ($o{age} // 0);
    my $signature = $o{signature}
                    // event_signature($o{secret}, $timestamp, $body);

    return (
        body    => $body,
        headers => [
            'Content-Type'           => 'application/json; charset=utf-8',
            'User-Agent'             => 'Zoom Marketplace/1.0a',
            'x-zm-signature'         => $signature,
            'x-zm-request-timestamp' => $timestamp,
            defined $id ? ('x-zm-request-id' => $id) : (),
            'authorization'          => $o{authorization} // 'legacy',
            @{ $o{headers} // [] },
        ],
    );
}


1;
