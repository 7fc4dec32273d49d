#!/usr/bin/perl

# Grants of users: they connect, bots get their tokens, and they disconnect.

use strict;
use warnings;

use Test::More;

use Zoom::Grants;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);

$t->secret_file(sdk_key => 'SDKkey_' . Zoom::Test::random_name(6));
$t->secret_file(sdk_secret => 'CANARYsdk' . Zoom::Test::random_name());
$t->secret_file(hook => 'CANARYhook' . Zoom::Test::random_name(6));

my $account = $t->account('acme', sdk_key    => 'file:%{sdk_key}',
                                  sdk_secret => 'file:%{sdk_secret}');

my $scopes = 'user:read:user user:read:token '
             . 'meeting:read:local_recording_token';

my $conf = $grants->conf('users', <<'EOC', scopes => $scopes,
    zoom_authenticate  off;
    zoom_allow_user    *;

    location = /zak {
        zoom_tokens  users;
        zoom_user    $arg_user;
        zoom_reuse   0;
    }

    location = /strict {
        zoom_tokens     users;
        zoom_user       $arg_user;
        zoom_reuse      0;
        zoom_use_stale  off;
        zoom_timeout    3s;
    }

    location = /types {
        zoom_tokens         users;
        zoom_user           $arg_user;
        zoom_types          zak onbehalf local_recording;
        zoom_allow_meeting  1;
    }

    location = /both {
        zoom_tokens    acme;
        zoom_user      bots@example.com;
        zoom_types     zak onbehalf;
        zoom_onbehalf  users $arg_a $arg_b $arg_c;
    }

    location = /health {
        zoom_health  users;
    }

    location = /status {
        zoom_status;
    }

    location = /kit {
        zoom_join      acme;
        zoom_types     onbehalf;
        zoom_onbehalf  users $arg_a $arg_b $arg_c;
    }

    location = /hook {
        zoom_webhook       users;
        zoom_authenticate  off;
    }
EOC
                          webhook_secret => 'file:%{hook}') . $account;


my $nginx = $t->nginx(account => 0, http => $conf);


sub error_of {
    my ($r) = @_;

    return $r->status . ' ' . (eval { $r->json->{error} } // '');
}


sub refreshes { return $zoom->count('grants', 'refreshed') }


subtest 'nobody has connected' => sub {
    is(error_of($grants->get('/zak?user=owner1')), '403 not_connected', 'why');
    is($zoom->count('endpoints', 'refresh', 'calls'), 0, 'Zoom is not asked');
    is_deeply($grants->get('/grants')->json, { grants => [], next => undef },
              'an empty list');
};


subtest 'connect' => sub {
    my $browser = $grants->start('owner1');

    is($browser->{r}->status, 302, 'to Zoom');
    like($browser->{r}->header('set-cookie'),
         qr/^__Host-zoom_connect=[\w-]{100,};\ Max-Age=600;\ Path=\/;
            \ Secure;\ HttpOnly;\ SameSite=Lax$/x, 'the cookie');
    like($browser->{to}, qr/code_challenge_method=S256&code_challenge=[\w-]{43}/,
         'PKCE');

    my $r = $grants->come($browser,
                          $grants->back($browser,
                                        user => 'alice@other.example'));

    is($r->status, 200, 'back') or diag($r->body);
    is($r->header('Cache-Control'), 'no-store', 'no-store');
    is($r->header('Referrer-Policy'), 'no-referrer', 'no referrer');
    like($r->header('set-cookie'), qr/^__Host-zoom_connect=; Max-Age=0/,
         'the cookie is dropped');

    my ($grant, @more) = @{ $grants->get('/grants')->json->{grants} };

    is(scalar @more, 0, 'one grant');
    is($grant->{email}, 'alice@other.example', 'whose it is');
    is_deeply($grant->{aliases}, ['owner1'], 'what we call her');
    is($grant->{state}, 'active', 'active');
    like($grant->{connected}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'since');

    $r = $grants->get('/grants', Accept => 'text/html');
    like($r->body, qr/owner1.*alice\@other\.example/s, 'as a page');
    unlike($r->body, qr/<script/, 'without script');

    for my $user ('owner1', 'Alice%40other.example', $grant->{user}) {
        $r = $grants->get("/zak?user=$user");
        is($r->status, 200, "a ZAK for $user") or diag($r->body);
    }

    is(refreshes(), 0, 'with the access token that came first');

    $r = $grants->get('/status', Accept => 'text/html');
    like($r->body, qr/OK.*users.*working, with an access token of each user/s,
         'and the page of the module says that all is well');
};


subtest 'a meeting of another account' => sub {
    is($grants->connect('owner2', user => 'bob@other.example')->status, 200,
       'another user');

    my $r = Zoom::HTTP::http(
        port => $grants->port, body => Zoom::Attendee::callback(),
        headers => ['Content-Type' => 'application/json'],
        path => '/both?a=owner1&b=nobody&c=owner2');

    is($r->status, 200, 'an answer') or diag($r->body);
    is_deeply([sort keys %{ $r->json }], [qw(onbehalf_token zak_token)],
              'both tokens');
    is(scalar(split /,/, $r->json->{onbehalf_token}), 2,
       'two users, who is not connected is left out');

    $r = $grants->get('/both?a=nobody&type=onbehalf&meeting_id=123456789');
    is(error_of($r), '403 not_connected', 'none of them');

    $r = $grants->get('/both?a=nobody&b=owner2&type=onbehalf');
    is($r->status, 200, 'one of them');
    unlike($r->body, qr/,/, 'is one token');

    $r = $grants->get('/types?user=owner1&type=local_recording'
                      . '&meeting_id=123456789');
    is($r->status, 200, 'a join token') or diag($r->body);

    $zoom->control({ absent => { 'bob@other.example' => 1 } });
    $r = $grants->get('/both?a=owner2&type=onbehalf&meeting_id=123456789');
    is(error_of($r), '409 user_not_in_meeting', 'too early');
    like($r->header('Retry-After'), qr/^\d$/, 'and when to come again');

    my $calls = $zoom->token_calls;

    $grants->get('/both?a=owner2&type=onbehalf&meeting_id=123456789');
    is($zoom->token_calls, $calls, 'who comes sooner is not told on');
    $zoom->control({ absent => { 'bob@other.example' => undef } });
};


subtest 'a join kit' => sub {
    my $kit = sub {
        my ($path) = @_;

        return http(port => $grants->port, path => $path,
                    headers => ['Content-Type' => 'application/json'],
                    body => '{"meeting_number":"987654321"}');
    };

    my $of = sub { jwt_claims($kit->($_[0])->json->{obfToken})->{uid} };

    like($of->('/kit?a=owner1&b=owner2'), qr/^Alice/i, 'has the first token');
    like($of->('/kit?a=owner2&b=owner1'), qr/^Bob/i, 'of those who are named');
    like($of->('/kit?a=nobody&b=owner2'), qr/^Bob/i,
         'and have connected');
    is(error_of($kit->('/kit?a=nobody&b=nobody2')), '403 not_connected',
       'or none');
};


subtest 'refresh' => sub {
    $zoom->control({ user_oauth => { expires_in => 1 } });
    is($grants->connect('owner3', user => 'carol@third.example')->status, 200,
       'an access token of a second');
    wait_for(sub { $grants->get('/zak?user=owner3')->status == 200
                   && refreshes() }, 8, 'it to be renewed');

    $zoom->control({ user_oauth => { expires_in => 3600 } });
    sleep 1;

    my $before = refreshes();
    my @asked = map { Zoom::HTTP::http_start(port => $grants->port,
                                             path => '/zak?user=owner3') }
                1 .. 200;
    my @status = map { $_->status } Zoom::HTTP::http_wait(@asked);

    is(scalar(grep { $_ == 200 } @status), 200, '200 callbacks at once');
    is(refreshes() - $before, 1, 'one refresh');
};


subtest 'secrets' => sub {
    my @files = glob($grants->file . '*');
    my $n = 0;

    for my $token ($zoom->issued) {
        my $end = substr $token, -40;

        for my $file (@files) {
            $n++ if index(slurp($file), $end) >= 0;
        }
    }

    cmp_ok(scalar @files, '>=', 2, 'a database and its journal');
    is($n, 0, 'hold no token in clear');
};


subtest 'consent is withdrawn' => sub {
    is($grants->get('/zak?user=owner2')->status, 200, 'a ZAK before');
    $zoom->control({ deauthorize => { user => 'bob@other.example' } });

    wait_for(sub {
        error_of($grants->get('/zak?user=owner2')) eq '403 grant_expired';
    }, 10, 'the grant to end');

    my $calls = $zoom->count('endpoints', 'refresh', 'calls');

    is(error_of($grants->get('/zak?user=owner2')), '403 grant_expired', 'over')
        for 1 .. 5;
    is($zoom->count('endpoints', 'refresh', 'calls'), $calls,
       'Zoom is asked no more');

    my ($bob) = grep { $_->{email} eq 'bob@other.example' }
                @{ $grants->get('/grants')->json->{grants} };

    is($bob->{state}, 'expired', 'the list tells');
    is($grants->get('/zak?user=owner1')->status, 200, 'others go on');
    is($grants->get('/health')->status, 200, 'health is fine');

    is($grants->connect('owner2', user => 'bob@other.example')->status, 200,
       'connects again');
    is($grants->get('/zak?user=owner2')->status, 200, 'and is served at once');
};


subtest 'an outage ends nothing' => sub {
    $zoom->control({ user_oauth => { expires_in => 1 } });
    is($grants->connect('owner4', user => 'carol@third.example')->status, 200,
       'another one');
    $zoom->control({ match => 'refresh', mode => '500' });

    my $r;

    wait_for(sub { $r = $grants->get('/strict?user=owner4');
                   $r->status == 503 },
             15, 'an outage');
    $zoom->control({ clear => 1 }, { user_oauth => { expires_in => 3600 } });

    wait_for(sub { $grants->get('/strict?user=owner4')->status == 200 }, 15,
             'and back');
    pass('the grant has outlived it');
};


subtest 'disconnect' => sub {
    my $id = (grep { $_->{email} eq 'alice@other.example' }
              @{ $grants->get('/grants')->json->{grants} })[0]{user};

    is(error_of($grants->disconnect('nobody')), '404 user_unknown',
       'who has not connected');
    is(Zoom::HTTP::http(port => $grants->port, body => '',
                        path => '/disconnect?user=owner1')->status, 401,
       'without a key');

    my $revoked = $zoom->count('grants', 'revoked');
    my $r = $grants->disconnect('owner1');

    is($r->status, 204, 'gone') or diag($r->body);
    is($zoom->count('grants', 'revoked'), $revoked + 1, 'at Zoom, too');

    for my $user ('owner1', 'alice@other.example', $id) {
        is(error_of($grants->get("/zak?user=$user")), '403 not_connected',
           "$user is forgotten");
    }
};


subtest 'a restart' => sub {
    $nginx->quit;
    $nginx = $t->nginx(account => 0, http => $conf);

    is($grants->get('/zak?user=owner2')->status, 200, 'keeps the grants');
    is($grants->get('/grants')->json->{grants}[0]{state}, 'active',
       'all of them');

    my $before = refreshes();

    $t->reload(account => 0, http => $conf);
    is($grants->get('/zak?user=owner2')->status, 200, 'so does a reload');
    is(refreshes(), $before, 'and access tokens');
};


subtest 'a backup' => sub {
    my $copy = $t->dir . '/copy.db';

    is(system('sqlite3', $grants->file, ".backup $copy"), 0, 'is made');
    $nginx->quit;
    unlink glob $grants->file . '*';
    rename $copy, $grants->file or die "rename: $!\n";
    chown +(getpwnam 'nobody')[2, 3], $grants->file if $> == 0;

    $nginx = $t->nginx(account => 0, http => $conf);
    is($grants->get('/zak?user=owner2')->status, 200, 'and restored');
};


# As Zoom tells of it, without our having asked.
subtest 'a user removes the app' => sub {
    $zoom->control({ user_app => { webhook => {
        url => $grants->here . '/hook', secret => $t->secret('hook') } } });
    is($grants->connect('leaver', user => 'carol@third.example')->status, 200,
       'after connecting');
    is($grants->get('/zak?user=leaver')->status, 200, 'and a ZAK');

    my $asked = $zoom->count('endpoints', 'refresh', 'calls');

    $zoom->control({ deauthorize => { user => 'carol@third.example' } });

    ok(wait_for(sub {
        grep { $_->{email} =~ /^carol/ && $_->{state} eq 'expired' }
             @{ $grants->get('/grants')->json->{grants} };
    }, 10), 'the grant is over with the webhook');
    is(error_of($grants->get("/$_?user=leaver")), '403 grant_expired',
       "$_: nothing of before is given any more") for qw(strict zak);
    is($zoom->count('endpoints', 'refresh', 'calls'), $asked,
       'of which Zoom is not asked');
};


$t->finish;
