#!/usr/bin/perl

# Hosts that are killed, master and workers at once, in the middle of mints,
# KILLS times (2): what they had claimed, leased and reserved.

use strict;
use warnings;

use List::Util qw(max);
use Test::More;
use Time::HiRes qw(time);

use Zoom::Chaos qw(bot);
use Zoom::Fleet;
use Zoom::Storm;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $kills = $ENV{KILLS} // 2;
my $LEASE = 2;          # seconds, of a claim, as docs/fleet.md has it
my $DELAY = 0.5;        # of Zoom, so that there are mints to be killed in
my $TIMEOUT = 1;        # of /proof
my $CLAIMED = 5;        # users that a host is about to mint for
my $DISTINCT = 120;
my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);

$t->allow(qr/exited on signal 9/);
$zoom->control({ bots => 4000 }, { plan => 'business' });

my $pool = join "\n", 'zoom_pool bots {', 'account acme;',
                map({ sprintf 'user bot%04d@example.com;', $_ } 1 .. 2),
                "distinct \$zoom_meeting_id ${DISTINCT}s;", '}', '';
my (@hosts, @there);


sub another {
    my $host = $fleet->host(reuseport => 1, level => 'notice',
                            account => { plan => 'business' }, http => $pool,
                            locations => <<"EOC");
        zoom_user          \$arg_user;
        zoom_allow_user    *;
        access_log         off;

        location = /zak {
            zoom_tokens        acme;
            zoom_authenticate  off;
        }

        location = /fresh {
            zoom_tokens        acme;
            zoom_reuse         0;
            zoom_authenticate  off;
        }

        location = /pool {
            zoom_tokens        acme;
            zoom_user          pool=bots;
            zoom_authenticate  off;
            add_header         X-User  \$zoom_pool_user always;
        }

        location = /proof {
            zoom_tokens        acme;
            zoom_timeout       ${TIMEOUT}s;
            zoom_authenticate  standard_webhooks file:%{webhooks};
        }
EOC

    push @hosts, $host;
    push @there, $#hosts;

    return $host;
}


# Those that have said so lately.
sub greeted {
    wait_for(sub {
        my ($now) = @{ $fleet->command('TIME') };

        @there == $fleet->command('ZCOUNT', 'zoom:hosts', $now * 1000 - 2000,
                                  '+inf');
    }, 10, 'all hosts');
}


sub pool_user {
    my ($host, $bot) = @_;
    my $r = http(port => $hosts[$host]->port, path => '/pool?bot_id=' . $bot
                 . '&meeting_url=https://zoom.us/j/86000000000');

    return $r->status == 200 ? $r->header('X-User') : $r->status;
}


another() for 1 .. 3;
greeted();

my ($killed, $victim, @lost, @waiting, %after, %bodies);
my $next = 1000;

my $storm = Zoom::Storm->new(
    zoom => $zoom, hosts => \@hosts, clients => 6, first => 'all is well',
    path => sub { '/fresh?' . bot(100 + int rand 800) },
    also => sub { '/zak?' . bot(10 + int rand 60) },
    seen => sub {
        my ($n, $answer) = @_;

        return if $n == $victim;
        push @{ $after{ $answer->status } }, time - $killed;
        $bodies{ $answer->{path} }{ $answer->body } = 1
            if $answer->status == 200;
    },
);


# It has begun to mint for users whom the others are asked for, too.
sub claims {
    $victim = $there[rand @there];
    @lost = map { '/zak?' . bot($next++) } 1 .. $CLAIMED;
    $storm->ask($victim, $_) for @lost;
}


sub waits {
    @waiting = map { my $host = $_; map { [$host, $_] } @lost }
               grep { $_ != $victim } @there;
    $storm->ask(@$_) for @waiting;
}


sub dies {
    $killed = time;
    $storm->kill_host($victim);
    @there = grep { $_ != $victim } @there;
}


# One in its place, too.
sub is_over {
    my $told = join ', ', map { "$_: " . @{ $after{$_} } } sort keys %after;

    is($told, '200: ' . @waiting, 'the others are answered');
    note(sprintf 'they waited for %.2f s at most since the kill',
         max(0, map { @$_ } values %after));
    cmp_ok(max(0, map { @$_ } values %after), '<', $LEASE + $DELAY + 1,
           'when the lease of the dead one was over');
    is(scalar(grep { keys %$_ > 1 } values %bodies), 0,
       'with one token for each user');

    %after = %bodies = ();
    $storm->add(another());
}


my @things;

for my $n (0 .. $kills - 1) {
    my $at = 2 + 6 * $n;

    push @things,
        [$at, 'a host has claimed tokens', \&claims],
        [$at + 0.1, 'others wait for them', \&waits],
        [$at + 0.3, 'it is killed', \&dies],
        [$at + 5, 'there is another one', \&is_over];
}

$zoom->control({ match => 'token', mode => 'delay', ms => 1000 * $DELAY });
$storm->run(2 + 6 * $kills, @things);
$storm->drain;
$zoom->control({ clear => 1 });
$storm->check(200);
is($storm->limited(qr/./), 0, 'no 429');


subtest 'what it had reserved' => sub {
    my $host = $there[-1];
    my @others = grep { $_ != $host } @there;
    my $proof = [webhook($t->secret('webhooks'), id => 'dies')];
    my %known = map { $_ => 1 } $fleet->keys_like('zoom:once:*');
    my $path = '/proof?' . bot($next++);
    my $user = pool_user($host, 'lost');

    like($user, qr/\@/, 'a user of a pool, for a meeting');

    $zoom->control({ match => 'token', mode => 'delay', ms => 20_000 });

    my $lost = http_start(port => $hosts[$host]->port, path => $path,
                          headers => $proof);

    wait_for(sub { grep { !$known{$_} } $fleet->keys_like('zoom:once:*') }, 5,
             'a reservation');
    wait_for(sub { $zoom->count(qw(concurrency token now)) }, 5, 'a mint');
    kill 'KILL', $hosts[$host]->pid, $hosts[$host]->workers;
    @there = @others;

    my $killed = time;

    $zoom->control({ clear => 1 });

    my $again = sub {
        return http(port => $hosts[ $others[0] ]->port, path => $path,
                    headers => $proof)->status;
    };

    is($again->(), 401, 'a proof is not accepted by others');
    ok(wait_for(sub { $again->() == 200 }, $TIMEOUT + 8), 'until it lapses');
    note(sprintf 'after %.1f s', time - $killed);
    cmp_ok(time - $killed, '<', $TIMEOUT + 5 + 1, '5 s after zoom_timeout');

    my @users = map { pool_user($others[$_ % 2], "other$_") } 0 .. 2;

    is(scalar(grep { $_ eq $user } @users), 0, 'its user is nobody else\'s');
    is(scalar(grep { /\@/ } @users), 1, 'there is one more');
    is(pool_user($others[0], 'lost'), $user, 'its bot has it again');

    my @ttl = map { $fleet->command('PTTL', $_) / 1000 }
              $fleet->keys_like('zoom:lease:*');

    is(scalar(grep { $_ <= 0 || $_ > $DISTINCT + 1 } @ttl), 0,
       'no lease stays for longer than "distinct" says');
};

$t->finish;
