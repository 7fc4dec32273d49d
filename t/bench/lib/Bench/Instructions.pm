package Bench::Instructions;

# What a request takes in instructions, all of user space, as callgrind counts
# them in an nginx of one process: the same from run to run, whoever else uses
# the machine.  Valgrind's processor has no instructions for SHA.

use strict;
use warnings;

use Exporter qw(import);

use Zoom::Process qw(slurp wait_for);

our @EXPORT_OK = qw(callgrind missing instructions);


sub missing {
    return system('command -v valgrind callgrind_control > /dev/null') == 0
           ? '' : 'no valgrind';
}


# What a Bench::Side->nginx() is started with.
sub callgrind {
    my ($dir) = @_;

    return (single  => 1,
            wrapper => ['valgrind', '-q', '--tool=callgrind',
                        '--dump-line=no', "--callgrind-out-file=$dir.callgrind"]
           );
}


sub dump_it {
    my ($side, $dir, $n) = @_;
    my $path = "$dir.callgrind.$n";

    system("callgrind_control --dump=$n $side->{pid} > /dev/null 2>&1");
    wait_for(sub { -e $path && slurp($path) =~ /^totals: \d+/m }, 20,
             "callgrind's dump");

    my ($total) = slurp($path) =~ /^totals: (\d+)/m;

    return $total;
}


# What a dump has for each program and library, by name.
sub objects {
    my ($path) = @_;
    my ($object, $called, %name, %cost) = ('');

    for (split /\n/, slurp($path)) {
        if (/^(c?)ob=\((\d+)\)(?: (.*))?/) {
            my ($callee, $id, $full) = ($1, $2, $3);

            $name{$id} = $full =~ s{.*/}{}r if defined $full;
            $object = $name{$id} if !$callee;

        } elsif (/^calls=/) {
            $called = 1;

        } elsif (/^[\d+*-]\S* (\d+)/) {
            # what was called has lines of its own
            $cost{$object} += $1 if !$called;
            $called = 0;
        }
    }

    return \%cost;
}


# Of each of $n requests of the file, one after another on one connection; by
# program and library in $side->{objects}.

sub instructions {
    my ($open, $side, $dir, $file, $n) = @_;
    my $load = sub {
        my $said = `$open @{[$side->port]} $file 1000000 @{[$_[0] / 1e6]} 1`;
        my ($requests, $failed) = split / /, $said;

        die $side->name, ": $said\n" if !$requests || $failed;
    };

    $load->(200);
    dump_it($side, $dir, ++$side->{dumps});
    $load->($n);

    my $total = dump_it($side, $dir, ++$side->{dumps});
    my $cost = objects("$dir.callgrind.$side->{dumps}");

    $side->{objects} = { map { $_ => $cost->{$_} / $n } keys %$cost };
    return $total / $n;
}


1;
