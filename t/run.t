#!/usr/bin/perl

# What a newcomer meets: t/sandbox/run, behind "make run".

use strict;
use warnings;

use FindBin;
use Test::More;
use Time::HiRes qw(sleep);

use Zoom::Process qw(spawn stop alive ended free_ports port_is_open scratch
                     discard);
use Zoom::Sandbox;
use Zoom::Test;

plan skip_all => 'a sanitizer would have to be preloaded' if $ENV{ZOOM_ASAN};

my $run = "$FindBin::Bin/sandbox/run";
my $dir = scratch('run-test');
my @variables = qw(ZOOM_ACCOUNT_ID ZOOM_CLIENT_ID ZOOM_CLIENT_SECRET
                   ZOOM_USER);

delete @ENV{@variables};

# Everything of a run goes here, so that leftovers show.
chmod 0777, $dir;
mkdir "$dir/tmp", 0777;
chmod 0777, "$dir/tmp";
$ENV{TMPDIR} = "$dir/tmp";


sub start {
    my ($env, @argv) = @_;

    unlink "$dir/output";
    return spawn(name => 'run', output => "$dir/output", env => $env,
                 argv => [@argv]);
}


sub output { return slurp("$dir/output") }


sub finished {
    my ($pid) = @_;

    wait_for(sub { !alive($pid) }, 15, 'the end of a run');
    return ended($pid) >> 8;
}


sub leftovers {
    my @left = glob "$dir/tmp/zoom-run-*";

    return "@left";
}


# Nothing that is in one of the run's secret files.
sub tells_secrets {
    my ($text) = @_;
    my ($run_dir) = glob "$dir/tmp/zoom-run-*";

    return grep {
        my $secret = slurp("$run_dir/$_");

        chomp $secret;
        $secret ne '' && index($text, $secret) >= 0;
    } qw(client_secret attendee key sdk_secret users_secret store_key admin);
}


# What a browser does whose user is sent to Zoom and agrees: two statuses.
sub connected {
    my ($port) = @_;
    my $r = http(port => $port, path => '/connect');
    my ($cookie) = $r->header('set-cookie') =~ /^([^;]+)/;
    my ($zoom) = $r->header('location') =~ /:(\d+)/;
    my $back = Zoom::Sandbox::consent({ plain => $zoom },
                                      $r->header('location'));

    $back =~ s{^http://[^/]+}{};
    return ($r->status, http(port => $port, path => $back,
                             headers => [Cookie => $cookie])->status);
}


subtest 'once' => sub {
    my ($port) = free_ports(1);

    is(finished(start({ PORT => $port }, $run, '--once')), 0, 'exit 0')
        or diag output();
    like(output(), qr/HTTP 200\s+\{"zak_token":"eyJ\S{10,40}\.\.\."\}/,
         'a token, shortened');
    is(leftovers(), '', 'nothing is left behind');
    ok(!port_is_open($port), 'nor running');
};


subtest 'until Ctrl-C' => sub {
    my ($port) = free_ports(1);
    my $pid = start({ PORT => $port }, $run);

    wait_for(sub { output() =~ /Ctrl-C/ || !alive($pid) }, 15);

    my $body = '{"bot_id": "bot_AbCdEfGh12345678", "bot_metadata": null, '
               . '"callback_type": "zoom_tokens", '
               . '"meeting_url": "https://zoom.us/j/123456789?pwd=abc"}';
    my $r = http(port => $port, path => '/zoom-tokens', body => $body,
                 headers => ['Content-Type' => 'application/json',
                     'X-Webhook-Signature' =>
                         'ScwQNV6PIsTIVxIy2hdBN1YgT8Qqg2mxvHwPG6mb0KI=']);

    is($r->status, 200, 'the request of the documentation');
    is(jwt_claims($r->json->{zak_token})->{uid}, 'bots@example.com',
       'gets a ZAK');

    my ($curl) = output() =~ /^    (curl -K \S+)$/m;
    is(jwt_claims(`$curl -s`)->{uid}, 'bots@example.com', 'the GET it names');

    my ($callback) = output() =~ m{^    (\S+/callback .*)$}m;
    like(`$callback`, qr/^HTTP 200/, 'the callback it names');

    is(http(port => $port, path => '/zak')->status, 401, 'without its key');
    is(http(port => $port, path => '/health')->status, 200, 'its health');

    my $index = http(port => $port, path => '/');

    is($index->status, 200, 'its first page');

    my @links = $index->body =~ m{href="(/[^"]*)"}g;

    cmp_ok(@links, '>=', 6, 'leads on');
    isnt(http(port => $port, path => $_)->status, 404, "to $_") for @links;
    is(http(port => $port, path => '/status')->json->{accounts}{acme}
           {callbacks}{miss}, 1, 'its status');

    my ($page) = output() =~ m{^    http://127\.0\.0\.1:$port(/join/)$}m;
    like(http(port => $port, path => $page)->body, qr/ZoomMtg/,
         'the page that joins');
    is(jwt_claims(http(port => $port, path => '/join-kit',
                       body => '{"meeting_number":123456789}')->json->{zak})
           ->{uid}, 'bots@example.com', 'and what it asks for');

    is(join(' ', connected($port)), '302 200', 'a user connects');

    my ($others) = output() =~ m{^    (\S+/callback \S+ /on-behalf .*)$}m;
    like(`$others`, qr/^HTTP 200\n.*"onbehalf_token":"eyJ/,
         'the callback that gets an OBF token then');

    my ($control) = output() =~ m{127\.0\.0\.1:(\d+)/ in a browser};
    like(http(port => $control, path => '/')->body, qr/stand-in/,
         'the page of the stand-in');

    is(join(' ', tells_secrets(output())), '', 'no secret was printed');

    my ($run_dir) = glob "$dir/tmp/zoom-run-*";
    my @open = grep { (stat "$run_dir/$_")[2] & 077 }
               qw(client_secret attendee key sdk_secret users_secret store_key
                  admin zak.curl nginx.conf);
    is("@open", '', 'nor can others read one');

    kill 'INT', $pid;
    is(finished($pid), 0, 'Ctrl-C ends it');
    is(leftovers(), '', 'nothing is left behind');
    ok(!port_is_open($port) && !port_is_open($control), 'nor running');
};


subtest 'what can go wrong' => sub {
    my $sock = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
    my $taken = $sock->sockport;

    isnt(finished(start({ PORT => $taken }, $run, '--once')), 0,
         'a port that is taken');
    like(output(), qr/port $taken is taken.*PORT=/, 'and what to do');

    isnt(finished(start({ ZOOM_ACCOUNT_ID => 'x' }, $run, '--once')), 0,
         'half of the settings for Zoom itself');
    like(output(), qr/ZOOM_CLIENT_ID ZOOM_CLIENT_SECRET ZOOM_USER/,
         'and which are missing');
    is(leftovers(), '', 'nothing is left behind');
};


subtest 'as somebody else' => sub {
    plan skip_all => 'only root can be somebody else' if $> != 0;

    my @as = qw(setpriv --reuid=65534 --regid=65534 --clear-groups);

    plan skip_all => 'nobody else may read this directory'
        if finished(start({}, @as, 'cat', $run, Zoom::Nginx::module()));

    my ($port) = free_ports(1);
    my $pid = start({ PORT => $port, HOME => '/' }, @as, $run, '--once');

    is(finished($pid), 0, 'exit 0') or diag output();
    like(output(), qr/HTTP 200/, 'a token');
};


discard($dir);
done_testing();
