package Zoom::Renewal;

# One account whose every callback is a mint: for tests of what becomes of the
# access token meanwhile.

use strict;
use warnings;

use Exporter qw(import);
use Time::HiRes qw(sleep time);

use Zoom::Test;

our @EXPORT = qw(renewal bare cold call statuses traffic);

my ($t, $zoom);

my $locations = <<'EOC';
        zoom_authenticate  off;
        zoom_user          $arg_user;
        zoom_allow_user    *;
        zoom_reuse         0;
        zoom_use_stale     off;
        zoom_timeout       5s;

        location = /zak {
            zoom_tokens  acme;
        }
EOC


# Once: the test, and the stand-in.
sub renewal {
    $t = Zoom::Test->new;
    $zoom = $t->zoom;

    return ($t, $zoom);
}


# A fresh nginx, once the stand-in has been told what is said here.
sub bare {
    $zoom->control({ reset => 1 }, { bots => 60 }, @_);

    return $t->nginx(locations => $locations, reuseport => 1);
}


# The same, when it has its access token.
sub cold {
    my $nginx = bare(@_);

    wait_for(sub { $zoom->count(qw(endpoints oauth 200)) }, 5, 'a token');
    return $nginx;
}


sub call {
    my ($n) = @_;

    return http_start(port => $t->port, path => sprintf
                      '/zak?user=bot%04d@example.com', $n);
}


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


# Callbacks all the time; each a mint of its own.
sub traffic {
    my ($seconds) = @_;
    my $end = time + $seconds;
    my (@all, $n);

    while (time < $end) {
        push @all, http_wait(map { call(1 + $n++ % 50) } 1 .. 4);
        sleep 0.05;
    }

    return @all;
}


1;
