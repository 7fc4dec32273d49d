#!/usr/bin/perl

# What one host learns of a user the others know: who is out of a pool, by a
# webhook or by a failure, and whom Zoom refuses a token.

use strict;
use warnings;

use Test::More;

use Zoom::Event qw(event);
use Zoom::Fleet;
use Zoom::Relay;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);
my $secret = 'CANARYhook' . 'x' x 12;

$t->secret_file('hook', $secret);
$t->canary(hook => $secret);
$zoom->control({ bots => 40 });

my $users = join '', map { "user bot000$_\@example.com;\n" } 1 .. 4;


sub host {
    return $fleet->host(@_,
        account   => { webhook_secret => 'file:%{hook}' },
        level     => 'notice',
        http      => "zoom_pool bots {\naccount acme;\n$users}\n"
                     . "zoom_pool others {\naccount acme;\n$users"
                     . "user nobody\@example.com;\n}\n"
                     . "zoom_pool frail {\naccount acme;\nfail_timeout 1s;\n"
                     . "user frail\@example.com weight=50;\n"
                     . "user bot0011\@example.com;\n}\n",
        locations => <<'EOC');
        zoom_authenticate  off;
        zoom_allow_user    *;

        location ~ ^/pool/(?<name>\w+)$ {
            zoom_tokens    acme;
            zoom_user      pool=$name;
            add_header     X-User  $zoom_pool_user always;
        }

        location ~ ^/fresh/(?<name>\w+)$ {
            zoom_tokens    acme;
            zoom_user      pool=$name;
            zoom_reuse     0;
            add_header     X-User  $zoom_pool_user always;
        }

        location = /zak {
            zoom_tokens    acme;
            zoom_user      $arg_user;
        }

        location = /purge {
            zoom_purge     acme;
        }

        location = /hook {
            zoom_webhook   acme;
        }

        location = /status {
            zoom_status;
        }
EOC
}

my @hosts = map { host() } 1 .. 3;


sub greeted {
    wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == @hosts }, 10,
             'all hosts');
}


sub get {
    my ($host, $path, @o) = @_;

    return http(port => $hosts[$host]->port, path => $path, @o);
}


sub hook {
    my ($host, $event, $user) = @_;

    is(get($host, '/hook', event($event, { object => { email => $user } },
                                 secret => $secret))->status, 204, $event);
}


sub all_out {
    my ($host, $pool) = @_;

    return @{ get($host, '/status?format=json')->json->{pools}{$pool}{out} };
}


# Who of a pool is out on that host, with Zoom's code.
sub out {
    return join ' ', sort map { $_->{user} =~ /^(\w+)/; "$1:$_->{code}" }
                     all_out(@_);
}


sub everywhere {
    my ($pool, $out, $what) = @_;

    for my $host (0 .. $#hosts) {
        my $is;

        wait_for(sub { ($is = out($host, $pool)) eq $out }, 10);
        is($is, $out, "$what, host $host");
    }
}


greeted();

subtest 'a webhook' => sub {
    hook(0, 'user.deactivated', 'bot0002@example.com');
    everywhere($_, 'bot0002:0', 'is gone') for qw(bots others);

    my %seen;

    for my $host (0 .. 2) {
        $seen{ get($host, '/pool/bots')->header('x-user') }++ for 1 .. 8;
    }

    is(join(' ', sort keys %seen),
       join(' ', map { "bot000$_\@example.com" } 1, 3, 4), 'and not picked');

    hook(1, 'user.activated', 'bot0002@example.com');
    everywhere($_, '', 'is back') for qw(bots others);
};


subtest 'a failure' => sub {
    ok(wait_for(sub { get(0, '/pool/others'); out(0, 'others') }, 10),
       'of one user');
    everywhere('others', 'nobody:1001', 'is known');

    my ($log) = $hosts[1]->error_log =~ /^(.*another host.*)/m;

    like($log, qr/notice.*nobody.*"others".*1001/, 'the log tells of it');
    is(out(1, 'bots'), '', 'another pool has its own');

    my $calls = $zoom->token_calls;
    my %seen;

    $seen{ get($_ % 3, '/pool/others')->header('x-user') }++ for 1 .. 24;
    is($zoom->token_calls - $calls, 0, 'nobody asks for that one');
    is(scalar keys %seen, 4, 'but for the others');

    hook(2, 'user.activated', 'nobody@example.com');
    everywhere('others', '', 'is over when Zoom says so');
};


# In a pool where that makes a difference: for how long it is out next.
subtest 'a success after a failure' => sub {
    get(0, '/fresh/frail');
    everywhere('frail', 'frail:1001', 'one has failed');
    $zoom->control({ users => [{ email => 'frail@example.com' }] });

    ok(wait_for(sub {
        get(0, '/fresh/frail')->header('x-user') eq 'frail@example.com';
    }, 30), 'and works again');

    # what is told later is heard later
    hook(0, 'user.deactivated', 'bot0003@example.com');
    everywhere('bots', 'bot0003:0', 'the others hear');
    hook(0, 'user.activated', 'bot0003@example.com');
    everywhere('bots', '', 'and hear again');

    $zoom->control({ delete_user => 'frail@example.com' });
    ok(wait_for(sub {
        get(1, '/fresh/frail');
        grep { $_->{seconds} } all_out(1, 'frail');
    }, 10), 'it fails on another host');

    my ($is) = all_out(1, 'frail');

    is($is->{fails}, 1, 'for the first time in a row');
};


subtest 'a host that comes later' => sub {
    hook(0, 'user.deactivated', 'bot0001@example.com');
    hook(1, 'user.deactivated', 'bot0004@example.com');
    hook(1, 'user.activated', 'bot0004@example.com');
    everywhere('bots', 'bot0001:0', 'one is gone');

    # So it was half an hour ago.
    my %told = @{ $fleet->command(qw(ZRANGEBYSCORE zoom:out 0 +inf
                                     WITHSCORES)) };

    $fleet->command('ZADD', 'zoom:out', $told{$_} - 1_800_000, $_)
        for sort { $told{$a} <=> $told{$b} } keys %told;

    push @hosts, host();
    greeted();
    everywhere('bots', 'bot0001:0', 'which is known');

    my ($is) = all_out(3, 'bots');

    cmp_ok($is->{seconds}, '<=', 1800, 'for no longer than to the others');
    cmp_ok($is->{seconds}, '>', 1700, 'and no shorter');

    $hosts[3]->reload;
    is(out(3, 'bots'), 'bot0001:0', 'after a reload, too');
};


subtest 'a host that heard nothing' => sub {
    my ($news) = $fleet->command(qw(CLIENT LIST TYPE pubsub)) =~ /(\S)/;

    ok($news, 'hosts listen');

    # Between a loss and the next connection nobody can hear.
    $fleet->command(qw(CLIENT KILL TYPE pubsub));
    hook(0, 'user.activated', 'bot0001@example.com');
    hook(0, 'user.deactivated', 'bot0002@example.com');
    everywhere('bots', 'bot0002:0', 'asks');
};


# It asks what it has missed, and while that is on its way to it hears more.
subtest 'news that overtake the answer' => sub {
    my $relay = Zoom::Relay->start($t, to => $fleet->port,
                                   late => qr/zoom:purges/);

    hook(0, 'user.deactivated', 'bot0003@example.com');
    everywhere('bots', 'bot0002:0 bot0003:0', 'two are out');

    push @hosts, host(url => 'redis://127.0.0.1:' . $relay->port,
                      store => ['timeout=5s']);
    wait_for(sub { $relay->holds }, 10, 'the question');

    # in the order in which they are told
    hook(0, 'user.activated', 'bot0003@example.com');
    wait_for(sub { out(1, 'bots') eq 'bot0002:0' }, 10, 'the first piece');
    hook(0, 'user.deactivated', 'bot0004@example.com');
    ok(wait_for(sub { out(-1, 'bots') =~ /bot0004:0/ }, 3), 'news are heard');
    unlike(out(-1, 'bots'), qr/bot0002/, 'before the answer');

    $relay->mend;
    wait_for(sub { out(-1, 'bots') =~ /bot0002:0/ }, 10, 'the answer');
    everywhere('bots', 'bot0002:0 bot0004:0', 'the latest holds');

    (pop @hosts)->quit;
    hook(0, 'user.activated', 'bot0004@example.com');
    everywhere('bots', 'bot0002:0', 'is back');
};


# What was told first must come first where it is looked up.
subtest 'many reports at once' => sub {
    my $since = sprintf '%d', 1000 * time;
    my @r = http_wait(map {
        http_start(port => $hosts[$_ % 3]->port, path => '/hook',
                   event('user.deactivated',
                         { object => { email => 'bot0003@example.com' } },
                         secret => $secret));
    } 1 .. 120);

    is(scalar(grep { $_->status == 204 } @r), 120, 'webhooks');
    hook(0, 'user.activated', 'bot0003@example.com');
    everywhere('bots', 'bot0002:0', 'all is told');

    my %told = @{ $fleet->command(qw(ZRANGEBYSCORE zoom:out), $since,
                                  qw(+inf WITHSCORES)) };
    my %times = reverse %told;

    cmp_ok(scalar keys %told, '>=', 240, 'of two pools');
    is(scalar keys %times, scalar keys %told, 'no two have one time');
};


subtest 'what the store holds' => sub {
    is(join(' ', $fleet->beyond_acl), '', 'the ACL of docs/fleet.md suffices');

    my $all = join '', @{ $fleet->command(qw(ZRANGE zoom:out 0 -1)) };

    cmp_ok(length $all, '>', 500, 'what was told');
    unlike($all, qr/example|bots|others|bot0/, 'no name');
    cmp_ok($fleet->command(qw(PTTL zoom:out)), '>', 3590000, 'for an hour');
};


subtest 'a user whom Zoom does not know' => sub {
    my $calls = $zoom->token_calls;
    my @calls = map { my $host = $_;
                      map { http_start(port => $hosts[$host]->port,
                                       path => '/zak?user=stranger@example.com')
                          } 1 .. 8 } 0 .. 3;
    my @r = http_wait(@calls);

    is(scalar(grep { $_->status == 502 } @r), 32, 'is refused to all');
    is(scalar(grep { $_->json->{error} eq 'user_unknown' } @r), 32, 'who know');
    is($zoom->token_calls - $calls, 1, 'one host has asked');

    is(get($_, '/zak?user=stranger@example.com')->status, 502, 'and later')
        for 0 .. 3;
    is($zoom->token_calls - $calls, 1, 'nobody asks again soon');

    $zoom->control({ users => [{ email => 'stranger@example.com' }] });
    ok(wait_for(sub {
        get(2, '/purge', method => 'POST')->status == 200
    }, 10), 'a purge');
    ok(wait_for(sub {
        get(1, '/zak?user=stranger@example.com')->status == 200
    }, 5), 'ends that on another host');
};


subtest 'without the store' => sub {
    $fleet->stop_it('KILL');
    ok(wait_for(sub {
        4 == grep { get($_, '/status?format=json')->json->{fleet}{away} } 0 .. 3
    }, 10), 'which is away');

    hook(0, 'user.deactivated', 'bot0003@example.com');
    is(out(0, 'bots'), 'bot0002:0 bot0003:0', 'a host has its own');
    is(out(1, 'bots'), 'bot0002:0', 'and no other');

    my $calls = $zoom->token_calls;

    is(get($_, '/zak?user=none@example.com')->status, 502, 'a stranger')
        for 0, 1;
    is($zoom->token_calls - $calls, 2, 'is one to each');
};

$t->finish;
