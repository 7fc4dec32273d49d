#!/usr/bin/perl

# What nginx -t says of zoom_pass and what goes with it.

use strict;
use warnings;

use FindBin;
use Test::More;

use Zoom::Process qw(slurp);
use Zoom::Test;

my $t = Zoom::Test->new;
my @said;
my %elsewhere = (mcp_url => '%{mcp_url}', download_url => '%{download_url}');

my @auth = 'zoom_authenticate header=Authorization file:%{header} as=agent;';


sub check {
    my ($lines, %o) = @_;
    my $name = $o{name} // '/zoom/';
    my ($exit, $said) = $t->nginx_t(%o, account =>
        { %elsewhere, %{ $o{account} // {} } }, locations =>
        "location $name {\n" . join("\n", @$lines) . "\n}\n");

    push @said, $said;

    return ($exit, $said);
}


sub passes {
    my ($what, $lines, %o) = @_;
    my ($exit, $said) = check($lines, %o);

    is($exit, 0, $what) or diag $said;
    unlike($said, qr/\[warn\]/, 'without a warning') if !$o{warns};
    like($said, $o{warns}, 'and warns') if $o{warns};
}


sub fails {
    my ($what, $lines, $like, %o) = @_;
    my ($exit, $said) = check($lines, %o);

    isnt($exit, 0, $what);
    like($said, $like, 'and says why');
}


passes('all there is', ['zoom_pass acme;', @auth,
                        'zoom_allow agent meeting:read:*'
                        . ' "GET:/users/{userId}" GET:/users/*;',
                        'zoom_allow agent read write *;']);
passes('rest', ['zoom_pass acme rest;', @auth, 'zoom_allow agent *;']);
passes('without a slash', ['zoom_pass acme;', @auth, 'zoom_allow agent *;'],
       name => '/zoom');
passes('for a better match', ['zoom_pass acme;', @auth, 'zoom_allow agent *;'],
       name => '^~ /zoom/');
passes('what is not published', ['zoom_pass acme;', @auth,
       'zoom_allow agent GET:/beta/*;', 'zoom_allow_unknown /beta/;']);
passes('nothing allowed', ['zoom_pass acme;', @auth],
       warns => qr/caller "agent" of "zoom_pass" .* is denied everything/);

fails('no proof', ['zoom_pass acme;'], qr/must have "zoom_authenticate"/);
fails('an unknown account', ['zoom_pass other;', @auth],
      qr/unknown account "other" of "zoom_pass"/);
fails('an unknown kind', ['zoom_pass acme soap;', @auth],
      qr/invalid value "soap" in "zoom_pass", it must be "rest", "graphql", "mcp"/);
fails('a signed body', ['zoom_pass acme;',
                        'zoom_authenticate attendee file:%{attendee};'],
      qr/takes no "zoom_authenticate" that signs a body/);
fails('a regular expression', ['zoom_pass acme;', @auth],
      qr/must not be in a location of a regular expression/,
      name => '~ ^/zoom/');
fails($_, ['zoom_pass acme;', @auth],
      qr{must be in a location with a prefix, such as "/zoom/"}, name => $_)
    for '= /zoom', '@zoom';

my $resolver = 'resolver 127.0.0.1:1;';

passes("exactly, for $_", ["zoom_pass acme $_;", @auth, 'zoom_allow agent *;'],
       name => '= /zoom', http => $resolver) for qw(graphql mcp download);
passes('hosts of recordings', ['zoom_pass acme download;', @auth,
       'zoom_allow agent *;', 'zoom_download_hosts zoom.us *.zoom.us;'],
       http => $resolver);
passes('recordings without a resolver', ['zoom_pass acme download;', @auth,
       'zoom_allow agent *;'],
       warns => qr/can't follow redirects of recordings/);
passes('one key of two callers', ['zoom_pass acme;', @auth,
       'zoom_authenticate header=Authorization file:%{header} as=other;',
       'zoom_allow agent *;', 'zoom_allow other read;'],
       warns => qr/callers "agent" and "other" .* have the same key/);
# Names alone are compared with the host of a link.
my %host = ('https://zoom.us'    => 'has a scheme',
            'zoom.us/'           => 'has a path',
            'zoom.us:443'        => 'has a port or brackets',
            '[::1]'              => 'has a port or brackets',
            '"zoom.us,*.zoom.us"' => 'has a character that no name has',
            '~zoom'              => 'has a character that no name has',
            '""'                 => 'is empty');

fails("recordings of $_", ['zoom_pass acme download;', @auth,
      "zoom_download_hosts *.zoom.us $_;"],
      qr{host ".*" of "zoom_download_hosts" $host{$_}, it must be a name alone})
    for sort keys %host;

fails('redirects to a URL', ['zoom_pass acme download;', @auth,
      'zoom_download_redirects https://cdn.example;'],
      qr/host ".*" of "zoom_download_redirects" has a scheme/);
passes('redirects', ['zoom_pass acme download;', @auth, 'zoom_allow agent *;',
       'zoom_download_redirects *.cdn.example localhost;'], http => $resolver);
passes('recordings of addresses', ['zoom_pass acme download;', @auth,
       'zoom_allow agent *;', 'zoom_download_hosts 127.0.0.1 ::1 Zoom_1.us;'],
       http => $resolver);
fails('hosts twice', ['zoom_pass acme download;', @auth,
      'zoom_download_hosts a;', 'zoom_download_hosts b;'],
      qr/"zoom_download_hosts" directive is duplicate/);

fails('an unknown caller', ['zoom_pass acme;', @auth, 'zoom_allow agnet *;'],
      qr/unknown caller "agnet" of "zoom_allow" in .*:\d+, it must be/);
fails('no rule', ['zoom_pass acme;', @auth, 'zoom_allow agent everything;'],
      qr/rule "everything" of "zoom_allow" .* a rule is "\*", "read"/);
fails('an unknown scope', ['zoom_pass acme;', @auth,
                           'zoom_allow agent meeting:raed:*;'],
      qr/matches no endpoint .*, did you mean "meeting:read:\*"\?/);
fails('a scope of users', ['zoom_pass acme;', @auth,
                           'zoom_allow agent meeting:read:meeting;'],
      qr/did you mean "meeting:read:meeting:admin"/);
fails('an unknown path', ['zoom_pass acme;', @auth,
                          'zoom_allow agent GET:/usres/*;'],
      qr{did you mean "GET:/users/});
fails('a path that is not published', ['zoom_pass acme;', @auth,
      'zoom_allow agent GET:/beta/zzzzzzzz/*/qqqqqqqq/wwwwwwwwww/xxxxxxx;'],
      qr/see "zoom_allow_unknown" for what is new/);
fails('a prefix of another kind', ['zoom_pass acme;', @auth,
                                   'zoom_allow_unknown beta;'],
      qr/invalid prefix "beta" in "zoom_allow_unknown"/);
fails('prefixes twice', ['zoom_pass acme;', @auth,
                         'zoom_allow_unknown /a;', 'zoom_allow_unknown /b;'],
      qr/"zoom_allow_unknown" directive is duplicate/);

# Where no scope and no path is known, neither of them permits anything.
my %takes = (graphql => qr/"read", "write" or "\*"/,
             mcp => qr/"\*", or "read" and "write"/,
             download => qr/"read" or "\*"/);

for my $kind (sort keys %takes) {
    my @rules = ('meeting:read:*', 'GET:/users/*');

    fails("$_ for $kind", ["zoom_pass acme $kind;", @auth,
                           "zoom_allow agent read; zoom_allow agent $_;"],
          qr/rule\ "\Q$_\E"\ of\ "zoom_allow"\ in\ .*:\d+\ permits\ nothing
             \ .*\ kind\ "$kind",\ which\ takes\ $takes{$kind}/x,
          http => $resolver) for @rules[1 .. $#rules], $rules[0];

    passes("$rules[0] of a level above, for $kind",
           ["zoom_pass acme $kind;", @auth], http => $resolver,
           server => "zoom_authenticate header=Authorization file:%{header}"
                     . " as=agent;\nzoom_allow agent $rules[0];\n",
           warns => qr/caller\ "agent"\ of\ .*\ is\ denied\ everything,
                       \ as\ its\ "zoom_allow"\ has\ none\ of\ what\ the\ kind
                       \ "$kind"\ takes:\ $takes{$kind}/x);
    passes("and something else, for $kind", ["zoom_pass acme $kind;", @auth],
           http => $resolver,
           server => "zoom_authenticate header=Authorization file:%{header}"
                     . " as=agent;\nzoom_allow agent $rules[0] read;\n"
                     . "zoom_allow agent write;\n");
}

passes('to read and write recordings', ['zoom_pass acme download;', @auth,
       'zoom_allow agent read write;'], http => $resolver);
passes('to write recordings', ['zoom_pass acme download;', @auth,
       'zoom_allow agent write;'], http => $resolver,
       warns => qr/is denied everything, as its "zoom_allow" has none/);
passes('half of what MCP takes', ['zoom_pass acme mcp;', @auth,
       'zoom_allow agent read;'], http => $resolver,
       warns => qr/is denied everything, as its "zoom_allow" has none/);

# Zoom's OAuth names the host without it.
passes("Zoom's API without a version", ['zoom_pass acme;', @auth,
       'zoom_allow agent *;'], http => $resolver,
       account => { api_url => $_ },
       warns => qr{"api_url"\ "\Q$_\E"\ of\ "zoom_account"\ "acme"\ in
                   \ .*:\d+\ is\ not\ where\ Zoom's\ API\ is:\ the\ path
                   \ must\ be\ "/v2",\ as\ in\ "https://[a-z-]+\.zoom\.us/v2"}x)
    for 'https://api-us.zoom.us', 'https://api.zoom.us/v1';
passes("an API at $_", ['zoom_pass acme;', @auth, 'zoom_allow agent *;'],
       http => $resolver, account => { api_url => $_ })
    for 'https://api.zoomgov.com/v2', 'https://zoom.example.com/api',
        'https://api.zoom.us.example.com';

passes('a name that is none', ['zoom_pass acme;', @auth],
       warns => qr/can't look up "no\.such\.name\.invalid" \(.*\): it answers/,
       account => { api_url => 'https://no.such.name.invalid/v2' });
passes('a name with a resolver', ['zoom_pass acme;', @auth,
                                  'zoom_allow agent *;'],
       http => 'resolver 127.0.0.1:1;',
       account => { api_url => 'https://no.such.name.invalid/v2' });
passes('a proxy that is none', ['zoom_pass acme;', @auth],
       warns => qr/can't look up "no\.such\.proxy\.invalid"/,
       account => { proxy => 'http://no.such.proxy.invalid:3128' });

my $users = $t->account('users', account_id => undef,
                        grant => 'authorization_code',
                        redirect_uri => 'https://x.example/connected')
            . "zoom_store sqlite:%{dir}/store/store.db key=file:%{store};\n";

mkdir $t->dir . '/store', 0700;
chown +(getpwnam 'nobody')[2, 3], $t->dir . '/store' if $> == 0;

$t->secret_file('store', 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=');

passes('a user of an app', ['zoom_pass acme;', @auth, 'zoom_allow agent *;',
                           'zoom_user alice@example.com;'],
       warns => qr/"zoom_user"\ in\ .*:\d+\ has\ no\ effect\ on\ "zoom_pass",
                   \ as\ account\ "acme"\ has\ no\ grants\ of\ users/x);
passes('a user of all locations', ['zoom_pass acme;', @auth,
                                   'zoom_allow agent *;'],
       server => 'zoom_user alice@example.com;');

fails('no user', ['zoom_pass users;', @auth, 'zoom_allow agent *;'],
      qr/"zoom_pass" must have "zoom_user"/, http => $users);
passes('a user', ['zoom_pass users;', @auth, 'zoom_user alice@example.com;',
                  'zoom_allow agent meeting:read:meeting;'], http => $users);
fails('whoever a caller likes', ['zoom_pass users;', @auth,
                                 'zoom_user $arg_user;', 'zoom_allow agent *;'],
      qr/"zoom_pass" must have "zoom_allow_user"/, http => $users);
fails('a pool', ['zoom_pass acme;', @auth, 'zoom_user pool=bots;',
                 'zoom_allow agent *;'],
      qr/"zoom_user" of "zoom_pass" can't be a pool/,
      http => "zoom_pool bots { account acme; user a\@example.com; }\n");


# Every message of the source has been seen.
my $text = join '', map { slurp("$FindBin::Bin/../ngx_zoom_module/conf/"
                                . "ngx_http_zoom_pass_$_.c") } qw(check conf);
my $all = join '', @said;
my $n = 0;

while ($text =~ /ngx_(?:conf_)?log_error\(NGX_LOG_\w+,[^"]*
                 ((?:"(?:[^"\\]|\\.)*"\s*)+)/gx)
{
    my $message = join '', map { substr $_, 1, -1 }
                  $1 =~ /("(?:[^"\\]|\\.)*")/g;
    my $format = join '.*', map { quotemeta s{\\(.)}{$1}gr }
                 split /%(?:\*s|u[iz]|[VsTd])/, $message, -1;

    ok(scalar($all =~ /$format/), $message);
    $n++;
}

cmp_ok($n, '>', 6, 'all of them');

$t->finish;
