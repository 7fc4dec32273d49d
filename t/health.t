#!/usr/bin/perl

# zoom_health: would a callback work now?

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Process qw(free_ports);
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my ($closed) = free_ports(1);

my $accounts = $t->account('wrong', client_secret => 'file:%{header}')
    . $t->account('nowhere',
                  oauth_url => "https://127.0.0.1:$closed/oauth/token");

$t->nginx(http => $accounts, reuseport => 1, locations => <<'EOC');
        location = /health {
            zoom_health        acme;
            zoom_authenticate  off;
        }

        location = /guarded {
            zoom_health        acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /wrong {
            zoom_health        wrong;
            zoom_authenticate  off;
        }

        location = /nowhere {
            zoom_health        nowhere;
            zoom_authenticate  off;
        }
EOC


subtest 'healthy' => sub {
    $zoom->control({ match => 'oauth', mode => 'delay', ms => 300 });

    my $before = $zoom->count(qw(endpoints oauth 200));
    my @calls = http_wait(map {
        http_start(port => $t->port, path => '/health')
    } 1 .. 100);

    is(scalar(grep { $_->status == 200 } @calls), 100, 'all say so');
    is($calls[0]->header('Cache-Control'), 'no-store', 'for now');
    cmp_ok($zoom->count(qw(endpoints oauth 200)) - $before, '<=', 1,
           'after one OAuth call at most');
    is($zoom->token_calls, 0, 'and no mint');
};


subtest 'guarded' => sub {
    is($t->get('/guarded')->status, 401, 'without a proof');
    is($t->get('/guarded?key=' . $t->secret('arg'))->status, 200, 'with it');
};


subtest 'unhealthy' => sub {
    is($t->get('/wrong')->status, 503, 'a wrong secret');
    is($t->get('/nowhere')->status, 503, 'nobody there');

    my @calls = map { $t->get('/wrong') } 1 .. 20;
    my $tries = $zoom->count(qw(endpoints oauth 400));

    is(scalar(grep { $_->status == 503 } @calls), 20, 'again and again');
    cmp_ok($tries, '<=', 3, 'without asking each time');
    is($zoom->token_calls, 0, 'no mint');
};


$t->finish;
