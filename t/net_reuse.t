#!/usr/bin/perl

# Connections to Zoom that are used again, and that its edges give up just then:
# what no byte of an answer has come for is asked again over another connection,
# without a word, unless doing it twice is another thing.

use strict;
use warnings;

use Test::More;

use Zoom::Frames;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $edges = 0;
my $nginx;

mkdir $t->dir . '/lua', 0755;
spew($t->dir . '/lua/create.lua', <<'EOL');
return function(bot)
    local user = { email = "new@example.com", type = 1 }
    local got, err = zoom.request{
        method = "POST", path = "/users",
        body = { action = "create", user_info = user },
    }

    return nil, got and tostring(got.status) or err
end
EOL

my $locations = <<'EOC';
        zoom_authenticate  off;
        zoom_reuse         0;
        zoom_use_stale     off;

        location = /zak {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }

        location = /create {
            zoom_tokens             acme;
            zoom_lua_allow          request;
            zoom_route_by_lua_file  %{dir}/lua/create.lua;
        }

        location = /status {
            zoom_status;
        }
EOC


# One worker, whose first request is OAuth's.
sub start {
    my (%account) = @_;

    $zoom->control({ reset => 1 }, { bots => 20 });

    $nginx = $t->nginx(workers => 1, lua => 1, locations => $locations,
                       account => \%account);

    wait_for(sub { $zoom->count(qw(endpoints oauth 200)) }, 10,
             'an access token');
}


# The same over HTTP/2 and an edge; OAuth's is stream 1.
sub edge {
    my (%o) = @_;
    my $edge = Zoom::Frames->start(log => $t->dir . '/edge' . $edges++,
                                   zoom => $zoom, stream => 3, %o);
    my $url = 'https://127.0.0.1:' . $edge->port;

    start(http2 => 'on', oauth_url => "$url/oauth/token",
          api_url => "$url/v2");

    return $edge;
}


sub finish {
    my ($edge) = @_;

    $t->over;
    $edge->stop_it;
}


# The numbers of account acme.
sub account { return $t->get('/status?format=json')->json->{accounts}{acme} }


for my $mode (qw(close reset)) {
    subtest "HTTP/1.1: $mode" => sub {
        start();
        $zoom->control({ match => 'token', mode => $mode, times => 1 });

        is($t->get('/zak?user=bot0001@example.com')->status, 200, 'a token');
        is(account()->{retries}, 0, 'and no slot taken for it');
        unlike($nginx->error_log, qr/\[warn\]|\[error\]/, 'nor a word lost');

        $t->over;
    };
}


if (my $missing = Zoom::Frames::missing()) {
    subtest 'HTTP/2' => sub { plan skip_all => $missing };
    $t->finish;
    exit;
}


for (['goaway', 1], ['left', 1], ['refused', 1], ['close', 1], ['reset', 1],
     ['covered', 2])
{
    my ($act, $calls) = @$_;

    subtest "HTTP/2: $act" => sub {
        my $edge = edge(act => $act);
        my $r = $t->get('/zak?user=bot0001@example.com');

        is($r->status, 200, 'a token');
        is($zoom->count(qw(endpoints token calls)), $calls, 'calls of Zoom');
        is(account()->{retries}, 0, 'and no slot taken for it');
        is(scalar(grep { /^connection/ } $edge->log), 2, 'connections');

        finish($edge);
    };
}


# What was under way beside it is not to suffer.
for my $act (qw(left goaway)) {
    subtest "HTTP/2, a crowd: $act" => sub {
        my $edge = edge(act => $act, stream => 7);

        $zoom->control({ match => 'token', mode => 'delay', ms => 300 });

        my @r = http_wait(map {
            http_start(port => $t->port,
                       path => "/zak?user=bot000$_\@example.com")
        } 1 .. 8);

        is(join(' ', map { $_->status } @r), join(' ', (200) x 8), 'tokens');
        is(account()->{retries}, 0, 'and no slot taken for it');
        cmp_ok(scalar(grep { /^stream/ } $edge->log), '>=', 9, 'streams');

        finish($edge);
    };
}


# It goes over a connection of its own, and nobody knows what became of it.
for (['covered', 1], ['goaway', 0], ['reset', 0], ['close', 0]) {
    my ($act, $calls) = @$_;

    subtest "HTTP/2, never twice: $act" => sub {
        my $edge = edge(act => $act, connection => 2, stream => 1);

        $t->get('/create');
        like($nginx->error_log, qr/403 denied: .* zoom_unavailable;/,
             'the script is told');
        is($zoom->count(qw(endpoints user_create calls)), $calls,
           'calls of Zoom');
        is(scalar(grep { /^connection/ } $edge->log), 2, 'connections');

        finish($edge);
    };
}


subtest 'HTTP/2, half an answer' => sub {
    my $edge = edge(act => 'head');

    is($t->get('/zak?user=bot0001@example.com')->status, 200, 'a token');
    is(account()->{retries}, 1, 'it is a failure of Zoom\'s, and so a retry');

    finish($edge);
};


$t->finish;
