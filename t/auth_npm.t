#!/usr/bin/perl

# The reference implementation of Standard Webhooks, as npm has it, signs; a
# real nginx verifies.  Skipped where npm or its registry can't be reached.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Npm;
use Zoom::Process qw(spew);
use Zoom::Test;

my $npm = Zoom::Npm->new('standardwebhooks@1');
my $dir = $npm->dir;

if (my $why = $npm->missing) {
    plan(skip_all => $why);
}

if (!$npm->install) {
    fail('npm install') or diag($npm->said);
    done_testing();
    exit;
}


# Secrets and messages come in a file: none is on a command line.
spew("$dir/sign.js", <<'EOJ');
const fs = require("fs");
const { Webhook } = require("standardwebhooks");

const { secret, messages } = JSON.parse(fs.readFileSync("messages.json"));
const webhook = new Webhook(secret);

console.log(JSON.stringify(messages.map(({ id, at, body }) =>
    webhook.sign(id, new Date(at * 1000), body))));
EOJ

my $t = Zoom::Test->new;

$t->nginx(locations => <<'EOC');
        location = /zak {
            zoom_tokens        acme;
            zoom_user          bots@example.com;
            zoom_authenticate  standard_webhooks file:%{webhooks};
        }
EOC


sub signed {
    my ($secret, @messages) = @_;
    my $json = JSON::PP->new->utf8;

    spew("$dir/messages.json",
         $json->encode({ secret => $secret, messages => \@messages }));
    $npm->run_to('signed', 30, 'node', 'sign.js')
        or die 'node: ', $npm->said;

    return @{ $json->decode($npm->said) };
}


# GET where there is no body.
sub send_it {
    my ($message, $signature) = @_;
    my $body = $message->{body};

    utf8::encode($body);

    my @headers = webhook('', id => $message->{id}, timestamp =>
                          $message->{at}, signature => $signature);

    return $body eq '' ? $t->get('/zak', @headers)
                       : $t->post('/zak', $body, @headers);
}


my $n = 0;
my @messages = map { { id => 'msg_npm' . ++$n, at => time, body => $_ } }
               '', '{}', '{"bot_id":"b","x":[1.50,null]}',
               qq({"name" : "caf\x{e9} \x{2028} \x{1f600}"}\r\n),
               '{"long":"' . 'x' x 20_000 . '"}';

my @signatures = signed($t->secret('webhooks'), @messages);

for my $i (0 .. $#messages) {
    my $len = length $messages[$i]{body};
    my $r = send_it($messages[$i], $signatures[$i]);

    is($r->status, 200, "$len characters, signed with npm's package")
        or diag $r->body;
    is($signatures[$i], do {
        utf8::encode(my $body = $messages[$i]{body});
        webhook_signature($t->secret('webhooks'), $messages[$i]{id},
                          $messages[$i]{at}, $body);
    }, 'and as our tests sign it');
}

my @wrong = signed($t->secret('webhooks2'),
                   map { { %$_, id => "$_->{id}_wrong" } } @messages);

is(send_it({ %{ $messages[$_] }, id => "$messages[$_]{id}_wrong" },
           $wrong[$_])->status, 401, 'not under another secret')
    for 0 .. $#messages;

$t->finish;
