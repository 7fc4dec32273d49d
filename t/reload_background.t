#!/usr/bin/perl

# Work in the background, and reloads while there is much to do.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my %conf = (reuseport => 1, locations => <<'EOC');
        zoom_authenticate  off;

        location = /zak {
            zoom_tokens  acme;
            zoom_user    bots@example.com;
        }

        location = /fresh {
            zoom_tokens  acme;
            zoom_user    bots@t1.example;
            zoom_reuse   0;
        }
EOC

my $nginx = $t->nginx(%conf);


subtest 'an access token at start' => sub {
    ok(wait_for(sub { $zoom->oauth_calls == 1 }, 3),
       'is fetched before anybody asks');
    sleep 0.3;
    is($zoom->oauth_calls, 1, 'by one worker');

    my $token = $t->get('/zak')->body;

    $t->reload(%conf);
    is($t->get('/zak')->body, $token, 'a reload keeps tokens');
    sleep 0.3;
    is($zoom->oauth_calls, 1, 'of both kinds');
};


subtest 'a worker that dies' => sub {
    my ($one, @others) = $nginx->workers;

    $t->allow(qr/exited on signal 9/);
    kill 'KILL', $one;
    ok(wait_for(sub {
        2 == grep { $_ != $one } $nginx->workers
    }), 'another takes its place');

    my @calls = http_wait(map {
        http_start(port => $t->port, path => '/zak')
    } 1 .. 20);

    is(scalar(grep { $_->status == 200 } @calls), 20, 'all is well');
    is($zoom->oauth_calls, 1, 'and nothing was fetched');
    is($zoom->token_calls, 1, 'nor minted');
};


subtest 'reloads under load' => sub {
    $zoom->control({ match => 'token', mode => 'delay', ms => 30 });

    my $end = time + 4;
    my ($last, $reloads, %bad) = (0, 0);

    while (time < $end) {
        my @calls = map {
            http_start(port => $t->port, path => $_ % 2 ? '/zak' : '/fresh')
        } 1 .. 20;

        if (time - $last > 0.7) {
            kill 'HUP', $nginx->pid;
            $last = time;
            $reloads++;
        }

        $bad{ $_->status . ' ' . ($_->error // '') . $_->body }++
            for grep { $_->status != 200 } http_wait(@calls);
    }

    cmp_ok($reloads, '>', 2, 'several');
    is_deeply(\%bad, {}, 'nobody is lost');
    is($zoom->oauth_calls, 1, 'one access token all the time');
    is($zoom->count(qw(concurrency token max)), 1,
       'never two mints for one user');
};


subtest 'a user who changes' => sub {
    (my $changed = $conf{locations}) =~ s/bots\@example/owner\@example/;

    $t->reload(%conf, locations => $changed);
    is(jwt_claims($t->get('/zak')->body)->{uid}, 'owner@example.com',
       'is served after a reload');
};


subtest 'a secret that changes' => sub {
    my $secret = 'CANARYrotated0123456789';

    $t->canary(rotated => $secret);
    $zoom->control({ clear => 1 },
                   { credentials => { client_secret => $secret } },
                   { revoke => 1 });
    spew($t->secret_file('client_secret'), "$secret\n");
    $t->reload(%conf);

    is($t->get('/fresh')->status, 200, 'is read anew');
    is($zoom->count(qw(endpoints oauth 400)), 0, 'the old one is forgotten');
};


# Nobody waits for an access token that could not be fetched at start: an
# exiting worker has no business trying again.
subtest 'an end while Zoom is down' => sub {
    $zoom->control({ reset => 1 }, { match => 'oauth', mode => 'hang',
                                     ms => 500 });
    $t->nginx(%conf);
    ok(wait_for(sub { $zoom->clients('oauth') }, 3), 'it is being tried');

    my $calls = $zoom->oauth_calls;

    $t->over;
    is($zoom->oauth_calls, $calls, 'and not again');
};


$t->finish;
