#!/usr/bin/perl

# Which meeting a callback is about, and how Zoom is asked for it.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$t->canary(passcode => 'CANARYpasscode', tk => 'CANARYtk');

# Before nginx starts, and asks for an access token.
$zoom->control({ app => { account_id    => 'acme_account',
                          client_id     => 'acme_client',
                          client_secret => 'acme_client_secret' } });

$t->nginx(http => <<'EOC', locations => <<'EOC2');
    # The host's own ZAK gets the bot past the waiting room.
    map $zoom_meeting_id $meeting_host {
        volatile;
        default      bots@example.com;
        123456789    bots@t1.example;
        98765432101  bots@t2.example;
    }

    map $zoom_metadata_tenant $tenant_account {
        volatile;
        default  acme;
        other    other;
    }

    zoom_account other {
        account_id           "acme_account";
        client_id            "acme_client";
        client_secret        "acme_client_secret";
        oauth_url            %{oauth_url};
        api_url              %{api_url};
        trusted_certificate  %{ca};
    }
EOC
        zoom_authenticate   attendee file:%{attendee};
        zoom_authenticate   arg=key file:%{arg};
        zoom_allow_meeting  1;

        location = /host {
            zoom_tokens      $tenant_account;
            zoom_user        $meeting_host;
            zoom_allow_user  *@example.com *@t1.example *@t2.example;
            zoom_reuse       0;
        }

        location = /record {
            zoom_tokens  acme;
            zoom_types   local_recording;
        }

        location = /obf {
            zoom_tokens  acme;
            zoom_types   onbehalf;
            zoom_user    bots@example.com;
        }
EOC2

my $key = 'key=' . $t->secret('arg');


sub asked {
    my @paths = map { $_->[1] } $zoom->arrivals('jointoken');

    $zoom->control({ forget => 1 });
    s{^/v2/}{} for @paths;

    return @paths;
}


sub line_of {
    my ($mark) = @_;

    return $t->logged(sub { ($_[0]{request} // '') =~ /mark=$mark\b/ });
}


sub encode {
    my ($s) = @_;

    $s =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ge;
    return $s;
}


sub is_error {
    my ($r, $want, $name) = @_;

    is($r->status . ' ' . ($r->json->{error} // $r->body), $want, $name);
}


my $pwd = 'pwd=CANARYpasscode';
my @links = (
    'https://zoom.us/j/123456789',
    "https://us02web.zoom.us/j/123456789?$pwd.1",
    "https://corp.zoom.com/s/123456789?password=CANARYpasscode",
    "zoommtg://zoom.us/join?action=join&confno=123456789&$pwd",
    "https://zoomgov.com/wc/123456789/join?$pwd",
    "<https://zoom.us/j/123456789> (Passcode: CANARYpasscode)",
    'https://nam02.safelinks.protection.outlook.com/?url='
    . encode("https://zoom.us/j/123456789?$pwd") . '&data=05',
    'https://www.google.com/url?q='
    . encode("https://zoom.us/j/123456789?$pwd") . '&sa=D',
    '123456789',
    '123 456 789',
    "\xc2\xa0https://zoom.us./j/123456789?uname=100%&amp;$pwd\xe2\x80\x8b",
    "<https://zoom.us/j/123456789?$pwd|Join>",
    "https://zoom.us/j/123456789. (Password: CANARYpasscode)",
    "https://zoom.us/j/123456789 Kenncode CANARYpasscode",
    "//us06web.zoom.us/launch/jc/123456789?wpk=CANARYpasscode",
    "https://zoom.us/meeting/123456789?epk=CANARYpasscode",
    "https://zoom.us/j/123456789/join?confid=CANARYpasscode",
    'https://urldefense.proofpoint.com/v2/url?u=https-3A__zoom.us_j_123456789'
    . '-3Fpwd-3DCANARYpasscode&d=DwMGaQ&c=x&e=',
    'https://urldefense.com/v3/__https://zoom.us/j/123456789?'
    . 'pwd*3DCANARYpasscode__;JQ!!AbC!def$',
    'https://www.google.de/url?sa=t&url='
    . encode("https://zoom.us/j/123456789?$pwd"),
    'https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/'
    . 'atp-safelinks.html?url=' . encode("https://zoom.us/j/123456789?$pwd"),
    'https://gcc02.safelinks.protection.office365.us/?url='
    . encode("https://zoom.us/j/123456789?$pwd"),
    'https://slack-redir.net/link?url='
    . encode("https://zoom.us/j/123456789?$pwd") . '&v=3',
    'https://l.facebook.com/l.php?u='
    . encode("https://zoom.us/j/123456789?$pwd") . '&h=AT3',
);

my @others = (
    'https://zoom.us.evil.example/j/123456789',
    'https://notzoom.us/j/123456789',
    'https://zoom.us@evil.example/j/123456789',
    'https://evil.example/?url=https%3A%2F%2Fzoom.us%2Fj%2F123456789',
    'https://zoom.us/my/name',
    'https://zoom.us/meeting/register/abc-123456789',
    'https://zoom.us/j/12345678',
    'https://zoom.us/j/123456789012',
    "https://zoom.us/j/123456789?$pwd%zz",
    'ftp://zoom.us/j/123456789',
    'https://google.com.de/url?q=https://zoom.us/j/123456789',
    'https://google.de/url?q=https://zoom.us@evil.example/j/123456789',
    "https://evil.example https://zoom.us/j/123456789?$pwd",
    '12345678', '123456789012', '12 345 6789',
);


subtest 'links' => sub {
    my $mark = 0;

    for my $link (@links) {
        my $m = 'l' . ++$mark;
        my $r = $t->attendee("/record?mark=$m",
                             members => { meeting_url => qq("$link") });

        is($r->status, 200, "<$link>") or diag $r->body;
        is_deeply([asked()], ['meetings/123456789/jointoken/local_recording'],
                  'is that meeting');

        my $line = line_of($m);

        is($line->{zoom_meeting_id}, '123456789', 'in the log');
        unlike($line->{zoom_meeting_url}, qr/CANARY/, 'without its passcode');
    }

    for my $link (@others) {
        is_error($t->attendee('/record',
                              members => { meeting_url => qq("$link") }),
                 '400 no_meeting', "not $link");
    }

    is_deeply([asked()], [], 'for which Zoom is not asked');

    my %masked = (
        "https://us02web.zoom.us/j/123456789?a=b&$pwd.1 (Passcode: CANARY1)"
            => 'https://us02web.zoom.us/j/123456789?pwd=***&*** ***',
        'https://www.google.com/url?q='
            . encode("https://zoom.us/w/123456789?tk=CANARYtk") . '&sa=D'
            => 'https://zoom.us/w/123456789?tk=***',
        'https://zoom.us/my/bob?pwd=CANARYpasscode'
            => 'https://zoom.us/my/***?***',
        'https://teams.microsoft.com/l/CANARYpasscode?p=CANARYpasscode'
            => 'https://teams.microsoft.com/***?***',
        'Kenncode CANARYpasscode' => '***',
    );

    for my $link (sort keys %masked) {
        my $m = 'l' . ++$mark;

        $t->attendee("/record?mark=$m",
                     members => { meeting_url => qq("$link") });
        is(line_of($m)->{zoom_meeting_url}, $masked{$link}, $masked{$link});
    }

    asked();
};


# Most tokens need no meeting, so that its link decides over no answer.
subtest 'a link that can be none' => sub {
    my @odd = ('https://zoom.us/j/1234\n56789', 'https://zoom.us\t/j/123456789',
               '\u0000' =~ s/0$/1/r, 'x' x 2049,
               'https://zoom.us/j/123456789?' . 'x' x 2048);

    for my $link (@odd) {
        my $name = substr $link, 0, 40;
        my %o = (members => { meeting_url => qq("$link") });

        ok($t->attendee('/host', %o)->json->{zak_token}, "a ZAK: $name");
        is_error($t->attendee('/record', %o), '400 no_meeting',
                 'and no token for a meeting');
    }

    like($t->{nginx}[-1]->error_log,
         qr/the callback's meeting_url has control characters/, 'is named');

    for my $arg ('meeting_url=https://zoom.us/j/1234%0a56789',
                 'meeting_number=%09', 'meeting_url=' . 'x' x 2049)
    {
        my $name = 'GET ' . substr $arg, 0, 40;

        is($t->get("/host?$key&$arg")->status, 200, "$name: a ZAK");
        is_error($t->get("/record?$key&$arg"), '400 no_meeting',
                 'and no token for a meeting');
    }

    is_deeply([grep { /jointoken/ } asked()], [],
              'for which Zoom is not asked');
};


subtest 'line ends around a link' => sub {
    $t->attendee('/record', members => {
        meeting_url => '"\r\n\thttps://zoom.us/j/123456789\n"' });
    is_deeply([asked()], ['meetings/123456789/jointoken/local_recording'],
              'POST');

    $t->get("/record?$key&meeting_url=%0ahttps://zoom.us/j/123456789%0d%0a");
    is_deeply([asked()], ['meetings/123456789/jointoken/local_recording'],
              'GET');
};


# Attendee lets 1,000 characters of metadata by, some 90 members.
subtest 'much metadata' => sub {
    for my $n (64, 65, 90, 2000) {
        my $metadata = '{' . join(',', map { qq("k$_":"$_") } 1 .. $n)
                       . ',"tenant":"other"}';
        my $r = $t->attendee('/host', members => {
                             bot_metadata => $metadata });

        is($r->status, 200, "$n members") or diag $r->body;
        is(jwt_claims($r->json->{zak_token} // '')->{aid}, 'acme_account',
           'the last of which counts');
    }

    asked();
};


subtest 'GET' => sub {
    my $link = encode("https://zoom.us/j/123456789?$pwd");

    for my $arg ('meeting_number=123456789', 'meeting_id=123456789',
                 "meeting_url=$link", "meeting_url=$link&meeting_id=987654321",
                 "meeting_number=$link", "meeting_id=$link",
                 'meeting_url=&meeting_number=123456789',
                 'meeting_url=https://zoom.us/j/123456789?x=5%')
    {
        is($t->get("/record?$key&$arg")->status, 200, $arg);
        is_deeply([asked()], ['meetings/123456789/jointoken/local_recording'],
                  'is that meeting');
    }

    is_error($t->get("/record?key=wrong&$_=$link"), '401 unauthenticated',
             'a passcode comes too early for the log')
        for qw(meeting_url meeting_number meeting_id);

    $t->get("/record?$key&meeting_number=861%202580+0160&mark=number");
    like(line_of('number')->{request}, qr/&meeting_number=861%202580\+0160&/,
         'a number may be read there');

    for my $arg ('', 'meeting_number=', 'meeting_number=12345678',
                 'meeting_number=1234567890123', 'meeting_number=12345678x',
                 'meeting_number=/123456789', 'Meeting_Number=123456789',
                 'meeting_number=%', 'bot_id=%0a')
    {
        is_error($t->get("/record?$key&$arg"), '400 no_meeting', "not '$arg'");
    }

    my $twice = 'meeting_number=123456789&meeting_number=123456789';

    is_error($t->get("/record?$key&$twice"), '400 bad_callback',
             'twice is bad');

    is_deeply([asked()], [], 'for which Zoom is not asked');
};


subtest 'POST with a number' => sub {
    for my $number (123456789, '"123456789"', '"123 456 789"',
                    '" 123456789 "')
    {
        my $r = $t->post("/record?$key", qq({"meeting_number":$number}));

        ok($r->json->{app_privilege_token}, "<$number>");
    }

    for my $number (12345678, '"12345678 "', '"1234 5678 9"', 1.5, 123456789012, -123456789) {
        is_error($t->post("/record?$key", qq({"meeting_number":$number})),
                 '400 no_meeting', "not $number");
    }

    asked();
};


subtest 'webinars' => sub {
    my $get = sub {
        my ($id) = @_;
        my $link = encode("https://zoom.us/w/$id?tk=CANARYtk");

        return $t->get("/record?$key&meeting_url=$link");
    };

    is($get->('987654321')->status, 200, 'a webinar');
    is_deeply([asked()], ['webinars/987654321/jointoken/local_recording'],
              'is asked for as such');

    is($get->('123456789')->status, 200, 'a meeting with registration');
    is_deeply([asked()],
              [map { "$_/123456789/jointoken/local_recording" }
               qw(webinars meetings)], 'is asked for where it is none');

    is_error($get->('404000000'), '502 meeting_unknown', 'neither');
    asked();
    is_error($get->('404000000'), '502 meeting_unknown', 'which is known now');
    is_deeply([asked()], [], 'without another call');

    $zoom->control({ scopes => ['meeting:read:local_recording_token:admin'] });

    is($get->('123456780')->status, 200, 'a meeting without the webinar scope');
    is_error($get->('987654320'), '502 scope_missing', 'a webinar without it');
    is($t->get("/record?$key&meeting_number=123456789")->status, 200,
       'which breaks no meeting');
    like($t->{nginx}[-1]->error_log,
         qr/add scope webinar:read:local_recording_token:admin/, 'is named');

    $zoom->control({ scopes => ['user:read:token:admin'] });

    my $link = encode('https://zoom.us/w/987654321');
    my $r = $t->get("/obf?$key&meeting_url=$link");

    is(jwt_claims($r->body)->{mid}, '987654321', 'OBF makes no difference');
};


subtest 'the host lets it in' => sub {
    my %host = ('123456789'   => 'bots@t1.example',
                '98765432101' => 'bots@t2.example',
                '555555555'   => 'bots@example.com');

    for my $id (sort keys %host) {
        my $r = $t->attendee('/host', members => {
                             meeting_url => qq("https://zoom.us/j/$id") });

        is(jwt_claims($r->json->{zak_token})->{uid}, $host{$id},
           "the ZAK of $host{$id}");
    }

    my $r = $t->attendee('/host', members => {
                         bot_metadata => '{"tenant":"other"}' });

    is(jwt_claims($r->json->{zak_token})->{aid}, 'acme_account',
       'of another account');
};


$t->finish;
