#!/usr/bin/perl

# One of three hosts can't reach the store for CUT seconds (40), and the others
# can, while callers want all that Zoom permits: what they get, and whether
# Zoom is asked for more than that.

use strict;
use warnings;

use Test::More;

use Zoom::Fleet;
use Zoom::Partition;
use Zoom::Storm;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $cut = $ENV{CUT} // 40;
my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $ways = Zoom::Partition->new($t, 3);
my $fleet = $ways->fleet;

$zoom->control({ bots => 4000 }, { plan => 'pro' });

my @hosts = map { $fleet->host(reuseport => 1, level => 'notice',
                               url => $ways->url($_),
                               store => ['timeout=250ms'],
                               account => { plan => 'pro' },
                               locations => Zoom::Storm->locations) } 0 .. 2;


sub lines {
    my ($host, $pattern) = @_;

    return scalar(() = $host->error_log =~ /$pattern/g);
}


wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == 3 }, 10, 'hosts');

my $storm = Zoom::Storm->wanting(zoom => $zoom, hosts => \@hosts);

$storm->run(5 + $cut + 8,
    [5, 'cut off, until others notice', sub { $ways->cut(0) }],
    [9, 'cut off'],
    ($cut > 35 ? [5 + 32, 'cut off for long'] : ()),
    [5 + $cut, 'healed', sub { $ways->heal(0) }],
    [5 + $cut + 2, 'all is well again', sub {
        is(lines($hosts[0], qr/is back after/), 1, 'it is back within 2 s');
    }],
);
$storm->drain;
$storm->check(200);

note(sprintf 'who is known waited for %.2f s at most, others for %.2f s',
     $storm->longest('also'), $storm->longest('path'));
cmp_ok($storm->longest('also'), '<', 2, 'who is known waits for no store');

is(lines($hosts[0], qr/is away/), 1, 'the host has logged one line');
is(lines($_, qr/is away/), 0, 'and others none') for @hosts[1, 2];

# For three seconds others have its part, too (docs/fleet.md); each 429 then
# closes that limit for some time.
cmp_ok($storm->limited(qr/until others notice/), '<=', 5,
       'hardly any 429 at first');
is($storm->limited(qr/^(?!.*until others notice)/), 0, 'none later');

$t->finish;
