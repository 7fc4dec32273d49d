#!/usr/bin/perl

# zoom_pass for what is no path of the REST API: GraphQL, MCP, recordings.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Sandbox;
use Zoom::Stub;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $json = JSON::PP->new->utf8->canonical;

my $dns = Zoom::Stub->dns(log => $t->dir . '/dns', names => {
    'zoom.us' => ['127.0.0.1'], 'localhost' => ['127.0.0.1'],
});

$zoom->control({ account => { all_scopes => 1 } });

my $locations = <<'EOC';
    zoom_authenticate    header=Authorization file:%{header} as=agent;
    zoom_authenticate    header=X-Key file:%{arg} as=reader;
    zoom_allow           agent *;
    zoom_allow           reader read;
    access_log           %{dir}/audit audit;
    location = /graphql {
        zoom_pass  acme graphql;
    }

    location = /mcp {
        zoom_pass  acme mcp;
    }

    location /files/ {
        zoom_pass                acme download;
        zoom_download_redirects  localhost;
    }
EOC

$t->nginx(account => { mcp_url => '%{mcp_url}',
                       download_url => 'https://zoom.us:%{tls}' },
          http => 'resolver 127.0.0.1:' . $dns->port . " ipv6=off;\n"
                  . "log_format audit '\$zoom_endpoint: \$zoom_audit';\n",
          locations => $locations);


sub ask {
    my ($method, $path, %o) = @_;
    my $who = delete $o{who} // 'agent';
    my @proof = $who eq 'agent'
        ? (Authorization => 'Bearer ' . $t->secret('header'))
        : ('X-Key' => $t->secret('arg'));

    return http(port => $t->port, method => $method, path => $path, %o,
                headers => [@proof, @{ $o{headers} // [] }]);
}


sub graphql {
    my ($query, %o) = @_;

    return ask(POST => '/graphql', %o,
               headers => ['Content-Type' => 'application/json'],
               body => ref $query ? $json->encode($query)
                                  : $json->encode({ query => $query }));
}


sub said {
    my ($r) = @_;

    return $r->status . ' ' . (eval { $r->json->{error} } // '');
}


subtest 'GraphQL' => sub {
    my $users = '{ users { nodes { email } } }';

    my $r = graphql($users);
    is($r->status, 200, 'a query') or diag $r->body;
    ok($r->json->{data}{users}, 'and its answer');
    is(graphql("query Q { users { nodes { email } } }", who => 'reader')
       ->status, 200, 'that a reader may');

    my $made = 'mutation { deleteUser(userId: "x") { id } }';
    $r = graphql($made, who => 'reader');
    is(said($r), '403 denied', 'a mutation it may not');
    like($r->json->{message}, qr/takes the rule write/, 'is told');
    is(said(graphql("# query\n$users $made", who => 'reader')), '403 denied',
       'nor one beside a query');
    isnt(graphql($made)->status, 403, 'and who may, may');

    is(said(graphql($_)), '400 bad_callback', "no query: $_")
        for '', '{', '}', '{ a(b: "x) }', 'query { a ) }', 'delete { a }',
            "\x{1}{ a }", '{ a } }', 'fragment f on User { id }';
    is(said(graphql([{ query => $users }])), '400 bad_callback', 'a batch');
    is(said(graphql({ id => 'x' })), '400 bad_callback', 'a name of a query');
    is(said(ask(POST => '/graphql', body => 'x' x 70_000)), '413 too_large',
       'a long one');
    is(said(ask(POST => '/graphql', body => 'x' x 70_000, chunked => 9000)),
       '413 too_large', 'in chunks');
    is(graphql($users, chunked => 7)->status, 200, 'short chunks');

    $r = ask(GET => '/graphql?query=%7Busers%7D');
    is($r->status, 405, 'GET');
    is($r->header('allow'), 'POST', 'with what would do');
};


subtest 'MCP' => sub {
    my @headers = (Accept => 'application/json, text/event-stream',
                   'Content-Type' => 'application/json');
    my $call = sub {
        my ($session, $message, %o) = @_;

        return ask(POST => '/mcp', body => $json->encode({ jsonrpc => '2.0',
                   %$message }), headers => [@headers, $session
                   ? ('Mcp-Session-Id' => $session) : ()], %o);
    };

    my $hello = { id => 1, method => 'initialize', params => {
        protocolVersion => '2025-06-18', capabilities => {},
        clientInfo => { name => 't', version => '1' } } };
    my $r = $call->(undef, $hello);
    my $session = $r->header('mcp-session-id');

    is($r->status, 200, 'a session') or diag $r->body;
    ok($session, 'and its name');

    $r = $call->($session, { method => 'notifications/initialized' });
    is($r->status, 202, 'a notification') or diag $r->body;
    $r = $call->($session, { id => 2, method => 'tools/list' });
    like($r->body, qr/create_meeting/, 'tools');
    $r = $call->($session, { id => 3, method => 'tools/call', params => {
        name => 'count', arguments => { to => 3, ms => 100 } } });
    like($r->body, qr/3/, 'a stream');
    is(ask(DELETE => '/mcp', headers => ['Mcp-Session-Id' => $session])
       ->status, 200, 'the end') or diag $zoom->requests;

    is(said($call->(undef, $hello, who => 'reader')), '403 denied',
       'a reader may not');
    is(ask(PUT => '/mcp', body => 'x')->status, 405, 'nor anybody PUT');
};


subtest 'recordings' => sub {
    my $content = Zoom::Sandbox->content(0, 2_500_000);
    my $r = ask(GET => '/files/rec/download/size-2500000');

    is($r->status, 200, 'a recording') or diag $r->body;
    ok($r->body eq $content, 'all of it');
    is($r->header('content-type'), 'video/mp4', 'its type');

    $r = ask(GET => '/files/rec/download/size-2500000',
             headers => [Range => 'bytes=100-199']);
    is($r->status, 206, 'a part');
    ok($r->body eq substr($content, 100, 100), 'the one');

    my ($cdn) = grep { $_->{endpoint} eq 'cdn' } reverse $zoom->requests;
    ok($cdn, 'the CDN was asked');

    my $url = 'https://zoom.us:' . $zoom->tls . '/rec/download/size-1000';
    $url =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;

    is(length ask(GET => "/files/?url=$url", who => 'reader')->body, 1000,
       'a link');
    is(said(ask(GET => "/files/?url=$url&url=$url")), '400 bad_path',
       'two links');

    for my $bad ('https://evil.example/x', 'http://127.0.0.1/x',
                 'file:///etc/passwd', 'https://127.0.0.1@evil.example/',
                 'https://zoom.us.evil.example/', '//zoom.us/x', 'x')
    {
        (my $e = $bad) =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
        isnt(ask(GET => "/files/?url=$e")->status, 200, $bad);
    }

    is(ask(GET => '/files/rec/download/gone')->status, 404, 'none');
    is(ask(POST => '/files/rec/download/x', body => 'x')->status, 405, 'POST');
};


subtest 'where a recording is' => sub {
    my $seen = sub {
        return grep { $_->{endpoint} =~ /download|cdn/ } $zoom->requests;
    };

    for my $hops (0 .. 3) {
        $zoom->control({ forget => 1 }, { download => { hops => $hops } });

        my $r = ask(GET => '/files/rec/download/size-10');

        is($r->status, $hops < 3 ? 200 : 502, "$hops more hops");
    }

    $zoom->control({ forget => 1 }, { download => { hops => 0 } });

    my $r = ask(GET => '/files/rec/download/size-10');
    is($r->status, 200, 'another host') or diag $r->body;

    my ($cdn) = grep { $_->{endpoint} eq 'cdn' } $zoom->requests;
    unlike($json->encode($cdn->{headers} // $cdn), qr/authorization/i,
           'never sees the access token');

    for my $location ('http://127.0.0.1:1/x', 'https://127.0.0.1:1/x', 'x',
                      'https://no.such.host.invalid/x', 'javascript:1',
                      '/x', 'https://127.0.0.1:1/ x')
    {
        $zoom->control({ download => { location => $location } });
        $r = ask(GET => '/files/rec/download/size-10');
        is($r->status, 502, "to $location");
        unlike($r->body, qr/127\.0\.0\.1:1/, 'which is not told');
    }
};

$t->{nginx}[-1]->quit;

my $told = slurp($t->dir . '/audit');

like($told, qr/^\Q$_\E$/m, $_) for
    'POST graphql: agent was allowed to query by GraphQL: Zoom answered 200.',
    'POST graphql: reader was not allowed to change something by GraphQL.',
    'POST mcp: agent was allowed to use MCP: Zoom answered 200.',
    'POST mcp: reader was not allowed to use MCP.',
    'GET download: agent was allowed to download a recording: '
    . 'Zoom answered 206.';

subtest 'a link where names are not looked up' => sub {
    my $nginx = $t->nginx(locations => <<'EOC');
        location /files/ {
            zoom_pass          acme download;
            zoom_authenticate  off;
            zoom_allow         off *;
        }
EOC

    is(said($t->get('/files/?url=https%3A%2F%2Fzoom.us%2Fx')), '500 internal',
       'is the operator\'s mistake');
    like($nginx->error_log, qr/\[error\].*without a "resolver"/,
         'which the log tells');
};

$t->finish;
