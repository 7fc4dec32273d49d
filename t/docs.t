#!/usr/bin/perl

# The documents and the code say the same: nginx takes each configuration, each
# link leads somewhere, and every directive, variable, error and metric is
# written down and exists.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;

use Zoom::Documents qw(documents blocks links anchors entries cells
                       coded_directives coded_variables coded_errors
                       coded_metrics);
use Zoom::Nginx;
use Zoom::Process qw(scratch discard slurp spew copy_of);
use Zoom::Resty;

my $top = abs_path(dirname(__FILE__) . '/..');
my $reference = 'docs/directives.md';
my @documents = documents();


# What both sides have, or whose is missing.
sub same_names {
    my ($documented, $coded, $what) = @_;

    is(join(' ', grep { !$documented->{$_} } sort keys %$coded), '',
       "$what: all of them are documented");
    is(join(' ', grep { !$coded->{$_} } sort keys %$documented), '',
       "$what: all that are documented exist");
}


# The names in the first cells of a document's tables, by a pattern.
sub in_tables {
    my ($file, $column, $pattern) = @_;
    my %found;

    for (split /\n/, slurp("$top/$file")) {
        my @cells = cells($_) or next;

        $found{$1} = \@cells
            while ($cells[$column] // '') =~ /$pattern/g;
    }

    return \%found;
}


my $entries = entries($reference);

subtest 'directives' => sub {
    my $coded = coded_directives();

    cmp_ok(keys %$coded, '>', 60, 'there are many');
    same_names($entries, $coded, 'directives');

    for my $name (sort grep { $entries->{$_} } keys %$coded) {
        my $entry = $entries->{$name};

        is($entry->{Context}, $coded->{$name}, "$name: its context");
        like($entry->{Syntax} // '', qr/^\*\*$name\*\*(?: |;)/,
             "$name: its syntax");
        ok(length($entry->{Default} // ''), "$name: its default");
        ok($entry->{example}, "$name: an example");
    }
};


subtest 'variables' => sub {
    my $found = in_tables('docs/variables.md', 0,
                          qr/`\$(zoom_\w+)`/);

    # one for each member that a callback may have
    ok(delete $found->{zoom_metadata_}, 'metadata');

    same_names($found, coded_variables(), 'variables');
};


subtest 'errors' => sub {
    my $coded = coded_errors();
    my $found = in_tables('docs/errors.md', 1, qr/^`(\w+)`$/);

    same_names($found, $coded, 'errors');
    is($found->{$_}[0], $coded->{$_}, "$_: its status")
        for sort grep { $found->{$_} } keys %$coded;
};


subtest 'metrics' => sub {
    my $found = in_tables('docs/metrics.md', 0, qr/`(zoom_\w+)`/);

    same_names($found, coded_metrics(), 'metrics');
};


# Names of ours in prose and code of all documents: none that is not there.
subtest 'names' => sub {
    my %known = (%{ coded_directives() }, %{ coded_variables() },
                 %{ coded_metrics() }, %{ coded_errors() });

    # fields of platforms, and names that an example gives; files of ours are
    # in architecture.md
    my %other = map { $_ => 1 } qw(zoom_tokens_url zoom_client_secret zoom_json
                                   zoom_secret zoom_config);

    for my $file (grep { m{^(?:README|docs/(?!architecture))} } @documents) {
        my $text = slurp("$top/$file");
        my %strange;

        while ($text =~ /(?<![\w.\/-])\$?(zoom_[a-z_]+)(\*?)/g) {
            my ($name, $more) = ($1, $2);

            next if $known{$name} || $other{$name} || $more
                 || $name =~ /^zoom_metadata_/
                 || $name =~ /^(.*)_(?:bucket|sum|count)$/ && $known{$1};
            $strange{$name} = 1;
        }

        is(join(' ', sort keys %strange), '', "$file: no name is made up");
    }
};


subtest 'links' => sub {
    my %anchors;

    for my $file (@documents) {
        my @dead;

        for (links($file)) {
            my ($line, $to, $anchor) = @$_;

            if (!-e "$top/$to") {
                push @dead, "line $line: $to";
                next;
            }

            next if !defined $anchor;

            $anchors{$to} //= anchors($to);
            push @dead, "line $line: $to#$anchor" if !$anchors{$to}{$anchor};
        }

        is(join(', ', @dead), '', "$file: each leads somewhere");
    }

    my %reached = map { $_->[1] => 1 } links('README.md');

    is(join(' ', grep { m{^docs/} && !$reached{$_} && !/benchmarks-/ }
            @documents), '', 'README.md leads to every document');
    cmp_ok(-s "$top/README.md", '<', 16384, 'README.md is short');
};


# A package has not all that the documents link to.
subtest 'installed' => sub {
    my $root = scratch('installed');

    mkdir "$root/docs";
    spew("$root/README.md", slurp("$top/README.md"));
    spew("$root/$_", slurp("$top/$_")) for grep { m{^docs/} } @documents;

    my $said = qx($top/t/tools/doclinks $root);

    isnt($?, 0, 'links that lead nowhere are found');
    like($said, qr{README\.md: \.github/SECURITY\.md}, 'and named');

    is(system("$top/t/tools/doclinks --cut $root"), 0, 'and cut');
    is(qx($top/t/tools/doclinks $root), '', 'all of them');
    like(slurp("$root/README.md"), qr/; reporting a vulnerability \|/,
         'but for their text');
    like(slurp("$root/README.md"), qr{\[install\]\(docs/install\.md\)},
         'the others stay');
    discard($root);
};


subtest 'data' => sub {
    my $json = JSON::PP->new->utf8;

    for my $file (@documents) {
        for (blocks($file, 'json')) {
            my ($line, $text) = @$_;

            # an excerpt is what is inside of an object
            $text = "{$text}" if $text !~ /^\s*[\[{]/;
            ok(eval { $json->decode($text) }, "$file:$line: JSON") or diag $@;
        }
    }

    plan(skip_all => 'YAML::XS (libyaml-libyaml-perl) is not installed')
        if !eval { require YAML::XS };

    for my $file (@documents) {
        for (blocks($file, 'yaml')) {
            my ($line, $text) = @$_;

            ok(eval { YAML::XS::Load($text) }, "$file:$line: YAML")
                or diag $@;
        }
    }
};


subtest 'the manual page' => sub {
    my $page = qx($top/t/tools/man 1.2.3 < $top/$reference);

    is($?, 0, 'is made');

    my @missing = grep { $page !~ /^\.SS $_$/m } sort keys %$entries;

    is("@missing", '', 'every directive is in it');
    like($page, qr/^\.TH \S+ 8 "" "ngx_zoom_module 1\.2\.3"/m, 'its version');
    unlike($page, qr/\]\(|\*\*|`/, 'nothing of Markdown is left');

    plan(skip_all => 'man is not installed')
        if system('command -v man > /dev/null 2>&1');

    my $file = scratch('man') . '/ngx_http_zoom_module.8';

    spew($file, $page);

    my $look = "man --warnings -E UTF-8 -l -Tutf8 -Z $file";
    my $said = qx(MANWIDTH=80 $look 2>&1 > /dev/null);

    is($said, '', 'man has nothing to say');
    discard(dirname($file));
};


# From here on nginx looks at each configuration, in an etc/nginx of its own.

my $dir = scratch('docs');
my $nginx = Zoom::Nginx->prepare(dir => "$dir/nginx");
my $resty = !resty_missing();

mkdir "$dir/$_" for qw(etc etc/zoom etc/zoom/lua etc/tls log store);

my $certificate = "openssl req -x509 -newkey ec"
    . " -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=docs"
    . " -keyout $dir/etc/tls/tokens.key -out $dir/etc/tls/tokens.pem";

system("$certificate 2> /dev/null") == 0 or die "openssl: $?\n";
spew("$dir/etc/tls/callers_ca.pem", slurp("$dir/etc/tls/tokens.pem"));

# Of the user of the workers, as zoom_store wants it.
if ($> == 0) {
    my ($uid, $gid) = (getpwnam 'nobody')[2, 3];

    chown $uid, $gid, "$dir/store";
    chmod 0755, $dir;
}

spew("$dir/etc/zoom/hosts", '');
spew("$dir/etc/zoom/htpasswd", "bots:{PLAIN}CANARY\n");
spew("$dir/etc/zoom/$_.lua", "return function() end\n")
    for qw(route webhook allow);


# A secret of the kind that the name says.
sub secret_of {
    my ($name) = @_;
    my $bytes = encode_base64(pack('H*', '5a' x 32), '');

    return "whsec_$bytes" if $name =~ /recall/;
    return $bytes if $name =~ /^(?:attendee|tenant|store_key)/;
    return "Bearer CANARYdocs0123456789" if $name =~ /scrape/;
    return "CANARYdocs0123456789" . $name =~ s/\W/-/gr;
}


# With places of ours instead of those of a server.
sub placed {
    my ($text) = @_;
    my ($port, $tls) = ($nginx->port, $nginx->port2);
    my ($module, $lua) = (Zoom::Nginx::module(), Zoom::Nginx::lua_module());

    while ($text =~ m{file:/(?:etc/nginx/zoom|run/credentials/[^/]+)/([\w.]+)}g)
    {
        spew("$dir/etc/zoom/$1", secret_of($1) . "\n", 0600);
    }

    $text =~ s{modules/ngx_http_zoom_module\.so}{$module}g;
    $text =~ s{modules/ngx_http_zoom_lua_module\.so}{$lua}g;
    $text =~ s{/etc/nginx/}{$dir/etc/}g;
    $text =~ s{redis\.internal}{127.0.0.1}g;
    $text =~ s{/run/credentials/[^/]+/}{$dir/etc/zoom/}g;
    $text =~ s{/var/lib/nginx/zoom/}{$dir/store/}g;
    $text =~ s{/var/log/nginx/}{$dir/log/}g;
    $text =~ s{listen(\s+)443 ssl}{listen$1 127.0.0.1:$tls ssl}g;

    return $text;
}


# The statements of a configuration: [first word, text].
sub statements {
    my ($text) = @_;
    my @statements;

    pos($text) = 0;

    while ($text =~ /\G(?:\s+|#[^\n]*\n)*+(?=\S)/gc && pos($text) < length $text)
    {
        my ($from, $depth) = (pos($text), 0);

        while (1) {
            if ($text =~ /\G(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'
                             |\$\{|\#[^\n]*|[^;{}"'\#\$]+|\$)/gcsx)
            {
                next;
            }

            $text =~ /\G(.)/gcs or die "a statement does not end: $text\n";
            $depth++ if $1 eq '{';
            $depth-- if $1 eq '}';
            last if $depth == 0 && $1 =~ /[;}]/;
        }

        my $statement = substr $text, $from, pos($text) - $from;
        my ($word) = $statement =~ /^(\S+?)[\s;{]/;

        push @statements, [$word, $statement];
    }

    return @statements;
}


# Where directives of nginx's own belong, as far as we write of them.
my %PLACE = (
    (map { $_ => 'http' } qw(map upstream server log_format access_log
                             limit_req_zone)),
    location => 'server',
);

my $credentials = join ' ', map { "$_ file:/etc/nginx/zoom/$_;" }
                  qw(account_id client_id client_secret);

# What a page has told of elsewhere, by the name of an account.
my %account = (
    (map { $_ => "$credentials sdk_key file:/etc/nginx/zoom/sdk_key;"
                 . ' sdk_secret file:/etc/nginx/zoom/sdk_secret;'
                 . ' webhook_secret file:/etc/nginx/zoom/webhook_secret;' }
     qw(acme other backup)),
    users => 'grant authorization_code; client_id users;'
             . ' client_secret file:/etc/nginx/zoom/users_secret;'
             . ' redirect_uri https://tokens.example.com/zoom/connected;'
             . ' scopes user:read:user user:read:token;',
);

# The least that a pool has.
my $pool = 'account acme; user bot-1@example.com;';

# Parameters that only such an account has.
my $users_own = qr/^(?:grant|redirect_uri|scopes|authorize_url|device_url
                      |revoke_url)\b/mx;

# Variables that a map sets, or nginx's own, in text that does not show it.
my @assumed = qw(bot_user may_record meeting_host host_user bot_account
                 whose_token session_user);


# An excerpt of a configuration, with all that it leaves out around it.
sub whole {
    my ($text) = @_;
    my @statements = statements($text);
    my %part = map { $_ => '' } qw(http server location);
    my %inner;
    my $handles = 0;

    my %has = map { $_->[0] => 1 } @statements;

    $text =~ s/^http \{\n/http {\nupstream app { server 127.0.0.1:9; }\n/m
        if $text =~ m{http://app\b};

    return $text if $has{events};
    return "load_module modules/ngx_http_zoom_module.so;\nevents {}\n$text"
        if $has{http};

    for (@statements) {
        my ($word, $statement) = @$_;
        my $entry = $entries->{$word};
        my $place = $PLACE{$word} // 'location';

        $place = $entry->{Context} if $entry;
        $handles ||= $entry && $place eq 'location';

        if ($place =~ /^zoom_/) {
            $inner{$place} .= "$statement\n";
            next;
        }

        $part{ $place =~ /location/ ? 'location' : $place } .= "$statement\n";
    }

    for my $block (keys %inner) {
        my $like = $block eq 'zoom_pool'           ? $pool
                 : $inner{$block} =~ /$users_own/ ? $account{users}
                                                   : $account{acme};
        my @rest = grep { my ($name) = /^(\w+)/;
                          $inner{$block} !~ /^$name\s/m }
                   map { "$_;" } split /;\s*/, $like;

        # whose limits are no other's
        s/account_id \K\S+/another;/ for @rest;

        $part{http} .= "$block in_the_block {\n@rest\n$inner{$block}}\n";
    }

    if ($part{location} ne '') {
        $part{server} .= "location = /here {\n"
            . ($handles ? '' : "zoom_tokens acme;\n") . "$part{location}}\n";
    }

    my $all = join '', values %part;

    for my $name (sort keys %account) {
        $part{http} .= "zoom_account $name { $account{$name} }\n"
            if $all !~ /zoom_account\s+$name\b/
               && ($name ne 'users' || $all !~ m{redis://});
    }

    $part{http} .= "zoom_store sqlite:/var/lib/nginx/zoom/store.db"
                   . " key=file:/etc/nginx/zoom/store_key;\n"
        if $all !~ /zoom_store\s/;

    for my $name (grep { $all =~ /\$$_\b/ } @assumed) {
        $part{http} .= "map \$zoom_caller \$$name { volatile; default x; }\n"
            if $all !~ /(?:map\s+\S+|set)\s+\$$name\b/;
    }

    $part{http} .= "upstream app { server 127.0.0.1:9; }\n"
        if $all =~ m{http://app\b};

    # or names would be looked up, which there may be no way to
    $part{http} .= "resolver 127.0.0.1:9;\n"
        if $all =~ /\bzoom_pass\s/ && $all !~ /\bresolver\s/;

    my $server = $part{server} ne '' || $part{http} !~ /^server\s/m
                 ? "server {\n$part{server}\n}" : '';

    return <<"EOC";
load_module modules/ngx_http_zoom_module.so;
load_module modules/ngx_http_zoom_lua_module.so;
events {}
http {
$part{http}
zoom_authenticate off;
zoom_user bots\@example.com;
$server
}
EOC
}


# What a machine of tests needs around any of them.
sub local_nginx {
    my ($text) = @_;
    my $user = $> == 0 ? "user nobody nogroup;\n" : '';
    my $at = $nginx->dir;
    my $library = copy_of("$top/lua");
    my $http = join '', map({ "${_}_temp_path $at/tmp/$_;\n" }
                            qw(client_body proxy fastcgi uwsgi scgi)),
                        "access_log off;\n";
    my $resty_main = '';

    if ($text =~ /_by_lua_block/) {
        $http .= qq(lua_package_path "$library/?.lua;;";\n);
        $resty_main = resty_main();
    }

    # one that listens nowhere would take port 80
    my $port = $nginx->port;

    $text =~ s/\bserver(\s*)\{(?!\s*server_name _;)(?![^{}]*\blisten\b)/server$1\{ listen 127.0.0.1:$port;/g;
    $text =~ s/^http \{/http {\n$http/m;

    return "$resty_main$user" . "pid $at/nginx.pid;\nerror_log $at/error.log;\n"
           . $text;
}


sub takes {
    my ($name, $text) = @_;

    if ($text =~ /_by_lua_block/ && !$resty) {
        return pass("$name: not without lua-nginx-module");
    }

    $nginx->write_configuration(text => sub {
        placed(local_nginx(whole($text)));
    });

    my ($exit, $said) = $nginx->check;

    return pass("$name: not without hiredis")
        if $exit && $said =~ /was built without hiredis/;

    is($exit, 0, "$name: nginx takes it") or diag $said, $nginx->{text};

    # what is not as it should be in an example
    my @warned = grep { /\[warn\]/ && !/"user" directive|literal|low/ }
                 split /\n/, $said;

    return is("@warned", '', "$name: without a warning");
}


subtest 'configurations' => sub {
    my $n = 0;

    for my $file (@documents) {
        for (blocks($file, 'nginx')) {
            my ($line, $text) = @$_;

            takes("$file:$line", $text);
            $n++;
        }
    }

    cmp_ok($n, '>', 70, 'there are many');
};


# Of the same excerpts, what nginx would not take if it were wrong.
subtest 'a mistake is found' => sub {
    for my $wrong ("zoom_ttl 2hours;\n",
                   "location = /x { zoom_tokens nobody; }\n",
                   "zoom_user \$zoom_metadata_x;\n",
                   "zoom_account acme { plan gold; }\n")
    {
        $nginx->write_configuration(text => sub {
            placed(local_nginx(whole($wrong)));
        });

        my ($exit) = $nginx->check;

        isnt($exit, 0, "refused: " . $wrong =~ s/\n//r);
    }
};


subtest 'scripts' => sub {
    for my $file (@documents) {
        for (blocks($file, 'lua')) {
            my ($line, $text) = @$_;

            next if $text !~ /^return function/m;

            spew("$dir/etc/zoom/block.lua", $text);
            takes("$file:$line", <<'EOC');
zoom_tokens acme;
zoom_route_by_lua_file /etc/nginx/zoom/block.lua;
EOC
        }
    }
};


discard($dir);
done_testing();
