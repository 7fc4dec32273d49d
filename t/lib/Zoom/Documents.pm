package Zoom::Documents;

# The documents as a reader meets them: blocks of code, links, headings and
# the tables below these; and what the code itself has of each kind.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);

use Zoom::Process qw(slurp);

our @EXPORT_OK = qw(documents blocks links anchors entries cells
                    coded_directives coded_variables coded_errors
                    coded_metrics);

my $top = abs_path(dirname(__FILE__) . '/../../..');


# All that is written for people, as paths below the project.
sub documents {
    return map { s{^\Q$top\E/}{}r }
           map { glob "$top/$_" }
           qw(README.md docs/*.md .github/*.md lua/README.md
              findings/README.md examples/*/README.md);
}


# Of the lines of a document [number, line, language of the fence around it].
sub lines {
    my ($file) = @_;
    my ($n, $fence, @lines) = (0);

    for my $line (split /\n/, slurp("$top/$file"), -1) {
        $n++;

        if ($line =~ /^\s*```(\w*)/) {
            $fence = defined $fence ? undef : $1;
            push @lines, [$n, '', '```'];
            next;
        }

        push @lines, [$n, $line, $fence];
    }

    die "$file: a block does not end\n" if defined $fence;
    return @lines;
}


# The blocks in a language: [line, text].
sub blocks {
    my ($file, $language) = @_;
    my @blocks;
    my $open;

    for (lines($file)) {
        my ($n, $line, $fence) = @$_;

        if (($fence // '') ne $language) {
            undef $open;
            next;
        }

        push @blocks, $open = [$n, ''] if !$open;
        $open->[1] .= "$line\n";
    }

    return @blocks;
}


# Prose only, without code in it: [line, text].
sub prose {
    my ($file) = @_;

    return map { [$_->[0], $_->[1] =~ s/`[^`]*`//gr] }
           grep { !defined $_->[2] && $_->[1] !~ /^    / } lines($file);
}


# Links that lead to a place of ours: [line, file, anchor].
sub links {
    my ($file) = @_;
    my @links;
    my $dir = dirname($file);

    # a link may go over two lines
    my $text = join "\n", map { defined $_->[2] ? '' : $_->[1] } lines($file);

    while ($text =~ /\[(?:[^\[\]])*\]\(([^)\s]+)\)/g) {
        my $n = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
        my ($path, $anchor) = split /#/, $1, 2;

        next if $path =~ /^[a-z]+:/;

        my $to = $path eq '' ? $file : "$dir/$path";

        $to =~ s{^\./}{};
        1 while $to =~ s{(^|/)(?!\.\./)[^/]+/\.\./}{$1};

        push @links, [$n, $to, $anchor];
    }

    return @links;
}


# What GitHub calls the headings of a document.
sub anchors {
    my ($file) = @_;
    my (%seen, %anchor);

    for (lines($file)) {
        next if defined $_->[2] || $_->[1] !~ /^#+\s+(.*?)\s*$/;

        my $name = lc $1;

        $name =~ s/\[([^\]]*)\]\([^)]*\)/$1/g;
        $name =~ s/[^\w\s-]//g;
        $name =~ s/\s/-/g;
        $name .= "-$seen{$name}" if $seen{$name}++;
        $anchor{$name} = 1;
    }

    return \%anchor;
}


# The cells of a row of a table; a bar in code is written "\|".
sub cells {
    my ($line) = @_;

    return if $line !~ s/^\|\s*// || $line !~ s/\s*\|\s*$//;
    return map { s/\\\|/|/gr } split /\s*(?<!\\)\|\s*/, $line, -1;
}


# The reference of the directives: name => { line, Syntax, Default, Context,
# text }.  Dies where a name has two.
sub entries {
    my ($file) = @_;
    my (%entry, $open);

    for (lines($file)) {
        my ($n, $line, $fence) = @$_;

        if (!defined $fence && $line =~ /^(#+)\s+(.*)/) {
            undef $open;

            my ($level, $name) = ($1, $2);

            next if $level ne '###' || $name !~ /^[a-z0-9_]+$/;

            die "$file:$n: $name has two entries\n" if $entry{$name};
            $open = $entry{$name} = { line => $n, text => '', example => 0 };
            next;
        }

        next if !$open;

        my @cells = defined $fence ? () : cells($line);

        if (@cells == 2 && $cells[0] =~ /^(?:Syntax|Default|Context)$/) {
            $open->{ $cells[0] } = $cells[1];
            next;
        }

        $open->{example}++ if ($fence // '') eq 'nginx';
        $open->{text} .= "$line\n";
    }

    return \%entry;
}


sub sources {
    return map { slurp($_) } map { glob "$top/$_" }
           qw(ngx_zoom_module/*.c ngx_zoom_module/*/*.c);
}


my %PLACE = (MAIN => 'http', SRV => 'server', LOC => 'location');

# What stands in tables of ngx_command_t: name => the contexts, in which names
# that mean something inside a block only have that block's.
sub coded_directives {
    my %directive;

    for my $source (sources()) {
        while ($source =~ /^static\ ngx_command_t\s+
                           ngx_http_zoom_(\w+)\[\]\ =\ \{(.*?)^\};/msgx)
        {
            my ($table, $rows) = ($1, $2);

            while ($rows =~ /\{\ ngx_string\("(\w+)"\),\s*([A-Z0-9_|\s]+),/g) {
                my ($name, $flags) = ($1, $2);
                my @places = map { $PLACE{$_} }
                             grep { $flags =~ /NGX_HTTP_${_}_CONF/ }
                             qw(MAIN SRV LOC);

                @places = "zoom_$table" =~ s/_commands$//r if !@places;
                $directive{$name} = join ', ', @places;
            }
        }
    }

    return \%directive;
}


sub coded_variables {
    my %variable;

    for my $source (sources()) {
        while ($source =~ /^static\ ngx_http_variable_t\s+
                           \w+\[\]\ =\ \{(.*?)^\};/msgx)
        {
            my $rows = $1;

            $variable{$1} = 1 while $rows =~ /\{ ngx_string\("(\w+)"\)/g;
        }
    }

    return \%variable;
}


# name => status
sub coded_errors {
    my %error;
    my $source = slurp("$top/src/zoom_error.c");

    $error{$2} = $1
        while $source =~ /=\ \{\ (\d+),\s*zoom_str\("(\w+)"\)/gx;

    delete $error{ok};
    return \%error;
}


sub coded_metrics {
    my %metric;

    for (glob "$top/ngx_zoom_module/http/ngx_http_zoom_status*.c") {
        my $source = slurp($_);

        $metric{$1} = 1 while $source =~ /"(zoom_[a-z_]+)["{]/g;
    }

    return \%metric;
}


1;
