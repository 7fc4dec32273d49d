#!/usr/bin/perl

# Zoom is gone for OUTAGE seconds (60), in each of the ways it can be gone.

use strict;
use warnings;

use Test::More;

use Zoom::Accounts;
use Zoom::Outage;
use Zoom::Test;

my $seconds = $ENV{OUTAGE} // 60;
my @kinds = split / /, $ENV{KINDS} // 'refused tls hang 503';
my ($t, $zoom) = accounts(map { "account$_" } @kinds);

start(timeout => '12s', http => "access_log off;\n");


for my $kind (@kinds) {
    subtest "$kind for $seconds s" => sub {
        my $outage = Zoom::Outage->new(test => $t, account => "account$kind");

        $outage->warm->begin($kind)->run($seconds)->end->check;
        $outage->{load}->check_zone;
    };
}


$t->finish;
