#!/bin/bash
#
# status.sh - status and metrics: all that must be told is there, it is true, and looking
# changes nothing.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# told KEY: its value in status
told() { sed -n "s/^$1: \\?//p" "$M/status"; }

# metric NAME-AND-LABELS: its value in metrics
metric() { awk -v name="favfs_$1" '$1 == name { print $2 }' "$M/metrics"; }

bytes_of() { stat -c %s "$@" | awk '{ n += $1 } END { print n }'; }
last_seq() { tail -n 1 "$M/changes" | cut -f 1; }
count_restaurants() { find "$M/restaurants" -mindepth 1 -maxdepth 1 | wc -l; }
count_favorites() { find "$M/restaurants" -mindepth 3 | wc -l; }

# The text format of Prometheus: HELP and TYPE first, samples of one family together, none twice,
# buckets that grow up to the count.
check_exposition()
{
	awk '
		function wrong(why) { print FILENAME ":" FNR ": " why ": " $0; bad = 1 }
		function close_histogram() {
			if (type == "histogram" && !(inf == total && total != ""))
				wrong("+Inf " inf " is not the count " total " of " family)
		}
		/^# HELP / {
			close_histogram()
			family = $3; type = inf = total = ""; bucket = le = -1
			if (family in seen || NF < 4) wrong("family")
			seen[family] = 1
			next
		}
		/^# TYPE / {
			type = $4
			if ($3 != family || type !~ /^(counter|gauge|histogram)$/) wrong("type")
			if ((type == "counter") != (family ~ /_total$/)) wrong("only counters end in _total")
			next
		}
		!/^favfs_[a-z_]+({[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*})? -?[0-9.e+-]+$/ { wrong("not a sample"); next }
		{
			match($0, /^[a-z_]+/); name = substr($0, 1, RLENGTH)
			labelled = $0; sub(/ [^ ]*$/, "", labelled)
			if (labelled in samples) wrong("twice")
			samples[labelled] = 1
			value = $NF + 0
			if (value < 0) wrong("negative")
			if (type != "histogram") {
				if (name != family) wrong("not of " family)
				next
			}
			if (name == family "_count") total = value
			else if (name == family "_bucket") {
				bound = labelled; gsub(/.*le="|".*/, "", bound)
				if (bound == "+Inf") inf = value
				else if (bound + 0 <= le + 0) wrong("bounds must grow")
				else le = bound
				if (value < bucket) wrong("buckets must not fall")
				bucket = value
			} else if (name != family "_sum") wrong("not of " family)
		}
		END { close_histogram(); if (FNR < 50) print "only " FNR " lines"; exit bad }' "$1"
}

# exposition WHAT: metrics now, by our own rules and by those of promtool
exposition()
{
	cat "$M/metrics" >"$T/metrics"
	is "$1: metrics are well-formed" "" "$(check_exposition "$T/metrics")"
	[[ ! $promtool ]] || is "$1: promtool finds nothing" "0 " \
		"$("$promtool" check metrics <"$T/metrics" 2>&1; echo "$? ")"
}
promtool=$(command -v promtool) || skip "promtool check metrics: it is in Debian's package prometheus"

# ---- what there is ----

began=$(date +%s)
must_up
keys="version engine store uptime restaurants favorites changes_logged changes_applied lag_changes
	lag_seconds aggregator commits changes_per_commit import_error database_bytes wal_bytes last_error"
for key in $keys; do
	is "status tells $key, once" 1 "$(grep -c "^$key:" "$M/status")"
done
is "it has lines of 'key: value' only" "" "$(grep -v '^[a-z_]*: ' "$M/status")"
is "their size is 0" "0 0 444 444" "$(stat -c %s "$M/status" "$M/metrics" | xargs) $(stat -c %a "$M/status" "$M/metrics" | xargs)"
is "a new store has nothing" "0 0 0 0 0 0.000 0" "$(told restaurants) $(told favorites) $(told changes_logged) \
$(told changes_applied) $(told lag_changes) $(told lag_seconds) $(told commits)"
is "and no errors" "|" "$(told import_error)|$(told last_error)"
exposition "a new mount"
is "the version is that of favfs -V" "$("$BUILD/favfs" -V | sed -n '1s/^favfs //p')" "$(told version)"
is "so is the engine" "$("$BUILD/favfs" -V | grep '^SQLite')" "$(told engine)"
is "the store" "$S" "$(told store)"
is "the aggregator" "running pid $(pid_of favfs-aggregator)" "$(told aggregator)"

# ---- it is true ----

fan taj ann bob eve
fan noma ann
fan "st john" bob
rm "$M/restaurants/taj/fans/eve"
touch -d 2026-01-01 "$M/restaurants/noma/fans/ann"
mkdir "$M/restaurants/empty"
settle
is "restaurants" "$(count_restaurants)" "$(told restaurants)"
is "favorites" "$(count_favorites)" "$(told favorites)"
is "changes_logged is the newest SEQ" "$(last_seq)" "$(told changes_logged)"
is "changes_applied is that, too, after the barrier" "$(last_seq)" "$(told changes_applied)"
is "nothing lags" "0 0.000" "$(told lag_changes) $(told lag_seconds)"
is "database_bytes" "$(bytes_of "$S"/*.db)" "$(told database_bytes)"
is "wal_bytes" "$(bytes_of "$S"/*.db-wal)" "$(told wal_bytes)"
uptime=$(told uptime)
is "uptime" yes "$( ((uptime <= $(date +%s) - began + 1)) && echo yes || echo "no: $uptime")"
commits=$(told commits)
for i in {1..10}; do touch "$M/restaurants/taj/fans/u$i"; done
is "touches one after the other are a commit each" $((commits + 10)) "$(told commits)"
commits=$(told commits)
changes=$(metric changes_total)
awk 'BEGIN { for (i = 0; i < 2000; i++) printf "add\tmany\tfan-%d\n", i }' >"$T/lines"
dd if="$T/lines" of="$M/import" bs=512K status=none
is "an import of one write is one commit" $((commits + 1)) "$(told commits)"
is "of all its changes" $((changes + 2000)) "$(metric changes_total)"
is "changes_per_commit is their quotient" "$(metric changes_total) $(told commits)" \
	"$(told changes_per_commit | awk -v commits="$(told commits)" -v changes="$(metric changes_total)" \
		'{ d = $1 - changes / commits; print (d < 0.06 && d > -0.06 ? changes : $1), commits }')"
settle
is "restaurants, after it" "$(count_restaurants)" "$(told restaurants)"
is "favorites, after it" "$(count_favorites)" "$(told favorites)"
printf 'add\tgood\tann\n' >"$M/import"
is "a good import is no error" "" "$(told import_error)"
printf 'add\tgood\tbob\nadd\tbad\n' 2>/dev/null >"$M/import"
ok "import_error tells which line" grep -q '^line [12]: .' <<<"$(told import_error)"
printf 'add\tgood\tunfinished' >"$M/import"
ok "also of one that was dropped" eventually grep -q '^import_error: line 1: .*dropped' "$M/status"

settle
kill -STOP "$(pid_of favfs-aggregator)"
logged=$(told changes_logged)
touch "$M"/restaurants/taj/fans/late-{1..5}
is "while the aggregator is stopped changes wait" "5 $((logged + 5)) $logged" \
	"$(told lag_changes) $(told changes_logged) $(told changes_applied)"
sleep 0.3 # time that must be told
touch "$M/restaurants/taj/fans/late-6"
is "lag_seconds is the age of the oldest" yes \
	"$(told lag_seconds | awk '{ print ($1 >= 0.3 && $1 < 60 ? "yes" : $1) }')"
is "metrics say so" "6 1" "$(metric lag_changes) $(awk '$1 == "favfs_lag_seconds" { print ($2 >= 0.3) }' "$M/metrics")"
kill -CONT "$(pid_of favfs-aggregator)"
settle
is "then nothing lags any more" "0 0.000 $(last_seq)" "$(told lag_changes) $(told lag_seconds) $(told changes_applied)"

# ---- metrics ----

for key in restaurants favorites lag_changes changes_logged changes_applied; do
	is "$key is the same there" "$(told $key)" "$(metric $key)"
done
is "aggregator_up" 1 "$(metric aggregator_up)"
exposition "after work"

# counts BY SERIES COMMAND...: how much it is higher after the command
counts()
{
	local by=$1 series=$2 before

	shift 2
	before=$(metric "$series")
	"$@" >"$T/out" 2>&1
	is "$series after $*" $((before + by)) "$(metric "$series")"
}
R=$M/restaurants
counts 5 'requests_total{operation="create",outcome="ok"}' touch "$R"/noma/fans/m{1..5}
counts 5 'touch_seconds_count' touch "$R"/noma/fans/n{1..5}
counts 5 'touch_seconds_bucket{le="+Inf"}' touch "$R"/noma/fans/o{1..5}
counts 2 'requests_total{operation="unlink",outcome="ok"}' rm "$R"/noma/fans/m{1,2}
counts 1 'requests_total{operation="mkdir",outcome="ok"}' mkdir "$R/metered"
counts 1 'requests_total{operation="mkdir",outcome="error"}' mkdir "$R/metered/menu"
counts 0 'requests_total{operation="mkdir",outcome="ok"}' mkdir "$R/metered/menu"
counts 1 'requests_total{operation="rmdir",outcome="error"}' rmdir "$R/taj"
counts 1 'requests_total{operation="lookup",outcome="error"}' stat "$R/nowhere"
counts 1 'requests_total{operation="setxattr",outcome="ok"}' "$TOOLS/syscalls" setxattr-new user.x 1 "$R/taj/fans/ann"
counts 1 'requests_total{operation="setxattr",outcome="error"}' "$TOOLS/syscalls" setxattr-new user.x 1 "$R/taj/fans/ann"
is "which was EEXIST" EEXIST "$(<"$T/out")"
counts 1 'requests_total{operation="rename",outcome="ok"}' mv "$R/noma/fans/m3" "$R/noma/fans/m4"
counts 1 'requests_total{operation="fsync",outcome="ok"}' settle
counts 1 'refusals_total' rmdir "$R/taj"
counts 3 'commits_total' touch "$R"/noma/fans/p{1..3}
is "commits are measured" "$(metric commits_total)" "$(metric commit_seconds_count)"
is "the sums of times grow" yes "$(metric touch_seconds_sum | awk '{ print ($1 > 0 ? "yes" : $1) }')"
"$TOOLS/mark" 16 "$R" < <(awk 'BEGIN { for (i = 0; i < 3000; i++) printf "batch-%d\tfan-%d\n", i % 50, i }')
is "requests that come together share commits" yes \
	"$(metric batch_requests_max | awk '{ print ($1 > 1 ? "yes" : $1) }')"
settle
no_snapshots() { [[ $(metric snapshots_held) == 0 ]]; }
ok "nobody reads: no state is held" eventually no_snapshots
exec {open}<"$M/rankings/all"
is "snapshots_held counts those of open rankings" 1 "$(metric snapshots_held)"
exec {open}<&-
exposition "after more work"
is "bytes are the same in both" "$(told database_bytes) $(told wal_bytes)" "$(metric database_bytes) $(metric wal_bytes)"

# ---- looking is cheap and changes nothing ----

still() { grep -v -e ^uptime -e ^lag_seconds "$M/status"; }
settle
before=$(still)
files() { stat -c '%n %s %y' "$S"/*.db "$S"/*.db-wal; }
files=$(files)
began=$(date +%s%N)
for ((i = 0; i < 200; i++)); do
	read -r _ <"$M/status"
	read -r _ <"$M/metrics"
done
at_most "one look, in ms" 20 $((($(date +%s%N) - began) / 400 / 1000000))
is "400 looks change nothing" "$before" "$(still)"
is "nor do they write anything" "$files" "$(files)"
exec {open}<"$M/status"
read -r first <&"$open"
touch "$R/taj/fans/meanwhile"
is "an open status is one moment" "$before" "$({ echo "$first"; cat <&"$open"; } | grep -v -e ^uptime -e ^lag_seconds)"
exec {open}<&-
is "in pieces of one byte it is the same" "$(still)" \
	"$(dd if="$M/status" bs=1 status=none | grep -v -e ^uptime -e ^lag_seconds)"
gives "seeking to its end" "0" seek-end "$M/status"
cp "$M/metrics" "$T/copy"
is "cp copies them" "" "$(check_exposition "$T/copy")"
settle
ok "umount" down

# ---- without an aggregator ----

must_up -o noaggregator
is "an aggregator that was not started" stopped "$(told aggregator)"
logged=$(told changes_logged)
touch "$R"/taj/fans/q{1..7}
is "changes wait for it" "7 $logged 0" "$(told lag_changes) $(told changes_applied) $(metric aggregator_up)"
"$BUILD/favfs-aggregator" --once "$S" >"$T/out" 2>&1
is "until one ran" "0 $((logged + 7)) stopped" "$(told lag_changes) $(told changes_applied) $(told aggregator)"
(cd / && exec "$BUILD/favfs-aggregator" -f "$S") &
aggregator=$!
is_told() { [[ $(told aggregator) == "running pid $aggregator" ]]; }
ok "one that somebody else started is told" eventually is_told
kill -KILL $aggregator
wait $aggregator 2>/dev/null
is "and when it is dead, too" stopped "$(told aggregator)"
ok "umount" down

# ---- when something goes wrong ----

if [[ $(id -u) == 0 ]] && mkdir "$T/small" && mount -t tmpfs -o size=1m none "$T/small"; then
	S=$T/small/store
	must_up -o noaggregator
	mkdir -p "$R/taj/fans"
	filled=0
	while ((filled++ < 20000)) && : >"$R/taj/fans/f$filled"; do :; done 2>"$T/err"
	is "a full disk is told to the caller" "No space left on device" "$(sed 's/.*: //' "$T/err")"
	is "and by last_error" "No space left on device" "$(told last_error)"
	is "nothing half done is there" "$((filled - 1)) $((filled - 1))" "$(count_favorites) $(told favorites)"
	mount -o remount,size=16m "$T/small"
	ok "with room again it works again" touch "$R/taj/fans/after"
	is "and counts" $filled "$(told favorites)"
	exposition "after a full disk"
	ok "umount" down
	umount "$T/small"
else
	skip "last_error: only root can make a small disk"
fi
conclude
