#!/usr/bin/perl

# zoom_join: everything that join() of Zoom's Meeting SDK takes, for those who
# may ask.

use strict;
use warnings;
use utf8;

use Digest::SHA qw(hmac_sha256);
use Encode qw(encode_utf8 decode_utf8);
use File::Basename qw(basename);
use FindBin;
use JSON::PP ();
use MIME::Base64 qw(encode_base64 decode_base64url encode_base64url);
use Test::More;

use Zoom::Browser qw(browse);
use Zoom::Test;
use Zoom::Webhooks qw(webhook);

binmode $_, ':utf8'
    for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $json = JSON::PP->new->utf8->canonical;
my $passcode = 'CANARYpass' . Zoom::Test::random_name(6);

$t->secret_file('sdk_key', 'SDKkey_' . Zoom::Test::random_name(6));
$t->secret_file('sdk_secret', 'CANARYsdk' . Zoom::Test::random_name());
$t->canary(passcode => $passcode, sdk_secret => $t->secret('sdk_secret'));

$t->secret_file('whsec', 'whsec_' . encode_base64('CANARYwhsec' x 3, ''));

my %sdk = (sdk_key    => 'file:%{sdk_key}',
           sdk_secret => 'file:%{sdk_secret}');

# The page; once more with a ZoomMtg that tells what it was given; and once
# more for a location that gives a ZAK.

mkdir $t->dir . "/page$_" for '', '/told', '/zak';

for my $file (glob "$FindBin::Bin/sandbox/join/*") {
    spew($t->dir . "/page/$_" . basename($file), slurp($file), 0644)
        for '', 'told/', 'zak/';
}

my $page = slurp($t->dir . '/page/index.html');

spew($t->dir . '/page/zak/index.html', $page =~ s{"/join-kit"}{"/with-zak"}r,
     0644);

spew($t->dir . '/page/told/zoommtg.js', <<'EOC', 0644);
const ZoomMtg = {
    preLoadWasm() {},
    prepareWebSDK() {},
    init(o) { o.success(); },
    join(kit) {
        document.documentElement.dataset.told = JSON.stringify(kit);
        kit.success({});
    },
};
EOC

# What docs/join.md shows for a page of another origin.
my ($elsewhere) = slurp("$FindBin::Bin/../docs/join.md")
                  =~ /\n(location\ =\ \/join-kit\ \{(?:(?!\n\}).)*add_header
                      .*?\n\}\n)/sx;

$elsewhere =~ s{/join-kit}{/elsewhere};
$elsewhere =~ s/guests\@/bots\@/;

my $nginx = $t->nginx(account => \%sdk, http => $t->account('plain')
                      . $t->account('other', %sdk) . <<'EOC',
    map $zoom_meeting_id $meeting_host {
        volatile;
        default    "";
        987654321  bots@t1.example;
    }

    map $zoom_meeting_url $whose_token {
        volatile;
        default                       onbehalf;
        ~^https://example\.zoom\.us/  zak;
    }

    zoom_authenticate  arg=key file:%{arg};
    zoom_user          bots@example.com;
    zoom_types         none;
EOC
                      locations => $elsewhere . <<'EOC');
        location = /session {
            internal;

            if ($cookie_session = good) {
                return 204;
            }

            return 401;
        }

        location = /kit {
            zoom_join       acme;
        }

        location = /host {
            zoom_join       acme;
            zoom_join_role  host;
        }

        location = /key {
            zoom_join          acme;
            zoom_join_sdk_key  on;
        }

        location = /zak {
            zoom_join       acme;
            zoom_types      zak local_recording;
            zoom_user       $meeting_host;
            zoom_join_role  host;
        }

        location = /both {
            zoom_join       acme;
            zoom_types      zak onbehalf;
            zoom_reuse      0;
        }

        location = /both-host {
            zoom_join       acme;
            zoom_types      onbehalf zak;
            zoom_join_role  host;
            zoom_reuse      0;
        }

        location = /chosen {
            zoom_join        acme;
            zoom_types       zak onbehalf;
            zoom_join_token  $arg_token;
            zoom_reuse       0;
        }

        location = /whose {
            zoom_join        acme;
            zoom_types       zak onbehalf;
            zoom_join_token  $whose_token;
            zoom_reuse       0;
        }

        location = /inside {
            zoom_join        acme;
            zoom_types       zak onbehalf;
            zoom_join_token  zak;
            zoom_reuse       0;
        }

        location = /outside {
            zoom_join        acme;
            zoom_types       zak onbehalf live_streaming;
            zoom_join_token  onbehalf;
        }

        location = /recorded {
            zoom_join           acme;
            zoom_types          zak onbehalf local_recording;
            zoom_allow_meeting  $arg_record;
            zoom_reuse          0;
        }

        location = /recording {
            zoom_join           acme;
            zoom_types          local_recording;
            zoom_allow_meeting  $arg_record;
        }

        location = /obf {
            zoom_join       acme;
            zoom_types      onbehalf;
        }

        location = /user {
            zoom_join        acme;
            zoom_types       zak onbehalf;
            zoom_user        $arg_user;
            zoom_allow_user  *@example.com;
        }

        location = /caller {
            zoom_join       acme;
            zoom_join_role  caller;
        }

        location = /any {
            zoom_join       $arg_account;
        }

        location = /open {
            zoom_join          acme;
            zoom_authenticate  off;
        }

        location = /header {
            zoom_join          acme;
            zoom_authenticate  header=X-Key file:%{header} as=page;
        }

        location = /signed {
            zoom_join          acme;
            zoom_authenticate  attendee file:%{attendee}
                               arg=key file:%{arg} as=both;
        }

        location = /webhook {
            zoom_join          acme;
            zoom_authenticate  standard_webhooks file:%{whsec};
        }

        location = /webhook-key {
            zoom_join          acme;
            zoom_authenticate  standard_webhooks file:%{whsec}
                               arg=key file:%{arg};
        }

        location = /small {
            client_max_body_size 1k;
            zoom_join          acme;
            zoom_authenticate  off;
        }

        location = /join-kit {
            zoom_join          acme;
            zoom_join_role     caller;
            zoom_authenticate  off;
        }

        location = /with-zak {
            zoom_join          acme;
            zoom_join_role     caller;
            zoom_types         zak;
            zoom_authenticate  off;
        }

        location /join/ {
            alias  %{dir}/page/;
            types {
                text/html        html;
                text/css         css;
                text/javascript  js;
            }
        }
EOC

my $key = 'key=' . $t->secret('arg');


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


subtest 'a kit' => sub {
    my $r = ask('/kit', {
        meeting_url => "https://zoom.us/j/123456789",
        passWord => $passcode, userName => 'Zoë 😀', role => 1,
        unknown => { deep => [1, undef] },
    });
    my $kit = is_kit($r, '123456789', 0, 'for a link');

    is($kit->{passWord}, $passcode, 'the passcode');
    is($kit->{userName}, 'Zoë 😀', 'the name');
    is(join(' ', sort keys %$kit),
       'meetingNumber passWord signature userName',
       'and nothing else');
    is($r->header('Content-Type'), 'application/json', 'JSON');
    is($r->header('Cache-Control'), 'no-store', 'not to be stored');
    is($r->header('Access-Control-Allow-Origin'), undef,
       'nor for pages of others');

    my $link = "https://us02web.zoom.us/w/123456789?tk=tk-1&pwd=$passcode";

    $kit = is_kit(ask('/kit', { meeting_url => $link }), '123456789', 0,
                  'for a link that has all');
    is($kit->{passWord}, $passcode, 'its passcode');
    is($kit->{tk}, 'tk-1', 'its registrant');
    is(ask('/kit', { meeting_url => $link, passWord => 'other' })
           ->json->{passWord}, 'other', 'but for one that was sent');

    $kit = is_kit(ask('/kit', { meeting_number => 98765432101 }),
                  '98765432101', 0, 'for a number');
    is($kit->{passWord}, '', 'that says no more');
    ok(!exists $kit->{userName}, 'nor a name, which join() wants to be one');

    $kit = is_kit(ask('/kit', {
        meeting_number => 123456780, userEmail => 'zoe@example.com',
        customerKey => 'k-1', tk => 'tk-2',
    }), '123456780', 0, 'for a registrant');
    is_deeply([@$kit{qw(userEmail customerKey tk)}],
              ['zoe@example.com', 'k-1', 'tk-2'], 'with all of her');

    is(ask('/kit', { meeting_url => $link, tk => 'tk-3' })->json->{tk}, 'tk-3',
       "a registrant's token that was sent counts more than the link's");
    is(ask('/kit', { meeting_url => 'https://zoom.us/j/123456789?pwd='
                                    . 'x' x 32 . '.1' })->json->{passWord}, '',
       "a link's passcode that join() would refuse is left out");

    is_kit(ask('/kit', { meeting_number => '123456789', meeting_url => '' }),
           '123456789', 0, 'for a number in a string');
    is_kit(ask('/kit', { meeting_number => '123 456 789' }),
           '123456789', 0, 'for one as Zoom prints it');
    is_kit(ask('/kit', { meeting_number => '123456789',
                         meeting_url => 'zoommtg://zoom.us/join?'
                                        . 'confno=123456789' }),
           '123456789', 0, 'for both');
    is_kit(http2(port => $nginx->port2, path => "/kit?$key",
                 body => '{"meeting_number":123456789}'),
           '123456789', 0, 'over HTTP/2');
};


subtest 'views' => sub {
    my %ask = (meeting_number => 123456789, passWord => $passcode);
    my $kit = ask('/kit', { %ask, view => 'component' })->json;

    is($kit->{password}, $passcode, 'the component view reads a password');
    ok(!exists $kit->{passWord}, 'and nothing else');

    $kit = ask('/kit', { %ask, view => 'client' })->json;

    is($kit->{passWord}, $passcode, 'the client view a passWord');
    ok(!exists $kit->{password}, 'and refuses the other');
    is(form('/kit', %ask, view => 'component')->json->{password}, $passcode,
       'in a form');
};


subtest 'the SDK key' => sub {
    my $kit = ask('/key', { meeting_number => 123456789 })->json;

    is($kit->{sdkKey}, $t->secret('sdk_key'), 'for packages before 4.0');
};


subtest 'a form' => sub {
    my $r = form('/kit', meeting_url => escaped('https://zoom.us/j/123456789'),
                 passWord => escaped($passcode), userName => escaped('Zoë B'));
    my $kit = is_kit($r, '123456789', 0, 'GET');

    is($kit->{passWord}, $passcode, 'the passcode');
    is($kit->{userName}, 'Zoë B', 'the name');
    is($r->header('Content-Type'), 'application/json', 'JSON for GET, too');

    is(form('/kit', meeting_number => 123456789,
            userName => 'A+B%2BC')->json->{userName}, 'A B+C',
       'as forms encode it');
    is_kit(form('/caller', meeting_number => 123456789, role => 1),
           '123456789', 1, 'the role');

    is_error(form('/kit', meeting_number => 123456789, userName => $_),
             400, 'bad_callback', "a name of $_")
        for '', '%', '%zz', '%00', '%0a', '%ff', '%e2%80%ae', 'x' x 65;

    is_error($t->get("/kit?$key&meeting_number=123456789&role=0&role=1"),
             400, 'bad_callback', 'an argument that was sent twice');
};


subtest 'roles' => sub {
    my %want = (kit => [0, 0, 0], host => [1, 1, 1], caller => [0, 0, 1]);

    for my $location (sort keys %want) {
        my @got = map {
            ask("/$location", { meeting_number => 123456789, %$_ })
        } {}, { role => 0 }, { role => '1' };

        is_kit($got[$_], '123456789', $want{$location}[$_],
               "$location, asked for " . ('nothing', 0, 1)[$_]) for 0 .. 2;
    }
};


subtest 'what is no wish' => sub {
    my @bad = (
        '', 'x', '[]', '{', '{"role":0,"role":1}', "{\"userName\":\"\xff\"}",
        '{"meeting_number":123456789,"role":2}',
        '{"meeting_number":123456789,"role":true}',
        '{"meeting_number":123456789,"userName":7}',
        '{"meeting_number":123456789,"passWord":123456}',
        '{"meeting_number":123456789,"userName":"a\u0000"}',
        '{"meeting_number":123456789,"userName":"a\nb"}',
        '{"meeting_number":123456789,"userName":"a\u202eb"}',
        '{"meeting_number":123456789,"userName":"' . 'x' x 65 . '"}',
        '{"meeting_number":123456789,"userName":"' . '\ud83d\ude00' x 33 . '"}',
        '{"meeting_number":123456789,"userName":""}',
        '{"meeting_number":123456789,"userName":"a<script>b"}',
        '{"meeting_number":123456789,"userName":"</script>"}',
        '{"meeting_number":123456789,"passWord":"' . 'x' x 33 . '"}',
        '{"meeting_number":123456789,"passWord":"<script>"}',
        '{"meeting_number":123456789,"userEmail":"zoe"}',
        '{"meeting_number":123456789,"userEmail":"' . 'x' x 94 . '@b.test"}',
        '{"meeting_number":123456789,"customerKey":"' . 'x' x 37 . '"}',
        '{"meeting_number":123456789,"tk":"' . 'x' x 513 . '"}',
        '{"meeting_number":123456789,"view":"embedded"}',
        '{"meeting_number":12345678}', '{"meeting_number":1e9}',
        '{"meeting_number":"1234 56 789"}', '{"meeting_url":123456789}',
        '{"meeting_url":"https://zoom.us/j/' . '1' x 2048 . '"}',
        '{"meeting_url":"https://zoom.us/j/123456789",'
            . '"meeting_number":987654321}',
    );

    is_error(ask('/caller', $_), 400, 'bad_callback', substr $_, 0, 70)
        for @bad;

    like(ask('/caller', { meeting_number => 123456789, userName => '' })
             ->json->{message}, qr/^The request has an empty userName\.$/,
         'in words');
    like($nginx->error_log, qr/: The request has an empty userName; see /,
         'in the log as well');

    my @nowhere = (
        '{}', '{"meeting_url":null,"meeting_number":""}',
        map { $json->encode({ meeting_url => $_ }) } (
            'https://zoom.us/my/somebody', 'https://example.com/j/123456789',
            'https://zoom.us.evil.example/j/123456789', 'javascript:alert(1)',
            'https://user@evil.example/zoom.us/j/123456789',
            'https://zoom.us/j/1%', 'file:///etc/passwd', 'x',
        ),
    );

    is_error(ask('/kit', $_), 400, 'no_meeting', substr $_, 0, 70)
        for @nowhere;

    for my $method (qw(HEAD PUT DELETE OPTIONS PATCH)) {
        my $r = http(port => $t->port, method => $method,
                     path => "/open?meeting_number=123456789");

        is($r->status . ' ' . $r->header('Allow'), '405 GET, POST', $method);
    }

    is_error($t->post('/open', 'x' x 70_000), 413, 'too_large', 'a large body');
    is_error($t->post('/small', 'x' x 1100), 413, 'too_large',
             'a body over client_max_body_size');
};


subtest 'who may ask' => sub {
    my $wish = '{"meeting_number":123456789}';

    is_error($t->post('/kit', $wish), 401, 'unauthenticated', 'no proof');
    is_error($t->post('/kit?key=wrong123', $wish), 401, 'unauthenticated',
             'a wrong one');
    is_error($t->get("/kit?$key&$key&meeting_number=123456789"), 401,
             'unauthenticated', 'one that was sent twice');
    is_error($t->post('/header', $wish), 401, 'unauthenticated',
             'no header');
    is($t->post('/header', $wish, 'X-Key' => $t->secret('header'))->status,
       200, 'a header');
    is($t->logged(sub { $_->{uri} eq '/header' && $_->{status} == 200 })
           ->{zoom_caller}, 'page', 'and who it was');

    # Whoever can have Attendee sign something has no key yet.
    is_error($t->attendee('/signed', body => $wish), 401, 'unauthenticated',
             'a signature alone');
    is($t->attendee("/signed?$key", body => $wish)->status, 200,
       'beside the key');
    is_error($t->attendee("/signed?$key", body => $wish,
                          secret => 'attendee2'), 401, 'unauthenticated',
             "a stranger's signature beside the key");
    is_error($t->post("/signed?$key", $wish), 401, 'unauthenticated',
             'the key alone');
    is_error($t->get("/signed?$key&meeting_number=123456789"), 401,
             'unauthenticated', 'and where nothing could be signed');

    # A GET's signature covers neither its path nor what it asks for.
    my $query = 'meeting_number=123456789';
    my $signed = sub { webhook($t->secret('whsec'), @_) };

    is($t->post('/webhook', $wish, $signed->(body => $wish))->status, 200,
       'a webhook that asks for it');
    is_error($t->post('/webhook', $wish, $signed->(body => '{}')), 401,
             'unauthenticated', 'one that does not');
    is_error($t->get("/webhook?$query", $signed->()), 401,
             'unauthenticated', 'one without a body');
    is($t->get("/webhook-key?$key&$query", $signed->())->status, 200,
       'beside the key');
    is_error($t->get("/webhook-key?$query", $signed->()), 401,
             'unauthenticated', 'and without it');
};


subtest 'a page of another origin' => sub {
    my $wish = '{"meeting_number":123456789}';
    my @origin = (Origin => 'https://app.example.com');
    my @guest = (@origin, Cookie => 'session=good');

    my $r = http(port => $t->port, method => 'OPTIONS', path => '/elsewhere',
                 headers => [@origin,
                             'Access-Control-Request-Method' => 'POST',
                             'Access-Control-Request-Headers'
                                 => 'content-type']);

    is($r->status, 204, 'asks first');
    is($r->header("Access-Control-Allow-$_->[0]"), $_->[1], $_->[0])
        for [Origin => 'https://app.example.com'], [Credentials => 'true'],
            [Headers => 'Content-Type'];

    $r = $t->post('/elsewhere', $wish, @guest);
    is_kit($r, '123456789', 0, 'and gets it');
    is($r->header('Access-Control-Allow-Origin'), $origin[1], 'and may read');

    $r = $t->post('/elsewhere', $wish, @origin);
    is($r->status, 401, 'somebody who is not signed in does not');
    unlike($r->body, qr/signature/, 'get any of it');
};


subtest 'accounts by variable' => sub {
    my $wish = '{"meeting_number":123456789}';

    is_kit(ask('/any?account=other', $wish), '123456789', 0, 'another account');
    is_error(ask('/any?account=nobody', $wish), 403, 'no_account', 'none');
    is_error(ask('/any', $wish), 403, 'no_account', 'nothing');
    is_error(ask('/any?account=plain', $wish), 403, 'no_account',
             'one that signs for nobody') for 1 .. 3;

    my @lines = grep { /\[error\].*account "plain" has no "sdk_key".*add them/ }
                split /\n/, $nginx->error_log;

    is(scalar @lines, 1, 'and the log says what to do, once');
};


# What strangers write stays in its quotes, and is seen as it was written.
subtest 'hostile names' => sub {
    my @names = ('"}],"role":1,"x":"', '</style><img src=x onerror=a()>',
                 '\\', '\\"', '<!--', '&lt;', "\x{2603}\x{fe0f}", "'", '%s%n',
                 "\x{200f}\x{5d0}", '{{7*7}}', '${7*7}');

    for my $name (@names) {
        my $r = ask('/kit', { meeting_number => 123456789, userName => $name,
                              passWord => $name });
        my $kit = $r->json;

        is($kit->{userName} . $kit->{passWord}, $name . $name, $name);
        is(verified($kit->{signature})->{role}, 0, 'signed as it was');
        unlike($r->body, qr/[<>&]/, 'no tag in it');
    }
};


subtest 'variables' => sub {
    ask('/kit', { meeting_url => "https://zoom.us/j/987654321?pwd=$passcode" });

    my $line = $t->logged(sub {
        $_->{zoom_meeting_id} eq '987654321' && $_->{status} == 200
    });

    is($line->{zoom_meeting_url}, 'https://zoom.us/j/987654321?pwd=***',
       'the link without its passcode');
    is($line->{zoom_caller}, 'arg', 'the caller');

    # In the query string they would be in every log.
    form('/kit', meeting_url => escaped('https://zoom.us/j/987654320?pwd='
                                        . $passcode),
         passWord => escaped($passcode), tk => 'CANARYtk1');
    $t->get("/kit?%70assWord=$passcode&PASSWORD=$passcode&meeting_url=x");

    $line = $t->logged(sub { $_->{zoom_meeting_id} eq '987654320' });

    like($line->{request}, qr/passWord=\*+&/, 'overwritten');
    like($line->{args}, qr/meeting_url=\*+&/, 'likewise');
    like($line->{args}, qr/tk=\*+(?:&|$)/, "and a registrant's token");
};


is($zoom->token_calls, 0, 'Zoom was asked for no token yet');


subtest 'the ZAK' => sub {
    my $kit = is_kit(ask('/zak', { meeting_number => 987654321 }),
                     '987654321', 1, 'the kit of a host');

    is(jwt_claims($kit->{zak})->{uid}, 'bots@t1.example', 'with his ZAK');
    ok(!exists $kit->{obfToken}, 'and no OBF token');
    is($t->logged(sub { $_->{uri} eq '/zak' })->{zoom_user},
       'bots@t1.example', 'who is in the log');

    is_error(ask('/zak', { meeting_number => 123456789 }), 403, 'no_user',
             'nobody hosts another meeting');
};


# join() takes one token (error 3636): an OBF token, where there is one, since a
# meeting may be somebody else's.
subtest 'one of two tokens' => sub {
    $zoom->control({ match => 'api', mode => 'delay', ms => 500 });

    my $r = ask('/both', { meeting_url => 'https://zoom.us/j/987654321' });
    my $kit = is_kit($r, '987654321', 0, 'a kit for any meeting');

    cmp_ok($r->took, '<', 0.95, 'minted side by side');
    is(jwt_claims($kit->{obfToken})->{mid}, '987654321',
       'an OBF token for the meeting');
    is($t->logged(sub { $_->{uri} eq '/both' })->{zoom_token_status},
       'MISS, MISS', 'in the log');

    $zoom->control({ clear => 1 });

    $kit = ask('/obf', { meeting_number => 987654321 })->json;
    is(join(' ', grep { /zak|obf/ } sort keys %$kit), 'obfToken',
       'an OBF token alone');
};


# What came, and how many calls it took.
sub tokens_of {
    my ($path, %wish) = @_;
    my $before = $zoom->token_calls;
    my $r = ask($path, { meeting_number => 987654321, %wish });
    my $kit = $r->status == 200 ? $r->json : {};

    return join ' ', $r->status, (grep { /zak|Token/ } sort keys %$kit),
                     $zoom->token_calls - $before;
}


subtest 'which token' => sub {
    is(tokens_of('/inside'), '200 zak 1', 'the ZAK, and nothing else is asked');
    is(tokens_of('/outside'), '200 obfToken 1', 'the OBF token, likewise');
    is(tokens_of('/both-host'), '200 zak 1', 'a host needs the ZAK');

    is(tokens_of('/whose', meeting_url => "https://$_->[0]/j/987654321"),
       $_->[1], "a link to $_->[0]")
        for ['example.zoom.us', '200 zak 1'], ['zoom.us', '200 obfToken 1'];

    is(tokens_of("/chosen?token=$_->[0]"), $_->[1], "a variable: $_->[0]")
        for ['zak', '200 zak 1'], ['onbehalf', '200 obfToken 1'],
            ['auto', '200 obfToken 2'], ['', '200 obfToken 2'], ['x', '500 0'];
    like($nginx->error_log, qr/"zoom_join_token" is none of "zak"/,
         'and the log says what it is not');
};


# A recording token is for meetings of the account: there the ZAK will do.
subtest 'a recording token' => sub {
    is(tokens_of("/$_->[0]", meeting_number => $_->[1]), $_->[2], $_->[3])
        for ['recorded?record=1', 123456789, '200 recordingToken zak 2',
             'a meeting of the account'],
            ['recorded?record=1', 987654321, '200 obfToken 2', 'another'],
            ['recorded?record=0', 123456789, '200 obfToken 2',
             'one that is not to be recorded'],
            ['recording?record=1', 123456789, '200 recordingToken 0', 'alone'],
            ['recording?record=1', 987654321, '200 0', 'none'],
            ['recording?record=0', 123456789, '200 0', 'or not to be had'];
};


# None of this is a question for Zoom.
subtest 'hostile wishes' => sub {
    my $before = $zoom->token_calls;
    my $wish = { meeting_number => 987654321 };

    is_error(ask("/user?user=$_", $wish), 403, 'denied', "user $_")
        for qw(me ME %6de admin%40evil.example ..%2Fme a%00b);
    is_error(ask('/user', $wish), 403, 'no_user', 'no user');

    is_error(ask('/both', { meeting_url => $_ }), 400, 'no_meeting', $_)
        for 'https://zoom.us.evil.example/j/987654321', 'https://zoom.us/my/x',
            'https://zoom.us/j/987654321%', '../../users/me';

    is_error(ask('/both', { meeting_number => $_ }), 400, 'bad_callback', "number $_")
        for '987654321/../me', '987654321?x', '98765432100000', '-98765432';

    is_error($t->post("/both?key=wrong$_", '{"meeting_number":987654321}'),
             401, 'unauthenticated', "a wrong key, $_") for 1 .. 5;

    is($zoom->token_calls, $before, 'Zoom was not asked');
};


subtest 'a token that does not come' => sub {
    my $kit = is_kit(ask('/both', { meeting_number => 404123456 }),
                     '404123456', 0, 'a meeting Zoom does not know');

    ok($kit->{zak} && !exists $kit->{obfToken}, 'goes without an OBF token');

    is_error(ask('/obf', { meeting_number => 404123456 }), 502,
             'meeting_unknown', 'but not without all there is');

    # One of the two, as they come; the other will do.
    my %left;

    $zoom->control({ bots => 6 });

    for my $n (1 .. 6) {
        $zoom->control({ match => 'token', mode => 'answer', status => 400,
                         body => '{"code":300,"message":"No."}', times => 1 });

        my ($status, @came) = split / /,
            tokens_of("/user?user=bot000$n%40example.com");

        is("$status @came[0 .. $#came - 1]", "200 $came[0]", 'one came');
        $left{$came[0]}++;
        $zoom->control({ clear => 1 });
    }

    ok($left{obfToken}, 'also where it was not the ZAK') or diag(explain(\%left));

    my $r = ask('/user?user=nobody%40example.com',
                { meeting_number => 987654321 });

    is_error($r, 502, 'user_unknown', 'nor without a ZAK');
    unlike($r->body, qr/signature/, 'nothing is signed then');
};


sub page {
    my ($path, %o) = @_;
    my $wish = join '&', 'now=1', map { "$_=" . escaped($o{$_}) } sort keys %o;

    return decode_utf8(browse($t->dir, '--dump-dom',
                              'http://127.0.0.1:' . $t->port
                              . "$path#$wish"));
}


# What the page says: a hash for each table, and the verdict.
sub seen {
    my ($dom) = @_;
    my %row = $dom =~ m{<tr data-field="(\w+)">.*?<td[^>]*>(.*?)</td>}g;
    my ($verdict) = $dom =~ m{<p id="verdict"[^>]*>(.*?)</p>};

    return ($verdict, %row);
}


subtest 'the page' => sub {
    plan(skip_all => Zoom::Browser::missing()) if Zoom::Browser::missing();

    my ($verdict, %row) = seen(page('/join/', role => 0,
        meeting => "https://zoom.us/j/123456789", passWord => $passcode,
        userName => 'Zoë <b>&amp;"'));

    is($verdict, '<b>Joined</b>meeting 123456789 as “Zoë &lt;b&gt;'
                 . '&amp;amp;"”.', 'has joined') or return;
    is($row{appKey}, $t->secret('sdk_key'), 'whose app it is');
    is($row{meetingNumber}, '123456789', 'the number');
    is($row{userName}, 'Zoë &lt;b&gt;&amp;amp;"', 'the name, and no tag');
    like($row{signature}, qr/^eyJhbGci… \(\d+ characters\)$/,
         'a signature, shortened');
    like($row{passWord}, qr/^C… \(\d+ characters\)$/, 'a passcode, likewise');
    is($row{mn}, '123456789', 'what is in the signature');
    like($row{exp}, qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'and how long');

    my ($told) = page('/join/told/', meeting => '987 654-321', role => 0,
                      userName => 'Me') =~ / data-told="([^"]*)"/;
    $told = $told =~ s/&quot;/"/gr;
    my $kit = eval { $json->decode($told) } // {};

    is_deeply([@$kit{qw(meetingNumber userName passWord)},
               verified($kit->{signature})->{mn}],
              ['987654321', 'Me', '', '987654321'],
              'ZoomMtg was given all of it, as it was signed');

    ($verdict) = seen(page('/join/', meeting => '123456789', role => 1,
                           userName => 'Me'));
    is($verdict, '<b>Not joined</b>ZoomMtg.join(): role 1 needs the zak of '
                 . 'the host', 'no host without a ZAK');

    ($verdict, %row) = seen(page('/join/zak/', meeting => '987654321',
                                 userName => 'Me', role => 1));
    is($verdict, '<b>Joined</b>meeting 987654321 as “Me”.', 'a host with one');
    like($row{zak}, qr/^eyJ.{5}… \(\d+ characters\)$/, 'which is shortened');

    ($verdict) = seen(page('/join/', meeting => 'https://zoom.us/my/room',
                           userName => 'Me'));
    like($verdict, qr/^<b>Not joined<\/b>.*\(400 no_meeting\)$/,
         'and what nginx said');
};


$t->finish;
