#!/usr/bin/perl

# Clients that know nothing of ours take the stand-in for Zoom: what
# t/gateway_clients.t sends through zoom_pass is right without it.  The client
# of MCP is in t/sandbox_mcp.t.

use strict;
use warnings;

use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Clients;
use Zoom::Npm;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$zoom->control(Zoom::Clients->commands);

my $token = http(
    port => $zoom->plain, path => '/oauth/token',
    body => 'grant_type=account_credentials&account_id='
            . $t->secret('account_id'),
    headers => ['Content-Type' => 'application/x-www-form-urlencoded',
                'Authorization' => 'Basic ' . encode_base64(
                    $t->secret('client_id') . ':'
                    . $t->secret('client_secret'), '')],
)->json->{access_token};

my %to = (
    dir      => $t->dir,
    secret   => $t->secret_file(token => $token),
    ca       => $zoom->ca,
    rest     => $zoom->api_url,
    graphql  => 'https://127.0.0.1:' . $zoom->tls . '/v3/graphql',
    mcp      => $zoom->mcp_url,
    download => $zoom->download_url,
);


for my $name (qw(curl requests fetch)) {
    my $clients = Zoom::Clients->new(%to);

    SKIP: {
        my $why = $clients->missing($name);

        skip $why, 1 if $why;
        is_deeply($clients->run($name), $clients->expected($name), $name);
    }
}

SKIP: {
    my $npm = Zoom::Npm->new($Zoom::Clients::RIVET);
    my $why = $npm->missing;

    skip $why, 1 if $why;
    $npm->install or fail('npm install') or diag($npm->said);

    my $clients = Zoom::Clients->new(%to, npm => $npm);

    is_deeply($clients->run('rivet'), $clients->expected('rivet'), 'rivet');
}

is($zoom->count('cdn', 'with authorization'), 0,
   'no token came to the CDN');

$t->finish;
