#!/usr/bin/perl

# What no Redis answers, but something else may that is in its place: workers
# take no more memory for it than for the largest answer there is.

use strict;
use warnings;

use Test::More;

use Zoom::Fleet;
use Zoom::Strange;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $strange = Zoom::Strange->start($t);
my $fleet = bless { t => $t, url => 'redis://127.0.0.1:' . $strange->port },
            'Zoom::Fleet';
my $n = 1;

$t->zoom->control({ bots => 400 });
$t->secret_file(store_key => 'a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=');

# Long enough for gigabytes.
my $host = $fleet->host(level => 'notice', store => ['timeout=5s'],
                        locations => <<'EOC');
        zoom_authenticate  off;

        location = /user {
            zoom_tokens      acme;
            zoom_user        $arg_user;
            zoom_allow_user  *;
        }

        location = /status {
            zoom_status;
        }
EOC


sub fleet_now {
    return $t->get('/status?format=json')->json->{fleet};
}


sub token {
    return $t->get(sprintf '/user?user=bot%04d@example.com', $n++);
}


# The most that a worker ever had, in megabytes.
sub peak {
    my ($most) = sort { $b <=> $a }
                 map { slurp("/proc/$_/status") =~ /^VmHWM:\s+(\d+)/m }
                 $host->workers;

    return $most / 1024;
}


sub there { return wait_for(sub { !fleet_now()->{away} }, 20, 'the store') }

there();
is(token()->status, 200, 'a token');

my $before = peak();

for (['endless', 'a string without an end'],
     ['elements', 'many strings'],
     ['deep', 'many lists'])
{
    my ($what, $name) = @$_;

    subtest $name => sub {
        my $incidents = fleet_now()->{incidents};

        $strange->says(token => $what);
        is(token()->status, 200, 'a callback goes on');
        ok(wait_for(sub {
            token();
            fleet_now()->{incidents} > $incidents;
        }, 20), 'the store is away');
        $strange->says(token => '');
        there();
    };
}

my ($said) = $host->error_log =~ /^(.*is away.*)/m;

like($said, qr/is away: answers with more than 4 MB: let "zoom_store" name a/,
     'the log says why');
cmp_ok(peak() - $before, '<', 40, 'workers need little memory for it');
is(scalar(() = $host->error_log =~ /is away: (?!answers with more)/g), 0,
   'and do not wait for the timeout');


# As Redis 6 puts it, behind what Lua says.
for (['LOADING Redis is loading the dataset in memory', 1],
     ['OOM command not allowed when used memory > \'maxmemory\'.', 1],
     ['ERR Error running script (call to f_0a1b): @user_script:1: '
      . '@user_script: 1: -READONLY You can\'t write against a read only', 1],
     ['NOREPLICAS Not enough good replicas to write.', 1],
     ['ERR Error running script (call to f_0a1b): @user_script:1: '
      . 'WRONGTYPE Operation against a key', 0],
     ['ERR user_script:1: attempt to index local \'x\' (a nil value)', 0],
     ['BUSYKEY Target key name already exists.', 0],
     ['', 0])
{
    my ($text, $whole) = @$_;

    subtest length $text ? $text : 'an error without words' => sub {
        my $is = fleet_now();

        $strange->says(token => "-$text\r\n");
        is(token()->status, 200, 'a callback goes on');

        my $now;

        # of two workers one may not have heard yet that it is back
        ok(wait_for(sub {
            token();
            $now = fleet_now();
            $whole ? $now->{incidents} > $is->{incidents}
                   : $now->{errors} > $is->{errors};
        }, 20), $whole ? 'the store is away' : 'one thing has failed');

        is($now->{$_}, $is->{$_}, "and no more $_")
            for $whole ? 'errors' : 'incidents';

        $strange->says(token => '');
        there();
    };
}

$t->finish;
