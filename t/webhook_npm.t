#!/usr/bin/perl

# Zoom's own library and ours look at the same deliveries: they agree wherever
# the body is spelled as JSON.stringify() spells it.  Skipped where npm or its
# registry can't be reached.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Event qw(event);
use Zoom::Npm;
use Zoom::Process qw(spawn free_ports port_is_open spew slurp stop);
use Zoom::Test;

my $npm = Zoom::Npm->new('@zoom/rivet@0.4.0');
my $dir = $npm->dir;

if (my $why = $npm->missing) {
    plan(skip_all => $why);
}

if (!$npm->install) {
    fail('npm install') or diag($npm->said);
    done_testing();
    exit;
}

my $t = Zoom::Test->new(sandbox => 0);
my ($hooks) = free_ports(1);
my $secret = 'CANARYhook' . 'x' x 12;
my $json = JSON::PP->new->utf8->canonical;

$t->secret_file('hook', $secret);
$t->canary(hook => $secret);

spew("$dir/options.json", $json->encode({ secret => $secret,
                                          hooks  => $hooks }));
spew("$dir/rivet.cjs", <<'EOJ');
const o = JSON.parse(require("fs").readFileSync("options.json"));
const { UsersS2SAuthClient } = require("@zoom/rivet/users");

new UsersS2SAuthClient({
    clientId: "x", clientSecret: "x", accountId: "x",
    webhooksSecretToken: o.secret, port: o.hooks,
}).start();
EOJ

my $rivet = spawn(name => 'rivet', output => "$dir/output",
                  argv => ['sh', '-c', 'cd "$0" && exec node rivet.cjs',
                           $dir]);

wait_for(sub { port_is_open($hooks) }, 30, 'rivet: ' . slurp("$dir/output"));

$t->nginx(account => { webhook_secret => 'file:%{hook}',
                       oauth_url => undef, api_url => undef,
                       trusted_certificate => undef },
          locations => <<'EOC');
        location = /zoom/events {
            zoom_webhook  acme;
        }
EOC


sub verdict {
    my ($port, @o) = @_;
    my $r = http(port => $port, path => '/zoom/events', @o);

    return $r->status < 300 ? 'yes' : $r->status < 500 ? 'no' : 'failed';
}


sub compare {
    my ($name, $body, $ours, $rivets, %o) = @_;
    my @request = event('x', {}, secret => $secret, body => $body, %o);

    is(verdict($t->port, @request), $ours, "$name: ours");
    is(verdict($hooks, @request), $rivets, "$name: rivet's");
}


subtest 'where it is right' => sub {
    my @bodies = (
        '{"event":"user.created","payload":{"account_id":"a","object":{}}}',
        '{"event":"user.created","payload":{"b":1,"a":[true,null,-0.5,""]}}',
        qq({"event":"user.created","payload":{"a":"caf\xc3\xa9 \xe2\x98\x95"}}),
        '{"event":"user.created","payload":{"a":"\"\\\\\n\t"}}',
        '{"event":"user.created","payload":{"a":"/a//b=="}}',
        qq({"event":"user.created","payload":{"a":"\xf0\x9f\x98\x80"}}),
    );

    compare("spelled so ($_)", $bodies[$_], 'yes', 'yes') for 0 .. $#bodies;

    compare('another secret', $bodies[0], 'no', 'no', secret => 'no');
    compare('another time', $bodies[0], 'no', 'no', timestamp => time,
            signature => 'v0=' . '0' x 64);
    compare('none', $bodies[0], 'no', 'no', signature => '');
};


subtest 'the challenge' => sub {
    my @request = event('x', {}, secret => $secret, body => $json->encode({
        event   => 'endpoint.url_validation',
        payload => { plainToken => 'xys8n8PGS7mAU0m5-YJjRA' },
    }));

    my ($ours, $rivets) = map {
        http(port => $_, path => '/zoom/events', @request)->json;
    } $t->port, $hooks;

    is_deeply($ours, $rivets, 'one answer');
    like($ours->{encryptedToken}, qr/^[0-9a-f]{64}$/, 'to it');
};


# All of these are what Zoom would have signed: the bytes.
subtest 'where it is not' => sub {
    compare('a blank', '{"event": "user.created","payload":{}}', 'yes', 'no');
    compare('a line', qq({"event":"user.created","payload":{}}\n), 'yes',
            'no');
    compare('a number', '{"event":"user.created","payload":{"a":1.0}}', 'yes',
            'no');
    compare('a large one',
            '{"event":"user.created","payload":{"a":12345678901234567890}}',
            'yes', 'no');
    compare('a slash', '{"event":"user.created","payload":{"a":"\/"}}', 'yes',
            'no');
    compare('an escape', '{"event":"user.created","payload":{"a":"\u00e9"}}',
            'yes', 'no');
    compare('a member twice',
            '{"event":"user.created","payload":{"a":1,"a":2}}', 'yes', 'no');
};


subtest 'what it does not look at' => sub {
    my $body = '{"event":"user.created","payload":{"n":1}}';

    compare('a year ago', $body, 'no', 'yes', age => 365 * 86400);
};


stop($rivet);
$t->finish;
