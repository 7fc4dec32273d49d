#!/usr/bin/perl

# The store is away, in each form: callbacks go on, each incident is told of in
# one line, and it comes back by itself.

use strict;
use warnings;

use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t, arguments => ['--enable-debug-command',
                                               'local']);

my $locations = <<'EOC';
        zoom_authenticate  off;
        zoom_user          bots@example.com;

        location = /zak {
            zoom_tokens  acme;
        }

        location = /user {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }
EOC

$zoom->control({ bots => 400 });

my @hosts = map { $fleet->host(locations => $locations, reuseport => 1,
                               level => 'notice',
                               store => ['timeout=250ms']) } 1 .. 2;
my $n = 1;


sub call {
    my ($host, $path) = @_;

    return http_start(port => $host->port, path => $path);
}


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


# New users, of whom no host knows anything.
sub strangers {
    my ($count) = @_;

    return map { my $u = sprintf 'bot%04d', $n++;
                 map { call($_, "/user?user=$u\@example.com") } @hosts } 1 .. $count;
}


sub lines {
    my ($host, $pattern) = @_;

    return scalar grep { /$pattern/ } split /\n/, $host->error_log;
}


sub everywhere {
    my ($pattern, $n) = @_;

    return !grep { lines($_, $pattern) != $n } @hosts;
}


# "begin" puts it away, "end" brings it back; "says" is what the log is told.
sub away {
    my ($name, %o) = @_;

    subtest $name => sub {
        my ($away, $back) = map { lines($hosts[0], $_) } qr/is away/,
                                                         qr/is back after/;
        my $began = time;

        $o{begin}->();

        my @calls = http_wait(strangers(3), map { call($_, '/zak') }
                                            (@hosts) x 5);

        is(statuses(@calls), '200:16', 'callbacks are answered');
        cmp_ok((sort { $b <=> $a } map { $_->took } @calls)[0], '<', 3,
               'and none waits for it for long');

        ok(wait_for(sub { everywhere(qr/is away/, $away + 1) }, 15),
           'the log is told, once on each host');
        like($hosts[0]->error_log, $o{says}, 'why');

        http_wait(strangers(2));
        ok(everywhere(qr/is away/, $away + 1), 'and no more');

        $o{end}->();

        my $ended = time;

        ok(wait_for(sub { everywhere(qr/is back after/, $back + 1) }, 15),
           'it is back');
        diag(sprintf 'back after %.2f s', time - $ended) if $ENV{TEST_VERBOSE};

        # what one worker of two knows the other one may learn a little later
        ok(wait_for(sub {
            my $mints = $zoom->token_calls;

            http_wait(strangers(1));
            $zoom->token_calls == $mints + 1;
        }, 15), 'and hosts share what they mint');
    };
}


sub config_set { return $fleet->command('CONFIG', 'SET', @_) }


wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == 2 }, 10, 'two hosts');
http_wait(map { call($_, '/zak') } @hosts);

away('refused',
     begin => sub { $fleet->stop_it },
     end   => sub { $fleet->start },
     says  => qr/is away: .*(?:onnection|closed).*this host goes on by itself/);

away('hanging',
     begin => sub { kill 'STOP', $fleet->pid },
     end   => sub { kill 'CONT', $fleet->pid },
     says  => qr/is away: no answer within 250 ms: look for .*; this host/);

away('READONLY',
     begin => sub { $fleet->command(qw(REPLICAOF 127.0.0.1 1)) },
     end   => sub { $fleet->command(qw(REPLICAOF NO ONE)) },
     says  => qr/is away: READONLY .*let "zoom_store" name the primary/);

away('OOM',
     begin => sub { config_set('maxmemory', '1') },
     end   => sub { config_set('maxmemory', '0') },
     says  => qr/is away: OOM .*give it more memory/);

away('a wrong password',
     begin => sub {
         config_set('requirepass', 'CANARYredis');
         $fleet->{password} = 'CANARYredis';
         $fleet->command(qw(CLIENT KILL TYPE normal));
     },
     end   => sub {
         config_set('requirepass', '');
         delete $fleet->{password};
     },
     says  => qr/is away: (?:NOAUTH|closed|Server closed)/);

# It reads all of its data anew, for some eight seconds, and answers meanwhile.
my $loading;

away('LOADING',
     begin => sub {
         $fleet->command('EVAL', 'for i = 1, 20000 do '
                         . "redis.call('SET', 'key:' .. i, i) end", 0);
         config_set('loading-process-events-interval-bytes', 1024);
         config_set('key-load-delay', 400);
         $loading = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                          PeerPort => $fleet->port);
         print {$loading} "DEBUG RELOAD\r\n";
     },
     end   => sub { config_set('key-load-delay', 0); close $loading },
     says  => qr/is away: LOADING .*it reads its data/);

# A script of somebody's that never ends.
my $busy;

away('BUSY',
     begin => sub {
         config_set(qw(busy-reply-threshold 50));
         $busy = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $fleet->port);
         print {$busy} "EVAL \"while true do end\" 0\r\n";
     },
     end   => sub { $fleet->command(qw(SCRIPT KILL)); close $busy },
     says  => qr/is away: (?:BUSY|no answer)/);

$t->canary(redis => 'CANARYredis');
$t->finish;
