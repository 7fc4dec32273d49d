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

use FindBin ();
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);

use Zoom::Process qw(spawn stop wait_for free_ports slurp);


my $replicas = 0;


# Redis, or what ZOOM_REDIS_SERVER names (valkey-server).
sub server {
    my @names = $ENV{ZOOM_REDIS_SERVER} // qw(redis-server valkey-server);
    my ($server) = grep { -x } map { my $dir = $_; map { "$dir/$_" } @names }
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


# Why there can be no TLS to a Redis here, or nothing.
sub lacks_tls {
    return 'the module is built without hiredis_ssl, which comes with hiredis '
           . '1.0: see docs/compatibility.md'
        if slurp(Zoom::Nginx::module()) !~ /redisInitiateSSL/;
    return;
}


# arguments => [...]: more of Redis' own; env => {...}: for Redis; name => of
# its directory; port => where it listens; bind => "127.0.0.1 127.0.0.9"; url =>
# what zoom_store says; exec => [...]: what runs it, if not we.
sub new {
    my ($class, $t, %o) = @_;
    my $self = bless { t => $t, %o }, $class;

    ($self->{port}) = free_ports(1) if !$self->{port};
    $self->{dir} = $t->dir . '/' . ($self->{name} // 'redis');
    mkdir $self->{dir} or die "$self->{dir}: $!\n";
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
    my $dir = $self->{dir};

    $self->{pid} = spawn(
        name   => 'redis',
        output => "$dir/log",
        env    => $self->{env},
        argv   => [@{ $self->{exec} // [] }, server(),
                   '--port', $self->{port},
                   '--bind', split(' ', $self->{bind} // '127.0.0.1'),
                   '--save', '', '--appendonly', 'no', '--dir', $dir,
                   @{ $self->{arguments} // [] }],
    );

    wait_for(sub { $self->socket }, 10, 'Redis');
}


sub stop_it {
    my ($self, $signal) = @_;

    stop($self->{pid}, $signal // 'TERM', 5);
}


# Another one that follows it, and has all that it has.
sub replica {
    my ($self) = @_;
    my $replica = bless { %$self, dir => "$self->{dir}." . ++$replicas },
                        ref $self;

    ($replica->{port}) = free_ports(1);
    mkdir $replica->{dir} or die "$replica->{dir}: $!\n";
    $replica->start;

    # in case of others it would wait for 5 s
    $self->command(qw(CONFIG SET repl-diskless-sync-delay 0));
    $replica->command('REPLICAOF', '127.0.0.1', $self->{port});
    wait_for(sub {
        $replica->command('INFO', 'replication')
            =~ /^master_link_status:up/m
    }, 20, 'a replica');

    return $replica;
}


# It hears no more of its primary, and would show later what it has now.
sub cut_off {
    my ($self) = @_;

    $self->command('REPLICAOF', 'NO', 'ONE');
    $self->command('SAVE');
}


# The primary is lost, and its replica takes over, at the same address.
sub replace {
    my ($self, $replica) = @_;

    $self->stop_it('KILL');
    $replica->stop_it('KILL');
    $self->{dir} = $replica->{dir};
    $self->start;
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


sub socket {
    my ($self) = @_;
    my ($address) = split ' ', $self->{bind} // '127.0.0.1';

    return IO::Socket::INET->new(PeerAddr => $address,
                                 PeerPort => $self->{port}, Timeout => 5);
}


sub command {
    my ($self, @words) = @_;
    my $sock = $self->socket or die "no Redis: $!\n";

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


# Tests that are not about the timeout give it more than a machine under load
# takes.
sub conf {
    my ($self, @more) = @_;

    my $url = $self->{url} // "redis://127.0.0.1:$self->{port}";

    push @more, 'timeout=2s' if !grep { /^timeout=/ } @more;

    return "zoom_store $url " . join(' ', 'key=file:%{store_key}', @more)
           . ";\n";
}


# Commands that were run, and are not in the ACL of docs/fleet.md; but for those
# of tests.
sub beyond_acl {
    my ($self) = @_;
    my ($acl) = slurp("$FindBin::Bin/../docs/fleet.md")
                    =~ /^    ACL SETUSER ((?:.*\n)(?:        .*\n)*)/m;
    my %may = map { s/\|.*//r => 1 }
              ($acl =~ /\+(\S+)/g,
               qw(info keys type flushall acl config hello command client));

    return grep { !$may{$_} }
           $self->command('INFO', 'commandstats') =~ /^cmdstat_([^:|]+)/mg;
}


# One more of them; "store" are parameters of its zoom_store, and "url" is its
# own way there.
sub host {
    my ($self, %o) = @_;

    local $self->{url} = delete $o{url} // $self->{url};

    $o{http} = $self->conf(@{ $o{store} // [] }) . ($o{http} // '');

    return $self->{t}->nginx(%o);
}




1;
