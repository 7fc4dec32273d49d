#!/usr/bin/perl

# CROWD callbacks (5000) for as many users at the same time, under Zoom's
# limits.  Whoever is refused comes back when he was told to, in one case one
# of them and in the other all.

use strict;
use warnings;

use List::Util qw(max min sum);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Chaos qw(bot);
use Zoom::Test;

my $crowd = $ENV{CROWD} // 5000;
my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my %rate = (free => 4, business => 80);
my $timeout = 12;


sub cold {
    my ($plan) = @_;

    $zoom->control({ reset => 1 }, { bots => $crowd }, { plan => $plan });

    my $nginx = $t->nginx(account => { plan => $plan }, connections => 16384,
                          http => "zoom_zone 16m;\n", locations => <<"EOC");
        zoom_authenticate  off;
        zoom_user          \$arg_user;
        zoom_allow_user    *;
        zoom_reuse         1h;
        zoom_timeout       ${timeout}s;
        access_log         off;

        location = /zak {
            zoom_tokens  acme;
        }
EOC

    wait_for(sub { $zoom->count(qw(endpoints oauth 200)) }, 5, 'a token');

    return $nginx;
}


# One of them who waits as he was told.
sub patient {
    my ($r, $n) = @_;

    sleep max(0, $r->{finished} + $r->header('Retry-After') - time);

    return http(port => $t->port, path => '/zak?' . bot($n));
}


for my $plan (qw(free business)) {
    subtest "$crowd callbacks on plan $plan" => sub {
        my $nginx = cold($plan);
        my (@served, @refused, %n);
        my $load = Zoom::Chaos->new(nginx => $nginx, done => sub {
            my ($call) = @_;

            $call->{finished} = time;
            push @{ $call->status == 200 ? \@served : \@refused }, $call;
            $n{ $call->status . ' ' . ($call->json->{error} // 'token') }++;
        });

        my $start = time;

        for my $n (1 .. $crowd) {
            $load->send_one(path => '/zak?' . bot($n));
            $load->tick(0) if $n % 50 == 0;
        }

        my $sent = time - $start;

        $load->drain;

        my $slots = ($timeout - 0.5) * $rate{$plan};
        my $limited = $zoom->count('limited', 'Light', 'QPS');

        note(sprintf '%d sent within %.1f s: %s', $crowd, $sent,
             join ', ', map { "$_: $n{$_}" } sort keys %n);
        note(sprintf 'mints: %d seen, %.0f to %.0f expected; OAuth calls: %d '
             . 'seen, 1 expected; 429: %d seen, 0 expected',
             $zoom->token_calls, $slots, $slots + $sent * $rate{$plan},
             $zoom->oauth_calls, $limited);
        note(sprintf 'the longest wait for a token %.1f s, for a refusal '
             . '%.2f s', max(map { $_->took } @served),
             max(map { $_->took } @refused));

        $load->check;
        is(join(', ', sort keys %n), '200 token, 503 rate_limited',
           'everybody got a token or was told to come back');
        cmp_ok(scalar @served, '>=', $slots * 0.95, 'as many as could be');
        cmp_ok(scalar @served, '<=', $slots + $sent * $rate{$plan} + 1,
               'and no more');
        cmp_ok(max(map { $_->took } @refused), '<', 3,
               'the refused heard at once');
        is($limited, 0, 'Zoom had nothing to refuse');

        # The last one was refused when all slots were taken.
        my $r = patient($refused[-1], $refused[-1]{path} =~ /bot(\d+)/);

        is($r->status, 200, 'who comes back as told is served');
        is($zoom->count('limited', 'Light', 'QPS'), 0, 'still no 429');
        $load->check_zone(16 << 20);

        $t->over;
    };
}


# All of them come back as told, again and again, for so long or until
# everybody has a token.

sub obey {
    my ($plan, $seconds) = @_;
    my $nginx = cold($plan);
    my (%due, %n, $done);
    my $load = Zoom::Chaos->new(nginx => $nginx, done => sub {
        my ($call) = @_;

        $n{ $call->status . ' ' . ($call->json->{error} // 'token') }++;
        $done++, return if $call->status == 200;
        my $after = $call->header('Retry-After') // 1;

        push @{ $due{ int(10 * (time + $after)) } }, $call->{path};
    });

    $due{0} = [map { '/zak?' . bot($_) } 1 .. $crowd];

    my $start = time;

    while (($done // 0) < $crowd && time - $start < $seconds) {
        my @now = map { @{ delete $due{$_} } }
                  grep { $_ <= 10 * time } sort { $a <=> $b } keys %due;

        while (my @some = splice @now, 0, 50) {
            $load->send_one(path => $_) for @some;
            $load->tick(0);
        }

        $load->tick(0.02);
    }

    # Those who wait now are served yet.
    my $took = time - $start;

    $load->drain;

    return ($load, \%n, $took);
}


for my $part (['free', 60], ['business', 150]) {
    my ($plan, $seconds) = @$part;

    subtest "a crowd of $crowd that obeys, on plan $plan" => sub {
        my ($load, $n, $took) = obey($plan, $seconds);
        my @times = map { $_->[0] } $zoom->arrivals('token');
        my $mints = $zoom->token_calls;
        my $rate = $rate{$plan};
        my $limited = $zoom->count('limited', 'Light', 'QPS');

        note(sprintf '%d answers in %.0f s: %s', $load->{answered}, $took,
             join ', ', map { "$_: $n->{$_}" } sort keys %$n);
        note(sprintf 'mints: %d seen, %.1f a second, at most %.1f expected; '
             . '429: %d seen, 0 expected', $mints, $mints / $took, $rate,
             $limited);

        $load->check;
        is(join(', ', sort keys %$n), '200 token, 503 rate_limited',
           'everybody got a token or was told to come back');
        is($n->{'200 token'}, $mints, 'no mint was in vain');
        cmp_ok($mints / $took, '>', $rate * 0.9,
               'they are served at the rate of the plan');
        is($n->{'200 token'}, $crowd, 'all of them in the end')
            if $crowd / $rate < $seconds - 30;
        is($limited, 0, 'Zoom had nothing to refuse');
        $load->check_zone(16 << 20);

        $t->over;
    };
}


$t->finish;
