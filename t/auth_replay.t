#!/usr/bin/perl

# What was used once: the ids of webhooks, and the bodies that zoom_replay
# counts; for all workers, across reloads, and in a table that is full.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use Zoom::Test;

my $t = Zoom::Test->new;

my $locations = <<'EOC';
        zoom_user          bots@example.com;
        zoom_authenticate  standard_webhooks file:%{webhooks};

        location = /zak {
            zoom_tokens        acme;
        }

        location = /obf {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks} as=other;
        }

        location = /rotation {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks}  as=old;
            zoom_authenticate  standard_webhooks file:%{webhooks2} as=new;
        }

        location = /second {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks2} as=tenant2;
        }

        location = /keyed {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks};
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }

        location /once {
            zoom_tokens        acme;
            zoom_replay        1h;
            zoom_authenticate  attendee file:%{attendee};

            location = /once/thrice {
                zoom_tokens    acme;
                zoom_replay    1h 3;
            }

            location = /once/briefly {
                zoom_tokens    acme;
                zoom_replay    1s;
            }

            location = /once/off {
                zoom_tokens    acme;
                zoom_replay    off;
            }
        }

        location = /either {
            zoom_tokens        acme;
            zoom_replay        1h;
            zoom_authenticate  attendee file:%{attendee} as=a;
            zoom_authenticate  attendee file:%{attendee} arg=key file:%{arg};
            zoom_authenticate  arg=key file:%{arg} as=key;
        }

        location = /first {
            zoom_tokens        acme;
            zoom_replay        1h;
            zoom_authenticate  attendee file:%{attendee};
            set                $nobody "";
            zoom_user          $nobody;
            error_page         403 = @second;
        }

        location @second {
            zoom_tokens        acme;
            zoom_replay        1h;
            zoom_authenticate  attendee file:%{attendee};
        }

        location = /w1 {
            zoom_tokens        acme;
            set                $nobody "";
            zoom_user          $nobody;
            error_page         403 = @w2;
        }

        location @w2 {
            zoom_tokens        acme;
        }
EOC

my %conf = (locations => $locations, reuseport => 1);
my $nginx = $t->nginx(%conf);
my $secret = $t->secret('webhooks');
my $secret2 = $t->secret('webhooks2');
my $key = '?key=' . $t->secret('arg');
my $bots = 0;


sub verdict {
    my ($r) = @_;

    return $r->status if $r->status == 200;
    return $r->status . ' ' . ($r->json->{error} // $r->body);
}


sub get {
    my ($path, @headers) = @_;

    return verdict($t->get($path, @headers));
}


# A body that was not there before, or one more time.
sub body {
    return callback(bot_id => sprintf '"bot_%08d"', ++$bots);
}


sub attendee {
    my ($path, $body) = @_;

    return verdict($t->attendee($path, body => $body));
}


# Used now; what becomes of it later is for the end of this test.
my @early = webhook($secret);
my $started = time;

is(get('/zak', @early), 200, 'a webhook');


subtest 'an id is for one request' => sub {
    my @w = webhook($secret, id => 'one-request');
    my $is_used = sub {
        my ($name, $path, @headers) = @_;

        is(get($path, @headers), '401 replayed', $name);
    };

    is(get('/zak', @w), 200, 'the first time');
    is(get('/zak', @w), 200, 'the very same once more');
    $is_used->('another location', '/obf', @w);
    $is_used->('arguments', '/zak?', @w);
    $is_used->('other arguments', '/zak?a=1', @w);
    $is_used->('the other names', '/zak?svix',
               webhook($secret, id => 'one-request', prefix => 'svix'));
    $is_used->('a new timestamp', '/zak',
               webhook($secret, id => 'one-request', age => 5));
    $is_used->('another signature beside', '/zak', @w[0 .. 4], "$w[5] v1,x");
    $is_used->('another host', '/zak', @w, Host => 'elsewhere');

    is(verdict($t->post('/zak', '{}', webhook($secret, id => 'one-request',
                                              body => '{}'))),
       '401 replayed', 'a POST');
    is(get('/zak', @w), 200, 'and the very same still');

    my $message = $t->get('/obf', @w)->json->{message};

    like($message, qr/^\w.*\.$/, 'one sentence');
    is($t->logged(sub { $_[0]{uri} eq '/obf' })->{zoom_error}, 'replayed',
       'the access log has it');
    like($t->get('/status?format=prometheus')->body,
         qr/^zoom_rejected_total\{error="replayed"\} [1-9]/m, 'Prometheus');
};


subtest 'a body is part of the request' => sub {
    my @bodies = ('{"bot_id":"1"}', '{"bot_id":"2"}');
    my @w = webhook($secret, id => 'with-body', body => $bodies[0]);
    my @other = webhook($secret, id => 'with-body', body => $bodies[1]);

    is(verdict($t->post('/zak', $bodies[0], @w)), 200, 'once');
    is(verdict($t->post('/zak', $bodies[0], @w)), 200, 'the very same');
    is(verdict($t->post('/zak', $bodies[1], @other)), '401 replayed',
       'another body');
};


subtest 'a rotation opens no second door' => sub {
    my ($id, $time) = ('rotated', int time);
    my @both = map { webhook_signature($_, $id, $time, '') } $secret, $secret2;
    my @with = map { [webhook('', id => $id, timestamp => $time,
                              signature => $_)] } "@both", @both;

    is(get('/rotation', @{ $with[0] }), 200, 'signed with both secrets');
    is(get('/rotation', @{ $with[1] }), '401 replayed', 'the one alone');
    is(get('/rotation', @{ $with[2] }), '401 replayed', 'the other alone');
};


# The first of them came where only one secret was known, as before a reload.
subtest 'a secret that comes later' => sub {
    my ($id, $time) = ('later', int time);
    my @both = map { webhook_signature($_, $id, $time, '') } $secret, $secret2;
    my $with = sub {
        return webhook('', id => $id, timestamp => $time, signature => $_[0]);
    };

    is(get('/zak', $with->("@both")), 200, 'signed with both');
    is(get('/second', $with->($both[1])), '401 replayed',
       'the signature that nobody had looked at');
    is(get('/second', $with->("$both[1] v1,@{[ 'A' x 43 ]}=")),
       '401 replayed', 'and with another one beside it');
};


# Whoever has a secret can sign any id with it.
subtest 'an id belongs to its sender' => sub {
    my $id = 'guessed';

    is(get('/rotation', webhook($secret2, id => $id)), 200, "one's own");
    is(get('/second', webhook($secret2, id => $id)), '401 replayed',
       'is spent everywhere');
    is(get('/rotation', webhook($secret, id => $id)), 200,
       "but not another's");
    is(get('/rotation', webhook($secret, id => $id, age => 3)), '401 replayed',
       'until that is, too');

    # nor by way of a signature that is not one's own
    my ($time, $next) = (int time, 'guessed-next');
    my $signature = join ' ', map { webhook_signature($secret2, $_, $time, '') }
                              $next, 'msg_x';

    is(get('/second', webhook('', id => $next, timestamp => $time,
                              signature => $signature)), 200, 'two of them');
    is(get('/zak', webhook($secret, id => $next)), 200, 'spend none of his');
};


subtest 'a used webhook does not speak for other lines' => sub {
    my @w = webhook($secret, id => 'keyed');

    is(get('/zak', @w), 200, 'used');
    is(get('/keyed', @w), '401 replayed', 'no other line');
    is(get("/keyed$key", @w), 200, 'a line of its own');
};


subtest 'wrong proofs are not remembered' => sub {
    my ($id, $time) = ('not-burnt', int time);
    my @wrong = webhook($secret2, id => $id);

    is(get('/zak', @wrong), '401 unauthenticated', 'wrong') for 1 .. 3;
    is(get('/zak', webhook($secret, id => $id)), 200, 'right');

    my $body = body();

    is(verdict($t->attendee('/once', body => $body, secret => 'attendee2')),
       '401 unauthenticated', 'a body, wrong') for 1 .. 3;
    is(attendee('/once', $body), 200, 'right');
};


subtest 'HTTP/2' => sub {
    my @w = webhook($secret, id => 'two');
    my %o = (port => $nginx->port2, headers => \@w);

    is(verdict(http2(path => '/zak', %o)), 200, 'once');
    is(verdict(http2(path => '/zak', %o)), 200, 'the very same');
    is(verdict(http2(path => '/zak?x', %o)), '401 replayed', 'another');
    is(get('/zak', @w), '401 replayed', 'another port');
};


subtest 'zoom_replay' => sub {
    my $body = body();
    (my $spaced = $body) =~ s/, /  ,\n/g;

    is(attendee('/once', $body), 200, 'a body');
    is(attendee('/once', $body), '401 replayed', 'once more');
    is(attendee('/once', $spaced), '401 replayed', 'in another spelling');
    is(attendee('/once/deeper', $body), '401 replayed', 'elsewhere');
    is(attendee('/once/off', $body), 200, 'where it is off');
    is(attendee('/once', body()), 200, 'another body');

    my $three = body();

    is(attendee('/once/thrice', $three), 200, "$_ of three") for 1 .. 3;
    is(attendee('/once/thrice', $three), '401 replayed', 'of four')
        for 1 .. 2;
    is(attendee('/once', $three), '401 replayed', 'where it is one');

    my $brief = body();
    my $last;

    is(attendee('/once/briefly', $brief), 200, 'for a second');
    ok(wait_for(sub { ($last = attendee('/once/briefly', $brief)) eq 200 },
                4), 'is good again after it') or diag $last;

    my $either = body();

    is(attendee('/either', $either), 200, 'a line with a signature');
    is(attendee('/either', $either), '401 replayed', 'once more');
    is(attendee("/either$key", $either), 200, 'a line without');

    my $line = $t->logged(sub { $_[0]{uri} eq '/either'
                                && $_[0]{status} == 200
                                && $_[0]{args} });

    is($line->{zoom_caller}, 'key', 'is the one that speaks');
};


subtest 'a request uses a proof once, however far it is sent' => sub {
    my $body = body();

    is(attendee('/first', $body), 200, 'a body in two locations');
    is(attendee('/first', $body), '401 replayed', 'but not again');

    my @w = webhook($secret);

    is(get('/w1', @w), 200, 'a webhook in two locations');
    is(get('/w1?x', @w), '401 replayed', 'but not again');
};


subtest 'many at once' => sub {
    my $body = body();
    my @calls = http_wait(map {
        http_start($t->attendee_request('/once', body => $body))
    } 1 .. 60);
    my %n;

    $n{ verdict($_) }++ for @calls;
    is_deeply(\%n, { 200 => 1, '401 replayed' => 59 }, 'one of them');

    my %pids = map { $_->header('X-Pid') => 1 } @calls;

    is(scalar keys %pids, 2, 'of two workers');

    my @w = webhook($secret);

    %n = ();
    $n{ verdict($_) }++ for http_wait(map {
        http_start(port => $t->port, path => "/zak?$_", headers => \@w)
    } 1 .. 60);
    is_deeply(\%n, { 200 => 1, '401 replayed' => 59 }, 'webhooks as well');
};


subtest 'a reload, a death' => sub {
    my $start = time;
    my $body = body();
    my @w = webhook($secret);

    is(attendee('/once', $body), 200, 'a body');
    is(get('/zak', @w), 200, 'a webhook');

    $t->reload(%conf);
    is(attendee('/once', $body), '401 replayed', 'after a reload');
    is(get('/zak?x', @w), '401 replayed', 'both');
    is(get('/zak', @w), 200, 'the very same is') if time - $start < 8;

    $t->allow(qr/exited on signal 9/);
    $nginx->kill_workers;
    is(attendee('/once', $body), '401 replayed', 'after a death');
    is(get('/zak?x', @w), '401 replayed', 'both');
};


subtest 'ten seconds' => sub {
    sleep 0.1 while time - $started < 12;

    is(get('/zak', @early), '401 replayed', 'and the very same is used');
};


$t->over;


# 256k remember 120 proofs.
subtest 'a table that is full' => sub {
    $nginx = $t->nginx(%conf, http => 'zoom_zone 256k;');

    my $crowd = sub {
        my (@requests) = @_;
        my @done;

        while (my @some = splice @requests, 0, 100) {
            push @done, http_wait(map { http_start(@$_) } @some);
        }

        return map { verdict($_) } @done;
    };
    my @bodies = map { [$t->attendee_request('/once', body => body())] }
                 1 .. 400;

    is(scalar(grep { $_ eq 200 } $crowd->(@bodies)), 400,
       'bodies give way to bodies');

    my @again = $crowd->(@bodies);

    cmp_ok(scalar(grep { $_ eq '401 replayed' } @again), '<', 300,
           'the oldest of them');

    my @sent = map { [port => $t->port, path => '/zak',
                      headers => [webhook($secret)]] } 1 .. 500;
    my @got = $crowd->(@sent);
    my @in = grep { $got[$_] eq 200 } 0 .. $#got;
    my @full = grep { $got[$_] eq '503 overloaded' } 0 .. $#got;

    cmp_ok(scalar @in, '>', 100, 'webhooks fill it') or diag scalar @in;
    note(scalar(@in) . ' webhooks are remembered');
    cmp_ok(scalar @full, '>', 150, 'there is no room for more');
    is(@in + @full, 500, 'and nothing else');

    my %answers;

    $answers{$_}++ for $crowd->(map { [@{ $sent[$_] }, path => '/zak?x'] }
                                @in);
    is_deeply(\%answers, { '401 replayed' => scalar @in },
              'all that were used stay used');

    my $r = http(@{ $sent[ $full[-1] ] });

    is(verdict($r), '503 overloaded', 'the others are told');
    like($r->header('Retry-After'), qr/^[1-9]\d*$/, 'to try again');
    like($nginx->error_log, qr/\[error\].*no room.*increase "zoom_zone"/,
         'the log says what to do');
    my $told = () = $nginx->error_log =~ /no room .* so many webhooks/g;

    ok($told == 1 || $told == 2, 'once a worker') or diag $told;
    like($nginx->error_log, qr/no room .* so many bodies/, 'for bodies, too');

    my $body = body();

    is(attendee('/once', $body), 200, 'a body has no place either');
};


$t->finish;
