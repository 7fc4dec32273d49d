#!/usr/bin/perl

# zoom.request and zoom.pages: any endpoint of Zoom's, for code in
# lua-nginx-module.

use strict;
use warnings;

use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Resty;
use Zoom::Test;

plan skip_all => resty_missing() if resty_missing();

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $json = JSON::PP->new->utf8;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$zoom->control({ bots => 60 }, { app => { account_id => 'other-id',
                                          client_id  => 'other-client' } });

my $nginx = $t->nginx(
    main      => resty_main(),
    http      => resty_http()
                 . $t->account('slow', rate => 'light=10r/s',
                                account_id => 'other-id',
                                client_id  => 'other-client'),
    reuseport => 1,
    account   => { request_timeout => '2s' },
    locations => resty_locations() . <<'EOC');
        location = /pages {
            content_by_lua_block {
                local cjson = require "cjson.safe"
                local list = {}

                ngx.req.read_body()

                local args = cjson.decode(ngx.req.get_body_data())

                for page, err, info in require("resty.zoom").pages(args) do
                    list[#list + 1] = page and #page.users or err
                end

                ngx.say(cjson.encode(list))
            }
        }

        location = /zak {
            zoom_tokens        slow;
            zoom_user          bot$arg_n@example.com;
            zoom_allow_user    *@example.com;
            zoom_authenticate  off;
        }

        # asks as long as it is let
        location = /flood {
            content_by_lua_block {
                local zoom = require "resty.zoom"
                local over = ngx.now() + tonumber(ngx.var.arg_for)
                local n = 0

                local function run()
                    while ngx.now() < over do
                        local answer = zoom.request{
                            account = "slow", label = "light",
                            path = "/users/bots@example.com",
                            timeout = 10,
                        }

                        n = n + (answer and answer.status == 200 and 1 or 0)
                        ngx.update_time()
                    end
                end

                local threads = {}

                for i = 1, 20 do
                    threads[i] = ngx.thread.spawn(run)
                end

                for i = 1, 20 do
                    ngx.thread.wait(threads[i])
                end

                ngx.say(n)
            }
        }
EOC


sub request {
    my (%args) = @_;

    return call_lua($t, '/content', 'request', { account => 'acme', %args });
}


subtest 'a request' => sub {
    my ($answer, $err, $info) = request(path => '/users/bots@example.com');

    is($answer->{status}, 200, 'it is answered') or diag($err);
    is($json->decode($answer->{body})->{email}, 'bots@example.com', 'a user');
    like($answer->{headers}{'content-type'}, qr{^application/json}, 'headers');
    like($answer->{headers}{'x-zm-trackingid'}, qr/rid=WEB_/, 'all of them');

    ($answer) = call_lua($t, '/content?way=timer', 'request', {
        account => 'acme', path => ['users', 'bots@example.com'],
    });
    is($answer->{status}, 200, 'from a timer, by segments');

    ($answer, $err) = request(path => '/users/nobody@example.com');
    is($answer->{status}, 404, 'a refusal is an answer');
    is($err, undef, 'and no error');
};


subtest 'what is sent' => sub {
    my ($answer) = request(path => '/users', body => {
        action => 'create', user_info => { email => 'new@example.com',
                                           type  => 1 },
    });

    is($answer->{status}, 201, 'a POST') or diag($answer->{body});

    my $id = $json->decode($answer->{body})->{id};

    my @bots = ('users', 'bots@t2.example');

    ($answer) = request(method => 'PATCH', path => \@bots,
                        body => '{"first_name":"Bot"}');
    is($answer->{status}, 204, 'a PATCH');
    ($answer) = request(path => \@bots);
    is($json->decode($answer->{body})->{first_name}, 'Bot', 'it has changed');
    ($answer) = request(method => 'DELETE', path => ['users', $id],
                        args => { action => 'delete' });
    is($answer->{status}, 204, 'a DELETE with arguments');
    ($answer) = request(path => ['users', $id]);
    is($answer->{status}, 404, 'it is gone');

    for (['/abc==', '%252Fabc%253D%253D'], ['a//b', 'a%252F%252Fb'],
         ['a/b+c', 'a%2Fb%2Bc'], [123456789, '123456789'])
    {
        my ($uuid, $sent) = @$_;

        request(path => ['past_meetings', $uuid, 'participants'],
                args => { q => 'a b' });
        ok((grep { /past_meetings\/\Q$sent\E\/participants\?q=a%20b/ }
                map { ref $_ ? $json->encode($_) : $_ } $zoom->recent),
           "$uuid is sent as $sent");
    }
};


subtest 'pages' => sub {
    my $all = $json->decode($t->post('/pages', $json->encode({
        account => 'acme', path => '/users', args => { page_size => 20 },
    }))->body);
    my $n = 0;

    $n += $_ for @$all;
    cmp_ok(@$all, '>', 3, 'several');
    cmp_ok($n, '>=', 60, 'all of the list');

    is($t->post('/pages', $json->encode({
        account => 'acme', path => '/users/x/y/z',
    }))->body, "[\"zoom_refused\"]\n", 'a failure ends it');
    like($t->post('/pages', $json->encode({ account => 'acme' }))->body,
         qr/bad argument: .*path.* is missing/, 'so does a bad argument');
};


subtest 'a token that died' => sub {
    my $before = $zoom->oauth_calls;

    $zoom->control({ match => 'api', mode => 'answer', status => 401,
                     times => 1,
                     body => '{"code":124,"message":"Invalid access token"}' });

    my ($answer, $err) = request(method => 'POST', path => '/users', body => {
        action => 'create', user_info => { email => 'new2@example.com',
                                           type  => 1 },
    });

    is($answer->{status}, 201, 'the request is sent again') or diag($err);
    is($zoom->oauth_calls - $before, 1, 'with another token');
};


subtest 'Zoom is down' => sub {
    $zoom->control({ clear => 1 }, { match => 'api', mode => '503',
                                     times => 1 });

    my ($answer) = request(path => '/users/bots@example.com', timeout => 10);

    is($answer->{status}, 200, 'a GET is tried again');

    $zoom->control({ clear => 1 }, { match => 'api', mode => '503' });

    my $calls = $zoom->count(qw(endpoints user_create calls));

    ($answer) = request(method => 'POST', path => '/users', body => '{}');
    is($answer->{status}, 503, 'a POST is not');
    is($zoom->count(qw(endpoints user_create calls)) - $calls, 1,
       'it came once');

    $zoom->control({ clear => 1 }, { match => 'api', mode => 'hang' });

    my $start = time;
    my (undef, $err, $info) = request(path => '/users', timeout => 1);

    like($err, qr/^(?:zoom_unavailable|timeout)$/, 'it hangs');
    like($info->{reason} // '', qr/./, 'there is a reason');
    cmp_ok(time - $start, '<', 3, 'in time');
    $zoom->control({ clear => 1 });
};


subtest 'long answers' => sub {
    $zoom->control({ match => 'api', mode => 'answer', body => 'x' x 900_000 });

    my ($answer, $err) = request(path => '/users');

    is(length $answer->{body}, 900_000, 'come as they are') or diag($err);
    $zoom->control({ clear => 1 });
};


subtest 'limits' => sub {
    $zoom->control({ match => 'api', mode => '429', times => 1 });

    my $start = time;
    my ($answer) = request(path => '/users/bots@example.com',
                           label => 'light', timeout => 10);

    is($answer->{status}, 200, 'what Zoom refused is sent again');
    cmp_ok(time - $start, '>', 0.9, 'when the time has come');

    (undef, my $err, my $info) = request(path => '/users', account => 'wrong');
    like($err, qr/^bad argument: there is no such account/, 'no account');
};


# Ten a second, 1.1 apart, are nine.  Six callbacks a second leave three; others
# may take four and a half at most, and would take nine.
subtest 'callbacks go first' => sub {
    my $flood = http_start(port => $t->port, path => '/flood?for=5');
    my @zaks = map {
        sleep 0.16;
        http_start(port => $t->port, path => sprintf '/zak?n=%04d', $_);
    } 1 .. 28;

    @zaks = http_wait(@zaks);

    is(scalar(grep { $_->status == 200 } @zaks), 28, 'all have a token')
        or diag $zaks[0]->body;

    my ($done) = http_wait($flood);
    my @mints = sort { $a <=> $b } map { $_->[0] } $zoom->arrivals('token');
    my @others = grep { $_ >= $mints[-28] && $_ <= $mints[-1] }
                 map { $_->[0] } $zoom->arrivals('user_get');
    my $half = ($mints[-1] - $mints[-28]) * 10 / 1.1 / 2;

    cmp_ok(scalar @others, '<=', $half + 3, 'others get half at most');
    cmp_ok(scalar @others, '>=', $half / 3, 'and are served as well');
};


subtest 'bad arguments' => sub {
    for ([{},                              qr/"path" is missing/],
         [{ path => 'users' },             qr/no path in its encoded form/],
         [{ path => '/users?x=1' },        qr/no path in its encoded form/],
         [{ path => '/a b' },              qr/no path in its encoded form/],
         [{ path => '/users/../oauth' },   qr/no path in its encoded form/],
         [{ path => "/users\r\nX: y" },    qr/no path in its encoded form/],
         [{ path => [] },                  qr/"path" is empty/],
         [{ path => ['users', '..'] },     qr/a segment that is none/],
         [{ path => ['users', ''] },       qr/a segment that is none/],
         [{ path => ['users', $true] },    qr/a segment that is none/],
         [{ path => '/' . 'x' x 9000 },    qr/path is over 8 KiB/],
         [{ path => '/users', method => 'HEAD' },  qr/method is not GET/],
         [{ path => '/users', method => 'get' },   qr/method is not GET/],
         [{ path => '/users', label => 'fast' },   qr/label is not light/],
         [{ path => '/users', timeout => 100 },    qr/at most 60 seconds/],
         [{ path => '/users', args => { a => { b => 1 } } }, qr/"args"/],
         [{ path => '/users', args => { a => [{ b => 1 }] } }, qr/"args"/],
         [{ path => '/users', query => {} },       qr/there is no "query"/])
    {
        my ($args, $words) = @$_;
        my ($answer, $err) = request(%$args);

        is($answer, undef, 'no answer');
        like($err, qr/^bad argument: .*$words/, substr $err // '', 0, 70);
    }
};


$t->finish;
