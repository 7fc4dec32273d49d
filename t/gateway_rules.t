#!/usr/bin/perl

# What rules of zoom_allow permit: every endpoint of Zoom's, asked for with five
# kinds of rules and two kinds of access tokens, against a model of its own.
# ZOOM_SEED repeats a run.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

use Zoom::Process qw(spawn alive ended wait_for scratch discard slurp spew);
use Zoom::Rules;

my $seed = $ENV{ZOOM_SEED} // time ^ $$ << 8;

srand $seed;
note("ZOOM_SEED=$seed");

my $top = abs_path(dirname(__FILE__) . '/..');
my $dir = scratch('rules');


sub run_to {
    my ($output, @argv) = @_;
    my $pid = spawn(name => $argv[0], output => $output, argv => \@argv);

    wait_for(sub { !alive($pid) }, 120, $argv[0]);
    return ended($pid) == 0;
}


my @sanitize = $ENV{ZOOM_ASAN} ? ('-fsanitize=address,undefined') : ();

run_to("$dir/cc.log", 'sh', '-c', 'cd "$0" && exec "$@"', $top,
       'cc', '-std=c11', '-D_GNU_SOURCE', '-g', '-O1', @sanitize, '-Iinclude',
       '-o', "$dir/rules", 't/prop/rules.c',
       (map { "src/zoom_$_.c" } qw(endpoint endpoint_table glob path rule string
                                   uri)), '-lcrypto')
    or BAIL_OUT("t/prop/rules.c can't be compiled:\n" . slurp("$dir/cc.log"));


my $model = Zoom::Rules->new;
my @rows = $model->rows;

is(scalar @rows, 1719, 'rows');


sub filled {
    my ($path) = @_;
    my @values = ('85746065432', 'a@b.example', 'x-Y_1', 'email', 'meetings',
                  'KDcuGIm1QgePTO8WbOqwIQ');

    return $path =~ s/\{.*?\}/$values[rand @values]/ger;
}


sub any { return $rows[rand @rows] }

sub scope {
    my $row = any();
    my @scopes = (@{ $row->{account} }, @{ $row->{user} });

    return @scopes ? $scopes[rand @scopes] : scope();
}

my %kinds = (
    'everything'       => sub { '*' },
    'read or write'    => sub { rand() < 0.5 ? 'read' : 'write' },
    'a scope'          => sub { scope() },
    'a pattern'        => sub {
        my @part = split /:/, scope();

        return (join(':', @part[0, 1]) . ':*', "$part[0]:*", "*:$part[1]:*",
                '*:admin', '*:master', "$part[0]:*:admin")[rand 6];
    },
    'method and path'  => sub {
        my $row = any();

        return "$row->{method}:$row->{path}";
    },
);


for my $kind (sort keys %kinds) {
    my (@lines, @want);
    my $permitted = 0;

    for my $row (@rows) {
        my $path = filled($row->{path});
        my $found = $model->endpoint($row->{method}, $path);

        for my $whose (qw(account user)) {

            # a random one hardly ever meets a random row
            my @rules = map { $kinds{$kind}->() } 1 .. 4;

            push @rules, "$row->{method}:$row->{path}"
                if $kind eq 'method and path';
            push @rules, @{ $row->{account} }, @{ $row->{user} }
                if $kind eq 'a scope';

            for my $rule (@rules) {
                my $is = $model->permits($rule, $whose, $found);

                push @lines, join "\t", $whose, $rule, $row->{method}, $path;
                push @want, "$is $found->{path}";
                $permitted += $is;
            }
        }
    }

    spew("$dir/in", join '', map { "$_\n" } @lines);
    unlink "$dir/out";
    ok(run_to("$dir/out", 'sh', '-c', 'exec "$0" < "$1"', "$dir/rules",
              "$dir/in"), "$kind: runs");

    my @got = split /\n/, slurp("$dir/out");
    my @bad = grep { ($got[$_] // '') ne $want[$_] } 0 .. $#want;

    is(scalar @bad, 0, scalar(@want) . " cases of $kind")
        or diag("case: $lines[ $bad[0] ]\ngot: $got[ $bad[0] ]\n"
                . "want: $want[ $bad[0] ]");
    cmp_ok($permitted, '>', 100, "$kind: $permitted are permitted");
}


# An agent that reads meetings, and does nothing else.

{
    my @mine = grep { $model->permits('meeting:read:*', account => $_) }
               @rows;
    my @reads = grep { $_->{method} eq 'GET'
                       && grep { /^meeting:read:/ } @{ $_->{account} } } @rows;

    is(scalar @mine, scalar @reads, 'meeting:read:* is '
                                    . @reads . ' endpoints');
    is(scalar(grep { $_->{method} ne 'GET' } @mine), 0, 'and all of them read');
    cmp_ok(scalar @mine, '>', 20, 'which are many');
}

discard($dir);
done_testing();
