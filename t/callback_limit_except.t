#!/usr/bin/perl

# Handlers inside "limit_except" and "if", which have a configuration of their
# own: nginx takes the handler of that one, for the methods it is about.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my @methods = qw(GET HEAD POST PUT DELETE OPTIONS PATCH PROPFIND MKCOL COPY
                 MOVE PROPPATCH LOCK UNLOCK);
my @handlers = (
    ['tokens', 'zoom_tokens acme;', { GET => 200, POST => 200 }],
    # without a meeting
    ['join',   'zoom_join acme;',   { GET => 400, POST => 200 }],
    ['health', 'zoom_health acme;', { GET => 200, HEAD => 200, POST => 200 }],
    ['status', 'zoom_status;',      { GET => 200, HEAD => 200 }],
    ['purge',  'zoom_purge acme;',  { POST => '200 or 503' }],
);

my $t = Zoom::Test->new;
my $locations = '';

for (@handlers) {
    my ($name, $line) = @$_;

    $locations .= <<"EOC" for qw(GET POST PUT);
        location = /$name-$_ {
            $line
            client_max_body_size 1k;

            limit_except $_ {
                allow 127.0.0.1;
                deny  all;
            }
        }

        location = /$name-$_-denied {
            $line

            limit_except $_ {
                deny all;
            }
        }
EOC

    $locations .= <<"EOC";
        location = /$name-plain {
            $line
        }

        location = /$name-if {
            $line

            if (\$request_method ~ .) {
                add_header X-If 1 always;
            }
        }
EOC
}

$t->nginx(account => { sdk_key    => 'file:%{client_id}',
                       sdk_secret => 'file:%{client_secret}' },
          locations => <<"EOC");
        zoom_user          bots\@example.com;
        zoom_authenticate  arg=key file:%{arg};
$locations
        location = /another {
            return 200 "another";
        }

        location = /other {
            zoom_tokens    acme;

            limit_except GET {
                proxy_pass http://\$server_addr:\$server_port/another;
            }
        }
EOC

my $key = 'key=' . $t->secret('arg');


sub ask {
    my ($method, $path, $body) = @_;

    return http(port => $t->port, method => $method, path => $path,
                body => $body // ($method eq 'POST' ? callback() : undef));
}


# A purge is refused that comes soon after another.
sub status {
    my $status = ask(@_)->status;

    return $_[1] =~ /purge/ && $status =~ /^(?:200|503)$/ ? '200 or 503'
                                                          : $status;
}


for (@handlers) {
    my ($name, undef, $good) = @$_;

    subtest $name => sub {
        for my $method (@methods) {
            my $want = $good->{$method} // 405;
            my $plain = ask($method, "/$name-plain?$key");

            is(status($method, "/$name-plain?$key"), $want,
               "$method by itself");

            for my $limit (qw(GET POST PUT)) {
                is(status($method, "/$name-$limit?$key"), $want,
                   "$method with limit_except $limit");
                is(ask($method, "/$name-$limit?$key")->header('Allow'),
                   $plain->header('Allow'), 'its Allow');
                is(status($method, "/$name-$limit"),
                   $want eq 405 ? 405 : 401, 'and without a proof');

                my $is_limited = $method ne $limit
                                 && "$method $limit" ne 'HEAD GET';

                is(status($method, "/$name-$limit-denied?$key"),
                   $is_limited ? 403 : $want, 'and where that denies');
            }

            is(status($method, "/$name-if?$key"), $want, "$method in an if");
        }
    };
}


subtest 'what it inherits' => sub {
    is(ask('POST', "/tokens-PUT?$key", callback() . ' ' x 1024)
           ->json->{error}, 'too_large', 'the ceiling of bodies');
    is(jwt_claims(ask('GET', "/tokens-POST?$key")->body)->{uid},
       'bots@example.com', 'the user');
    like(ask('POST', '/other')->body, qr/another/,
         'but not over another handler');
    is(ask('GET', "/other?$key")->status, 200, 'which has its methods only');
};


$t->finish;
