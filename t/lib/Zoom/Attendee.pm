package Zoom::Attendee;

# Attendee's X-Webhook-Signature, written from its description alone: the
# module's C is not to be its own witness.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use Encode ();
use Exporter qw(import);
use MIME::Base64 qw(encode_base64 decode_base64);

our @EXPORT_OK = qw(canonical sign callback);

my %SHORT = ("\b" => '\b', "\t" => '\t', "\n" => '\n', "\f" => '\f',
             "\r" => '\r', '"' => '\"', '\\' => '\\\\');
my %LONG = (b => "\b", t => "\t", n => "\n", f => "\f", r => "\r");


sub unescape {
    my ($s) = @_;

    # A surrogate pair first, then single escapes.
    $s =~ s/\\u([dD][89abAB]..)\\u([dD][c-fC-F]..)/
            chr(0x10000 + ((hex($1) - 0xd800) << 10) + hex($2) - 0xdc00)/gex;
    $s =~ s/\\(?:u([0-9a-fA-F]{4})|(.))/
            defined $1 ? chr hex $1 : $LONG{$2} \/\/ $2/gsex;

    return $s;
}


sub string {
    my ($s) = @_;

    $s =~ s/(["\\\x00-\x1f])/$SHORT{$1} \/\/ sprintf '\u%04x', ord $1/ge;
    return qq("$s");
}


# Reads one value at pos() of the text and gives its canonical form.

sub value;

sub object {
    my ($text) = @_;
    my %members;

    while ($$text =~ /\G\s*"((?:[^"\\]|\\.)*)"\s*:/gcs) {
        my $name = unescape($1);

        $members{$name} = value($text);
        $$text =~ /\G\s*,/gc or last;
    }

    $$text =~ /\G\s*\}/gc or die "no object\n";

    return '{' . join(',', map { string($_) . ":$members{$_}" }
                      sort keys %members) . '}';
}


sub array {
    my ($text) = @_;
    my @list;

    while ($$text !~ /\G\s*\]/gc) {
        push @list, value($text);
        $$text =~ /\G\s*,/gc;
    }

    return '[' . join(',', @list) . ']';
}


sub value {
    my ($text) = @_;

    return object($text) if $$text =~ /\G\s*\{/gc;
    return array($text)  if $$text =~ /\G\s*\[/gc;
    return string(unescape($1))
        if $$text =~ /\G\s*"((?:[^"\\]|\\.)*)"/gcs;
    return $1 if $$text =~ /\G\s*(-?[0-9.eE+-]+|true|false|null)/gc;

    die "no value\n";
}


# Bytes in, bytes out.
sub canonical {
    my ($body) = @_;
    my $text = Encode::decode('UTF-8', $body);

    return Encode::encode('UTF-8', value(\$text));
}


sub sign {
    my ($secret, $body) = @_;

    return encode_base64(hmac_sha256(canonical($body),
                                     decode_base64($secret)), '');
}


# The very body of docs/protocol.md, or one with other members.
sub callback {
    my (%o) = @_;
    my %member = (
        bot_id        => '"bot_AbCdEfGh12345678"',
        bot_metadata  => 'null',
        callback_type => '"zoom_tokens"',
        meeting_url   => '"https://zoom.us/j/123456789?pwd=abc"',
        %o,
    );

    return '{' . join(', ', map { qq("$_": $member{$_}) }
                      grep { defined $member{$_} } sort keys %member) . '}';
}


1;
