#!/bin/sh
#
# Question:      Debian packages libnginx-mod-http-foo, and an addition to it,
#                libnginx-mod-http-foo-lua; dh_nginx guesses what to enable and
#                with which priority.  Which module does nginx load first?
# Likely guess:  foo: both get priority 50, and its name is the shorter one, so
#                it sorts first; dh_nginx gives additions a later priority, 70.
# Truth:         foo-lua.  70 is for additions to what is no HTTP module, as
#                "stream-geoip2"; a name that begins with "http-" gets 50 however
#                long it is.  What is sorted are the names of files,
#                50-mod-http-foo-lua.conf and 50-mod-http-foo.conf, and "-" is
#                before ".".  A module that needs the symbols of the other, or
#                its place in the list of modules, is not loaded, or loaded too
#                early; a debian/PACKAGE.nginx that says the priority helps.
# Source:        nginx-dev, dh_nginx (its guess is not in its manual);
#                nginx's "include", which takes what glob() has sorted.

set -eu

for tool in apt-get dpkg perl dh_prep; do
    if ! command -v $tool > /dev/null; then
        echo "$tool is not installed (dh_prep is of debhelper)"
        exit 77
    fi
done

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

chmod 755 "$dir"
cd "$dir"

if ! apt-get download -q 'nginx=1.22.1-9+deb12u*' \
         'nginx-dev=1.22.1-9+deb12u*' > download.log 2>&1
then
    echo "nginx 1.22.1 of Debian 12 can't be downloaded"
    exit 77
fi

for deb in ./*.deb; do
    dpkg -x "$deb" root
    echo "$(dpkg-deb -f "$deb" Package) $(dpkg-deb -f "$deb" Version)"
done

# The two packages as they are after dh_install.

mkdir -p source/debian enabled
cd source

cat > debian/control <<'EOS'
Source: libnginx-mod-http-foo
Maintainer: Nobody <nobody@example.org>

Package: libnginx-mod-http-foo
Architecture: any
Description: first

Package: libnginx-mod-http-foo-lua
Architecture: any
Description: second
EOS

cat > debian/changelog <<'EOS'
libnginx-mod-http-foo (1) unstable; urgency=medium

  * First.

 -- Nobody <nobody@example.org>  Sat, 28 Nov 2026 12:00:00 +0000
EOS

echo 13 > debian/compat

for name in foo foo_lua; do
    modules=debian/libnginx-mod-http-$(echo $name | tr _ -)/usr/lib/nginx/modules
    mkdir -p "$modules"
    : > "$modules/ngx_http_${name}_module.so"
done

# It asks the installed nginx-dev for nginx's ABI, which is not of interest.
sed 's|/usr/share/nginx/src|'"$dir"'/root/usr/share/nginx/src|' \
    ../root/usr/bin/dh_nginx > ../dh_nginx

# Without debhelper's templates for nginx it can't write the scripts.
perl ../dh_nginx --noscripts --verbose | grep -E 'priority|prio:'

# What the postinst of each would do: a link NN-NAME in modules-enabled.
for conf in debian/*/usr/share/nginx/modules-available/*.conf; do
    cp "$conf" "../enabled/50-$(basename "$conf")"
done

cd ..

cat > nginx.conf <<EOS
include  $dir/enabled/*.conf;
events { }
EOS

# The modules are empty files: the first that is loaded is the one that fails.
first=$(root/usr/sbin/nginx -t -e "$dir/error.log" -p "$dir" \
            -c "$dir/nginx.conf" 2>&1 \
            | sed -n 's/.*dlopen() "[^"]*\/\([^"]*\)" failed.*/\1/p' | head -1)

echo "loaded first: $first"

test "$first" = ngx_http_foo_lua_module.so || {
    echo "That is not what was seen before."
    exit 1
}
