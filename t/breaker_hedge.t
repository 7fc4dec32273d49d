#!/usr/bin/perl

# While Zoom is down two exchanges may be under way, with the same access token.
# What the younger one is told does not end the older one, and if the token is
# revoked, the slower one says nothing of the token that came after.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my $nginx = $t->nginx(account => { request_timeout => '10s' },
                      locations => <<'EOC');
        zoom_authenticate  off;
        zoom_allow_user    *;
        zoom_user          $arg_user;
        zoom_reuse         0;
        zoom_use_stale     off;
        zoom_timeout       20s;

        location = /zak {
            zoom_tokens  acme;
        }
EOC

my $user = 'bot0001@example.com';
my %rule = (match => 'token', path => 'users/bot0001');

$zoom->control({ bots => 10 });

is($t->get('/zak?user=bots@example.com')->status, 200, 'warm');


subtest 'another access token' => sub {
    # An outage, a probe that hangs until its access token is dead, one beside
    # it that is refused at once, and others with a new access token, which are
    # slow.
    $zoom->control(
        { %rule, mode => '503', retry_after => '1', times => 1 },
        { %rule, mode => 'delay', ms => 3000, after => 2 },
        { %rule, mode => 'delay', ms => 6000, times => 1 },
    );

    my $call = http_start(port => $t->port, path => "/zak?user=$user");

    ok(wait_for(sub { $zoom->count(qw(misbehaved delay)) == 1 }, 5),
       'it hangs');

    $zoom->control({ revoke => 1 });

    my ($got) = http_wait($call);

    cmp_ok($zoom->count(qw(misbehaved delay)), '>', 1,
           'others are slow');
    is($got->status, 200, 'the new access token brings it')
        or diag($got->body);
    unlike($nginx->error_log, qr/credentials_rejected/,
           'which is not doubted');
};


subtest 'a 429 for the younger one' => sub {
    $zoom->control({ clear => 1 });

    # An outage, a probe that hangs, and one beside it that comes too early to
    # be asked again in time.
    $zoom->control(
        { %rule, mode => '503', retry_after => '1', times => 1 },
        { %rule, mode => '429', retry_after => '30', after => 1, times => 1 },
        { %rule, mode => 'delay', ms => 3000, times => 1 },
    );

    my $start = time;
    my $got = $t->get("/zak?user=$user");

    cmp_ok($zoom->count(qw(misbehaved 429)), '>=', 1, 'it is refused');
    is($got->status, 200, 'the older one brings it') or diag($got->body);
    cmp_ok(time - $start, '<', 19, 'in time');
};


$t->finish;
