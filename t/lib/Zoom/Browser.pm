package Zoom::Browser;

# A real browser without a screen.
#
#     plan(skip_all => Zoom::Browser::missing()) if Zoom::Browser::missing();
#     my $dom = browse($t->dir, '--dump-dom', $url);
#
# One to click in, over the pipe that Chromium has for its developer tools:
#
#     my $browser = Zoom::Browser->open(dir => $t->dir, script => 0);
#
#     $browser->go($url);
#     $browser->choose('select', 'bob@other.example');
#     $browser->click('button[value=allow]');
#     is($browser->text('h1'), 'Connected');

use strict;
use warnings;

use Exporter qw(import);
use IO::Select;
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time);

use Zoom::Process qw(spawn alive stop wait_for slurp);

our @EXPORT_OK = qw(browse);

my $json = JSON::PP->new->utf8->allow_nonref;

my @QUIET = qw(
    --headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
    --disable-dev-shm-usage --no-proxy-server
);


sub missing {
    return system('command -v chromium > /dev/null 2>&1')
           ? 'chromium is not installed' : undef;
}


# What it prints, with --dump-dom the document as the scripts left it.  Its
# profile goes into the directory.

sub browse {
    my ($dir, @arguments) = @_;
    my $home = "$dir/chromium";
    my $output = "$home.out";

    mkdir $home;
    unlink $output;

    my $pid = spawn(
        name   => 'chromium',
        output => $output,
        env    => { HOME => $home },
        argv   => ['chromium', @QUIET, '--virtual-time-budget=2000',
                   "--user-data-dir=$home", @arguments],
    );

    wait_for(sub { !alive($pid) }, 300) or stop($pid);

    # It has much to say before.
    return slurp($output) =~ /(<!DOCTYPE.*)/s ? $1 : '';
}


# It reads commands from descriptor 3 and writes to 4.

sub become_chromium {
    my ($in, $out, @arguments) = @_;

    POSIX::dup2(fileno $in, 10);
    POSIX::dup2(fileno $out, 11);
    POSIX::dup2(10, 3);
    POSIX::dup2(11, 4);
    POSIX::close($_) for 10, 11;

    exec 'chromium', @QUIET, '--remote-debugging-pipe', @arguments;
}


# dir => where its profile goes, script => 0 for pages without, names => {name
# => address} instead of DNS, arguments => more of them.

sub open {
    my ($class, %o) = @_;
    my $home = "$o{dir}/browser" . ++$Zoom::Browser::n;
    my $names = join ', ', map { "MAP $_ $o{names}{$_}" } sort keys %{
                           $o{names} // {} };

    mkdir $home, 0700;
    pipe my $in, my $write or die "pipe: $!\n";
    pipe my $read, my $out or die "pipe: $!\n";

    my $self = bless { read => $read, write => $write, id => 0, in => '',
                       events => [] }, $class;

    $write->autoflush(1);
    $self->{pid} = spawn(
        name   => 'chromium',
        output => "$home.out",
        env    => { HOME => $home },
        run    => sub {
            become_chromium($in, $out, "--user-data-dir=$home",
                            $names ? "--host-resolver-rules=$names" : (),
                            @{ $o{arguments} // [] }, 'about:blank');
        },
    );
    close $in;
    close $out;

    $self->attach;
    $self->call('Emulation.setScriptExecutionDisabled',
                value => JSON::PP::true) if !($o{script} // 1);

    return $self;
}


sub attach {
    my ($self) = @_;
    my $target = $self->call('Target.createTarget', url => 'about:blank');
    my $session = $self->call('Target.attachToTarget',
                              targetId => $target->{targetId},
                              flatten => JSON::PP::true);

    $self->{session} = $session->{sessionId};
    $self->call("$_.enable") for qw(Page Network Runtime);
}


# Messages end with a zero byte.  The next one, or death after some time.

sub message {
    my ($self, $what) = @_;
    my $end = time + 60;

    while (index($self->{in}, "\0") < 0) {
        my $left = $end - time;

        die "chromium does not answer $what\n"
            if $left <= 0
               || !IO::Select->new($self->{read})->can_read($left)
               || !sysread $self->{read}, $self->{in}, 65536,
                           length $self->{in};
    }

    my ($message) = $self->{in} =~ /\A([^\0]*)/;

    substr $self->{in}, 0, 1 + length $message, '';
    return $json->decode($message);
}


sub call {
    my ($self, $method, %parameters) = @_;
    my $id = ++$self->{id};

    print { $self->{write} } $json->encode({
        id => $id, method => $method, params => \%parameters,
        $self->{session} ? (sessionId => $self->{session}) : (),
    }), "\0";

    while (1) {
        my $m = $self->message($method);

        if (($m->{id} // 0) == $id) {
            die "$method: $m->{error}{message}\n" if $m->{error};
            return $m->{result};
        }

        push @{ $self->{events} }, $m if $m->{method};
    }
}


# The first of these events that has come since the last one was asked for.

sub event {
    my ($self, $method) = @_;

    while (1) {
        my $m = shift @{ $self->{events} } // $self->message($method);

        return $m->{params} if ($m->{method} // '') eq $method;
    }
}


# What moves the page, until the next one is there.

sub moving {
    my ($self, $move) = @_;

    $self->{events} = [];
    $move->();
    $self->event('Page.loadEventFired');
}


sub go {
    my ($self, $url) = @_;

    $self->moving(sub {
        my $r = $self->call('Page.navigate', url => $url);

        die "$url: $r->{errorText}\n" if $r->{errorText};
    });
}


# Of the tools, whether or not the page may run any.

sub evaluate {
    my ($self, $script) = @_;
    my $r = $self->call('Runtime.evaluate', expression => $script,
                        returnByValue => JSON::PP::true);

    die "$script: $r->{exceptionDetails}{text}\n" if $r->{exceptionDetails};
    return $r->{result}{value};
}


sub of {
    my ($selector, $what) = @_;

    return 'document.querySelector(' . $json->encode($selector) . ")$what";
}


sub url  { return $_[0]->evaluate('location.href') }
sub html { return $_[0]->evaluate('document.documentElement.outerHTML') }


sub text {
    my ($self, $selector) = @_;

    return $self->evaluate(of($selector, '?.innerText'));
}


# With a mouse, where the thing is.

sub press {
    my ($self, $selector) = @_;

    $self->evaluate(of($selector, '.scrollIntoView({ block: "center" })'));

    my $at = $self->evaluate('(() => { const r = '
        . of($selector, '.getBoundingClientRect()')
        . '; return { x: r.x + r.width / 2, y: r.y + r.height / 2 }; })()');

    $self->call('Input.dispatchMouseEvent', type => $_, button => 'left',
                clickCount => 1, x => $at->{x}, y => $at->{y})
        for qw(mousePressed mouseReleased);
}


sub click {
    my ($self, $selector) = @_;

    $self->moving(sub { $self->press($selector) });
}


# In a list, and in a field.
sub choose {
    my ($self, $selector, $value) = @_;

    $self->evaluate(of($selector, '.value = ' . $json->encode($value)));
}


# As on a phone, or in the dark.

sub phone {
    my ($self) = @_;

    $self->call('Emulation.setDeviceMetricsOverride', width => 360,
                height => 640, deviceScaleFactor => 2,
                mobile => JSON::PP::true);
}


sub dark {
    my ($self, $on) = @_;

    $self->call('Emulation.setEmulatedMedia', features => [
        { name => 'prefers-color-scheme', value => $on ? 'dark' : 'light' },
    ]);
}


# How many pixels of the page are beside the screen.
sub overflow {
    my ($self) = @_;

    return $self->evaluate('document.documentElement.scrollWidth'
                           . ' - document.documentElement.clientWidth');
}


# Foreground and background of an element, as red, green and blue; what has no
# background of its own has that of the page.
sub colours {
    my ($self, $selector) = @_;
    my $both = $self->evaluate('(() => { let e = ' . of($selector, '')
        . ', fore = getComputedStyle(e).color, back; while (e) {'
        . ' back = getComputedStyle(e).backgroundColor;'
        . ' if (!/, 0\)$/.test(back)) break; e = e.parentElement; }'
        . ' if (!e) { const p = document.createElement("p");'
        . ' p.style.color = "Canvas"; document.body.append(p);'
        . ' back = getComputedStyle(p).color; p.remove(); }'
        . ' return [fore, back]; })()');

    return map { [(/([\d.]+)/g)[0 .. 2]] } @$both;
}


# Of the two, as WCAG counts it: 4.5 is enough for text.
sub contrast {
    my ($self, $selector) = @_;
    my ($light, $other) = sort { $b <=> $a } map {
        my @c = map {
            $_ / 255 <= 0.03928 ? $_ / 255 / 12.92
                                : (($_ / 255 + 0.055) / 1.055) ** 2.4
        } @$_;

        0.2126 * $c[0] + 0.7152 * $c[1] + 0.0722 * $c[2];
    } $self->colours($selector);

    return ($light + 0.05) / ($other + 0.05);
}


sub cookies {
    my ($self) = @_;

    return @{ $self->call('Network.getAllCookies')->{cookies} };
}


sub quit {
    my ($self) = @_;

    close $self->{write};
    wait_for(sub { !alive($self->{pid}) }, 10) or stop($self->{pid});
}


1;
