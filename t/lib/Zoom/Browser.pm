package Zoom::Browser;

# A real browser without a screen.
#
#     plan(skip_all => Zoom::Browser::missing()) if Zoom::Browser::missing();
#     my $dom = browse($t->dir, '--dump-dom', $url);

use strict;
use warnings;

use Exporter qw(import);

use Zoom::Process qw(spawn alive stop wait_for slurp);

our @EXPORT_OK = qw(browse);


sub missing {
    return system('command -v chromium > /dev/null 2>&1')
           ? 'chromium is not installed' : undef;
}


# What it prints, with --dump-dom the document as the scripts left it.  Its
# profile goes into the directory.

sub browse {
    my ($dir, @arguments) = @_;
    my $home = "$dir/chromium";
    my $output = "$home.out";

    mkdir $home;
    unlink $output;

    my $pid = spawn(
        name   => 'chromium',
        output => $output,
        env    => { HOME => $home },
        argv   => ['chromium', qw(
                       --headless --no-sandbox --disable-gpu --disable-quic
                       --no-first-run --disable-background-networking
                       --disable-component-update --disable-sync
                       --disable-dev-shm-usage --no-proxy-server
                       --virtual-time-budget=2000
                   ), "--user-data-dir=$home", @arguments],
    );

    wait_for(sub { !alive($pid) }, 300) or stop($pid);

    # It has much to say before.
    return slurp($output) =~ /(<!DOCTYPE.*)/s ? $1 : '';
}


1;
