#!/usr/bin/perl

# Zoom's own Meeting SDK for the web, as npm has it, is given the join kits of a
# real nginx in a real browser, and gets as far as its first request, which is
# not sent.  The mock of t/sandbox/join is asked the same, so that it goes on to
# refuse what the SDK refuses.  Skipped where there is no npm, no registry or no
# Chromium.

use strict;
use warnings;
use utf8;

use File::Basename qw(basename);
use FindBin;
use JSON::PP ();
use Test::More;

use Zoom::Browser qw(browse);
use Zoom::Npm;
use Zoom::Test;

binmode $_, ':utf8'
    for map { Test::More->builder->$_ } qw(output failure_output todo_output);

# Another one to look at by hand: what is asserted goes for this one.
my $version = $ENV{MEETINGSDK} // '6.2.0';
my $npm = Zoom::Npm->new("\@zoom/meetingsdk\@$version");

if (my $why = Zoom::Browser::missing() // $npm->missing) {
    plan(skip_all => $why);
}

if (!$npm->install) {
    fail('npm install') or diag($npm->said);
    done_testing();
    exit;
}

my $t = Zoom::Test->new;
my $json = JSON::PP->new->utf8->canonical;
my $passcode = 'CANARYpass' . Zoom::Test::random_name(6);

$t->secret_file('sdk_key', 'SDKkey_' . Zoom::Test::random_name(6));
$t->secret_file('sdk_secret', 'CANARYsdk' . Zoom::Test::random_name());
$t->canary(passcode => $passcode, sdk_secret => $t->secret('sdk_secret'));

mkdir $t->dir . "/$_" for qw(join meetingsdk);

for my $file (glob "$FindBin::Bin/meetingsdk/* $FindBin::Bin/sandbox/join/*.js")
{
    my $name = basename($file);
    my $where = $file =~ m{/meetingsdk/} ? 'meetingsdk' : 'join';

    spew($t->dir . "/$where/$name", slurp($file), 0644);
}

my $dist = $npm->dir . '/node_modules/@zoom/meetingsdk/dist';

$t->nginx(account => { sdk_key    => 'file:%{sdk_key}',
                       sdk_secret => 'file:%{sdk_secret}' },
          http => <<'EOC', locations => <<"EOC");
    zoom_authenticate   off;
    zoom_user           bots@example.com;
    zoom_types          zak onbehalf local_recording;
    zoom_allow_meeting  $arg_record;

    types {
        text/html         html;
        text/javascript   js;
        application/wasm  wasm;
    }
EOC
        location = /kit {
            zoom_join   acme;
            zoom_types  none;
        }

        location = /key {
            zoom_join          acme;
            zoom_types         none;
            zoom_join_sdk_key  on;
        }

        location = /inside {
            zoom_join        acme;
            zoom_join_token  zak;
        }

        location = /host {
            zoom_join       acme;
            zoom_join_role  host;
        }

        location = /auto {
            zoom_join  acme;
        }

        location /join/ {
            alias  %{dir}/join/;
        }

        location /meetingsdk/ {
            alias  %{dir}/meetingsdk/;
        }

        location /sdk/ {
            alias  $dist/;
        }
EOC


sub kit {
    my ($path, %wish) = @_;

    return $t->post($path, $json->encode({
        meeting_number => 123456789, passWord => $passcode,
        userName => 'Zoë 😀', %wish,
    }))->json;
}


my %all = (userEmail => 'zoe@example.com', customerKey => 'k' x 36,
           tk => 'tk-1');
my $most = { userName => "\x{20ac}" x 64, passWord => "\x{20ac}" x 16,
             userEmail => 'x' x 90 . '@mail.test' };

# Every form that a kit of ours has.
my @ours = map {
    my ($name, @how) = @$_;

    map { { name => "$name, $_ view", view => $_,
            kit => kit(@how, view => $_) } } qw(client component);
} ['a kit', '/kit'],
  ['one with all there is', '/inside?record=1', %all],
  ['one at its bounds', '/kit', %$most],
  ['one without a passcode', '/kit', passWord => undef],
  ['one with what else a name can be', '/kit',
   userName => '"\\<b>&amp; <SCRIPT src=x>'],
  ['one with the SDK key', '/key'],
  ['one with a ZAK', '/inside'],
  ["a host's", '/host'],
  ['one with an OBF token', '/auto'],
  ['one with a recording token', '/auto?record=1'];


# What join() refuses of a client's or a component's kit, under which number;
# "silent": it never answers.
my @refused = map {
    my ($name, $view, $outcome, %patch) = @$_;
    my %kit = (%{ kit('/kit', view => $view) }, %patch);

    { name => "$name, $view view", view => $view, outcome => $outcome,
      kit => { map { defined $kit{$_} ? ($_ => $kit{$_}) : () } keys %kit } }
} ['a role', 'client', 3, role => 0],
  ['a password', 'client', 3, password => 'x'],
  ['a view', 'client', 3, view => 'client'],
  ['an API key', 'client', 3, apiKey => 'x'],
  ['two tokens', 'client', 3636, zak => 'z', obfToken => 'o'],
  ['no name', 'client', 4003, userName => undef],
  ['an empty name', 'client', 4003, userName => ''],
  ['a long name', 'client', 4003, userName => 'x' x 129],
  ['a long name in another script', 'client', 4003,
   userName => "\x{20ac}" x 65],
  ['a name with a tag', 'client', 4003, userName => 'a<script>b'],
  ['a name with its end', 'client', 4003, userName => '</script>'],
  ['a long passcode', 'client', 4003, passWord => 'x' x 33],
  ['a long passcode in another script', 'client', 4003,
   passWord => "\x{20ac}" x 17],
  ['a passcode with a tag', 'client', 4003, passWord => '<script>'],
  ['a long address', 'client', 4003, userEmail => 'x' x 91 . '@mail.test'],
  ['no address', 'client', 4003, userEmail => 'zoe@example'],
  ['an address in Cyrillic', 'client', 4003, userEmail => 'a@b.xn--p1ai'],
  ['a long number', 'client', 4003, meetingNumber => '1' x 13],
  ['no signature', 'client', 'silent', signature => 'x'],
  ['an API key', 'component', 0, apiKey => 'x'],
  ['two tokens', 'component', 0, zak => 'z', obfToken => 'o'],
  ['an empty name', 'component', 0, userName => ''],
  ['no signature', 'component', 0, signature => 'x'];

# And what both let pass although we don't.
my @passed = map {
    my ($name, $view, %patch) = @$_;

    { name => "$name, $view view", view => $view,
      kit => { %{ kit('/kit', view => $view) }, %patch } }
} ['a name twice as long', 'client', userName => 'x' x 128],
  ['a role', 'component', role => 0],
  ['a long passcode', 'component', password => 'x' x 33],
  ['a name with a tag', 'component', userName => '<script>'];

my @cases = (@ours, @refused, @passed);

spew($t->dir . '/meetingsdk/cases.js',
     'const version = ' . JSON::PP->new->allow_nonref->encode($version)
     . ";\nconst cases = " . $json->encode(\@cases) . ";\n", 0644);

my $dom = browse($t->dir, '--virtual-time-budget=200000',
                 '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
                 '--dump-dom',
                 'http://127.0.0.1:' . $t->port . '/meetingsdk/all.html');

my ($outcomes) = $dom =~ / data-outcomes="([^"]*)"/;

BAIL_OUT("the browser said: " . substr $dom, 0, 500) if !defined $outcomes;

$outcomes =~ s/&(quot|lt|gt|nbsp|amp);/{ quot => '"', lt => '<', gt => '>',
                                         nbsp => "\x{a0}", amp => '&' }->{$1}/ge;
$outcomes = $json->decode($outcomes);


# What became of it, in a word.
sub word {
    my ($outcome) = @_;

    return exists $outcome->{refused} ? $outcome->{refused}
         : $outcome->{silent} ? 'silent' : 'passed';
}


sub posted {
    my ($body) = @_;
    my %posted;

    for (split /&/, $body) {
        my ($name, $value) = map { s/\+/ /gr =~ s/%(..)/chr hex $1/ger }
                             split /=/, $_, 2;

        utf8::decode($value);
        $posted{$name} = $value;
    }

    return \%posted;
}


is_deeply($outcomes->{mock}[0]{params}, $outcomes->{real}[0]{params},
          'the mock knows the parameters of ZoomMtg.join(), and no other');

for my $n (0 .. $#cases) {
    my $case = $cases[$n];
    my ($real, $mock) = map { $outcomes->{$_}[$n] } qw(real mock);

    is(word($real), $case->{outcome} // 'passed', "$case->{name}: the SDK")
        or diag(explain($real));
    is(word($mock), word($real), "$case->{name}: the mock")
        or diag(explain($mock));
}

for my $n (0 .. $#ours) {
    my ($kit, $real) = ($ours[$n]{kit}, $outcomes->{real}[$n]);
    my $posted = posted($real->{body} // '');

    subtest "$ours[$n]{name}: what Zoom is told" => sub {
        is($real->{asked}, 'https://zoom.us/api/v1/wc/info', 'the request');
        is($posted->{meetingNumber}, 123456789, 'the meeting');
        is($posted->{signature}, $kit->{signature}, 'the signature');
        is($posted->{userName}, $kit->{userName}, 'the name');
        is($posted->{apiKey}, $t->secret('sdk_key'), 'whose app it is');
    };
}

$t->finish;
