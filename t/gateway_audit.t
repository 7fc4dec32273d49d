#!/usr/bin/perl

# What the logs say of what callers of the gateway ask for: the format of
# docs/gateway.md, whatever is sent, and a bounded number of lines about what
# was denied.

use strict;
use warnings;

use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use Zoom::Grants;
use Zoom::Process qw(slurp);
use Zoom::Test;
use Zoom::Wire;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);

my ($format) = slurp('docs/gateway.md')
               =~ /^(log_format zoom_audit escape=json\n.*?;)$/ms;
ok($format, 'docs/gateway.md has a format');

my $wire = Zoom::Wire->start(log => $t->dir . '/wire', answer => sub {
    my ($path) = $_[0] =~ m{^\S+ /v2/users/(\w+)};

    return 6 if $path eq 'hang';
    return 'close' if $path eq 'gone';
    return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n"
           . "x-zm-trackingid: v=2.0;rid=WEB_1\"\\{\r\n\r\nshort", 'close';
});

my ($json, $plain) = map { $t->dir . "/$_.log" } qw(json plain);
my $logs = "access_log $json zoom_audit; access_log $plain plain;";

my $nginx = $t->nginx(
    level => 'error',
    http  => "$format log_format plain escape=none '\$zoom_audit';"
             . $t->account('wired', api_url => 'http://127.0.0.1:'
                                               . $wire->port . '/v2')
             . $grants->conf('users', <<"EOC", scopes =>
    location /own/ {
        $logs
        zoom_pass          users;
        zoom_user          \$arg_owner;
        zoom_allow_user    *;
        zoom_authenticate  header=Authorization file:%{header} as=app;
        zoom_allow         app user:read:user;
    }
EOC
                             'user:read:user user:read:token'),
    locations => <<"EOC");
    $logs

    location /zoom/ {
        zoom_pass           acme;
        zoom_authenticate   header=Authorization file:%{header} as=agent;
        zoom_authenticate   arg=key file:%{arg} as=reader;
        zoom_allow          agent * GET:/nowhere/*;
        zoom_allow          reader user:read:user:admin;
        zoom_allow_unknown  /nowhere/;
    }

    location /wire {
        zoom_pass          wired;
        zoom_authenticate  header=Authorization file:%{header} as=agent;
        zoom_allow         agent *;
        zoom_timeout       1500ms;
    }

    location /page/ {
        error_page         403 = \@page;
        zoom_pass          acme;
        zoom_authenticate  header=Authorization file:%{header} as=agent;
    }

    location \@page {
        add_header  X-Policy  "\$zoom_policy \$zoom_endpoint" always;
        return 403;
    }

    location = /status {
        zoom_status;
        zoom_authenticate  off;
    }

    location /elsewhere {
        return 200 "\$zoom_policy\$zoom_endpoint\$zoom_audit";
    }
EOC


my @agent = (headers => [Authorization => 'Bearer ' . $t->secret('header')]);
my $key = 'key=' . $t->secret('arg');


sub lines {
    my ($file) = @_;

    my @lines = split /\n/, slurp($file), -1;

    pop @lines;
    return @lines;
}


# A request, and the one line of each log that it brings.
my $sent = 0;

sub logged {
    my ($method, $path, %o) = @_;
    my $n = $sent++;
    my $r = http(port => $t->port, method => $method, path => $path, %o);

    ok(wait_for(sub { lines($json) > $n && lines($plain) > $n }, 5),
       "$method $path: is logged");

    my @new = lines($json);
    is(scalar @new, $n + 1, 'in one line');
    is(scalar lines($plain), $n + 1, 'and in one without escapes');

    my $line = eval { JSON::PP->new->utf8->decode($new[-1]) } // {};
    unlike($new[-1], qr/ARGUMENT|UNKNOWN/, 'with nothing but names');
    is($line->{status}, $r->status, 'which is JSON')
        or diag $new[-1] . ', ' . $r->body;
    like($line->{audit}, qr/\A[\x20-\x7e]*\z/, 'and plain');
    unlike($line->{audit}, qr/["\\{}]{2}|["\\]/, 'and needs no escape');
    is($line->{audit}, (lines($plain))[-1], 'the same');

    $line->{r} = $r;
    return $line;
}


sub has {
    my ($line, %want) = @_;

    is($line->{$_}, $want{$_}, $_) for sort keys %want;
}


subtest 'allowed' => sub {
    my $line = logged(GET => '/zoom/users/bots@example.com?ARGUMENT',
                      @agent);

    has($line, status => 200, caller => 'agent', policy => 'ALLOW',
        endpoint => 'GET /users/{userId}',
        scope => 'user:read:user:admin', label => 'light',
        user => '', error => '', limit => 'PASSED',
        audit => 'agent was allowed to GET /users/{userId} '
                 . '(userId=bots@example.com): Zoom answered 200.');
    like($line->{tracking_id}, qr/WEB_/, 'Zoom\'s tracking id');

    has(logged(GET => "/zoom/users/nobody\@example.com?$key"),
        status => 404, caller => 'reader', policy => 'ALLOW', error => '',
        audit => 'reader was allowed to GET /users/{userId} '
                 . '(userId=nobody@example.com): Zoom answered 404.');

    has(logged(GET => '/zoom/report/daily', @agent),
        policy => 'ALLOW', label => 'heavy');
    has(logged(GET => '/zoom/metrics/meetings', @agent),
        policy => 'ALLOW', label => 'resource-intensive');

    has(logged(GET => '/zoom/nowhere/UNKNOWN?ARGUMENT', @agent),
        policy => 'ALLOW', endpoint => 'GET -', scope => '', label => 'heavy',
        audit => 'agent was allowed to GET a path that Zoom has not '
                 . 'published: Zoom answered 404.');
};


subtest 'not allowed' => sub {
    my $path = "/zoom/meetings/123/registrants/a%20b?$key&x=ARGUMENT";

    has(logged(DELETE => $path),
        status => 403, caller => 'reader', policy => 'DENY',
        endpoint => 'DELETE /meetings/{meetingId}/registrants/{registrantId}',
        scope => 'meeting:delete:registrant:admin', label => 'light',
        error => 'denied', tracking_id => '', limit => '',
        audit => 'reader was not allowed to DELETE /meetings/{meetingId}/'
                 . 'registrants/{registrantId} (meetingId=123, '
                 . 'registrantId=a%20b), which takes '
                 . 'meeting:delete:registrant:admin.');

    has(logged(GET => "/zoom/UNKNOWN?$key"),
        status => 403, policy => 'DENY', endpoint => 'GET -', scope => '',
        audit => 'reader was not allowed to GET a path that Zoom has not '
                 . 'published.');

    has(logged(POST => "/zoom/clips/files?$key"),
        status => 403, policy => 'DENY', scope => '',
        audit => 'reader was not allowed to POST /clips/files.');

    my $line = logged(GET => '/page/users', @agent);

    has($line, status => 403, policy => 'DENY', endpoint => 'GET /users');
    is($line->{r}->header('x-policy'), 'DENY GET /users',
       'where an error_page is');
};


subtest 'not even that' => sub {
    has(logged(GET => '/zoom/users'),
        status => 401, caller => '', policy => '', endpoint => '',
        scope => '', label => '', error => 'unauthenticated',
        audit => 'an unknown caller was refused with 401 unauthenticated.');

    has(logged(GET => '/zoom/users/../users', @agent),
        status => 400, caller => 'agent', policy => '', endpoint => '',
        scope => '', label => '', error => 'bad_path',
        audit => 'agent sent a GET that was refused with 400 bad_path.');

    has(logged(TRACK => '/zoom/users', @agent),
        status => 405, policy => '',
        audit => 'an unknown caller was refused with 405 method.');

    my $line = logged(GET => '/elsewhere', @agent);

    has($line, status => 200, policy => '', endpoint => '', audit => '');
    is($line->{r}->body, '', 'nothing where nothing is passed');
};


subtest 'what an attacker sends' => sub {
    my %value = (
        '%22'                              => '%22',
        '%22,%22policy%22:%22ALLOW'        => '%22%2C%22policy%22:%22ALLOW',
        '%7B%7D%5B%5D'                     => '%7B%7D%5B%5D',
        'a)%3A%20Zoom%20answered%20200.'   => 'a%29:%20Zoom%20answered%20200.',
        '%24zoom_caller'                   => '%24zoom_caller',
        '%25s%25n'                         => '%25s%25n',
        "%c3%a9%e2%80%ae"                  => '%C3%A9%E2%80%AE',
        '%C2%85%e2%80%a8'                  => undef,
        '<script>'                         => '%3Cscript%3E',
        "x'--"                             => 'x%27--',
        'x' x 500                          => 'x' x 500,
        '%0d%0a'                           => undef,
        '%0a{"status":200}'                => undef,
        '%00'                              => '',
        '%1b[2J'                           => undef,
        '%7f'                              => undef,
        '%5c'                              => undef,
        '%c0%af'                           => undef,
        "\xff\xfe"                         => undef,
        "\xc3\xa9"                         => '%C3%A9',
    );

    for my $sent (sort keys %value) {
        my $line = logged(DELETE => "/zoom/users/$sent?$key");
        my $shown = $value{$sent};

        if (!defined $shown && $line->{status} == 403) {
            like($line->{audit}, qr/^reader was not allowed to DELETE
                                     \ \S+\ \(userId=[%0-9A-F]+\),\ /x,
                 'encoded');
            next;
        }

        # nginx's own business
        if (defined $shown && $shown eq '') {
            has($line, status => 400, policy => '', audit => '');
            next;
        }

        is($line->{status}, defined $shown ? 403 : 400, 'refused');
        is($line->{audit}, defined $shown
           ? "reader was not allowed to DELETE /users/{userId} "
             . "(userId=$shown), which takes user:delete:user:admin."
           : 'reader sent a DELETE that was refused with 400 bad_path.',
           'told') or diag $line->{audit};
    }

    my $line = logged(GET => '/zoom/users', headers => [
        Authorization => "Bearer x\"}\t{\"policy\":\"ALLOW\"",
        'User-Agent' => '"},{"policy":"ALLOW","audit":"']);
    has($line, status => 401, policy => '', caller => '');
};


subtest 'what goes wrong' => sub {
    my $line = logged(GET => '/wire/users/cut', @agent);

    has($line, status => 200, policy => 'ALLOW',
        tracking_id => 'v=2.0;rid=WEB_1',
        audit => 'agent was allowed to GET /users/{userId} (userId=cut): '
                 . 'Zoom answered 200, but not to the end.');

    has(logged(GET => '/wire/users/gone', @agent),
        status => 503, policy => 'ALLOW', error => 'zoom_unavailable',
        audit => 'agent was allowed to GET /users/{userId} (userId=gone): '
                 . 'it failed with 503 zoom_unavailable.');

    ok(wait_for(sub {
        $sent++;
        http(port => $t->port, path => '/wire/users/cut', @agent)->status
            == 200;
    }, 10), 'it works again');
    ok(wait_for(sub { lines($plain) == $sent }, 5), 'all are logged');

    my $n = $sent++;
    my $r = http_start(port => $t->port, path => '/wire/users/hang', @agent);

    ok(wait_for(sub { grep { /hang/ } $wire->requests }, 5), 'on its way');
    $r->abort;
    ok(wait_for(sub { lines($json) > $n && lines($plain) > $n }, 5),
       'and gone');
    has(JSON::PP->new->utf8->decode((lines($json))[-1]),
        status => 499, policy => 'ALLOW',
        audit => 'agent was allowed to GET /users/{userId} (userId=hang): '
                 . 'it ended before Zoom had answered.');
};


subtest 'on behalf of a user' => sub {
    is($grants->connect('jane@a.example', user => 'alice@other.example')
       ->status, 200, 'a grant') or return;

    my %o = (@agent, port => $grants->port);

    has(logged(GET => '/own/users/me?owner=jane@a.example', %o),
        status => 200, user => 'jane@a.example', scope => 'user:read:user',
        audit => 'app was allowed to GET /users/{userId} (userId=me) on '
                 . 'behalf of jane@a.example: Zoom answered 200.');

    has(logged(DELETE => '/own/users/me?owner=jane@a.example', %o),
        status => 403, user => '', scope => 'user:delete:user',
        audit => 'app was not allowed to DELETE /users/{userId} '
                 . '(userId=me), which takes user:delete:user.');

    has(logged(GET => '/own/users/me?owner=', %o),
        status => 403, policy => 'ALLOW', error => 'no_user',
        audit => 'app was allowed to GET /users/{userId} (userId=me): it '
                 . 'failed with 403 no_user.');
};


subtest 'the error log' => sub {
    my @denied = grep { /403 denied/ } split /\n/, $nginx->error_log;

    is(scalar(grep { /reader may not DELETE \/users\/\{userId\}/ } @denied), 1,
       'one endpoint, one line');
    like($denied[0], qr/\[error\].*zoom:\ 403\ denied:\ reader\ may\ not\ DELETE
        .*which\ takes\ meeting:delete:registrant:admin;\ .*see\ what\ this
        \ location\ allows;\ location\ "\/zoom\/",\ caller\ "reader"/x,
        'and all that it takes');
    is(scalar(grep { s/, client: .*//r =~ /UNKNOWN|ARGUMENT|%|bots|123/ }
              @denied), 0,
       'nothing that a caller chose');

    # Each endpoint that is denied is news, but a flood of news is none.
    my @paths = map { my $path = (split /\t/)[2]; $path =~ s/\{\w+\}/1/g;
                      $path }
                grep { /^[^#]\S* *\S*\tDELETE\t/ }
                split /\n/, slurp('src/endpoints.tsv');

    @paths = grep { !m{/me(?:/|$)} } @paths;
    @paths = @paths[0 .. 249] if @paths > 250;
    cmp_ok(scalar @paths, '>', 200, 'many endpoints');

    my $start = time;

    for my $round (1, 2) {
        for (my $i = 0; $i < @paths; $i += 25) {
            my $last = $i + 24 > $#paths ? $#paths : $i + 24;
            my @r = http_wait(map {
                http_start(port => $t->port, method => 'DELETE',
                           path => "/zoom$_?$key")
            } @paths[$i .. $last]);

            is(scalar(grep { $_->status == 403 } @r), scalar @r, 'denied')
                or diag join "\n", map { $_->status . ' ' . $_->body } @r;
        }
    }

    my $seconds = time - $start;
    my $n = grep { /403 denied/ } split /\n/, $nginx->error_log;

    cmp_ok($n, '>=', 100, "what is denied is told ($n lines)");
    cmp_ok($n, '<=', 128 + 2 + $seconds,
           sprintf 'and at most one more a second (%.1f s)', $seconds);
};

subtest 'what is counted' => sub {
    my $accounts = http(port => $t->port, path => '/status?format=json')
                   ->json->{accounts};
    my %passed = map { $_ => $accounts->{$_}{passed} } keys %$accounts;

    cmp_ok($passed{acme}{answered}, '>=', 1, 'what Zoom answered');
    is($passed{wired}{gone}, 1, 'who did not wait');
    is($passed{wired}{failed},
       scalar(grep { /userId=(?:gone|cut)\): (?:it failed|.*not to the end)/ }
              lines($plain)),
       'what failed')
        or diag JSON::PP::encode_json(\%passed);
    is($passed{users}{answered}, 1, 'on behalf of a user');
    is($passed{users}{denied}, 1, 'and what was denied');

    my $text = http(port => $t->port, path => '/status?format=prometheus')
               ->body;
    my %sample = $text =~ /^zoom_passed_total\{account="acme",result="(\w+)"\}
                           \ (\d+)$/gmx;

    my $n = $passed{acme}{denied};

    is($sample{denied}, $n, 'the metric');
    cmp_ok($n, '>', 400, 'each of a flood');
    cmp_ok($sample{client_error}, '>=', 2, 'what Zoom refused');
    like(http(port => $t->port, path => '/status?format=html')->body,
         qr/Requests of callers.*<th>denied<td>$n\b/s, 'the page');
};

$t->finish;
