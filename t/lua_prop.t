#!/usr/bin/perl

# Whatever a function of "zoom" is given, in either host: it raises nothing, and
# returns what it is for, or nil and an error that is known.  What one host
# takes for a bad argument the other does as well.  The seed is printed;
# ZOOM_SEED repeats a run, ZOOM_CASES says how many there are.

use strict;
use warnings;

use FindBin;
use Test::More;

use Zoom::Resty;
use Zoom::Test;

plan skip_all => resty_missing() if resty_missing();

my $cases = $ENV{ZOOM_CASES} // 80;
my $seed = $ENV{ZOOM_SEED} // 1 + (time ^ $$ << 8) % 1_000_000;

note("ZOOM_SEED=$seed");

my $t = Zoom::Test->new;

$t->secret_file('sdk_key', 'SDKkey_' . Zoom::Test::random_name(6));
$t->secret_file('sdk_secret', 'CANARYsdk' . Zoom::Test::random_name());

my @both = qw(mint access_token sdk_signature request pages purge account
              parse_meeting);
my $both = join ', ', map { qq("$_") } @both;

mkdir $t->dir . '/lua', 0755;
spew($t->dir . '/lua/random.lua', slurp("$FindBin::Bin/lua/random.lua"));
spew($t->dir . '/lua/script.lua', <<"EOL");
local run = require("random").run

local function hex(c)
    return ("%02x"):format(c:byte())
end

return function(bot)
    local odd = { hex, string, zoom, bot.metadata, bot.headers, bot.args }
    local said = run(zoom, { $both }, odd, tonumber(bot.args.seed), 12)

    return { zak_token = (said:gsub(".", hex)) }
end
EOL

my $nginx = $t->nginx(
    lua       => 1,
    main      => resty_main(),
    account   => { sdk_key    => 'file:%{sdk_key}',
                   sdk_secret => 'file:%{sdk_secret}' },
    http      => resty_http() . <<'EOC',
    zoom_lua_path          %{dir}/lua;
    zoom_lua_instructions  20000000;
EOC
    server    => <<'EOC',
        zoom_allow_user  bots@example.com *@t1.example;
EOC
    locations => <<"EOC");
        location = /resty {
            zoom_authenticate  off;

            content_by_lua_block {
                local names = { $both }

                if ngx.var.arg_more then
                    names = { "authenticate", "callback" }
                end

                local zoom = require("resty.zoom")

                -- of the same kinds as above, the last two of none
                local odd = { ngx.say, string, zoom, ngx.ctx, io.stdout,
                              require("ffi").new("int[1]") }

                ngx.print(require("random").run(zoom, names, odd,
                          tonumber(ngx.var.arg_seed), 12))
            }
        }

        location = /script {
            zoom_tokens             acme;
            zoom_authenticate       off;
            zoom_lua_allow          access_token request;
            zoom_route_by_lua_file  %{dir}/lua/script.lua;
        }
EOC


# Words of one line each; an answer that is none is a line of its own.
sub lines {
    my ($path) = @_;
    my $r = $t->get($path);

    return split /\n/, $r->status != 200 ? 'FAILED ' . $r->status . ' '
                                           . $r->body
                       : $path =~ /script/ ? pack('H*', $r->body) : $r->body;
}


my (@failed, @differ, %words);

for my $n ($seed .. $seed + $cases - 1) {
    my @resty = lines("/resty?seed=$n");
    my @script = lines("/script?seed=$n");

    push @failed, map { "seed $n: $_" }
                  grep { /^FAILED/ } @resty, @script,
                                     lines("/resty?more=1&seed=$n");

    # A script's account has a default, and its purges have to name a user.
    for my $i (0 .. $#resty) {
        my ($x, $y) = map { (split ' ', $_->[$i] // 'none none')[1] }
                      \@resty, \@script;

        $words{$_}++ for $x, $y;
        next if $resty[$i] =~ /^(?:purge|account) |no_account$/;
        push @differ, "seed $n: $resty[$i], $script[$i]"
            if ($x eq 'bad') ne ($y eq 'bad');
    }
}

is(scalar @failed, 0, "$cases seeds from $seed: nothing odd")
    or diag(join "\n", splice @failed, 0, 10);
is(scalar @differ, 0, 'both hosts take the same for bad arguments')
    or diag(join "\n", splice @differ, 0, 10);
cmp_ok($words{$_} // 0, '>', $cases, "enough of '$_'") for qw(ok bad);
note(join ' ', map { "$_=$words{$_}" } sort keys %words);

$t->finish;
