#!/usr/bin/perl

# The Lua module beside the first and beside lua-nginx-module, in every order;
# and what nginx -t says about scripts.

use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use FindBin;
use Zoom::Resty;
use Zoom::Test;

my $t = Zoom::Test->new;

my $first = Zoom::Nginx::module();
my $second = Zoom::Nginx::lua_module();

my ($modules) = `nginx -V 2>&1` =~ /--modules-path=(\S+)/;

my @lua = ("$modules/ndk_http_module.so", "$modules/ngx_http_lua_module.so");

# in OpenResty there is nothing to load
@lua = () if Zoom::Resty::built_in();

mkdir $t->dir . '/lua', 0755;

my $n = 0;

# The path of a new file with that text.
sub file {
    my ($text, $name) = @_;
    my $path = $t->dir . '/lua/' . ($name // 'script' . $n++ . '.lua');

    spew($path, $text);
    return $path;
}

my $good = file('return function(bot) return "bots@example.com" end');

sub locations {
    my ($script, $more) = @_;

    $more //= '';

    return <<"EOC";
        location = /zak {
            zoom_tokens             acme;
            zoom_authenticate       off;
            zoom_route_by_lua_file  $script;
            $more
        }
EOC
}

sub loads { return join '', map { "load_module $_;\n" } @_ }


subtest 'no symbol of the first' => sub {
    my %defined = map { /(\S+)$/ ? ($1 => 1) : () }
                  split /\n/, `nm -D --defined-only $first`;
    my @undefined = map { /U (\S+)$/ ? $1 : () }
                    split /\n/, `nm -D --undefined-only $second`;

    cmp_ok(scalar @undefined, '>', 10, 'nm sees some');
    is(join(' ', grep { $defined{$_} } @undefined), '', 'none of them');

    # what nginx's build adds to each, under a sanitizer with a prefix, and
    # what counts lines for "make coverage"
    my @twice = grep { $defined{$_} && !/\bngx_module(?:s|_names|_order)$
                                        |^__gcov_|^mangle_path$/x }
                map { /(\S+)$/ ? $1 : () }
                split /\n/, `nm -D --defined-only $second`;
    is("@twice", '', 'nor one that both define');
};


subtest 'the order' => sub {
    my %order = (
        'first, second'      => [$first, $second],
        'second, first'      => [$second, $first],
        'lua, first, second' => [@lua, $first, $second],
        'second, first, lua' => [$second, $first, @lua],
        'second, lua, first' => [$second, @lua, $first],
    );

    delete @order{ grep { /lua/ } keys %order } if resty_missing();

    for (sort keys %order) {

        # nginx's own log format knows our variables
        my $with_lua = Zoom::Resty::built_in()
                       || grep { /lua_module/ && !/zoom/ } @{ $order{$_} };

        $t->nginx(module => loads(@{ $order{$_} }),
                  locations => locations($good) . ($with_lua ? <<'EOC' : ''));
        location = /lua {
            content_by_lua_block { ngx.say(jit and jit.status()) }
        }
EOC
        is($t->get('/zak')->status, 200, $_);
        is($t->get('/lua')->body, "true\n", 'the other LuaJIT still compiles')
            if $with_lua;

        $t->over;
    }

    for ([$first], resty_missing() ? () : [$first, @lua]) {
        my ($exit) = $t->nginx_t(module => loads(@$_), locations => <<'EOC');
        location = /zak {
            zoom_tokens        acme;
            zoom_user          bots@example.com;
            zoom_authenticate  off;
        }
EOC
        is($exit, 0, 'without the second');
    }
};


# A copy of the first module whose interface has that version.
sub altered {
    my ($version) = @_;
    my $text = slurp($first);
    my $at = index $text, "zoomapi\0";

    die "no interface\n" if $at < 0;
    substr $text, $at + 8, 4, pack 'L', $version;

    my $path = file($text, "ngx_http_zoom_module_$version.so");

    chmod 0755, $path;
    return $path;
}


subtest 'what does not fit' => sub {
    my ($exit, $said) = $t->nginx_t(module => loads($second), account => 0,
                                    bare => 1);

    isnt($exit, 0, 'without the first');
    like($said, qr/\[emerg\].*"ngx_http_zoom_lua_module" needs "ngx_http_zoom_module": add "load_module/, 'nginx -t says what to do');

    my ($ours) = slurp("$FindBin::Bin/../ngx_zoom_module/ngx_http_zoom_api.h")
                 =~ /API_VERSION\s+(\d+)/;

    for my $version (0, $ours + 1, 99) {
        ($exit, $said) = $t->nginx_t(module => loads(altered($version),
                                                     $second));
        isnt($exit, 0, "version $version");
        like($said, qr/\[emerg\].*does not fit.*version $version of their.*instead of $ours\b.*restart nginx/, 'nginx -t says what to do');
    }

    ($exit) = $t->nginx_t(module => loads(altered($ours), $second));
    is($exit, 0, 'the right one');
};


# By name: what nginx -t says, and the script.
my %scripts = (
    syntax     => [qr{\.lua:2: unexpected symbol near '1'}, "\nlocal x 1\n"],
    unfinished => [qr{\.lua:1: 'end' expected}, 'return function(bot)'],
    bytecode   => [qr/bytecode|mode/, "\x1bLJ\x02\0"],
    no_function => [qr{returns table instead of a function}, 'return {}'],
    nothing    => [qr{returns nil instead of a function}, ''],
    fails      => [qr{\.lua:1: oh}, 'error("oh")'],
    loops      => [qr{\.lua:1: too many instructions}, 'while true do end'],
    memory     => [qr{too much memory},
                   'local t = {} for i = 1, 1e7 do t[i] = ("x"):rep(100) .. i end'],
    global     => [qr{write to the global "x"}, 'x = 1'],
    io         => [qr{'io' \(a nil value\)}, 'io.open("/etc/passwd")'],
    mints      => [qr{there is no bot yet}, 'zoom.mint{ user = "x" }'],
    no_path    => [qr{"x" can't be read without "zoom_lua_path"},
                   'require("x")'],
);

subtest 'nginx -t reads scripts' => sub {
    for my $name (sort keys %scripts) {
        my ($says, $text) = @{ $scripts{$name} };
        my ($exit, $said) = $t->nginx_t(lua => 1,
                                        locations => locations(file($text)));

        isnt($exit, 0, $name);
        like($said, qr/\[emerg\].*$says/, "$name: what it says");
    }

    my ($exit, $said) = $t->nginx_t(lua => 1, locations =>
                                    locations($t->dir . '/nowhere.lua'));

    isnt($exit, 0, 'a file that is not there');
    like($said, qr{\[emerg\].*nowhere\.lua" can't be opened.*No such file.* in },
         'what it says');

    ($exit, $said) = $t->nginx_t(lua => 1, locations => locations($t->dir));
    isnt($exit, 0, 'a directory');
    like($said, qr/is no regular file/, 'what it says');
};


subtest 'modules and data' => sub {
    my $path = $t->dir . '/lua';

    file('error("oh")', 'broken.lua');
    file('return require("b")', 'a.lua');
    file('return require("a")', 'b.lua');
    file('{"a":1,}', 'broken.json');
    file('return { n = 1 }', 'fine.lua');
    file('{"n":2}', 'fine.json');

    my %says = (
        'require("broken")'   => qr/broken\.lua:1: oh/,
        'require("a")'        => qr/module "a" requires itself/,
        'require("none")'     => qr/module "none" can't be opened/,
        'require("../lua/fine")' => qr/name that is not plain/,
        'zoom.json_file("broken.json")' => qr/broken\.json": .*line 1/,
        'zoom.json_file("none.json")'   => qr/can't be opened/,
    );

    for (sort keys %says) {
        my ($exit, $said) = $t->nginx_t(
            lua => 1, http => "zoom_lua_path $path;",
            locations => locations(file("$_\nreturn function() end")));

        isnt($exit, 0, $_);
        like($said, qr/\[emerg\].*$says{$_}/, "$_: what it says");
    }

    my ($exit) = $t->nginx_t(lua => 1, http => "zoom_lua_path $path;",
        locations => locations(file(<<'EOL')));
assert(require("fine").n == 1 and zoom.json_file("fine.json").n == 2)
return function() end
EOL
    is($exit, 0, 'both fine');
};


subtest 'directives' => sub {
    my %says = (
        'zoom_lua_instructions 999'     => qr/must be between 1000 and/,
        'zoom_lua_instructions x'       => qr/invalid number/,
        'zoom_lua_timeout 99ms'         => qr/must be from 100ms to 60s/,
        'zoom_lua_timeout 61s'          => qr/must be from 100ms to 60s/,
        'zoom_lua_allow request_all'    => qr/invalid value "request_all"/,
        'zoom_lua_allow'                => qr/invalid number of arguments/,
        'zoom_lua_accounts nowhere'     => qr/unknown account "nowhere" of "zoom_lua_accounts"/,
        'zoom_lua_accounts acme; zoom_lua_accounts acme'
                                        => qr/is duplicate/,
        "zoom_route_by_lua_file $good"  => qr/is duplicate/,
    );

    for (sort keys %says) {
        my ($exit, $said, $nginx) =
            $t->nginx_t(lua => 1, locations => locations($good, "$_;"));

        isnt($exit, 0, $_);
        like($said, qr/\[emerg\].*$says{$_}/, "$_: what it says");
    }

    for ('512k', '1025m') {
        my ($exit, $said) = $t->nginx_t(lua => 1,
                                        http => "zoom_lua_memory $_;",
                                        locations => locations($good));

        isnt($exit, 0, "zoom_lua_memory $_");
        like($said, qr/must be from 1m to 1024m/, 'what it says');
    }

    my ($exit, $said) = $t->nginx_t(lua => 1, locations => <<'EOC');
        location = /zak {
            zoom_tokens        acme;
            zoom_authenticate  off;
            zoom_lua_timeout   1s;
        }
EOC
    isnt($exit, 0, 'neither a user nor a route');
    like($said, qr/must have "zoom_user"/, 'what it says');

    ($exit, $said) = $t->nginx_t(lua => 1, locations => <<"EOC");
        location = /health {
            zoom_health             acme;
            zoom_authenticate       off;
            zoom_route_by_lua_file  $good;
        }
EOC
    isnt($exit, 0, 'nothing to route');
    like($said, qr{routing script must have "zoom_tokens" in location "/health"},
         'what it says');
};


subtest 'a reload' => sub {
    my $script = file('return function() return "bots@example.com" end');
    my $uid = sub { jwt_claims($t->get('/zak')->body)->{uid} };

    my $nginx = $t->nginx(lua => 1, locations => locations($script));
    is($uid->(), 'bots@example.com', 'before');

    spew($script, 'return function() return "bots@t1.example" end');
    is($uid->(), 'bots@example.com', 'the file is not read meanwhile');

    # nor by a worker that takes another's place
    $nginx->kill_workers;
    is($uid->(), 'bots@example.com', 'nor by a new worker');

    $t->reload(lua => 1, locations => locations($script));
    is($uid->(), 'bots@t1.example', 'after');

    spew($script, 'return function(');
    kill 'HUP', $nginx->pid;
    wait_for(sub { $nginx->error_log =~ /\[emerg\].*expected near/ },
             5, 'the log');
    is($uid->(), 'bots@t1.example', 'a script that is broken changes nothing');
};


$t->allow(qr/\[emerg\].*expected near/,
          qr/\[alert\].*exited on signal 9/);
$t->finish;
