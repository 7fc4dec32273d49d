#!/usr/bin/perl

# Ten thousand users have connected.  After a restart none of their grants is
# refreshed before it is asked for, whatever else happens to the store then; and
# while nginx runs those are refreshed early that somebody uses, and no others.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Grants;
use Zoom::Test;

my $MANY = 10_000;

plan skip_all => Zoom::Grants::missing('sqlite3', 'cc')
    if Zoom::Grants::missing('sqlite3', 'cc');

my $top = abs_path(dirname(__FILE__) . '/..');
my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);
my $conf = $grants->conf('users', <<'EOC');
    zoom_authenticate  off;
    zoom_allow_user    *;

    location = /zak {
        zoom_tokens     users;
        zoom_user       $arg_user;
        zoom_reuse      0;
        zoom_use_stale  off;
    }

    location = /status {
        zoom_status;
    }
EOC

my $nginx = $t->nginx(account => 0, http => $conf);


sub zak {
    my $r = $grants->get("/zak?user=$_[0]");

    return $r->status . ' ' . (eval { $r->json->{error} } // '');
}


# What Zoom was asked for, of anything.
sub calls {
    my $endpoints = $zoom->stats->{endpoints};
    my $n = 0;

    $n += $_->{calls} for values %$endpoints;
    return $n;
}


sub refreshes { return $zoom->count(qw(endpoints refresh calls)) }


sub active {
    return $grants->get('/status')->json->{accounts}{users}{grants}{active}
           // 0;
}


# The renewals of all accounts are looked at twice a second.
sub is_quiet {
    my ($calls, $name) = @_;
    my $end = time + 3;

    sleep 0.1 while time < $end && calls() == $calls;
    is(calls(), $calls, $name);
}


# With tokens of the right form, which Zoom does not know.
sub fill {
    my $fill = $t->dir . '/fill';

    is(system('cc', '-std=c11', '-D_GNU_SOURCE', '-w', "-I$top/include", '-o',
              $fill, "$top/t/bench/fill.c",
              (map { "$top/src/zoom_$_.c" } qw(seal base64 string)),
              '-lsqlite3', '-lcrypto'), 0, 'what fills the database');
    is(system($fill, $grants->file, $t->secret('store_key'), $MANY), 0,
       "has $MANY grants");
    is(system('sqlite3', $grants->file, "UPDATE grants SET state = 0"), 0,
       'that nobody has ended');
}


# What is known of them in the zone is what a reload leaves there.
subtest 'who is used' => sub {
    my $start = time;
    my $failed = 0;

    $zoom->control({ user_oauth => { expires_in => 10 } });
    is($grants->connect($_->[0], user => $_->[1])->status, 200,
       "$_->[0] has connected")
        for ['used', 'alice@other.example'], ['idle', 'bob@other.example'],
            ['later', 'carol@third.example'];

    is(zak('idle'), '200 ', 'one asks once');

    while (time < $start + 11 && !refreshes()) {
        $failed++ if zak('used') ne '200 ';
        sleep 0.05;
    }

    # At 80 to 90 % of its life, in whole seconds.
    cmp_ok(time - $start, '>=', 7, 'one goes on asking');
    is($failed, 0, 'and is served all the time');
    is(refreshes(), 1, 'that grant is refreshed');
    wait_for(sub { time > $start + 13 }, 15, 'all tokens to die');
    is(refreshes(), 1, 'those that nobody asks for are not');
    is(zak('later'), '200 ', 'until somebody does');
    is(refreshes(), 2, 'for that one');
    $zoom->control({ user_oauth => { expires_in => 3600 } });
};


subtest 'a restart' => sub {
    $nginx->quit;
    fill();

    my $calls = calls();

    $nginx = $t->nginx(account => 0, http => $conf);
    is(zak('nobody'), '403 not_connected', 'the database is open');
    ok(wait_for(sub { active() == $MANY + 3 }, 10), 'with all grants');
    is_quiet($calls, 'Zoom is asked for none of them');

    my $before = refreshes();

    is(zak('used'), '200 ', 'who is asked for is served');
    is(zak("owner$_"), '403 grant_expired', 'or told') for 1, 5000;
    is(refreshes(), $before + 3, 'a refresh for each, and no other');
};


subtest 'a reload, and another key' => sub {
    my $calls = calls();

    $t->secret_file(new_key => encode_base64(join('', map { chr rand 256 }
                                                  1 .. 32), ''));
    $t->reload(account => 0, http => $conf =~ s/key=file/key=file:%{new_key} $&/r);
    ok(wait_for(sub {
        $nginx->error_log =~ /needs\ its\ first\ key\ alone:\ \d+\ grants\ were
                             \ sealed/x;
    }, 30), 'all are sealed anew');
    is_quiet($calls, 'Zoom is asked for none of them');
};


$t->finish;
