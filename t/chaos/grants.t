#!/usr/bin/perl

# Two hundred workers killed while a grant's refresh token is being rotated: 17
# kills a round, ROUNDS rounds (12).  What is counted and expected is in
# t/grants_crash.t.

use strict;
use warnings;

use FindBin;

$ENV{ROUNDS} ||= 12;

my $file = "$FindBin::Bin/../grants_crash.t";

die "$file: $!\n" if !-e $file;
do $file;
die $@ if $@;
