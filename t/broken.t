#!/usr/bin/perl

# What somebody has to mend: an account that is broken is asked for ever more
# rarely, and who does not exist is no harm to who does.

use strict;
use warnings;

use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

my @accounts = qw(broken scopes invented bystand);


sub start {
    my (%o) = @_;

    $zoom->control({ reset => 1 }, { bots => 60 }, map {
        { app => { account_id => "$_-id", client_id => "$_-client" } }
    } @accounts);

    my $http = join '', map {
        $t->account($_, account_id => "$_-id", client_id => "$_-client",
                    %{ $o{$_} // {} })
    } @accounts;

    my $locations = join '', map { <<"EOC" } @accounts;
        location = /$_ {
            zoom_tokens        $_;
            zoom_authenticate  off;
            zoom_user          \$arg_user;
            zoom_allow_user    *;
            zoom_reuse         0;
            zoom_timeout       5s;
        }
        location = /$_/cold {
            zoom_tokens        $_;
            zoom_authenticate  off;
            zoom_user          \$arg_user;
            zoom_allow_user    *;
            zoom_use_stale     off;
            zoom_timeout       3s;
        }
        location = /$_/health {
            zoom_health        $_;
            zoom_authenticate  off;
        }
EOC

    my $nginx = $t->nginx(http => ($o{http} // '') . $http,
                          locations => $locations, reuseport => 1);

    # What is fetched at start is not what this is about.
    wait_for(sub { $zoom->oauth_calls >= ($o{tokens} // 1 + @accounts) }, 10,
             'access tokens');
    wait_for(sub { !$zoom->count(qw(concurrency oauth now)) }, 5, 'them all');

    return $nginx;
}


sub bot { return sprintf 'bot%04d@example.com', $_[0] }


sub call {
    my ($path, $n) = @_;

    return http_start(port => $t->port, path => "/$path?user=" . bot($n));
}


sub ask { return http_wait(call(@_)) }


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


sub lines {
    my ($pattern) = @_;

    return grep { /$pattern/ } split /\n/, $t->{nginx}[-1]->error_log;
}


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
