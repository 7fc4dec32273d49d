#!/usr/bin/perl

# Zoom can't be reached at all: nobody listens, or somebody who is not Zoom.
# t/chaos/outage.t has the same for a minute.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Accounts;
use Zoom::Chaos;
use Zoom::Outage;
use Zoom::Test;

my ($t, $zoom) = accounts(qw(refused tls));

# Access tokens die before the outage is over.
start(zoom => { oauth => { expires_in => 4 } });


for my $kind (qw(refused tls)) {
    subtest $kind => sub {
        my $outage = Zoom::Outage->new(test => $t, account => $kind);

        $outage->warm;
        $outage->begin($kind);
        $outage->run(5);
        $outage->end;
        $outage->check;
    };
}


is(scalar lines(qr/\[error\].*"refused".*could not connect/), 1,
   'the log says what is wrong');
is(scalar lines(qr/\[error\].*"tls".*certificate.*trusted_certificate/), 1,
   'and what to do');

# OAuth and minting were both down.
is(scalar lines(qr/\[info\].*works again/), 2, 'one of them was back first');

for my $account (qw(refused tls)) {
    is(scalar lines(qr/\[error\].*"$account"/), 1, "one line for it: $account");
    is(scalar lines(qr/\[notice\].*"$account".*works again after [5-9] s/), 1,
       'and one when it ends');
}


$t->finish;
