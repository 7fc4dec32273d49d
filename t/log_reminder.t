#!/usr/bin/perl

# What goes on being refused is told again after five minutes, with how often,
# by a clock that is put forward.

use strict;
use warnings;

use Test::More;

use Zoom::Shim;
use Zoom::Test;

plan skip_all => 'a sanitizer has to be preloaded first' if $ENV{ZOOM_ASAN};

my $t = Zoom::Test->new;
my $clock = $t->dir . '/clock';

# A place in memory that all workers see.
sub ahead {
    my ($seconds) = @_;

    open my $file, '+<', $clock or die "$clock: $!";
    syswrite $file, pack('q', $seconds * 1_000_000);
    close $file;
}

spew($clock, pack 'q', 0);
chmod 0644, $clock;

my $nginx = $t->nginx(level => 'error', locations => <<'EOC',
        zoom_user        $arg_user;
        zoom_allow_user  *@example.com;

        location = /arg {
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg} as=tenant1;
            zoom_authenticate  header=X-Secret file:%{header} as=tenant2;
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC
    env => { LD_PRELOAD => shim('clock', $t->dir), SHIM_CLOCK => $clock });

my $user = 'user=bots@example.com';
my @wrong = (path => "/arg?key=CANARYwrong&$user");
my @other = (path => "/arg?$user", headers => ['X-Secret' => 'CANARYwrong']);


# So many requests, by either worker, and the lines they bring.
my $seen = 0;

sub lines {
    my ($n, @request) = @_;

    is(http(port => $t->port, @request)->status, 401, 'refused') for 1 .. $n;

    my @lines = split /\n/, $nginx->error_log;
    my @new = @lines[$seen .. $#lines];

    $seen = @lines;
    return @new;
}


# Both workers have looked at the clock.
sub passes {
    my ($seconds) = @_;
    my %pid;

    ahead($seconds);

    wait_for(sub {
        my $r = $t->get('/status?format=json');

        $pid{$r->header('X-Pid')} = $r->json->{time} > time + $seconds - 60;
        return 2 == grep { $_ } values %pid;
    }, 20, "$seconds s are over");
}


is(scalar lines(1, @wrong), 1, 'the first is news');
is(scalar lines(20, @wrong), 0, 'the next are not');
is(scalar lines(3, @other), 1, 'another caller is');

passes(240);
is(scalar lines(5, @wrong), 0, 'nor are they after four minutes');

passes(310);

my @lines = lines(1, @wrong);

is(scalar @lines, 1, 'but after five');
like("@lines", qr/401\ unauthenticated:\ .*location\ "\/arg",
     \ caller\ "tenant1"\ \(26\ of\ this\ kind\ since\ the\ last\ such
     \ line\)/x, 'with how many there were');
is(scalar lines(7, @wrong), 0, 'which is for five minutes again');

@lines = lines(1, @other);
is(scalar @lines, 1, 'the other caller has a count of its own');
like("@lines", qr/"tenant2" \(3 of this kind/, 'which is right');

passes(620);
like(join("\n", lines(1, @wrong)), qr/"tenant1" \(8 of this kind/,
     'and so on');

$t->finish;
