#!/bin/bash
#
# wakeups.sh - nothing is missed by those who sleep, whatever becomes of their bells and of
# inotify; and an aggregator that is stopped for long keeps nobody from anything.
#
#	WAKEUPS=300 CHANGES=50000 SEED=n
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

wakeups=${WAKEUPS:-1000}
changes=${CHANGES:-50000}
is_sanitized && wakeups=${WAKEUPS:-200} changes=${CHANGES:-10000}
seed=${SEED:-$RANDOM}
echo "SEED=$seed WAKEUPS=$wakeups CHANGES=$changes"
RANDOM=$seed
round=0

# wake COUNT LIMIT-MS [BELL...]: sets missed and longest
wake()
{
	missed=-1 longest=-1
	round=$((round + 1))
	read -r missed longest < <("$TOOLS/wake" "$1" "$2" "$RANDOM" "$M" noma "w$round-" "${@:3}")
}

# ---- one change, wait, repeat ----

must_up
mkdir -p "$M/restaurants/noma/fans"
settle
wake "$wakeups" 5000
is "of $wakeups single changes none was missed (the longest wait: $longest ms)" 0 "$missed"
wake $((wakeups / 10)) 5000 "$S/favorites.bell" "$S/derived.bell"
is "with bells that are replaced, neither ($longest ms)" 0 "$missed"

recounted "all of them"
ok "umount" down

# ---- no inotify ----

# numb: favfs and what it starts find no inotify instance to be had
numb()
{
	strace -f -qq -o /dev/null -e trace=inotify_init1 -e signal=none \
		-e inject=inotify_init1:error=EMFILE "$@"
}
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # not while strace(1) watches
if [[ $(id -u) == 0 ]] && numb true 2>/dev/null; then
	numb "$BUILD/favfs" -f "$S" "$M" &
	numbed=$!
	eventually is_mounted
	wake 3 10000
	is "without inotify none is missed ($longest ms)" 0 "$missed"
	settle
	unmount "$M"
	wait $numbed
else
	skip "no inotify: strace cannot trace here"
fi

# ---- the aggregator is stopped ----

bytes_of() { stat -c %s "$S/$1" 2>/dev/null || echo 0; }
kib_of() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"; }

# It is brought home when it has 16 MiB; the pieces of an import add to that.
readonly wal_max=$((24 << 20))

must_up
settle
eventually who_serves
kill -STOP "$aggregator"
awk -v n="$changes" 'BEGIN {
	for (i = 0; i < n / 2; i++)
		printf "add\tr%d\tu%d\n", i % 97, i
	for (i = 0; i < n / 2; i++)
		printf "%s\tr%d\tu%d\n", i % 2 ? "remove" : "update", i % 97, i
}' >"$T/changes"
ok "an aggregator is stopped: $changes changes" dd if="$T/changes" of="$M/import" bs=256K status=none
touch "$M/restaurants/noma/fans/marked-"{1..100}
is "marks go on" 100 "$(find "$M/restaurants/noma/fans" -name 'marked-*' | wc -l)"
at_most "bytes of the log of favorites.db" $wal_max "$(bytes_of favorites.db-wal)"
is_sanitized || at_most "KiB of favfs" 65536 "$(kib_of "$favfs")"
kill -CONT "$aggregator"
recounted "it goes on and counts all of it"
is_sanitized || at_most "KiB of the aggregator" 65536 "$(kib_of "$aggregator")"
at_most "bytes of the log of derived.db" $((64 << 20)) "$(bytes_of derived.db-wal)"

# Stopped in the midst of its work, it may have a file open at some old moment.
head -n $((changes / 10)) "$T/changes" >"$T/some"
for i in 1 2 3; do
	sed "s/\t\(u[0-9]*\)\$/\t$i-\1/" "$T/some" >"$M/import" &
	importer=$!
	sleep "0.0$((RANDOM % 10))"
	kill -STOP "$aggregator"
	ok "stopped in the midst of it, $i: changes go on" wait $importer
	kill -CONT "$aggregator"
	settle
done
recounted "and all of that"
ok "umount" down

# ---- these checks would notice ----

if is_sanitized; then
	skip "mistakes: a sanitizer cannot be preloaded over"
	conclude
	exit
fi
sabotaged early must_up
wake 3 500
isnt "a bell before its commit is noticed" 0 "$missed"
ok "umount" down
sabotaged deaf must_up
wake 30 500 "$S/favorites.bell" "$S/derived.bell"
isnt "ears for one file only are noticed" 0 "$missed"
unmount "$M"
eventually has_no_favfs
must_up
settle
eventually who_serves
kill -STOP "$aggregator"
sqlite3 -init /dev/null "file:$S/favorites.db?mode=ro" 'BEGIN; SELECT count(*) FROM state;' \
	".shell while [ ! -e $T/done ]; do sleep 0.05; done" >/dev/null &
reader=$!
sed 's/\t\(u[0-9]*\)$/\tx-\1/' "$T/changes" >"$M/import"
at_least "a reader that keeps a moment is noticed by the log's size" $((wal_max + 1)) \
	"$(bytes_of favorites.db-wal)"
touch "$T/done"
wait $reader
kill -CONT "$aggregator"
ok "umount" down
conclude
