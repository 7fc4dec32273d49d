#!/usr/bin/perl

# What "nginx -t" says of zoom_pool, and of a zoom_user that names one.

use strict;
use warnings;

use Test::More;

use Zoom::Test;

my $t = Zoom::Test->new(sandbox => 0);

my %account = (oauth_url => undef, api_url => undef,
               trusted_certificate => undef);

my $location = <<'EOC';
        location = /zak {
            zoom_tokens        acme;
            zoom_user          pool=bots;
            zoom_authenticate  off;
        }
EOC


# The pool's lines, or all of "http"; what is said, or nothing: it is fine.
sub check {
    my ($name, $pool, $said, %o) = @_;
    my $http = $pool =~ /^zoom_/ ? $pool : "zoom_pool bots {\n$pool\n}\n";
    my $other = $t->account('other', %account, account_id => 'another');

    my ($exit, $out) = $t->nginx_t(account => \%account,
                                   http => "$other$http",
                                   locations => $o{location} // $location);

    if (!defined $said) {
        is($exit, 0, $name) or diag $out;
        unlike($out, $o{without} // qr/\[emerg\]/, "$name: says nothing");
        return;
    }

    is($exit, $o{exit} // 1, "$name: the exit code");
    like($out, $said, "$name: what it says");
    like($out, qr{ in \S+nginx\.conf:\d+}, "$name: where");
}

my $user = 'user bot@example.com;';
my $good = "account acme; $user";

check('a pool', $good);
check('all of it', <<'EOC');
    account       acme;
    user          bot-1@example.com weight=100;
    user          Bot-2@example.com backup;
    user          aBcDeFgHiJkLmNoPqRsTuV weight=2 backup down;
    members       group=Bots refresh=30s;
    members       email=bot-*@example.com;
    balance       hash $zoom_meeting_id consistent;
    distinct      $zoom_meeting_id 4h;
    fail_timeout  30s;
    create        bot-%d@example.com count=20 action=autoCreate type=basic;
    zone          2m;
EOC
check('before its account', "zoom_pool bots { account acme; $user }");

check('no account', $user,
      qr/"zoom_pool" "bots" must have "account"/);
check('unknown account', "account acne; $user",
      qr/unknown account "acne" of "zoom_pool" "bots"/);
check('account twice', "account acme; account acme; $user",
      qr/"account" directive is duplicate/);
check('nobody', 'account acme;',
      qr/must have "user", "members" or "create"/);
check('another directive', "$good weight 2;", qr/unknown directive "weight"/);
check('a name', "zoom_pool a/b { $good }",
      qr/invalid pool name "a\/b", it must be 1 to 64 letters/);
check('twice', "zoom_pool bots { $good } zoom_pool bots { $good }",
      qr/duplicate "zoom_pool" "bots", the first is in/);

check('same user', "$good user bot\@example.com;",
      qr/duplicate user "bot\@example\.com" .* the first is in line/);
check('same user in other letters', "$good user Bot\@Example.com;",
      qr/duplicate user "Bot\@Example\.com"/);
check('bad address', 'account acme; user bot@@example;',
      qr/invalid user "bot\@\@example" .* must be an e-mail, or a Zoom user id/);
check('the owner', 'account acme; user me;',
      qr/invalid user "me" .* other than "me"/);

for (qw(0 101 -1 many), '') {
    check("weight $_", "account acme; user bot\@example.com weight=$_;",
          qr/invalid parameter "weight=$_" of "user", "weight=" must be from 1/);
}

check('parameter', 'account acme; user bot@example.com max=3;',
      qr/"max=3" of "user", it must be "weight=N", "backup" or "down"/);

check('balance', "$good balance random;",
      qr/it must be "round_robin", "least_leased" or "hash VALUE consistent"/);
check('hash without its word', "$good balance hash \$zoom_meeting_id;",
      qr/"hash VALUE consistent"/);
check('hash of nothing', "$good balance hash;", qr/"hash VALUE consistent"/);
check('round robin of something', "$good balance round_robin x;",
      qr/invalid "balance"/);
check('least leased without leases', "$good balance least_leased;",
      qr/must have "distinct", as "balance least_leased" counts its leases/);
check('least leased', "$good balance least_leased;
      distinct \$zoom_meeting_id 4h;");

check('distinct without time', "$good distinct \$zoom_meeting_id;",
      qr/must have a value and a time from 2m to 7d, such as/);
check('too short', "$good distinct \$zoom_meeting_id 119s;",
      qr/a time from 2m to 7d/);
check('too long', "$good distinct \$zoom_meeting_id 8d;",
      qr/a time from 2m to 7d/);
check('constant', "$good distinct meeting 4h;",
      qr/"meeting" of "distinct" is the same for all bots/);
check('fail_timeout', "$good fail_timeout 100ms;", qr/must be from 1s to 1h/);

check('members of nothing', "$good members refresh=1m;",
      qr/must have either "group=NAME" or "email=PATTERN"/);
check('of two', "$good members group=a email=*\@b;",
      qr/must have either "group=NAME" or "email=PATTERN"/);
check('no e-mail', "$good members email=bot-*;",
      qr/pattern "bot-\*" of "members" is no e-mail's/);
check('too often', "$good members group=a refresh=1s;",
      qr/"refresh=" must be from 30s to 1d/);
check('another', "$good members role=a;",
      qr/"group=NAME", "email=PATTERN" or "refresh=TIME"/);
check('too many', $good . ' members group=a;' x 7, qr/more than six times/);

check('no number', "$good create bot\@example.com count=2;",
      qr/invalid pattern "bot\@example\.com" of "create", .* one "%d"/);
check('two numbers', "$good create b%d-%d\@example.com count=2;",
      qr/one "%d"/);
check('how many', "$good create b%d\@example.com;", qr/must have "count="/);
check('too many', "$good create b%d\@example.com count=10001;",
      qr/"count=" must be from 1 to 10000/);
check('action', "$good create b%d\@example.com count=2 action=make;",
      qr/"make" of "action=" of "create", it must be "create", "autoCreate", /);
check('type', "$good create b%d\@example.com count=2 type=pro;",
      qr/"pro" of "type=" of "create", it must be "basic" or "licensed"/);
check('pending', "$good create b%d\@example.com count=2 action=create;",
      qr/\[warn\].*"action=create" leaves users pending/, exit => 0);

check('too small a zone', "$good zone 64k;", qr/from 128k to 1g/);
check('too many for it', $good . ' zone 128k; '
      . join('', map { "user bot$_\@example.com;" } 1 .. 500),
      qr/"zone" of "zoom_pool" "bots" is too small .* it must be \d+k at least/);

check('unknown pool', $good =~ s/^/zoom_pool others { /r . ' }',
      qr/unknown pool "bots" of "zoom_user", it must be "pool=others"/);
check('no pool at all', 'zoom_zone 8m;',
      qr/unknown pool "bots" of "zoom_user", there must be a "zoom_pool"/);
check('of another account', "account other; $user",
      qr/"zoom_pool" "bots" is of account "other", not of "acme"/);
check('not allowed', $good, qr/user "bot\@example\.com" of .* is not in the "zoom_allow_user"/,
      location => $location =~ s/zoom_auth/zoom_allow_user a*; zoom_auth/r);
check('allowed', $good, undef,
      location => $location =~ s/zoom_auth/zoom_allow_user b*; zoom_auth/r);
check('no name', $good, qr/invalid "zoom_user" "pool=", .* or "pool=NAME"/,
      location => $location =~ s/pool=bots/pool=/r);
check('by a variable', $good, undef,
      location => $location =~ s/pool=bots/pool=\$zoom_caller/r);
check('by a caller', $good, qr/must have "zoom_allow_user"/,
      location => $location =~ s/pool=bots/pool=\$arg_pool/r);

$t->finish;
