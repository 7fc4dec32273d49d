#!/usr/bin/perl

# Zoom's rate limits: kept over all workers, obeyed where others spend them,
# and told to callers as they are.

use strict;
use warnings;

use List::Util qw(max min sum);
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Stub;
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;

# Under a sanitizer not everybody is on time.
my $late = $ENV{ZOOM_ASAN} ? 3 : 0;

# Zoom across an ocean: a connection takes a while.
my $far = Zoom::Stub->proxy(log => $t->dir . '/far', to => $zoom->tls,
                            delay => 0.4);

# One Zoom account each, so that none spends the limits of another.
my %account = (
    free  => { plan => 'free' },
    pro   => { plan => 'pro' },
    half  => { plan => 'pro', share => '50%' },
    rated => { rate => 'light=10r/s' },
    dry   => { rate => 'light=2r/s', dry_run => 'on' },
    daily => { rate => 'light=50r/s day=5' },
    far   => { plan => 'pro', proxy => 'http://127.0.0.1:' . $far->port },
    map { ($_ => { plan => 'pro' }) }
        qw(seconds date iso none clamped stormy slow),
);

my %timeout = (free => 3, dry => 3, clamped => 6);


sub apps {
    return map {
        { app => { account_id => "$_-id", client_id => "$_-client" } }
    } sort keys %account;
}


sub cold {
    my (@commands) = @_;

    $zoom->control({ reset => 1 }, apps(), { bots => 200 }, @commands);

    my $http = join '', map {
        $t->account($_, account_id => "$_-id", client_id => "$_-client",
                    %{ $account{$_} })
    } sort keys %account;

    my $locations = join '', map { <<"EOC" } sort keys %account;
        location = /$_ {
            zoom_tokens        $_;
            zoom_authenticate  off;
            zoom_user          \$arg_user;
            zoom_allow_user    *;
            zoom_timeout       @{[ $timeout{$_} // 12 ]}s;
        }
EOC

    $locations .= <<'EOC';
        location = /status { zoom_status; zoom_authenticate off; }
EOC

    return $t->nginx(http => $http, locations => $locations, reuseport => 1);
}


sub bot { return sprintf 'bot%04d@example.com', $_[0] }


sub call {
    my ($account, $n) = @_;

    return http_start(port => $t->port,
                      path => "/$account?user=" . bot($n));
}


sub statuses {
    my %n;

    $n{ $_->status }++ for @_;
    return join ' ', map { "$_:$n{$_}" } sort keys %n;
}


sub of_status {
    my ($status, @calls) = @_;

    return grep { $_->status == $status } @calls;
}


# When Zoom was asked for these users, in the order in which it was.
sub asked {
    my %wanted = map { bot($_) => 1 } @_;

    return grep { $wanted{ $_->[1] } } map {
        my ($user) = $_->[1] =~ m{/users/([^/]+)/token};

        $user =~ s/%40/@/;
        [$_->[0], $user];
    } $zoom->arrivals('token');
}


sub gaps {
    my @times = map { $_->[0] } @_;

    return map { $times[$_] - $times[$_ - 1] } 1 .. $#times;
}


# The $zoom_limit_status of what was asked of an account, and how often.
sub limits {
    my ($account, $n) = @_;
    my (@lines, %n);

    wait_for(sub {
        @lines = grep { $_->{uri} eq "/$account" } $t->{nginx}[-1]->access_log;
        @lines >= $n;
    }, 5);

    $n{ $_->{zoom_limit_status} }++ for @lines;
    return \%n;
}


sub refused { return $zoom->count('limited', 'Light', 'QPS') }


my $nginx = cold({ plan => 'free' });

# Access tokens are fetched at start; they are not what this is about.
wait_for(sub { $zoom->oauth_calls >= 1 + keys %account }, 10, 'tokens');
sleep 0.1 while $zoom->count(qw(concurrency oauth now));


subtest 'what does not fit is refused at once' => sub {
    my $start = time;
    my @calls = map { call('free', $_) } 1 .. 40;

    http_wait(@calls);

    my @served = of_status(200, @calls);
    my @refused = of_status(503, @calls);

    is(@served + @refused, 40, 'everybody is told');
    cmp_ok(scalar @served, '>=', 9, 'as many are served as fit into 3 s');
    cmp_ok(scalar @served, '<=', 12, 'and no more');
    cmp_ok(max(map { $_->took } @served), '<', 3.5, 'in their time');
    cmp_ok(max(map { $_->took } @refused), '<', 1, 'the others hear at once');
    is_deeply([grep { $_->json->{error} ne 'rate_limited' } @refused], [],
              'why');

    my @asked = asked(1 .. 40);
    my @gaps = gaps(@asked);

    cmp_ok(sum(@gaps) / @gaps, '>', 0.245, 'Zoom is asked evenly');

    # A busy machine makes a request late, and the gap behind it short, but
    # none early; the clock of Zoom's stand-in may be a little behind.
    cmp_ok(min(map { $asked[$_][0] - $start - 0.245 * $_ } 0 .. $#asked),
           '>', -0.1, 'never before its turn');
    is(refused(), 0, 'and has nothing to refuse');

    my $limits = limits('free', 40);

    is($limits->{PASSED}, 1, 'one could go at once');
    is($limits->{DELAYED}, @served - 1, 'those who waited are known');
    is($limits->{REJECTED}, @refused, 'and those who were sent away');
};


# Under a sanitizer on a busy machine Zoom's window and ours drift apart.
my $slow = $ENV{ZOOM_ASAN} && 'a sanitizer does not keep time';


subtest 'first come, first served' => sub {
    plan(skip_all => $slow) if $slow;

    my @calls = map { call('free', $_) } 51 .. 58;
    my %order = map { $calls[$_]{path} => $_ } 0 .. $#calls;

    http_wait(@calls);

    my %pid = map { ($_->{path} =~ /user=(.*)/ => $_->header('X-Pid')) }
              @calls;
    my (%last, $wrong);

    # two that a busy machine sends together may arrive in any order
    for (asked(51 .. 58)) {
        my ($at, $user) = @$_;
        my $pid = $pid{$user};
        my $n = $order{"/free?user=$user"};
        my $last = $last{$pid} // [0, 0];

        $wrong++ if $n < $last->[1] && $at - $last->[0] > 0.1;
        $last{$pid} = [$at, $n];
    }

    is(statuses(@calls), '200:8', 'all fit');
    is($wrong // 0, 0, 'in their order');
    is(refused(), 0, 'no 429');
};


subtest 'a truthful Retry-After' => sub {
    plan(skip_all => $slow) if $slow;

    my @crowd = map { call('free', $_) } 61 .. 90;
    my ($r) = of_status(503, http_wait(@crowd));
    my $after = $r->header('Retry-After');

    cmp_ok($after, '>=', 1, 'is there');
    cmp_ok($after, '<=', 5, 'and no longer than what is before us');
    sleep max(0, $after - (time - $r->{started}));
    $r = http_wait(call('free', 99));
    is($r->status, 200, 'who comes back then is served');
    is(refused(), 0, 'no 429');
};


subtest 'a day' => sub {
    $zoom->control({ plan => 'off' });

    my $now = time;
    my @calls = http_wait(map { call('daily', $_) } 101 .. 108);
    my ($r) = of_status(503, @calls);

    is(statuses(@calls), '200:5 503:3', 'has so many requests');
    cmp_ok(abs($now % 86400 + $r->header('Retry-After') - 86400), '<', 5,
           'the next day brings more')
        if $now % 86400 < 86390;
};


subtest 'dry run' => sub {
    my @calls = http_wait(map { call('dry', $_) } 111 .. 120);
    my $limits = limits('dry', 10);

    is(statuses(@calls), '200:10', 'nobody is refused');
    cmp_ok(max(map { $_->took } @calls), '<', 1.5, 'or delayed');
    is($limits->{PASSED}, 1, 'one would have passed');
    cmp_ok($limits->{DELAYED_DRY_RUN}, '>=', 2, 'some waited');
    cmp_ok($limits->{REJECTED_DRY_RUN}, '>=', 4, 'and some been refused');
    like($nginx->error_log, qr/"dry": limiting requests, dry run/,
         'the log tells so');

    # A refusal of Zoom's is real: no hot loop.
    $zoom->control({ match => 'token', mode => '429', path => 'bot0121' });
    my $calls = $zoom->token_calls;
    my $r = http_wait(call('dry', 121));

    is($r->status, 503, 'Zoom itself may refuse');
    cmp_ok($zoom->token_calls - $calls, '<=', 3, 'and is left alone then');
    $zoom->control({ clear => 1 });
};


subtest 'many users on plan pro' => sub {
    $zoom->control({ plan => 'pro' });

    # The others spend limits of their own meanwhile.
    my @pro   = map { call('pro', $_) } 1 .. 110;
    my @half  = map { call('half', $_) } 111 .. 150;
    my @rated = map { call('rated', $_) } 151 .. 180;

    my $start = time;
    my @calls = http_wait(@pro, @half, @rated);
    my %pids = map { $_->header('X-Pid') => 1 } @calls;

    is(statuses(@calls), '200:180', 'all are served');
    is(scalar keys %pids, 2, 'by both workers');
    cmp_ok(refused(), '<=', $late, 'and none refused by Zoom');
    cmp_ok(time - $start, '<', 8, 'without more delay than needed');

    my @share = asked(111 .. 150);
    my @own = asked(151 .. 180);

    cmp_ok($share[-1][0] - $share[0][0], '>', 39 * 0.065, 'a share is kept');
    cmp_ok($own[-1][0] - $own[0][0], '>', 29 * 0.098, 'and a rate');
};


# What goes over new connections arrives later than what follows over the same
# ones: the first would come together with the next.
subtest 'handshakes take time' => sub {
    plan(skip_all => $slow) if $slow;

    $zoom->control({ plan => 'pro' });

    my $before = refused();
    my @calls = http_wait(map { call('far', $_) } 1 .. 90);

    is(statuses(@calls), '200:90', 'all are served');
    is(refused() - $before, 0, 'and none refused by Zoom');
};


subtest 'others spend the same budget' => sub {
    my %hint = (seconds => '3', date => 'date', iso => 'iso', none => undef);
    my %least = (seconds => 3, date => 4, iso => 4, none => 2);
    my %first = (seconds => 1, date => 11, iso => 21, none => 31);

    $zoom->control({ plan => 'off' }, { clear => 1 }, map {
        { match => 'token', mode => '429', times => 1,
          path => sprintf('bot%04d', $first{$_}),
          (defined $hint{$_} ? (retry_after => $hint{$_}) : ()) }
    } keys %hint);
    $zoom->control({ forget => 1 });

    my @first = map { call($_, $first{$_}) } sort keys %hint;

    # those who come now know that the label is closed
    wait_for(sub {
        $t->get('/status?format=prometheus')->body
            =~ /^zoom_rate_limited_total\{account="$_"\} 1$/m || return 0
            for keys %hint;
        return 1;
    }, 5, '429');

    my @others = map {
        my $form = $_;

        map { call($form, $first{$form} + $_) } 1 .. 3
    } sort keys %hint;

    http_wait(@first, @others);
    is(statuses(@first), '200:4', 'who was refused waits and is served');
    is(statuses(@others), '200:12', 'and the others with him');

    for my $form (sort keys %hint) {
        my ($refused, @then) = asked($first{$form} .. $first{$form} + 3);
        my $closed = min(map { $_->[0] } @then) - $refused->[0];

        cmp_ok($closed, '>=', $least{$form} - 0.1, "$form: nobody before");
        cmp_ok($closed, '<', $least{$form} + 2.5, "$form: nor much later");
    }
};


subtest 'refused all the time' => sub {
    $zoom->control({ clear => 1 },
                   { match => 'token', mode => '429', path => 'bot0039' });

    my $calls = $zoom->token_calls;
    my $r = http_wait(call('none', 39));

    is($r->status, 503, 'in the end the caller is told');
    cmp_ok($r->header('Retry-After'), '>=', 1, 'when to come again');

    $calls = $zoom->token_calls - $calls;
    cmp_ok($calls, '<=', 3, 'Zoom is asked ever more rarely');
    cmp_ok($calls, '>=', 2, 'but more than once');
    like($t->{nginx}[-1]->error_log,
         qr/\[error\].*rate_limited.*; see "plan" and "share" of/,
         'and the log says what to do');
    $zoom->control({ clear => 1 });
};


subtest 'a hint that is too long' => sub {
    $zoom->control({ clear => 1 },
                   { match => 'token', mode => '429', retry_after => '7200',
                     times => 1 });

    my $before = $zoom->count('misbehaved', '429');
    my $r = http_wait(call('clamped', 41));
    my $other = http_wait(call('clamped', 42));

    for ($r, $other) {
        is($_->status, 503, 'refused');
        cmp_ok($_->took, '<', 2, 'at once');
        cmp_ok($_->header('Retry-After'), '<=', 61, 'for a minute');
        cmp_ok($_->header('Retry-After'), '>=', 55, 'and not less');
    }

    is($zoom->count('misbehaved', '429') - $before, 1, 'Zoom was asked once');
    $zoom->control({ clear => 1 });
};


$t->over;


subtest 'a flight that nobody waits for' => sub {
    cold({ match => 'oauth', mode => 'delay', ms => 1500 });
    wait_for(sub { $zoom->clients('oauth') }, 5, 'an OAuth call');

    my @gone = map { call('free', $_) } 1 .. 20;
    my @here = map { call('free', $_) } 21 .. 22;

    # Let them arrive; nothing tells of it from outside.
    sleep 0.3;
    $_->abort for @gone;
    http_wait(@here);

    is(statuses(@here), '200:2', 'takes no slot from others');
    is($zoom->token_calls, 2, 'and is not flown');
};


$far->stop_it;
$t->finish;
