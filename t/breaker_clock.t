#!/usr/bin/perl

# Workers whose clocks differ: nginx's time is that of the last round of events,
# so a worker that was busy is behind one that was not.  Of a service that
# nobody has asked lately the first call is a scout, and the others follow it,
# in whatever worker they are.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Zoom::Resty;
use Zoom::Test;
use Zoom::Wire;

plan skip_all => resty_missing() if resty_missing();

my $t = Zoom::Test->new;
my $rounds = 12;

# Slow enough for the busy worker to ask before this is known.
my $wire = Zoom::Wire->start(log => $t->dir . '/wire', answer => sub {
    return (0.7, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 30\r\n"
               . "Content-Length: 0\r\n\r\n");
});

my %account = (api_url => 'http://127.0.0.1:' . $wire->port . '/v2',
               dry_run => 'on');

$t->nginx(
    main      => resty_main(),
    reuseport => 1,
    account   => 0,
    http      => join('', map { $t->account("a$_", %account) } 1 .. $rounds),
    locations => <<'EOC' . join('', map { <<"EOA" } 1 .. $rounds));
        zoom_authenticate  header=X-Key file:%{header} as=agent;
        zoom_allow         agent *;
        add_header         X-Worker $pid always;

        rewrite_by_lua_block {
            local till = os.clock() + (tonumber(ngx.var.arg_busy) or 0)

            while os.clock() < till do end
        }
EOC
        location /a$_/ {
            zoom_pass  a$_;
        }
EOA


sub start {
    my ($round, $busy) = @_;

    return http_start(port => $t->port, path => "/a$round/rooms?busy=$busy",
                      headers => ['X-Key' => $t->secret('header')]);
}


# Two calls in two workers: that which begins first asks last, at a time that
# was the other's long ago.  How often Zoom was asked, if so.
sub behind {
    my ($round) = @_;

    $wire->forget;

    my @starts = start($round, 0.2);

    sleep 0.05;

    my @all = http_wait(@starts, start($round, 0));
    my ($one, $other) = map { $_->header('X-Worker') // '' } @all;

    return if $one eq $other || grep { $_->status != 503 } @all;

    return scalar $wire->requests;
}


# A scout is followed for a second, which a machine may take for nothing.
my @asked;

for my $round (1 .. $rounds) {
    push @asked, behind($round) // next;
    last if $asked[-1] == 1;
}

ok(scalar @asked, 'a worker was behind another one');
is($asked[-1], 1, 'Zoom was asked once') or diag("@asked");

$t->finish;
