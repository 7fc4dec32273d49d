package Zoom::Shim;

# Libraries of t/shim, to be preloaded into nginx.
#
#     my $shim = shim('clock', $t->dir);
#     $t->nginx(env => { LD_PRELOAD => $shim, ... });

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use Test::More;

our @EXPORT = qw(shim);

my $top = abs_path(dirname(__FILE__) . '/../../..');


# Compiles it into that directory.
sub shim {
    my ($name, $dir) = @_;
    my $file = "$dir/$name.so";

    is(system('cc', '-D_GNU_SOURCE', '-w', '-shared', '-fPIC', '-o', $file,
              "$top/t/shim/$name.c", '-ldl'), 0, "the shim of $name");
    chmod 0755, $file;

    return $file;
}


1;
