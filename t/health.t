#!/usr/bin/perl

# zoom_health: would a callback be served now?  And with deep=1: would a mint
# work?

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Grants;
use Zoom::Process qw(free_ports);
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my ($closed) = free_ports(1);
my $grants = Zoom::Grants->new($t);

# Each with an app of its own, or none.
my %app = (
    spent    => { rate => 'light=50r/s day=3' },
    dry      => { rate => 'light=50r/s day=1', dry_run => 'on' },
    slow     => { rate => 'light=1r/m' },
    stale    => {},
    lacking  => {},
    part     => {},
    meeting  => {},
    untold   => {},
    forgiven => {},
);

my %scopes = (
    lacking => ['user:read:user:admin'],
    part    => ['user:read:token:admin'],
    meeting => ['meeting:read:local_recording_token:admin'],
    untold  => ['user:read:user:admin'],
);

my $accounts = join '', map {
    $t->account($_, account_id => "$_-id", client_id => "$_-client",
                %{ $app{$_} })
} sort keys %app;

$accounts .= $t->account('wrong', client_secret => 'file:%{header}')
    . $t->account('nowhere',
                  oauth_url => "https://127.0.0.1:$closed/oauth/token");

my $locations = join '', map { <<"EOC" } sort keys %app;
        location = /$_/health {
            zoom_health         $_;
            zoom_authenticate   off;
            zoom_timeout        2s;
        }

        location = /$_/purge {
            zoom_purge         $_;
            zoom_authenticate  off;
        }

        location = /$_/zak {
            zoom_tokens         $_;
            zoom_authenticate   off;
            zoom_user           \$arg_user;
            zoom_allow_user     *;
            zoom_reuse          0;
            zoom_timeout        2s;
            @{[ $_ eq 'meeting'
                ? 'zoom_types onbehalf local_recording; zoom_allow_meeting 1;'
                : $_ eq 'part'
                ? 'zoom_types zak local_recording; zoom_allow_meeting 1;' : '' ]}
        }
EOC

$locations .= <<'EOC';
        location = /stale/never {
            zoom_health        stale;
            zoom_authenticate  off;
            zoom_use_stale     off;
        }

        location = /stale/long {
            zoom_health        stale;
            zoom_authenticate  off;
            zoom_min_left      3h;
        }

        location = /health {
            zoom_health        acme;
            zoom_authenticate  off;
        }

        location = /acme/purge {
            zoom_purge         acme;
            zoom_authenticate  off;
        }

        location = /guarded {
            zoom_health        acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /wrong {
            zoom_health        wrong;
            zoom_authenticate  off;
        }

        location = /nowhere {
            zoom_health        nowhere;
            zoom_authenticate  off;
        }
EOC

$zoom->control({ bots => 20 }, map {
    { app => { account_id => "$_-id", client_id => "$_-client",
               $scopes{$_} ? (scopes => $scopes{$_}) : () } }
} sort keys %app);

my $users = $grants->conf('users', <<'EOC');
    location = /health {
        zoom_health        users;
        zoom_authenticate  off;
    }
EOC

my $nginx = $t->nginx(http => $accounts . $users, reuseport => 1,
                      locations => $locations);


sub health {
    my ($path, $args) = @_;
    my $r = $t->get($path . ($args ? "?$args" : ''));
    my $json = $r->json;

    return join ' ', $r->status, grep { defined } @$json{qw(status part error)};
}


sub is_well {
    my ($path, $what) = @_;

    is(health($path), '200 ok', "$what: ready");
    is(health($path, 'deep=1'), '200 ok', "$what: deep");
}


sub zak {
    my ($account, $n) = @_;

    return $t->get(sprintf '/%s/zak?user=bot%04d@example.com', $account, $n);
}


sub purge {
    my ($account) = @_;

    return http(port => $t->port, method => 'POST', path => "/$account/purge");
}


# Access tokens are fetched at start; these are not what this is about.
wait_for(sub { $zoom->oauth_calls >= 1 + keys %app }, 10, 'access tokens');
wait_for(sub { !$zoom->count(qw(concurrency oauth now)) }, 5, 'all of them');


subtest 'healthy' => sub {
    $zoom->control({ match => 'oauth', mode => 'delay', ms => 300 });
    is(purge('acme')->status, 200, 'without an access token');

    my $before = $zoom->count(qw(endpoints oauth 200));
    my @calls = http_wait(map {
        http_start(port => $t->port, path => '/health')
    } 1 .. 100);

    is(scalar(grep { $_->status == 200 } @calls), 100, 'all say so');
    is($calls[0]->header('Cache-Control'), 'no-store', 'for now');
    is($calls[0]->body, '{"status":"ok"}', 'and no more');
    is(health('/health', "deep$_"), '200 ok', "deep$_")
        for '', '=', '=0', '=1', '=yes';
    is($zoom->count(qw(endpoints oauth 200)) - $before, 1,
       'after one OAuth call');
    $zoom->control({ clear => 1 });
    is($zoom->token_calls, 0, 'and no mint');
};


subtest 'guarded' => sub {
    is($t->get('/guarded')->status, 401, 'without a proof');
    is($t->get('/guarded?key=' . $t->secret('arg'))->status, 200, 'with it');
};


subtest 'unhealthy' => sub {
    is($t->get('/wrong')->status, 503, 'a wrong secret');
    is($t->get('/nowhere')->status, 503, 'nobody there');

    my @calls = map { $t->get('/wrong') } 1 .. 20;
    my $tries = $zoom->count(qw(endpoints oauth 400));

    is(scalar(grep { $_->status == 503 } @calls), 20, 'again and again');
    cmp_ok($tries, '<=', 3, 'without asking each time');
    is($zoom->token_calls, 0, 'no mint');
    is(health("/$_->[0]", $_->[1]), "503 unavailable access_token $_->[2]",
       "the part that fails: $_->[0]") for
        ['wrong', '', 'credentials_rejected'],
        ['wrong', 'deep=1', 'credentials_rejected'],
        ['nowhere', '', 'zoom_unavailable'],
        ['nowhere', 'deep=1', 'zoom_unavailable'];
};


subtest 'limits' => sub {
    is_well('/spent/health', 'a day begins');
    is(zak('spent', 1)->status, 200, 'a token') for 1 .. 3;

    # A mint behind the last answer may be counted after it.
    my $deep = '503 unavailable limits rate_limited';

    is(health('/spent/health', 'deep=1'), $deep, 'the day is spent');
    is(health('/spent/health'), '200 ok', 'who is known is served');
    is(zak('spent', 1)->status, 200, 'indeed');
    is(zak('spent', 2)->status, 503, 'others are not');

    my $after = $t->get('/spent/health?deep=1')->header('Retry-After');

    cmp_ok(abs($after - (86400 - time % 86400)), '<=', 3, 'until midnight');

    is(purge('spent')->status, 200, 'nobody is known');
    is(health('/spent/health'), $deep, 'nobody is served');

    is(zak('dry', 1)->status, 200, 'a token') for 1 .. 2;
    is_well('/dry/health', 'no limit is kept');

    is(zak('slow', 1)->status, 200, 'one a minute');
    is(health('/slow/health', 'deep=1'), $deep,
       'the next slot is too far away');
};


subtest 'scopes' => sub {
    my $before = $zoom->token_calls;
    my $lacks = '503 unavailable scopes scope_missing';

    is(health('/lacking/health', $_), $lacks, "none, $_") for '', 'deep=1';
    is(health('/part/health'), '200 ok', 'that for ZAKs');
    is(health('/part/health', 'deep=1'), $lacks, 'but not all');
    is(health('/meeting/health'), '200 ok', 'that for one type of two');
    is(health('/meeting/health', 'deep=1'), $lacks, 'but not for the other');
    is($zoom->token_calls, $before, 'without a mint');

    # An app of Zoom's may be allowed more than it says: what works, works.
    $zoom->control({ app => { client_id => 'lacking-client',
                              scopes => ['user:read:admin'] } });
    is(health('/lacking/health', 'deep=1'), $lacks, 'the token is the old one');
    is(zak('lacking', 1)->status, 200, 'yet there is a ZAK');
    is_well('/lacking/health', 'so it lacks nothing');

    # What was added counts from a reload on, without a mint.
    $zoom->control({ app => { client_id => 'part-client', scopes =>
        ['user:read:token:admin', @{ $scopes{meeting} }] } });

    my $calls = $zoom->oauth_calls;

    $nginx->reload;
    ok(wait_for(sub { health('/part/health', 'deep=1') eq '200 ok' }, 5),
       'a reload asks again');
    is(zak('untold', 1)->status, 502, 'what the app lacks');
};


subtest 'scopes that Zoom does not tell' => sub {
    $zoom->control({ oauth => { scope => 'missing' } });
    is(purge('untold')->status, 200, 'a new access token');
    is_well('/untold/health', 'is not known to lack any');
    is(zak('untold', 1)->json->{error}, 'scope_missing', 'until it shows');
    is(health('/untold/health', $_), '503 unavailable minting scope_missing',
       "then it is known, $_") for '', 'deep=1';
    $zoom->control({ oauth => { scope => undef } });
};


subtest 'stale tokens' => sub {
    is_well('/stale/health', 'all is well');
    is(zak('stale', 1)->status, 200, 'a known user');
    $zoom->control({ match => 'all', mode => '503' });

    my $down = '503 unavailable minting zoom_unavailable';

    # Cold callers find out.
    ok(wait_for(sub { zak('stale', 2); health('/stale/health', 'deep=1')
                                       eq $down }, 20), 'Zoom is down');
    is(zak('stale', 1)->status, 200, 'who is known is served');
    is(health('/stale/health'), '200 ok', 'ready');
    is(health('/stale/never'), $down, 'not where stale tokens are not');
    is(health('/stale/long'), $down, 'nor where they are too old');

    # The same with OAuth down.
    is(purge('stale')->status, 200, 'nothing is known');
    like(health('/stale/health'), qr/^503 unavailable access_token /,
         'nobody is served');
    $zoom->control({ clear => 1 });
    ok(wait_for(sub { health('/stale/health') eq '200 ok' }, 10), 'over');
};


# Nobody has asked for 30 s: it may be mended, and traffic has to find out.
subtest 'what nobody has probed' => sub {
    $zoom->control({ match => $_, mode => '503' }) for qw(token exchange);
    ok(wait_for(sub { zak('forgiven', 1);
                      health('/forgiven/health', 'deep=1') ne '200 ok' }, 20),
       'down');
    is($grants->connect('owner')->status, 503, 'nobody connects');
    is($grants->get('/health')->status, 503, 'no better for users');
    $zoom->control({ clear => 1 });

    my $start = time;

    ok(wait_for(sub { health('/forgiven/health', 'deep=1') eq '200 ok' }, 40),
       'is forgotten');
    cmp_ok(time - $start, '>', 25, 'after half a minute');
    ok(wait_for(sub { $grants->get('/health')->status == 200 }, 10),
       'so it is of users');
    is(zak('forgiven', 1)->status, 200, 'rightly');
    is($grants->connect('owner')->status, 200, 'both of it');
};


$t->finish;
