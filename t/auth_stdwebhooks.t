#!/usr/bin/perl

# Standard Webhooks: the signature in every spelling, right and wrong, and one
# id for one request.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;

# Of the vector, which is public; the key is not long enough for some.
$t->secret_file('vector', 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=');
($t->secret('webhooks') =~ /^whsec_(.*)/)
    and $t->secret_file('bare', $1);

$t->nginx(http => <<'EOC', locations => <<'EOC2');
    zoom_user  bots@example.com;
EOC
        location = /zak {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks} as=recall;
        }

        location = /bare {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{bare};
        }

        location = /vector {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{vector};
        }

        location = /rotation {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks}  as=recall;
            zoom_authenticate  standard_webhooks file:%{webhooks2} as=recall;
        }

        location = /both {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks}
                               arg=key file:%{arg};
        }

        location = /either {
            zoom_tokens        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks};
            zoom_authenticate  attendee file:%{attendee};
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /health {
            zoom_health        acme;
            zoom_authenticate  standard_webhooks file:%{webhooks};
        }

        location = /purge {
            zoom_purge         acme;
            zoom_authenticate  standard_webhooks file:%{webhooks};
        }
EOC2

my $secret = $t->secret('webhooks');
my $wrong = $t->secret('webhooks2');
my $key = '?key=' . $t->secret('arg');


sub verdict {
    my ($r) = @_;

    return $r->status if $r->status == 200;
    return $r->status . ' ' . ($r->json->{error} // $r->body);
}


sub is_in {
    my ($path, $headers, $name) = @_;

    is(verdict($t->get($path, @$headers)), 200, $name);
}


sub is_out {
    my ($path, $headers, $name) = @_;

    is(verdict($t->get($path, @$headers)), '401 unauthenticated', $name);
}


# As a list of pairs, with some of them changed: undef drops one.
sub changed {
    my ($pairs, %o) = @_;
    my %header = (@$pairs, %o);

    return [map { ($_ => $header{$_}) }
            grep { defined $header{$_} } sort keys %header];
}


subtest 'GET' => sub {
    my $r = $t->get('/zak', webhook($secret));

    is($r->status, 200, 'a status of 200') or diag $r->body;
    like($r->body, qr/\A[\w-]+\.[\w-]+\.[\w-]+\z/, 'a bare token');
    is(jwt_claims($r->body)->{uid}, 'bots@example.com', 'of the user');

    my $line = $t->logged(sub { $_[0]{uri} eq '/zak' });

    is("$line->{zoom_caller} $line->{zoom_scheme}",
       'recall standard_webhooks', 'who it was');

    is_in('/bare', [webhook($secret)], 'a secret without its prefix');
    is_in('/zak', [webhook($secret, prefix => 'svix')], 'the older names');
    is_in('/zak', [webhook($secret, prefix => 'Webhook')], 'another case');
    is_in('/zak?bot=1&type=zak', [webhook($secret)], 'any query');
    is_out('/zak', [], 'nothing');
    is_out('/zak', [webhook($wrong)], 'another secret');
    is_out('/zak', [webhook($secret, body => '{}')], 'the signature of a body');
    is_out($_, [webhook($secret, body => "bots\@example.com")], "$_, too")
        for '/zak?bots@example.com';
};


subtest 'POST' => sub {
    my $body = qq({"bot_id" : "1", "caf\xc3\xa9": "\\u00e9" }\r\n);
    my $post = sub {
        my ($name, $want, $text, @headers) = @_;

        is(verdict($t->post('/zak', $text, @headers)), $want, $name);
    };
    my @right = webhook($secret, body => $body);

    $post->('the raw body', 200, $body, @right);
    $post->('an empty signature', '401 unauthenticated', $body,
            webhook($secret));
    (my $other = $body) =~ s/ //;
    $post->('other white space', '401 unauthenticated', $other,
            webhook($secret, body => $body));
    $post->('not JSON, rightly signed', '400 bad_callback', '{',
            webhook($secret, body => '{'));
    $post->('not JSON, wrongly signed', '401 unauthenticated', '{',
            webhook($wrong, body => '{'));

    my @large = (webhook($secret, body => 'x' x 65_536));

    $post->('too large', '413 too_large', 'x' x 65_536, @large);

    my $long = '{"a":"' . 'x' x 60_000 . '"}';

    $post->('large, in pieces', 200, $long, webhook($secret, body => $long));
    is(verdict(http(port => $t->port, path => '/zak', body => $body,
                    chunked => 3,
                    headers => [webhook($secret, body => $body)])), 200,
       'in chunks');
};


subtest 'several signatures' => sub {
    my $with = sub {
        my ($list) = @_;
        my ($id, $time) = ('msg_' . rand, time);

        $id =~ s/\D//g;
        $list =~ s/RIGHT/webhook_signature($secret, $id, $time, '')/e;
        $list =~ s/WRONG/webhook_signature($wrong, $id, $time, '')/e;

        return [webhook($secret, id => $id, timestamp => $time,
                        signature => $list)];
    };

    is_in('/zak', $with->('RIGHT WRONG'), 'the first');
    is_in('/zak', $with->('WRONG RIGHT'), 'the last');
    is_in('/zak', $with->('v1a,abc v2,xyz RIGHT'), 'among other versions');
    is_in('/zak', $with->('x ' x 15 . 'RIGHT'), 'the sixteenth');
    is_out('/zak', $with->('x ' x 16 . 'RIGHT'), 'the seventeenth');
    is_out('/zak', $with->('WRONG'), 'none');
    is_out('/zak', $with->('RIGHT,WRONG'), 'with commas');
    is_in('/rotation', $with->('RIGHT WRONG'), 'two for two lines');
    is_in('/rotation', $with->('WRONG'), 'the newer alone');
};


subtest 'the window' => sub {
    is_in('/zak', [webhook($secret, age => $_)], "$_ s old")
        for 0, 290, -290;
    is_out('/zak', [webhook($secret, age => $_)], "$_ s old")
        for 302, -302, 3600, -86_400;
    is_out('/zak', [webhook($secret, timestamp => $_)], "a time of \"$_\"")
        for '', 'now', time . '.0', '+' . time, '-1', '1e9', 1000 * time,
            '0x' . sprintf '%x', time;

    is_out('/vector', [webhook('', id => 'msg_loFOjxBNrRLzqYUf',
                               timestamp => 1731705121, signature =>
                'v1,dwOsQjncT4y+pcAZDfXJBUHnZ0KY+xhpYzXAW5373C4=')],
           'the vector, which is of 2024');
    is_in('/vector', [webhook($t->secret('vector'))], 'its secret today');

    my ($line) = grep { /the webhook is too old/ }
                 split /\n/, $t->{nginx}[-1]->error_log;

    ok($line, 'the log says so');
    like($line, qr/for a webhook the clocks/, 'and where to look');
};


subtest 'ids' => sub {
    is_in('/zak', [webhook($secret, id => $_)], $_)
        for 'x' x 128, 'a', 'evt:1+2/3=~@4', 'A-b_c' . rand =~ s/\D//gr;
    is_out('/zak', [webhook($secret, id => $_)], "\"$_\"")
        for '', 'a.b', 'a b', 'x' x 129, "caf\xc3\xa9", 'a"b', 'a,b', '..';

    # The id takes what was the timestamp, and that what was the body.
    my ($id, $time) = ('msg_moved', time);
    my $signature = webhook_signature($secret, "$id.$time", $time, '');

    is_out('/zak', [webhook($secret, id => "$id.$time", timestamp => $time,
                            signature => $signature)], 'moved dots');
};


subtest 'headers that do not fit together' => sub {
    my @names = qw(webhook-id webhook-timestamp webhook-signature);
    my $ok = sub { [webhook($secret)] };

    is_out('/zak', changed($ok->(), $_ => undef), "no $_") for @names;
    is_out('/zak', changed($ok->(), $_ => ''), "an empty $_") for @names;

    for my $name (@names) {
        my @pairs = webhook($secret);
        my %value = @pairs;

        is_out('/zak', [@pairs, $name => $value{$name}], "$name twice");
        is_out('/zak', [$name => 'x', @pairs], "another $name first");
        is_out("/either$key", [@pairs, ucfirst $name => $value{$name}],
               "$name twice, whatever else holds");
    }

    my %w = webhook($secret, id => 'mix');
    my %s = webhook($secret, id => 'mix', prefix => 'svix');

    is_out('/zak', [%w, %s], 'both sets');
    is_out('/zak', [%w, 'svix-id' => 'mix'], 'one and a header of the other');
    is_out('/zak', ['svix-id' => 'mix', 'webhook-timestamp' => time,
                    'svix-signature' => $s{'svix-signature'}], 'a mixture');
    is_out("/either$key", [%w, %s], 'both sets, whatever else holds');
    is_in("/either$key", ['webhook-id' => 'x'], 'a piece harms no other line');
};


subtest 'with other proofs' => sub {
    is_in("/both$key", [webhook($secret)], 'both');
    is_out('/both', [webhook($secret)], 'the webhook alone');
    is_out("/both$key", [], 'the key alone');
    is_out("/both$key", [webhook($wrong)], 'a wrong webhook');

    is_in('/either', [webhook($secret)], 'the webhook of three lines');
    is_in("/either$key", [], 'the key');
    is_in("/either$key", [webhook($wrong)], 'the key and a wrong webhook');
    is($t->attendee('/either')->status, 200, "Attendee's");
    is($t->attendee('/either', headers => [webhook($wrong)])->status, 200,
       "Attendee's and a wrong webhook");
};


subtest 'other handlers' => sub {
    is_in('/health', [webhook($secret)], 'health');
    is_out('/health', [webhook($wrong)], 'with a wrong one');

    my @json = ('Content-Type' => 'application/json');
    my $purge = sub {
        return verdict(http(port => $t->port, path => '/purge', method =>
                            'POST', headers => [@json, @_]));
    };

    is($purge->(webhook($wrong)), '401 unauthenticated', 'a wrong purge');
    is($purge->(webhook($secret)), 200, 'a purge');
};


$t->finish;
