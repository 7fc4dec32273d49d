#!/usr/bin/perl

# zoom_webhook_by_lua_file: a script that sees an event before anybody else.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Event qw(event);
use Zoom::Receiver;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $secret = 'CANARYhook' . 'x' x 12;
my $app = Zoom::Receiver->start(log => $t->dir . '/app');
my $upstream = '127.0.0.1:' . $app->port;
my $seen = 0;

$t->secret_file('hook', $secret);
$t->canary(hook => $secret);

my %script = (
    filter => <<'EOL',
if event.event == "meeting.ended" and event.meeting_id ~= "123456789" then
    return nil, "not ours: " .. event.meeting_id
end
EOL
    log => <<'EOL',
local body = zoom.json_decode(event.body)

zoom.log("notice", table.concat({ event.event, event.event_id, event.account,
                        event.object_id, event.email,
                        tostring(event.meeting_id), body.payload.object.extra,
                        tostring(event.headers["x-zm-signature"]),
                        event.args.x }, "|"))
EOL
    mint => <<'EOL',
local token, err = zoom.mint{ user = "bots@example.com" }

if not token then
    return nil, err
end
EOL
    error => 'error("on purpose")',
    wrong => 'return "bots@example.com"',
);

mkdir $t->dir . '/lua', 0755;
spew($t->dir . "/lua/$_.lua", "return function(event)\n$script{$_}\nend\n")
    for keys %script;

my $locations = join '', map { <<"EOC" } sort keys %script;
        location = /$_ {
            zoom_webhook              acme;
            zoom_webhook_by_lua_file  ${\ $t->dir}/lua/$_.lua;
            proxy_pass                http://$upstream;
        }
EOC

$t->nginx(lua => 1, account => { webhook_secret => 'file:%{hook}' },
          locations => $locations);


sub hook {
    my ($path, $event, $object, %o) = @_;

    return http(port => $t->port, path => $path,
                event($event, { object => $object }, secret => $secret, %o))
           ->status;
}


sub came {
    my ($n) = @_;

    wait_for(sub { $app->requests >= $seen + $n }, 10) if $n;

    my $came = $app->requests - $seen;

    $seen += $came;
    return $came;
}


subtest 'it goes on' => sub {
    is(hook('/filter', 'meeting.ended', { id => '123456789' }), 200,
       'a meeting of ours');
    is(hook('/filter', 'meeting.started', { id => '5' }), 200, 'another event');
    is(came(2), 2, 'both came');
    is(hook('/filter', 'meeting.ended', { id => '5' }, id => 'no'), 204,
       'one that is for nobody');
    is(hook('/filter', 'meeting.ended', { id => '123456789' }, id => 'no'),
       204, 'is done');
    is(came(0), 0, 'none came');
};


subtest 'what it knows' => sub {
    is(hook('/log?x=y', 'user.updated', { id => 'u1', email => 'a@b.example',
                                          extra => 'z' }, id => 'id-1'), 200,
       'an event');
    like($t->{nginx}[-1]->error_log,
         qr/user\.updated\|id-1\|acme\|u1\|a\@b\.example\|nil\|z\|nil\|y/,
         'all of it, but for the signature');
    is(came(1), 1, 'it came');
    is(hook('/log', 'user.updated', {}, secret => 'no'), 401,
       'a stranger has no script');
};


subtest 'it waits' => sub {
    my @same = (port => $t->port, path => '/mint',
                event('user.updated', {}, secret => $secret));

    $zoom->control({ match => 'token', mode => 'delay', ms => 300 });
    is(http(@same)->status, 200, 'for a token');
    is(came(1), 1, 'then it goes on');
    is(http(@same)->status, 204, 'once');
    is($zoom->token_calls, 1, 'one was minted');

    my $gone = http_start(port => $t->port, path => '/mint',
                          event('user.updated', { n => 1 },
                                secret => $secret));

    $gone->abort;
    is(hook('/mint', 'user.updated', { n => 2 }), 200,
       'a client that goes away hurts nobody');
};


subtest 'it fails' => sub {
    my @same = (port => $t->port, path => '/error',
                event('user.updated', {}, secret => $secret));

    for (1 .. 2) {
        my $r = http(@same);

        is($r->status, 500, 'so that Zoom comes again');
        is($r->json->{error}, 'route_failed', 'why');
    }

    is(hook('/wrong', 'user.updated', {}), 500, 'it returned something');
    like($t->{nginx}[-1]->error_log, qr/it returned a string for a webhook/,
         'which is told');
};


$t->finish;
