package Zoom::Core;

# What a core of a process would hold, without the end of the process: its memory
# as gcore reads it, from /proc/PID/mem.
#
#     my $found = Zoom::Core::holds($pid, { 'token 1' => 'eyJ...' });

use strict;
use warnings;
no warnings qw(portable);       # addresses of 64 bits

use Zoom::Process qw(slurp wait_for);

my $PIECE = 32;
my $CHUNK = 1 << 24;


# Why the memory of that process can't be read; undef if it can.
sub missing {
    my ($pid) = @_;
    my ($first) = ranges($pid);
    my $mem;

    return if open($mem, '<:raw', "/proc/$pid/mem") && $first
              && defined piece($mem, $first->[0], 1);
    return "the memory of another process can't be read here";
}


# What is mapped and can be read, each [from, length, of]; the kernel's own apart.
sub ranges {
    my ($pid) = @_;

    return map { [hex $_->[0], hex($_->[1]) - hex $_->[0], $_->[2]] }
           grep { $_->[2] !~ /\[v(?:var|syscall|dso)/ }
           map { /^([\da-f]+)-([\da-f]+)\ r\S*\ \S+\ \S+\ \S+\s*(.*)/x
                 ? [$1, $2, $3 eq '' ? 'anonymous' : $3] : () }
           split /\n/, slurp("/proc/$pid/maps");
}


sub piece {
    my ($mem, $from, $len) = @_;
    my $bytes;

    return sysseek($mem, $from, 0) && sysread($mem, $bytes, $len)
           ? $bytes : undef;
}


sub stopped {
    my ($pid) = @_;

    return slurp("/proc/$pid/stat") =~ /^\d+ \(.*\) [Tt] /;
}


# Some of a long value is a find as well, since what is freed loses its beginning
# first; but not what it has in common with others, as tokens have a header.
sub pieces {
    my ($values) = @_;
    my (%of, %n);

    for my $name (keys %$values) {
        my $value = $values->{$name};
        my $last = length($value) - $PIECE;

        die "$name is too short to be looked for\n" if $last < 0;

        my %piece = map { substr($value, $_, $PIECE) => 1 } 0 .. $last;

        $n{$_}++ for keys %piece;
        $of{$_} = $name for map { substr $value, $_, $PIECE }
                            (grep { $_ % $PIECE == 0 } 0 .. $last), $last;
    }

    return map { $_ => $of{$_} } grep { $n{$_} == 1 } keys %of;
}


# Of these values (name => letters, digits, - and _) those that are there: name
# => [where], one for each piece.
sub holds {
    my ($pid, $values) = @_;
    my %name = pieces($values);
    my %found;

    open my $mem, '<:raw', "/proc/$pid/mem" or die "/proc/$pid/mem: $!\n";
    kill 'STOP', $pid;
    wait_for(sub { stopped($pid) }, 5, "process $pid to stop");

    for (ranges($pid)) {
        my ($from, $len, $of) = @$_;

        for (my $at = 0; $at < $len; $at += $CHUNK) {
            my $n = $len - $at > $CHUNK ? $CHUNK + $PIECE : $len - $at;
            my $bytes = piece($mem, $from + $at, $n) // next;
            my $words = join ' ', $bytes =~ /[\w-]{$PIECE,}/ag;

            push @{ $found{ $name{$_} } }, $of
                for grep { index($words, $_) >= 0 } keys %name;
        }
    }

    kill 'CONT', $pid;
    return \%found;
}


1;
