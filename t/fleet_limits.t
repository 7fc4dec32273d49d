#!/usr/bin/perl

# Hosts that share a store divide Zoom's limits among them, as many as there
# are.

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
my @hosts;


sub another {
    push @hosts, $fleet->host(account => { plan => 'pro' }, reuseport => 1,
                              locations => <<'EOC');
        zoom_authenticate  off;
        zoom_timeout       12s;

        location = /user {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }

        location = /status {
            zoom_status;
        }
EOC
}


sub rate {
    my ($host) = @_;
    my $r = http(port => $host->port, path => '/status',
                 headers => [Accept => 'application/json']);

    return $r->json->{accounts}{acme}{limits}{light}{rate};
}


# Each worker by itself: one that was asked tells of itself alone.
sub divided {
    my ($rate) = @_;

    return wait_for(sub {
        !grep { rate($_) != $rate } (@hosts) x 8;
    }, 10);
}


$zoom->control({ bots => 200 }, { plan => 'pro' });

subtest 'as many parts as hosts' => sub {
    another();
    ok(divided(30), 'one has all');
    another();
    ok(divided(15), 'two have a half each');
    another();
    ok(divided(10), 'three a third');
};


subtest 'a crowd on three hosts' => sub {
    my $began = time;
    my @calls = http_wait(map {
        http_start(port => $hosts[$_ % 3]->port, path =>
                   sprintf '/user?user=bot%04d@example.com', $_)
    } 1 .. 120);
    my %n;

    $n{ $_->status }++ for @calls;
    is_deeply(\%n, { 200 => 120 }, 'all are answered');
    is($zoom->count(qw(limited Light QPS)), 0, 'and none refused by Zoom');
    is($zoom->token_calls, 120, 'of so many');
    diag(sprintf '%.2f of the rate', 120 / 30 / (time - $began))
        if $ENV{TEST_VERBOSE};
};


subtest 'while the store is away' => sub {
    $fleet->stop_it;
    ok(wait_for(sub { !grep { $_->error_log !~ /is away/ } @hosts }, 10),
       'it is');
    ok(divided(10), 'each keeps its part');

    # and the first to come back is not alone
    $fleet->start;

    my %rates;

    ok(wait_for(sub {
        $rates{ rate($_) } = 1 for @hosts;

        return !grep { $_->error_log !~ /is back after/ } @hosts;
    }, 10), 'it is back');
    is(join(' ', sort keys %rates), 10, 'nor does any take more then');
};

$t->finish;
