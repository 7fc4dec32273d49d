#!/usr/bin/perl

# Who may call: shared secrets in an argument or a header, and off.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;

# Characters that have no place in a query unless encoded.
$t->canary(odd => 'CANARYodd', list => 'CANARYlist', encoded => 'CANARYodd%20a');

# No canary: it goes where no module can know it for a secret.
$t->secret_file('old', 'inherited-by-some');

$t->nginx(http => <<'EOC', locations => <<'EOC2');
    zoom_user          bots@example.com;
    zoom_authenticate  arg=key file:%{arg} as=inherited;
    zoom_authenticate  arg=old file:%{old};
EOC
        location = /arg {
            zoom_tokens        acme;
        }

        location = /header {
            zoom_tokens        acme;
            zoom_authenticate  header=X-Webhook-Secret file:%{header};
        }

        location = /list {
            zoom_tokens        acme;
            zoom_authenticate  header=X-Webhook-Secret
                               "literal:CANARYlist, 0123456789";
        }

        location = /odd {
            zoom_tokens        acme;
            zoom_authenticate  arg=key "literal:CANARYodd a%b&c=d/e";
        }

        location = /off {
            zoom_tokens        acme;
            zoom_authenticate  off;
        }

        location = /both {
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg}
                               header=X-Webhook-Secret file:%{header};
        }

        location = /deny {
            deny               all;
            zoom_tokens        acme;
            zoom_authenticate  off;
        }

        location = /outer {
            auth_request       /verdict;
            zoom_tokens        acme;
        }

        location = /verdict {
            if ($http_x_let = in) {
                return 204;
            }
            return 403;
        }
EOC2

my $arg = $t->secret('arg');
my $header = $t->secret('header');


sub is_in {
    my ($path, $headers, $name) = @_;
    my $r = $t->get($path, @$headers);

    is($r->status, 200, $name) or diag $r->body;
}


sub is_out {
    my ($path, $headers, $name) = @_;
    my $r = $t->get($path, @$headers);

    is($r->status . ' ' . ($r->json->{error} // $r->body),
       '401 unauthenticated', $name);
}


subtest 'arg' => sub {
    is_in("/arg?key=$arg", [], 'the secret');
    is_in("/arg?a=1&key=$arg&b=2", [], 'among others');

    is_out('/arg', [], 'nothing');
    is_out('/arg?key', [], 'no value');
    is_out('/arg?key=', [], 'an empty one');
    is_out("/arg?key=${arg}x", [], 'a longer one');
    is_out('/arg?key=' . substr($arg, 0, -1), [], 'a shorter one');
    is_out('/arg?key=' . lc $arg, [], 'another case');
    is_out('/arg?xkey=' . 'x' x length $arg, [], 'another name');
    is_out("/arg?key=$arg&key=$arg", [], 'twice');
    is_out("/arg?key=wrong&key=$arg", [], 'a wrong one first');
    is_out("/arg?key=$arg&key=wrong", [], 'a wrong one last');
    is_out('/arg', [key => $arg], 'in a header');
};


subtest 'encoding' => sub {
    my $encoded = 'CANARYodd%20a%25b%26c%3Dd%2fe';

    is_in("/odd?key=$encoded", [], 'decoded once');
    is_out('/odd?key=CANARYodd%2520a%2525b%2526c%253Dd%252fe', [],
           'not twice');
    is_in('/arg?key=%43' . substr($arg, 1), [], 'letters as well');
    is_out('/arg?key=%4' . substr($arg, 1), [], 'a broken escape');
};


subtest 'header' => sub {
    is_in('/header', ['X-Webhook-Secret' => $header], 'the secret');
    is_in('/header', ['x-webhook-secret' => $header], 'in lower case');
    is_out('/header', [], 'nothing');
    is_out('/header', ['X-Webhook-Secret' => ''], 'an empty one');
    is_out('/header', ['X-Webhook-Secret' => "${header}x"], 'a longer one');
    is_out('/header', ['X-Webhook-Secret' => $arg], 'another');
    is_out('/header?X-Webhook-Secret=x', [], 'in an argument');
};


# $http_ of such a header is the first in nginx 1.22, and a list from 1.23 on:
# no proof may read that.
subtest 'a header that comes twice' => sub {
    for my $name ('X-Webhook-Secret', 'x-webhook-SECRET') {
        my $twice = sub {
            return ['X-Webhook-Secret' => $_[0], $name => $_[1]];
        };

        is_out('/header', $twice->($header, $header), 'the same');
        is_out('/header', $twice->($header, 'wrong'), 'a wrong one last');
        is_out('/header', $twice->('wrong', $header), 'a wrong one first');
        is_out('/header', $twice->($header, ''), 'an empty one last');
        is_out('/header', $twice->('', $header), 'an empty one first');
        is_out('/list', $twice->('CANARYlist', '0123456789'),
               'two that make one');
    }

    is_in('/list', ['X-Webhook-Secret' => 'CANARYlist, 0123456789'],
          'which is the secret in one piece');
};


subtest 'both' => sub {
    my @right = ('X-Webhook-Secret' => $header);

    is_in("/both?key=$arg", [@right], 'both');
    is_out("/both?key=$arg", [], 'the argument alone');
    is_out('/both', [@right], 'the header alone');
};


subtest 'inheritance' => sub {
    is_in('/arg?old=inherited-by-some', [], 'both lines of the level above');
    is_out('/header?old=inherited-by-some', [],
           'a list replaces what it would inherit');
};


subtest 'off' => sub {
    is_in('/off', [], 'anybody');
};


subtest "nginx's own guards must agree" => sub {
    is($t->get('/deny')->status, 403, 'deny');
    is($t->get('/outer?key=x')->status, 403, 'auth_request');
    is_in("/outer?key=$arg", ['X-Let' => 'in'], 'with both');
    is_out('/outer', ['X-Let' => 'in'], 'auth_request alone is not enough');
};


subtest 'who it was' => sub {
    my $by = sub {
        my ($path) = @_;
        my $line = $t->logged(sub { $_[0]{request} =~ /^GET \Q$path\E/
                                    && $_[0]{status} == 200 });

        return "$line->{zoom_caller} $line->{zoom_scheme}";
    };

    like($by->('/arg?key='), qr/^inherited arg/, 'as=');
    like($by->('/header'), qr/^header\S* header/, 'else the scheme');
};


is($t->zoom->token_calls, 1, 'one mint');
$t->finish;
