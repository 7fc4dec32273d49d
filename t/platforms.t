#!/usr/bin/perl

# The four platforms, as they are: what each of them gets, and what it makes of
# a refusal.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Platform;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$zoom->control({ bots => 100 });

# Workers read it themselves.
$t->secret_file('htpasswd', 'attendee:{PLAIN}' . $t->secret('header'), 0644);

my $nginx = $t->nginx(http => <<'EOC', locations => <<'EOC2');
    map $zoom_caller $bot_user {
        volatile;
        default        "";
        tenant1        bot0001@example.com;
        tenant2        bot0002@example.com;
        recall         bot0003@example.com;
        baas           bot0004@example.com;
        meetstream     bot0005@example.com;
    }
EOC
        zoom_user  $bot_user;

        location = /attendee {
            zoom_tokens        acme;
            zoom_replay        1h;
            zoom_authenticate  attendee file:%{attendee}
                               arg=key file:%{arg} as=tenant1;
            zoom_authenticate  attendee file:%{attendee2}
                               arg=key file:%{arg} as=tenant2;
        }

        location = /attendee-basic {
            auth_basic            "bots";
            auth_basic_user_file  %{htpasswd};

            zoom_tokens           acme;
            zoom_user             bot0001@example.com;
            zoom_authenticate     off;
        }

        location = /recall {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks}
                               arg=key file:%{arg} as=recall;
        }

        location = /recall-url-only {
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg} as=recall;
        }

        location = /baas {
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg} as=baas;
        }

        location = /baas-by-extra {
            zoom_tokens        acme;
            zoom_user          $zoom_metadata_bot;
            zoom_allow_user    bot*@example.com;
            zoom_authenticate  arg=key file:%{arg} as=baas;
        }

        location = /meetstream {
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg}
                               header=X-Webhook-Secret file:%{header}
                               as=meetstream;
        }

        location = /meetstream-json {
            zoom_tokens        acme;
            zoom_response      json;
            zoom_authenticate  header=X-Webhook-Secret file:%{header}
                               as=meetstream;
        }

        location = /types {
            zoom_tokens         acme;
            zoom_types          zak onbehalf local_recording;
            zoom_allow_meeting  1;
            zoom_authenticate   attendee file:%{attendee} as=tenant1;
            zoom_authenticate   standard_webhooks file:%{webhooks} as=recall;
            zoom_authenticate   header=X-Webhook-Secret file:%{header}
                                as=meetstream;
        }

        location = /obf-json {
            zoom_tokens         acme;
            zoom_types          onbehalf;
            zoom_response       json;
            zoom_authenticate   header=X-Webhook-Secret file:%{header}
                                as=meetstream;
        }

        location = /zoom-fails {
            zoom_tokens        acme;
            zoom_user          $arg_user;
            zoom_allow_user    bot*@example.com;
            zoom_reuse         0;
            zoom_timeout       1s;
            zoom_authenticate  standard_webhooks file:%{webhooks};
            zoom_authenticate  attendee file:%{attendee};
            zoom_authenticate  arg=key file:%{arg};
        }
EOC2

my $key = 'key=' . $t->secret('arg');
my @port = (port => $t->port);

my $attendee = Zoom::Platform->attendee(@port, secret =>
                                        $t->secret('attendee'));
my $recall = Zoom::Platform->recall(@port, secret => $t->secret('webhooks'));
my $baas = Zoom::Platform->meeting_baas(@port);
my $meetstream = Zoom::Platform->meetstream(@port, secret =>
                                            $t->secret('header'));


# It got a token, and whose.
sub joins_as {
    my ($got, $user, $name) = @_;
    my $token = $got->{token} // ($got->{tokens} // {})->{zak_token};

    is($got->{failed}, undef, "$name: taken")
        or diag($got->{calls}[-1]->body);
    is(jwt_claims($token)->{uid}, $user, "$name: $user");
}

sub fails {
    my ($got, $failed, $error, $name) = @_;
    my $said = $got->{calls}[-1]->json->{error} // '';

    is("$got->{failed} ($said)", "$failed ($error)", $name);
}


subtest 'Attendee' => sub {
    my $got = $attendee->fetch("/attendee?$key");

    joins_as($got, 'bot0001@example.com', 'a callback');
    is(scalar @{ $got->{calls} }, 1, 'one request');
    is_deeply([keys %{ $got->{tokens} }], ['zak_token'], 'one token');

    my $other = Zoom::Platform->attendee(@port, secret =>
                                         $t->secret('attendee2'));

    joins_as($other->fetch("/attendee?$key"), 'bot0002@example.com',
             'the secret of another tenant');
    joins_as($other->fetch("/attendee?$key", members => {
                 bot_metadata => '{"zoom_caller": "tenant1"}' }),
             'bot0002@example.com', 'whatever it says it is');
    joins_as($attendee->fetch("/attendee?$key", members => {
                 bot_metadata => '{"who": "caf\u00e9 \ud83d\ude00"}' }),
             'bot0001@example.com', 'metadata beyond ASCII');
    joins_as($attendee->fetch("/attendee?$key", members => {
                 meeting_url => '"https://zoom.us/j/1?' . 'x' x 2000 . '"' }),
             'bot0001@example.com', 'a long URL');

    my $fails = sub {
        fails(shift, 'anonymous: ' . shift, @_);
    };
    my $wrong = Zoom::Platform->attendee(@port, secret => 'A' x 43 . '=');
    my $once = callback(bot_id => '"once"');

    $fails->($wrong->fetch("/attendee?$key"), 401, 'unauthenticated',
             'another project');
    $fails->($attendee->fetch('/attendee'), 401, 'unauthenticated', 'no key');
    $fails->($attendee->fetch('/attendee?key=wrong'), 401, 'unauthenticated',
             'a wrong key');
    joins_as($attendee->fetch("/attendee?$key", body => $once),
             'bot0001@example.com', 'a body');
    $fails->($attendee->fetch("/attendee?$key", body => $once), 401,
             'replayed', 'and the same again');
    $fails->($attendee->fetch("/attendee?$key", members => {
                 callback_type => undef }), 400, 'bad_callback', 'a webhook');
    $fails->($attendee->fetch("/attendee?$key", members => {
                 callback_type => '"bot.state_change"' }), 400,
             'bad_callback', 'another one');
    joins_as($attendee->fetch("/attendee?$key", members => {
                 meeting_url => '"https://zoom.us/j/1?' . 'x' x 2040 . '"' }),
             'bot0001@example.com', 'a URL that is too long for a meeting');

    my $basic = Zoom::Platform->attendee(@port, secret => 'A' x 44, basic =>
                                         'attendee:' . $t->secret('header'));

    joins_as($basic->fetch('/attendee-basic'), 'bot0001@example.com',
             'user and password in the URL');
    $basic->{basic} = 'attendee:wrong';
    like($basic->fetch('/attendee-basic')->{failed}, qr/^anonymous: 401/,
         'a wrong password');
};


subtest 'Recall.ai' => sub {
    my $got = $recall->fetch("/recall?$key");

    joins_as($got, 'bot0003@example.com', 'a request');
    unlike($got->{calls}[0]->body, qr/\s/, 'nothing but the token');
    joins_as($recall->fetch("/recall?$key"), 'bot0003@example.com',
             'again during the meeting');

    my $unsigned = Zoom::Platform->recall(@port);

    joins_as($unsigned->fetch("/recall-url-only?$key"),
             'bot0003@example.com', 'without a workspace secret');

    my $fails = sub {
        fails(shift, 'bot error: ' . shift, @_);
    };
    my $wrong = Zoom::Platform->recall(@port, secret =>
                                       $t->secret('webhooks2'));

    $fails->($unsigned->fetch("/recall?$key"), 401, 'unauthenticated',
             'no signature');
    $fails->($wrong->fetch("/recall?$key"), 401, 'unauthenticated',
             'another workspace');
    $fails->($recall->fetch('/recall'), 401, 'unauthenticated', 'no key');
    $fails->($recall->fetch("/recall?$key", webhook => { age => 400 }), 401,
             'unauthenticated', 'a clock that is wrong');

    # Somebody saw its headers.
    my %seen = $recall->request("/recall?$key");
    my $again = sub {
        return $recall->judge($recall->call(%seen, @_));
    };

    joins_as($again->(), 'bot0003@example.com', 'a request that is seen');
    joins_as($again->(), 'bot0003@example.com', 'and tried again at once');
    $fails->($again->(path => "/recall?$key&user=x"), 401, 'replayed',
             'for another URL');
    like($again->(path => '/zoom-fails?user=bot0009@example.com')->{failed},
         qr/bot error: 401/, 'or location');
    $fails->($recall->judge($recall->call(%seen, body => '{}')), 401,
             'unauthenticated', 'or with a body');
};


subtest 'Meeting BaaS' => sub {
    joins_as($baas->fetch("/baas?$key"), 'bot0004@example.com',
             'a request');
    joins_as($baas->fetch("/baas?$key", extra => { any => 'thing' }),
             'bot0004@example.com', 'with extra');
    joins_as($baas->fetch("/baas-by-extra?$key",
                          extra => { bot => 'bot0006@example.com' }),
             'bot0006@example.com', 'a user by extra');

    my $older = Zoom::Platform->meeting_baas(@port, id_name => 'bot_id');

    joins_as($older->fetch("/baas?$key", bot_id => 'bot_known'),
             'bot0004@example.com', 'bot_id');
    is($t->logged(sub { $_[0]{args} =~ /bot_known/ })->{zoom_bot_id},
       'bot_known', 'is logged');

    my $fails = sub {
        fails(shift, 'ZOOM_ACCESS_TOKEN_ERROR', @_);
    };

    $fails->($baas->fetch('/baas'), 'unauthenticated', 'no key');
    $fails->($baas->fetch('/baas?key=wrong'), 'unauthenticated',
             'a wrong key');
    $fails->($baas->fetch("/baas?$key&$key"), 'unauthenticated',
             'the key twice');
    joins_as($baas->fetch("/baas?$key", extra => $_), 'bot0004@example.com',
             "extra of no use: $_") for '{"a":', '[1]';

    $fails->($baas->fetch("/baas-by-extra?$key", extra => $_), 'no_user',
             "nor of harm: $_") for '{"bot":', '["bot0006@example.com"]';

    $fails->($baas->fetch("/baas-by-extra?$key"), 'no_user', 'no user');
    $fails->($baas->fetch("/baas-by-extra?$key", extra => { bot => 'me' }),
             'denied', 'me');
};


subtest 'MeetStream' => sub {
    my $got = $meetstream->fetch("/meetstream?$key");

    joins_as($got, 'bot0005@example.com', 'a request');
    is(scalar @{ $got->{calls} }, 1, 'a GET is enough');

    $got = $meetstream->fetch('/meetstream-json');
    joins_as($got, 'bot0005@example.com', 'JSON');
    is(join(' ', map { $_->{method} } @{ $got->{calls} }), 'GET POST',
       'a POST, since JSON for GET has no name that it knows');

    my $wrong = Zoom::Platform->meetstream(@port, secret =>
                                           $t->secret('arg'));
    my $fails = sub {
        my ($r, $status, $error, $name) = @_;

        fails($r, "fatal: $status", $error, $name);
        is(scalar @{ $r->{calls} }, 1, "$name: no second try");
    };

    $fails->($wrong->fetch("/meetstream?$key"), 401, 'unauthenticated',
             'a wrong secret');
    $fails->($meetstream->fetch('/meetstream'), 401, 'unauthenticated',
             'no key');
    $fails->(Zoom::Platform->meetstream(@port)->fetch("/meetstream?$key"),
             401, 'unauthenticated', 'no secret');
};


# A token for one meeting, on behalf of one user.
sub is_obf {
    my ($token, $user, $meeting, $name) = @_;
    my $claims = jwt_claims($token);

    ok($claims->{obf}, "$name: an OBF token");
    is($claims->{uid}, $user, "$name: whose");
    is($claims->{mid}, $meeting, "$name: where");
}


subtest 'all types of tokens' => sub {
    my $meeting = '123456789';
    my $tokens = $attendee->fetch('/types')->{tokens};

    is_deeply([sort keys %$tokens],
              [qw(app_privilege_token onbehalf_token zak_token)],
              'Attendee gets all at once');
    is(jwt_claims($tokens->{zak_token})->{uid}, 'bot0001@example.com',
       'the ZAK');
    is_obf($tokens->{onbehalf_token}, 'bot0001@example.com', $meeting,
           'Attendee');

    $tokens = $attendee->fetch('/types', members => {
        meeting_url => '"https://zoom.us/my/somebody"' })->{tokens};
    is_deeply([sort keys %$tokens], [qw(onbehalf_token zak_token)],
              'and what there is for a link without a number');

    # Three settings, three query strings.
    my %url = map { $_ => "/types?type=$_&meeting_number=$meeting" }
              qw(zak onbehalf local_recording);

    joins_as($recall->fetch($url{zak}), 'bot0003@example.com',
             "Recall's zak_url");
    is_obf($recall->fetch($url{onbehalf})->{token}, 'bot0003@example.com',
           $meeting, "Recall's obf_url");
    like($recall->fetch($url{local_recording})->{token}, qr/^[\w-]{64,}$/,
         "Recall's join_token_url");

    my $join = $recall->fetch($url{local_recording})->{calls}[0];
    my $obf = $recall->fetch($url{onbehalf})->{token};

    isnt($recall->fetch($url{onbehalf})->{token}, $obf, 'one for each bot');
    is($join->header('Cache-Control'), 'no-store', 'not to be stored');

    my %seen = $recall->request($url{zak});

    $recall->call(%seen);
    fails($recall->judge($recall->call(%seen, path => $url{onbehalf})),
          'bot error: 401', 'replayed', 'headers for one URL open no other');
    is_obf($recall->fetch('/types?type=onbehalf')->{token},
           'bot0003@example.com', undef, 'an OBF token for any meeting');
    fails($recall->fetch('/types?type=live_streaming&meeting_number=1'),
          'bot error: 400', 'bad_type', 'a type that is not given');
    fails($recall->fetch(
              '/types?type=local_recording&meeting_number=404123456'),
          'bot error: 502', 'meeting_unknown', 'an invented meeting');

    joins_as($meetstream->fetch('/types?type=zak'), 'bot0005@example.com',
             "MeetStream's zak_url");

    my $got = $meetstream->fetch('/types?type=onbehalf',
                                 meeting_number => $meeting);

    is_obf($got->{token}, 'bot0005@example.com', $meeting,
           "MeetStream's obf_url");
    is(scalar @{ $got->{calls} }, 1, 'by GET');

    $got = $meetstream->fetch('/obf-json', meeting_number => $meeting);
    is_obf($got->{token}, 'bot0005@example.com', $meeting, 'JSON');
    is(scalar @{ $got->{calls} }, 2, 'by POST');

    is_obf($meetstream->fetch('/types?type=onbehalf')->{token},
           'bot0005@example.com', undef, 'without a meeting_number');
    fails($meetstream->fetch('/types?type=onbehalf',
                             meeting_number => '404123456'),
          'fatal: 502', 'meeting_unknown', 'an invented one');

    $zoom->control({ absent => { 'bot0005@example.com' => 1 } });
    $got = $meetstream->fetch('/types?type=onbehalf',
                              meeting_number => $meeting);
    like($got->{failed}, qr/^fatal: 409/, 'the user is not in the meeting');
    $zoom->control({ absent => { 'bot0005@example.com' => undef } });
};


# What every platform makes of Zoom's own trouble, in time.
my $user = 10;

sub in_trouble {
    my ($name, $status, $error, @control) = @_;

    subtest $name => sub {
        my $path = sprintf '/zoom-fails?%s&user=', $key;
        my $ask = sub {
            my ($platform, $failed) = @_;
            my $start = time;

            $zoom->control(@control) if @control;

            my $who = @control ? sprintf 'bot%04d@example.com', $user++
                               : 'bot-nobody@example.com';

            fails($platform->fetch($path . $who), $failed, $error,
                  ref($platform) =~ s/.*:://r);
            cmp_ok(time - $start, '<', 10, 'soon');
        };

        $ask->($attendee, "anonymous: $status");
        $ask->($recall, "bot error: $status");
        $ask->($baas, 'ZOOM_ACCESS_TOKEN_ERROR');
        $ask->($meetstream, "fatal: $status");
        $zoom->control({ clear => 1 });
    };
}

in_trouble('a user that Zoom does not know', 502, 'user_unknown');
in_trouble('Zoom is silent', 504, 'timeout',
           { match => 'token', mode => 'hang', ms => 4000, times => 1 });
in_trouble('Zoom is down', 503, 'zoom_unavailable',
           { match => 'token', mode => '500' });


subtest 'and then all is well again' => sub {
    wait_for(sub {
        !$attendee->fetch("/zoom-fails?$key&user=bot0090\@example.com")
                  ->{failed}
    }, 10, 'the end of the outage');

    joins_as($attendee->fetch("/attendee?$key"), 'bot0001@example.com',
             'Attendee');
    joins_as($recall->fetch("/recall?$key"), 'bot0003@example.com',
             'Recall.ai');
    joins_as($baas->fetch("/baas?$key"), 'bot0004@example.com',
             'Meeting BaaS');
    joins_as($meetstream->fetch("/meetstream?$key"), 'bot0005@example.com',
             'MeetStream');
};


$t->finish;
