package Zoom::Generations;

# An nginx of which tests reload, kill and upgrade the workers while they mint.
#
#     my ($t, %conf) = setup(locations => $more);
#     my $nginx = cold(main => 'worker_shutdown_timeout 1s;');
#     my @calls = map { call('/fresh?' . bot($_)) } 1 .. 10;
#
# There is /zak, which hands out what is stored, and /fresh, which does not.

use strict;
use warnings;

use Exporter qw(import);
use Test::More;
use Time::HiRes qw(time);

use Zoom::Chaos qw(bot statuses);
use Zoom::Test;

our @EXPORT = qw(setup cold account call in_flight all_well logged);

my %fast = (rate => 'light=4000r/s', connections => 64);
my ($t, $nginx, %conf);


sub setup {
    my (%o) = @_;

    $t = Zoom::Test->new;
    %conf = (account => \%fast, locations => <<'EOC' . ($o{locations} // ''));
        zoom_authenticate  off;
        zoom_user          $arg_user;
        zoom_allow_user    *;

        location = /zak {
            zoom_tokens  acme;
            zoom_reuse   1h;
        }

        location = /fresh {
            zoom_tokens  acme;
            zoom_reuse   0;
        }

        location = /other {
            zoom_tokens  $arg_account;
        }
EOC

    return ($t, %conf);
}


# A new nginx with an empty zone, which has got its access token.
sub cold {
    my (%o) = @_;
    my $zoom = $t->zoom;

    $zoom->control({ reset => 1 }, { bots => 2000 });
    $nginx = $t->nginx(%conf, %o);
    wait_for(sub { $zoom->oauth_calls }, 5, 'an access token');

    return $nginx;
}


sub account { return $t->account($_[0], %fast) }


sub call {
    my ($path, @o) = @_;

    return http_start(port => $nginx->port, path => $path, @o);
}


sub in_flight {
    my ($n) = @_;

    wait_for(sub { $t->zoom->count(qw(concurrency token now)) == $n }, 5,
             "$n mints in flight");
}


sub all_well {
    my ($n, $what) = @_;
    my $start = time;
    my @calls = http_wait(map { call(($_ % 2 ? '/zak?' : '/fresh?')
                                     . bot($_)) } 1 .. $n);

    is(statuses(@calls), "200: $n", $what // 'everybody is served');
    cmp_ok(time - $start, '<', 4, 'soon');
}


# How many lines of the error log match.
sub logged {
    my ($pattern) = @_;

    return scalar grep { $_ =~ $pattern } split /\n/, $nginx->error_log;
}


1;
