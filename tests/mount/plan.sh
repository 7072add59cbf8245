#!/bin/bash
#
# plan.sh - dist/plan: its figures are of this machine, and its sums are right.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

PLAN=$(cd "$(dirname "$0")/../../dist" && pwd)/plan

# Whoever has measured before can do without a machine; round numbers, to be followed by hand.
cat >"$T/measured" <<'END'
# measured once
# machine theirs
# disk theirs
# cpus 2
# marks_per_s 10000
# changes_per_commit 10
# change_cpu_s 0.0001
# lone_mark_s 0.0005
# commit_s 0.25
# fresh_s 0.005
# read_cpu_s 0.00002
# counted_per_s 100000
# derived_bytes 60
# log_bytes 80
# favorite_bytes 90
END
printf '%s\t%s\tof something\tsomebody\n' dynamodb_write 0.5 dynamodb_read 0.25 dynamodb_storage 0.3 dynamodb_free_gb 20 \
	streams_read 0 lambda_request 0.4 lambda_free_requests 2000000 lambda_gb_second 0.00001 \
	lambda_free_gb_seconds 100000 server_hour 0.02 server_cpus 0.5 disk_gb 0.1 >"$T/prices"

plan() { "$PLAN" MEASURED="$T/measured" PRICES="$T/prices" "$@" >"$T/plan" 2>&1; }

# shown WHAT [PART]: the line of that name, in the part that starts with a word
shown() { awk -v part="${2:-here}" -v what="  $1 " '/^[a-z]/ { on = $1 ~ "^" part } on && index($0, what) == 1' "$T/plan"; }

# amount WHAT PART: its dollars
amount() { shown "$1" "$2" | sed "s/^  $1  *//; s/ .*//"; }

# 8,640,000 a day are 100 a second; a month has 730 hours.
ok "with figures of before" plan DAILY=8640000 READS=864000 PEAK=3 RETENTION=12 WRITES=10
is "as many a second as there are in a day" "100.00, busiest 300.00; 16 clients got 10000 (3.0 %)" \
	"$(shown "changes a second" | sed 's/^.\{37\}//')"
is "a commit of 250 ms is the fourth of a second" "4.00, busiest 4.00; one takes 250.00 ms" \
	"$(shown "commits a second" | sed 's/^.\{37\}//')"
is "864 s for changes, 17.28 for readings" "881.3 s, 0.510 % of 2" "$(shown "CPU a day" | sed 's/^.\{37\}//')"
is "the busiest hour" "3.060 % of one" "$(shown "CPU in the busiest hour" | sed 's/^.\{37\}//')"
is "150 bytes each" "1.30 GB a day, 473.04 GB a year (150 bytes each)" "$(shown "disk, for good" | sed 's/^.\{37\}//')"
is "half a day of log" "345.60 MB (80 bytes each)" "$(shown "disk, log of 12 h" | sed 's/^.\{37\}//')"
is "5 ms, and 20 ms / 0.997" "25.1 ms" "$(shown "rankings behind, busiest" | sed 's/^.\{37\}//')"

# 262.8 M changes and 26.28 M readings a month, 3153.6 M favourites after a year
is "there: writes" 1314.00 "$(amount writes there)"
is "there: reads" 3.29 "$(amount reads there)"
is "there: storage of 1261.44 GB, but for 20" 372.43 "$(amount storage there)"
is "there: 2.628 M calls, 164250 GB and seconds" 0.89 "$(amount functions there)"
is "there: together" 1690.61 "$(amount together there)"
is "a server" 14.60 "$(amount server a)"
is "its disk of 8 + 473.04 + 0.3456 GB" 48.14 "$(amount disk a)"
is "a server and its disk" 62.74 "$(amount together a)"

# Where it pays, both cost the same: asked for that load, the sums meet.
pays=$(shown "pays from" a | awk '{ print $3 }')
ok "a load at which it pays" plan DAILY="${pays:-1}" READS=$((${pays:-0} / 10)) RETENTION=12 WRITES=10
at_most "there and here cost the same then, but for a cent" 1 \
	"$(awk -v a="$(amount together there)" -v b="$(amount together a)" 'BEGIN { printf "%.0f", 100 * (a > b ? a - b : b - a) }')"
ok "free as long as nobody asks for much" plan DAILY=100 WRITES=10
is "functions below what is free" 0.00 "$(amount functions there)"
is "a change a call, when they are rare" 3042 "$(shown functions there | awk '{ print $3 }')"
plan DAILY=8640000000
ok "a load that is too much is called so" grep -qF "TOO MUCH" "$T/plan"
ok "and counting falls behind" grep -q "rankings behind.*without bounds" "$T/plan"

refused "no load" 2 "DAILY" "$PLAN" DAILY=0
refused "a word that is unknown" 2 "WEEKLY" "$PLAN" WEEKLY=1
refused "figures that are missing" 1 "log_bytes was not measured" "$PLAN" DAILY=1 PRICES="$T/prices" \
	MEASURED=<(grep -v log_bytes "$T/measured")

# ---- measured here ----

ok "measured on this machine" env TMPDIR="$T" "$PLAN" DAILY=1000 MARKS=320 LINES=2000 BUILD="$BUILD"
cp "$T/out" "$T/first"
while read -r _ name value; do
	ok "$name is something" awk -v value="$value" 'BEGIN { exit !(value > 0) }'
done < <(grep -E '^# [a-z]+_[a-z_]+ ' "$T/first")
is "all of them" 11 "$(grep -cE '^# [a-z]+_[a-z_]+ ' "$T/first")"
is "nothing is left of it" "" "$(find "$T" -name 'favfs-plan.*')"
ok "its figures are those to plan with again" "$PLAN" DAILY=1000 MEASURED="$T/first"
cp "$T/out" "$T/second"
same "and the same comes out" "$T/first" "$T/second"

# The bytes of a change, from a store of our own with the same lines.
must_up -o noaggregator
LINES=2000 DAYS=30 bash -c "$(sed -n '/^plan_lines()/,/^}/p' "$PLAN"); plan_lines add" |
	dd bs=512K iflag=fullblock status=none of="$M/import"
down
each=$(awk '$2 == "favorite_bytes" || $2 == "log_bytes" { sum += $3 } END { printf "%.0f", sum }' "$T/first")
at_most "favourite and log are the file, within a page or two" 10 \
	$((each - $(stat -c %s "$S"/favorites.db* | awk '{ n += $1 } END { print n }') / 2000))
conclude
