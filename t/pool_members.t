#!/usr/bin/perl

# "members" of a pool: users who are found through Zoom's API.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Event qw(event);
use Zoom::HTTP;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $secret = 'CANARYhook' . 'x' x 12;

$t->secret_file('hook', $secret);
$t->canary(hook => $secret);

$zoom->control({ bots => 650 },
               { users => [{ email => 'Bot-1@Example.com', id => 'IdOfBot1' },
                           { email => 'bot-2@example.com', id => 'IdOfBot2' },
                           { email  => 'bot-3@example.com', id => 'IdOfBot3',
                             status => 'inactive' },
                           { email  => 'bot-4@example.com', id => 'IdOfBot4',
                             status => 'pending' },
                           { email => 'human@example.com' }] },
               { group => { name => 'Bots', members => [
                     'bot0001@example.com', 'bot0002@example.com'] } },
               { group => { name => 'Bots 2', members => [] } });

my $location = <<'EOC';
        location = /hook {
            zoom_webhook  acme;
        }

        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC

my $first = <<'EOC';
    zoom_pool bots {
        account  acme;
        members  email=bot-*@example.com;
        members  group=Bots;
    }
EOC

my %account = (plan => 'business', webhook_secret => 'file:%{hook}');

# One more pool, of these lines, beside the first.
sub configuration {
    my ($lines) = @_;

    return (
        account   => \%account,
        locations => $location,
        http      => !$lines ? $first : <<"EOC");
$first
    zoom_pool other {
        account  acme;
        zone     8m;
$lines
    }
EOC
}

my $nginx = $t->nginx(configuration());


sub said {
    my ($words) = @_;

    return scalar(() = $nginx->error_log =~ /$words/g);
}

sub status {
    return $t->get('/status?format=json')->json->{pools}{ $_[0] };
}

sub found {
    my ($what, $n) = @_;

    return said(qr/pool "\w+": found $n users? of "\Q$what\E"/);
}

sub calls {
    return join ' ', map { $zoom->stats->{endpoints}{$_}{calls} // 0 }
                         qw(users_list groups_list members);
}


# Another pattern, for which something is searched again.
sub searched {
    my ($pattern, $words, @rules) = @_;

    $zoom->control({ forget => 1 }, @rules);
    $t->reload(configuration("        members  email=$pattern;"));
    wait_for(sub { said($words) }, 20, "a search for $pattern");
    $zoom->control({ clear => 1 });

    return calls();
}


subtest 'found' => sub {
    wait_for(sub { found('bot-*@example.com', 2) }, 20, 'by a pattern');
    wait_for(sub { found('Bots', 2) }, 20, 'in a group');

    is(calls(), '3 1 1', 'three pages, the groups, and one of them');

    my $pool = status('bots');

    is($pool->{up}, 4, 'all of them are in the pool');
    cmp_ok(abs($pool->{searched} - time), '<', 30, 'and since when');
};


subtest 'once' => sub {
    is(searched('human@*', qr/found 1 user of "human\@\*"/), '3 0 0',
       'after a reload only what is new');

    $zoom->control({ forget => 1 });

    $nginx->kill_workers;
    $t->reload(configuration("        members  email=Human\@*;"));
    wait_for(sub { found('Human@*', 1) }, 20, 'the next search');

    is(calls(), '3 0 0', 'nor when workers have died');
    $t->allow(qr/exited on signal 9/);
};


subtest 'pages that expire' => sub {
    my %expired = (match => 'users_list', mode => 'answer', status => 400,
                   body => '{"code":300,"message":"The token expired."}');

    is(searched('bot00*@*', qr/found 99 users of "bot00\*/, { %expired,
                after => 2, times => 1 }), '6 0 0', 'begun again');
    is(searched('bot01*@*', qr/"bot01\*\@\*" \(1 times\): Zoom answered 400/,
                { %expired, path => 'next_page_token' }), '8 0 0',
       'three times');
};


subtest 'a failure' => sub {
    is(status('other')->{up}, 99, 'changes nothing');
    is(status('other')->{search_failures}, 1, 'but is counted');
};


subtest 'a Zoom that talks nonsense' => sub {
    my %page = (match => 'users_list', mode => 'answer', status => 200);
    my $users = '"users":[{"email":null,"id":7},null,[],{"id":"Id1",'
                . '"email":"n1@example.com"},{"id":"Id1","email":'
                . '"N1@example.com","status":"active"},{"id":"x","email":'
                . '"../n@example.com"},{"email":"n2@example.com","id":"Id2",'
                . '"first_name":"\\\\ud800 \\\\u0000 \\\\\\\\"},{"id":"Id3",'
                . '"email":"n3@example.com","status":"inactive"}]';

    $users =~ s/\\\\/\\/g;

    my %answers = (
        'a*' => ["{$users,\"next_page_token\":\"x\"}",
                 'leads back to a page', '2'],
        'b*' => ['{"users":null}', 'has no list in it', '1'],
        'c*' => ['{"users":[', 'is truncated', '1'],
        'd*' => ['', 'is empty', '1'],
        'e*' => ['{"code":300,"message":"no"}', 'has no list in it', '1'],
        'f*' => ['{"users":[' . '[' x 100, 'is too deep', '1'],
    );

    for my $pattern (sort keys %answers) {
        my ($body, $why, $calls) = @{ $answers{$pattern} };

        is(searched("$pattern\@example.com",
                    qr/"\Q$pattern\E\@example.com" \(1 times\): [^\n]*$why/,
                    { %page, body => $body }), "$calls 0 0", $why);
    }

    is(searched('n*@example.com', qr/found 4 users of "n\*/,
                { %page, body => "{$users,\"next_page_token\":7}" }),
       '1 0 0', 'what is good of a page');
};


subtest 'refused' => sub {
    is(searched('g@*', qr/"g\@\*" \(1 times\): .*does not contain scopes/, {
                match => 'users_list', mode => 'answer', status => 400,
                body => '{"code":4711,"message":"Invalid access token, does '
                        . 'not contain scopes:[user:read:list_users:admin]."}'
                }), '1 0 0', 'with the scope that is missing');

    $zoom->control({ forget => 1 });
    $t->reload(configuration("        members  group=Nobodies;"));
    wait_for(sub { said(qr/"Nobodies" \(1 times\): Zoom has no group/) }, 20,
             'a group that there is not');
    is(calls(), '0 1 0', 'asked for once');
};


subtest 'more than there may be' => sub {
    my $list = join ',', map { qq({"id":"q$_","email":"q$_\@x.example"}) }
                             1 .. 10_020;

    is(searched('q*@*', qr/found 10000 users of "q\*@\*"/,
                { match => 'users_list', mode => 'answer', status => 200,
                  body => "{\"users\":[$list]}" }), '1 0 0', 'ten thousand');
    ok(wait_for(sub { said(qr/more than 10000 users are of "q\*@\*"/) }, 5),
       'and a line about it');

    my $same = join ',', ('{"id":"q1","email":"q1@x.example"}') x 10_020;

    $zoom->control({ clear => 1 },
                   { match => 'users_list', mode => 'answer', status => 200,
                     body => "{\"users\":[$same]}" });
    is(http(port => $nginx->port, path => '/hook',
            event('user.created', { object => { email => 'q1@x.example',
                                                id => 'q1' } },
                  secret => $secret))->status, 204, 'again');
    ok(wait_for(sub { said(qr/more than 10000 users are of "q\*@\*"/) > 1 },
                20), 'one of them ten thousand times');
    is(said(qr/of "q\*@\*", [1-9]\d* gone/), 0,
       'for which nobody leaves');
    $zoom->control({ clear => 1 });
};


subtest 'an event' => sub {
    $t->reload(configuration());
    $zoom->control({ forget => 1 },
                   { users => [{ email => 'bot-5@example.com' }] },
                   { group => { name => 'Bots', members => [] } });

    for (['user.created', { object => { email => 'other@example.com',
                                        id => 'x' } }],
         ['user.created', { object => { email => 'bot-5@example.com',
                                        id => 'x' } }],
         ['group.member_deleted', { object => { id => 'a group' } }])
    {
        is(http(port => $nginx->port, path => '/hook',
                event(@$_, secret => $secret))->status, 204, $_->[0]);
    }

    wait_for(sub { found('bot-*@example.com', 3) }, 20, 'a new one');
    wait_for(sub { said(qr/found 0 users of "Bots", 2 gone/) }, 20,
             'and those who are not in the group any more');
    is(calls(), '3 1 1', 'by one search each');
};


subtest 'a list that is older than an event' => sub {
    $zoom->control({ forget => 1 },
                   { match => 'users_list', mode => 'delay', seconds => 1 });
    $t->reload(configuration("        user     bot-1\@example.com;\n"
                             . "        members  email=bot-*\@*;"));
    wait_for(sub { ($zoom->stats->{endpoints}{users_list}{calls} // 0) > 1 },
             20, 'a page has been read');

    is(http(port => $nginx->port, path => '/hook',
            event('user.deactivated',
                  { object => { email => 'bot-1@example.com' } },
                  secret => $secret))->status, 204, 'one is deactivated');
    is(status('other')->{down}, 1, 'and out');

    wait_for(sub { found('bot-*@*', 3) }, 20, 'the list says it is active');
    is(status('other')->{down}, 1, 'which was before that');

    $zoom->control({ clear => 1 });
};


$t->allow(qr/could not find the users of|more than 10000 users are of/);
$t->finish;
