#!/usr/bin/perl

# One mint for all who wait, over all workers, whoever dies or leaves.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

# Whoever waits gets what is minted, not what is there, however busy we are.
my $locations = <<'EOC';
        zoom_authenticate  off;
        zoom_user          bots@example.com;
        zoom_stale_after   off;

        location = /zak {
            zoom_tokens  acme;
        }

        location = /fresh {
            zoom_tokens  acme;
            zoom_reuse   0;
        }

        location = /hasty {
            zoom_tokens   acme;
            zoom_timeout  1s;
        }

        location = /twin {
            zoom_tokens   twin;
        }

        location = /ttl {
            zoom_tokens   acme;
            zoom_ttl      4h;
        }

        location = /user {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }
EOC

# Every part begins with an nginx, and a Zoom, that know nothing.
sub cold {
    $zoom->control({ reset => 1 }, @_);
    $t->nginx(http => $t->account('twin'), locations => $locations,
              reuseport => 1);
}


sub call {
    my ($path) = @_;

    return http_start(port => $t->port, path => $path);
}


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


sub bodies {
    my %seen = map { $_->body => 1 } @_;

    return scalar keys %seen;
}


sub in_flight {
    my ($n) = @_;

    wait_for(sub { $zoom->count(qw(concurrency token now)) == $n }, 5,
             "$n mints in flight");
}


subtest '400 cold callbacks at once' => sub {
    # Slow enough for all to come in while the first is under way, even the
    # access token that a worker fetches when it starts.
    my $nginx = cold(map { { match => $_, mode => 'delay', ms => 700 } }
                     qw(oauth token));

    my @calls = http_wait(map { call('/zak') } 1 .. 400);
    my %pids = map { ($_->header('X-Pid') // '') => 1 } @calls;

    is(statuses(@calls), '200:400', 'all are answered');
    is(bodies(@calls), 1, 'with one token');
    is(jwt_claims($calls[0]->body)->{uid}, 'bots@example.com', 'a real one');
    is(scalar keys %pids, 2, 'by both workers');
    is($zoom->oauth_calls, 1, 'one OAuth call');
    is($zoom->token_calls, 1, 'one mint');

    $t->over;
};


subtest 'the same, signed and over a slow OAuth' => sub {
    $zoom->control({ reset => 1 }, { match => 'oauth', mode => 'delay',
                                     ms => 500 });
    $t->nginx(reuseport => 1, locations => <<'EOC');
        location = /zoom-tokens {
            zoom_tokens        acme;
            zoom_user          bots@example.com;
            zoom_authenticate  attendee file:%{attendee};
        }
EOC

    my %request = $t->attendee_request('/zoom-tokens');
    my @calls = http_wait(map { http_start(%request) } 1 .. 400);

    is(statuses(@calls), '200:400', 'all are answered');
    is(bodies(@calls), 1, 'with one token');
    is($zoom->oauth_calls, 1, 'one OAuth call');
    is($zoom->token_calls, 1, 'one mint');

    $t->over;
};


subtest 'many users' => sub {
    cold();
    $zoom->control({ bots => 50 }, { match => 'token', mode => 'delay',
                                     ms => 200 });

    my @calls = http_wait(map {
        my $n = $_;

        map { call(sprintf '/user?user=bot%04d@example.com', $n) } 1 .. 6
    } 1 .. 50);

    is(statuses(@calls), '200:300', 'all are answered');
    is(bodies(@calls), 50, 'a token for each user');
    is($zoom->token_calls, 50, 'a mint for each user');
    is($zoom->oauth_calls, 1, 'one OAuth call');

    my $wrong = grep {
        $_->{path} !~ /user=\Q${\ jwt_claims($_->body)->{uid} }\E$/
    } @calls;
    is($wrong, 0, 'nobody got the token of another');

    # No more connections than allowed, to each host and by each worker.
    cmp_ok($zoom->count(qw(concurrency token max)), '<=', 32,
           'and not all at once');

    $t->over;
};


subtest 'an owner that dies' => sub {
    my $nginx = cold();

    $t->allow(qr/exited on signal 9/);
    ok(wait_for(sub { $t->get('/zak')->status == 200 }), 'warm');
    $zoom->control({ match => 'token', mode => 'hang', times => 1 });

    my @calls = map { call('/fresh') } 1 .. 60;

    in_flight(1);

    my $owner = $nginx->worker_at(($zoom->clients('token'))[0]);

    ok($owner, 'the owner is known');

    my %owned = map { $_ => 1 } $nginx->clients_of($owner);
    my ($dead, $others) = ([], []);

    for my $call (@calls) {
        push @{ $owned{ $call->{sock}->sockport } ? $dead : $others }, $call;
    }

    cmp_ok(scalar @$others, '>', 0, 'others wait at the other worker');

    my $start = time;

    kill 'KILL', $owner;
    http_wait(@$others);

    is(statuses(@$others), '200:' . @$others, 'and are answered');
    is(bodies(@$others), 1, 'with one token');
    cmp_ok(time - $start, '<', 3, 'soon');
    http_wait(@$dead);
    is(statuses(@$dead), '0:' . @$dead, 'those of the dead are lost')
        if @$dead;
    is($zoom->token_calls, 3, 'one mint more');

    ok(wait_for(sub { 2 == grep { $_ != $owner } $nginx->workers }),
       'a new worker');
    is(statuses(http_wait(map { call('/zak') } 1 .. 50)), '200:50',
       'and everything works');

    $t->over;
};


subtest 'a reload in mid flight' => sub {
    my $nginx = cold();

    $zoom->control({ match => 'token', mode => 'delay', ms => 1500 });

    my @calls = map { call('/zak') } 1 .. 60;

    in_flight(1);
    $t->reload(http => $t->account('twin'), locations => $locations,
               reuseport => 1);
    push @calls, map { call('/zak') } 1 .. 40;
    http_wait(@calls);

    is(statuses(@calls), '200:100', 'nobody is lost');
    is(bodies(@calls), 1, 'one token for old and new');
    is($zoom->token_calls, 1, 'one mint');
    is($zoom->oauth_calls, 1, 'one access token');
    is($t->get('/zak')->body, $calls[0]->body, 'which is kept');

    my %new = map { ($_->header('X-Pid') // '') => 1 } @calls;
    cmp_ok(scalar keys %new, '>', 2, 'workers of two generations');

    $t->over;
};


subtest 'a first client that leaves' => sub {
    cold();
    $zoom->control({ match => 'token', mode => 'delay', ms => 700 });

    my $first = call('/zak');

    in_flight(1);

    my @others = map { call('/zak') } 1 .. 10;

    $first->abort;
    http_wait(@others);
    is(statuses(@others), '200:10', 'the others are answered');
    is($zoom->token_calls, 1, 'by the mint of the first');

    # All may leave: it is of no use to anybody, and does no harm.
    my $last = call('/fresh');

    in_flight(1);
    $last->abort;
    is($t->get('/zak')->status, 200, 'nothing is upset');

    $t->over;
};


subtest 'zoom_reuse 0' => sub {
    cold();
    $zoom->control({ match => 'token', mode => 'delay', ms => 500 });

    my @calls = http_wait(map { call('/fresh') } 1 .. 30);

    is(statuses(@calls), '200:30', 'all are answered');
    is(bodies(@calls), 1, 'those who wait together share');
    is($zoom->token_calls, 1, 'one mint');
    isnt($t->get('/fresh')->body, $calls[0]->body, 'the next is its own');
    is($zoom->token_calls, 2, 'another mint');

    $t->over;
};


subtest 'a failure is shared, too' => sub {
    cold();
    $zoom->control({ match => 'token', mode => 'delay', ms => 500 });

    my @calls = http_wait(map { call('/user?user=nobody@example.com') }
                          1 .. 50);

    is(statuses(@calls), '502:50', 'all are told');
    is($zoom->token_calls, 1, 'after one question');

    $t->over;
};


subtest 'those who cannot wait so long' => sub {
    cold();
    $zoom->control({ match => 'token', mode => 'delay', ms => 2000 });

    # The hasty one opens the flight, and the patient ones stay in it.
    my $hasty = call('/hasty');

    in_flight(1);

    my @patient = map { call('/zak') } 1 .. 10;

    http_wait($hasty);
    is($hasty->status, 504, 'go away');
    cmp_ok($hasty->took, '<', 1.5, 'in their time');
    http_wait(@patient);
    is(statuses(@patient), '200:10', 'which is no harm to the others');
    is($zoom->token_calls, 1, 'one mint');
    is($t->get('/hasty')->status, 200, 'and there is a token now');

    $t->over;
};


subtest 'all workers die' => sub {
    my $nginx = cold();

    ok(wait_for(sub { $t->get('/zak')->status == 200 }), 'warm');
    $zoom->control({ match => 'token', mode => 'hang', times => 1 });

    my @lost = map { call('/fresh') } 1 .. 10;

    in_flight(1);
    kill 'KILL', $nginx->workers;
    http_wait(@lost);

    my $start = time;
    my @calls = http_wait(map { call('/fresh') } 1 .. 20);

    is(statuses(@calls), '200:20', 'their heirs go on');
    cmp_ok(time - $start, '<', 3, 'soon');

    $t->over;
};


subtest 'an owner of the access token that dies' => sub {
    my $nginx;

    $zoom->control({ reset => 1 }, { match => 'oauth', mode => 'hang',
                                     times => 1 });
    $nginx = $t->nginx(http => $t->account('twin'), locations => $locations,
                       reuseport => 1);

    wait_for(sub { $zoom->clients('oauth') }, 3, 'an OAuth call');

    my $owner = $nginx->worker_at(($zoom->clients('oauth'))[0]);
    my @calls = map { call('/zak') } 1 .. 30;

    # Let them all arrive; nothing tells of it from outside.
    sleep 0.2;

    my %owned = map { $_ => 1 } $nginx->clients_of($owner);
    my @others = grep { !$owned{ $_->{sock}->sockport } } @calls;
    my $start = time;

    kill 'KILL', $owner;
    http_wait(@others);
    is(statuses(@others), '200:' . @others, 'the others are answered');
    cmp_ok(time - $start, '<', 3, 'soon');
    is($zoom->oauth_calls, 2, 'by one call more');
    http_wait(@calls);

    $t->over;
};


subtest 'what makes a key' => sub {
    cold();

    my $token = $t->get('/zak')->body;

    is($t->get('/twin')->body, $token,
       'accounts with the same credentials are one');
    is($zoom->oauth_calls, 1, 'with one access token');
    isnt($t->get('/ttl')->body, $token, 'another life is another token');
    is($zoom->token_calls, 2, 'two mints');

    is($t->get('/user?user=nobody@example.com')->status, 502, 'no such user');
    is($t->get('/user?user=NOBODY@example.com')->status, 502, 'still not');
    is($zoom->token_calls, 3, 'which is remembered for a while');

    $t->over;
};


$t->finish;
