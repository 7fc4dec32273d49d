#!/usr/bin/perl

# docs/migration.md: the services that it begins with, run as they stand there,
# and the configurations that replace them give the same users tokens, and
# refuse the same callers.  Skipped, one by one, where there is no Express or
# no Flask.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Attendee qw(sign callback);
use Zoom::Documents qw(blocks);
use Zoom::Npm;
use Zoom::Process qw(spawn free_ports port_is_open slurp spew stop);
use Zoom::Test;

my $t = Zoom::Test->new;
my $plain = 'http://127.0.0.1:' . $t->zoom->plain;
my $dir = $t->dir;
my ($account, @after) = map { $_->[1] } blocks('docs/migration.md', 'nginx');

# "red" and "green" are users of the stand-in here.
my %user = (red => 'bots@t1.example', green => 'bots@t2.example');

$account =~ s/^(zoom_account .*?^\}\n)//ms or die "no account in the page\n";


sub placed {
    my ($text) = @_;

    $text =~ s{https://zoom\.us/oauth}{$plain/oauth}g;
    $text =~ s{https://api\.zoom\.us}{$plain}g;
    $text =~ s/bots\@(red|green)\.example/$user{$1}/g;
    $text =~ s{/etc/nginx/zoom/attendee_secret}{$dir/secret.attendee}g;
    $text =~ s{/etc/nginx/zoom/url_secret}{$dir/secret.arg}g;

    return $text;
}


# A service in its own process, once it listens.
sub service {
    my ($name, $port, @argv) = @_;
    my $pid = spawn(name => $name, output => "$dir/$name.output",
                    argv => ['sh', '-c', 'cd "$0" && exec "$@"', $dir, @argv]);

    ok(wait_for(sub { port_is_open($port) }, 30), "$name runs")
        or diag(slurp("$dir/$name.output"));

    return $pid;
}


# How a tenant's callback is answered: status, and whose ZAK it is.
sub attendee {
    my ($port, $tenant, $secret) = @_;
    my $body = callback(bot_metadata => qq({"tenant":"$tenant"}));
    my $r = http(port => $port, path => '/zoom-tokens', body => $body,
                 headers => ['Content-Type' => 'application/json',
                             'X-Webhook-Signature' => sign($secret, $body)]);
    my $token = $r->status == 200 ? $r->json->{zak_token} : undef;

    return $r->status . ' ' . (jwt_claims($token)->{uid} // '-');
}


sub zak {
    my ($port, $key) = @_;
    my $r = http(port => $port, path => "/zak?key=$key");

    return $r->status . ' ' . ($r->status == 200
                               ? jwt_claims($r->body)->{uid} : '-');
}


$t->nginx(http => placed($account =~ s/^server .*//msr),
          locations => placed(join '', map { location_of($_) }
                              $account, $after[0]));


# What is between "location" and its end.
sub location_of {
    my ($text) = @_;
    return $text =~ /^( *location = .*?\{\n.*?^ *\}\n)/ms;
}


subtest 'from Node' => sub {
    my $npm = Zoom::Npm->new('express@4');
    my $missing = $npm->missing;

    plan(skip_all => $missing) if $missing;

    if (!$npm->install) {
        fail('npm install') or diag($npm->said);
        return;
    }

    my ($port) = free_ports(1);
    my ($code) = map { $_->[1] } blocks('docs/migration.md', 'js');
    my $options = JSON::PP->new->utf8->canonical->encode({
        modules => $npm->dir . '/node_modules/express',
        secret  => $t->secret('attendee'),
        account => $t->secret('account_id'),
        client  => $t->secret('client_id') . ':' . $t->secret('client_secret'),
        users   => \%user,
    });

    spew("$dir/node.json", $options);
    spew("$dir/service.cjs", <<"EOJ");
const o = JSON.parse(require('fs').readFileSync('node.json'));
const express = require(o.modules);
const crypto = require('crypto');
const app = express();
const SECRET = o.secret, ACCOUNT_ID = o.account, USERS = o.users;
const BASIC = 'Basic ' + Buffer.from(o.client).toString('base64');
let access, expires = 0, expires_in;

// members sorted, of values that need no more
const canonical = (value) => JSON.stringify(value, (key, v) =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
        ? Object.fromEntries(Object.entries(v).sort()) : v);

@{[ placed($code) ]}
app.listen($port, '127.0.0.1');
EOJ

    my $pid = service('node', $port, 'node', 'service.cjs');
    my $secret = $t->secret('attendee');

    for my $tenant (qw(red green)) {
        is(attendee($port, $tenant, $secret), "200 $user{$tenant}",
           "$tenant, before");
        is(attendee($t->port, $tenant, $secret), "200 $user{$tenant}",
           "$tenant, after");
    }

    my $wrong = $t->secret('attendee2');

    is(attendee($port, 'red', $wrong), '401 -', 'another secret, before');
    is(attendee($t->port, 'red', $wrong), '401 -', 'another secret, after');
    is(attendee($t->port, 'blue', $secret), '403 -', 'nobody, after');

    stop($pid);
};


subtest 'from Python' => sub {
    my $python = '/usr/bin/python3';

    plan(skip_all => 'python3-flask or python3-requests is not installed')
        if system("$python -c 'import flask, requests' > /dev/null 2>&1");

    my ($port) = free_ports(1);
    my ($code) = map { $_->[1] } blocks('docs/migration.md', 'python');

    spew("$dir/python.json", JSON::PP->new->utf8->encode({
        key     => $t->secret('arg'),
        account => $t->secret('account_id'),
        client  => [map { $t->secret($_) } qw(client_id client_secret)],
    }));
    spew("$dir/service.py", <<"EOP");
import hmac, json, requests
from flask import Flask, abort, request

o = json.load(open("python.json"))
app = Flask(__name__)
cache = {}
KEY, USER = o["key"], "bots\@example.com"

def new_access_token():
    r = requests.post("$plain/oauth/token", auth=tuple(o["client"]),
                      data={"grant_type": "account_credentials",
                            "account_id": o["account"]})
    r.raise_for_status()
    cache["access"] = r.json()["access_token"]
    return cache["access"]

@{[ placed($code) ]}
app.run("127.0.0.1", $port)
EOP

    my $pid = service('python', $port, $python, 'service.py');

    for (['before', $port], ['after', $t->port]) {
        my ($when, $at) = @$_;

        is(zak($at, $t->secret('arg')), '200 bots@example.com',
           "a token, $when");
        is(zak($at, 'wrong'), '401 -', "another key, $when");
    }

    stop($pid);
};


$t->allow(qr/\[error\].*(?:refused|unauthenticated|no_user)/);
$t->finish;
