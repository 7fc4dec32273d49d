#!/usr/bin/perl

# The users' API of the Zoom stand-in: creating with its four actions, pages,
# groups, and every way in which Zoom says no.

use strict;
use warnings;

use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(sleep);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $json = JSON::PP->new->utf8->canonical;
my $bearer;


sub again {
    $zoom->control({ reset => 1 }, @_);
    $bearer = http(
        port => $zoom->plain, path => '/oauth/token',
        body => 'grant_type=account_credentials&account_id='
                . $t->secret('account_id'),
        headers => ['Content-Type' => 'application/x-www-form-urlencoded',
                    'Authorization' => 'Basic ' . encode_base64(
                        $t->secret('client_id') . ':'
                        . $t->secret('client_secret'), '')],
    )->json->{access_token};
}


sub api {
    my ($method, $path, $body) = @_;

    return http(port => $zoom->plain, method => $method, path => "/v2$path",
                ref $body ? (body => $json->encode($body)) : (),
                headers => [Authorization => "Bearer $bearer"]);
}


sub said { return join ' ', $_[0]->status, $_[0]->json->{code} // () }


sub create {
    my ($action, $email, %info) = @_;

    return api(POST => '/users', { action => $action, user_info => {
        email => $email, type => 1, %info,
    } });
}


# All pages, and how many there were.
sub pages {
    my ($path, $name) = @_;
    my ($next, $n, @all) = ('', 0);

    do {
        $next =~ s/=/%3D/g;

        my $page = api(GET => "$path&next_page_token=$next")->json;

        push @all, @{ $page->{$name} };
        $next = $page->{next_page_token};
        $n++;
    } while ($next ne '');

    return ($n, @all);
}


subtest 'four actions' => sub {
    again();

    for my $action (qw(autoCreate custCreate ssoCreate)) {
        my $r = create($action, "\L$action\E\@example.com");

        is($r->status, 201, $action);
        is(api(GET => '/users/' . $r->json->{id} . '/token?type=zak')->status,
           200, 'usable at once');
    }

    my $r = create('create', 'invited@example.com');

    is($r->status, 201, 'create');
    is(said(api(GET => '/users/invited@example.com')), '400 1120',
       'leaves an invitation');
    is(said(api(GET => '/users/invited@example.com/token?type=zak')),
       '400 1000', 'and no token');
    $zoom->control({ pending => { code => 1120 } });
    is(said(api(GET => '/users/invited@example.com/token?type=zak')),
       '400 1120', 'under any code');

    my ($listed) = grep { $_->{email} eq 'invited@example.com' }
                   @{ api(GET => '/users?status=pending')->json->{users} };

    ok($listed && !exists $listed->{id}, 'listed without an id');
    is($zoom->count(qw(created create)), 1, 'counted');
};


subtest 'refusals' => sub {
    again();

    my $new = 'new@example.com';

    is(said(create('invent', $new)), '400 300', 'another action');
    is(said(create('create', 'x')), '400 300', 'no e-mail');
    is(said(create('create', 'x' x 120 . '@example.com')), '400 300',
       'a long one');
    is(said(create('create', $new, type => 3)), '400 300', 'no type');
    is(said(create('create', $new, first_name => 'x' x 65)), '400 300',
       'a long name');
    is(said(create('create', $new, display_name => 'x' x 129)), '400 300',
       'a long name to be shown');
    is(said(create('create', $new, password => '12345678')), '400 300',
       'a password for somebody else');
    is(said(create('autoCreate', $new, password => '1234567')), '400 300',
       'a short one');
    is(said(create('autoCreate', 'new@elsewhere.example')), '400 300',
       'a domain of others');
    is(create('create', 'new@elsewhere.example')->status, 201,
       'who may be invited');

    is(said(create('create', 'BOTS@example.com')), '409 1005', 'twice');
    is(said(create('create', 'alice@other.example')), '400 1009',
       'of another account');
    $zoom->control({ exists => 1009 });
    is(said(create('create', 'bots@example.com')), '400 1009',
       'or both alike');

    for my $code (2033, 2034, 2038, 3412) {
        $zoom->control({ licences_used_up => $code });
        is(said(create('custCreate', $new, type => 2)), "400 $code",
           "licences: $code");
    }

    $zoom->control({ licences_used_up => 3412 });
    is(create('custCreate', $new)->status, 201, 'of which a basic user has '
       . 'none');
    $zoom->control({ licences_used_up => undef, creates_left => 1 });
    is(create('create', 'one@example.com')->status, 201, 'the last of a day');

    my $r = create('create', 'two@example.com');

    is(said($r), '429 429', 'and one more');
    is($r->header('X-RateLimit-Type'), 'Daily-limit', 'until tomorrow');

    is(said(api(GET => '/users/alice@other.example/token?type=zak')),
       '404 1010', 'no token of another account');
    is(said(api(GET => '/users/alice@other.example')), '404 1010',
       'nor anything else');
    is(said(api(DELETE => '/users/bots@example.com?action=burn')),
       '400 300', 'no such end');

    $zoom->control({ scopes => ['user:read:admin'] });
    is(api(GET => '/users')->status, 200, 'a classic scope');
    is(said(create('create', 'x@example.com')), '400 4711', 'and its like');
};


subtest 'one at a time' => sub {
    again({ match => 'user_create', mode => 'delay', ms => 1000, times => 1 });

    my $slow = http_start(
        port => $zoom->plain, method => 'POST', path => '/v2/users',
        body => $json->encode({ action => 'create', user_info => {
            email => 'slow@example.com', type => 1 } }),
        headers => [Authorization => "Bearer $bearer"]);

    wait_for(sub { $zoom->stats->{concurrency}{user_create}{now} }, 10,
             'the first one');
    is(said(create('create', 'other@example.com')), '429 429', 'another');
    is(http_wait($slow)->status, 201, 'it was made');
    is(create('create', 'other@example.com')->status, 201, 'now the other');
};


subtest 'changes' => sub {
    again();

    my $user = '/users/bots@example.com';

    is(api(PATCH => $user, { first_name => 'A', anything => 1 })->status, 204,
       'what Zoom does not know it takes');
    is(said(api(PATCH => $user, $_)), '400 300', 'but not that')
        for { first_name => 'x' x 65 }, { display_name => 'x' x 129 },
            { type => 9 }, { last_name => [] };
};


subtest 'pages' => sub {
    again({ bots => 700 });

    my ($n, @all) = pages('/users?page_size=300', 'users');

    is("$n " . @all, '3 704', 'of three hundred');
    is(scalar(grep { $_->{email} =~ /other|third/ } @all), 0,
       'nobody of others');

    my %seen = map { $_->{id} => 1 } @all;

    is(scalar keys %seen, 704, 'each once');
    is(api(GET => '/users?page_size=9999')->json->{page_size}, 2000,
       'of two thousand at most');

    my $token = api(GET => '/users')->json->{next_page_token};
    $token =~ s/=/%3D/g;
    is(api(GET => "/users?next_page_token=$token")->status, 200, 'in time');
    $zoom->control({ page_token_life => 0 });
    ok(wait_for(sub {
        said(api(GET => "/users?next_page_token=$token")) eq '400 300';
    }), 'and too late');
};


subtest 'groups' => sub {
    again({ bots => 5 },
          { group => { name => 'Bots', members => [
              map { sprintf 'bot%04d@example.com', $_ } 1 .. 5
          ] } }, { group => { name => 'Empty', members => [] } });

    my @groups = @{ api(GET => '/groups')->json->{groups} };

    is(join(' ', map { "$_->{name}:$_->{total_members}" } @groups),
       'Bots:5 Empty:0', 'listed');

    my ($n, @members) = pages("/groups/$groups[0]{id}/members?page_size=2",
                              'members');

    is("$n " . @members, '3 5', 'members in pages');
    is($members[4]{email}, 'bot0005@example.com', 'with e-mails');
    is_deeply(api(GET => "/groups/$groups[1]{id}/members")->json->{members},
              [], 'or none');
    is(said(api(GET => '/groups/nothing/members')), '404 4130', 'no group');

    $zoom->control({ delete_user => 'bot0003@example.com' });
    ($n, @members) = pages("/groups/$groups[0]{id}/members?page_size=2",
                           'members');
    is(scalar @members, 4, 'nobody who is gone');

    $zoom->control({ scopes => ['user:read:list_users:admin'] });
    is(said(api(GET => '/groups')), '400 4711', 'with a scope of their own');
};


$t->finish;
