#!/usr/bin/perl

# zoom_store in trouble: who is known is served, nothing is overwritten, and
# the log says what to do.

use strict;
use warnings;

use IO::Handle;
use Test::More;

use Zoom::Grants;
use Zoom::Test;

plan skip_all => Zoom::Grants::missing('sqlite3')
    if Zoom::Grants::missing('sqlite3');

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);

my $nginx = $t->nginx(account => 0, level => 'debug',
                      http => $grants->conf('users', <<'EOC'));
    zoom_authenticate  off;
    zoom_allow_user    *;

    location = /zak {
        zoom_tokens     users;
        zoom_user       $arg_user;
        zoom_reuse      0;
        zoom_use_stale  off;
        zoom_timeout    4s;
    }
EOC


sub zak {
    my $r = $grants->get("/zak?user=$_[0]");

    return $r->status . ' ' . (eval { $r->json->{error} } // '');
}


# Somebody has the database for himself, until the handle is closed.
sub lock_it {
    open my $fh, '|-', 'sqlite3', $grants->file or die "sqlite3: $!\n";

    $fh->autoflush;
    print {$fh} "BEGIN IMMEDIATE;\n.shell touch " . $t->dir . "/locked\n";
    wait_for(sub { -e $t->dir . '/locked' }, 5, 'the lock');
    unlink $t->dir . '/locked';

    return $fh;
}


is($grants->connect('owner1', user => 'alice@other.example')->status, 200,
   'one has connected');
is(zak('owner1'), '200 ', 'and is served');


subtest 'a locked database' => sub {
    my $lock = lock_it();

    is(zak('owner1'), '200 ', 'who is known goes on');
    is(zak('nobody'), '403 not_connected', 'so does reading');

    my $r = $grants->connect('owner2', user => 'bob@other.example');

    is($r->status, 503, 'nobody connects');
    ok($r->header('Retry-After'), 'and when to try again');
    like($nginx->error_log, qr/\[error\].*the\ store\ "[^"]+"\ is\ locked\ by
                              \ another\ process.*:\ end\ what\ holds\ it/x,
         'what to do');
    close $lock;
    is($grants->connect('owner2', user => 'bob@other.example')->status, 200,
       'until it is free again');
};


subtest 'a rotation that can not be stored' => sub {
    $zoom->control({ user_oauth => { expires_in => 1 } });
    is($grants->connect('owner3', user => 'carol@third.example')->status, 200,
       'an access token of a second');

    my $lock = lock_it();
    my $before = $zoom->count('grants', 'refreshed');

    wait_for(sub { zak('owner3') eq '503 store_unavailable' }, 15,
             'the access token to die');
    is($zoom->count('grants', 'refreshed'), $before + 1,
       'Zoom has rotated, once');
    $zoom->control({ user_oauth => { expires_in => 3600 } });
    close $lock;

    wait_for(sub { zak('owner3') eq '200 ' }, 15, 'the token to be kept');
    is(scalar(grep { $_->{state} ne 'active' }
              @{ $grants->get('/grants')->json->{grants} }), 0,
       'no grant is lost');
};


subtest 'a damaged page' => sub {
    my $file = $grants->file;

    $nginx->quit;
    system('sqlite3', $file, 'PRAGMA wal_checkpoint(TRUNCATE)');

    my $size = -s $file;

    open my $fh, '+<:raw', $file or die "$file: $!\n";
    seek $fh, 4096, 0;
    print {$fh} "\xff" x ($size - 4096);
    close $fh;

    my $damaged = slurp($file);

    $nginx = $t->nginx(account => 0, http => $grants->conf('users', <<'EOC'));
    zoom_authenticate off;
    location = /zak { zoom_tokens users; zoom_user owner1; }
EOC
    is(zak('owner1'), '503 store_unavailable', 'is no grant that is not there');
    wait_for(sub { $nginx->error_log =~ /the store "[^"]+" is damaged.*restore/
             }, 5, 'what to do');
    is(slurp($file), $damaged, 'nothing is overwritten');
};


$t->finish;
