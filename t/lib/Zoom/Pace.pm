package Zoom::Pace;

# Hosts that ask the clock of the module's script for slots, in one process,
# and a Zoom that counts what arrives.
#
#     my $pace = Zoom::Pace->new($t);
#     my $run = $pace->run(hosts => 100, busy => 10, n => 30, seconds => 3);

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IO::Socket::INET;
use List::Util qw(max min sum0);
use Time::HiRes qw(sleep time);

use Zoom::Fleet;
use Zoom::Process qw(slurp);

my $top = abs_path(dirname(__FILE__) . '/../../..');
my $clocks = 0;


sub script {
    my $source = slurp("$top/ngx_zoom_module/store/ngx_http_zoom_pace.c");
    my ($text) = $source =~ /pace_script \s* = \s* \{ (.*?) \{ \s* 0 \s* \} /sx
        or die "no script\n";

    $text =~ s{/\*.*?\*/}{}gs;

    return join '', map { s/\\(.)/$1/gr } $text =~ /"((?:[^"\\]|\\.)*)"/g;
}


sub new {
    my ($class, $t, %o) = @_;
    my $self = bless { fleet => Zoom::Fleet->new($t, %o) }, $class;

    $self->{sock} = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $self->{fleet}->port) or die;
    $self->{sha} = $self->call('SCRIPT', 'LOAD', script());

    return $self;
}


sub fleet { return $_[0]{fleet} }


sub call {
    my ($self, @words) = @_;

    Zoom::Fleet::send_words($self->{sock}, @words);
    $self->{sock}->flush;

    return Zoom::Fleet::reply($self->{sock});
}


sub hello {
    my ($self, $run) = @_;
    my ($s, $us) = @{ $self->call('TIME') };

    $self->call('DEL', 'hosts');
    $self->call('ZADD', 'hosts', map { ($s * 1000 + int($us / 1000), $_) }
                                 1 .. $run->{hosts});
}


# What a host does that wants slots: it tells what has become of those it had.
sub ask {
    my ($self, $run, $host) = @_;
    my $now = time;
    my @fates = splice @{ $host->{fates} }, 0, 64;
    my $began = time;
    my $most = $host->{now}
               ? $host->{now} + ($now - $host->{sent}) * 1e6 + 20000 : 0;

    my ($clock, $again, $crowd, $used, $turn, @stamps) = split ' ', $self->call(
        'EVALSHA', $self->{sha}, 3, $run->{key}, 'hosts', 'day', $run->{n},
        $run->{width}, $run->{day} // 0, $run->{want}, $run->{hosts},
        $host->{id}, sprintf('%.0f', $most), $run->{jobs} // 100,
        $host->{alone} // 0,
        join(' ', map {
            sprintf '%s %s', $_->[0],
                    $_->[1] eq 'x' ? 'x' : int(($now - $_->[1]) * 1e6)
        } @fates), $run->{days} // 0, $host->{turn} // 0);

    $run->{trips}++;
    $run->{busy} += time - $began;
    $host->{sent} = $now;
    $host->{now} = $clock;
    $host->{turn} = $turn;

    my $got = time;

    push @{ $host->{slots} }, map { [$_, $got + ($_ - $clock) / 1e6] } @stamps;
    $host->{again} = @stamps ? $host->{slots}[-1][1] - 0.02
                             : $got + $again / 1e6 * (0.5 + rand);
}


# A request arrives by "late" after it was sent; its host knows an upper bound.
sub send_due {
    my ($self, $run, $host, $now) = @_;

    while (@{ $host->{slots} } && $host->{slots}[0][1] <= $now) {
        my $slot = shift @{ $host->{slots} };
        my $late = 0.004 + (rand() < 0.05 ? rand(0.03) : rand(0.002));

        push @{ $run->{arrivals} }, $now + $late;
        push @{ $host->{answers} }, [$now + $late + 0.01 + rand(0.1), $slot->[0],
                                     $now + $late + 0.002];
        $host->{n}++;
    }

    while (@{ $host->{answers} } && $host->{answers}[0][0] <= $now) {
        my $answer = shift @{ $host->{answers} };

        push @{ $host->{fates} }, [@$answer[1, 2]];
    }
}


# width => microseconds (a second), n => requests within it, want => slots that
# a busy host asks for, each => sub that is called all the time.
sub run {
    my ($self, %o) = @_;
    my %run = (width => 1e6, want => 16, key => 'clock' . $clocks++,
               arrivals => [], trips => 0, busy => 0, %o);
    my @hosts = map { { id => "host$_", slots => [], answers => [], fates => [],
                        again => 0, n => 0 } } 1 .. $run{hosts};
    my @busy = @hosts[0 .. ($run{busy} = $run{busy}) - 1];

    $run{busy} = 0;

    my ($began, $hello, $stalled) = (time, 0, 0);
    my $looked = $began;

    while ((my $now = time) - $began < $run{seconds}) {
        # What other processes take from this one is not the clock's fault.
        $stalled += $now - $looked - 0.05 if $now - $looked > 0.05;
        $looked = $now;

        if ($now - $hello > 1) {
            $self->hello(\%run);
            $hello = $now;
        }

        for my $host (@busy) {
            $self->send_due(\%run, $host, $now);
            $self->ask(\%run, $host) if $host->{again} <= $now;
        }

        $run{each_time}->($self, $now - $began) if $run{each_time};
        sleep 0.001;
    }

    my @a = sort { $a <=> $b } @{ $run{arrivals} };
    my $w = $run{width} / 1e6;

    $run{crossed} = grep { $a[$_ + $run{n}] - $a[$_] < $w } 0 .. $#a - $run{n};
    $run{used} = @a / ($run{n} * ($run{seconds} - $stalled) / $w + 1);
    $run{gap} = max(0, map { $a[$_ + 1] - $a[$_] } 0 .. $#a - 1);
    $run{each} = [map { $_->{n} } @busy];

    return \%run;
}


1;
