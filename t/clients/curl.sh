#!/bin/sh
#
# curl.  Its options come from files: a secret has no business on a command
# line.

set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

{
    printf 'header = "Authorization: Bearer %s"\n' "$(cat "$ZOOM_SECRET")"
    printf 'silent\nnoproxy = "*"\nmax-time = 60\npath-as-is\nlocation\n'
    printf 'output = "%s"\nwrite-out = "%%{http_code}"\n' "$dir/out"
    [ -z "${SSL_CERT_FILE:-}" ] || printf 'cacert = "%s"\n' "$SSL_CERT_FILE"
} > "$dir/options"


# the status
ask() {
    method=$1
    url=$2
    shift 2
    rm -f "$dir/out"
    curl -q -K "$dir/options" -X "$method" "$@" "$url"
}

# a member of the answer that is a text or a number
member() {
    sed 's/\\\//\//g' "$dir/out" | grep -o "\"$1\":\"*[^\",}]*[\",}]" \
        | head -1 | sed 's/^[^:]*://; s/^"//; s/.$//'
}

# an endpoint holds braces
endpoint() {
    sed 's/\\\//\//g; s/.*"endpoint":"\([^"]*\)".*/\1/' "$dir/out"
}

say() { printf '%s\t%s\n' "$1" "$2"; }

told() {
    name=$1
    shift
    status=$(ask "$@")
    say "$name" "$status $(endpoint)"
}

matches() {
    name=$1
    shift
    status=$(ask POST "$ZOOM_REST/users/bots@example.com/meetings" \
                 -H 'Content-Type: application/json' "$@")

    if [ "$(member sha256)" = "$(sha256sum < "$dir/body" | cut -c 1-64)" ]
    then
        say "$name" "$status whole"
    else
        say "$name" "$status not whole"
    fi
}

json='Content-Type: application/json'

told get GET "$ZOOM_REST/meetings/85746065432"
told put PUT "$ZOOM_REST/meetings/85746065432/status" -H "$json" \
     -d '{"action":"end"}'
told patch PATCH "$ZOOM_REST/meetings/85746065432" -H "$json" \
     -d '{"topic":"x"}'
told delete DELETE "$ZOOM_REST/meetings/85746065432"
told uuid GET \
     "$ZOOM_REST/past_meetings/%252FDYlohsHR%252F%252FCd4ii1uC2hA%253D%253D"

status=$(ask GET "$ZOOM_REST/meetings/85746065432?a=%20b&c=d+e&a=2")
say query "$status $(member query)"

printf '{"topic":"%01000d"}' 0 > "$dir/body"
matches post --data-binary "@$dir/body"

printf '{"topic":"%03000000d"}' 0 > "$dir/body"
matches upload -H 'Transfer-Encoding: chunked' --data-binary "@$dir/body"

status=$(ask GET "$ZOOM_REST/users/nobody@example.com")
say unknown "$status $(member code)"

# a second header would go beside that of the options
status=$(sed 's/Bearer .*"/Bearer nonsense"/' "$dir/options" > "$dir/nobody"
         curl -q -K "$dir/nobody" "$ZOOM_REST/meetings/85746065432")
say nobody "$status"

status=$(ask HEAD "$ZOOM_REST/meetings/85746065432" --head)
grep -vc '^[[:alnum:]-]*:\|^HTTP\|^.$' "$dir/out" > "$dir/lines" || true
say head "$status $(cat "$dir/lines")"

# not every place that is tried has these
if [ -n "$ZOOM_GRAPHQL" ]; then
    status=$(ask POST "$ZOOM_GRAPHQL" -H "$json" \
                 -d '{"query":"{ users { id } }"}')
    say graphql "$status $(grep -o '"users"' "$dir/out" | tr -d '"')"
fi

if [ -n "$ZOOM_DOWNLOAD" ]; then
    url=$ZOOM_DOWNLOAD/rec/download/size-2500000

    status=$(ask GET "$url")
    say download "$status $(sha256sum < "$dir/out" | cut -c 1-64)"

    status=$(ask GET "$url" -r 999990-1000020)
    say range "$status $(od -An -v -tx1 "$dir/out" | tr -d ' \n')"
fi

# The first event is here long before the last.
sed '/^output/d; s/^write-out.*/write-out = "\\n%{http_code}\\n"/' \
    "$dir/options" > "$dir/stream"

curl -q -K "$dir/stream" --no-buffer "$ZOOM_REST/meetings/8888888888" |
while read -r line; do
    case $line in
    data:*)
        count=$((${count:-0} + 1))
        [ "$count" != 1 ] || first=$(date +%s%3N)
        ;;
    200)
        if [ $(($(date +%s%3N) - first)) -gt 150 ]; then
            say events "200 $count as they come"
        else
            say events "200 $count at once"
        fi
        ;;
    esac
done
