#!/usr/bin/perl

# What nginx -t refuses, with the line, and what it warns about.

use strict;
use warnings;

use File::Basename qw(basename);
use FindBin;
use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;

$t->secret_file('empty', '');
$t->secret_file('newlines', "\r\n\r\n");
$t->secret_file('control', "CANARYcontrol\x01x");
$t->secret_file('inner', "CANARYinner\nx");
$t->secret_file('large', 'CANARYlarge' . 'x' x 8192);
$t->secret_file('largest', 'CANARYlargest' . 'x' x (8192 - 14));
$t->secret_file('readable', 'CANARYreadable0123456789', 0644);
$t->secret_file('short', 'c2hvcnQ=');
$t->secret_file('quoted', 'CANARY"quoted"inside');
$t->secret_file('nobase64', 'CANARY*nobase64*CANARY*nobase64*');
$t->canary(literal => 'CANARYliteral', control => 'CANARYcontrol',
           inner => 'CANARYinner', large => 'CANARYlarge',
           readable => 'CANARYreadable', nobase64 => 'CANARY*nobase64');

$t->secret_file('bearer', 'Bearer CANARYbearer0123456789');
$t->secret_file('slashes', 'CANARYslashes/0123456789+/abcdef==');
$t->canary(bearer => 'CANARYbearer', slashes => 'CANARYslashes');

# Of files that were made for something else.
my %around = (
    'double quotes'         => ['"CANARYaround0123456789"', 'is in quotes'],
    'single quotes'         => ["'CANARYaround0123456789'", 'is in quotes'],
    'half of the quotes'    => ['"CANARYaround0123456789', 'is in quotes'],
    'a byte order mark'     => ["\xef\xbb\xbfCANARYaround0123456789",
                                'is behind a byte order mark'],
    'a name'                => ['SECRET=CANARYaround0123456789',
                                'is behind a name and "="'],
    'an export'             => ['export SECRET=CANARYaround0123456789',
                                'has a blank'],
    'a blank before'        => [' CANARYaround0123456789', 'has a blank'],
    'a blank behind'        => ['CANARYaround0123456789 ', 'has a blank'],
    'a blank inside'        => ['CANARYaround 0123456789', 'has a blank'],
    'a comment'             => ['CANARYaround0123456789 # ours',
                                'has a blank'],
    'a tab'                 => ["CANARYaround\t0123456789",
                                'contains a control character'],
);

$t->canary(around => 'CANARYaround');
symlink $t->secret_file('client_secret'), $t->secret_file('link');

my $good = <<'EOC';
        location = /zak {
            zoom_tokens        acme;
            zoom_user          bots@example.com;
            zoom_authenticate  attendee file:%{attendee};
        }
EOC


# Refused, and the line that has this text is named.
sub refused {
    my ($name, $marker, %o) = @_;
    my ($exit, $said, $nginx) = $t->nginx_t(locations => $good, %o);
    my $line = $nginx->line_of($marker);

    subtest $name => sub {
        isnt($exit, 0, 'refused');
        like($said, qr{\[emerg\]}, 'with a reason');
        like($said, qr{/nginx\.conf:$line\b}, "and line $line") or diag $said;
        unlike($said, qr/signal|core dumped|Sanitizer/, 'in good order');
    };

    return $said;
}


sub accepted {
    my ($name, %o) = @_;
    my ($exit, $said) = $t->nginx_t(locations => $good, %o);

    is($exit, 0, $name) or diag $said;
    return $said;
}


# A location with these lines.
sub location {
    return (locations => "location = /x {\n" . join('', map { "    $_\n" } @_)
            . "}\n");
}


my @user = ('zoom_user bots@example.com;');
my @off = ('zoom_authenticate off;');
my %sdk = (sdk_key    => 'file:%{client_id}',
           sdk_secret => 'file:%{client_secret}');
my @tokens = ('zoom_tokens acme;', @user, @off);


subtest 'accepted' => sub {
    unlike(accepted('the least that works'), qr/\[warn\]|\[notice\]/,
           'without a warning');
    accepted('an account after its use', account => 0,
             server => $good, locations => "}\n" . $t->account('acme')
                                           . "server {\n"
                                           . "listen unix:%{dir}/sock;\n");
    accepted('http to loopback', account => {
                 oauth_url => 'http://127.0.0.1:1/oauth/token',
                 api_url   => 'http://[::1]:1/v2' });
    accepted('no proxy', account => { proxy => 'off' });
    accepted('a proxy with a slash', account => {
                 proxy => 'http://127.0.0.1:3128/' });
    accepted('connections that see for themselves', account => {
                 connections => 'auto' });
    accepted('a rate by the minute', account => {
                 rate => 'resource=90r/m day=1000' });
    accepted('a slash at the end', account => {
                 api_url => 'https://api.zoom.us/v2/' });
    accepted('all defaults', account => {
                 map { $_ => undef }
                 qw(oauth_url api_url trusted_certificate plan) });
    accepted('every parameter', http => 'zoom_zone 16m;', account => {
        share             => '50%',
        rate              => 'light=24r/s',
        dry_run           => 'on',
        connections       => '8',
        connect_timeout   => '1s',
        request_timeout   => '2s',
        http2             => 'on',
        proxy             => 'http://127.0.0.1:3128',
        %sdk,
    });
    accepted('every directive', location(
        @tokens, 'zoom_ttl 3h;', 'zoom_reuse 30s;', 'zoom_timeout 10s;',
        'zoom_response json;', 'zoom_allow_user *;', 'zoom_min_left 20m;',
        'zoom_use_stale off;', 'zoom_stale_after 500ms;'));
    accepted('every type', location(
        @tokens, 'zoom_types zak onbehalf local_recording live_streaming '
        . 'local_archiving;', 'zoom_allow_meeting 1;',
        'zoom_bypass_waiting_room on;'));
    accepted("types that are no user's", location(
        'zoom_tokens acme;', @off, 'zoom_types local_recording;',
        'zoom_allow_meeting 1;'));
    accepted('types of the levels above', server => 'zoom_types onbehalf;',
        http => "zoom_types local_recording;\nzoom_allow_meeting 1;\n"
                . 'zoom_bypass_waiting_room on;',
        locations => "zoom_user x\@example.com;\n"
                     . "location /x { zoom_tokens acme; @off }");
    accepted('every scheme', location(
        'zoom_tokens acme;', @user,
        'zoom_authenticate standard_webhooks file:%{webhooks}'
        . ' attendee file:%{attendee} arg=key file:%{arg}'
        . ' header=X-Webhook-Secret file:%{header} as=tenant1;',
        'zoom_authenticate standard_webhooks file:%{webhooks2} as=tenant1;'));
    accepted('status and purge', locations => $good . <<'EOC');
        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }

        location = /purge {
            zoom_purge         acme;
            zoom_authenticate  arg=key file:%{arg};
        }
EOC
    accepted('a join kit', account => \%sdk, location(
        'zoom_join acme;', @user, @off, 'zoom_join_role host;'));
    accepted('a join kit without tokens', account => \%sdk, location(
        'zoom_join acme;', @off, 'zoom_types none;'));
    accepted('a join kit with either token', account => \%sdk, location(
        'zoom_join acme;', @user, @off, 'zoom_types zak onbehalf;',
        'zoom_join_token $arg_token;', 'zoom_join_sdk_key on;'));
    accepted('a choice that a kit without tokens does not have',
             account => \%sdk, http => "zoom_join_token onbehalf;\n",
             location('zoom_join acme;', @off, 'zoom_types none;'));
    accepted('a join kit of an account by variable', location(
        'zoom_join $arg_account;', @user, @off, 'zoom_join_role caller;'));
    accepted("a join kit for more than Attendee's signature",
             account => \%sdk, location(
                 'zoom_join acme;', @user,
                 'zoom_authenticate attendee file:%{attendee} '
                 . 'arg=key file:%{arg};'));
    accepted('a symbolic link', account => {
                 client_secret => 'file:%{link}' });
    accepted('a secret of 8 KiB', location(
                 'zoom_tokens acme;', @user,
                 'zoom_authenticate arg=key file:%{largest};'));
    accepted('a client secret of 8 KiB', account => {
                 client_secret => 'file:%{largest}' });
    accepted('a zone of a gigabyte, if nobody needs it', account => 0,
             http => 'zoom_zone 1g;', locations => '');
    accepted('a zone of a number of bytes', http => 'zoom_zone 1048576;');
    accepted('words in an Authorization header', location(
                 'zoom_tokens acme;', @user,
                 'zoom_authenticate header=Authorization file:%{bearer};'));
    accepted('base64 with slashes and a name at its start', location(
                 'zoom_tokens acme;', @user,
                 'zoom_authenticate arg=key file:%{slashes};'));
    accepted('an unknown account by variable', location(
                 'zoom_tokens $arg_account;', @user, @off));

    spew($t->dir . '/account.conf',
         "account_id file:" . $t->secret_file('account_id') . ";\n"
         . "client_id file:" . $t->secret_file('client_id') . ";\n"
         . "client_secret file:" . $t->secret_file('client_secret') . ";\n");
    accepted('an include in an account', account => 0,
             http => 'zoom_account acme { include %{dir}/account.conf; }');
};


subtest 'locations' => sub {
    refused('no zoom_authenticate', 'zoom_tokens acme;',
            location('zoom_tokens acme;', @user));
    refused('no zoom_authenticate for health', 'zoom_health acme;',
            location('zoom_health acme;'));
    refused('no zoom_authenticate for status', 'zoom_status;',
            location('zoom_status;'));
    refused('no zoom_authenticate for a purge', 'zoom_purge acme;',
            location('zoom_purge acme;'));
    refused('no zoom_user', 'zoom_tokens acme;',
            location('zoom_tokens acme;', @off));
    refused('an unknown account', 'zoom_tokens nobody;',
            location('zoom_tokens nobody;', @user, @off));
    refused('an unknown account for health', 'zoom_health nobody;',
            location('zoom_health nobody;', @off));
    refused('an unknown account for a purge', 'zoom_purge nobody;',
            location('zoom_purge nobody;', @off));
    refused('a purge by variable', 'zoom_purge \$arg_account;',
            location('zoom_purge $arg_account;', @off));
    refused('a purge of nothing', 'zoom_purge;',
            location('zoom_purge;', @off));
    refused('a status of something', 'zoom_status acme;',
            location('zoom_status acme;', @off));
    refused('status beside a purge', 'zoom_purge acme;',
            location('zoom_status;', @off, 'zoom_purge acme;'));
    refused('status beside tokens', 'zoom_status;',
            location(@tokens, 'zoom_status;'));
    refused('status twice', 'zoom_status; # again',
            location('zoom_status;', @off, 'zoom_status; # again'));
    refused('status beside a proxy', 'zoom_status;',
            location('zoom_status;', @off, 'proxy_pass http://127.0.0.1:1;'));
    refused('status in a server', 'zoom_status;',
            locations => 'zoom_status;');
    refused('a purge in a server', 'zoom_purge acme;',
            locations => 'zoom_purge acme;');
    refused('two handlers', 'zoom_health acme;',
            location(@tokens, 'zoom_health acme;'));
    refused('zoom_tokens twice', 'zoom_tokens acme; # again',
            location(@tokens, 'zoom_tokens acme; # again'));
    refused('an unknown type', 'zoom_types zak token',
            location(@tokens, 'zoom_types zak token;'));
    refused('a type for nobody', 'zoom_types access',
            location(@tokens, 'zoom_types access;'));
    refused('a type in another case', 'zoom_types ZAK',
            location(@tokens, 'zoom_types ZAK;'));
    refused('a type twice', 'zoom_types zak onbehalf zak',
            location(@tokens, 'zoom_types zak onbehalf zak;'));
    refused('no type', 'zoom_types;', location(@tokens, 'zoom_types;'));
    refused('zoom_types twice', 'zoom_types zak; # again',
            location(@tokens, 'zoom_types zak;', 'zoom_types zak; # again'));
    refused('a type of a user without zoom_user', 'zoom_tokens acme; # obf',
            location('zoom_tokens acme; # obf', @off,
                     'zoom_types local_recording onbehalf;'));
    refused('zoom_allow_meeting twice', 'zoom_allow_meeting 0;',
            location(@tokens, 'zoom_allow_meeting 1;',
                     'zoom_allow_meeting 0;'));
    refused('zoom_bypass_waiting_room maybe', 'zoom_bypass_waiting_room may',
            location(@tokens, 'zoom_bypass_waiting_room may;'));
    refused('zoom_user twice', 'zoom_user bots@example.com; # again',
            location(@tokens, 'zoom_user bots@example.com; # again'));
    refused('no account at all', 'zoom_tokens;',
            location('zoom_tokens;', @user, @off));
    refused('zoom_tokens in a server', 'zoom_tokens acme;',
            locations => 'zoom_tokens acme;');

    refused('a join kit for an account that signs nothing',
            'zoom_join acme;', location('zoom_join acme;', @user, @off));
    refused('a join kit of an unknown account', 'zoom_join nobody;',
            account => \%sdk, location('zoom_join nobody;', @user, @off));
    refused('no zoom_user for a join kit with a ZAK', 'zoom_join acme;',
            account => \%sdk, location('zoom_join acme;', @off));
    refused('no zoom_allow_user for a join kit', 'zoom_join acme;',
            account => \%sdk, location('zoom_join acme;', @off,
                                       'zoom_user $arg_user;'));
    refused('tokens of no type', 'zoom_tokens acme;',
            location(@tokens, 'zoom_types none;'));
    refused('no type and another', 'zoom_types none zak;',
            location(@tokens, 'zoom_types none zak;'));
    refused('no zoom_authenticate for a join kit', 'zoom_join acme;',
            account => \%sdk, location('zoom_join acme;', @user));
    refused('two join kits', 'zoom_join acme; # again', account => \%sdk,
            location('zoom_join acme;', @user, @off,
                     'zoom_join acme; # again'));
    refused('tokens beside a join kit', 'zoom_tokens acme;',
            account => \%sdk, location('zoom_join acme;', @user, @off,
                                       'zoom_tokens acme;'));
    refused('a choice of what a join kit never has', 'zoom_join acme;',
            account => \%sdk, location('zoom_join acme;', @user, @off, "$_;"))
        for 'zoom_join_token onbehalf', "zoom_types onbehalf;\n    "
                                        . 'zoom_join_token zak';
    refused('a join kit in a server', 'zoom_join acme;',
            locations => 'zoom_join acme;');
    refused("a join kit for Attendee's signature alone", 'zoom_join acme;',
            account => \%sdk, location(
                'zoom_join acme;', @user,
                'zoom_authenticate arg=key file:%{arg};',
                'zoom_authenticate attendee file:%{attendee};'));

    for my $variable (qw($arg_user $http_x_user $cookie_user
                         $zoom_metadata_user ${arg_user}@example.com))
    {
        refused("$variable without zoom_allow_user",
                quotemeta "zoom_user $variable;",
                location('zoom_tokens acme;', @off, "zoom_user $variable;"));
        accepted("$variable with it",
                 location('zoom_tokens acme;', @off, "zoom_user $variable;",
                          'zoom_allow_user *@example.com;'));
    }

    refused("a pattern of $_", 'zoom_allow_user',
            location(@tokens, "zoom_allow_user $_;"))
        for '"~("', '~', '""';

    accepted($_, location(@tokens, "$_;"))
        for 'zoom_replay 1s', 'zoom_replay 30d 1000', 'zoom_replay off',
            'zoom_stale_after 0', 'zoom_stale_after 60s',
            'zoom_stale_after off';
    refused('zoom_replay twice', 'zoom_replay 1h; # again',
            location(@tokens, 'zoom_replay off;', 'zoom_replay 1h; # again'));
    refused('zoom_stale_after twice', 'zoom_stale_after 1s; # again',
            location(@tokens, 'zoom_stale_after off;',
                     'zoom_stale_after 1s; # again'));
    like(refused('a webhook without an account', 'zoom_status;', account => 0,
                 location('zoom_status;', 'zoom_authenticate '
                          . 'standard_webhooks file:%{webhooks};')),
         qr/must have a "zoom_account"/, 'that is what it lacks');

    for my $bad ('zoom_replay', 'zoom_replay soon', 'zoom_replay 0',
                 'zoom_replay 31d', 'zoom_replay 1h 0', 'zoom_replay 1h 1001',
                 'zoom_replay 1h often', 'zoom_replay off 2',
                 'zoom_replay 1h 1 1', 'zoom_ttl soon', 'zoom_ttl 1h 1h',
                 'zoom_timeout x', 'zoom_timeout', 'zoom_reuse -1',
                 'zoom_min_left 5parsecs', 'zoom_response xml',
                 'zoom_ttl 59s', 'zoom_ttl 366d', 'zoom_reuse 366d',
                 'zoom_min_left 366d', 'zoom_timeout 999ms',
                 'zoom_timeout 61s', 'zoom_stale_after', 'zoom_stale_after on',
                 'zoom_stale_after 61s', 'zoom_stale_after -1',
                 'zoom_stale_after 1s 1s', 'zoom_join_role boss', 'zoom_join_role',
                 'zoom_join_token obf', 'zoom_join_token', 'zoom_join_token ""',
                 'zoom_join_token zak onbehalf', 'zoom_join_sdk_key 1',
                 'zoom_join_sdk_key')
    {
        refused($bad, quotemeta "$bad;", location(@tokens, "$bad;"));
    }
};


subtest 'proofs' => sub {
    my %bad = (
        'nothing'                   => '',
        'an unknown scheme'         => 'magic file:%{arg}',
        'attendee without a secret' => 'attendee',
        'arg without a secret'      => 'arg=key',
        'arg without a name'        => 'arg= file:%{arg}',
        'header without a name'     => 'header= file:%{header}',
        'off with another'          => 'off arg=key file:%{arg}',
        'another with off'          => 'arg=key file:%{arg} off',
        'as= alone'                 => 'as=tenant',
        'a strange name in as='     => 'arg=key file:%{arg} as=a/b',
        'one scheme twice'          => 'arg=key file:%{arg} arg=key file:%{arg}',
        'a short secret'            => 'arg=key CANARY1',
        'a key that is too short'   => 'attendee file:%{short}',
        'a key that is no base64'   => 'attendee file:%{nobase64}',
        'standard_webhooks alone'   => 'standard_webhooks',
        'a webhook key too short'   => 'standard_webhooks file:%{short}',
        'a webhook key, no base64'  => 'standard_webhooks file:%{nobase64}',
        'one webhook scheme twice'  => 'standard_webhooks file:%{webhooks}'
                                       . ' standard_webhooks file:%{webhooks2}',
        'an empty secret'           => 'arg=key file:%{empty}',
        'a missing secret'          => 'arg=key file:%{dir}/missing',
        'an unset variable'         => 'arg=key env:ZOOM_NOT_SET',
        'a secret over 8 KiB'       => 'arg=key file:%{large}',
    );

    refused('another line beside off', 'zoom_authenticate arg=key',
            location('zoom_tokens acme;', @user, @off,
                     'zoom_authenticate arg=key file:%{arg};'));
    refused('off beside another line', 'zoom_authenticate off',
            location('zoom_tokens acme;', @user,
                     'zoom_authenticate arg=key file:%{arg};', @off));
    refused('off twice', 'zoom_authenticate off; # again',
            location('zoom_tokens acme;', @user, @off,
                     'zoom_authenticate off; # again'));
    refused('a variable that is too long', 'zoom_authenticate arg=key',
            location('zoom_tokens acme;', @user,
                     'zoom_authenticate arg=key env:ZOOM_TEST_SECRET;'),
            env => { ZOOM_TEST_SECRET => 'CANARYliteral' . 'x' x 8192 });

    for my $name (sort keys %bad) {
        my $line = "zoom_authenticate $bad{$name};";

        refused($name, quotemeta $t->expand($line),
                location('zoom_tokens acme;', @user, $line));
    }
};


subtest 'accounts' => sub {
    my %bad = (
        'an empty secret file'   => [client_secret => 'file:%{empty}'],
        'a file of newlines'     => [client_secret => 'file:%{newlines}'],
        'a missing secret file'  => [client_secret => 'file:%{dir}/missing'],
        'a directory'            => [client_secret => 'file:%{dir}'],
        'a control character'    => [client_secret => 'file:%{control}'],
        'a newline inside'       => [client_secret => 'file:%{inner}'],
        'a secret over 8 KiB'    => [client_secret => 'file:%{large}'],
        'no file name'           => [client_secret => 'file:'],
        'an unset variable'      => [client_secret => 'env:ZOOM_NOT_SET'],
        'an empty literal'       => [client_secret => '""'],
        'http to another host'   => [oauth_url => 'http://zoom.us/oauth/token'],
        'http to a name'         => [api_url => 'http://localhost/v2'],
        'http to a look-alike'   => [api_url => 'http://127.0.0.1.example/v2'],
        'http to user info'      => [api_url => 'http://127.0.0.1@evil.test/'],
        'another protocol'       => [api_url => 'ftp://api.zoom.us/v2'],
        'no host'                => [api_url => 'https:///v2'],
        'a port too large'       => [api_url => 'https://api.zoom.us:99999/v2'],
        'no CA file'             => [trusted_certificate => '%{dir}/missing'],
        'a CA file without any'  => [trusted_certificate => '%{arg}'],
        'an unknown plan'        => [plan => 'platinum'],
        'a share of nothing'     => [share => '0%'],
        'a share of too much'    => [share => '101%'],
        'no percentage'          => [share => 'half'],
        'no number'              => [connections => 'many'],
        'too small a number'     => [connections => '0'],
        'a negative number'      => [connections => '-1'],
        'too large a number'     => [connections => '1025'],
        'no time'                => [request_timeout => 'soon'],
        'no flag'                => [http2 => 'perhaps'],
        'an unknown label'       => [rate => 'tiny=1r/s'],
        'no rate'                => [rate => 'light=fast'],
        'a rate of nothing'      => [rate => 'light=0r/s'],
        'a proxy over https'     => [proxy => 'https://127.0.0.1:1'],
        'no proxy'               => [proxy => 'maybe'],
        'an unknown parameter'   => [colour => 'red'],
        'a key with quotes'      => [sdk_key => 'file:%{quoted}'],
        'a variable of no name'  => [client_secret => 'env:'],
        'a value too long'       => [account_id => 'x' x 129],
        'a value with a colon'   => [client_id => 'CANARYliteral:x'],
        'a value with a space'   => [client_secret => '"CANARYliteral x"'],
        'no address'             => [api_url => 'https://[::1/v2'],
        'an address of no kind'  => [api_url => 'https://[::g]/v2'],
        'an odd address'         => [api_url => 'https://127.1/v2'],
        'a path with a quote'    => [api_url => "https://zoom.us/v'2"],
        'a URL with a query'     => [api_url => 'https://zoom.us/v2?x'],
        'a URL with a space'     => [api_url => '"https://zoom.us/v 2"'],
        'a URL too long'         => [api_url => 'https://zoom.us/' . 'x' x 2048],
        'a CA file of no name'   => [trusted_certificate => '""'],
        'a proxy without a port' => [proxy => 'http://127.0.0.1'],
        'a proxy with a path'    => [proxy => 'http://127.0.0.1:1/x'],
        'a time too long'        => [request_timeout => '61s'],
        'no time at all'         => [connect_timeout => '0'],
        'another parameter'      => [rate => 'light=1r/s night=5'],
        'a rate twice'           => [rate => 'light=1r/s; rate light=2r/s'],
        'no unit of a rate'      => [rate => 'light=1rps'],
        'a rate of one letter'   => [rate => 'light=1'],
        'a path with a gap'      => [api_url => 'https://zoom.us/v2//x'],
        'a path upwards'         => [api_url => 'https://zoom.us/v2/../x'],
        'a host with a star'     => [api_url => 'https://*.zoom.us/v2'],
    );

    for my $name (sort keys %bad) {
        my ($parameter, $value) = @{ $bad{$name} };

        refused($name, quotemeta $t->expand("    $parameter $value;"),
                account => { $parameter => $value });
    }

    for my $missing (qw(account_id client_id client_secret)) {
        my $said = refused("no $missing", 'zoom_account acme',
                           account => { $missing => undef });
        like($said, qr/"$missing"/, 'which is named');
    }

    refused("no $_", 'zoom_account acme', account => { %sdk, $_ => undef })
        for qw(sdk_key sdk_secret);

    my %twice = (plan => 'free', share => '5%', proxy => 'off',
                 client_id => 'x', api_url => 'https://api.zoom.us/v2',
                 trusted_certificate => '%{ca}', connections => 2,
                 http2 => 'off', connect_timeout => '1s');

    for my $name (sort keys %twice) {
        my $said = refused("$name twice",
                           quotemeta $t->expand("$name $twice{$name}; # again"),
                           account => {
            $name => "$twice{$name};\n    $name $twice{$name}; # again\n#",
        });

        like($said, qr/"$name" directive is duplicate/, 'as a duplicate');
    }

    refused('an account twice', 'zoom_account acme \{ #', http =>
                "zoom_account acme { # again\n account_id x; client_id x;"
                . " client_secret x;\n}\n");
    refused('an account with a strange name', 'zoom_account a/b',
            http => "zoom_account a/b {\n}\n");

    my %other = (plan => 'pro', share => '50%', rate => 'light=1r/s',
                 rate_day => 'light=1000r/s day=5');

    for my $name (sort keys %other) {
        my ($parameter) = split /_/, $name;
        my $said = refused("two accounts of another $name",
                           'zoom_account twin',
                           account => $name eq 'rate_day'
                                      ? { rate => 'light=1000r/s' } : {},
                           http => $t->account('twin',
                                               $parameter => $other{$name}));

        like($said, qr/"acme" and "twin".* must have the same "$parameter"/,
             'which is named');
    }

    # Limits are an account's, not a host's.
    my $europe = refused('two accounts of another plan, in Europe',
                         'zoom_account twin', http => $t->account('twin',
                             plan => 'pro',
                             api_url => 'https://eu01api.zoom.us/v2'));

    like($europe, qr/"acme" and "twin" have one "account_id".* same "plan"/,
         'which is named');

    refused('an include without a file', 'include;',
            account => { plan => "pro;\n    include" });
    refused('an account without a name', 'zoom_account \{',
            http => "zoom_account {\n}\n");
    refused('an account in a server', 'zoom_account inner',
            server => "zoom_account inner {\n}\n");

    refused('a zone of nothing', 'zoom_zone', http => 'zoom_zone 0;');
    refused('a zone too small', 'zoom_zone', http => 'zoom_zone 1k;');
    refused('no size', 'zoom_zone', http => 'zoom_zone large;');
    my ($exit, $said) = $t->nginx_t(http => "zoom_zone 256k;\n" . join '', map {
        $t->account("a$_", account_id => "a$_")
    } 1 .. 60);

    isnt($exit, 0, 'a zone too small for so many accounts');
    like($said, qr/"zoom_zone" is too small for 61 accounts/, 'says so');

    # It is true: so much is enough, and a step less is not.
    for my $n (61, 1000) {
        my $of = sub {
            my ($size) = @_;

            return (http => "zoom_zone ${size}k;\n" . join '', map {
                $t->account("a$_", account_id => "account$_")
            } 2 .. $n);
        };

        (undef, $said) = $t->nginx_t($of->(256));

        my ($least) = $said =~ /small for $n accounts, it must be (\d+)k at/;

        cmp_ok($least // 0, '>', 256, "and how large for $n");
        accepted("$n accounts in ${least}k", $of->($least));
        ($exit) = $t->nginx_t($of->($least - 256));
        isnt($exit, 0, 'and in no less');
    }

    refused('a zone twice', 'zoom_zone 9m;',
            http => "zoom_zone 8m;\nzoom_zone 9m;");
};


subtest 'warnings' => sub {
    my $said = accepted('a file that others can read', account => {
                            client_secret => 'file:%{readable}' });

    like($said, qr/\[(?:warn|notice)\].*secret\.readable/,
         'is warned about by name');
    is(scalar(() = $said =~ /secret\.readable/g), 1, 'once');

    $said = accepted('one that is used twice', account => {
                         client_secret => 'file:%{readable}' },
                     http => $t->account('second', account_id => 'x',
                                 client_secret => 'file:%{readable}'));
    is(scalar(() = $said =~ /secret\.readable/g), 1, 'still once');

    $said = accepted('a literal', account => {
                         client_secret => 'CANARYliteral0123456789' });
    like($said, qr/\[warn\].*client_secret/, 'is warned about');

    $said = accepted('the environment', account => {
                         client_secret => 'env:ZOOM_TEST_SECRET' },
                     env => { ZOOM_TEST_SECRET => 'CANARYliteral0123456789' });
    like($said, qr/\[warn\].*env ZOOM_TEST_SECRET;/,
         'is warned about, with what a binary upgrade needs');

    $said = accepted('a variable that is kept', account => {
                         client_secret => 'env:ZOOM_TEST_SECRET' },
                     main => 'env ZOOM_TEST_SECRET;',
                     env => { ZOOM_TEST_SECRET => 'CANARYliteral0123456789' });
    unlike($said, qr/\[warn\]/, 'is not');

    $said = accepted('a life that is not above the least left', location(
                         @tokens, 'zoom_ttl 30m;'));
    like($said, qr/\[warn\].*zoom_ttl/, 'is warned about');

    $said = accepted('a join token that is never allowed', location(
                         @tokens, 'zoom_types zak live_streaming;'));
    like($said, qr/\[warn\].*never\ gives\ "live_streaming"
                   .*"zoom_allow_meeting"/x, 'is warned about');

    $said = accepted('a recording that is never allowed', account => \%sdk,
                     location('zoom_join acme;', @user, @off,
                              'zoom_types zak local_recording;'));
    like($said, qr/\[warn\].*"zoom_join" never gives "local_recording"/,
         'likewise');

    $said = accepted('one that may be', location(
                         @tokens, 'zoom_types zak live_streaming;',
                         'zoom_allow_meeting $arg_may;'));
    unlike($said, qr/zoom_allow_meeting/, 'is not');

    $said = accepted('a life that matters to nobody', location(
                         @tokens, 'zoom_types onbehalf;', 'zoom_ttl 30m;'));
    unlike($said, qr/zoom_ttl/, 'is not warned about');

    $said = accepted('a signature where no body is read', location(
                         'zoom_health acme;',
                         'zoom_authenticate attendee file:%{attendee};'));
    like($said, qr/\[warn\].*"zoom_health" answers nobody/, 'is warned about');

    refused('a literal behind a mistake', 'arg=key',
            location('zoom_tokens acme;', @user,
                     'zoom_authenticate arg=key CANARYliteral1 magic '
                     . 'CANARYliteral2;'));
    refused('a literal that is no key', 'attendee',
            location('zoom_tokens acme;', @user,
                     'zoom_authenticate attendee CANARYliteral3;'));
    refused('two literals', 'client_secret', account => {
                client_secret => 'CANARYliteral4 CANARYliteral5' });
};


# What should be somewhere else, or is not all of it secret.
subtest 'secrets' => sub {
    my %place = (
        '/etc/nginx/zoom/url_secret'  => 'file:',
        './url_secret_of_ours'        => 'file:',
        '../zoom/url_secret_of_ours'  => 'file:',
        '~/zoom/url_secret_of_ours'   => 'file:',
        'zoom/url_secret_of_ours.txt' => 'file:',
        'nginx.conf'                  => 'file:',
        '$ZOOM_URL_SECRET_OF_OURS'    => 'env:',
    );

    for my $value (sort keys %place) {
        my $suggests = qr/: it must begin with "$place{$value}", or with "lit/;

        for my $scheme ('arg=key', 'header=x-key', 'attendee',
                        'standard_webhooks')
        {
            my $said = refused("$scheme $value", quotemeta " $value;",
                               location('zoom_tokens acme;', @user,
                                        "zoom_authenticate $scheme $value;"));

            like($said, $suggests, "and \"$place{$value}\" suggested");
            unlike($said, qr/\Q$value\E"/, 'nor is it quoted');
        }

        like(refused("client_secret $value", quotemeta " $value;",
                     account => { client_secret => $value }), $suggests,
             'in an account as well');
        like(accepted("literal:$value", location(
                          'zoom_tokens acme;', @user,
                          "zoom_authenticate arg=key literal:$value;")),
             qr/\[warn\].*"nginx\ -T"/x, 'goes through, with a warning');
    }

    for my $name (sort keys %around) {
        my ($value, $why) = @{ $around{$name} };

        $t->secret_file('around', $value);
        like(refused("$name in a file", 'client_secret file:',
                     account => { client_secret => 'file:%{around}' }),
             qr/the secret of "client_secret" \Q$why\E in /, $why);
        like(refused("$name in the environment", 'zoom_authenticate',
                     location('zoom_tokens acme;', @user, 'zoom_authenticate '
                              . 'header=x-key env:ZOOM_TEST_SECRET;'),
                     env => { ZOOM_TEST_SECRET => $value }),
             qr/the\ secret\ of\ "zoom_authenticate\ header=x-key"
                \ \Q$why\E\ in\ /x, $why);
    }

    $t->secret_file('around', 'Bearer  CANARYaround0123456789');
    refused('two blanks in an Authorization header', 'zoom_authenticate',
            location('zoom_tokens acme;', @user, 'zoom_authenticate '
                     . 'header=Authorization file:%{around};'));

    accepted('prefixes in another case', account => {
                 client_secret => 'FILE:%{client_secret}' });

    for my $length (15, 16) {
        $t->secret_file('around', substr 'CANARYaround0123456789', 0, $length);

        my $said = accepted("$length characters", account => {
                                client_secret => 'file:%{around}' });
        my $warning = qr/\[warn\].*the\ secret\ of\ "client_secret"
                         \ is\ shorter\ than\ 16\ characters/x;

        like($said, $warning, 'get a warning') if $length < 16;
        unlike($said, $warning, 'get none') if $length >= 16;
    }

    unlike(accepted('ids that are short, and written out', account => {
                        account_id => 'account', client_id => 'client' }),
           qr/\[warn\]/, 'are no secrets');
};


subtest 'users' => sub {
    my @never = ('"Bot User"', 'me', 'ME', '%6de', 'a@b@c', '""', 'a/b',
                 'bots%40', '%zz', 'x' x 65, "bots\@b\xc3\xbccher.example");

    for my $user (@never) {
        for my $level (qw(http server locations)) {
            my %o = (locations => $good);

            $o{$level} = "zoom_user $user;\n" . ($o{$level} // '')
                =~ s/zoom_user .*//r;

            my $said = refused("$user in $level", quotemeta "zoom_user $user;",
                               %o);

            like($said, qr{a Zoom user id other than "me", an e-mail, or},
                 'with what it must be');
        }
    }

    for my $user ('bots@example.com', 'x' x 64, 'bots%40example.com',
                  q("o'hara@example.com"))
    {
        accepted("a zoom_user of $user", location(
                     'zoom_tokens acme;', @off, "zoom_user $user;"));
    }

    my @tokens = ('zoom_tokens acme; # uses', @off);
    my @outside = ('zoom_allow_user *@t1.example ~^svc[0-9]+@example.com$;');

    like(refused('a user outside zoom_allow_user',
                 quotemeta 'zoom_user bots@example.com; # wrong',
                 location(@tokens, @outside,
                          'zoom_user bots@example.com; # wrong')),
         qr/is\ not\ in\ the\ "zoom_allow_user"\ of\ "zoom_tokens"/x,
         'which is named');
    refused('one of a level above',
            quotemeta 'zoom_user bots@example.com; # http',
            http => 'zoom_user bots@example.com; # http',
            location(@tokens, @outside));
    refused('one of a join kit',
            quotemeta 'zoom_user bots@example.com; # kit',
            account => \%sdk, location('zoom_join acme;', @off, @outside,
                                       'zoom_user bots@example.com; # kit'));

    accepted("$_ inside it", location(@tokens, @outside, "zoom_user $_;"))
        for 'svc1@example.com', 'SVC1@Example.com', 'a@t1.example';
    accepted("one that matters to nobody",
             http => 'zoom_user bots@example.com;',
             location('zoom_tokens acme;', @off, @outside,
                      'zoom_types local_recording;', 'zoom_allow_meeting 1;'));
};


subtest 'what may be said' => sub {
    my @schemes = ('"attendee"', '"standard_webhooks"', '"arg=NAME"',
                   '"header=NAME"', '"off"');
    my @types = ('"zak"', '"onbehalf"', '"local_recording"',
                 '"live_streaming" or "local_archiving"', '"none"');
    my @labels = ('"light"', '"medium"', '"heavy" or "resource"');
    my @tokens = ('zoom_tokens acme;', @user);

    my @list = (
        [['zoom_authenticate hmac x;'], @schemes],
        [['zoom_types obf;', @off], @types],
        [['zoom_response xml;', @off], '"auto", "json" or "text"'],
        [['zoom_join_role boss;', @off], '"participant", "host" or "caller"'],
    );

    for (@list) {
        my ($lines, @words) = @$_;
        my $said = refused($lines->[0], quotemeta $lines->[0],
                           location(@tokens, @$lines));

        like($said, qr/\Q$_\E/, "names $_") for @words;
    }

    @list = (
        [plan  => 'platinum', '"free", "pro" or "business"'],
        [rate  => 'tiny=1r/s', @labels, '"light=24r/s"'],
        [rate  => 'light=fast', 'from 1 to 100000', '"r/s" or "r/m"'],
        [rate  => 'light=1r/s night=5', '"day="', 'from 1 to 100000000'],
        [share => '0%', 'from 1% to 100%'],
        [proxy => 'maybe', 'must be "http://HOST:PORT"'],
        [proxy => 'https://127.0.0.1:3128', 'must be "http://HOST:PORT"'],
        [proxy => 'socks5://127.0.0.1:1080', 'must be "http://HOST:PORT"'],
    );

    for (@list) {
        my ($name, $value, @words) = @$_;
        my $said = refused("$name $value", quotemeta "$name $value;",
                           account => { $name => $value });

        like($said, qr/\Q$_\E/, "names $_") for @words;
    }

    like(refused("a zone of $_", "zoom_zone $_;", http => "zoom_zone $_;"),
         qr/it must be from 256k to 1g, such as "8m"/, 'names both ends')
        for qw(8mb 1.5g 255k 2g 1t -1 large);
};


# What nginx -t can say, as it stands in the sources.  Errors are written out
# as sentences; what a directive "is" or "has" is added to its name.

sub messages {
    my $top = "$FindBin::Bin/..";
    my $string = qr/"(?:[^"\\]|\\.)*"/;
    my %found;

    # of grants t/grants_store.t sees to it, of webhooks t/webhook_config.t, of
    # pools t/pool_config.t, of Redis t/fleet_config.t
    for my $file (grep { !m{/lua/} && !m{_pool_\w+\.c$}
                         && !m{_(?:store|consent|grants|webhook|redis)_conf\.c$} }
                  glob "$top/ngx_zoom_module/*.c $top/ngx_zoom_module/*/*.c"
                       . " $top/src/*.c")
    {
        my $text = slurp($file);

        while ($text =~ /ngx_(?:conf_)?log_error\(
                         (?:NGX_LOG_EMERG,[^,]+|NGX_LOG_\w+,\s*cf(?:->log)?),
                         [^,]+,\s*($string(?:\s*$string)*)/gx)
        {
            my $message = join '', map { substr $_, 1, -1 } $1 =~ /$string/g;
            $found{$message} = basename($file);
        }

        next if $file !~ /_(?:account|account_conf|attendee|auth_conf|check
                           |module|secret|types|url|user|stdwebhooks
                           |user_conf|types_conf)\.c$/x;

        $found{ substr $_, 1, -1 } = basename($file)
            for $text =~ /(?<=[ (])"(?:is|has|must|contains)\ (?:[^"\\]|\\.)*"/gx;
    }

    return %found;
}


# Of these no configuration is the cause, or none that can be had here.
my $beyond = qr{^(?:
    X509_STORE_new|curl_global_init|curl_multi_setopt
    |libcurl\ (?:must|runs)      # t/net_curl.t
    |no\ TLS|no\ CA\ certificates\ of\ the\ system|zoom\ client:
    |using\ regex|a\ routing\ script|has\ an\ IPv6\ address|RAND_bytes
    |EVP_Digest|\\"zoom_webhook_window\\"
    |\\"zoom_account\\"\ \\"%V\\"\ must\ have\ a\ \\"zoom_store\\"
    |(?:user\ \\"%V\\"\ of\ )?\\"zoom_pool\\"|unknown\ pool    # t/pool_config.t
)}x;


subtest 'every message' => sub {
    my %found = messages();
    my $said = join '', @{ $t->{said} };

    cmp_ok(scalar(keys %found), '>', 50, 'some are known');

    for my $message (sort keys %found) {
        next if $message =~ $beyond;

        my $format = join '.*', map { quotemeta s/\\(.)/$1/gr }
                     split /%(?:\*s|u[iz]|[VsTd])/, $message =~ s/%%/%/gr, -1;

        ok(scalar($said =~ /$format/), "$found{$message}: $message");
    }
};


# Once more, this time with nginx running.
subtest 'in real life' => sub {
    my $nginx = $t->nginx(account => {
        client_secret => 'env:ZOOM_TEST_SECRET',
    }, env => { ZOOM_TEST_SECRET => $t->secret('client_secret') },
       locations => $good);

    is($t->attendee('/zak')->status, 200, 'a secret from the environment');
    is($t->zoom->token_calls, 1, 'one mint');
};


$t->finish;
