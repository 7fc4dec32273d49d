#!/usr/bin/perl

# A person connects a Zoom account in a real Chromium: nginx sends the browser
# to the consent page of the stand-in, which is another site with TLS, and
# takes it back.  No page needs a script.  After that a callback gets tokens of
# that person.

use strict;
use warnings;

use Test::More;

use Zoom::Browser;
use Zoom::Grants;
use Zoom::Test;

if (my $why = Zoom::Browser::missing()) {
    plan(skip_all => $why);
}

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);
my $here = $grants->here;
my $alice = 'alice@other.example';

$t->nginx(http => $grants->conf('users', <<'EOC',
    location = /link {
        zoom_connect       users;
        zoom_connect_as    $arg_who;
        zoom_authenticate  off;
    }

    location = /zoom-tokens {
        zoom_tokens        acme;
        zoom_user          bots@example.com;
        zoom_types         zak onbehalf;
        zoom_onbehalf      users $zoom_metadata_owner;
        zoom_authenticate  attendee file:%{attendee};
    }
EOC
    authorize_url => 'https://zoom.us:%{tls}/oauth/authorize'));

my $browser = Zoom::Browser->open(
    dir => $t->dir, script => 0, names => { 'zoom.us' => '127.0.0.1' },
    arguments => ['--ignore-certificate-errors'],
);


sub tokens {
    my ($owner) = @_;
    my %request = $t->attendee_request('/zoom-tokens', members => {
        bot_metadata => qq({"owner": "$owner"}),
    });

    return http(%request, port => $grants->port)->json;
}


subtest 'a person connects' => sub {
    $browser->go("$here/link?who=owner1");
    like($browser->url, qr{^https://zoom\.us:\d+/oauth/authorize\?},
         'the consent page');
    like($browser->text('body'), qr/user:read:token/, 'says for what');

    my ($cookie) = grep { $_->{name} =~ /^__Host-/ } $browser->cookies;

    ok($cookie && $cookie->{secure} && $cookie->{httpOnly}
       && $cookie->{sameSite} eq 'Lax' && $cookie->{path} eq '/',
       'a cookie that is none of other sites or scripts');

    $browser->choose('select', $alice);
    $browser->click('button[value=allow]');
    like($browser->url, qr{^\Q$here\E/connected}, 'and back');
    like($browser->text('li'), qr/^Done\b.*is connected/s, 'connected')
        or diag($browser->html);
    is(scalar(grep { $_->{name} =~ /^__Host-/ } $browser->cookies), 0,
       'the cookie has gone');
    is($zoom->count(qw(grants exchanged)), 1, 'one grant');
};


subtest 'a bot comes on behalf of that person' => sub {
    my $tokens = tokens('owner1');

    is(jwt_claims($tokens->{zak_token})->{uid}, 'bots@example.com',
       'a ZAK of the bot user');
    is(jwt_claims($tokens->{onbehalf_token})->{zid},
       'AliceOfAnotherAccount1', 'an OBF token of the person');
};


subtest 'a person declines' => sub {
    $browser->go("$here/link?who=owner2");
    $browser->click('button[value=deny]');
    like($browser->url, qr{^\Q$here\E/connected\?error=access_denied},
         'and is told so');
    like($browser->text('li'), qr/declined, and nothing was connected/,
         'in words');
    is($zoom->count(qw(grants exchanged)), 1, 'no grant');
    is($t->{nginx}[-1]->error_log =~ /\[error\]/ ? 1 : 0, 0,
       'no line in the error log');
};


subtest 'the list' => sub {
    $browser->go("$here/grants");
    like($browser->text('body'), qr/owner1/, 'who is connected');
    like($browser->text('body'), qr/\Q$alice\E/, 'and as whom');
    unlike($browser->html, qr/eyJ/, 'never a token');
};


subtest 'looks' => sub {
    $browser->phone;

    for my $path ('/link?who=owner3', '/grants') {
        $browser->go("$here$path");

        if ($path =~ /link/) {
            $browser->choose('select', 'bob@other.example');
            $browser->click('button[value=allow]');
        }

        is($browser->overflow, 0, 'fits a phone');
        unlike($browser->html, qr/<script/, 'no script');

        for my $dark (0, 1) {
            $browser->dark($dark);
            cmp_ok($browser->contrast($_), '>', 4.5,
                   "$_ " . ($dark ? 'in the dark' : 'in the light'))
                for qw(h1 li i);
        }
    }
};


subtest 'the end of it' => sub {
    is($grants->disconnect('owner1')->status, 204, 'disconnected');
    is($zoom->count(qw(grants revoked)), 1, 'at Zoom, too');
    ok(!defined tokens('owner1')->{onbehalf_token}, 'no token any more');
    $browser->go("$here/grants");
    unlike($browser->text('body'), qr/owner1/, 'nor on the list');
};


$browser->quit;
$t->finish;
