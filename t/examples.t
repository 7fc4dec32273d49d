#!/usr/bin/perl

# examples/*.conf as they are, but for places and ports: nginx takes each, and
# the platform that it is for gets its tokens.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Documents qw(blocks);
use Zoom::Event qw(event);
use Zoom::Fleet;
use Zoom::Nginx;
use Zoom::Platform;
use Zoom::Process qw(copy_of slurp);
use Zoom::Resty;
use Zoom::Sandbox;
use Zoom::Test;

my $top = abs_path(dirname(__FILE__) . '/..');
my $t = Zoom::Test->new;

# Which of the test's secrets is in which file of an example.
my %file = (
    attendee_secret => 'attendee',
    header_secret   => 'header',
    recall_secret   => 'webhooks',
    url_secret      => 'arg',
    admin_secret    => 'header',
    webhook_secret  => 'arg',
    tenant1         => 'attendee',
    tenant2         => 'attendee2',
    tenant2_old     => 'attendee',
    users_id        => 'users_id',
    users_secret    => 'users_secret',
    store_key       => 'store_key',
    scrape          => 'header',
    redis_password  => 'header',
    agent_key       => 'header',
    backend_key     => 'arg',
    map({ ("red_$_" => $_, "green_$_" => $_, $_ => $_) }
        qw(account_id client_id client_secret)),
);

my (%tried, $fleet, @hosts);

$t->secret_file('store_key', encode_base64(pack('H*', '5a' x 32), ''));

my $store = $t->dir . '/store';

mkdir $store, 0700 or die "$store: $!\n";
chown +(getpwnam 'nobody')[2, 3], $store if $> == 0;


# What stands in an example, and how it is here.
sub adapted {
    my ($text, $nginx) = @_;
    my ($dir, $modules) = ($nginx->dir, Zoom::Sandbox::modules_dir());
    my $user = $> == 0 ? "user nobody nogroup;\ndaemon off;" : 'daemon off;';
    my ($port, $tls) = ($nginx->port, $nginx->port2);
    my $module = Zoom::Nginx::module();
    my $zoom = $t->expand('oauth_url %{oauth_url}; api_url %{api_url};'
                          . ' trusted_certificate %{ca};');

    $text =~ s{/tmp/(?!nginx\.pid)}{$dir/tmp/}g;
    $text =~ s{(?<=pid\s{15})/tmp/}{$dir/};
    $text =~ s{modules/ngx_http_zoom_module\.so}{$module};
    $text =~ s{^load_module\s+modules/(?:ndk|ngx)_http_.*\n}{}gm
        if Zoom::Resty::built_in();
    $text =~ s{modules/}{$modules/}g;
    $text =~ s{user\s+www-data;}{$user};
    $text =~ s{worker_processes\s+auto}{worker_processes 2};
    $text =~ s{/run/nginx\.pid}{$dir/nginx.pid};
    $text =~ s{/var/log/nginx/}{$dir/}g;
    $text =~ s{listen\s+443 ssl;}
              {listen 127.0.0.1:$port; listen 127.0.0.1:$tls ssl;}g;
    $text =~ s{/etc/nginx/tls/tokens\.(pem|key)}
              {$t->dir . "/sandbox/server.$1"}ge;
    $text =~ s{^(worker_processes)}{$user\n$1}m if $text !~ /daemon off/;
    $text =~ s{error_log\s+stderr}{error_log $dir/error.log};
    $text =~ s{/dev/stdout}{$dir/access.log};
    $text =~ s{listen\s+8080;}
              {listen 127.0.0.1:$port; listen 127.0.0.1:$tls;}g;
    $text =~ s{file:/(?:etc/nginx/zoom|run/secrets)/(\w+)}
              {'file:' . $t->secret_file($file{$1} // die "$1 is new\n")}ge;
    $text =~ s/bot-(\d)@/bot000$1@/g;
    $text =~ s/(zoom_account \w+ \{)/$1 $zoom/g;
    $text =~ s{(grant\s+authorization_code;)}
              {$1 . $t->expand(' authorize_url %{authorize_url};')}ge;
    $text =~ s{/var/lib/nginx/zoom/}{$store/};
    $text =~ s{redis\.internal:6379}{'127.0.0.1:' . $fleet->port}e;
    $text =~ s{10\.0\.0\.1(\d):443}{'127.0.0.1:' . $hosts[$1 - 1]->port2}ge;
    $text =~ s{/etc/nginx/tls/hosts_ca\.pem}{$t->expand('%{ca}')}ge;
    $text =~ s{(proxy_ssl_name\s+)tokens\.example\.com}{${1}localhost};
    $text =~ s{http://127\.0\.0\.1:3000}{http://unix:$dir/app.sock:};
    $text =~ s/^http \{/local_http($text, $dir)/me;

    return $text;
}


# What an nginx of its own needs at "http": nobody has installed the library.
sub local_http {
    my ($text, $dir) = @_;
    my $library = copy_of("$top/lua");

    my @places = (map({ "${_}_temp_path $dir/tmp/$_;\n" }
                      qw(client_body proxy fastcgi uwsgi scgi)),
                  "access_log $dir/access.log;\n");

    return join '', "http {\n",
                    $text =~ /_temp_path/ ? () : @places,
                    $text =~ /app\.sock/ ? application($dir) : (),
                    $text =~ /_by_lua/
                        ? qq(lua_package_path "$library/?.lua;;";\n) : ();
}


# The operator's own: whoever comes is signed in as alice.
sub application {
    my ($dir) = @_;

    return <<"EOC";
server {
    listen unix:$dir/app.sock;
    add_header X-User alice;
    return 204;
}
EOC
}


# The user that docs/fleet.md has for Redis.
sub acl {
    my ($acl) = slurp("$top/docs/fleet.md")
                =~ /^    (ACL SETUSER (?:.*\n)(?:        .*\n)*)/m;

    return $acl // die "docs/fleet.md has no ACL\n";
}


# Starts one; where it is.
sub example {
    my ($name) = @_;
    my ($file) = grep { -e } map { "$top/examples/$name$_" }
                 qw(.conf /nginx.conf);
    my $text = slurp($file);

    $t->nginx(text => sub { adapted($text, shift) });
    $tried{$name} = 1;

    return (port => $t->port);
}


sub has {
    my ($got, $name, @kinds) = @_;

    is($got->{failed}, undef, "$name: taken")
        or diag($got->{calls}[-1]->body);

    my %tokens = $got->{tokens} ? %{ $got->{tokens} }
                                : ($kinds[0] => $got->{token});

    ok(length($tokens{$_} // ''), "$name: $_") for @kinds;
}


# The commands of docs/troubleshooting.md that call a location, run on the
# example that was started last: the status line.
sub by_hand {
    my ($location) = @_;
    my ($text) = grep { m{example\.com/\Q$location\E[?\n]} }
                 map { $_->[1] } blocks('docs/troubleshooting.md', 'sh');
    my $at = 'http://127.0.0.1:' . $t->port;

    $text =~ s{https://tokens\.example\.com}{$at}g;
    $text =~ s{/etc/nginx/zoom/(\w+)}{$t->secret_file($file{$1})}ge;
    spew($t->dir . '/by_hand', $text);

    my $said = qx(bash -eu ${\ $t->dir}/by_hand 2> /dev/null);

    return $said =~ m{^HTTP/1\.1 (\d+)} ? $1 : $said;
}


my $key = 'key=' . $t->secret('arg');

{
    my @at = example('attendee');
    my $attendee = Zoom::Platform->attendee(@at,
        secret => $t->secret('attendee'));

    has($attendee->fetch("/zoom-tokens?$key"), 'Attendee', 'zak_token');
    is($t->get('/zoom-health')->status, 200, 'Attendee: health');
    is(by_hand('zoom-tokens'), 200, 'Attendee: by hand');
}

{
    my @at = example('recall');
    my $recall = Zoom::Platform->recall(@at, secret => $t->secret('webhooks'));

    has($recall->fetch("/recall?$key&type=$_&meeting_id=123456789"),
        'Recall.ai', $_) for qw(zak onbehalf local_recording);
    is(by_hand('recall'), 200, 'Recall.ai: by hand');
}

{
    my $baas = Zoom::Platform->meeting_baas(example('meeting-baas'));

    has($baas->fetch("/$_?$key"), 'Meeting BaaS', $_) for qw(zak obf);
    is(by_hand('zak'), 200, 'Meeting BaaS: by hand');
}

{
    my @at = example('meetstream');
    my $meetstream = Zoom::Platform->meetstream(@at,
        secret => $t->secret('header'));

    has($meetstream->fetch("/$_"), 'MeetStream', $_) for qw(zak obf);
}

{
    my @at = example('tenants');

    for my $tenant (['attendee', 'bots@t1.example'],
                    ['attendee2', 'bots@t2.example'])
    {
        my $got = Zoom::Platform->attendee(@at,
            secret => $t->secret($tenant->[0]))->fetch('/zoom-tokens');

        is(jwt_claims($got->{tokens}{zak_token})->{uid}, $tenant->[1],
           "tenants: $tenant->[1]");
    }

    is($t->get('/zoom-status')->status, 401, 'tenants: status, without a key');
    is($t->get('/zoom-status', 'X-Admin-Key' => $t->secret('header'))->status,
       200, 'tenants: status');
}

{
    my @at = example('pool');
    my $attendee = Zoom::Platform->attendee(@at,
        secret => $t->secret('attendee'));

    $t->zoom->control({ bots => 4 });

    my @got = map { $attendee->fetch('/zoom-tokens') } 1 .. 4;
    my @users = sort map { jwt_claims($_->{tokens}{zak_token} // '')->{uid} }
                     @got;

    is("@users", join(' ', map { "bot000$_\@example.com" } 1 .. 4),
       'pool: four bots of a meeting are four users');

    is($t->get('/zoom-status', 'X-Key' => $t->secret('header'))->status, 200,
       'pool: status');

    my @ended = event('meeting.ended', { object => { id => '123456789' } },
                      secret => $t->secret('arg'));

    is(http(@at, path => '/zoom-webhook', @ended)->status, 204,
       'pool: the meeting ends');
    is(by_hand('zoom-webhook'), 204, 'pool: a webhook by hand');
    has($attendee->fetch('/zoom-tokens'), 'pool, again', 'zak_token');
}

{
    my @at = example('gateway');
    my $ask = sub {
        my ($key, $method, $path) = @_;

        return http(@at, method => $method, path => $path, headers => [
                    Authorization => 'Bearer ' . $t->secret($key)])->status;
    };

    is($ask->('header', GET => '/zoom/users/bots@example.com'), 200,
       'gateway: an agent reads');
    is($ask->('header', DELETE => '/zoom/users/bot0003@example.com'), 403,
       'gateway: and does no more');
    is($ask->('arg', DELETE => '/zoom/users/bot0003@example.com'), 204,
       'gateway: as the back end does');
    is($ask->('attendee', GET => '/zoom/users'), 401, 'gateway: and nobody');
    is($ask->('header', GET => '/mcp'), 401, 'gateway: no MCP for the agent');
}

{
    my @at = example('connected-users');

    $t->zoom->control({ user_app => { redirect_uris => [
        'https://tokens.example.com/zoom/connected'] } });

    my $r = $t->get('/zoom/connect');
    my ($cookie) = ($r->header('set-cookie') // '') =~ /^([^;]+)/;

    is($r->status, 302, 'connected users: to Zoom');

    my $back = $t->zoom->consent($r->header('location')) // '';

    $back =~ s{^https://tokens\.example\.com}{};
    is($t->get($back, Cookie => $cookie)->status, 200,
       'connected users: and back');

    my $attendee = Zoom::Platform->attendee(@at,
        secret => $t->secret('attendee'));

    has($attendee->fetch("/zoom-tokens?$key",
                         members => { bot_metadata => '{"owner": "alice"}' }),
        'connected users', qw(zak_token onbehalf_token));
    is($t->get('/zoom/grants')->status, 401, 'connected users: who they are');
}

{
    my @at = example('docker');
    my $attendee = Zoom::Platform->attendee(@at,
        secret => $t->secret('attendee'));

    has($attendee->fetch("/zoom-tokens?$key"), 'docker', 'zak_token');
    is($t->get('/ready')->status, 200, 'docker: ready');
    is($t->get('/alive')->status, 204, 'docker: alive');
    is($t->get('/metrics')->status, 401, 'docker: metrics, to nobody');
    is($t->get('/metrics', Authorization => $t->secret('header'))->status,
       200, 'docker: metrics');
}

SKIP: {
    my $missing = Zoom::Fleet->missing;

    if ($missing) {
        @tried{qw(fleet fleet-balancer)} = (1) x 2;
        skip $missing, 9;
    }

    $fleet = Zoom::Fleet->new($t);
    $fleet->command(split ' ', acl() =~ s/PASSWORD/$t->secret('header')/er);

    for (1 .. 2) {
        example('fleet');
        push @hosts, $t->{nginx}[-1];
    }

    my $attendee = Zoom::Platform->attendee(example('fleet-balancer'),
        secret => $t->secret('attendee'));
    my @got = map { $attendee->fetch("/zoom-tokens?$key") } 1 .. 40;
    my %zak = map { $_->{tokens}{zak_token} // 'none' => 1 } @got;

    has($got[0], 'fleet', 'zak_token');
    is(keys %zak, 1, 'fleet: one token for all callbacks');
    like(slurp($_->dir . '/access.log'), qr{POST /zoom-tokens},
         'fleet: each host has answered some') for @hosts;
    is(http(port => $_->port, path => '/zoom-health')->status, 200,
       'fleet: health') for @hosts;

    my $log = slurp($t->{nginx}[-1]->dir . '/callbacks.log');

    is($log =~ tr/\n//, 40, 'fleet: the balancer logs all');
    unlike($log, qr/key=/, 'fleet: but no secret of theirs');
}

SKIP: {
    my $missing = resty_missing();

    skip $missing, 2 if $missing;

    example('openresty');

    is($t->get('/bot-token')->status, 401, 'OpenResty: nobody');
    is(jwt_claims($t->get('/bot-token', 'X-Key' => $t->secret('header'))
                    ->body)->{uid},
       'bots@example.com', 'OpenResty: a token');
}

is_deeply([grep { !$tried{$_} } map { basename($_, '.conf') }
           glob("$top/examples/*.conf"), map { dirname($_) }
           glob("$top/examples/*/nginx.conf")],
          resty_missing() ? ['openresty'] : [], 'every example was tried');

$t->allow(qr/\[error\].*refused/);
$t->finish;
