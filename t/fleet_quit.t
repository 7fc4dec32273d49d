#!/usr/bin/perl

# A worker that quits waits for what the store was asked, and for nothing else:
# not for the time that an answer might have taken.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $fleet = Zoom::Fleet->new($t);
my $timeout = 5;

my $host = $fleet->host(store => ["timeout=${timeout}s"], locations => <<'EOC');
        zoom_authenticate  off;

        location = /zak {
            zoom_tokens  acme;
            zoom_user    bots@example.com;
        }
EOC

wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == 1 }, 10, 'the host');
is(http(port => $host->port, path => '/zak')->status, 200, 'a token');

my $began = time;

$t->over;
cmp_ok(time - $began, '<', $timeout / 2, 'at once');

$t->finish;
