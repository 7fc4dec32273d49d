#!/usr/bin/perl

# The password of the store is in no log, whatever Redis says to it.

use strict;
use warnings;

use Test::More;

use Zoom::Fleet;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;

# Such a Redis repeats what it does not know.
my $fleet = Zoom::Fleet->new($t, arguments => ['--rename-command', 'AUTH',
                                               'PROVE']);

$t->secret_file(password => 'CANARYpassword' . Zoom::Test::random_name(8));
$t->canary(password => $t->secret('password'));

ok(!eval { $fleet->command('AUTH', 'a', 'b'); 1 }, 'it is unknown');
like($@, qr/with args beginning with: 'a' 'b'/, 'and said to be');

my $nginx = $t->nginx(http => $fleet->conf('user=zoom',
                                           'password=file:%{password}'),
                      locations => "zoom_authenticate off;\n");

ok(wait_for(sub { $nginx->error_log =~ /is away: / }, 15), 'nginx tells of it');
like($nginx->error_log, qr/is away: ERR unknown command \S*AUTH/,
     'without that') or diag($nginx->error_log);

$t->finish;
