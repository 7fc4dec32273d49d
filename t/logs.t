#!/usr/bin/perl

# No secret and no token in any log, for each scheme, over HTTP/1.1 and HTTP/2,
# right or wrong, at info and at debug.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

# What people get wrong is as often another's secret as nonsense.
$t->canary(wrong => 'CANARYwrong', passcode => 'CANARYpasscode');

my $locations = <<'EOC';
        zoom_user bots@example.com;

        location = /attendee {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee};
        }

        location = /arg {
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /header {
            zoom_tokens        acme;
            zoom_authenticate  header=X-Secret file:%{header};
        }

        location = /all {
            zoom_tokens        acme;
            zoom_authenticate  attendee file:%{attendee};
            zoom_authenticate  arg=key file:%{arg}
                               header=X-Secret file:%{header};
        }

        location = /unknown {
            zoom_tokens        acme;
            zoom_user          nobody@example.com;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /page {
            error_page         401 502 =200 /sorry;
            zoom_tokens        acme;
            zoom_user          nobody@example.com;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /rewritten {
            rewrite            ^ /arg last;
        }

        location = /more {
            rewrite            ^ /arg?more=here last;
        }

        location = /sorry {
            return 200 "sorry $args\n";
        }

        location = /health {
            zoom_health        acme;
            zoom_authenticate  arg=key file:%{arg};
        }
EOC

my ($arg, $header) = ($t->secret('arg'), $t->secret('header'));
my $body = callback(meeting_url =>
                    '"https://zoom.us/j/123456789?pwd=CANARYpasscode"');
my @signature = ('X-Webhook-Signature' => sign($t->secret('attendee'), $body));
my @encoded = map { sprintf '%%%02x', ord } split //, $arg;

# name, status, path, headers, body, method
my @requests = (
    ['attendee',          200, '/attendee', [@signature], $body],
    ['attendee, wrong',   401, '/attendee',
     ['X-Webhook-Signature' => 'CANARYwrong'], $body],
    ['arg',               200, "/arg?key=$arg", []],
    ['arg among others',  200, "/arg?a=b&key=$arg&c=d", []],
    ['arg, POST',         200, "/arg?key=$arg", [], $body],
    ['arg, wrong',        401, '/arg?key=CANARYwrong', []],
    ['arg, half right',   401, "/arg?key=${arg}x", []],
    ['arg, twice',        401, "/arg?key=$arg&key=$arg", []],
    ['arg, encoded',      200, '/arg?key=' . join('', @encoded), []],
    ['arg, bad body',     400, "/arg?key=$arg", [], '{'],
    ['arg, rewritten',    200, "/rewritten?key=$arg", []],
    ['arg, rewritten with more', 200, "/more?key=$arg", []],
    ['arg, twice, encoded', 401, "/arg?key=$arg&key=" . join('', @encoded),
     []],
    ['arg, odd query',    200, "/arg?&&&key=$arg&", []],
    ['header',            200, '/header', ['X-Secret' => $header]],
    ['header, wrong',     401, '/header', ['X-Secret' => 'CANARYwrong']],
    ['header, half right', 401, '/header', ['X-Secret' => "${header}x"]],
    ['all, attendee',     200, '/all', [@signature], $body],
    ['all, both',         200, "/all?key=$arg", ['X-Secret' => $header]],
    ['all, arg alone',    401, "/all?key=$arg", []],
    ['all, header alone', 401, '/all', ['X-Secret' => $header]],
    ['an error later',    502, "/unknown?key=$arg", []],
    ['error_page',        200, "/page?key=$arg", []],
    ['error_page, wrong', 200, '/page?key=CANARYwrong', []],
    ['health',            200, "/health?key=$arg", []],
);

# Refused before the proof was looked at.
my @early = (
    ['arg, method',  405, "/arg?key=$arg", [], undef, 'PUT'],
    ['arg, HEAD',    405, "/arg?key=$arg", [], undef, 'HEAD'],
    ['arg, length',  413, "/arg?key=$arg", [], 'x' x 70_000],
);


sub run {
    my ($nginx, $client, @requests) = @_;

    for (@requests) {
        my ($name, $status, $path, $headers, $sent, $method) = @$_;
        my $send = $client == 2 ? \&http2 : \&http;
        my $port = $client == 2 ? $nginx->port2 : $nginx->port;

        my $r = $send->(port => $port, path => $path, headers => [@$headers],
                        defined $sent ? (body => $sent) : (),
                        $method ? (method => $method) : ());

        # curl may take the reset behind a 413 for an error.
        is($r->status, $status, $name) or diag $r->body
            unless $client == 2 && $status == 413;

        unlike($r->body, qr/CANARY(?!token)|\Q$encoded[0]$encoded[1]/,
               "$name: nor in the answer") if $status != 200;
    }
}


# Where canaries sing, with the encoded form of the argument's.
sub sings {
    my (@files) = @_;

    $t->canary(encoded => join '', @encoded[0 .. 9]);
    return join "\n", $t->leaks(@files);
}


sub over {
    my ($nginx) = @_;

    pop @{ $t->{nginx} };
    ok($nginx->quit, 'nginx ends gracefully');
    return map { $nginx->dir . "/$_" } qw(error.log access.log output);
}


# What only HTTP/1 can say.
my @forms = (
    "GET http://localhost/arg?key=$arg HTTP/1.1\r\nHost: localhost",
    "GET /arg?key=$arg#here HTTP/1.1\r\nHost: localhost",
    "GET /arg?key=$arg HTTP/1.0",
    "GET //arg?key=$arg HTTP/1.1\r\nHost: localhost",
    "GET /x/../arg?key=$arg HTTP/1.1\r\nHost: localhost",
    "GET /%61rg?key=$arg HTTP/1.1\r\nHost: localhost",
);

subtest 'other forms of a request' => sub {
    my $nginx = $t->nginx(locations => $locations);

    for my $form (@forms) {
        my $r = http(port => $nginx->port,
                     bytes => "$form\r\nConnection: close\r\n\r\n");

        (my $name = $form) =~ s/\Q$arg\E/.../;
        is($r->status, 200, 'form ' . $name =~ s/\r.*//sr);
    }

    is(sings(over($nginx)), '', 'no log has a secret');
};


# A fresh token each time; the token's own way through the logs counts, too.
for my $client (1, 2) {
    subtest "at info, HTTP/$client" => sub {
        $zoom->control({ revoke => 1 });

        my $nginx = $t->nginx(locations => $locations);

        run($nginx, $client, @requests);
        is(sings(over($nginx)), '', 'no log has a secret');
    };

    subtest "at info, refused early, HTTP/$client" => sub {
        my $nginx = $t->nginx(locations => $locations);

        run($nginx, $client, @early);
        is(sings(over($nginx)), '', 'no log has a secret');
    };
}


subtest 'lines of the error log that quote a request' => sub {
    my $nginx = $t->nginx(locations => $locations);

    $zoom->control({ match => 'token', mode => 'hang', ms => 1000 });

    # Clients that leave, and bodies that never come.
    my $call = http_start(port => $t->port, path => "/arg?key=$arg");

    wait_for(sub { $zoom->count(qw(concurrency token now)) }, 3, 'a call');
    $call->abort;
    http_start(port => $t->port, bytes => "POST /arg?key=$arg HTTP/1.1\r\n"
               . "Host: x\r\nContent-Length: 100\r\n\r\n{")->abort;
    $zoom->control({ clear => 1 });
    is($t->get("/arg?key=$arg")->status, 200, 'nginx goes on');
    is(sings(over($nginx)), '', 'no log has a secret');
};


# At debug nginx dumps what callers sent before any module runs.  These are
# its words for it; all other lines are ours to keep clean.
my $dump = qr/ \]\ [\d#]+:\ \*\d+\ (?:
      http2?\ request\ line:\ "
    | http\ (?:uri|args|exten|header):\ "
    | http2\ (?:header|table\ add):\ "
  )/x;

sub without_dumps {
    my ($nginx) = @_;
    my $file = $nginx->dir . '/debug';

    spew($file, join "\n", grep { !/$dump/ } split /\n/,
         slurp($nginx->dir . '/error.log'));

    return $file;
}


for my $client (1, 2) {
    subtest "at debug, HTTP/$client" => sub {
        $zoom->control({ revoke => 1 });

        my $nginx = $t->nginx(locations => $locations, level => 'debug');

        # Of a rewrite nginx also tells before the module has its turn.
        run($nginx, $client, grep { $_->[0] !~ /rewritten/ } @requests);

        my (undef, @others) = over($nginx);

        is(sings(without_dumps($nginx), @others), '',
           'only what nginx itself has dumped');

        like(slurp($nginx->dir . '/error.log'), qr/\[debug\]/,
             'it was at debug, indeed');
        is(sings($nginx->dir . '/error.log') =~ /token|signature of/ ? 1 : 0,
           0, 'and no token even there');
    };
}


$t->finish;
