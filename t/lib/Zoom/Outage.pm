package Zoom::Outage;

# Zoom is gone for a while, in one of several ways, and all the time there are
# callers: some whose users have tokens, and some whose users have none.
#
#     my $outage = Zoom::Outage->new(test => $t, account => 'down');
#     $outage->warm->begin('hang')->run(60)->end->check;
#
# The account is one of Zoom::Accounts; "cold" => seconds is what those who
# have no token wait at most.

use strict;
use warnings;

use List::Util qw(max sum);
use Test::More;
use Time::HiRes qw(time);

use Zoom::Chaos qw(bot);
use Zoom::HTTP qw(http);

use constant {
    KNOWN   => 20,      # users that have tokens
    USERS   => 60,
    PACE    => 0.02,    # seconds between callers
    COLD    => 10,      # one of so many has no token
    SAMPLE  => 0.1,     # seconds between looks at the counters
    RECOVER => 2,
};


my %BEGIN = (
    refused => sub { $_[0]->shut },
    tls     => sub { $_[0]->disguise },
    hang    => sub { $_[0]->control({ match => 'all', mode => 'hang' }) },
    503     => sub { $_[0]->control({ match => 'all', mode => '503' }) },
);


sub new {
    my ($class, %o) = @_;
    my $self = bless { cold => 3, %o, n => 0, known => {}, unknown => {},
                       samples => [], late => [] }, $class;

    $self->{load} = Zoom::Chaos->new(
        nginx => $o{test}{nginx}[-1],
        done  => sub { $self->done(@_) },
    );

    return $self;
}


sub zoom { return $_[0]{test}->zoom }


# What became of a caller.
sub done {
    my ($self, $call) = @_;
    my $cold = $call->{path} =~ m{/bare};
    my $error = $call->json->{error};
    my $what = $call->status . ($error ? " $error" : '');

    if (!$cold) {
        $self->{known}{$what}++;
        return;
    }

    $self->{first} //= time if $self->{ended} && $call->status == 200;

    # What was asked before the outage was known, or after its end, is another
    # matter.
    my $phase = $self->{ended} ? 'after' : $self->{seen} ? 'unknown'
                                                         : 'before';

    $phase = 'before' if $phase eq 'unknown'
                         && $call->{started} < $self->{seen};
    $self->{$phase}{$what}++;
    push @{ $self->{late} }, $call
        if $phase ne 'after' && $call->took > $self->{cold} + 0.5;
    $self->{wrong} = $call
        if $phase eq 'after' && $call->status != 200
           && $call->{started} > $self->{ended} + RECOVER;
}


sub send_one {
    my ($self) = @_;
    my $n = $self->{n}++;
    my $path = "/$self->{account}";

    return $self->{load}->send_one(path => $n % COLD
        ? "$path?" . bot(1 + $n % KNOWN)
        : "$path/bare?" . bot(KNOWN + 1 + $n / COLD % (USERS - KNOWN)));
}


# How often Zoom was called, by our own counters: it can't count what does not
# reach it.
sub sample {
    my ($self) = @_;
    my $json = http(port => $self->{test}->port,
                    path => '/status?format=json')->json;
    my $fare = $json->{accounts}{ $self->{account} };

    my $calls = sum(values %{ $fare->{requests} });
    my $now = time;

    # of a certificate that is not trusted it is "broken"
    $self->{seen} //= $now
        if grep { ref eq 'HASH'
                  && ($_->{condition} // '') =~ /^(?:outage|broken)$/ }
           values %$fare;

    push @{ $self->{samples} }, [$now, $calls];

    return $calls;
}


# Callers, until the time is over or it is enough.
sub go {
    my ($self, $seconds, $enough) = @_;
    my $end = time + $seconds;
    my ($next, $look) = (time, time);

    while (time < $end && !($enough && $enough->())) {
        while (time > $next) {
            $self->send_one;
            $next += PACE;
        }

        $self->{load}->tick(0.005);

        if (time > $look) {
            $self->sample;
            $look += SAMPLE;
        }
    }

    return $self;
}


# Everybody who will be known gets a token.
sub warm {
    my ($self) = @_;
    my $missing = $self->{load}->ask_each(map { "/$self->{account}?" . bot($_) }
                                          1 .. KNOWN);

    is($missing, 0, 'warm');
    $self->{known} = {};

    return $self;
}


# Comes back when the outage is known.
sub begin {
    my ($self, $kind) = @_;

    $self->{kind} = $kind;
    $self->{calls} = $self->sample;
    $BEGIN{$kind}->($self->zoom);
    $self->{began} = time;
    $self->go(20, sub { $self->{seen} });
    $self->{seen} //= time + 1e9;

    return $self;
}


sub run {
    my ($self, $seconds) = @_;

    return $self->go($seconds);
}


sub end {
    my ($self) = @_;

    $self->sample;
    $self->{ended} = time;
    $self->{kind} =~ /^(?:refused|tls)$/ ? $self->zoom->restore
                                         : $self->zoom->control({ clear => 1 });
    $self->go(RECOVER + 3, sub { $self->{first} });
    $self->go(RECOVER + 1);
    $self->{load}->drain;

    return $self;
}


# By how much more than one a second there were, at the worst.  The first one
# is free.
sub excess {
    my ($self) = @_;
    my ($worst, $least) = (0, undef);

    for (grep { $_->[0] >= $self->{seen} && $_->[0] <= $self->{ended} }
         @{ $self->{samples} })
    {
        my $over = $_->[1] - $_->[0];

        $least = $over if !defined $least || $over < $least;
        $worst = max($worst, $over - $least);
    }

    return $worst;
}


sub tally {
    my ($n) = @_;

    return join(', ', map { "$_: $n->{$_}" } sort keys %$n) || 'none';
}


sub report {
    my ($self) = @_;
    my ($before, $calls) = @$self{qw(calls calls)};

    for (@{ $self->{samples} }) {
        $before = $_->[1] if $_->[0] <= $self->{seen};
        $calls  = $_->[1] if $_->[0] <= $self->{ended};
    }

    $self->{during} = $calls - $before;

    note(sprintf '%s: %.1f s, known after %.1f s, over after %.2f s '
         . '(expected: below %d s)', $self->{kind},
         $self->{ended} - $self->{began}, $self->{seen} - $self->{began},
         ($self->{first} // 9e9) - $self->{ended}, RECOVER);
    note('known users: ' . tally($self->{known}) . ' (expected: 200)');
    note('unknown ones, until it was known: ' . tally($self->{before})
         . '; then: ' . tally($self->{unknown}) . ' (expected: 503); '
         . 'afterwards: ' . tally($self->{after}));
    note(sprintf 'calls to Zoom: %d until it was known, then %d seen, at most '
         . '%d expected', $before - $self->{calls}, $self->{during},
         $self->{ended} - $self->{seen} + 1);
}


sub check {
    my ($self) = @_;
    my $kind = $self->{kind};

    $self->report;
    $self->{load}->check;

    is(join(' ', keys %{ $self->{known} }), '200',
       'known users got their tokens');
    is(join(' ', keys %{ $self->{unknown} }), '503 zoom_unavailable',
       'the others were told why not');
    is(join(', ', map { sprintf '%d after %.1f s', $_->status, $_->took }
                  @{ $self->{late} }), '', 'in their time');

    # Calls are seen where they arrive: late ones leave less to the next.
    cmp_ok($self->excess, '<=', $ENV{ZOOM_ASAN} ? 1.5 : 1.15,
           'at most one new call a second');
    cmp_ok($self->{during}, '>=', ($self->{ended} - $self->{seen}) / 2 - 1,
           'nor much less');
    cmp_ok(($self->{first} // 9e9) - $self->{ended}, '<', RECOVER,
           'the end is seen soon');
    ok(!$self->{wrong}, 'and then everybody is served')
        or diag($self->{wrong}->status . ' ' . $self->{wrong}->body);
}


1;
