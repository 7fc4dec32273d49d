package Zoom::Rules;

# What rules of zoom_allow permit, told by the rows of src/endpoints.tsv and
# nothing of the core's: a model for tests to hold it against.
#
#     my $rules = Zoom::Rules->new;
#
#     for my $row ($rules->rows) {
#         $rules->permits('meeting:read:*', account => $row);
#     }
#
# A row has "method", "path", "label", and "account" and "user": the scopes of
# which any one suffices, for an app of the account and on a user's behalf.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

use Zoom::Process qw(slurp);

my $file = abs_path(dirname(__FILE__) . '/../../../src/endpoints.tsv');


sub new {
    my ($class) = @_;
    my @rows;

    for (split /\n/, slurp($file)) {
        next if /^#/;

        my ($product, $method, $path, $label, $scopes) = split /\t/;
        my @scopes = $scopes eq '-' ? () : split /,/, $scopes;
        my @own = grep { !/:(?:admin|master)\z/ } @scopes;
        my @of_account = grep { /:(?:admin|master)\z/ } @scopes;

        push @rows, {
            product => $product,
            method  => $method,
            path    => $path,
            label   => $label,
            account => @of_account ? \@of_account : \@own,
            user    => @own ? \@own : \@of_account,
        };
    }

    return bless { rows => \@rows }, $class;
}


sub rows { return @{ $_[0]{rows} } }


# The row with a name where others have a parameter.
sub endpoint {
    my ($self, $method, $path) = @_;
    my @asked = split m{/}, $path;
    my ($best, $rank);

    for my $row (grep { $_->{method} eq $method } $self->rows) {
        my @segments = split m{/}, $row->{path};

        next if @segments != @asked;
        next if grep { $segments[$_] !~ /^\{/ && $segments[$_] ne $asked[$_] }
                0 .. $#asked;

        my $is = join '', map { /^\{/ ? 1 : 0 } @segments;

        ($best, $rank) = ($row, $is) if !defined $rank || $is lt $rank;
    }

    return $best;
}


sub permits {
    my ($self, $rule, $whose, $row) = @_;

    return 1 if $rule eq '*';
    return $row->{method} eq 'GET' ? 1 : 0 if $rule eq 'read';
    return $row->{method} ne 'GET' ? 1 : 0 if $rule eq 'write';

    if ($rule =~ m{^([A-Z]+):(/.*)}) {
        my ($method, $path) = ($1, $2);

        s/\{.*?\}/{}/g for $path, (my $template = $row->{path});
        return $method eq $row->{method} && $path eq $template ? 1 : 0;
    }

    my $pattern = join '.*', map { quotemeta } split /\*/, $rule, -1;

    return scalar(grep { /^$pattern\z/ } @{ $row->{$whose} }) ? 1 : 0;
}


1;
