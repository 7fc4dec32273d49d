#!/usr/bin/perl

# Three hosts, one Zoom account: what one has minted the others have, too.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);

my $locations = <<'EOC';
        zoom_authenticate  off;
        zoom_user          bots@example.com;
        zoom_stale_after   off;

        location = /zak {
            zoom_tokens  acme;
        }

        location = /fresh {
            zoom_tokens  acme;
            zoom_reuse   0;
        }

        location = /user {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }

        location = /young {
            zoom_tokens      acme;
            zoom_reuse       2s;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }

        location = /purge {
            zoom_purge  acme;
        }

        location = /status {
            zoom_status;
        }
EOC

$zoom->control({ bots => 400 });

my @hosts = map { $fleet->host(locations => $locations, reuseport => 1) } 1 .. 3;


sub call {
    my ($host, $path, %o) = @_;

    return http_start(port => $host->port, path => $path, %o);
}


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


sub bodies {
    my %seen = map { $_->body => 1 } @_;

    return scalar keys %seen;
}


sub greeted {
    wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == 3 }, 10,
             'three hosts');
}


subtest '400 cold callbacks on each host at once' => sub {
    greeted();

    my $mints = $zoom->token_calls;
    my @calls = map { my $n = $_; map { call($_, '/zak') } @hosts } 1 .. 400;

    http_wait(@calls);

    is(statuses(@calls), '200:1200', 'all answered');
    is(bodies(@calls), 1, 'with one token');
    is($zoom->oauth_calls, 1, 'one OAuth call, since they were started');
    is($zoom->token_calls - $mints, 1, 'one mint');
};

# How often the store was asked for a token.
sub asked {
    my ($n) = $fleet->command('INFO', 'commandstats')
                    =~ /^cmdstat_hmget:calls=(\d+)/m;

    return $n // 0;
}


subtest 'what is known is not asked for' => sub {
    my $asked = asked();
    my @calls = http_wait(map { call($_, '/zak') } (@hosts) x 20);

    is(statuses(@calls), '200:60', 'answered');
    is(asked() - $asked, 0, 'without the store');
};


subtest 'a token of another host\'s' => sub {
    my $mints = $zoom->token_calls;
    my @bodies = map {
        http_wait(call($_, '/user?user=bot0101@example.com'))->body
    } @hosts;

    is(scalar(grep { $_ eq $bodies[0] && length } @bodies), 3,
       'the same on all');
    is($zoom->token_calls - $mints, 1, 'one mint');
    is($hosts[1]->logged(sub { $_[0]{args} =~ /bot0101/ })->{zoom_token_status},
       'SHARED', '$zoom_token_status');

    $mints = $zoom->token_calls;
    http_wait(map { call($_, '/fresh') } @hosts);
    is($zoom->token_calls - $mints, 3, 'but each its own with "zoom_reuse 0"');
};


subtest 'what the store holds' => sub {
    is(join(' ', $fleet->beyond_acl), '', 'the ACL of docs/fleet.md suffices');

    my @keys = $fleet->keys_like('*');
    my @tokens = grep { /^zoom:token:/ } @keys;
    my $all = join "\n", @keys,
              map { @{ $fleet->command('HGETALL', $_) } } @tokens;

    ok(@tokens >= 3, 'an access token and two ZAKs');
    is(scalar(grep { $fleet->command('PTTL', $_) <= 0 } @keys), 0,
       'no key stays for ever');
    unlike($all, qr/example|acme|eyJ/, 'no user, no account, no token');

    my %canary = $t->canaries;

    is(join(' ', grep { index($all, $canary{$_}) >= 0 } sort keys %canary),
       '', 'and no secret');
};


subtest 'an access token that Zoom refuses' => sub {
    my $oauth = $zoom->oauth_calls;

    $zoom->control({ revoke => 1 });

    my @calls = map { my $n = $_; map { call($_, "/user?user=bot020$n\@example.com") }
                                  @hosts } 1 .. 5;

    http_wait(@calls);
    is(statuses(@calls), '200:15', 'all answered');
    is($zoom->oauth_calls - $oauth, 1, 'is replaced once');
};


subtest 'a purge' => sub {
    my @old = map { http_wait(call($_, '/zak'))->body } @hosts;
    my $cold = '/user?user=bot0350@example.com';
    my $theirs = http_wait(call($hosts[1], $cold))->body;
    my $mints = $zoom->token_calls;
    my $r = http_wait(http_start(port => $hosts[0]->port, path => '/purge',
                                 method => 'POST'));

    is($r->status, 200, 'of one host');

    my @new;

    # The one that was asked answers before the others have heard of it: what it
    # mints until then is too old for them.
    ok(wait_for(sub {
        @new[1, 2] = map { http_wait(call($_, '/zak'))->body } @hosts[1, 2];

        return !grep { $new[$_] eq $old[$_] } 1, 2;
    }, 5), 'ends what all hosts have');

    $new[0] = http_wait(call($hosts[0], '/zak'))->body;
    isnt($new[0], $old[0], 'and its own');
    is($new[0], $new[$_], 'they have one token again') for 1, 2;

    # a host that never had it, and so has nothing to drop
    isnt(http_wait(call($hosts[2], $cold))->body, $theirs,
         'and what only the store had');

    # One for each user, and one more where a host hears of it so late that what
    # another has minted meanwhile is too old for it.
    my $n = $zoom->token_calls - $mints;

    ok($n == 2 || $n == 3, 'two mints, or three') or diag $n;
};


subtest 'scripts and tokens that are gone' => sub {
    $fleet->command('SCRIPT', 'FLUSH');

    my $mints = $zoom->token_calls;
    my @calls = http_wait(map { call($_, '/user?user=bot0301@example.com') } @hosts);

    is(statuses(@calls), '200:3', 'answered after SCRIPT FLUSH');
    is($zoom->token_calls - $mints, 1, 'with one mint');

    $fleet->command('FLUSHALL');
    $mints = $zoom->token_calls;
    @calls = http_wait(map { call($_, '/user?user=bot0302@example.com') } @hosts);

    is(statuses(@calls), '200:3', 'answered after FLUSHALL');
    is($zoom->token_calls - $mints, 1, 'with one mint');

    is(scalar(grep { $_->error_log =~ /is away/ } @hosts), 0, 'no incident');
};


# Two who wait for the same flight, and one of them wants a young token.
subtest 'who wants a younger token' => sub {
    my ($old) = http_wait(call($hosts[0], '/user?user=bot0400@example.com'));
    my $minted = time;

    wait_for(sub { time - $minted > 3.1 }, 10);
    kill 'STOP', $fleet->pid;

    my @calls = map { call($hosts[1], "/$_?user=bot0400\@example.com") }
                qw(user young);

    wait_for(sub { time - $minted > 3.15 }, 10);
    kill 'CONT', $fleet->pid;
    http_wait(@calls);

    is(statuses(@calls), '200:2', 'both are answered');
    isnt($calls[1]->body, $old->body, 'gets one');
};


subtest 'the owner of a claim dies' => sub {
    my ($victim, @others) = ($hosts[2], @hosts[0, 1]);

    $zoom->control({ match => 'token', mode => 'delay', ms => 1500 });

    my $mints = $zoom->token_calls;
    my $lost = call($victim, '/user?user=bot0303@example.com');

    wait_for(sub { $zoom->count(qw(concurrency token now)) == 1 }, 5,
             'a mint');

    my @calls = map { call($_, '/user?user=bot0303@example.com') } @others;

    wait_for(sub { $fleet->keys_like('zoom:waits:*') }, 5, 'hosts that wait');
    kill 'KILL', $victim->pid, $victim->workers;
    $zoom->control({ clear => 1 });

    my $began = time;

    http_wait(@calls);
    is(statuses(@calls), '200:2', 'others are answered');
    cmp_ok(time - $began, '<', 4, 'within its two seconds, and some');
    is($zoom->token_calls - $mints, 2, 'with one more mint');
};

$t->finish;
