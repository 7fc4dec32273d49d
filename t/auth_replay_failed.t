#!/usr/bin/perl

# A proof is reserved while its request runs, spent by a token and released by
# a failure: who is told to try again may do so, whichever worker he meets.

use strict;
use warnings;

use IO::Select;
use Test::More;
use Time::HiRes qw(time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $secret = $t->secret('webhooks');

$zoom->control({ bots => 200 });
$t->allow(qr/exited on signal 9/);

my $page = 'sorry ' x 400;

my $nginx = $t->nginx(reuseport => 1, locations => <<'EOC' . <<"PAGE");
        zoom_user          $arg_user;
        zoom_allow_user    *;
        zoom_timeout       1s;
        zoom_replay        1h;
        zoom_authenticate  standard_webhooks file:%{webhooks};
        zoom_authenticate  attendee file:%{attendee};

        location = /zak {
            zoom_tokens    acme;
        }

        location = /patient {
            zoom_tokens    acme;
            zoom_timeout   10s;
        }

        location = /twice {
            zoom_tokens    acme;
            zoom_replay    1h 2;
            zoom_timeout   10s;
        }

        location = /paged {
            zoom_tokens    acme;
            error_page     502 503 504 =200 /sorry;
        }

        location = /sorry {
            return 200 sorry;
        }

        location = /paged_slowly {
            zoom_tokens    acme;
            error_page     503 =200 /very_sorry;
        }

EOC
        # takes some 8 seconds
        location = /very_sorry {
            limit_rate     300;
            return 200     "$page";
        }
PAGE

my %pids;
my ($users, $proofs, $sent) = (0, 0, 0);


# A user who has no token yet.
sub somebody { return sprintf 'user=bot%04d@example.com', ++$users }


# What sends one proof again and again.  A webhook has the same id and a new
# timestamp, and is never the very same request; a body is the same.

my %scheme = (
    webhook => sub {
        my $id = 'msg_' . ++$proofs;

        return sub {
            my ($path) = @_;
            my @headers = webhook($secret, id => $id, age => ++$sent % 200);

            return http_start(port => $nginx->port, path => "$path&n=$sent",
                              headers => \@headers);
        };
    },
    attendee => sub {
        my $body = callback(bot_id => sprintf '"bot_%08d"', ++$proofs);

        return sub {
            return http_start($t->attendee_request($_[0], body => $body));
        };
    },
);


sub verdict {
    my ($r) = @_;

    $pids{ $r->header('X-Pid') // '' } = 1;
    return $r->status if $r->status == 200;
    return $r->status . ' ' . ($r->json->{error} // $r->body);
}


sub now {
    my ($send, $path) = @_;

    return verdict(http_wait($send->($path)));
}


# The same from both workers.
sub everywhere {
    my ($send, $path, $want, $name) = @_;
    my %got;

    %pids = ();
    wait_for(sub { $got{ now($send, $path) }++; keys %pids == 2 }, 20,
             'both workers');
    is_deeply([keys %got], [$want], $name);
}


# Until the answer is another one; what it is.
sub after {
    my ($send, $path, $not) = @_;
    my $last;

    wait_for(sub { ($last = now($send, $path)) !~ $not }, 20);
    return $last;
}


# A request whose mint takes its time.
sub running {
    my ($send, $path) = @_;

    $zoom->control({ mode => 'delay', ms => 1500, match => 'token' });

    my $call = $send->($path);

    wait_for(sub { $zoom->count(qw(concurrency token now)) }, 5, 'a mint');
    return $call;
}


sub worker_of {
    my ($call) = @_;
    my $port = $call->{sock}->sockport;
    my ($worker) = grep { grep { $_ == $port } $nginx->clients_of($_) }
                   $nginx->workers;

    return $worker // die "no worker has the call\n";
}


for my $name (sort keys %scheme) {
    my $proof = $scheme{$name};

    subtest "$name: a failure of Zoom's" => sub {
        my $send = $proof->();
        my $path = '/zak?' . somebody();

        $zoom->control({ mode => '503', match => 'token' });

        my $r = http_wait($send->($path));

        is(verdict($r), '503 zoom_unavailable', 'is told');
        like($r->header('Retry-After'), qr/^[1-9]\d*$/, 'with a time');
        everywhere($send, $path, '503 zoom_unavailable', 'and told again');
        $zoom->control({ clear => 1 });
        is(after($send, $path, qr/^503/), 200, 'then the proof is good');
        everywhere($send, $path, '401 replayed', 'for one token');
    };

    subtest "$name: while it runs" => sub {
        my $send = $proof->();
        my $path = '/patient?' . somebody();
        my $first = running($send, $path);

        everywhere($send, $path, '401 replayed', 'nobody else has it');
        is(verdict(http_wait($first)), 200, 'it gets its token');
        everywhere($send, $path, '401 replayed', 'nor after it');
        $zoom->control({ clear => 1 });
    };

    subtest "$name: a client that hangs up" => sub {
        my $send = $proof->();
        my $path = '/patient?' . somebody();
        my $first = running($send, $path);

        is(now($send, $path), '401 replayed', 'has it');
        $first->abort;
        is(after($send, $path, qr/^401/), 200, 'and leaves it to the next');
        is(now($send, $path), '401 replayed', 'who spends it');
        $zoom->control({ clear => 1 });
    };

    subtest "$name: a worker that dies" => sub {
        my ($send, $path, $first, $worker);

        # on a busy machine the mint may be over too soon
        for (1 .. 10) {
            $send = $proof->();
            $path = '/patient?' . somebody();
            $first = running($send, $path);
            $worker = eval { worker_of($first) };
            last if $worker;
        }

        my $start = time;

        kill 'KILL', $worker;
        http_wait($first);
        is(after($send, $path, qr/^401/), 200, 'leaves it to another');
        cmp_ok(time - $start, '<', 8, 'before the reservation would lapse');
        is(now($send, $path), '401 replayed', 'who spends it');
        wait_for(sub { $nginx->workers == 2 }, 5, 'two workers');
        $zoom->control({ clear => 1 });
    };

    subtest "$name: failures of the caller's" => sub {
        my $send = $proof->();
        my $path = '/zak?' . somebody();

        is(now($send, '/zak?user='), '403 no_user', 'no user');
        is(now($send, '/zak?user=me'), '403 denied', 'none that may be');
        is(now($send, '/zak?user=nobody@example.com'), '502 user_unknown',
           'none that Zoom knows');
        is(now($send, $path), 200, 'leave it as it was');
        is(now($send, $path), '401 replayed', 'for one token');
    };

    subtest "$name: a page instead of the error" => sub {
        my $send = $proof->();
        my $who = somebody();

        $zoom->control({ mode => '503', match => 'token' });
        is(http_wait($send->("/paged?$who"))->body, 'sorry', 'is no token')
            for 1 .. 2;
        $zoom->control({ clear => 1 });
        is(after($send, "/zak?$who", qr/^503/), 200, 'and spends nothing');
    };

    subtest "$name: while such a page is on its way" => sub {
        my $send = $proof->();
        my $who = somebody();

        $zoom->control({ mode => '503', match => 'token' });

        my $call = $send->("/paged_slowly?$who");

        wait_for(sub {
            $call->read_some if !$call->{done};
            $call->{in} =~ /sorry/;
        }, 20, 'a page');
        isnt(now($send, "/zak?$who"), '401 replayed', 'the proof is good');
        ok(!$call->{done}, 'already');
        $call->abort;
        $zoom->control({ clear => 1 });
        is(after($send, "/zak?$who", qr/^503/), 200, 'and spends nothing');
    };
}


subtest 'as often as zoom_replay says' => sub {
    my $send = $scheme{attendee}->();

    is(now($send, '/twice?user='), '403 no_user', 'a failure') for 1 .. 3;
    is(now($send, '/twice?' . somebody()), 200, 'the first');
    is(now($send, '/twice?user='), '403 no_user', 'a failure');
    is(now($send, '/twice?' . somebody()), 200, 'the second');
    is(now($send, '/twice?user='), '401 replayed', 'and the last');

    $send = $scheme{attendee}->();

    my @two = map { running($send, '/twice?' . somebody()) } 1 .. 2;

    is(now($send, '/twice?' . somebody()), '401 replayed', 'what runs counts');
    is_deeply([map { verdict($_) } http_wait(@two)], [200, 200], 'both');
    $zoom->control({ clear => 1 });
};


subtest 'the very same webhook twice at a time' => sub {
    my %same = (port => $nginx->port, path => '/patient?' . somebody(),
                headers => [webhook($secret, id => 'twins')]);
    my $other = sub {
        return http_start(%same, headers => [webhook($secret, id => 'twins',
                                                     age => 3)]);
    };
    my @twins = map { running(sub { http_start(%same) }) } 1 .. 2;

    $twins[0]->abort;
    everywhere($other, '', '401 replayed', 'who hangs up releases his own');
    is(verdict(http_wait($twins[1])), 200, 'the other gets a token');
    everywhere($other, '', '401 replayed', 'and spends the id');
    $zoom->control({ clear => 1 });
};


# Of the calls that the hanging worker has there is no answer.
subtest 'a worker that hangs' => sub {
    my ($send, $start, $first, $worker, $kept);

    my $got = sub {
        my $call = $send->('/zak?' . somebody());

        wait_for(sub {
            $call->read_some if IO::Select->new($call->{sock})->can_read(0.01);
            $call->{done};
        }, 0.7);

        my $verdict = $call->{done} ? verdict($call) : '';

        $call->abort if !$call->{done};
        return $verdict;
    };

    # On a busy machine its second may be over too soon: then it has answered,
    # or stands still between giving the proof back and answering.
    for (1 .. 10) {
        $send = $scheme{webhook}->();
        $start = time;
        $first = running($send, '/zak?' . somebody());
        $worker = eval { worker_of($first) } // next;

        kill 'STOP', $worker;
        $zoom->control({ clear => 1 });

        $kept = IO::Select->new($first->{sock})->can_read(0)
                ? '' : wait_for($got, 10);
        last if $kept eq '401 replayed';

        kill 'CONT', $worker;
        http_wait($first);
    }

    is($kept, '401 replayed', 'keeps what it has reserved');
    ok(wait_for(sub { $got->() eq 200 }, 15), 'till that lapses');
    cmp_ok(time - $start, '>', 5, 'zoom_timeout, and some seconds');
    ok(wait_for(sub { $got->() eq '401 replayed' }, 5), 'then it is spent');
    kill 'CONT', $worker;
    http_wait($first);
    ok(wait_for(sub { $got->() eq '401 replayed' }, 5), 'for good');
};


$t->finish;
