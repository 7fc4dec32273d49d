package Zoom::Sentinel;

# Real sentinels in a test.
#
#     my $sentinels = Zoom::Sentinel->new($t, master => $fleet->port, n => 3);
#
#     $sentinels->url;                # redis+sentinel://.../mymaster
#     $sentinels->master;             # the port of the master, as all say

use strict;
use warnings;

use Zoom::Fleet;
use Zoom::Process qw(spawn spew stop wait_for free_ports);


# quorum => 2; password => what they demand.
sub new {
    my ($class, $t, %o) = @_;
    my $self = bless { t => $t, n => 3, quorum => 2, %o }, $class;
    my $demands = $o{password} ? "requirepass $o{password}" : '';
    my $dir = $t->dir . '/' . ($o{name} // 'sentinel');

    mkdir $dir or die "$dir: $!\n";
    $self->{ports} = [free_ports($self->{n})];

    for my $port (@{ $self->{ports} }) {
        spew("$dir/$port.conf", <<"EOC");
port $port
bind 127.0.0.1
dir $dir
sentinel monitor mymaster 127.0.0.1 $self->{master} $self->{quorum}
sentinel down-after-milliseconds mymaster 1000
sentinel failover-timeout mymaster 5000
$demands
EOC
        push @{ $self->{pids} }, spawn(
            name   => 'sentinel',
            output => "$dir/$port.log",
            argv   => [Zoom::Fleet::server(), "$dir/$port.conf", '--sentinel'],
        );
    }

    wait_for(sub { $self->all(sub { 1 }) }, 20, 'sentinels');

    return $self;
}


sub url {
    my ($self, @others) = @_;

    return 'redis+sentinel://'
           . join(',', @others, map { "127.0.0.1:$_" } @{ $self->{ports} })
           . '/mymaster';
}


# A command to one of them.
sub command {
    my ($self, $i, @words) = @_;
    my $one = bless { port => $self->{ports}[$i], password => $self->{password} },
                    'Zoom::Fleet';

    return $one->command(@words);
}


# Whether what they say is true of all.
sub all {
    my ($self, $true, @words) = @_;

    @words = ('PING') if !@words;

    for my $i (0 .. $self->{n} - 1) {
        my $said = eval { $self->command($i, @words) };

        return 0 if !defined $said || !$true->($said);
    }

    return 1;
}


# What each of them says of the master: "num-slaves", "flags".
sub about {
    my ($self, $i) = @_;

    return { @{ $self->command($i, qw(SENTINEL MASTER mymaster)) } };
}


# The master's port, if they all say the same.
sub master {
    my ($self) = @_;
    my %ports;

    $self->all(sub { $ports{ $_[0][1] } = 1 },
               qw(SENTINEL get-master-addr-by-name mymaster))
        or return 0;

    return keys %ports == 1 ? (keys %ports)[0] : 0;
}


# They know each other, and the replicas, and may begin.
sub ready {
    my ($self, $replicas) = @_;

    for my $i (0 .. $self->{n} - 1) {
        my $about = $self->about($i);

        return 0 if $about->{'num-slaves'} < $replicas
                    || $about->{'num-other-sentinels'} < $self->{n} - 1
                    || $about->{flags} ne 'master';
    }

    return 1;
}


sub stop_them {
    my ($self) = @_;

    stop($_, 'TERM', 5) for @{ $self->{pids} };
}

1;
