#!/usr/bin/perl

# Where the gateway goes beyond the API: recordings that Zoom sends on to
# somebody else's house, MCP, GraphQL. Neither our token nor anything else of
# ours goes along, nor does a caller get anywhere by a link.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;

use Zoom::Sandbox;
use Zoom::Stub;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $json = JSON::PP->new->utf8->canonical;
my $key = $t->secret('header');
my @here = ('127.0.0.1');

my $dns = Zoom::Stub->dns(log => $t->dir . '/dns', names => {
    (map { $_ => \@here } qw(zoom.us us02web.zoom.us mcp.zoom.us localhost
                             evil.example zoom.us.evil.example evilzoom.us
                             us.cdn.example)),
    'private.example' => ['10.0.0.1', '192.168.1.1', '127.0.0.1'],
    'cloud.example' => ['169.254.169.254'],
});

my $mcp = 'https://mcp.zoom.us:%{tls}/mcp/zoom/streamable';

$t->nginx(account => { mcp_url => $mcp,
                       download_url => 'https://zoom.us:%{tls}' },
          http => 'resolver 127.0.0.1:' . $dns->port . " ipv6=off;\n"
                  . $t->account('strange', trusted_certificate => undef),
          locations => <<'EOC');
    zoom_authenticate  header=Authorization file:%{header} as=agent;
    zoom_allow         agent *;
    zoom_timeout       2s;

    location = /graphql { zoom_pass acme graphql; }
    location = /mcp     { zoom_pass acme mcp; }
    location /files/    { zoom_pass acme download;
                          zoom_download_redirects localhost; }
    location /open/     { zoom_pass acme download; }
    location /zoom/     { zoom_pass acme; }
    location /strange/  { zoom_pass strange; }
    location = /status  { zoom_status; zoom_authenticate off; }
    location /strict/   { zoom_pass acme download;
                          zoom_download_redirects *.cdn.example; }
EOC


sub again {
    $zoom->control({ forget => 1 }, { clear => 1 },
                   { account => { all_scopes => 1 } },
                   { download => { hops => 0, host => 'localhost',
                                   location => undef, status => 302 } }, @_);
}


sub ask {
    my ($path, @headers) = @_;

    return http(port => $t->port, path => $path,
                headers => [Authorization => "Bearer $key", @headers]);
}


sub link_to {
    my ($url) = @_;

    $url =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
    return "/files/?url=$url";
}


sub headers_of {
    my ($endpoint) = @_;

    return map { map { lc($_->[0]) . ": $_->[1]" } @{ $_->{headers} } }
           grep { $_->{endpoint} eq $endpoint } $zoom->requests;
}


# What of ours there is in a text.
sub ours {
    my ($text) = @_;
    my %secret = (
        'an access token' => $t->token_mark($zoom),
        'a cookie'        => $zoom->cookie,
        'our app'         => $t->secret('client_id'),
        'our account'     => $t->secret('account_id'),
        "the caller's key" => $key,
    );

    return join ', ', grep { index($text, $secret{$_}) >= 0 } sort keys %secret;
}


sub everything {
    my ($r) = @_;

    return join "\n", $r->{raw_head} // '', substr $r->body, 0, 10_000;
}


subtest 'the CDN' => sub {
    again({ download => { hops => 1 } });

    my $r = ask('/files/rec/download/size-5000', Range => 'bytes=10-19',
                Cookie => 'evil=1', Referer => 'evil', Origin => 'evil',
                'X-Forwarded-For' => 'evil', 'User-Agent' => 'agent/1');

    is($r->status, 206, 'a part of a recording');
    is($r->body, $zoom->content(10, 10), 'the one');
    is(ours(everything($r)), '', 'the caller gets nothing of ours');
    unlike(everything($r), qr/Signature=|^Location/mi,
           'nor the permission');

    my @zoom = headers_of('download');
    my @cdn = headers_of('cdn');

    is(scalar(grep { /^authorization: Bearer ey/ } @zoom), 2,
       'Zoom gets our token, at each of its hosts');
    is(scalar(grep { /^(?:authorization|cookie|referer|origin|x-)/ } @cdn), 0,
       'the CDN nothing of the kind') or diag("@cdn");
    is(ours("@cdn"), '', 'nothing of ours at all');
    is(scalar(grep { $_ eq 'range: bytes=10-19' } @cdn), 1, 'what to give');
    is($zoom->count('cdn', 'with authorization'), 0, 'and took no offence');
};


subtest 'an address is none of its permissions' => sub {
    again({ download => { life => 0.01 } });

    my $r = ask('/files/rec/download/x');

    ok($r->status == 403 || $r->status == 200 || $r->status == 502,
       'one that is late: ' . $r->status);
    is(ours(everything($r)), '', 'tells nothing');

    again({ download => { life => 60 } },
          { match => 'download', mode => '401', times => 1 });
    $r = ask('/files/rec/download/size-10');
    is($r->status, 200, 'a token that dies under way is renewed');
    is($zoom->oauth_calls, 1, 'once');
};


# Something that listens here, and is nobody's business.
my $inside = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1',
                                   LocalPort => 0) or die $!;

sub visited { return IO::Select->new($inside)->can_read(0.2) ? 1 : 0 }


subtest 'redirects' => sub {
    my $in = $inside->sockport;

    for my $to ("https://127.0.0.1:$in/admin", "http://localhost:$in/admin",
                "https://localhost:$in/x", "https://[::1]:$in/x",
                'https://evil.example:' . $zoom->tls
                . '/x', 'http://zoom.us:' . $zoom->plain . '/rec/download/x',
                'https://me:secret@localhost:' . $zoom->cdn . '/x',
                'file:///etc/passwd', 'gopher://127.0.0.1:70/x',
                '//evil.example/x', '/rec/download/x', 'rec', '',
                'https://', 'https:///x', "https://localhost:99999/x",
                "https://localhost:0/x", 'https://127.1/x',
                'https://zoom.us' . 'x' x 9000)
    {
        again({ download => { location => $to } });

        my $r = ask('/files/rec/download/size-10');
        my $called = substr $to =~ s/:$in/:IN/r, 0, 60;

        isnt($r->status, 200, $called);
        is(ours(everything($r)), '', 'tells nothing of ours');

        my @bearers = grep { /^authorization/ } headers_of('cdn'),
                                                headers_of('unknown');

        is(scalar @bearers, 0, 'nor gives it away');
    }

    again({ download => { location => "http://127.0.0.1:$in/admin" } });
    accept(my $old, $inside) while visited();

    my $call = http_start(port => $t->port, path => '/files/rec/download/x',
                          headers => [Authorization => "Bearer $key"]);

    wait_for(sub { $zoom->count(qw(endpoints download 302)) }, 5, 'a redirect');

    is(visited(), 0, 'nothing here is visited');

    $call->abort;
};

# Zoom may be made to send us anywhere, but not to our neighbours.
subtest 'redirects to what is around us' => sub {
    my $in = $inside->sockport;
    my $tls = $zoom->tls;
    my $log = sub { $t->{nginx}[-1]->error_log };
    my %why = (
        "https://127.0.0.1:$in/x" => 'leads to an address that is none of the '
                                     . 'Internet',
        "https://[::1]:$in/x"     => 'leads to an address',
        "https://[::ffff:127.0.0.1]:$in/x" => 'leads to an address',
        'https://10.0.0.1/x'      => 'leads to an address',
        'https://169.254.169.254/latest/meta-data' => 'leads to an address',
        "https://evil.example:$in/x" => '"evil.example": its address is none '
                                        . 'of the Internet',
        "https://localhost:$in/x" => '"localhost": its address is none',
        'https://private.example/x' => '"private.example": its address is none',
        'https://cloud.example/x' => '"cloud.example": its address is none',
    );

    accept(my $old, $inside) while visited();

    for my $to (sort keys %why) {
        again({ download => { location => $to } });

        my $before = () = $log->() =~ /\Q$why{$to}\E/g;
        my $r = ask('/open/rec/download/size-10');

        is($r->status, 502, $to =~ s/$in/IN/r);
        is($r->json->{error}, 'zoom_invalid', 'is none that is followed');
        ok(wait_for(sub {
            (() = $log->() =~ /\Q$why{$to}\E/g) > $before }, 5), 'and why');
    }

    is(visited(), 0, 'nothing here is visited');

    again();
    is(ask('/files/rec/download/size-10')->status, 200,
       'but for what the operator names');
    again({ download => { location => "https://us02web.zoom.us:$tls"
                                      . '/rec/download/size-10' } });
    is(ask('/open/rec/download/size-10')->status, 502,
       'a host of Zoom is followed') or diag $log->();
    cmp_ok($zoom->count(qw(endpoints download 302)), '>', 1, 'until the end');
};


subtest 'a list of redirects' => sub {
    my $before = () = $dns->log;
    my $log = sub { $t->{nginx}[-1]->error_log };
    my $refused = sub {
        return scalar(() = $log->() =~ m{is\ not\ in\ "zoom_download_redirects"
                                         .*"GET\ /strict/}gx);
    };

    for my $to ('https://cdn.example/x', 'https://cdn.example.evil.example/x',
                'https://evil.example/x')
    {
        again({ download => { location => $to } });
        is(ask('/strict/rec/download/size-10')->status, 502, $to);
    }

    ok(wait_for(sub { $refused->() == 3 }, 5), 'all for the list');
    is(scalar(grep { /evil|cdn/ } ($dns->log)[$before .. $#{[ $dns->log ]}]),
       0, 'nobody was looked for');

    # Its certificate is for others, but that is asked.
    again({ download => { location => 'https://us.cdn.example:' . $zoom->cdn
                                      . '/x' } });
    is(ask('/strict/rec/download/size-10')->status, 502, 'one of the list');
    ok(wait_for(sub { $log->() =~ /no recording from "us\.cdn\.example": TLS/ },
                5), 'is visited') or diag $log->();
};


subtest 'links' => sub {
    my $tls = $zoom->tls;

    again();
    is(length ask(link_to("https://zoom.us:$tls/rec/download/size-50"))->body,
       50, 'one of Zoom');
    is(length ask(link_to("https://us02web.zoom.us:$tls/rec/download/size-50"))
       ->body, 50, 'or of another of its hosts');

    again();
    accept(my $old, $inside) while visited();

    my $before = () = $dns->log;

    for my $url ("https://evil.example:$tls/rec/download/x",
                 "https://zoom.us.evil.example:$tls/rec/download/x",
                 "https://evilzoom.us:$tls/rec/download/x",
                 "https://zoom.us\@evil.example:$tls/rec/download/x",
                 "https://zoom.us:x\@evil.example:$tls/rec/download/x",
                 "https://evil.example:$tls#.zoom.us/rec/download/x",
                 "https://evil.example:$tls?.zoom.us/rec/download/x",
                 "https://evil.example:$tls\\.zoom.us/rec/download/x",
                 "https://evil.example%2f.zoom.us:$tls/rec/download/x",
                 "https://evil.example\0.zoom.us:$tls/x",
                 "https://evil.example\r\nHost: zoom.us/x",
                 "http://zoom.us:" . $zoom->plain . '/rec/download/x',
                 "HTTPS:/zoom.us:$tls/rec/download/x",
                 "https://127.0.0.1:$tls/rec/download/x",
                 "https://localhost:$tls/rec/download/x",
                 'https://127.0.0.1:' . $inside->sockport . '/',
                 'http://127.0.0.1:' . $inside->sockport . '/',
                 "https://[::1]:$tls/", 'file:///etc/passwd', 'x', '')
    {
        my $r = ask(link_to($url));

        isnt($r->status, 200, $url =~ s/[^ -~]/?/gr);
    }

    is(scalar(() = $dns->log), $before, 'nobody was looked for')
        or diag(join "\n", $dns->log);
    is(visited(), 0, 'nor visited');
    is(scalar(headers_of('download')), 0, 'nor was Zoom asked');

    for my $path ('/files/rec/../v2/users', '/files/rec/%2e%2e/v2/users',
                  '/files//rec/download/x', '/files/rec/download/a%2Fb',
                  '/files/rec/download/x%00', '/files/rec/download/x%0d%0a',
                  '/files/rec;/download/x')
    {
        is(ask($path)->status, 400, $path);
    }

    is(scalar(headers_of('download')), 0, 'of which Zoom hears nothing');

    # What is not a recording is none, whoever's token it is.
    my $r = ask('/files/v2/users');

    unlike($r->body, qr/"users":/, 'the API is not to be had so');

    for my $host (qw(api.zoom.us API-us.zoom.us mcp.zoom.us)) {
        $r = ask("/files/?url=https%3A%2F%2F$host%2Fv2%2Fusers");
        is($r->status, 400, "nor from $host");
        like($r->json->{message}, qr/a host of Zoom's API/, 'and why');
    }
};


subtest 'MCP and GraphQL' => sub {
    again();

    my $say = sub {
        my ($to, $body, @headers) = @_;

        return http(port => $t->port, path => $to, body => $body, headers => [
            Authorization => "Bearer $key",
            'Content-Type' => 'application/json',
            Accept => 'application/json, text/event-stream',
            Cookie => 'evil=1', 'X-Forwarded-For' => 'evil', @headers]);
    };

    my $r = $say->('/mcp', '{"jsonrpc":"2.0","id":1,"method":"initialize",'
                   . '"params":{"protocolVersion":"2025-06-18"}}');
    my $session = $r->header('mcp-session-id');

    is($r->status, 200, 'a session');
    is(ours(everything($r)), '', 'nothing of ours');

    $r = $say->('/mcp', '{"jsonrpc":"2.0","id":2,"method":"tools/list"}',
                'Mcp-Session-Id' => $session);
    like($r->body, qr/create_meeting/, 'its tools');
    is($say->('/mcp', '{"jsonrpc":"2.0","id":3,"method":"ping"}',
              'Mcp-Session-Id' => 'x')->status, 404, 'not of another');

    my @mcp = headers_of('mcp');

    is(scalar(grep { /evil|^cookie|^x-/ } @mcp), 0, 'no header goes astray')
        or diag("@mcp");
    is(ours(join ' ', grep { !/^authorization/ } @mcp), '', 'nor a key');

    for my $path ('/mcp?x=1', '/mcp/../v2/users', '/mcp/x', '/mcp%2Fx') {
        $say->($path, '{"jsonrpc":"2.0","id":4,"method":"ping"}',
               'Mcp-Session-Id' => $session);
        is(scalar(grep { ($_->{uri} // '') !~ m{^/mcp/zoom/streamable} }
                  grep { $_->{endpoint} eq 'mcp' } $zoom->requests), 0,
           "$path is no other place");
        is(scalar(headers_of('unknown')) + headers_of('users_list'), 0,
           'of the API');
    }

    $r = $say->('/graphql', '{"query":"{ users { id } }"}');
    is($r->status, 200, 'a query');
    is(ours(everything($r)), '', 'nothing of ours there');
};


sub status { return $t->get('/status?format=json')->json->{accounts}{$_[0]} }


# Each has a host of its own, and is down by itself.
subtest 'one of them is down' => sub {
    my %call = (
        mcp => sub {
            return http(port => $t->port, path => '/mcp', headers => [
                            Authorization => "Bearer $key",
                            'Content-Type' => 'application/json'],
                        body => '{"jsonrpc":"2.0","id":1,"method":"ping"}');
        },
        download => sub { ask('/files/rec/download/size-10') },
        api => sub { ask('/zoom/users') },
    );
    my %match = (mcp => 'mcp', download => 'download', api => 'users_list');

    for my $down (sort keys %call) {
        again({ match => $match{$down}, mode => '503', times => 1000 });

        ok(wait_for(sub {
            $call{$down}->();
            (status('acme')->{$down}{condition} // '') eq 'outage';
        }, 20), "$down: an outage") or diag explain status('acme')->{$down};

        for my $up (grep { $_ ne $down } sort keys %call) {
            my $r = $call{$up}->();

            isnt($r->status, 503, "$up goes on") or diag $r->body;
            is(status('acme')->{$up}{condition}, 'ok', 'and all is well');
        }

        $zoom->control({ clear => 1 });
        ok(wait_for(sub {
            $call{$down}->();
            status('acme')->{$down}{condition} eq 'ok';
        }, 20), 'it is over');
    }
};


# Time does not mend it, so it is no outage, and a person has to know.
subtest 'a certificate that is not trusted' => sub {
    is(ask('/strange/users')->status, 503, 'nothing is sent');

    my $page = $t->get('/status?format=html')->body;
    my ($item) = $page =~ m{(<li class=\w+><i>\w+</i><b>strange:</b>.*?)</li>};

    like($item, qr{<li\ class=red><i>BROKEN</i>.*\ Zoom's\ certificate\ has\ not
                   \ been\ trusted\ for\ .*:\ check\ trusted_certificate}x,
         'the page says what is wrong');
    like($page, qr/zoom_unavailable,[^<]*TLS: certificate verify failed: \w+/,
         'and what OpenSSL says');
    like($t->get('/status?format=prometheus')->body,
         qr/^zoom_broken\{account="strange",kind="api"\} 1$/m,
         'so that an alert goes off');

    my ($acme) = $page =~ m{<b>acme:</b>(.*?)</li>};

    like($acme, qr/ Zoom has answered \d+ requests of callers/,
         "callers' requests are told of");
    unlike($acme, qr/callback/, 'where there are no bots');
};


$t->finish;
