#!/usr/bin/perl

# The pages of a user's consent, as an attacker comes to them: with somebody
# else's state, code or cookie, with more than one of each, with markup and line
# breaks where names are, and with links that are to lead elsewhere.

use strict;
use warnings;

use Test::More;

use Zoom::Grants;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);
my $alice = 'alice@other.example';
my $bob = 'bob@other.example';

$grants->allow('/other/back', '/plain');

my $attacked = $t->nginx(level => 'debug',
                         http => $grants->conf('users', <<'EOC',
    location = /other/connect {
        zoom_connect         other;
        zoom_connect_as      $http_x_who;
        zoom_authenticate    off;
    }

    location = /other/back {
        zoom_connected       other;
        zoom_authenticate    off;
    }

    # With what a caller has in the path, decoded.
    location ~ (?s)^/deep(?<deep>/.*)$ {
        zoom_connect         users;
        zoom_connect_as      $http_x_who;
        zoom_connect_return  /done$deep;
        zoom_authenticate    off;
    }

    location ~ (?s)^/far/(?<far>.*)$ {
        zoom_connect         users;
        zoom_connect_as      $http_x_who;
        zoom_connect_return  https://app.example/$far;
        zoom_authenticate    off;
    }

    location = /tokens {
        zoom_tokens          users;
        zoom_user            $arg_user;
        zoom_allow_user      *;
        zoom_reuse           0;
        zoom_authenticate    off;
    }

    zoom_connect_return /done;
EOC
) . $grants->account('other', redirect_uri => $grants->here . '/other/back'));


sub get { return $grants->get(@_) }
sub start { return $grants->start(@_) }
sub back { return $grants->back($_[0], user => $_[1]) }
sub come { return $grants->come(@_) }

sub exchanges { return $zoom->count(qw(endpoints exchange calls)) }


# Whose grant answers to that name, or the error.
sub owner {
    my ($name) = @_;
    my $r = get("/tokens?user=$name");

    return jwt_claims($r->body)->{zid} // $r->json->{error};
}


subtest 'the cookie' => sub {
    my $b = start('mallory');
    my $line = $b->{r}->header('set-cookie');

    is($b->{r}->status, 302, 'to Zoom');
    like($line, qr/^__Host-[^;=]+=[\w.~-]+;/, 'of this host alone');
    like($line, qr/;\s*$_(;|$)/i, $_)
        for qw(Secure HttpOnly SameSite=Lax Path=\/);
    unlike($line, qr/mallory|users/, 'says nothing');
    like($b->{r}->header('cache-control'), qr/no-store/, 'kept by nobody');
    isnt(start('mallory')->{cookie}, $b->{cookie}, 'and never the same');

    my ($state) = $b->{to} =~ /[?&]state=([^&]+)/;

    cmp_ok(length $state, '>=', 22, 'a state that nobody guesses');
    unlike($line, qr/\Q$state/, 'that is not in it');
    is(get('/connect')->status, 403, 'nobody without a name');
    like($attacked->error_log, qr/403 no_user: .*; see what "zoom_connect_as" has/,
         'of which the log says where it is from');
    is(http(port => $grants->port, path => '/connect', method => 'HEAD',
            headers => ['X-Who' => 'x'])->header('set-cookie'), undef,
       'nothing for HEAD');
};


subtest 'an answer that was not asked for' => sub {
    my ($victim, $mallory) = (start('victim'), start('mallory'));
    my $path = back($mallory, $bob);
    my $n = exchanges();
    my ($code, $state) = $path =~ /code=([^&]+)&state=([^&]+)/;
    my ($own) = $victim->{to} =~ /[?&]state=([^&]+)/;
    my $changed = $mallory->{cookie};

    substr $changed, -10, 1, substr($changed, -10, 1) eq 'A' ? 'B' : 'A';

    my %refused = (
        'without a cookie'        => get($path),
        'in another browser'      => come($victim, $path),
        'with the own state'      => get("/connected?code=$code&state=$own"),
        'without a state'         => come($mallory, "/connected?code=$code"),
        'with an empty one'       => come($mallory,
                                          "/connected?code=$code&state="),
        'with half of it'         => come($mallory, "/connected?code=$code"
                                          . '&state=' . substr $state, 0, 20),
        'with more of it'         => come($mallory, "${path}A"),
        'with two'                => come($mallory, "$path&state=$state"),
        'with another in front'   => come($mallory, "/connected?state=$own&"
                                          . "code=$code&state=$state"),
        'without a code'          => come($mallory,
                                          "/connected?state=$state"),
        'with two codes'          => come($mallory, "$path&code=x"),
        'at another account'      => come($mallory,
                                          $path =~ s{^/connected}
                                                    {/other/back}r),
        'with a cookie cut short' => get($path, 'Cookie' =>
                                         substr $mallory->{cookie}, 0, -4),
        'with an empty cookie'    => get($path, 'Cookie' =>
                                         $mallory->{cookie} =~ s/=.*/=/r),
        'with one changed'        => get($path, 'Cookie' => $changed),
        'with a long one'         => get($path, 'Cookie' =>
            $mallory->{cookie} =~ s/=.*/'=' . 'A' x 6000/er),
    );

    for my $how (sort keys %refused) {
        my $r = $refused{$how};

        cmp_ok($r->status, '>=', 400, $how) or diag($r->status);
        cmp_ok($r->status, '<', 500, 'which is no fault of ours')
            or diag($how);
        is($r->header('location'), undef, 'and leads nowhere');
    }

    is(exchanges(), $n, 'Zoom heard nothing of all that');
    is(owner('victim'), 'not_connected', 'nobody was connected');
    is(come($mallory, $path)->status, 303,
       'nor was the one spent that it was meant for');
    is(owner('mallory'), 'BobOfAnotherAccount001', 'who is connected');
};


subtest 'once more' => sub {
    my $b = start('once');
    my $path = back($b, $alice);

    is(come($b, $path)->status, 303, 'connected');

    my $r = come($b, $path);

    cmp_ok($r->status, '>=', 400, 'the same again');
    cmp_ok($r->status, '<', 500, 'is refused');
    is(owner('once'), 'AliceOfAnotherAccount1', 'and nothing is lost');

    my ($code) = (back(start('thief'), $bob)) =~ /code=([^&]+)/;
    my $thief = start('thief');
    my ($state) = $thief->{to} =~ /state=([^&]+)/;

    $r = come($thief, "/connected?code=$code&state=$state");
    cmp_ok($r->status, '>=', 400, 'a code that was stolen');
    is(owner('thief'), 'not_connected', 'has another challenge');
    unlike($r->body, qr/\Q$code/, 'is not shown');
};


subtest 'wrong codes harm nobody else' => sub {
    for my $error (qw(invalid_grant invalid_request)) {
        my $b = start('flood');
        my ($state) = $b->{to} =~ /state=([^&]+)/;

        $zoom->control({ user_oauth => { code_error => $error } });

        for my $code (map({ "wrong$_" } 1 .. 20), '%00', '%0d%0aX:%20y',
                      'x%26grant_type%3Drefresh_token', 'x' x 5000, '%ff%fe')
        {
            my $r = come($b, "/connected?code=$code&state=$state");

            cmp_ok($r->status, '>=', 400, 'a code that is none');
            is($r->header('location'), undef, 'leads nowhere');
        }

        my $good = start('good');

        is(come($good, back($good, $alice))->status, 303,
           'another one connects');
        is(owner('good'), 'AliceOfAnotherAccount1', 'and is served');
    }

    # Whoever has a browser can send them, as many as it likes.
    my @lines = $attacked->error_log =~ /\[error\].*could not connect.*/g;

    cmp_ok(scalar @lines, '<', 5, 'and fill no log')
        or diag(join "\n", @lines);
};


subtest 'no way out' => sub {
    for my $name (qw(return return_to next url redirect redirect_uri back to))
    {
        my $r = get("/connect?$name=https://evil.example/", 'X-Who' => 'x');

        unlike($r->header('location'), qr/evil/, "?$name= to Zoom");

        my $b = start('out');

        $r = come($b, back($b, $alice)
                      . "&$name=https%3A%2F%2Fevil.example%2F");
        unlike($r->header('location') // '', qr/evil/, "?$name= from it");
    }

    my $b = start('host');
    my $path = back($b, $alice);
    my $r = get($path, 'Cookie' => $b->{cookie}, 'Host' => 'evil.example',
                'X-Forwarded-Host' => 'evil.example');

    unlike($r->header('location') // '', qr/evil/, 'nor by Host');

    $r = get('/connect', 'X-Who' => 'x', 'Host' => 'evil.example');
    unlike($r->header('location'), qr/evil/, 'on the way to Zoom, too');
};


# Where to come back to has a variable in it, and a path is what callers write.
subtest 'a place that has their words in it' => sub {
    my $leads = sub {
        my ($path) = @_;
        my $b = start('place', path => $path);

        return $b->{r}->status if $b->{r}->status != 302;
        return come($b, back($b, $alice))->header('location') // 'nowhere';
    };

    is($leads->('/deep/a/b'), '/done/a/b', 'a path');
    is($leads->('/far/a/b'), 'https://app.example/a/b', 'a URL');

    for my $words ('//evil.example/', '/@evil.example', '/..//evil.example',
                   '/%5cevil.example', '/%09/evil.example', '/%0d%0aX-Evil: y',
                   '/%0aSet-Cookie: x=y', '/%00', '/ a', '/%ff', '/%e2%80%ae')
    {
        my $sent = $words =~ s/ /%20/gr;

        for my $under ('/deep', '/far') {
            my $to = $leads->("$under$sent");
            my $at = $under eq '/deep' ? qr{/done/} : qr{https://app\.example/};

            like($to, qr{^(?:$at[!-~]*|/done|40[04])$}, "$under$sent: $to");
            unlike($to, qr/\\/, 'without what a browser takes for a slash');
        }
    }

    is($leads->('/deep/' . 'x' x 1000), '/done/' . 'x' x 1000, 'a long one');
    is($leads->('/deep/' . 'x' x $_), '/done', "one of $_ has no room")
        for 1100, 3000;
};


subtest 'markup and line breaks' => sub {
    for my $alias ('<script>alert(1)</script>', '"><img src=x>', "a'b&amp;c",
                   'a%0d%0aSet-Cookie:%20x=y', 'x' x 3000, "\xff\xfe\x80",
                   "a\tb", '../../etc/passwd', '${jndi}', '%s%n%x', 'me',
                   'a b')
    {
        my $r = start($alias)->{r};

        is($r->status, 403, 'no name: ' . substr $alias, 0, 20);
        is($r->header('location'), undef, 'leads nowhere');
        is($r->header('set-cookie'), undef, 'and leaves nothing behind');
        unlike($r->body, qr/<script>|<img/, 'nor is it shown');
    }

    my $b = start('xss');
    my ($state) = $b->{to} =~ /state=([^&]+)/;

    for my $path ('/connected?error=<script>x</script>&error_description='
                  . '<script>y</script>',
                  "/connected?error=access_denied&state=$state"
                  . '&error_description=%3Cscript%3Ey%3C/script%3E')
    {
        my $r = come($b, $path =~ s/([<>])/sprintf '%%%02X', ord $1/ger);

        unlike($r->body, qr/<script|%3Cscript/i, 'an error is not echoed');
    }
};


subtest 'a Zoom that lies' => sub {
    # For all that is known, both are e-mails.
    my $b = start('<b>@x.example');
    my $path = back($b, $bob);

    $zoom->control({ match => 'user_get', mode => 'answer', times => 1, body =>
        '{"id":"BobOfAnotherAccount001","email":"<script>@other.example"}' });
    is(come($b, $path)->status, 303, 'an e-mail with markup');
    $zoom->control({ clear => 1 });

    my $list = get('/grants', 'Accept' => 'text/html')->body;

    like($list, qr/BobOfAnotherAccount001/, 'is on the list');
    like($list, qr/&(?:lt|#60);script&(?:gt|#62);@/, 'as text');
    like($list, qr/&(?:lt|#60);b&(?:gt|#62);@/, 'as is the name');
    unlike($list, qr/<script|<b>/, 'and as nothing else');

    my $r = get('/grants', 'Accept' => 'application/json');

    like($r->header('content-type'), qr{^application/json}, 'or in JSON');
    is(scalar @{ $r->json->{grants} }, 2, 'that is sound');

    for my $me ('{"id":"me","email":"x@y.z"}', '{"id":"../x"}', '[]', '{}',
                '{"id":"' . 'x' x 300 . '"}', '{"id":1}',
                '{"id":"<b>","email":"<script>@y.z"}', 'nothing', '')
    {
        $b = start('liar');
        $path = back($b, $bob);

        $zoom->control({ match => 'user_get', mode => 'answer', body => $me,
                         times => 1 });
        $r = come($b, $path);

        $zoom->control({ clear => 1 });
        cmp_ok($r->status, '>=', 500, 'a profile that is none: ' . $me);
        is($r->header('location'), undef, 'is no success');
    }

    is(owner('liar'), 'not_connected', 'nobody was stored');
};


subtest 'others keep their hands off' => sub {
    my @key = ('X-Key' => $t->secret('header'));

    is(http(port => $grants->port, path => '/disconnect?user=good',
            body => '')->status, 401, 'no key, no end');
    is(get('/disconnect?user=good', @key)->status, 405, 'nor by a link');
    is(owner('good'), 'AliceOfAnotherAccount1', 'it is still there');
    is($grants->disconnect('nobody')->status, 404, 'nobody of that name');

    # As where a cookie of the operator's is what lets somebody in.
    for my $headers ($grants->forged) {
        is($grants->disconnect('good', @$headers)->status, 403,
           "nor by another page: @$headers");
    }

    is(owner('good'), 'AliceOfAnotherAccount1', 'which is still there');

    my $r = get('/grants', 'Accept' => 'text/html');

    like($r->header('cache-control'), qr/no-store/, 'the list is not kept');
    like(join(' ', $r->header('x-frame-options') // '',
              $r->header('content-security-policy') // ''),
         qr/DENY|frame-ancestors 'none'/i, 'nor framed');
    unlike($r->body, qr/eyJ|refresh_token|access_token/, 'nor has it tokens');
};


subtest 'the name of somebody else' => sub {
    my $connect = sub { $grants->connect($_[0], user => $_[1]) };

    $connect->('alice', $alice);
    $connect->($_, $bob) for $alice, 'AliceOfAnotherAccount1';
    is(owner($_), 'AliceOfAnotherAccount1', "$_ is still hers")
        for $alice, 'AliceOfAnotherAccount1', 'alice';
};


# One name of ours belongs to who came last with it, in all workers and at once;
# the other one is nobody's then but for id and e-mail.
subtest 'two users of one name' => sub {
    my ($hers, $his) = ('AliceOfAnotherAccount1', 'BobOfAnotherAccount001');
    my $names = sub {
        my ($id) = @_;
        my ($of) = grep { $_->{user} eq $id }
                   @{ get('/grants')->json->{grants} };

        return scalar grep { $_ eq 'both' } @{ $of->{aliases} };
    };

    for ([$alice, $hers, $his], [$bob, $his, $hers], [$alice, $hers, $his]) {
        my ($user, $id, $other) = @$_;

        is($grants->connect('both', user => $user)->status, 303,
           "$user is called so");

        my %said = map { owner('both') => 1 } 1 .. 20;

        is(join(' ', keys %said), $id, 'and no token is of another');
        is($names->($id) . $names->($other), '10', 'on the list as well');
        is(owner($other), $other, 'who was called so is there by id');
    }

    # Our names are as they are written, where they are no e-mail.
    is($grants->connect('Both', user => $bob)->status, 303, 'another name');
    is(owner('both') . owner('Both'), $hers . $his, 'is another user');
    is(owner('BOTH'), 'not_connected', 'or nobody');
};


# The browser sends it twice, or somebody who has all of it is as fast.
subtest 'one answer, many times at once' => sub {
    my $b = start('crowd');
    my $path = back($b, $bob);
    my @all = http_wait(map { http_start(port => $grants->port, path => $path,
                                         headers => ['Cookie' => $b->{cookie}])
                            } 1 .. 8);
    my %n;

    $n{ $_->status }++ for @all;
    is($n{303}, 1, 'one is good');
    is(scalar(grep { $_->status >= 400 && $_->status < 500 } @all), 7,
       'the others are refused') or diag(join ' ', %n);
    is(owner('crowd'), 'BobOfAnotherAccount001', 'and nothing is lost');
};


# What we seal for one purpose is good for no other, and in no other place.
subtest 'cookies of others' => sub {
    my $b = start('jar');
    my $path = back($b, $bob);
    my ($name, $value) = split /=/, $b->{cookie}, 2;
    my $other = start('other')->{cookie};
    my $n = exchanges();

    my %jar = (
        'another name'         => "zoom_connect=$value",
        'a name in capitals'   => uc($name) . "=$value",
        'a longer name'        => "x$name=$value",
        'two, ours first'      => "$b->{cookie}; $other",
        'two, ours last'       => "$other; $b->{cookie}",
        'ours twice'           => "$b->{cookie}; $b->{cookie}",
        'in quotes'            => "$name=\"$value\"",
        'with padding'         => "$b->{cookie}==",
        'with blanks'          => "$name= $value",
        'of another separator' => "x=y, $b->{cookie}",
        'of another browser'   => $other,
    );

    for my $how (sort keys %jar) {
        my $r = get($path, 'Cookie' => $jar{$how});

        cmp_ok($r->status, '>=', 400, $how) or diag($r->status);
        cmp_ok($r->status, '<', 500, 'which is no fault of ours');
        is($r->header('location'), undef, 'and leads nowhere');
    }

    is(get($path, 'Cookie' => $b->{cookie}, 'Cookie' => $other)->status, 403,
       'in two headers');
    is(exchanges(), $n, 'Zoom heard nothing of all that');
    is(get($path, 'Cookie' => "a=b; $b->{cookie}; c=d")->status, 303,
       'among others of the operator it is good');
};


# Zoom gives an e-mail that was Carol's to Bob: what is asked for by it is his
# from then on, and what is hers by another name stays hers.
subtest 'an e-mail that has another owner' => sub {
    my ($old, $carol) = ('carol@third.example', 'CarolOfAThirdAccount01');

    $grants->connect('staff3', user => $old);
    is(owner($_), $carol, "$_ is hers") for 'staff3', $old, $carol;

    $zoom->control({ users => [
        { id => $carol, email => 'carol.new@third.example',
          account_id => 'third_account' },
        { id => 'BobOfAnotherAccount001', email => $old,
          account_id => 'other_account' },
    ] });
    is(owner($old), $carol, 'nobody has connected since');

    $grants->connect('staff4', user => $old);
    is(owner($old), 'BobOfAnotherAccount001', 'the e-mail is his');
    is(owner($_), $carol, "$_ is still hers") for 'staff3', $carol;

    $grants->connect('staff3', user => 'carol.new@third.example');
    is(owner($_), $carol, "$_ is hers as well")
        for 'carol.new@third.example', 'staff3';
    is(owner($old), 'BobOfAnotherAccount001', 'and the old one is not');
};


subtest 'consent withdrawn' => sub {
    is(owner('alice'), 'AliceOfAnotherAccount1', 'a token that is kept');
    $zoom->control({ deauthorize => { user => $alice } });
    ok(wait_for(sub { owner('alice') eq 'grant_expired' }, 10),
       'is given to nobody any more');

    my $n = $zoom->count(qw(endpoints refresh calls));

    is(owner('alice'), 'grant_expired', 'and so it stays') for 1 .. 3;
    is($zoom->count(qw(endpoints refresh calls)), $n, 'nor is Zoom asked');
};


subtest 'what is left behind' => sub {
    my $db = join '', map { slurp($_) } glob $t->dir . '/store/*';
    my @seen = grep { index($db, substr $_, -40) >= 0 } $zoom->issued;

    ok(length $db, 'the store');
    is(scalar @seen, 0, 'holds no token in clear');
    is((stat $_)[2] & 077, 0, 'nor is it for others to read')
        for glob $t->dir . '/store/*';

    my $log = slurp($t->{nginx}[-1]->dir . '/access.log');

    is(scalar(grep { index($log, $_) >= 0 } $zoom->codes), 0,
       'nor does the access log hold a code');
};


# What nginx itself dumps at this level of what callers send is not ours.
my $nginx = $t->{nginx}[-1];
my @told = grep { !/: header$/ }
           $t->leaks(map { $nginx->dir . "/$_" } qw(error.log access.log));

is("@told", '', 'no secret in a log at debug');
$t->finish(leaky => 1);
