#!/usr/bin/perl

# What docs/fleet.md and docs/metrics.md say that a host counts of its store: it
# does, and says the same in JSON as to Prometheus; and so it does when it is
# cut off for longer than a host counts as one.

use strict;
use warnings;

use FindBin;
use Test::More;
use Time::HiRes qw(time);

use Zoom::Event qw(event);
use Zoom::Fleet;
use Zoom::Relay;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);
my $relay = Zoom::Relay->start($t, to => $fleet->port);
my $secret = 'CANARYhook' . 'm' x 12;
my $n = 1;

$zoom->control({ bots => 400 });
$t->secret_file(hook => $secret);
$t->canary(hook => $secret);
$t->allow(qr/exited on signal 9/);

my @host = (account => { plan => 'pro', webhook_secret => 'file:%{hook}' },
            level => 'notice', http => <<'EOC', locations => <<'EOC2');
    zoom_pool bots {
        account   acme;
        user      bot0391@example.com;
        user      bot0392@example.com;
        distinct  $arg_meeting 1h;
    }
EOC
        zoom_authenticate  off;

        location = /user {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }

        location = /pool {
            zoom_tokens      acme;
            zoom_user        pool=bots;
        }

        location = /hook {
            zoom_webhook     acme;
        }

        location = /status {
            zoom_status;
        }
EOC2

my @hosts = ($fleet->host(@host, store => ['timeout=5s']), do {
    local $fleet->{url} = 'redis://127.0.0.1:' . $relay->port;

    $fleet->host(@host, store => ['timeout=1s']);
});


sub get {
    my ($host, $path, @o) = @_;

    return http(port => $hosts[$host]->port, path => $path, @o);
}


sub stranger { return sprintf '/user?user=bot%04d@example.com', $n++ }
sub page     { return get($_[0], '/status?format=json')->json }
sub of       { return page($_[0])->{fleet}{ $_[1] } }


sub samples {
    my ($host) = @_;

    return get($host, '/status?format=prometheus')->body
               =~ /^(zoom_\w+(?:\{[^}]*\})?) (\S+)$/mg;
}


# A counter grows while that is done.
sub grows {
    my ($host, $name, $what, @o) = @_;
    my $was = of($host, $name);
    my $is;

    ok(wait_for(sub {
        $what->();
        $is = of($host, $name);
        $is > $was;
    }, 30), "$name of host $host") or diag "$was, $is";

    is($is - $was, $o[0], "$name: by $o[0]") if @o;
}


sub bot {
    my ($host, $meeting) = @_;

    return get($host, "/pool?meeting=$meeting");
}


wait_for(sub { $fleet->command(qw(ZCARD zoom:hosts)) == 2 }, 10, 'two hosts');


subtest 'as documented' => sub {
    my %json = %{ page(0)->{fleet} };
    my $docs = slurp("$FindBin::Bin/../docs/fleet.md");
    my ($table) = $docs =~ /^## What it reports\n(.*?)(?:^## |\z)/ms;
    my %row;

    for my $line (grep { /^\| `/ } split /\n/, $table) {
        my (undef, $names, $metrics) = split / *\| */, $line;

        @row{ $names =~ /`(\w+)`/g } = $metrics =~ /`(\w+)`/g;
    }

    is(join(' ', sort keys %row), join(' ', sort keys %json),
       'all that JSON has');

    my %prometheus = samples(0);

    is(join(' ', grep { !exists $prometheus{ $row{$_} } }
                 grep { defined $row{$_} } sort keys %row), '',
       'and Prometheus');
    is(join(' ', grep { !defined $row{$_} } keys %row), 'seen', 'but names');
    is($prometheus{zoom_fleet_hosts}, $json{hosts}, 'the same');
};


subtest 'what is held' => sub {
    $zoom->control({ mode => 'delay', ms => 1500, match => 'token' });

    my @calls = map { http_start(port => $hosts[0]->port, path => stranger()) }
                1 .. 3;

    ok(wait_for(sub { of(0, 'leases') == 3 }, 5), 'three tokens');
    is(of(1, 'leases'), 0, 'none of the other host');
    http_wait(@calls);
    is(of(0, 'leases'), 0, 'none any more');

    $zoom->control({ clear => 1 }, { mode => 'hang', match => 'token' });

    my $call = http_start(port => $hosts[0]->port, path => stranger());

    ok(wait_for(sub { of(0, 'leases') == 1 }, 5), 'one more');

    kill 'KILL', $hosts[0]->workers;
    $zoom->control({ clear => 1 });
    http_wait($call);
    ok(wait_for(sub { (of(0, 'leases') // 1) == 0 }, 10),
       'ends with its worker');
};


subtest 'what moves' => sub {
    ok(wait_for(sub { of(0, 'hosts') == 2 && of(1, 'hosts') == 2 }, 10),
       'two hosts');

    my $path = stranger();

    get(0, $path);

    for my $name (qw(answers claims slots slot_questions)) {
        cmp_ok(of(0, $name), '>', 0, $name);
    }

    grows(1, 'shared', sub { get(1, $path) });
    grows(0, 'claims', sub { get(0, stranger()) });

    $zoom->control({ match => 'token', mode => 'delay', ms => 700 });

    grows(1, 'waits', sub {
        my $who = stranger();

        http_wait(map { http_start(port => $_->port, path => $who) } @hosts);
    });

    $zoom->control({ clear => 1 });

    grows(0, 'slots_lapsed', sub {
        http_wait(map { http_start(port => $hosts[0]->port, path => stranger()) }
                  1 .. 8);
        wait_for(sub { of(0, 'slots_lapsed') }, 1);
    });

    my @webhook = event('meeting.started', { object => { id => '1' } },
                        secret => $secret);

    is(get(0, '/hook', @webhook)->status, 204, 'a webhook');
    grows(1, 'replays', sub { get(1, '/hook', @webhook) }, 1);

    is(of($_, 'failures'), 0, 'nothing has failed') for 0, 1;
    is(of($_, 'errors'), 0, 'in no way') for 0, 1;
};


sub held {
    my ($host) = @_;
    my %is = samples($host);

    return $is{'zoom_pool_leases{pool="bots"}'};
}


subtest 'leases held' => sub {
    is(held(0), 0, 'none');
    is(bot(0, 4711)->status, 200, 'a bot');
    is(held(0), 1, 'one');
    is(bot(1, 4711)->status, 200, 'another bot on the other host');
    is(held(1), 2, 'which has learnt of both');
    is(bot(0, 4712)->status, 200, 'another meeting');
    is(held(0), 2, 'two meetings');

    is(get(1, '/hook', event('meeting.ended', { object => { id => '4711' } },
                             secret => $secret))->status, 204, 'one ends');
    ok(wait_for(sub { held(0) == 1 && held(1) == 0 }, 10), 'on both hosts');
};


# One has asked the store, and nobody waits for the answer any more.
subtest 'workers that end' => sub {
    my @workers = $hosts[0]->workers;
    my $alone = of(0, 'alone');

    kill 'STOP', $fleet->pid;

    my $call = http_start(port => $hosts[0]->port, path => stranger());

    ok(wait_for(sub { +{ samples(0) }->{zoom_flights} }, 4), 'one asks the store');
    kill 'TERM', @workers;
    ok(wait_for(sub { !kill 0, @workers }, 4), 'and end');
    kill 'CONT', $fleet->pid;
    http_wait($call);

    is(wait_for(sub { eval { get(0, stranger())->status } }, 10), 200,
       'others begin');
    is(of(0, 'alone'), $alone, 'nothing was brought without the store');
};


subtest 'a host that is cut off for longer' => sub {
    my %was = %{ page(1)->{fleet} };

    $relay->cut;

    my $began = time;

    ok(wait_for(sub { of(1, 'away') }, 10), 'the store is away');
    is(of(1, 'incidents'), $was{incidents} + 1, 'an incident');
    cmp_ok(of(1, 'failures'), '>', $was{failures}, 'a failure');
    is(of(0, 'away'), 0, 'for the other one it is there');

    grows(1, 'alone', sub { get(1, stranger()) });
    is(of(0, 'hosts'), 2, 'the other one counts it still');
    ok(wait_for(sub { time - $began > 31 }, 45), 'half a minute');
    is(of(0, 'hosts'), 2, 'nor then, as it may be cut off alone');

    my %is = %{ page(1)->{fleet} };

    is($is{hosts}, 2, 'it has the part that it had');
    is($is{away}, 1, 'alone');
    is($is{incidents}, $was{incidents} + 1, 'in one incident');
    is($is{claims}, $was{claims}, 'it claims nothing');

    my %prometheus = samples(1);

    is($prometheus{zoom_store_away}, 1, 'as Prometheus hears');

    $relay->mend;
    ok(wait_for(sub { !of(1, 'away') }, 10), 'the store is back');
    ok(wait_for(sub { of(0, 'hosts') == 2 && of(1, 'hosts') == 2 }, 10),
       'so are both hosts');
    grows(1, 'claims', sub { get(1, stranger()) });
    grows(1, 'answers', sub { });
    is(scalar(() = $hosts[1]->error_log =~ /is away/g), 1, 'one line');
    is(scalar(() = $hosts[1]->error_log =~ /is back after (\d+) s/g), 1,
       'and one more');
};

$t->finish;
