#!/usr/bin/perl

# What a webhook does to the tokens we keep: a user who is gone has none, in no
# worker.

use strict;
use warnings;

use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Event qw(event);
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $secret = 'CANARYhook' . 'x' x 12;

$t->secret_file('hook', $secret);
$t->canary(hook => $secret);

$t->nginx(account => { webhook_secret => 'file:%{hook}' },
          http => <<'EOC', locations => <<'EOC2');
    zoom_reuse       1h;
    zoom_allow_user  *;
EOC
        location = /zak {
            zoom_tokens        acme;
            zoom_user          $arg_user;
            zoom_authenticate  off;
        }

        location = /hook {
            zoom_webhook  acme;
        }

        location = /filtered {
            zoom_webhook         acme;
            zoom_webhook_events  meeting.*;
        }

        location = /quiet {
            zoom_webhook      acme;
            zoom_webhook_act  off;
        }
EOC2


sub zak {
    my ($user) = @_;

    return $t->get("/zak?user=$user");
}


sub hook {
    my ($event, $object, %o) = @_;

    return http(port => $t->port, path => $o{path} // '/hook',
                event($event, { object => $object }, secret => $secret, %o))
           ->status;
}


# How many mints that takes, in both workers.
sub mints {
    my ($code) = @_;
    my $before = $zoom->token_calls;

    $code->() for 1 .. 6;
    return $zoom->token_calls - $before;
}


$zoom->control({ bots => 10 });

my $user = 'bots@example.com';
my $token = http(
    port => $zoom->plain, path => '/oauth/token',
    body => 'grant_type=account_credentials&account_id='
            . $t->secret('account_id'),
    headers => ['Content-Type'  => 'application/x-www-form-urlencoded',
                'Authorization' => 'Basic ' . encode_base64(
                    $t->secret('client_id') . ':'
                    . $t->secret('client_secret'), '')],
)->json->{access_token};

my $id = http(port => $zoom->plain, path => "/v2/users/$user",
              headers => [Authorization => "Bearer $token"])->json->{id};

ok($id, 'the user has an id');


for my $event (qw(user.deactivated user.deleted user.disassociated
                  user.activated)) {
    subtest $event => sub {
        zak($_) for $user, $id, 'bot0001@example.com';
        is(mints(sub { zak($_) for $user, $id }), 0, 'all have tokens');

        is(hook($event, { id => $id, email => $user }), 204, 'it comes');

        is(mints(sub { zak($user) }), 1, 'none under the e-mail');
        is(mints(sub { zak($id) }), 1, 'nor the id');
        is(mints(sub { zak('bot0001@example.com') }), 0, 'others keep theirs');
    };
}


subtest 'what changes nothing' => sub {
    zak($user);

    is(hook('user.updated', { id => $id, email => $user }), 204,
       'another event');
    is(hook('user.deactivated', { id => $id, email => $user },
            path => '/quiet'), 204, 'one that is not to');
    is(hook('user.deactivated', { id => 'me', email => 'no e-mail/at all' }),
       204, 'one of nobody');
    is(hook('user.deactivated', {}), 204, 'of nothing');
    is(hook('user.deactivated', { id => $id, email => $user },
            secret => 'no'), 401, 'one of a stranger');
    is(mints(sub { zak($user) }), 0, 'the token is still there');

    is(hook('user.deactivated', { id => $id, email => $user },
            path => '/filtered'), 204, 'one that the application has no use '
       . 'for');
    is(mints(sub { zak($user) }), 1, 'is for us');
};


subtest 'once' => sub {
    my @same = (port => $t->port, path => '/filtered',
                event('user.deactivated', { object => { id => $id,
                                                        email => $user } },
                      secret => $secret));

    is(http(@same)->status, 204, 'it comes');
    zak($user);
    is(http(@same)->status, 204, 'it comes again');
    is(mints(sub { zak($user) }), 0, 'which is nothing new');
};


# The stand-in is told to deactivate, and tells us.
subtest 'of Zoom' => sub {
    $zoom->control({ account => { webhook => {
        url => 'http://127.0.0.1:' . $t->port . '/hook', secret => $secret,
    } } });

    is(zak($user)->status, 200, 'a token');
    $zoom->control({ deactivate => $user });

    wait_for(sub { grep { $_->{done} } $zoom->deliveries }, 10);
    isnt(zak($user)->status, 200, 'is not given to one who is gone') for 1 .. 6;

    $zoom->control({ activate => $user });
    wait_for(sub { 2 <= grep { $_->{done} } $zoom->deliveries }, 10);
    is(zak($user)->status, 200, 'and at once to one who is back') for 1 .. 6;
};


my $log = $t->{nginx}[-1]->error_log;

like($log, qr/\[notice\].*account "acme": user\.deactivated, forgot 2 tokens/,
     'the log tells');
unlike($log, qr/forgot.*\Q$user\E/, 'but not of whom');

$t->finish;
