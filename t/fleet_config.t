#!/usr/bin/perl

# zoom_store redis://: what "nginx -t" says, and the user of an ACL.

use strict;
use warnings;

use FindBin;
use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Fleet;
use Zoom::Test;

my $t = Zoom::Test->new;

$t->secret_file(store_key => encode_base64('k' x 32, ''));
$t->secret_file(redis => 'CANARYredis');
$t->canary(redis => 'CANARYredis');

my $key = 'key=file:%{store_key}';


sub says {
    my ($http, $pattern, $name) = @_;
    my ($exit, $said) = $t->nginx_t(http => $http);

    ok($exit && $said =~ $pattern, $name) or diag($said);
}


sub accepts {
    my ($http, $name) = @_;
    my ($exit, $said) = $t->nginx_t(http => $http);

    is($exit, 0, $name) or diag($said);
}


subtest 'what it refuses' => sub {
    my $redis = 'zoom_store redis://127.0.0.1';

    for (["zoom_store valkey://127.0.0.1 $key;",
          qr{it must be "redis://host\[:port\]\[/database\]", for Valkey},
          'another scheme'],
         ["zoom_store redis:127.0.0.1 $key;", qr{it must be "redis://host},
          'half of one'],
         ["zoom_store rediss://127.0.0.1 $key;",
          qr{"rediss://" is not built in this version: use "redis://"}, 'TLS'],
         ["zoom_store redis+sentinel://127.0.0.1/x $key;",
          qr{"redis\+sentinel://" is not built in this version}, 'Sentinel'],
         ["zoom_store redis://u:CANARYredis\@127.0.0.1 $key;",
          qr/must not hold a user or a password, use "user=" and "password="/,
          'a password in it'],
         ["zoom_store redis+sentinel://u:CANARYredis\@127.0.0.1/x $key;",
          qr/must not hold a user or a password/, 'in a scheme we lack, too'])
    {
        says(@$_);
    }

    return says("$redis $key;", qr/was built without hiredis, which a "zoom_store"/,
                'a store that it was not built for')
        if (Zoom::Fleet->missing // '') =~ /hiredis/;

    for (["$redis;", qr/must have "key="/, 'no key'],
         ["$redis key=short;", qr/the "key" of "zoom_store" is/, 'a bad one'],
         ["$redis/x $key;",
          qr{invalid database "/x" .* it must be a number from 0 to 1023},
          'a word for a number'],
         ["$redis/1024 $key;", qr/must be a number from 0 to 1023/, 'too many'],
         ["$redis:0 $key;", qr/invalid port in the store/, 'no port'],
         ["zoom_store redis://unix:/tmp/redis $key;",
          qr{in the store "redis://unix:}, 'a socket'],
         ["$redis $key prefix=a*b;", qr/invalid prefix "a\*b", it must be/,
          'a prefix'],
         ["$redis $key prefix=;", qr/invalid prefix ""/, 'none'],
         ["$redis $key timeout=9ms;", qr/it must be from 10ms to 5s/,
          'a short timeout'],
         ["$redis $key timeout=6s;", qr/it must be from 10ms to 5s/,
          'a long one'],
         ["$redis $key timeout=soon;", qr/invalid timeout "soon"/, 'a word'],
         ["$redis $key user=zoom;", qr/must have a "password=" for it/,
          'a user without a password'],
         ["$redis $key trusted_certificate=ca.pem;", qr/which has no TLS/,
          'a certificate'],
         ["$redis $key password=file:/nowhere;", qr/password/, 'no file'],
         ["$redis $key CANARYredis;",
          qr/it must be "key=", "user=", "password=", "prefix=" or "timeout="/,
          'an unknown parameter'],
         ["$redis $key; zoom_store redis://127.0.0.2 $key;",
          qr/"zoom_store" directive is duplicate/, 'twice'],
         ["$redis $key;\n" . $t->account('users', account_id => undef,
              grant => 'authorization_code', redirect_uri =>
              'https://tokens.example.com/x', scopes => 'user:read:user'),
          qr/must have a "zoom_store" in SQLite: users' grants in Redis are not/,
          'grants'])
    {
        says(@$_);
    }
};


subtest 'what it takes' => sub {
    plan(skip_all => Zoom::Fleet->missing)
        if (Zoom::Fleet->missing // '') =~ /hiredis/;

    accepts("zoom_store redis://127.0.0.1 $key;", 'an address');
    accepts("zoom_store redis://127.0.0.1:6380/1 $key;", 'port and database');
    accepts("zoom_store redis://[::1]:6380/1 $key;", 'IPv6');
    accepts("zoom_store redis://localhost/ $key $key;", 'a name');
    accepts("zoom_store redis://localhost $key user=zoom timeout=1s "
            . 'prefix=my-fleet:a password=file:%{redis};', 'and all the rest');
};


subtest 'the ACL of docs/fleet.md' => sub {
    plan(skip_all => Zoom::Fleet->missing) if Zoom::Fleet->missing;

    my $text = slurp("$FindBin::Bin/../docs/fleet.md");
    my ($acl) = $text =~ /^    (ACL SETUSER (?:.*\n)(?:        .*\n)*)/m;

    $acl =~ s/PASSWORD/CANARYredis/;

    my $fleet = Zoom::Fleet->new($t);

    $fleet->command(split ' ', $acl);
    $fleet->command(qw(ACL SETUSER default off));

    my $nginx = $fleet->host(
        store     => ['user=zoom', 'password=file:%{redis}'],
        locations => <<'EOC');
        location = /zak {
            zoom_authenticate  off;
            zoom_tokens        acme;
            zoom_user          bots@example.com;
        }

        location = /status {
            zoom_authenticate  off;
            zoom_status;
        }
EOC
    $fleet->{user} = 'zoom';
    $fleet->{password} = 'CANARYredis';

    is($t->get('/zak')->status, 200, 'a token');
    ok(wait_for(sub {
        my $said = $t->get('/status', Accept => 'application/json')->json;

        $said->{fleet}{hosts} == 1 && $said->{fleet}{claims} >= 1;
    }, 5), 'brought for all');
    ok($fleet->command('EXISTS', 'zoom:hosts'), 'in the store');
    unlike($nginx->error_log, qr/is away/, 'nothing that it may not do');
};

$t->finish;
