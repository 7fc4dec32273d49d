#!/usr/bin/perl

# Other modules, with ours loaded and idle: a plain nginx answers as it did
# without.  Two of them side by side, asked the same.

use strict;
use warnings;

use FindBin;
use Test::More;

use Zoom::Process qw(spawn free_ports);
use Zoom::Test;

my $t = Zoom::Test->new(sandbox => 0);
my $dir = $t->dir;

mkdir "$dir/www";
mkdir "$dir/tls";
spew("$dir/www/text.txt", join '', map { "line $_ of a text\n" } 1 .. 2000);
spew("$dir/www/page.html", "<p>one two three\n");
spew("$dir/users", 'guest:' . crypt('word', '$1$salt$') . "\n");
chmod 0755, $dir, "$dir/www";
chmod 0644, glob("$dir/www/*"), "$dir/users";
system "$FindBin::Bin/sandbox/certificates", "$dir/tls";

# An idle module has an account, a zone and its phase handlers, but no
# location of its own in the way.
my $account = <<"EOC";
    zoom_account idle {
        account_id     account;
        client_id      client;
        client_secret  literal:no-secret-of-ours;
        oauth_url      http://127.0.0.1:9/oauth/token;
        api_url        http://127.0.0.1:9/v2;
    }
    zoom_timeout 3s;
EOC


sub http_part {
    my ($tls) = @_;

    return <<"EOC";
    gzip on;
    gzip_types text/plain;
    limit_req_zone \$binary_remote_addr\$uri zone=one:1m rate=1r/m;
    proxy_cache_path $dir/cache-$tls keys_zone=cache-$tls:1m;
    map \$arg_tier \$tier { default none; gold 1; }

    upstream back {
        server    127.0.0.1:$tls;
        keepalive 4;
    }
EOC
}


sub server_part {
    my ($tls) = @_;

    return <<"EOC";
        listen 127.0.0.1:$tls ssl http2;
        ssl_certificate     $dir/tls/server.pem;
        ssl_certificate_key $dir/tls/server.key;
        client_max_body_size 1m;
        root $dir/www;
        if_modified_since before;
        absolute_redirect off;

        location / { }

        location /sub/ {
            alias        $dir/www/;
            sub_filter   two 2;
            add_after_body /text.txt;
        }

        location /proxy/ {
            proxy_pass         https://back/;
            proxy_http_version 1.1;
            proxy_set_header   Connection "";
            proxy_set_header   Accept-Encoding "";
        }

        location /cached/ {
            proxy_pass        https://back/;
            proxy_cache       cache-$tls;
            proxy_cache_valid 1m;
            add_header        X-Cache \$upstream_cache_status;
        }

        location /private/ {
            alias                $dir/www/;
            auth_basic           private;
            auth_basic_user_file $dir/users;
        }

        location /asked/ {
            alias        $dir/www/;
            auth_request /ask;
        }

        location = /ask {
            internal;
            if (\$http_x = no) {
                return 403;
            }

            return 204;
        }

        location = /limited {
            limit_req zone=one;
            try_files /page.html =404;
        }

        location /moved { return 301 /page.html; }
        location /echo  { return 200 "\$request_method \$args \$tier"; }

        location /rewritten {
            rewrite ^/rewritten/(.*)\$ /\$1 last;
        }

        error_page 404 /page.html;
EOC
}


# Two servers alike, but for the module.
my (@nginx, %port);

for my $with (0, 1) {
    my ($tls) = free_ports(1);
    my $nginx = $t->nginx(
        account   => 0,
        no_module => !$with,
        http      => http_part($tls) . ($with ? $account : ''),
        server    => server_part($tls),
    );

    push @nginx, $nginx;
    $port{$nginx} = $tls;
}

$t->allow(qr/zoom: account "idle"/);


# What an answer is, without what differs from one to the next.
sub essence {
    my ($r) = @_;
    my %header = %{ $r->headers // {} };

    delete @header{qw(date x-pid last-modified etag connection)};

    return { status => $r->status, body => $r->body, headers => \%header,
             error => $r->error };
}


sub same {
    my ($name, $status, %o) = @_;
    my @r = map { http(port => $_->port, %o) } @nginx;

    is($r[0]->status, $status, "$name: as meant without the module");
    is_deeply(essence($r[1]), essence($r[0]), "$name: and so with it");
}


subtest 'static files' => sub {
    same('a file', 200, path => '/text.txt');
    same('compressed', 200, path => '/text.txt',
         headers => ['Accept-Encoding' => 'gzip']);
    same('a range', 206, path => '/text.txt',
         headers => ['Range' => 'bytes=10-99']);
    same('HEAD', 200, path => '/text.txt', method => 'HEAD');
    same('none', 404, path => '/none');
    same('POST', 405, path => '/text.txt', body => 'x');
    same('not modified', 304, path => '/text.txt', headers =>
         ['If-Modified-Since' => 'Fri, 01 Jan 2100 00:00:00 GMT']);
};


subtest 'filters, rewrites and variables' => sub {
    same('substitutes and subrequests', 200, path => '/sub/page.html');
    same('a redirect', 301, path => '/moved');
    same('arguments', 200, path => '/echo?a=b%20c&tier=gold&key=secret');
    same('a rewrite', 200, path => '/rewritten/page.html?x=y');
    same('nonsense', 400, bytes => "NONSENSE\r\n\r\n");
    same('a long header', 400, path => '/',
         headers => ['X' => 'x' x 40_000]);
};


subtest 'access' => sub {
    same('no password', 401, path => '/private/page.html');
    same('a password', 200, path => '/private/page.html',
         headers => ['Authorization' => 'Basic Z3Vlc3Q6d29yZA==']);
    same('asked and let in', 200, path => '/asked/page.html');
    same('asked and refused', 403, path => '/asked/page.html',
         headers => ['X' => 'no']);
    same('the first', 200, path => '/limited');
    same('the second', 503, path => '/limited');
};


subtest 'proxying' => sub {
    same('TLS and keepalive', 200, path => '/proxy/text.txt') for 1 .. 3;
    same('an error behind', 404, path => '/proxy/none');
    same('a body', 200, path => '/proxy/echo?a=b', body => 'x' x 500_000);
    same('a body in chunks', 200, path => '/proxy/echo', body => 'x' x 9000,
         chunked => 1000);
    same('too long a body', 413, path => '/proxy/echo',
         body => 'x' x 1_100_000);
    same('first cached', 200, path => '/cached/page.html');
    same('then a hit', 200, path => '/cached/page.html');
};


sub over_tls {
    my ($port) = @_;
    my $options = "-sq --cacert $dir/tls/ca.pem --noproxy '*'"
                . " -w '%{http_version} %{http_code}'";

    return scalar qx(curl $options https://127.0.0.1:$port/page.html);
}


subtest 'HTTP/2 and TLS' => sub {
    my @r = map { http2(port => $_->port2, path => '/text.txt') } @nginx;

    is($_->{version}, 'HTTP/2', 'HTTP/2') for @r;
    is_deeply(essence($r[1]), essence($r[0]), 'the same');

    my @out = map { over_tls($port{$_}) } @nginx;

    like($out[0], qr/three\n2 200$/, 'over TLS');
    is($out[1], $out[0], 'the same');
};


subtest 'a reload with requests under way' => sub {
    my $nginx = $nginx[1];
    my @under_way = map {
        http_start(port => $nginx->port, path => "/proxy/text.txt?$_")
    } 1 .. 50;

    $nginx->reload;

    my @bad = grep { $_->error || $_->status != 200 }
              http_wait(@under_way);

    is(scalar @bad, 0, 'all are answered');
    same('afterwards', 200, path => '/proxy/text.txt');
};


$t->finish;
