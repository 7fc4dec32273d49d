#!/usr/bin/perl

# A mint that takes long: whoever may have an older token waits for so long
# and no longer, and the mint goes on.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

# What lives so long has a last second in which it is not asked for.
my $life = 20;

$t->secret_file('sdk_key', 'SDKkey_' . Zoom::Test::random_name(6));
$t->secret_file('sdk_secret', 'CANARYsdk' . Zoom::Test::random_name());
$t->canary(sdk_secret => $t->secret('sdk_secret'));

$zoom->control({ bots => 60 }, { oauth => { expires_in => $life } }, map {
    { app => { account_id => "$_-id", client_id => "$_-client" } }
} qw(short nobody owner));

# Each with a store of its own, but for two that look into that of "default".
my %location = (
    default => '',
    now     => 'zoom_stale_after 0;',
    soon    => 'zoom_stale_after 300ms;',
    off     => 'zoom_stale_after off; zoom_timeout 4s;',
    brief   => 'zoom_timeout 2s;',
    strict  => 'zoom_use_stale off; zoom_timeout 2s;',
    kept    => 'zoom_reuse 1h;',
    types   => 'zoom_types zak local_recording; zoom_allow_meeting 1;',
);

my $locations = join '', map { <<"EOC" } sort keys %location;
        location = /$_ {
            zoom_tokens  acme;
            $location{$_}
        }
EOC

# What leaves before anything is sent.
$locations .= join '', map { <<"EOC" } qw(nobody owner);
        location = /$_ {
            zoom_tokens       $_;
            zoom_stale_after  2500ms;
        }

        location = /$_/kept {
            zoom_tokens  $_;
            zoom_reuse   1h;
        }
EOC

my $nginx = $t->nginx(
    reuseport => 1,
    account   => { sdk_key => 'file:%{sdk_key}',
                   sdk_secret => 'file:%{sdk_secret}' },
    http      => join('', map {
        $t->account($_, account_id => "$_-id", client_id => "$_-client")
    } qw(short nobody owner)) . <<'EOC',
    zoom_reuse         0;
    zoom_authenticate  off;
    zoom_allow_user    *;
    zoom_user          $arg_user;
EOC
    locations => $locations . <<'EOC');
        location = /kit {
            zoom_join        acme;
            zoom_join_token  zak;
        }

        location = /purge {
            zoom_purge  acme;
        }

        location = /short {
            zoom_tokens       short;
            zoom_use_stale    off;
            zoom_stale_after  150ms;
        }
EOC

my $bot = 'bot%04d@example.com';


sub call {
    my ($path, $n, $more) = @_;

    return http_start(port => $t->port, path => sprintf
                      "/$path?user=$bot%s", $n, $more // '');
}


sub ask { return scalar http_wait(call(@_)) }


sub statuses {
    my ($path, $n) = @_;
    my $user = sprintf $bot, $n;
    my %n;

    wait_for(sub {
        %n = ();
        $n{ $_->{zoom_token_status} }++
            for grep { $_->{uri} eq "/$path" && $_->{args} =~ /=$user\b/ }
                $nginx->access_log;
        %n;
    }, 3);

    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


sub status_of {
    my ($mark) = @_;

    return $t->logged(sub {
        $_[0]{args} =~ /&$mark\z/
    })->{zoom_token_status};
}


sub slow {
    my ($match, $ms) = @_;

    $zoom->control({ match => $match, mode => 'delay', ms => $ms });
}


sub up { $zoom->control({ clear => 1 }) }


# The mint is over when what is in the store is another token.
sub refreshed {
    my ($path, $n, $old) = @_;

    return wait_for(sub { ask($path, $n)->body ne $old }, 5);
}


my $born = time;

wait_for(sub { $zoom->oauth_calls >= 4 }, 5, 'access tokens');

# Somebody whom Zoom does not know any more.
my $gone = ask('strict', 50)->body;

$zoom->control({ match => 'token', path => 'bot0050', mode => 'answer',
                 status => 404, body => '{"code":1001,"message":"no user"}' });
is(ask('strict', 50)->json->{error}, 'user_unknown', 'a user is gone');
up();

my $told = time;


subtest 'a mint that takes long' => sub {
    my $old = ask('default', 1)->body;
    my $mints = $zoom->token_calls;

    slow('token', 2500);

    my $off = call('off', 1);
    my @calls = map { call('default', 1) } 1 .. 30;
    my @soon = map { call('soon', 1) } 1 .. 5;

    http_wait(@calls, @soon);

    is(scalar(grep { $_->body eq $old } @calls, @soon), 35,
       'an older token serves');
    is(scalar(grep { $_->took > 0.9 && $_->took < 2 } @calls), 30,
       'after a second');
    is(scalar(grep { $_->took > 0.2 && $_->took < 2 } @soon), 5,
       'or earlier');
    is(statuses('soon', 1), 'STALE:5', 'and is known as that');

    http_wait($off);
    isnt($off->body, $old, 'who wants to waits');
    is($off->status, 200, 'and has a new one');
    cmp_ok($off->took, '>', 2, 'when it is there');
    is(ask('kept', 1)->body, $off->body, 'so has the store');
    is($zoom->token_calls, $mints + 1, 'after one mint');
    up();
};


subtest 'nobody waits for it' => sub {
    my $old = ask('default', 2)->body;
    my $mints = $zoom->token_calls;

    slow('token', 1500);

    my $r = ask('now', 2);

    is($r->body, $old, 'an older token at once');
    cmp_ok($r->took, '<', 1, 'really');
    is(statuses('now', 2), 'STALE:1', 'known as that');
    ok(refreshed('kept', 2, $old), 'the mint goes on');
    is($zoom->token_calls, $mints + 1, 'it was one');
    up();
};


# Nothing has been sent yet when the last one leaves: OAuth is slow.  Of one
# account everybody gets an older token; of the other who began has left
# without one, who waits in the other worker has not.

subtest 'before it is sent' => sub {
    my %old = map { ($_ => ask($_, 3)->body) } qw(nobody owner);

    $zoom->control({ forget => 1 }, {
        match => 'token', path => 'bot0003', mode => 'answer', times => 2,
        status => 401, body => '{"code":124,"message":"Invalid token"}' });
    slow('oauth', 4000);

    my @calls = (call('owner', 3));

    ok(wait_for(sub { $zoom->oauth_calls == 1 }, 5), 'one waits for OAuth');

    my $nobody = call('nobody', 3);

    push @calls, map { call('owner', 3) } 1 .. 16;

    my %at = map { ($_->{sock}->sockport => 0) } @calls;

    ok(wait_for(sub {
        for my $worker ($nginx->workers) {
            $at{$_} = $worker
                for grep { exists $at{$_} } $nginx->clients_of($worker);
        }

        return !grep { !$_ } values %at;
    }, 5), 'all are connected');

    my $owner = $at{ $calls[0]{sock}->sockport };

    $_->abort for grep { $at{ $_->{sock}->sockport } == $owner } @calls;
    @calls = grep { !$_->{error} } @calls;

    cmp_ok(scalar @calls, '>', 0, 'some are in the other worker');
    http_wait($nobody, @calls);

    is($nobody->body, $old{nobody}, 'an older token serves');
    is(scalar(grep { $_->body eq $old{owner} } @calls), scalar @calls,
       'who waits elsewhere, too');
    is($zoom->count(qw(endpoints token 200)), 0, 'there is no other yet');
    ok(refreshed("$_/kept", 3, $old{$_}), "$_: the mint goes on")
        for sort keys %old;
    is($zoom->count(qw(endpoints token 200)), 2, 'one each');
    up();
};


subtest 'several types' => sub {
    my $meeting = '&meeting_url=https://zoom.us/j/85123456789';
    my $old = ask('default', 5)->body;

    # A fresh one is there before the other type is.
    slow('token', 1400);
    slow('jointoken', 2000);

    my $r = ask('types', 5, "$meeting&type=zak");

    is($r->body, $old, 'alone an older one');
    ok(refreshed('kept', 5, $old), 'and then a new one');

    $old = ask('kept', 5)->body;
    $r = http_wait(http_start(
        port => $t->port, path => sprintf("/types?user=$bot&beside", 5),
        body => '{"bot_id":"bot_1","callback_type":"zoom_tokens",'
                . '"meeting_url":"https://zoom.us/j/85123456789"}',
        headers => ['Content-Type' => 'application/json']));

    isnt($r->json->{zak_token}, $old, 'beside a slower one it is fresh');
    ok($r->json->{app_privilege_token}, 'which is there');
    is(status_of('beside'), 'MISS, MISS', 'nothing is stale');

    # The other type has been had before the older one may be.
    up();
    slow('token', 2500);
    $old = $r->json->{zak_token};
    $r = http_wait(http_start(
        port => $t->port, path => sprintf("/types?user=$bot&before", 5),
        body => '{"bot_id":"bot_1","callback_type":"zoom_tokens",'
                . '"meeting_url":"https://zoom.us/j/85123456789"}',
        headers => ['Content-Type' => 'application/json']));

    is($r->json->{zak_token}, $old, 'beside a faster one it is an older one');
    ok($r->json->{app_privilege_token}, 'with the other');
    cmp_ok($r->took, '<', 2, 'in time');
    is(status_of('before'), 'STALE, MISS', 'as the log says');
    up();
};


subtest 'a join kit' => sub {
    my $old = ask('default', 6)->body;

    slow('token', 2500);

    my $r = ask('kit', 6, '&meeting_url=https://zoom.us/j/85123456789');

    is($r->status, 200, 'is made');
    is($r->json->{zak}, $old, 'with an older ZAK');
    cmp_ok($r->took, '<', 2, 'in time');
    is(statuses('kit', 6), 'STALE:1', 'as the log says');
    up();
};


subtest 'nothing to be had any more' => sub {
    ask('brief', 7);
    ask('default', 8);
    $zoom->control({ match => 'token', mode => 'hang' });

    my @calls = (call('brief', 7), call('strict', 8));

    sleep 0.3;
    $t->post(sprintf("/purge?user=$bot", 7), '');
    http_wait(@calls);

    is(join(' ', map { $_->status } @calls), '504 504',
       'neither what was purged, nor what is not wanted');
    cmp_ok($_->took, '>', 1.8, 'who has nothing else waits') for @calls;
    up();
};


subtest 'who was unknown' => sub {
    my $wait = $told + 10.5 - time;

    sleep $wait if $wait > 0;
    $zoom->control({ match => 'token', mode => 'hang' });

    my $r = ask('brief', 50);

    is($r->status, 504, 'gets no token of a better time');
    isnt($r->body, $gone, 'certainly not that one');
    up();
};


# Nobody has used it since, so nobody has renewed it.  A machine that is too
# busy to see that second gets another life to look at.
subtest 'an access token in its last second' => sub {
    my $r;

    for my $life_of (1 .. 3) {
        my $wait = $born + $life - 3 - time;

        sleep $wait if $wait > 0;

        slow('oauth', 3000);
        $zoom->control({ forget => 1 });

        wait_for(sub {
            $r = ask('short', 1);
            $r->took > 0.14 && $zoom->count(qw(concurrency oauth now));
        }, 6);

        last if $r->status == 200 && $r->took < 1;

        up();
        ask('short', 1);
        $born = time;
    }

    is($r->status, 200, 'the old one does');
    cmp_ok($r->took, '<', 1, 'in time');
    cmp_ok($zoom->count(qw(endpoints token 401)), '==', 0, 'and is valid');
    up();
};


$t->finish;
