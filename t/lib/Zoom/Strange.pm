package Zoom::Strange;

# A Redis that answers what no Redis would.
#
#     my $strange = Zoom::Strange->start($t);
#
#     $strange->says(token => "-WRONGTYPE ...\r\n");
#
# What it is asked about a key of that kind ("zoom:token:...") it answers with
# these bytes, or it says "endless" or "elements", which go on until it is closed.
# The rest it answers as if it were one.

use strict;
use warnings;

use IO::Socket::INET;

use Zoom::Process qw(spawn slurp spew);


my %endless = (
    endless  => ["\$2000000000\r\n", 'x' x 65536],
    elements => ["*2000000\r\n", "\$1000\r\n" . 'x' x 1000 . "\r\n"],
    deep     => ["*50000\r\n", "*1000\r\n" . ":1\r\n" x 1000],
);


sub start {
    my ($class, $t) = @_;
    my $self = bless { dir => $t->dir }, $class;
    my $sock = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 128,
        ReuseAddr => 1,
    ) or die "tcp: $!\n";

    $self->{port} = $sock->sockport;
    $self->{pid} = spawn(name => 'strange', run => sub { $self->serve($sock) },
                         output => "$self->{dir}/strange.log");
    close $sock;

    return $self;
}


sub port { return $_[0]{port} }


sub says {
    my ($self, $kind, $what) = @_;

    spew("$self->{dir}/strange.new", $what);
    rename "$self->{dir}/strange.new", "$self->{dir}/strange.$kind"
        or die "$self->{dir}/strange.$kind: $!\n";
}


sub serve {
    my ($self, $sock) = @_;

    local $SIG{CHLD} = 'IGNORE';
    local $SIG{PIPE} = 'IGNORE';

    while (my $client = $sock->accept) {
        my $pid = fork // next;

        next if $pid;
        $self->answer($client, $_) while @{ $_ = request($client) };
        exit 0;
    }
}


sub request {
    my ($client) = @_;
    my ($n) = (<$client> // '') =~ /^\*(\d+)/ or return [];

    return [map {
        my ($len) = (<$client> // '') =~ /^\$(\d+)/ or return [];

        read($client, my $word, $len + 2) == $len + 2 or return [];
        substr $word, 0, $len;
    } 1 .. $n];
}


sub answer {
    my ($self, $client, $words) = @_;
    my $command = uc $words->[0];
    my ($kind) = ($words->[3] // '') =~ /^zoom:(\w+)/;
    my $file = "$self->{dir}/strange." . ($kind // '');
    my $says = $kind && -e $file ? slurp($file) : '';

    return go_on($client, @{ $endless{$says} }) if $endless{$says};

    $says ||= $command eq 'PING'      ? "+PONG\r\n"
            : $command eq 'SUBSCRIBE' ? "*3\r\n\$9\r\nsubscribe\r\n"
                                        . '$' . length($words->[1])
                                        . "\r\n$words->[1]\r\n:1\r\n"
            : $command ne 'EVALSHA'   ? "+OK\r\n"
            : $kind eq 'hosts'        ? "*3\r\n:1\r\n:1700000000000\r\n:0\r\n"
            : $kind eq 'token'        ? "*2\r\n:2\r\n\$16\r\n1700000000000000\r\n"
            :                           "*0\r\n";

    syswrite $client, $says;
}


sub go_on {
    my ($client, $head, $rest) = @_;

    syswrite $client, $head;
    1 while defined syswrite $client, $rest;
    exit 0;
}


1;
