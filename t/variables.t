#!/usr/bin/perl

# What the access log can tell.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$t->nginx(locations => <<'EOC');
        zoom_authenticate  attendee file:%{attendee} as=tenant;
        zoom_authenticate  arg=key file:%{arg};

        location = /zak {
            zoom_tokens  acme;
            zoom_user    bots@example.com;
        }

        location = /shared {
            zoom_tokens  acme;
            zoom_user    bots@t1.example;
        }

        location = /unknown {
            zoom_tokens  acme;
            zoom_user    nobody@example.com;
        }

        location = /plain {
            return 200 "caller=$zoom_caller error=$zoom_error\n";
        }
EOC

my $key = 'key=' . $t->secret('arg');
my $n = 0;


# The log line of one request: a mark in its query tells it from others.
sub line_of {
    my ($mark) = @_;

    return $t->logged(sub { ($_[0]{request} // '') =~ /mark=$mark\b/ });
}


subtest 'a callback' => sub {
    my $link = 'https://zoom.us/j/123456789?pwd=CANARYpasscode';

    $t->canary(passcode => 'CANARYpasscode');

    my $r = $t->attendee('/zak?mark=1', members => {
        meeting_url => qq("$link") });
    my $line = line_of(1);

    is($r->status, 200, 'answered');
    is($line->{zoom_caller}, 'tenant', 'zoom_caller');
    is($line->{zoom_scheme}, 'attendee', 'zoom_scheme');
    is($line->{zoom_user}, 'bots@example.com', 'zoom_user');
    is($line->{zoom_bot_id}, 'bot_AbCdEfGh12345678', 'zoom_bot_id');
    is($line->{zoom_meeting_id}, '123456789', 'zoom_meeting_id');
    like($line->{zoom_meeting_url}, qr{^https://zoom\.us/j/123456789\b},
         'zoom_meeting_url');
    is($line->{zoom_token_status}, 'MISS', 'zoom_token_status');
    like($line->{zoom_mint_time}, qr/^\d+\.\d{3}$/, 'zoom_mint_time');
    like($line->{zoom_tracking_id}, qr/WEB_[0-9a-f]+/, 'zoom_tracking_id');
    like($line->{zoom_error}, qr/^-?$/, 'zoom_error');
};


subtest 'from the store' => sub {
    is($t->get("/zak?$key&mark=2")->status, 200, 'answered');

    my $line = line_of(2);

    is($line->{zoom_token_status}, 'HIT', 'HIT');
    is($line->{zoom_user}, 'bots@example.com', 'zoom_user');
    like($line->{zoom_scheme}, qr/^arg/, 'zoom_scheme');
    like($line->{zoom_mint_time}, qr/^-?$/, 'no mint, no time');
};


subtest 'together' => sub {
    $zoom->control({ match => 'token', mode => 'delay', ms => 500 });
    http_wait(map {
        http_start(port => $t->port, path => "/shared?$key&mark=3")
    } 1 .. 10);
    $zoom->control({ clear => 1 });

    wait_for(sub {
        10 == grep { $_->{request} =~ /mark=3/ }
              $t->{nginx}[0]->access_log;
    }, 3, 'ten lines');

    my %n;

    $n{ $_->{zoom_token_status} }++
        for grep { $_->{request} =~ /mark=3/ } $t->{nginx}[0]->access_log;

    is($n{MISS}, 1, 'one has minted');
    is($n{SHARED}, 9, 'the others have shared');
};


subtest 'errors' => sub {
    my %error = (
        "/unknown?$key&mark=4"  => [502, 'user_unknown'],
        '/zak?mark=5'           => [401, 'unauthenticated'],
        '/zak?key=wrong&mark=6' => [401, 'unauthenticated'],
    );

    for my $path (sort keys %error) {
        my ($status, $error) = @{ $error{$path} };
        my ($mark) = $path =~ /mark=(\d)/;

        is($t->get($path)->status, $status, $error);
        is(line_of($mark)->{zoom_error}, $error, 'zoom_error');
    }

    $t->post("/zak?$key&mark=7", '{');
    is(line_of(7)->{zoom_error}, 'bad_callback', 'zoom_error');
    like(line_of(7)->{zoom_token_status}, qr/^-?$/, 'no token, no status');
};


subtest 'where the module is not' => sub {
    is($t->get('/plain')->body, "caller= error=\n", 'nothing is said');
};


$t->finish;
