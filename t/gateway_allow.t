#!/usr/bin/perl

# What callers may do, all the way through: every endpoint that Zoom has
# published is asked for by callers with five kinds of rules, and by one on a
# user's behalf. What Zoom is asked is what the model of the rules permits, and
# nothing else.  ZOOM_SEED repeats a run.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use Zoom::Grants;
use Zoom::Rules;
use Zoom::Test;

my $seed = $ENV{ZOOM_SEED} // time ^ $$ << 8;

srand $seed;
note("ZOOM_SEED=$seed");

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);
my $model = Zoom::Rules->new;
my @rows = $model->rows;
my $rate = join '; rate ', map { "$_=100000r/s" }
           qw(light medium heavy resource);

is(scalar @rows, 1719, 'endpoints');


# Each row's path, its parameters told apart by numbers.
sub filled {
    my ($path) = @_;
    my $n = 70_000_000_000;

    return $path =~ s/\{.*?\}/$n++/ger;
}

$_->{filled} = filled($_->{path}) for @rows;


sub any { return $rows[rand @rows] }

my @templates = map { "$_->{method}:$_->{path}" } map { any() } 1 .. 25;
my @scopes = grep { defined } map { (@{ any()->{account} })[0] } 1 .. 25;

my %rules = (
    everything => ['*'],
    reader     => ['read'],
    writer     => ['write'],
    meetings   => ['meeting:read:*'],
    scopes     => \@scopes,
    paths      => \@templates,
    mixed      => ['write', 'user:read:*', $templates[0]],
    owner      => ['meeting:read:*', 'user:read:user'],
);

# Who asks on a user's behalf has another location.
my @callers = grep { $_ ne 'owner' } sort keys %rules;

sub quoted { return join ' ', map { qq("$_") } @{ $rules{ $_[0] } } }


sub proof {
    my ($caller) = @_;

    $t->secret_file("key_$caller" => "CANARYkey$caller" . int rand 1e9);
    return "zoom_authenticate header=X-Key file:%{key_$caller} as=$caller;\n";
}


my @limits = (plan => 'business', rate => $rate);

$t->nginx(account => { @limits },
          http => $grants->conf('users', '', @limits),
          locations => <<"EOC");
    location /zoom/ {
        zoom_pass  acme;
        @{[ map { (proof($_), "zoom_allow $_ " . quoted($_) . ";\n") }
            @callers ]}
    }

    location /mine/ {
        zoom_pass  users;
        zoom_user  alice;
        @{[ proof('owner') ]}
        zoom_allow owner @{[ quoted('owner') ]};
    }
EOC

$zoom->control({ account => { all_scopes => 1 } },
               { user_app => { all_scopes => 1 } }, { daily_limit => 10_000 });

is($grants->connect('alice', user => 'alice@other.example')->status, 200,
   'a user connects');


sub request {
    my ($caller, $row) = @_;
    my $where = $caller eq 'owner' ? '/mine' : '/zoom';
    my $body = $row->{method} eq 'GET' ? ''
               : "Content-Type: application/json\r\nContent-Length: 2\r\n";

    return "$row->{method} $where$row->{filled} HTTP/1.1\r\n"
           . "Host: localhost\r\nX-Key: " . $t->secret("key_$caller")
           . "\r\n$body\r\n" . ($body && '{}');
}


# The answers of one connection so far that are whole: [status, body] ...
sub answers {
    my ($in) = @_;
    my @found;

    while ($$in =~ /\A(HTTP\/1\.1 (\d+).*?\r\n\r\n)/s) {
        my ($head, $status) = ($1, $2);
        my $at = length $head;

        if ($head =~ /^Content-Length: (\d+)/mi) {
            last if length $$in < $at + $1;

            push @found, [$status, substr $$in, $at, $1];
            substr $$in, 0, $at + $1, '';

        } elsif ($head =~ /^Transfer-Encoding: chunked/mi) {
            my ($end) = $$in =~ /\A.{$at}(.*?)0\r\n\r\n/s or last;

            push @found, [$status, $end =~ s/^[0-9a-f]+\r\n|\r\n\z//gmr];
            substr $$in, 0, $at + length($end) + 5, '';

        } else {
            push @found, [$status, ''];
            substr $$in, 0, $at, '';
        }
    }

    return @found;
}


# All rows on some connections that are kept, several under way on each.
my ($CONNECTIONS, $BATCH) = (6, 8);

sub ask_all {
    my ($caller) = @_;
    my @todo = 0 .. $#rows;
    my $select = IO::Select->new;
    my (%conn, @got);

    for (1 .. $CONNECTIONS) {
        my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                         PeerPort => $t->port) or die $!;

        $conn{$sock} = { in => '', asked => [] };
        $select->add($sock);
        more($sock, $conn{$sock}, $caller, \@todo);
    }

    my $end = time + 60;

    while (grep { @{ $_->{asked} } } values %conn) {
        die "no answers\n" if time > $end;

        for my $sock ($select->can_read(1)) {
            my $c = $conn{$sock};

            sysread $sock, $c->{in}, 1 << 20, length $c->{in}
                or die "the connection of $caller ended\n";
            $got[ shift @{ $c->{asked} } ] = $_ for answers(\$c->{in});
            more($sock, $c, $caller, \@todo) if !@{ $c->{asked} };
        }
    }

    return @got;
}


sub more {
    my ($sock, $c, $caller, $todo) = @_;

    $c->{asked} = [splice @$todo, 0, $BATCH];
    syswrite $sock, join '', map { request($caller, $rows[$_]) }
                             @{ $c->{asked} };
}


# What the stand-in has been asked that is none of users' tokens and the like.
sub asked_of_zoom {
    my $stats = $zoom->stats->{endpoints};
    my $n = 0;

    $n += $stats->{$_}{calls} // 0
        for grep { !/^(?:oauth|exchange|refresh|authorize|user_get)$/ }
            keys %$stats;

    return $n + ($stats->{user_get}{calls} // 0);
}


my $start = time;

for my $caller (@callers, 'owner') {
    my $whose = $caller eq 'owner' ? 'user' : 'account';
    my $before = asked_of_zoom();
    my @got = ask_all($caller);
    my (@bad, $permitted);

    for my $i (0 .. $#rows) {
        my $row = $rows[$i];
        my ($status, $body) = @{ $got[$i] // [0, ''] };
        my $json = eval { JSON::PP::decode_json($body) } // {};
        my $said = $status . ' ' . ($json->{error} // '');

        # "me" is nobody to an app of the account
        if ($whose eq 'account' && $row->{path} =~ m{/me\b}) {
            push @bad, "$row->{method} $row->{path}: $said"
                if $said ne '400 bad_path';
            next;
        }

        my $is = grep { $model->permits($_, $whose, $row) }
                 @{ $rules{$caller} };
        my $denied = $said eq '403 denied';

        $permitted++ if $is;

        # what is not an echo is an endpoint with a mind of its own
        push @bad, "$row->{method} $row->{path}: $status "
                   . substr $body, 0, 200
            if $is ? $denied || !$status || $status >= 500
                     || defined $json->{endpoint}
                        && $json->{endpoint} ne "$row->{method} $row->{path}"
                   : !$denied;

        # the scope that it takes is told to who lacks it
        push @bad, "$row->{method} $row->{path}: $json->{message}"
            if $denied && grep { index($json->{message}, $_) < 0 }
                          @{ $row->{$whose} };
    }

    is(scalar @bad, 0, "$caller: $permitted of " . @rows)
        or diag(join "\n", @bad[0 .. ($#bad > 9 ? 9 : $#bad)]);
    is(asked_of_zoom() - $before, $permitted, 'and Zoom was asked for no more');
}

cmp_ok(time - $start, '<', 120, 'in good time');


# What the example of an agent comes to.

{
    my @mine = grep { $model->permits('meeting:read:*', account => $_) } @rows;
    my @others = grep { $_->{product} ne 'Meetings' } @mine;

    cmp_ok(scalar @mine, '>', 20, 'meeting:read:* is many endpoints');
    is(scalar(grep { $_->{method} ne 'GET' } @mine), 0, 'all of which read');
    note('of other products: ' . join ' ', map { $_->{path} } @others);

    my @reads = grep { $_->{product} eq 'Meetings' && $_->{method} eq 'GET'
                       && grep { /^meeting:read:/ } @{ $_->{account} } } @rows;

    is(scalar(grep { !$model->permits('meeting:read:*', account => $_) }
              @reads), 0, 'among them all of Meetings that read meetings');
}

$t->finish;
