#!/usr/bin/perl

# zoom_store: what "nginx -t" says, the file, its key, and what is wrong with
# it.

use strict;
use warnings;

use File::stat ();
use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Grants;
use Zoom::Test;

plan skip_all => Zoom::Grants::missing('sqlite3')
    if Zoom::Grants::missing('sqlite3');

my $t = Zoom::Test->new;

$t->secret_file(store_key => encode_base64('k' x 32, ''));
$t->secret_file(other_key => encode_base64('o' x 32, ''));
$t->secret_file(short_key => encode_base64('k' x 16, ''));

my $n = 0;


# A directory that the workers may write to.
sub place {
    my $dir = $t->dir . '/store' . $n++;

    mkdir $dir, 0700 or die "$dir: $!\n";

    if ($> == 0) {
        my ($uid, $gid) = (getpwnam 'nobody')[2, 3];

        chown $uid, $gid, $dir or die "chown: $!\n";
    }

    return $dir;
}


sub sql {
    my ($file, @sql) = @_;

    open my $fh, '-|', 'sqlite3', '-cmd', '.timeout 5000',
        $file, @sql or die "sqlite3: $!\n";
    my $said = join '', <$fh>;
    close $fh;

    chomp $said;
    return $said;
}


sub made {
    my ($file) = @_;

    return -s $file && sql($file, 'PRAGMA user_version');
}


sub store {
    my ($path, @keys) = @_;
    my $keys = join ' ', map { "key=file:%{$_}" } @keys ? @keys : 'store_key';

    return "zoom_store sqlite:$path $keys;\n";
}


subtest 'nginx -t' => sub {
    my $good = place();
    my $missing = $t->dir . '/nowhere/store.db';
    my $key = 'key=file:%{store_key}';

    my @wrong = (
        ["zoom_store sqlite:$good/db;", qr/must have "key="/, 'no key'],
        ["zoom_store sqlite:$good/db key=file:%{short_key};",
         qr/the\ "key"\ of\ "zoom_store"\ is\ shorter\ than\ 32\ bytes,\ it\ must\ be\ the
            \ base64\ of/x, 'a short key'],
        ["zoom_store sqlite:$good/db key=file:%{arg};",
         qr/the "key" of "zoom_store" is (?:not valid base64|shorter)/,
         'no base64'],
        ["zoom_store sqlite:store.db $key;", qr/must be absolute/,
         'a relative path'],
        ["zoom_store sqlite:$good/ $key;", qr/must name a file/,
         'a directory'],
        ["zoom_store $good/db $key;", qr/must be "sqlite:/, 'no scheme'],
        ["zoom_store mysql://x $key;", qr/must be "sqlite:/, 'another one'],
        ["zoom_store sqlite:$good/db $key prefix=x;",
         qr/parameter "prefix=" means nothing to a store in SQLite/,
         'a parameter for Redis'],
        ["zoom_store sqlite:$good/db $key wal=on;",
         qr/invalid parameter of "zoom_store", it must be "key="/,
         'an unknown one'],
        ["zoom_store sqlite:$missing $key;",
         qr/the directory "[^"]+" of "zoom_store" can't be used: make it/,
         'no directory'],
        ["zoom_store sqlite:$good/db $key; zoom_store sqlite:$good/b $key;",
         qr/"zoom_store" directive is duplicate/, 'twice'],
    );

    mkdir "$good/is_a_directory", 0700;
    push @wrong, ["zoom_store sqlite:$good/is_a_directory $key;",
                  qr/is no file/, 'a directory in its place'];

    if ($> == 0) {
        mkdir "$good/roots", 0700;
        push @wrong, ["zoom_store sqlite:$good/roots/db $key;",
                      qr/can't be written by the user of the workers/,
                      'a directory of root'];
    }

    for (@wrong) {
        my ($http, $like, $name) = @$_;
        my ($exit, $said) = $t->nginx_t(http => $http);

        isnt($exit, 0, $name);
        like($said, $like, "$name: why");
    }

    my ($exit, $said) = $t->nginx_t(http => store("$good/db"));

    is($exit, 0, 'a good one') or diag($said);
    ok(!-e "$good/db", 'is not made by "nginx -t"');
};


subtest 'accounts' => sub {
    my $store = store(place() . '/db');
    my %users = (account_id => undef, grant => 'authorization_code',
                 redirect_uri => 'https://tokens.example.com/connected');

    my @wrong = (
        ['', { %users }, qr/must have a "zoom_store"/, 'no store'],
        [$store, { %users, account_id => 'x' },
         qr/has no "account_id"/, 'an account_id'],
        [$store, { %users, redirect_uri => undef },
         qr/must have "redirect_uri", the URL of its "zoom_connected"/,
         'no redirect_uri'],
        [$store, { %users, redirect_uri => 'http://tokens.example.com/' },
         qr/the URL of "redirect_uri" must be https/, 'no https'],
        [$store, { %users, grant => 'password' },
         qr/must be "account_credentials", "authorization_code" or "dev/,
         'another grant'],
        [$store, { %users, client_id => undef }, qr/must have "client_id"/,
         'no client_id'],
        [$store, { %users, oauth_url => 'https://127.0.0.1:1/oauth' },
         qr/must have "revoke_url", as its "oauth_url" does not end/,
         'no revoke_url'],
        [$store, { %users, scopes => 'user:read:user a;b' },
         qr/unknown directive "b"|invalid scope/, 'no scope'],
        [$store, { scopes => 'user:read:user' },
         qr/"scopes" of "zoom_account" "acme" must have "grant"/,
         'scopes of S2S'],
        [$store, { authorize_url => 'https://zoom.us/x' },
         qr/"authorize_url" of .* must have "grant"/, 'a page of S2S'],
    );

    for (@wrong) {
        my ($http, $account, $like, $name) = @$_;
        my ($exit, $said) = $t->nginx_t(http => $http, account => $account);

        isnt($exit, 0, $name);
        like($said, $like, "$name: why");
    }

    for my $right ({ %users }, { %users, client_secret => undef },
                   { %users, scopes => 'user:read:user user:read:zak' },
                   { %users, grant => 'device_code', redirect_uri => undef })
    {
        my ($exit, $said) = $t->nginx_t(http => $store, account => $right);

        is($exit, 0, 'a good one') or diag($said);
    }
};


subtest 'locations' => sub {
    my $users = store(place() . '/db')
        . $t->account('users', account_id => undef, client_id => 'users',
                      grant => 'authorization_code',
                      redirect_uri => 'https://x.example/connected')
        . $t->account('devices', account_id => undef, client_id => 'devices',
                      grant => 'device_code');
    my $tokens = 'zoom_tokens acme; zoom_user a@x.example; zoom_authenticate '
                 . 'off;';

    my @wrong = (
        ['zoom_connect users;', qr/"zoom_connect" must have "zoom_authent/,
         'a page without a guard'],
        ['zoom_connect acme; zoom_authenticate off;',
         qr/account "acme" of "zoom_connect" must have "grant" "authorization/,
         'nobody to connect'],
        ['zoom_grants acme; zoom_authenticate off;',
         qr/"zoom_grants" must have "grant" "authorization/, 'no grants'],
        ['zoom_disconnect acme; zoom_authenticate off;',
         qr/"zoom_disconnect" must have "grant"/, 'nobody to disconnect'],
        ['zoom_connected devices; zoom_authenticate off;',
         qr/"zoom_connected" must have "grant" "authorization_code" in/,
         'a device does not come back'],
        ["$tokens zoom_onbehalf nobody a;",
         qr/unknown account "nobody" of "zoom_onbehalf"/, 'nobody'],
        ["$tokens zoom_onbehalf acme a;",
         qr/account "acme" of "zoom_onbehalf" must have "grant"/, 'S2S'],
        ["$tokens zoom_onbehalf users " . join(' ', 'a' .. 'i') . ';',
         qr/has more than 8 users/, 'too many'],
        ['zoom_tokens users; zoom_authenticate off; zoom_types '
         . 'local_recording; zoom_allow_meeting 1;',
         qr/"zoom_tokens" must have "zoom_user"/, 'whose token'],
        (map { ["zoom_connected users; zoom_authenticate off; "
                . "zoom_connect_return $_;", qr/the place "/, "to $_"] }
             qw(done //evil.example http://x.example/ https://), '/$arg_x',
             '$arg_x', 'https://$host/x', '/a$http_x', '"/a b"'),
    );

    for (@wrong) {
        my ($lines, $like, $name) = @$_;
        my ($exit, $said) = $t->nginx_t(http => $users,
            locations => "location = /x { $lines }\n");

        isnt($exit, 0, $name);
        like($said, $like, "$name: why");
    }

    for my $place ('/', '/done', '/t/$uri', 'https://x.example',
                   'https://x.example/$uri')
    {
        my ($exit, $said) = $t->nginx_t(http => $users,
            locations => "location = /x { zoom_connected users; "
                         . "zoom_authenticate off; zoom_connect_return "
                         . "$place; }\n");

        is($exit, 0, "to $place") or diag($said);
    }
};


subtest 'a new file' => sub {
    my $dir = place();
    my $nginx = $t->nginx(http => store("$dir/store.db"));

    wait_for(sub { made("$dir/store.db") }, 5, 'the database');

    for (glob "$dir/store.db*") {
        my $stat = File::stat::stat($_);

        is(sprintf('%o', $stat->mode & 07777), '600', "$_ is 0600");
        is($stat->uid, (getpwnam 'nobody')[2], 'of the workers') if $> == 0;
    }

    is(sql("$dir/store.db", 'PRAGMA user_version'), 1, 'its version');
    is(sql("$dir/store.db", 'PRAGMA journal_mode'), 'wal', 'its journal');
    unlike($nginx->error_log, qr/zoom: the store/, 'nothing to tell');

    $nginx->quit;
    chmod 0644, "$dir/store.db";

    $nginx = $t->nginx(http => store("$dir/store.db"));

    wait_for(sub { (File::stat::stat("$dir/store.db")->mode & 0777) == 0600 },
             5, 'it is closed to others again');
    pass('a file that others could read');

    $nginx->quit;
};


# Starts with a store that is no good, and gives what is said of it.
sub trouble {
    my ($path, @keys) = @_;
    my $before = slurp($path);
    my $nginx = $t->nginx(http => store($path, @keys));

    my $told = wait_for(sub {
        $nginx->error_log =~ /\[error\] .*(zoom: the store "[^\n]*)/ && $1;
    }, 8) // '';

    $nginx->quit;
    is(slurp($path), $before, 'nothing has been overwritten');

    return $told;
}


subtest 'keys' => sub {
    my $dir = place();
    my $db = "$dir/store.db";
    my $nginx = $t->nginx(http => store($db));

    wait_for(sub { made($db) }, 5, 'the database');
    $nginx->quit;

    my $first = sql($db, 'SELECT hex(sealed) FROM meta');

    like(trouble($db, 'other_key'),
         qr/is sealed with another key: give "zoom_store" the key/,
         'a wrong one');
    is(sql($db, 'SELECT hex(sealed) FROM meta'), $first, 'is not used');

    $nginx = $t->nginx(http => store($db, 'other_key', 'store_key'));
    wait_for(sub { sql($db, 'SELECT hex(sealed) FROM meta') ne $first }, 5,
             'the new key');
    $nginx->quit;

    unlike($nginx->error_log, qr/\[error\]/, 'an older one opens');

    $nginx = $t->nginx(http => store($db, 'other_key'));
    wait_for(sub { $nginx->workers == 2 }, 5);
    $nginx->quit;
    unlike($nginx->error_log, qr/\[error\]/, 'and may go then');
};


subtest 'no database of ours' => sub {
    my $dir = place();

    sql("$dir/newer.db", 'PRAGMA user_version = 2;'
                         . 'PRAGMA application_id = 1517252461;'
                         . 'CREATE TABLE x (a)');
    sql("$dir/foreign.db", 'CREATE TABLE x (a)');
    spew("$dir/text.db", "this is a text, and rather a long one\n" x 100);
    spew("$dir/torn.db", "SQLite format 3\0" . 'x' x 5000);

    if ($> == 0) {
        my ($uid, $gid) = (getpwnam 'nobody')[2, 3];

        chown $uid, $gid, glob "$dir/*.db";
    }

    like(trouble("$dir/newer.db"), qr/was made by a newer version/, 'newer');
    like(trouble("$dir/foreign.db"), qr/is a database of another program/,
         'another one');
    like(trouble("$dir/text.db"), qr/is no database \(SQLite: .*: let/,
         'a text');
    like(trouble("$dir/torn.db"), qr/is (?:no database|damaged) \(SQLite/,
         'torn');
};


$t->allow(qr/zoom: the store/);
$t->finish;
