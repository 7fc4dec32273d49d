#!/usr/bin/perl

# zoom_limit: a share of a location for each caller, over all workers; what is
# beyond it is 429 before anybody else is asked.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

# A key that comes and goes slowly: nothing of it comes back during the test.
my $nginx = $t->nginx(reuseport => 1, locations => <<'EOC');
        zoom_user          bots@example.com;
        zoom_limit         $zoom_caller rate=2r/m burst=9;
        zoom_authenticate  arg=key file:%{arg} as=one;
        zoom_authenticate  arg=key file:%{header} as=two;

        location = /a    { zoom_tokens acme; }
        location = /b    { zoom_tokens acme; }
        location = /free { zoom_tokens acme; zoom_limit off; }
        location = /own  { zoom_tokens acme;
                           zoom_limit  $arg_who rate=2r/m;
                           zoom_limit  all rate=2r/m burst=4; }
        location = /fast { zoom_tokens acme;
                           zoom_limit  $zoom_caller rate=10r/s burst=1; }
        location = /many { zoom_tokens acme;
                           zoom_limit  $arg_who rate=2r/m; }
EOC

my %key = (one => 'key=' . $t->secret('arg'),
           two => 'key=' . $t->secret('header'));


sub ask {
    my ($path, $who, $more) = @_;

    return http_start(port => $t->port,
                      path => "$path?$key{$who}" . ($more // ''));
}


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


wait_for(sub { $zoom->oauth_calls }, 5, 'an access token');

subtest 'an allowance' => sub {
    # the locations of a server have it together
    my @got = http_wait(map { ask($_ % 2 ? '/a' : '/b', 'one') } 1 .. 30);
    my ($no) = grep { $_->status == 429 } @got;
    my %pids = map { $_->header('X-Pid') => 1 } @got;

    is(statuses(@got), '200:10 429:20', 'of ten, at once');
    is(scalar keys %pids, 2, 'in both workers');
    is($no->json->{error}, 'rate_limited', 'what is said');
    like($no->json->{message}, qr/^The caller has used up its share/, 'why');
    cmp_ok($no->header('Retry-After'), '>=', 25, 'when to come again');
    cmp_ok($no->header('Retry-After'), '<=', 31, 'at the earliest');
    is($no->header('Cache-Control'), 'no-store', 'that is not kept');
    like($nginx->error_log, qr/\[info\].*429 rate_limited: "zoom_limit"/,
         'the log says so');
    is($t->logged(sub { $_[0]{status} == 429 })->{zoom_error},
       'rate_limited', 'both logs do');

    is(statuses(http_wait(map { ask('/a', 'two') } 1 .. 12)),
       '200:10 429:2', 'another caller has one as well');
    is(statuses(http_wait(map { ask('/free', 'one') } 1 .. 12)), '200:12',
       'off is off');
};


subtest 'strangers' => sub {
    http_wait(map { http_start(port => $t->port,
                               path => '/own?key=wrong&who=d') } 1 .. 20);
    is(statuses(http_wait(ask('/own', 'one', '&who=d'))), '200:1',
       'use up nothing');
};


subtest 'keys' => sub {
    is(statuses(http_wait(map { ask('/own', 'one', "&who=$_") } qw(a b))),
       '200:2', 'any there are');
    is(statuses(http_wait(ask('/own', 'two', '&who=a'))), '429:1',
       'whoever has them');
    is(statuses(http_wait(map { ask('/own', 'one') } 1 .. 3)),
       '200:2 429:1', 'an empty one is none, and what refuses takes nothing');
};


subtest 'time' => sub {
    my ($ok, $no) = (0, 0);
    my $start = time;

    while (time - $start < 2) {
        my $r = http_wait(ask('/fast', 'one'));

        $r->status == 200 ? $ok++ : $no++;
        sleep 0.01;
    }

    my $took = time - $start;

    cmp_ok($ok, '<=', 2 + 10 * $took, 'ten a second');
    cmp_ok($ok, '>=', 15, 'and no less');
    cmp_ok($no, '>', $ok, 'the others not');
};


subtest 'more keys than there is room for' => sub {
    my $n = 0;

    for (1 .. 30) {
        my @got = http_wait(map { ask('/many', 'one', '&who=k' . $n++) }
                            1 .. 100);

        is(statuses(@got), '200:100', "up to $n") or last;
    }
};


$t->finish;
