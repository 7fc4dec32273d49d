#!/usr/bin/perl

# The detectors that other tests and reviews rely on, with a bug put in that
# each is there to find: the checks of the architecture, of size and of locks,
# the count of mints, the canaries in logs.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use Test::More;

use Zoom::Mutant;
use Zoom::Process qw(spawn alive ended spew);
use Zoom::Source qw(functions);
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


# What clang says of a file with this text: the numbers of lines.

my $nginx = $ENV{NGINX_SRC} || $ENV{NGINX_DEV} || '/usr/share/nginx/src';
my $clang = grep { -x "$_/clang" } split /:/, $ENV{PATH};
my ($includes) = Zoom::Mutant::rules() =~ /^ALL_INCS\s*=\s*([^\n]*)/m;

sub clang_says {
    my ($text) = @_;
    my $file = $t->dir . '/' . ++$files . '.c';

    spew($file, $text);

    my $said = qx{cd '$nginx' && clang -fsyntax-only -Wno-everything \\
                  -Wthread-safety $includes '$file' 2>&1};

    die "$text\n$said" if $said =~ /error:/;

    return map { $_ => 1 }
           $said =~ /^\Q$file\E:(\d+):\d+: warning: [^\n]*thread-safety/gm;
}


# A line more would move all that follow.
sub lines_kept {
    my ($bug, $good) = @_;

    return $bug . "\n" x ($good =~ tr/\n//);
}


# Each place in these files that fits, changed on its own; the functions in
# which that is not seen.  clang takes a while, so that one of each function is
# changed at once.

sub each_place {
    my ($texts, $pattern, $change) = @_;
    my ($n, @missed) = (0);

    for my $file (sort keys %$texts) {
        for (my $round = 0; ; $round++) {
            my ($text, %changed) = ($texts->{$file});

            for my $f (reverse functions($text)) {
                my $body = \substr $text, $f->{body_at}, length $f->{body};
                my $found = 0;
                my $bad = $$body;

                $bad =~ s{$pattern}{
                    $found++ == $round ? lines_kept($change->($&), $&) : $&
                }ge;

                next if $found <= $round;

                $changed{ $f->{name} } = $f;
                $$body = $bad;
            }

            last if !%changed;

            my %lines = clang_says($text);

            for my $f (values %changed) {
                $n++;
                push @missed, "$file: $f->{name}"
                    if !grep { $lines{$_} } $f->{line} .. $f->{last};
            }
        }
    }

    return ($n, @missed);
}


# The same for the check of what is under lock, which is fast.
sub each_call {
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

my @ways = (
    ['no unlock', $UNLOCK, sub { ';' }],
    ['no lock', $LOCK, sub { ';' }],
    ['a return under lock', $UNLOCK,
     sub { "if (ngx_pid) { return 0; } $_[0]" }],
    ['a lock taken twice', $LOCK, sub { "$_[0] $_[0]" }],
);

my @calls = (
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

my %sources = map { $_ => slurp($_) }
              glob "$top/ngx_zoom_module/*.[ch] $top/ngx_zoom_module/*/*.[ch] "
                   . "$top/src/*.c";


subtest 'what is under lock' => sub {
    Locks::read_text($_, $sources{$_}) for keys %sources;
    Locks::learn();
    is(join("\n", Locks::complaints(keys %sources)), '', 'all are in order');

    my $function = qr/^\w+\([^{};]*\)\s*\n\{.*?^\}\n/ms;
    my @functions = grep { /$LOCK/ || /$UNLOCK/ }
                    map { /($function)/g } @sources{ sort keys %sources };

    for (@calls) {
        my ($name, $pattern, $change, $expected) = @$_;
        my ($n, @missed) = each_call(\@functions, $pattern, $change,
                                     $expected);

        cmp_ok($n, '>', 20, "$name: $n places");
        is(join("\n", @missed), '', "$name: seen at all of them");
    }
};


# Which one is called is what the file says, in whatever order files are read.
subtest 'two static functions of one name' => sub {
    my %body = (harmless => 'n = 1;', logs => 'ngx_log_error(1, log, 0, "x");');

    my $same = sub {
        return "static void\nsame(void)\n{\n    $body{$_[0]}\n}\n\n\n";
    };

    my $locked = "void\nlocked(ngx_http_zoom_zone_t *zone)\n{\n"
                 . "    ngx_http_zoom_zone_lock(zone);\n    same();\n"
                 . "    ngx_http_zoom_zone_unlock(zone);\n}\n";

    for my $order (['one.c', 'two.c'], ['two.c', 'one.c']) {
        for (['harmless', 'logs', qr/\A\z/],
             ['logs', 'harmless', qr/same\(\) under lock, which calls ngx_log/])
        {
            my ($here, $there, $expected) = @$_;
            my %text = ('one.c' => $same->($here) . $locked,
                        'two.c' => $same->($there));

            Locks::read_text($_, $text{$_}) for @$order;
            Locks::learn();
            like(join("\n", Locks::complaints('one.c', 'two.c')), $expected,
                 "@$order: $here");
        }
    }
};


subtest 'who holds the lock' => sub {
    plan skip_all => 'clang is not there' if !$clang;

    my %texts = map { $_ => $sources{$_} }
                grep { /\.c$/ && $sources{$_} =~ /$LOCK/ } keys %sources;

    is_deeply([map { clang_says($_) } values %texts], [], 'all are in order');

    for (@ways) {
        my ($name, $pattern, $change) = @$_;
        my ($n, @missed) = each_place(\%texts, $pattern, $change);

        cmp_ok($n, '>', 20, "$name: $n places");
        is(join("\n", @missed), '', "$name: seen at all of them");
    }

    # what wants it held says so, and is called without
    my $store = slurp("$top/ngx_zoom_module/shm/ngx_http_zoom_store.h");
    my %wants = $store =~ /(\w+)\(([^;]*)\)\s+ngx_http_zoom_under_lock;/g;
    my @calls = map { "    $_(" . $wants{$_} =~ s/[^,]+/0/gr . ');' }
                sort keys %wants;

    cmp_ok(@calls, '>', 5, 'several want it held');

    my %lines = clang_says(join "\n",
        '#include "ngx_http_zoom_store.h"', 'void test(void);', 'void',
        'test(void)', '{', @calls, '}', '');

    is(keys %lines, @calls, 'none may be called without');
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

static void test_inside(void) ngx_http_zoom_under_lock;

static void
test_inside(void)
{
    x++;
}
EOC

my %say = (
    'what a macro hides' => [
        'ngx_shmtx_lock(m); test_macro(1); ngx_shmtx_unlock(m);',
        qr/test_macro\(\) under lock, which calls write/],
    'two calls down' => [
        'ngx_shmtx_lock(m); test_two(); ngx_shmtx_unlock(m);',
        qr/test_two\(\) under lock, which calls test_one\(\) -> open/],
    'through a pointer' => [
        'ngx_shmtx_lock(m); (*f)(1); ngx_shmtx_unlock(m);',
        qr/a pointer\(\) under lock/],
    'after a way out' => [
        'ngx_shmtx_lock(m); if (x) { ngx_shmtx_unlock(m); return; }'
        . ' test_two(); ngx_shmtx_unlock(m);', qr/test_two\(\) under lock/],
    'in the other branch' => [
        'ngx_shmtx_lock(m); if (x) { ngx_shmtx_unlock(m); } else { test_two();'
        . ' ngx_shmtx_unlock(m); }', qr/test_two\(\) under lock/],
    'after the branch that goes on' => [
        'ngx_shmtx_lock(m); if (x) { y++; } else { ngx_shmtx_unlock(m);'
        . ' return; } test_two(); ngx_shmtx_unlock(m);',
        qr/test_two\(\) under lock/],
    'in a loop' => [
        'ngx_shmtx_lock(m); while (x) { if (y) { break; } test_two(); }'
        . ' ngx_shmtx_unlock(m);', qr/test_two\(\) under lock/],
    'after a loop that was left' => [
        'for ( ;; ) { ngx_shmtx_lock(m); if (x) { break; }'
        . ' ngx_shmtx_unlock(m); } test_two(); ngx_shmtx_unlock(m);',
        qr/test_two\(\) under lock/],
    'in a case' => [
        'ngx_shmtx_lock(m); switch (x) { case 1: ngx_shmtx_unlock(m); return;'
        . ' case 2: test_two(); break; default: break; }'
        . ' ngx_shmtx_unlock(m);', qr/test_two\(\) under lock/],
    'after a switch' => [
        'ngx_shmtx_lock(m); switch (x) { case 1: break; default:'
        . ' ngx_shmtx_unlock(m); return; } test_two(); ngx_shmtx_unlock(m);',
        qr/test_two\(\) under lock/],
    'after a jump' => [
        'ngx_shmtx_lock(m); if (x) { goto done; } ngx_shmtx_unlock(m);'
        . ' return; done: test_two(); ngx_shmtx_unlock(m);',
        qr/test_two\(\) under lock/],
);

my %fine = (
    'all ways give it back' => 'ngx_shmtx_lock(m); if (x) {'
        . ' ngx_shmtx_unlock(m); return; } test_inside();'
        . ' ngx_shmtx_unlock(m); test_two();',
    'both branches do' => 'ngx_shmtx_lock(m); if (x) { ngx_shmtx_unlock(m); }'
        . ' else { ngx_shmtx_unlock(m); return; } test_two();',
    'a chain of branches' => 'if (x) { ngx_shmtx_lock(m);'
        . ' ngx_shmtx_unlock(m); } else if (y) { return; } else { return; }'
        . ' test_two();',
    'in an endless loop' => 'for ( ;; ) { ngx_shmtx_lock(m);'
        . ' ngx_shmtx_unlock(m); if (x) { break; } } test_two();',
    'a jump to the end' => 'ngx_shmtx_lock(m); if (x) { goto done; }'
        . ' done: ngx_shmtx_unlock(m); test_two();',
    'each case does' => 'ngx_shmtx_lock(m); switch (x) { case 1:'
        . ' ngx_shmtx_unlock(m); break; default: ngx_shmtx_unlock(m); }'
        . ' test_two();',
    'in words' => 'ngx_shmtx_lock(m); /* write(1) */ s = "read(1)";'
        . ' ngx_shmtx_unlock(m);',
    'the size of a call' => 'ngx_shmtx_lock(m); n = sizeof(x) * (size_t) (y);'
        . ' ngx_shmtx_unlock(m);',
);

# and what clang has to say of
my %clang = (
    'a way out of a loop' =>
        'for ( ;; ) { ngx_shmtx_lock(m); if (x) { break; }'
        . ' ngx_shmtx_unlock(m); }',
    'a jump' =>
        'ngx_shmtx_lock(m); if (x) { goto done; } ngx_shmtx_unlock(m);'
        . ' done: return;',
    'a case' =>
        'ngx_shmtx_lock(m); switch (x) { case 1: ngx_shmtx_unlock(m);'
        . ' return; case 2: break; default: ngx_shmtx_unlock(m); return; }',
    'a loop that locks twice' =>
        'while (x) { ngx_shmtx_lock(m); } ngx_shmtx_unlock(m);',
    'what wants the lock' => 'test_inside();',
);


subtest 'locks in other places' => sub {
    my $it = sub { "static void\ntest_it(void)\n{\n$_[0]\n}\n" };

    Locks::read_text('head.h', $HEAD);
    Locks::learn();

    like(said_of($it->($say{$_}[0])), $say{$_}[1], $_) for sort keys %say;
    is(said_of($it->($fine{$_})), '', "fine: $_") for sort keys %fine;

    SKIP: {
        skip 'clang is not there', scalar keys %clang if !$clang;

        my $before = "#include <ngx_config.h>\n#include <ngx_core.h>\n"
                     . "#include \"ngx_http_zoom_lock.h\"\n"
                     . "extern ngx_shmtx_t *m; extern int x;\n"
                     . "void test_inside(void) ngx_http_zoom_under_lock;\n";

        for (sort keys %clang) {
            my %lines = clang_says($before . $it->($clang{$_}));

            ok(scalar %lines, $_);
        }

        is_deeply({ clang_says($before . $it->('ngx_shmtx_lock(m);'
                               . ' test_inside(); ngx_shmtx_unlock(m);')) },
                  {}, 'fine: what has the lock');
    }
};


# What a checker says of the tree with other files in it, or with more in those
# that it has.

my $copy = $t->dir . '/tree';

sub tool_says {
    my ($tool, %files) = @_;
    my %was;

    for my $file (sort keys %files) {
        my $path = "$copy/$file";

        $was{$path} = -e $path ? slurp($path) : undef;
        make_path(dirname($path));
        spew($path, ($was{$path} // '') . $files{$file});
    }

    my $said = qx{$^X '$top/t/tools/$tool' '$copy' 2>&1};
    my $failed = $? != 0;

    for my $path (keys %was) {
        defined $was{$path} ? spew($path, $was{$path}) : unlink $path;
    }

    die "$tool: exit code and words differ:\n$said"
        if $failed != ($said ne '');

    return $said;
}


sub copy_tree {
    my @files = glob "$top/include/*.h $top/src/*.c "
                     . "$top/ngx_zoom_module/*.[ch] "
                     . "$top/ngx_zoom_module/*/*.[ch] $top/t/*/*.[ch]";

    for my $file (@files) {
        my $to = $file =~ s/^\Q$top\E/$copy/r;

        make_path(dirname($to));
        spew($to, slurp($file));
    }
}


# A header that includes others, uses them, and can be used itself.
sub header {
    my ($name, @includes) = @_;
    my @used = map { "#if ($_)\n#endif\n" } map { uc =~ s/\W/_/gr } @includes;

    return join '', (map { "#include \"$_\"\n" } @includes), @used,
           '#define ', uc($name) =~ s/\W/_/gr, "  1\n";
}


sub ring {
    my ($wing, @names) = @_;

    return map {
        ("ngx_zoom_module/$wing/$names[$_].h",
         header("$names[$_].h", $names[($_ + 1) % @names] . '.h'))
    } 0 .. $#names;
}


my $N = 'ngx_zoom_module';
my $H = 'ngx_http_zoom';

# What goes into which file, and what has to be said of it; '' is nothing.

my @wings = (
    ['a circle of three', '', ring('http', qw(one two three))],
    ['a circle of four', 'a circle of 4 units: http/four, http/one, '
     . 'http/three, http/two', ring('http', qw(one two three four))],
    ['a circle over sources', 'a circle of 4 units: conf/four, conf/one, '
     . 'conf/three, conf/two',
     "$N/conf/one.h" => header('one.h', 'two.h'),
     "$N/conf/two.h" => header('two.h', 'three.h'),
     "$N/conf/three.h" => header('three.h'),
     "$N/conf/three.c" => header('three.c', 'four.h'),
     "$N/conf/four.h" => header('four.h', 'one.h')],

    ['broker to http', "broker/${H}_key.c:\\d+: ${H}_handlers.h of http is "
     . 'not below broker',
     "$N/broker/${H}_key.c" => "#include \"${H}_handlers.h\"\n"],
    ['http to export', 'of export is not below http',
     "$N/http/${H}_user.c" => "#include \"${H}_ffi.h\"\n"],
    ['a source', "${H}_link.c is no header",
     "$N/http/${H}_ctx.c" => "#include \"${H}_link.c\"\n"],
    ['net to shm', 'of shm is not below net',
     "$N/net/${H}_curl.c" => "#include \"${H}_zone.h\"\n"],
    ['shm to net', 'of net is not below shm',
     "$N/shm/${H}_zone.c" => "#include \"${H}_resolve.h\"\n"],
    ['conf to shm', 'of shm is not below conf',
     "$N/conf/${H}_url.c" => "#include \"${H}_state.h\"\n"],
    ['a leaf to conf', 'of conf is not below leaves',
     "$N/${H}_str.h" => "#include \"${H}_url.h\"\n"],
    ['the core to a leaf', 'of leaves is not below core',
     'src/zoom_uri.c' => "#include \"${H}_str.h\"\n"],
    ['Lua to a leaf', 'of leaves is not below lua',
     "$N/lua/${H}_lua_bot.c" => "#include \"${H}_str.h\"\n"],
    ['Lua to the core', 'of core is not below lua',
     "$N/lua/${H}_lua_bot.c" => "#include \"zoom_string.h\"\n"],
    ['http to Lua', 'of lua is not below http',
     "$N/http/${H}_link.c" => "#include \"${H}_lua_vm.h\"\n"],
    ['with a folder in it', 'of http is not below broker',
     "$N/broker/${H}_key.c" => "#include \"../http/${H}_handlers.h\"\n"],

    ['nginx in the core', 'ngx_core.h: the core knows',
     'include/zoom_uri.h' => "#include <ngx_core.h>\n"],
    ['curl in the core', 'curl/curl.h: the core knows',
     'src/zoom_uri.c' => "#include <curl/curl.h>\n"],
    ['I/O in the core', 'stdio.h: the core knows',
     'src/zoom_uri.c' => "#include <stdio.h>\n"],
    ['curl in http', 'curl/curl.h: only net/ knows it',
     "$N/http/${H}_link.c" => "#include <curl/curl.h>\n"],
    ['Lua in export', 'lua.h: only lua/ knows it',
     "$N/export/${H}_ffi.c" => "#include <lua.h>\n"],

    ['an unknown folder', "$N/misc/${H}_x.c:1: lies in no wing",
     "$N/misc/${H}_x.c" => ''],
    ['a folder in a wing', 'lies in no wing', "$N/http/more/${H}_x.h" => ''],
    ['a source among the leaves', 'lies in no wing', "$N/${H}_x.c" => ''],
    ['a folder in the core', 'lies in no wing', 'src/more/zoom_x.c' => ''],
    ['a name twice', 'has the name of',
     "$N/http/zoom_uri.h" => header('x')],
    ['a function twice',
     "http/${H}_y.c:2: ${H}_same\\(\\) is in $N/conf/${H}_x.c as well",
     map { ($_ => "static void\n${H}_same(void)\n{\n}\n") }
     "$N/conf/${H}_x.c", "$N/http/${H}_y.c"],
);

# A header, and what uses it in which way.

my $ALL = <<'EOC';
#ifndef ALL_H_INCLUDED
#define ALL_H_INCLUDED

#include "zoom_hash.h"

#define all_macro(x)  zoom_hash(x)

typedef struct all_tag_s  all_type_t;

struct all_tag_s {
    int               all_member;
    unsigned          all_bit:1;
    void            (*all_call)(int all_name_of_argument);
    struct {
        char          all_inner[16];
    } all_outer;
};

enum {
    ALL_FIRST = 0,
    ALL_LAST
};

typedef enum { ALL_ONE } all_e;
typedef int (*all_pt)(void *data);

extern const char *const  all_names[ALL_LAST];

int all_function(const all_type_t *t, int flag);

static inline int
all_inline(void)
{
    return all_hidden_inside;
}

#endif
EOC

my %uses = (
    'a macro' => 'all_macro(1)', 'a type' => 'all_type_t x',
    'a tag' => 'struct all_tag_s', 'a member' => 'x->all_member = 1',
    'a bit' => 'x.all_bit', 'a pointer in it' => 'x->all_call(1)',
    'a member of a member' => 'y->all_inner[0]', 'a constant' => 'ALL_FIRST',
    'the next' => 'ALL_LAST', 'of a type' => 'ALL_ONE', 'an enum' => 'all_e x',
    'a type of functions' => 'all_pt f', 'a variable' => 'all_names[0]',
    'a function' => 'all_function(a, 1)', 'an inline one' => 'all_inline()',
);

my %useless = (
    'nothing' => '', 'what it includes in turn' => 'zoom_hash(1)',
    'a comment' => '/* all_macro(1) */', 'a string' => '"all_type_t"',
    'its name' => 'all', 'its guard' => 'ALL_H_INCLUDED',
    'an argument of it' => 'all_name_of_argument',
    'a body of it' => 'all_hidden_inside', 'a member without one' =>
    'int all_member', 'a label' => 'all_inner_label:',
);


subtest 'wings' => sub {
    copy_tree();

    is(tool_says('wings'), '', 'all are in order');

    for (@wings) {
        my ($name, $expected, %files) = @$_;
        my $said = tool_says('wings', %files);

        $expected eq '' ? is($said, '', $name)
                        : like($said, qr/$expected/, $name);
    }

    my %file = ('include/zoom_all.h' => $ALL);
    my $use = sub {
        tool_says('wings', %file, 'src/zoom_use.c' =>
                  "#include \"zoom_all.h\"\nvoid f(void)\n{\n$_[0];\n}\n");
    };
    my $unused = qr{^src/zoom_use.c:1: zoom_all.h is included, but not used$};

    is($use->($uses{$_}), '', "used: $_") for sort keys %uses;
    like($use->($useless{$_}), $unused, "not used: $_")
        for sort keys %useless;
};


# A function that has so many of all this.

sub function {
    my (%is) = (lines => 5, complexity => 1, parameters => 1, @_);
    my @parameters = map { "int p$_" } 1 .. $is{parameters};
    my @more = map { "    x += p1 ? $_ : 1;" } 2 .. $is{complexity};
    my @fill = ('    x++;') x ($is{lines} - 4 - @more);

    return join "\n", 'static int',
           'big(' . join(', ', @parameters) . ')', '{', @more, @fill, '}', '';
}


my $EXPORT = "$N/export";

my @sizes = (
    ['80 lines', '', 'src/big.c' => function(lines => 80)],
    ['81 lines', 'src/big.c:2: big\(\) has lines 81, 80 are the most',
     'src/big.c' => function(lines => 81)],
    ['81 of a test', 'has lines 81', 't/unit/big.c' => function(lines => 81)],
    ['a complexity of 20', '', 'src/big.c' => function(complexity => 20,
                                                       lines => 40)],
    ['a complexity of 21', 'has complexity 21, 20 are the most',
     'src/big.c' => function(complexity => 21, lines => 40)],
    ['six parameters', '', "$N/net/big.c" => function(parameters => 6)],
    ['seven parameters', 'has parameters 7, 6 are the most',
     "$N/net/big.c" => function(parameters => 7)],
    ['"..." is one', 'has parameters 7', 'src/big.c' =>
     function(parameters => 6) =~ s/p6/p6, .../r],
    ['a function is one', '', 'src/big.c' =>
     function(parameters => 6) =~ s/int p6/int (*f)(int a, int b)/r],
    ['seven by FFI', '', "$EXPORT/${H}_ffi_big.c" => function(parameters => 7)],
    ['seven beside it', 'has parameters 7',
     "$EXPORT/${H}_big.c" => function(parameters => 7)],
    ['800 lines', '', 'src/big.c' => function() . "\n" x 795],
    ['801 lines', 'src/big.c:801: a file of 801 lines, 800 are the most',
     'src/big.c' => function() . "\n" x 796],
    ['801 of data', '', 'src/big.c' =>
     "static const int  big[] = {\n" . "    1,\n" x 798 . "    1\n};\n"],
);

# each is worth one
my %decides = (
    if => 'if (p1) { x++; }', for => 'for ( ;; ) { x++; }',
    while => 'while (p1) { x++; }', do => 'do { x++; } while (p1);',
    case => 'switch (p1) { case 1: x++; }', and => 'x = p1 && x;',
    or => 'x = p1 || x;', '?' => 'x = p1 ? 1 : 2;',
    'else if' => 'else if (p1) { x++; }',
);

my %does_not = (
    else => 'else { x++; }', default => 'switch (p1) { default: x++; }',
    comment => '/* if for && ? */', string => 'x = "if (a && b)";',
    directive => "\n#if (A && B)\n", name => 'x = if_any(for_all);',
);


subtest 'what nginx is before' => sub {
    my %of = (
        "#include <ngx_config.h>\n#include <lua.h>\n" => '',
        "#include <lua.h>\n" => 'lua.h is before nginx',
        "#include \"zoom_uri.h\"\n#include <math.h>\n" => 'math.h is before',
        "#include \"ngx_http_zoom_x.h\"\n#include <math.h>\n" => '',
    );

    for (sort keys %of) {
        my $file = $t->dir . '/ngx_x.h';

        spew($file, $_);

        my $said = qx{$^X '$top/t/tools/style' '$file'};

        $of{$_} eq '' ? is($said, '', 'as it has to be')
                      : like($said, qr/$of{$_}/, $of{$_});
    }
};


subtest 'size' => sub {
    copy_tree();

    is(tool_says('size'), '', 'all are in order');

    for (@sizes) {
        my ($name, $expected, %files) = @$_;
        my $said = tool_says('size', %files);

        $expected eq '' ? is($said, '', $name)
                        : like($said, qr/$expected/, $name);
    }

    my $with = sub {
        my $most = function(complexity => 20, lines => 40);

        tool_says('size', 'src/big.c' => $most =~ s/(?<=\{\n)/    $_[0]\n/r);
    };

    like($with->($decides{$_}), qr/complexity 21/, "$_ counts")
        for sort keys %decides;
    is($with->($does_not{$_}), '', "$_ does not") for sort keys %does_not;
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


my @COLD = ('store_flight.t', '^400 cold callbacks');

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
