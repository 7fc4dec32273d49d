#!/usr/bin/perl

# What is good for one time is so on all hosts: webhooks of Zoom's, ids of
# standard webhooks, and bodies that zoom_replay counts.  A failure gives it
# back, an owner that dies lapses, and without the store each host has its own.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Attendee qw(callback);
use Zoom::Event qw(event);
use Zoom::Fleet;
use Zoom::Process qw(free_ports);
use Zoom::Receiver;
use Zoom::Test;
use Zoom::Webhooks qw(webhook);

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);
my $app = Zoom::Receiver->start(log => $t->dir . '/app');
my $upstream = '127.0.0.1:' . $app->port;
my $secret = 'CANARYhook' . 'x' x 12;
my $seen = 0;
my $n = 0;

$zoom->control({ bots => 400 });
$t->allow(qr/exited on signal 9/);
$t->secret_file('hook', $secret);
$t->secret_file(sdk_key => 'an_sdk_key_of_Zooms');
$t->secret_file(sdk_secret => 'CANARYsdk' . 'x' x 23);
$t->canary(hook => $secret);

my $locations = <<"EOC";
        location = /app {
            zoom_webhook  acme;
            proxy_pass    http://$upstream;
            proxy_read_timeout  30s;
        }

        location = /act {
            zoom_webhook  acme;
            zoom_webhook_events  meeting.started;
        }

        location = /zak {
            zoom_tokens        acme;
            zoom_user          \$arg_user;
            zoom_allow_user    *;
            zoom_timeout       1s;
            zoom_authenticate  standard_webhooks file:%{webhooks};
        }

        location = /either {
            zoom_tokens        acme;
            zoom_user          bots\@example.com;
            zoom_authenticate  standard_webhooks file:%{webhooks} as=hook;
            zoom_authenticate  arg=key file:%{arg} as=key;
        }

        location = /rotation {
            zoom_tokens        acme;
            zoom_user          bots\@example.com;
            zoom_authenticate  standard_webhooks file:%{webhooks}  as=old;
            zoom_authenticate  standard_webhooks file:%{webhooks2} as=new;
        }

        location = /kit {
            zoom_join          acme;
            zoom_user          bots\@example.com;
            zoom_authenticate  standard_webhooks file:%{webhooks};
        }

        location /once {
            zoom_tokens        acme;
            zoom_user          bots\@example.com;
            zoom_replay        1h;
            zoom_authenticate  attendee file:%{attendee};

            location = /once/thrice {
                zoom_tokens    acme;
                zoom_replay    1h 3;
            }

            location = /once/briefly {
                zoom_tokens    acme;
                zoom_replay    2s;
            }
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC

# Behind a balancer they have one port.
my ($balanced) = free_ports(1);

my @hosts = map {
    $fleet->host(account => { webhook_secret => 'file:%{hook}',
                              sdk_key        => 'file:%{sdk_key}',
                              sdk_secret     => 'file:%{sdk_secret}' },
                 locations => $locations, reuseport => 1, http => <<"EOC");
    server {
        listen       127.0.0.$_:$balanced;

        location = /zak {
            zoom_tokens        acme;
            zoom_user          bots\@example.com;
            zoom_authenticate  standard_webhooks file:%{webhooks};
        }
    }
EOC
} 11 .. 13;


sub greeted {
    wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == @hosts }, 10,
             'all hosts');
}


sub to {
    my ($host, %request) = @_;

    return http_start(%request, port => $hosts[$host]->port);
}


sub status {
    my ($host, %request) = @_;

    return http_wait(to($host, %request))->status;
}


sub delivery {
    my (%o) = @_;

    return (path => $o{path} // '/app',
            event($o{event} // 'meeting.started',
                  { object => { id => '1', n => int rand 1e9 } },
                  secret => $secret, %o));
}


sub came {
    my ($n) = @_;

    wait_for(sub { $app->requests >= $seen + $n }, 10) if $n;

    my $came = $app->requests - $seen;

    $seen += $came;
    return $came;
}


# A user who has no token yet.
sub stranger { return sprintf '/zak?user=bot%04d@example.com', ++$n }


# The answer once it is none of these: what is spent or released on one host
# the store hears of a moment after its client.
sub settled {
    my ($host, $not, %request) = @_;
    my $status;

    wait_for(sub { ($status = status($host, %request)) !~ /^(?:$not)$/ }, 10);
    return $status;
}


sub keys_once { return $fleet->keys_like('zoom:once:*') }


greeted();

subtest 'a webhook of Zoom\'s' => sub {
    my %same = delivery(id => 'one');

    is(status(0, %same), 200, 'is taken by one host');
    is(settled(1, 503, %same), 204, 'is known to another');
    is(status(2, %same), 204, 'and to all');
    is(status(2, delivery(id => 'one', timestamp => int time - 300)), 204,
       'by its id');
    is(status(1, %same, headers => [map { /^one$/ ? 'two' : $_ }
                                    @{ $same{headers} }]),
       204, 'by its signature');
    is(status(1, delivery(id => 'two')), 200,
       'and with that no other id was spent');
    is(came(2), 2, 'two came');

    my $replays = http_wait(to(1, path => '/status',
                               headers => [Accept => 'application/json']));

    # one more for each that came before the store had heard of it
    cmp_ok($replays->json->{fleet}{replays}, '>=', 2,
           'the status page counts it');
};


subtest 'many at once' => sub {
    for my $i (1 .. 10) {
        my %same = delivery(id => "crowd-$i");
        my @calls = http_wait(map { my $h = $_; map { to($h, %same) } 1 .. 4 }
                              0 .. 2);
        my %n;

        $n{ $_->status }++ for @calls;
        is($n{200}, 1, "one of twelve is taken");
        is(($n{503} // 0) + ($n{204} // 0), 11, 'and no other');
    }

    is(came(10), 10, 'ten came');
};


subtest 'one that nothing is behind' => sub {
    my %same = delivery(path => '/act', event => 'user.deactivated');

    is(status(0, %same), 204, 'is acted on');

    my $replays = sub {
        http_wait(to(1, path => '/status',
                     headers => [Accept => 'application/json']))
            ->json->{fleet}{replays};
    };
    my $before = $replays->();

    is(settled(1, 503, %same), 204, 'once');
    cmp_ok($replays->(), '>', $before, 'for all hosts');
};


subtest 'when it fails' => sub {
    my %same = delivery(id => 'fails');

    $app->answers(500, 502);
    is(status(0, %same), 500, 'on one host');
    is(settled(1, 503, %same), 502, 'it may come to another');
    is(settled(2, 503, %same), 200, 'until it works');
    is(settled(0, 503, %same), 204, 'which all know');
    is(came(3), 3, 'three came');
};


subtest 'while it is being handled' => sub {
    my %same = delivery(id => 'slow');

    $app->answers('hang');

    my $slow = to(0, %same);

    is(came(1), 1, 'one hangs');

    my $r = http_wait(to(1, %same));

    is($r->status, 503, 'another host asks to come later');
    is($r->json->{error}, 'overloaded', 'says why');

    $slow->abort;
    is(settled(1, 503, %same), 200, 'and takes it when it is gone');
    is(came(1), 1, 'one came');
};


subtest 'the id of a standard webhook' => sub {
    my $secret = $t->secret('webhooks');
    my %same = (path => stranger(), headers => [webhook($secret, id => 'm1')]);
    my $path = $same{path};

    is(status(0, %same), 200, 'opens once');
    is(status(0, %same), 200, 'and may be repeated by its sender');

    my %other = (path => "$path&x=1",
                 headers => [webhook($secret, id => 'm1', age => 2)]);
    my $r = http_wait(to(2, %other));

    is($r->status, 401, 'but no other request');
    is($r->json->{error}, 'replayed', 'which is told why');
    is($hosts[2]->logged(sub { $_[0]{args} =~ /x=1/ })->{status}, 401,
       'the log');

    my %repeated = (path => '/zak', port => $balanced,
                    headers => [webhook($secret, id => 'balanced')]);

    is(http_wait(http_start(%repeated, host => "127.0.0.$_"))->status, 200,
       'through a balancer') for 11 .. 13;
    is(http_wait(http_start(%repeated, host => '127.0.0.12',
                            path => '/zak?n=1'))->status, 401,
       'and it alone');

    is(status($_, path => '/either?key=' . $t->secret('arg'),
              headers => [webhook($secret, id => 'm1', age => 3)]), 200,
       'another proof suffices') for 0 .. 2;
    is(status($_, path => '/either',
              headers => [webhook($secret, id => 'm1', age => 4)]), 401,
       'without it nothing does') for 0 .. 2;

    my %kit = (path => '/kit', method => 'POST', body => '{"meeting_number":"123456789"}');

    @kit{qw(headers)} = [webhook($secret, id => 'kit', body => $kit{body}),
                         'Content-Type' => 'application/json'];
    is(status(0, %kit), 200, 'a kit');

    $kit{headers} = [webhook($secret, id => 'kit', body => $kit{body},
                             age => 5), 'Content-Type' => 'application/json'];
    is(settled(1, 503, %kit), 401, 'is had once, too');
};


subtest 'while secrets are exchanged' => sub {
    my %both = map { my $key = $_;
                     ($key => { webhook($t->secret($key), id => 'both') }) }
               qw(webhooks webhooks2);
    my ($old, $new) = map { $both{$_}{'webhook-signature'} }
                      qw(webhooks webhooks2);
    my @headers = map { ($_ => $both{webhooks}{$_}) }
                  qw(webhook-id webhook-timestamp);

    is(status(0, path => '/rotation',
              headers => [@headers, 'webhook-signature' => "$old $new"]),
       200, 'two signatures');
    is(settled($_->[0], 503, path => '/rotation?n=1',
               headers => [@headers, 'webhook-signature' => $_->[1]]), 401,
       'and neither is good elsewhere') for [1, $old], [2, $new];
};


subtest 'a body' => sub {
    my $request = sub {
        my ($path, $id) = @_;

        return $t->attendee_request($path,
                                    body => callback(bot_id => "\"$id\""));
    };
    my %once = $request->('/once', 'bot_one');

    is(status(0, %once), 200, 'is good once');
    is(settled($_, 503, %once), 401, 'on all hosts') for 1, 2;

    my %thrice = $request->('/once/thrice', 'bot_three');

    is(status($_, %thrice), 200, 'or three times') for 0 .. 2;
    is(settled($_, 503, %thrice), 401, 'in all') for 0 .. 2;

    my %briefly = $request->('/once/briefly', 'bot_briefly');
    my $began = time;

    is(status(0, %briefly), 200, 'within a time');
    is(status(1, %briefly), 401, 'of its own');
    is(settled(1, 401, %briefly), 200, 'and then again');
    cmp_ok(time - $began, '>', 1.9, 'as long as that');
};


subtest 'a mint that fails' => sub {
    my %request = (path => stranger(),
                   headers => [webhook($t->secret('webhooks'), id => 'm2')]);

    $zoom->control({ match => 'token', mode => '503' });
    isnt(status(0, %request), 200, 'on one host');
    $zoom->control({ clear => 1 });

    my $age = 1;
    my $again = sub {
        status(1, path => "$request{path}&n=$age",
               headers => [webhook($t->secret('webhooks'), id => 'm2',
                                   age => $age++)]);
    };

    my $status;

    wait_for(sub { ($status = $again->()) == 200 }, 20);
    is($status, 200, 'leaves the id to others');
};


subtest 'what the store holds' => sub {
    is(join(' ', $fleet->beyond_acl), '', 'the ACL of docs/fleet.md suffices');

    my @keys = keys_once();
    my $all = join "\n", @keys,
              map { @{ $fleet->command('HGETALL', $_) } } @keys;

    cmp_ok(scalar @keys, '>', 10, 'what was used');
    is(scalar(grep { $fleet->command('PTTL', $_) <= 0 } @keys), 0,
       'no key stays for ever');
    unlike($all, qr/example|acme|crowd|bot_|msg|m1|v0|v1/,
           'no id, no signature, no account');
};


subtest 'the owner dies' => sub {
    my $secret = $t->secret('webhooks');
    my $path = stranger();

    $zoom->control({ match => 'token', mode => 'delay', ms => 20000 });

    my $lost = to(2, path => $path,
                  headers => [webhook($secret, id => 'dies')]);

    wait_for(sub { $zoom->count(qw(concurrency token now)) }, 5, 'a mint');

    kill 'KILL', $hosts[2]->pid, $hosts[2]->workers;
    $zoom->control({ clear => 1 });

    my %again = (path => "$path&n=1",
                 headers => [webhook($secret, id => 'dies', age => 7)]);

    is(status(0, %again), 401, 'it is not known what came of it');
    is(settled(0, 401, %again), 200, 'until it lapses');
    pop @hosts;
};


subtest 'without the store' => sub {
    $fleet->stop_it('KILL');

    my %same = delivery(id => 'away');

    ok(wait_for(sub { 2 == grep { $_->error_log =~ /is away/ } @hosts }, 10),
       'which is away');
    is(status(0, %same), 200, 'a webhook is taken');
    is(status(0, %same), 204, 'once on one host');
    is(status(1, %same), 200, 'once on each');
    is(came(2), 2, 'two came');

    $fleet->start;
    greeted();

    my %other = delivery(id => 'back');

    ok(wait_for(sub {
        %other = delivery();
        status(0, %other) == 200 && settled(1, 503, %other) == 204;
    }, 10), 'when it is back all know');
    came(0);

    kill 'STOP', $fleet->pid;

    my $began = time;

    %same = delivery(id => 'hangs');
    is(status(0, %same), 200, 'one that hangs');
    cmp_ok(time - $began, '<', 4, 'holds nothing up for longer than told');
    kill 'CONT', $fleet->pid;
};

$t->finish;
