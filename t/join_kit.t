#!/usr/bin/perl

# zoom_join: everything that join() of Zoom's Meeting SDK takes, for those who
# may ask.

use strict;
use warnings;
use utf8;

use FindBin;
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Kit;
use Zoom::Test;
use Zoom::Webhooks qw(webhook);

my $json = JSON::PP->new->utf8->canonical;
my $passcode = 'CANARYpass' . Zoom::Test::random_name(6);

# What docs/join.md shows for a page of another origin.
my ($elsewhere) = slurp("$FindBin::Bin/../docs/join.md")
                  =~ /\n(location\ =\ \/join-kit\ \{(?:(?!\n\}).)*add_header
                      .*?\n\}\n)/sx;

$elsewhere =~ s{/join-kit}{/elsewhere};
$elsewhere =~ s/guests\@/bots\@/;

my ($t, $nginx) = start(
    prepare => sub {
        my ($t) = @_;

        $t->secret_file('whsec',
                        'whsec_' . encode_base64('CANARYwhsec' x 3, ''));
        $t->canary(passcode => $passcode);
    },
    accounts => sub { $_[0]->account('plain') . $_[0]->account('other', sdk()) },
    locations => $elsewhere . <<'EOC');
        location = /session {
            internal;

            if ($cookie_session = good) {
                return 204;
            }

            return 401;
        }

        location = /host {
            zoom_join       acme;
            zoom_join_role  host;
        }

        location = /kit {
            zoom_join       acme;
        }

        location = /key {
            zoom_join          acme;
            zoom_join_sdk_key  on;
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
EOC

my $zoom = $t->zoom;
my $key = 'key=' . $t->secret('arg');


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


is($zoom->token_calls, 0, 'Zoom was asked for no token');


$t->finish;
