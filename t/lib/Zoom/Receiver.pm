package Zoom::Receiver;

# An application that takes webhooks: it writes down what came, byte by byte,
# and answers as it is told.
#
#     my $app = Zoom::Receiver->start(log => $t->dir . '/app', secret => ...);
#
#     $app->answers(500, 'hang', 'close');      # then 200 again
#     wait_for(sub { $app->requests == 2 }, 5, 'two');
#
# With a secret it answers Zoom's challenges.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use Fcntl qw(LOCK_EX);
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 qw(encode_base64 decode_base64);

use Zoom::Process qw(spawn stop slurp spew);

my $json = JSON::PP->new->canonical;


sub start {
    my ($class, %o) = @_;
    my $self = bless { %o }, $class;

    $self->{sock} = IO::Socket::INET->new(
        Listen => 256, LocalAddr => '127.0.0.1', LocalPort => 0,
    ) or die "tcp: $!\n";
    $self->{port} = $self->{sock}->sockport;
    $self->{pid} = spawn(name => 'receiver', run => sub { $self->serve },
                         output => "$self->{log}.output");
    close delete $self->{sock};

    return $self;
}


sub port { return $_[0]{port} }
sub url  { return "http://127.0.0.1:$_[0]{port}" . ($_[1] // '/') }


sub stop_it {
    my ($self) = @_;

    stop($self->{pid}, 'KILL');
}


# For the next ones that come, in their order.
sub answers {
    my ($self, @answers) = @_;

    spew("$self->{log}.new", join '', map { "$_\n" } @answers);
    rename "$self->{log}.new", "$self->{log}.answers";
}


# Each { method, path, headers, body }; names of headers in lower case.
sub requests {
    my ($self) = @_;
    my $all = $self->{requests} //= [];

    open my $fh, '<:raw', $self->{log} or return @$all;
    seek $fh, $self->{read} // 0, 0;

    while (defined(my $line = <$fh>)) {
        my ($head, $body) = $line =~ /\A(.*) (\S*)\n\z/ or last;

        push @$all, { %{ $json->decode($head) },
                      body => decode_base64($body) };
        $self->{read} = tell $fh;
    }

    return @$all;
}


sub serve {
    my ($self) = @_;

    $SIG{CHLD} = 'IGNORE';

    while (my $client = $self->{sock}->accept) {
        my ($answer, @rest) = split /\n/, slurp("$self->{log}.answers");

        $self->answers(@rest) if defined $answer;
        next if fork;

        $self->take($client, $answer // 200);
        POSIX::_exit(0);
    }
}


sub read_request {
    my ($client) = @_;
    my $in = '';

    while ($in !~ /\r\n\r\n/) {
        sysread $client, $in, 65536, length $in or return;
    }

    my ($head, $body) = $in =~ /\A(.*?)\r\n\r\n(.*)\z/s;
    my ($first, @lines) = split /\r\n/, $head;
    my %headers = map { /^([^:]+): *(.*)/ ? (lc $1, $2) : () } @lines;

    while (length $body < ($headers{'content-length'} // 0)) {
        sysread $client, $body, 65536, length $body or return;
    }

    my ($method, $path) = split / /, $first;

    return { method => $method, path => $path, headers => \%headers,
             body => $body };
}


sub note {
    my ($self, $request) = @_;
    my %head = %$request;
    my $body = encode_base64(delete $head{body}, '');

    # JSON::PP takes seconds for a megabyte.
    open my $fh, '>>:raw', $self->{log} or return;
    flock $fh, LOCK_EX;
    syswrite $fh, $json->encode(\%head) . " $body\n";
    close $fh;
}


sub proof {
    my ($self, $body) = @_;
    my $said = eval { JSON::PP->new->utf8->decode($body) } // {};
    my $plain = ref $said eq 'HASH' && ref $said->{payload}
                && $said->{payload}{plainToken} or return '';

    return $json->encode({
        plainToken     => $plain,
        encryptedToken => hmac_sha256_hex($plain, $self->{secret}),
    });
}


sub take {
    my ($self, $client, $answer) = @_;
    my $request = read_request($client) or return;

    $self->note($request);

    if ($answer !~ /^\d+$/) {
        # Until the other side has had enough.
        sysread $client, my $rest, 1 if $answer eq 'hang';
        return;
    }

    my $body = $self->{secret} ? $self->proof($request->{body}) : '';

    syswrite $client, "HTTP/1.1 $answer X\r\nContent-Type: application/json\r\n"
                      . "Connection: close\r\nContent-Length: "
                      . length($body) . "\r\n\r\n$body";
}


1;
