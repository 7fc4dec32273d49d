package Zoom::Mutant;

# The module with a bug put in: one file is compiled again and linked with the
# objects that the module under test was built from.
#
#     my $so = Zoom::Mutant::build($dir, 'name', [qr/good/, 'bad'], ...);

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

use Zoom::Nginx;
use Zoom::Process qw(spawn alive ended wait_for slurp spew);

my $top = abs_path(dirname(__FILE__) . '/../../..');


# The one source file that has what each of the patterns looks for, once, and
# its text with all replaced.

sub mutate {
    my (@changes) = @_;
    my @files;

    for my $file (glob "$top/ngx_zoom_module/*.c $top/ngx_zoom_module/*/*.c") {
        my $text = slurp($file);
        my $found = 0;

        for (@changes) {
            my ($pattern, $bug) = @$_;

            $found += 1 == ($text =~ s/$pattern/$bug/g);
        }

        push @files, [$file, $text] if $found == @changes;
    }

    die "no place for the bug: " . join(' ', map { $_->[0] } @changes) . "\n"
        if @files != 1;

    return @{ $files[0] };
}


sub run {
    my ($log, $command) = @_;
    my $nginx = $ENV{NGINX_SRC} || $ENV{NGINX_DEV} || '/usr/share/nginx/src';
    my $pid = spawn(name => 'cc', output => $log, argv => [
        'sh', '-c', "cd '$nginx' && $command",
    ]);

    wait_for(sub { !alive($pid) }, 60, 'cc');
    die "$command:\n" . slurp($log) if ended($pid) != 0;
}


# How the module under test was built.
sub rules {
    my ($build) = Zoom::Nginx::module() =~ m{^(.*)/};

    return slurp("$build/obj/Makefile") =~ s/\\\n//gr;
}


sub build {
    my ($dir, $name, @changes) = @_;
    my ($source, $text) = mutate(@changes);
    my ($base) = $source =~ m{([^/]+)\.c$};
    my $out = "$dir/$name";
    my $rules = rules();

    mkdir $out;
    chmod 0755, $out;
    spew("$out/$base.c", $text);

    my %value = $rules =~ /^(CC|LINK|CFLAGS|ALL_INCS)\s*=\s*([^\n]*)/gm;
    my ($link) = $rules =~ /^\t\$\(LINK\)\ -o\ \S*\/ngx_http_zoom_module\.so
                            \s+([^\n]*)/mx
        or die "no rule for the module\n";

    $link =~ s{\S+/\Q$base\E\.o}{$out/$base.o} or die "no object $base.o\n";

    my $compile = '$(CC) -c -fPIC $(CFLAGS) -O1 -w $(ALL_INCS)'
                  . " -o $out/$base.o $out/$base.c";
    my $command = "$compile && \$(LINK) -o $out/ngx_http_zoom_module.so $link";

    $command =~ s/\$\((\w+)\)/$value{$1} \/\/ ''/ge for 1 .. 2;

    run("$out/log", $command);

    return "$out/ngx_http_zoom_module.so";
}


1;
