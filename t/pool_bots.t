#!/usr/bin/perl

# A crowd of bots over many meetings, from a pool of twelve, while nginx reloads
# and workers are killed: no user twice in a meeting, no lease beyond its time,
# and users as even as their weights.  BOTS is how many: 2,000 in 200 meetings.

use strict;
use warnings;

use Test::More;

use Zoom::Event qw(event);
use Zoom::Test;

my $bots = $ENV{BOTS} // 2000;
my $meetings = $bots / 10;
my $users = 12;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $secret = 'CANARYhook' . 'x' x 12;

$t->secret_file('hook', $secret);
$t->canary(hook => $secret);
$zoom->control({ bots => $users });

sub pool {
    my ($name, $weight, @more) = @_;

    return join "\n", "zoom_pool $name {", 'account acme;',
           map({ sprintf 'user bot%04d@example.com weight=%d;', $_,
                         $weight->($_) } 1 .. $users), @more, "}\n";
}

my %conf = (
    account   => { webhook_secret => 'file:%{hook}' },
    http      => "zoom_reuse 1h;\n"
                 . pool('bots', sub { 1 }, 'distinct $zoom_meeting_id 1h;')
                 . pool('weighted', sub { $_[0] % 3 + 1 }),
    locations => <<'EOC',
        location ~ ^/pool/(?<name>\w+)$ {
            zoom_tokens        acme;
            zoom_user          pool=$name;
            zoom_authenticate  off;
            add_header         X-User    $zoom_pool_user always;
            add_header         X-Status  $zoom_pool_status always;
        }
        location = /hook {
            zoom_webhook       acme;
        }
EOC
    reuseport => 1,
);

my $nginx = $t->nginx(%conf);


sub start_one {
    my ($pool, $meeting, $bot) = @_;

    return http_start(port => $t->port, path => "/pool/$pool?meeting_url="
        . "https://zoom.us/j/$meeting&bot_id=$bot");
}


my %token;

# All bots, some at a time; whoever gets no answer asks again, as platforms do.
# What each of [meeting, bot] got; "now and then" is called in between.
sub crowd {
    my ($pool, $now_and_then, @bots) = @_;
    my (%got, $n);

    while (@bots) {
        my @some = splice @bots, 0, 40;
        my @calls = map { start_one($pool, @$_) } @some;

        $now_and_then->(++$n) if $now_and_then;
        http_wait(@calls);

        for my $i (0 .. $#some) {
            my $call = $calls[$i];

            if ($call->error || $call->status == 499) {
                push @bots, $some[$i];
                next;
            }

            my $bot = join ' ', @{ $some[$i] };

            $got{$bot} = $call->status == 200 ? $call->header('X-User')
                                              : $call->status;
            $token{$bot} = $call->body;
        }
    }

    return \%got;
}


my @bots = map { [80000000000 + $_ % $meetings, "bot_$_"] } 0 .. $bots - 1;

my $got = crowd('bots', sub {
    my ($n) = @_;

    if ($n % 5 == 2) {
        kill 'HUP', $nginx->pid;

    } elsif ($n % 5 == 4) {
        my @workers = grep { !Zoom::Nginx::retired($_) } $nginx->workers;

        kill 'KILL', $workers[$n % @workers] if @workers;
    }
}, @bots);

my $killed = () = $nginx->error_log =~ /exited on signal 9/g;
cmp_ok($killed, '>=', 5, "$killed workers were killed");

my (%meeting, %of);

for (keys %$got) {
    my ($meeting, $bot) = split / /;

    push @{ $meeting{$meeting}{ $got->{$_} } }, $bot;
    $of{ $got->{$_} }++;
}

is(join(' ', grep { !/\@/ } keys %of), '', 'every bot has got a token');

my @twice = grep { my $m = $_; grep { @$_ > 1 } values %{ $meeting{$m} } }
            keys %meeting;
is("@twice", '', 'and no two of a meeting have the same user');

my @off = grep { abs($of{$_} * $users / $bots - 1) > 0.05 } keys %of;
is(join(' ', map { "$_:$of{$_}" } @off), '', 'all users have as many');

subtest 'Zoom throws nobody out' => sub {
    my %thrown;

    for my $bot (sort grep { /0[0-7] / } keys %$got) {
        my ($meeting) = split / /, $bot;
        my $joined = $zoom->join_meeting(meeting => "$meeting",
                                         zak => $token{$bot});

        $thrown{ $joined->{error} // @{ $joined->{thrown_out} // [] } }++;
    }

    is_deeply([keys %thrown], [0], 'of meetings with ten bots each');
};


# They ask once more: the same bot is the same user.
my $again = crowd('bots', undef, @bots[0 .. 79]);
my @changed = grep { $again->{$_} ne $got->{$_} } keys %$again;
is("@changed", '', 'and who asks again is who it was');


subtest 'no more than twelve' => sub {
    my ($meeting) = @{ $bots[0] };

    # ten are there
    my $more = crowd('bots', undef, map { [$meeting, "more_$_"] } 1 .. 5);
    my %n;

    $n{ /\@/ ? 'user' : $_ }++ for values %$more;
    is_deeply(\%n, { user => 2, 503 => 3 }, 'of five more two find one');
};


subtest 'when meetings end' => sub {
    my %ids = map { $_->[0] => 1 } @bots;

    for my $id (keys %ids) {
        http(port => $t->port, path => '/hook',
             event('meeting.ended', { object => { id => $id } },
                   secret => $secret));
    }

    my $next = crowd('bots', undef, map { [$_->[0], "next_$_->[1]"] }
                                    @bots[0 .. 119]);
    is(scalar(grep { !/\@/ } values %$next), 0, 'their users are free');
};


subtest 'weights' => sub {
    my (%n, $sum);

    my $got = crowd('weighted', sub {
        kill 'HUP', $nginx->pid if $_[0] % 5 == 2;
    }, map { [90000000000 + $_, "w_$_"] } 1 .. $bots);

    $n{$_}++ for values %$got;
    $sum += $_ % 3 + 1 for 1 .. $users;

    for my $i (1 .. $users) {
        my $is = $n{ sprintf 'bot%04d@example.com', $i } // 0;
        my $should = $bots * ($i % 3 + 1) / $sum;

        cmp_ok(abs($is - $should), '<=', $should * 0.05 + 1,
               "user $i: $is of $should");
    }
};

$t->allow(qr/\[alert\].*exited on signal 9/, qr/worker process died/);
$t->finish;
