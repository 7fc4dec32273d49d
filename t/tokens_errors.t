#!/usr/bin/perl

# Zoom says no, or nothing, or nonsense: what the caller is told, and what he
# is not.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Process qw(free_ports);
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my ($closed) = free_ports(1);

my $account = sub {
    my ($name, %o) = @_;

    return $t->account($name, account_id => "$name-id", %o);
};

# One account each, as one that fails is left alone for a while.
my @apps = qw(off dead dead400 limited hints slow down once);

for my $name (@apps) {
    $zoom->control({ app => {
        account_id => "$name-id", client_id => "$name-client",
    } });
}

my $accounts = join '', map { $account->($_, client_id => "$_-client") } @apps;

$accounts .= $account->('wrong', client_id => 'off-client',
                        client_secret => 'file:%{header}');
$accounts .= $account->('nobody', client_id => 'no-such-client');
$accounts .= $account->('nowhere', client_id => 'off-client',
                        oauth_url => "https://127.0.0.1:$closed/oauth/token");
$accounts .= $account->('otherid', client_id => 'once-client');

my $locations = join '', map { <<"EOC" }
        location = /$_ {
            zoom_tokens        $_;
            zoom_authenticate  off;
            zoom_user          \$arg_user;
            zoom_allow_user    *;
            zoom_reuse         0;
            zoom_use_stale     off;
            zoom_timeout       @{[ $_ eq 'once' ? 5 : 2 ]}s;
        }
EOC
    @apps, qw(wrong nobody nowhere otherid acme);

my $nginx = $t->nginx(http => $accounts, locations => $locations);
my $user = 'user=bots@example.com';

# For cases that must not find a token which an earlier one has left.
$zoom->control({ bots => 20 });


sub ask {
    my ($name, $who) = @_;

    return $t->get("/$name?" . ($who ? "user=$who" : $user));
}


# Words of Zoom's that have no business in our answers.
my $zooms = qr/invalid_client|Invalid\ client|developer|does\ not\ exist
              |does\ not\ contain|scopes:|trackingid|WEB_|maintenance|<html
              |call\ support|124|1001|4711/x;


sub is_error {
    my ($r, $status, $error, $name) = @_;

    is($r->status . ' ' . ($r->json->{error} // substr $r->body, 0, 40),
       "$status $error", $name);
    unlike($r->body, $zooms, "$name: nothing of Zoom's");
    is($r->header('Cache-Control'), 'no-store', "$name: no-store");

    if ($status == 503) {
        like($r->header('Retry-After'), qr/^[1-9]\d*$/,
             "$name: Retry-After in seconds");
        cmp_ok($r->header('Retry-After') // 999, '<=', 60,
               "$name: a minute at most");
    }
}


subtest 'a final no' => sub {
    is_error(ask('acme', 'nobody@example.com'), 502, 'user_unknown',
             'an unknown user');
    is_error(ask('acme', 'pending@example.com'), 502, 'user_unknown',
             'an invitation not accepted yet');
    like($nginx->error_log, qr/code 1000.*accept the invitation/,
         'the log says what is missing');
    is(ask('acme')->status, 200, 'which is no harm to others');

    is_error(ask('wrong'), 502, 'credentials_rejected', 'a wrong secret');
    is_error(ask('nobody'), 502, 'credentials_rejected', 'a wrong client');
    cmp_ok(ask('otherid')->status, '>=', 500, 'a wrong account id');
    unlike(ask('otherid')->body, $zooms, 'without the words of Zoom');
};


subtest 'the app is off' => sub {
    $t->zoom->control({ account => { disabled => JSON::PP::true } });

    # acme's own app; its access token dies with it.
    is_error(ask('acme'), 502, 'app_disabled', 'switched off');
    $t->zoom->control({ account => { disabled => JSON::PP::false } });
    like($nginx->error_log, qr/activate the app/i, 'the log says what to do');
};


subtest 'a scope is missing' => sub {
    $zoom->control({ app => {
        account_id => 'scopeless-id', client_id => 'scopeless-client',
        scopes => ['user:read:user:admin'],
    } });

    my $oauth = $zoom->oauth_calls;
    my $scopeless = $t->nginx(account => {
        account_id => 'scopeless-id', client_id => 'scopeless-client',
    }, locations => <<'EOC');
        location = /x {
            zoom_tokens        acme;
            zoom_authenticate  off;
            zoom_user          bots@example.com;
        }
EOC

    is_error($t->get('/x'), 502, 'scope_missing', 'a scope is missing');
    like($scopeless->error_log, qr/user:read:token:admin/,
         'the log names it');
    $t->over;
    cmp_ok($zoom->oauth_calls - $oauth, '<=', 1, 'for which no refresh helps');
};


# One user for each kind of failure, and all at once: outages take their time.
my @modes = qw(500 502 503 reset truncated html empty);

sub ask_each_mode {
    my ($account, $first, %rule) = @_;
    my %user = map { ($_ => sprintf 'bot%04d', $first++) } @modes;

    $zoom->control({ clear => 1 }, map {
        { match => 'token', mode => $_, path => $user{$_}, %rule }
    } @modes);

    my %call = map {
        ($_ => http_start(port => $t->port,
                          path => "/$account?user=$user{$_}\@example.com"))
    } @modes;

    http_wait(values %call);
    $zoom->control({ clear => 1 });

    return %call;
}


subtest 'Zoom is down' => sub {
    is_error(ask('nowhere'), 503, 'zoom_unavailable', 'nobody listens');

    my %call = ask_each_mode('down', 1);

    # A 200 that makes no sense may be called either.
    for my $mode (@modes) {
        my $invalid = $mode =~ /html|empty/ && $call{$mode}->status == 502;

        is_error($call{$mode}, $invalid ? (502, 'zoom_invalid')
                                        : (503, 'zoom_unavailable'),
                 "mode $mode");
    }

    ok(wait_for(sub { ask('down')->status == 200 }, 5), 'and comes back');
};


subtest 'once is forgiven' => sub {
    my %call = ask_each_mode('once', 11, times => 1);

    for my $mode (@modes) {
        is($call{$mode}->status, 200, "mode $mode") or diag $call{$mode}->body;
    }
};


subtest 'timeout' => sub {
    $zoom->control({ clear => 1 }, { match => 'token', mode => 'hang' });

    my $r = ask('slow');

    is_error($r, 504, 'timeout', 'a hanging Zoom');
    cmp_ok($r->took, '>', 1.8, 'not before its time');
    cmp_ok($r->took, '<', 3, 'nor long after');

    # It counts from the first byte, and a body may take its time.
    my $late = http_start(port => $t->port, path => "/slow?$user",
                          body => '{}   ', pause => 0.008);
    $r = http_wait($late);
    is($r->status, 504, 'a slow client is no excuse');
    cmp_ok($r->took, '<', 2.6, 'nor has he more time');

    $zoom->control({ clear => 1 }, { match => 'token', mode => 'drip' });
    $r = ask('slow', 'bots@t1.example');
    cmp_ok($r->took, '<', 3, 'a byte now and then is no answer');
    cmp_ok($r->status, '>=', 503, 'either');
    $zoom->control({ clear => 1 });
};


subtest 'a dead access token' => sub {
    is(ask($_)->status, 200, "$_ is alive") for qw(dead dead400);
    $zoom->control({ revoke => 1 });

    for my $status (401, 400) {
        my $name = $status == 401 ? 'dead' : 'dead400';

        $zoom->control({ bearer => { dead_status => $status } });

        my $before = $zoom->oauth_calls;
        my @all = http_wait(map {
            http_start(port => $t->port, path => "/$name?user=$_")
        } map { ("bots\@t1.example", "bots\@t2.example", 'bots@example.com')
              } 1 .. 5);

        is(scalar(grep { $_->status == 200 } @all), 15,
           "$status/124: a new one is fetched");
        is($zoom->oauth_calls - $before, 1, 'once');
    }
};


subtest 'limits' => sub {
    $zoom->control({ match => 'token', mode => '429', retry_after => '30' });
    is_error(ask('limited'), 503, 'rate_limited', 'status 429');
    $zoom->control({ clear => 1 });

    for my $form ('date', 'iso', '99999999', 'rubbish') {
        $zoom->control({ clear => 1 }, { match => 'token', mode => '429',
                         retry_after => $form, type => 'Daily-limit' });
        is_error(ask('hints'), 503, 'rate_limited', "Retry-After $form");
    }

    $zoom->control({ clear => 1 });
};


ok(!grep({ /Invalid client_id/ && /CANARY/ } split /\n/, $nginx->error_log),
   'whatever Zoom says');
is($zoom->count('me'), 0, 'nobody was me');
$t->finish;
