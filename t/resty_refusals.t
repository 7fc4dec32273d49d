#!/usr/bin/perl

# Whom a script of lua-nginx-module lets down is told and counted as whom a
# directive does; one proof of several that does not hold is not.

use strict;
use warnings;

use Test::More;

use Zoom::Resty;
use Zoom::Test;

plan skip_all => resty_missing() if resty_missing();

my $t = Zoom::Test->new;

my $nginx = $t->nginx(
    level     => 'error',
    main      => resty_main(),
    http      => resty_http() . <<'EOC',
    init_by_lua_block {
        local read = require("handler").secret

        secrets = { arg = read("%{arg}"), header = read("%{header}") }
    }
EOC
    locations => <<'EOC');
        location = /lua {
            content_by_lua_block {
                require("handler").run{
                    { scheme = "arg=key", secret = secrets.arg, as = "url" },
                    { scheme = "header=X-Key", secret = secrets.header,
                      as = "bots" },
                }
            }
        }

        location = /own {
            zoom_authenticate  header=X-Key file:%{header} as=tenant1;

            access_by_lua_block {
                if not require("resty.zoom").authenticate() then
                    ngx.exit(401)
                end
            }

            error_page  401 /page;

            content_by_lua_block {
                ngx.exit(204)
            }
        }

        location = /page {
            return 401 "Who are you?";
        }

        location = /guests {
            content_by_lua_block {
                ngx.print(require("resty.zoom").authenticate{
                    scheme = "header=X-Key", secret = secrets.header,
                } or "guest")
            }
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC

my $body = callback();
my ($seen, $asked) = (0, 0);


# The lines since the last time, with those of a request that is just over.
sub told {
    my $log = $nginx->dir . '/access.log';

    wait_for(sub { (() = slurp($log) =~ /"request":"POST /g) == $asked }, 10,
             'all are logged');

    my @lines = split /\n/, $nginx->error_log;
    my @new = @lines[$seen .. $#lines];

    $seen = @lines;
    return @new;
}


sub outcome {
    my ($path, @headers) = @_;

    $asked++;

    return http(port => $t->port, path => $path, body => $body,
                headers => \@headers)->status;
}


# By location and caller.
sub refused {
    return { map { my $row = $_;
                   map { ("$row->{location} $row->{caller} $_"
                          => $row->{errors}{$_}) } keys %{ $row->{errors} } }
             @{ $t->get('/status?format=json')->json->{refused} } };
}


my @right = ('X-Key' => $t->secret('header'));
my @wrong = ('X-Key' => 'CANARYwrong');

$t->canary(wrong => 'CANARYwrong');

is(outcome('/lua', @right), 200, 'the second proof holds');
is(join("\n", told()), '', 'nobody is told of the first');
is_deeply(refused(), {}, 'which is not counted');

is(outcome('/lua', @wrong), 401, 'none holds');

my @lines = told();

is(scalar @lines, 1, 'a line') or diag join "\n", @lines;
like("@lines", qr/\[error\].*zoom:\ 401\ unauthenticated:\ .*
     ;\ compare\ the\ secrets.*;\ location\ "\/lua",\ caller\ "bots".*
     client:.*request:\ "POST\ \/lua/x, 'as of a directive');
is(outcome('/lua', @wrong), 401, 'once more');
is(join("\n", told()), '', 'is not told of');

my @of_lua = grep { m{^/lua } } keys %{ refused() };

is("@of_lua", '/lua bots unauthenticated', 'one row');
is(refused()->{"@of_lua"}, 2, 'which counts both');

is(outcome('/own', @wrong), 401, 'the line of the location');
@lines = told();
is(scalar @lines, 1, 'is told of, whatever page follows');
like("@lines", qr/; location "\/own", caller "tenant1",/, 'with its caller');
is(refused()->{'/own tenant1 unauthenticated'}, 1, 'counted there');
is(outcome('/own', @right), 204, 'the right one');

is(outcome('/guests', @wrong), 200, 'who comes in nevertheless');
is(join("\n", told()), '', 'is not refused');

$body = '{';
is(outcome('/lua', @right), 400, 'what is no callback');
@lines = told();
like("@lines", qr/\[error\].*400 bad_callback: .*location "\/lua", caller "bots"/,
     'is told of, too');
is(scalar @lines, 1, 'once');
is($t->get('/status?format=json')->json->{errors}{unauthenticated}, 3,
   'all are among the errors of no account');

$t->finish;
