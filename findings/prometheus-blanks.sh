#!/bin/sh
#
# Question:      an exporter indents its lines, or ends them with a blank, which
#                the text format ignores.  Is that scraped, and what does
#                "promtool check metrics", of the same package, say of it?
# Likely guess:  both take it, as the format says.
# Truth:         one blank before the name of a metric, and Prometheus loses the
#                whole scrape, with the blank taken into the name, while
#                promtool takes it; one blank after the value, and it is
#                promtool that refuses what Prometheus scrapes.  They are two
#                parsers: a clean promtool is no proof that a target is up.
# Source:        Prometheus' page "Exposition formats", of the text format:
#                leading and trailing whitespace is ignored; the package, run.

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/prometheus.inc
. lib/prometheus.inc

# shellcheck disable=SC2154 # of the file above
cases=$dir/cases

printf 'bots_total 1\n' > "$cases/plain"
printf ' bots_total 1\n' > "$cases/blank-before"
printf 'bots_total 1 \n' > "$cases/blank-after"
printf 'bots_total  \t 1\n' > "$cases/blanks-between"

scrape
cat "$dir/seen"

for line in 'blank-after promtool=refused scrape=taken' \
            'blank-before promtool=taken scrape=refused' \
            'blanks-between promtool=taken scrape=taken' \
            'plain promtool=taken scrape=taken'
do
    if ! grep -q "^$line" "$dir/seen"; then
        echo "That is not what was seen before."
        exit 1
    fi
done
