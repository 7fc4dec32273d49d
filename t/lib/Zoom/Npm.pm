package Zoom::Npm;

# A package of npm's, in a directory of its own.
#
#     my $npm = Zoom::Npm->new('standardwebhooks@1');
#
#     if (my $why = $npm->missing) {
#         plan(skip_all => $why);
#     }
#
#     $npm->install or die $npm->said;

use strict;
use warnings;

use Zoom::Process qw(spawn alive ended wait_for scratch discard slurp spew);


my $parent = $$;
my @dirs;

END { discard($_) for $$ == $parent ? @dirs : () }


sub new {
    my ($class, $package) = @_;

    push @dirs, scratch('npm');

    return bless { package => $package, dir => $dirs[-1] }, $class;
}


sub dir { return $_[0]{dir} }


# True if the command ended well; what it said is in the file.

sub run_to {
    my ($self, $output, $seconds, @argv) = @_;

    $self->{said} = "$self->{dir}/$output";
    unlink $self->{said};

    my $pid = spawn(name => $argv[0], output => $self->{said},
                    argv => ['sh', '-c', 'cd "$0" && exec "$@"',
                             $self->{dir}, @argv]);

    return wait_for(sub { !alive($pid) }, $seconds) && ended($pid) == 0;
}


# Of the command that was last.
sub said { return slurp($_[0]{said}) }


# Why there is no such package, or nothing.

sub missing {
    my ($self) = @_;

    return 'node and npm are not there'
        if !$self->run_to('version', 20, 'sh', '-c',
                          'node --version && npm --version');

    return "npm's registry can't be reached"
        if !$self->run_to('view', 30, 'npm', 'view', $self->{package},
                          qw(version --fetch-retries=0
                             --fetch-timeout=15000));

    return;
}


# Reachable a moment ago: from here on a failure is one.

sub install {
    my ($self) = @_;

    spew("$self->{dir}/package.json", '{"private":true}');

    return $self->run_to('install', 180, qw(
        npm install --no-audit --no-fund --cache=cache --ignore-scripts
        --legacy-peer-deps
    ), $self->{package});
}


1;
