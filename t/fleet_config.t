#!/usr/bin/perl

# zoom_store redis://: what "nginx -t" says, and the user of an ACL.

use strict;
use warnings;

use FindBin;
use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Event qw(event);
use Zoom::Fleet;
use Zoom::Test;

my $t = Zoom::Test->new;

$t->secret_file(store_key => encode_base64('k' x 32, ''));
$t->secret_file(redis => 'CANARYredis');
$t->secret_file(hook => 'CANARYhook' . 'y' x 12);
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
          qr{it must be "redis://host\[:port\]\[/database\]", .*for Valkey},
          'another scheme'],
         ["zoom_store redis:127.0.0.1 $key;", qr{it must be "redis://host},
          'half of one'],
         ["zoom_store rediss+sentinel://127.0.0.1/x $key;",
          qr/TLS and Sentinel do not go together/, 'both'],
         ["zoom_store redis://u:CANARYredis\@127.0.0.1 $key;",
          qr/must not hold a user or a password, use "user=" and "password="/,
          'a password in it'],
         ["zoom_store redis+sentinel://u:CANARYredis\@127.0.0.1/x $key;",
          qr/must not hold a user or a password/, 'of sentinels, too'])
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
         ["zoom_store redis://08.1.1.1 $key;",
          qr/invalid address "08\.1\.1\.1" .*four numbers .* leading zeros/,
          'an address that nobody else reads so'],
         ["resolver 127.0.0.1; zoom_store redis://127.0.0.01:1 $key;",
          qr/invalid address "127\.0\.0\.01"/, 'with a resolver, too'],
         ["zoom_store redis://127.1 $key;", qr/invalid address "127\.1"/,
          'a part of one'],
         ["zoom_store redis://1.2.3.256. $key;", qr/invalid address "1\.2\.3/,
          'a number too large'],
         ["zoom_store redis://[::ffff:127.0.0.01] $key;",
          qr/(?:invalid address "::ffff|invalid IPv6 address)/, 'of IPv6'],
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
         ["zoom_store redis+sentinel://127.0.0.1/x $key trusted_certificate=c;",
          qr{means nothing to "redis\+sentinel://", which has no TLS},
          'one for sentinels'],
         ["$redis $key CANARYredis;",
          qr/"password=", "prefix=", "trusted_certificate=" or "timeout="/,
          'an unknown parameter'],
         ["zoom_store redis://nowhere.invalid $key;",
          qr{host not found "nowhere\.invalid" in the store .*:\d+; with a "res},
          'a name that nobody knows'],
         ["$redis $key password=file:%{redis} password=file:%{hook};",
          qr/"password=" of "zoom_store" is duplicate, only "key=" may be/,
          'two passwords'],
         (map { ["$redis $key $_ $_;", qr/of "zoom_store" is duplicate, only/,
                 "$_ twice"] }
              'user=x', 'prefix=x', 'timeout=1s'),
         ["$redis $key; zoom_store redis://127.0.0.2 $key;",
          qr/"zoom_store" directive is duplicate/, 'twice'])
    {
        says(@$_);
    }
};


subtest 'sentinels' => sub {
    plan(skip_all => Zoom::Fleet->missing)
        if (Zoom::Fleet->missing // '') =~ /hiredis/;

    my $sentinels = 'zoom_store redis+sentinel://';

    for (["${sentinels}127.0.0.1 $key;", qr/invalid name "" in the store/,
          'no name of the master'],
         ["${sentinels}127.0.0.1/ $key;", qr/invalid name ""/, 'an empty one'],
         ["${sentinels}127.0.0.1/my*master $key;",
          qr/invalid name "my\*master" .* what the sentinels call the master/,
          'one that none can have'],
         ["${sentinels}127.0.0.1/m/x $key;", qr{invalid database "/x"},
          'a word for a number'],
         ["${sentinels}127.0.0.1,,127.0.0.2/m $key;",
          qr{no host in the store .* "redis\+sentinel://host\[:port\]\[,host},
          'a comma too many'],
         ["${sentinels}127.0.0.1:x/m $key;", qr/invalid port in the store/,
          'no port'],
         ["${sentinels}127.0.0.1,127.0.0.09/m $key;",
          qr/invalid address "127\.0\.0\.09"/, 'no address'],
         ["zoom_store redis://a:6379,b:6379 $key;",
          qr{several hosts .* the primary, or .* "redis\+sentinel://host},
          'of another kind'],
         [$sentinels . join(',', ('127.0.0.1') x 17) . "/m $key;",
          qr/too many sentinels .* there may be 16/, 'too many'])
    {
        says(@$_);
    }

    accepts("${sentinels}127.0.0.1/mymaster $key;", 'one');
    accepts("${sentinels}127.0.0.1:26380,[::1],localhost/my-master.1/2 $key "
            . 'password=file:%{redis};', 'several');
};


subtest 'TLS' => sub {
    plan(skip_all => Zoom::Fleet->missing)
        if (Zoom::Fleet->missing // '') =~ /hiredis/;

    return says("zoom_store rediss://127.0.0.1 $key;",
                qr/was built without hiredis_ssl, which "rediss:/,
                'a module without it')
        if Zoom::Fleet->lacks_tls;

    for (["zoom_store rediss:// $key;",
          qr{no host in the store "rediss://", it must be "rediss://host},
          'no host'],
         ["zoom_store rediss://127.0.0.1 $key trusted_certificate=;",
          qr/"trusted_certificate=" must name a file/, 'no file'],
         ["zoom_store rediss://127.0.0.1 $key trusted_certificate=/nowhere;",
          qr{could not read CA certificates from "/nowhere"}, 'none there'])
    {
        says(@$_);
    }

    accepts("zoom_store rediss://127.0.0.1:6380/1 $key "
            . 'trusted_certificate=%{ca};', 'a certificate');
};


subtest 'what it takes' => sub {
    plan(skip_all => Zoom::Fleet->missing)
        if (Zoom::Fleet->missing // '') =~ /hiredis/;

    accepts("resolver 127.0.0.1:9;\nzoom_store redis://nowhere.invalid $key;",
            'a name that the resolver will look up');

    accepts("zoom_store redis://127.0.0.1 $key;", 'an address');
    accepts("resolver 127.0.0.1:9;\nzoom_store redis://redis.7up $key;",
            'a name with a digit');
    accepts("zoom_store redis://127.0.0.1:6380/1 $key;", 'port and database');
    accepts("zoom_store redis://[::1]:6380/1 $key;", 'IPv6');
    accepts("zoom_store redis://localhost/ $key $key;", 'a name');
    accepts("zoom_store redis://localhost $key;\n"
            . $t->account('users', account_id => undef,
                          grant        => 'authorization_code',
                          redirect_uri => 'https://tokens.example.com/x',
                          scopes       => 'user:read:user'), 'grants');
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
    $fleet->command(qw(ACL SETUSER test on >CANARYredis ~* +@all));
    $fleet->command(qw(ACL SETUSER default off));

    my $nginx = $fleet->host(
        account   => { webhook_secret => 'file:%{hook}' },
        store     => ['user=zoom', 'password=file:%{redis}', 'timeout=2s'],
        locations => <<'EOC');
        location = /zak {
            zoom_authenticate  off;
            zoom_tokens        acme;
            zoom_user          bots@example.com;
        }

        location = /hook {
            zoom_webhook  acme;
        }

        location = /status {
            zoom_authenticate  off;
            zoom_status;
        }
EOC
    $fleet->{user} = 'test';
    $fleet->{password} = 'CANARYredis';

    is($t->get('/zak')->status, 200, 'a token');
    is(http(port => $t->port, path => '/hook',
            event('meeting.ended', { object => { id => '1' } },
                  secret => $t->secret('hook')))->status, 204, 'a webhook');
    ok(wait_for(sub { $fleet->keys_like('zoom:once:*') == 2 }, 5),
       'for all hosts');
    ok(wait_for(sub {
        my $said = $t->get('/status', Accept => 'application/json')->json;

        $said->{fleet}{hosts} == 1 && $said->{fleet}{claims} >= 1;
    }, 5), 'brought for all');
    ok($fleet->command('EXISTS', 'zoom:hosts'), 'in the store');
    unlike($nginx->error_log, qr/is away/, 'nothing that it may not do');
};

$t->finish;
