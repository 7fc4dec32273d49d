#!/usr/bin/perl

# zoom_store redis+sentinel://: the hosts follow the master, whoever makes it
# another one, and nobody's callback fails meanwhile.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Process qw(free_ports);
use Zoom::Sentinel;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $n = 1;

my $locations = <<'EOC';
        zoom_authenticate  off;
        zoom_user          bots@example.com;

        location = /user {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }

        location = /purge {
            zoom_purge  acme;
        }
EOC

$zoom->control({ bots => 400 });

my @redis = map { Zoom::Fleet->new($t, name => "redis$_") } 1 .. 2;
my %redis = map { $_->port => $_ } @redis;

$redis[1]->command('REPLICAOF', '127.0.0.1', $redis[0]->port);

my $sentinels = Zoom::Sentinel->new($t, master => $redis[0]->port, n => 3);

# The first is one that is not there any more.
my ($nobody) = free_ports(1);

$redis[0]{url} = $sentinels->url("127.0.0.1:$nobody");


# A busy machine is no incident.
sub hosts {
    my ($count, @store) = @_;

    return map { $redis[0]->host(locations => $locations, reuseport => 1,
                                 level => 'notice',
                                 store => ['timeout=1s', @store]) } 1 .. $count;
}


sub call {
    my ($host, $path) = @_;

    return http_start(port => $host->port, path => $path);
}


sub token { return call($_[0], "/user?user=$_[1]\@example.com") }


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


sub lines {
    my ($host, $pattern) = @_;

    return scalar grep { /$pattern/ } split /\n/, $host->error_log;
}


sub stranger { return sprintf 'bot%04d', $n++ }


my @hosts = hosts(2);


# Hosts bring tokens for each other.
sub shared {
    my ($timeout) = @_;

    return wait_for(sub {
        my $mints = $zoom->token_calls;
        my $user = stranger();
        my @calls = http_wait(map { token($_, $user) } @hosts);

        statuses(@calls) eq '200:2' && $zoom->token_calls == $mints + 1;
    }, $timeout);
}


# Callbacks for those who are known, and some for strangers, until it is done;
# by what they were answered.
sub under_load {
    my ($done, $timeout) = @_;
    my (%seen, $ended);
    my $began = time;
    my @known = map { stranger() } 1 .. 4;

    http_wait(map { my $u = $_; map { token($_, $u) } @hosts } @known);

    while (time - $began < $timeout) {
        my @calls = http_wait(map { my $u = $_; map { token($_, $u) } @hosts }
                                  @known);

        $seen{known}{ $_->status }++ for @calls;

        my $stranger = http_wait(token($hosts[0], stranger()));

        $seen{strangers}{ $stranger->status }++;

        # and a little beyond
        $ended //= time if $done->();
        last if $ended && time - $ended > 0.5;
        select undef, undef, undef, 0.02;
    }

    return (\%seen, $ended);
}


sub back {
    my ($before) = @_;

    return !grep { lines($_, qr/is back after/) == $before } @hosts;
}


subtest 'through sentinels' => sub {
    ok(wait_for(sub { $redis[0]->command('ZCARD', 'zoom:hosts') == 2 }, 15),
       'both hosts find the master');
    ok(shared(10), 'and share tokens');
    is(lines($_, qr/is away/), 0, 'a sentinel that is gone is no incident')
        for @hosts;
    ok(wait_for(sub { $sentinels->ready(1) }, 30),
       'the sentinels know each other, and the replica');
};


subtest 'the master dies' => sub {
    my ($seen, $ended);

    kill 'KILL', $redis[0]->pid;

    ($seen, $ended) = under_load(sub {
        $sentinels->master == $redis[1]->port;
    }, 60);

    ok($ended, 'another one is made the master');
    is(join(' ', keys %{ $seen->{known} }), '200', 'no callback has failed');
    is(join(' ', keys %{ $seen->{strangers} }), '200', 'of strangers, too');

    ok(wait_for(sub { back(0) }, 10), 'the store is back');
    cmp_ok(time - $ended, '<', 2.5, 'within two seconds');
    ok(shared(5), 'and hosts share tokens');
    is($redis[1]->command('ZCARD', 'zoom:hosts'), 2, 'in the new master');
    is(lines($_, qr/is away/), 1, 'the log was told once') for @hosts;
};


subtest 'the old one comes back' => sub {
    my $incidents = lines($hosts[0], qr/is away/);

    $redis[0]->start;

    ok(wait_for(sub { $redis[0]->command('ROLE')->[0] eq 'slave' }, 60),
       'as a replica');
    ok(shared(5), 'hosts go on');
    is(lines($hosts[0], qr/is away/), $incidents, 'with the master');
};


subtest 'a failover while the master lives' => sub {
    my ($was) = lines($hosts[0], qr/is back after/);

    ok(wait_for(sub { $sentinels->ready(1) }, 60), 'there is a replica');

    # The replica has to follow before it may be chosen.
    my $begun = wait_for(sub {
        eval { $sentinels->command(0, qw(SENTINEL FAILOVER mymaster)) };
    }, 30);

    ok($begun, 'is ordered');

    my ($seen, $ended) = under_load(sub {
        $sentinels->master == $redis[0]->port;
    }, 60);

    ok($ended, 'and done');
    is(join(' ', keys %{ $seen->{known} }), '200', 'no callback has failed');
    is(join(' ', keys %{ $seen->{strangers} }), '200', 'of strangers, too');
    ok(wait_for(sub { back($was) }, 10), 'the store is back');
    cmp_ok(time - $ended, '<', 2.5, 'within two seconds');
    ok(shared(5), 'and hosts share tokens');
    is($redis[0]->command('ZCARD', 'zoom:hosts'), 2, 'in the new master');
};


subtest 'what they do is in the ACL of docs/fleet.md' => sub {
    is(join(' ', grep { !/^(?:psync|replconf|replicaof|multi|exec|client|slaveof
                              |publish|subscribe)$/x } $redis[0]->beyond_acl),
       '', 'with "role"');
};


$sentinels->stop_them;
$t->over for @hosts;


# One sentinel that makes nobody the master by itself.
my $lone = Zoom::Sentinel->new($t, master => $redis[0]->port, n => 1,
                               quorum => 5, name => 'lone',
                               password => 'CANARYredis');

$t->secret_file(redis => 'CANARYredis');
$t->canary(redis => 'CANARYredis');

for (@redis) {
    $_->command(qw(REPLICAOF NO ONE));
    $_->command('FLUSHALL');
    $_->command(qw(CONFIG SET requirepass CANARYredis));
    $_->{password} = 'CANARYredis';
}

$lone->command(0, qw(SENTINEL SET mymaster auth-pass CANARYredis));

$redis[0]{url} = $lone->url;

my $password = 'password=file:%{redis}';


subtest 'a sentinel with a password' => sub {
    @hosts = hosts(2, $password);

    ok(wait_for(sub { $redis[0]->command('ZCARD', 'zoom:hosts') == 2 }, 15),
       'is given that of the store');
};


# What is in one of them as it is now, in the other: a replica that lags.
sub copied {
    my ($from, $to) = @_;

    for ($from->keys_like('*')) {
        $to->command('RESTORE', $_, 0, $from->command('DUMP', $_), 'REPLACE');
    }
}


subtest 'a replica that lags' => sub {
    ok(shared(10), 'hosts share tokens');

    my @old = map { http_wait(token($_, 'bot0390'))->body } @hosts;

    is($old[0], $old[1], 'a token on both hosts');
    copied($redis[0], $redis[1]);

    my (@new, @purges);

    # a host that takes the store to be away for a moment has one of its own
    ok(wait_for(sub {
        push @purges, http_wait(http_start(
            port => $hosts[0]->port, method => 'POST',
            path => '/purge?user=bot0390@example.com'))->status;

        wait_for(sub {
            @new = map { $_->body }
                   http_wait(map { token($_, 'bot0390') } @hosts);
            $new[0] eq $new[1] && $new[0] ne $old[0];
        }, 3);
    }, 20), 'there is a newer one');
    is($purges[0], 200, 'after a purge');

    my $back = lines($hosts[0], qr/is back after/);

    # The other one, which never heard of it, is the master now.
    $lone->command(0, qw(SENTINEL REMOVE mymaster));
    $lone->command(0, qw(SENTINEL MONITOR mymaster 127.0.0.1),
                   $redis[1]->port, 5);
    $lone->command(0, qw(SENTINEL SET mymaster auth-pass CANARYredis));
    $redis[0]->stop_it('KILL');

    ok(wait_for(sub { back($back) }, 15), 'the one that lags is the master');
    isnt($redis[1]->command('HGETALL', ($redis[1]->keys_like('zoom:token:*'))[0]),
         undef, 'with the old token');

    my @now = map { $_->body } http_wait(map { token($_, 'bot0390') }
                                             (@hosts) x 4);

    is(scalar(grep { $_ eq $new[0] } @now), 8, 'the hosts keep the newer one');
    $t->over for @hosts;
};


subtest 'a replica that is still called the master' => sub {
    my ($one) = hosts(1, $password);

    ok(wait_for(sub { lines($one, qr/is away/) == 0
                      && $redis[1]->command('ZCARD', 'zoom:hosts') >= 1 }, 10),
       'a master');

    $redis[1]->command(qw(REPLICAOF 127.0.0.1), $nobody);
    $t->over;
    ($one) = hosts(1, $password);

    ok(wait_for(sub {
        lines($one, qr/is\ away:\ REPLICA,\ though\ the\ sentinels\ call\ it\ the
                       \ master:\ it\ asks\ the\ sentinels\ again/x);
    }, 15), 'is refused') or diag $one->error_log;
    is(http_wait(token($one, stranger()))->status, 200, 'callbacks go on');
};


# The time that it takes to ask all of them is enough for several rounds.
subtest 'what one of them answers' => sub {
    my @nobody = map { "127.0.0.1:$_" } free_ports(2);

    local $redis[0]{url} = $lone->url(@nobody) =~ s/mymaster$/another/r;

    my @three = map {
        $redis[0]->host(locations => $locations, level => 'notice',
                        store => ['timeout=200ms', $password])
    } 1 .. 3;

    for my $host (@three) {
        my $log;

        ok(wait_for(sub {
            ($log) = $host->error_log =~ /^(.*is away.*)/m;
        }, 15), 'the store is away');
        like($log, qr/"another" is, one of them says: no master of that name/,
             'and why is not lost among those who are not there');
    }

    $t->over for @three;
};


subtest 'no sentinel' => sub {
    $lone->stop_them;
    $t->over;

    my ($one) = hosts(1, $password);

    is(http_wait(token($one, stranger()))->status, 200, 'callbacks go on');
    ok(wait_for(sub {
        lines($one, qr/is\ away:\ SENTINELS\ do\ not\ tell\ where\ "mymaster"\ is,
                       .*:\ check\ the\ sentinels\ of\ "zoom_store"/x);
    }, 15), 'the log says so, and what to do') or diag $one->error_log;
};

$t->finish;
