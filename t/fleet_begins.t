#!/usr/bin/perl

# A worker that begins finds the store: the first try has all of the timeout
# however long nginx has taken to read its configuration, and who comes first
# waits for the store that long.

use strict;
use warnings;

use POSIX qw(mkfifo);
use Test::More;
use Time::HiRes qw(sleep);

use Zoom::Fleet;
use Zoom::Grants;
use Zoom::Process qw(spawn);
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $fleet = Zoom::Fleet->new($t);
my $grants = Zoom::Grants->new($t, fleet => $fleet);
my $slow = $t->dir . '/slow.conf';

mkfifo($slow, 0600) or die "$slow: $!\n";

my $locations = <<'EOC';
        zoom_authenticate  off;

        location = /grants  { zoom_grants users; }
EOC


sub conf {
    my ($timeout) = @_;

    return $fleet->conf("timeout=$timeout") . $grants->account('users');
}


# Opens a file of the configuration late, for which nginx waits as for a disk,
# or a resolver, that is slow.
sub slowly {
    my ($seconds) = @_;

    spawn(name => 'writer', run => sub {
        sleep $seconds;
        open my $fh, '>', $slow or die "$slow: $!\n";
    });
}


sub listed {
    my ($nginx) = @_;

    return http_start(port => $nginx->port, path => '/grants',
                      headers => ['Accept' => 'application/json']);
}


# Asks until each worker has answered.
sub answers {
    my ($nginx) = @_;
    my (%pid, %status);

    wait_for(sub {
        for my $r (http_wait(map { listed($nginx) } 1 .. 4)) {
            $pid{ $r->header('X-Pid') }++;
            $status{ $r->status }++;
        }

        return 2 == keys %pid;
    }, 20, 'both workers');

    return join ' ', sort keys %status;
}


subtest 'nginx took its time' => sub {
    slowly(2);

    my $nginx = $t->nginx(account => 0, locations => $locations,
                          reuseport => 1, level => 'notice',
                          http => "include $slow;\n" . conf('1500ms'));

    is(answers($nginx), '200', 'to start, and all is answered');
    unlike($nginx->error_log, qr/is away/, 'the store was there');

    slowly(2);
    $nginx->reload;
    is(answers($nginx), '200', 'to reload, and all is answered');
    unlike($nginx->error_log, qr/is away/, 'the store was there');
};


subtest 'a store that begins with us' => sub {
    $fleet->stop_it;

    my $nginx = $t->nginx(account => 0, locations => $locations,
                          reuseport => 1, level => 'notice',
                          http => conf('5s'));

    ok(wait_for(sub { $nginx->error_log =~ /is away: Connection refused/ }, 5),
       'it is not there yet');

    my @calls = map { listed($nginx) } 1 .. 8;

    $fleet->start;
    http_wait(@calls);
    is(join(' ', map { $_->status } @calls), join(' ', (200) x 8),
       'who came first is answered when it is');
};

$t->finish;
