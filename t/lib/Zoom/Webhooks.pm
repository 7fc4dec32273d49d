package Zoom::Webhooks;

# Standard Webhooks as a sender makes them, written from their description
# alone: the module's C is not to be its own witness.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use Exporter qw(import);
use MIME::Base64 qw(encode_base64 decode_base64);

our @EXPORT_OK = qw(webhook_signature webhook);

my $sent = 0;


sub webhook_signature {
    my ($secret, $id, $timestamp, $body) = @_;
    my ($key) = $secret =~ /^(?:whsec_)?(.*)$/;

    return 'v1,' . encode_base64(hmac_sha256("$id.$timestamp.$body",
                                             decode_base64($key)), '');
}


# The three headers of a new message as a list of pairs; id, timestamp, body,
# signature and prefix may be given, "age" is in seconds.

sub webhook {
    my ($secret, %o) = @_;
    my $prefix = $o{prefix} // 'webhook';
    my $id = $o{id} // sprintf 'msg_%d_%d_%d', time, $$, ++$sent;
    my $timestamp = $o{timestamp} // time - ($o{age} // 0);
    my $signature = $o{signature}
                    // webhook_signature($secret, $id, $timestamp,
                                         $o{body} // '');

    return ("$prefix-id"        => $id,
            "$prefix-timestamp" => $timestamp,
            "$prefix-signature" => $signature);
}


1;
