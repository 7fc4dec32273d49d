#!/usr/bin/perl

# Which account and user: maps over what a proof says, and variables that are
# read too early.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

# A second app of a second account at the same Zoom.
$t->secret_file('client_secret2', 'CANARYsecond' . 'x' x 20);
$t->canary(client_secret2 => 'CANARYsecond');
$zoom->control({ app => {
    account_id    => 'second_account',
    client_id     => 'second_client',
    client_secret => $t->secret('client_secret2'),
} });

my $second = $t->account('second', account_id => 'second_account',
                         client_id => 'second_client',
                         client_secret => 'file:%{client_secret2}');

my $nginx = $t->nginx(http => $second . <<'EOC', locations => <<'EOC2');
    map $zoom_caller $bot_user {
        volatile;
        default  "";
        tenant1  bots@t1.example;
        tenant2  bots@t2.example;
    }

    # The same as most people would write it.
    map $zoom_caller $cached_user {
        default  "";
        tenant1  bots@t1.example;
        tenant2  bots@t2.example;
    }

    map $zoom_caller $account {
        volatile;
        default  "";
        tenant1  acme;
        tenant2  second;
        tenant3  third;
    }

    map $zoom_metadata_tenant $said {
        volatile;
        default  bots@example.com;
        t1       bots@t1.example;
    }

    limit_req_zone $zoom_caller zone=callers:1m rate=1000r/s;

    zoom_authenticate  attendee file:%{attendee}  as=tenant1;
    zoom_authenticate  attendee file:%{attendee2} as=tenant2;
    zoom_authenticate  arg=key  file:%{arg}       as=tenant3;
    zoom_authenticate  header=X-Key file:%{header};
EOC
        location = /map {
            zoom_tokens  acme;
            zoom_user    $bot_user;
        }

        location = /cached {
            zoom_tokens  acme;
            zoom_user    $cached_user;
        }

        location = /said {
            zoom_tokens  acme;
            zoom_user    $said;
        }

        location = /account {
            zoom_tokens  $account;
            zoom_user    bots@example.com;
        }

        location = /if {
            if ($bot_user = x) {
                return 204;
            }
            zoom_tokens  acme;
            zoom_user    $bot_user;
        }

        location = /if-cached {
            if ($cached_user = x) {
                return 204;
            }
            zoom_tokens  acme;
            zoom_user    $cached_user;
        }

        location = /set {
            set          $early $zoom_metadata_tenant;
            zoom_tokens  acme;
            zoom_user    bots@example.com;
        }

        location = /limit {
            limit_req    zone=callers burst=100;
            zoom_tokens  acme;
            zoom_user    bots@example.com;
        }
EOC2


sub uid {
    my ($r) = @_;

    return jwt_claims($r->json->{zak_token})->{uid}
           // $r->status . ' ' . ($r->json->{error} // '');
}


subtest 'the tenant comes from the proof' => sub {
    for my $path (qw(/map /cached)) {
        is(uid($t->attendee($path)), 'bots@t1.example', "$path: tenant 1");
        is(uid($t->attendee($path, secret => 'attendee2')),
           'bots@t2.example', "$path: tenant 2");

        my $lie = { bot_metadata => '{"zoom_caller":"tenant2",'
                                    . '"tenant":"tenant2"}' };
        is(uid($t->attendee("$path?zoom_caller=tenant2", members => $lie)),
           'bots@t1.example', "$path: whatever the caller says");
        is(uid($t->get("$path?key=" . $t->secret('arg'))), '403 no_user',
           "$path: a tenant of whom the map does not know");
        is(uid($t->get($path, 'X-Key' => $t->secret('header'))),
           '403 no_user', "$path: nor of a scheme");
    }
};


subtest 'a map over metadata' => sub {
    is(uid($t->attendee('/said', members => {
           bot_metadata => '{"tenant":"t1"}' })), 'bots@t1.example', 'named');
    is(uid($t->attendee('/said')), 'bots@example.com', 'its default');
};


subtest 'the account by variable' => sub {
    my $aid = sub {
        return jwt_claims($_[0]->json->{zak_token})->{aid}
               // $_[0]->json->{error};
    };

    is($aid->($t->attendee('/account')), $t->secret('account_id'), 'one');
    is($aid->($t->attendee('/account', secret => 'attendee2')),
       'second_account', 'the other');

    my $r = $t->get('/account?key=' . $t->secret('arg'));
    is($r->status . ' ' . $r->json->{error}, '403 no_account', 'unknown');

    $r = $t->get('/account', 'X-Key' => $t->secret('header'));
    is($r->status . ' ' . $r->json->{error}, '403 no_account', 'empty');
};


subtest 'read too early' => sub {
    my $before = $zoom->token_calls;
    my %names = ('/if'        => 'zoom_caller',
                 '/if-cached' => 'zoom_caller',
                 '/set'       => 'zoom_metadata_tenant',
                 '/limit'     => 'zoom_caller');

    for my $path (sort keys %names) {
        is(uid($t->attendee($path)), '500 internal', $path);

        my @lines = grep { /\[(?:error|alert|crit)\]/ && m{POST $path }
                           && /$names{$path}\b/ }
                    split /\n/, $nginx->error_log;
        cmp_ok(scalar @lines, '>', 0, "the log names $names{$path}");
    }

    is($zoom->token_calls, $before, 'and nothing was minted');
};


$t->finish;
