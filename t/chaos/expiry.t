#!/usr/bin/perl

# Access tokens that live for ten seconds, under load for EXPIRY seconds (60):
# one OAuth call a life, and nobody waits for it after the first.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Renewal;
use Zoom::Chaos qw(bot);
use Zoom::Test;

my $seconds = $ENV{EXPIRY} // 60;
my $life = 10;
my ($t, $zoom) = renewal();
my $nginx = cold({ oauth => { expires_in => $life } });

# While it takes so long nobody would be answered who had to wait for it.
my $delay = 0.4;

$zoom->control({ match => 'oauth', mode => 'delay', ms => $delay * 1000 });

my @answers;
my $load = Zoom::Chaos->new(
    nginx => $nginx, clients => 20,
    path => sub { '/zak?' . bot(1 + int rand 60) },
    done => sub { push @answers, time },
);

my $start = time;

$load->run($seconds)->drain;

my $took = time - $start;
my @times = map { $_->[0] } $zoom->arrivals('oauth');
my @lives = map { $times[$_] - $times[$_ - 1] } 1 .. $#times;

# Renewed at 80 to 90 % of a life, and looked at twice a second.
$load->report($zoom, oauth => [int($took / $life) + 1,
                               int($took / ($life * 0.8)) + 1],
              mints => [1, $load->{sent}]);
note('lives: ' . join ' ', map { sprintf '%.1f', $_ } @lives);

$load->check;
$load->answers_are(200, 'everybody is served');

for my $at (@times[1 .. $#times]) {
    cmp_ok(scalar(grep { $_ > $at && $_ < $at + $delay } @answers), '>', 10,
           'nobody waits for OAuth');
}

cmp_ok($_, '>=', $life * 0.8 - 1, 'not before its time') for @lives;
is($zoom->count(qw(endpoints token 401)), 0, 'and in time');
is($zoom->count(qw(concurrency oauth max)), 1, 'by one worker');
$load->check_zone;

$t->finish;
