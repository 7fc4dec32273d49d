#!/usr/bin/perl

# The way to Zoom: verified TLS, no foreign proxy, HTTP/2 and our own proxy
# where they were asked for.

use strict;
use warnings;

use FindBin;
use Test::More;

use Zoom::Stub;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

# The same Zoom under a name that its certificate does not hold.
my $misnamed = $t->start_sandbox(called => 'misnamed', names => 'DNS:zoom.us');

my $location = <<'EOC';
        location = /zak {
            zoom_tokens        acme;
            zoom_authenticate  off;
            zoom_user          bots@example.com;
            zoom_timeout       2s;
        }
EOC


# One answer of an nginx whose account has these parameters.
sub ask {
    my ($account, $run, %o) = @_;
    my $nginx = $t->nginx(account => $account, locations => $location, %o);
    my $r = $t->get('/zak');

    $run->($r, $nginx);
    $t->over;
}


sub refused {
    my ($zoom) = @_;

    return sub {
        my ($r, $nginx) = @_;

        is($r->status . ' ' . ($r->json->{error} // ''),
           '503 zoom_unavailable', 'no token');
        is($zoom->stats->{requests}, 0, 'not a byte was sent');
        like($nginx->error_log, qr/certificate|SSL|TLS/i,
             'the log says why');
    };
}


subtest 'a foreign authority' => sub {
    my $dir = $t->dir . '/other';

    mkdir $dir, 0755;
    system "$FindBin::Bin/sandbox/certificates", $dir;
    ask({ trusted_certificate => "$dir/ca.pem" }, refused($zoom));
};


subtest 'the system knows no such authority' => sub {
    ask({ trusted_certificate => undef }, refused($zoom));
};


subtest 'a foreign name' => sub {
    ask({ oauth_url => $misnamed->oauth_url, api_url => $misnamed->api_url,
          trusted_certificate => $misnamed->ca }, refused($misnamed));
};


subtest 'HTTP/1.1, over few connections' => sub {
    $zoom->control({ reset => 1 });

    ask({}, sub {
        is($_[0]->status, 200, 'a token');

        my $s = $zoom->stats;

        is_deeply([keys %{ $s->{http} }], ['HTTP/1.1'], 'HTTP/1.1');
        cmp_ok($s->{connections}, '<=', 2, 'connections');
    });
};


subtest 'HTTP/2' => sub {
    $zoom->control({ reset => 1 });

    ask({ http2 => 'on' }, sub {
        is($_[0]->status, 200, 'a token');
        is_deeply([keys %{ $zoom->stats->{http} }], ['HTTP/2.0'], 'HTTP/2');
    });
};


subtest 'proxies of the environment' => sub {
    my @names = qw(https_proxy HTTPS_PROXY http_proxy all_proxy ALL_PROXY);
    my $proxy = Zoom::Stub->proxy(log => $t->dir . '/env', to => $zoom->tls);
    my %env = map { $_ => 'http://127.0.0.1:' . $proxy->port } @names;

    ask({}, sub {
        is($_[0]->status, 200, 'a token');
        is(scalar(my @seen = $proxy->log), 0, 'without them');
    }, env => \%env, main => join('', map { "env $_;\n" } @names));

    $proxy->stop_it;
};


subtest 'our own proxy' => sub {
    my $proxy = Zoom::Stub->proxy(log => $t->dir . '/own', to => $zoom->tls);

    $zoom->control({ reset => 1 });
    ask({ proxy     => 'http://127.0.0.1:' . $proxy->port,
          oauth_url => 'https://zoom.us:' . $zoom->tls . '/oauth/token',
          api_url   => 'https://api.zoom.us:' . $zoom->tls . '/v2' }, sub {
        is($_[0]->status, 200, 'a token');

        my @seen = $proxy->log;

        is(scalar(grep { /^CONNECT zoom\.us:\d+ / } @seen), 1,
           'a tunnel to zoom.us');
        is(scalar(grep { /^CONNECT api\.zoom\.us:\d+ / } @seen), 1,
           'and one to api.zoom.us');
        is(scalar(grep { /authorization/i } @seen), 0,
           'credentials are for Zoom alone');
        is($zoom->count(qw(hosts zoom.us)), 1, 'the names are kept');
    });
    $proxy->stop_it;
};


subtest 'a proxy that refuses' => sub {
    my $proxy = Zoom::Stub->proxy(log => $t->dir . '/no', refuse => 403);

    ask({ proxy => 'http://127.0.0.1:' . $proxy->port }, sub {
        is($_[0]->status, 503, 'no token');
        cmp_ok(scalar(my @seen = $proxy->log), '>', 0, 'it was asked');
    });
    $proxy->stop_it;
};


subtest 'http to ourselves' => sub {
    my $plain = 'http://127.0.0.1:' . $zoom->plain;

    ask({ oauth_url => "$plain/oauth/token", api_url => "$plain/v2",
          trusted_certificate => undef }, sub {
        is($_[0]->status, 200, 'is allowed');
    });
};


$t->finish;
