#!/bin/bash
#
# ondemand.sh - aggregators that come when there is something to do and go after; what they do
# beside others, with little at a time, and with a log that a disk has damaged.
# Runs alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

aggregate() { cd / && exec "$BUILD/favfs-aggregator" "$@"; }
has_open() { find "/proc/$1/fd" -lname "$2" 2>/dev/null | grep -q .; }
has_none() { [[ -z $(pid_of favfs-aggregator) ]]; }
has_ended() { ! grep -qs . "/proc/$1/cmdline"; }
status_of() { sed -n "s/^$1: //p" "$M/status"; }
counted() { cat "$M/counts/noma/all"; }
db() { sqlite3 -init /dev/null "$S/$1" "$2" >/dev/null; }

# ---- options ----

for bad in "--linger" "--linger x" "--linger -1" "--linger 1.5" "--batch 0" "--batch 200001" "--batch 1k"; do
	# shellcheck disable=SC2086 # words
	"$BUILD/favfs-aggregator" $bad "$S" 2>"$T/err"
	is "$bad: refused as misuse" "2 ${bad%% *}" "$? $(grep -o -- "${bad%% *}" "$T/err" | head -n 1)"
done

# ---- on demand: what a path unit of systemd does, done by hand ----

must_up -o noaggregator
mkdir -p "$M/restaurants/noma/fans"
touch "$M/restaurants/noma/fans/a"
ok "a change leaves a bell" test -e "$S/favorites.bell"
"$BUILD/favfs-aggregator" -f --linger 0 "$S" >"$T/out" 2>&1
is "with --linger it ends well, and says nothing" "0 " "$? $(<"$T/out")"
is "it has counted" 1 "$(counted)"
ok "and taken the bell away" test ! -e "$S/favorites.bell"
ok "nothing runs now" has_none
touch "$M/restaurants/noma/fans/a" # changes nothing
ok "what changes nothing rings no bell" test ! -e "$S/favorites.bell"
began=$(milliseconds)
"$BUILD/favfs-aggregator" -f --linger 1 "$S"
at_least "--linger 1 lingers for a second" 1000 $(($(milliseconds) - began))
rm "$M/restaurants/noma/fans/a"
cp -al "$S" "$T/backup"
"$BUILD/favfs-aggregator" -f --linger 0 "$S"
ok "a bell that has a second name in a backup is taken away as well" test ! -e "$S/favorites.bell"
touch "$M/restaurants/noma/fans/a"
ok "and the next change makes it again" test -e "$S/favorites.bell"
rm -r "$T/backup"
if ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 timeout 20 strace -f -o "$T/trace" \
	-e trace=inotify_init1 -e inject=inotify_init1:error=EMFILE "$BUILD/favfs-aggregator" -f --linger 1 "$S" 2>"$T/err"; then
	at_least "also where there is no inotify, but a tick" 1 "$(grep -c EMFILE "$T/trace")"
elif grep -q EMFILE "$T/trace"; then
	fail "without inotify it does not end"
else
	skip "without inotify: strace cannot trace here"
fi

# path_unit: starts it whenever there is a bell
path_unit()
{
	while :; do
		[[ -e $S/favorites.bell ]] && echo run && "$BUILD/favfs-aggregator" -f --linger 0 "$S"
		sleep 0.01
	done
}
path_unit >"$T/runs" 2>&1 &
unit=$!
lost=0
for i in {1..100}; do # at any moment of one that is about to end
	: >"$M/restaurants/noma/fans/u$i"
	((i % 4)) || sleep "0.00$((RANDOM % 10))"
done
is_all() { [[ $(counted) == 101 ]]; }
ok "no change is missed" eventually is_all
for i in {1..20}; do
	: >"$M/restaurants/noma/fans/v$i"
	ok "the barrier waits for one that comes, $i" timeout 20 sync "$M/rankings/all"
	[[ $(counted) == $((101 + i)) ]] || lost=$((lost + 1))
done
is "and none is counted late" 0 $lost
at_least "they came and went" 10 "$(grep -c run "$T/runs")"
is "without a word" "" "$(grep -v '^run$' "$T/runs")"
is_quiet() { has_none && [[ ! -e $S/favorites.bell ]]; }
ok "then there is nothing to do" eventually is_quiet
kill $unit
wait $unit 2>/dev/null

# ---- beside one that works ----

aggregate -f "$S" &
first=$!
ok "one works" settle
aggregate -f --linger 1 "$S" &
second=$!
ok "a stand-by with nothing to do for a second ends, too" eventually has_ended $second
wait $second
is "well" 0 $?
touch "$M/restaurants/noma/fans/once"
ok "--once beside one that works" timeout 5 "$BUILD/favfs-aggregator" --once "$S"
is "ends when that has counted what waited" 122 "$(counted)"
kill -STOP $first
touch "$M/restaurants/noma/fans/stopped"
timeout 5 "$BUILD/favfs-aggregator" --once "$S" &
once=$!
kill -KILL $first
wait $first 2>/dev/null
ok "and does it itself where that is killed" wait $once
is "all of it" 123 "$(counted)"

# ---- taking over ----

took=()
for round in 1 2 3 4 5; do
	aggregate -f "$S" &
	first=$!
	ok "round $round: one works" settle
	aggregate -f "$S" &
	second=$!
	ok "round $round: another stands by" eventually has_open $second "$S/lock"
	began=$(milliseconds)
	kill -KILL $first
	: >"$M/restaurants/noma/fans/over$round"
	ok "round $round: the other takes over" settle
	took+=("$(($(milliseconds) - began))")
	kill $second
	wait $first $second 2>/dev/null
done
mapfile -t took < <(printf '%s\n' "${took[@]}" | sort -n)
is_sanitized || at_most "in milliseconds, at the median of 5 (${took[*]})" 100 "${took[2]}"

# ---- little at a time ----

seq -f 'add%%tnoma%%tw%.0f' 3000 | sed 's/%t/\t/g' >"$T/in"
cat "$T/in" >"$M/import"
ok "--batch 7" "$BUILD/favfs-aggregator" --once --batch 7 "$S"
is "counts all" 3128 "$(counted)"
sed 's/^add/remove/' "$T/in" >"$M/import"
aggregate -f --batch 1 "$S" 2>"$T/err" &
slow=$!
goes_on() { (($(counted) < 3128)); }
ok "--batch 1 begins" eventually goes_on
kill $slow
wait $slow
is "told to end in the midst of it, it ends well" 0 $?
at_least "in the midst of it" 129 "$(counted)"
before=$(counted)
"$BUILD/favfs-aggregator" --once --batch 1 "$S" 2>"$T/err" &
slow=$!
goes_further() { (($(counted) < before)); }
ok "--once --batch 1 goes on from there" eventually goes_further
kill $slow
wait $slow
is "told to end in the midst of it, it fails" 1 $?
is "and says why" "favfs-aggregator: told to end before all was counted" "$(<"$T/err")"
at_least "in the midst of it" 129 "$(counted)"
ok "the next goes on from there" "$BUILD/favfs-aggregator" --once "$S"
is "to the end" 128 "$(counted)"
ok "umount" down

# ---- a damaged log ----

must_up -o noaggregator
settled=$(status_of changes_logged)
touch "$M/restaurants/noma/fans/"{good,bad,fine}
ok "umount" down
db favorites.db "UPDATE change SET created_ns = -1 WHERE user = 'bad'"
seq=$((settled + 2))
is "fsck.favfs names a damaged change" 1 "$("$BUILD/fsck.favfs" -n "$S" | grep -c "^F30. .*\b$seq\b")"
must_up
ok "it stops nothing" settle
is_mended() { [[ $(counted) == 131 ]]; }
ok "in the end all is counted" eventually is_mended
is "status names it" "1 (the newest: change $seq: impossible moments)" "$(status_of set_aside)"
is "metrics count it" 1 "$(sed -n 's/^favfs_set_aside //p' "$M/metrics")"
rm "$M/restaurants/noma/fans/bad"
settle
is "what it was about can go" 130 "$(counted)"
ok "umount" down
conclude
