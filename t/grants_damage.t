#!/usr/bin/perl

# One page of the database is damaged, of each of its tables in turn: who is
# known is served, who needs that page is told, nothing is overwritten, and
# nobody is taken for somebody who has not connected.

use strict;
use warnings;

use Test::More;

use Zoom::Grants;
use Zoom::Test;

plan skip_all => Zoom::Grants::missing('sqlite3')
    if Zoom::Grants::missing('sqlite3');

my $PAGE = 4096;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my $grants = Zoom::Grants->new($t);
my $conf = $grants->conf('users', <<'EOC');
    zoom_authenticate  off;
    zoom_allow_user    *;

    location = /zak {
        zoom_tokens     users;
        zoom_user       $arg_user;
        zoom_reuse      0;
        zoom_use_stale  off;
        zoom_timeout    4s;
    }
EOC

my $nginx = $t->nginx(account => 0, http => $conf);


sub said {
    my ($r) = @_;

    return $r->status . ' ' . (eval { $r->json->{error} } // '');
}


sub zak { return said($grants->get("/zak?user=$_[0]")) }


sub sql {
    my ($sql) = @_;

    open my $fh, '-|', 'sqlite3', '-cmd', '.timeout 5000', $grants->file, $sql
        or die "sqlite3: $!\n";

    chomp(my @lines = <$fh>);
    return @lines;
}


# The page of the file, from 1, which is not what its journal has.
sub write_page {
    my ($n, $bytes) = @_;
    my $file = $grants->file;

    open my $fh, '+<:raw', $file or die "$file: $!\n";
    seek $fh, ($n - 1) * $PAGE, 0;
    print {$fh} $bytes;
    close $fh or die "$file: $!\n";
}


sub page {
    my ($n) = @_;

    return substr slurp($grants->file), ($n - 1) * $PAGE, $PAGE;
}


# The pages that its journal has.
sub journal {
    my $bytes = slurp($grants->file . '-wal');
    my %pages = map { unpack('N', substr $bytes, 32 + $_ * ($PAGE + 24), 4)
                      => 1 } 0 .. (length($bytes) - 32) / ($PAGE + 24) - 1;

    return sort { $a <=> $b } keys %pages;
}


# Workers that have read nothing yet; what is in the zone stays.
sub reload { $t->reload(account => 0, http => $conf) }


my %asks = (
    'who is not known' => sub { zak('owner2') },
    'the list'         => sub { said($grants->get('/grants')) },
    'who connects'     => sub {
        said($grants->connect('owner3', user => 'carol@third.example'));
    },
    'who disconnects'  => sub { said($grants->disconnect('owner2')) },
);

# Who can't do without it.
my %needs = (
    meta       => [sort keys %asks],
    names      => ['who is not known', 'who connects', 'who disconnects'],
    names_user => ['the list', 'who connects'],
    grants     => ['who is not known', 'the list', 'who connects',
                   'who disconnects'],
    counts     => ['who connects'],     # and the status page
);


is($grants->connect('owner1', user => 'alice@other.example')->status, 200,
   'one has connected');
is(zak('owner1'), '200 ', 'and is served');

# Nobody asks for the second one while the access token that came first lives.
$zoom->control({ user_oauth => { expires_in => 1 } });
is($grants->connect('owner2', user => 'bob@other.example')->status, 200,
   'so has another one');
sleep 2;
is((sql('PRAGMA page_size'))[0], $PAGE, 'pages of that size');

my %root = map { split /\|/ } sql('SELECT name, rootpage FROM sqlite_master'
                                  . ' WHERE rootpage > 0');

is_deeply([sort keys %root], [sort keys %needs], 'all tables are known');


# The names first, for a name is known once it has been found.
for my $table (sort { ($b eq 'names') <=> ($a eq 'names') } sort keys %needs) {
    subtest "a damaged page of $table" => sub {
        is((sql('PRAGMA wal_checkpoint(TRUNCATE)'))[0], '0|0|0',
           'all is in the file');

        my $good = page($root{$table});
        my $before = length $nginx->error_log;

        write_page($root{$table}, "\xff" x $PAGE);

        my $damaged = slurp($grants->file);

        reload();
        is(zak('owner1'), '200 ', 'who is known goes on');

        for my $who (@{ $needs{$table} }) {
            my $answer = $asks{$who}->();

            like($answer, qr/^503/, "$who is told") or diag($answer);
            is(zak('owner1'), '200 ', 'who is known still goes on');
        }

        ok(wait_for(sub {
            substr($nginx->error_log, $before)
                =~ /\[error\].*the\ store\ "[^"]+"\ is\ damaged\ .*:\ stop
                    \ nginx\ and\ restore/x;
        }, 10), 'as is whoever reads the log');
        is(slurp($grants->file), $damaged, 'nothing is overwritten');

        # where it is seen whether anything can be written
        is(join(' ', grep { $_ != $root{meta} } journal()), '',
           'nor is anything of a grant about to be');

        write_page($root{$table}, $good);
        reload();
    };
}


is(zak('owner2'), '200 ', 'when all is mended nobody is lost');
is(join(' ', sql('PRAGMA integrity_check')), 'ok', 'and the file is sound');
$t->allow(qr/zoom: the store/);
$t->finish;
