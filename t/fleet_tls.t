#!/usr/bin/perl

# zoom_store rediss://: who it is believed to be, and what the log says of those
# who are not.

use strict;
use warnings;

use FindBin;
use Test::More;

use Zoom::Fleet;
use Zoom::Process qw(spawn stop free_ports port_is_open slurp);
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;
plan skip_all => Zoom::Fleet->lacks_tls if Zoom::Fleet->lacks_tls;

my $t = Zoom::Test->new;
my $dir = $t->dir . '/tls';
my $n = 1;

$t->zoom->control({ bots => 400 });

# One authority for each directory.
sub certificates {
    my ($dir, $names) = @_;

    mkdir $dir, 0755;
    system("$FindBin::Bin/sandbox/certificates", $dir, $names) == 0
        or die "certificates: $?\n";

    return $dir;
}


certificates($dir, 'DNS:localhost,IP:127.0.0.1');
certificates("$dir/other", 'DNS:localhost,IP:127.0.0.1');
certificates("$dir/names", 'DNS:elsewhere.example,IP:127.0.0.2');


my %port;

# A Redis with a TLS port beside its own.
sub redis {
    my ($name, $dir, @more) = @_;

    ($port{$name}) = free_ports(1);

    my $redis = Zoom::Fleet->new($t, name => $name, arguments => [
        '--tls-port', $port{$name}, '--tls-cert-file', "$dir/server.pem",
        '--tls-key-file', "$dir/server.key", '--tls-ca-cert-file',
        "$dir/ca.pem", '--tls-auth-clients', 'no', @more]);

    wait_for(sub { port_is_open($port{$name}) }, 10, 'its TLS port');

    return $redis;
}


my $fleet = redis('right', $dir);
my $misnamed = redis('misnamed', "$dir/names");

my $locations = <<'EOC';
        location = /user {
            zoom_authenticate  off;
            zoom_tokens        acme;
            zoom_user          $arg_user;
            zoom_allow_user    *;
        }
EOC


# A Redis on a machine that is busy may take its time for a handshake.
sub host {
    my ($url, @store) = @_;

    local $fleet->{url} = $url;

    return $fleet->host(locations => $locations, level => 'notice',
                        reuseport => 1, store => ['timeout=2s', @store]);
}


sub stranger {
    my ($nginx) = @_;

    return http_wait(http_start(port => $nginx->port, path => sprintf
        '/user?user=bot%04d@example.com', $n++));
}


# A host that goes on by itself, and says why.
sub alone {
    my ($name, $pattern, $url, @store) = @_;

    subtest $name => sub {
        $fleet->command('FLUSHALL');

        my $nginx = host($url, @store);

        is(stranger($nginx)->status, 200, 'callbacks go on');
        ok(wait_for(sub { $nginx->error_log =~ $pattern }, 15), 'the log')
            or diag $nginx->error_log;
        is($fleet->command('ZCARD', 'zoom:hosts'), 0, 'nothing came there');
        $t->over;
    };
}


my $ca = "trusted_certificate=$dir/ca.pem";

subtest 'by name and by address' => sub {
    my @hosts = (host("rediss://localhost:$port{right}/0", $ca),
                 host("rediss://127.0.0.1:$port{right}", $ca));

    ok(wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == 2 }, 15),
       'both are there') or diag map { $_->error_log } @hosts;

    my @bodies = map {
        http_wait(http_start(port => $_->port,
                             path => '/user?user=bot0301@example.com'))->body
    } @hosts;

    is($bodies[0], $bodies[1], 'and have one token');
    unlike($_->error_log, qr/is away/, 'no incident') for @hosts;

    my @calls = map { my $u = sprintf 'bot%04d', $_; map {
        http_start(port => $_->port, path => "/user?user=$u\@example.com")
    } @hosts } 200 .. 219;

    http_wait(@calls);
    is(scalar(grep { $_->status == 200 } @calls), 40, 'many at once')
        or diag map { $_->body } @calls;

    $fleet->stop_it;
    ok(wait_for(sub { 2 == grep { $_->error_log =~ /is away/ } @hosts }, 15),
       'lost');
    $fleet->start;
    ok(wait_for(sub { 2 == grep { $_->error_log =~ /is back after/ } @hosts },
                15), 'and back');

    $_->reload for @hosts;
    ok(wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == 2 }, 15),
       'after a reload as well');

    $t->over for @hosts;
};

alone('another authority',
      qr/is\ away:\ TLS\ certificate\ verify\ failed:\ .*:\ check
         \ "trusted_certificate="\ and\ the\ host/x,
      "rediss://localhost:$port{right}",
      "trusted_certificate=$dir/other/ca.pem");

alone('the system knows no such authority',
      qr/is away: TLS certificate verify failed/,
      "rediss://localhost:$port{right}");

alone('another name',
      qr/is away: TLS certificate verify failed: hostname mismatch: check/i,
      "rediss://localhost:$port{misnamed}",
      "trusted_certificate=$dir/names/ca.pem");

alone('another address',
      qr/is away: TLS certificate verify failed: IP address mismatch: check/i,
      "rediss://127.0.0.1:$port{misnamed}",
      "trusted_certificate=$dir/names/ca.pem");

alone('a port without TLS',
      qr/is\ away:\ (?:TLS\ handshake\ failed:\ .*:\ check\ that\ "zoom_store"
         \ names\ a\ port\ with\ TLS|no\ answer\ within)/x,
      'rediss://localhost:' . $fleet->port, $ca);

alone('a port with TLS, without it',
      qr/is away: (?:closed the connection|Server closed|Connection reset|no answer)/,
      "redis://127.0.0.1:$port{right}");

my $strict = redis('strict', $dir, '--tls-auth-clients', 'yes');

alone('a client certificate is asked for',
      qr/is away: TLS handshake failed: .*no client certificate is asked for/,
      "rediss://localhost:$port{strict}", $ca);


# What is sent before anybody says who he is.
SKIP: {
    eval { require IO::Socket::SSL; 1 }
        or skip 'IO::Socket::SSL is not installed', 1;

    subtest 'the name is sent' => sub {
        my ($port) = free_ports(1);
        my $sent = "$dir/sent";

        my $pid = spawn(name => 'tls', run => sub {
            local $SIG{PIPE} = 'IGNORE';

            my $server = IO::Socket::SSL->new(
                Listen => 8, LocalAddr => '127.0.0.1', LocalPort => $port,
                SSL_cert_file => "$dir/server.pem",
                SSL_key_file => "$dir/server.key", SSL_server => 1)
                or die "tls: $!\n";

            while (1) {
                my $client = $server->accept or next;

                open my $fh, '>>', $sent;
                print {$fh} ($client->get_servername // 'none'), "\n";
                close $fh;
                close $client;
            }
        });

        wait_for(sub { port_is_open($port) }, 10, 'a server');
        host("rediss://localhost:$port", $ca);
        ok(wait_for(sub { -e $sent && slurp($sent) =~ /^localhost$/m }, 15),
           'SNI');
        $t->over;
        host("rediss://127.0.0.1:$port", $ca);
        ok(wait_for(sub { slurp($sent) =~ /^(?:none)?$/m }, 15), 'no address')
            or diag slurp($sent);
        stop($pid, 'KILL');
        $t->over;
    };
}

$t->finish;
