#!/usr/bin/perl

# The routing scripts of lua/examples, as an operator would use them.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

use Zoom::Event qw(event);
use Zoom::HTTP;
use Zoom::Receiver;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my $app = Zoom::Receiver->start(log => $t->dir . '/app');

$t->secret_file('hook', 'CANARYhook' . 'x' x 12);
$t->canary(hook => $t->secret('hook'));

my $examples = abs_path(dirname(__FILE__) . '/../lua/examples');

# Workers read nothing there: the master has.
$zoom->control(
    { app => { account_id => 'backup-id', client_id => 'backup-client' } },
    { users => [map { { id => "Id$_" . 'x' x 15, email => $_ } } qw(
          bots@tenant1.example bots@tenant2.example host@example.com
          alice@example.com bot1@example.com bot2@example.com
          bot3@example.com bots@backup.example)] },
);

my $backup = $t->account('backup', account_id => 'backup-id',
                         client_id => 'backup-client');

my $locations = join '', map { <<"EOC" } qw(by_tenant sticky failover lookup pool);
        location = /$_ {
            zoom_tokens             acme;
            zoom_route_by_lua_file  $examples/$_.lua;
        }
EOC

$locations .= join '', map { <<"EOC" } qw(host_zak deny_list);
        location = /$_ {
            zoom_tokens             acme;
            zoom_user               bots\@example.com;
            zoom_route_by_lua_file  $examples/$_.lua;
        }
EOC

$locations .= <<"EOC";
        location = /own_user {
            zoom_tokens             acme;
            zoom_lua_allow          users;
            zoom_route_by_lua_file  $examples/own_user.lua;
        }

        location /zoom/ {
            zoom_pass               acme;
            zoom_authenticate       header=X-Key file:%{header} as=agent;
            zoom_authenticate       header=X-Key file:%{arg} as=visitor;
            zoom_allow              agent *;
            zoom_allow              visitor *;
            zoom_allow_by_lua_file  $examples/own_meetings.lua;
        }

        location = /webhook {
            zoom_webhook              acme;
            zoom_webhook_by_lua_file  $examples/webhook.lua;
            proxy_pass                http://127.0.0.1:${\ $app->port};
        }
EOC

my %account = (webhook_secret => 'file:%{hook}');

my $nginx = $t->nginx(lua => 1, account => \%account, http => <<"EOC", locations => <<"EOC2");
    $backup
    zoom_pool tenant1 {
        account   acme;
        user      bot1\@example.com;
        user      bot2\@example.com;
        distinct  \$zoom_meeting_id 1h;
    }
    zoom_lua_path      $examples;
    zoom_lua_accounts  backup;
EOC
        zoom_authenticate  attendee file:%{attendee}  as=tenant1;
        zoom_authenticate  attendee file:%{attendee2} as=leaver;
        $locations
EOC2


# Whose token it is, or the error.
sub whose {
    my ($path, %o) = @_;
    my %members;

    $members{meeting_url} = qq("https://zoom.us/j/$o{meeting}")
        if $o{meeting};
    $members{bot_id} = qq("$o{bot}") if $o{bot};
    $members{bot_metadata} = $o{metadata} if $o{metadata};

    my $r = $t->attendee("/$path", secret => $o{secret},
                         members => \%members);

    return $r->status == 200
           ? jwt_claims($r->json->{zak_token})->{uid}
           : $r->json->{error};
}


subtest 'by tenant' => sub {
    is(whose('by_tenant'), 'bots@tenant1.example', 'a tenant');
    is(whose('by_tenant', secret => 'attendee2'), 'denied', 'a stranger');
};


subtest 'the ZAK of the host' => sub {
    is(whose('host_zak', meeting => '123456789'), 'host@example.com', 'ours');
    is(whose('host_zak', meeting => '987654321'), 'alice@example.com',
       'ours, too');
    is(whose('host_zak', meeting => '555555555'), 'bots@example.com',
       "somebody else's");
};


subtest 'sticky' => sub {
    my %seen;

    for my $meeting (map { 100000000 + 7919 * $_ } 1 .. 12) {
        my $user = whose('sticky', meeting => $meeting);

        $seen{$user}++;
        is(whose('sticky', meeting => $meeting), $user,
           "$meeting stays with $user");
    }

    is(join(' ', sort keys %seen),
       'bot1@example.com bot2@example.com bot3@example.com',
       'and all have something to do');
};


subtest 'the list of those who get none' => sub {
    is(whose('deny_list', meeting => '123456789'), 'bots@example.com',
       'a meeting');
    is(whose('deny_list', meeting => '999999999'), 'denied', 'not that one');
    is(whose('deny_list', secret => 'attendee2'), 'denied', 'nor that caller');
    like($nginx->error_log, qr/meeting 999999999 is the board's/,
         'the log says why');
};


subtest 'a file' => sub {
    is(whose('lookup', metadata => '{"tenant":" Tenant-One "}'),
       'bots@t1.example', 'a tenant');
    is(whose('lookup', metadata => '{"tenant":"tenant_two"}'),
       'bots@t2.example', 'another');
    is(whose('lookup', metadata => '{"tenant":"three"}'), 'denied', 'none');
    is(whose('lookup'), 'denied', 'nobody');
};


subtest 'a pool for each tenant' => sub {
    my @users = sort map { whose('pool', meeting => '777777777', bot => $_) }
                         'one', 'two';

    is("@users", 'bot1@example.com bot2@example.com', 'two in a meeting');
    is(whose('pool', meeting => '777777777', bot => 'three'), 'denied', 'a third has none');
    like($nginx->error_log, qr/pool tenant1: pool_exhausted/, 'and a line');
    is(whose('pool', secret => 'attendee2'), 'denied', 'nor has a stranger');
};


subtest 'a user for each tenant' => sub {
    is(whose('own_user'), 'bots-tenant1@example.com', 'a tenant')
        for 1 .. 3;
    is(whose('own_user', secret => 'attendee2'), 'bots-leaver@example.com',
       'another');
    is($zoom->stats->{created}{autoCreate}, 2, 'each was made once');

    $zoom->control({ scopes => [qw(user:read:admin)] });
    $zoom->control({ revoke => 1 });
    is(whose('own_user'), 'bots-tenant1@example.com', 'and is known');
};


subtest 'meetings of a tenant' => sub {
    my $ask = sub {
        my ($method, $path, $who) = @_;

        return http(port => $nginx->port, method => $method,
                    path => "/zoom$path",
                    headers => ['X-Key' => $t->secret($who // 'header')]);
    };
    my $denied = sub {
        my $r = $ask->(@_);

        return $r->status == 403 ? $r->json->{message} : $r->status;
    };

    $zoom->control({ account => { all_scopes => 1 } }, { revoke => 1 });

    unlike($denied->(PATCH => '/users/bots@tenant1.example'), qr/may not/,
           'a user of its own');
    unlike($denied->(PATCH => '/users/Bots%40Tenant1.Example'), qr/may not/,
           'in any spelling');
    like($denied->(PATCH => '/users/bots@tenant2.example'),
         qr{^agent\ may\ not\ PATCH\ /users/\{userId\}:\ the\ user\ has\ to\ be
            \ an\ e-mail\ address\ of\ \@tenant1\.example$}x, 'another is not');
    like($denied->(PATCH => '/users/bots@tenant1.example.evil'), qr/may not/,
         'nor one that looks like it');
    like($denied->(PATCH => '/users/Id1xxxxxxxxxxxxxxx'), qr/may not/,
         'nor an id');
    unlike($denied->(GET => '/users/bots@tenant2.example'), qr/may not/,
           'to read is another matter');
    like($denied->(DELETE => '/users/bots@tenant1.example', 'arg'),
         qr/visitor may not .*: the caller has no tenant/, 'a visitor');
    like($denied->(DELETE => '/meetings/1/recordings?action=delete'),
         qr/recordings are put into the trash/, 'no recording goes for good');
    unlike($denied->(DELETE => '/meetings/1/recordings?action=trash'),
           qr/may not/, 'but into the trash');
};


subtest 'a webhook' => sub {
    my $hook = sub {
        my ($event, %object) = @_;

        return http(port => $nginx->port, path => '/webhook',
                    event($event, { object => \%object },
                          secret => $t->secret('hook')))->status;
    };

    is($hook->('recording.completed', id => 1, duration => 30), 200, 'a long '
       . 'recording');
    is($hook->('recording.completed', id => 2, duration => 1), 204, 'a short '
       . 'one');
    is($hook->('recording.completed', id => 3), 200, 'one without a length');
    is($hook->('user.deactivated', id => 'x', email => 'bot@example.com'), 200,
       'a user');
    is($app->requests, 3, 'three came');
    like($nginx->error_log, qr/deactivated bot\@example\.com/, 'and a line');
};


subtest 'failover' => sub {
    my $aid = sub {
        my $r = $t->attendee('/failover');

        return jwt_claims($r->json->{zak_token})->{aid} // $r->body;
    };

    is($aid->(), $t->secret('account_id'), 'the account');

    # Stale ones would serve, too.
    $t->reload(lua => 1, account => \%account, http => <<"EOC", locations => <<"EOC2");
    $backup
    zoom_pool tenant1 {
        account   acme;
        user      bot1\@example.com;
        user      bot2\@example.com;
        distinct  \$zoom_meeting_id 1h;
    }
    zoom_lua_path      $examples;
    zoom_lua_accounts  backup;
EOC
        zoom_authenticate  attendee file:%{attendee}  as=tenant1;
        zoom_use_stale     off;
        zoom_reuse         0;
        $locations
EOC2

    $zoom->control({ match => 'token', mode => '500',
                     path => 'users/bots%40example.com' });
    is($aid->(), 'backup-id', 'the other one while Zoom fails for it');
    is($aid->(), 'backup-id', 'and again, at once');

    $zoom->control({ clear => 1 });
    wait_for(sub { $aid->() eq $t->secret('account_id') }, 8, 'Zoom is back');
    is($aid->(), $t->secret('account_id'), 'the account, when it works');
};


$t->finish;
