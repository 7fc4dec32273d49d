# Zoom::Config: what nginx -t says of a configuration, for t/config*.t.

package Zoom::Config;

use strict;
use warnings;

use Exporter qw(import);
use File::Basename qw(basename dirname);
use Test::More;

use Zoom::Process qw(slurp);
use Zoom::Test;

our @EXPORT = qw(config refused accepted location every_message
                 $good @user @off %sdk @tokens);

my $t;

# The least that works.
our $good = <<'EOC';
        location = /zak {
            zoom_tokens        acme;
            zoom_user          bots@example.com;
            zoom_authenticate  attendee file:%{attendee};
        }
EOC

# Lines of a location, and parameters of an account.
our @user = ('zoom_user bots@example.com;');
our @off = ('zoom_authenticate off;');
our %sdk = (sdk_key    => 'file:%{client_id}',
            sdk_secret => 'file:%{client_secret}');
our @tokens = ('zoom_tokens acme;', @user, @off);


# A test with secrets of all kinds.
sub config {
    $t = Zoom::Test->new;

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

    symlink $t->secret_file('client_secret'), $t->secret_file('link');

    return $t;
}


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


# What nginx -t can say, as it stands in the sources.  Errors are written out
# as sentences; what a directive "is" or "has" is added to its name.
sub messages {
    my (@files) = @_;
    my $string = qr/"(?:[^"\\]|\\.)*"/;
    my %found;

    for my $file (@files) {
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


# Whose messages t/config_accounts.t has seen; t/config.t has those of others.
my $accounts = qr{_(?:account|account_conf|block|ca|secret|url|bounds|zone)\.c$};

# Those of grants are for t/grants_store.t, of webhooks for t/webhook_config.t,
# of pools for t/pool_config.t, of Redis for t/fleet_config.t, and of zoom_pass
# for t/gateway_config.t.
my $others = qr{/lua/|_(?:pool|redis)_\w+\.c$|_pass_check\.c$
                |_(?:store|consent|grants|webhook|redis|pass)_conf\.c$}x;

# Of these no configuration is the cause, or none that can be had here.
my $beyond = qr{^(?:
    X509_STORE_new|curl_global_init|curl_multi_setopt
    |libcurl\ (?:must|runs)      # t/net_curl.t
    |no\ TLS|no\ CA\ certificates\ of\ the\ system|zoom\ client:
    |using\ regex|a\ routing\ script|has\ an\ IPv6\ address|RAND_bytes
    |EVP_Digest|\\"zoom_webhook_window\\"|\\"zoom_allow_by_lua_file\\"|\\"zoom_user\\"\ of\ \\"zoom_pass\\"
    |\\"zoom_account\\"\ \\"%V\\"\ must\ have\ a\ \\"zoom_store\\"
    |(?:user\ \\"%V\\"\ of\ )?\\"zoom_pool\\"|unknown\ pool    # t/pool_config.t
)}x;


# Whether all of them have been seen.
sub every_message {
    my (%o) = @_;
    my $top = dirname(__FILE__) . '/../../..';
    my %found = messages(grep { !/$others/ && ($_ =~ $accounts) == !!$o{accounts} }
                         glob "$top/ngx_zoom_module/*.c "
                              . "$top/ngx_zoom_module/*/*.c $top/src/*.c");
    my $said = join '', @{ $t->{said} };

    cmp_ok(scalar(keys %found), '>', 15, 'some are known');

    for my $message (sort keys %found) {
        next if $message =~ $beyond;

        my $format = join '.*', map { quotemeta s/\\(.)/$1/gr }
                     split /%(?:\*s|u[iz]|[VsTd])/, $message =~ s/%%/%/gr, -1;

        ok(scalar($said =~ /$format/), "$found{$message}: $message");
    }
}


1;
