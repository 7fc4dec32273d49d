package Zoom::Partition;

# Ways to one Redis that can be cut, one for each host.
#
#     my $ways = Zoom::Partition->new($t, 3);
#     my $fleet = $ways->fleet;
#     my @hosts = map { $fleet->host(url => $ways->url($_), ...) } 0 .. 2;
#
#     $ways->cut(0);
#     $ways->heal(0);
#
# As root Redis lives in a network namespace with a cable to each host, and what
# is sent over one that is cut vanishes, in both directions, as behind a
# firewall: nothing is refused, connections stay as they are.  Elsewhere there
# are relays on loopback that stand still: connections are still accepted.
# how() says which of these it is.

use strict;
use warnings;

use IO::Socket::INET;
use Test::More ();

use Zoom::Fleet;
use Zoom::Process qw(spawn free_ports slurp wait_for);

# Of nobody: it is where all packets go that shall not arrive.
use constant NOWHERE => '02:00:00:00:00:01';

my $parent = $$;
my @open;


sub new {
    my ($class, $t, $n) = @_;
    my $self = bless { t => $t, n => $n }, $class;

    ($self->{port}) = free_ports(1);
    push @open, $self;
    $self->relays if !$self->namespace;
    Test::More::note('partitions: ' . $self->how);

    return $self;
}


sub how {
    my ($self) = @_;

    return $self->{space} ? 'packets vanish between network namespaces'
                          : 'relays on loopback stand still (no root, or no '
                            . 'network namespaces)';
}


sub ip {
    return system('sh', '-c', 'exec ip "$@" 2> /dev/null', 'ip', @_) == 0;
}


# Cable 0 is the test's own, and is never cut.
sub namespace {
    my ($self) = @_;
    my $space = "zoom-$$";

    return if $> != 0 || !ip('netns', 'add', $space);

    $self->{space} = $space;
    $self->{net} = '198.18.' . $$ % 256;     # for tests of networks: RFC 2544

    for my $i (0 .. $self->{n}) {
        if (!$self->cable($i)) {
            $self->clear;
            return;
        }
    }

    return 1;
}


sub cable {
    my ($self, $i) = @_;
    my ($here, $there) = ("zh$i-$$", "zt$i-$$");
    my ($ours, $its) = map { "$self->{net}." . (4 * $i + $_) } 1, 2;
    my $space = $self->{space};

    $self->{cables}[$i] = { here => $here, there => $there, ours => $ours,
                            its => $its };

    return ip('link', 'add', $here, 'type', 'veth', 'peer', 'name', $there,
              'netns', $space)
           && ip('addr', 'add', "$ours/30", 'dev', $here)
           && ip('link', 'set', $here, 'up')
           && ip('-n', $space, 'addr', 'add', "$its/30", 'dev', $there)
           && ip('-n', $space, 'link', 'set', $there, 'up');
}


sub fleet {
    my ($self, %o) = @_;

    return $self->{fleet} = Zoom::Fleet->new($self->{t}, %o,
                                             port => $self->{port})
        if !$self->{space};

    return $self->{fleet} = Zoom::Fleet->new($self->{t}, %o,
        port      => $self->{port},
        exec      => ['ip', 'netns', 'exec', $self->{space}],
        bind      => join(' ', map { $_->{its} } @{ $self->{cables} }),
        arguments => [@{ $o{arguments} // [] }, '--protected-mode', 'no'],
    );
}


sub url {
    my ($self, $host) = @_;

    return "redis://127.0.0.1:$self->{relays}[$host]{port}"
        if !$self->{space};
    return "redis://$self->{cables}[$host + 1]{its}:$self->{port}";
}


sub cut {
    my ($self, $host) = @_;
    my $cable = $self->{cables}[$host + 1];

    return kill 'STOP', $self->{relays}[$host]{pid} if !$self->{space};

    ip('neigh', 'replace', $cable->{its}, 'lladdr', NOWHERE,
       'dev', $cable->{here}, 'nud', 'permanent')
        && ip('-n', $self->{space}, 'neigh', 'replace', $cable->{ours},
              'lladdr', NOWHERE, 'dev', $cable->{there}, 'nud', 'permanent')
        or die "ip neigh: $?\n";
}


sub heal {
    my ($self, $host) = @_;
    my $cable = $self->{cables}[$host + 1];

    return kill 'CONT', $self->{relays}[$host]{pid} if !$self->{space};

    ip('neigh', 'del', $cable->{its}, 'dev', $cable->{here})
        && ip('-n', $self->{space}, 'neigh', 'del', $cable->{ours}, 'dev',
              $cable->{there})
        or die "ip neigh: $?\n";
}


sub relays {
    my ($self) = @_;

    for my $i (0 .. $self->{n} - 1) {
        my ($port) = free_ports(1);
        my $sock = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                         LocalPort => $port, Listen => 128,
                                         ReuseAddr => 1) or die "tcp: $!\n";

        $self->{relays}[$i] = {
            port => $port,
            pid  => spawn(name => 'relay', run => sub { $self->relay($sock) }),
        };
    }
}


sub relay {
    my ($self, $listener) = @_;
    my %other;

    local $SIG{PIPE} = 'IGNORE';

    while (1) {
        my $r = '';

        vec($r, fileno $_->[0], 1) = 1 for [$listener], values %other;
        select $r, undef, undef, undef;

        for my $fd (keys %other) {
            next if !$other{$fd} || !vec $r, $fd, 1;

            my ($from, $to) = @{ $other{$fd} };
            my $n = sysread $from, my $bytes, 65536;

            if ($n && (syswrite($to, $bytes) // 0) == $n) {
                next;
            }

            delete @other{ fileno $from, fileno $to };
            close $_ for $from, $to;
        }

        if (vec $r, fileno $listener, 1) {
            my $client = $listener->accept or next;
            my $redis = IO::Socket::INET->new(
                PeerAddr => '127.0.0.1', PeerPort => $self->{port}) or next;

            $other{ fileno $client } = [$client, $redis];
            $other{ fileno $redis } = [$redis, $client];
        }
    }
}


# A namespace takes its cables with it.
sub clear {
    my ($self) = @_;

    $_ && kill 'CONT', $_->{pid} for @{ $self->{relays} // [] };
    ip('netns', 'del', $self->{space}) if $self->{space};
    delete $self->{space};
}


END {
    if ($$ == $parent) {
        local $?;
        $_->clear for @open;
    }
}


1;
