#!/usr/bin/perl

# The example for lua-nginx-module with its routes in a real Redis.

use strict;
use warnings;

use FindBin;
use JSON::PP ();
use Test::More;

use Zoom::Process qw(spawn stop free_ports port_is_open copy_of);
use Zoom::Resty;
use Zoom::Test;

plan skip_all => resty_missing() if resty_missing();

my ($server) = grep { -x } map { "$_/redis-server" } split /:/, $ENV{PATH};

plan skip_all => 'redis-server is not installed ("make deps" does)'
    if !$server;

my $t = Zoom::Test->new;
my $redis;
my ($port) = free_ports(1);


sub start_redis {
    $redis = spawn(
        name   => 'redis',
        output => $t->dir . '/redis.log',
        argv   => [$server, '--port', $port, '--bind', '127.0.0.1',
                   '--save', '', '--appendonly', 'no', '--dir', $t->dir],
    );

    wait_for(sub { port_is_open($port) }, 10, 'Redis');
}


sub redis {
    my $words = join ' ', map { /\s/ ? qq("$_") : $_ } @_;
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $port) or die "no Redis\n";

    print $sock "$words\r\n";

    my $said = <$sock>;

    die "Redis: $words: $said" if $said =~ /^-/;
}


start_redis();
redis(qw(HSET zoom:tenant:tenant1 user bots@t1.example accounts),
      'broken acme');
redis(qw(HSET zoom:tenant:tenant2 user bots@t2.example accounts acme));
redis(qw(SET zoom:host:123123123 alice@example.com));
$t->zoom->control({ users => [{ email => 'alice@example.com' }] });

# The real one where it is installed; LUA_RESTY_REDIS names its directory.
my $lua = copy_of("$FindBin::Bin/../lua");
my $standin = copy_of("$FindBin::Bin/lua/standin") . '/?.lua';
my $real = defined $ENV{LUA_RESTY_REDIS} ? "$ENV{LUA_RESTY_REDIS}/?.lua;" : '';
my $example = "$lua/examples/resty/?.lua";
my $library = "$lua/?.lua";

my $nginx = $t->nginx(
    main      => resty_main(),
    reuseport => 1,
    http      => $t->account('broken', client_secret => 'file:%{header}')
                 . <<"EOC",
    lua_package_path "$library;$example;$real;;$standin";
    lua_socket_log_errors off;
EOC
    locations => <<"EOC");
        location = /zoom-tokens {
            zoom_authenticate  attendee file:%{attendee} as=tenant1;
            zoom_authenticate  attendee file:%{attendee2} as=tenant2;
            zoom_authenticate  arg=key file:%{arg} as=tenant3;
            zoom_allow_user    *\@t1.example *\@t2.example alice\@example.com;

            client_body_buffer_size  64k;

            content_by_lua_block {
                require("routes").answer{ host = "127.0.0.1", port = $port }
            }
        }
EOC


sub who {
    my ($r) = @_;
    my $said = eval { JSON::PP->new->decode($r->body) } // {};

    return jwt_claims($said->{zak_token})->{uid}
           // $r->status . ' ' . ($said->{error} // '-');
}


subtest 'routes' => sub {
    is(who($t->attendee('/zoom-tokens', secret => 'attendee2')),
       'bots@t2.example', 'a tenant\'s user');
    is(who($t->attendee('/zoom-tokens')), 'bots@t1.example',
       'of the account that works');

    is(who($t->attendee('/zoom-tokens', secret => 'attendee2', members => {
        meeting_url => '"https://zoom.us/j/123123123"',
    })), 'alice@example.com', 'the host of our own meeting');

    is(who($t->get('/zoom-tokens?key=' . $t->secret('arg'))), '403 no_user',
       'a tenant without a route');
    is(who($t->get('/zoom-tokens')), '401 unauthenticated', 'a stranger');
};


subtest 'Redis is down' => sub {
    stop($redis, 'TERM', 5);

    # What one worker knows the other one need not.
    my %seen;

    $seen{ who($t->attendee('/zoom-tokens', secret => 'attendee2')) }++
        for 1 .. 20;

    ok($seen{'bots@t2.example'}, 'who has been here is known');
    delete $seen{'bots@t2.example'};
    delete $seen{'503 overloaded'};
    is_deeply(\%seen, {}, 'others may come again');
};


subtest 'Redis is back' => sub {
    start_redis();
    redis(qw(HSET zoom:tenant:tenant2 user bots@t1.example accounts acme));

    is(who($t->attendee('/zoom-tokens', secret => 'attendee2')),
       'bots@t1.example', 'with another route');
};


$t->finish;
END { stop($redis, 'TERM', 5) if $redis }
