#!/usr/bin/perl

# What people call Zoom with, unmodified, at locations of ours: curl, Python's
# requests, Node's fetch, Zoom's own rivet, the client of MCP's SDK. They show
# the secret of a caller, and Zoom sees our token.

use strict;
use warnings;

use Test::More;

use Zoom::Clients;
use Zoom::Npm;
use Zoom::Stub;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

# Recordings lie with somebody of another name.
my $dns = Zoom::Stub->dns(log => $t->dir . '/dns', names => {
    map { $_ => ['127.0.0.1'] } qw(zoom.us localhost)
});

$t->nginx(account => { mcp_url => '%{mcp_url}',
                       download_url => 'https://zoom.us:%{tls}' },
          http => 'resolver 127.0.0.1:' . $dns->port . " ipv6=off;\n",
          locations => <<'EOC');
    client_max_body_size   8m;
    zoom_authenticate      header=Authorization file:%{header} as=agent;
    zoom_allow             agent *;

    location /zoom/     { zoom_pass acme; }
    location = /graphql { zoom_pass acme graphql; }
    location = /mcp     { zoom_pass acme mcp; }
    location /files/    { zoom_pass acme download;
                          zoom_download_redirects localhost; }
EOC

$zoom->control(Zoom::Clients->commands);

my $here = 'http://127.0.0.1:' . $t->port;

my %to = (
    dir      => $t->dir,
    secret   => $t->secret_file('header'),
    ca       => $zoom->ca,
    rest     => "$here/zoom",
    graphql  => "$here/graphql",
    mcp      => "$here/mcp",
    download => "$here/files",
    head     => 405,
    once     => '200 GET /past_meetings/{meetingId}',
    option   => 'ApiResponseError [400]: Request was unsuccessful with no '
                . 'further context',
);


for my $name (qw(curl requests fetch)) {
    my $clients = Zoom::Clients->new(%to);

    SKIP: {
        my $why = $clients->missing($name);

        skip $why, 1 if $why;
        is_deeply($clients->run($name), $clients->expected($name), $name);
    }
}

for (['rivet', $Zoom::Clients::RIVET], ['mcp', $Zoom::Clients::MCP]) {
    my ($name, $package) = @$_;
    my $npm = Zoom::Npm->new($package);

    SKIP: {
        my $why = $npm->missing;

        skip $why, 1 if $why;
        $npm->install or fail('npm install') or diag($npm->said);

        my $clients = Zoom::Clients->new(%to, npm => $npm);

        is_deeply($clients->run($name), $clients->expected($name), $name);
    }
}

my @tokens = map { map { $_->[1] } grep { lc $_->[0] eq 'authorization' }
                   @{ $_->{headers} } }
             grep { $_->{endpoint} ne 'cdn' } $zoom->requests;

cmp_ok(scalar @tokens, '>', 20, 'requests came to Zoom');
is(scalar(grep { !/^Bearer ey/ } @tokens), 0, 'each with our token');
is($zoom->count('cdn', 'with authorization'), 0, 'which no CDN got');

$t->finish;
