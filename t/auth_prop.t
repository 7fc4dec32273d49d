#!/usr/bin/perl

# Signatures of whatever can be signed: thousands of random values, each in
# several spellings, against what Perl, and Python where it is there, make of
# them.  The seed is printed; ZOOM_SEED repeats a run.

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(hmac_sha256);
use File::Basename qw(dirname);
use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Attendee ();
use Zoom::Process qw(spawn alive ended wait_for scratch discard slurp spew);
use Zoom::Webhooks qw(webhook_signature);

my $cases = $ENV{ZOOM_CASES} // 1500;
my $seed = $ENV{ZOOM_SEED} // time ^ $$ << 8;

srand $seed;
diag("ZOOM_SEED=$seed") if $ENV{ZOOM_SEED};
note("ZOOM_SEED=$seed");

my $top = abs_path(dirname(__FILE__) . '/..');
my $dir = scratch('prop');


sub run_to {
    my ($output, @argv) = @_;
    my $pid = spawn(name => $argv[0], output => $output, argv => \@argv);

    wait_for(sub { !alive($pid) }, 120, $argv[0]);
    return ended($pid) == 0;
}


# Answers to lines, one each.
sub answers {
    my ($name, $program, @lines) = @_;

    spew("$dir/$name.in", join '', map { "$_\n" } @lines);
    unlink "$dir/$name.out";
    run_to("$dir/$name.out", 'sh', '-c', 'exec "$0" "$@" < ' . "$dir/$name.in",
           ref $program ? @$program : $program);

    my @answers = split /\n/, slurp("$dir/$name.out");

    is(scalar @answers, scalar @lines, "$name: an answer to each")
        or diag(substr slurp("$dir/$name.out"), -2000);
    return @answers;
}


# Random values.  A string is a list of code points, an object a list of pairs.

sub one { return $_[rand @_] }

my @POINTS = (
    sub { 1 + int rand 0x1f },
    sub { one(0x22, 0x2f, 0x5c, 0x7f, 0x8, 0x9, 0xa, 0xc, 0xd, 0x1f, 0x20) },
    (sub { 0x20 + int rand 0x5f }) x 4,
    sub { 0x80 + int rand 0x780 },
    sub { one(0x85, 0xa0, 0xad, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff,
              0xfffd, 0xd7ff, 0xe000, 0x7ff, 0x800, 0x200b, 0x202e) },
    sub { 0x800 + int rand 0xd000 },
    sub { 0xe000 + int rand 0x2000 },
    sub { one(0x10000, 0x1f600, 0x10ffff, 0x1ffff, 0x2070e) },
    sub { 0x10000 + int rand 0x100000 },
);

sub point { return one(@POINTS)->() }

sub points { return map { point() } 1 .. int rand $_[0] }

sub digits { return join '', map { int rand 10 } 1 .. 1 + int rand $_[0] }

sub odd_number {
    my $n = one('', '-') . one(0, int 1 + rand 9, one(1 .. 9) . digits(25));

    $n .= '.' . digits(20) if rand() < 0.5;
    $n .= one('e', 'E') . one('', '+', '-') . digits(4) if rand() < 0.4;
    return $n;
}

sub plain_number {
    return one(0, -1, 17, 2147483648, '-9007199254740993',
               '12345678901234567890', '1.5', '-0.25', '1234.0625');
}

my %simple;     # numbers as Python would write them

sub value {
    my ($depth) = @_;
    my $kind = rand($depth < 12 ? 10 : 6);

    return [string => points(12)] if $kind < 4;
    return [word => $simple{on} ? plain_number() : odd_number()]
        if $kind < 5;
    return [word => one(qw(true false null))] if $kind < 6;
    return [array => map { value($depth + 1) } 1 .. int rand 4]
        if $kind < 8;
    return object($depth);
}

sub object {
    my ($depth) = @_;
    my (%seen, @pairs);

    # names that differ late, and of which one is the beginning of another
    my @stem = points(4);

    for (1 .. int rand($depth ? 5 : 9)) {
        my @name = rand() < 0.3 ? (@stem, points(3)) : points(6);

        next if $seen{"@name"}++;
        push @pairs, [\@name, value($depth + 1)];
    }

    return [object => @pairs];
}


# The canonical form, from the value itself: nothing is parsed for it.

my %SHORT = (0x22 => '\"', 0x5c => '\\\\', 0x8 => '\b', 0x9 => '\t',
             0xa => '\n', 0xc => '\f', 0xd => '\r');

sub plain_string {
    return '"' . join('', map {
        $SHORT{$_} // ($_ < 0x20 ? sprintf '\u%04x', $_ : chr $_)
    } @_) . '"';
}

sub by_points {
    my ($x, $y) = @_;

    for my $i (0 .. $#$x) {
        return 1 if $i > $#$y;
        return $x->[$i] <=> $y->[$i] if $x->[$i] != $y->[$i];
    }

    return @$x <=> @$y;
}

sub canonical {
    my ($kind, @of) = @{ $_[0] };

    return plain_string(@of) if $kind eq 'string';
    return $of[0]            if $kind eq 'word';
    return '[' . join(',', map { canonical($_) } @of) . ']'
        if $kind eq 'array';

    return '{' . join(',', map { plain_string(@{ $_->[0] }) . ':'
                                 . canonical($_->[1]) }
                      sort { by_points($a->[0], $b->[0]) } @of) . '}';
}


# One of the many spellings.

sub space {
    return '' if rand() < 0.7;
    return join '', map { one(" ", "\t", "\n", "\r") } 1 .. 1 + rand 3;
}

sub hex4 {
    my $text = sprintf '\u%04x', $_[0];

    $text =~ s/([a-f])/one($1, uc $1)/ge;
    return $text;
}

sub spelled_point {
    my ($c) = @_;
    my @ways;

    push @ways, chr $c if $c >= 0x20 && $c != 0x22 && $c != 0x5c;
    push @ways, $SHORT{$c} if $SHORT{$c};
    push @ways, '\/' if $c == 0x2f;
    push @ways, $c < 0x10000 ? hex4($c)
                : hex4(0xd800 + ($c - 0x10000 >> 10))
                  . hex4(0xdc00 + ($c - 0x10000 & 0x3ff));

    return one(@ways);
}

sub spelled_string {
    return '"' . join('', map { spelled_point($_) } @_) . '"';
}

sub shuffled {
    my @list = @_;

    for (my $i = @list; --$i > 0; ) {
        my $k = int rand $i + 1;

        @list[$i, $k] = @list[$k, $i];
    }

    return @list;
}

sub spelled {
    my ($kind, @of) = @{ $_[0] };
    my $text;

    if ($kind eq 'string') {
        $text = spelled_string(@of);
    } elsif ($kind eq 'word') {
        $text = $of[0];
    } elsif ($kind eq 'array') {
        $text = '[' . space() . join(',', map { spelled($_) } @of) . ']';
    } else {
        $text = '{' . space()
                . join(',', map { space() . spelled_string(@{ $_->[0] })
                                  . space() . ':' . spelled($_->[1]) }
                       shuffled(@of)) . '}';
    }

    return space() . $text . space();
}

# Every code point is one, noncharacters included.
sub utf8 {
    my ($text) = @_;

    utf8::encode($text);
    return $text;
}

sub random_bytes { return join '', map { chr int rand 256 } 1 .. $_[0] }
sub hexed { return unpack 'H*', $_[0] }
sub base64 { return encode_base64($_[0], '') }

# Another character of the alphabet in one place.
sub damaged {
    my ($signature, $from) = @_;
    my $at = ($from // 0) + int rand 42;
    my $old = substr $signature, $at, 1;

    substr $signature, $at, 1, one(grep { $_ ne $old } 'A' .. 'Z', 0 .. 9);
    return $signature;
}


my @sanitize = $ENV{ZOOM_ASAN} ? ('-fsanitize=address,undefined') : ();
my $program = "$dir/proofs";

if (!run_to("$dir/cc.log", 'sh', '-c', 'cd "$0" && exec "$@" $(pkg-config'
            . ' --cflags --libs jansson libcrypto)', $top,
            'cc', '-std=c11', '-D_GNU_SOURCE', '-g', '-O1', @sanitize,
            '-Iinclude', '-o', $program, 't/prop/proofs.c',
            glob "$top/src/*.c"))
{
    BAIL_OUT("t/prop/proofs.c can't be compiled:\n" . slurp("$dir/cc.log"));
}


sub check_values {
    my ($name, $values) = @_;
    my (@lines, @want, @texts, @bodies);

    for (1 .. $values) {
        my $value = object(0);
        my $text = utf8(canonical($value));
        my $body = utf8(spelled($value));
        my $key = random_bytes(16 + int rand 64);
        my $signature = base64(hmac_sha256($text, $key));

        for ([$body, $signature, 1], [utf8(spelled($value)), $signature, 1],
             [$body, damaged($signature), 0])
        {
            push @lines, join ' ', 'a', map { hexed($_) } base64($key),
                                                          @$_[0, 1];
            push @want, "$_->[2] " . hexed($text);
        }

        push @texts, $text;
        push @bodies, $body;
    }

    my @got = answers($name, $program, @lines);
    my @bad = grep { ($got[$_] // '') ne $want[$_] } 0 .. $#want;

    is(scalar @bad, 0, scalar(@want) . " cases of $name")
        or diag("case: $lines[ $bad[0] ]\ngot: $got[ $bad[0] ]\n"
                . "want: $want[ $bad[0] ]");

    return (\@bodies, \@texts);
}


subtest 'Attendee' => sub {
    my ($bodies, $texts) = check_values('attendee', $cases);

    # What the end-to-end tests sign with is held to the same.
    my @bad = grep {
        utf8::decode(my $body = $bodies->[$_]);
        utf8(Zoom::Attendee::value(\$body)) ne $texts->[$_];
    } 0 .. ($#$bodies < 500 ? $#$bodies : 500);

    is(scalar @bad, 0, 'and of Zoom::Attendee')
        or diag(join "\n", map { hexed($_->[ $bad[0] ]) } $bodies, $texts);
};


subtest 'Attendee as Python has it' => sub {
    local $simple{on} = 1;

    my ($bodies, $texts) = check_values('plain', $cases / 3);

    spew("$dir/canonical.py", <<'EOP');
import json, sys

for line in sys.stdin:
    value = json.loads(bytes.fromhex(line.strip()).decode("utf-8"))
    text = json.dumps(value, sort_keys=True, ensure_ascii=False,
                      separators=(",", ":"))
    print(text.encode("utf-8").hex())
EOP

    SKIP: {
        skip 'python3 is not there', 2
            if !run_to('/dev/null', 'python3', '-c', 'import json');

        my @got = answers('python', ['python3', "$dir/canonical.py"],
                          map { hexed($_) } @$bodies);
        my @bad = grep { $got[$_] ne hexed($texts->[$_]) } 0 .. $#got;

        is(scalar @bad, 0, scalar(@got) . ' cases')
            or diag(join "\n", hexed($bodies->[ $bad[0] ]), $got[ $bad[0] ],
                    hexed($texts->[ $bad[0] ]));
    }
};


subtest 'Standard Webhooks' => sub {
    my @alphabet = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, split //, '_-:+/=~@');
    my (@lines, @want);

    my $line = sub {
        my ($want, $key, @fields) = @_;
        my $secret = one('whsec_', '') . base64($key);

        push @lines, join ' ', 'w', map { hexed($_) } $secret, @fields;
        push @want, $want;
    };

    for (1 .. $cases) {
        my $key = random_bytes(16 + int rand 49);
        my $other = random_bytes(32);
        my $id = join '', map { one(@alphabet) } 1 .. 1 + rand 128;
        my $time = int rand one(10, 2**31, 2**33, 10**12);
        my $body = rand() < 0.3 ? '' : random_bytes(int rand one(20, 3000));
        my $right = webhook_signature(base64($key), $id, $time, $body);
        my $wrong = webhook_signature('whsec_' . base64($other), $id, $time,
                                      $body);
        my @others = map { one($wrong, 'v1a,' . base64(random_bytes(64)),
                               'v2,x', 'v1,', substr $right, 3) }
                     1 .. int rand 8;

        $line->(1, $key, $id, $time, join(one(' ', '  '),
                                          shuffled($right, @others)), $body);
        $line->(0, $key, $id, $time, "$wrong @others", $body);
        $line->(0, $key, $id, $time, damaged($right, 3), $body);
        $line->(0, $key, $id, $time, $right, $body . chr int rand 256);
        $line->(0, $key, $id, $time + 1, $right, $body);
        $line->(0, $other, $id, $time, $right, $body);
    }

    my @got = answers('webhooks', $program, @lines);
    my @bad = grep { ($got[$_] // '') ne $want[$_] } 0 .. $#want;

    is(scalar @bad, 0, scalar(@want) . ' cases')
        or diag("case: $lines[ $bad[0] ]\ngot: $got[ $bad[0] ]\n"
                . "want: $want[ $bad[0] ]");
};


discard($dir) if Test::More->builder->is_passing;
done_testing;
