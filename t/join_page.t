#!/usr/bin/perl

# The stand-in's page that joins a meeting, in a browser: what it gets of
# zoom_join, and what it makes of that.

use strict;
use warnings;
use utf8;

use Encode qw(decode_utf8);
use File::Basename qw(basename);
use FindBin;
use JSON::PP ();
use Test::More;

use Zoom::Browser qw(browse);
use Zoom::Kit;
use Zoom::Test;

my $why = Zoom::Browser::missing();

plan(skip_all => $why) if $why;

my $json = JSON::PP->new->utf8;
my $passcode = 'CANARYpass' . Zoom::Test::random_name(6);


sub pages {
    my ($t) = @_;

    $t->canary(passcode => $passcode);

    # The page; once more with a ZoomMtg that tells what it was given; and once
    # more for a location that gives a ZAK.

    mkdir $t->dir . "/page$_" for '', '/told', '/zak';

    for my $file (glob "$FindBin::Bin/sandbox/join/*") {
        spew($t->dir . "/page/$_" . basename($file), slurp($file), 0644)
            for '', 'told/', 'zak/';
    }

    my $page = slurp($t->dir . '/page/index.html');

    spew($t->dir . '/page/zak/index.html', $page =~ s{"/join-kit"}{"/with-zak"}r,
         0644);

    spew($t->dir . '/page/told/zoommtg.js', <<'EOC', 0644);
const ZoomMtg = {
    preLoadWasm() {},
    prepareWebSDK() {},
    init(o) { o.success(); },
    join(kit) {
        document.documentElement.dataset.told = JSON.stringify(kit);
        kit.success({});
    },
};
EOC
}


my ($t) = start(prepare => \&pages, locations => <<'EOC');
        location = /join-kit {
            zoom_join          acme;
            zoom_join_role     caller;
            zoom_authenticate  off;
        }

        location = /with-zak {
            zoom_join          acme;
            zoom_join_role     caller;
            zoom_types         zak;
            zoom_authenticate  off;
        }

        location /join/ {
            alias  %{dir}/page/;
            types {
                text/html        html;
                text/css         css;
                text/javascript  js;
            }
        }
EOC


sub page {
    my ($path, %o) = @_;
    my $wish = join '&', 'now=1', map { "$_=" . escaped($o{$_}) } sort keys %o;

    return decode_utf8(browse($t->dir, '--dump-dom',
                              'http://127.0.0.1:' . $t->port
                              . "$path#$wish"));
}


# What the page says: a hash for each table, and the verdict.
sub seen {
    my ($dom) = @_;
    my %row = $dom =~ m{<tr data-field="(\w+)">.*?<td[^>]*>(.*?)</td>}g;
    my ($verdict) = $dom =~ m{<p id="verdict"[^>]*>(.*?)</p>};

    return ($verdict, %row);
}


subtest 'the page' => sub {
    plan(skip_all => Zoom::Browser::missing()) if Zoom::Browser::missing();

    my ($verdict, %row) = seen(page('/join/', role => 0,
        meeting => "https://zoom.us/j/123456789", passWord => $passcode,
        userName => 'Zoë <b>&amp;"'));

    is($verdict, '<b>Joined</b>meeting 123456789 as “Zoë &lt;b&gt;'
                 . '&amp;amp;"”.', 'has joined') or return;
    is($row{appKey}, $t->secret('sdk_key'), 'whose app it is');
    is($row{meetingNumber}, '123456789', 'the number');
    is($row{userName}, 'Zoë &lt;b&gt;&amp;amp;"', 'the name, and no tag');
    like($row{signature}, qr/^eyJhbGci… \(\d+ characters\)$/,
         'a signature, shortened');
    like($row{passWord}, qr/^C… \(\d+ characters\)$/, 'a passcode, likewise');
    is($row{mn}, '123456789', 'what is in the signature');
    like($row{exp}, qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'and how long');

    my ($told) = page('/join/told/', meeting => '987 654-321', role => 0,
                      userName => 'Me') =~ / data-told="([^"]*)"/;
    $told = $told =~ s/&quot;/"/gr;
    my $kit = eval { $json->decode($told) } // {};

    is_deeply([@$kit{qw(meetingNumber userName passWord)},
               verified($kit->{signature})->{mn}],
              ['987654321', 'Me', '', '987654321'],
              'ZoomMtg was given all of it, as it was signed');

    ($verdict) = seen(page('/join/', meeting => '123456789', role => 1,
                           userName => 'Me'));
    is($verdict, '<b>Not joined</b>ZoomMtg.join(): role 1 needs the zak of '
                 . 'the host', 'no host without a ZAK');

    ($verdict, %row) = seen(page('/join/zak/', meeting => '987654321',
                                 userName => 'Me', role => 1));
    is($verdict, '<b>Joined</b>meeting 987654321 as “Me”.', 'a host with one');
    like($row{zak}, qr/^eyJ.{5}… \(\d+ characters\)$/, 'which is shortened');

    ($verdict) = seen(page('/join/', meeting => 'https://zoom.us/my/room',
                           userName => 'Me'));
    like($verdict, qr/^<b>Not joined<\/b>.*\(400 no_meeting\)$/,
         'and what nginx said');
};


$t->finish;
