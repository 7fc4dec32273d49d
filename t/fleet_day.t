#!/usr/bin/perl

# What Zoom permits in a day: all hosts count it together, and heavy and
# resource-intensive requests as well.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Fleet;
use Zoom::Test;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t);

mkdir $t->dir . '/lua', 0755;

spew($t->dir . '/lua/read.lua', <<'EOL');
return function(bot)
    local counts, info = {}, nil
    for _ = 1, tonumber(bot.args.n) do
        local got, err, more = zoom.request{ path = "/users",
                                             label = bot.args.label }
        local what = got and tostring(got.status) or err
        counts[what] = (counts[what] or 0) + 1
        info = more
    end
    local said = {}
    for what, k in pairs(counts) do said[#said + 1] = what .. "=" .. k end
    table.sort(said)
    return nil, "said " .. table.concat(said, " ") .. " after "
                .. tostring(info and info.retry_after)
end
EOL

my @hosts = map { $fleet->host(
    lua       => 1,
    account   => { rate => join ";\n    rate ", 'light=2000r/s',
                           'heavy=50r/s day=4', 'resource=50r/s day=6' },
    http      => 'zoom_lua_allow  request;',
    locations => <<'EOC') } 1 .. 2;
        zoom_authenticate  off;

        location = /read {
            zoom_tokens             acme;
            zoom_allow_user         *;
            zoom_timeout            30s;
            zoom_route_by_lua_file  %{dir}/lua/read.lua;
        }

        location = /status {
            zoom_status;
        }
EOC


# What came of so many requests of a host's.
sub reads {
    my ($host, $n, $label) = @_;

    http(port => $host->port, path => "/read?n=$n&label=$label");

    my @said = $host->error_log =~ /said (.*? after \w+)/g;

    return $said[-1];
}


sub used {
    my ($host, $label) = @_;

    return http(port => $host->port, path => '/status',
                headers => [Accept => 'application/json'])
           ->json->{accounts}{acme}{limits}{$label}{used};
}


wait_for(sub { $fleet->command('ZCARD', 'zoom:hosts') == 2 }, 10, 'two hosts');

plan skip_all => 'the day is nearly over' if time % 86400 > 86340;

like(reads($hosts[0], 2, 'heavy'), qr/^200=2 /, 'two are heavy');
like(reads($hosts[1], 1, 'heavy'), qr/^200=1 /, 'one of another host, too');
like(reads($hosts[1], 3, 'resource'), qr/^200=3 /, 'three of the other kind');

for my $host (@hosts) {
    for my $label (qw(heavy resource)) {
        my ($after) = reads($host, 1, $label) =~ /^rate_limited=1 after (\d+)$/;

        ok($after, "six are all there may be on any host: $label")
            or diag $host->error_log =~ /said .* after \w+/g;
        cmp_ok(abs(86400 - time % 86400 - ($after // 0)), '<', 10, 'today');
    }
}

is(used($hosts[1], 'heavy'), 3, 'a host knows what all have used');
is(used($hosts[1], 'resource'), 3, 'of each kind');

my @keys = $fleet->keys_like('zoom:day:*');

is(scalar @keys, 1, 'they have one count');
cmp_ok($fleet->command('PTTL', $keys[0]), '>', 0, 'that does not stay');
is(join(' ', $fleet->beyond_acl), '', 'the ACL of docs/fleet.md suffices');

$t->finish;
