# shellcheck shell=sh
#
# For a script about Zoom's Meeting SDK: looks for what it needs, installs the
# SDK into $dir, which is removed at the end, and prints the versions.

for tool in node npm chromium; do
    if ! command -v $tool > /dev/null; then
        echo "$tool is not installed"
        exit 77
    fi
done

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

version=6.2.0

echo '{"private":true}' > "$dir/package.json"

if ! (cd "$dir" && npm install --loglevel=error --no-audit --no-fund \
          --ignore-scripts --legacy-peer-deps --cache="$dir/cache" \
          "@zoom/meetingsdk@$version" > /dev/null)
then
    echo "@zoom/meetingsdk $version can't be installed"
    exit 77
fi

echo "@zoom/meetingsdk $version, node $(node --version)," \
    "$(chromium --version 2> /dev/null)"
