package Zoom::Fleet;

# Several hosts and one Redis in a test: nginx each with a zone of its own, all
# with the same zoom_store.
#
#     plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;
#
#     my $fleet = Zoom::Fleet->new($t);
#     my @hosts = map { $fleet->host(locations => ...) } 1 .. 3;
#
#     $fleet->command(qw(FLUSHALL));
#     $fleet->stop; $fleet->start;

use strict;
use warnings;

use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);

use Zoom::Process qw(spawn stop wait_for free_ports port_is_open slurp);


sub server {
    my ($server) = grep { -x } map { ("$_/redis-server", "$_/valkey-server") }
                               split /:/, $ENV{PATH};

    return $server;
}


# Why there can be no fleet here, or nothing.
sub missing {
    return 'redis-server is not installed ("make deps" does)' if !server();
    return 'the module is built without hiredis'
        if slurp(Zoom::Nginx::module()) !~ /redisAsyncFormattedCommand/;
    return;
}


# arguments => [...]: more of Redis' own.
sub new {
    my ($class, $t, %o) = @_;
    my $self = bless { t => $t, %o }, $class;

    ($self->{port}) = free_ports(1);
    mkdir $t->dir . '/redis' or die "redis: $!\n";
    $t->secret_file(store_key => encode_base64(join('', map { chr rand 256 }
                                                    1 .. 32), ''))
        if !$t->secret('store_key');
    $self->start;

    return $self;
}


sub port { return $_[0]{port} }
sub pid  { return $_[0]{pid} }


sub start {
    my ($self) = @_;
    my $dir = $self->{t}->dir . '/redis';

    $self->{pid} = spawn(
        name   => 'redis',
        output => "$dir/log",
        argv   => [server(), '--port', $self->{port}, '--bind', '127.0.0.1',
                   '--save', '', '--appendonly', 'no', '--dir', $dir,
                   @{ $self->{arguments} // [] }],
    );

    wait_for(sub { port_is_open($self->{port}) }, 10, 'Redis');
}


sub stop_it {
    my ($self, $signal) = @_;

    stop($self->{pid}, $signal // 'TERM', 5);
}


# One reply: a string, or an array of those.
sub reply {
    my ($sock) = @_;
    my $line = <$sock> // die "Redis closed the connection\n";

    $line =~ s/\r\n//;

    my ($type, $rest) = $line =~ /^(.)(.*)/s;

    return $rest if $type =~ /[+:]/;
    die "Redis: $rest\n" if $type eq '-';

    if ($type eq '*') {
        return [map { reply($sock) } 1 .. $rest];
    }

    return if $rest < 0;

    read $sock, my $data, $rest + 2;
    return substr $data, 0, $rest;
}


sub command {
    my ($self, @words) = @_;
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $self->{port},
                                     Timeout  => 5)
        or die "no Redis: $!\n";

    if (defined $self->{password}) {
        send_words($sock, 'AUTH', $self->{user} // (),
                   $self->{password});
        reply($sock);
    }

    send_words($sock, @words);

    return reply($sock);
}


sub send_words {
    my ($sock, @words) = @_;

    print {$sock} '*' . @words . "\r\n",
                  map { '$' . length($_) . "\r\n$_\r\n" } @words;
}


sub keys_like {
    my ($self, $pattern) = @_;

    return @{ $self->command('KEYS', $pattern) };
}


sub conf {
    my ($self, @more) = @_;

    return "zoom_store redis://127.0.0.1:$self->{port} "
           . join(' ', 'key=file:%{store_key}', @more) . ";\n";
}


# One more of them; "store" are parameters of its zoom_store.
sub host {
    my ($self, %o) = @_;

    $o{http} = $self->conf(@{ $o{store} // [] }) . ($o{http} // '');

    return $self->{t}->nginx(%o);
}




1;
