#!/usr/bin/perl

# zoom_status: numbers that are true, in three forms, and nothing that is
# nobody's business.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Zoom::Browser qw(browse);
use Zoom::Process qw(free_ports spawn stop);
use Zoom::Test;

my $t = Zoom::Test->new;
my $zoom = $t->zoom;
my ($closed) = free_ports(1);

$zoom->control({ app => { account_id => 'free-id',
                          client_id => 'free-client' } },
               { app => { account_id => 'spent-id',
                          client_id => 'spent-client' } });

my $accounts = $t->account('wrong', client_secret => 'file:%{header}')
    . $t->account('free.one', plan => 'free', share => '50%',
                  account_id => 'free-id', client_id => 'free-client')
    . $t->account('spent', rate => 'light=1000r/s day=1',
                  account_id => 'spent-id', client_id => 'spent-client')
    . $t->account('unused')
    . $t->account('nowhere',
                  oauth_url => "https://127.0.0.1:$closed/oauth/token");

# As Prometheus sends it.
$t->secret_file('scrape', 'Bearer CANARYscrape0123456789');
$t->canary(scrape => 'CANARYscrape0123456789');

my $nginx = $t->nginx(http => "zoom_zone 1m;\n$accounts", reuseport => 1,
                      locations => <<'EOC' . join '', map { <<"EOC" }
        zoom_user        $arg_user;
        zoom_allow_user  *;

        location = /status {
            zoom_status;
            zoom_authenticate  off;
            gzip               on;
            gzip_types         *;
            gzip_min_length    1;
        }

        location = /guarded {
            zoom_status;
            zoom_authenticate  arg=key file:%{arg};
        }

        location = /metrics {
            zoom_status;
            zoom_authenticate  header=Authorization file:%{scrape};
        }

        location = /of_a_name_that_is_long_and_has_no_place_where_it_breaks {
            zoom_tokens        unused;
            zoom_authenticate  header=X-Key file:%{header}
                               as=a_tenant_whose_name_is_long_as_well;
        }
EOC
        location = /$_ {
            zoom_tokens        $_;
            zoom_authenticate  off;
            zoom_timeout       2s;
        }
EOC
    qw(acme wrong nowhere spent free.one));

my @forms = qw(json html prometheus);
my $user = 'bots@example.com';


sub ask {
    my ($account, $who) = @_;

    return $t->get("/$account?user=" . ($who // $user))->status;
}


sub status {
    my ($account) = @_;
    my $json = $t->get('/status?format=json')->json;

    return $account ? $json->{accounts}{$account} : $json;
}


# The samples of a metric: labels, sorted and without the account => value.
sub samples {
    my ($name, $account) = @_;
    my %value;

    for (split /\n/, $t->get('/status?format=prometheus')->body) {
        my ($labels, $value) = /^\Q$name\E(?:\{(.*)\})? (\S+)$/ or next;

        next if $account && $labels !~ s/^account="\Q$account\E",?//;
        $value{$labels // ''} = $value;
    }

    return \%value;
}


subtest 'forms' => sub {
    my %type = (
        json       => 'application/json',
        prometheus => 'text/plain; version=0.0.4; charset=utf-8',
        html       => 'text/html; charset=utf-8',
    );

    my @accept = (
        json       => undef,
        json       => '*/*',
        json       => 'application/json',
        json       => 'application/json, text/plain, */*',
        json       => 'image/png',
        json       => '',
        json       => 'text/html;q=0, */*',
        json       => 'text/html;q=0.5, application/json;q=0.501',
        html       => 'text/html',
        html       => 'TEXT/HTML ; Q=1',
        html       => 'text/html,application/xhtml+xml,application/xml;q=0.9,'
                      . 'image/avif,*/*;q=0.8',
        prometheus => 'text/plain',
        prometheus => 'text/plain;version=0.0.4;q=1,*/*;q=0.1',
        prometheus => 'application/openmetrics-text;version=1.0.0,'
                      . 'application/openmetrics-text;version=0.0.1;q=0.75,'
                      . 'text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
        json       => ',;,;;q=,q', html => ', ,text/html',
        json       => 'text/html;q=abc', json => 'text/html;q=',
    );

    while (my ($form, $accept) = splice @accept, 0, 2) {
        my $r = $t->get('/status', defined $accept ? (Accept => $accept) : ());

        is($r->status . ' ' . $r->header('Content-Type'), "200 $type{$form}",
           'Accept: ' . ($accept // 'none'));
    }

    for my $form (@forms) {
        my $r = $t->get("/status?format=$form", Accept => 'text/html',
                        'Accept-Encoding' => 'gzip');

        is($r->header('Content-Type'), $type{$form}, "format=$form");
        is($r->header('Cache-Control'), 'no-store', "$form: no-store");
        ok(!$r->header('Content-Encoding'), "$form: not compressed");
        is($r->header('Content-Length'), length $r->body, "$form: its length");

        my $head = http(port => $t->port, path => "/status?format=$form",
                        method => 'HEAD');

        is($head->status . $head->body, '200', "$form: HEAD");
        is($head->header('Content-Type'), $type{$form}, "$form: likewise");
        cmp_ok($head->header('Content-Length'), '>', 500, "$form: with length");
    }

    for my $bad ('format=xml', 'format=', 'format', 'format=json&format=json',
                 'format=JSON')
    {
        my $r = $t->get("/status?$bad");

        is($r->status . " $r->{received}{'content-type'} "
           . $r->json->{error}, '400 application/json bad_type', $bad);
    }

    like($t->get('/status?format=html')->header('Content-Security-Policy'),
         qr/^default-src 'none'; style-src 'unsafe-inline'/,
         'the page may fetch nothing');

    is(http2(port => $nginx->port2, path => '/status')->json->{version},
       status()->{version}, 'HTTP/2');
};


subtest 'who may see it' => sub {
    my $before = status()->{errors}{unauthenticated};

    is($t->get('/guarded')->status, 401, 'not without a proof');
    is($t->get('/guarded?key=wrong&format=html')->status, 401, 'a wrong one');
    is($t->get('/guarded?key=' . $t->secret('arg'))->status, 200, 'with it');
    is(status()->{errors}{unauthenticated} - $before, 2, 'which is counted');

    is($t->get('/metrics', Authorization => $t->secret('scrape'))->status,
       200, 'with a bearer');

    my $r = $t->post('/status', '{}');

    is($r->status, 405, 'POST');
    is($r->header('Allow'), 'GET, HEAD', 'with what would do');
    is(status()->{errors}{method}, 1, 'counted, too');
};


subtest 'callbacks' => sub {
    wait_for(sub { status('acme')->{access_token}{present} }, 5, 'OAuth');

    my $s = status('acme');

    is($s->{requests}{access}, 1, 'one request for an access token');
    is($s->{mints}{access}, 1, 'which was given');
    cmp_ok($s->{access_token}{left}, '>', 3000, 'an hour of life');
    cmp_ok($s->{access_token}{age}, '<', 10, 'young');
    is_deeply([$s->{oauth}, $s->{minting}],
              [{ condition => 'ok' }, { condition => 'ok' }], 'all is well');

    $zoom->control({ match => 'token', mode => 'delay', ms => 400 });

    my @calls = http_wait(map {
        http_start(port => $t->port, path => "/acme?user=$user")
    } 1 .. 20);

    $zoom->control({ clear => 1 });
    is(scalar(grep { $_->status == 200 } @calls), 20, '20 at once');
    is(ask('acme'), 200, 'and another');
    is(ask('acme'), 200, 'or two');
    is(ask('acme', 'nobody@example.com'), 502, 'an unknown user');
    is(ask('acme', 'me'), 403, 'me');
    is($t->get('/acme')->status, 403, 'nobody');

    $s = status('acme');
    is($s->{callbacks}{miss}, 1, 'one mint');
    is($s->{callbacks}{shared}, 19, 'for the others');
    is($s->{callbacks}{hit}, 2, 'from the store');
    is($s->{errors}{user_unknown}, 1, 'one error');
    is($s->{requests}{zak}, 2, 'two requests');
    is($s->{mints}{zak}, 1, 'one mint');
    is($s->{request_failures}{zak}, 1, 'one failure');
    is($s->{mint_time}{count}, 1, 'one time of a mint') or diag explain $s;
    is($s->{wait_time}{count}, 23, 'and of all who waited');
    cmp_ok($s->{wait_time}{sum_ms}, '>=', 20 * 300, 'for so long');
    cmp_ok($s->{limiter}{passed}, '>=', 1, 'the limiter let pass');
    is($s->{last_error}{error}, 'user_unknown', 'the last error');
    is($s->{last_error}{code}, 1001, 'with its code');
    like($s->{last_error}{tracking_id}, qr/WEB_/, 'and tracking id');
    ok(!exists $s->{last_error}{message}, 'not its words');

    my $all = status();

    is($all->{errors}{no_user}, 1, 'no user, no account');
    is($all->{errors}{denied}, 1, 'nor here');
    is($all->{zone}{workers}, 2, 'two workers');
    is($all->{zone}{size}, 1024 * 1024, 'the zone');
    cmp_ok($all->{zone}{used}, '>=', 3, 'and what is in it');
    cmp_ok($all->{zone}{negative}, '>=', 1, 'failures among them');
    is(status('free.one')->{callbacks}{miss}, 0, 'another is another');
};


subtest 'limits' => sub {
    my $limits = status('free.one')->{limits};

    is($limits->{light}{rate}, 2, 'half of the rate');
    is($limits->{light}{day}, 3000, 'and of the day');
    is(status('acme')->{limits}{light}{rate}, 80, 'all of it');

    my %used = map { $_ => $limits->{$_}{used} } keys %$limits;

    is(ask('free.one', 'bots@t1.example'), 200, 'a mint');
    $limits = status('free.one')->{limits};

    my ($label) = grep { $limits->{$_}{used} > $used{$_} } keys %used;

    ok($label, 'is spent') or return;
    cmp_ok($limits->{$label}{wait_ms}, '>', 0, 'the next would wait');
    is(samples('zoom_limit_day_used', 'free.one')->{qq(label="$label")},
       $limits->{$label}{used}, 'for machines likewise');

    # Its day is over for this account; of hours or minutes, as the case is.
    is(ask('spent'), 200, 'the only token of a day');
    is(ask('spent', 'bots@t1.example'), 503, 'no second one');
    cmp_ok(status('spent')->{limits}{light}{wait_ms}, '>', 0,
           'and for how long');
    like($t->get('/status?format=html')->body,
         qr{<b>spent:</b>\ working,\ but\ Zoom's\ limits\ are\ used\ up:
            \ a\ new\ token\ waits\ \d+\ (?:h|min|s)\.}x,
         'in words for people');
};


subtest 'trouble' => sub {
    # Whom nobody has a token for, as the store goes by the app, not by names.
    is(ask('wrong', 'bots@t2.example'), 502, 'a wrong secret');
    is(ask('nowhere', 'bots@t2.example'), 503, 'a host that is not there');

    # Which one request that fails is not yet.
    wait_for(sub {
        ask('nowhere', 'bots@t2.example');
        status('nowhere')->{oauth}{condition} ne 'ok';
    }, 20, 'an outage');

    my $s = status('wrong');

    is($s->{oauth}{condition}, 'broken', 'is broken');
    is($s->{oauth}{error}, 'credentials_rejected', 'by name');
    cmp_ok($s->{oauth}{failed}, '>=', 1, 'so often');
    cmp_ok($s->{oauth}{next_probe_ms}, '<=', 300_000, 'and not for ever');
    ok(exists $s->{oauth}{since}, 'since then');
    is($s->{minting}{condition}, 'ok', 'minting was not tried');
    is($s->{access_token}{present}, JSON::PP::false, 'no access token');

    $s = status('nowhere');
    is($s->{oauth}{condition}, 'outage', 'nobody there is an outage');
    is($s->{oauth}{error}, 'zoom_unavailable', 'by name');
    is(status('acme')->{oauth}{condition}, 'ok', 'others are well');

    is(samples('zoom_broken', 'wrong')->{'kind="access"'}, 1, 'broken');
    is(samples('zoom_outage', 'wrong')->{'kind="access"'}, 0, 'no outage');
    is(samples('zoom_outage', 'nowhere')->{'kind="access"'}, 1, 'outage');
    is(samples('zoom_broken', 'acme')->{'kind="zak"'}, 0, 'well');
};


# Zoom's words and ids are not to be trusted.
subtest 'odd answers' => sub {
    my $odd = 'WEB_"><b>\\x&amp;{}';

    $zoom->control({ match => 'token', mode => 'answer', status => 404,
                     headers => { 'x-zm-trackingid' => $odd },
                     body => '{"code":1001,"message":"'
                             . 'User victim@example.com"}' });
    is(ask('acme', 'victim@example.com'), 502, 'refused');
    $zoom->control({ clear => 1 });

    my $id = status('acme')->{last_error}{tracking_id};

    ok(defined $id, 'JSON stays JSON');

    my $page = $t->get('/status?format=html')->body;

    unlike($page, qr/<b>\\/, 'no markup of others');
    unlike($page, qr/<script|<img|<link|src=|href=/i, 'nothing to load');
};


subtest 'histograms' => sub {
    my $s = status('acme');

    for my $which (qw(mint wait)) {
        my $buckets = samples("zoom_${which}_duration_seconds_bucket", 'acme');
        my $h = $s->{"${which}_time"};
        my ($last, $ordered) = (0, 1);

        # of mints machines get how many and how long, not a histogram
        $buckets = { 'le="+Inf"' => $h->{count},
                     map { ('le="' . $_->{le_ms} / 1000 . '"' => $_->{count}) }
                     @{ $h->{buckets} } } if $which eq 'mint';

        for my $b (@{ $h->{buckets} }) {
            my $le = $b->{le_ms} / 1000;

            is($buckets->{qq(le="$le")}, $b->{count}, "$which: up to $le");
            $ordered = 0 if $b->{count} < $last;
            $last = $b->{count};
        }

        ok($ordered, 'cumulative');
        is($buckets->{'le="+Inf"'}, $h->{count}, 'in all');
        is(samples("zoom_${which}_duration_seconds_count", 'acme')->{''},
           $h->{count}, 'as _count says');
        cmp_ok(abs(samples("zoom_${which}_duration_seconds_sum",
                           'acme')->{''} - $h->{sum_ms} / 1000), '<', 1e-6,
               'and the sum');
    }
};


subtest 'for machines' => sub {
    my $text = $t->get('/status?format=prometheus')->body;
    my %seen;

    $seen{$_}++ for $text =~ /^(# (?:HELP|TYPE) \S+)/mg;
    is(join(' ', grep { $seen{$_} > 1 } keys %seen), '', 'each told once');

    my $s = status('acme');

    # with those that are there from the start; others come with their first
    for (['callbacks_total', 'status', 'callbacks', qr/./],
         ['errors_total', 'error', 'errors', qr/(?!)/],
         ['requests_total', 'kind', 'requests', qr/^access$/],
         ['limiter_total', 'decision', 'limiter', qr/^\w+(?<!_dry_run)$/])
    {
        my ($metric, $label, $member, $always) = @$_;
        my %want = map { (qq($label="$_") => $s->{$member}{$_}) }
                   grep { $s->{$member}{$_} || /$always/ }
                   keys %{ $s->{$member} };

        is_deeply(samples("zoom_$metric", 'acme'), \%want, "zoom_$metric");
    }

    for my $account (qw(acme unused spent wrong nowhere)) {
        my $n = () = $text =~ /^zoom_\w+\{account="$account"[,}]/mg;

        cmp_ok($n, '<=', 60, "$account: few series ($n)");
        cmp_ok($n, '>', 20, "$account: but some");
    }

    plan(skip_all => 'promtool (package prometheus) is not installed')
        if system('command -v promtool > /dev/null 2>&1');

    spew($t->dir . '/metrics', $text);

    my $dir = $t->dir;
    my $said = qx(promtool check metrics < $dir/metrics 2>&1);

    is($? >> 8, 0, 'promtool check metrics');
    is($said, '', 'has nothing to say');
};


# Its parser is not promtool's: each takes what the other refuses.
subtest 'Prometheus' => sub {
    plan(skip_all => 'prometheus is not installed')
        if system('command -v prometheus > /dev/null 2>&1');

    my $dir = $t->dir . '/prometheus';
    my ($port) = free_ports(1);
    my ($key) = $t->secret('scrape') =~ /^Bearer (.*)/;
    my $target;

    mkdir $dir;
    spew("$dir/key", $key);
    spew("$dir/conf.yml", <<"EOC");
global: { scrape_interval: 1s }
scrape_configs:
- job_name: zoom
  metrics_path: /metrics
  authorization: { credentials_file: $dir/key }
  static_configs: [{ targets: ['127.0.0.1:@{[ $t->port ]}'] }]
EOC

    my $pid = spawn(
        name   => 'prometheus',
        output => "$dir/output",
        argv   => ['prometheus', "--config.file=$dir/conf.yml",
                   "--storage.tsdb.path=$dir/data",
                   "--web.listen-address=127.0.0.1:$port"],
    );

    wait_for(sub {
        my $r = http(port => $port, path => '/api/v1/targets');

        $target = $r->status == 200
                  && $r->json->{data}{activeTargets}[0];
        return $target && $target->{health} ne 'unknown';
    }, 30, 'a scrape');

    is($target->{lastError}, '', 'has no error');
    is($target->{health}, 'up', 'has scraped it');
    stop($pid);
};


# One that has never been asked for anything, and none at all.
subtest 'nothing there' => sub {
    my $n = $t->nginx(account => 0, locations => <<'EOC');
        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC

    for my $form (@forms) {
        my $r = $t->get("/status?format=$form");

        is($r->status, 200, $form);
        is_deeply($r->json->{accounts}, {}, 'no account') if $form eq 'json';
    }

    pop @{ $t->{nginx} };
    ok($n->quit, 'ends');
    $t->check_logs($n);
};


# No fixed limit.
subtest 'many accounts' => sub {
    my $n = $t->nginx(
        http => join('', map {
            $t->account("tenant-$_", client_secret => 'file:%{header}')
        } 1 .. 150),
        locations => <<'EOC');
        location = /status {
            zoom_status;
            zoom_authenticate  off;
        }
EOC

    is(scalar keys %{ status()->{accounts} }, 151, 'all are told of');

    for my $form (@forms) {
        my $r = $t->get("/status?format=$form");

        is(length $r->body, $r->header('Content-Length'), "$form is whole");
    }

    pop @{ $t->{nginx} };
    ok($n->quit, 'ends');
    $t->check_logs($n);
};


# Nobody came, or nobody was let in: an empty list of callers is both.
subtest 'who was refused' => sub {
    my $page = sub { $t->get('/status?format=html')->body };
    my $path = '/of_a_name_that_is_long_and_has_no_place_where_it_breaks';

    like($page->(), qr{<b>unused:</b>[^<]* No callback so far\.},
         'nobody came');
    is($t->get($path, 'X-Key' => 'wrong')->status, 401, 'one is refused');
    is($t->get($path, 'X-Key' => 'wrong')->status, 401, 'and once more');

    my ($list) = $page->() =~ m{<ul>(.*?)</ul>}s;

    like($list, qr{<b>unused:</b>[^<]*\ No\ callback\ was\ let\ in:
                   \ 2\ refused,\ see\ above\.}x, 'which is another thing');
    unlike($list, qr{<b>acme:</b>[^<]*refused}, 'and not of all accounts');
    like($list, qr{<li\ class=amber><i>REFUSED</i>
                   <b>location\ $path\ of\ localhost,
                   \ caller\ a_tenant_whose_name_is_long_as_well:</b>
                   \ 2\ unauthenticated\ \(compare\ the\ secrets\ [^)]*\)
                   ;\ the\ last\ one\ \d+\ s\ ago\.</li>}x,
         'where, who and why, and what to do');
    like($list, qr{location\ $path\ .*location\ /guarded\ of\ localhost,
                   \ caller\ arg:}sx, 'the latest first');
};


# At three in the morning: what is broken, who is refused, and last what works.
subtest 'the worst first' => sub {
    my $page = $t->get('/status?format=html')->body;
    my ($list) = $page =~ m{<ul>(.*?)</ul>}s;
    my @lights = $list =~ m{<li class=\w+><i>(\w+)</i>}g;
    my %rank = (BROKEN => 0, WAIT => 1, REFUSED => 2, OK => 3);

    is("@lights", join(' ', sort { $rank{$a} <=> $rank{$b} } @lights),
       'in this order');
    is(join(' ', sort keys %{ { map { $_ => 1 } @lights } }),
       'BROKEN OK REFUSED WAIT', 'with each of them');

    chomp(my $host = `uname -n`);

    $host = lc $host;
    like($page, qr{<title>BROKEN - Zoom tokens on \Q$host\E</title>},
         'the tab has the name of the host');
    like($page, qr{<h1>Zoom tokens on \Q$host\E</h1>}, 'and the page');
};


for my $window (360, 1280) {
    subtest "$window pixels" => sub {
        plan(skip_all => Zoom::Browser::missing()) if Zoom::Browser::missing();

        my $page = $t->get('/status?format=html')->body;
        my $file = $t->dir . '/window$window.html';

        $page =~ s/&/&amp;/g;
        $page =~ s/"/&quot;/g;

        spew($file, <<"EOC");
<!DOCTYPE html>
<iframe id=f width=$window height=900 style="border:0" srcdoc="$page"></iframe>
<p id=width></p>
<script>
    onload = () => {
        let e = f.contentDocument.documentElement;
        width.textContent = e.clientWidth + ' ' + e.scrollWidth;
    };
</script>
EOC

        my ($width, $needs) = browse($t->dir, '--dump-dom', "file://$file")
                              =~ m{<p id="width">(\d+) (\d+)</p>};

        cmp_ok($width // 0, '>=', $window - 60, 'the window');
        cmp_ok($width, '<=', $window, 'no wider');
        is($needs, $width, 'has it all');
    };
}


subtest 'for people' => sub {
    plan(skip_all => Zoom::Browser::missing()) if Zoom::Browser::missing();

    my $url = 'http://127.0.0.1:' . $t->port . '/status?format=html';
    my ($dom) = browse($t->dir, '--dump-dom', $url) =~ /\A(.*?)<h2>/s;

    ok($dom, 'a page') or return;

    my ($wrong) = $dom =~ m{<b>wrong:</b>(.*?)</li>};
    my ($acme) = $dom =~ m{<b>acme:</b>(.*?)</li>};

    like($acme, qr/working\..*access token is good for \d+ min/,
         'acme works');
    like($wrong, qr/Zoom\ has\ refused\ our\ credentials\ for\ \d+\ s:
                    \ check\ .*client_secret.*(?:next\ probe\ in\ \d+\ s
                    |next\ callback)/x, 'wrong is told what to do');
    like($dom, qr{<li class="red"><i>BROKEN</i><b>wrong:}, 'in red');
    like($dom, qr{<li class="green"><i>OK</i><b>acme:}, 'and green');
    like($dom, qr{<li\ class="amber"><i>WAIT</i><b>nowhere:</b>
                  \ Zoom\ has\ been\ out\ of\ reach}x, 'and amber');
    like($dom, qr{<title>BROKEN}, 'a tab in the background tells');

    # What a person sees and a DOM does not tell: it is there at all, at the
    # top, wide as a phone.
    my $png = $t->dir . '/status.png';

    spew($t->dir . '/status.html', $t->get('/status?format=html')->body);

    browse($t->dir, "--screenshot=$png", '--window-size=400,900', $url);
    cmp_ok(-s $png // 0, '>', 10_000, 'a picture');
};


subtest "nobody's business" => sub {
    my %canary = $t->canaries;

    $canary{$_} = $t->secret($_) for qw(account_id client_id);

    for my $form (@forms) {
        my $body = $t->get("/status?format=$form")->body;
        my @found = grep { index($body, $canary{$_}) >= 0 } sort keys %canary;

        is("@found", '', "$form: no secret");
        unlike($body, qr/example\.com|t1\.example|victim|nobody/,
               "$form: no user");
        unlike($body, qr/does not exist|Invalid client/i,
               "$form: no word of Zoom's");
    }
};


$t->finish;
