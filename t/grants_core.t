#!/usr/bin/perl

# What a core of a worker would tell whoever gets hold of it: no refresh token,
# though some have come and gone, whole and in pieces, over connections that are
# still open.

use strict;
use warnings;

use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Core;
use Zoom::Grants;
use Zoom::Test;

plan skip_all => 'what a sanitizer maps is too large to be read'
    if $ENV{ZOOM_ASAN};

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

plan skip_all => Zoom::Core::missing($zoom->pid)
    if Zoom::Core::missing($zoom->pid);

my $grants = Zoom::Grants->new($t);
my @fakes;

my %owner = (
    owner1 => 'alice@other.example',
    owner2 => 'bob@other.example',
    owner3 => 'carol@third.example',
);

$grants->allow('/second/connected');

my $locations = join '', map { <<"EOC" } ['', 'users'], ['/second', 'second'];
    location = $_->[0]/zak {
        zoom_tokens     $_->[1];
        zoom_user       \$arg_user;
        zoom_reuse      0;
        zoom_use_stale  off;
        zoom_timeout    5s;
    }

    location = $_->[0]/purge {
        zoom_purge      $_->[1];
    }
EOC

my $nginx = $t->nginx(account => 0, http => $grants->conf('users', <<"EOC")
    zoom_authenticate  off;
    zoom_allow_user    *;

    location = /quiet {
        return 204;
    }

    location = /second/connect {
        zoom_connect     second;
        zoom_connect_as  \$http_x_who;
    }

    location = /second/connected {
        zoom_connected   second;
    }

$locations
EOC
    . $grants->account('second', http2 => 'on',
          redirect_uri => $grants->here . '/second/connected'));

my @workers = wait_for(sub { my @all = $nginx->workers; @all == 2 && \@all },
                       10, 'workers')->@*;


# The next callback has to refresh.  There is one purge a second.
sub purge {
    my ($where) = @_;

    return wait_for(sub {
        http(port => $grants->port, path => "$where/purge", body => '')->status
            == 200;
    }, 5);
}


# Until each worker has answered one of these.
sub by_each {
    my ($before, @paths) = @_;
    my %by;

    return wait_for(sub {
        $before->();

        my @sent = map { http_start(port => $grants->port, path => $_) } @paths;

        $by{ $_->header('X-Pid') }++
            for grep { $_->status < 300 } http_wait(@sent);
        return keys %by == @workers;
    }, 20);
}


sub refresh {
    my ($where) = @_;

    return by_each(sub { purge($where) },
                   map { "$where/zak?user=$_" } sort keys %owner);
}


# Zoom's answer to a refresh is no answer, but a token is in it.
sub nonsense {
    my ($where, $before, $behind, %o) = @_;
    my $fake = join '', map { ('A' .. 'Z', 'a' .. 'z', 0 .. 9)[rand 62] }
               1 .. 700;

    push @fakes, $fake;
    $t->canary("token of nonsense $#fakes" => substr $fake, 0, 40);
    purge($where);
    $zoom->control({ match => 'refresh', mode => 'answer', times => 1, %o,
                     body => "$before$fake$behind" });
    $grants->get("$where/zak?user=owner1");
    $zoom->control({ clear => 1 });
}


# The last user's refresh, of which only half is answered.
sub cut {
    my ($where) = @_;
    my $n = $zoom->count(qw(paused half));

    purge($where);
    $zoom->control({ pause => ['half', 1] });

    my $call = http_start(port => $grants->port,
                          path => "$where/zak?user=owner3");

    wait_for(sub { $zoom->count(qw(paused half)) > $n }, 10, 'half of it');
    $zoom->control({ release => 'drop' });

    return http_wait($call);
}


# What can be looked for, by name.
sub secrets {
    my %secret = (
        'the header of the app' => encode_base64(
            join(':', map { $t->secret($_) } qw(users_id users_secret)), ''),
        'the secret of the app' => $t->secret('users_secret'),
    );
    my $n = 0;

    for my $token ($zoom->issued) {
        my $kind = (jwt_claims($token)->{tokenType} // 0) eq 1 ? 'refresh'
                                                               : 'access';

        $secret{"$kind token " . ++$n} = $token if $token =~ /^eyJ/;
    }

    $secret{"refresh token of nonsense $_"} = $fakes[$_] for 0 .. $#fakes;

    return \%secret;
}


# Who has answered once more is done with what came before.
sub nothing_is_left {
    my $secrets = secrets();
    my $n = grep { /^refresh/ } keys %$secrets;

    cmp_ok($n, '>', 10, "$n refresh tokens to look for");
    ok(by_each(sub { }, ('/quiet') x 4), 'all is quiet');

    for my $pid (@workers) {
        my $found = Zoom::Core::holds($pid, $secrets);
        my @left = grep { !/^access|secret of the app/ } sort keys %$found;

        # access tokens may be there, and need not
        ok($found->{'the secret of the app'}, 'a worker holds what it needs');
        is(scalar @left, 0, 'and no refresh token')
            or diag(map { "$_ in @{ $found->{$_} }\n" } @left);
    }
}


# What Zoom has replaced is good for a while, so that nobody is lost here.
$zoom->control({ user_oauth => { grace => 60 } });

for (['HTTP/1.1', ''], ['HTTP/2', '/second']) {
    my ($name, $where) = @$_;

    subtest $name => sub {
        is($grants->connect($_, user => $owner{$_}, path => "$where/connect")
                  ->status, 200, "$_ has connected") for sort keys %owner;

        ok(refresh($where), 'each worker has refreshed');
        nonsense($where, @$_)
            for ['{"access_token":"abc","refresh_token":"', ''],
                ['{"access_token":"abc","refresh_token":"', '"}x'],
                ['{"error":"server_error","reason":"', '"}'],
                ['{"access_token":1,"refresh_token":["', '"]}'],
                ['{"scope":"' . 'x' x 20000 . '","refresh_token":"', '"}'],
                ['', ''];
        cut($where);
        ok(refresh($where), 'and once more');
        nothing_is_left();
    };
}


# Zoom says which token it does not take.
subtest 'who is refused' => sub {
    nonsense('', '{"error":"invalid_grant","reason":"Invalid Token ', '!"}',
             status => 400);
    is($grants->get('/zak?user=owner1')->json->{error}, 'grant_expired',
       'is over');
    nothing_is_left();
};


subtest 'who disconnects' => sub {
    is($grants->disconnect('owner3')->status, 204, 'is disconnected');
    nothing_is_left();
};


$t->finish;
