#!/bin/sh
#
# Question:      rpmbuild of Debian's package rpm runs brp-compress on what is to
#                be packaged, to compress manual pages.  What becomes of a page?
# Likely guess:  it is compressed, as on Fedora: page.8.gz.
# Truth:         it stays as it is, and the build succeeds all the same.  The
#                script begins with "#!/bin/sh" and reads names with "read -d",
#                which dash does not know; it says so on the standard error, the
#                loop ends before its first turn, and the exit code is 0.  Under
#                bash the same script compresses the page.
# Source:        the package rpm, brp-compress in it, run; dash(1), read.

set -eu

for tool in apt-get dpkg bash gzip; do
    if ! command -v $tool > /dev/null; then
        echo "$tool is not installed"
        exit 77
    fi
done

if [ "$(basename "$(readlink -f /bin/sh)")" != dash ]; then
    echo "/bin/sh is not dash"
    exit 77
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

chmod 755 "$dir"
cd "$dir"

if ! apt-get download -q 'rpm=4.18.0*' > download.log 2>&1; then
    echo "rpm 4.18.0 of Debian 12 can't be downloaded"
    exit 77
fi

dpkg -x ./*.deb root
echo "rpm $(dpkg-deb -f ./*.deb Version)"

# A page that is long enough, below a root of its own, as rpmbuild has it.
compress() {
    rm -rf build
    mkdir -p build/usr/share/man/man8
    yes .PP | head -1000 > build/usr/share/man/man8/page.8

    code=0
    RPM_BUILD_ROOT=$dir/build "$@" root/usr/lib/rpm/brp-compress \
        2> "$dir/said" || code=$?

    echo "$1: exit code $code, $(ls build/usr/share/man/man8)"
    cat said
}

seen=$(compress sh; compress bash)
echo "$seen"

for line in 'sh: exit code 0, page.8$' 'read: Illegal option -d' \
            'bash: exit code 0, page.8.gz$'
do
    if ! echo "$seen" | grep -q "$line"; then
        echo "That is not what was seen before."
        exit 1
    fi
done
