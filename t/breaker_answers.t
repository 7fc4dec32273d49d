#!/usr/bin/perl

# Zoom answers, and the answer is of no use: wrong in size, in alphabet, in
# form; and what of its words comes into our log.

use strict;
use warnings;

use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use POSIX ();
use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $conf = <<'EOC';
        location = /x {
            zoom_tokens        acme;
            zoom_authenticate  off;
            zoom_user          $arg_user;
            zoom_allow_user    *;
            zoom_reuse         0;
            zoom_timeout       2s;
        }
EOC

$t->nginx(locations => $conf);

# Only these users are ever given a token; the others have none to fall back
# on.
my ($one, $other) = ('bots@t1.example', 'bots@t2.example');


sub ask {
    my ($user) = @_;

    return $t->get("/x?user=$user");
}


sub answer_zak {
    my ($claims, %headers) = @_;

    my $zak = join '.', map { encode_base64url($_) }
        '{"alg":"HS256"}', JSON::PP::encode_json($claims), 'signature';

    $zoom->control({ clear => 1 }, {
        match => 'token', mode => 'answer', status => 200,
        headers => \%headers, body => qq({"token":"$zak"}),
    });
}


sub http_time {
    my ($at) = @_;

    return POSIX::strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime $at);
}


# An nginx that has no access token yet.
sub cold {
    my ($run) = @_;

    $t->nginx(locations => $conf);
    $run->(ask($one));
    $t->over;
}


sub is_error {
    my ($r, $error, $name) = @_;

    $error = qr/^$error$/ if !ref $error;
    like($r->status . ' ' . ($r->json->{error} // ''), $error, $name);
    unlike($r->body, qr/Validation|longer supported|<html|X-Injected/,
           "$name: nothing of Zoom's");
}


subtest 'access tokens' => sub {
    $zoom->control({ oauth => { crlf => 1 } });

    cold(sub {
        is_error($_[0], '502 zoom_invalid', 'CR LF');
        ok(!$_[0]->header('X-Injected'), 'goes into no header of ours');
    });
    is($zoom->token_calls, 0, 'nor of Zoom');
    $zoom->control({ oauth => { crlf => undef } });

    # A number by the documents; a string does no harm.
    my %life = ('a string' => ['3599', 200], 'missing' => [undef, 200],
                'negative' => [-1, 502],     'zero'    => [0, 502]);

    for my $name (sort keys %life) {
        my ($value, $status) = @{ $life{$name} };

        $zoom->control({ oauth => { expires_in => $value } });
        cold(sub { is($_[0]->status, $status, "expires_in: $name") });
    }

    $zoom->control({ oauth => { expires_in => 3599 } });

    for my $scope ('long', 'missing') {
        $zoom->control({ oauth => { scope => $scope } });
        cold(sub { is($_[0]->status, 200, "scope: $scope") });
    }

    $zoom->control({ oauth => { scope => undef } });
};


subtest 'ZAKs by their length' => sub {
    $zoom->control({ zak => { bytes => 4096 } });
    is(length ask($one)->body, 4096, '4 KiB');
    is(length ask($one)->body, 4096, 'again');

    $zoom->control({ zak => { bytes => 5120 } });
    is_error(ask($other), '502 zoom_invalid', '5 KiB');
    $zoom->control({ zak => { bytes => undef } });
};


# Name => [body, what is to be said about it].  Where Zoom has failed or has
# refused in a way that nobody has seen, more than one answer is right.

my $invalid = qr/^502 zoom_invalid$/;
my $failed = qr/^502 zoom_(?:invalid|refused)$|^503 zoom_unavailable$/;

my %body = (
    'the retired type'   => ['{"token":"Token is no longer supported"}',
                             $invalid],
    'CR LF'              => ['{"token":"ey.ey.x\r\nX-Injected: yes"}',
                             $invalid],
    'four parts'         => ['{"token":"ey.ey.ey.ey"}', $invalid],
    'two parts'          => ['{"token":"ey.ey"}', $invalid],
    'an empty part'      => ['{"token":"ey..ey"}', $invalid],
    'markup'             => ['{"token":"<html.x.y"}', $invalid],
    'padding'            => ['{"token":"ey==.ey==.x="}', $invalid],
    'nothing'            => ['{"token":""}', $invalid],
    'a null'             => ['{"token":null}', $failed],
    'no string'          => ['{"token":["a.b.c"]}', $failed],
    'a 200 with a code'  => ['{"code":300,"message":"Validation Failed."}',
                             $failed],
    'two tokens'         => ['{"token":"a.b.c","token":"d.e.f"}', $failed],
    'no object'          => ['["a.b.c"]', $failed],
    'a deep one'         => ['[' x 5000, $failed],
    'half a surrogate'   => ['{"token":"a.b.c","x":"\ud800"}', $failed],
    'a body of 1 MB'     => ['{"token":"x.y.' . 'z' x 1_000_000 . '"}',
                             $failed],
);

# One user for each, and many at once: what is retried takes its time.
subtest 'ZAKs by their form' => sub {
    my @names = sort keys %body;
    my %user = map { ($names[$_] => sprintf 'bot%04d', $_ + 1) } 0 .. $#names;

    $zoom->control({ bots => scalar @names }, map {
        { match => 'token', mode => 'answer', path => $user{$_},
          body => $body{$_}[0] }
    } @names);

    # What is tried again may turn out to be an outage, in which nobody is
    # told more than that; so the others come first.
    my %call;

    for my $later (0, 1) {
        my @now = grep { ($body{$_}[1] eq $failed) == $later } @names;

        $call{$_} = http_start(port => $t->port,
                               path => "/x?user=$user{$_}\@example.com")
            for @now;
        http_wait(@call{@now});
    }

    $zoom->control({ clear => 1 });

    for my $name (@names) {
        is_error($call{$name}, $body{$name}[1], $name);
        ok(!$call{$name}->header('X-Injected'), "$name: no header");
    }
};


subtest 'a ZAK that is dead already' => sub {
    my $nginx = $t->nginx(locations => $conf);

    $zoom->control({ zak => { exp => 0 } });
    is_error(ask($other), $failed, 'is no answer');
    $zoom->control({ zak => { exp => undef } });

    like($nginx->error_log, qr/"ZAK expired at birth"/, 'and named in the log');
    $t->over;

    # Whatever its other claims say.
    my %dead = ('long dead'       => { iat => time - 7260, exp => time - 60 },
                'without iat'     => { exp => time - 60 },
                'before time'     => { exp => -5 },
                'from other times' => { iat => 1000, exp => 4600 });

    for my $name (sort keys %dead) {
        $nginx = $t->nginx(locations => $conf);

        answer_zak($dead{$name});
        is_error(ask($other), $failed, $name);
        $zoom->control({ clear => 1 });

        like($nginx->error_log, qr/"ZAK expired at birth"/, "$name: named");
        $t->over;
    }
};


# By a clock of Zoom's, or of a proxy's, that is mad.
subtest 'a Date that is off' => sub {
    for my $days (-400, -2, 2, 400) {
        my $nginx = $t->nginx(locations => $conf);
        my $where = $days > 0 ? 'ahead of' : 'behind';

        answer_zak({ iat => time, exp => time + 7200 },
                   Date => http_time(time + $days * 86400));
        is(ask($_)->status, 200, "by $days days kills no ZAK") for $one, $other;
        $zoom->control({ clear => 1 });

        my $off = "the Date of an answer is \\d+ s $where this machine";
        my @lines = $nginx->error_log =~ /\[error\].*$off.*/g;

        is(scalar @lines, 1, 'the log says so, once');

        $t->over;
    }
};


subtest 'a redirect' => sub {
    $zoom->control({ match => 'token', mode => 'answer', status => 302,
                     headers => { Location => $zoom->api_url . '/else' } });
    cmp_ok(ask($other)->status, '>=', 502, 'is no answer');
    is($zoom->count(qw(endpoints unknown calls)), 0, 'and is not followed');
    $zoom->control({ clear => 1 });
};


subtest 'the words of Zoom in our log' => sub {
    my $token = join '.', map { $_ x 40 } qw(LEAK eyJK Leak);
    my $nginx = $t->nginx(locations => $conf);

    $zoom->control({ match => 'token', mode => 'answer', status => 400,
                     body => '{"code":9999,"message":"\r\nINJECTED \u001b[0m '
                             . "$token " . 'long ' x 200 . 'END"}' });
    is_error(ask($other), '502 zoom_refused', 'an unknown code');
    $zoom->control({ clear => 1 });

    my $log = $nginx->error_log;

    like($log, qr/9999/, "Zoom's code");
    like($log, qr/INJECTED/, 'its message');
    unlike($log, qr/^INJECTED/m, 'on our line');
    unlike($log, qr/\e/, 'without controls');
    unlike($log, qr/LEAKLEAKLEAKLEAKLEAKLEAK/, 'tokens blanked');
    unlike($log, qr/END/, 'cut');
    like($log, qr/WEB_[0-9a-f]{8}/, 'its tracking id');

    $t->over;
};


$t->finish;
