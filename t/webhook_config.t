#!/usr/bin/perl

# What nginx -t says of zoom_webhook and what goes with it.

use strict;
use warnings;

use FindBin;
use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;

$t->secret_file('hook', 'CANARYhook' . 'x' x 12);
$t->secret_file('older', 'CANARYolder' . 'y' x 11);
$t->secret_file('short', 'short');
$t->secret_file('blank', 'CANARY with a blank');
$t->canary(map { $_ => $t->secret($_) } qw(hook older blank));

my %with = (webhook_secret => 'file:%{hook}');


sub checks {
    my ($locations, %o) = @_;
    my ($exit, $said, $nginx) = $t->nginx_t(
        account => { %with, %{ $o{account} // {} } },
        locations => $locations, http => $o{http});

    return ($exit, $said, $nginx);
}


sub fails {
    my ($name, $locations, $like, %o) = @_;
    my ($exit, $said) = checks($locations, %o);

    isnt($exit, 0, $name);
    like($said, $like, 'and says why');
}


sub passes {
    my ($name, $locations, $like, %o) = @_;
    my ($exit, $said) = checks($locations, %o);

    is($exit, 0, $name) or diag($said);

    if ($like) {
        like($said, $like, 'and warns');
    } else {
        unlike($said, qr/\[warn\]/, 'without a warning');
    }
}


my $plain = "location = /hook { zoom_webhook acme; }\n";

passes('alone', $plain);
passes('before another handler', "location = /hook { zoom_webhook acme; "
                                 . "proxy_pass http://127.0.0.1:1; }\n");
passes('with a proof beside it', 'location = /hook { zoom_webhook acme; '
       . 'zoom_authenticate header=X-Key file:%{header}; }');
passes('where others have one', $plain, undef,
       http => 'zoom_authenticate attendee file:%{attendee};');
passes('two secrets', $plain, undef,
       account => { webhook_secret => "file:%{hook};\n"
                    . 'webhook_secret file:%{older}' });
passes('with all of it', <<'EOC');
    zoom_webhook_window  90m;
    zoom_webhook_act     off;
    zoom_webhook_events  meeting.* user.deactivated endpoint.url_validation *;
    location = /hook { zoom_webhook acme; }
    location = /open { zoom_webhook off; }
EOC

fails('an account that is none', 'location = /hook { zoom_webhook acne; }',
      qr/unknown account "acne" of "zoom_webhook" in .*nginx\.conf:\d+/);
fails('one without the secret', $plain,
      qr/account "acme" of "zoom_webhook" must have "webhook_secret" in /,
      account => { webhook_secret => undef });
fails('two in one location', 'location = /hook { zoom_webhook acme; '
      . 'zoom_webhook acme; }', qr/"zoom_webhook" directive is duplicate/);
fails('no account', 'location = /hook { zoom_webhook; }',
      qr/invalid number of arguments in "zoom_webhook"/);
fails('outside a location', 'zoom_webhook acme;',
      qr/"zoom_webhook" directive is not allowed here/);
fails("beside $_->[0]", "location = /hook { zoom_webhook acme; $_->[1]; "
      . 'zoom_authenticate off; }',
      qr/"zoom_webhook" directive conflicts with "$_->[0]" in /)
    for ['zoom_status', 'zoom_status'], ['zoom_purge', 'zoom_purge acme'],
        ['zoom_tokens', 'zoom_tokens acme; zoom_user a@example.com'];
fails("a proof that is none of Zoom's ($_)", 'location = /hook { '
      . "zoom_webhook acme; zoom_authenticate $_; }",
      qr/"zoom_webhook" can't have "attendee" or "standard_webhooks"/)
    for 'attendee file:%{attendee}', 'standard_webhooks file:%{webhooks}',
        'arg=key file:%{arg} attendee file:%{attendee}';

fails('three secrets', $plain, qr/"webhook_secret" directive is there more /,
      account => { webhook_secret => "file:%{hook};\nwebhook_secret "
                   . "file:%{older};\nwebhook_secret file:%{header}" });
fails('one secret twice', $plain,
      qr/"webhook_secret" directive has the same value twice/,
      account => { webhook_secret => "file:%{hook};\nwebhook_secret "
                   . 'file:%{hook}' });
fails('a blank in it', $plain,
      qr/"webhook_secret" (?:directive )?has a value with spaces|blank/,
      account => { webhook_secret => 'file:%{blank}' });
passes('a short one', $plain, qr/"webhook_secret".*short/,
       account => { webhook_secret => 'file:%{short}' });

fails("a window of $_", "zoom_webhook_window $_;\n$plain",
      qr/"zoom_webhook_window" directive (?:must be from 1m to 7d|invalid)/)
    for qw(59s 8d x);
passes('a short window', "zoom_webhook_window 80m;\n$plain",
       qr/"zoom_webhook_window" is below 90 minutes/);

passes('an event that is spelled nearly so',
       "zoom_webhook_events meeting.end;\n$plain",
       qr/unknown event "meeting\.end" of .*, is it "meeting\.ended"\?/);
passes('one that is like no other',
       "zoom_webhook_events something.else_entirely;\n$plain",
       qr/unknown event "something\.else_entirely" of "zoom_webhook_events" in/);
passes('a pattern of nothing', "zoom_webhook_events meetings.*;\n$plain",
       qr/pattern "meetings\.\*" of "zoom_webhook_events" matches no event/);
fails('an empty one', "zoom_webhook_events '';\n$plain",
      qr/"zoom_webhook_events" directive has an empty pattern/);
fails('one that is too long', 'zoom_webhook_events ' . 'x' x 65 . ";\n$plain",
      qr/is too long, an event has at most 64 characters/);
fails('neither on nor off', "zoom_webhook_act maybe;\n$plain",
      qr/invalid value "maybe" in "zoom_webhook_act" directive/);

spew($t->dir . '/script.lua', "return function() end\n");

my ($exit, $refused) = $t->nginx_t(lua => 1, locations => <<"EOC");
    location = /hook { zoom_webhook_by_lua_file ${\ $t->dir}/script.lua; }
EOC

isnt($exit, 0, 'a script without a webhook');
like($refused, qr/"zoom_webhook_by_lua_file" must have "zoom_webhook" in loc/,
     'and says why');

# All that it can say was said above.
my $source = slurp("$FindBin::Bin/../ngx_zoom_module/conf/"
                   . 'ngx_http_zoom_webhook_conf.c');
my $string = qr/"(?:[^"\\]|\\.)*"/;
my $said = join '', @{ $t->{said} };
my $n = 0;

while ($source =~ /ngx_(?:conf_)?log_error\(NGX_LOG_\w+,[^,]+,[^,]+,\s*
                   ($string(?:\s*$string)*)/gx) {
    my $message = join '', map { substr $_, 1, -1 } $1 =~ /$string/g;
    my $format = join '.*', map { quotemeta s/\\(.)/$1/gr }
                 split /%(?:u[iz]|[VsTd])/, $message, -1;

    like($said, qr/$format/, 'it says so');
    $n++;
}

cmp_ok($n, '>', 6, 'all of it');

$t->finish;
