package Bench::Report;

# Tables in markdown and a plot in SVG.

use strict;
use warnings;

use Exporter qw(import);
use JSON::PP ();

use Zoom::Process qw(slurp spew);

our @EXPORT_OK = qw(median interval share table bars keep kept);


sub median {
    my @sorted = sort { $a <=> $b } @_;

    return @sorted ? $sorted[@sorted / 2] : 0;
}


# The median, and between what it is with a probability of 95 %, as far as the
# order of the values tells.

sub interval {
    my @sorted = sort { $a <=> $b } @_;
    my $n = @sorted;
    my $low = int(($n - 1.96 * sqrt($n)) / 2);

    $low = 0 if $low < 0;
    return (median(@sorted), @sorted[$low, $n - 1 - $low]);
}


# The median of what each round gives: the first's cost in the second's.
sub share {
    my ($of, $costs) = @_;

    return median(map { $costs->[$_] ? $of->[$_] / $costs->[$_] : 0 }
                      0 .. $#$costs);
}


# The first row is the head; all columns but the first are numbers.
sub table {
    my (@rows) = @_;
    my $head = shift @rows;
    my $line = sub { '| ' . join(' | ', map { $_ // '' } @_) . " |\n" };

    return $line->(@$head)
           . '|---|' . '---:|' x (@$head - 1) . "\n"
           . join('', map { $line->(@$_) } @rows);
}


sub escape {
    my ($text) = @_;
    my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;');

    $text =~ s/([&<>])/$entity{$1}/g;
    return $text;
}


# Bars on a scale of powers of ten: [name, value] ..., values above zero.
sub bars {
    my ($title, $unit, @bars) = @_;
    my ($left, $width, $high) = (190, 420, 26);
    my ($min, $max) = (sort { $a <=> $b } map { $_->[1] } @bars)[0, -1];
    my $low = 10 ** int(log($min) / log(10));
    my $top = 10 ** (1 + int(log($max) / log(10)));
    my $x = sub { $width * log($_[0] / $low) / log($top / $low) };
    my $height = 60 + $high * @bars;
    my $y = 40;

    my $svg = sprintf '<svg xmlns="http://www.w3.org/2000/svg" width="%d" '
        . 'height="%d" font-family="sans-serif" font-size="13">' . "\n"
        . '<rect width="100%%" height="100%%" fill="#fff"/>' . "\n"
        . '<text x="10" y="22" font-size="15">%s</text>' . "\n",
        $left + $width + 90, $height, escape($title);

    for (my $tick = $low; $tick <= $top; $tick *= 10) {
        my $at = $left + $x->($tick);

        $svg .= sprintf '<line x1="%d" y1="34" x2="%d" y2="%d" '
            . 'stroke="#ddd"/><text x="%d" y="%d" fill="#666" '
            . 'text-anchor="middle">%g</text>' . "\n",
            $at, $at, $height - 20, $at, $height - 6, $tick;
    }

    for (@bars) {
        my ($name, $value) = @$_;
        my $ours = $name =~ /^zoom/;

        $svg .= sprintf '<text x="%d" y="%d" text-anchor="end">%s</text>'
            . '<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>'
            . '<text x="%.1f" y="%d">%.1f %s</text>' . "\n",
            $left - 8, $y + 15, escape($name), $left, $y, $x->($value),
            $high - 8, $ours ? '#2d6cdf' : '#b8bfca',
            $left + $x->($value) + 6, $y + 15, $value, escape($unit);
        $y += $high;
    }

    return "$svg</svg>\n";
}


# Keeps what one script of several has measured: figures by name, and tables,
# each a title and a text.

sub keep {
    my ($dir, $name, $figures, @tables) = @_;
    my $text = '';

    while (my ($title, $table) = splice @tables, 0, 2) {
        $text .= "\n### $title\n\n$table";
    }

    spew("$dir/$name.md", $text, 0644);
    spew("$dir/$name.json", JSON::PP->new->canonical->pretty->encode(
         { map { $_ => 0 + $figures->{$_} } keys %$figures }), 0644);

    return $text;
}


# All that these have left: their figures, and their tables as one text.
sub kept {
    my ($dir, @names) = @_;
    my (%figures, $text);

    $text = '';

    for (grep { -e "$dir/$_.json" } @names) {
        %figures = (%figures,
                    %{ JSON::PP->new->decode(slurp("$dir/$_.json")) });
        $text .= slurp("$dir/$_.md");
    }

    return (\%figures, $text);
}


1;
