#!/bin/sh
#
# Question:      version 2 of a Debian package of nginx modules, made with
#                dh_nginx, gives one module a later priority, 70 instead of 50,
#                adds another module, and renames the .conf file of a third.
#                What is enabled on a host that had version 1?
# Likely guess:  the same as on a new host, less what its administrator has
#                disabled: the links were made by the package, which looks after
#                them.
# Truth:         what version 1 had enabled, in its order.  The new module is
#                not enabled, the one with the new priority keeps its place, and
#                the link of the third leads nowhere, with which nginx does not
#                start any more.  The links are made when the package is
#                installed anew or after it was removed; an upgrade leaves them
#                alone.  So a name and a priority are for good, or the package
#                has to move the links itself.
# Source:        nginx-dev, postinst-nginx, which dh_nginx adds to a package,
#                and which makes links if there was no version before ("preserve
#                admin actions"); dh_nginx's manual says nothing of upgrades;
#                dpkg, run.

set -eu

for tool in apt-get dpkg perl dh_prep; do
    if ! command -v $tool > /dev/null; then
        echo "$tool is not installed (dh_prep is of debhelper)"
        exit 77
    fi
done

cd "$(dirname "$0")"
# shellcheck source=findings/lib/debian.inc
. lib/debian.inc

debian 'nginx=1.22.1-9+deb12u*' 'nginx-dev=1.22.1-9+deb12u*'

# shellcheck disable=SC2154 # of the file above
cd "$dir"

# It asks the installed nginx-dev for nginx's ABI, which is not of interest.
sed "s|/usr/share/nginx/src|$dir/root/usr/share/nginx/src|" \
    root/usr/bin/dh_nginx > dh_nginx

# Its scripts, for hosts that are directories.
mkdir autoscripts
for script in root/usr/share/debhelper/autoscripts/*-nginx; do
    # shellcheck disable=SC2016 # of the script
    sed -E 's#/(etc/nginx|usr/share/nginx)/#${DPKG_ROOT:?}&#g' "$script" \
        > "autoscripts/$(basename "$script")"
done
export DH_AUTOSCRIPTDIR="$dir/autoscripts"
export DEB_RULES_REQUIRES_ROOT=no


# package VERSION STANZA ...: what is in debian/PACKAGE.nginx
package() {
    version=$1
    shift

    mkdir -p "source-$version/debian"
    cd "source-$version"

    printf '%s\n' "$@" > debian/libnginx-mod-http-foo.nginx

    while read -r _ file _; do
        echo '# load_module' > "$file"
    done < debian/libnginx-mod-http-foo.nginx

    cat > debian/control <<'EOS'
Source: libnginx-mod-http-foo
Maintainer: Nobody <nobody@example.org>

Package: libnginx-mod-http-foo
Architecture: all
Depends: ${misc:Depends}
Description: some modules
EOS

    cat > debian/changelog <<EOS
libnginx-mod-http-foo ($version) unstable; urgency=medium

  * Made.

 -- Nobody <nobody@example.org>  Sun, 29 Nov 2026 12:00:00 +0000
EOS

    echo 13 > debian/compat

    perl ../dh_nginx
    dh_installdeb
    dh_gencontrol
    dh_builddeb > /dev/null

    cd ..
}


# host NAME VERSION ...: installs the versions one after the other, and says
# what is enabled then, and what nginx says of it
host() {
    host=$dir/$1
    shift

    mkdir -p "$host/etc/nginx/modules-enabled" "$host/var/lib/dpkg/info" \
        "$host/var/lib/dpkg/updates"
    : > "$host/var/lib/dpkg/status"

    for version in "$@"; do
        # nginx itself is not installed there
        dpkg --root="$host" --log=/dev/null --force-not-root \
            --force-script-chrootless --force-depends --force-bad-path \
            -i "libnginx-mod-http-foo_${version}_all.deb" > dpkg.log 2>&1 || {
            tail -5 dpkg.log >&2
            echo "a package can't be installed into a directory here" >&2
            exit 77
        }
    done

    cat > "$host/nginx.conf" <<EOS
include    $host/etc/nginx/modules-enabled/*.conf;
pid        $host/pid;
error_log  $host/error.log;
events { }
EOS

    (cd "$host/etc/nginx/modules-enabled" && echo ./*.conf)

    if root/usr/sbin/nginx -t -e "$host/error.log" -c "$host/nginx.conf" \
           > nginx.log 2>&1
    then
        echo "nginx starts"
    else
        sed -n 's|.* open() ".*/\(.*\)" failed (2: .*|nginx: no file \1|p' \
            nginx.log
    fi
}


package 1 'mod debian/mod-http-foo.conf' 'mod debian/mod-http-old.conf'
package 2 'mod debian/mod-http-foo.conf 70' 'mod debian/mod-http-new.conf' \
    'mod debian/mod-http-more.conf'

{
    echo "version 1:"
    host first 1
    echo "version 2, a new host:"
    host second 2
    echo "version 2, after version 1:"
    host both 1 2
} > seen

cat seen

cat > expected <<'EOS'
version 1:
./50-mod-http-foo.conf ./50-mod-http-old.conf
nginx starts
version 2, a new host:
./50-mod-http-more.conf ./50-mod-http-new.conf ./70-mod-http-foo.conf
nginx starts
version 2, after version 1:
./50-mod-http-foo.conf ./50-mod-http-old.conf
nginx: no file 50-mod-http-old.conf
EOS

cmp -s seen expected || {
    echo "That is not what was seen before."
    exit 1
}
