#!/usr/bin/perl

# A month of a busy account, on the store's clock: it leaves in Redis what a day
# does, and each key has its time to live.

use strict;
use warnings;

use List::Util qw(max);
use Test::More;

use Zoom::Attendee qw(callback);
use Zoom::Event qw(event);
use Zoom::Fleet;
use Zoom::Shim;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $clock = $t->dir . '/clock';
my $secret = 'CANARYhook' . 'x' x 12;
my $n = 0;

spew($clock, pack 'q', 0);
$t->secret_file('hook', $secret);
$t->canary(hook => $secret);
$zoom->control({ bots => 400 });

my $fleet = Zoom::Fleet->new($t, env => {
    LD_PRELOAD => shim('clock', $t->dir), SHIM_CLOCK => $clock,
});

my @hosts = map { $fleet->host(reuseport => 1,
    account   => { webhook_secret => 'file:%{hook}' },
    http      => <<'EOH', locations => <<'EOC') } 1 .. 2;
    zoom_pool team {
        account   acme;
        user      bots@example.com;
        distinct  $arg_meeting 2m;
    }
EOH
        zoom_authenticate  off;
        zoom_allow_user    *;

        location = /user {
            zoom_tokens  acme;
            zoom_user    $arg_user;
        }

        location = /pool {
            zoom_tokens  acme;
            zoom_user    pool=team;
        }

        location = /hook {
            zoom_webhook         acme;
            zoom_webhook_events  meeting.started;
        }

        location = /purge {
            zoom_purge  acme;
        }
EOC


# Some work, for users, meetings and webhooks that are new.
sub work {
    my @calls;

    for my $host (@hosts) {
        my $at = sub { push @calls, http_start(port => $host->port, @_) };

        $n++;
        $at->(path => sprintf '/user?user=bot%04d@example.com', $n);
        $at->(path => "/pool?meeting=$n&bot_id=b$n");
        $at->(path => '/hook', event('meeting.started',
              { object => { id => "$n" } }, secret => $secret));
    }

    push @calls, http_start(port => $hosts[0]->port,
        path => sprintf('/purge?user=bot%04d@example.com', $n),
        method => 'POST');

    http_wait(@calls);

    # of purges there is one a second
    return map { "$_->{path} " . $_->status }
           grep { $_->status >= 300 && $_->{path} !~ /purge/ } @calls;
}


sub forward {
    my ($by) = @_;

    open my $fh, '+<:raw', $clock or die "$clock: $!\n";
    syswrite $fh, pack 'q', unpack('q', slurp($clock)) + $by * 1_000_000;
}


wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == 2 }, 10, 'two hosts');

my (@keys, @bad, @for_ever);

for my $day (1 .. 30) {
    for my $part (1 .. 4) {
        forward(6 * 3600);
        push @bad, work();
    }

    my @now = $fleet->keys_like('*');

    push @keys, scalar @now;
    push @for_ever, grep { $fleet->command('PTTL', $_) == -1 } @now;
}

diag("keys at the end of each day: @keys") if $ENV{TEST_VERBOSE};

is(scalar @bad, 0, 'all is answered') or diag join "\n", @bad[0 .. 3];
cmp_ok(max(@keys[3 .. $#keys]), '<=', 1.5 * max(@keys[0 .. 2]) + 5,
       'there are no more keys than after three days')
    or diag "@keys";
is(join(' ', @for_ever), '', 'none stays for ever');

$t->finish;
