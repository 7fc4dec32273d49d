#!/usr/bin/perl

# A crowd of ours is no outage of Zoom's: what waits for a connection of ours,
# for a name server or for a worker that is busy tells nothing of Zoom.

use strict;
use warnings;

use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Chaos qw(bot statuses);
use Zoom::Test;

my $crowd = 300;
my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $nginx;

my $locations = <<'EOC';
        zoom_authenticate  off;
        zoom_user          $arg_user;
        zoom_allow_user    *;
        zoom_reuse         1h;

        location = /zak {
            zoom_tokens  acme;
        }

        location = /short {
            zoom_tokens   acme;
            zoom_timeout  4s;
        }
EOC


sub cold {
    my ($account, %o) = @_;

    $zoom->control({ reset => 1 }, { bots => 1000 }, { plan => 'business' });
    $nginx = $t->nginx(account => { plan => 'business', %$account },
                       locations => $locations, %o);
    wait_for(sub { $zoom->count(qw(endpoints oauth 200)) }, 5, 'a token');
}


# So many users who were never seen before, all at the same time.
sub crowd {
    my ($n, $path) = @_;

    return http_wait(map {
        http_start(port => $nginx->port, path => "$path?" . bot($_))
    } 1 .. $n);
}


# How they ended: "200", "503 overloaded".
sub ends {
    my %n;

    $n{ join ' ', $_->status, $_->status == 200 ? () : $_->json->{error} }++
        for @_;

    return \%n;
}


sub told {
    my ($n) = @_;

    return join ', ', map { "$_: $n->{$_}" } sort keys %$n;
}


sub logged {
    my ($pattern) = @_;

    return grep { /$pattern/ } split /\n/, $nginx->error_log;
}


sub breakers_are_closed {
    is(join("\n", logged(qr{zoom_unavailable|status\.zoom\.us})), '',
       'nobody takes it for an outage');

    $zoom->control({ clear => 1 });
    is($t->get('/zak?' . bot(999))->status, 200, 'the next one is served');
}


subtest "$crowd users at once, and a slow Zoom" => sub {
    cold({});
    $zoom->control({ match => 'token', mode => 'delay', ms => 2000 });

    my @calls = crowd($crowd, '/zak');

    note(sprintf 'the last one after %.1f s', max(map { $_->took } @calls));
    is(told(ends(@calls)), "200: $crowd", 'all get a token');

    # What goes over a new connection may arrive a little late, and so together
    # with the next.
    my $limited = $zoom->count(qw(limited Light QPS));

    cmp_ok($limited, '<=', 5, 'within the limits');
    is($zoom->token_calls, $crowd + $limited, 'each from one mint');
    breakers_are_closed();
    is(scalar logged(qr{"connections}), 0, 'and nothing is complained of');

    $t->over;
};


subtest 'the same over few connections' => sub {
    cold({ connections => 4 });
    $zoom->control({ match => 'token', mode => 'delay', ms => 2000 });

    my $ends = ends(crowd($crowd, '/zak'));

    note(told($ends));
    cmp_ok($ends->{200}, '>=', 24, 'who has a connection is served');
    cmp_ok($ends->{'503 overloaded'}, '>=', 100, 'the others hear why not');

    delete @$ends{200, '503 overloaded', '504 timeout'};
    is(told($ends), '', 'and it is neither Zoom nor its limits');

    cmp_ok($zoom->count(qw(concurrency token max)), '<=', 8,
           'no more connections than allowed');
    like($nginx->error_log, qr/\(overloaded\):\ .*waiting\ for\ a\ connection;
                               .*"connections"/x, 'the log names them');
    breakers_are_closed();

    $t->over;
};


subtest 'request_timeout begins behind the queue' => sub {
    cold({ connections => 1, request_timeout => '1500ms' }, workers => 1);
    $zoom->control({ match => 'token', mode => 'delay', ms => 700 });

    my @calls = crowd(5, '/zak');

    is(told(ends(@calls)), '200: 5', 'all are served');
    cmp_ok(max(map { $_->took } @calls), '>', 3, 'one after the other');
    is($zoom->token_calls, 5, 'with one mint each');
    breakers_are_closed();

    $t->over;
};


subtest 'who has not the time for an answer' => sub {
    cold({ connections => 1 }, workers => 1);
    $zoom->control({ match => 'token', mode => 'delay', ms => 1500 });

    my @calls = crowd(8, '/short');
    my $ends = ends(@calls);

    note(told($ends));
    cmp_ok($ends->{200}, '>=', 2, 'some are served');
    cmp_ok($ends->{'503 overloaded'}, '>=', 5, 'the others are not');
    cmp_ok(max(map { $_->took } @calls), '<', 4.5, 'in time');
    cmp_ok($zoom->token_calls, '<=', 3, 'and Zoom does no work in vain');
    breakers_are_closed();

    $t->over;
};


subtest 'a worker that is busy' => sub {
    cold({ request_timeout => '1s' }, workers => 1);
    $zoom->control({ match => 'token', mode => 'delay', ms => 400,
                     times => 1 });

    my $call = http_start(port => $nginx->port, path => '/zak?' . bot(1));

    wait_for(sub { $zoom->count(qw(concurrency token now)) == 1 }, 5,
             'a mint in flight');

    my ($worker) = $nginx->workers;

    # Zoom answers in time, but nobody is there to hear it.
    kill 'STOP', $worker;
    sleep 2.5;
    kill 'CONT', $worker;

    http_wait($call);
    is($call->status, 200, 'a token in the end');
    like($nginx->error_log, qr/the worker process was busy for \d+ ms/,
         'the log tells what took so long');
    breakers_are_closed();

    $t->over;
};


subtest 'a small zone and many at once' => sub {
    cold({}, http => "zoom_zone 256k;\n");
    $zoom->control({ match => 'token', mode => 'delay', ms => 1000 });

    my $ends = ends(crowd(500, '/zak'));

    note(told($ends));
    cmp_ok($ends->{200}, '>', 0, 'as many as there is room for get a token');
    cmp_ok($ends->{'503 overloaded'}, '>', 0, 'the others can not');

    delete @$ends{200, '503 overloaded'};
    is(told($ends), '', 'and there is nothing else');
    breakers_are_closed();

    my @lines = grep { /no room for another flight, increase "zoom_zone"/ }
                split /\n/, $t->{nginx}[-1]->error_log;

    ok(@lines == 1 || @lines == 2, 'a line of each worker') or diag(@lines);

    $t->over;
};


$t->finish;
