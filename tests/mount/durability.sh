#!/bin/bash
#
# durability.sh - which calls wait for the medium, seen in the system calls of favfs: with
# durability=full each change, with relaxed only fsync(2) and unmounting.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# A leak cannot be looked for in a program that strace(1) watches.
is_sanitized && export ASAN_OPTIONS=detect_leaks=0

for word in durability=fast durability= durability=FULL durability=full,durability=none; do
	refused "-o $word" 2 "${word##*,}" up -o "$word"
done
ok "nothing was made by this" test ! -e "$S"

# What a store is made of is there after power loss by its names, too.
if strace -f -y -e trace=rename,fsync -o "$T/trace" "$BUILD/mkfs.favfs" "$T/made" 2>"$T/err"; then
	is "the directory of a new store is synced after its last rename" "rename fsync" \
		"$(awk -v at="<$T/made>" '/ rename\(/ { s = "rename" } /fsync\(/ && index($0, at) { s = s " fsync" }
			END { print s }' "$T/trace")"
else
	skip "what mkfs.favfs syncs: strace cannot trace here: $(tail -n 1 "$T/err")"
fi

# traced OPTION...: favfs alone, without an aggregator, whose syncs are its own affair.  It is
# not started by strace, for then fusermount3 could not mount for an ordinary user.
traced()
{
	(cd / && exec "$BUILD/favfs" -f -o "noaggregator${1:+,$1}" "$S" "$M") &
	favfs=$!
	eventually is_mounted || fail "favfs mounts"
	rm -f "$T/strace.err"
	: >"$T/trace"
	strace -f -y -e trace=fdatasync,fsync,sync_file_range,syncfs -e signal=none -o "$T/trace" \
		-p $favfs 2>"$T/strace.err" &
	tracer=$!
	eventually grep -qs . "$T/strace.err"
	grep -q ' attached' "$T/strace.err" && return
	skip "which calls reach the medium: strace cannot trace here: $(tail -n 1 "$T/strace.err")"
	unmount "$M"
	wait $favfs
	conclude
	exit
}

# untraced: unmounts
untraced()
{
	unmount "$M"
	wait $favfs
	is "unmounted, favfs ends well" 0 $?
	wait $tracer
}

# How many have come back well; a call that another thread cut in two lines counts once.
syncs() { grep -c -e '^[0-9]* *f\(data\)\?sync(.*) *= 0$' -e '<... f\(data\)\?sync resumed>.*= 0$' "$T/trace"; }

# costs AT-LEAST AT-MOST WHAT COMMAND...: so many syncs have been made when the command returns
costs()
{
	local least=$1 most=$2 what=$3 before made

	shift 3
	before=$(syncs)
	ok "$what" "$@"
	made=$(($(syncs) - before))
	is "$what: $least to $most syncs" yes "$( ((least <= made && made <= most)) && echo yes || echo "no: $made")"
}

import_line() { printf 'add\tnoma\tann\n' >"$M/import"; }

# each_change AT-LEAST AT-MOST: every way to change something, one after the other
each_change()
{
	local R=$M/restaurants i

	costs "$1" "$2" "mkdir" mkdir "$R/taj"
	costs "$1" "$2" "mkdir of fans/" mkdir "$R/taj/fans"
	for i in {1..5}; do
		costs "$1" "$2" "touch $i" touch "$R/taj/fans/u$i"
	done
	costs "$1" "$2" "mknod" "$TOOLS/syscalls" mknod file "$R/taj/fans/mknod"
	costs "$1" "$2" "mv" mv "$R/taj/fans/u1" "$R/taj/fans/v1"
	costs "$1" "$2" "touch -d" touch -d 2026-01-01 "$R/taj/fans/v1"
	costs "$1" "$2" "setfattr" setfattr -n user.x -v 1 "$R/taj/fans/v1"
	costs "$1" "$2" "setfattr -x" setfattr -x user.x "$R/taj/fans/v1"
	costs "$1" "$2" "setfattr of an expiry" setfattr -n user.favfs.expires_at -v +1d "$R/taj/fans/v1"
	if [[ $(id -u) == 0 ]]; then
		costs "$1" "$2" "chown" chown 1:1 "$R/taj/fans/v1"
	fi
	costs "$1" "$2" "import" import_line
	costs "$1" "$2" "rm" rm "$R/noma/fans/ann"
	costs "$1" "$2" "rmdir of fans/" rmdir "$R/noma/fans"
	costs "$1" "$2" "rmdir" rmdir "$R/noma"
}

# ---- full ----

for option in "" durability=full; do
	rm -rf "$S"
	traced $option
	is "full is the mode${option:+ that was asked for}" "durability: full" "$(grep ^durability: "$M/status")"
	each_change 1 9
	costs 0 0 "touch of what is there" touch "$M/restaurants/taj/fans/u2"
	costs 0 0 "reading" ls -lR "$M/restaurants"
	costs 0 0 "sync of a favourite has nothing to do" sync "$M/restaurants/taj/fans/u2"
	untraced
done
isnt "what is synced is the log of the favourites" 0 "$(grep -c 'sync(.*favorites.db-wal>' "$T/trace")"
is "by name: all that could be told" "" "$(grep 'sync(' "$T/trace" | grep -v "<$S")"

# ---- what waits for the medium, and what does not ----

# slowly INJECTION: from now on syncs of favfs are like that
slowly()
{
	rm -f "$T/strace.err"
	strace -f -e trace=fdatasync -e signal=none -e inject=fdatasync:"$1" -o "$T/trace" \
		-p "$(pid_of favfs)" 2>"$T/strace.err" &
	tracer=$!
	eventually grep -qs ' attached' "$T/strace.err"
}

rm -rf "$S"
must_up
mkdir -p "$M/restaurants/taj/fans"
slowly delay_enter=2000000
"$TOOLS/syscalls" open O_CREAT,O_WRONLY "$M/restaurants/taj/fans/early" >"$T/opened" &
ok "making a favourite waits for no sync" eventually grep -qs ok "$T/opened"
ok "but closing it does" kill -0 $!
is "while others see it" early "$(names "$M/restaurants/taj/fans")"
wait $!
for call in "touch $M/restaurants/taj/fans/ann" "$TOOLS/syscalls mknod file $M/restaurants/taj/fans/ben" \
	"$TOOLS/syscalls create-and-fsync $M/restaurants/taj/fans/cat" "rm $M/restaurants/taj/fans/ann"; do
	began=${EPOCHREALTIME/[.,]/}
	ok "${call%% /*}" bash -c "$call"
	is "waits for a sync" yes "$( ((${EPOCHREALTIME/[.,]/} - began >= 2000000)) && echo yes)"
done
kill $tracer
wait $tracer
slowly error=EIO
for call in "touch $M/restaurants/taj/fans/lost" "touch $M/restaurants/taj/fans/more" \
	"rm $M/restaurants/taj/fans/ben" "mkdir $M/restaurants/noma"; do
	ok "nothing is acknowledged when a sync failed: ${call%% *}" \
		grep -q "Input/output error" <<<"$($call 2>&1)"
done
kill $tracer
wait $tracer
ok "not even when the medium works again" grep -q "Input/output error" <<<"$(touch "$M/restaurants/taj/fans/again" 2>&1)"
ok "umount" down
must_up
recounted "what there is then is counted"
ok "umount" down

# ---- relaxed ----

rm -rf "$S"
traced durability=relaxed
is "relaxed is told" "durability: relaxed" "$(grep ^durability: "$M/status")"
mkdir "$M/restaurants/first" # begins a new log, which SQLite syncs once
each_change 0 0
for ((i = 0; i < 100; i++)); do : >"$M/restaurants/taj/fans/many-$i"; done
costs 0 0 "100 more" true
costs 1 9 "sync of a favourite" sync "$M/restaurants/taj/fans/u2"
touch "$M/restaurants/taj/fans/more"
costs 1 9 "sync of fans/" sync "$M/restaurants/taj/fans"
touch "$M/restaurants/taj/fans/more-yet"
costs 1 9 "sync -d of a favourite" sync -d "$M/restaurants/taj/fans/more-yet"
mkdir "$M/restaurants/other"
costs 1 9 "sync of restaurants/" sync "$M/restaurants"
touch "$M/restaurants/taj/fans/last"
before=$(syncs)
untraced
is "unmounting makes the rest safe" yes "$( (($(syncs) > before)) && echo yes)"

must_up -o durability=relaxed
is "and loses nothing" 109 "$(names "$M/restaurants/taj/fans" | wc -w)"
touch "$M/restaurants/taj/fans/killed-"{1..50}
kill -KILL "$(pid_of favfs)"
eventually has_no_favfs
must_up
is "what was acknowledged survives a crash of favfs, relaxed or not" 50 \
	"$(names "$M/restaurants/taj/fans" | tr ' ' '\n' | grep -c ^killed-)"
recounted "and is counted"
ok "umount" down
conclude
