package Zoom::Grants;

# Grants of users in a test: where they are stored, an account that has them,
# and browsers that go to the stand-in's consent page and come back.
#
#     my $t = Zoom::Test->new;
#     my $grants = Zoom::Grants->new($t);
#
#     $t->nginx(http => $grants->conf('users', <<'EOC'));
#             location = /tokens { zoom_tokens users; ... }
#     EOC
#     $grants->connect('owner1', user => 'alice@other.example');
#
# With fleet => Zoom::Fleet->new($t) they are in Redis, and so they are, for any
# test, with GRANTS_IN_REDIS in the environment.
#
# The server of its own has /connect, whose X-Who is the alias, /connected,
# /grants, and /disconnect with the key of %{header} in X-Key.

use strict;
use warnings;

use MIME::Base64 qw(encode_base64);
use Test::More ();

use Zoom::Fleet ();
use Zoom::HTTP ();
use Zoom::Nginx ();
use Zoom::Process qw(free_ports);


# Why there can be no store here, or none of these programs' look into it; undef
# if there can.
sub missing {
    my (@programs) = @_;
    my $said = Zoom::Nginx::binary() . ' -V 2>&1';

    return 'nginx was built without --with-threads'
        if `$said` !~ /--with-threads/;

    for my $name (@programs) {
        return "there is no $name"
            if !grep { -x "$_/$name" } split /:/, $ENV{PATH} // '';
    }

    return;
}


sub new {
    my ($class, $t, %o) = @_;
    my $missing = $o{fleet} || $ENV{GRANTS_IN_REDIS} ? Zoom::Fleet->missing
                                                     : missing();

    Test::More::plan(skip_all => $missing) if $missing;

    my $self = bless { t => $t, store => $t->dir . '/store', %o }, $class;

    $self->{fleet} //= Zoom::Fleet->new($t) if $ENV{GRANTS_IN_REDIS};

    ($self->{port}) = free_ports(1);
    $t->secret_file(store_key => encode_base64(join('', map { chr rand 256 }
                                                    1 .. 32), ''))
        if !$t->secret('store_key');

    mkdir $self->{store}, 0700 or die "$self->{store}: $!\n";

    if ($> == 0) {
        chown +(getpwnam 'nobody')[2, 3], $self->{store}
            or die "chown: $!\n";
    }

    $self->allow;
    return $self;
}


sub port { return $_[0]{port} }
sub here { return "http://127.0.0.1:$_[0]{port}" }
sub file { return "$_[0]{store}/store.db" }


# The stand-in forgets with a reset where browsers may be sent.
sub allow {
    my ($self, @more) = @_;

    $self->{t}->zoom->control({ user_app => {
        redirect_uris => [map { $self->here . $_ } '/connected', @more],
    } });
}


sub account {
    my ($self, $name, %o) = @_;

    return $self->{t}->account($name,
        account_id    => undef,
        grant         => 'authorization_code',
        client_id     => 'file:%{users_id}',
        client_secret => 'file:%{users_secret}',
        redirect_uri  => $self->here . '/connected',
        scopes        => 'user:read:user user:read:token',
        authorize_url => '%{authorize_url}',
        revoke_url    => '%{revoke_url}',
        %o,
    );
}


# The store, the account and the server with these pages and more.
sub conf {
    my ($self, $name, $locations, %o) = @_;

    my $store = $self->{fleet}
                ? $self->{fleet}->conf
                : 'zoom_store sqlite:' . $self->file
                  . ' key=file:%{store_key};';

    return <<"EOC" . $self->account($name, %o);
$store

server {
    listen 127.0.0.1:$self->{port};

    location = /connect {
        zoom_connect       $name;
        zoom_connect_as    \$http_x_who;
        zoom_authenticate  off;
    }

    location = /connected {
        zoom_connected     $name;
        zoom_authenticate  off;
    }

    location = /grants {
        zoom_grants        $name;
        zoom_authenticate  off;
    }

    location = /disconnect {
        zoom_disconnect    $name;
        zoom_authenticate  header=X-Key file:%{header};
    }

@{[ $locations // '' ]}
}

EOC
}


sub get {
    my ($self, $path, @headers) = @_;

    return Zoom::HTTP::http(port => $self->{port}, path => $path,
                            headers => [@headers]);
}


# A browser that has been sent to Zoom: { cookie, to, r }.
sub start {
    my ($self, $who, %o) = @_;
    my $r = $self->get($o{path} // '/connect', 'X-Who' => $who);
    my ($cookie) = ($r->header('set-cookie') // '') =~ /^([^;]+)/;

    return { cookie => $cookie // '', to => $r->header('location'), r => $r };
}


# The path with which it comes back, after that user has consented.
sub back {
    my ($self, $browser, %o) = @_;
    my $to = $self->{t}->zoom->consent($browser->{to}, %o) // '';

    $to =~ s{^http://[^/]+}{};
    return $to;
}


sub come {
    my ($self, $browser, $path) = @_;

    return $self->get($path, 'Cookie' => $browser->{cookie});
}


# All of it; what nginx says in the end.
sub connect {
    my ($self, $who, %o) = @_;
    my $browser = $self->start($who, %o);

    return $self->come($browser, $self->back($browser, %o));
}


sub disconnect {
    my ($self, $user, @headers) = @_;

    return Zoom::HTTP::http(
        port => $self->{port}, path => "/disconnect?user=$user", body => '',
        headers => ['X-Key' => $self->{t}->secret('header'), @headers]);
}


# What a browser adds where a page of somebody else has it send a POST.
sub forged {
    return (
        ['Content-Type' => 'application/x-www-form-urlencoded'],
        ['Content-Type' => 'text/plain'],
        ['Content-Type' => 'multipart/form-data; boundary=x'],
        ['Origin' => 'https://evil.example'],
        ['Origin' => 'http://localhost.evil.example'],
        ['Origin' => 'null'],
        ['Sec-Fetch-Site' => 'cross-site'],
        ['Sec-Fetch-Site' => 'same-site'],
    );
}


1;
