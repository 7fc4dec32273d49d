#!/usr/bin/perl

# resty.zoom about the request that it is called for: zoom_tokens, written in
# Lua.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use FindBin;
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use Test::More;

use Zoom::Resty;
use Zoom::Test;

plan skip_all => resty_missing() if resty_missing();

my $t = Zoom::Test->new;

$t->secret_file('sdk_key', 'SDKkey_' . Zoom::Test::random_name(6));
$t->secret_file('sdk_secret', 'CANARYsdk' . Zoom::Test::random_name());
$t->canary(sdk_secret => $t->secret('sdk_secret'));

# Workers can't read the files of secrets: the master does.
my $http = resty_http() . $t->account('plain') . <<'EOC';
    init_by_lua_block {
        local read = require("handler").secret

        secrets = {
            attendee  = read("%{attendee}"),
            attendee2 = read("%{attendee2}"),
            webhooks  = read("%{webhooks}"),
            arg       = read("%{arg}"),
            header    = read("%{header}"),
        }
    }
EOC

my $nginx = $t->nginx(
    main      => resty_main(),
    http      => $http,
    reuseport => 1,
    account   => { sdk_key    => 'file:%{sdk_key}',
                   sdk_secret => 'file:%{sdk_secret}' },
    locations => resty_locations() . <<'EOC');
        location = /attendee {
            content_by_lua_block {
                require("handler").run{
                    { scheme = "attendee", secret = secrets.attendee,
                      as = "tenant1" },
                    { scheme = "attendee", secret = secrets.attendee2,
                      as = "tenant2" },
                }
            }
        }

        location = /replay {
            zoom_replay  1h;

            content_by_lua_block {
                require("handler").run{
                    { scheme = "attendee", secret = secrets.attendee },
                }
            }
        }

        location = /answers {
            zoom_replay  1h;

            content_by_lua_block {
                local caller, err = require("resty.zoom").authenticate{
                    scheme = "attendee", secret = secrets.attendee,
                }

                ngx.status = caller and tonumber(ngx.var.arg_status) or 401
                ngx.print(caller or err)
            }
        }

        location = /small {
            client_body_buffer_size  1k;

            access_by_lua_block {
                require("handler").run{
                    { scheme = "attendee", secret = secrets.attendee },
                }
            }
        }

        location = /webhooks {
            content_by_lua_block {
                require("handler").run{
                    { scheme = "standard_webhooks",
                      secret = secrets.webhooks },
                }
            }
        }

        location = /plain {
            content_by_lua_block {
                require("handler").run{
                    { scheme = "arg=key", secret = secrets.arg, as = "url" },
                    { scheme = "header=X-Key", secret = secrets.header },
                }
            }
        }

        location = /own {
            zoom_authenticate  arg=key file:%{arg} header=X-Key file:%{header}
                               as=tenant2;
            zoom_authenticate  attendee file:%{attendee} as=tenant1;

            content_by_lua_block { require("handler").run{} }
        }

        location = /none {
            content_by_lua_block { require("handler").run{} }
        }

        location = /unread {
            content_by_lua_block {
                local bot = require("resty.zoom").callback()

                ngx.say(tostring(bot.caller), " ", ngx.var.zoom_bot_id)
            }
        }
EOC


# What a handler answered, and its status.
sub answer {
    my ($r) = @_;

    return ($r->status, eval { JSON::PP->new->utf8->decode($r->body) } // {});
}


subtest 'Attendee' => sub {
    my ($status, $said) = answer($t->attendee('/attendee', members => {
        bot_metadata => '{"tenant":"caf\u00e9","empty":"","n":7}',
        meeting_url  => '"https://zoom.us/j/123456789?pwd=opensesame.1"',
    }));
    my $bot = $said->{bot};

    is($status, 200, 'a callback');
    is(jwt_claims($said->{zak_token})->{uid}, 'bots@t1.example',
       'the user of whoever proved it');
    is($bot->{caller}, 'tenant1', 'its name');
    is($bot->{scheme}, 'attendee', 'its scheme');
    like($bot->{bot_id}, qr/^bot_/, 'the bot');
    is($bot->{meeting_url}, 'https://zoom.us/j/123456789?pwd=opensesame.1',
       'the whole link');
    is($bot->{meeting_id}, '123456789', 'the meeting');
    is($bot->{passcode}, 'opensesame.1', 'its passcode');
    is_deeply($bot->{metadata}, { tenant => "caf\x{e9}", empty => '' },
              'metadata');

    my $line = $t->logged(sub { $_[0]{uri} eq '/attendee' });

    is($line->{zoom_caller}, 'tenant1', '$zoom_caller in the log');
    is($line->{zoom_bot_id}, $bot->{bot_id}, '$zoom_bot_id');
    is($line->{zoom_meeting_url}, 'https://zoom.us/j/123456789?pwd=***',
       '$zoom_meeting_url');

    (undef, $said) = answer($t->attendee('/attendee', secret => 'attendee2'));
    is(jwt_claims($said->{zak_token})->{uid}, 'bots@t2.example',
       'another tenant');
};


subtest 'not Attendee' => sub {
    my $body = callback();
    my ($status, $said) = answer($t->post('/attendee', $body));

    is("$status $said->{error}", '401 unauthenticated', 'no signature');

    ($status, $said) = answer($t->attendee('/attendee', secret => 'webhooks2',
                                           body => $body));
    is("$status $said->{error}", '401 unauthenticated', 'a wrong one');

    ($status, $said) = answer($t->attendee('/attendee',
                              body => '{"bot_id":"x","meeting_url":null}'));
    is("$status $said->{error}", '400 bad_callback', 'a webhook of theirs');

    ($status, $said) = answer($t->post('/attendee', 'no JSON',
        'X-Webhook-Signature' => 'x' x 44));
    is("$status $said->{error}", '401 unauthenticated', 'no JSON');

    ($status, $said) = answer($t->post('/attendee', ' ' x 65536,
        'X-Webhook-Signature' => 'x' x 44));
    is("$status $said->{error}", '413 too_large', 'too much');

    ($status, $said) = answer(http(port => $t->port, path => '/attendee',
        body => ' ' x 65536, chunked => 8000));
    is("$status $said->{error}", '413 too_large', 'and without a length');

    ($status, $said) = answer($t->get('/attendee'));
    is("$status $said->{error}", '401 unauthenticated', 'a GET');
};


subtest 'bodies' => sub {
    my ($status, $said) = answer($t->attendee('/small', members => {
        bot_metadata => '{"long":"' . 'x' x 20000 . '"}',
    }));

    is($status, 200, 'one that nginx wrote to a file');
    is(length $said->{bot}{metadata}{long}, 20000, 'all of it');

    ($status) = answer($t->attendee('/replay', body => callback(
        bot_id => '"bot_once"')));
    is($status, 200, 'once');
    ($status, $said) = answer($t->attendee('/replay', body => callback(
        bot_id => '"bot_once"')));
    is("$status $said->{error}", '401 replayed', 'zoom_replay holds');
};


subtest 'a proof is spent by an answer of 2xx' => sub {
    my $body = callback(bot_id => '"bot_answered"');
    my $ask = sub {
        my ($status) = @_;
        my $last;

        # The request before may still be ending.
        wait_for(sub {
            $last = $t->attendee("/answers?status=$status", body => $body);
            $last->status != 401;
        }, 1);

        return $last->status . ' ' . $last->body;
    };

    is($ask->($_), "$_ attendee", "a $_") for 503, 400, 302, 503, 201;
    is($ask->(201), '401 replayed', 'is the last');
};


subtest 'Standard Webhooks' => sub {
    my @headers = webhook($t->secret('webhooks'));
    my ($status, $said) = answer($t->get('/webhooks?bot_id=b1', @headers));

    is($status, 200, 'a GET');
    is($said->{bot}{bot_id}, 'b1', 'of a bot');
    ($status, $said) = answer($t->get('/webhooks?bot_id=b2', @headers));
    is("$status $said->{error}", '401 replayed', 'not for another request');

    my $body = '{"bot_id":"b3"}';

    ($status, $said) = answer($t->post('/webhooks', $body,
        webhook($t->secret('webhooks'), body => $body)));
    is($said->{bot}{bot_id}, 'b3', 'a POST');
    ($status, $said) = answer($t->post('/webhooks', "$body ",
        webhook($t->secret('webhooks'), body => $body)));
    is("$status $said->{error}", '401 unauthenticated', 'another body');
};


subtest 'arguments and headers' => sub {
    my $key = $t->secret('arg');
    my ($status, $said) = answer($t->get("/plain?bot_uuid=b4&key=$key"
        . '&meeting_url=https%3A%2F%2Fzoom.us%2Fw%2F987654321%3Fpwd%3Dq1'
        . '&extra=%7B%22a%22%3A%22b%22%7D'));

    is($status, 200, 'an argument');
    is($said->{bot}{caller}, 'url', 'its name');
    is($said->{bot}{bot_id}, 'b4', 'the bot');
    is($said->{bot}{meeting_id}, '987654321', 'the meeting');
    ok($said->{bot}{webinar}, 'a webinar');
    is_deeply($said->{bot}{metadata}, { a => 'b' }, 'metadata');

    my $line = $t->logged(sub { $_[0]{uri} eq '/plain' });

    unlike($line->{request}, qr/$key/, 'the log has no secret');

    ($status, $said) = answer($t->get('/plain', 'X-Key' =>
                                      $t->secret('header')));
    is($status, 200, 'a header');
    is($said->{bot}{caller}, 'header', 'named by its scheme');

    ($status) = answer($t->get('/plain?key=' . reverse $key));
    is($status, 401, 'a wrong argument');
    ($status) = answer($t->get("/plain?key=$key&key=$key"));
    is($status, 401, 'one that was sent twice');
    ($status) = answer($t->get('/plain'));
    is($status, 401, 'none');
};


subtest 'the zoom_authenticate of the location' => sub {
    my $path = '/own?key=' . $t->secret('arg');
    my ($status, $said) = answer($t->get($path, 'X-Key' =>
                                         $t->secret('header')));

    is(jwt_claims($said->{zak_token})->{uid}, 'bots@t2.example', 'a line');
    ($status) = answer($t->get($path));
    is($status, 401, 'half a line');
    ($status, $said) = answer($t->attendee('/own'));
    is(jwt_claims($said->{zak_token})->{uid}, 'bots@t1.example',
       'another one');
    ($status, $said) = answer($t->get('/none'));
    like($said->{error}, qr/^bad argument: .*no "zoom_authenticate"/,
         'there is none');
};


subtest 'without a proof' => sub {
    my $r = $t->post('/unread', callback());

    is($r->body, "nil \n", 'nobody called, no variable has it');
};


subtest 'bad arguments' => sub {
    my $secret = 'x' x 32;

    for ([{},                             qr/"scheme" is missing/],
         [{ scheme => 'attendee' },       qr/"secret" is missing/],
         [{ scheme => '', secret => $secret },    qr/no such scheme/],
         [{ scheme => 'off', secret => $secret }, qr/no such scheme/],
         [{ scheme => 'arg=', secret => $secret }, qr/invalid name/],
         [{ scheme => 'header=a b', secret => $secret }, qr/invalid name/],
         [{ scheme => 'arg=a', secret => 'short' }, qr/secret is too short/],
         [{ scheme => 'attendee', secret => '***' }, qr/secret is too short/],
         [{ scheme => 'arg=a', secret => $secret, as => "\n" },
                                          qr/name in "as" is invalid/],
         [{ scheme => 'arg=a', secret => $secret, az => 1 },
                                          qr/there is no "az"/])
    {
        my ($args, $words) = @$_;
        my ($caller, $err) = call_lua($t, '/content', 'authenticate', $args);

        is($caller, undef, 'nobody');
        like($err, qr/^bad argument: .*$words/, $err // 'no error');
    }

    my (undef, $err) = call_lua($t, '/content?way=timer', 'authenticate',
                                { scheme => 'arg=a', secret => $secret });

    is($err, 'API disabled in the context of timer', 'a timer has no request');
    (undef, $err) = call_lua($t, '/content?way=timer', 'callback');
    is($err, 'API disabled in the context of timer', 'nor a callback');
};


subtest 'meeting links' => sub {
    my ($link) = call_lua($t, '/content', 'parse_meeting',
                          'https://acme.zoom.us/w/12345678901?tk=T1&pwd=p%2D1');

    is_deeply($link, { id => '12345678901', passcode => 'p-1', tk => 'T1',
                       webinar => JSON::PP::true }, 'all of it');
    ($link) = call_lua($t, '/content?way=timer', 'parse_meeting',
                       '123456789');
    is_deeply($link, { id => '123456789', webinar => JSON::PP::false },
              'just an id');

    for ('https://zoom.us.evil.example/j/123456789', '', 'x' x 5000,
         'https://zoom.us/my/name')
    {
        is((call_lua($t, '/content', 'parse_meeting', $_))[1], 'no_meeting',
           substr($_, 0, 40) || 'nothing');
    }

    like((call_lua($t, '/content', 'parse_meeting', 7))[1], qr/^bad argument/,
         'a number');
};


subtest 'Meeting SDK signatures' => sub {
    my ($signature, $err, $info) = call_lua($t, '/content', 'sdk_signature', {
        account => 'acme', meeting_id => 123456789, role => 'host',
        ttl => 3600,
    });
    my $claims = jwt_claims($signature);
    my ($signed, $mac) = $signature =~ /^(.*)\.(.*)$/;

    is($mac, encode_base64url(hmac_sha256($signed,
                                          $t->secret('sdk_secret'))),
       'signed');
    is("$claims->{mn} $claims->{role}", '123456789 1', 'for whom');
    is($claims->{exp} - $claims->{iat}, 3600, 'for how long');
    is($info->{expires}, $claims->{exp}, 'until when');
    is($info->{sdk_key}, $t->secret('sdk_key'), 'by whom');

    for ([{ meeting_id => '1' },             qr/not 9 to 11 digits/],
         [{ meeting_id => undef },           qr/"meeting_id" is missing/],
         [{ account => 'plain' },            qr/has no "sdk_key"/],
         [{ account => 'other' },            qr/no such account/],
         [{ role => 'owner' },               qr/neither participant nor/],
         [{ ttl => 1799 },                   qr/from 30 minutes/],
         [{ ttl => 1e9 },                    qr/from 30 minutes/])
    {
        my ($args, $words) = @$_;
        my %args = (account => 'acme', meeting_id => '123456789', %$args);

        delete $args{meeting_id} if !defined $args{meeting_id};
        (undef, $err) = call_lua($t, '/content', 'sdk_signature', \%args);
        like($err, qr/^bad argument: .*$words/, $err // 'no error');
    }
};


subtest 'whose limit a request is under' => sub {
    my $used = sub {
        my ($acme) = call_lua($t, '/content', 'account', 'acme');

        return { map { $_ => $acme->{limits}{$_}{used} }
                 keys %{ $acme->{limits} } };
    };

    for ([light  => path => '/users/bots@example.com'],
         [light  => path => '/users/bots%40example.com',
                    args => { login_type => 1 }],
         [medium => path => '/users'],
         [heavy  => path => '/report/daily'],
         [medium => path => '/report/daily', label => 'medium'],
         [light  => path => ['meetings', '/ajXp112Qm//Kj4854875g=='],
                    method => 'PATCH', body => '{}'],
         [heavy  => path => '/no/such/endpoint'],
         [heavy  => path => '/users//a'])
    {
        my ($label, %args) = @$_;
        my $before = $used->();

        call_lua($t, '/content', 'request', { account => 'acme', %args });

        my $after = $used->();
        my @more = grep { $after->{$_} > $before->{$_} } sort keys %$after;

        is("@more", $label, ref $args{path} ? "@{ $args{path} }" : $args{path});
    }
};


subtest 'how an account fares' => sub {
    my ($acme) = call_lua($t, '/content', 'account', 'acme');

    ok($acme->{ok}, 'well');
    is($acme->{name}, 'acme', 'its name');
    is($acme->{error}, undef, 'no error');
    cmp_ok($acme->{access_expires}, '>', time, 'an access token');
    is($acme->{limits}{light}{rate}, 80, 'the rate of its plan');
    cmp_ok($acme->{limits}{light}{used}, '>', 0, 'of which some was used');
    is($acme->{limits}{light}{left}, undef, 'without a bound in a day');
    like($acme->{wait}, qr/^[0-9.]+$/, 'how long a mint would wait');

    my $zoom = $t->zoom;

    $zoom->control({ match => 'token', mode => '500' });
    call_lua($t, '/content', 'mint', { account => 'acme', timeout => 1,
                                       user    => 'bots@t3.example' });
    ($acme) = call_lua($t, '/content?way=timer', 'account', 'acme');

    ok(!$acme->{ok}, 'no more, when Zoom is down');
    is($acme->{error}, 'zoom_unavailable', 'why');
    is($acme->{errors}{zak}, 'zoom_unavailable', 'for ZAKs');
    is($acme->{errors}{access}, undef, 'and nothing else');
    is($acme->{last}{error}, 'zoom_unavailable', 'its last failure');
    cmp_ok(abs($acme->{last}{time} - time), '<', 5, 'just now');
    $zoom->control({ clear => 1 });
    like((call_lua($t, '/content', 'account', 'other'))[1],
         qr/^bad argument: there is no such account/, 'no account');
    like((call_lua($t, '/content', 'account'))[1], qr/^bad argument/,
         'no name');
};


subtest 'purge' => sub {
    my %of = (account => 'plain');
    my %bots = (%of, user => 'bots@example.com');
    my ($token) = call_lua($t, '/content', 'mint', \%bots);
    my ($same) = call_lua($t, '/content', 'mint', \%bots);

    is($same, $token, 'a token is kept');
    is((call_lua($t, '/content', 'purge', \%bots))[0], 1, 'and dropped');

    my ($other, undef, $info) = call_lua($t, '/content', 'mint', \%bots);

    isnt($other, $token, 'the next one is another');
    is((call_lua($t, '/content', 'purge', \%of))[1], 'rate_limited',
       'not twice a second');
    ok(wait_for(sub { (call_lua($t, '/content', 'purge', \%of))[0] }, 3),
       'all of an account');
    like((call_lua($t, '/content', 'purge', { %of, user => 'me' }))[1],
         qr/^bad argument: .*neither/, 'no user');
    like((call_lua($t, '/content', 'purge', { account => 'other' }))[1],
         qr/^bad argument: .*no such account/, 'no account');
};


$t->finish;
