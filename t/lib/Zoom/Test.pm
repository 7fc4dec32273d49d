package Zoom::Test;

# What a .t file needs: the stand-in, an nginx with the module in front of it,
# secrets that are canaries, and the checks that belong to every test's end.
#
#     my $t = Zoom::Test->new;
#     my $nginx = $t->nginx(locations => <<'EOC');
#         location = /zak {
#             zoom_tokens        acme;
#             zoom_user          bots@example.com;
#             zoom_authenticate  arg=key file:%{arg};
#         }
#     EOC
#     is($t->get('/zak?key=%{arg}')->status, 200, 'a bare token');
#     $t->finish;
#
# In configurations %{name} is the path of the file that holds a secret, or
# one of %{dir}, %{ca}, %{tls}, %{plain}, %{oauth_url}, %{api_url},
# %{authorize_url}, %{device_url}, %{revoke_url}, %{mcp_url}, %{download_url},
# %{cdn}.

use strict;
use warnings;

use Exporter qw(import);
use JSON::PP ();
use MIME::Base64 qw(encode_base64 decode_base64 encode_base64url
                    decode_base64url);
use Test::More;

use Zoom::Attendee qw(sign callback);
use Zoom::HTTP qw(http http_start http_wait http2);
use Zoom::Nginx;
use Zoom::Process qw(wait_for scratch discard slurp spew);
use Zoom::Sandbox;
use Zoom::Webhooks qw(webhook webhook_signature);

our @EXPORT = qw(wait_for http http_start http_wait http2 callback sign
                 jwt_claims slurp spew webhook webhook_signature best);

my @open;
my $parent = $$;


sub random_name {
    open my $fh, '<:raw', '/dev/urandom' or die "/dev/urandom: $!\n";
    read $fh, my $bytes, shift // 12;

    return unpack 'H*', $bytes;
}


# settings => what the stand-in starts with, names => of its certificate,
# sandbox => 0 for none.

sub new {
    my ($class, %o) = @_;
    my $self = bless { dir => scratch('test'), allow => [], nginx => [],
                       started => 0, checks => 0 }, $class;

    push @open, $self;
    $self->make_secrets;
    $self->start_sandbox(%o) if $o{sandbox} // 1;

    return $self;
}


sub make_secrets {
    my ($self) = @_;

    $self->{secret} = {
        account_id    => 'account_' . random_name(6),
        client_id     => 'client_' . random_name(6),
        client_secret => 'CANARYclient' . random_name(),
        users_id      => 'users_' . random_name(6),
        users_secret  => 'CANARYusers' . random_name(),
        arg           => 'CANARYarg' . random_name(),
        header        => 'CANARYheader' . random_name(),
        attendee      => encode_base64(pack('H*', random_name(32)), ''),
        attendee2     => encode_base64(pack('H*', random_name(32)), ''),
        webhooks      => 'whsec_' . encode_base64(pack('H*', random_name(32)),
                                                  ''),
        webhooks2     => 'whsec_' . encode_base64(pack('H*', random_name(32)),
                                                  ''),
    };

    $self->secret_file($_, $self->{secret}{$_}) for keys %{ $self->{secret} };
}


# Puts a value into a file that only root, or we, can read.
sub secret_file {
    my ($self, $name, $value, $mode) = @_;

    $self->{secret}{$name} = $value if defined $value;
    spew("$self->{dir}/secret.$name", "$value\n", $mode // 0600)
        if defined $value;

    return "$self->{dir}/secret.$name";
}


sub secret { return $_[0]{secret}{ $_[1] } }
sub dir    { return $_[0]{dir} }


sub start_sandbox {
    my ($self, %o) = @_;
    my $dir = "$self->{dir}/" . ($o{called} // 'sandbox');
    my %credentials = map { $_ => $self->{secret}{$_} }
                      qw(account_id client_id client_secret);

    # Its CA file is for the master to read: no worker gets in here.
    mkdir $dir, 0700;

    my $sandbox = Zoom::Sandbox->start(
        dir      => $dir,
        names    => $o{names},
        settings => {
            credentials => \%credentials,
            user_app    => { account_id    => $self->{secret}{account_id},
                             client_id     => $self->{secret}{users_id},
                             client_secret => $self->{secret}{users_secret} },
            canary      => 'CANARYtoken' . random_name(6),
            %{ $o{settings} // {} },
        },
    );

    push @{ $self->{sandboxes} }, $sandbox;
    $self->{sandbox} //= $sandbox;

    return $sandbox;
}


sub zoom { return $_[0]{sandbox} }


# The account of the stand-in, with parameters added or replaced.
sub account {
    my ($self, $name, %o) = @_;
    my %parameter = (
        account_id          => 'file:%{account_id}',
        client_id           => 'file:%{client_id}',
        client_secret       => 'file:%{client_secret}',
        oauth_url           => '%{oauth_url}',
        api_url             => '%{api_url}',
        trusted_certificate => '%{ca}',
        plan                => 'business',
        %o,
    );

    my @lines = map { "    $_ $parameter{$_};\n" }
                grep { defined $parameter{$_} } sort keys %parameter;

    return "zoom_account $name {\n" . join('', @lines) . "}\n";
}


sub expand {
    my ($self, $text) = @_;
    my $zoom = $self->{sandbox};
    my %value = (dir => $self->{dir});

    if ($zoom) {
        $value{$_} = $zoom->$_ for qw(ca tls plain oauth_url api_url
                                      authorize_url device_url revoke_url
                                      mcp_url download_url cdn);
    }

    $text =~ s/%\{(\w+)\}/$value{$1} \/\/ $self->secret_file($1)/ge;

    return $text;
}


# http, main, server: more of the configuration; locations: the same as
# server; account => {...}: changes to account acme, or 0 for no account.

sub pieces {
    my ($self, %o) = @_;
    my %account = ref $o{account} ? %{ $o{account} } : ();
    my $acme = $o{account} // 1 ? $self->account('acme', %account) : '';

    $o{http} = $self->expand($acme . ($o{http} // ''));
    $o{main} = $self->expand($o{main} // '');
    $o{server} = $self->expand(($o{server} // '') . ($o{locations} // ''));

    return %o;
}


sub nginx {
    my ($self, %o) = @_;
    my $dir = "$self->{dir}/nginx" . $self->{started}++;
    my $nginx = Zoom::Nginx->start($self->pieces(%o), dir => $dir);

    push @{ $self->{nginx} }, $nginx;
    return $nginx;
}


sub reload {
    my ($self, %o) = @_;
    my $nginx = $self->{nginx}[-1];

    $nginx->reload($self->pieces(%o), dir => $nginx->dir);
}


# nginx -t of such a configuration: the exit code, what it said, and the
# Zoom::Nginx, which knows the line numbers.

sub nginx_t {
    my ($self, %o) = @_;
    my $dir = "$self->{dir}/check" . $self->{checks}++;
    my $nginx = Zoom::Nginx->prepare($self->pieces(%o), dir => $dir);
    my ($exit, $said) = $nginx->check;

    push @{ $self->{said} }, $said;
    return ($exit, $said, $nginx);
}


sub logged { return $_[0]{nginx}[-1]->logged($_[1]) }
sub port { return $_[0]{nginx}[-1]->port }


sub get {
    my ($self, $path, @headers) = @_;

    return http(port => $self->port, path => $path, headers => [@headers]);
}


sub post {
    my ($self, $path, $body, @headers) = @_;

    return http(port => $self->port, path => $path, body => $body,
                headers => ['Content-Type' => 'application/json', @headers]);
}


# A signed callback as Attendee sends it; "secret" names another one.
sub attendee_request {
    my ($self, $path, %o) = @_;
    my $body = $o{body} // callback(%{ $o{members} // {} });
    my $signature = sign($self->secret($o{secret} // 'attendee'), $body);

    return (
        port    => $self->port,
        path    => $path,
        body    => $body,
        headers => ['User-Agent'          => 'python-requests/2.32.3',
                    'Accept'              => '*/*',
                    'Content-Type'        => 'application/json',
                    'X-Webhook-Signature' => $signature,
                    @{ $o{headers} // [] }],
    );
}


sub attendee {
    my ($self, @o) = @_;

    return http($self->attendee_request(@o));
}


sub jwt_claims {
    my ($token) = @_;
    my (undef, $claims) = split /\./, $token // '';

    return {} if !defined $claims;
    return eval { JSON::PP->new->utf8->decode(decode_base64url($claims)) }
           // {};
}


# The best figure of up to three rounds, until one is good enough: a machine
# that is busy with something else can only make it worse.

sub best {
    my ($enough, $round) = @_;
    my $best = 0;

    for (1 .. 3) {
        my $figure = $round->();

        $best = $figure if $figure > $best;
        last if $best >= $enough;
        Test::More::diag(sprintf '%.3f, below %s: once more', $figure, $enough);
    }

    return $best;
}


# Lines of the logs that a test provokes on purpose.
sub allow {
    my ($self, @patterns) = @_;

    push @{ $self->{allow} }, @patterns;
}


# Everything that must not be in a log, each with a name that may be printed.
# Of a long token a piece is enough: a cut or a wrapped one is a leak as well.

sub canaries {
    my ($self) = @_;
    my %secret = %{ $self->{secret} };
    my %canary;

    for (qw(client_secret users_secret arg header attendee attendee2)) {
        $canary{$_} = $secret{$_};
    }

    for (qw(webhooks webhooks2)) {
        ($canary{$_}) = $secret{$_} =~ /^whsec_(.*)/;
    }

    for (['basic', qw(client_id client_secret)],
         ['basic of users', qw(users_id users_secret)])
    {
        my ($name, @pair) = @$_;

        $canary{$name} = encode_base64(join(':', @secret{@pair}), '');
    }

    @canary{ keys %{ $self->{canary} // {} } }
        = values %{ $self->{canary} // {} };

    for my $sandbox (@{ $self->{sandboxes} // [] }) {
        my $n = 0;

        for my $token (eval { $sandbox->issued }) {
            my @parts = split /\./, $token;

            $n++;
            $canary{"claims of token $n"} = substr $parts[1], -40 if $parts[1];
            $canary{"signature of token $n"} = $parts[2] if $parts[2];
            $canary{"token $n"} = substr $token, -40 if @parts == 1;
        }

        my $mark = $sandbox->{canary_prefix} //= $self->token_mark($sandbox);
        $canary{'the beginning of a token'} = $mark if $mark;
    }

    return %canary;
}


# What all tokens of this stand-in begin with.
sub token_mark {
    my ($self, $sandbox) = @_;
    my $settings = eval {
        JSON::PP->new->utf8->decode(slurp("$sandbox->{dir}/settings.json"));
    };
    my $mark = encode_base64url('{"canary":"' . ($settings->{canary} // ''));

    return substr $mark, 0, length($mark) - 2;
}


# More secrets to look for: name => value.
sub canary {
    my ($self, %more) = @_;

    $self->{canary} = { %{ $self->{canary} // {} }, %more };
}


# A worker that is killed may have held the lock of the zone.
sub allowed {
    my ($self, $line) = @_;
    my @lines = ($line, $line =~ /zone "zoom" was locked by/
                        ? 'worker process 1 exited on signal 9' : ());

    for my $pattern (@{ $self->{allow} }) {
        return 1 if grep { $_ =~ $pattern } @lines;
    }

    return;
}


sub bad_lines {
    my ($self, $text) = @_;

    return grep {
        /\[(?:alert|emerg)\]|open socket|AddressSanitizer|runtime\ error:
         |LeakSanitizer|heap-|stack-buffer/x && !$self->allowed($_)
    } split /\n/, $text;
}


# Where canaries sing: "file: name".  Values are not for the eye.
sub leaks {
    my ($self, @files) = @_;
    my %canary = $self->canaries;
    my @found;

    for my $file (@files) {
        my $text = slurp($file);

        for my $name (sort keys %canary) {
            push @found, "$file: $name" if index($text, $canary{$name}) >= 0;
        }
    }

    return @found;
}


sub logs_of {
    my ($nginx) = @_;

    return map { $nginx->dir . "/$_" } qw(error.log access.log output);
}


sub check_logs {
    my ($self, $nginx) = @_;
    my @bad = map { $self->bad_lines(slurp($_)) } logs_of($nginx);

    is(scalar @bad, 0, 'no alert, no leaked connection, no sanitizer report')
        or diag(join "\n", @bad[0 .. ($#bad > 20 ? 20 : $#bad)]);

    return if $self->{leaky};

    my @leaks = $self->leaks(logs_of($nginx));

    is(scalar @leaks, 0, 'no secret in any log')
        or diag(join "\n", @leaks[0 .. ($#leaks > 20 ? 20 : $#leaks)]);
}


# Ends the latest nginx before the test ends, with all the checks.
sub over {
    my ($self) = @_;
    my $nginx = pop @{ $self->{nginx} };

    ok($nginx->quit, 'nginx ends gracefully');
    $self->check_logs($nginx);
}


# The last line of a test.  "leaky" skips the canaries, for a test that looked
# for them itself.

sub finish {
    my ($self, %o) = @_;

    $self->{leaky} = $o{leaky};

    $self->over while @{ $self->{nginx} };

    if ($self->{said}) {
        my %secret = $self->canaries;
        my @told = grep { index("@{ $self->{said} }", $secret{$_}) >= 0 }
                   keys %secret;

        is("@told", '', 'nginx -t quotes no secret');
    }

    $_->stop_it for @{ $self->{sandboxes} // [] };
    $self->{finished} = 1;

    done_testing();
    $self->tidy;
}


sub tidy {
    my ($self) = @_;

    if ($ENV{ZOOM_KEEP} || !Test::More->builder->is_passing
        || !$self->{finished})
    {
        diag("logs and configuration are in $self->{dir}");
    } else {
        discard($self->{dir});
    }

    @open = grep { $_ != $self } @open;
}


END {
    if ($$ == $parent) {
        local $?;
        $_->tidy for @open;
    }
}


1;
