#!/bin/sh
#
# Question:      a Debian package of an nginx module builds with "dh $@" and
#                dh-sequence-nginx.  Its sources have a Makefile, too, for other
#                users.  debian/rules gets an override_dh_auto_build that does
#                something and then calls dh_auto_build.  What builds now?
# Likely guess:  what did before, nginx's configure and make: the sequence says
#                how the package is built, the override says only what to add.
# Truth:         the Makefile.  The sequence adds --buildsystem=nginx_mod to the
#                command, and an override is called instead of the command, so
#                the option is lost; by itself debhelper selects "makefile".
#                The build goes on without a word: configure and test are still
#                nginx's.  The override has to give the option.
# Source:        nginx-dev, the sequence nginx.pm; debhelper's
#                add_command_options(), which is of commands, not of overrides.

set -eu

for tool in apt-get dpkg dh make; do
    if ! command -v $tool > /dev/null; then
        echo "$tool is not installed (dh is of debhelper)"
        exit 77
    fi
done

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

chmod 755 "$dir"
cd "$dir"

if ! apt-get download -q 'nginx-dev=1.22.1-9+deb12u*' > download.log 2>&1
then
    echo "nginx-dev 1.22.1 of Debian 12 can't be downloaded"
    exit 77
fi

dpkg -x ./*.deb root
PERL5LIB=$dir/root/usr/share/perl5
export PERL5LIB

echo "nginx-dev $(dpkg-deb -f ./*.deb Version)," \
    "debhelper $(dpkg-query -W -f '${Version}' debhelper)"

mkdir -p source/debian
cd source

cat > debian/control <<'EOS'
Source: libnginx-mod-http-foo
Maintainer: Nobody <nobody@example.org>
Build-Depends: debhelper-compat (= 13), dh-sequence-nginx

Package: libnginx-mod-http-foo
Architecture: any
Description: first
EOS

cat > debian/changelog <<'EOS'
libnginx-mod-http-foo (1) unstable; urgency=medium

  * First.

 -- Nobody <nobody@example.org>  Sat, 28 Nov 2026 12:00:00 +0000
EOS

echo 'ngx_addon_name=foo' > config
printf 'all:\n\t@echo built by the Makefile\n' > Makefile

cat > debian/rules <<'EOS'
#!/usr/bin/make -f
%:
	dh $@
EOS

chmod 755 debian/rules

echo 'without an override dh calls:'
dh build --no-act | grep dh_auto_build | tee ../without

cat >> debian/rules <<'EOS'

override_dh_auto_build:
	dh_auto_build
EOS

echo 'with one it calls:'
dh build --no-act | grep dh_auto_build
debian/rules override_dh_auto_build | tee ../with

if ! grep -q 'buildsystem=nginx_mod' ../without \
    || ! grep -qx 'built by the Makefile' ../with
then
    echo "That is not what was seen before."
    exit 1
fi
