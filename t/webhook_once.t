#!/usr/bin/perl

# A webhook reaches the application once: by its id, by its signature, while it
# is being handled, and again only if it failed.

use strict;
use warnings;

use Test::More;

use Zoom::Event qw(event);
use Zoom::Process qw(spawn alive);
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

my %configuration = (
    account => { webhook_secret => 'file:%{hook}' },
    http    => <<'EOC', locations => <<"EOC2");
    log_format  status  '$zoom_event_id $status $zoom_webhook_status';
EOC
        access_log  ${\ $t->dir}/status.log  status;

        location = /app {
            zoom_webhook        acme;
            proxy_pass          http://$upstream;
            proxy_read_timeout  10s;
        }

        location = /second {
            zoom_webhook  acme;
            proxy_pass    http://$upstream;
        }

        location = /some {
            zoom_webhook         acme;
            zoom_webhook_events  meeting.* user.deactivated;
            zoom_webhook_act     off;
            proxy_pass           http://$upstream;
        }

        location = /page {
            zoom_webhook  acme;
            proxy_pass    http://$upstream;
            proxy_intercept_errors  on;
            error_page    500 = \@other;
        }

        location \@other {
            proxy_pass        http://$upstream;
            proxy_set_header  X-Other  1;
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC2

$t->nginx(%configuration);


sub request {
    my (%o) = @_;

    return (port => $t->port, path => $o{path} // '/app',
            event($o{event} // 'meeting.started',
                  { object => { id => '1', n => int rand 1e9 } },
                  secret => $secret, %o));
}


# How many have come since the last time.
sub came {
    my ($n) = @_;

    wait_for(sub { $app->requests >= $seen + $n }, 10) if $n;

    my $came = $app->requests - $seen;

    $seen += $came;
    return $came;
}


# What the log has of it, once there are so many lines; of two workers either
# may write first.
sub logged {
    my ($id, $n) = @_;
    my @lines;

    wait_for(sub {
        @lines = map { /^\Q$id\E (.*)/ ? $1 : () }
                 split /\n/, slurp($t->dir . '/status.log');
        return @lines >= $n;
    }, 10);

    return [sort @lines];
}


subtest 'the same three times' => sub {
    my @same = request(id => 'same-1');

    is(http(@same)->status, 200, 'once');
    is(http(@same)->status, 204, 'twice') for 1 .. 5;
    is(came(1), 1, 'one came');
    is_deeply(logged('same-1', 6), ['200 NEW', ('204 DUPLICATE') x 5],
              'the log');

    # Sent again by Zoom with a new second, and so another signature.
    my %other = request(id => 'same-1', timestamp => time - 300);

    is(http(%other)->status, 204, 'the same id');

    # Sent again by whoever saw it.
    my %first = @same;
    my %headers = @{ $first{headers} };

    for my $id ('another', undef, 'x' x 2000) {
        my @headers = map { ($_ => $headers{$_}) } grep {
            $_ ne 'x-zm-request-id'
        } sort keys %headers;

        push @headers, 'x-zm-request-id' => $id if defined $id;
        is(http(%first, headers => \@headers)->status, 204,
           'the same signature with ' . (defined $id ? 'another' : 'no')
           . ' id');
    }

    # Its id was not spent by that.
    is(http(request(id => 'another'))->status, 200, 'whose id is still good');
    is(http(request(id => undef))->status, 200, 'there may be none');
    is(http(request(id => undef))->status, 200, 'any number of times');
    is(came(3), 3, 'three came');

    is(http(%first, path => '/second')->status, 200,
       'another location is another receiver');
    is(came(1), 1, 'of its own');
};


subtest 'when it fails' => sub {
    $app->answers(500, 302, 404, 200);

    my @same = request(id => 'fails');

    is(http(@same)->status, 500, 'the first time');
    is(http(@same)->status, 302, 'a redirect is no success');
    is(http(@same)->status, 404, 'nor is this');
    is(http(@same)->status, 200, 'then it works');
    is(http(@same)->status, 204, 'and is done');
    is(came(4), 4, 'four came');
    is_deeply(logged('fails', 5),
              ['200 NEW', '204 DUPLICATE', '302 NEW', '404 NEW', '500 NEW'],
              'the log');

    $app->answers(500);
    @same = request(id => 'page', path => '/page');

    is(http(@same)->status, 200, 'a page for an error');
    is(http(@same)->status, 204, 'is what Zoom hears');
    is(came(2), 2, 'two came');
    is(($app->requests)[-1]{headers}{'x-other'}, 1, 'one of them there');
};


subtest 'while it is being handled' => sub {
    $app->answers('hang');

    my @same = request(id => 'slow');
    my $slow = http_start(@same);

    is(came(1), 1, 'one hangs');

    my $r = http(@same);

    is($r->status, 503, 'another is to come later');
    like($r->header('retry-after'), qr/^[1-9]\d*$/, 'in some time');
    is($r->json->{error}, 'overloaded', 'and why');
    is(http(request(id => 'slow'))->status, 503, 'one with its id as well');

    # Zoom has had enough after three seconds.
    $slow->abort;

    is(wait_for(sub {
        my $again = http(@same)->status;

        return $again if $again != 503;
    }, 10), 200, 'when it is gone');
    is(http(@same)->status, 204, 'once');
    is(came(1), 1, 'one came');
};


subtest 'a worker dies with it' => sub {
    $app->answers('hang');

    my @same = request(id => 'dies');
    my $slow = http_start(@same);

    is(came(1), 1, 'one hangs');

    my ($worker) = grep {
        my $pid = $_;
        grep { $_ == $slow->{sock}->sockport }
             $t->{nginx}[-1]->clients_of($pid);
    } $t->{nginx}[-1]->workers;

    ok($worker, 'in a worker');
    kill KILL => $worker;
    $t->allow(qr/signal 9/);

    is(wait_for(sub {
        my $again = http(@same)->status;

        return $again if $again && $again != 503;
    }, 10), 200, 'the next one finds another');
    is(came(1), 1, 'once');
};


subtest 'a reload' => sub {
    my @same = request(id => 'reload');

    is(http(@same)->status, 200, 'before');
    $t->reload(%configuration);
    is(http(@same)->status, 204, 'is known after');
    is(came(1), 1, 'one came');
};


subtest 'all at once' => sub {
    my @same = request(id => 'crowd');
    my %status;

    $status{ $_->status }++ for http_wait(map { http_start(@same) } 1 .. 100);

    is($status{200}, 1, 'one got through');
    is($status{200} + ($status{204} // 0) + ($status{503} // 0), 100,
       'the others are told so');
    is(came(1), 1, 'one came');
};


subtest 'what nobody wants' => sub {
    is(http(request(path => '/some', event => $_))->status, 200, $_)
        for qw(meeting.started meeting.new_in_2030 user.deactivated);
    is(came(3), 3, 'three came');

    is(http(request(path => '/some', event => $_, id => "no-$_"))->status,
       204, $_)
        for qw(webinar.started user.deleted xmeeting.started);
    is_deeply(logged('no-user.deleted', 1), ['204 IGNORED'], 'the log');
    is(came(0), 0, 'and none came');
};


# As Zoom does it, with the second of the first attempt and with a new one.
for my $restamp (0, 1) {
    subtest 'as Zoom sends it again' . ($restamp ? ', anew' : '') => sub {
        $zoom->control({ reset => 1 },
                       { webhooks => { retry => [0.2, 0.3, 0.4], timeout => 2,
                                       restamp => $restamp } },
                       { account => { webhook => {
                             url => 'http://127.0.0.1:' . $t->port . '/app',
                             secret => $secret } } });
        $app->answers(500, 503);
        $zoom->control({ send => { event => 'meeting.started', id => "z$restamp",
                                   payload => { object => { id => 1 } } } });

        my $end = wait_for(sub {
            (grep { $_->{done} && $_->{id} eq "z$restamp" }
             $zoom->deliveries)[0];
        }, 15);

        is_deeply([map { $_->{status} } @{ $end->{attempts} }],
                  [500, 503, 200], 'until it is taken');
        is(came(3), 3, 'three came');

        # An application that is slow: Zoom gives up, and comes again.
        $app->answers('hang');
        $zoom->control({ send => { event => 'meeting.started', id => "s$restamp",
                                   payload => { object => { id => 2 } } } });

        $end = wait_for(sub {
            (grep { $_->{done} && $_->{id} eq "s$restamp" }
             $zoom->deliveries)[0];
        }, 15);

        is($end->{attempts}[-1]{status}, 200, 'and is heard');
        is(came(2), 2, 'two came');

        $zoom->control({ crc => JSON::PP::true });
        ok(wait_for(sub { $zoom->count('crc', 'ok') }, 10),
           'its challenge is answered');
        is(came(0), 0, 'by us');
    };
}

$t->finish;
