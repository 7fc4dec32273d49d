package Zoom::Kit;

# Tests of zoom_join: an SDK's key and secret, nginx, and what has to be true of
# a kit.
#
#     my ($t, $nginx) = start(locations => <<'EOC');
#         location = /kit {
#             zoom_join  acme;
#         }
#     EOC
#     is_kit(ask('/kit', { meeting_number => 123456789 }), '123456789', 0, 'it');
#     $t->finish;
#
# Locations want key=, which ask() and form() send; they get no token.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use Encode qw(encode_utf8);
use Exporter qw(import);
use JSON::PP ();
use MIME::Base64 qw(decode_base64url encode_base64url);
use Test::More;

use Zoom::Test;

our @EXPORT = qw(start sdk ask form escaped is_error verified is_kit);

my $json = JSON::PP->new->utf8->canonical;
my ($t, $key);

# Names of tests may be in any script.
binmode $_, ':utf8'
    for map { Test::More->builder->$_ } qw(output failure_output todo_output);


# Parameters of an account.
sub sdk {
    return (sdk_key    => 'file:%{sdk_key}',
            sdk_secret => 'file:%{sdk_secret}');
}


# "prepare" is called with the test, before nginx is started; "accounts" is what
# is there beside "acme", a function of the test likewise.

sub start {
    my (%o) = @_;

    $t = Zoom::Test->new;
    $t->secret_file('sdk_key', 'SDKkey_' . Zoom::Test::random_name(6));
    $t->secret_file('sdk_secret', 'CANARYsdk' . Zoom::Test::random_name());
    $t->canary(sdk_secret => $t->secret('sdk_secret'));
    $key = 'key=' . $t->secret('arg');

    $o{prepare}->($t) if $o{prepare};

    my $nginx = $t->nginx(
        account   => { sdk() },
        locations => $o{locations},
        http      => ($o{accounts} ? $o{accounts}->($t) : '') . <<'EOC'
    zoom_authenticate  arg=key file:%{arg};
    zoom_user          bots@example.com;
    zoom_types         none;
EOC
        . ($o{http} // ''));

    return ($t, $nginx);
}


sub ask {
    my ($path, $body, @headers) = @_;

    return $t->post($path . ($path =~ /\?/ ? '&' : '?') . $key,
                    ref $body ? $json->encode($body) : $body, @headers);
}


sub form {
    my ($path, %o) = @_;
    my $query = join '&', map { "$_=$o{$_}" } sort keys %o;

    return $t->get("$path?$key&$query");
}


sub escaped {
    my $text = encode_utf8(shift);

    $text =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}


sub is_error {
    my ($r, $status, $error, $name) = @_;

    is($r->status . ' ' . ($r->json->{error} // substr $r->body, 0, 40),
       "$status $error", $name);
}


# An independent look at a signature: the claims, or nothing.
sub verified {
    my ($signature) = @_;
    my ($header, $claims, $mac, @more) = split /\./, $signature // '';

    return {} if !defined $mac || @more;
    return {} if decode_base64url($header) ne '{"alg":"HS256","typ":"JWT"}';
    return {} if $mac ne encode_base64url(
                     hmac_sha256("$header.$claims", $t->secret('sdk_secret')));

    return $json->decode(decode_base64url($claims));
}


# Of the parameters of ZoomMtg.join() those that a page may be given.
my %taken = map { $_ => 1 } qw(
    meetingNumber userName passWord signature userEmail tk zak customerKey
    recordingToken obfToken
);


# Everything that has to be true of a kit.
sub is_kit {
    my ($r, $meeting, $role, $name) = @_;

    is($r->status, 200, $name) or diag $r->body;

    my $kit = $r->json;
    my $claims = verified($kit->{signature});
    my $now = time;

    is_deeply(
        [@$claims{qw(appKey sdkKey mn role tokenExp)}, $kit->{meetingNumber}],
        [($t->secret('sdk_key')) x 2, $meeting, $role, $claims->{exp},
         $meeting],
        "$name: signed for what it says");
    is_deeply([grep { !$taken{$_} } sort keys %$kit], [],
              "$name: nothing that join() does not know");
    ok(!($kit->{zak} && $kit->{obfToken}), "$name: one token at most");
    is($claims->{exp} - $claims->{iat}, 1800, "$name: for 30 minutes");
    cmp_ok(abs($claims->{iat} - $now), '<=', 5, "$name: from now on");

    return $kit;
}


1;
