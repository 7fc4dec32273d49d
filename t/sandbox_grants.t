#!/usr/bin/perl

# The Zoom stand-in's OAuth of users: consent, codes, rotation, devices, and
# what their access tokens open.  It is strict where Zoom is, or nobody would
# notice what a strict Zoom breaks.

use strict;
use warnings;

use Digest::SHA qw(sha256);
use JSON::PP ();
use MIME::Base64 qw(encode_base64 encode_base64url);
use Test::More;
use Time::HiRes qw(sleep);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $alice = 'alice@other.example';
my $return = 'https://bots.example/zoom/connected';
my $verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

# RFC 7636, appendix B
my $challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

is(encode_base64url(sha256($verifier)), $challenge, 'the vector of RFC 7636');


sub again {
    $zoom->control({ reset => 1 }, { user_app => {
        redirect_uris => [$return, 'https://bots.example/other?x=1'], @_,
    } });
}


sub encode {
    my (%o) = @_;

    return join '&', map {
        my $value = $o{$_};

        $value =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ge;
        "$_=$value";
    } grep { defined $o{$_} } sort keys %o;
}


sub authorize {
    my (%o) = @_;

    return $zoom->authorize_url . '?' . encode(
        response_type => 'code', client_id => $t->secret('users_id'),
        redirect_uri => $return, state => 's t/=&',
        code_challenge => $challenge, code_challenge_method => 'S256', %o,
    );
}


sub page {
    my ($path) = authorize(@_) =~ m{//[^/]+(/.*)};

    return http(port => $zoom->plain, path => $path);
}


# What the page says instead of asking.
sub problem {
    my $r = page(@_);
    my ($said) = $r->body =~ /id="problem">([^<]*)/;

    return join ' ', $r->status, $r->header('location') // 'stays', $said;
}


sub basic {
    my ($id, $secret) = @_;

    return ('Authorization' => 'Basic ' . encode_base64(
        ($id // $t->secret('users_id')) . ':'
        . ($secret // $t->secret('users_secret')), ''));
}


sub post {
    my ($path, $headers, %form) = @_;

    return http(port => $zoom->plain, path => $path, body => encode(%form),
                headers => [@$headers, 'Content-Type' =>
                            'application/x-www-form-urlencoded']);
}


sub token { return post('/oauth/token', [basic()], @_) }


sub code {
    my ($url, %o) = @_;
    my ($code) = ($zoom->consent($url, %o) // '') =~ /[?&]code=([^&]+)/;

    return $code;
}


sub exchange {
    my ($code, %o) = @_;

    return token(grant_type => 'authorization_code', code => $code,
                 redirect_uri => $return, code_verifier => $verifier, %o);
}


sub refresh { return token(grant_type => 'refresh_token',
                           refresh_token => $_[0]) }


sub connected {
    my (%o) = @_;

    return exchange(code(authorize(), %o))->json;
}


sub said {
    my ($r) = @_;

    return join ' ', $r->status, map { $r->json->{$_} // () } qw(code error
                                                                 reason);
}


sub api {
    my ($path, $bearer) = @_;

    return http(port => $zoom->plain, path => "/v2$path",
                headers => [Authorization => "Bearer $bearer"]);
}


subtest 'the page' => sub {
    again();

    my $r = page();

    is($r->status, 200, 'a page');
    like($r->body, qr/Meeting bots wants to connect/, 'says who asks');
    like($r->body, qr/<li>user:read:token</, 'and for what');
    unlike($r->body, qr/<script/, 'without a script');
    is($r->header('x-frame-options'), 'DENY', 'nor in a frame');

    like(problem(client_id => 'x'), qr/^400 stays Invalid client_id/,
         'an unknown app');
    like(problem(client_id => $t->secret('client_id')),
         qr/^400 stays Invalid client_id/, 'one that is not for users');

    for my $uri ('https://evil.example/', "$return/", $return . '?a=b',
                 'https://bots.example/zoom/../zoom/connected',
                 'HTTPS://bots.example/zoom/connected', '', undef)
    {
        like(problem(redirect_uri => $uri), qr/^400 stays Invalid redirect: /,
             'redirect_uri ' . ($uri // 'missing'));
    }

    like(problem(response_type => 'token'), qr/^400 stays Invalid resp/,
         'another response_type');
    like(problem(code_challenge => 'short'), qr/^400 stays Invalid code_ch/,
         'a challenge that is none');
    like(problem(code_challenge_method => 's256'),
         qr/^400 stays Invalid code_ch/, 'another method');
    like(problem(scope => 'user:read:user user:write:user'),
         qr/^400 stays Invalid scope: user:write:user /, 'a foreign scope');

    my ($path) = authorize() =~ m{//[^/]+(/.*)};

    like(http(port => $zoom->plain, path => "$path&state=x")->body,
         qr/Duplicate parameter: state/, 'a parameter twice');
    unlike(page(client_id => '<script>')->body, qr/<script/,
           'nothing that is not escaped');
};


subtest 'the answer' => sub {
    again();

    my $location = $zoom->consent(authorize());

    like($location, qr{^\Q$return\E\?code=[\w-]{33}&state=s%20t%2F%3D%26$},
         'Allow: code and state');
    is($zoom->consent(authorize(), deny => 1),
       "$return?error=access_denied&state=s%20t%2F%3D%26", 'Decline');
    like($zoom->consent(authorize(redirect_uri =>
                                  'https://bots.example/other?x=1',
                                  state => undef)),
         qr{^https://bots.example/other\?x=1&code=[\w-]+$},
         'behind a query, without a state');
    ok(!defined $zoom->consent(authorize(), user => 'pending@example.com'),
       'nobody who has not joined yet');

    my ($ticket) = page()->body =~ /name="ticket" value="([^"]+)"/;

    is($zoom->press('/oauth/authorize', ticket => $ticket)->status, 302,
       'a form');
    is($zoom->press('/oauth/authorize', ticket => $ticket)->status, 400,
       'is good once');
    is($zoom->press('/oauth/authorize', ticket => 'x')->status, 400,
       'and nobody else can make one');
};


subtest 'the code' => sub {
    again();

    my $code = code(authorize());
    my $r = exchange($code);
    my $j = $r->json;

    is($r->status, 200, 'is good');
    is($j->{token_type} . $j->{expires_in}, 'bearer3599', 'for a bearer');
    is($j->{api_url}, 'https://api.zoom.us', 'api_url');
    like($j->{scope}, qr/^user:read:user user:read:token /, 'scopes');
    like($j->{$_}, qr/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/, $_)
        for qw(access_token refresh_token);
    is(jwt_claims($j->{access_token})->{aid}, 'other_account', 'claims');

    is(said(exchange($code)),
       "400 invalid_grant Invalid authorization code $code", 'once');
    is(api('/users/me', $j->{access_token})->status, 200,
       'a second try ends nothing');

    like(said(exchange(code(authorize()), redirect_uri =>
                       'https://bots.example/other?x=1')),
         qr/^400 invalid_request Redirect URI/, 'another address');
    like(said(exchange(code(authorize()), redirect_uri => undef)),
         qr/^400 invalid_request Redirect URI/, 'or none');

    for my $wrong (undef, '', 'x' x 43, $challenge) {
        $code = code(authorize());
        is(said(exchange($code, code_verifier => $wrong)),
           '400 invalid_grant Invalid code verifier.', 'another verifier');
        like(said(exchange($code)), qr/^400 invalid_grant Invalid auth/,
             'and there is no second guess');
    }

    $code = code(authorize(code_challenge => $verifier,
                           code_challenge_method => 'plain'));
    is(exchange($code)->status, 200, 'plain');
    $code = code(authorize(code_challenge => undef,
                           code_challenge_method => undef));
    is(said(exchange($code)), '400 invalid_grant Invalid code verifier.',
       'a verifier that was not announced');
    $code = code(authorize(code_challenge => undef,
                           code_challenge_method => undef));
    is(exchange($code, code_verifier => undef)->status, 200, 'without');

    $zoom->control({ app => { client_id => 'second', client_secret => 'x',
                              redirect_uris => [$return] } });
    $code = code(authorize());
    like(said(post('/oauth/token', [basic('second', 'x')],
                   grant_type => 'authorization_code', code => $code,
                   redirect_uri => $return, code_verifier => $verifier)),
         qr/^400 invalid_grant/, 'of another app');

    $zoom->control({ user_oauth => { code_life => 0.2 } });
    $code = code(authorize());
    sleep 0.3;
    like(said(exchange($code)), qr/^400 invalid_grant/, 'too late');

    ok((grep { $_ eq $code } $zoom->codes), 'all are remembered');

    $zoom->control({ user_oauth => { code_error => 'invalid_request' } });
    is(said(exchange('x')), '400 invalid_request Invalid authorization code x',
       'in other words');
};


subtest 'who may ask' => sub {
    again();

    my @grant = (grant_type => 'refresh_token', refresh_token => 'x');
    my $dead = '400 invalid_grant Invalid Token!';
    my $wrong = '400 invalid_client Invalid client_id or client_secret';

    is(said(token(@grant)), $dead, 'the app');
    is(said(post('/oauth/token', [basic(undef, 'x')], @grant)), $wrong,
       'not with another secret');
    is(said(post('/oauth/token', [], @grant)), $wrong, 'nor without one');
    is(said(post('/oauth/token', [], @grant,
                 client_id => $t->secret('users_id'))), $wrong,
       'nor as a public client');
    is(said(token(@grant, client_id => 'x')), $wrong, 'nor for another');
    is(said(token(grant_type => 'account_credentials',
                  account_id => $t->secret('account_id'))),
       '400 unsupported_grant_type unsupported grant type',
       'an app of users has no account');
    is(said(post('/oauth/token', [basic(map { $t->secret($_) }
                                        qw(client_id client_secret))],
                 @grant)),
       '400 unsupported_grant_type unsupported grant type',
       'and an app of an account no users');
    is(said(http(port => $zoom->plain, path => '/oauth/token',
                 body => 'grant_type=refresh_token&refresh_token=a'
                         . '&refresh_token=b',
                 headers => [basic(), 'Content-Type' =>
                             'application/x-www-form-urlencoded'])),
       '400 invalid_request Bad Request', 'a parameter twice');

    $zoom->control({ user_app => { disabled => JSON::PP::true } });
    like(said(token(@grant)), qr/^400 invalid_client The app has been dis/,
         'switched off');
    like(problem(), qr/^400 stays The app has been disabled/, 'the page, too');

    again(client_secret => undef);

    my @public = (client_id => $t->secret('users_id'));

    like(problem(code_challenge => undef, code_challenge_method => undef),
         qr/^400 stays A public client/, 'a public one needs PKCE');
    is(said(token(@grant)), $wrong, 'has no secret to show');

    my $r = post('/oauth/token', [], @public, code => code(authorize()),
                 grant_type => 'authorization_code', redirect_uri => $return,
                 code_verifier => $verifier);

    is($r->status, 200, 'and gets tokens');
    is(post('/oauth/token', [], @public, grant_type => 'refresh_token',
            refresh_token => $r->json->{refresh_token})->status, 200,
       'that it refreshes');
};


subtest 'rotation' => sub {
    again();

    my $first = connected();
    my $second = refresh($first->{refresh_token})->json;

    isnt($second->{refresh_token}, $first->{refresh_token}, 'a new one');
    is(said(refresh($first->{refresh_token})),
       '400 invalid_grant Invalid Token!', 'the old one is dead');
    is(refresh($second->{refresh_token})->status, 200,
       'the new one did not die of that');
    is(api('/users/me', $first->{access_token})->status, 200,
       'old access tokens live on');
    is(($zoom->grants)[0]{refreshes}, 2, 'counted');
    is($zoom->count(qw(endpoints refresh calls)), 3, 'apart');
    is($zoom->oauth_calls, 0, 'from those of accounts');
    is(scalar(grep { $_ eq $second->{refresh_token} } $zoom->issued), 1,
       'what was issued is remembered');

    $zoom->control({ user_oauth => { grace => 1 } });
    my $old = connected();
    my $new = refresh($old->{refresh_token})->json;
    is(refresh($old->{refresh_token})->status, 200, 'within a grace');
    is(refresh($new->{refresh_token})->status, 200, 'both are good');
    ok(wait_for(sub { refresh($old->{refresh_token})->status == 400 }),
       'which ends');

    again();
    $zoom->control({ user_oauth => { rotate => JSON::PP::false } });
    $old = connected();
    is(refresh($old->{refresh_token})->json->{refresh_token},
       $old->{refresh_token}, 'without rotation');

    $zoom->control({ user_oauth => { omit_refresh => JSON::PP::true } });
    ok(!exists refresh($old->{refresh_token})->json->{refresh_token},
       'or without one in the answer');

    again();
    $zoom->control({ user_oauth => { kill_access => JSON::PP::true,
                                     reuse_revokes => JSON::PP::true } });
    $old = connected();
    $new = refresh($old->{refresh_token})->json;
    is(said(api('/users/me', $old->{access_token})), '401 124',
       'an old access token that dies');
    is(api('/users/me', $new->{access_token})->status, 200, 'not the new one');
    refresh($old->{refresh_token});
    is(said(refresh($new->{refresh_token})),
       '400 invalid_grant Invalid Token!', 'reuse that ends it all');

    again();
    $zoom->control({ user_oauth => { refresh_life => 0.2 } });
    $old = connected();
    sleep 0.3;
    is(said(refresh($old->{refresh_token})),
       '400 invalid_grant Invalid Token!', '90 days later');

    again();
    $old = connected();
    $zoom->control({ user_oauth => { refused => {
        status => 503, error => 'temporarily_unavailable', reason => 'x',
    } } });
    is(said(refresh($old->{refresh_token})), '503 temporarily_unavailable x',
       'any refusal');
    $zoom->control({ user_oauth => { refused => undef } });
    is(refresh($old->{refresh_token})->status, 200, 'that costs nothing');
};


subtest 'pauses' => sub {
    again();

    my $start = sub {
        return http_start(
            port => $zoom->plain, path => '/oauth/token',
            body => encode(grant_type => 'refresh_token',
                           refresh_token => $_[0]),
            headers => [basic(), 'Content-Type' =>
                        'application/x-www-form-urlencoded']);
    };
    my $paused = sub {
        my ($point, $n) = @_;

        wait_for(sub { $zoom->count('paused', $point) == ($n // 1) }, 5,
                 $point);
    };

    my $token = connected()->{refresh_token};

    $zoom->control({ pause => 'arrived' });
    my $call = $start->($token);
    $paused->('arrived');
    is(($zoom->grants)[0]{refreshes}, 0, 'arrived: nothing has been done');
    $zoom->control({ release => 'drop' });
    ok(http_wait($call)->error, 'dropped');
    is(($zoom->grants)[0]{refreshes}, 0, 'and nothing will');

    $zoom->control({ pause => 'arrived' });
    $call = $start->($token);
    $paused->('arrived', 2);
    $call->abort;
    $zoom->control({ release => 'go' });
    ok(wait_for(sub { ($zoom->grants)[0]{refreshes} == 1 }),
       'it goes on when the client has gone');
    is(refresh($token)->status, 400, 'and the token is lost');

    $token = connected()->{refresh_token};
    $zoom->control({ pause => 'rotated' });
    $call = $start->($token);
    $paused->('rotated');
    is(($zoom->grants)[-1]{refreshes}, 1, 'rotated: done');
    is($call->{in}, '', 'and nothing said');
    $zoom->control({ release => 'go' });
    is(http_wait($call)->status, 200, 'until it goes on');

    $token = $call->json->{refresh_token};
    $zoom->control({ pause => ['half', 1] });
    $call = $start->($token);
    $paused->('half');
    $zoom->control({ release => 'drop' });
    ok(http_wait($call)->error, 'half an answer');

    $zoom->control({ pause => ['rotated', 1] });
    $token = connected()->{refresh_token};
    $call = $start->($token);
    $paused->('rotated', 2);
    is(refresh('x')->status, 400, 'the next one is not held');
    $zoom->control({ release => 'go' });
    http_wait($call);
};


subtest 'what it opens' => sub {
    again();

    my $token = connected()->{access_token};
    my $me = api('/users/me', $token)->json;

    is($me->{email}, $alice, 'me');
    is($me->{account_id}, 'other_account', 'of another account');
    is(api("/users/$me->{id}", $token)->status, 200, 'by id');
    is(api('/users/alice%40other.example', $token)->status, 200,
       'by e-mail');
    is($zoom->count('me'), 0, 'nobody was the owner by mistake');

    my $r = api('/users/bob@other.example', $token);

    is(said($r), '400 4711', 'nobody else');
    like($r->json->{message}, qr/scopes:\[user:read:user:admin, /,
         'for which one would have to be an administrator');
    is(said(api('/users', $token)), '400 4711', 'no list');

    my $zak = api('/users/me/token?type=zak&ttl=600', $token)->json->{token};
    my $claims = jwt_claims($zak);

    is($claims->{zid}, $me->{id}, 'a ZAK of their own');
    is($claims->{exp} - $claims->{iat}, 600, 'as long as asked for');
    is($claims->{aid}, 'other_account', 'of their account');

    $claims = jwt_claims(api('/users/me/zak', $token)->json->{token});
    is($claims->{exp} - $claims->{iat}, 300, 'or five minutes');
    is(api('/meetings/123456789/jointoken/local_recording', $token)->status,
       200, 'a join token');

    $zoom->control({ join => { oauth2_only => 1 } });
    is(api('/meetings/123456789/jointoken/local_recording', $token)->status,
       200, 'where an account gets none');

    $zoom->control({ user_oauth => { granted => ['user:read:user'] } });
    $token = connected()->{access_token};
    $r = api('/users/me/token?type=zak', $token);
    is(said($r), '400 4711', 'not what was left out');
    like($r->json->{message}, qr/scopes:\[user:read:token, user:read, /,
         'which is named');

    $zoom->control({ user_oauth => { expires_in => 1, granted => undef } });
    $token = connected()->{access_token};
    ok(wait_for(sub { said(api('/users/me', $token)) eq '401 124' }),
       'nor for longer than it lives');
};


subtest 'on behalf of whom is there' => sub {
    again();

    my $token = connected()->{access_token};
    my $path = '/users/me/token?type=onbehalf&meeting_id=123456789';

    is(api($path, $token)->status, 200, 'unless told, of anybody');
    $zoom->control({ presence => JSON::PP::true });
    is(said(api($path, $token)), '400 3000', 'told so, not of who is away');
    is(api('/users/me/token?type=onbehalf', $token)->status, 200,
       'of which nobody knows without a meeting');
    $zoom->control({ enter => { user => $alice, meeting => '123456789' } });

    my $obf = api($path, $token)->json->{token};

    is(jwt_claims($obf)->{mid}, '123456789', 'of who is there');

    my %join = (meeting => '123456789', obf => $obf);

    is($zoom->join_meeting(%join)->{participant}, 1, 'who joins with it');
    is($zoom->join_meeting(%join)->{participant}, 2, 'as often as one likes');
    $zoom->control({ single_use => JSON::PP::true });
    is($zoom->join_meeting(%join)->{participant}, 3, 'or once');
    is($zoom->join_meeting(%join)->{error}, 'the token has been used',
       'and no more');
    is($zoom->join_meeting(%join, meeting => '987654321')->{error},
       'the token is for another meeting', 'not elsewhere');
    $zoom->control({ leave => { user => $alice, meeting => '123456789' } });
    is(scalar @{ ($zoom->meetings)[0]{bots} }, 0, 'and leaves with them');
    is(said(api($path, $token)), '400 3000', 'gone');

    $zoom->control({ presence => { status => 403, code => 9 } });
    is(said(api($path, $token)), '403 9', 'any other refusal');
    is($zoom->count('early', $alice), 3, 'each is counted');
};


subtest 'the end of it' => sub {
    again();

    my $one = connected();

    is(said(post('/oauth/revoke', [basic(undef, 'x')],
                 token => $one->{access_token})),
       '400 invalid_client Invalid client_id or client_secret',
       'by the app alone');
    is(said(post('/oauth/revoke', [basic()], token => 'x')),
       '400 invalid_token Invalid Token!', 'of a token of its own');

    my $r = post('/oauth/revoke', [basic()], token => $one->{access_token});

    is($r->status . $r->json->{status}, '200success', 'revoked');
    is(said(api('/users/me', $one->{access_token})), '401 124', 'dead');
    is(said(refresh($one->{refresh_token})),
       '400 invalid_grant Invalid Token!', 'all of it');

    $one = connected();
    is(post('/oauth/revoke', [basic()], token => $one->{refresh_token})
       ->status, 200, 'by the refresh token');
    $zoom->control({ user_oauth => { revoke_takes => 'access' } });
    $one = connected();
    is(post('/oauth/revoke', [basic()], token => $one->{refresh_token})
       ->status, 400, 'unless told');

    $one = connected();
    my $two = connected(user => 'bob@other.example');
    $zoom->control({ deauthorize => { user => $alice } });
    is(said(api('/users/me', $one->{access_token})), '401 124', 'withdrawn');
    is(said(refresh($one->{refresh_token})),
       '400 invalid_grant Invalid Token!', 'for good');
    is(refresh($two->{refresh_token})->status, 200, 'of nobody else');

    $one = connected();
    my $three = connected();
    is(said(refresh($one->{refresh_token})),
       '400 invalid_grant Invalid Token!', 'a second consent ends the first');
    $zoom->control({ user_oauth => { reconsent_kills => JSON::PP::false } });
    connected();
    is(refresh($three->{refresh_token})->status, 200, 'or does not');

    $two = connected(user => 'bob@other.example');
    $zoom->control({ deactivate => 'bob@other.example' });
    is(said(api('/users/me', $two->{access_token})), '401 124',
       'of who was shut out');
    is(refresh($two->{refresh_token})->status, 400, 'wholly');
    $zoom->control({ activate => 'bob@other.example' });
    is(refresh($two->{refresh_token})->status, 200, 'and is back');
};


subtest 'devices' => sub {
    again();
    $zoom->control({ device => { interval => 1 } });

    my $grant = 'urn:ietf:params:oauth:grant-type:device_code';
    my $start = sub {
        return post('/oauth/devicecode', [basic()],
                    client_id => $t->secret('users_id'))->json;
    };
    my $poll = sub {
        return token(grant_type => $grant, device_code => $_[0]{device_code});
    };
    my $error = sub { return $poll->(@_)->json->{error} };

    is(said(post('/oauth/devicecode', [basic(undef, 'x')])),
       '400 invalid_client Invalid client_id or client_secret', 'the app');

    my $d = $start->();

    like($d->{user_code}, qr/^[A-Z]{4}-[A-Z]{4}$/, 'a code for people');
    is($d->{interval} . $d->{expires_in}, '1900', 'interval and life');
    is($d->{verification_uri_complete},
       "$d->{verification_uri}?user_code=$d->{user_code}", 'a page');

    is($error->($d), 'authorization_pending', 'not yet');
    is($error->($d), 'slow_down', 'too early');
    sleep 1.1;
    is($error->($d), 'slow_down', 'from now on six seconds');

    $d = $start->();
    ok(!$zoom->approve('BBBB-CCCC'), 'another code');
    ok($zoom->approve(lc $d->{user_code}), 'a person agrees');

    my $r = $poll->($d);

    is($r->status, 200, 'tokens');
    is(api('/users/me', $r->json->{access_token})->json->{email}, $alice,
       'of that person');
    is($error->($d), 'expired_token', 'once');
    ok(!$zoom->approve($d->{user_code}), 'nor can the code be used again');

    $d = $start->();
    $zoom->approve($d->{user_code}, deny => 1);
    is($error->($d), 'access_denied', 'a person does not');

    $zoom->control({ device => { slow_down => 1 } });
    $d = $start->();
    is($error->($d), 'slow_down', 'on command');

    $zoom->control({ device => { expires_in => 1 } });
    $d = $start->();
    sleep 1.1;
    is($error->($d), 'expired_token', 'too late');
    is($error->({ device_code => 'x' }), 'invalid_grant', 'unknown');

    again(device => JSON::PP::false);
    is(said(post('/oauth/devicecode', [basic()],
                 client_id => $t->secret('users_id'))),
       "400 unauthorized_client The app can't be used on a device.",
       'an app that may not');
};


$t->finish;
