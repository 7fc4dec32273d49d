#!/usr/bin/perl

# What somebody has to mend: an account that is broken is asked for ever more
# rarely, and who does not exist is no harm to who does.

use strict;
use warnings;

use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Accounts;
use Zoom::Test;

my ($t, $zoom) = accounts(qw(broken scopes invented bystand));


sub oauth_refused { return $zoom->count(qw(endpoints oauth 400)) }


subtest 'a broken account' => sub {
    start(broken => { client_secret => 'file:%{header}' });

    my $start = time;
    my $before = oauth_refused();
    my (@calls, $n);

    while (time < $start + 4.5) {
        push @calls, http_wait(map { call('broken', 1 + $n++ % 20) } 1 .. 10);
        sleep 0.02;
    }

    is(statuses(@calls), '502:' . @calls, 'everybody is told');
    cmp_ok(max(map { $_->took } @calls), '<', 1, 'at once');
    is($calls[-1]->json->{error}, 'credentials_rejected', 'what it is');

    # At 0, 1, 3 and 7 s, less an eighth.
    cmp_ok(oauth_refused() - $before, '<=', 3, 'Zoom is asked more rarely');

    my @errors = lines(qr/\[error\].*"broken"/);

    is(scalar @errors, 1, 'one line for it') or diag "@errors";
    like($errors[0], qr/;/, 'with advice');
    is(ask('bystand', 1)->status, 200, 'others do not feel it');

    # Mended, and reloaded: nobody waits for the next probe.
    my $nginx = $t->{nginx}[-1];
    my $pieces = $nginx->{options};

    (my $http = $pieces->{http}) =~ s/secret\.header/secret.client_secret/;
    $nginx->reload(%$pieces, http => $http);
    is(ask('broken', 1)->status, 200, 'a reload tries again at once');
};


subtest 'a missing scope' => sub {
    my $set = sub {
        $zoom->control({ app => { client_id => 'scopes-client',
                                  scopes => [@_] } });
    };

    $set->('user:read:user:admin');

    my @calls = http_wait(map { call('scopes', $_) } 1 .. 20);

    is(statuses(@calls), '502:20', 'breaks minting');
    is($calls[0]->json->{error}, 'scope_missing', 'they are told why');
    is(http(port => $t->port, path => '/scopes/health')->status, 503,
       'health tells');
    is(http(port => $t->port, path => '/bystand/health')->status, 200,
       'others are well');

    my @errors = lines(qr/\[error\].*"scopes"/);

    is(scalar @errors, 1, 'one line for it') or diag "@errors";
    like($errors[0], qr/user:read:token:admin/, 'with the name');

    $set->('user:read:token:admin');
    ok(wait_for(sub { ask('scopes', 1)->status == 200 }, 5),
       'it is found mended');
    is(http(port => $t->port, path => '/scopes/health')->status, 200,
       'health, too');
};


$t->over;


subtest 'invented users' => sub {
    start(http => "    zoom_zone 256k;\n",
          invented => { rate => 'light=1000r/s' });

    is(statuses(http_wait(map { call('bystand', $_) } 1 .. 20)), '200:20',
       'the others are warm');

    my $calls = $zoom->token_calls;
    my @same = map {
        http(port => $t->port, path => '/invented?user=no@example.com');
    } 1 .. 5;

    is(statuses(@same), '502:5', 'an unknown user');
    is($zoom->token_calls - $calls, 1, 'is asked for once');

    for my $round (0 .. 9) {
        my @calls = http_wait(map {
            http_start(port => $t->port,
                       path => "/invented?user=x$round-$_\@example.com")
        } 1 .. 40);

        is(statuses(@calls), '502:40', 'a flood of them');
    }

    $calls = $zoom->token_calls;

    my @known = http_wait(map { call('bystand/cold', $_) } 1 .. 20);

    is(statuses(@known), '200:20', 'leaves others alone');
    is($zoom->token_calls, $calls, 'and their tokens where they are');
};


# Those who do not exist are no reason to believe that Zoom is down still.
subtest 'probes' => sub {
    $zoom->control({ match => 'token', mode => '500', path => 'users/' });
    http_wait(map { call('invented/cold', $_) } 1 .. 10);
    $zoom->control({ clear => 1 });

    ok(wait_for(sub {
        http(port => $t->port, path => '/invented?user='
             . int(rand 1e9) . '@example.com')->status == 502;
    }, 4), 'an answer is an answer');
    is(scalar lines(qr/"invented": minting works again/), 1, 'it is over');
};


$t->finish;
