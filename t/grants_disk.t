#!/usr/bin/perl

# The disk of zoom_store is full, or can't be written: who is known is served,
# nothing is lost or overwritten, and the log says what to do.  A file system of
# its own takes root.

use strict;
use warnings;

use Test::More;

use Zoom::Grants;
use Zoom::Test;

plan skip_all => Zoom::Grants::missing('sqlite3')
    if Zoom::Grants::missing('sqlite3');
plan skip_all => 'only root may mount' if $>;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);
my $alice = 'alice@other.example';
my $disk = $grants->file =~ s{/[^/]+$}{}r;
my $here = $$;
my ($nginx, $mounted);


sub mount {
    my (@arguments) = @_;

    return system("mount @arguments >/dev/null 2>&1") == 0;
}


END {
    if ($mounted && $$ == $here) {
        my $status = $?;

        $nginx->quit if $nginx;
        system("umount $disk");
        $? = $status;
    }
}


$mounted = mount('-t tmpfs -o size=1m,mode=700,uid='
                 . (getpwnam 'nobody')[2], 'zoom', $disk)
    or plan skip_all => 'no file system can be mounted here';

my $conf = $grants->conf('users', <<'EOC');
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

$nginx = $t->nginx(account => 0, http => $conf);


sub zak {
    my $r = $grants->get("/zak?user=$_[0]");

    return $r->status . ' ' . (eval { $r->json->{error} } // '');
}


# What the log has said since.
sub log_of {
    my ($from) = @_;

    return substr $nginx->error_log, $from;
}


# Each worker opens it again when it is asked.
sub nothing_is_lost {
    my $states;

    wait_for(sub {
        $states = join ' ', map { $_->{state} }
                            @{ $grants->get('/grants')->json->{grants} // [] };
    }, 10);

    return is($states, 'active active active', 'no grant is lost');
}


sub sound {
    my $said = `sqlite3 '@{[ $grants->file ]}' 'PRAGMA integrity_check'`;

    chomp $said;
    return $said;
}


# Until not a byte more goes there.
sub fill {
    open my $fh, '>:raw', "$disk/full" or die "$disk/full: $!\n";

    1 while syswrite $fh, 'x' x 4096;
    close $fh;
}


is($grants->connect('owner1', user => $alice)->status, 200, 'one has connected');
is(zak('owner1'), '200 ', 'and is served');


subtest 'a full disk' => sub {
    my $before = length $nginx->error_log;

    fill();
    is(zak('owner1'), '200 ', 'who is known goes on');
    is(zak('nobody'), '403 not_connected', 'so does reading');

    my $failed = wait_for(sub {
        $grants->connect('owner2', user => 'bob@other.example')->status == 503;
    }, 10);

    ok($failed, 'nobody connects');
    like(log_of($before), qr/\[error\].*the\ store\ "[^"]+"\ (?:has\ no\ room\ on
                            \ its\ disk|can't\ be\ read\ or\ written)/x,
         'what to do');
    is(zak('owner1'), '200 ', 'who is known still goes on');

    unlink "$disk/full";
    ok(wait_for(sub {
        $grants->connect('owner2', user => 'bob@other.example')->status == 200;
    }, 10), 'until there is room again');
    is(zak('owner2'), '200 ', 'and that one is served');
    like(log_of($before), qr/\[notice\].*works again/, 'as the log says');
    is(sound(), 'ok', 'the database is sound');
};


subtest 'a rotation on a full disk' => sub {
    $zoom->control({ user_oauth => { expires_in => 1 } });
    is($grants->connect('owner3', user => 'carol@third.example')->status, 200,
       'an access token of a second');
    is($grants->connect('owner2', user => 'bob@other.example')->status, 200,
       'and another one');
    fill();

    my $refreshed = $zoom->count('grants', 'refreshed');

    ok(wait_for(sub { zak('owner3') eq '503 store_unavailable' }, 15),
       'the next can not be stored');
    is($zoom->count('grants', 'refreshed'), $refreshed + 1,
       'Zoom has rotated, once');
    is(zak('owner1'), '200 ', 'others go on');
    is(zak('owner2'), '503 store_unavailable', 'one more whose token is over');
    is($zoom->count('grants', 'refreshed'), $refreshed + 1,
       'is not asked for what could not be kept');

    $zoom->control({ user_oauth => { expires_in => 3600 } });
    unlink "$disk/full";
    ok(wait_for(sub { zak('owner3') eq '200 ' }, 15),
       'it is stored when there is room');
    nothing_is_lost();
};


# Workers that come later have a mount of that disk that they can't write to; who
# has it open already may go on.
subtest 'a disk that can only be read' => sub {
    ok(mount("--bind $disk $disk") && mount("-o remount,bind,ro $disk"),
       'mounted once more');

    my $before = length $nginx->error_log;

    $t->reload(account => 0, http => $conf);
    ok(wait_for(sub {
        log_of($before) =~ /\[error\].*the\ store\ "[^"]+"\ (?:is\ read-only
                           |can't\ be).*:\ (?:let|see)/x;
    }, 10), 'what to do');
    is(zak('owner1'), '200 ', 'who is known goes on');
    is($grants->connect('owner2', user => 'bob@other.example')->status, 503,
       'nobody connects');

    system("umount $disk");
    ok(wait_for(sub {
        $grants->connect('owner2', user => 'bob@other.example')->status == 200;
    }, 10), 'until it can be written again');
    nothing_is_lost();
    $nginx->quit;
};


subtest 'a file that can only be read' => sub {
    my $file = $grants->file;

    chown 0, 0, glob "$file*";
    chmod 0444, glob "$file*";

    my $held = slurp($file);

    $nginx = $t->nginx(account => 0, http => $conf);
    ok(wait_for(sub { $nginx->error_log =~ /\[error\].*the store "[^"]+" (.*)/
                    }, 10), 'is told of');
    like($nginx->error_log, qr/the\ store\ "[^"]+"\ (?:is\ read-only|can't\ be\ opened)
                              .*:\ (?:let\ the\ user\ of\ the\ workers
                              |see\ that)/x, 'with what to do');
    is(zak('owner1'), '503 store_unavailable', 'nobody is served from it');
    is($grants->connect('owner4', user => $alice)->status, 503,
       'or stored there');
    is(slurp($file), $held, 'nothing is overwritten');

    my ($uid, $gid) = (getpwnam 'nobody')[2, 3];

    chown $uid, $gid, glob "$file*";
    chmod 0600, glob "$file*";
    ok(wait_for(sub { zak('owner1') eq '200 ' }, 10),
       'until its owner has it back');
    nothing_is_lost();
};


$t->allow(qr/zoom: the store/, qr/store_unavailable/);
$t->finish;
