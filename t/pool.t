#!/usr/bin/perl

# Bots that become users of a pool: in turn, by weight, never the same one
# twice in a meeting, and the next one where Zoom refuses one.

use strict;
use warnings;

use Test::More;

use Zoom::Event qw(event);
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $secret = 'CANARYhook' . 'x' x 12;

$t->secret_file('hook', $secret);
$t->canary(hook => $secret);

$zoom->control({ bots => 20 });

my $http = <<'EOC';
    zoom_reuse 1h;

    zoom_pool turns {
        account  acme;
        user     bot0001@example.com weight=3;
        user     bot0002@example.com;
        user     bot0003@example.com;
        user     bot0004@example.com backup;
        user     bot0005@example.com down;
    }
    zoom_pool meetings {
        account   acme;
        user      bot0001@example.com;
        user      bot0002@example.com;
        user      bot0003@example.com;
        distinct  $zoom_meeting_id 1h;
    }
    zoom_pool least {
        account   acme;
        balance   least_leased;
        user      bot0001@example.com weight=2;
        user      bot0002@example.com;
        distinct  $zoom_meeting_id 1h;
    }
    zoom_pool hashed {
        account  acme;
        balance  hash $zoom_meeting_id consistent;
        user     bot0001@example.com;
        user     bot0002@example.com;
        user     bot0003@example.com;
        user     bot0004@example.com;
    }
    zoom_pool failing {
        account       acme;
        fail_timeout  1s;
        user          nobody@example.com weight=50;
        user          bot0006@example.com;
        user          bot0007@example.com;
    }
    zoom_pool lost {
        account       acme;
        user          nobody@example.com;
        user          nobody2@example.com;
    }
    zoom_pool gone {
        account       acme;
        user          bot0008@example.com;
        user          bot0009@example.com;
    }
    zoom_pool faults {
        account       acme;
        user          bot0012@example.com;
        user          bot0013@example.com;
    }
    zoom_pool scopes {
        account       acme;
        user          bot0016@example.com;
        user          bot0017@example.com;
    }
    zoom_pool outage {
        account       acme;
        user          bot0014@example.com;
        user          bot0015@example.com;
    }
    zoom_pool blocked {
        account       acme;
        user          bot0010@example.com weight=50;
        user          bot0011@example.com;
    }
EOC

my $locations = <<'EOC';
        location ~ ^/pool/(?<name>\w+)$ {
            zoom_tokens        acme;
            zoom_user          pool=$name;
            zoom_authenticate  off;
            zoom_timeout       5s;
            add_header         X-User    $zoom_pool_user always;
            add_header         X-Status  $zoom_pool_status always;
        }
        location = /fixed {
            zoom_tokens        acme;
            zoom_user          pool=meetings;
            zoom_authenticate  off;
            add_header         X-User    $zoom_pool_user always;
            add_header         X-Status  $zoom_pool_status always;
        }
        location = /join {
            zoom_join          acme;
            zoom_user          pool=failing;
            zoom_authenticate  off;
            add_header         X-User    $zoom_pool_user always;
            add_header         X-Status  $zoom_pool_status always;
        }
        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
        location = /hook {
            zoom_webhook       acme;
        }
        location = /single {
            zoom_tokens        acme;
            zoom_user          bot0001@example.com;
            zoom_authenticate  off;
            add_header         X-Status  $zoom_pool_status always;
        }
EOC

my %account = (webhook_secret => 'file:%{hook}', sdk_key => 'sdkkey12345',
               sdk_secret => 'literal:CANARYsdk' . 'x' x 24);

sub start {
    return $t->nginx(account => \%account, http => $http,
                     locations => $locations);
}

start();


sub ask {
    my ($pool, %o) = @_;
    my $path = $o{path} // "/pool/$pool";
    my $query = join '&', map { "$_=$o{$_}" }
                grep { defined $o{$_} } qw(bot_id meeting_url);

    return $t->get("$path?$query");
}

sub meeting { return "https://zoom.us/j/8000000$_[0]" }

sub who {
    my ($r) = @_;

    return $r->status == 200 ? $r->header('X-User') =~ s/@.*//r
                             : $r->status . ' ' . $r->json->{error};
}


subtest 'in turn, by weight' => sub {
    my %n;

    $n{ who(ask('turns')) }++ for 1 .. 50;

    is_deeply(\%n, { bot0001 => 30, bot0002 => 10, bot0003 => 10 },
              'each its weight, none that is down or a backup');

    my $r = ask('turns');
    is($r->header('X-Status'), 'PICKED', '$zoom_pool_status');
    is($t->get('/single')->header('X-Status'), '-', 'without a pool');
};


subtest 'never twice in a meeting' => sub {
    my @got = sort map { who(ask('meetings', meeting_url => meeting(100))) }
                   1 .. 3;

    is_deeply(\@got, [qw(bot0001 bot0002 bot0003)], 'another one each time');

    my $r = ask('meetings', meeting_url => meeting(100));
    is($r->status, 503, 'and then none');
    is($r->json->{error}, 'pool_exhausted', 'as it says');
    like($r->header('Retry-After'), qr/^(?:[1-9]|[1-5]\d|60)$/, 'for a while');
    is($r->header('X-Status'), 'EXHAUSTED', 'and the log knows');

    like(who(ask('meetings', meeting_url => meeting(101))), qr/^bot/,
         'another meeting has all of them');
};


subtest 'a bot that asks again' => sub {
    my %ask = (meeting_url => meeting(110));
    my $one = who(ask('meetings', %ask, bot_id => 'bot_1'));

    is(who(ask('meetings', %ask, bot_id => 'bot_1')), $one,
       'gets the same user') for 1 .. 5;

    my $two = who(ask('meetings', %ask, bot_id => 'bot_2'));
    isnt($two, $one, 'another bot another');
    is(who(ask('meetings', %ask, bot_id => 'bot_1')), $one, 'still');
};


sub hook {
    my ($event, $object) = @_;

    return http(port => $t->port, path => '/hook',
                event($event, { object => $object },
                                   secret => $secret))->status;
}

subtest 'a meeting that ends' => sub {
    ask('meetings', meeting_url => meeting($_)) for (120) x 3, 121;
    is(ask('meetings', meeting_url => meeting(120))->status, 503, 'all taken');

    is(hook('meeting.ended', { id => '8000000120', uuid => 'abc==' }), 204,
       'is over');
    like(who(ask('meetings', meeting_url => meeting(120))), qr/^bot/,
         'and its users are free') for 1 .. 3;
    is(ask('meetings', meeting_url => meeting(120))->status, 503, 'once');
};


subtest 'who has fewest' => sub {
    my %n;

    $n{ who(ask('least', meeting_url => meeting(200 + $_))) }++ for 1 .. 30;
    is_deeply(\%n, { bot0001 => 20, bot0002 => 10 }, 'by weight');

    # meetings whose end sets one of them free
    my %of;
    for (1 .. 30) {
        my $n = 300 + $_;
        $of{ who(ask('least', meeting_url => meeting($n))) }{$n} = 1;
    }

    hook('meeting.ended', { id => "8000000$_" }) for keys %{ $of{bot0002} };

    is(who(ask('least', meeting_url => meeting(400 + $_))), 'bot0002',
       'then it is the one that is free') for 1 .. 5;
};


subtest 'by hash' => sub {
    my (%first, %n);

    for (500 .. 559) {
        $first{$_} = who(ask('hashed', meeting_url => meeting($_)));
        $n{ $first{$_} }++;
    }

    is(scalar keys %n, 4, 'all of them have some');

    my @moved = grep {
        who(ask('hashed', meeting_url => meeting($_))) ne $first{$_}
    } 500 .. 559;

    is("@moved", '', 'a meeting has the same user always');

    hook('user.deactivated', { email => 'bot0002@example.com' });

    @moved = grep {
        who(ask('hashed', meeting_url => meeting($_))) ne $first{$_}
    } 500 .. 559;

    is_deeply(\@moved, [grep { $first{$_} eq 'bot0002' } 500 .. 559],
              'when one goes it is its meetings that move');

    hook('user.activated', { email => 'bot0002@example.com' });

    @moved = grep {
        who(ask('hashed', meeting_url => meeting($_))) ne $first{$_}
    } 500 .. 559;

    is("@moved", '', 'and come back with it');
};


subtest 'whom Zoom does not know' => sub {
    my $r = ask('failing');

    like(who($r), qr/^bot000[67]$/, 'the next one answers');
    is($r->header('X-Status'), 'RETRIED', 'as it says');

    my $before = $zoom->token_calls;
    like(who(ask('failing')), qr/^bot000[67]$/, 'and all others') for 1 .. 10;
    cmp_ok($zoom->token_calls - $before, '<=', 3, 'without asking for it');

    ok(wait_for(sub {
        return ask('failing')->header('X-Status') eq 'RETRIED';
    }, 15), 'it is tried again after a while');

    $r = $t->get('/join?meeting_number=8000000600&userName=Bot');
    is($r->status, 200, 'a join kit');
    ok($r->json->{zak}, 'has a token');
    like($r->header('X-User'), qr/^bot000[67]/, 'of one that works');

    like($t->{nginx}[-1]->error_log,
         qr/\[error\].*"nobody\@example\.com"\ of\ pool\ "failing"\ is\ out
            .*user_unknown.*1001.*activate/x, 'the log says what to do');
};


subtest 'nobody is left' => sub {
    my $r = ask('lost');

    is(who($r), '503 pool_exhausted', 'says so');
    cmp_ok($r->header('Retry-After'), '<=', 30, 'until one is tried again');
    is($r->header('X-Status'), 'EXHAUSTED', 'and the log knows');
    is(who(ask('lost')), '503 pool_exhausted', 'again') for 1 .. 5;

    my @said = $t->{nginx}[-1]->error_log
               =~ /(\[error\].*pool "lost" is exhausted.*)/g;
    is(scalar @said, 1, 'one line');
    like($said[0], qr/activate them/, 'that says what to do');

    is(who(ask('nosuch')), '403 no_user', 'and a pool that is none');
};


subtest 'status' => sub {
    my $pools = $t->get('/status?format=json')->json->{pools};

    is($pools->{turns}{up}, 4, 'users up, the backup among them');
    is($pools->{turns}{down}, 1, 'and down');
    is($pools->{turns}{picked}, 51, 'picks');
    is($pools->{meetings}{leases}, 10, 'leases');
    is($pools->{meetings}{exhausted}, 3, 'how often nobody was left');
    is($pools->{lost}{up}, 0, 'nobody is up');

    my @out = sort { $a->{user} cmp $b->{user} } @{ $pools->{lost}{out} };

    is_deeply([map { $_->{user} } @out],
              [qw(nobody2@example.com nobody@example.com)], 'who is out');
    is($out[0]{code}, 1001, 'why');
    cmp_ok($out[0]{seconds}, '<=', 30, 'and until when');

    my $text = $t->get('/status?format=prometheus')->body;
    like($text, qr/^zoom_pool_users\{pool="lost",state="down"\} 2$/m,
         'Prometheus');
    like($text, qr/^zoom_pool_exhausted_total\{pool="meetings"\} 3$/m, 'as well');

    my $page = $t->get('/status?format=html')->body;
    like($page, qr/Pool lost.*nobody\@example\.com<td>out, for /s, 'people');
};


subtest 'a user who is deactivated' => sub {
    my $user = 'bot0008@example.com';

    $zoom->control({ account => { webhook => {
        url => 'http://127.0.0.1:' . $t->port . '/hook', secret => $secret,
    } } });

    $zoom->control({ deactivate => $user });
    wait_for(sub { grep { $_->{done} } $zoom->deliveries }, 10);

    my $before = $zoom->count('users', $user);
    is(who(ask('gone')), 'bot0009', 'is out for all workers') for 1 .. 12;
    is($zoom->count('users', $user), $before, 'and not asked for');

    $zoom->control({ activate => $user });
    wait_for(sub { 2 <= grep { $_->{done} } $zoom->deliveries }, 10);

    my %n;
    $n{ who(ask('gone')) }++ for 1 .. 12;
    ok($n{bot0008}, 'and back when it is');

    # and without a webhook the first refused mint does
    $zoom->control({ account => { webhook => undef } });
    $t->{nginx}[-1]->quit;
    $zoom->control({ account => { webhook => { url => '', secret => '' } } });
    $zoom->control({ deactivate => $user });
    start();

    is(who(ask('gone')), 'bot0009', 'the callback is answered') for 1 .. 4;
    like($t->{nginx}[-1]->error_log, qr/user\ "bot0008\@example\.com"\ of\ pool
         \ "gone"\ is\ out/x, 'and the log told');
};


subtest 'one that Zoom may have blocked' => sub {
    $zoom->control({ match => 'token', user => 'bot0010@example.com',
                     mode => 'answer', status => 403,
                     body => '{"code":1234,"message":"The user is blocked."}',
                     times => 1 });

    my $r = ask('blocked');
    is(who($r), 'bot0011', 'the next one answers');

    my %n;
    $n{ who(ask('blocked')) }++ for 1 .. 6;
    is_deeply(\%n, { bot0011 => 6 }, 'and it is out');

    $zoom->control({ clear => 1 });
};


subtest 'what is not the fault of a user' => sub {
    my %fault = (
        1234 => 'Not today.',
        4711 => 'Invalid access token, does not contain '
                . 'scopes:[user:read:token:admin].',
    );

    for (['faults', 'zoom_refused', 1234], ['scopes', 'scope_missing', 4711]) {
        my ($pool, $error, $code) = @$_;

        $zoom->control({ clear => 1 },
                       { match => 'token', mode => 'answer', status => 400,
                         body => qq({"code":$code,"message":)
                                 . qq("$fault{$code}"}) });

        is(who(ask($pool)), "502 $error", $error);
    }

    $zoom->control({ clear => 1 });
    wait_for(sub { ask('outage')->status == 200 }, 10);
    $zoom->control({ match => 'token', mode => '503' });

    # one of them has a token
    my @got = sort map { who(ask('outage')) } 1 .. 2;

    is($got[0], '503 zoom_unavailable', 'an outage');
    like($got[1], qr/^bot/, 'of no concern for who has a token');
    $zoom->control({ clear => 1 });

    my $log = $t->{nginx}[-1]->error_log;
    unlike($log, qr/of pool "(?:faults|scopes|outage)" is out/, 'nobody is out');
};

$t->finish;
