#!/usr/bin/perl

# A pool with "distinct" on several hosts: no user twice in a meeting, the same
# bot the same user wherever it asks, and leases that end everywhere.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Event qw(event);
use Zoom::Fleet;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $users = 12;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);
my $secret = 'CANARYhook' . 'x' x 12;

$t->secret_file('hook', $secret);
$t->canary(hook => $secret);
$t->allow(qr/exited on signal 9/);
$zoom->control({ bots => $users });

sub pool {
    my ($name, @more) = @_;

    return join "\n", "zoom_pool $name {", 'account acme;',
           map({ sprintf 'user bot%04d@example.com;', $_ } 1 .. $users),
           @more, "}\n";
}

my @hosts = map {
    $fleet->host(
        account   => { webhook_secret => 'file:%{hook}' },
        http      => pool('bots', 'distinct $zoom_meeting_id 1h;')
                     . pool('brief', 'distinct $zoom_meeting_id 2m;')
                     . pool('hash', 'balance hash $zoom_meeting_id consistent;',
                            'distinct $zoom_meeting_id 1h;'),
        locations => <<'EOC',
        location ~ ^/pool/(?<name>\w+)$ {
            zoom_tokens        acme;
            zoom_user          pool=$name;
            zoom_authenticate  off;
            add_header         X-User    $zoom_pool_user always;
            add_header         X-Status  $zoom_pool_status always;
        }

        location ~ ^/fresh/(?<name>\w+)$ {
            zoom_tokens        acme;
            zoom_reuse         0;
            zoom_use_stale     off;
            zoom_user          pool=$name;
            zoom_authenticate  off;
        }

        location = /hook {
            zoom_webhook       acme;
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC
        reuseport => 1)
} 1 .. 3;


sub ask {
    my ($host, $meeting, $bot, %o) = @_;

    return http_start(port => $hosts[$host]->port,
                      path => ($o{path} // '/pool/') . ($o{pool} // 'bots')
                              . "?meeting_url=https://zoom.us/j/$meeting"
                              . ($bot ? "&bot_id=$bot" : ''));
}


sub user {
    my ($host, $meeting, $bot, %o) = @_;
    my $r = http_wait(ask($host, $meeting, $bot, %o));

    return $r->status == 200 ? $r->header('x-user') : $r->status;
}


sub ended {
    my ($host, $meeting) = @_;

    return http(port => $hosts[$host]->port, path => '/hook',
                event('meeting.ended', { object => { id => $meeting } },
                      secret => $secret))->status;
}


sub distinct {
    my %n;

    $n{$_}++ for @_;
    return join ' ', grep { $n{$_} > 1 } sort keys %n;
}


sub greeted {
    wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == @hosts }, 10,
             'all hosts');
}

greeted();

subtest 'one meeting, three hosts' => sub {
    for my $pool (qw(bots hash)) {
        my @users = map { my $bot = $_;
                          user($bot % 3, '80000000001', "bot$bot",
                               pool => $pool) } 1 .. $users;

        is(distinct(@users), '', "$pool: nobody twice");
        is(scalar(grep { /\@/ } @users), $users, 'all of them');
        is(user($_, '80000000001', "late$_", pool => $pool), 503,
           'and no more') for 0 .. 2;
        is_deeply([map { user(($_ + 1) % 3, '80000000001', "bot$_",
                              pool => $pool) } 1 .. $users],
                  \@users, 'each bot has its own on other hosts, too');
    }
};


subtest 'all at once' => sub {
    for my $meeting (map { "8100000000$_" } 0 .. 4) {
        my @calls = http_wait(map { ask($_ % 3, $meeting, "bot$_") }
                              1 .. $users);
        my @users = map { $_->header('x-user') }
                    grep { $_->status == 200 } @calls;

        is(distinct(@users), '', 'nobody twice');

        # Who lost its last free one to another host comes again.
        cmp_ok(scalar @users, '>=', $users - 4, 'nearly all at the first try');
    }
};


subtest 'the same bot at once' => sub {
    for my $meeting (map { "8200000000$_" } 0 .. 4) {
        my @calls = http_wait(map { ask($_, $meeting, 'one') } (0 .. 2) x 3);
        my %users = map { $_->header('x-user') => 1 } @calls;

        is(scalar(grep { $_->status == 200 } @calls), 9, 'is answered');
        is(scalar keys %users, 1, 'and is one user');
    }
};


subtest 'bots without a name' => sub {
    my @users = map { user($_ % 3, '83000000000') } 1 .. $users;

    is(distinct(@users), '', 'are different ones');
    is(scalar(grep { /\@/ } @users), $users, 'as long as there are any');
};


subtest 'a meeting that has ended' => sub {
    is(user(0, '80000000001', 'another'), 503, 'all are leased');
    is(ended(1, '80000000001'), 204, 'says one host');
    ok(wait_for(sub {
        3 == grep { user($_, '80000000001', "next$_") =~ /\@/ } 0 .. 2;
    }, 10), 'and all have users again');
    is(distinct(map { user($_, '80000000001', "next$_") } 0 .. 2), '',
       'not the same');
};


subtest 'what fails' => sub {
    $zoom->control({ match => 'token', mode => '503' });

    my @bots = map { "fails$_" } 1 .. 3;

    is(user(0, '84000000000', $_, path => '/fresh/'), 503, 'no token')
        for @bots;
    $zoom->control({ clear => 1 });
    my @users;

    ok(wait_for(sub {
        @users = map { user($_ % 3, '84000000000', "w$_") } 1 .. $users - 1;
        return $users - 1 == grep { /\@/ } @users;
    }, 20), 'no user was lost by that');
    is(distinct(@users), '', 'nobody twice');
};


subtest 'as long as "distinct" says' => sub {
    my %before = map { $_ => 1 } $fleet->keys_like('zoom:lease:*');

    like(user(0, '85000000000', 'b', pool => 'brief'), qr/\@/, 'a user');

    my ($key) = grep { !$before{$_} } $fleet->keys_like('zoom:lease:*');

    ok(wait_for(sub { $fleet->command('PTTL', $key) > 100_000 }, 5),
       'is held');
    cmp_ok($fleet->command('PTTL', $key), '<=', 120_000, 'for two minutes');

    # What is left of them passes at once.
    $fleet->command('DEL', $key);
    is(distinct(map { user(1, '85000000000', "b$_", pool => 'brief') }
                1 .. $users), '', 'then others may have it');
};


subtest 'what the store holds' => sub {
    is(join(' ', $fleet->beyond_acl), '', 'the ACL of docs/fleet.md suffices');

    my @keys = $fleet->keys_like('zoom:lease:*');
    my $all = join "\n", @keys,
              map { @{ $fleet->command('HGETALL', $_) } } @keys;

    cmp_ok(scalar @keys, '>', 5, 'meetings');
    is(scalar(grep { $fleet->command('PTTL', $_) <= 0 } @keys), 0,
       'no key stays for ever');
    unlike($all, qr/example|8\d0{8}|bot|acme/, 'no user, no meeting, no bot');
};


subtest 'a host that dies' => sub {
    my $user = user(2, '86000000000', 'lost');

    like($user, qr/\@/, 'had let a user');
    kill 'KILL', $hosts[2]->pid, $hosts[2]->workers;

    my @users = map { user($_ % 2, '86000000000', "left$_") } 1 .. $users - 1;

    is(distinct(@users, $user), '', 'who is not let by others');
    is(scalar(grep { /\@/ } @users), $users - 1, 'they let the rest');
    is(user(0, '86000000000', 'lost'), $user, 'and its bot has it again');
    pop @hosts;
};


subtest 'without the store' => sub {
    $fleet->stop_it('KILL');
    ok(wait_for(sub { 2 == grep { $_->error_log =~ /is away/ } @hosts }, 10),
       'which is away');

    # A user for whom Zoom had nothing a moment ago is out for a moment.
    my @users;

    ok(wait_for(sub {
        @users = map { user($_ % 2, '87000000000', "a$_") } 1 .. $users;

        return $users == grep { /\@/ } @users;
    }, 15), 'bots get users') or diag "@users";

    for my $host (0, 1) {
        is(distinct(map { $users[$_ - 1] }
                    grep { $_ % 2 == $host } 1 .. $users), '',
           'nobody twice on one host');
    }

    $fleet->start;
    greeted() if wait_for(sub { $fleet->keys_like('zoom:hosts') }, 10);

    ok(wait_for(sub {
        my $meeting = 88000000000 + int rand 1e9;
        my @users = map { user($_ % 2, $meeting, "back$_") } 1 .. $users;

        return $users == grep({ /\@/ } @users) && distinct(@users) eq '';
    }, 20), 'when it is back all know');

    # Who was let twice meanwhile keeps what it has, or moves; nobody hangs.
    ok(wait_for(sub {
        @users = map { user($_ % 2, '87000000000', "a$_") } 1 .. $users;
        return distinct(grep { /\@/ } @users) eq '';
    }, 20), 'and nobody is let twice any more');
    is(scalar(grep { !/\@|503/ } @users), 0, 'all are answered');
};

$t->finish;
