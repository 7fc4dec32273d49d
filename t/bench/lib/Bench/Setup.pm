package Bench::Setup;

# What is measured against what: this module, nginx alone, what they are asked
# and how a load is put on them.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

use Bench::Bodies qw(write_bodies write_requests);
use Bench::Side;
use Bench::Zoom;
use Zoom::HTTP qw(http);
use Zoom::Nginx;
use Zoom::Process qw(alive slurp);
use Zoom::Test;

my $home = abs_path(dirname(__FILE__) . '/../..');


# out => where "open" is.
sub new {
    my ($class, %o) = @_;
    my $t = Zoom::Test->new(sandbox => 0);
    my $self = bless { %o, t => $t, dir => $t->dir, n => 0 }, $class;

    $self->{right} = $self->bodies;
    return $self;
}


sub dir    { return $_[0]{dir} }
sub right  { return $_[0]{right} }
sub secret { return $_[0]{t}->secret($_[1]) }


# A directory that nobody has.
sub place {
    my ($self, $name) = @_;

    return "$self->{dir}/$name" . $self->{n}++;
}


# A stand-in for Zoom with a thousand bots.
sub zoom {
    my ($self, @control) = @_;
    my $zoom = $self->{t}->start_sandbox(called => 'zoom' . $self->{n}++);

    $zoom->control({ bots => 1000 }, @control);
    return $zoom;
}


sub fast_zoom {
    my ($self, %o) = @_;

    return Bench::Zoom->start(dir => $self->place('fast'), %o);
}


# What the services of others are told.
sub conf {
    my ($self, $zoom, %more) = @_;

    return (
        zoom_port => $zoom->tls,
        oauth_url => $zoom->oauth_url,
        api_url   => $zoom->api_url,
        ca        => $zoom->ca,
        user      => 'bots@example.com',
        reuse     => 3600,
        map({ $_ => $self->secret($_ eq 'attendee_secret' ? 'attendee' : $_) }
            qw(account_id client_id client_secret attendee_secret)),
        %more,
    );
}


# Our own: attendee's signature, a secret argument, and each for its own user.
# module => another build, scripts => locations with a script, reuse => s.

sub ours {
    my ($self, $zoom, %more) = @_;
    my ($oauth, $api, $ca) = map { $zoom->$_ } qw(oauth_url api_url ca);
    my $reuse = delete $more{reuse} // 3600;
    my $module = delete $more{module} // Zoom::Nginx::module();
    my $scripts = delete $more{scripts} // '';
    my $set = "zoom_tokens acme; zoom_reuse ${reuse}s;";
    my $each = 'zoom_user $zoom_metadata_user; zoom_allow_user *@example.com;';
    my %file = map { $_ => $self->{t}->secret_file($_) }
               qw(account_id client_id client_secret attendee arg);

    return Bench::Side->nginx(
        dir     => $self->place('ours'),
        name    => 'zoom_tokens, attendee',
        modules => join("\n", map { "load_module $_;" } $module,
                        $scripts ? Zoom::Nginx::lua_module() : ()),
        http    => <<"EOC",
    zoom_account acme {
        account_id          file:$file{account_id};
        client_id           file:$file{client_id};
        client_secret       file:$file{client_secret};
        oauth_url           $oauth;
        api_url             $api;
        trusted_certificate $ca;
        plan                business;
        rate                light=100000r/s;
        connections         64;
    }
EOC
        server  => <<"EOC",
        zoom_authenticate attendee file:$file{attendee};

        location = /zoom-tokens {
            $set
            zoom_user bots\@example.com;
        }
        location = /arg {
            $set
            zoom_user bots\@example.com;
            zoom_authenticate arg=key file:$file{arg};
        }
        location = /miss { zoom_tokens acme; zoom_reuse 0; $each }
        $scripts
EOC
        %more);
}


# nginx alone: an answer of that length, and a proxy to Zoom.  What it proxies
# is what a mint asks for, for a user of the callback's.

sub limit {
    my ($self, $length, $zoom, $token, %more) = @_;
    my $text = 'x' x ($length // 1);
    my $path = 'https://zoom/v2/users/bots%40example.com/token'
               . '?type=zak&ttl=7200';
    my $proxy = !$zoom ? '' : <<"EOC";
        location = /proxy {
            client_body_buffer_size       64k;
            proxy_pass                    $path;
            proxy_method                  GET;
            proxy_http_version            1.1;
            proxy_pass_request_body       off;
            proxy_pass_request_headers    off;
            proxy_set_header              Content-Length "";
            proxy_set_header              Connection     "";
            proxy_set_header              Host           127.0.0.1;
            proxy_set_header              Authorization  "Bearer $token";
            proxy_ssl_trusted_certificate @{[$zoom->ca]};
            proxy_ssl_verify              on;
            proxy_ssl_name                localhost;
        }
EOC

    return Bench::Side->nginx(
        dir     => $self->place('limit'),
        name    => 'nginx return 200',
        modules => '',
        http    => !$zoom ? '' : 'upstream zoom { server 127.0.0.1:'
                   . $zoom->tls . '; keepalive 64; keepalive_requests '
                   . '1000000; keepalive_time 24h; }',
        server  => <<"EOC",
        location = /zoom-tokens {
            add_header Cache-Control no-store;
            return 200 '$text';
        }
$proxy
EOC
        %more);
}


sub bodies {
    my ($self, %how) = @_;

    return write_bodies($self->place('bodies'), n => 10_000, %how,
                        secret => $self->secret('attendee'));
}


# The same callbacks as whole requests, for "open".
sub requests {
    my ($self, $bodies, $uri) = @_;

    return $self->{requests}{"$bodies $uri"}
           //= write_requests($bodies, $self->place('requests'), $uri);
}


# The first callback, once.
sub one {
    my ($self, $side, $bodies) = @_;
    my ($first) = split /\n/, slurp($bodies // $self->{right});
    my ($signature, $body) = split /\t/, $first, 2;
    my $answer = http(port => $side->port, path => $side->uri, body => $body,
                      headers => ['Content-Type'        => 'application/json',
                                  'X-Webhook-Signature' => $signature]);

    die $side->name, ': ', $answer->status, ' ', $answer->body, "\n"
        if $answer->status != 200;

    return $answer;
}


# As fast as it goes, closed loop: microseconds of CPU for each, requests,
# failures, requests per second.

sub wrk {
    my ($self, $side, $file, $seconds) = @_;
    my $url = 'http://127.0.0.1:' . $side->port;
    my $cpu = $side->cpu;
    my $command = "wrk -t1 -c32 -d${seconds}s --timeout 10s "
        . "-s $home/callbacks.lua $url -- '" . $side->uri . "' $file";
    my $said = `$command 2>&1`;

    $cpu = $side->cpu - $cpu;

    my ($requests) = $said =~ /(\d+) requests in/;
    my $failed = $said =~ /Non-2xx or 3xx responses: (\d+)/ ? $1 : 0;
    my $rps = $said =~ m{Requests/sec:\s+([\d.]+)} ? $1 : 0;

    die $side->name, ": $said\n" if !$requests;
    return ($cpu / $requests, $requests, $failed, $rps);
}


# At a rate: requests, failures, p50, p90, p99, p99.9 and the worst, in
# microseconds.

sub open_loop {
    my ($self, $side, $rate, $seconds, $connections) = @_;
    my $file = $self->requests($self->{right}, $side->uri);
    my $port = $side->port;
    my $said = `$self->{out}/open $port $file $rate $seconds $connections`;

    die $side->name, ": no answer from open\n" if $? || !$said;
    chomp $said;
    return split / /, $said;
}


sub finish {
    my ($self) = @_;

    $_->stop_it for grep { alive($_->pid) } @{ $self->{t}{sandboxes} // [] };
    $self->{t}{finished} = 1;
}


1;
