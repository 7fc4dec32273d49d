#!/usr/bin/perl

# Every type of token: how Zoom is asked for it, under which name it is
# answered, and that one which fails is the others' loss only where it must be.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$t->nginx(http => <<'EOC', locations => <<'EOC2');
    map $zoom_metadata_record $may_record {
        volatile;
        default   "";
        yes       1;
        no        0;
    }
EOC
        zoom_user           bots@example.com;
        zoom_authenticate   attendee file:%{attendee};
        zoom_authenticate   arg=key file:%{arg};
        zoom_allow_meeting  1;

        location = /all {
            zoom_tokens  acme;
            zoom_types   zak onbehalf local_recording live_streaming
                         local_archiving;
            zoom_reuse   0;
        }

        location = /text {
            zoom_tokens    acme;
            zoom_types     onbehalf zak;
            zoom_response  text;
        }

        location = /json {
            zoom_tokens    acme;
            zoom_types     onbehalf zak;
            zoom_response  json;
        }

        location = /record {
            zoom_tokens               acme;
            zoom_types                zak local_recording;
            zoom_allow_meeting        $may_record;
            zoom_bypass_waiting_room  on;
        }

        location = /bypass {
            zoom_tokens               acme;
            zoom_types                local_recording live_streaming;
            zoom_bypass_waiting_room  on;
        }

        location = /obf {
            zoom_tokens  acme;
            zoom_types   onbehalf live_streaming;
            zoom_ttl     90s;
        }

        location = /stored {
            zoom_tokens  acme;
            zoom_types   zak onbehalf;
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }

        location = /unknown {
            zoom_tokens  acme;
            zoom_types   onbehalf local_recording zak;
            zoom_user    nobody@example.com;
        }
EOC2

my $key = 'key=' . $t->secret('arg');
my $number = '&meeting_number=123456789';
my $users = '/v2/users/bots%40example.com/token';
my $meetings = '/v2/meetings/123456789/jointoken';
my $n = 0;


# What has been asked of Zoom since the last time, in the order of paths.
sub asked {
    my @paths = sort map { $_->[1] } $zoom->arrivals('token'),
                                     $zoom->arrivals('jointoken');

    $zoom->control({ forget => 1 });

    return @paths;
}


sub error_log { return $t->{nginx}[-1]->error_log }


sub line_of {
    my ($mark) = @_;

    return $t->logged(sub { ($_[0]{request} // '') =~ /mark=$mark\b/ });
}


sub is_error {
    my ($r, $want, $name) = @_;

    is($r->status . ' ' . ($r->json->{error} // $r->body), $want, $name);
}


subtest 'all of them' => sub {
    my $r = $t->attendee('/all?mark=1');
    my $a = $r->json;

    is($r->status, 200, 'answered') or diag $r->body;
    is_deeply([sort keys %$a],
              [qw(app_privilege_token live_streaming_token
                  local_archiving_token onbehalf_token zak_token)],
              'under the names of Attendee');
    is_deeply([asked()],
              [sort "$users?type=zak&ttl=7200",
                    "$users?type=onbehalf&meeting_id=123456789&ttl=7200",
                    map { "$meetings/$_" } qw(local_recording live_streaming
                                              local_archiving)],
              'each with a path of its own');
    is(jwt_claims($a->{zak_token})->{obf}, undef, 'the ZAK');
    is(jwt_claims($a->{onbehalf_token})->{mid}, '123456789', 'the OBF token');

    my $line = line_of(1);

    is($line->{zoom_token_status}, 'MISS, MISS, MISS, MISS, MISS',
       'a list in the log');
    like($line->{zoom_mint_time}, qr/^\d+\.\d{3}(, \d+\.\d{3}){4}$/, 'times');
    like($line->{zoom_tracking_id}, qr/^\S*WEB_\w+(, \S*WEB_\w+){4}$/, 'ids');
    like($line->{zoom_limit_status}, qr/^(PASSED|DELAYED)(, (?1)){4}$/,
         'limits');
    like($line->{zoom_error}, qr/^-?$/, 'no error');
};


subtest 'the names of MeetStream' => sub {
    my $a = $t->post("/all?$key", '{"bot_id":"x","meeting_number":123456789}')
            ->json;

    is($a->{zak}, $a->{zak_token}, 'zak');
    is($a->{obf}, $a->{onbehalf_token}, 'obf');
    ok(!exists $a->{recording}, 'none for the others');
    is(scalar keys %$a, 7, 'and no more');
    asked();
};


subtest 'GET' => sub {
    my %form = (zak => qr/^[\w-]+\.[\w-]+\.[\w-]+\z/,
                onbehalf => qr/^[\w-]+\.[\w-]+\.[\w-]+\z/,
                map { $_ => qr/^[\w-]{64,}\z/ }
                qw(local_recording live_streaming local_archiving));

    for my $type (sort keys %form) {
        my $r = $t->get("/all?$key$number&type=$type");

        like($r->body, $form{$type}, "$type, bare");
        is(scalar(@{[asked()]}), 1, 'and no other');
    }

    is(jwt_claims($t->get("/all?$key$number")->body)->{obf}, undef,
       'without ?type= the first of the list');
    ok(jwt_claims($t->get("/obf?$key$number")->body)->{obf}, 'whatever it is');

    is_error($t->get("/all?$key$number&type=token"), '400 bad_type',
             'not a type');
    is_error($t->get("/all?$key$number&type=access"), '400 bad_type',
             'not one for bots');
    is_error($t->get("/all?$key$number&type="), '400 bad_type', 'empty');
    is_error($t->get("/all?$key$number&type=zak&type=zak"), '400 bad_type',
             'twice');
    is_error($t->get("/all?$key$number&type=ZAK"), '400 bad_type',
             'in another case');
    is_error($t->get("/obf?$key$number&type=zak"), '400 bad_type',
             'not in zoom_types');
    asked();
};


subtest 'zoom_response' => sub {
    my $r = $t->post("/text?$key", '{"meeting_number":"123456789"}');

    ok(jwt_claims($r->body)->{obf}, 'text is for the first');
    is(scalar(@{[asked()]}), 1, 'and for no other');

    $r = $t->post("/text?$key&type=zak", '{}');
    is(jwt_claims($r->body)->{obf}, undef, 'or for that of ?type=');
    asked();

    $r = $t->get("/json?$key$number");
    is_deeply([keys %{ $r->json }], ['onbehalf_token'], 'GET has one in JSON');

    $r = $t->post("/json?$key&type=zak", '{"meeting_number":123456789}');
    is(scalar keys %{ $r->json }, 4, 'POST has all in JSON');
    asked();
};


subtest 'lives' => sub {
    my $c = jwt_claims($t->get("/obf?$key$number")->body);

    is($c->{exp} - $c->{iat}, 90, 'zoom_ttl holds for OBF tokens');
    is_deeply([asked()],
              ["$users?type=onbehalf&meeting_id=123456789&ttl=90"],
              'as Zoom was asked');
};


subtest 'only the ZAK is used again' => sub {
    my @a = map { $t->attendee("/stored?mark=s$_")->json } 1 .. 3;

    is(scalar(keys %{ { map { $_->{zak_token} => 1 } @a } }), 1, 'one ZAK');
    is(scalar(keys %{ { map { $_->{onbehalf_token} => 1 } @a } }), 3,
       'an OBF token for each');
    is(line_of('s3')->{zoom_token_status}, 'HIT, MISS', 'in the log');
    asked();
};


subtest 'no two bots share one' => sub {
    $zoom->control({ match => 'api', mode => 'delay', ms => 500 });

    my @calls = map { http_start($t->attendee_request("/all?mark=p$_")) }
                1 .. 8;
    my @a = map { $_->json } http_wait(@calls);

    for my $name (qw(onbehalf_token app_privilege_token live_streaming_token
                     local_archiving_token))
    {
        is(scalar(keys %{ { map { $_->{$name} => 1 } @a } }), 8, $name);
    }

    is(scalar(keys %{ { map { $_->{zak_token} => 1 } @a } }), 1,
       'while all have waited for one ZAK');
    $zoom->control({ clear => 1 });
    asked();
};


subtest 'side by side' => sub {
    $zoom->control({ match => 'api', mode => 'delay', ms => 700 });

    my $r = $t->attendee('/all');

    is(scalar keys %{ $r->json }, 5, 'five tokens');
    cmp_ok($r->took, '<', 1.9, 'in the time of one');
    $zoom->control({ clear => 1 });
    asked();
};


subtest 'past the waiting room' => sub {
    $t->get("/bypass?$key$number");
    $t->get("/bypass?$key$number&type=live_streaming");

    is_deeply([asked()],
              ["$meetings/live_streaming",
               "$meetings/local_recording?bypass_waiting_room=true"],
              'only where Zoom takes it');
};


subtest 'zoom_allow_meeting' => sub {
    my $record = sub {
        my ($mark, $metadata) = @_;

        return $t->attendee("/record?mark=$mark", members => {
                            bot_metadata => $metadata });
    };

    my $r = $record->('a1', '{"record":"yes"}');
    ok($r->json->{app_privilege_token}, 'allowed');

    for my $no ('{"record":"no"}', '{"record":"other"}', 'null') {
        $r = $record->('a2', $no);
        is_deeply([keys %{ $r->json }], ['zak_token'], "not for $no");
    }

    my $line = line_of('a2');

    is($line->{zoom_token_status}, 'HIT, -', 'in the log');
    is($line->{zoom_error}, 'denied', 'with the reason');

    # where one line a second tells of what any request may cause
    ok(wait_for(sub {
        $record->('a2', 'null');

        return error_log() =~ /goes without "local_recording": denied/;
    }, 10), 'also in the error log');

    is_error($t->get("/record?$key$number&type=local_recording"),
             '403 denied', 'if there is nothing else');
    is(scalar(grep { /jointoken/ } asked()), 1, 'Zoom was asked once');
};


subtest 'no meeting' => sub {
    for my $url ('null', '""', '"https://zoom.us/my/name"', '"1234"',
                 '"https://evil.example/j/123456789"')
    {
        my $r = $t->attendee('/all?mark=m', members => {
                             meeting_url => $url });

        is_deeply([sort keys %{ $r->json }], [qw(onbehalf_token zak_token)],
                  "what needs none for $url");
        is(jwt_claims($r->json->{onbehalf_token})->{mid}, undef,
           'an OBF token for any meeting');
    }

    is(line_of('m')->{zoom_error}, 'no_meeting, no_meeting, no_meeting',
       'in the log');
    is($t->attendee('/obf', members => { meeting_url => 'null' })->status, 200,
       'an OBF token alone');
    is($t->get("/all?$key&type=onbehalf")->status, 200, 'GET');
    is_error($t->get("/all?$key&type=local_recording"), '400 no_meeting',
             'a join token');
    is(scalar(grep { !/type=(?:zak|onbehalf&ttl=)/ } asked()), 0,
       'Zoom was asked for nothing else');
};


subtest 'what Zoom does not know' => sub {
    my $gone = $t->attendee('/all?mark=g', members => {
                   meeting_url => '"https://zoom.us/j/404123456"' });

    is_deeply([keys %{ $gone->json }], ['zak_token'], 'a meeting');
    is(line_of('g')->{zoom_error}, join(', ', ('meeting_unknown') x 4),
       'in the log');
    is_error($t->get("/all?$key&meeting_number=404123456&type=onbehalf"),
             '502 meeting_unknown', 'and nothing else');

    asked();
    is_error($t->get("/all?$key&meeting_number=404123456"
                     . '&type=local_recording'), '502 meeting_unknown',
             'which is known now');
    is(scalar(@{[asked()]}), 0, 'without another call');

    is_error($t->attendee('/unknown'), '502 user_unknown',
             'the ZAK takes the others with it');
    asked();
};


subtest 'nobody there' => sub {
    $zoom->control({ absent => { 'bots@example.com' => 1 } });

    my $r = $t->attendee('/all?mark=n');

    is(scalar keys %{ $r->json }, 4, 'the others come');
    ok(!exists $r->json->{onbehalf_token}, 'an OBF token does not');
    is(line_of('n')->{zoom_error}, 'user_not_in_meeting', 'why');
    like(error_log(),
         qr/no\ OBF\ token\ for\ user\ "bots\@example\.com"
            .*for\ meeting\ "123456789".*has\ to\ be\ in\ the\ meeting/x,
         'what to do');

    $zoom->control({ absent => { 'bots@example.com' => undef } });
    wait_for(sub {
        $t->get("/all?$key$number&type=onbehalf")->status == 200
    }, 5, 'him');
    asked();
};


subtest 'OAuth of a user is wanted' => sub {
    my $before = $zoom->oauth_calls;

    $zoom->control({ join => { oauth2_only => 1 } });

    my $r = $t->attendee('/all');

    is_deeply([sort keys %{ $r->json }], [qw(onbehalf_token zak_token)],
              'no join token');
    is($zoom->oauth_calls, $before, 'and no new access token for it');
    $zoom->control({ join => { oauth2_only => undef } });
};


subtest 'a token that may not be answered' => sub {
    for my $text ('a b', "a\nb", 'a"b', 'x' x 5000, 'a,b') {
        $zoom->control({ join => { text => $text } });
        is_error($t->get("/all?$key&meeting_number=123456"
                         . sprintf('%03d', ++$n) . '&type=live_streaming'),
                 '502 zoom_invalid', 'of odd characters or length');
    }

    $zoom->control({ join => { text => undef, expire_in => 0 } });
    is($t->get("/all?$key$number&type=live_streaming")->status, 502, 'dead');

    $zoom->control({ join => { expire_in => 120 } });
    wait_for(sub {
        $t->get("/all?$key$number&type=live_streaming")->status == 200
    }, 10, 'and well again');
    asked();
};


subtest 'a missing scope' => sub {
    my @scopes = ('user:read:token:admin',
                  'meeting:read:live_streaming_token:admin');

    $zoom->control({ scopes => \@scopes });

    # Not the one that Zoom has just refused.
    my %o = (members => { meeting_url => '"https://zoom.us/j/222222222"' });
    my $r = $t->attendee('/all?mark=c', %o);

    is_deeply([sort keys %{ $r->json }],
              [qw(live_streaming_token onbehalf_token zak_token)],
              'breaks its types');
    is(line_of('c')->{zoom_error}, 'scope_missing, scope_missing', 'in the log');

    for my $kind (qw(local_recording local_archiving)) {
        like(error_log(),
             qr/\[error\].*add scope meeting:read:${kind}_token:admin/,
             "$kind in the error log");
    }

    my @more = map { $t->attendee('/all', %o)->json } 1 .. 5;

    is(scalar(grep { $_->{zak_token} && $_->{live_streaming_token} } @more), 5,
       'and no other');
    cmp_ok(scalar(grep { /local_recording/ } asked()), '<=', 3,
           'for which Zoom is hardly asked');

    my $metrics = $t->get('/status?format=prometheus')->body;

    like($metrics, qr/^zoom_broken\{account="acme",kind="$_->[0]"\} $_->[1]$/m,
         "the status of $_->[0]")
        for ['local_recording', 1], ['live_streaming', 0], ['zak', 0];

    like($t->get('/status?format=json')->json->{accounts}{acme}
         {local_recording}{condition}, qr/broken/, 'as JSON');
    like($t->get('/status?format=html')->body,
         qr/no local_(?:recording|archiving) tokens/, 'for people');
    is($t->get('/status?format=json')->json->{accounts}{acme}{requests}
       {live_streaming} > 0, 1, 'with the requests of each');

    push @scopes, map { "meeting:read:${_}_token:admin" }
                  qw(local_recording local_archiving);
    $zoom->control({ scopes => \@scopes });

    wait_for(sub { 5 == keys %{ $t->attendee('/all', %o)->json } }, 10,
             'mended');
    asked();
};


subtest 'an outage of join tokens alone' => sub {
    $zoom->control({ match => 'jointoken', mode => '503' });

    my @calls = map {
        http_start(port => $t->port, path => "/bypass?$key$number")
    } 1 .. 3;
    my $r = $t->get("/stored?$key&mark=o");

    is($r->status, 200, 'is none of ZAKs');
    is($_->json->{error}, 'zoom_unavailable', 'join tokens') for
        http_wait(@calls);
    is($t->get("/stored?$key")->status, 200, 'neither later');
    $zoom->control({ clear => 1 });
    wait_for(sub { $t->get("/bypass?$key$number")->status == 200 }, 5, 'over');
    like(error_log(),
         qr/minting local_recording tokens works again/, 'in the log');
};


$t->finish;
