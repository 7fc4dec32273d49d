#!/usr/bin/perl

# The breaker holds for all that is asked of Zoom for the sake of grants: while
# Zoom says 503 or 429 with Retry-After, a crowd that comes to connect, devices
# that are polled for, refreshes and revocations cost it one request.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Grants;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);

my @people = map { "$_\@other.example" } qw(alice bob);
my $crowd = 25;

$zoom->control({ device => { interval => 1 } });

my %tv = (grant => 'device_code', redirect_uri => undef,
          authorize_url => undef, device_url => '%{device_url}');

my %conf = (account => 0, reuseport => 1,
            http => $grants->conf('users', <<'EOC') . $grants->account('tv', %tv));
    location = /zak {
        zoom_tokens        users;
        zoom_user          $arg_user;
        zoom_allow_user    *;
        zoom_reuse         0;
        zoom_use_stale     off;
        zoom_timeout       3s;
        zoom_authenticate  off;
    }

    location = /device {
        zoom_connect       tv;
        zoom_connect_as    $http_x_who;
        zoom_authenticate  off;
    }
EOC

my $nginx = $t->nginx(%conf);


sub ask {
    my (%o) = @_;

    return http_start(port => $grants->port, %o);
}


# Browsers that come back from Zoom, each with a code of its own.
sub browsers {
    my ($n) = @_;

    return map {
        my $browser = $grants->start("owner$_");

        [path => $grants->back($browser, user => $people[$_ % @people]),
         headers => [Cookie => $browser->{cookie}]];
    } 1 .. $n;
}


# Whoever reloads has mended something: what failed is forgiven, and nobody
# knows what works.
sub recover {
    $zoom->control({ clear => 1 });
    $t->reload(%conf);
}


# Zoom says no from now on.
sub begin {
    my ($mode, $match) = @_;

    recover();
    $zoom->control({ match => $match, mode => $mode, retry_after => '30',
                     $match eq 'api' ? (path => '/users/me') : () });
}


# A crowd at once, and then some more; how often Zoom was asked in vain, but for
# those that go, one a second, to find out whether that has changed.
sub outage {
    my ($mode, $match, @requests) = @_;
    my $before = $zoom->count('misbehaved', $mode);

    begin($mode, $match);

    my @late = splice @requests, @requests / 2;
    my $start = time;
    my @all = http_wait(map { ask(@$_) } @requests);

    push @all, http_wait(ask(@$_)) for @late;

    my $slow = int(time - $start);
    my @wrong = grep { $_->status != 503
                       || !($_->header('Retry-After') // '')
                          =~ /^(?:[12]?\d|30)$/ } @all;

    is(scalar @wrong, 0, scalar(@all) . ' are told to come again')
        or diag(map { $_->status . ' ' . $_->body . "\n" } @wrong);

    my $n = $zoom->count('misbehaved', $mode) - $before;

    return $n > 1 && $n <= 1 + $slow ? 1 : $n;
}


for my $user (0, 1) {
    is($grants->connect("owner$user", user => $people[$user])->status, 200,
       "$people[$user] has connected");
}

for my $mode (503, 429) {
    subtest "$mode to codes" => sub {
        is(outage($mode, 'exchange', browsers($crowd)), 1,
           'one request to Zoom');
    };

    subtest "$mode to devices" => sub {
        is(outage($mode, 'devicecode',
                  ([path => '/device', body => '',
                    headers => ['X-Who' => 'tv']]) x (2 * $crowd)), 1,
           'one request to Zoom');
    };

    subtest "$mode to polls" => sub {
        my $before = $zoom->count('misbehaved', $mode);

        begin($mode, 'device_poll');

        my @devices = http_wait(map { ask(path => '/device', body => '',
                                          headers => ['X-Who' => "tv$_"]) }
                                1 .. 5);

        wait_for(sub { $zoom->count('misbehaved', $mode) > $before }, 5,
                 'a poll');
        sleep 3;

        # OAuth has just worked, so all five may be on their way
        cmp_ok($zoom->count('misbehaved', $mode) - $before, '<=', @devices,
               'no device asks twice');
    };

    subtest "$mode to revocations" => sub {
        is(outage($mode, 'revoke', map {
                      [path => '/disconnect?user=owner' . $_ % 2, body => '',
                       headers => ['X-Key' => $t->secret('header')]]
                  } 1 .. 2 * $crowd), 1, 'one request to Zoom');
    };
}


subtest '503 to profiles' => sub {
    is(outage(503, 'api', browsers($crowd)), 1, 'one request to Zoom');
};


subtest '503 to refreshes' => sub {
    recover();
    $zoom->control({ user_oauth => { expires_in => 1 } });

    for my $user (0, 1) {
        is($grants->connect("owner$user", user => $people[$user])->status,
           200, "$people[$user] has connected");
    }

    sleep 1.5;
    is(outage(503, 'refresh', map { [path => '/zak?user=owner' . $_ % 2] }
                              1 .. 2 * $crowd), 1, 'one request to Zoom');
    $zoom->control({ clear => 1 });
};


$t->finish;
