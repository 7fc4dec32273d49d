#!/usr/bin/perl

# The name in zoom_store redis:// through nginx's resolver: it is looked up
# whenever a connection is made, and holds nobody up.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Process qw(spew);
use Zoom::Stub;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $names = $t->dir . '/names';
my $n = 1;


sub names { spew($names, join '', map { "$_\n" } @_) }


names();

my $dns = Zoom::Stub->dns(log => $t->dir . '/dns', file => $names);
my $resolver = 'resolver 127.0.0.1:' . $dns->port . " ipv6=off valid=1s;\n";

# Two stores at one port, as a name has that moves.
my $fleet = Zoom::Fleet->new($t, bind => '127.0.0.9');
my $other = Zoom::Fleet->new($t, bind => '127.0.0.8', name => 'other',
                             port => $fleet->port);

$fleet->{url} = 'redis://store.example:' . $fleet->port;

$t->zoom->control({ bots => 400 });

my $locations = <<'EOC';
        location = /user {
            zoom_authenticate  off;
            zoom_tokens        acme;
            zoom_user          $arg_user;
            zoom_allow_user    *;
        }
EOC


sub host {
    my (%o) = @_;

    # a busy machine is no incident
    return $fleet->host(locations => $locations, level => 'notice',
                        store => ['timeout=2s'], http => $resolver, %o);
}


# A token of somebody whom nobody has asked for yet.
sub stranger {
    my $r = $t->get(sprintf '/user?user=bot%04d@example.com', $n++);

    is($r->status, 200, 'a token') or diag $r->body;
    cmp_ok($r->took, '<', 3, 'soon');
}


sub asked { return scalar grep { $_ eq 'store.example A' } $dns->log }


subtest 'the configuration needs no names' => sub {
    my ($exit, $said) = $t->nginx_t(http => $resolver . $fleet->conf);

    is($exit, 0, 'nginx -t') or diag $said;
    is(asked(), 0, 'asks nobody');
};


my $nginx;

subtest 'a name that does not exist' => sub {
    $nginx = host();

    stranger();
    ok(wait_for(sub {
        $nginx->error_log =~ /store[ ]"redis:.*is[ ]away:[ ]could[ ]not[ ]
            resolve[ ]"store.example":.*Host[ ]not[ ]found.*:[ ]
            check[ ]"resolver"/x;
    }, 10), 'the log says so, and what to do') or diag $nginx->error_log;
};


subtest 'and then does' => sub {
    names('store.example 127.0.0.9');

    ok(wait_for(sub { $nginx->error_log =~ /is back after/ }, 15),
       'the store is back, without a reload');

    # One worker may be back before the other.
    ok(wait_for(sub { stranger(); $fleet->keys_like('zoom:token:*') }, 10),
       'with tokens');
};


subtest 'the name moves' => sub {
    names('store.example 127.0.0.8');

    $fleet->stop_it;
    ok(wait_for(sub { $other->command('EXISTS', 'zoom:hosts') }, 15),
       'and the host with it');

    $fleet->start;
};


$t->over;

subtest 'of several addresses one works' => sub {

    # Nobody listens at the first, and at the last.
    names('store.example 127.0.0.77 127.0.0.9 127.0.0.11');
    $fleet->command('FLUSHALL');

    my $few = host(workers => 4);

    # Each worker has two connections, and this test one.
    ok(wait_for(sub {
        2 * 4 + 1 <= split /\n/, $fleet->command('CLIENT', 'LIST');
    }, 10), 'it is found by all workers');

    my $asked = asked();

    stranger();
    unlike($few->error_log, qr/is away/, 'and the others are no incident');
    is(asked(), $asked, 'what is known is not asked for again and again');
};


$t->over;

subtest 'a name server that does not answer' => sub {
    names('store.example');

    my $mute = host(store => []);
    my $r = $t->get('/user?user=bot0399@example.com');

    is($r->status, 200, 'holds nobody up');
    cmp_ok($r->took, '<', 3, 'for long');
    ok(wait_for(sub {
        $mute->error_log =~ /is away: could not resolve "store.example": no answer/;
    }, 10), 'the log says so') or diag $mute->error_log;

    names('store.example 127.0.0.8');
    ok(wait_for(sub { $mute->error_log =~ /is back after/ }, 20),
       'and it is back');
};

$dns->stop_it;
$t->finish;
