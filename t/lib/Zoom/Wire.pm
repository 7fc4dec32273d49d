package Zoom::Wire;

# A server that answers with the very bytes that a test wants, and writes down
# the very bytes that it got: for what no server would send, and for what no
# server would tell of what it was sent.
#
#     my $wire = Zoom::Wire->start(log => "$dir/wire", answer => sub {
#         my ($request, $n) = @_;       # of this connection the nth
#         return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
#     });
#
# An answer may be a list: numbers are pauses in seconds, "close" ends the
# connection, "half" before anything else answers before the body was read.
# "tls" is a directory with server.pem and server.key; of more than "answers"
# connections nobody hears anything, not even the handshake.  With "partly" a
# body is written down as it comes, too.

use strict;
use warnings;

use IO::Socket::INET;
use Time::HiRes qw(sleep);

use Zoom::Process qw(spawn stop slurp);


sub start {
    my ($class, %o) = @_;
    my $self = bless { %o }, $class;

    $self->{sock} = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 128,
        ReuseAddr => 1,
    ) or die "tcp: $!\n";

    $self->{port} = $self->{sock}->sockport;
    $self->{pid} = spawn(name => 'wire', run => sub { $self->serve },
                         output => "$self->{log}.output");
    close delete $self->{sock};

    return $self;
}


sub port { return $_[0]{port} }
sub stop_it { stop($_[0]{pid}, 'KILL') }


# All requests so far, each head and body as they came.
sub requests {
    my ($self) = @_;
    my $text = -e $self->{log} ? slurp($self->{log}) : '';

    return grep { length } split /\x00\n/, $text;
}


# What is there of a body in chunks that has not come to its end.
sub part {
    my ($self) = @_;

    return -e "$self->{log}.part" ? slurp("$self->{log}.part") : '';
}


sub forget { open my $fh, '>', $_[0]{log} }


sub serve {
    my ($self) = @_;

    local $SIG{CHLD} = 'IGNORE';
    local $SIG{PIPE} = 'IGNORE';

    my $n = 0;

    while (my $client = $self->{sock}->accept) {
        $n++;

        my $pid = fork // next;

        if (!$pid) {
            sleep 5 if $self->{answers} && $n > $self->{answers};

            $self->connection($self->{tls} ? $self->secure($client) : $client);
            exit 0;
        }

        close $client;
    }
}


sub secure {
    my ($self, $client) = @_;

    require IO::Socket::SSL;

    return IO::Socket::SSL->start_SSL($client, SSL_server => 1,
        SSL_cert_file => "$self->{tls}/server.pem",
        SSL_key_file => "$self->{tls}/server.key") || exit 0;
}


sub connection {
    my ($self, $client) = @_;
    my $buffer = '';
    my $n = 0;

    for (;;) {
        while ($buffer !~ /\r\n\r\n/) {
            sysread $client, $buffer, 65536, length $buffer or return;
        }

        my ($head) = $buffer =~ /\A(.*?\r\n\r\n)/s;
        my @answer = $self->{answer}->($head, ++$n);
        my $early = @answer && $answer[0] eq 'half' && shift @answer;

        if (!$early) {
            my $end = $self->body_end($client, \$buffer, $head) // return;

            $self->note(substr $buffer, 0, $end, '');
        }

        for my $piece (@answer) {
            return if $piece eq 'close';

            if ($piece =~ /\A[0-9.]+\z/) {
                sleep $piece;
                next;
            }

            my $at = 0;

            while ($at < length $piece) {
                $at += syswrite($client, $piece, 65536, $at) // return;
            }
        }

        return if $early;
    }
}


sub body_end {
    my ($self, $client, $buffer, $head) = @_;
    my $end = length $head;

    if (my ($length) = $head =~ /^Content-Length: (\d+)/mi) {
        $end += $length;

    } elsif ($head =~ /^Transfer-Encoding: chunked/mi) {
        my $size = 1;

        while ($size) {
            my $line = index $$buffer, "\r\n", $end;

            if ($line >= 0) {
                $size = hex substr $$buffer, $end, $line - $end;
                $end = $line + 2 + $size + 2;
                next;
            }

            $self->note_part(substr $$buffer, length $head) if $self->{partly};
            sysread $client, $$buffer, 65536, length $$buffer or return;
        }
    }

    while (length $$buffer < $end) {
        sysread $client, $$buffer, 65536, length $$buffer or return;
    }

    return $end;
}


sub note_part {
    my ($self, $bytes) = @_;

    open my $fh, '>:raw', "$self->{log}.part" or return;
    syswrite $fh, $bytes;
    close $fh;
}


sub note {
    my ($self, $bytes) = @_;

    open my $fh, '>>:raw', $self->{log} or return;
    syswrite $fh, "$bytes\x00\n";
    close $fh;
}

1;
