#!/usr/bin/perl

# What the gateway refuses before Zoom does: writes of a user and day, and what
# zoom_limit gives a caller.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$zoom->control({ account => { all_scopes => 1 } });

$t->nginx(locations => <<'EOC');
    zoom_authenticate  header=Authorization file:%{header} as=agent;
    zoom_allow         agent *;

    location /zoom/ {
        zoom_pass  acme;
    }

    location /few/ {
        zoom_pass   acme;
        zoom_limit  $zoom_caller rate=1r/m burst=2;
    }
EOC


sub ask {
    my ($method, $path, %o) = @_;

    return http(port => $t->port, method => $method, path => $path, %o,
                headers => [Authorization => 'Bearer ' . $t->secret('header'),
                            'Content-Type' => 'application/json']);
}


sub create {
    my ($user) = @_;

    return ask(POST => "/zoom/users/$user/meetings", body => '{"type":1}');
}


subtest 'the writes of a day' => sub {
    my %n;

    $n{ create('bots@example.com')->status }++ for 1 .. 100;
    is_deeply(\%n, { 201 => 100 }, 'a hundred');

    $zoom->control({ forget => 1 });

    my $r = create('bots@example.com');

    is($r->status, 429, 'and no more') or diag $r->body;
    is($r->json->{error}, 'user_daily_limit', 'which is said');
    cmp_ok($r->header('retry-after') // 0, '>', 0, 'and until when');
    is(scalar(grep { $_->{method} eq 'POST' && $_->{endpoint} ne 'oauth' }
              $zoom->requests), 0, 'without Zoom');
    is(create('owner@example.com')->status, 201, 'another user may');
    is(ask(GET => '/zoom/users/bots@example.com')->status, 200,
       'and what writes no meeting');
};


subtest 'what Zoom has not done does not count' => sub {
    $zoom->control({ match => 'rest', mode => '429', times => 1,
                     retry_after => 1, method => 'POST' });

    my $r = create('bots@t1.example');
    is($r->status, 429, 'a refusal of Zoom') or diag $r->body;

    my %n;
    ok(wait_for(sub { create('bots@t1.example')->status == 201 }, 20),
       'is over');
    $n{ create('bots@t1.example')->status }++ for 1 .. 99;
    is_deeply(\%n, { 201 => 99 }, 'and a hundred are left');
};


subtest 'a caller' => sub {
    my @status = map { ask(GET => '/few/users')->status } 1 .. 4;

    is("@status", '200 200 200 429', 'gets its share');
    is(ask(GET => '/few/users')->json->{error}, 'rate_limited', 'and is told');
};

$t->finish;
