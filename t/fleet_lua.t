#!/usr/bin/perl

# Routing scripts and the pools of a fleet: hosts hear what a script has picked,
# and what it releases is released everywhere.

use strict;
use warnings;

use Test::More;

use Zoom::Fleet;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $users = 4;

my $t = Zoom::Test->new;
my $fleet = Zoom::Fleet->new($t);

$t->zoom->control({ bots => $users });
mkdir $t->dir . '/lua', 0755;

spew($t->dir . '/lua/route.lua', <<'EOL');
return function(bot)
    local pool = zoom.pool("bots")

    if bot.args.release then
        return nil, "ended " .. pool:release {
            distinct = bot.args.release, user = bot.args.user
        }
    end

    local user, err = pool:pick { distinct = bot.meeting_id }

    return user and { user = user }, err
end
EOL

my $pool = join "\n", 'zoom_pool bots {', 'account acme;',
           map({ "user bot000$_\@example.com;" } 1 .. $users),
           'distinct $zoom_meeting_id 1h;', "}\n";

my @hosts = map {
    $fleet->host(lua => 1, http => $pool, locations => <<'EOC') } 1, 2;
        zoom_authenticate  off;
        zoom_allow_user    bot*@example.com;

        location = /route {
            zoom_tokens             acme;
            zoom_route_by_lua_file  %{dir}/lua/route.lua;
        }

        location = /pool {
            zoom_tokens             acme;
            zoom_user               pool=bots;
        }
EOC


# Whose token it is.
sub user {
    my ($host, $path, $meeting, $bot) = @_;
    my $r = http(port => $hosts[$host]->port,
                 path => "$path?meeting_url=https://zoom.us/j/$meeting"
                         . "&bot_id=$bot");

    return $r->status == 200 ? jwt_claims($r->body)->{uid} : $r->status;
}


sub release {
    my ($host, $meeting, $user) = @_;

    return http(port => $hosts[$host]->port,
                path => "/route?release=$meeting"
                        . ($user ? "&user=$user" : ''))->status;
}


wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == 2 }, 10, 'two hosts');

subtest 'what a script has picked' => sub {
    my $user = user(0, '/route', '80000000001', 'one');
    my @others = map { user(1, '/pool', '80000000001', "other$_") }
                 1 .. $users - 1;

    unlike($user, qr/^\d+$/, 'is a user');
    is(scalar(grep { $_ eq $user } @others), 0, 'nobody else gets elsewhere');
    is(scalar(grep { !/^\d{3}$/ } @others), $users - 1, 'the others are let');
    is(user(1, '/pool', '80000000001', 'late'), 503, 'and no more');
};


subtest 'what a script releases' => sub {
    is(release(0, '80000000001', 'bot0001@example.com'), 403, 'one user');
    ok(wait_for(sub { user(1, '/pool', '80000000001', 'late') !~ /^\d{3}$/ },
                15), 'who is free on the other host');
    is(user(1, '/pool', '80000000001', 'later'), 503, 'and nobody else');

    is(release(1, '80000000001'), 403, 'all of them');
    ok(wait_for(sub { !$fleet->keys_like('zoom:lease:*') }, 5),
       'which ends all');

    my %users;

    ok(wait_for(sub {
        %users = map { user(0, '/pool', '80000000001', "new$_") => 1 }
                 1 .. $users;
        return !grep { /^\d{3}$/ } keys %users;
    }, 15), 'on both hosts');
    is(scalar keys %users, $users, 'nobody twice');
};

$t->finish;
