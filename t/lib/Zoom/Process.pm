package Zoom::Process;

# Children, ports and temporary directories.  Children are known by pid and
# ended by pid, whatever way the script goes down.

use strict;
use warnings;

use Exporter qw(import);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX qw(:sys_wait_h setsid);
use Socket qw(SOCK_DGRAM);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(
    spawn stop reap alive ended wait_for free_ports port_is_open scratch
    discard copy_of slurp spew
);

# Where Debian has nginx, and not everybody looks.
$ENV{PATH} .= ':/usr/sbin:/sbin';

my $parent = $$;
my %children;       # pid => name
my %ended;          # pid => wait status


sub wait_for {
    my ($condition, $timeout, $what) = @_;
    my $end = time + ($timeout // 5);

    while (1) {
        my $value = $condition->();

        return $value if $value;
        last if time > $end;
        sleep 0.01;
    }

    die "gave up waiting for $what\n" if defined $what;
    return;
}


sub reap {
    for my $pid (keys %children) {
        if (waitpid($pid, WNOHANG) == $pid) {
            $ended{$pid} = $?;
            delete $children{$pid};
        }
    }
}


sub alive {
    my ($pid) = @_;

    reap();
    return exists $children{$pid};
}


sub ended {
    my ($pid) = @_;

    return $ended{$pid};
}


sub redirect {
    my ($handle, $path) = @_;

    open $handle, '>>', $path or die "$path: $!\n";
}


# argv => [...], output => file for stdout and stderr, env => {...}, or
# run => sub { ... } instead of argv.  "detach" leaves it running after us.

sub spawn {
    my (%o) = @_;
    my $pid = fork // die "fork: $!\n";

    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM PIPE);
        setsid() if $o{detach};

        open STDIN, '<', '/dev/null';

        if ($o{output}) {
            redirect(\*STDOUT, $o{output});
            redirect(\*STDERR, $o{output});
        }

        my %env = %{ $o{env} // {} };
        @ENV{ keys %env } = values %env;

        if ($o{run}) {
            $o{run}->();
            POSIX::_exit(0);
        }

        no warnings 'exec';
        exec { $o{argv}[0] } @{ $o{argv} };
        print STDERR "$o{argv}[0]: $!\n";
        POSIX::_exit(127);
    }

    $children{$pid} = $o{name} // 'child' if !$o{detach};
    return $pid;
}


# Sends the signal, waits, and takes stronger means where that was not
# enough.  True if the first signal did.

sub stop {
    my ($pid, $signal, $timeout) = @_;

    return 1 if !alive($pid);

    for my $try ([$signal // 'TERM', $timeout // 5], ['TERM', 5], ['KILL', 5])
    {
        kill $try->[0], $pid;

        if (wait_for(sub { !alive($pid) }, $try->[1])) {
            return $try->[0] eq ($signal // 'TERM');
        }
    }

    return;
}


sub port_is_open {
    my ($port, $host) = @_;

    return IO::Socket::INET->new(
        PeerAddr => $host // '127.0.0.1',
        PeerPort => $port,
        Timeout  => 2,
    ) ? 1 : 0;
}


# Ports below those the kernel gives to outgoing connections, so that nothing
# but another test can take them; a name in the abstract namespace, which goes
# when we go, keeps tests that run beside us away.

my @locks;

sub lock_port {
    my ($port) = @_;
    my $lock = IO::Socket::UNIX->new(Type  => SOCK_DGRAM,
                                     Local => "\0zoom-test-port-$port")
        or return;

    push @locks, $lock;
    return 1;
}


sub free_ports {
    my ($n) = @_;
    my @ports;

    srand(time ^ $$ << 8) if !@locks;

    while (@ports < $n) {
        my $port = 10_000 + int rand 20_000;
        my $sock = IO::Socket::INET->new(
            Listen    => 1,
            LocalAddr => '127.0.0.1',
            LocalPort => $port,
        ) or next;

        close $sock;
        push @ports, $port if lock_port($port);
    }

    return @ports;
}


# Readable for workers that are not root; what is secret in it is not.

sub scratch {
    my ($name) = @_;
    my $dir = tempdir("zoom-$name-XXXXXX", TMPDIR => 1, CLEANUP => 0);

    chmod 0755, $dir;
    return $dir;
}


sub discard {
    my ($dir) = @_;

    remove_tree($dir, { safe => 0, error => \my $ignored });
}


# A folder of the checkout for workers, which need not get into that: it may
# lie where only root does, or be of an umask that shuts others out.

my %copies;

sub copy_of {
    my ($folder) = @_;

    return $copies{$folder} //= do {
        my $copy = scratch('copy');

        system('cp', '-RL', "$folder/.", $copy) == 0
            && system('chmod', '-R', 'a+rX', $copy) == 0
            or die "cannot copy $folder\n";

        $copy;
    };
}


sub slurp {
    my ($path) = @_;

    open my $fh, '<:raw', $path or return '';
    local $/;
    return scalar(<$fh>) // '';
}


sub spew {
    my ($path, $bytes, $mode) = @_;
    my $old = umask 0077;

    open my $fh, '>:raw', $path or die "$path: $!\n";
    umask $old;
    print {$fh} $bytes;
    close $fh or die "$path: $!\n";
    chmod $mode // 0600, $path;

    return $path;
}


# Some tests have a thousand connections, and nginx sets its workers 8192
# descriptors; a login often starts with 1024, and may have more.

sub raise_limit {
    my ($soft, $hard) = slurp("/proc/$$/limits")
        =~ /^Max open files\s+(\d+)\s+(\d+)/m or return;
    my $want = $hard < 8192 ? $hard : 8192;

    system('prlimit', '--pid', $$, "--nofile=$want:") if $soft < $want;
}

raise_limit();


# An exit by signal is an exit: END runs.
$SIG{INT}  = sub { exit 130 };
$SIG{TERM} = sub { exit 143 };
$SIG{PIPE} = 'IGNORE';

END {
    if ($$ == $parent) {
        local $?;
        stop($_) for keys %children;
        discard($_) for values %copies;
    }
}


1;
