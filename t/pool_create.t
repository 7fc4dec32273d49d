#!/usr/bin/perl

# "create" of a pool: users who are made through Zoom's API, and what becomes of
# the bots that become them.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

$zoom->control({ managed_domains => ['example.com'] },
               { users => [{ email => 'bot-2@example.com', id => 'IdOfBot2' },
                           { email  => 'bot-3@example.com', id => 'IdOfBot3',
                             status => 'inactive' },
                           { email  => 'bot-4@example.com', id => 'IdOfBot4',
                             status => 'pending' }] });

my $locations = <<'EOC';
        zoom_reuse 1h;

        location = /bots {
            zoom_tokens        acme;
            zoom_user          pool=bots;
            zoom_authenticate  off;
        }
EOC

sub configuration {
    my ($create) = @_;

    return (account   => { plan => 'business' },
            locations => $locations,
            http      => <<"EOC");
    zoom_pool bots {
        account  acme;
        create   $create;
        balance  round_robin;
    }
EOC
}

my $nginx = $t->nginx(configuration('bot-%d@example.com count=5'));


sub said {
    my ($words) = @_;

    return scalar(() = $nginx->error_log =~ /$words/g);
}

sub calls {
    my $of = $zoom->stats->{endpoints};

    return join ' ', map { $of->{$_}{calls} // 0 } qw(user_create user_get);
}

sub again {
    my ($create, $words, @commands) = @_;
    my $before = said($words);

    $zoom->control({ forget => 1 }, @commands);
    $t->reload(configuration($create));
    wait_for(sub { said($words) > $before }, 20, "$create: $words");
}


# Whom so many bots become.
sub become {
    my ($n) = @_;
    my %seen;

    for (1 .. $n) {
        my $r = $t->get('/bots?bot_id=b');

        $seen{ $r->status == 200 ? jwt_claims($r->body)->{uid}
                                 : $r->status . ' ' . $r->json->{error} }++;
    }

    return join ' ', map { "$_:$seen{$_}" } sort keys %seen;
}


subtest 'made, as far as they are not there' => sub {
    wait_for(sub { said(qr/all 5 users of "bot-%d\@example.com" are there, 2 /)
             }, 20, 'all are there');
    ok(said(qr/2 users of "bot-%d\@example.com" pending or inactive/),
       'two of no use');

    is(calls(), '5 3', 'each was tried once, and who was there looked at');
    is($zoom->stats->{created}{autoCreate}, 2, 'two were made');
    is(become(6), join(' ', map { "bot-$_\@example.com:2" } 1, 2, 5),
       'bots become who is active');
};


subtest 'not again' => sub {
    again('bot-%d@example.com count=6', qr/all 6 users of .* 1 of them/);
    is(calls(), '1 0', 'after a reload one more');

    $zoom->control({ forget => 1 });
    $nginx->kill_workers;
    $t->allow(qr/exited on signal 9/);
    again('bot-%d@example.com count=7', qr/all 7 users of .* 1 of them/);
    like(calls(), qr/^1 /, 'nor after the death of workers');
};


subtest 'whoever is active again' => sub {
    $zoom->control({ users => [{ email => 'bot-4@example.com',
                                 id    => 'IdOfBot4' }] });
    again('bot-%d@example.com count=7', qr/using the "epoll"/);
    wait_for(sub { become(6) =~ /bot-4\@/ }, 20, 'a bot becomes one');
    is(calls(), '0 2', 'those who were of no use were looked at');
};


subtest 'fewer' => sub {
    again('bot-%d@example.com count=1', qr/using the "epoll"/);
    is(become(3), 'bot-1@example.com:3', 'the others leave the pool');
    is($zoom->stats->{endpoints}{user_delete}{calls} // 0, 0,
       'and nobody is deleted');
};


subtest 'an invitation' => sub {
    again('guest-%d@example.com count=1 action=create',
          qr/1 user of "guest-%d\@example.com" pending/);
    is(become(1), '503 pool_exhausted:1', 'is not accepted yet');
    is($zoom->stats->{created}{create}, 1, 'but was sent');
};


subtest 'licences' => sub {
    for my $code (2033, 2034, 2038, 3412) {
        again("l$code-%d\@example.com count=3 type=licensed",
              qr/the licences are used up, .*code $code/,
              { licences_used_up => $code });
        is(calls(), '1 0', "$code: one try");
    }

    $nginx->kill_workers;
    $zoom->control({ licences_used_up => JSON::PP::false });

    again('l3412-%d@example.com count=3 type=licensed',
          qr/all 3 users of "l3412-%d/);
    is(calls(), '3 0', 'after a reload they are tried again');
    is(said(qr/the licences are used up/), 4, 'each was told once');
};


subtest 'refused' => sub {
    again('bot-%d@elsewhere.example count=2',
          qr/could not create user "bot-1\@elsewhere\.example" \(1 times\): /);
    ok(said(qr/code 300, .*a domain that the account manages/),
       'the log says what is needed');
    is(calls(), '1 0', 'one try, and a pause');

    again('x-%d@example.com count=2', qr/could not create user "x-1/,
          { match => 'user_create', mode => '500' });
    $zoom->control({ clear => 1 });
    is($zoom->stats->{endpoints}{user_create}{500}, 1,
       'what may have been done is not done twice');
    wait_for(sub { said(qr/all 2 users of "x-%d/) }, 25, 'after a pause');
};


subtest 'one at a time' => sub {
    again('y-%d@example.com count=8', qr/all 8 users of "y-%d/,
          { match => 'user_create', mode => 'delay', ms => 30 });
    is($zoom->stats->{concurrency}{user_create}{max}, 1, 'of all workers');
};


$t->allow(qr/could not create user|licences are used up|is exhausted/);
$t->allow(qr/are pending or inactive|leaves users pending/);
$t->finish;
