#!/usr/bin/perl

# Whoever is not found any more leaves the pool, also when the host's clock has
# been put back since.

use strict;
use warnings;

use Test::More;

use Zoom::Event qw(event);
use Zoom::HTTP;
use Zoom::Shim;
use Zoom::Test;

plan skip_all => 'a sanitizer has to be preloaded first' if $ENV{ZOOM_ASAN};

my $t = Zoom::Test->new;
my $clock = $t->dir . '/clock';
my $secret = 'CANARYhook' . 'x' x 12;

$t->secret_file('hook', $secret);
$t->canary(hook => $secret);

spew($clock, pack 'q', 0);
chmod 0644, $clock;

# A place in memory that all workers see.
sub put_back {
    my ($seconds) = @_;

    open my $file, '+<', $clock or die "$clock: $!";
    syswrite $file, pack('q', -$seconds * 1_000_000);
    close $file;
}

# What Zoom finds, from now on.
sub list {
    my $users = join ',', map { qq({"id":"Id$_","email":"bot-$_\@x.example"}) }
                              @_;

    $t->zoom->control({ clear => 1 },
                      { match => 'users_list', mode => 'answer',
                        status => 200, body => "{\"users\":[$users]}" });
}

list(1 .. 2);

my $nginx = $t->nginx(
    account   => { webhook_secret => 'file:%{hook}' },
    http      => <<'EOC',
    zoom_pool bots {
        account  acme;
        members  email=bot-*@x.example;
    }
EOC
    locations => <<'EOC',
        location = /hook {
            zoom_webhook  acme;
        }
EOC
    env       => { LD_PRELOAD => shim('clock', $t->dir),
                   SHIM_CLOCK => $clock });

wait_for(sub { $nginx->error_log =~ /found 2 users of "bot/ }, 20, 'two');

list(2);
put_back(120);

is(http(port => $nginx->port, path => '/hook',
        event('user.created', { object => { email => 'bot-3@x.example' } },
              secret => $secret))->status, 204, 'there may be others');
wait_for(sub { $nginx->error_log =~ /found 1 user of "bot/ }, 20, 'one');

like($nginx->error_log, qr/found 1 user of "bot\S+ 1 gone/,
     'and the other has left');

$t->finish;
