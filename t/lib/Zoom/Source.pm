package Zoom::Source;

# C as the checkers in t/tools read it: no compiler, the house's style is
# regular enough.
#
#     my $bare = bare($text);             # no comments, strings, directives
#     for my $f (functions($text)) { ... }

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(bare functions identifiers read_file tree);


sub read_file {
    my ($file) = @_;

    open my $fh, '<', $file or die "$file: $!\n";
    local $/;

    return scalar <$fh>;
}


# Comments and strings become blanks, and directives, too, unless they are to
# be kept; lines stay where they are.

sub bare {
    my ($text, $keep) = @_;
    my $blank = sub { (my $s = shift) =~ s/[^\n]/ /g; $s };

    $text =~ s{("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(/\*.*?\*/)}
              { defined $1 ? '0' . ' ' x (length($1) - 1) : $blank->($2) }gse;
    $text =~ s/^([ \t]*#(?:[^\n]*\\\n)*[^\n]*)/$blank->($1)/gme if !$keep;

    return $text;
}


# All functions that a text defines: name, parameters and body, and where that
# begins; the lines of the name, of the brace that opens it and of the last one.

sub functions {
    my ($text) = @_;
    my $bare = bare($text);
    my @found;

    while ($bare =~ /^(\w+)\(([^{};]*?)\)\s*\n\{(.*?)^\}/gms) {
        my ($name, $params, $body) = ($1, $2, $3);
        my ($from, $open, $to) = ($-[0], $-[3], $+[0]);

        push @found, {
            name   => $name,
            params => $params,
            body   => $body,
            body_at => $open,
            line   => 1 + substr($bare, 0, $from) =~ tr/\n//,
            open   => 1 + substr($bare, 0, $open) =~ tr/\n//,
            last   => 1 + substr($bare, 0, $to) =~ tr/\n//,
        };
    }

    return @found;
}


sub identifiers {
    my ($bare) = @_;
    my %seen;

    $seen{$1} = 1 while $bare =~ /\b([A-Za-z_]\w*)/g;

    return \%seen;
}


# The C files below these folders of a tree, as paths relative to it.

sub tree {
    my ($top, @folders) = @_;
    my @found;
    my @todo = grep { -d "$top/$_" } @folders;

    while (defined(my $dir = shift @todo)) {
        opendir my $dh, "$top/$dir" or die "$top/$dir: $!\n";

        for my $name (sort grep { !/^\./ } readdir $dh) {
            push @todo, "$dir/$name" if -d "$top/$dir/$name";
            push @found, "$dir/$name" if $name =~ /\.[ch]$/;
        }
    }

    return sort @found;
}


1;
