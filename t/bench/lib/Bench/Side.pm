package Bench::Side;

# One server under test: how it is started, what it costs.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP ();

use Zoom::Nginx;
use Zoom::Process qw(spawn stop alive wait_for free_ports port_is_open slurp
                     spew);
use Zoom::Sandbox;

my $home = abs_path(dirname(__FILE__) . '/../..');


# dir => its own, name => for people, uri => what to post to, port, argv, env.
sub start {
    my ($class, %o) = @_;
    my $self = bless { uri => '/zoom-tokens', %o }, $class;

    $self->{pid} = spawn(name => $o{name}, argv => $o{argv}, env => $o{env},
                         output => "$o{dir}/output");

    wait_for(sub { port_is_open($self->{port}) || !alive($self->{pid}) }, 20);
    die "$o{name} does not start:\n", slurp("$o{dir}/output"),
        slurp("$o{dir}/error.log")
        if !port_is_open($self->{port});

    return $self;
}


# More of what the same server answers.
sub also {
    my ($self, $name, $uri) = @_;

    return bless { %$self, name => $name, uri => $uri }, ref $self;
}


sub name { return $_[0]{name} }
sub port { return $_[0]{port} }
sub uri  { return $_[0]{uri} }
sub stop_it { return stop($_[0]{pid}, 'TERM', 10) }


sub pids {
    my ($self) = @_;
    my (%child, @pids);

    for (glob '/proc/[0-9]*/stat') {
        my $stat = slurp($_);

        push @{ $child{$2} }, $1 if $stat =~ /^(\d+) \(.*\) \S (\d+)/s;
    }

    my @todo = $self->{pid};

    while (defined(my $pid = shift @todo)) {
        push @pids, $pid;
        push @todo, @{ $child{$pid} // [] };
    }

    return @pids;
}


# Microseconds of CPU, of all its processes and threads.
sub cpu {
    my ($self) = @_;
    my $sum = 0;

    for my $pid ($self->pids) {
        for (glob "/proc/$pid/task/*/schedstat") {
            $sum += (split ' ', slurp($_))[0] // 0;
        }
    }

    return $sum / 1000;
}


# Kilobytes of each process but the first, or of it where it is alone.
sub rss {
    my ($self) = @_;
    my @pids = $self->pids;

    shift @pids if @pids > 1;
    return map { slurp("/proc/$_/status") =~ /VmRSS:\s+(\d+)/ ? $1 : 0 } @pids;
}


# http, server: of nginx.conf; modules: the lines that load them.  single: one
# process, workers: 2, wrapper: what it runs under, connections: of each worker.

sub nginx {
    my ($class, %o) = @_;
    my ($port) = free_ports(1);
    my $connections = $o{connections} // 4096;
    my $files = 2 * $connections;
    my $workers = $o{workers} // 2;
    my $user = $o{single} ? 'master_process off;'
               : $> == 0 ? 'user nobody nogroup;' : '';

    mkdir $_, 0755 for $o{dir}, "$o{dir}/tmp";
    spew("$o{dir}/nginx.conf", <<"EOC");
$o{modules}
$user
daemon off;
worker_processes $workers;
worker_rlimit_nofile $files;
pid $o{dir}/nginx.pid;
error_log $o{dir}/error.log warn;
events { worker_connections $connections; }
http {
    client_body_temp_path $o{dir}/tmp/body;
    proxy_temp_path       $o{dir}/tmp/proxy;
    fastcgi_temp_path     $o{dir}/tmp/fastcgi;
    uwsgi_temp_path       $o{dir}/tmp/uwsgi;
    scgi_temp_path        $o{dir}/tmp/scgi;

    access_log            $o{dir}/access.log combined;
    keepalive_requests    1000000000;
    default_type          application/json;
$o{http}
    server {
        listen 127.0.0.1:$port backlog=2048;
$o{server}
    }
}
EOC

    return $class->start(%o, port => $port,
                         argv => [@{ $o{wrapper} // [] },
                                  Zoom::Nginx::binary(), '-p', "$o{dir}/",
                                  '-c', "$o{dir}/nginx.conf", '-e',
                                  "$o{dir}/error.log"]);
}


# What the services of others are told.
sub configuration {
    my (%o) = @_;
    my $path = "$o{dir}/conf.json";

    mkdir $o{dir}, 0755;
    spew($path, JSON::PP->new->utf8->canonical->encode(\%o), 0644);
    return $path;
}


# What keeps a peer away, or nothing.  express: where npm has put it.
sub missing {
    my ($kind, %o) = @_;
    my $lua = Zoom::Sandbox::modules_dir() . '/ngx_http_lua_module.so';

    return 'no libnginx-mod-http-lua' if $kind =~ /^(?:lua|resty)$/ && !-e $lua;
    return '' if $kind eq 'lua';

    if ($kind eq 'resty') {
        return $o{resty_http} && -e "$o{resty_http}/lib/resty/http.lua"
               ? '' : 'no lua-resty-http: give a copy of it in RESTY_HTTP';
    }

    return $o{hyper} && -x $o{hyper} ? ''
           : 'no cargo and librust-hyper-dev, or it did not build'
        if $kind eq 'hyper';
    return $o{go} && -x $o{go} ? '' : 'no golang-go, or it did not build'
        if $kind eq 'go';

    if ($kind eq 'flask') {
        return system('python3 -c "import flask, requests" 2> /dev/null'
                      . ' && command -v gunicorn > /dev/null') == 0
               ? '' : 'no python3-flask, python3-requests or gunicorn';
    }

    return 'no nodejs' if system('command -v node > /dev/null') != 0;
    return 'npm has no express' if $kind eq 'express'
                                   && !($o{express} && -d $o{express});
    return '';
}


# A service of another kind, with "conf" as told above.
sub peer {
    my ($class, $kind, %conf) = @_;
    my ($port) = free_ports(1);
    my $dir = $conf{dir};
    my $conf = configuration(%conf, port => $port, log => "$dir/access.log");
    my %o = (dir => $dir, port => $port);

    return $class->lua($conf, %conf) if $kind eq 'lua';
    return $class->lua($conf, %conf, name => 'lua-resty-http',
                       path => "$conf{resty_http}/lib/?.lua;")
        if $kind eq 'resty';

    return $class->start(%o, name => 'Node http',
        argv => ['node', "$home/peers/node.js", $conf]) if $kind eq 'node';

    return $class->start(%o, name => 'Express', argv => ['node',
        "$home/peers/express.js", $conf]) if $kind eq 'express';

    return $class->start(%o, name => 'Rust hyper',
                         argv => [$conf{hyper}, $conf]) if $kind eq 'hyper';

    return $class->start(%o, name => 'Go net/http', argv => [$conf{go}, $conf])
        if $kind eq 'go';

    return $class->start(%o, name => 'Flask, gunicorn',
        env => { BENCH_CONF => $conf, PYTHONDONTWRITEBYTECODE => 1 },
        argv => ['gunicorn', '-w', 2, '-k', 'gthread', '--threads', 4,
                 '--keep-alive', 75, '--backlog', 2048, '-b',
                 "127.0.0.1:$port", '--access-logfile', "$dir/access.log",
                 '--log-level', 'warning', '--chdir', "$home/peers",
                 'flask_app:app']);
}


sub lua {
    my ($class, $conf, %o) = @_;
    my $modules = Zoom::Sandbox::modules_dir();
    my $path = $o{path} // '';

    return $class->nginx(
        dir     => $o{dir},
        name    => $o{name} // 'lua-nginx-module',
        modules => join('', map { "load_module $modules/$_.so;\n" }
                            qw(ndk_http_module ngx_http_lua_module)),
        http    => <<"EOC",
    lua_package_path "$home/peers/?.lua;$path;";
    lua_ssl_trusted_certificate $o{ca};
    lua_ssl_verify_depth        2;
    lua_shared_dict  tokens 8m;
    lua_shared_dict  locks  1m;
    init_by_lua_block { require("tokens").init("$conf") }

    upstream zoom {
        server    127.0.0.1:$o{zoom_port};
        keepalive 64;
        keepalive_requests 1000000;
        keepalive_time 24h;
    }
EOC
        server  => <<"EOC");
        location = /zoom-tokens {
            set \$authorization     "";
            set \$user              "";
            client_body_buffer_size 64k;
            content_by_lua_block { require("tokens").run() }
        }

        location /_ {
            internal;
            access_log                    off;
            proxy_http_version            1.1;
            proxy_pass_request_headers    off;
            proxy_set_header              Connection    "";
            proxy_set_header              Host          127.0.0.1;
            proxy_set_header              Authorization \$authorization;
            proxy_ssl_trusted_certificate $o{ca};
            proxy_ssl_verify              on;
            proxy_ssl_name                localhost;

            location = /_oauth {
                proxy_set_header Connection    "";
                proxy_set_header Host          127.0.0.1;
                proxy_set_header Authorization \$authorization;
                proxy_set_header Content-Type
                                 application/x-www-form-urlencoded;
                proxy_pass       https://zoom/oauth/token;
            }

            location = /_api {
                proxy_pass https://zoom/v2/users/\$user/token?type=zak&ttl=7200;
            }
        }
EOC
}


1;
