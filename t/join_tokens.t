#!/usr/bin/perl

# zoom_join: kits with tokens in them, and which of them.

use strict;
use warnings;

use Test::More;

use Zoom::Kit;
use Zoom::Test;

my ($t, $nginx) = start(http => <<'EOC', locations => <<'EOL');
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
EOC
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
EOL

my $zoom = $t->zoom;


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


$t->finish;
