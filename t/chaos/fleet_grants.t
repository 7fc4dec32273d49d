#!/usr/bin/perl

# Grants of users on three hosts, with access tokens of a few seconds and a Zoom
# that ends a grant whose refresh token is used twice, for GRANTS seconds (18):
# the store is killed, hangs and gives way to a replica that has all it had,
# hosts leave and come.  Then hosts are killed, and a replica without the latest
# writes takes over, with a Zoom that still takes the token before: a strict one
# would rightly want those users to connect again.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Grants;
use Zoom::Storm;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $seconds = $ENV{GRANTS} // 18;
my $USERS = 12;
my $LIFE = 3;           # seconds, of an access token
my $DELAY = 0.2;        # of a refresh
my $TURN = 40;          # of a host that refreshes, as docs/fleet.md has it

my $t = Zoom::Test->new(settings => { users => [map {
    { id => sprintf('UserOfAnotherAccount%02d', $_),
      email => "user$_\@other.example", account_id => 'other_account' }
} 1 .. $USERS + 1] });

my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t, arguments => ['--appendonly', 'yes',
                                               '--appendfsync', 'always']);
my $grants = Zoom::Grants->new($t, fleet => $fleet);

$t->allow(qr/exited on signal 9/);

my $locations = <<'EOC';
        zoom_authenticate  off;
        zoom_allow_user    *;
        zoom_reuse         0;
        zoom_use_stale     off;
        zoom_timeout       5s;
        access_log         off;

        location = /zak    { zoom_tokens users; zoom_user $arg_user; }
        location = /grants { zoom_grants users; }
EOC

my @hosts;

sub another {
    my ($http) = @_;

    push @hosts, $t->nginx(account => 0, locations => $locations,
                           reuseport => 1, level => 'notice',
                           http => $http // $fleet->conf
                                            . $grants->account('users'));
    return $hosts[-1];
}


sub call {
    my ($host, $user) = @_;

    return http_start(port => $hosts[$host]->port, path => "/zak?user=$user");
}


sub seen { return $zoom->count('grants', $_[0]) }


sub owner { return 'owner' . (1 + int rand $USERS) }


# Everybody at each of these hosts; who is not is told of.
sub missing {
    my (@at) = @_;
    my @missing;

    for my $user (map { "owner$_" } 1 .. $USERS) {
        my @calls = http_wait(map { call($_, $user) } @at);

        push @missing, map { $user . ': '
                             . ($_->json->{error} // $_->status) }
                       grep { $_->status != 200 } @calls;
    }

    return @missing;
}


sub connected {
    my ($seconds, @at) = @_;
    my @missing;

    wait_for(sub { !(@missing = missing(@at)) }, $seconds);
    is("@missing", '', 'everybody is connected, at all hosts');

    my $r = http(port => $hosts[ $at[0] ]->port, path => '/grants',
                 headers => [Accept => 'application/json']);

    is(scalar(grep { $_->{state} eq 'active' } @{ $r->json->{grants} }),
       $USERS + 1, 'no grant is lost');
}


another($grants->conf('users'));
another() for 1, 2;

$zoom->control({ user_oauth => { expires_in => $LIFE, reuse_revokes => 1 } });

for my $n (1 .. $USERS + 1) {
    my $r = $grants->connect("owner$n", user => "user$n\@other.example");

    die 'nobody connects: ' . $r->body . "\n" if $r->status != 200;
}


subtest 'all hosts at once, for a user whose access token is over' => sub {
    my $last = 'owner' . ($USERS + 1);

    for (1 .. 3) {
        my $over = time + $LIFE + 0.5;

        wait_for(sub { time > $over }, $LIFE + 2);

        my $before = seen('refreshed');
        my @calls = http_wait(map { call($_ % 3, $last) } 1 .. 60);

        is(scalar(grep { $_->status == 200 } @calls), 60, 'all are answered');
        is(seen('refreshed') - $before, 1, 'by one refresh');
    }
};


$zoom->control({ match => 'refresh', mode => 'delay', ms => 1000 * $DELAY });

my $storm = Zoom::Storm->new(
    zoom => $zoom, hosts => \@hosts, clients => 6, first => 'all is well',
    path => sub { '/zak?user=' . owner() },
);


# It has all that was answered.
sub orderly {
    my ($replica) = @_;

    $fleet->command(qw(CLIENT PAUSE 5000 WRITE));
    wait_for(sub {
        my ($ours) = $fleet->command('INFO', 'replication')
                         =~ /^master_repl_offset:(\d+)/m;
        my ($its) = $replica->command('INFO', 'replication')
                        =~ /^slave_repl_offset:(\d+)/m;

        $ours <= $its;
    }, 4, 'the replica');
    $replica->cut_off;
    $fleet->replace($replica);
}


# What it writes to its disk from now on is whole.
sub writes {
    my ($replica) = @_;
    my $info = $replica->command('INFO', 'persistence');

    return $info =~ /^aof_rewrite_in_progress:0/m
           && $info =~ /^aof_rewrite_scheduled:0/m;
}


sub replica {
    my $replica = $fleet->replica;

    wait_for(sub { writes($replica) }, 20, 'its file');

    return $replica;
}


my $replica;
my $began = seen('refreshed');
my $each = $seconds / 12;
my $n = 0;
my @things = map { [++$n * $each, @$_] } (
    ['the store is killed', sub { $fleet->stop_it('KILL') }],
    ['it is there again', sub { $fleet->start }],
    ['it hangs', sub { kill 'STOP', $fleet->pid }],
    ['it goes on', sub { kill 'CONT', $fleet->pid }],
    ['there is a replica', sub { $replica = replica() }],
    ['it takes over', sub { orderly($replica) }],
    ['a host reloads', sub { kill 'HUP', $hosts[1]->pid }],
    ['a host leaves', sub { $storm->leave(2); kill 'QUIT', $hosts[2]->pid }],
    ['a host comes', sub { $storm->add(another()) }],
    ['the store is killed', sub { $fleet->stop_it('KILL') }],
    ['it is there again', sub { $fleet->start }],
);

$storm->run($seconds, @things);
$storm->until('and then', sub { 0 }, 2);
$storm->drain;

subtest 'a strict Zoom' => sub {
    connected(20, 0, 1, 3);
    is(seen('reused'), 0, 'no refresh token was used twice');
    is(seen('refused'), 0, 'none was refused');
    note(seen('refreshed') - $began . ' refreshes');
};


# Two at once are killed, with what they had begun.
$zoom->control({ user_oauth => { grace => 3 * $TURN } });

my @alive = (0, 1, 3);

$storm->until('a Zoom that takes the token before, too', sub { 0 }, 2);

for my $victim (@alive[0, 1]) {
    $storm->kill_host($victim);
    $storm->until('a host is killed', sub { 0 }, 1);
    $storm->add(another());
    push @alive, $#hosts;
    $storm->until('one comes in its place', sub { 0 }, 2);
}

@alive = @alive[2 .. $#alive];

$replica = replica();
$storm->until('a replica falls behind', sub { 0 }, 0.2);
$replica->cut_off;
$storm->until('it has lost what it heard no more', sub { 0 }, 1.5);
$fleet->replace($replica);
$storm->until('it takes over', sub { 0 }, 4);
$storm->drain;

my $ended = time;

subtest 'hosts killed, and a replica without the latest writes' => sub {
    connected($TURN + 10, @alive);
    note(sprintf 'after %.1f s', time - $ended);
    is(seen('reused'), 0, 'no grant is ended');
};

$storm->check('200|503|504');
$t->finish;
