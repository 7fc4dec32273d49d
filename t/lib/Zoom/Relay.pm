package Zoom::Relay;

# A network between a host and what it talks to, which can be cut.
#
#     my $relay = Zoom::Relay->start($t, to => $port);
#
#     $relay->cut;        # nothing comes through, and nobody is told
#     $relay->mend;       # for connections that are made from now on
#
# With "late", a pattern, what is answered after such a request is held back
# until all is mended.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;

use Zoom::Process qw(spawn wait_for slurp);

my $relays = 0;


sub start {
    my ($class, $t, %o) = @_;
    my $self = bless { %o, log => $t->dir . '/relay.' . ++$relays }, $class;

    $self->{sock} = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 128,
        ReuseAddr => 1,
    ) or die "tcp: $!\n";

    $self->{port} = $self->{sock}->sockport;
    $self->{pid} = spawn(name => 'relay', run => sub { $self->serve },
                         output => $self->{log});
    close delete $self->{sock};

    return $self;
}


sub port { return $_[0]{port} }


sub told {
    my ($self, $signal, $word) = @_;
    my $n = ++$self->{told};

    kill $signal, $self->{pid};
    wait_for(sub { slurp($self->{log}) =~ /^$n$word$/m }, 10, "to $word");
}

sub cut  { return $_[0]->told(USR1 => 'cut') }
sub mend { return $_[0]->told(USR2 => 'mend') }

# Whether anything is held back.
sub holds { return slurp($_[0]{log}) =~ /^late$/m }


# Clients that were cut off stay connected, and what they send is not read.
sub serve {
    my ($self) = @_;
    my $select = IO::Select->new($self->{sock});
    my ($is_cut, $wanted, $n, %peer, %server, @dead) = (0, 0, 0);
    my ($late, %held) = $self->{late};

    $| = 1;
    local $SIG{USR1} = sub { $wanted = 1 };
    local $SIG{USR2} = sub { $wanted = 0; undef $late };

    while (1) {
        my @ready = $select->can_read(0.02);

        if (%held && !$late) {
            $select->add(values %held);
            %held = ();
            print ++$n, "mend\n";
        }

        if ($wanted != $is_cut) {
            $is_cut = $wanted;

            if ($is_cut) {
                $select->remove(values %peer);
                push @dead, grep { !$server{$_} } values %peer;
                close $_ for values %server;
                %peer = %server = ();
            }

            print ++$n, $is_cut ? 'cut' : 'mend', "\n";
            next;
        }

        for my $sock (@ready) {
            if ($sock == $self->{sock}) {
                my $client = $sock->accept or next;

                if ($is_cut) {
                    push @dead, $client;
                    next;
                }

                my $server = IO::Socket::INET->new(
                    PeerAddr => '127.0.0.1', PeerPort => $self->{to}) or next;

                @peer{$client, $server} = ($server, $client);
                $server{$server} = $server;
                $select->add($client, $server);
                next;
            }

            my $other = $peer{$sock} or next;
            my $data;

            if (!sysread($sock, $data, 65536)
                || !defined syswrite($other, $data))
            {
                $select->remove($sock, $other);
                delete @peer{$sock, $other};
                delete @server{$sock, $other};
                close $_ for $sock, $other;
                next;
            }

            if ($late && $server{$other} && $data =~ $late) {
                $select->remove($other);
                $held{$other} = $other;
                print "late\n";
            }
        }
    }
}


1;
