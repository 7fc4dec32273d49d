#!/usr/bin/perl

# What nginx -t refuses of an account, the zone and secrets, and what it warns
# about.

use strict;
use warnings;

use Test::More;

use Zoom::Config;
use Zoom::Test;

my $t = config();

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

    refused('a variable that is too long', 'client_secret env',
            account => { client_secret => 'env:ZOOM_TEST_SECRET' },
            env => { ZOOM_TEST_SECRET => 'CANARYliteral' . 'x' x 8192 });

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
    # As Zoom's answer with the access token has it.
    like(accepted("an API of Zoom's without its version", account => {
                      api_url => 'https://api-us.zoom.us' }),
         qr{\[warn\].*"api_url" "https://api-us\.zoom\.us" .* must be "/v2"},
         'is warned about');

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


subtest 'what may be said' => sub {
    my @labels = ('"light"', '"medium"', '"heavy" or "resource"');
    my @list = (
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
};


subtest 'every message' => sub { every_message(accounts => 1) };


$t->finish;
