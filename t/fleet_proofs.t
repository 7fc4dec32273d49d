#!/usr/bin/perl

# A proof that is good once is so on all hosts, whichever handler checks it: at
# all of them one way leads through the store.  t/fleet_once.t has zoom_tokens,
# zoom_join and webhooks of Zoom's.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Grants;
use Zoom::Resty;
use Zoom::Test;
use Zoom::Webhooks qw(webhook);

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $fleet = Zoom::Fleet->new($t);
my $grants = Zoom::Grants->new($t, fleet => $fleet);
my $resty = !resty_missing();
my $n = 0;

my $proof = 'zoom_authenticate  standard_webhooks file:%{webhooks} as=hook';

my $locations = <<"EOC" . ($resty ? <<'EOL' : '');
        location = /purge {
            zoom_purge         acme;
            $proof;
        }

        location = /health {
            zoom_health        acme;
            $proof;
        }

        location = /status {
            zoom_status;
            $proof;
        }

        location = /connect {
            zoom_connect       app;
            $proof;
        }

        location = /grants {
            zoom_grants        app;
            $proof;
        }

        location = /disconnect {
            zoom_disconnect    app;
            $proof;
        }

        location = /either {
            zoom_health        acme;
            $proof;
            zoom_authenticate  arg=key file:%{arg} as=key;
        }
EOC
        location = /lua {
            zoom_authenticate  standard_webhooks file:%{webhooks} as=hook;
            zoom_authenticate  arg=key file:%{arg} as=key;

            content_by_lua_block {
                local zoom = require "resty.zoom"
                local caller, err, info = zoom.authenticate()

                if not caller then
                    ngx.status = info.http
                    ngx.print(err)
                    return
                end

                if ngx.var.arg_fail then
                    return ngx.exit(502)
                end

                ngx.print(caller, " ", zoom.authenticate())
            }
        }

        location = /own {
            content_by_lua_block {
                local zoom = require "resty.zoom"
                local caller, err, info = zoom.authenticate {
                    scheme = "standard_webhooks", secret = "%{secret}",
                    as = "own"
                }

                if not caller then
                    ngx.status = info.http
                    ngx.print(err)
                    return
                end

                ngx.print(caller)
            }
        }
EOL

my $secret = $t->secret('webhooks');

$locations =~ s/%\{secret\}/$secret/;

my @hosts = map {
    $fleet->host(main => $resty ? resty_main() : '', locations => $locations,
                 http => ($resty ? resty_http() : '')
                         . $grants->account('app'))
} 0 .. 2;


sub to {
    my ($host, $path, %o) = @_;
    my $id = $o{id} // 'own-' . ++$n;

    return http(port => $hosts[$host]->port, path => $path,
                method => $o{method} // 'GET',
                headers => [webhook($t->secret('webhooks'), id => $id,
                                    age => $o{age} // 0),
                            @{ $o{headers} // [] }]);
}


# The same id with another timestamp is no repetition, but another request.
sub replay { my ($host, $path, %o) = @_; return to($host, $path, age => ++$n, %o) }


wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == @hosts }, 10,
         'all hosts');


my %once = (
    '/health'                     => [200, 'GET'],
    '/status'                     => [200, 'GET'],
    '/purge'                      => [200, 'POST'],
    '/connect'                    => [302, 'GET'],
    '/grants'                     => [200, 'GET'],
    $resty ? ('/lua'              => [200, 'GET'],
              '/own'              => [200, 'GET']) : (),
);

for my $path (sort keys %once) {
    subtest $path =~ s/\?.*//r => sub {
        my ($status, $method) = @{ $once{$path} };
        my $id = 'once-' . ++$n;
        my @o = (id => $id, method => $method);

        is(to(0, $path, @o)->status, $status, 'a proof is taken');

        for my $host (1, 2, 0) {
            my $r = replay($host, $path, @o);

            is($r->status, 401, "once, says host $host");
            like($r->body, qr/replayed/, 'and why');
        }

        is(to(1, $path, method => $method)->status, $status,
           'another is as good as before') if $path ne '/purge';
    };
}


subtest 'whatever fails gives it back' => sub {
    my @gone = (id => 'gone', method => 'POST');

    is(to(0, '/disconnect?user=nobody@example.com', @gone)->status, 404,
       'nobody is disconnected');
    is(replay(1, '/disconnect?user=nobody@example.com', @gone)->status, 404,
       'on no host');

    my @nobody = (id => 'nobody', method => 'POST');

    is(to(0, '/purge?user=%00', @nobody)->status, 403, 'of nobody is purged');
    is(replay(1, '/purge?user=%00', @nobody)->status, 403, 'anywhere');
    ok(wait_for(sub { replay(2, '/purge', @nobody)->status == 200 }, 5),
       'until there is something to do');
    ok(wait_for(sub { replay(0, '/purge', @nobody)->status == 401 }, 5),
       'which all know');

    if ($resty) {
        is(to(0, '/lua?fail=1', id => 'lua')->status, 502, 'a script fails');
        ok(wait_for(sub { replay(1, '/lua', id => 'lua')->status == 200 }, 5),
           'and another does not');
        is(replay(2, '/lua', id => 'lua')->status, 401, 'which spends it');
    }
};


subtest 'another line may hold' => sub {
    my $key = '?key=' . $t->secret('arg');

    for my $path ('/either', $resty ? '/lua' : ()) {
        my @o = (id => "either-$path");

        is(to(0, $path, @o)->status, 200, 'a proof');
        is(replay(1, $path, @o)->status, 401, 'is spent');

        my $r = replay(1, $path . $key, @o);

        is($r->status, 200, 'another proof is not');
        is($r->body, 'key key', 'and says who it is') if $path eq '/lua';
    }
};


subtest 'many at once' => sub {
    my @paths = ('/health', $resty ? '/lua' : ());

    for my $path (@paths) {
        my %n;
        my @calls = map {
            my $host = $_;

            map { http_start(port => $hosts[$host]->port, path => $path,
                             headers => [webhook($t->secret('webhooks'),
                                                 id => "crowd-$path",
                                                 age => 4 * $host + $_)])
                } 1 .. 4
        } 0 .. 2;

        $n{ $_->status }++ for http_wait(@calls);
        is($n{200}, 1, 'one of twelve is let in');
        is($n{401}, 11, 'and no other');
    }
};


subtest 'without the store' => sub {
    kill 'STOP', $fleet->pid;

    my $began = time;

    is(to(0, '/health', id => 'away')->status, 200,
       'one that hangs');
    cmp_ok(time - $began, '<', 4, 'holds nothing up for longer than told');

    for my $path ('/health', $resty ? '/lua' : ()) {
        my $gone = http_start(port => $hosts[1]->port, path => $path,
                              headers => [webhook($secret, id => 'gone')]);

        select undef, undef, undef, 0.02;
        $gone->abort;
    }

    if ($resty) {
        $began = time;
        is(to(1, '/lua', id => 'away')->status, 200, 'nor in a script');
        cmp_ok(time - $began, '<', 4, 'for longer than told');
    }

    $fleet->stop_it('KILL');

    is(replay(0, '/health', id => 'away')->status, 401,
       'each host has its own');
    is(replay(2, '/health', id => 'away')->status, 200,
       'and no other');
};

$t->finish;
