#!/usr/bin/perl

# What the status page says of the store: that it answers, that it is away, and
# that a host has another key than the others.

use strict;
use warnings;

use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Fleet;
use Zoom::Process qw(free_ports);
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $fleet = Zoom::Fleet->new($t);

my $locations = <<'EOC';
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

$t->zoom->control({ bots => 40 });


sub token {
    my ($host, $n) = @_;

    return http(port => $host->port,
                path => sprintf '/user?user=bot%04d@example.com', $n)->status;
}


sub status {
    my ($host, $format) = @_;

    return http(port => $host->port, path => "/status?format=$format");
}


# Sentences, and the word of the tab.
sub page {
    my ($host) = @_;
    my $page = status($host, 'html')->body;
    my ($tab) = $page =~ /<title>(\w+)/;
    my @said = map { s/<[^>]*>//gr } $page =~ m{(<li.*?</li>)}gs;

    return ($tab, join "\n", @said);
}


sub soon {
    my ($host, $pattern, $name) = @_;

    ok(wait_for(sub { (page($host))[1] =~ $pattern }, 10), $name)
        or diag((page($host))[1]);
}


my @hosts = map { $fleet->host(locations => $locations) } 1 .. 2;


subtest 'all is well' => sub {
    soon($_, qr/^OKfleet: the store answers, and has seen 2 hosts of late/m,
         'a host of two') for @hosts;
    is(token($hosts[0], 1), 200, 'a token');
    is(status($_, 'json')->json->{fleet}{unopened}, 0, 'none that is not ours')
        for @hosts;

    my ($tab, $said) = page($hosts[0]);

    is($tab, 'OK', 'the tab');
    like($said, qr/\AOKacme.*^OKfleet/ms, 'after the accounts');
};


subtest 'a host with another key' => sub {
    $t->secret_file(other_key => encode_base64('o' x 32, ''));

    my $url = "redis://127.0.0.1:$fleet->{port}";
    my $other = $t->nginx(
        locations => $locations,
        http      => "zoom_store $url key=file:%{other_key} timeout=2s;\n");

    is(token($hosts[0], 2), 200, 'a token of the others');
    is(token($other, 2), 200, 'it answers nevertheless');

    my ($tab, $said) = page($other);

    is($tab, 'WAIT', 'the tab');
    like($said, qr/\AKEYfleet: .* has tokens that none of our keys opens/,
         'first');
    like($said, qr/give all hosts the same "key=" of "zoom_store"/,
         'what to do');
    unlike($said, qr/^OKfleet/m, 'and not that all is well');
    cmp_ok(status($other, 'json')->json->{fleet}{unopened}, '>=', 1, 'in JSON');
    like(status($other, 'prometheus')->body,
         qr/^zoom_store_unopened_total [1-9]/m, 'for an alert');
    like($other->error_log, qr/a token that none of the keys opens: give all/,
         'in the log');

    $other->stop;
    $fleet->command('FLUSHALL');
};


# In Redis 7 a user without "&channel" may use none.
subtest 'a user that may not listen' => sub {
    $t->secret_file(redis => 'CANARYredis' . 'y' x 8);
    $fleet->command(qw(ACL SETUSER deaf on), '>' . $t->secret('redis'),
                    qw(~zoom:* +@all -subscribe &zoom:news));

    my $deaf = $fleet->host(locations => $locations, workers => 2, store =>
                            ['user=deaf', 'password=file:%{redis}']);

    soon($deaf, qr/^DEAFfleet: for \d+ s the store has not let this host hear/m,
         'a sentence');
    is((page($deaf))[0], 'WAIT', 'the tab');
    is(status($deaf, 'json')->json->{fleet}{deaf}, 1, 'in JSON');
    like(status($deaf, 'prometheus')->body, qr/^zoom_store_deaf 1$/m,
         'for an alert');
    is(scalar(() = $deaf->error_log
                  =~ /\[error\].* no news .*: NOPERM .*: give its user/g), 1,
       'one line in the log');

    $fleet->command(qw(ACL SETUSER deaf +subscribe));
    soon($deaf, qr/^OKfleet/m, 'it may again');
    is(status($deaf, 'json')->json->{fleet}{deaf}, 0, 'in JSON');
    $deaf->stop;
};


subtest 'what the log advises' => sub {
    my $redis = "redis://127.0.0.1:$fleet->{port}";
    my ($nobody) = free_ports(1);

    for (["redis://127.0.0.1:$nobody",
          qr/Connection refused: check that it runs, and listens at that/],
         ['redis://127.0.0.1:' . $hosts[0]->port,
          qr/Protocol error.*: let "zoom_store" name the port of a Redis/],
         ["$redis/1000", qr/ERR DB index.*: let "zoom_store" name a database/],
         ["$redis prefix=other user=zoom password=file:%{redis}",
          qr/NOPERM .*: give its user the ACL of .* the channel of "prefix="/])
    {
        my ($url, $pattern) = @$_;

        $fleet->command(qw(ACL SETUSER zoom on), '>' . $t->secret('redis'),
                        qw(~zoom:* &zoom:news +@all));

        my $host = $t->nginx(
            locations => $locations,
            http      => "zoom_store $url key=file:%{store_key};\n");

        ok(wait_for(sub { $host->error_log =~ $pattern }, 10), $url =~ s/:\d+//r)
            or diag($host->error_log);
        $host->stop;
    }
};


subtest 'the store is away' => sub {
    $fleet->stop_it;
    token($hosts[1], 3);

    soon($hosts[1],
         qr/^ALONEfleet: the store has been away for \d+ s: .*log says/m,
         'a sentence');

    my ($tab, $said) = page($hosts[1]);

    is($tab, 'WAIT', 'the tab');
    unlike($said, qr/^OKfleet/m, 'and not that all is well');

    $fleet->start;
    soon($_, qr/^OKfleet/m, 'it is back') for @hosts;
};


$t->canary(redis => $t->secret('redis'));
$t->allow(qr/\[error\].*(?:is away|no news from|none of the keys opens)/);
$t->finish;
