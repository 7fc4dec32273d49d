#!/usr/bin/perl

# What nginx -t refuses of a location, with the line, and what it warns about.
# t/config_accounts.t has accounts and secrets.

use strict;
use warnings;

use Test::More;

use Zoom::Config;
use Zoom::Test;

my $t = config();


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

    accepted($_, location(@tokens, "$_;"))
        for 'zoom_limit off', 'zoom_limit $zoom_caller rate=10r/s',
            'zoom_limit "$zoom_caller $remote_addr" burst=100000 rate=1r/m',
            'zoom_limit a rate=1r/s; zoom_limit b rate=100000r/s';

    my ($exit, $said);
    my %limit = (
        'zoom_limit a'                    => qr/"zoom_limit" .*has no "rate="/,
        'zoom_limit a burst=1'            => qr/"zoom_limit" .*has no "rate="/,
        'zoom_limit off; zoom_limit a rate=1r/s'
                                          => qr/used together with "off"/,
        'zoom_limit a rate=1r/s; zoom_limit off'
                                          => qr/used together with "off"/,
        'zoom_limit off; zoom_limit off'  => qr/"zoom_limit" .*is duplicate/,
        join('; ', ('zoom_limit a rate=1r/s') x 9)
                                          => qr/more often than 8 times/,
        'zoom_limit off rate=1r/s'        => qr/has parameters after "off"/,
        (map { ("zoom_limit a $_" => qr/invalid\ parameter\ "[^"]+"\ of
                 \ "zoom_limit",\ it\ must\ be\ once\ "rate="\ and\ a\ number
                 .*"rate=10r\/s",\ or\ "burst="\ and/x) }
            'rate=0r/s', 'rate=10', 'rate=100001r/s', 'rate=r/s', 'fast',
            'rate=1r/s rate=2r/s', 'rate=1r/s burst=0', 'rate=1r/s burst=-1',
            'rate=1r/s burst=100001', 'burst=1 burst=2', 'rate=1.5r/s'),
    );

    for my $bad (sort keys %limit) {
        ($exit, $said) = $t->nginx_t(location(@tokens, "$bad;"));
        isnt($exit, 0, $bad);
        like($said, $limit{$bad}, 'says so');
    }

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


subtest 'warnings' => sub {
    my $said = accepted('a life that is not above the least left', location(
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

    for my $secret (qw(webhooks attendee)) {
        my $said = accepted("a Standard Webhook with the secret of $secret",
            location('zoom_tokens acme;', @user,
                     "zoom_authenticate standard_webhooks file:%{$secret};"));
        my $warning = qr/\[warn\].*the\ secret\ of
                         \ "zoom_authenticate\ standard_webhooks"
                         \ does\ not\ begin\ with\ "whsec_"/x;

        unlike($said, $warning, 'no warning') if $secret eq 'webhooks';
        like($said, $warning, 'a warning') if $secret eq 'attendee';
    }
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

    like(refused("a zone of $_", "zoom_zone $_;", http => "zoom_zone $_;"),
         qr/it must be from 256k to 1g, such as "8m"/, 'names both ends')
        for qw(8mb 1.5g 255k 2g 1t -1 large);
};


subtest 'every message' => sub { every_message() };


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
