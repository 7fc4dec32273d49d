package Bench::Bodies;

# Signed callbacks as Attendee sends them, each another: written both as sent
# and in canonical form, since sorting a hundred thousand of them takes long.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use Exporter qw(import);
use MIME::Base64 qw(encode_base64 decode_base64);

use Zoom::Attendee qw(canonical);

our @EXPORT_OK = qw(write_bodies write_requests);


# As Python writes it, some 350 bytes; the same without spaces and escapes.
sub texts {
    my ($i, $user) = @_;
    my $body = sprintf '{"bot_id": "bot_%016d", "bot_metadata": {'
        . '"note": "of a customer with a caf\u00e9 in its name, no. %d", '
        . '"run": "%08x", "tenant": "t%d", "user": "%s"}, '
        . '"callback_type": "zoom_tokens", "meeting_url": "https://'
        . 'us02web.zoom.us/j/%d?pwd=abcdefghijklmnopqrstuvwxyz0123456789.1"}',
        $i, $i, $i * 2_654_435_761 % 2**32, $i % 50, $user, 80_000_000_000 + $i;

    (my $canonical = $body) =~ s/": /":/g;
    $canonical =~ s/(["}]), "/$1,"/g;
    $canonical =~ s/\\u00e9/\xc3\xa9/;

    return ($body, $canonical);
}


# $n of them with $users users in turn, into $path: signature, tab, body.  With
# "wrong" no signature holds.

sub write_bodies {
    my ($path, %o) = @_;
    my $key = decode_base64($o{wrong} ? encode_base64('x' x 32) : $o{secret});
    my $users = $o{users} // 1;

    open my $fh, '>', $path or die "$path: $!\n";

    for my $i (1 .. $o{n}) {
        my $user = $users == 1 ? 'bots@example.com'
                   : sprintf 'bot%04d@example.com', 1 + $i % $users;
        my ($body, $text) = texts($i, $user);

        die "the canonical form is another\n"
            if $i == 1 && $text ne canonical($body);

        print {$fh} encode_base64(hmac_sha256($text, $key), ''), "\t$body\n";
    }

    close $fh or die "$path: $!\n";
    return $path;
}


# The same for t/bench/open: whole requests, each after its length.
sub write_requests {
    my ($bodies, $path, $uri) = @_;

    open my $in, '<', $bodies or die "$bodies: $!\n";
    open my $out, '>', $path or die "$path: $!\n";

    while (my $line = <$in>) {
        chomp $line;
        my ($signature, $body) = split /\t/, $line, 2;
        my $request = "POST $uri HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            . "User-Agent: python-requests/2.32.3\r\nAccept: */*\r\n"
            . "Content-Type: application/json\r\n"
            . "X-Webhook-Signature: $signature\r\n"
            . 'Content-Length: ' . length($body) . "\r\n\r\n$body";

        print {$out} length($request), "\n$request";
    }

    close $out or die "$path: $!\n";
    return $path;
}


1;
