#!/usr/bin/perl

# What versions of libcurl have of their own, played by a shim: how a connection
# fails, how to quit, and one that is to be warned of.

use strict;
use warnings;

use Test::More;

use Zoom::Nginx;
use Zoom::Shim;
use Zoom::Test;

plan skip_all => 'a sanitizer has to be preloaded first' if $ENV{ZOOM_ASAN};

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $shim = shim('curl', $t->dir);

my $locations = <<'EOC';
        location = /zak {
            zoom_tokens        acme;
            zoom_authenticate  off;
            zoom_user          bots@example.com;
            zoom_reuse         0;
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC


sub start {
    my (%env) = @_;

    $zoom->control({ reset => 1 });

    my $nginx = $t->nginx(account => { http2 => 'on' }, workers => 1,
                          locations => $locations,
                          env => { LD_PRELOAD => $shim, %env });

    wait_for(sub { $zoom->count(qw(endpoints oauth 200)) }, 5,
             'an access token');

    return $nginx;
}


# CURLE_HTTP2, PARTIAL_FILE, GOT_NOTHING, SEND_ERROR, RECV_ERROR, HTTP2_STREAM
for my $code (16, 18, 52, 55, 56, 92) {
    subtest "a connection that was given up, as $code" => sub {
        start(SHIM_CODE => $code);

        is($t->get('/zak')->status, 200, 'a token');
        is($zoom->count(qw(endpoints token calls)), 2, 'asked for twice');
        is($t->get('/status?format=json')->json->{accounts}{acme}{retries}, 0,
           'and no slot taken for it');

        $t->over;
    };
}


subtest 'other failures' => sub {
    start(SHIM_CODE => 8);

    $t->get('/zak');
    is($t->get('/status?format=json')->json->{accounts}{acme}{retries}, 1,
       'are not for the client to mend');

    $t->over;
};


subtest 'quitting' => sub {
    my $nginx = start();

    like($nginx->error_log . slurp($nginx->dir . '/output'),
         qr/^shim: option 21 is 1$/m, 'does not wait for names');

    $t->over;
};


# With whatever libcurl there is.  Angie has a resolver unless told otherwise.
subtest 'quitting while the DNS is dead' => sub {
    my $name = 'silent.zoom.example';

    my $angie = Zoom::Nginx::binary() . ' -v 2>&1';

    my $nginx = $t->nginx(account => { oauth_url => "https://$name" },
                          http => `$angie` =~ /Angie/ ? 'resolver off;' : '',
                          workers => 1, locations => $locations,
                          env => { LD_PRELOAD => $shim, SHIM_SILENT => $name });

    # nginx makes its error log of stderr
    wait_for(sub { $nginx->error_log =~ /^shim: looking for \Q$name/m }, 10,
             'a look-up');

    $t->over;
};


my $WARNING = qr/\[warn\] .* libcurl .* may keep a processor busy/;

for ([81400 => 1], [81500 => 0], [75801 => 0]) {
    my ($version, $expected) = @$_;

    subtest "libcurl $version" => sub {
        my $nginx = start(SHIM_VERSION => $version);
        my @said = grep { /$WARNING/ } split /\n/, $nginx->error_log;

        is(scalar @said, $expected, 'warnings');

        $t->allow($WARNING) if $expected;
        $t->over;
    };
}


# Whose OpenSSL is another than nginx's has other objects.
my ($major) = `openssl version` =~ /OpenSSL (\d+)/;

for (["OpenSSL/$major.9.9" => undef],
     ["(GnuTLS/3.7.9) OpenSSL/$major.9.9" => undef],
     ['OpenSSL/' . ($major + 1) . '.0.0' => qr/both must be of one major/],
     ['OpenSSL/1.1.1w' => qr/both must be of one major version/],
     ['GnuTLS/3.7.9' => qr/must be the one built with OpenSSL, not "GnuTLS/])
{
    my ($tls, $error) = @$_;
    my @with = (locations => $locations,
                env => { LD_PRELOAD => $shim, SHIM_TLS => $tls });

    subtest "libcurl with $tls" => sub {
        my ($exit, $said) = $t->nginx_t(@with);

        is($exit, $error ? 1 : 0, 'the configuration');
        like($said, $error ? qr/\[emerg\] .* $error/ : qr/ is successful/,
             'is told of it');

        ($exit, $said) = $t->nginx_t(account => 0, @with[2, 3]);
        is($exit, 0, 'without an account nothing is asked of it');
    };
}


$t->finish;
