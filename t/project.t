#!/usr/bin/perl

# What GitHub and a newcomer read of the project: workflows that call targets
# which are there, forms that are well formed, "make help" with every target.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use Test::More;

use Zoom::Process qw(slurp);

my $top = abs_path(dirname(__FILE__) . '/..');
my @makefiles = ("$top/Makefile", glob "$top/t/tools/*.mk");
my %target = map { $_ => 1 } map { slurp($_) =~ /^([a-z0-9-]+):(?!=)/mg }
             @makefiles;

delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};


subtest 'make help' => sub {
    my $help = qx(make -s -C $top help 2>&1);
    my @told = $help =~ /^  make (\S+)/mg;

    is($?, 0, 'answers');
    is(join(' ', grep { !$target{$_} } @told), '', 'with targets that exist');
    is(scalar(grep { !/^ / && length } split /\n/, $help), 6, 'in groups');

    my %told = map { $_ => 1 } @told;
    my @silent = grep { !$told{$_} } map { slurp($_) =~ /^([\w-]+):.*##/mg }
                 @makefiles;

    is("@silent", '', 'and with all of them');
    unlike($help, qr/.{81}/, 'in 80 columns');
};


plan(skip_all => 'YAML::XS (libyaml-libyaml-perl) is not installed')
    if !eval { require YAML::XS };


subtest 'workflows' => sub {
    my $ci = YAML::XS::Load(slurp("$top/.github/workflows/ci.yml"));
    my %made;

    is(join(' ', sort keys %{ $ci->{jobs} }),
       'fuzz lint packages sanitize test without-lua', 'its jobs');
    is($ci->{permissions}{contents}, 'read', 'which may write nothing');

    for my $name (sort keys %{ $ci->{jobs} }) {
        my $job = $ci->{jobs}{$name};
        my @steps = @{ $job->{steps} };

        ok($job->{'timeout-minutes'}, "$name: has a bound");
        is(scalar(grep { ($_->{uses} // '') =~ m{^actions/checkout@} } @steps),
           1, "$name: has the sources");
        is(scalar(grep { !defined($_->{run} // $_->{uses}) } @steps), 0,
           "$name: each step does something");

        for (map { $_->{run} // () } @steps) {
            $made{$1} = 1 while /\bmake ([a-z0-9-]+)(?![\w=])/g;
        }
    }

    delete $made{'ca-certificates'};
    is(join(' ', grep { !$target{$_} } sort keys %made), '',
       'each target that they make is there');
    ok($made{$_}, "$_ is made") for qw(test lint sanitize fuzz deb dist);
};


subtest 'issue forms' => sub {
    for my $file (glob "$top/.github/ISSUE_TEMPLATE/*.yml") {
        my $name = basename($file);
        my $form = YAML::XS::Load(slurp($file));

        next if $name eq 'config.yml';

        ok($form->{name} && $form->{description}, "$name: says what it is");

        my %seen;

        for my $field (@{ $form->{body} }) {
            like($field->{type}, qr/^(?:markdown|textarea|input|dropdown)$/,
                 "$name: a type that GitHub knows");
            next if $field->{type} eq 'markdown';

            ok($field->{attributes}{label}, "$name: $field->{id}: a label");
            ok(!$seen{ $field->{id} }++, "$name: $field->{id}: once");
            ok(@{ $field->{attributes}{options} }, "$name: options")
                if $field->{type} eq 'dropdown';
        }
    }
};


done_testing();
