#!/usr/bin/perl

# The pages of the Zoom stand-in in a real browser: without a script, on a
# phone, in the dark; a person clicks, and comes back to where the app said.

use strict;
use warnings;

use Test::More;

use Zoom::Browser;
use Zoom::Receiver;
use Zoom::Test;

if (my $why = Zoom::Browser::missing()) {
    plan(skip_all => $why);
}

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $app = Zoom::Receiver->start(log => $t->dir . '/app');
my $return = $app->url('/connected');
my $here = 'http://zoom.us:' . $zoom->plain;
my $browser = Zoom::Browser->open(dir => $t->dir, script => 0,
                                  names => { 'zoom.us' => '127.0.0.1' });
my $authorize = "$here/oauth/authorize?response_type=code&state=abc"
                . '&redirect_uri=' . $return =~ s/([:\/])/sprintf '%%%02X',
                                                          ord $1/ger
                . '&client_id=' . $t->secret('users_id');

$zoom->control({ user_app => { redirect_uris => [$return] } });


subtest 'consent' => sub {
    $browser->go($authorize);
    is($browser->text('h1'), 'Meeting bots wants to connect', 'a page');
    $browser->choose('select', 'bob@other.example');
    $browser->click('button[value=allow]');
    like($browser->url, qr{^\Q$return\E\?code=[\w-]{33}&state=abc$},
         'and back');
    is(($app->requests)[0]{path} =~ /code=([\w-]+)/ ? $1 : '',
       ($zoom->codes)[-1], 'with the code');

    $browser->go($authorize);
    $browser->click('button[value=deny]');
    is($browser->url, "$return?error=access_denied&state=abc",
       'or without');

    $browser->go("$authorize&redirect_uri=x");
    like($browser->text('#problem'), qr/Duplicate parameter/, 'a problem');
};


subtest 'second thoughts' => sub {
    $browser->go($authorize);
    $browser->click('button[value=allow]');

    my ($code) = $browser->url =~ /code=([\w-]+)/;

    http(port => $zoom->plain, path => '/oauth/token',
         body => "grant_type=authorization_code&code=$code&redirect_uri="
                 . $return,
         headers => ['Content-Type' => 'application/x-www-form-urlencoded',
                     'Authorization' => 'Basic '
                     . { $t->canaries }->{'basic of users'}]);
    is(($zoom->grants)[0]{state}, 'live', 'a grant');

    $browser->go("$here/user/installed");
    like($browser->text('form'), qr/of alice\@other\.example/, 'is listed');
    $browser->click('form button');
    is($browser->text('p'), 'None.', 'and removed');
    is(($zoom->grants)[0]{state}, 'deauthorized', 'at Zoom');
};


subtest 'a device' => sub {
    my $d = http(port => $zoom->plain, path => '/oauth/devicecode',
                 body => 'client_id=' . $t->secret('users_id'),
                 headers => ['Content-Type' =>
                             'application/x-www-form-urlencoded',
                             'Authorization' => 'Basic '
                             . { $t->canaries }->{'basic of users'}])->json;
    my ($path) = $d->{verification_uri_complete} =~ m{//[^/]+(/.*)};

    $browser->go("$here$path");
    is($browser->text('h1'), 'Meeting bots wants to connect', 'who asks');
    $browser->click('button[value=allow]');
    is($browser->text('h1'), 'Connected', 'allowed');
};


subtest 'looks' => sub {
    $browser->phone;

    for my $path ("$authorize", "$here/oauth/device", "$authorize&state=x") {
        $browser->go($path);
        is($browser->overflow, 0, 'fits a phone');

        for my $dark (0, 1) {
            $browser->dark($dark);
            cmp_ok($browser->contrast('p'), '>', 4.5,
                   $dark ? 'in the dark' : 'in the light');
        }
    }
};


$browser->quit;
$app->stop_it;
$t->finish;
