#!/usr/bin/perl

# The client of Model Context Protocol's own SDK, as npm has it, takes the
# stand-in for Zoom's MCP server: sessions, tools, streams that it breaks off.
# Skipped where npm or its registry can't be reached.

use strict;
use warnings;

use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Clients;
use Zoom::Npm;
use Zoom::Test;

my $npm = Zoom::Npm->new($Zoom::Clients::MCP);

if (my $why = $npm->missing) {
    plan(skip_all => $why);
}

if (!$npm->install) {
    fail('npm install') or diag($npm->said);
    done_testing();
    exit;
}

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my $token = http(
    port => $zoom->plain, path => '/oauth/token',
    body => 'grant_type=account_credentials&account_id='
            . $t->secret('account_id'),
    headers => ['Content-Type' => 'application/x-www-form-urlencoded',
                'Authorization' => 'Basic ' . encode_base64(
                    $t->secret('client_id') . ':'
                    . $t->secret('client_secret'), '')],
)->json->{access_token};

my $clients = Zoom::Clients->new(
    dir => $t->dir, npm => $npm, ca => $zoom->ca, mcp => $zoom->mcp_url,
    secret => $t->secret_file(token => $token),
    rest => '', graphql => '', download => '',
);


for my $how ({ answers => 'sse' }, { answers => 'json' },
             { answers => 'sse', listen => JSON::PP::false })
{
    my $called = join ', ', map { "$_ $how->{$_}" } sort keys %$how;

    $zoom->control({ forget => 1 }, { mcp => $how });

    is_deeply($clients->run('mcp'), $clients->expected('mcp'), $called);
    is($zoom->count(qw(mcp sessions)), 1, 'one session');
    is($zoom->count(qw(mcp ended)), 1, 'which it ended');
    ok(wait_for(sub { $zoom->count('mcp', 'given up') }, 5),
       'what it broke off was seen to end');
}

my @told = grep { $_->{endpoint} eq 'mcp' } $zoom->requests;
my %methods = map { ($_->{method} => 1) } @told;

is(join(' ', sort keys %methods), 'DELETE GET POST',
   'all that the protocol has');
is(scalar(grep { ($_->{rpc} // '') eq 'notifications/cancelled' } @told), 1,
   'what was broken off was told');

$t->finish;
