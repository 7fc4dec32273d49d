#!/usr/bin/perl

# examples/prometheus: the rules are well formed and do what their tests say,
# and a real Prometheus that has scraped us answers every question of the
# dashboard and of the rules.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP ();
use Test::More;

use Zoom::Documents qw(anchors coded_metrics);
use Zoom::Fleet;
use Zoom::Process qw(free_ports spawn stop);
use Zoom::Test;

plan skip_all => 'prometheus is not installed'
    if system('command -v prometheus promtool > /dev/null 2>&1');

my $top = abs_path(dirname(__FILE__) . '/..');
my $examples = "$top/examples/prometheus";
my $dashboard = JSON::PP->new->utf8->decode(slurp("$examples/dashboard.json"));
my $rules = slurp("$examples/alerts.yml");


sub promtool {
    my (@argv) = @_;
    my $said = qx(cd $examples && promtool @argv 2>&1);

    return ($? >> 8, $said);
}


subtest 'rules' => sub {
    my ($exit, $said) = promtool(qw(check rules alerts.yml));

    is($exit, 0, 'promtool check rules') or diag $said;

    ($exit, $said) = promtool(qw(test rules alerts_test.yml));
    is($exit, 0, 'promtool test rules') or diag $said;

    my @alerts = $rules =~ /- alert: (\w+)/g;
    my $tests = slurp("$examples/alerts_test.yml");

    cmp_ok(@alerts, '>', 10, 'there are several');
    is(join(' ', grep { $tests !~ /alertname: $_\b/ } @alerts), '',
       'and each has a test');
};


subtest 'where they send people' => sub {
    while ($rules =~ m{(docs/\w+\.md)(?:#([\w-]+))?}g) {
        my ($file, $anchor) = ($1, $2);

        ok(-e "$top/$file", $file) or next;
        ok(anchors($file)->{$anchor}, "$file#$anchor") if defined $anchor;
    }
};


# [where, what is asked]
my @queries;

for my $panel (@{ $dashboard->{panels} }) {
    for my $target (@{ $panel->{targets} }) {
        my $query = $target->{expr};

        $query =~ s/\$__rate_interval/1m/g;
        $query =~ s/\$account/.*/g;
        push @queries, ["panel \"$panel->{title}\"", $query];
    }
}

while ($rules =~ /- alert: (\w+)\n\s+expr: (\|\n(?:\s{10}.*\n)+|.*\n)/g) {
    my ($name, $query) = ($1, $2);

    $query =~ s/^\|\n//;
    push @queries, ["alert $name", $query];
}

subtest 'names' => sub {
    my $coded = coded_metrics();
    my %asked = map { s/_(?:bucket|sum|count)$//r => 1 }
                map { $_->[1] =~ /\b(zoom_\w+)/g } @queries;

    is(join(' ', grep { !$coded->{$_} } sort keys %asked), '',
       'every metric exists');
};


my $t = Zoom::Test->new;
my $fleet = Zoom::Fleet->missing ? undef : Zoom::Fleet->new($t);
my $store = $fleet ? $fleet->conf : '';

my $pool = 'zoom_pool bots { account acme; user bots@example.com; }';

# A day has a limit, callbacks are served, refused and fail, webhooks come.
$t->nginx(http => $t->account('acme', rate => 'light=80r/s day=5000',
                              webhook_secret => 'file:%{header}')
                  . $pool . $store,
          account => 0, locations => <<'EOC');
        zoom_user        $arg_user;
        zoom_allow_user  *;

        location = /metrics {
            zoom_status;
            zoom_authenticate  off;
        }

        location = /zak {
            zoom_tokens        acme;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /webhook {
            zoom_webhook       acme;
        }

        location /zoom/ {
            zoom_pass          acme;
            zoom_authenticate  arg=key file:%{arg} as=agent;
            zoom_allow         agent user:read:*;
        }
EOC

my $key = $t->secret('arg');

sub traffic {
    my ($status) = map { $t->get("/zak?key=$key&user=$_")->status }
                   qw(nobody@example.com bots@example.com);

    $t->get('/zak?key=wrong&user=bots@example.com');
    $t->post('/webhook', '{}');
    $t->get("/zoom/$_?key=$key")
        for 'users/bots@example.com', 'meetings/1', 'users/me';

    return $status;
}


my ($port) = free_ports(1);
my $dir = $t->dir . '/prometheus';

mkdir $dir;
spew("$dir/conf.yml", <<"EOC");
global: { scrape_interval: 1s }
scrape_configs:
- job_name: zoom
  metrics_path: /metrics
  params: { format: [prometheus] }
  static_configs: [{ targets: ['127.0.0.1:@{[ $t->port ]}'] }]
EOC

my $pid = spawn(
    name   => 'prometheus',
    output => "$dir/output",
    argv   => ['prometheus', "--config.file=$dir/conf.yml",
               "--storage.tsdb.path=$dir/data",
               "--web.listen-address=127.0.0.1:$port"],
);


sub query {
    my ($query) = @_;

    $query =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ge;

    my $r = http(port => $port, path => '/api/v1/query',
                 headers => ['Content-Type' =>
                             'application/x-www-form-urlencoded'],
                 body => "query=$query");

    return $r->status == 200 || $r->status == 400 ? $r->json : {};
}


# Counters have to be seen more than once, and to grow between.
ok(wait_for(sub {
    traffic();

    my ($scraped) = @{ query('min(count_over_time(zoom_errors_total[1m]))')
                       ->{data}{result} // [] };

    return $scraped && $scraped->{value}[1] >= 3;
}, 60), 'scraped several times');



for (@queries) {
    my ($where, $query) = @$_;
    my $answer = query($query);

    is($answer->{status}, 'success', "$where is answered")
        or diag $query, $answer->{error};

    next if $where =~ /^alert/
            || (!$fleet && $query =~ /zoom_(?:store|fleet)_/);

    cmp_ok(scalar @{ $answer->{data}{result} // [] }, '>', 0,
           "$where shows something") or diag $query;
}

is(query('up')->{data}{result}[0]{value}[1], 1, 'the target is up');

stop($pid);
$t->allow(qr/\[error\].*(?:refused|unauthenticated|user_unknown|webhook
                     |denied|bad_path)/x);
$t->finish;
