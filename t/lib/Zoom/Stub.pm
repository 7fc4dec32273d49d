package Zoom::Stub;

# Two small servers that stand between nginx and the stand-in: a DNS server
# over UDP and a CONNECT proxy.  Both run in a child and write what they were
# asked into a file.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use Socket qw(AF_INET AF_INET6 inet_pton);
use Time::HiRes qw(sleep);

use Zoom::Process qw(spawn stop slurp);


sub note {
    my ($self, $line) = @_;

    open my $fh, '>>', $self->{log} or return;
    print {$fh} "$line\n";
    close $fh;
}


sub log  { return split /\n/, slurp($_[0]{log}) }
sub port { return $_[0]{port} }


sub stop_it {
    my ($self) = @_;

    stop($self->{pid}, 'KILL');
}


sub launch {
    my ($self, $run) = @_;

    $self->{port} = $self->{sock}->sockport;
    $self->{pid} = spawn(name => 'stub', run => sub { $run->($self) },
                         output => "$self->{log}.output");
    close delete $self->{sock};

    return $self;
}


# names => { name => [addresses] }, of IPv4 or IPv6; any other name does not
# exist.  A name with no address at all is never answered.  file => has lines
# with a name and its addresses, and may change.

sub dns {
    my ($class, %o) = @_;
    my $self = bless { %o }, $class;

    $self->{sock} = IO::Socket::INET->new(
        Proto => 'udp', LocalAddr => '127.0.0.1', LocalPort => 0,
    ) or die "udp: $!\n";

    return $self->launch(\&serve_dns);
}


sub named {
    my ($file, $name) = @_;

    for (map { [split ' '] } split /\n/, slurp($file)) {
        my ($known, @addresses) = @$_;

        return \@addresses if $known eq $name;
    }

    return;
}


sub dns_answer {
    my ($self, $query) = @_;
    my ($id, $question) = (substr($query, 0, 2), substr $query, 12);
    my ($name, $at) = ('', 0);

    while (my $n = ord substr $question, $at, 1) {
        $name .= '.' if $at;
        $name .= substr $question, $at + 1, $n;
        $at += $n + 1;
    }

    my $type = unpack 'n', substr $question, $at + 1, 2;
    my $known = $self->{file} ? named($self->{file}, lc $name)
                              : $self->{names}{lc $name};

    $self->note("$name " . ($type == 1 ? 'A' : $type == 28 ? 'AAAA' : $type));
    return if $known && !@$known;

    my @addresses = grep { $type == (/:/ ? 28 : 1) } @{ $known // [] };
    my $answer = $id . pack('n5', 0x8180 | ($known ? 0 : 3), 1,
                            scalar @addresses, 0, 0)
                 . substr $question, 0, $at + 5;

    for (@addresses) {
        my $bytes = inet_pton(/:/ ? AF_INET6 : AF_INET, $_);

        $answer .= pack 'nnnNn/a*', 0xc00c, $type, 1, 60, $bytes;
    }

    return $answer;
}


sub serve_dns {
    my ($self) = @_;

    while (defined(my $from = $self->{sock}->recv(my $query, 4096))) {
        my $answer = $self->dns_answer($query);

        $self->{sock}->send($answer, 0, $from) if defined $answer;
    }
}


# A CONNECT proxy.  "to" leads every connection to that port of ours, whatever
# name was asked for; "refuse" answers this status instead, "delay" is what it
# takes to make a connection.

sub proxy {
    my ($class, %o) = @_;
    my $self = bless { %o }, $class;

    $self->{sock} = IO::Socket::INET->new(
        Listen => 64, LocalAddr => '127.0.0.1', LocalPort => 0,
    ) or die "tcp: $!\n";

    return $self->launch(\&serve_proxy);
}


sub serve_proxy {
    my ($self) = @_;

    $SIG{CHLD} = 'IGNORE';

    while (my $client = $self->{sock}->accept) {
        next if fork;

        $self->tunnel($client);
        POSIX::_exit(0);
    }
}


sub tunnel {
    my ($self, $client) = @_;
    my $head = '';

    while ($head !~ /\r\n\r\n/) {
        sysread $client, $head, 4096, length $head or return;
    }

    $self->note($head =~ /\A([^\r]*)/);

    # Whatever was not meant for a proxy's eyes shows here.
    $self->note("header $1") while $head =~ /^(\S+: [^\r]*)/mg;

    if ($self->{refuse}) {
        syswrite $client, "HTTP/1.1 $self->{refuse} No\r\n"
                          . "Content-Length: 0\r\n\r\n";
        return;
    }

    sleep $self->{delay} if $self->{delay};

    my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $self->{to}) or return;

    syswrite $client, "HTTP/1.1 200 Connection established\r\n\r\n";
    shovel($client, $server);
}


sub shovel {
    my ($one, $other) = @_;
    my $select = IO::Select->new($one, $other);

    while (1) {
        for my $from ($select->can_read) {
            my $to = $from == $one ? $other : $one;

            sysread $from, my $bytes, 65536 or return;
            syswrite $to, $bytes;
        }
    }
}


1;
