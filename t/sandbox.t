#!/usr/bin/perl

# The Zoom stand-in itself: what it refuses, counts and can be told to do.
# Without it in order no other test means anything.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use FindBin;
use JSON::PP ();
use MIME::Base64 qw(encode_base64 encode_base64url);
use Test::More;
use Time::HiRes qw(time sleep);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $form = 'application/x-www-form-urlencoded';
my $grant = 'grant_type=account_credentials&account_id='
            . $t->secret('account_id');


sub basic {
    my ($id, $secret) = @_;

    return 'Basic ' . encode_base64(($id // $t->secret('client_id')) . ':'
                      . ($secret // $t->secret('client_secret')), '');
}


sub oauth {
    my (%o) = @_;

    return http(port => $zoom->plain, method => $o{method} // 'POST',
                path => $o{path} // '/oauth/token', body => $o{body} // $grant,
                headers => ['Authorization' => $o{basic} // basic(),
                            'Content-Type' => $o{type} // $form,
                            'Host' => $o{host} // 'zoom.us']);
}


sub bearer {
    return oauth()->json->{access_token};
}


sub api {
    my ($method, $path, %o) = @_;

    return http(port => $zoom->plain, method => $method, path => "/v2$path",
                defined $o{body} ? (body => $o{body}) : (),
                headers => ['Authorization' => 'Bearer '
                                               . ($o{bearer} // bearer()),
                            'Host' => $o{host} // 'api.zoom.us']);
}


sub said {
    my ($r) = @_;

    return join ' ', $r->status, map { $r->json->{$_} // () } qw(code error);
}


subtest 'the token endpoint' => sub {
    my $r = oauth();

    is($r->status, 200, 'client, secret and account');
    is($r->json->{expires_in}, 3599, 'a number of seconds');
    is($r->json->{token_type}, 'bearer', 'a bearer');
    like($r->json->{scope}, qr/user:read:token:admin/, 'scopes');
    is($r->json->{api_url}, 'https://api.zoom.us', 'an API URL without /v2');
    ok($r->header('x-zm-trackingid'), 'a tracking id');

    is(said(oauth(basic => basic('nobody'))), '400 invalid_client', 'client');
    is(said(oauth(basic => basic(undef, 'x'))), '400 invalid_client',
       'secret');
    is(said(oauth(basic => 'Bearer x')), '400 invalid_client', 'no Basic');
    is(said(oauth(body => 'grant_type=account_credentials&account_id=x')),
       '400 invalid_request', 'account');
    is(said(oauth(body => 'grant_type=client_credentials')),
       '400 unsupported_grant_type', 'grant');
    is(said(oauth(type => 'application/json', body => '{}')),
       '400 unsupported_grant_type', 'a JSON body');
    is(said(oauth(path => "/oauth/token?$grant", body => '')),
       '400 invalid_request', 'the query form');
    is(said(oauth(method => 'GET', path => "/oauth/token?$grant")),
       '400 invalid_request', 'GET');
    is(oauth(host => 'evil.example')->status, 403, 'a foreign name');

    $zoom->control({ account => { disabled => JSON::PP::true } });
    $r = oauth();
    is($r->json->{reason}, 'The app has been disabled by the developer',
       'switched off');

    $zoom->control({ account => { disabled => JSON::PP::false,
                                  s2s      => JSON::PP::false } });
    is(said(oauth()), '400 unsupported_grant_type', 'not an S2S app');

    $zoom->control({ reset => 1 });
    $zoom->control({ oauth => { scope => 'long', expires_in => 3600 } });
    $r = oauth();
    cmp_ok(length $r->body, '>', 20_000, 'a body of 20 KB');
    is($r->json->{expires_in}, 3600, 'settable life');

    $zoom->control({ oauth => { scope => 'missing', crlf => 1 } });
    $r = oauth();
    ok(!exists $r->json->{scope}, 'no scope');
    like($r->json->{access_token}, qr/\r\n/, 'a header in the token');

    $zoom->control({ reset => 1 });
};


subtest 'ZAKs' => sub {
    my $r = api(GET => '/users/bots@example.com/token?type=zak&ttl=600');
    my ($head, $claims, $signature) = split /\./, $r->json->{token};

    is($r->status, 200, 'given');
    is($signature, encode_base64url(hmac_sha256("$head.$claims",
                                                "not Zoom's other key")),
       'signed with HS256');

    my $c = jwt_claims($r->json->{token});

    is($c->{uid}, 'bots@example.com', 'uid');
    is($c->{aid}, $t->secret('account_id'), 'aid');
    is($c->{exp} - $c->{iat}, 600, 'the life asked for');
    cmp_ok(abs($c->{iat} - time), '<', 5, 'born now');

    $r = api(GET => '/users/BOTS%40EXAMPLE.com/token?type=zak');
    $c = jwt_claims($r->json->{token});
    is($c->{uid}, 'bots@example.com', 'e-mails in any case and encoding');
    is($c->{exp} - $c->{iat}, 7200, 'two hours unless told');

    $r = api(GET => '/users/KDcuGIm1QgePTO8WbOqwIQ/token?type=zak');
    is(jwt_claims($r->json->{token})->{uid}, 'KDcuGIm1QgePTO8WbOqwIQ', 'ids');

    is(said(api(GET => '/users/x@y.z/token?type=zak')), '404 1001', 'unknown');
    is(said(api(GET => '/users/bots@example.com/token?type=zak&ttl=0')),
       '400 300', 'ttl 0');
    is(api(GET => '/users/bots@example.com/token?type=onbehalf')->status, 200,
       'OBF without a meeting');
    is(said(api(GET => '/users/bots@example.com/token?type=onbehalf'
                       . '&meeting_id=')), '400 300', 'or with an empty one');

    my $obf = '/users/bots@example.com/token?type=onbehalf&meeting_id=';

    is(api(GET => $obf . '123456789')->status, 200, 'OBF');
    is(said(api(GET => $obf . '404000000')), '404 3001', 'no such meeting');
    is(said(api(GET => $obf . '12345678')), '404 3001', 'too short for one');

    $zoom->control({ absent => { 'bots@example.com' => 1 } });
    is(said(api(GET => $obf . '123456789')), '400 3000', 'the user is away');
    $zoom->control({ absent => { 'bots@example.com' => undef } });

    $r = api(GET => '/users/bots@example.com/token');
    is($r->status, 200, 'the retired type');
    unlike($r->json->{token}, qr/^ey/, 'gets a sentence');

    is($zoom->count('me'), 0, 'nobody was me');
    $r = api(GET => '/users/%6De/token?type=zak');
    is(jwt_claims($r->json->{token})->{uid}, 'OwnerOfTheAccount00001',
       'me is the owner');
    is($zoom->count('me'), 1, 'which is counted');

    $zoom->control({ scopes => ['user:read:user:admin'] });
    $r = api(GET => '/users/bots@example.com/token?type=zak');
    is(said($r), '400 4711', 'without the scope');
    like($r->json->{message}, qr/does not contain scopes:\[user:read:token/,
         'it is named');

    $zoom->control({ reset => 1 });

    for my $size (4093 .. 4096, 5120) {
        $zoom->control({ zak => { bytes => $size } });
        $r = api(GET => '/users/bots@example.com/token?type=zak');
        is(length $r->json->{token}, $size, "exactly $size characters");
    }

    $zoom->control({ zak => { bytes => undef, exp => 60 } });
    $c = jwt_claims(api(GET => '/users/bots@example.com/token?type=zak')
                    ->json->{token});
    is($c->{exp} - $c->{iat}, 60, 'a life shorter than asked for');

    $zoom->control({ zak => { text => 'no token' } });
    is(api(GET => '/users/bots@example.com/token?type=zak')->json->{token},
       'no token', 'and what is none');

    $zoom->control({ reset => 1 });
};


subtest 'access' => sub {
    my $token = bearer();
    my $path = '/users/bots@example.com/token?type=zak';

    is(api(GET => $path, bearer => $token)->status, 200, 'a live bearer');
    is(said(api(GET => $path, bearer => 'x')), '401 124', 'an unknown one');
    is(said(http(port => $zoom->plain, path => "/v2$path")), '401 124',
       'none');

    $zoom->control({ revoke => 1 });
    is(said(api(GET => $path, bearer => $token)), '401 124', 'a revoked one');

    $zoom->control({ bearer => { dead_status => 400 } });
    is(said(api(GET => $path, bearer => $token)), '400 124', 'or with 400');

    is(said(api(GET => '/nothing')), '404 2300', 'no such endpoint');
    is(api(GET => $path, host => 'evil.example')->status, 403,
       'a foreign name');

    is(scalar(grep { $_ eq $token } $zoom->issued), 1,
       'what was issued is remembered');

    $zoom->control({ reset => 1 });
};


subtest 'join tokens' => sub {
    for my $kind (qw(local_recording live_streaming local_archiving)) {
        my $r = api(GET => "/meetings/123456789/jointoken/$kind");

        is($r->status, 200, $kind);
        is($r->json->{expire_in}, 120, 'expire_in');
        ok($r->json->{token}, 'a token');
    }

    is(api(GET => '/webinars/987654321/jointoken/local_recording')->status,
       200, 'webinars');
    is(said(api(GET => '/webinars/123456789/jointoken/local_recording')),
       '404 3001', 'no such webinar');
    is(said(api(GET => '/meetings/987654321/jointoken/local_recording')),
       '404 3001', 'a webinar is no meeting');
    is(said(api(GET => '/meetings/404000000/jointoken/local_recording')),
       '404 3001', 'no such meeting');
    is(said(api(GET => '/meetings/abc/jointoken/local_recording')), '404 300',
       'no id');
    is(said(api(GET => '/meetings/123456789/jointoken/other')), '404 2300',
       'no such kind');

    my $bypass = 'local_recording?bypass_waiting_room=';

    is(api(GET => "/meetings/123456789/jointoken/${bypass}true")->status, 200,
       'past the waiting room');
    is(said(api(GET => "/meetings/123456789/jointoken/${bypass}1")),
       '400 300', 'not so');
    is(said(api(GET => "/webinars/987654321/jointoken/${bypass}true")),
       '400 300', 'not there');

    $zoom->control({ join => { oauth2_only => 1, expire_in => 7 } });
    is(said(api(GET => '/meetings/123456789/jointoken/local_recording')),
       '400 124', 'a user is wanted');

    $zoom->control({ join => { oauth2_only => undef } });
    is(api(GET => '/meetings/123456789/jointoken/local_recording')->json
       ->{expire_in}, 7, 'another life');

    $zoom->control({ scopes => ['meeting:read:local_recording_token:admin'] });
    is(api(GET => '/meetings/123456789/jointoken/local_recording')->status,
       200, 'its scope');
    is(said(api(GET => '/meetings/123456789/jointoken/live_streaming')),
       '400 4711', 'is not that of another');
    is(said(api(GET => '/webinars/987654321/jointoken/local_recording')),
       '400 4711', 'nor that of webinars');

    $zoom->control({ scopes => ['webinar_token:read:admin:live_streaming'] });
    is(api(GET => '/webinars/987654321/jointoken/live_streaming')->status,
       200, 'a classic one');
    is(said(api(GET => '/webinars/987654321/jointoken/local_recording')),
       '400 4711', 'that is not of another, either');

    $zoom->control({ reset => 1 });
};


subtest 'users' => sub {
    my $create = '{"action":"custCreate","user_info":{"email":"n@example.com",'
                 . '"type":1,"first_name":"N"}}';
    my $r = api(POST => '/users', body => $create);

    is($r->status, 201, 'created');

    my $id = $r->json->{id};

    is(said(api(POST => '/users', body => $create)), '409 1005', 'twice');
    is(said(api(POST => '/users', body => '{}')), '400 300', 'invalid');
    is(api(GET => "/users/$id")->json->{email}, 'n@example.com', 'got');
    is(api(PATCH => "/users/$id", body => '{"last_name":"M"}')->status, 204,
       'updated');
    is(api(GET => '/users/n@example.com')->json->{last_name}, 'M', 'kept');
    is(api(PUT => "/users/$id/status", body => '{"action":"deactivate"}')
       ->status, 204, 'deactivated');
    is(scalar @{ api(GET => '/users?status=inactive')->json->{users} }, 1,
       'listed so');
    is(api(DELETE => "/users/$id?action=delete")->status, 204, 'deleted');
    is(said(api(GET => "/users/$id")), '404 1001', 'gone');
    is(said(api(GET => '/users/pending@example.com')), '400 1120', 'pending');
    is(said(api(GET => '/users/pending@example.com/token?type=zak')),
       '400 1000', 'for whom there is no token');

    $zoom->control({ bots => 70 });

    my (@all, $next);

    do {
        my $page = api(GET => '/users?page_size=30'
                       . ($next ? "&next_page_token=$next" : ''))->json;

        push @all, map { $_->{email} } @{ $page->{users} };
        $next = $page->{next_page_token};
        $next =~ s/=/%3D/g;
    } while ($next);

    is(scalar @all, 74, 'all pages');
    is(said(api(GET => '/users?next_page_token=rotten')), '400 300',
       'a rotten page token');

    $zoom->control({ reset => 1 });
    is(scalar @{ api(GET => '/users')->json->{users} }, 4, 'reset');
};


subtest 'limits' => sub {
    my $token = bearer();
    my @call = (GET => '/users/bots@example.com/token?type=zak',
                bearer => $token);

    $zoom->control({ plan => 'free' });

    my @statuses = map { api(@call)->status } 1 .. 6;
    my $r = api(@call);

    is("@statuses", '200 200 200 200 429 429', 'four a second');
    is(said($r), '429 429', 'the body');
    is($r->header('X-RateLimit-Category'), 'Light', 'the label');
    is($r->header('X-RateLimit-Type'), 'QPS', 'the kind');
    is($r->header('X-RateLimit-Remaining'), 0, 'nothing left');

    sleep 1.05;
    is(api(@call)->status, 200, 'a second later');

    $zoom->control({ plan => 'off' });
    is(scalar(grep { api(@call)->status != 200 } 1 .. 10), 0, 'off');
};


subtest 'misbehaviour' => sub {
    my $token = bearer();
    my @call = (GET => '/users/bots@example.com/token?type=zak',
                bearer => $token);
    my $wrong = sub {
        $zoom->control({ clear => 1 }, { match => 'token', times => 1, @_ });
        return api(@call);
    };

    my $start = time;
    is($wrong->(mode => 'delay', ms => 200)->status, 200, 'delay');
    cmp_ok(time - $start, '>', 0.19, 'a while');

    ok($wrong->(mode => 'hang', ms => 100)->error, 'hang');
    ok($wrong->(mode => 'reset')->error, 'reset');
    ok($wrong->(mode => 'truncated')->error, 'truncated');
    like($wrong->(mode => 'html')->body, qr/<html>/, 'HTML');

    my $r = $wrong->(mode => 'empty');
    is($r->status . $r->body, '200', 'an empty 200');

    is($wrong->(mode => $_)->status, $_, "status $_") for 500, 502, 503;

    is($wrong->(mode => '429', retry_after => '5')->header('Retry-After'), 5,
       'Retry-After in seconds');
    like($wrong->(mode => '429', retry_after => 'date')
         ->header('Retry-After'), qr/^\w{3}, \d\d .* GMT$/, 'as a date');
    like($wrong->(mode => '429', retry_after => 'iso')
         ->header('Retry-After'), qr/^\d{4}-\d\d-\d\dT.*Z$/, 'as ISO 8601');

    is($wrong->(mode => 'answer', status => 418, body => 'tea')->body, 'tea',
       'anything');
    is(api(@call)->status, 200, 'once');

    $zoom->control({ match => 'api', mode => '500', after => 1 });
    is(api(@call)->status, 200, 'not the first');
    is(api(@call)->status, 500, 'but the second');
    is(oauth()->status, 200, 'nor the other endpoint');

    is(http(port => $zoom->port, path => '/control', body => '{"x":1}')
       ->status, 400, 'an unknown command');

    $zoom->control({ reset => 1 });
};


subtest 'counters' => sub {
    my $token = bearer();
    my $path = '/users/bots@example.com/token?type=zak';

    $zoom->control({ match => 'token', mode => 'delay', ms => 200 });

    my @calls = map {
        http_start(port => $zoom->plain, path => "/v2$path",
                   headers => ['Authorization' => "Bearer $token"])
    } 1 .. 5;
    is(scalar(grep { $_->status == 200 } http_wait(@calls)), 5, 'at once');

    my $s = $zoom->stats;

    is($s->{endpoints}{oauth}{200}, 1, 'per endpoint and status');
    is($s->{endpoints}{token}{calls}, 5, 'calls');
    is($s->{users}{'bots@example.com'}, 5, 'per user');
    is($s->{mints}{zak}{'bots@example.com'}, 5, 'mints');
    is($s->{concurrency}{token}{max}, 5, 'most at once');
    is($s->{concurrency}{token}{now}, 0, 'none left');
    is($s->{http}{'HTTP/1.1'}, 6, 'versions');
    cmp_ok($s->{connections}, '>=', 5, 'connections');

    my $call = http_start(port => $zoom->plain, path => "/v2$path",
                          headers => ['Authorization' => "Bearer $token"]);

    # Looked at once: on a busy machine the call is over before a second look.
    is(wait_for(sub { ($zoom->clients('token'))[0] }),
       $call->{sock}->sockport, 'who is there');
    http_wait($call);
    is(scalar $zoom->clients('token'), 0, 'and has left');

    my $page = http(port => $zoom->port, path => '/');

    like($page->body, qr/stand-in for Zoom/, 'a page for people');
};


# What POST /control takes.
subtest 'started alone, with settings' => sub {
    my $dir = $t->dir . '/alone';
    my $start = "$FindBin::Bin/sandbox/start";

    spew("$dir.json", '{"account":{"client_secret":"of-a-file"}}');

    my $said = JSON::PP->new->decode(scalar qx($^X $start $dir $dir.json));
    my ($port) = $said->{plain} =~ /(\d+)$/;

    is(http(port => $port, method => 'POST', path => '/oauth/token',
            body => 'grant_type=account_credentials&account_id=sandbox_account',
            headers => ['Authorization' => basic('sandbox_client', 'of-a-file'),
                        'Content-Type' => $form, 'Host' => 'zoom.us'])->status,
       200, 'its client secret');
    is(system($^X, $start, '--stop', $dir), 0, 'and ended');
};


subtest 'TLS' => sub {
    my $url = 'https://zoom.us:' . $zoom->tls . '/oauth/token';
    my $curl = "curl -sq --noproxy '*' -o /dev/null"
               . " -w '%{http_code} %{http_version}'"
               . ' --resolve zoom.us:' . $zoom->tls . ':127.0.0.1';
    my $ca = '--cacert ' . $zoom->ca;

    is(`$curl $ca --http1.1 $url`, '400 1.1', 'HTTP/1.1');
    is(`$curl $ca --http2 $url`, '400 2', 'HTTP/2 on the same port');
    is(`$curl --http2 $url`, '000 0', 'not without its authority');

    my $token = bearer();
    my $n = $zoom->oauth_calls;

    $zoom->disguise;
    ok(wait_for(sub { `$curl $ca $url` eq '000 0' }), 'nor with another one');
    $zoom->shut;
    is(system("$curl $ca $url >/dev/null") >> 8, 7, 'nor where nobody listens');
    $zoom->restore;
    ok(wait_for(sub { `$curl $ca --http1.1 $url` eq '400 1.1' }), 'until then');
    is(api(GET => '/users/bots@example.com', bearer => $token)->status, 200,
       'nothing is forgotten meanwhile');
    cmp_ok($zoom->oauth_calls, '>', $n, 'or counted anew');
};


$t->finish;
