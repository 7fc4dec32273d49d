package Zoom::Resty;

# lua-nginx-module beside our own, Debian's or one that nginx was built with, as
# OpenResty: what an nginx.conf needs, and a location that calls any function of
# resty.zoom in any phase.  LUA_PATH says where lua-resty-core is, if it is no
# package.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use JSON::PP ();

use Zoom::Nginx;
use Zoom::Process qw(scratch discard copy_of spew);
use Zoom::Sandbox;

our @EXPORT = qw(resty_missing resty_main resty_http resty_locations call_lua);

my $top = abs_path(dirname(__FILE__) . '/../../..');
my $json = JSON::PP->new->utf8->allow_nonref;


# nginx was built with lua-nginx-module: there is nothing to load.
sub built_in {
    my $said = Zoom::Nginx::binary() . ' -V 2>&1';

    return `$said` =~ m{--add-module=\S*lua-nginx-module};
}


# Loads the modules of these names: ours is "zoom".
sub load_modules {
    my $dir = Zoom::Sandbox::modules_dir();
    my %file = (
        zoom => Zoom::Nginx::module(),
        ndk  => "$dir/ndk_http_module.so",
        lua  => "$dir/ngx_http_lua_module.so",
    );

    delete @file{qw(ndk lua)} if built_in();

    return join '', map { "load_module $file{$_};\n" }
                    grep { defined $file{$_} } @_;
}


# Why lua-nginx-module can't be had: Debian's is for Debian's own nginx.
sub resty_missing {
    my $nginx = Zoom::Nginx::binary();

    return if $nginx eq 'nginx';

    my $dir = scratch('resty');

    spew("$dir/nginx.conf", resty_main() . "pid $dir/pid;\nevents {}\n");

    my $said = `$nginx -t -e $dir/log -c $dir/nginx.conf 2>&1`;
    my $missing = $? ? 'no lua-nginx-module for this nginx' : undef;

    discard($dir);

    return $missing;
}


sub resty_main { return load_modules(qw(ndk lua)) }


sub resty_http {
    my ($library, $tests) = map { copy_of("$top/$_") } qw(lua t/lua);

    return <<"EOC";
    lua_package_path       "$library/?.lua;$tests/?.lua;;";
    lua_socket_log_errors  off;
    lua_check_client_abort on;
EOC
}


# /content, /access, /rewrite, /thread and /timer: {"f":name,"args":[...]} is
# answered by the list of what came back.

sub resty_locations {
    return join '', map { <<"EOC" } qw(content access rewrite);
        location /$_ {
            ${_}_by_lua_block { require("calls").answer("$_") }
        }
EOC
}


# The list of what the function gave back; undef where it was nil.
sub call_lua {
    my ($t, $path, $f, @args) = @_;
    my $r = $t->post($path, $json->encode({ f => $f, args => \@args }));

    die "$path answered ", $r->status, ': ', $r->body if $r->status != 200;

    return @{ $json->decode($r->body) };
}


1;
