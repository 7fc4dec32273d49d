#!/usr/bin/perl

# What the Makefile must not do: compile another tree than its own, and
# install modules where nobody has said.  The one version there is.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use Test::More;

use Zoom::Nginx;
use Zoom::Process qw(spawn alive ended wait_for scratch discard slurp spew);

plan skip_all => 'of Debian\'s nginx alone'
    if $ENV{ZOOM_ASAN} || $ENV{ZOOM_NGINX};

my $top = abs_path(dirname(__FILE__) . '/..');
my $dir = scratch('build');
my $tree = "$dir/ngx_zoom_module";

# not those of the make that may run us
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MODULES_DIR DESTDIR BUILD)};

mkdir $tree;
system('cp', '-R', (map { "$top/$_" } qw(Makefile config docs include src lua
                                         ngx_zoom_module t)), $tree) == 0
    or die "cannot copy $top\n";


# Its exit code and all it said.
sub make {
    my ($env, @targets) = @_;

    unlink "$dir/output";

    my $pid = spawn(
        name   => 'make',
        output => "$dir/output",
        env    => $env,
        argv   => ['make', '-C', $tree, @targets],
    );

    wait_for(sub { !alive($pid) }, 120, 'make');
    return (ended($pid) >> 8, slurp("$dir/output"));
}


sub changed { return (stat shift)[9] }


subtest 'a copied build/' => sub {
    my $makefile = "$tree/build/obj/Makefile";
    my $old = "$tree/build/unit/src/zoom_json.o";
    my $module = "$tree/build/ngx_http_zoom_module.so";

    make_path("$tree/build/obj", dirname($old));
    spew($makefile, "ADDON_DEPS = /another/tree/config\n");
    spew($_, 'of another tree') for $old, $module;
    spew("$tree/build/root", "/another/tree\n");

    my ($exit, $said) = make({}, $makefile, $old);

    is($exit, 0, 'is configured again') or diag $said;
    like(slurp($makefile), qr{\Q$tree\E/src/zoom_json\.c}, 'for its own tree');
    unlike(slurp($makefile), qr{/another/tree}, 'and for no other');
    like(slurp($old), qr/^\x7fELF/, 'what was compiled is compiled again');
    ok(!-e $module, 'and the module will be');

    utime 1e9, 1e9, $_
        for map { glob "$tree/$_" } qw(config src ngx_zoom_module
                                       ngx_zoom_module/*);
    my $before = changed($makefile);

    make({}, $makefile);
    is(changed($makefile), $before, 'once');
};


# Workers of nginx are nobody, and what they need is not for them to find there.
subtest 'a clone that only its owner may enter' => sub {
    my @files = map { "t/$_.t" } qw(callback_get lua_examples run);
    my $built = dirname(Zoom::Nginx::module());

    system('cp', "$built/ngx_http_zoom_module.so",
           "$built/ngx_http_zoom_lua_module.so", "$tree/build") == 0
        or die "cannot copy $built\n";

    chmod 0700, $dir;

    my $pid = spawn(
        name   => 'prove',
        output => "$dir/output",
        argv   => ['sh', '-c', "cd '$tree' && exec prove -It/lib @files"],
    );

    wait_for(sub { !alive($pid) }, 120, 'prove');
    is(ended($pid), 0, "@files") or diag slurp("$dir/output");
    unlike(slurp("$dir/output"), qr/skipped/, 'none is skipped');
};


subtest 'make install' => sub {
    my $bin = "$dir/bin";
    my @install = ("DESTDIR=$dir/root", '-o', 'all', 'install');

    my ($exit, $said) = make({ PATH => '/usr/bin:/bin' }, '-n', @install);

    is($exit, 0, 'with nginx outside PATH');
    like($said, qr{install -d \Q$dir\E/root/\S+/modules\s},
         'finds where its modules are');
    like($said, qr{\Q$dir\E/root/\S+/man8/}, 'and brings the manual page');

    my @installed = $said =~ m{^install -m 644 (?:\S+/)?(\S+) \S+/man8/}mg;
    my @lua = map { m{(zoom/\w+\.lua)$} } glob "$top/lua/resty/zoom/*.lua";

    cmp_ok(@lua, '>', 5, 'the half in Lua has parts');
    like($said, qr{^install -m 644 lua/resty/zoom/\*\.lua \S+/resty/zoom/$}m,
         'and brings all of them');

    ($exit, $said) = make({ PATH => '/usr/bin:/bin' }, '-n',
                          "DESTDIR=$dir/root", 'uninstall');
    is($exit, 0, 'uninstall');
    like($said, qr{rm -f .*$_}s, "takes $_ away")
        for @installed, 'ngx_http_zoom_module.so', 'zoom.lua', @lua;
    unlike($said, qr/^\s*install\b/m, 'and brings nothing');

    mkdir $bin, 0755;
    spew("$bin/nginx", "#!/bin/sh\n", 0755);

    ($exit, $said) = make({ PATH => "$bin:$ENV{PATH}" }, @install);

    isnt($exit, 0, 'with an nginx that does not say');
    like($said, qr{MODULES_DIR=/path}, 'is refused, with what to give');
    ok(!-e "$dir/root", 'and installs nothing');
};


discard($dir);
subtest 'the version' => sub {
    my ($version) = slurp("$top/ngx_zoom_module/ngx_http_zoom_version.h")
        =~ /NGX_HTTP_ZOOM_VERSION\s+"([^"]+)"/;

    like(slurp("$top/debian/changelog"), qr/\A\S+ \(\Q$version\E\) /,
         'of the Debian packages');
    like(slurp("$top/CHANGES"), qr/\AChanges with \S+ \Q$version\E\b/,
         'of the changes');
    like(slurp("$top/CHANGES"), qr/\A.* \d{1,2} [A-Z][a-z]{2} 20\d\d\n/,
         'with its date');
    like(slurp("$top/examples/rpm/nginx-mod-http-zoom.spec"),
         qr/^Version: +\Q$version\E\n.*^%changelog\n.* - \Q$version\E-1\n/ms,
         'of the RPMs');
    like(slurp("$top/lua/resty/zoom.lua"), qr/_VERSION = "\Q$version\E"/,
         'of the half in Lua');
    ok(-e "$top/lua/lua-resty-zoom-$version-1.rockspec", 'of its rock');
    like(slurp("$top/README.md"), qr/version \Q$version\E/, 'of README.md');
};


done_testing();
