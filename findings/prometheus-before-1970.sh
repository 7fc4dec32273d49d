#!/bin/sh
#
# Question:      a sample in Prometheus' text format has a time of its own, in
#                milliseconds since the epoch, an int64.  May it be negative?
# Likely guess:  yes: it is signed, and the documentation's example of the format
#                has one from before the epoch.
# Truth:         "promtool check metrics" takes it; a scrape refuses the whole
#                page, with a message that names neither the sign nor the line
#                ("expected timestamp or new record").  So the example of the
#                documentation can't be scraped as it is.
# Source:        Prometheus' page "Exposition formats", of the text format; the
#                package, run.

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/prometheus.inc
. lib/prometheus.inc

# shellcheck disable=SC2154 # of the file above
cases=$dir/cases

printf 'bots_total 1\nold_bots_total 1 0\n' > "$cases/epoch"
printf 'bots_total 1\nold_bots_total 1 -60000\n' > "$cases/before"

scrape
cat "$dir/seen"

for line in 'before promtool=taken scrape=refused' \
            'epoch promtool=taken scrape=taken'
do
    if ! grep -q "^$line" "$dir/seen"; then
        echo "That is not what was seen before."
        exit 1
    fi
done
