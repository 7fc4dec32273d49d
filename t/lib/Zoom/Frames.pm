package Zoom::Frames;

# An edge of Zoom's that speaks HTTP/2: what nginx sends and what the stand-in
# answers goes through it frame by frame, until it gives a connection up, as
# edges do all day.
#
#     my $edge = Zoom::Frames->start(log => $t->dir . '/edge', zoom => $zoom,
#                                    act => 'goaway', stream => 3);
#
# On the first of its connections, or the one that "connection" says, the
# request with that stream's number meets
#
#     goaway     GOAWAY, which leaves it out, and the end
#     left       the same, but the connection stays open
#     refused    RST_STREAM with REFUSED_STREAM, and a GOAWAY
#     close      the end
#     reset      an RST of TCP's
#     covered    Zoom does it, and GOAWAY, which covers it, is all of the answer
#     head       likewise, but the head of the answer comes, too

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER);

use Zoom::Process qw(spawn stop slurp);

use constant {
    PREFACE    => 24,
    HEAD       => 9,
    HEADERS    => 1,
    RST_STREAM => 3,
    GOAWAY     => 7,
    REFUSED    => 7,
};


sub missing {
    eval {
        require IO::Socket::SSL;
        IO::Socket::SSL->VERSION(2.0);
        IO::Socket::SSL->can_alpn;
    } or return 'IO::Socket::SSL with ALPN is not installed';

    return;
}


sub start {
    my ($class, %o) = @_;
    my $self = bless { connection => 1, %o }, $class;

    $self->{sock} = IO::Socket::INET->new(
        Listen => 64, LocalAddr => '127.0.0.1', LocalPort => 0,
    ) or die "tcp: $!\n";

    $self->{port} = $self->{sock}->sockport;
    $self->{pid} = spawn(name => 'edge', run => sub { $self->serve },
                         output => "$self->{log}.output");
    close delete $self->{sock};

    return $self;
}


sub port { return $_[0]{port} }
sub log  { return split /\n/, slurp($_[0]{log}) }


sub stop_it {
    my ($self) = @_;

    stop($self->{pid}, 'KILL');
}


sub note {
    my ($self, $line) = @_;

    open my $fh, '>>', $self->{log} or return;
    print {$fh} "$line\n";
    close $fh;
}


sub serve {
    my ($self) = @_;
    my $n = 0;

    $SIG{CHLD} = $SIG{PIPE} = 'IGNORE';

    while (my $tcp = $self->{sock}->accept) {
        $n++;
        next if fork;

        $self->{acts} = $n == $self->{connection};
        $self->note("connection $n");
        $self->pass($tcp);
        POSIX::_exit(0);
    }
}


sub pass {
    my ($self, $tcp) = @_;
    my $dir = $self->{zoom}{dir};

    my $nginx = IO::Socket::SSL->start_SSL(
        $tcp, SSL_server => 1, SSL_cert_file => "$dir/server.pem",
        SSL_key_file => "$dir/server.key", SSL_alpn_protocols => ['h2'],
    ) or return;

    my $zoom = IO::Socket::SSL->new(
        PeerAddr => '127.0.0.1', PeerPort => $self->{zoom}->tls,
        SSL_verify_mode => 0, SSL_alpn_protocols => ['h2'],
    ) or return;

    @$self{qw(nginx zoom_side)} = ($nginx, $zoom);

    my %other = ($nginx => $zoom, $zoom => $nginx);
    my %bytes = ($nginx => '', $zoom => '');
    my $select = IO::Select->new($nginx, $zoom);

    $self->{preface} = 1;

    while (!$self->{over}) {
        for my $from ($select->can_read) {
            do {
                my $n = sysread $from, $bytes{$from}, 65536,
                                length $bytes{$from};

                return if !$n;
            } while $from->pending;

            $self->frames($from, $other{$from}, \$bytes{$from});
            last if $self->{over};
        }
    }
}


sub frames {
    my ($self, $from, $to, $bytes) = @_;

    if ($from == $self->{nginx} && $self->{preface}) {
        return if length $$bytes < PREFACE;

        syswrite $to, substr $$bytes, 0, PREFACE, '';
        $self->{preface} = 0;
    }

    while (!$self->{over} && length $$bytes >= HEAD) {
        my ($high, $low, $type, undef, $stream) = unpack 'CnCCN', $$bytes;
        my $n = HEAD + ($high << 16) + $low;

        last if length $$bytes < $n;

        my $frame = substr $$bytes, 0, $n, '';

        if ($from == $self->{nginx}) {
            $self->note("stream $stream") if $type == HEADERS;
            syswrite $to, $frame if !$self->request($type, $stream);

        } else {
            syswrite $to, $frame if !$self->answer($type, $stream, $frame);
        }
    }
}


# 1 if the stand-in is not to see that frame.
sub request {
    my ($self, $type, $stream) = @_;
    my $act = $self->{act};

    return $self->{left} if !$self->{acts} || $type != HEADERS
                            || $stream != $self->{stream};

    return if $act eq 'covered' || $act eq 'head';

    $self->frame(RST_STREAM, $stream, REFUSED) if $act eq 'refused';
    $self->frame(GOAWAY, 0, $stream - 2, 0)
        if $act ne 'close' && $act ne 'reset';

    if ($act eq 'left') {
        $self->{left} = 1;
        return 1;
    }

    $self->end($act eq 'reset');
    return 1;
}


# 1 if nginx is not to see that frame.
sub answer {
    my ($self, $type, $stream, $frame) = @_;
    my $act = $self->{act};

    return if !$self->{acts} || $stream != $self->{stream}
              || ($act ne 'covered' && $act ne 'head');

    return 1 if $type != HEADERS;

    syswrite $self->{nginx}, $frame if $act eq 'head';
    $self->frame(GOAWAY, 0, $stream, 0);
    $self->end;

    return 1;
}


sub frame {
    my ($self, $type, $stream, @words) = @_;

    syswrite $self->{nginx},
             pack 'CnCCN N*', 0, 4 * @words, $type, 0, $stream, @words;
}


sub end {
    my ($self, $rst) = @_;

    $self->note('given up');
    $self->{over} = 1;

    if ($rst) {
        setsockopt $self->{nginx}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
        $self->{nginx}->close(SSL_no_shutdown => 1);

    } else {
        $self->{nginx}->close;
    }
}


1;
