#!/usr/bin/perl

# Webhooks as the status page tells of them: by event and by what became of
# them, however many events there are.

use strict;
use warnings;

use Test::More;

use Zoom::Event qw(event);
use Zoom::Receiver;
use Zoom::Test;

my $t = Zoom::Test->new;
my $secret = 'CANARYhook' . 'x' x 12;
my $app = Zoom::Receiver->start(log => $t->dir . '/app');
my $upstream = '127.0.0.1:' . $app->port;

$t->secret_file('hook', $secret);
$t->canary(hook => $secret);

$t->nginx(account => { webhook_secret => 'file:%{hook}' },
          locations => <<"EOC");
        zoom_webhook_events  meeting.* many.*;

        location = /hook {
            zoom_webhook  acme;
            proxy_pass    http://$upstream;
        }

        location = /many {
            zoom_webhook  acme;
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC


sub hook {
    my ($event, %o) = @_;

    return http(port => $t->port, path => $o{path} // '/hook',
                event($event, $o{payload} // {}, secret => $secret, %o))
           ->status;
}


sub rows {
    my $all = $t->get('/status?format=json')->json->{webhooks};

    return { map { ("$_->{account} $_->{event}" => $_) } @$all };
}


is_deeply(rows(), {}, 'nothing so far');
unlike($t->get('/status?format=html')->body, qr/Webhooks/, 'for people');

$app->answers(200, 500, 200);
hook('meeting.ended', id => $_, payload => { n => $_ }) for qw(a b a b b);
hook('meeting.ended', payload => { n => 1 });
hook('user.updated') for 1 .. 3;
hook('endpoint.url_validation', payload => { plainToken => 'abc' });
hook('meeting.ended', secret => 'no') for 1 .. 4;

my $rows = rows();
my $now = time;
my %none = map { $_ => 0 } qw(new duplicate crc ignored rejected failed);

for my $row (values %$rows) {
    my $last = delete $row->{last};

    cmp_ok(abs($now - $last), '<', 60, "$row->{event} was lately");
}

is_deeply($rows, {
    'acme meeting.ended' => {
        %none, account => 'acme', event => 'meeting.ended', new => 4,
        failed => 1, duplicate => 2 },
    'acme user.updated' => {
        %none, account => 'acme', event => 'user.updated', ignored => 3 },
    'acme endpoint.url_validation' => {
        %none, account => 'acme', event => 'endpoint.url_validation',
        crc => 1 },
    'acme ' => { %none, account => 'acme', event => '', rejected => 4 },
}, 'each is counted');

my $metrics = $t->get('/status?format=prometheus')->body;

like($metrics, qr/^\Q$_\E$/m, $_) for (
    'zoom_webhooks_total{account="acme",event="meeting.ended",result="new"} 4',
    'zoom_webhooks_total{account="acme",event="meeting.ended",result="failed"}'
    . ' 1',
    'zoom_webhooks_total{account="acme",event="meeting.ended",'
    . 'result="duplicate"} 2',
    'zoom_webhooks_total{account="acme",event="",result="rejected"} 4',
);
like($metrics, qr/^zoom_webhook_last_timestamp_seconds\{account="acme",
                  event="endpoint\.url_validation"\}\ \d{10}$/mx,
     'when Zoom has asked last');

my $page = $t->get('/status?format=html')->body;

like($page, qr{<caption>Webhooks</caption>}, 'a table for people');
like($page, qr{<tr><th>meeting\.ended<td>4<td>1<td>2<td>0<td>}, 'with numbers');
like($page, qr{<tr><th>refused<td>0<td>0<td>0<td>4<td>}, 'and strangers');

# Any number of names: those without a place share one.
is(hook("many.event_$_", path => '/many'), 204, "event $_")
    for 1, 2, 3;
hook("many.event_$_", path => '/many') for 4 .. 400;

my $all = $t->get('/status?format=json')->json->{webhooks};
my $sum = 0;

$sum += $_->{new} for grep { $_->{event} =~ /^many\.|^$/ } @$all;

is($sum, 400, 'all are counted');
cmp_ok(scalar @$all, '<', 300, 'in a table with a bound');
like($t->get('/status?format=html')->body, qr/more: see \?format=json/,
     'of which people see some');

$t->finish;
