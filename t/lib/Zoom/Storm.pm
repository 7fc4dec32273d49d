package Zoom::Storm;

# Callers of several hosts that go on whatever happens to hosts and store, while
# things happen at their times.
#
#     my $storm = Zoom::Storm->new(hosts => \@hosts, clients => 12,
#                                  path => sub { ... }, zoom => $zoom);
#
#     $storm->run(50, [5, 'cut off', sub { ... }], [45, 'healed', sub { ... }]);
#     $storm->until('restarting', sub { ... }, 20);
#     $storm->drain;
#     $storm->check(200);
#
# "also" is one more path, of which each host is asked "rate" times a second.
# What was sent by ask() is shown to "seen".  Each part between two things is
# told of: what was answered by which host, how many were minted, and the 429s.

use strict;
use warnings;

use List::Util qw(max sum0);
use Test::More;
use Time::HiRes qw(time);

use Zoom::Chaos qw(bot);
use Zoom::HTTP qw(http_start http_wait);

my $known = 60;


# Of a host that is asked as by wanting().
sub locations {
    return <<'EOC';
        zoom_authenticate  off;
        zoom_user          $arg_user;
        zoom_allow_user    *;
        zoom_timeout       10s;
        access_log         off;

        location = /zak {
            zoom_tokens  acme;
            zoom_reuse   1h;
        }

        location = /fresh {
            zoom_tokens  acme;
            zoom_reuse   0;
        }
EOC
}


# Callers who want more than there is, as each of them is a mint, beside users
# whom all hosts know.
sub wanting {
    my ($class, %o) = @_;

    for my $host (@{ $o{hosts} }) {
        http_wait(map { http_start(port => $host->port,
                                   path => '/zak?' . bot($_)) } 1 .. $known);
    }

    return $class->new(
        clients => 12, first => 'all is well',
        path    => sub { '/fresh?' . bot(1 + $known + int rand 3900) },
        also    => sub { '/zak?' . bot(1 + int rand $known) }, %o);
}


sub new {
    my ($class, %o) = @_;
    my $self = bless { clients => 10, rate => 50, %o, parts => [],
                       refused => [] }, $class;

    $self->add($_) for @{ $o{hosts} };

    return $self;
}


# One more host.
sub add {
    my ($self, $host) = @_;
    my $n = @{ $self->{loads} // [] };

    push @{ $self->{loads} }, Zoom::Chaos->new(
        nginx => $host, clients => $self->{clients}, path => $self->{path},
        done  => sub { $self->done($n, $_[0]) },
    );

    return $n;
}


sub loads { return @{ $_[0]{loads} } }


sub done {
    my ($self, $n, $answer) = @_;
    my $kind = $answer->{kind} // 'path';

    $self->{now}{answers}[$n]{$kind}++;
    $self->{longest}{$kind} = max($self->{longest}{$kind} // 0, $answer->took);
    $self->{statuses}{$kind}{ $answer->status }++;

    if ($answer->status != 200 && @{ $self->{refused} } < 10) {
        push @{ $self->{refused} },
             sprintf '%s: %s %s', $answer->{path}, $answer->status,
                     substr $answer->body // '', 0, 200;
    }

    $self->{seen}->($n, $answer) if $self->{seen} && $kind eq 'seen';
}


# One more call.
sub ask {
    my ($self, $n, $path, %o) = @_;

    return $self->send($n, 'seen', path => $path, %o);
}


sub send {
    my ($self, $n, $kind, @o) = @_;
    my $call = $self->{loads}[$n]->send_one(@o);

    $call->{kind} = $kind;

    return $call;
}


# All processes of it at once; who was connected to them has lost.
sub kill_host {
    my ($self, $n) = @_;
    my $load = $self->{loads}[$n];
    my $nginx = $load->{nginx};

    $load->{dead} = 1;
    $load->{victims}{ $_->{from} } = 1 for values %{ $load->{open} };
    $load->{kills}++;
    kill 'KILL', $nginx->pid, $nginx->workers;
}


# No new requests to a host that is about to leave.
sub leave {
    my ($self, $n) = @_;

    $self->{loads}[$n]{dead} = 1;
}


sub fill {
    my ($self, $n) = @_;
    my $load = $self->{loads}[$n];
    my $open = $load->{open};

    return if $load->{dead};

    my $also = $self->{also};
    my $others = grep { $_->{kind} } values %$open;

    $load->send_one while keys(%$open) - $others < $load->{clients};
    return if !$also;

    $load->{next} //= time;

    while ($load->{next} < time) {
        $load->{next} = max($load->{next} + 1 / $self->{rate}, time - 0.2);
        $self->send($n, 'also', path => $also->());
    }
}


sub begin {
    my ($self, $name) = @_;
    my $zoom = $self->{zoom};

    $self->{now} = { name => $name, began => time, answers => [],
                     mints => $zoom->token_calls,
                     limited => $zoom->count(qw(limited Light QPS)) };
    push @{ $self->{parts} }, $self->{now};
}


sub end {
    my ($self) = @_;
    my ($now, $zoom) = (delete $self->{now}, $self->{zoom});

    $now->{took} = time - $now->{began};
    $now->{mints} = $zoom->token_calls - $now->{mints};
    $now->{limited} = $zoom->count(qw(limited Light QPS)) - $now->{limited};

    note(sprintf '%s: %.1f s, %.1f mints a second, %d 429s; a second, of each '
         . 'host: %s%s', @$now{qw(name took)}, $now->{mints} / $now->{took},
         $now->{limited}, $self->rates($now, 'path'),
         $self->{also} ? '; of those who are known: '
                         . $self->rates($now, 'also') : '');
}


sub rates {
    my ($self, $now, $kind) = @_;

    return join ' ', map { sprintf '%.1f', ($now->{answers}[$_]{$kind} // 0)
                                           / $now->{took} }
                     0 .. $#{ $self->{loads} };
}


# Things: [at, name, sub]; without a sub a part only ends there.
sub run {
    my ($self, $seconds, @things) = @_;
    my $began = time;

    $self->begin($self->{first} // 'as ever') if !$self->{now};

    while ((my $at = time - $began) < $seconds) {
        if (@things && $at >= $things[0][0]) {
            my (undef, $name, $sub) = @{ shift @things };

            $self->end;
            $sub->() if $sub;
            $self->begin($name);
        }

        $self->turn;
    }

    return $self;
}


sub turn {
    my ($self) = @_;

    for my $n (0 .. $#{ $self->{loads} }) {
        my $load = $self->{loads}[$n];

        $self->fill($n);
        $load->tick(0.003) if keys %{ $load->{open} };
    }
}


# One more part, until something is so; whether it was in that time.
sub until {
    my ($self, $name, $is_so, $seconds) = @_;
    my ($began, $next, $so) = (time, 0);

    $self->end if $self->{now};
    $self->begin($name);

    while (!$so && time - $began < $seconds) {
        $self->turn;
        next if time < $next;
        $so = $is_so->();
        $next = time + 0.05;
    }

    return $so;
}


sub drain {
    my ($self) = @_;

    while (grep { keys %{ $_->{open} } } $self->loads) {
        $_->tick(0.005) for $self->loads;
    }

    $self->end;
}


# The 429s of the parts whose name fits.
sub limited {
    my ($self, $fits) = @_;

    return sum0(map { $_->{limited} } grep { $_->{name} =~ $fits }
                                      @{ $self->{parts} });
}


# Statuses that callers may get, of "path".
sub check {
    my ($self, $may) = @_;

    $_->check for $self->loads;

    my %other = %{ $self->{statuses}{path} // {} };

    delete $other{$_} for grep { /^(?:$may)$/ } keys %other;
    is_deeply(\%other, {}, 'all callers are answered')
        or diag(join "\n", @{ $self->{refused} });

    return if !$self->{also};

    is(join(' ', keys %{ $self->{statuses}{also} }), '200',
       'no callback failed for those who are known')
        or diag(join "\n", @{ $self->{refused} });
}


sub longest { return $_[0]{longest}{ $_[1] } // 0 }


1;
