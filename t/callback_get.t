#!/usr/bin/perl

# What is answered, in which form, and how long it is good for.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;

$t->nginx(http => <<'EOC', locations => <<'EOC2');
    zoom_authenticate  arg=key file:%{arg};
    zoom_user          bots@example.com;
EOC
        location = /zak {
            zoom_tokens    acme;
        }

        location = /json {
            zoom_tokens    acme;
            zoom_response  json;
        }

        location = /text {
            zoom_tokens    acme;
            zoom_response  text;
        }

        location = /fresh {
            zoom_tokens    acme;
            zoom_user      bots@t1.example;
            zoom_reuse     0;
        }

        location = /ttl {
            zoom_tokens    acme;
            zoom_ttl       3h;
        }

        location = /short {
            zoom_tokens    acme;
            zoom_user      bots@t2.example;
            zoom_min_left  90m;
        }

        location = /id {
            zoom_tokens    acme;
            zoom_user      KDcuGIm1QgePTO8WbOqwIQ;
        }
EOC2

my $key = '?key=' . $t->secret('arg');
my $zoom = $t->zoom;


subtest 'GET' => sub {
    my $r = $t->get("/zak$key");

    is($r->status, 200, 'a status of 200') or diag $r->body;
    like($r->body, qr/\A[\w-]+\.[\w-]+\.[\w-]+\z/, 'a bare token, no newline');
    like($r->header('Content-Type'), qr{^text/plain\b}, 'text/plain');
    is($r->header('Cache-Control'), 'no-store', 'not to be stored');
    is($r->header('Content-Length'), length $r->body, 'its length');
    is(jwt_claims($r->body)->{uid}, 'bots@example.com', 'of the user');

    my $again = $t->get("/zak$key&bot_uuid=x&extra=%7B%7D");
    is($again->body, $r->body, 'and the same a moment later');
    is($zoom->token_calls, 1, 'for which Zoom was not asked');
};


subtest 'arguments that are none' => sub {
    my %bad = ('extra twice'  => 'extra=%7B%7D&extra=%7B%7D',
               'two bots'     => 'bot_id=a&bot_id=b',
               'two meetings' => 'meeting_id=123456789&meeting_id=987654321');

    for my $name (sort keys %bad) {
        my $r = $t->get("/zak$key&$bad{$name}");

        is($r->status . ' ' . ($r->json->{error} // ''), '400 bad_callback',
           $name);
    }
};


# They are optional, and no reason to refuse a token that needs none of them.
subtest 'arguments of no use' => sub {
    for my $arg ('extra=%7B%7D%zz', 'extra=x', 'extra=%5B1%5D', 'extra=null',
                 'bot_id=a%0Ab', 'bot_uuid=%', 'meeting_url=%zz',
                 'meeting_number=none')
    {
        my $r = $t->get("/zak$key&$arg");

        is($r->status, 200, $arg) or diag $r->body;
    }

    # one line a second is written, of many like it
    for (['extra=x', 'extra, which is no JSON'],
         ['extra=%5B1%5D', 'bot_metadata, which is no object'],
         ['bot_id=a%0Ab', 'bot_id, which has control characters'])
    {
        my ($arg, $told) = @$_;

        ok(wait_for(sub {
            $t->get("/zak$key&$arg");
            $t->{nginx}[-1]->error_log
                =~ /no use is made of the callback's $told/;
        }, 20), "told: $told");
    }
};


subtest 'POST' => sub {
    my $r = $t->post("/zak$key", callback());

    is($r->status, 200, 'a status of 200') or diag $r->body;
    is(jwt_claims($r->json->{zak_token})->{uid}, 'bots@example.com', 'JSON');
    ok(!exists $r->json->{zak}, 'in the form of Attendee');

    my $token = $r->json->{zak_token};

    $r = $t->post("/zak$key", '{"bot_id":"x"}');
    is($r->json->{zak_token}, $token, 'without callback_type');
    is($r->json->{zak}, $token, 'in the form of MeetStream as well');
};


subtest 'zoom_response' => sub {
    my $token = $t->get("/zak$key")->body;

    is($t->get("/json$key")->json->{zak_token}, $token, 'JSON for GET');
    like($t->get("/json$key")->header('Content-Type'),
         qr{^application/json\b}, 'its type');
    is($t->post("/text$key", callback())->body, $token, 'text for POST');
    like($t->post("/text$key", callback())->header('Content-Type'),
         qr{^text/plain\b}, 'its type');
};


subtest 'life' => sub {
    my $c = jwt_claims($t->get("/zak$key")->body);

    is($c->{exp} - $c->{iat}, 7200, 'two hours unless told otherwise');

    $c = jwt_claims($t->get("/ttl$key")->body);
    is($c->{exp} - $c->{iat}, 10_800, 'zoom_ttl is what Zoom is asked for');

    is(jwt_claims($t->get("/id$key")->body)->{uid}, 'KDcuGIm1QgePTO8WbOqwIQ',
       'a user by id');
};


subtest 'zoom_reuse 0' => sub {
    my $before = $zoom->token_calls;
    my %token = map { $t->get("/fresh$key")->body => 1 } 1 .. 3;

    is(scalar keys %token, 3, 'a token for each');
    is($zoom->token_calls - $before, 3, 'a mint for each');
};


subtest 'a token that dies early' => sub {
    my $before = $zoom->token_calls;

    $zoom->control({ zak => { exp => 3600 } });

    my @tokens = map { $t->get("/short$key") } 1 .. 2;

    is($_->status, 200, 'is handed out fresh') for @tokens;
    isnt($tokens[0]->body, $tokens[1]->body, 'but not from the store');
    is($zoom->token_calls - $before, 2, 'two mints');
};


$t->finish;
