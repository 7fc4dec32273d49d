#!/usr/bin/perl

# The breaker holds for every way to Zoom: while Zoom says 503 with Retry-After
# any number of clients, and any kind of request of a script, cost it one
# request, and what works goes on.

use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom->control({ account => { all_scopes => 1 } });

my %ask = (
    get   => 'zoom.request{ path = "/rooms" }',
    post  => 'zoom.request{ path = "/rooms", method = "POST", body = {} }',
    pages => 'zoom.pages{ path = "/rooms" }()',
    hasty => 'zoom.request{ path = "/rooms", timeout = 0.3 }',
);

mkdir $t->dir . '/lua', 0755;

spew($t->dir . "/lua/$_.lua", <<"EOL") for keys %ask;
return function(bot)
    local got, err, info = $ask{$_}
    return nil, got and "got " .. tostring(got.status)
                or err .. " " .. tostring(info and info.retry_after)
end
EOL

my $locations = join '', map { <<"EOC" } sort keys %ask;
        location = /$_ {
            zoom_tokens             acme;
            zoom_route_by_lua_file  %{dir}/lua/$_.lua;
        }
EOC

# By those that wait for what Zoom has to say.
my @patient = qw(get pages post);

my %conf = (
    lua       => 1,
    reuseport => 1,
    account   => { plan => 'business' },
    http      => 'zoom_lua_allow  request;',
    locations => <<"EOC");
        zoom_authenticate  off;
        zoom_allow_user    *;

        $locations

        location = /zak {
            zoom_tokens     acme;
            zoom_user       bots\@example.com;
            zoom_reuse      0;
            zoom_use_stale  off;
        }
EOC

my $nginx = $t->nginx(%conf);


sub start {
    return http_start(port => $t->port, path => "/$_[0]");
}


# Why the last routes were refused, which is what the scripts have to say.
sub reasons {
    my %n;

    # the first of a kind has advice behind it
    $n{$_}++ for $nginx->error_log
                 =~ /the route is refused: (.*?)(?:; if the caller|, client: )/g;
    return %n;
}


sub keep_asking {
    my ($clients, $seconds, @paths) = @_;
    my $end = time + $seconds;
    my (@all, $n);

    @paths = @patient if !@paths;

    while (time < $end) {
        push @all, http_wait(map { start($paths[$n++ % @paths]) }
                             1 .. $clients);
        sleep 0.02;
    }

    return @all;
}


sub outage {
    my ($after) = @_;

    $zoom->control({ match => 'api', mode => '503', retry_after => "$after",
                     path => '/v2/rooms' });
}


subtest '503 with Retry-After: 30' => sub {
    outage(30);

    my @all = keep_asking(50, 4);

    cmp_ok(scalar @all, '>', 100, scalar(@all) . ' callbacks');
    is($zoom->count(qw(misbehaved 503)), 1, 'one request to Zoom');
    is(scalar(grep { $_->status != 403 } @all), 0, 'all scripts come back');

    my %said = reasons();
    my ($waits) = grep { /^zoom_unavailable [23]\d$/ } keys %said;

    ok($waits, 'they are told when to come again') or diag(explain(\%said));

    my @lines = $nginx->error_log =~ /\[error\].*"acme": no answer to a .*/g;

    is(scalar @lines, 1, 'the log says it once') or diag("@lines");
    like($lines[0], qr/\(zoom_unavailable\): Zoom answered 503/, 'and why');
};


subtest 'what Zoom still does' => sub {
    is(http_wait(start('zak'))->status, 200, 'goes on');
};


subtest '503 to mints' => sub {
    $zoom->control({ match => 'token', mode => '503', retry_after => '30' });

    my $before = $zoom->count(qw(misbehaved 503));
    my @all = keep_asking(50, 4, 'zak');

    cmp_ok(scalar @all, '>', 100, scalar(@all) . ' callbacks');
    is($zoom->count(qw(misbehaved 503)) - $before, 1, 'one request to Zoom');
    is(scalar(grep { $_->status != 503 || !$_->header('Retry-After') } @all),
       0, 'all are told when to come again');
};


subtest 'the end' => sub {
    # Whoever reloads has mended something, and what failed is forgiven.
    $t->reload(%conf);

    $zoom->control({ clear => 1 });
    outage(2);

    # Scripts have more time than that, and one of them asks again.
    my $before = $zoom->count(qw(misbehaved 503));
    my $start = time;

    keep_asking(20, 1);

    my $n = $zoom->count(qw(misbehaved 503)) - $before;

    cmp_ok($n, '>=', 1, 'Zoom is asked');
    cmp_ok($n, '<=', 1 + (time - $start) / 2, "no more often than it wants");

    $zoom->control({ clear => 1 });

    $start = time;
    my $got = sub { my %said = reasons(); $said{'got 200'} };

    ok(wait_for(sub { http_wait(start('get')); $got->() }, 6),
       'it works again');
    cmp_ok(time - $start, '<', 4.5, 'after the time that Zoom has named');
};


subtest 'a page instead of an answer' => sub {
    # What stands before Zoom's API dislikes what one script asks for.
    $t->reload(%conf);

    for my $status (400, 403, 404, 414) {
        $zoom->control({ clear => 1 });
        $zoom->control({ match => 'api', mode => 'html', path => '/v2/rooms',
                         status => $status });

        my $before = $zoom->count(qw(misbehaved html));
        my %was = reasons();

        http_wait(map { start($_) } @patient) for 1 .. 4;

        my %said = reasons();

        is($zoom->count(qw(misbehaved html)) - $before, 12,
           "$status comes once a request");
        is(($said{"got $status"} // 0) - ($was{"got $status"} // 0), 8,
           'and is what the script gets');
    }
};


subtest 'a path that is always 401' => sub {
    # That is renewed for in vain, which is not to space out those of mints.
    $t->reload(%conf);

    $zoom->control({ clear => 1 });
    $zoom->control({ match => 'api', mode => 'answer', path => '/v2/rooms',
                     status => 401, body => '{"code":124,"message":"No."}' });

    my $before = $zoom->oauth_calls;

    ok(wait_for(sub { http_wait(start('get'));
                      $zoom->oauth_calls - $before >= 3 }, 25), 'is renewed');

    $zoom->control({ revoke => 1 });
    ok(wait_for(sub { http_wait(start('zak'))->status == 200 }, 8),
       'but what was revoked is soon replaced');
};


# Zoom is back, but slow: who does not wait for it learns nothing of that, and
# many of those must not keep away the one that would.
subtest 'who has no time' => sub {
    $t->reload(%conf);

    $zoom->control({ clear => 1 });
    $zoom->control({ match => 'api', mode => '503', path => '/v2/rooms' });
    keep_asking(10, 1);

    $zoom->control({ clear => 1 });
    $zoom->control({ match => 'api', mode => 'delay', ms => 600 });

    my %was = reasons();
    my $start = time;
    my $over = $t->dir . '/over';
    my $pid = fork // die "fork: $!";

    # more than one of them is there whenever a probe is due
    if ($pid == 0) {
        http_wait(map { start('hasty') } 1 .. 30)
            while !-e $over && time < $start + 7;
        POSIX::_exit(0);
    }

    my %said;

    do {
        http_wait(start('get'));
        %said = reasons();
    } until ($said{'got 200'} // 0) > ($was{'got 200'} // 0)
            || time > $start + 7;

    cmp_ok(time - $start, '<', 7, 'do not keep others from finding out');
    spew($over, '');
    waitpid $pid, 0;
    is(($said{'got 200'} // 0) - ($was{'got 200'} // 0), 1, 'that it works');
};


# The other way round: where all have little time one of them is let through.
subtest 'nobody has' => sub {
    $t->reload(%conf);

    $zoom->control({ clear => 1 });
    $zoom->control({ match => 'api', mode => '503', path => '/v2/rooms' });
    keep_asking(10, 1);

    $zoom->control({ clear => 1 });

    my %was = reasons();
    my $got = sub {
        my %said = reasons();

        return ($said{'got 200'} // 0) > ($was{'got 200'} // 0);
    };

    ok(wait_for(sub { http_wait(start('hasty')); $got->() }, 10),
       'but Zoom is quick, and one finds out');
};


$t->finish;
