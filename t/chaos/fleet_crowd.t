#!/usr/bin/perl

# CROWD users (5000) who come to three hosts at once, with a plan of 30 mints a
# second.  Those who can't be served within zoom_timeout are told when to come
# again, and do, until all have a token; meanwhile a host joins, and one leaves.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Chaos qw(bot);
use Zoom::Fleet;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $RATE = 30;      # of plan "pro"
my $crowd = $ENV{CROWD} // 5000;
my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);

$zoom->control({ bots => $crowd }, { plan => 'pro' });

sub another {
    return $fleet->host(reuseport => 1, level => 'notice',
                        connections => 8192, http => "zoom_zone 16m;\n",
                        account => { plan => 'pro' }, locations => <<'EOC');
        zoom_authenticate  off;
        zoom_user          $arg_user;
        zoom_allow_user    *;
        zoom_reuse         1h;
        zoom_timeout       12s;
        access_log         off;

        location = /zak {
            zoom_tokens  acme;
        }
EOC
}

my (@loads, %again, %told);
my ($served, $refused) = (0, 0);


# Who is refused comes again when told, to whichever host is there by then.
sub done {
    my ($answer) = @_;

    if ($answer->status == 200) {
        $served++;
        return;
    }

    my $after = $answer->header('Retry-After') // 0;

    $refused++;
    $told{ $answer->status }++;
    push @{ $again{ int(time + $after) + 1 } }, $answer->{path};
}


sub load { return Zoom::Chaos->new(nginx => $_[0], done => \&done) }

sub there {
    my ($n) = @_;

    return wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == $n }, 10,
                    "$n hosts");
}

@loads = map { load($_) } map { another() } 1 .. 3;
there(3);

my $began = time;
my $left;
my @things = (
    [0.2, 'a fourth host joins', sub { push @loads, load(another()) }],
    [0.5, 'the first leaves', sub {
        $left = shift @loads;
        kill 'QUIT', $left->{nginx}->pid;
    }],
);

$loads[$_ % 3]->send_one(path => '/zak?' . bot($_)) for 1 .. $crowd;

my $most = 3 * $crowd / $RATE + 30;

while ($served < $crowd && time - $began < $most) {
    my $now = time;

    for my $when (grep { $_ <= $now } keys %again) {
        $loads[rand @loads]->send_one(path => $_)
            for @{ delete $again{$when} };
    }

    if (@things && $served >= $crowd * $things[0][0]) {
        my (undef, $what, $sub) = @{ shift @things };

        note(sprintf '%.0f s: %s', $now - $began, $what);
        $sub->();
    }

    $_->tick(0.005) for @loads, grep { defined } $left;
}

my $took = time - $began;
my $mints = $zoom->token_calls;
my $used = $mints / ($RATE * $took + $RATE);

note(sprintf '%d users of %d in %.0f s: %d mints, %.3f of what is permitted; '
     . '%d answers told to come again', $served, $crowd, $took, $mints, $used,
     $refused);

is($served, $crowd, 'all have a token');
is($mints, $crowd, 'each by one mint');
is($zoom->count(qw(limited Light QPS)), 0, 'no 429');
cmp_ok($used, '>=', 0.9, 'at least 0.9 of the rate is used');
is(join(' ', sort keys %told), $refused ? '503' : '',
   'who was not served was told 503');
is(scalar(map { @{ $_->{failed} } } @loads, $left // ()), 0, 'nobody is lost');

$t->finish;
