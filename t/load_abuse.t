#!/usr/bin/perl

# Strangers by the thousand, and tenants who want more than theirs: nothing
# reaches Zoom that the directives do not allow, and no lock is taken.

use strict;
use warnings;

use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(time);

use Zoom::Chaos qw(gdb hold);
use Zoom::Process qw(alive);
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my %conf = (account => { rate => 'light=4000r/s' }, locations => <<'EOC');
        zoom_user  bots@example.com;

        location = /attendee {
            zoom_tokens        acme;
            zoom_replay        1h;
            zoom_authenticate  attendee file:%{attendee};
        }

        location = /webhooks {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks};
        }

        location = /arg {
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /header {
            zoom_tokens        acme;
            zoom_authenticate  header=X-Webhook-Secret file:%{header};
        }

        location = /all {
            zoom_tokens        acme;
            zoom_replay        1h;
            zoom_authenticate  attendee file:%{attendee} arg=key file:%{arg};
            zoom_authenticate  standard_webhooks file:%{webhooks}
                               header=X-Webhook-Secret file:%{header};
        }

        location = /tenant {
            zoom_tokens        acme;
            zoom_user          $zoom_metadata_bot_user;
            zoom_allow_user    bot*@example.com;
            zoom_authenticate  attendee file:%{attendee};
        }

        location = /health {
            zoom_health        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks};
        }

        location = /status {
            zoom_status;
            zoom_authenticate  header=X-Webhook-Secret file:%{header};
        }

        location = /purge {
            zoom_purge         acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /fresh {
            zoom_tokens        acme;
            zoom_reuse         0;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /numbers {
            zoom_status;
            zoom_authenticate  off;
        }
EOC

my $nginx = $t->nginx(%conf);
my $key = 'key=' . $t->secret('arg');


sub verdict {
    my ($r) = @_;

    return $r->status if $r->status == 200;
    return $r->status . ' ' . ($r->json->{error} // 'by nginx');
}

sub verdicts {
    my %n;

    $n{ verdict($_) }++ for @_;
    return \%n;
}

# A hundred at a time.
sub all_of {
    my (@requests) = @_;
    my @done;

    while (my @some = splice @requests, 0, 100) {
        push @done, http_wait(map { http_start(port => $t->port, @$_) } @some);
    }

    return @done;
}

sub numbers { return $t->get('/numbers?format=json')->json }

sub calls {
    my $stats = $zoom->stats->{endpoints};
    my $n = 0;

    $n += $_->{calls} // 0 for values %$stats;
    return $n;
}

sub noise { return join '', map { chr 33 + int rand 94 } 1 .. $_[0] }


# Every one of these is wrong in a way of its own.
sub wrong_proofs {
    my ($path) = @_;
    my $body = callback(bot_id => '"' . int(rand 1e9) . '"');
    my $base64 = encode_base64(join('', map { chr int rand 256 } 1 .. 32), '');
    my $w2 = $t->secret('webhooks2');
    my @signed = ('X-Webhook-Signature' =>
                  Zoom::Attendee::sign($t->secret('attendee2'), $body));

    return (
        [path => $path],
        [path => $path, body => $body],
        [path => $path, body => $body, headers => [@signed]],
        [path => $path, body => $body,
         headers => ['X-Webhook-Signature' => $base64]],
        [path => $path, body => $body,
         headers => ['X-Webhook-Signature' => noise(44)]],
        [path => $path, headers => [@signed]],
        [path => "$path?key=" . int rand 1e9],
        [path => "$path?key=$base64"],
        [path => "$path?key=a&key=b"],
        [path => "$path?key"],
        [path => $path, headers => ['X-Webhook-Secret' => $base64]],
        [path => $path, headers => ['X-Webhook-Secret' => noise(200)]],
        [path => $path, headers => [webhook($w2)]],
        [path => $path, headers => [webhook($w2, age => 400)]],
        [path => $path, headers => [webhook($w2, prefix => 'svix')]],
        [path => $path, headers => [webhook($w2), webhook($w2)]],
        [path => $path, headers => [webhook($w2, id => noise(20))]],
        [path => $path, headers => [webhook($w2, signature => "v1,$base64")]],
        [path => $path, body => $body, headers => [webhook($w2, body =>
                                                           $body)]],
        [path => $path, headers => [Authorization => "Basic $base64"]],
    );
}


subtest 'wrong proofs by the thousand' => sub {
    wait_for(sub { $zoom->oauth_calls }, 5, 'an access token');

    my $before = calls();
    my $start = time;

    for my $path (qw(/attendee /webhooks /arg /header /all)) {
        my @got = all_of(map { wrong_proofs($path) } 1 .. 40);

        is_deeply(verdicts(@got), { '401 unauthenticated' => 800 },
                  "800 at $path");
    }

    for my $path (qw(/health /status)) {
        my @got = all_of(map { my %r = @$_; [path => $r{path},
                                             headers => $r{headers}] }
                         map { wrong_proofs($path) } 1 .. 10);

        is_deeply(verdicts(@got), { '401 unauthenticated' => 200 },
                  "200 at $path");
    }

    is_deeply(verdicts(all_of(map { [@$_, method => 'POST'] }
                              map { wrong_proofs('/purge') } 1 .. 10)),
              { '401 unauthenticated' => 200 }, '200 at /purge');

    note(sprintf '%.1f s', time - $start);
    is(calls(), $before, 'not one call to Zoom');

    my $n = numbers();

    is($n->{zone}{flights}, 0, 'no flight');
    is($n->{zone}{used}, 1, 'nothing is stored but the access token')
        or diag explain $n->{zone};

    my @log = split /\n/, $nginx->error_log;

    my @loud = grep { /\[(?:warn|error|crit)\]/ } @log;

    # One for each location, reason and line of zoom_authenticate that he tries.
    is(scalar(grep { !/\[error\] .* zoom: 401 unauthenticated: / } @loud), 0,
       'strangers write of what they lack above "info"');
    cmp_ok(scalar @loud, '<=', 60, 'and little, by the thousand');
    note(scalar(@loud) . " lines");
};


subtest 'headers of all sizes' => sub {
    my $before = calls();

    # What nginx takes at all: a header of 8k, four of them.
    for my $n (100, 1000, 4000, 8000) {
        my $many = 'v1,' . 'A' x 43 . '= ';
        my @wrong = (
            ['X-Webhook-Signature' => 'A' x $n],
            ['X-Webhook-Secret' => 'A' x $n],
            [webhook('', id => 'A' x $n, signature => "v1,$many")],
            [webhook('', id => 'a', signature => substr $many x 200, 0, $n)],
            [webhook('', id => 'a', signature => 'v1, ' x ($n / 4))],
            [webhook('', timestamp => '1' x $n, signature => "v1,$many")],
            [map { ("X-H$_" => 'x') } 1 .. $n / 50],
        );

        for my $path (qw(/attendee /webhooks /header /all)) {
            my @got = all_of(map { [path => $path, body => '{}',
                                    headers => $_] } @wrong);

            is_deeply(verdicts(@got), { '401 unauthenticated' => 7 },
                      "$n bytes at $path");
        }
    }

    my @got = all_of(map { [path => '/all?key=' . 'k' x $_] }
                     100, 1000, 7000);

    is_deeply(verdicts(@got), { '401 unauthenticated' => 3 },
              'long arguments');
    @got = all_of([path => '/all?' . 'k' x 9000],
                  [path => '/all', headers => ['webhook-id' => 'x' x 9000]]);
    is_deeply(verdicts(@got), { '414 by nginx' => 1, '400 by nginx' => 1 },
              'what is too long for nginx');
    is(calls(), $before, 'not one call to Zoom');
};


subtest 'signed, and hostile' => sub {
    my $before = calls();
    my $deep = '[' x 40 . ']' x 40;
    my %refused = (
        'too deep'            => qq({"x":$deep}),
        'far too deep'        => '{"x":' . '[' x 30_000 . ']' x 30_000 . '}',
        'too many values'     => '{"x":[' . join(',', (1) x 5000) . ']}',
        'a name twice'        => '{"bot_user":"bot1@example.com",'
                                 . '"bot_user":"bot2@example.com"}',
        'twice by an escape'  => '{"a":"1","\u0061":"2"}',
        'a lone surrogate'    => '{"x":"\ud800"}',
        'half a pair'         => '{"x":"\udc00\ud800"}',
        'U+0000'              => '{"x":"\u0000"}',
        'not UTF-8'           => qq({"x":"\xff\xfe"}),
        'overlong UTF-8'      => qq({"x":"\xc0\xaf"}),
        'too many members'    => '{' . join(',', map { qq("m$_":"") }
                                            1 .. 5000) . '}',
    );

    # With a signature that can't be right, and with another proof that is.
    for my $name (sort keys %refused) {
        my $body = callback(bot_metadata => $refused{$name});
        my $signature = encode_base64('x' x 32, '');
        my $got = $t->post('/attendee', $body,
                           'X-Webhook-Signature' => $signature);

        like(verdict($got), qr/^(?:400 bad_callback|401 unauthenticated)$/,
             $name);
        is(verdict($t->post("/arg?$key", $body)), '400 bad_callback',
           "$name, with a right proof");
    }

    my %who = (
        'me'                  => '403 denied',
        'ME'                  => '403 denied',
        '%6d%65'              => '403 denied',
        '../users/me'         => '403 denied',
        'bot1@example.com/..' => '403 denied',
        'bot1@example.com?x'  => '403 denied',
        'bot1@example.com%2f' => '403 denied',
        'bot1@example.com%00' => '403 denied',
        'bot 1@example.com'   => '403 denied',
        'bot1@evil.example'   => '403 denied',
        'boss@example.com'    => '403 denied',
        'xbot1@example.com'   => '403 denied',
        'bot@evil@example.com' => '403 denied',
        'bot' . 'x' x 200 . '@example.com' => '403 denied',
        "bot1\@example.com\\n" => '403 denied',
        ''                    => '403 no_user',
    );

    for my $user (sort keys %who) {
        my $r = $t->attendee('/tenant', members => {
            bot_metadata => qq({"bot_user":"$user"}) });

        is(verdict($r), $who{$user}, "bot_user \"" . substr($user, 0, 30)
                                     . '"');
    }

    is(verdict($t->attendee('/tenant', members => {
           bot_metadata => '{"bot_user":"bot1@example.com",'
                           . '"Bot-User":"bot2@example.com"}' })),
       '403 no_user', 'two spellings of one name are none');
    is(verdict($t->attendee('/tenant', members => {
           bot_metadata => '{"bot_user":["bot1@example.com"]}' })),
       '403 no_user', 'a list is none');

    for my $odd ('"bot1@example.com"', '["bot1@example.com"]') {
        is(verdict($t->attendee('/tenant', members => {
               bot_metadata => $odd })),
           '403 no_user', "nor is metadata that are no object: $odd");
    }

    is(calls(), $before, 'not one call to Zoom');
};


subtest 'invented users' => sub {
    my $before = $zoom->token_calls;
    my @got = all_of(map {
        my %r = $t->attendee_request('/tenant', members => {
            bot_id => qq("$_"),
            bot_metadata => '{"bot_user":"bot-nobody@example.com"}' });
        [%r];
    } 1 .. 300);

    is_deeply(verdicts(@got), { '502 user_unknown' => 300 },
              'one that does not exist');
    is($zoom->token_calls - $before, 1, 'Zoom is asked once');
};


SKIP: {
    skip 'gdb is not there or may not attach', 1 if !gdb($$, 'info proc');

    # While a worker stands still with the zone locked, the other one serves
    # whoever needs no lock.
    subtest 'a flood of wrong proofs takes no lock' => sub {
        my ($worker, $other) = $nginx->workers;

        # The other one is not to meet the lock before its time.
        my $way = wait_for(sub {
            my $r = http(port => $t->port, path => '/arg', keepalive => 1);

            return $r->header('X-Pid') eq $worker ? $r : undef;
        }, 5, 'a way to a worker');
        my ($gdb, $file, $output) = hold($t->dir, $worker, 'detach',
                                         'ngx_http_zoom_zone_unlock');
        my $call = http_start(port => $t->port, path => "/fresh?$key",
                              on => $way);

        ok(wait_for(sub { slurp($output) =~ /^held/m }, 10),
           'a worker holds the lock') or diag(slurp($output));

        my $start = time;
        my @wrong = all_of(map { wrong_proofs($_) }
                           (qw(/attendee /webhooks /arg /header /all)) x 4);

        is_deeply(verdicts(@wrong), { '401 unauthenticated' => 400 },
                  'wrong proofs are answered');
        my %pids = map { ($_->header('X-Pid') // 'nobody' => 1) } @wrong;

        is(join(' ', keys %pids), $other, 'by the other worker');
        cmp_ok(time - $start, '<', 8, 'soon');

        # The lock was locked: who is right has to wait for it.
        my $right = http_start(port => $t->port, path => '/webhooks',
                               headers => [webhook($t->secret('webhooks'))]);

        $right->read_some for 1 .. 3;
        wait_for(sub { $right->read_some; $right->{done} }, 0.5);
        ok(!$right->{done}, 'a right one waits');

        unlink $file;
        wait_for(sub { !alive($gdb) }, 5, 'the end of gdb');
        is(verdict(scalar http_wait($right)), 200, 'until the lock is free');
        is(verdict(scalar http_wait($call)), 200, 'and so is the first');
    };
}


$t->finish;
