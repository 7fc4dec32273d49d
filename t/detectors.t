#!/usr/bin/perl

# The detectors that other tests rely on, with a bug put back that each is
# there to find: the check of locks, the count of mints, the canaries in logs.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

use Zoom::Mutant;
use Zoom::Process qw(spawn alive ended);
use Zoom::Test;

plan skip_all => 'as good without sanitizers' if $ENV{ZOOM_ASAN};

my $top = abs_path(dirname(__FILE__) . '/..');
my $t = Zoom::Test->new;

require "$top/t/tools/locks";


# What the check of locks says of functions that read so.
my $files = 0;

sub said_of {
    my ($text) = @_;
    my $file = ++$files . '.c';

    Locks::read_text($file, $text);

    return join "\n", Locks::complaints($file);
}


# Each place in these functions that fits, changed on its own; those at which
# that is not seen.

sub each_place {
    my ($functions, $pattern, $change, $expected) = @_;
    my ($n, @missed) = (0);

    for my $text (@$functions) {
        while ($text =~ /$pattern/g) {
            my ($from, $to) = ($-[0], $+[0]);
            my $bug = $change->(substr $text, $from, $to - $from);
            my $bad = substr($text, 0, $from) . $bug . substr $text, $to;

            $n++;
            push @missed, $bad if said_of($bad) !~ $expected;
        }
    }

    return ($n, @missed);
}


my $LOCK = qr/(?<=    )ngx_(?:http_zoom_zone|shmtx)_lock\([^;]*;/;
my $UNLOCK = qr/(?<=    )ngx_(?:http_zoom_zone|shmtx)_unlock\([^;]*;/;

my @bugs = (
    ['no unlock', $UNLOCK, sub { ';' }, qr/lock/],
    ['no lock', $LOCK, sub { ';' }, qr/without the lock/],
    ['a return under lock', $UNLOCK,
     sub { "if (zone) { return 0; } $_[0]" }, qr/leaves with the lock/],
    ['curl under lock', $LOCK,
     sub { "$_[0] curl_multi_perform(m, &n);" },
     qr/curl_multi_perform\(\) under lock/],
    ['a log line under lock', $UNLOCK,
     sub { "ngx_log_error(NGX_LOG_ERR, log, 0, \"x\"); $_[0]" },
     qr/ngx_log_error\(\) under lock/],
    ['a file under lock', $LOCK,
     sub { "$_[0] n = read(fd, buf, 1);" }, qr/read\(\) under lock/],
    ['a handler under lock', $LOCK,
     sub { "$_[0] ev->handler(ev);" }, qr/handler\(\) under lock/],
    ['a second lock', $UNLOCK,
     sub { "ngx_http_zoom_zone_enter(zone); $_[0]" },
     qr/zone_enter\(\) under lock, which calls/],
);


subtest 'locks' => sub {
    my %texts = map { $_ => slurp($_) }
                glob "$top/ngx_zoom_module/*.[ch] "
                     . "$top/ngx_zoom_module/*/*.[ch] $top/src/*.c";

    Locks::read_text($_, $texts{$_}) for keys %texts;
    Locks::learn();
    is(join("\n", Locks::complaints(keys %texts)), '', 'all are in order');

    my $function = qr/^\w+\([^{};]*\)\s*\n\{.*?^\}\n/ms;
    my @functions = grep { /$LOCK/ || /$UNLOCK/ }
                    map { /($function)/g } @texts{ sort keys %texts };

    for (@bugs) {
        my ($name, $pattern, $change, $expected) = @$_;
        my ($n, @missed) = each_place(\@functions, $pattern, $change,
                                      $expected);

        cmp_ok($n, '>', 20, "$name: $n places");
        is(join("\n", @missed), '', "$name: seen at all of them");
    }
};


my $HEAD = <<'EOC';
#define test_macro(x)                                                         \
    (void) write(x, "", 0)

static void
test_one(void)
{
    open("", 0);
}

static void
test_two(void)
{
    test_one();
}

/* under lock: or else */

static void
test_inside(void)
{
    x++;
}
EOC

my %say = (
    'a way out of a loop' => [
        'for ( ;; ) { ngx_shmtx_lock(m); if (x) { break; }'
        . ' ngx_shmtx_unlock(m); }', qr/leaves with the lock/],
    'a jump' => [
        'ngx_shmtx_lock(m); if (x) { goto done; } ngx_shmtx_unlock(m);'
        . ' done: return;', qr/leaves with the lock/],
    'a case' => [
        'ngx_shmtx_lock(m); switch (x) { case 1: ngx_shmtx_unlock(m);'
        . ' return; case 2: break; default: ngx_shmtx_unlock(m); return; }',
        qr/leaves with the lock/],
    'a loop that locks twice' => [
        'while (x) { ngx_shmtx_lock(m); } ngx_shmtx_unlock(m);',
        qr/ngx_shmtx_lock\(\) under lock/],
    'what a macro hides' => [
        'ngx_shmtx_lock(m); test_macro(1); ngx_shmtx_unlock(m);',
        qr/test_macro\(\) under lock, which calls write/],
    'two calls down' => [
        'ngx_shmtx_lock(m); test_two(); ngx_shmtx_unlock(m);',
        qr/test_two\(\) under lock, which calls test_one\(\) -> open/],
    'through a pointer' => [
        'ngx_shmtx_lock(m); (*f)(1); ngx_shmtx_unlock(m);',
        qr/a pointer\(\) under lock/],
    'what wants the lock' => ['test_inside();', qr/without the lock/],
);

my %fine = (
    'all ways give it back' => 'ngx_shmtx_lock(m); if (x) {'
        . ' ngx_shmtx_unlock(m); return; } test_inside(); done:'
        . ' ngx_shmtx_unlock(m); test_two();',
    'in an endless loop' => 'for ( ;; ) { ngx_shmtx_lock(m);'
        . ' ngx_shmtx_unlock(m); if (x) { break; } }',
    'in words' => 'ngx_shmtx_lock(m); /* write(1) */ s = "read(1)";'
        . ' ngx_shmtx_unlock(m);',
    'the size of a call' => 'ngx_shmtx_lock(m); n = sizeof(x) * (size_t) (y);'
        . ' ngx_shmtx_unlock(m);',
);


subtest 'locks in other places' => sub {
    my $it = sub { "static void\ntest_it(void)\n{\n$_[0]\n}\n" };

    Locks::read_text('head.h', $HEAD);
    Locks::learn();

    like(said_of($it->($say{$_}[0])), $say{$_}[1], $_) for sort keys %say;
    is(said_of($it->($fine{$_})), '', "fine: $_") for sort keys %fine;
};


# A test, or some of its parts, run with another module: exit code and output.
sub prove_with {
    my ($module, $test, $parts) = @_;
    my $output = $t->dir . '/output' . ++$t->{runs};

    my $pid = spawn(
        name => $test, output => $output, env => { ZOOM_MODULE => $module },
        argv => [$^X, "-I$top/t/lib", "-MZoom::Only=$parts", "$top/t/$test"],
    );

    wait_for(sub { !alive($pid) }, 60, $test);

    return (ended($pid) >> 8, slurp($output));
}


sub not_ok_in {
    my ($said) = @_;

    return map { s/^\s*not ok \d+ - //r } grep { /^ {4}not ok/ }
           split /\n/, $said;
}


my @COLD = ('flight.t', '^400 cold callbacks');

# Where the machine is so busy that callbacks hardly meet, once more.
sub not_ok_with {
    my ($module, @expected) = @_;
    my ($exit, $said);

    for (1 .. 3) {
        ($exit, $said) = prove_with($module, @COLD);

        my %bad = map { $_ => 1 } not_ok_in($said);

        return 1 if $exit != 0 && !grep { !$bad{$_} } @expected;
    }

    diag("exit code $exit:\n$said");
    return 0;
}


subtest 'the count of mints' => sub {

    # Neither a flight of this worker nor one of another is found.
    my $here = [qr/key->once \? NULL : ngx_http_zoom_flight_find\(key\)/,
                'NULL'];
    my $there = [qr/if \(ngx_http_zoom_entry_flies\(e\)\s+&& \(e->owner/,
                 'if (0 && (e->owner'];

    my $module = Zoom::Mutant::build($t->dir, 'workers', $there);

    ok(not_ok_with($module, 'one mint'),
       'a worker that joins no flight of another is seen');

    $module = Zoom::Mutant::build($t->dir, 'callbacks', $here, $there);

    ok(not_ok_with($module, 'one mint', 'one OAuth call'),
       'callbacks that join none at all are, too');
};


subtest 'canaries' => sub {
    my $module = Zoom::Mutant::build($t->dir, 'leak', [
        qr/result->published = flight->number;/,
        'result->published = flight->number; ngx_log_error(NGX_LOG_INFO, '
        . 'ngx_cycle->log, 0, "zoom: kept %V", &result->value);',
    ]);

    ok(not_ok_with($module, 'no secret in any log'),
       'a token in a log line is seen');
};


$t->finish;
