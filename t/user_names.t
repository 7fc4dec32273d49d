#!/usr/bin/perl

# Whose token: what may be named, by whom, and what never reaches Zoom.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new(settings => { users => [
    { email => 'a+b@example.com', id => 'PlusInTheAddress000001' },
    { email => "o'hara\@example.com", id => '-starts_with-dash_0001' },
] });

my $locations = join '', map { <<"EOC" } (
        location = /$_->[0] {
            zoom_tokens        acme;
            zoom_authenticate  off;
            zoom_user          $_->[1];
            $_->[2]
        }
EOC
    ['any',     '$arg_user', 'zoom_allow_user *;'],
    ['exact',   '$arg_user',
     'zoom_allow_user bots@example.com bots@t1.example;'],
    ['glob',    '$arg_user', 'zoom_allow_user *@t1.example bots@t2.*;'],
    ['regex',   '$arg_user', 'zoom_allow_user ~^bots@t[12]\.example$;'],
    ['header',  '$http_x_user', 'zoom_allow_user bots@example.com;'],
    ['mapped',  '$mapped', 'zoom_allow_user bots@t1.example;'],
    ['meta',    '$zoom_metadata_user_name', 'zoom_allow_user *.example;'],
    ['plus',    'a+b@example.com', ''],
    ['quote',   q("o'hara@example.com"), ''],
    ['upper',   'BOTS@Example.com', ''],
    ['lower',   'bots@example.com', ''],
    ['percent', 'bots%40example.com', ''],
    ['part',    '${arg_name}@t1.example', 'zoom_allow_user *@t1.example;'],
    ['dash',    '-starts_with-dash_0001', ''],
);

$t->nginx(http => <<'EOC', locations => $locations);
    map $arg_who $mapped {
        volatile;
        default  "";
        one      bots@t1.example;
        two      bots@t2.example;
        me       me;
    }
EOC

my $zoom = $t->zoom;


sub is_denied {
    my ($path, $name, $error) = @_;
    my $r = $t->get($path);

    is($r->status . ' ' . ($r->json->{error} // substr $r->body, 0, 20),
       '403 ' . ($error // 'denied'), $name);
}


sub is_user {
    my ($path, $uid, $name, @headers) = @_;
    my $r = $t->get($path, @headers);

    is($r->status, 200, $name) or diag $r->body;
    is(jwt_claims($r->body)->{uid}, $uid, "$name: uid");
}


# Nothing of this may ever reach Zoom; that is checked at the end of each.
sub never_sent {
    my $asked = $zoom->token_calls;

    $_[0]->();
    is($zoom->token_calls, $asked, 'nothing was sent to Zoom');
    is($zoom->count('me'), 0, 'above all not me');
}


subtest 'me' => sub {
    never_sent(sub {
        is_denied("/any?user=$_", $_)
            for qw(me ME Me mE %6de m%65 %6D%65 %6d%45 %4de %256de %25256de);

        is_denied('/mapped?who=me', 'from a map');
        is_denied('/any?user=me%00', 'with a zero byte');
        is_denied('/any?user=me%20', 'with a space');
        is_denied('/any?user=me%2f', 'with a slash');
        is_denied('/any?user=me%3f', 'with a question mark');
        is_denied('/any?user=.%2fme', 'with a dot');
    });
};


subtest 'hostile to URLs and headers' => sub {
    never_sent(sub {
        my @bad = qw(
            . .. %2e%2e %2E. ../users/me ..%2fme a/b a%2fb a%5cb a%3fb a%23b
            a%25b a%20b a%0d%0ab a%09b a%00b a%7fb %ff a%C3%A9b %zz %2 % a;b
            a:b a=b a+b *
        );

        is_denied("/any?user=$_", $_) for @bad, "a,b";
        is_denied('/any?user=' . 'x' x 65, '65 characters');
        is_denied('/any?user=' . 'x' x 4000, '4,000 characters');

        my @mail = qw(
            a@b@c.d a%40b%40c.d a/b@c.d a%2fb@c.d a?b@c.d a%3fb@c.d a%23@c.d
            a%25@c.d a%20b@c.d a%0d%0a@c.d a%00@c.d a%C3%A9@c.d
        );

        is_denied("/any?user=$_", $_) for @mail;
        is_denied('/any?user=' . 'a' x 123 . '@b.com', '129 characters');
    });
};


subtest 'nobody' => sub {
    never_sent(sub {
        is_denied('/any', 'no argument', 'no_user');
        is_denied('/any?user=', 'an empty one', 'no_user');
        is_denied('/mapped?who=other', 'a default of ""', 'no_user');
    });
};


subtest 'who is fit to be asked for' => sub {
    is_user('/any?user=bots@example.com', 'bots@example.com', 'an e-mail');
    is_user('/any?user=bots%40example.com', 'bots@example.com', 'encoded');
    is_user('/any?user=KDcuGIm1QgePTO8WbOqwIQ', 'KDcuGIm1QgePTO8WbOqwIQ',
            'an id');
    is_user('/percent', 'bots@example.com', 'encoded in the configuration');
    is_user('/plus', 'a+b@example.com', 'a plus stays one');
    is_user('/any?user=a%2Bb@example.com', 'a+b@example.com', 'encoded, too');
    is_user('/quote', "o'hara\@example.com", 'a quote');
    is_user('/dash', '-starts_with-dash_0001', 'dashes and underscores');

    is($t->get('/any?user=' . 'x' x 64)->json->{error}, 'user_unknown',
       '64 characters are one question to Zoom');
    is($t->get('/any?user=' . 'a' x 122 . '@b.com')->json->{error},
       'user_unknown', 'an e-mail of 128, too');
    is($t->get('/any?user=mee')->json->{error}, 'user_unknown',
       'who begins with me is not me');
    is($zoom->count('me'), 0, 'still not me');
};


subtest 'one user however spelled' => sub {
    my $before = $zoom->token_calls;
    my $token = $t->get('/lower')->body;

    is($t->get('/upper')->body, $token, 'e-mails have no case');
    is($t->get('/percent')->body, $token, 'nor encoding');
    cmp_ok($zoom->token_calls - $before, '<=', 1, 'one mint');
};


subtest 'zoom_allow_user' => sub {
    is_user('/exact?user=bots@example.com', 'bots@example.com', 'exact');
    is_user('/exact?user=bots%40t1.example', 'bots@t1.example',
            'what counts is the user, not its spelling');
    is_denied('/exact?user=bots@t2.example', 'another');
    is_denied('/exact?user=xbots@example.com', 'more before');
    is_denied('/exact?user=bots@example.comx', 'more behind');

    is_user('/glob?user=bots@t1.example', 'bots@t1.example', 'a star first');
    is_user('/glob?user=bots@t2.example', 'bots@t2.example', 'a star last');
    is_denied('/glob?user=bots@t1.example.org', 'more behind a glob');
    is_denied('/glob?user=bots@example.com', 'no glob fits');

    is_user('/regex?user=bots@t2.example', 'bots@t2.example', 'a regex');
    is_denied('/regex?user=bots@t3.example', 'that does not match');
    is_denied('/regex?user=bots@t1.example%0a', 'a newline at its end');
    is_denied('/regex?user=bots@t1Xexample', 'a dot is a dot');

    is_user('/part?name=bots', 'bots@t1.example', 'a part of the value');
    is_denied('/part?name=a@b', 'of which two make none');

    is_user('/mapped?who=one', 'bots@t1.example', 'wherever it comes from');
    is_denied('/mapped?who=two', 'even from a map');

    is_user('/header', 'bots@example.com', 'a header',
            'X-User' => 'bots@example.com');
    is($t->get('/header', 'X-User' => 'bots@t1.example')->status, 403,
       'a header that may not');
};


subtest 'metadata' => sub {
    my $ask = sub {
        return $t->post('/meta', callback(bot_metadata => $_[0]));
    };
    my $uid = sub {
        return jwt_claims($ask->($_[0])->json->{zak_token})->{uid};
    };
    my $error = sub { return $ask->($_[0])->json->{error} };

    is($uid->('{"user_name":"bots@t1.example"}'), 'bots@t1.example', 'named');
    is($uid->('{"User-Name":"bots@t1.example"}'), 'bots@t1.example',
       'in any case, with - for _');
    is($uid->('{"USER.NAME":"bots@t2.example"}'), 'bots@t2.example',
       'and a dot');
    is($uid->('{"user_name":"bots\u0040t1.example"}'), 'bots@t1.example',
       'escaped');
    is($error->('{"user_name":"bots@t1.example","User-name":"x.example"}'),
       'no_user', 'two that match are none');
    is($error->('{"user_name":1}'), 'no_user', 'a number is none');
    is($error->('{"x":"y"}'), 'no_user', 'none');
    is($error->('null'), 'no_user', 'no metadata');
    is($error->('{"user_name":"bots@example.com"}'), 'denied',
       'one that may not be named');
    is($error->('{"user_name":"me"}'), 'denied', 'me');
    is($error->('{"user_name":"\u006d\u0065"}'), 'denied', 'me, escaped');
    is($error->('{"user_name":"a\r\n@t1.example"}'), 'denied', 'CR LF');

    my $r = $t->get('/meta?extra=%7B%22user_name%22%3A%22bots%40t1.example'
                    . '%22%7D');
    is(jwt_claims($r->body)->{uid}, 'bots@t1.example', 'extra, for GET');
    is($zoom->count('me'), 0, 'and never me');
};


$t->finish;
