#!/usr/bin/perl

# Zoom's worst day, and ours: an outage is probed once a second, what is broken
# ever more rarely, and known users hardly notice.

use strict;
use warnings;

use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Accounts;
use Zoom::Process qw(free_ports);
use Zoom::Test;

my @accounts = qw(down hang quiet oauth);
my ($t, $zoom) = accounts(@accounts);


# Keeps asking for known users until the time is over.  All the calls.
sub keep_asking {
    my ($path, $seconds) = @_;
    my $end = time + $seconds;
    my (@all, $n);

    while (time < $end) {
        my @calls = http_wait(map { call($path, 1 + $n++ % 20) } 1 .. 10);

        push @all, @calls;
        sleep 0.02;
    }

    return @all;
}


sub stale {
    my ($path) = @_;
    my %n;

    $n{ $_->{zoom_token_status} }++
        for grep { $_->{uri} eq "/$path" } $t->{nginx}[-1]->access_log;

    return \%n;
}


start(tokens => scalar @accounts, hang => { request_timeout => '1s' },
      oauth => { oauth_url => 'https://127.0.0.1:' . (free_ports(1))[0]
                              . '/oauth/token' });


sub outage {
    my ($account, $rule, $what) = @_;

    is(statuses(http_wait(map { call($account, $_) } 1 .. 20)), '200:20',
       "$what: warm");

    $zoom->control({ %$rule, match => 'token', path => 'users/bot' });

    # Some that nobody knows make it an outage.
    http_wait(map { call("$account/cold", $_) } 31 .. 40);

    my $before = $zoom->token_calls;
    my $start = time;
    my @calls = keep_asking($account, 2.5);
    my $took = time - $start;
    my $n = $zoom->token_calls - $before;

    is(statuses(@calls), '200:' . @calls, "$what: known users get theirs");
    cmp_ok(scalar @calls, '>', 50, "$what: many of them");
    cmp_ok(max(map { $_->took } @calls), '<', 0.9, "$what: without waiting");
    cmp_ok($n, '<=', $took + 1.5, "$what: Zoom is asked once a second");
    cmp_ok($n, '>=', 1, "$what: and is asked");

    # The 503 comes in time and says when to come back.
    my ($cold) = http_wait(call("$account/cold", 41));

    is($cold->status, 503, "$what: nothing for those who have none");
    is($cold->json->{error}, 'zoom_unavailable', "$what: they are told why");
    like($cold->header('Retry-After'), qr/^[1-9]$/, "$what: come back soon");

    $zoom->control({ clear => 1 });
    $start = time;

    my $back = wait_for(sub {
        grep { $_->status == 200 }
            http_wait(map { call("$account/cold", 42 + $_) } 1 .. 2);
    }, 5);

    ok($back, "$what: it ends");
    cmp_ok(time - $start, '<', 2.5, "$what: and that is seen");
    cmp_ok(stale($account)->{STALE}, '>=', @calls - 20,
           "$what: the log knows what was stale");
}


subtest 'errors' => sub {
    outage('down', { mode => '500' }, 'errors');

    my @errors = lines(qr/\[error\].*"down"/);
    my @over = lines(qr/\[notice\].*"down".*works again/);

    is(scalar @errors, 1, 'one line for it') or diag "@errors";
    like($errors[0], qr/status\.zoom\.us/, 'which tells where to look');
    is(scalar @over, 1, 'one when it ends');
    like($over[0], qr/after [1-9]\d* s, [1-9]\d* failed/, 'with a count');
};


# That is known after "request_timeout"; the probes know no better.
subtest 'silence' => sub {
    outage('hang', { mode => 'hang', ms => 6000 }, 'silence');
};


# A young outage may be over before the callbacks' time is.
subtest 'a short outage' => sub {
    $zoom->control({ match => 'token', mode => '503', path => 'users/bot' });

    my @calls = map { call('quiet', $_) } 1 .. 30;

    wait_for(sub { $zoom->count('misbehaved', '503') >= 8 }, 5, 'an outage');
    $zoom->control({ clear => 1 });
    http_wait(@calls);

    is(statuses(@calls), '200:30', 'is waited for');
};


subtest 'no OAuth' => sub {
    my @calls = http_wait(map { call('oauth/cold', $_) } 1 .. 30);

    is(statuses(@calls), '503:30', 'nothing goes');
    cmp_ok(max(map { $_->took } @calls), '<', 3.5, 'in their time');
    is_deeply([grep { $_->json->{error} ne 'zoom_unavailable'
                      || !$_->header('Retry-After') } @calls], [],
              'all are told why and when');
    ok(wait_for(sub { lines(qr/\[error\].*"oauth"/) }, 10), 'so does the log');
    is(http(port => $t->port, path => '/oauth/health')->status, 503,
       'health tells');
};


$t->finish;
