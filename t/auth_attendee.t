#!/usr/bin/perl

# Attendee's callback as it comes over the wire, and its signature.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;

# The vectors of Attendee's documentation; not a canary, since it is public.
$t->secret_file('vector', 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');

$t->nginx(locations => <<'EOC');
        zoom_user bots@example.com;

        location = /vector {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{vector};
        }

        location = /attendee {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee};
        }

        location = /both {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee} arg=key file:%{arg};
        }

        location = /rotation {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee}  as=tenant;
            zoom_authenticate  attendee file:%{attendee2} as=tenant;
        }

        location = /either {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee};
            zoom_authenticate  arg=key file:%{arg};
        }
EOC


sub vector {
    my ($body, $signature) = @_;

    return $t->post('/vector', $body, 'X-Webhook-Signature' => $signature);
}


sub is_token {
    my ($r, $name) = @_;
    my $token = $r->json->{zak_token};

    subtest $name => sub {
        is($r->status, 200, 'a status of 200') or diag $r->body;
        like($token, qr/^[\w-]+\.[\w-]+\.[\w-]+$/, 'a JWT');
        is(jwt_claims($token)->{uid}, 'bots@example.com', 'of the user');
    };
}


sub is_error {
    my ($r, $status, $error, $name) = @_;

    is($r->status . ' ' . ($r->json->{error} // $r->body), "$status $error",
       $name);
}


my $body = '{"bot_id": "bot_AbCdEfGh12345678", "bot_metadata": null, '
           . '"callback_type": "zoom_tokens", '
           . '"meeting_url": "https://zoom.us/j/123456789?pwd=abc"}';
my $signature = 'ScwQNV6PIsTIVxIy2hdBN1YgT8Qqg2mxvHwPG6mb0KI=';


subtest 'the vectors' => sub {
    my $r = vector($body, $signature);

    is_token($r, 'the very request');
    like($r->header('Content-Type'), qr{^application/json\b}, 'JSON');
    is($r->header('Cache-Control'), 'no-store', 'not to be stored');
    is_deeply([keys %{ $r->json }], ['zak_token'], 'the token and no more');

    my $metadata = '{"tenant": "caf\u00e9 \u2615", "z": "1", "a": "2"}';

    (my $other = $body) =~ s/null/$metadata/;
    is_token(vector($other, '41bmMY5hSAmygMdiyszyS3ZN0XGydy6BdTqII1tBpyg='),
             'the one with metadata');

    (my $spaced = $body) =~ s/([:,]) /\n$1\t /g;
    is_token(vector(" $spaced\r\n", $signature), 'other white space');

    my $turned = '{"meeting_url":"https:\/\/zoom.us\/j\/123456789?pwd=\u0061bc"'
                 . ',"callback_type":"zoom_tokens","bot_metadata":null,'
                 . '"bot_id":"bot_AbCdEfGh12345678"}';
    is_token(vector($turned, $signature), 'other order, other escapes');
};


subtest 'canonical corners' => sub {
    my %metadata = (
        'sorted by code point' =>
            '{"\ud83d\ude00":"1","\uffee":"2","a":"3","A":"4","":"5"}',
        'escapes' => '{"e":"\"\\\\\/\b\f\n\r\t\u0001\u001f\u007f\u2028"}',
        'raw UTF-8' => qq({"e":"\xe2\x98\x95 \xf0\x9f\x98\x80"}),
        'numbers as spelled' => '{"n":[1.50,-0,1E2,1e+02,100000000000000000]}',
        'nested' => '{"b":{"z":[true,false,null,{}],"a":{}},"a":[]}',
    );

    for (sort keys %metadata) {
        is_token($t->attendee('/attendee',
                              members => { bot_metadata => $metadata{$_} }),
                 $_);
    }
};


subtest 'wrong signatures' => sub {
    my $wrong = 'unauthenticated';

    is_error($t->post('/vector', $body), 401, $wrong, 'none');
    is_error(vector($body, ''), 401, $wrong, 'an empty one');
    is_error(vector($body, 'x' x 44), 401, $wrong, 'nonsense');
    is_error(vector($body, substr $signature, 0, 43), 401, $wrong,
             'without its padding');
    is_error(vector($body, 'T' . substr $signature, 1), 401, $wrong,
             'one bit');
    is_error(vector($body, "v1,$signature"), 401, $wrong, 'a prefix');
    is_error(vector($body, $signature x 2), 401, $wrong, 'twice');
    (my $other = $body) =~ s/abc/abd/;
    is_error(vector($other, $signature), 401, $wrong, 'another body');
    is_error($t->attendee('/attendee', secret => 'attendee2'), 401, $wrong,
             'another secret');

    my $r = $t->get('/attendee', 'X-Webhook-Signature' => $signature);
    is_error($r, 401, $wrong, 'GET has nothing to sign');

    my $refused = $t->post('/vector', $body);
    is($refused->header('Cache-Control'), 'no-store', 'not to be stored');
    like($refused->json->{message}, qr/^\w.*\.$/, 'one sentence');
};


subtest 'a signature that comes twice' => sub {
    my $twice = sub {
        my ($path, @signatures) = @_;

        return $t->post($path, $body,
                        map { ('X-Webhook-Signature' => $_) } @signatures);
    };
    my $right = sign($t->secret('attendee'), $body);
    my $key = '?key=' . $t->secret('arg');

    is_token($twice->("/either$key", 'wrong'), 'a wrong one and the key');

    for (['/attendee', 'for one line'], ["/either$key", 'for another, too']) {
        my ($path, $name) = @$_;

        is_error($twice->($path, $right, $right), 401, 'unauthenticated',
                 "the same $name");
        is_error($twice->($path, $right, 'x'), 401, 'unauthenticated',
                 "a wrong one last $name");
        is_error($twice->($path, 'x', $right), 401, 'unauthenticated',
                 "a wrong one first $name");
    }
};


subtest 'not every signed body is a callback' => sub {
    my $webhook = { callback_type => undef };

    is_error($t->attendee('/attendee', members => $webhook), 400,
             'bad_callback', 'a webhook, which the same key signs');
    is_error($t->attendee('/attendee', members => {
                 callback_type => '"other"' }), 400, 'bad_callback',
             'another type');
    is_error($t->attendee('/attendee', members => {
                 callback_type => 'null' }), 400, 'bad_callback', 'a null');
    is_error($t->post('/attendee', '{"bot_id"', 'X-Webhook-Signature' => 'x'),
             400, 'bad_callback', 'broken JSON with a signature');
    is_error($t->post('/attendee', '{"bot_id"'), 401, 'unauthenticated',
             'broken JSON without');
};


subtest 'two proofs on a line' => sub {
    my $key = '?key=' . $t->secret('arg');

    is_error($t->attendee('/both'), 401, 'unauthenticated',
             'the signature alone');
    is_error($t->post("/both$key", callback()), 401, 'unauthenticated',
             'the key alone');
    is_error($t->attendee('/both?key=wrong'), 401, 'unauthenticated',
             'a wrong key');
    is_error($t->attendee("/both$key", secret => 'attendee2'), 401,
             'unauthenticated', 'a wrong signature');
    is_token($t->attendee("/both$key"), 'both');
};


subtest 'any line' => sub {
    is_token($t->attendee('/rotation'), 'the old secret');
    is_token($t->attendee('/rotation', secret => 'attendee2'),
             'the new secret');
    is_error($t->attendee('/rotation', secret => 'vector'), 401,
             'unauthenticated', 'a third');

    is_token($t->attendee('/either'), 'the signature');
    is($t->get('/either?key=' . $t->secret('arg'))->status, 200, 'the key');
    is_error($t->get('/either'), 401, 'unauthenticated', 'neither');

    # A webhook's signature is no callback's, whatever the other line says.
    is_error($t->attendee('/either', members => { callback_type => undef }),
             400, 'bad_callback', 'a webhook at the location of two lines');
};


is($t->zoom->count('mints', 'zak', 'bots@example.com'), 1,
   'one mint for them all');
is($t->zoom->oauth_calls, 1, 'and one access token');

$t->finish;
