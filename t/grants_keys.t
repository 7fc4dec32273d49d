#!/usr/bin/perl

# The database of grants gets another key, and is copied and put back.

use strict;
use warnings;

use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Grants;
use Zoom::Test;

plan skip_all => Zoom::Grants::missing('sqlite3')
    if Zoom::Grants::missing('sqlite3');

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);
my %who = (owner1 => 'alice@other.example', owner2 => 'bob@other.example',
           owner3 => 'carol@third.example');
my $file = $grants->file;

$t->secret_file(new_key => encode_base64(join('', map { chr rand 256 }
                                              1 .. 32), ''));


# nginx with these keys, and nothing in its zone.
sub nginx {
    my (@keys) = @_;
    my $keys = join ' ', map { "key=file:%{$_}" } @keys;
    my $conf = $grants->conf('users', <<'EOC');
    location = /zak {
        zoom_tokens        users;
        zoom_user          $arg_user;
        zoom_allow_user    *;
        zoom_reuse         0;
        zoom_authenticate  off;
    }
EOC

    $conf =~ s/key=file:%\{store_key\}/$keys/;
    return $t->nginx(account => 0, http => $conf);
}


sub zak {
    my $r = $grants->get("/zak?user=$_[0]");

    return $r->status . ' ' . (eval { $r->json->{error} } // '');
}


sub sql {
    my (@sql) = @_;

    open my $fh, '-|', 'sqlite3', '-cmd', '.timeout 5000', $file, @sql
        or die "sqlite3: $!\n";
    my $said = join '', <$fh>;
    close $fh;

    chomp $said;
    return $said;
}


sub tokens { return sql('SELECT hex(token) FROM grants ORDER BY user') }


my $nginx = nginx('store_key');

is($grants->connect($_, user => $who{$_})->status, 200, "$_ connects")
    for sort keys %who;


subtest 'another key' => sub {
    my $before = tokens();

    $nginx->quit;
    $nginx = nginx('new_key', 'store_key');

    ok(wait_for(sub {
        $nginx->error_log =~ /\[notice\].*needs its first key alone: 3 grants/
    }, 10), 'is told when the older one is not needed');

    my %before = map { $_ => 1 } split /\n/, $before;

    ok(!grep({ $before{$_} } split /\n/, tokens()), 'all are sealed anew');
    is($zoom->count('endpoints', 'refresh', 'calls') // 0, 0,
       'and none was refreshed for that');

    $nginx->quit;
    $nginx = nginx('new_key');
    is(zak($_), '200 ', "$_ is served without it") for sort keys %who;
    unlike($nginx->error_log, qr/\[error\]/, 'no errors');
    unlike($nginx->error_log, qr/first key alone/, 'and no more is told');
};


subtest 'one that none of them opens' => sub {
    $nginx->quit;
    sql("UPDATE grants SET token = x'01' || randomblob(600) WHERE user ="
        . " (SELECT user FROM names WHERE name = 'owner2')");
    $nginx = nginx('new_key', 'store_key');
    $t->allow(qr/has 1 grant that none of its keys opens: give "zoom_store"/);

    ok(wait_for(sub {
        $nginx->error_log =~ /\[error\].*has 1 grant that none of its keys/
    }, 10), 'is told of');
    unlike($nginx->error_log, qr/first key alone/,
           'and no key may go before it is seen to');
    is(zak('owner1'), '200 ', 'the others are served');
    is(zak('owner2'), '503 store_unavailable', 'that one is not');
    is($grants->connect('owner2', user => $who{owner2})->status, 200,
       'until the user connects again');
    is(zak('owner2'), '200 ', 'as the log says');
};


subtest 'a copy' => sub {
    my $copy = $t->dir . '/copy.db';

    system('sqlite3', $file, ".backup $copy");
    ok(-s $copy, 'is made while nginx runs');
    is(zak('owner1'), '200 ', 'which goes on');

    $nginx->quit;
    unlink glob "$file*";
    system('cp', $copy, $file);
    chown +(getpwnam 'nobody')[2, 3], $file if $> == 0;

    $nginx = nginx('new_key');
    is(zak($_), '200 ', "$_ is in it") for sort keys %who;
    is(scalar @{ $grants->get('/grants')->json->{grants} }, 3,
       'and nobody else');
    unlike($nginx->error_log, qr/\[error\]/, 'no errors');
};


$t->allow(qr/zoom: the store/, qr/store_unavailable/);
$t->finish;
