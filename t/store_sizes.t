#!/usr/bin/perl

# What a zone holds: ZAKs of 600 bytes in a KiB each, and tokens to 4 KiB.

use strict;
use warnings;

use Test::More;

use Zoom::Chaos qw(bot);
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my $SIZE = 1 << 20;

sub cold {
    my ($size, @commands) = @_;

    $zoom->control({ reset => 1 }, { bots => 1500 }, @commands);

    return $t->nginx(http => "zoom_zone $size;\n", locations => <<'EOC',
        zoom_authenticate  off;

        location = /zak {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
            zoom_reuse       1h;
        }

        location = /status {
            zoom_status;
        }
EOC
        account => { rate => 'light=10000r/s', connections => 64 });
}


sub zone { return $t->get('/status?format=json')->json->{zone} }


# All of them, some at a time; those that got no token.
sub fill {
    my ($n) = @_;
    my @bad;

    for (my $i = 1; $i <= $n; $i += 100) {
        push @bad, grep { $_->status != 200 } http_wait(map {
            http_start(port => $t->port, path => '/zak?' . bot($_))
        } $i .. ($i + 99 < $n ? $i + 99 : $n));
    }

    return scalar @bad;
}


# Without minting again.
sub kept {
    my ($n) = @_;
    my $calls = $zoom->token_calls;

    is(fill($n), 0, "$n users again");

    return $zoom->token_calls - $calls;
}


# What is there for workers and accounts costs the same in any zone.
subtest 'a KiB for each' => sub {
    cold(2 * $SIZE);

    my $more = zone()->{entries};

    $t->over;
    cold($SIZE, { zak => { bytes => 600 } });

    my $n = zone()->{entries};

    my $each = $SIZE / ($more - $n);

    note(sprintf 'a zone of %d bytes has room for %d, one twice as large for '
         . '%d: %.0f bytes each', $SIZE, $n, $more, $each);
    cmp_ok($each, '<=', 1024, 'of the zone, all that is in it');

    # One entry is the access token's.
    $n--;

    is(length($t->get('/zak?' . bot(1))->body), 600, 'a ZAK of 600 bytes');
    is(fill($n), 0, "$n users");

    is(zone()->{used}, $n + 1, 'all are in the zone');
    is(kept($n), 0, 'and none had to go');

    # Beyond that some go, and nothing breaks.
    is(fill($n + 100), 0, 'more than fit');
    is(zone()->{used}, $n + 1, 'the zone is full');

    $t->over;
};


subtest 'long tokens' => sub {
    cold($SIZE, { zak => { bytes => 4096 } });

    is(length($t->get('/zak?' . bot(1))->body), 4096, 'of 4 KiB');
    is(kept(1), 0, 'are kept');
    is(fill(300), 0, 'more than fit');
    is(kept(1), 1, 'push out others');

    $zoom->control({ zak => { bytes => 4097 } });
    is($t->get('/zak?' . bot(301))->status, 502, 'longer ones are refused');

    $t->over;
};


$t->finish;
