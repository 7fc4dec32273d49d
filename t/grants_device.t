#!/usr/bin/perl

# Users who connect by a device code (RFC 8628): what the page answers, how Zoom
# is asked meanwhile, and what comes of it.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Grants;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);
my $alice = 'alice@other.example';

$zoom->control({ device => { interval => 1 } });

my %device = (grant => 'device_code', redirect_uri => undef,
              authorize_url => undef, device_url => '%{device_url}');

# All pages but the one that a device does not come back to.
my $conf = $grants->conf('users', <<'EOC', %device);
    location = /tokens {
        zoom_tokens        users;
        zoom_user          $arg_user;
        zoom_allow_user    *;
        zoom_reuse         0;
        zoom_authenticate  off;
    }

    location = /status {
        zoom_status;
        zoom_authenticate  off;
    }

    location = /codes/connect {
        zoom_connect       codes;
        zoom_connect_as    $http_x_who;
        zoom_authenticate  off;
    }

    location = /codes/connected {
        zoom_connected     codes;
        zoom_authenticate  off;
    }
EOC

$conf =~ s/location = \/connected \{.*?\}//s;
$conf .= $grants->account('codes', redirect_uri => $grants->here
                                                   . '/codes/connected');
$grants->allow('/codes/connected');

my $nginx = $t->nginx(http => $conf);


sub post {
    my ($who) = @_;

    return http(port => $grants->port, path => '/connect', body => '',
                headers => ['X-Who' => $who]);
}


sub polls { return $zoom->count(qw(endpoints device_poll calls)) // 0 }


sub owner {
    my ($name) = @_;
    my $r = $grants->get("/tokens?user=$name");

    return $r->status == 200 ? jwt_claims($r->body)->{uid}
                             : $r->json->{error};
}


sub polled {
    my ($n) = @_;
    my $before = polls();

    return wait_for(sub { polls() >= $before + $n }, 15);
}


# The user says no, and that is seen.
sub declines {
    my ($code) = @_;
    my $n = () = $nginx->error_log =~ /a user of a device declined/g;

    ok($zoom->approve($code, user => $alice, deny => 1), 'declined');
    ok(wait_for(sub {
        $n < (() = $nginx->error_log =~ /a user of a device declined/g);
    }, 15), 'which is told');
}


subtest 'the page' => sub {
    my $r = $grants->get('/connect', 'X-Who' => 'reader');

    is($r->status, 405, 'is no page to look at');

    $r = post('owner');
    is($r->status, 200, 'answers');

    my $json = $r->json;

    like($json->{user_code}, qr/^[A-Z]{4}-[A-Z]{4}$/, 'a code to type');
    like($json->{verification_uri}, qr{^https?://}, 'where to');
    is($json->{interval}, 1, 'how often');
    cmp_ok($json->{expires_in}, '>', 60, 'for how long');
    ok(!grep({ /device_code/ } keys %$json), 'and no device code');

    is(post('')->status, 403, 'nobody gets nothing');

    my $asked = $zoom->count(qw(issued device));

    for my $headers ($grants->forged) {
        is(http(port => $grants->port, path => '/connect', body => '',
                headers => ['X-Who' => 'victim', @$headers])->status, 403,
           "another page gets none: @$headers");
    }

    is($zoom->count(qw(issued device)), $asked, 'nor is Zoom asked for one');

    # the next are asked for alone
    declines($json->{user_code});
};


subtest 'somebody who consents' => sub {
    my $code = post('owner')->json->{user_code};

    ok(polled(2), 'Zoom is asked while the user types');
    is(owner('owner'), 'not_connected', 'before that there is no grant');

    ok($zoom->approve($code, user => $alice), 'the user consents');
    ok(wait_for(sub { owner('owner') eq 'AliceOfAnotherAccount1' }, 15),
       'and is connected');
};


# Numbers that are texts.
subtest 'an answer of another spelling' => sub {
    $zoom->control({ device => { interval => '1', expires_in => '900' } });

    my $json = post('text')->json;

    is("$json->{expires_in} $json->{interval}", '900 1',
       'is understood');
    declines($json->{user_code});
    $zoom->control({ device => { interval => 1, expires_in => 900 } });
};


subtest 'slow_down' => sub {
    $zoom->control({ device => { interval => 1, slow_down => 1 } });

    my $code = post('slow')->json->{user_code};
    my $start = time;

    ok(polled(1), 'is said once');
    ok($zoom->approve($code, user => $alice), 'the user consents');
    ok(wait_for(sub { owner('slow') eq 'AliceOfAnotherAccount1' }, 20),
       'and is connected');
    cmp_ok(time - $start, '>', 5, 'five seconds later, as RFC 8628 has it');
    $zoom->control({ device => { interval => 1, slow_down => 0 } });
};


subtest 'somebody who declines' => sub {
    declines(post('no')->json->{user_code});
    is(owner('no'), 'not_connected', 'is not connected');
    unlike($nginx->error_log, qr/\[error\].*could not connect/,
           'which is no error');
};


subtest 'somebody who takes too long' => sub {
    $zoom->control({ device => { interval => 1, expires_in => 2 } });

    my $r = post('slowly');

    is($r->json->{expires_in}, 2, 'with a code for a moment');
    ok(wait_for(sub {
        $nginx->error_log =~ /a user of a device took too long/;
    }, 15), 'is given up');

    my $n = polls();

    ok(!$zoom->approve($r->json->{user_code}, user => $alice),
       'Zoom takes the code no more');
    is(owner('slowly'), 'not_connected', 'and there is no grant');
    is(polls(), $n, 'nor is Zoom asked again');

    unlike($nginx->error_log, qr/\[error\].*could not connect/,
           'which is no error');
    $zoom->control({ device => { interval => 1, expires_in => 900 } });
};


# One person can't take the places of all others.
subtest 'somebody who asks again and again' => sub {
    my $before = () = $nginx->error_log =~ /has asked for another code/g;
    my @codes = map { post('twice')->json->{user_code} } 1 .. 8;

    ok(wait_for(sub {
        my $n = () = $nginx->error_log =~ /has asked for another code/g;

        return $n - $before >= 6;
    }, 10), 'has one code in each worker');

    ok($zoom->approve($codes[-1], user => $alice), 'the last one');
    ok(wait_for(sub { owner('twice') eq 'AliceOfAnotherAccount1' }, 15),
       'connects');
};


subtest 'what came of them' => sub {
    my $counts = $grants->get('/status')->json->{accounts}{users}{connects};

    is($counts->{connected}, 3, 'three have connected');
    is($counts->{declined}, 3, 'three have declined');
    cmp_ok($counts->{expired}, '>=', 7, 'others took too long');
};


# The worker that was asked does not stay for the sake of a code.  That of
# "twice" which nobody has confirmed may be with it.
subtest 'a reload' => sub {
    my $code = post('late')->json->{user_code};

    ok(polled(1), 'while a code is out');
    $t->reload(http => $conf);
    ok(wait_for(sub {
        $nginx->error_log =~ /quits while Zoom waits for [1-9]\d* users? of devices/;
    }, 15), 'is told of');
    is(owner('late'), 'not_connected', 'the user is not connected');

    $code = post('late')->json->{user_code};

    ok($zoom->approve($code, user => $alice), 'begins anew');
    ok(wait_for(sub { owner('late') eq 'AliceOfAnotherAccount1' }, 15),
       'and is connected');
};


# A code waits for a quarter of an hour, and anybody may ask for one.
subtest 'strangers who take all places' => sub {
    $zoom->control({ device => { interval => 60 } });

    my ($n, %full, @left) = (0);

    while ($n < 3000 && keys %full < 2) {
        my @all = http_wait(map { http_start(
            port => $grants->port, path => '/connect', body => '',
            headers => ['X-Who' => "stranger$n-$_"]) } 1 .. 50);

        $n += 50;
        push @left, grep { $_->status != 200 } @all;
        $full{ $_->header('X-Pid') } = 1 for @left;
    }

    is(scalar keys %full, 2, "are refused by both workers, of $n");
    is($left[-1]->status . ' ' . $left[-1]->json->{error}, '503 overloaded',
       'with a reason');
    is($grants->connect("coder$_", path => '/codes/connect', user => $alice)
              ->status, 200, 'who has consented connects') for 1 .. 4;

    $zoom->control({ device => { interval => 1 } });
    $t->reload(http => $conf);
};


subtest 'the end' => sub {
    post("last$_") for 1 .. 20;
    ok(polled(1), 'while codes are out');

    ok($nginx->quit, 'nginx does not wait for them');
};


$t->finish;
