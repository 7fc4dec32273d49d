#!/usr/bin/perl

# A purge that a host can't hear of: it asks what was purged meanwhile, once it
# can, and drops what is older.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Relay;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);
my $relay = Zoom::Relay->start($t, to => $fleet->port);

$zoom->control({ bots => 40 });
$t->secret_file(redis => 'CANARYredis');
$t->canary(redis => 'CANARYredis');
$fleet->command(qw(ACL SETUSER far on >CANARYredis ~* &* +@all));

my $locations = <<'EOC';
        zoom_authenticate  off;
        zoom_stale_after   off;

        location = /user {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }

        location = /purge {
            zoom_purge       acme;
        }

        location = /status {
            zoom_status;
        }
EOC

my @host = (locations => $locations, reuseport => 1, level => 'notice');
my $near = $fleet->host(@host);

my $far = do {
    local $fleet->{url} = 'redis://127.0.0.1:' . $relay->port;

    $fleet->host(@host, store => ['user=far', 'password=file:%{redis}',
                                  'timeout=1s']);
};


sub token {
    my ($host, $user) = @_;
    my $r = http(port => $host->port, path => "/user?user=$user\@example.com");

    return $r->status == 200 ? $r->body : 'status ' . $r->status;
}


# There is one in a second.
sub purged {
    my ($user) = @_;
    my $path = '/purge' . ($user ? "?user=$user\@example.com" : '');

    return ok(wait_for(sub {
        http(port => $near->port, path => $path, method => 'POST')->status
            == 200;
    }, 10), 'a purge on another host');
}


sub fleet_of {
    my ($host) = @_;

    return http(port => $host->port, path => '/status?format=json')
               ->json->{fleet};
}


# Connections that listen.
sub listeners {
    my ($user) = @_;

    return scalar grep { /\buser=$user\b/ }
                  split /\n/, $fleet->command(qw(CLIENT LIST TYPE pubsub));
}


wait_for(sub { $fleet->command(qw(ZCARD zoom:hosts)) == 2 }, 10, 'two hosts');

my $workers = $far->workers;

wait_for(sub { listeners('far') == $workers }, 10, 'a host that listens');

my $newer;


subtest 'a host that can\'t hear' => sub {
    my $old = token($near, 'bot0001');

    is(token($far, 'bot0001'), $old, 'has a token');

    $fleet->command(qw(ACL SETUSER far resetchannels));
    ok(wait_for(sub { !listeners('far') }, 5), 'its connection is lost');
    purged();

    my $began = time;

    isnt(token($near, 'bot0001'), $old, 'which there is over');
    is(token($far, 'bot0001'), $old, 'is not here');
    is(fleet_of($far)->{away}, 0, 'the store is there');

    wait_for(sub { time - $began > 3 }, 10);
    $newer = token($far, 'bot0002');

    $fleet->command(qw(ACL SETUSER far &*));
    ok(wait_for(sub { token($far, 'bot0001') ne $old }, 10),
       'ends, as soon as there is another');
    like($far->error_log, qr/notice.*forgot \d+ tokens that other hosts had pu/,
         'the log tells of it');

    is(token($far, 'bot0002'), $newer, 'but what is newer stays');
};


subtest 'a host that is cut off' => sub {
    my $old = token($near, 'bot0003');

    is(token($far, 'bot0003'), $old, 'has a token');
    ok(wait_for(sub { listeners('far') == $workers }, 10), 'and listens');

    $relay->cut;
    ok(wait_for(sub { fleet_of($far)->{away} }, 20), 'the store is away');
    purged('bot0003');
    is(token($far, 'bot0003'), $old, 'of which it does not hear');

    $relay->mend;
    ok(wait_for(sub { !fleet_of($far)->{away} }, 20), 'it is back');
    ok(wait_for(sub { token($far, 'bot0003') ne $old }, 10), 'and hears of it');
    is(token($far, 'bot0002'), $newer, 'another user keeps a token');
};


subtest 'workers that begin' => sub {
    my $mints = $zoom->token_calls;

    $far->reload;
    ok(wait_for(sub { listeners('far') == $workers }, 20), 'listen');
    is(token($far, 'bot0002'), $newer, 'and drop nothing again');
    is($zoom->token_calls - $mints, 0, 'and mint nothing');
};


subtest 'what the store holds' => sub {
    is(join(' ', $fleet->beyond_acl), '', 'the ACL of docs/fleet.md suffices');

    my $all = join '', @{ $fleet->command(qw(ZRANGE zoom:purges 0 -1)) };

    cmp_ok(length $all, '>', 100, 'what was purged');
    unlike($all, qr/example|bot0|acme/, 'no name');
    cmp_ok($fleet->command(qw(PTTL zoom:purges)), '>', 3500000, 'for an hour');

    $fleet->command('EVAL', "for i = 1, 1200 do redis.call('ZADD', "
                            . "'zoom:purges', 1000 * redis.call('TIME')[1] - i,"
                            . " 'purge ' .. i) end", 0);
    purged('bot0001');
    ok(wait_for(sub {
        $fleet->command(qw(ZCARD zoom:purges)) == 1000;
    }, 10), 'a thousand at most');
};

$t->finish;
