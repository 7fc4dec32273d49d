#!/usr/bin/perl

# Grants of users in Redis: a user who has connected at one host is connected at
# all, one of them refreshes, none writes over what came later, and nothing is
# lost when the store is away.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Zoom::Event qw(event);
use Zoom::Fleet;
use Zoom::Grants;
use Zoom::Test;

my $t = Zoom::Test->new;

plan skip_all => Zoom::Fleet->missing if Zoom::Fleet->missing;

my $zoom = $t->zoom;
my $fleet = Zoom::Fleet->new($t, arguments => ['--appendonly', 'yes',
                                               '--appendfsync', 'always']);
my $grants = Zoom::Grants->new($t, fleet => $fleet);
my $alice = 'alice@other.example';
my $bob = 'bob@other.example';
my $carol = 'carol@third.example';

$t->secret_file(hook => 'CANARYhook' . Zoom::Test::random_name(6));
$t->canary(hook => $t->secret('hook'));
$t->allow(qr/exited on signal 9/);

my %account = (webhook_secret => 'file:%{hook}');

my $locations = <<'EOC';
        zoom_authenticate  off;
        zoom_allow_user    *;
        zoom_reuse         0;
        zoom_use_stale     off;
        zoom_timeout       4s;

        location = /zak        { zoom_tokens users; zoom_user $arg_user; }
        location = /connected  { zoom_connected users; }
        location = /grants     { zoom_grants users; }
        location = /health     { zoom_health users; }
        location = /status     { zoom_status; }
        location = /purge      { zoom_purge users; }
        location = /hook       { zoom_webhook users; }
        location = /disconnect {
            zoom_disconnect    users;
            zoom_authenticate  header=X-Key file:%{header};
        }
EOC


sub host {
    my ($store, %o) = @_;

    return $t->nginx(account => 0, locations => $locations, reuseport => 1,
                     level => 'notice',
                     http => $store . $grants->account('users', %account), %o);
}

# The first has the page that begins it.
my @hosts = ($t->nginx(account => 0, locations => $locations, reuseport => 1,
                       level => 'notice',
                       http => $grants->conf('users', '', %account)),
             map { host($fleet->conf) } 1 .. 2);


sub start {
    my ($host, $user) = @_;

    return http_start(port => $hosts[$host]->port, path => "/zak?user=$user");
}


sub answer {
    my ($r) = @_;

    return $r->status == 200 ? 'token'
                             : eval { $r->json->{error} } // $r->status;
}


sub zak { return answer(http_wait(start(@_))) }


sub get {
    my ($host, $path, %o) = @_;

    return http(port => $hosts[$host]->port, path => $path,
                headers => [Accept => 'application/json'], %o);
}


sub refreshed { return $zoom->count('grants', 'refreshed') // 0 }


# No host has an access token of anybody's, soon: others hear of it a moment
# later.  It is not to be had twice in a second.
sub purge {
    my ($host) = @_;

    ok(wait_for(sub {
        get($host // 0, '/purge', method => 'POST')->status == 200;
    }, 10), 'purged');
}


# Both workers of the host have the store: without it a purge is one of this
# host's alone.
sub reached {
    my ($host) = @_;
    my %pid;

    wait_for(sub {
        my $r = get($host, '/grants');

        $pid{ $r->header('X-Pid') } = 1 if $r->status == 200;
        return 2 == keys %pid;
    }, 20, 'the store at both workers');
}


# The grants that there are, as soon as a worker of that host's has the store.
sub list {
    my ($host) = @_;
    my $r;

    wait_for(sub { ($r = get($host, '/grants'))->status == 200 }, 10, 'a list');

    return @{ $r->json->{grants} };
}


sub active {
    my ($host) = @_;

    return scalar grep { $_->{state} eq 'active' } list($host);
}


# Of a grant that somebody refreshes: its key, and who does until when.
sub turns {
    my %turn;

    for my $key ($fleet->keys_like('zoom:grant:*')) {
        my $l = $fleet->command('HGET', $key, 'l');

        $turn{$key} = $l if defined $l;
    }

    return %turn;
}


# Its time is over.
sub lapse {
    my ($key, $turn) = %{ { turns() } };

    $turn =~ s/ \d+$/ 1/;
    $fleet->command('HSET', $key, 'l', $turn);
    $fleet->command('DEL', $_) for $fleet->keys_like('zoom:claim:*');
}


subtest 'connected at one, and at all' => sub {
    is($grants->connect('owner1', user => $alice)->status, 200, 'one connects');
    is(zak($_, 'owner1'), 'token', 'by the alias') for 0 .. 2;
    is(zak($_, $alice), 'token', 'by the e-mail') for 0 .. 2;

    my $browser = $grants->start('owner2');
    my $path = $grants->back($browser, user => $bob);
    my $r = http(port => $hosts[2]->port, path => $path,
                 headers => [Cookie => $browser->{cookie}]);

    is($r->status, 200, 'another one comes back to another host')
        or diag($r->body);
    is(zak($_, 'owner2'), 'token', 'who is served') for 0 .. 2;

    my @lists = map { [list($_)] } 0 .. 2;

    is_deeply([sort map { $_->{email} } @{ $lists[0] }], [$alice, $bob],
              'the list');
    is_deeply($lists[$_], $lists[0], 'the same on all') for 1, 2;
    is_deeply([map { @{ $_->{aliases} } }
               sort { $a->{email} cmp $b->{email} } @{ $lists[0] }],
              [qw(owner1 owner2)], 'with aliases');
};


subtest 'two hosts at once: one refresh' => sub {
    for (1 .. 3) {
        purge($_ % 3);

        my $n = refreshed();
        my @calls = map { my $host = $_; map { start($host, 'owner1') } 1 .. 20 }
                    0 .. 2;

        http_wait(@calls);
        is(scalar(grep { answer($_) eq 'token' } @calls), 60,
           'all are answered');

        # What one brings that has not heard of the purge yet is not for others.
        cmp_ok(refreshed() - $n, '<=', 2, 'by one refresh, or two');
    }

    # A grant that no host has an access token of, and hosts that came after the
    # news of it: there is none that they hear of late.
    is($grants->connect('owner3', user => $carol)->status, 200, 'a new one');
    push @hosts, map { host($fleet->conf) } 1 .. 2;

    my $n = refreshed();
    my @calls = map { start($_, 'owner3') } (3, 4) x 10;

    http_wait(@calls);
    is(scalar(grep { answer($_) eq 'token' } @calls), 20, 'is served');
    is(refreshed() - $n, 1, 'by one refresh');
    ok($_->quit, 'one leaves') for splice @hosts, 3;
};


subtest 'access tokens of two seconds' => sub {
    my ($n, $bad) = (0, 0);
    my $before = refreshed();

    $zoom->control({ user_oauth => { expires_in => 2, reuse_revokes => 1 } });
    purge();

    my $began = time;

    while (time - $began < 10) {
        my @calls = map { start($_ % 3, "owner$_") } 1 .. 3, 1 .. 3;

        http_wait(@calls);
        $n += @calls;
        $bad += grep { answer($_) ne 'token' } @calls;
    }

    is($bad, 0, "all of $n are answered");
    cmp_ok(refreshed() - $before, '>=', 10, 'with many refreshes');
    is(active(1), 3, 'no grant is lost');
    $zoom->control({ user_oauth => { expires_in => 3600,
                                     reuse_revokes => 0 } });
};


subtest 'a host dies while it refreshes' => sub {
    purge(2);
    $zoom->control({ pause => ['arrived', 1] });

    my $lost = start(2, 'owner1');

    wait_for(sub { turns() }, 10, 'its turn');
    wait_for(sub { $zoom->count('paused', 'arrived') }, 10, 'Zoom');
    kill 'KILL', $hosts[2]->pid, $hosts[2]->workers;
    $zoom->control({ release => 'drop' });

    my $n = refreshed();

    is(zak(0, 'owner1'), 'timeout', 'it is not known what Zoom did');
    is(refreshed(), $n, 'so others wait');
    is(zak(0, 'owner2'), 'token', 'only for that grant');

    lapse();
    is(wait_for(sub { my $is = zak(1, 'owner1'); $is eq 'token' && $is }, 20),
       'token', 'until its time is over');
    is(active(1), 3, 'nothing is lost');
    $hosts[2] = host($fleet->conf);
    is(zak(2, 'owner1'), 'token', 'a new host in its place');
};


subtest 'who comes too late' => sub {
    $zoom->control({ user_oauth => { grace => 60 } });
    purge(0);

    my $paused = $zoom->count('paused', 'rotated') // 0;

    $zoom->control({ pause => ['rotated', 1] });

    my $late = start(0, 'owner2');

    wait_for(sub { ($zoom->count('paused', 'rotated') // 0) > $paused }, 10,
             'Zoom');

    my ($key) = my %turn = turns();

    lapse();
    is(zak(1, 'owner2'), 'token', 'another host has refreshed it');

    my $token = $fleet->command('HGET', $key, 't');

    $zoom->control({ release => 'go' });
    http_wait($late);
    is($fleet->command('HGET', $key, 't'), $token, 'what that stored stays');
    is(wait_for(sub { my $is = zak(0, 'owner2'); $is eq 'token' && $is }, 10),
       'token', 'and the late one has its token, too');
    $zoom->control({ user_oauth => { grace => 0 } });
    purge();
    is(zak($_, 'owner2'), 'token', 'the grant is good') for 0 .. 2;
};


subtest 'the store is away' => sub {
    my $known = zak(0, 'owner1');

    is($known, 'token', 'one is known');
    $fleet->stop_it('KILL');
    ok(wait_for(sub { 3 == grep { $_->error_log =~ /is away/ } @hosts }, 10),
       'the log is told');

    is(zak(0, 'owner1'), 'token', 'who is known goes on');

    my $r = $grants->connect('owner4', user => $carol);

    is($r->status, 503, 'nobody connects');
    ok($r->header('Retry-After'), 'and is told when to try again');
    is($r->json->{error}, 'store_unavailable', 'and why');
    is(get(0, '/grants')->status, 503, 'there is no list');
    is(zak(0, 'nobody'), 'store_unavailable', 'nor is anybody found');

    $fleet->start;
    ok(wait_for(sub { zak(0, 'nobody') eq 'not_connected'
                      && zak(1, 'owner2') eq 'token' }, 15), 'it is back');
    reached($_) for 0 .. 2;
    is(active(1), 3, 'with all it had');
};


subtest 'a rotation that can not be stored' => sub {
    purge(0);

    my $paused = $zoom->count('paused', 'rotated');

    $zoom->control({ pause => ['rotated', 1] });

    my $call = start(0, 'owner1');

    wait_for(sub { $zoom->count('paused', 'rotated') > $paused }, 10, 'Zoom');
    kill 'STOP', $fleet->pid;
    $zoom->control({ release => 'go' });

    http_wait($call);
    is(answer($call), 'store_unavailable', 'is not handed out');

    my $n = refreshed();

    kill 'CONT', $fleet->pid;

    ok(wait_for(sub { zak(1, 'owner1') eq 'token' }, 20),
       'but kept, and stored when the store is back');
    ok(wait_for(sub { zak(0, 'owner1') eq 'token' }, 20), 'and all have it');
    cmp_ok(refreshed() - $n, '<=', 1, 'Zoom was not asked again and again');
    is(active(1), 3, 'no grant is lost');
};


subtest 'a grant that is over' => sub {
    $zoom->control({ deauthorize => { user => $carol } });

    my ($row) = grep { $_->{email} eq $carol } list(0);
    my $r = http(port => $hosts[1]->port, path => '/hook',
                 event('app_deauthorized',
                       { user_id => $row->{user},
                         client_id => $t->secret('users_id') },
                       secret => $t->secret('hook')));

    is($r->status, 204, 'one host hears of it');
    ok(wait_for(sub { 3 == grep { zak($_, 'owner3') eq 'grant_expired' }
                           0 .. 2 }, 10), 'and all know');
    is($grants->connect('owner3', user => $carol)->status, 200,
       'the user connects again');
    ok(wait_for(sub { 3 == grep { zak($_, 'owner3') eq 'token' } 0 .. 2 }, 10),
       'which all know');

    $r = http(port => $hosts[2]->port, path => '/disconnect?user=owner3',
              body => '', headers => ['X-Key' => $t->secret('header')]);
    is($r->status, 204, 'and is disconnected by one');
    ok(wait_for(sub { 3 == grep { zak($_, 'owner3') eq 'not_connected' }
                           0 .. 2 }, 10), 'everywhere');
    is(active(0), 2, 'two are left');
};


subtest 'an alias moves' => sub {
    is($grants->connect('owner2', user => $alice)->status, 200,
       'to another user');

    my %alias = map { $_->{email} => $_->{aliases} } list(1);

    is_deeply(\%alias, { $alice => [qw(owner1 owner2)], $bob => [] },
              'and is nobody else\'s');

    # a worker that has lost the store may not have found it again
    for my $host (0 .. 2) {
        ok(wait_for(sub { zak($host, $bob) ne 'store_unavailable' }, 10),
           'the store is there');
        is(zak($host, $bob), 'token', 'who is known by his e-mail');
    }
};


subtest 'another key' => sub {
    $t->secret_file(new_key => do {
        require MIME::Base64;
        MIME::Base64::encode_base64('n' x 32, '');
    });

    my $port = $fleet->port;
    my $new = host("zoom_store redis://127.0.0.1:$port timeout=2s "
                   . "key=file:%{new_key} key=file:%{store_key};\n");

    push @hosts, $new;
    is(zak(3, $_), 'token', "$_ is opened with the second") for $alice, $bob;
    ok(wait_for(sub {
        $new->error_log =~ /needs\ its\ first\ key\ alone:\ 2\ grants\ were
                            \ sealed\ with\ another\ one/x
    }, 10), 'all are sealed with the first');

    # A host that has not heard of it.
    purge(0);
    is(zak(0, $alice), 'store_unavailable', 'by a host without that key alone');
    like($hosts[0]->error_log,
         qr/has a grant that none of the keys opens: give/, 'what to do');

    # as it should have been done
    my $both = "zoom_store redis://127.0.0.1:$port timeout=2s "
               . "key=file:%{new_key};\n";

    push @hosts, host($both);
    is(zak(4, $_), 'token', 'the new key will do') for $alice, 'owner1', $bob;
    is(active(4), 2, 'for the list, too');
};


subtest 'what the store holds' => sub {
    is(join(' ', $fleet->beyond_acl), '', 'the ACL of docs/fleet.md suffices');

    my @keys = $fleet->keys_like('*');
    my @hashes = grep { $fleet->command('TYPE', $_) eq 'hash' } @keys;
    my $all = join "\n", @keys, map { @{ $fleet->command('HGETALL', $_) } }
                                @hashes;
    my @seen = grep { index($all, substr $_, -40) >= 0 } $zoom->issued;

    is(scalar @seen, 0, 'no token in clear');
    unlike($all, qr/example|owner\d/, 'no name');
    is(join(' ', sort map { /^zoom:(\w+)/ } grep {
            $fleet->command('PTTL', $_) == -1
        } @keys), 'counts grant grant grants name name name name name name',
       'grants stay, and nothing else');

    my $status;

    ok(wait_for(sub { $status = get(4, '/status')->json;
                      ($status->{accounts}{users}{grants}{active} // 0) == 2
               }, 5), 'the status page counts them')
        or diag(explain($status->{accounts}));
};

$t->finish;
