package Zoom::Chaos;

# A crowd of callers that never stops asking, whatever happens to workers, and
# the hand that makes it happen.  Every request is accounted for: it was
# answered, it was given up by its caller, or it was lost with its reason.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::HTTP qw(http_start);
use Zoom::Nginx;
use Zoom::Process qw(
    spawn alive ended wait_for scratch discard slurp spew
);

our @EXPORT_OK = qw(
    rss fds stop_process gdb hold bot statuses not_of steadily
);

# More than any zoom_timeout here; who waits longer was forgotten.
use constant PATIENCE => 20;


# clients => how many at once, path => sub that gives the next path, done =>
# sub that is shown every answer,
# keepalive => which part of the callers keep their connections,
# aborts => which part loses interest.

sub new {
    my ($class, %o) = @_;

    return bless {
        clients => 50, keepalive => 0, aborts => 0, %o, open => {},
        idle => [], sent => 0, answered => 0, aborted => 0, reused => 0,
        status => {}, victims => {}, lost => 0, failed => [], kills => 0,
        reloads => 0, fresh => 0,
    }, $class;
}


sub port { return $_[0]{nginx}->port }


sub send_one {
    my ($self, %o) = @_;
    my $keep = $o{keep} // rand() < $self->{keepalive};
    my $on = $keep && !$o{fresh} ? shift @{ $self->{idle} } : undef;
    my $path = $o{path} // $self->{path}->();

    my $call = http_start(port => $self->port, path => $path,
                          keepalive => $keep, ($on ? (on => $on) : ()));

    $self->{fresh}++ if $path =~ m{^/fresh};
    $call->{again} = $on ? 1 : 0;
    $call->{until} = rand() < $self->{aborts} ? time + rand 0.3 : undef;
    $call->{from} = $call->{sock} ? $call->{sock}->sockport : 0;
    $self->{sent}++;
    $self->{open}{ $self->{sent} } = $call;

    return $call;
}


# What became of a request that is done.
sub account_for {
    my ($self, $call) = @_;

    $self->{done}->($call) if $self->{done} && !$call->error;

    if (!$call->error) {
        $self->{answered}++;
        $self->{status}{ $call->status }++;
        push @{ $self->{idle} }, $call
            if $call->{keepalive} && $call->{sock}
               && ($call->header('Connection') // '') ne 'close';

    } elsif ($call->error eq 'aborted') {
        $self->{aborted}++;

    } elsif ($self->{victims}{ $call->{from} }) {
        $self->{lost}++;

    } elsif ($call->{again} && $call->{in} eq '') {

        # nginx may close a connection that waits for its next request, and
        # every client has to cope
        $self->{reused}++;
        $self->send_one(path => $call->{path}, keep => 1, fresh => 1);

    } else {
        push @{ $self->{failed} },
             sprintf '%s %s after %.1f s', $call->{path}, $call->error,
                     $call->took;
    }
}


sub tick {
    my ($self, $wait) = @_;
    my ($r, $w) = ('', '');
    my $open = $self->{open};

    for my $call (values %$open) {
        next if $call->{done};
        vec($r, fileno $call->{sock}, 1) = 1;
        vec($w, fileno $call->{sock}, 1) = 1 if $call->{out} ne '';
    }

    select $r, $w, undef, $wait // 0.01;

    my $now = time;

    for my $n (keys %$open) {
        my $call = $open->{$n};

        if (!$call->{done}) {
            my $fd = fileno $call->{sock};

            $call->write_some if vec $w, $fd, 1;
            $call->read_some if vec $r, $fd, 1;
        }

        if (!$call->{done}) {
            $call->abort if $call->{until} && $now > $call->{until};
            $call->finish('no answer')
                if $now - $call->{started} > PATIENCE;
        }

        if ($call->{done}) {
            delete $open->{$n};
            $self->account_for($call);
        }
    }
}


# every => [seconds, sub], ...: what else happens meanwhile
sub run {
    my ($self, $seconds, @every) = @_;
    my $end = time + $seconds;

    # rand 0 is rand 1
    my @next = map { time + rand($_->[0] || 1e-9) } @every;

    while (time < $end) {
        while (keys %{ $self->{open} } < $self->{clients}) {
            $self->send_one;
        }

        $self->tick;

        for my $i (0 .. $#every) {
            next if time < $next[$i];
            $every[$i][1]->();
            $next[$i] = time + $every[$i][0] * (0.5 + rand);
        }
    }

    return $self;
}


# No new requests; those under way may end.
sub drain {
    my ($self) = @_;

    $self->{aborts} = 0;
    $self->tick while keys %{ $self->{open} };
    $self->hang_up;

    return $self;
}


sub hang_up {
    my ($self) = @_;

    close delete $_->{sock} for splice @{ $self->{idle} };
}


# Each of these paths once, so many at a time; what was not answered with 200.
sub ask_each {
    my ($self, @paths) = @_;
    my $before = $self->{status}{200} // 0;
    my $n = @paths;

    while (@paths) {
        $self->send_one(path => shift @paths, keep => 0)
            while @paths && keys %{ $self->{open} } < $self->{clients};
        $self->tick;
    }

    $self->drain;

    return $n - (($self->{status}{200} // 0) - $before);
}


sub state_of {
    my ($pid) = @_;

    return slurp("/proc/$pid/stat") =~ /^\d+ \(.*\) (\S)/ ? $1 : '';
}


sub stop_process {
    my ($pid) = @_;

    kill 'STOP', $pid or return;
    return wait_for(sub { state_of($pid) =~ /^[TZ]?$/ }, 2);
}


# Kills a worker and remembers whose connections it had.  It is stopped first,
# or it might take and close some between the look and the blow.

sub slay {
    my ($self, $pid) = @_;

    $pid //= do {
        my @workers = $self->{nginx}->workers;
        $workers[rand @workers];
    };

    return if !$pid || !stop_process($pid);

    $self->{victims}{$_} = 1 for $self->{nginx}->clients_of($pid);
    $self->{kills}++;
    kill 'KILL', $pid;

    return $pid;
}


# Those of a worker that somebody else is about to kill.
sub mourn {
    my ($self, $pid) = @_;

    $self->{victims}{$_} = 1 for $self->{nginx}->clients_of($pid);
    $self->{kills}++;
}


sub hup {
    my ($self) = @_;

    kill 'HUP', $self->{nginx}->pid;
    $self->{reloads}++;
}


sub report {
    my ($self, $zoom, %o) = @_;
    my $status = $self->{status};

    note(sprintf 'sent %d, answered %d (%s), lost with their worker %d, '
         . 'given up by callers %d, sent again %d, failed %d',
         $self->{sent}, $self->{answered},
         join(' ', map { "$_: $status->{$_}" } sort keys %$status),
         @$self{qw(lost aborted reused)}, scalar @{ $self->{failed} });
    note(sprintf 'kills %d, reloads %d', @$self{qw(kills reloads)});

    $self->expect('mints', $zoom->token_calls, $o{mints});
    $self->expect('OAuth calls', $zoom->oauth_calls, $o{oauth});
}


# A number, or the least and the most.
sub expect {
    my ($self, $what, $seen, $expected) = @_;
    my ($least, $most) = ref $expected ? @$expected
                                       : ($expected, $expected);

    if (!defined $expected) {
        note("$what: $seen seen");
        return;
    }

    note("$what: $seen seen, "
         . ($least == $most ? $least : "$least to $most") . ' expected');
    ok($seen >= $least && $seen <= $most, "$what as expected")
        or diag("$seen, not $least to $most");
}


# The books must balance.
sub check {
    my ($self) = @_;
    my @failed = @{ $self->{failed} };

    is(scalar @failed, 0, 'no request failed for no reason')
        or diag(join "\n", @failed[0 .. ($#failed > 9 ? 9 : $#failed)]);
    is($self->{answered} + $self->{lost} + $self->{aborted}
       + $self->{reused} + @failed, $self->{sent},
       'every request is accounted for');
}


# The end of a storm: the books, and what it left in the zone.
sub settle {
    my ($self, $zoom, %expected) = @_;

    $self->report($zoom, %expected);
    $self->check;
    $self->check_zone;
}


# Of all answers; "wanted" is a pattern of statuses.
sub answers_are {
    my ($self, $wanted, $name) = @_;
    my $status = $self->{status};
    my @other = grep { !/^(?:$wanted)$/ } sort keys %$status;

    ok(%$status && !@other, $name) or diag("not $wanted: @other");
}


# For run(): so often, and neither sooner nor later.
sub steadily {
    my ($every, $do) = @_;
    my $next = time;

    return [0, sub {
        return if time < $next;
        $next += $every;
        $do->();
    }];
}


sub bot { return sprintf 'user=bot%04d@example.com', $_[0] }


# "200: 30, 503 overloaded: 2"
sub statuses {
    my %n;

    $n{ $_->status . ($_->json->{error} ? ' ' . $_->json->{error} : '') }++
        for @_;

    return join ', ', map { "$_: $n{$_}" } sort keys %n;
}


# Calls whose connection is not one of this worker's.
sub not_of {
    my ($nginx, $worker, @calls) = @_;
    my %owned = map { $_ => 1 } $nginx->clients_of($worker);

    return grep { !$owned{ $_->{sock} ? $_->{sock}->sockport : 0 } } @calls;
}


# KiB of its own.  What it maps of the zone does not count: our checker reads it
# through the master, which then has all of it.

sub rss {
    my ($pid) = @_;

    return slurp("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m ? $1 : 0;
}


# All, or those of one kind.
sub fds {
    my ($pid, $kind) = @_;
    my @fds = map { readlink($_) // '' } glob "/proc/$pid/fd/*";

    return scalar grep { !$kind || /$kind/ } @fds;
}


# Compiles t/chaos/zone.c beside the module, with the headers that it was
# built with; undef where these are not there.  A checker that does not compile
# has checked nothing, and must not look as if it had.

sub checker {
    my ($build) = Zoom::Nginx::module() =~ m{^(.*)/};
    my $program = "$build/zone-check";
    my $source = abs_path(dirname(__FILE__) . '/../../chaos/zone.c');
    my ($includes) = slurp("$build/obj/Makefile")
                     =~ /^ALL_INCS = ((?:.*\\\n)*.*)/m or return;

    return $program
        if -x $program && -M $program < -M Zoom::Nginx::module();

    $includes =~ s/\\\n//g;

    # Several tests may need it at once.
    my $new = "$program.$$";

    # What zone.c needs of nginx is not called.
    my $pid = spawn(name => 'cc', output => "$new.log", argv => [
        'sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh',
        $ENV{NGINX_SRC} || $ENV{NGINX_DEV} || '/usr/share/nginx/src',
        'cc', '-g', '-w', '-static', split(' ', $includes), $source,
        '-o', $new, '-Wl,--unresolved-symbols=ignore-all',
    ]);

    wait_for(sub { !alive($pid) }, 30, 'cc');

    my $said = slurp("$new.log");
    unlink "$new.log";

    die "t/chaos/zone.c does not compile:\n$said" if ended($pid) != 0;

    return rename($new, $program) ? $program : undef;
}


# Nobody is at work, everything in the zone fits together, and no flight is in
# progress.

sub check_zone {
    my ($self, $size) = @_;
    my $nginx = $self->{nginx};

    SKIP: {
        my $program = checker() or skip 'no checker of the zone', 1;

        wait_for(sub { 2 == $nginx->workers }, 5);

        my @workers = $nginx->workers;

        stop_process($_) for @workers;

        my $said = do {
            open my $fh, '-|', $program, $nginx->pid, $size // 8 << 20;
            local $/;
            <$fh>;
        };

        kill 'CONT', @workers;

        my $slots = @workers;

        like($said, qr/\Aentries \d+ flights 0 slots $slots\n\z/,
             'the zone is consistent');
    }
}


# Runs gdb's commands in a process; what it printed, or undef where there is
# no gdb or it may not attach.

sub gdb {
    my ($pid, @commands) = @_;
    my $dir = scratch('gdb');

    spew("$dir/script", join "\n", 'set confirm off', @commands, '');

    my $gdb = spawn(name => 'gdb', output => "$dir/output", argv => [
        'gdb', '-nx', '-batch', '-p', $pid, '-x', "$dir/script",
    ]);

    wait_for(sub { !alive($gdb) }, 20, 'gdb');

    my $text = slurp("$dir/output");

    discard($dir);

    return if $text =~ /ptrace:\ Operation\ not\ permitted|Could\ not\ attach
                        |gdb:\ No\ such\ file/x;
    return $text;
}


# A worker is held by gdb where "commands" lead it, for as long as there is a
# file, and then killed or let go ("kill", "detach").  Gives gdb's pid, the file
# and gdb's output, which has a line "held" once it is so.

sub hold {
    my ($dir, $worker, $then, $breakpoint, @commands) = @_;
    my $file = "$dir/held.$worker";
    my $output = "$file.output";

    spew($file, '');

    my $pid = spawn(
        name => 'gdb', output => $output, argv => [
            'gdb', '-nx', '-batch', '-p', $worker,
            map { ('-ex', $_) }
            'set confirm off', "tbreak $breakpoint", 'continue', @commands,
            'echo held\n',
            "shell while [ -e $file ]; do sleep 0.02; done", $then,
        ],
    );

    wait_for(sub { slurp($output) =~ /reakpoint 1 at/ }, 15, 'gdb');

    return ($pid, $file, $output);
}


1;
