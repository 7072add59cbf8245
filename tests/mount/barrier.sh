#!/bin/bash
#
# barrier.sh - how long the barrier waits: for half a minute where nobody counts, as long as it
# takes where somebody does, and never longer than its caller lives.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

if is_sanitized; then
	skip "half a minute: the programs without a sanitizer have it"
	conclude
	exit
fi
other=$T/other
mkdir "$other"
seconds() { echo $(($(date +%s%N) / 1000000000)); }

must_up -o noaggregator
mkdir -p "$M/restaurants/noma/fans"
touch "$M/restaurants/noma/fans/a"
ok "a mount with an aggregator" "$BUILD/favfs" "$T/store2" "$other"
mkdir -p "$other/restaurants/noma/fans"
ok "that works" sync "$other/rankings/all"
aggregator=$(pid_of favfs-aggregator)
kill -STOP "$aggregator"
touch "$other/restaurants/noma/fans/a"
began=$(seconds)
sync "$other/rankings/all" 2>"$T/err" &
patient=$!
sync "$other/rankings" 2>"$T/err-killed" &
killed=$!
refused "where none runs the caller is told" 1 "timed out" sync "$M/rankings/all"
took=$(($(seconds) - began))
at_least "after 30 seconds" 29 $took
at_most "and not much later" 33 $took
sleep 2 # beyond what the others would have had
ok "where one does, however long that takes, it waits" kill -0 $patient
kill $killed
wait $killed
is "until its caller is killed" 143 $?
kill -CONT "$aggregator"
ok "or all is counted" wait $patient
is "which it is" 1 "$(cat "$other/counts/noma/all")"
ok "umount" unmount "$other"
ok "umount" down
conclude
