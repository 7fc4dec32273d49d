#!/usr/bin/perl

# A refresh token, or a device code, goes to Zoom once in a request: not over a
# connection that was idle and may be dead, since libcurl would send it again
# over the next one, and nobody knows whether Zoom has taken the first.

use strict;
use warnings;

use Test::More;

use Zoom::Grants;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);
my $device = $grants->account('tv', grant => 'device_code',
                              redirect_uri => undef, authorize_url => undef,
                              device_url => '%{device_url}');

$t->nginx(account => 0, workers => 1,
          http => $grants->conf('users', <<'EOC') . $device);
    location = /zak {
        zoom_tokens        users;
        zoom_user          $arg_user;
        zoom_allow_user    *;
        zoom_reuse         0;
        zoom_use_stale     off;
        zoom_authenticate  off;
    }

    location = /device {
        zoom_connect       tv;
        zoom_connect_as    tv;
        zoom_authenticate  off;
    }
EOC


sub zak {
    return http(port => $grants->port, path => "/zak?user=owner$_[0]")->status;
}


# Each leaves idle connections behind.
$zoom->control({ user_oauth => { expires_in => 1 } },
               { device => { interval => 1 } });
is($grants->connect("owner$_", user => "$_\@other.example")->status, 200, $_)
    for qw(alice bob);
is(zak($_), 200, "a token of ${_}'s") for qw(alice bob);

$zoom->control({ match => 'refresh', mode => 'close', kept => 1 });

my $before = $zoom->count(qw(endpoints refresh 200));

ok(wait_for(sub {
    zak($_) for qw(alice bob);
    $zoom->count(qw(endpoints refresh 200)) >= $before + 3;
}, 20), 'refreshes');
is($zoom->count(qw(misbehaved close)), 0, 'none over a used connection');
is(zak($_), 200, "$_ is still connected") for qw(alice bob);

$zoom->control({ clear => 1 },
               { match => 'device_poll', mode => 'close', kept => 1 });

http(port => $grants->port, path => '/device', body => '');
ok(wait_for(sub { $zoom->count(qw(endpoints device_poll calls)) >= 3 }, 10),
   'polls for a device');
is($zoom->count(qw(misbehaved close)), 0, 'none over a used connection');

$t->finish;
