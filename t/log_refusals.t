#!/usr/bin/perl

# Whom we refuse, and whom Zoom does, as the log tells it at nginx's own level,
# "error": once, whatever else goes wrong, and never so often that it floods.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$t->secret_file('other', 'CANARYother0123456789');
$t->canary(other => 'CANARYother0123456789', wrong => 'CANARYwrong');

my $locations = <<'EOC' . join '', map { <<"EOC" } 1 .. 300;
        zoom_user        $arg_user;
        zoom_allow_user  *@example.com;

        location = /arg {
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg} as=tenant1;
            zoom_authenticate  header=X-Secret file:%{other} as=tenant2;
        }

        location = /attendee {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee} as=tenant1;
            zoom_authenticate  attendee Q0FOQVJZb3RoZXIwMTIzNDU2Nzg5 as=tenant2;
        }

        location = /replay {
            zoom_tokens        acme;
            zoom_user          bots@example.com;
            zoom_replay        1m;
            zoom_authenticate  attendee file:%{attendee};
        }

        location = /open {
            zoom_tokens        acme;
            zoom_reuse         0;
            zoom_use_stale     off;
            zoom_authenticate  off;
        }

        location = /account {
            zoom_tokens        $arg_account;
            zoom_authenticate  off;
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC
        location = /flood$_ {
            zoom_tokens        acme;
            zoom_authenticate  header=X-Secret file:%{other};
        }
EOC

my $nginx = $t->nginx(locations => $locations, level => 'error',
                      http => 'zoom_zone 1m;');
my $key = $t->secret('arg');
my $user = 'user=bots@example.com';


# The lines since the last time.
my $seen = 0;

sub told {
    my @lines = split /\n/, $nginx->error_log;
    my @new = @lines[$seen .. $#lines];

    $seen = @lines;
    return @new;
}


# A request, and the one line that it brings.
sub tells {
    my ($name, $want, $like, @request) = @_;

    told();
    is(http(port => $t->port, @request)->status, $want, "$name: $want");

    my @lines = told();

    is(scalar @lines, 1, "$name: a line") or diag join "\n", @lines;
    like("@lines", $like, "$name: what it says");
}


sub keeps_quiet {
    my ($name, $want, @request) = @_;

    told();
    is(http(port => $t->port, @request)->status, $want, "$name: $want");
    is(join("\n", told()), '', "$name: nothing new");
}


sub post {
    my ($secret, $body) = @_;

    return (body => $body,
            headers => ['X-Webhook-Signature' => sign($secret, $body)]);
}


my @wrong = (path => "/arg?key=CANARYwrong&$user");

subtest 'who is not let in' => sub {
    tells('a wrong secret', 401,
          qr/\[error\].*zoom:\ 401\ unauthenticated:\ .*"zoom_authenticate"
             .*compare\ the\ secrets.*location\ "\/arg",\ caller\ "tenant1"
             .*client:/x, @wrong);
    keeps_quiet('the same again', 401, @wrong);
    tells('another caller', 401, qr/location "\/arg", caller "tenant2"/,
          path => "/arg?$user", headers => ['X-Secret' => 'CANARYwrong']);
    tells('who knows who', 401, qr/location "\/arg"(?!, caller)/,
          path => "/arg?$user");
    tells('all of them', 401, qr/a proof was sent twice/,
          path => "/arg?key=CANARYwrong&key=CANARYwrong&$user");
    tells('a wrong signature', 401,
          qr/the signature does not hold.*location "\/attendee"(?!, caller)/,
          path => '/attendee', post("Q0FOQVJZd3Jvbmc=", callback()));
    is($t->get("/arg?key=$key&$user")->status, 200, 'the right one');
    keeps_quiet('and a wrong one again', 401, @wrong);

    my @once = (path => '/replay',
                post($t->secret('attendee'), callback(bot_id => '"bot_1"')));

    is(http(port => $t->port, @once)->status, 200, 'a callback');
    tells('twice', 401, qr/401 replayed;.*zoom_replay.*caller "attendee"/,
          @once);
};


subtest 'who may not have it' => sub {
    my @get = (path => '/arg?key=' . $key);

    tells('no user', 403,
          qr/403 no_user: "zoom_user" is empty; .*caller "tenant1"/, @get);
    tells('a wrong user', 403,
          qr/403\ denied:\ the\ user\ is\ neither\ a\ Zoom\ user\ id\ nor\ an
             \ e-mail;\ /x, path => "/arg?key=$key&user=Bot%20User");
    tells('another reason', 403,
          qr/403 denied: the user is not in "zoom_allow_user"; /,
          path => "/arg?key=$key&user=ann\@example.org");
    keeps_quiet('for another user', 403,
                path => "/arg?key=$key&user=bea\@example.org");
    tells('in another location', 403, qr/location "\/open", caller "off"/,
          path => '/open?user=ann@example.org');
    tells('no account', 403, qr/403 no_account: .*"zoom_account"/,
          path => "/account?account=nobody&$user");
    keeps_quiet('for another one', 403,
                path => "/account?account=none&$user");
};


subtest 'what is no callback' => sub {
    tells('no JSON', 400, qr/400 bad_callback: .*location "\/open"/,
          path => '/open', body => '{');
    tells('another method', 405, qr/405 method; see which method/,
          path => '/open', method => 'PUT');
    tells('too long', 413, qr/413 too_large; .*client_max_body_size/,
          path => '/open', body => 'x' x 70_000);
};


# Labels are names of the configuration.
subtest 'what the metrics say' => sub {
    my $body = $t->get('/status?format=prometheus')->body;
    my %value = $body =~ /^zoom_refused_total\{(.*)\} (\d+)$/mg;
    my $of = sub {
        my ($location, $caller, $error) = @_;

        return $value{qq{server="localhost",location="/$location",}
                      . qq{caller="$caller",error="$error"}} // 0;
    };

    is($of->('arg', 'tenant1', 'unauthenticated'), 4, 'a wrong secret');
    is($of->('arg', 'tenant2', 'unauthenticated'), 1, 'of another caller');
    is($of->('arg', '', 'unauthenticated'), 1, 'of nobody');
    is($of->('attendee', '', 'unauthenticated'), 1, 'of one of two');
    is($of->('replay', 'attendee', 'replayed'), 1, 'sent twice');
    is($of->('arg', 'tenant1', 'denied'), 3, 'denied');
    is($of->('open', 'off', 'method'), 1, 'a method');
    like($body, qr/^# TYPE zoom_refused_total counter$/m, 'its type');

    my ($row) = grep { $_->{location} eq '/arg' && $_->{caller} eq 'tenant1' }
        @{ $t->get('/status?format=json')->json->{refused} };

    is_deeply($row, { server => 'localhost', location => '/arg',
                      caller => 'tenant1',
                      errors => { unauthenticated => 4, no_user => 1,
                                  denied => 3 } }, 'and as JSON');
};


subtest 'a reload' => sub {
    $nginx->reload;
    tells('is news', 401, qr/401 unauthenticated/, @wrong);

    my $body = $t->get('/status?format=prometheus')->body;

    like($body, qr/"tenant1",error="unauthenticated"\} 5$/m, 'counts on');
};


# What is wrong with one user says nothing of another.
sub answers {
    my ($user, $code) = @_;

    return { match => 'token', mode => 'answer', status => 400, path => $user,
             body => qq({"code":$code,"message":"No."}) };
}


sub ask {
    my ($user) = @_;

    return path => "/open?user=$user\@example.com";
}


# A failure stands for a second.
sub comes_back {
    my ($user) = @_;

    $zoom->control({ clear => 1 });
    ok(wait_for(sub {
        http(port => $t->port, ask($user))->status == 200
    }, 5), "$user is served again");
}


subtest 'whom Zoom refuses' => sub {
    $zoom->control({ bots => 20 });

    tells('an unknown user', 502,
          qr/"acme":\ no\ ZAK\ for\ user\ "$_\@example.com"\ \(user_unknown\)
             .*;\ see\ which\ user\ was\ asked\ for/x,
          ask($_)) for qw(ann bea cid dan);

    $zoom->control({ clear => 1 }, answers('bot0001', 9001),
                   answers('bot0002', 9002), answers('bot0003', 9001));

    for (['bot0001', 9001], ['bot0002', 9002], ['bot0003', 9001]) {
        my ($who, $code) = @$_;

        tells("$who, code $code", 502,
              qr/user "$who\@example.com" \(zoom_refused\): .*code $code/,
              ask($who));
    }

    # A failure stands for a second.
    $zoom->control({ clear => 1 }, answers('bot0001', 9003));
    told();
    ok(wait_for(sub {
        http(port => $t->port, ask('bot0001')); $nginx->error_log =~ /9003/;
    }, 5), 'another code of the same user');
    is(scalar told(), 1, 'is news');
    my $asked = $zoom->count(qw(endpoints token calls));

    ok(wait_for(sub {
        http(port => $t->port, ask('bot0001'));
        $zoom->count(qw(endpoints token calls)) > $asked + 1;
    }, 5), 'which Zoom says again');
    is(join("\n", told()), '', 'and again is not');

    comes_back('bot0001');
    $zoom->control({ clear => 1 }, answers('bot0001', 9003));
    tells('after a success', 502, qr/bot0001.*9003/, ask('bot0001'));
};


subtest 'a flood' => sub {
    my $start = time;

    told();
    is(scalar(grep { $t->get("/flood$_")->status == 401 } 1 .. 300), 300,
       'all are refused');

    my $lines = told();
    my $took = time - $start + 1;

    cmp_ok($lines, '>', 100, 'is told of');
    cmp_ok($lines, '<=', 128 + $took, 'up to a bound, then once a second');

    my @names = $t->get('/status?format=prometheus')->body
                =~ /^zoom_refused_total\{(.*location="\/flood.*)\}/mg;

    cmp_ok(scalar @names, '<=', 64, 'and so are the counters');
    like($t->get('/status?format=prometheus')->body,
         qr/^zoom_refused_total\{server="",location="",caller="",
             error="unauthenticated"\}\ \d+$/mx, 'with a row for the rest');
};


is(join("\n", $t->leaks($nginx->dir . '/error.log')), '', 'no secret in it');


subtest 'the end, for who wants to know' => sub {
    my $notice = $t->nginx(locations => $locations, level => 'notice');

    $zoom->control({ clear => 1 }, answers('bot0001', 9001));
    is(http(port => $t->port, ask('bot0001'))->status, 502, 'a refusal');
    comes_back('bot0001');
    is(http(port => $t->port, ask('bot0001'))->status, 200, 'and another time');

    my @lines = $notice->error_log =~ /^.*\[notice\].*is given again$/mg;

    is(scalar @lines, 1, 'is told once');
    like("@lines", qr/"acme": ZAK for user "bot0001\@example.com" is given/,
         'of that user');
};

$t->finish;
