package Zoom::Sandbox;

# Starts, commands and stops the Zoom stand-in of t/sandbox.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP ();

use Zoom::HTTP qw(http);
use Zoom::Process qw(
    spawn stop alive wait_for free_ports port_is_open slurp spew
);

my $home = abs_path(dirname(__FILE__) . '/../../sandbox');
my $json = JSON::PP->new->utf8->canonical;


sub modules_dir {
    return $ENV{SANDBOX_MODULES} // '/usr/lib/nginx/modules';
}


sub write_configuration {
    my ($self, %o) = @_;
    my $text = slurp("$home/nginx.conf.in");

    $text =~ s/^\s*listen [^;]*\@TLS\@.*\n//mg if $o{closed};

    my %value = (
        DIR       => $self->{dir},
        PAIR      => $o{pair} // $self->{dir},
        LUA       => "$home/lua",
        MODULES   => modules_dir(),
        TLS       => $self->{tls},
        PLAIN     => $self->{plain},
        CONTROL   => $self->{control},
        CDN       => $self->{cdn},
        ENDPOINTS => abs_path("$home/../../src/endpoints.tsv"),
        USER      => $> == 0 ? 'user             root;' : '',
    );

    $text =~ s/\@([A-Z]+)\@/$value{$1} \/\/ die "no value for $1\n"/ge;
    spew("$self->{dir}/nginx.conf", $text);
}


sub launch {
    my ($self, $detach) = @_;
    my $dir = $self->{dir};

    @$self{qw(tls plain control cdn)} = free_ports(4);
    $self->write_configuration;

    $self->{pid} = spawn(
        name   => 'sandbox',
        detach => $detach,
        output => "$dir/output",
        argv   => ['nginx', '-p', "$dir/", '-c', "$dir/nginx.conf",
                   '-e', "$dir/error.log"],
    );

    return wait_for(sub {
        port_is_open($self->{control}) || (!$detach && !alive($self->{pid}))
    }, 10) && port_is_open($self->{control});
}


# dir => where its files go, names => subject alternative names of its
# certificate, settings => what /control takes, detach => leave it running.

sub start {
    my ($class, %o) = @_;
    my $self = bless { dir => abs_path($o{dir}) }, $class;

    mkdir "$self->{dir}/tmp", 0700;
    spew("$self->{dir}/settings.json", $json->encode($o{settings}))
        if $o{settings};

    system("$home/certificates", $self->{dir}, $o{names} ? $o{names} : ()) == 0
        or die "cannot make certificates\n";

    for (1 .. 5) {
        return $self if $self->launch($o{detach});
    }

    die "the Zoom stand-in does not start:\n", slurp("$self->{dir}/error.log"),
        slurp("$self->{dir}/output");
}


# Another configuration for the process that runs; it forgets nothing.
sub reload {
    my ($self, %o) = @_;

    $self->write_configuration(%o);
    kill 'HUP', $self->{pid};
}


# Nobody listens where Zoom was.
sub shut {
    my ($self) = @_;

    $self->reload(closed => 1);
    wait_for(sub { !port_is_open($self->{tls}) }, 5, 'the port to close');
}


# A certificate of an authority that nobody knows.
sub disguise {
    my ($self) = @_;
    my $pair = "$self->{dir}/foreign";

    if (mkdir $pair, 0700) {
        system("$home/certificates", $pair) == 0
            or die "cannot make certificates\n";
    }

    $self->reload(pair => $pair);
}


# All as it was; comes back at once.
sub restore {
    my ($self) = @_;

    $self->reload;
}


sub ca      { return "$_[0]{dir}/ca.pem" }
sub tls     { return $_[0]{tls} }
sub plain   { return $_[0]{plain} }
sub cdn     { return $_[0]{cdn} }
sub port    { return $_[0]{control} }
sub pid     { return $_[0]{pid} }

sub oauth_url { return "https://127.0.0.1:$_[0]{tls}/oauth/token" }

sub authorize_url { return "https://127.0.0.1:$_[0]{tls}/oauth/authorize" }
sub device_url    { return "https://127.0.0.1:$_[0]{tls}/oauth/devicecode" }
sub revoke_url    { return "https://127.0.0.1:$_[0]{tls}/oauth/revoke" }
sub mcp_url { return "https://127.0.0.1:$_[0]{tls}/mcp/zoom/streamable" }
sub download_url { return "https://127.0.0.1:$_[0]{tls}" }
sub api_url   { return "https://127.0.0.1:$_[0]{tls}/v2" }


# Commands: one hash, or several to be obeyed in turn.
sub control {
    my ($self, @commands) = @_;
    my $answer = http(port => $self->{control}, path => '/control',
                      body => $json->encode(\@commands));

    die 'control: ' . $answer->body . "\n" if $answer->status != 200;
    return $self;
}


sub ask {
    my ($self, $what) = @_;
    my $answer = http(port => $self->{control}, path => "/control/$what");

    return $json->decode($answer->body);
}


sub stats  { return $_[0]->ask('stats') }
sub recent { return @{ $_[0]->ask('recent') } }
sub issued { return @{ $_[0]->ask('issued') } }
sub requests { return @{ $_[0]->ask('requests') } }
sub codes  { return @{ $_[0]->ask('codes') } }
sub grants { return @{ $_[0]->ask('grants') } }

sub deliveries { return @{ $_[0]->ask('deliveries') } }
sub meetings   { return @{ $_[0]->ask('meetings') } }


# What all its cookies hold.
sub cookie { return $_[0]{cookie} //= $_[0]->ask('cookie')->{cookie} }


# What a recording holds from one byte on.
my $period;

sub content {
    my (undef, $from, $length) = @_;

    $period //= pack 'C*', map { ($_ * 31 + int($_ / 256)) % 256 } 0 .. 1000002;

    my $at = $from % length $period;
    my $times = 1 + int(($at + $length) / length $period);

    return substr $period x $times, $at, $length;
}


# What one does in a browser who was sent to this address: a user is chosen and
# "Allow" pressed, or with deny => 1 the other button.  The address that the
# browser is sent to, or nothing where there was no such page.

sub consent {
    my ($self, $url, %o) = @_;
    my ($path) = $url =~ m{^https?://[^/]+(/.*)$}
        or die "no URL: $url\n";
    my $page = http(port => $self->{plain}, path => $path);
    my ($ticket) = $page->body =~ /name="ticket" value="([^"]+)"/ or return;

    return press($self, '/oauth/authorize', ticket => $ticket, %o)
                ->header('location');
}


sub press {
    my ($self, $path, %o) = @_;

    $o{user} //= 'alice@other.example';
    $o{decision} = delete $o{deny} ? 'deny' : 'allow';
    $o{$_} =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ge for keys %o;

    return http(port => $self->{plain}, path => $path,
                body => join('&', map { "$_=$o{$_}" } sort keys %o),
                headers => ['Content-Type' =>
                            'application/x-www-form-urlencoded']);
}


# The same for the code that a device shows.
sub approve {
    my ($self, $user_code, %o) = @_;

    return $self->press('/oauth/device', user_code => $user_code, %o)
                ->status == 200;
}


# A bot joins: meeting => ID, zak or obf => TOKEN.  Its number and those whom
# it has thrown out, or {error}.
sub join_meeting {
    my ($self, %o) = @_;

    return http(port => $self->{control}, path => '/control/join',
                body => $json->encode(\%o))->json;
}


# One counter, by its path in the JSON; 0 where it is not there yet.
sub count {
    my ($self, @path) = @_;
    my $at = $self->stats;

    for (@path) {
        $at = ref $at ? $at->{$_} : undef;
    }

    return $at // 0;
}


# When calls of this endpoint came, each [time, path]; the oldest first.
sub arrivals {
    my ($self, $endpoint) = @_;

    return map { [@$_[0, 2]] } grep { $_->[1] eq $endpoint }
           map { [split / /] } @{ $self->ask('arrivals') };
}


# The ports from which calls of this endpoint have come that are under way.
sub clients {
    my ($self, $endpoint) = @_;

    my @ports = sort keys %{ $self->stats->{clients}{$endpoint} // {} };

    return @ports;
}


sub oauth_calls { return $_[0]->count(qw(endpoints oauth calls)) }
sub token_calls { return $_[0]->count(qw(endpoints token calls)) }


sub stop_it {
    my ($self) = @_;

    stop($self->{pid}, 'TERM');
}


1;
