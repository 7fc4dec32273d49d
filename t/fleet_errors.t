#!/usr/bin/perl

# An error that concerns one key or one script fails what was asked, and the
# store goes on; one that concerns the store as a whole puts it away.

use strict;
use warnings;

use Test::More;

use Zoom::Fleet;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);
my $n = 1;

$zoom->control({ bots => 400 });

my @hosts = map {
    $fleet->host(level => 'notice', account => { plan => 'pro' },
                 locations => <<'EOC') } 1 .. 2;
        zoom_authenticate  off;
        zoom_stale_after   off;

        location = /user {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }

        location = /fresh {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
            zoom_reuse       0;
        }

        location = /young {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
            zoom_reuse       1s;
        }

        location = /purge {
            zoom_purge       acme;
        }

        location = /status {
            zoom_status;
        }
EOC


sub token {
    my ($host, $user, $path) = @_;

    return http(port => $hosts[$host]->port,
                path => '/' . ($path // 'user') . "?user=$user\@example.com");
}


sub stranger { return sprintf 'bot%04d', $n++ }


sub fleet_of {
    return http(port => $hosts[$_[0]]->port, path => '/status?format=json')
               ->json->{fleet};
}


sub lines {
    my ($host, $pattern) = @_;

    return scalar grep { /$pattern/ } split /\n/, $hosts[$host]->error_log;
}


# What one worker of two knows the other one may learn a little later.
sub shared {
    my ($name) = @_;

    ok(wait_for(sub {
        my $user = stranger();
        my @got = map { token($_, $user) } 0, 1;

        is($_->status, 200, 'a token') for @got;
        $got[0]->body eq $got[1]->body;
    }, 15), $name);
}


# Something else in place of that key.
sub spoil {
    my (@keys) = @_;

    for (@keys) {
        $fleet->command('DEL', $_);
        $fleet->command('LPUSH', $_, 'somebody', 'else');
    }
}


wait_for(sub { $fleet->command(qw(ZCARD zoom:hosts)) == 2 }, 10, 'two hosts');


subtest 'a token\'s key' => sub {
    my $user = stranger();
    my %before = map { $_ => 1 } $fleet->keys_like('zoom:token:*');

    is(token(0, $user)->status, 200, 'a token');

    my @keys = wait_for(sub {
        my @new = grep { !$before{$_} } $fleet->keys_like('zoom:token:*');

        @new ? \@new : undef;
    }, 5, 'its key');

    spoil(@{ $keys[0] });

    is(token(1, $user)->status, 200, 'another host has one, too');

    my $is = fleet_of(1);

    is($is->{away}, 0, 'the store is not away');
    is($is->{incidents}, 0, 'nor was it');
    cmp_ok($is->{errors}, '>=', 1, 'the error is counted');
    cmp_ok($is->{failures}, '>=', $is->{errors}, 'among the failures');
    cmp_ok($is->{alone}, '>=', 1, 'and what it did alone');

    my ($said) = $hosts[1]->error_log =~ /^(.*answered a question.*)/m;

    like($said, qr/\[error\].*about\ "zoom:token:\w+"\ with\ "WRONGTYPE\ .*
                   this\ host\ did\ without.*delete\ it,\ or\ use\ another/x,
         'the log says of what, and what to do');
    unlike($said, qr/$user/, 'and no name');

    spoil($fleet->keys_like('zoom:token:*'));
    token(1, $_) for map { stranger() } 1 .. 4;
    is(lines(1, qr/answered a question/), 1, 'once');

    $fleet->command('DEL', $_) for $fleet->keys_like('zoom:token:*');
    shared('others share what they mint');
};


subtest 'the clock of a limit' => sub {
    my @keys = wait_for(sub {
        my @all = $fleet->keys_like('zoom:slots:*');

        @all ? \@all : undef;
    }, 5, 'its key');

    spoil(@{ $keys[0] });

    my $errors = fleet_of(0)->{errors};
    my @calls = http_wait(map {
        http_start(port => $hosts[0]->port,
                   path => '/user?user=' . stranger() . '@example.com')
    } 1 .. 10);

    is(scalar(grep { $_->status == 200 } @calls), 10, 'tokens go on');
    cmp_ok((sort { $b <=> $a } map { $_->took } @calls)[0], '<', 5,
           'and wait for nothing');

    my $more = fleet_of(0)->{errors} - $errors;

    cmp_ok($more, '>=', 1, 'it is asked');
    cmp_ok($more, '<', 100, 'now and then');
    is(fleet_of(0)->{away}, 0, 'the store is there');

    $fleet->command('DEL', $_) for @{ $keys[0] };
    ok(wait_for(sub {
        token(0, stranger());
        $fleet->keys_like('zoom:slots:*');
    }, 10), 'and has the clock again');
};


subtest 'what hosts could not hear' => sub {
    spoil('zoom:purges');

    my $old = token(0, 'bot0399')->body;

    is(token(1, 'bot0399')->body, $old, 'a token');
    ok(wait_for(sub {
        http(port => $hosts[0]->port, path => '/purge', method => 'POST')
            ->status == 200;
    }, 10), 'a purge');
    isnt(token(0, 'bot0399')->body, $old, 'works on its host');
    is(fleet_of($_)->{incidents}, 0, 'without an incident') for 0, 1;

    $fleet->command(qw(DEL zoom:purges));
};


subtest 'the store as a whole' => sub {
    spoil('zoom:hosts');

    for my $host (0, 1) {
        ok(wait_for(sub { fleet_of($host)->{away} }, 15), 'is away');
        like($hosts[$host]->error_log, qr/is away: WRONGTYPE/, 'as the log says');
    }

    is(token(0, stranger())->status, 200, 'callbacks go on');
    $fleet->command(qw(DEL zoom:hosts));
    ok(wait_for(sub { !grep { fleet_of($_)->{away} } 0, 1 }, 15), 'and is back');
    shared('for both');
};

$t->finish;
