#!/usr/bin/perl

# The webhooks of the Zoom stand-in: how they are signed, when they come again,
# and what makes them come.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Receiver;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $secret = '4fv1RkqGQUq5sWbEz6hA5A';
my $app = Zoom::Receiver->start(log => $t->dir . '/app', secret => $secret);
my $hook = { url => $app->url('/zoom-webhook'), secret => $secret };
my $seen = 0;


sub again {
    $zoom->control({ reset => 1 },
                   { webhooks => { retry => [0.1, 0.2, 0.3], timeout => 5,
                                   @_ } },
                   { account => { webhook => $hook } });
    $seen = $app->requests;
}


# The next n that have come.
sub next_ones {
    my ($n) = @_;

    wait_for(sub { $app->requests >= $seen + $n }, 10, "$n webhooks");

    my @new = ($app->requests)[$seen .. $seen + $n - 1];

    $seen += $n;
    return @new;
}


sub ended {
    my ($id) = @_;

    return wait_for(sub {
        (grep { $_->{done} && $_->{id} eq $id } $zoom->deliveries)[0];
    }, 10, 'the end of it');
}


sub is_signed {
    my ($r) = @_;
    my $h = $r->{headers};

    return $h->{'x-zm-signature'} eq 'v0=' . hmac_sha256_hex(
        "v0:$h->{'x-zm-request-timestamp'}:$r->{body}", $secret);
}


sub body { return JSON::PP->new->utf8->decode($_[0]{body}) }


sub api {
    my ($method, $path, $body) = @_;
    my $token = http(
        port => $zoom->plain, path => '/oauth/token',
        body => 'grant_type=account_credentials&account_id='
                . $t->secret('account_id'),
        headers => ['Content-Type' => 'application/x-www-form-urlencoded',
                    'Authorization' => 'Basic ' . encode_base64(
                        $t->secret('client_id') . ':'
                        . $t->secret('client_secret'), '')],
    )->json->{access_token};

    return http(port => $zoom->plain, method => $method, path => "/v2$path",
                defined $body ? (body => $body) : (),
                headers => [Authorization => "Bearer $token"]);
}


subtest 'a delivery' => sub {
    again();
    $zoom->control({ send => { event => 'meeting.ended', id => 'one',
                               payload => { object => { id => '1',
                                                        uuid => '/a/b==' } }
                             } });

    my ($r) = next_ones(1);
    my $h = $r->{headers};

    is("$r->{method} $r->{path}", 'POST /zoom-webhook', 'where to');
    ok(is_signed($r), 'signed over its bytes');
    unlike($r->{body}, qr{\\/}, 'in which slashes are slashes');
    is($h->{'x-zm-request-id'}, 'one', 'with an id');
    like($h->{'x-zm-request-timestamp'}, qr/^\d{10}$/, 'and seconds');
    is($h->{clientid}, $t->secret('client_id'), 'and our client id');
    is(body($r)->{event}, 'meeting.ended', 'the event');
    like(body($r)->{event_ts}, qr/^\d{13}$/, 'in milliseconds');
    is(ended('one')->{attempts}[0]{status}, 200, 'and what came of it');

    $zoom->control({ send => { event => 'x' } }, { send => { event => 'y' } });
    my ($x, $y) = map { $_->{headers}{'x-zm-request-id'} } next_ones(2);
    like($x, qr/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'ids');
    isnt($x, $y, 'of their own');

    my $raw = qq({ "event" : "x",\n "payload":{"a":1.0,"b":"\xc3\xa9\\u00e9"}});

    utf8::decode(my $text = $raw);
    $zoom->control({ send => { body => $text } });
    ($r) = next_ones(1);
    is($r->{body}, $raw, 'any bytes');
    ok(is_signed($r), 'signed as they are');

    $zoom->control({ send => { body => '{}', timestamp => 1720705455 } },
                   { send => { body => 'x' x 1_200_000 } });

    my ($small, $large) = sort { length $a->{body} <=> length $b->{body} }
                               next_ones(2);

    is($small->{headers}{'x-zm-request-timestamp'}, 1720705455,
       'of any second');
    is(length $large->{body}, 1_200_000, 'and any length');

    $zoom->control({ send => { event => 'x', secret => 'wrong' } },
                   { send => { event => 'x', age => 7300 } });
    my ($wrong) = grep { !is_signed($_) } my @two = next_ones(2);
    my ($old) = grep { is_signed($_) } @two;
    ok($wrong, 'with another secret');
    cmp_ok(time - $old->{headers}{'x-zm-request-timestamp'}, '>=', 7300,
           'or of long ago');
};


subtest 'the vector of Zoom' => sub {
    my $at = 1720705455;
    my $body = '{"payload":{"plainToken":"xys8n8PGS7mAU0m5-YJjRA"},'
               . '"event_ts":1720705455858,'
               . '"event":"endpoint.url_validation"}';

    my $h = {};

    again();

    # The stand-in's second of that time may be over before it is used.
    for (1 .. 5) {
        $zoom->control({ clock => { skew => $at - time } },
                       { send => { body => $body } });
        ($h) = map { $_->{headers} } next_ones(1);
        last if $h->{'x-zm-request-timestamp'} == $at;
    }

    is($h->{'x-zm-signature'}, 'v0=93a1a675965ceb9c5a50c5dfb31f20e50f763be37a'
       . '54ef74cd2d16a1a8e5c0d6', 'is signed as Zoom did');
    is($app->proof($body), '{"encryptedToken":"2fffc6a967dde4f68024025a5bd991'
       . 'c5ae1e5313b4e6365be4883e3e81d479b3",'
       . '"plainToken":"xys8n8PGS7mAU0m5-YJjRA"}', 'and answered so');
};


subtest 'once more' => sub {
    again();
    $app->answers(500, 'close', 503, 500);
    $zoom->control({ send => { event => 'x', id => 'again' } });

    my @all = next_ones(4);
    my %same;

    $same{ join ' ', @{ $_->{headers} }{qw(x-zm-request-id x-zm-signature)},
           $_->{body} }++ for @all;

    is(scalar keys %same, 1, 'the very same, four times');

    my $d = ended('again');

    is(join(' ', map { $_->{status} // 'none' } @{ $d->{attempts} }),
       '500 none 503 500', 'until it is given up');
    cmp_ok($d->{attempts}[3]{at} - $d->{attempts}[0]{at}, '>=', 0.6,
           'on the schedule');

    $app->answers(502, 204);
    $zoom->control({ send => { event => 'x', id => 'twice' } });
    next_ones(2);
    is(scalar @{ ended('twice')->{attempts} }, 2, 'or until it is taken');

    for my $final (204, 302, 400, 404) {
        $app->answers($final);
        $zoom->control({ send => { event => 'x', id => "id$final" } });
        next_ones(1);
        is(scalar @{ ended("id$final")->{attempts} }, 1, "$final is final");
    }

    $app->answers('hang');
    $zoom->control({ webhooks => { timeout => 0.3 } },
                   { send => { event => 'x', id => 'slow' } });
    next_ones(2);
    is(ended('slow')->{attempts}[0]{error}, 'timeout', 'no answer in time');

    again(restamp => JSON::PP::true, retry => [1.1]);
    $app->answers(500);
    $zoom->control({ send => { event => 'x', id => 'stamped' } });

    my ($first, $second) = map { $_->{headers} } next_ones(2);

    isnt($first->{'x-zm-request-timestamp'},
         $second->{'x-zm-request-timestamp'}, 'stamped anew');
    isnt($first->{'x-zm-signature'}, $second->{'x-zm-signature'},
         'and signed anew');
    is($first->{'x-zm-request-id'}, $second->{'x-zm-request-id'},
       'under the same id');

    again(retry => [2]);
    $app->answers(500);
    $zoom->control({ send => { event => 'x', id => 'kept' } });
    next_ones(1);
    $zoom->reload;
    next_ones(1);
    is(scalar @{ ended('kept')->{attempts} }, 2, 'through a reload');
};


subtest 'challenge and response' => sub {
    again();
    $zoom->control({ crc => JSON::PP::true });

    my ($r) = next_ones(1);

    ok(is_signed($r), 'signed');
    is(body($r)->{event}, 'endpoint.url_validation', 'a challenge');
    ok(wait_for(sub { $zoom->count('crc', 'ok') }), 'answered');

    $app->answers(500);
    $zoom->control({ crc => JSON::PP::true });
    next_ones(1);
    ok(wait_for(sub { $zoom->count('crc', 'failed') }), 'or not');

    again(crc_every => 0.3);
    next_ones(3);
    again();
};


subtest 'what happens to users' => sub {
    again();

    my $told = sub {
        my ($event, $email) = @_;
        my ($r) = next_ones(1);
        my $b = body($r);

        is("$b->{event} $b->{payload}{object}{email}", "$event $email",
           $event);
        is($b->{payload}{account_id}, $t->secret('account_id'), 'of ours');
        like($b->{payload}{object}{id}, qr/^[\w-]{22}$/, 'with an id');
    };
    my $zak = sub {
        my $r = api(GET => "/users/$_[0]/token?type=zak");

        return join ' ', $r->status, $r->json->{code} // 'token';
    };
    my $bot = 'bots@t1.example';

    is($zak->($bot), '200 token', 'a token');
    $zoom->control({ deactivate => $bot });
    $told->('user.deactivated', $bot);
    is($zak->($bot), '404 1001', 'none for who is shut out');
    $zoom->control({ inactive => { status => 400, code => 1000 } });
    is($zak->($bot), '400 1000', 'under any code');
    api(PUT => "/users/$bot/status", '{"action":"activate"}');
    $told->('user.activated', $bot);
    is($zak->($bot), '200 token', 'and back');

    api(PATCH => "/users/$bot", '{"last_name":"x"}');
    $told->('user.updated', $bot);
    $zoom->control({ disassociate => $bot });
    $told->('user.disassociated', $bot);
    is($zak->($bot), '404 1010', 'of an account of their own');

    $bot = 'bots@t2.example';
    api(DELETE => "/users/$bot?action=delete");
    $told->('user.deleted', $bot);
    is($zak->($bot), '404 1001', 'nobody');

    api(POST => '/users', '{"action":"autoCreate","user_info":'
                          . '{"email":"new@example.com","type":1}}');
    $told->('user.created', 'new@example.com');
};


subtest 'meetings' => sub {
    again();

    my $bots = 'bots@example.com';
    my $token = sub {
        return api(GET => "/users/$_[0]/token?type=zak")->json->{token};
    };
    my $join = sub {
        return $zoom->join_meeting(meeting => $_[0], zak => $_[1]);
    };
    my $zak = $token->($bots);

    is_deeply($join->('123456789', $zak), { participant => 1, ended => [] },
              'a bot joins');
    is_deeply($join->('123456789', $token->('bots@t1.example')),
              { participant => 2, ended => [] }, 'another one');
    is_deeply($join->('123456780', $zak), { participant => 1, ended => [] },
              'the first another meeting');
    is_deeply($join->('123456789', $token->($bots)),
              { participant => 3, ended => [1] },
              'the same user again ends the earlier one');
    is($zoom->count('thrown_out'), 1, 'which is counted');
    like($join->('123456789', substr($zak, 0, -3) . 'abc')->{error},
         qr/^the token is none/, 'not with what is no token');

    $zoom->control({ ended => '123456789' });
    my $b = body(next_ones(1));
    is("$b->{event} $b->{payload}{object}{id}", 'meeting.ended 123456789',
       'its end');
    is($join->('123456789', $zak)->{participant}, 1, 'and it is empty');

    $zoom->control({ deactivate => $bots });
    next_ones(1);
    is($join->('123456789', $zak)->{error}, "the user can't sign in",
       'nobody who is shut out');
};


subtest 'consent withdrawn' => sub {
    again();
    $zoom->control({ user_app => { redirect_uris => ['https://bots.example/'],
                                   webhook => $hook } });

    my ($code) = $zoom->consent($zoom->authorize_url
        . '?response_type=code&redirect_uri=https://bots.example/&client_id='
        . $t->secret('users_id')) =~ /code=(.*)/;

    http(port => $zoom->plain, path => '/oauth/token',
         body => "grant_type=authorization_code&code=$code"
                 . '&redirect_uri=https://bots.example/',
         headers => ['Content-Type' => 'application/x-www-form-urlencoded',
                     'Authorization' => 'Basic ' . encode_base64(
                         $t->secret('users_id') . ':'
                         . $t->secret('users_secret'), '')]);
    $zoom->control({ deauthorize => { user => 'alice@other.example' } });

    my ($r) = next_ones(1);
    my $p = body($r)->{payload};

    is(body($r)->{event}, 'app_deauthorized', 'is told of');
    is($r->{headers}{clientid}, $t->secret('users_id'), 'to the app');
    is($p->{client_id}, $t->secret('users_id'), 'of which it was');
    is("$p->{account_id} $p->{user_id}",
       'other_account AliceOfAnotherAccount1', 'by whom');
    like($p->{deauthorization_time}, qr/^\d{4}-\d\d-\d\dT.*Z$/, 'and when');

    $zoom->control({ deauthorize => { user => 'alice@other.example' } });
    is(scalar(grep { $_->{event} eq 'app_deauthorized' } $zoom->deliveries),
       1, 'once');
};


$app->stop_it;
$t->finish;
