#!/usr/bin/perl

# LeakSanitizer over reload cycles: what a worker took it gives back when it
# quits, whatever it went through.  nginx itself leaks nothing on that way.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

plan skip_all => 'needs a module with AddressSanitizer' if !$ENV{ZOOM_ASAN};

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $reports = $t->dir . '/reports';

mkdir $reports;
chmod 0777, $reports;

$zoom->control({ bots => 40 });

my $nginx = $t->nginx(
    env => { ASAN_OPTIONS => 'detect_odr_violation=0:detect_leaks=1:'
                             . 'fast_unwind_on_malloc=0:'
                             . "log_path=$reports/asan" },
    locations => <<'EOC');
        zoom_user        $arg_user;
        zoom_allow_user  *;
        zoom_reuse       0;
        zoom_use_stale   off;

        # unwinding each allocation makes a handshake slow
        zoom_timeout     30s;

        location = /zak {
            zoom_tokens        acme;
            zoom_authenticate  off;
        }

        location = /hurry {
            zoom_tokens        acme;
            zoom_authenticate  off;
            zoom_timeout       2s;
        }

        location = /attendee {
            zoom_tokens        acme;
            zoom_user          bots@example.com;
            zoom_authenticate  attendee file:%{attendee};
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }

        location = /purge {
            zoom_purge         acme;
            zoom_authenticate  off;
        }
EOC


sub all { return from('/zak', @_) }


sub from {
    my ($location, @users) = @_;

    return http_wait(map {
        http_start(port => $t->port, path => "$location?user=$_")
    } @users);
}


sub bots { return map { sprintf 'bot%04d@example.com', $_ } 1 .. 40 }


my @cycles = (
    ['tokens' => sub {
        is(scalar(grep { $_->status == 200 } all(bots())), 40, 'tokens');
        is($t->attendee('/attendee')->status, 200, 'a signed callback');
    }],
    ['refusals' => sub {
        is($_->status, 502, 'unknown') for all('none@example.com');
        is($_->status, 403, 'denied') for all('me');
        is($t->attendee('/attendee', body => '[]')->status, 400,
           'no callback');
        is($t->get('/attendee')->status, 401, 'no proof');
    }],
    ['a Zoom that fails' => sub {
        $zoom->control({ match => 'token', mode => '500' });
        isnt($_->status, 200, 'nothing')
            for from('/hurry', (bots())[0 .. 4]);
        $zoom->control({ clear => 1 });
    }],
    ['clients that leave' => sub {
        my @gone = map {
            http_start(port => $t->port, path => "/zak?user=$_")
        } bots();

        $_->abort for @gone;
        is((all('bots@example.com'))[0]->status, 200, 'one that stays');
    }],
    ['a page and a purge' => sub {
        is($t->get("/status?format=$_")->status, 200, $_)
            for qw(html json prometheus);
        is($t->post('/purge', '')->status, 200, 'a purge');
    }],
);

for (@cycles) {
    my ($name, $run) = @$_;

    subtest $name => sub {
        $run->();
        $nginx->reload;
    };
}

ok(wait_for(sub { 2 == grep { 1 } $nginx->workers }, 20),
   'the old workers are gone');
$t->over;

# nginx keeps its own table of connections to the end: blocks with no frame
# but its own are not ours.
my @leaks = grep {
    /^(?:Direct|Indirect) leak/ && m{<unknown module>|/lib(?:curl|ssl|crypto|jansson)|zoom}
} map { split /\n\n/, slurp($_) } glob "$reports/*";

is(scalar @leaks, 0, 'no leak') or diag(join "\n\n", @leaks);

$t->finish;
