package Zoom::Nginx;

# The nginx under test: the module loaded into a real nginx, two workers, its
# own directory, ports and logs.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP ();

use Zoom::Process qw(
    spawn stop alive ended wait_for free_ports port_is_open slurp spew
);

my $top = abs_path(dirname(__FILE__) . '/../../..');


sub module {
    my $path = $ENV{ZOOM_MODULE} // 'build/ngx_http_zoom_module.so';

    return $path =~ m{^/} ? $path : "$top/$path";
}


# Another nginx than the one in PATH, by its whole path: "make matrix".
sub binary {
    return $ENV{ZOOM_NGINX} // 'nginx';
}


# 1022001 of 1.22.1, the nginx that it is or, as Angie and OpenResty, was made of
my $version;

sub version {
    return $version //= do {
        my $said = binary() . ' -V 2>&1';

        $said = `$said`;

        my ($of) = $said =~ m{^nginx version: [a-z]+/([\d.]+)}m;

        sprintf '%d%03d%03d', (split /\./, $of)[0 .. 2];
    };
}


# The second module lies beside the first.
sub lua_module {
    my $path = module();

    # of the file's name: the checkout may well be called the same
    $path =~ s{_zoom_module(?=[^/]*$)}{_zoom_lua_module};
    return $path;
}


# nginx itself has no sanitizers; the library must be there first.
sub environment {
    return {} if !$ENV{ZOOM_ASAN};

    chomp(my $asan = `gcc -print-file-name=libasan.so`);
    chomp(my $ubsan = `gcc -print-file-name=libubsan.so`);

    return {
        LD_PRELOAD    => "$asan $ubsan",
        ASAN_OPTIONS  => 'detect_odr_violation=0:detect_leaks=0',
        UBSAN_OPTIONS => 'print_stacktrace=1',
    };
}


my $LOG_FORMAT = join ',', map { qq("$_":"\$$_") } qw(
    pid status request_method zoom_caller zoom_scheme zoom_user
    zoom_token_status zoom_limit_status zoom_error zoom_mint_time
    zoom_tracking_id zoom_bot_id zoom_meeting_url zoom_meeting_id
    uri args request request_uri
);


# The rest of the configuration comes in four pieces: main, http, server and
# http2 (a second server name would be a second copy of "server").  lua => 1
# loads the Lua module as well; "module" has load_module lines of its own, and
# "bare" nothing in the log that needs ours.  nofile => N limits the master.
# text => a function that gets the Zoom::Nginx and returns all of it.

sub configuration {
    my ($self, %o) = @_;
    my $dir = $self->{dir};
    my $user = $> == 0 ? 'user nobody nogroup;' : '';
    my $workers = $o{workers} // 2;
    my $level = $o{level} // 'info';
    my $reuse = $o{reuseport} ? ' reuseport' : '';
    my $daemon = $o{daemon} // 'off';
    my $connections = $o{connections} // 4096;

    # a parameter of "listen" until 1.25.1
    my ($h2, $http2) = version() < 1025001 ? (' http2', '')
                                           : ('', 'http2 on;');

    my $main = $o{main} // '';
    my $http = $o{http} // '';
    my $server = $o{server} // '';
    my $module = $o{no_module} ? '' : 'load_module ' . module() . ';';
    $module .= ' load_module ' . lua_module() . ';' if $o{lua};
    $module = $o{module} if defined $o{module};
    my $format = $o{no_module} || $o{bare} ? '"pid":"$pid"' : $LOG_FORMAT;

    return <<"EOC";
$module
$user
daemon $daemon;
worker_processes $workers;
worker_rlimit_nofile 8192;
pid $dir/nginx.pid;
lock_file $dir/nginx.lock;
error_log $dir/error.log $level;
$main
events {
    worker_connections $connections;
}
http {
    client_body_temp_path $dir/tmp/body;
    proxy_temp_path       $dir/tmp/proxy;
    fastcgi_temp_path     $dir/tmp/fastcgi;
    uwsgi_temp_path       $dir/tmp/uwsgi;
    scgi_temp_path        $dir/tmp/scgi;

    log_format zoom escape=json '{$format}';
    access_log $dir/access.log zoom;

    add_header X-Pid \$pid always;
    keepalive_requests 100000;
$http
    server {
        listen 127.0.0.1:$self->{port} backlog=2048$reuse;
        listen 127.0.0.1:$self->{port2}$h2;
        server_name localhost; $http2
$server
    }
}
EOC
}


sub prepare {
    my ($class, %o) = @_;
    my $self = bless { dir => $o{dir}, options => \%o }, $class;

    mkdir $o{dir}, 0755;
    mkdir "$o{dir}/tmp", 0755;
    @$self{qw(port port2)} = free_ports(2);
    $self->write_configuration(%o);

    return $self;
}


sub write_configuration {
    my ($self, %o) = @_;

    $self->{text} = $o{text} ? $o{text}->($self) : $self->configuration(%o);

    # one that still reloads reads all of the old one, or of the new one
    rename spew("$self->{dir}/nginx.conf.new", $self->{text}),
           "$self->{dir}/nginx.conf" or die "nginx.conf: $!\n";
}


sub argv {
    my ($self) = @_;
    my $limit = $self->{options}{nofile};

    return [$limit ? ('prlimit', "--nofile=$limit:") : (),
            binary(), '-p', "$self->{dir}/", '-c', "$self->{dir}/nginx.conf",
            '-e', "$self->{dir}/error.log"];
}


sub launch {
    my ($self) = @_;

    $self->{pid} = spawn(
        name   => 'nginx',
        output => "$self->{dir}/output",
        argv   => $self->argv,
        env    => { %{ environment() }, %{ $self->{options}{env} // {} } },
    );

    # The port is open before there is a worker.
    my ($workers) = $self->{text} =~ /^worker_processes (\d+);/m;

    return wait_for(sub {
        port_is_open($self->{port}) && $self->workers >= ($workers // 1)
            || !alive($self->{pid})
    }, 15) && alive($self->{pid});
}


sub start {
    my ($class, %o) = @_;
    my $self = $class->prepare(%o);

    for (1 .. 5) {
        return $self if $self->launch;
        last if slurp("$self->{dir}/error.log") !~ /bind\(\) .* failed \(98/;

        unlink "$self->{dir}/error.log";
        @$self{qw(port port2)} = free_ports(2);
        $self->write_configuration(%o);
    }

    die "nginx does not start:\n", $self->error_log,
        slurp("$self->{dir}/output");
}


# nginx -t: its exit code and all it said.
sub check {
    my ($self) = @_;
    my $output = "$self->{dir}/check";

    unlink $output;

    my $pid = spawn(
        name   => 'nginx -t',
        output => $output,
        argv   => [@{ $self->argv }, '-t'],
        env    => { %{ environment() }, %{ $self->{options}{env} // {} } },
    );

    wait_for(sub { !alive($pid) }, 15, 'nginx -t');
    return (ended($pid) >> 8, slurp($output));
}


# The number of the line that holds the text.
sub line_of {
    my ($self, $pattern) = @_;
    my $n = 0;

    for (split /\n/, $self->{text}) {
        $n++;
        return $n if /$pattern/;
    }

    return 0;
}


sub port      { return $_[0]{port} }
sub port2     { return $_[0]{port2} }
sub pid       { return $_[0]{pid} }
sub dir       { return $_[0]{dir} }
sub error_log { return slurp("$_[0]{dir}/error.log") }


sub workers {
    my ($self) = @_;
    my @pids;

    for (glob '/proc/[0-9]*/stat') {
        my ($pid, $ppid) = slurp($_) =~ /^(\d+) \(.*\) \S (\d+)/
            or next;

        push @pids, $pid if $ppid == $self->{pid};
    }

    @pids = sort { $a <=> $b } @pids;
    return @pids;
}


# The kernel's table of connections: inode => [local port, remote port].
sub connections {
    my %by_inode;

    for (split /\n/, slurp('/proc/net/tcp')) {
        my (undef, $local, $remote, $state, @f) = split;

        next if ($state // '') ne '01';
        $by_inode{ $f[5] } = [map { hex +(split /:/)[1] } $local, $remote];
    }

    return \%by_inode;
}


sub connections_of {
    my ($pid) = @_;
    my $all = connections();

    return grep { $_ } map {
        (readlink($_) // '') =~ /^socket:\[(\d+)\]/ ? $all->{$1} : ();
    } glob "/proc/$pid/fd/*";
}


# The worker whose end of a connection is this port.
sub worker_at {
    my ($self, $port) = @_;
    my ($worker) = grep {
        grep { $_->[0] == $port } connections_of($_);
    } $self->workers;

    return $worker;
}


# The client's ports of the connections that this worker has accepted.
sub clients_of {
    my ($self, $pid) = @_;

    return map { $_->[1] } grep { $_->[0] == $self->{port} }
                           connections_of($pid);
}


# A worker on its way out accepts nothing more; it may still have much to do.
sub retired {
    my ($pid) = @_;
    my $title = slurp("/proc/$pid/cmdline");

    return $title eq '' || $title =~ /shutting down/;
}


# All workers die at once; comes back when others are in their place.  Of an
# earlier generation some may be among them, which have no heirs.
sub kill_workers {
    my ($self) = @_;
    my %dead = map { $_ => 1 } $self->workers;
    my $n = $self->{options}{workers} // 2;

    kill 'KILL', keys %dead;
    wait_for(sub {
        $n == grep { !$dead{$_} && !retired($_) } $self->workers;
    }, 10, 'other workers');
}


# New configuration if given; comes back when new workers have taken over.
sub reload {
    my ($self, %o) = @_;
    my @old = $self->workers;
    my $n = $self->{options}{workers} // 2;

    $self->write_configuration(%{ $self->{options} }, %o);
    kill 'HUP', $self->{pid};

    wait_for(sub { !grep { !retired($_) } @old }, 10, 'reload');
    wait_for(sub { $n <= grep { !retired($_) } $self->workers }, 10,
             'new workers');
}


sub access_log {
    my ($self) = @_;
    my $json = JSON::PP->new->utf8;

    return map { $json->decode($_) }
           split /\n/, slurp("$self->{dir}/access.log");
}


# The latest line of the access log that fits, once it is there.
sub logged {
    my ($self, $fits) = @_;

    return wait_for(sub {
        my @lines = grep { $fits->($_) } $self->access_log;

        return $lines[-1];
    }, 3) // {};
}


# True if nginx came to an end by being asked to.
sub quit {
    my ($self) = @_;

    # What has begun may take zoom_timeout, 12 s, also if nobody waits any more.
    return stop($self->{pid}, 'QUIT', 15);
}


1;
