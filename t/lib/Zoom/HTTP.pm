package Zoom::HTTP;

# A small HTTP/1.1 client on sockets: it sends the very bytes a test wants,
# and keeps hundreds of requests under way at once.  HTTP/2 goes through curl.

use strict;
use warnings;

use Exporter qw(import);
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time sleep);

use Zoom::Process qw(slurp spew scratch discard);

our @EXPORT_OK = qw(http http_start http_wait http2);

use constant TIMEOUT => 30;


sub header_lines {
    my ($o) = @_;
    my @pairs = @{ $o->{headers} // [] };
    my %seen;
    my $text = '';

    while (my ($name, $value) = splice @pairs, 0, 2) {
        $seen{lc $name} = 1;
        $text .= "$name: $value\r\n";
    }

    $text .= "Host: localhost\r\n"    if !$seen{host};
    $text .= "Connection: close\r\n"  if !$o->{keepalive};

    if (defined $o->{body} && !$seen{'content-length'}
        && !$seen{'transfer-encoding'})
    {
        $text .= 'Content-Length: ' . length($o->{body}) . "\r\n";
    }

    return $text;
}


# Either "bytes", or a request made of method, path, headers (a list of pairs)
# and body.  "chunked" sends the body in chunks of that size.

sub request_bytes {
    my ($o) = @_;

    return $o->{bytes} if defined $o->{bytes};

    my $method = $o->{method} // (defined $o->{body} ? 'POST' : 'GET');
    my $body = $o->{body} // '';

    if ($o->{chunked}) {
        $o->{headers} = [@{ $o->{headers} // [] },
                         'Transfer-Encoding' => 'chunked'];
        $body =~ s/(.{1,$o->{chunked}})/sprintf "%x\r\n%s\r\n",
                                        length $1, $1/gse;
        $body .= "0\r\n\r\n";
    }

    $o->{method} = $method;

    return "$method " . ($o->{path} // '/') . " HTTP/1.1\r\n"
           . header_lines($o) . "\r\n" . $body;
}


sub connect_to {
    my ($o) = @_;

    my $sock = IO::Socket::INET->new(
        PeerAddr => $o->{host} // '127.0.0.1',
        PeerPort => $o->{port},
        Timeout  => 5,
    ) or return;

    setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
    $sock->blocking(0);
    return $sock;
}


# Sends and comes back; http_wait() collects the answer.  "on" takes the
# connection of a finished call, "pause" is the time between single bytes.

sub http_start {
    my (%o) = @_;
    my $call = bless { %o, in => '', started => time }, __PACKAGE__;

    $call->{out} = request_bytes($call);
    $call->{sock} = $o{on} ? delete $o{on}{sock} : connect_to($call);

    if ($call->{sock}) {
        $call->write_some;
    } else {
        $call->finish("connect: $!");
    }

    return $call;
}


sub write_some {
    my ($self) = @_;

    return if $self->{out} eq '';
    return if $self->{pause} && time < ($self->{next_byte} // 0);

    my $n = syswrite $self->{sock}, $self->{out},
            $self->{pause} ? 1 : length $self->{out};

    # A server may answer before it has read everything, and close.
    if (!defined $n) {
        $self->{out} = '' if !$!{EAGAIN};
        return;
    }

    substr $self->{out}, 0, $n, '';
    $self->{next_byte} = time + $self->{pause} if $self->{pause};
}


sub finish {
    my ($self, $error) = @_;

    $self->{error} = $error;
    $self->{done} = 1;
    $self->{took} = time - $self->{started};
    $self->{status} //= 0;
    $self->{received} //= {};
    $self->{body_received} //= '';

    close delete $self->{sock}
        if $self->{sock} && ($error || !$self->{keepalive});
}


# The client loses interest.
sub abort {
    my ($self) = @_;

    $self->finish('aborted');
}


sub parse_head {
    my ($self) = @_;

    return 1 if $self->{head_done};
    return if $self->{in} !~ s/\A(.*?)\r?\n\r?\n//s;

    my ($first, @lines) = split /\r?\n/, $1;

    $self->{raw_head} = $1;
    ($self->{version}, $self->{status}) = $first =~ m{^(HTTP/\S+) (\d+)};

    for (@lines) {
        my ($name, $value) = /^([^:]+):\s*(.*)$/ or next;
        my $old = $self->{received}{lc $name};

        $self->{received}{lc $name} = defined $old ? "$old, $value" : $value;
    }

    return $self->{head_done} = 1;
}


sub parse_chunks {
    my ($self) = @_;
    my ($rest, $body) = ($self->{in}, '');

    while ($rest =~ s/\A([0-9a-fA-F]+)[^\r\n]*\r\n//) {
        my $n = hex $1;

        if ($n == 0) {
            return if $rest !~ /\r\n/;
            $self->{body_received} = $body;
            return 1;
        }

        return if length $rest < $n + 2;
        $body .= substr $rest, 0, $n;
        substr $rest, 0, $n + 2, '';
    }

    return;
}


# True when the whole answer is there.
sub parse {
    my ($self, $eof) = @_;

    return if !$self->parse_head;

    my $h = $self->{received} // {};

    if (($self->{method} // '') eq 'HEAD' || $self->{status} =~ /^(204|304)$/)
    {
        $self->{body_received} = $self->{in};
        return $eof || $self->{keepalive};
    }

    if (($h->{'transfer-encoding'} // '') =~ /chunked/i) {
        return $self->parse_chunks;
    }

    if (defined(my $n = $h->{'content-length'})) {
        return if length $self->{in} < $n;
        $self->{body_received} = substr $self->{in}, 0, $n;
        return 1;
    }

    $self->{body_received} = $self->{in};
    return $eof;
}


sub read_some {
    my ($self) = @_;
    my $n = sysread $self->{sock}, $self->{in}, 65536, length $self->{in};

    return if !defined $n && $!{EAGAIN};

    if ($self->parse(!$n)) {
        $self->finish;
    } elsif (!$n) {
        $self->finish(defined $n ? 'closed' : "read: $!");
    }
}


# Drives the calls until all are answered, or the time is over.

sub http_wait {
    my (@calls) = @_;
    my $end = time + TIMEOUT;

    while (my @open = grep { !$_->{done} } @calls) {
        if (time > $end) {
            $_->finish('timeout') for @open;
            last;
        }

        my $paused = grep { $_->{pause} && $_->{out} ne '' } @open;
        my %by_sock = map { ($_->{sock} => $_) } @open;
        my $r = IO::Select->new(map { $_->{sock} } @open);
        my $w = IO::Select->new(map { $_->{sock} }
                                grep { $_->{out} ne '' && !$_->{pause} }
                                @open);

        my ($can_read, $can_write)
            = IO::Select->select($r, $w, undef, $paused ? 0.001 : 0.1);

        $by_sock{$_}->write_some for @{ $can_write // [] };
        $by_sock{$_}->read_some  for @{ $can_read // [] };

        if ($paused) {
            $_->write_some for grep { $_->{pause} && !$_->{done} } @open;
        }
    }

    return wantarray ? @calls : $calls[0];
}


sub http {
    return scalar http_wait(http_start(@_));
}


sub status  { return $_[0]{status} }
sub body    { return $_[0]{body_received} // '' }
sub header  { return $_[0]{received}{lc $_[1]} }
sub headers { return $_[0]{received} }
sub error   { return $_[0]{error} }
sub took    { return $_[0]{took} }


# The body as JSON, or an empty object where it is none.
sub json {
    my ($self) = @_;
    my $value = eval { JSON::PP->new->utf8->decode($self->body) };

    return ref $value ? $value : {};
}


# One request through curl over HTTP/2 with prior knowledge.  Its options go
# through a file: a secret has no business on a command line.

sub http2 {
    my (%o) = @_;
    my $dir = scratch('curl');
    my $self = bless { %o, method => $o{method}
                       // (defined $o{body} ? 'POST' : 'GET') }, __PACKAGE__;

    my $config = qq(url = "http://127.0.0.1:$o{port}$o{path}"\n)
               . qq(request = "$self->{method}"\n)
               . qq(dump-header = "$dir/head"\n)
               . qq(output = "$dir/out"\n)
               . "silent\nhttp2-prior-knowledge\npath-as-is\ngloboff\n"
               . "max-time = ${\ TIMEOUT}\nnoproxy = \"*\"\n";

    if (defined $o{body}) {
        spew("$dir/body", $o{body});
        $config .= qq(data-binary = "\@$dir/body"\n);
    }

    my @pairs = @{ $o{headers} // [] };

    while (my ($name, $value) = splice @pairs, 0, 2) {
        (my $line = "$name: $value") =~ s/(["\\])/\\$1/g;
        $config .= qq(header = "$line"\n);
    }

    $config .= "head\n" if $self->{method} eq 'HEAD';
    spew("$dir/config", $config);

    my $exit = system 'curl', '-q', '-K', "$dir/config";

    $self->{started} = time;
    $self->{in} = slurp("$dir/head");
    $self->parse_head;
    $self->{body_received} = slurp("$dir/out");
    discard($dir);
    $self->finish($exit ? 'curl: exit ' . ($exit >> 8) : undef);

    return $self;
}


1;
