#!/usr/bin/perl

# What of the store may be handed out: fresh enough, with enough life left,
# and never a dead one.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my %location = (
    reuse  => 'zoom_reuse 2s; zoom_min_left 0;',
    ends   => 'zoom_reuse 10s; zoom_min_left 0;',
    never  => 'zoom_reuse 0;',
    left   => 'zoom_reuse 1h; zoom_min_left 30m;',
    long   => 'zoom_reuse 1h; zoom_min_left 0;',
    strict => 'zoom_reuse 0; zoom_use_stale off;',
    tight  => 'zoom_reuse 0; zoom_min_left 119m;',
);

my $locations = join '', map { <<"EOC" } sort keys %location;
        location = /$_ {
            zoom_tokens        acme;
            zoom_authenticate  off;
            zoom_user          \$arg_user;
            zoom_allow_user    *;
            zoom_timeout       2s;
            $location{$_}
        }
EOC

my $nginx = $t->nginx(locations => $locations, reuseport => 1);

$zoom->control({ bots => 60 });


my $serial = 0;

sub call {
    my ($path, $n) = @_;

    return http_start(port => $t->port, path => "/$path?user="
                      . sprintf 'bot%04d@example.com&n=%d', $n, ++$serial);
}


sub ask { return scalar http_wait(call(@_)) }


sub status_of {
    my ($path, $r) = @_;
    my $wanted = $r->{path};
    my ($query) = $wanted =~ /\?(.*)/;

    return $t->logged(sub {
        $_[0]{uri} eq "/$path" && $_[0]{args} eq $query
    })->{zoom_token_status};
}


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


sub down {
    $zoom->control({ match => 'token', mode => '500' });
    $t->get('/strict?user=owner@example.com');
}


sub up { $zoom->control({ clear => 1 }) }


subtest 'zoom_reuse' => sub {
    my ($first, $second) = (ask('reuse', 1), ask('reuse', 1));
    my $end = ask('ends', 2);

    is(status_of('reuse', $first), 'MISS', 'the first is minted');
    is($second->body, $first->body, 'the next gets the same');
    is(status_of('reuse', $second), 'HIT', 'as the log says');
    isnt(ask('never', 1)->body, $first->body, 'who wants none gets his own');

    sleep 2.1;
    is(status_of('reuse', ask('reuse', 1)), 'MISS', 'for so long');

    # In the last tenth of its time a token is replaced behind the answer.
    my $calls = $zoom->token_calls;
    my ($hit, $body);

    ok(wait_for(sub {
        $hit = ask('ends', 2);
        sleep 0.1;
        $zoom->token_calls > $calls;
    }, 12), 'minted before its time is over');

    is($hit->body, $end->body, 'but nobody waited');
    ok(wait_for(sub { ask('ends', 2)->body ne $end->body }, 3),
       'the new one is used');
    is($zoom->token_calls, $calls + 1, 'one mint');
    is(scalar(grep { $_->{uri} eq '/ends' && $_->{zoom_token_status} eq 'MISS'
                   } $t->{nginx}[-1]->access_log), 1, 'but the first');
};


# Zoom mints what lives for five minutes, whatever it is asked for.
subtest 'zoom_min_left' => sub {
    $zoom->control({ zak => { exp => 300 } });

    my $first = ask('left', 11);

    is($first->status, 200, 'what is fresh is handed out');
    isnt(ask('left', 11)->body, $first->body, 'but not again');
    is(ask('left', 12)->status, 200, 'whoever asks');

    my @warnings = grep { /\[warn\].*zoom_min_left/ }
                   split /\n/, $nginx->error_log;
    is(scalar @warnings, 1, 'one warning') or diag "@warnings";

    is(ask('long', 11)->body, ask('long', 11)->body,
       'where little is enough it is kept');

    # Asked for two hours, so what lives for a day counts as two hours.
    $zoom->control({ zak => { exp => 86400 } });
    my $tight = ask('tight', 13);
    my $calls = $zoom->token_calls;

    down();
    is(ask('tight', 13)->body, $tight->body, 'a life is no longer than asked');
    up();
    $zoom->control({ zak => { exp => undef } });
    ok(wait_for(sub { ask('strict', 13)->status == 200 }, 4), 'up again');
};


subtest 'zoom_use_stale' => sub {
    $zoom->control({ zak => { exp => undef } });

    my %had = map { ($_ => ask('never', 20 + $_)->body) } 1 .. 3;

    $zoom->control({ zak => { exp => 300 } });
    ask('left', 24);
    down();

    my %got = map { ($_ => ask('never', 20 + $_)) } 1 .. 3;

    is_deeply({ map { ($_ => $got{$_}->body) } keys %got }, \%had,
              'an older one is better than none');
    is(status_of('never', $got{1}), 'STALE', 'and known as that');
    is(ask('strict', 21)->status, 503, 'for those who want none there is none');
    is(ask('left', 24)->status, 503, 'nor one with too little left');
    is(ask('long', 24)->status, 200, 'unless little is enough');

    my $start = time;
    is(statuses(http_wait(map { call('never', 21) } 1 .. 100)), '200:100',
       'many');
    cmp_ok(time - $start, '<', 1, 'without waiting');

    up();
    ok(wait_for(sub { ask('never', 21)->body ne $had{1} }, 4),
       'until Zoom is back');
    $zoom->control({ zak => { exp => undef } });
};


subtest 'the dead' => sub {
    $zoom->control({ zak => { exp => 4 } });
    my $short = ask('long', 32)->body;
    my $last = jwt_claims($short)->{exp};

    $zoom->control({ zak => { exp => undef } });
    is(ask('long', 32)->body, $short, 'a short life');
    down();

    my @answers;

    while (time < $last + 1.5) {
        push @answers, ask('long', 32);
        sleep 0.05;
    }

    my @dead = grep {
        $_->status == 200 && jwt_claims($_->body)->{exp}
                             <= $_->{started}
    } @answers;

    is(scalar @dead, 0, 'are never handed out');
    cmp_ok(scalar(grep { $_->status == 200 } @answers), '>', 2,
           'the living are');
    is($answers[-1]->status, 503, 'better none than a dead one');
    up();

    $zoom->control({ zak => { exp => -5 } });
    ok(wait_for(sub { ask('long', 33)->status != 503 }, 5), 'up again');
    is(ask('long', 33)->json->{error}, 'zoom_invalid', 'dead at birth');
    $zoom->control({ zak => { exp => undef } });
    ok(wait_for(sub { ask('long', 33)->status == 200 }, 5), 'all is well');
};


$t->finish;
