#!/usr/bin/perl

# How many hosts there are: one that ends says so, one that was killed is
# counted until another one has begun in its place, or for ten minutes, since it
# may have lost the store alone and go on with its part of the limits.

use strict;
use warnings;

use Sys::Hostname qw(hostname);
use Test::More;

use Zoom::Fleet;
use Zoom::Shim;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $clock = $t->dir . '/clock';

spew($clock, pack 'q', 0);
$t->allow(qr/exited on signal 9/);

my $fleet = Zoom::Fleet->new($t, env => {
    LD_PRELOAD => shim('clock', $t->dir), SHIM_CLOCK => $clock,
});


sub another {
    return $fleet->host(reuseport => 1, level => 'notice',
                        locations => <<'EOC');
        zoom_authenticate  off;

        location = /status {
            zoom_status;
        }
EOC
}


sub fleet_of {
    my ($host) = @_;

    return http(port => $host->port, path => '/status?format=json')
           ->json->{fleet};
}


sub page {
    my ($host) = @_;

    return http(port => $host->port, path => '/status?format=html')->body;
}


sub hosts { return fleet_of($_[0])->{hosts} }


# As each of them has it, and the store.
sub count_is {
    my ($n, $name, @hosts) = @_;

    ok(wait_for(sub {
        $fleet->command('ZCARD', 'zoom:hosts') == $n
            && !grep { hosts($_) != $n } @hosts;
    }, 10), $name) or diag($fleet->command('ZCARD', 'zoom:hosts'));
}


sub now {
    my ($s, $us) = @{ $fleet->command('TIME') };

    return $s * 1000 + int($us / 1000);
}


# So many have been seen since then.
sub seen {
    my ($n, $since) = @_;

    wait_for(sub { $fleet->command('ZCOUNT', 'zoom:hosts', $since, '+inf')
                   >= $n }, 10, 'those who live');
}


# Time passes in the store, and those who live say that they do.
sub passes {
    my ($seconds, $alive) = @_;
    my $before = now();

    open my $fh, '+<:raw', $clock or die "$clock: $!\n";
    syswrite $fh, pack 'q', unpack('q', slurp($clock)) + int($seconds * 1e6);
    close $fh;

    seen($alive, $before + 900 * $seconds);
    seen($alive, now());
}


sub slay {
    my ($host) = @_;

    kill 'KILL', $host->pid, $host->workers;
}


my @hosts = map { another() } 1 .. 3;

count_is(3, 'three hosts', @hosts);

subtest 'their names' => sub {
    for my $host (@hosts) {
        my @seen = map { $_->{seconds} <= 5 ? $_->{host} : 'late' }
                   @{ fleet_of($host)->{seen} };

        is("@seen", join(' ', (lc hostname()) x 3), 'by the name of the host');
        is(fleet_of($host)->{missing}, 0, 'none is missing');
        like(page($host), qr/<tr><th>\Q${\lc hostname()}\E<td>seen \d s ago/,
             'on the page');
    }
};

# Whoever may write to the store may call itself anything.
subtest 'a name that is none' => sub {
    my $name = qq{0 <img src="x">\\\x01} . 'y' x 90;

    $fleet->command('ZADD', 'zoom:hosts', now(), $name);
    ok(wait_for(sub { fleet_of($hosts[0])->{hosts} == 4 }, 10), 'is counted');

    my ($seen) = grep { /img/ } map { $_->{host} }
                 @{ fleet_of($hosts[0])->{seen} };

    is($seen, q{<img?src="x">\\?} . 'y' x (64 - 15), 'in JSON');
    like(page($hosts[0]), qr/<th>&#60;img\?src=&#34;x&#34;&#62;/,
         'harmless on the page');
    $fleet->command('ZREM', 'zoom:hosts', $name);
    count_is(3, 'three hosts', @hosts);
};

subtest 'one ends' => sub {
    ok($hosts[2]->quit, 'it does');
    count_is(2, 'and the others know', @hosts[0, 1]);
    $hosts[2] = another();
    count_is(3, 'another one begins', @hosts);
};

subtest 'one is killed' => sub {
    slay($hosts[2]);
    passes(40, 2);
    count_is(3, 'it may be alive after 40 s', @hosts[0, 1]);

    for my $host (@hosts[0, 1]) {
        ok(wait_for(sub { fleet_of($host)->{missing} == 1 }, 5), 'is missing');
        cmp_ok(fleet_of($host)->{seen}[0]{seconds}, '>=', 39, 'for so long');
        like(page($host), qr{<i>MISSING</i><b>fleet:</b>\ \Q${\lc hostname()}\E
                             \ was\ last\ seen\ 4\d\ s\ ago\.\ A\ host}x,
             'the page names it');
    }

    passes(500, 2);
    count_is(3, 'and after nine minutes', @hosts[0, 1]);
    passes(100, 2);
    count_is(2, 'but not for ever', @hosts[0, 1]);
    ok(wait_for(sub { fleet_of($_)->{missing} == 0 }, 5), 'none is missing')
        for @hosts[0, 1];
    unlike(page($hosts[0]), qr/MISSING/, 'the page does not tell of it');
};

subtest 'one is killed, and started again' => sub {
    $hosts[2] = another();
    count_is(3, 'three hosts', @hosts);

    for (1 .. 3) {
        slay($hosts[2]);
        $hosts[2] = another();
        count_is(3 + $_, 'those before may be alive', @hosts);
    }

    passes(31, 3);
    count_is(3, 'for half a minute', @hosts);
};

subtest 'what the store holds' => sub {
    is(scalar(grep { $fleet->command('PTTL', $_) <= 0 } $fleet->keys_like('*')),
       0, 'no key stays for ever');
    is(join(' ', $fleet->beyond_acl), '', 'the ACL of docs/fleet.md suffices');
};

$t->finish;
