#!/usr/bin/perl

# Zoom's own library, as npm has it, takes the stand-in for Zoom: it asks for
# consent, exchanges the code, refreshes, calls the API, and believes the
# webhooks.  Skipped where npm or its registry can't be reached.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Npm;
use Zoom::Process qw(spawn alive free_ports port_is_open spew slurp stop);
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

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my ($port, $hooks) = free_ports(2);
my $return = "http://127.0.0.1:$port/zoom/connected";
my $json = JSON::PP->new->utf8->canonical;


# Its addresses of Zoom can't be changed: connections to them go to ours, with
# the name and the certificate checked all the same.
spew("$dir/rivet.cjs", <<'EOJ');
const fs = require("fs");
const https = require("https");
const o = JSON.parse(fs.readFileSync("options.json"));
const connect = https.Agent.prototype.createConnection;

https.Agent.prototype.createConnection = function (options, done) {
    return connect.call(this, { ...options, servername: options.host,
                                host: "127.0.0.1", port: o.tls }, done);
};

const { UsersOAuthClient, UsersS2SAuthClient } = require("@zoom/rivet/users");
const said = [];

function say(name, value) {
    said.push({ name, value });
    fs.writeFileSync("said.new", JSON.stringify(said));
    fs.renameSync("said.new", "said.json");
}

async function attempt(name, call) {
    try {
        const { data } = await call();
        say(name, data);
    } catch (err) {
        say(name, { error: err.name, message: err.message });
    }
}

const tokens = {
    getLatestToken() { return this.token; },
    storeToken(token) { this.token = token; say("token", token.scopes); },
};

const users = new UsersOAuthClient({
    clientId: o.client_id, clientSecret: o.client_secret,
    webhooksSecretToken: o.secret, port: o.port, tokenStore: tokens,
    installerOptions: { redirectUri: o.return, stateStore: o.state,
                        redirectUriPath: "/zoom/connected",
                        installPath: "/connect", directInstall: true },
});

const hooks = new UsersS2SAuthClient({
    clientId: o.s2s_id, clientSecret: o.s2s_secret, accountId: o.account_id,
    webhooksSecretToken: o.secret, port: o.hooks,
});

async function whenConnected() {
    const { users: api } = users.endpoints;

    await attempt("me", () => api.getUser({ path: { userId: "me" } }));
    await attempt("zak", () => api.getUsersToken({
        path: { userId: "me" }, query: { type: "zak", ttl: 600 } }));
    await attempt("list", () => api.listUsers({}));

    tokens.token.expirationTimeIso = new Date().toISOString();
    await attempt("refreshed",
                  () => api.getUser({ path: { userId: "me" } }));
    await attempt("users", () => hooks.endpoints.users.listUsers({}));
    say("done", true);
}

hooks.webEventConsumer.event("user.deactivated", ({ payload }) => {
    say("event", payload.object.email);
});

(async () => {
    await users.start();
    await hooks.start();
    say("started", true);

    const wait = setInterval(() => {
        if (tokens.token) {
            clearInterval(wait);
            whenConnected();
        }
    }, 50);
})();
EOJ

my $secret = 'a secret of webhooks';

spew("$dir/options.json", $json->encode({
    tls => $zoom->tls, port => $port, hooks => $hooks, secret => $secret,
    return => $return, state => 'a secret of states',
    client_id => $t->secret('users_id'),
    client_secret => $t->secret('users_secret'),
    s2s_id => $t->secret('client_id'),
    s2s_secret => $t->secret('client_secret'),
    account_id => $t->secret('account_id'),
}));


sub said {
    my ($name, $n) = @_;
    my $value;

    wait_for(sub {
        my $all = eval { $json->decode(slurp("$dir/said.json")) } // [];
        my @named = grep { $_->{name} eq $name } @$all;

        $value = $named[$n // 0];
    }, 30, "rivet to say $name: " . slurp("$dir/output"));

    return $value->{value};
}


$zoom->control({ user_app => { redirect_uris => [$return] } },
               { account => { webhook => {
                     url    => "http://127.0.0.1:$hooks/zoom/events",
                     secret => $secret,
                 } } });

my $rivet = spawn(name => 'rivet', output => "$dir/output",
                  env  => { NODE_EXTRA_CA_CERTS => $zoom->ca },
                  argv => ['sh', '-c', 'cd "$0" && exec node rivet.cjs',
                           $dir]);

said('started');


subtest 'consent' => sub {
    my $r = http(port => $port, path => '/connect');

    is($r->status, 302, 'it sends people to Zoom');

    my ($cookie) = $r->header('set-cookie') =~ /^([^;]+)/;
    my $back = $zoom->consent($r->header('location'));

    like($back, qr{^\Q$return\E\?code=}, 'who come back');

    my ($path) = $back =~ m{^http://[^/]+(/.*)};

    $r = http(port => $port, path => $path, headers => [Cookie => $cookie]);
    is($r->status, 200, 'and are connected') or diag($r->body);
    is(said('token')->[0], 'user:read:user', 'with scopes');
};


subtest 'the API' => sub {
    said('done');

    is(said('me')->{email}, 'alice@other.example', 'who it is');
    is(jwt_claims(said('zak')->{token})->{zid}, 'AliceOfAnotherAccount1',
       'a ZAK');
    is(said('list')->{error}, 'ApiResponseError', 'what it may not');
    like(said('list')->{message}, qr/does not contain scopes/, 'and why');
    is(said('refreshed')->{email}, 'alice@other.example', 'a refresh');
    is($zoom->count(qw(grants refreshed)), 1, 'it was one');
    is(scalar @{ said('users')->{users} }, 4, 'an account');
};


subtest 'webhooks' => sub {
    $zoom->control({ crc => JSON::PP::true });
    ok(wait_for(sub { $zoom->count('crc', 'ok') }, 10),
       'it answers our challenge');

    $zoom->control({ deactivate => 'bots@example.com' });
    is(said('event'), 'bots@example.com', 'it believes us');

    my $status = sub {
        my ($id) = @_;

        return wait_for(sub {
            (map { $_->{attempts}[0]{status} }
             grep { $_->{id} eq $id && $_->{done} } $zoom->deliveries)[0];
        }, 10);
    };
    my $event = '{"event":"user.deactivated","payload":{"object":'
                . '{"id":"x","email":"x@y.z"}}}';

    $zoom->control({ send => { id => 'bad', body => $event,
                               secret => 'another' } },
                   { send => { id => 'good', body => $event } },
                   { send => { id => 'space', body => "$event " } });
    is($status->('bad'), 400, 'and nobody else');
    is($status->('good'), 200, 'the bytes of Zoom');
    is($status->('space'), 400, 'which it writes anew before it looks');
};


stop($rivet);
$t->finish;
