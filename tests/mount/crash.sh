#!/bin/bash
#
# crash.sh - whatever is killed at whatever moment, nothing that was acknowledged is lost, nothing
# is half done and nothing is counted twice (KILLS=n of each, SEED=n).
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

kills=${KILLS:-100}
is_sanitized && kills=${KILLS:-20}
seed=${SEED:-$RANDOM}
echo "SEED=$seed KILLS=$kills"
RANDOM=$seed
acks=0 slowest=0

sound() { "$BUILD/fsck.favfs" -n "$S" >"$T/fsck" 2>&1; }

# write: eight scribes in the background
write()
{
	local i

	scribes=()
	rm -f "$T"/manifest.*
	for i in {1..8}; do
		"$TOOLS/scribe" "$RANDOM" "w$i" "$M/restaurants" "$T/manifest.$i" &
		scribes+=($!)
	done
}

# a_moment: 20 to 119 ms
a_moment() { sleep "0.$(printf %03d $((20 + RANDOM % 100)))"; }

# Kills what the round is about; those that are left end by themselves.
strike()
{
	case $(($1 % 3)) in
	0) kill -KILL "$favfs" ;;
	1) kill -KILL "$aggregator" "$favfs" ;;
	2)
		kill -KILL "$aggregator"
		sleep "0.0$((RANDOM % 5))"
		kill -KILL "$favfs"
		;;
	esac
}

# serve_again ROUND [COMMAND...]: over what the killed one left
serve_again()
{
	local round=$1 began took

	shift
	began=$(milliseconds)
	"$@" must_up
	: >"$M/restaurants/r0/fans/served" || fail "round $round: it takes changes again"
	took=$(($(milliseconds) - began))
	((took <= slowest)) || slowest=$took
	eventually who_serves
}

# killed_round ROUND [COMMAND...]: mounted before and after
killed_round()
{
	write
	a_moment
	strike "$1"
	wait "${scribes[@]}" || fail "round $1: the writers see nothing but the end"
	serve_again "$@"
	compare_manifests
	acks=$((acks + $(grep -c ^done "$T/manifests")))
}

# ---- favfs, alone or with its aggregator ----

must_up
mkdir -p "$M"/restaurants/r{0..9}/fans
eventually who_serves
for ((round = 1; round <= kills; round++)); do
	killed_round $round
	same "round $round: all that was acknowledged is so" /dev/null "$T/wrong"
	sound || fail "round $round: fsck.favfs: $(head -n 3 "$T/fsck")"
	((round % 10)) || recounted "round $round: each ranking is that of the favourites there"
done
echo "$kills kills under $acks acknowledged changes"
at_least "changes were acknowledged on the way" $((kills * 10)) "$acks"
at_most "ms until it serves again" "$(is_sanitized && echo 10000 || echo 2000)" "$slowest"
is "all restaurants are there" "$(echo r{0..9})" "$(names "$M/restaurants")"
ok "umount" down
must_up
recounted "and after an orderly remount"
ok "umount" down

# ---- the aggregator ----

aggregate()
{
	(cd / && exec env "$@" "$BUILD/favfs-aggregator" -f "$S" 2>>"$T/log") &
	aggregator=$!
}

# kill_aggregators N [VARIABLE=VALUE...]: one after the other, while others write
kill_aggregators()
{
	local i n=$1

	shift
	for ((i = 1; i <= n; i++)); do
		aggregate "$@"
		sleep "0.0$(printf %02d $((RANDOM % 60)))"
		kill -KILL "$aggregator"
		wait "$aggregator" 2>/dev/null
		((i % 20)) && continue
		at_least "$i aggregators killed: they had got on" "$((applied + 1))" \
			"$(sed -n 's/^changes_applied: //p' "$M/status")"
		applied=$(sed -n 's/^changes_applied: //p' "$M/status")
	done
	kill "${scribes[@]}"
	wait "${scribes[@]}" 2>/dev/null
}

must_up -o noaggregator
write
applied=0
kill_aggregators "$kills"
ok "the next counts what is left" "$BUILD/favfs-aggregator" --once "$S"
recounted "each change was counted once"
ok "fsck.favfs says so, too" sound
ok "umount" down

# ---- these checks would notice ----

if is_sanitized; then
	skip "mistakes: a sanitizer cannot be preloaded over"
	conclude
	exit
fi
serve_again 0 sabotaged early
for ((lost = 0, round = 1; round <= 20 && lost == 0; round++)); do
	killed_round 0 sabotaged early
	lost=$(grep -c lost "$T/wrong")
done
at_least "an answer before its commit is noticed by what is lost" 1 "$lost"
ok "umount" down
must_up -o noaggregator
for ((wrong = 0, round = 1; round <= 20 && wrong == 0; round++)); do
	write
	kill_aggregators 5 SABOTAGE=apart "LD_PRELOAD=$BUILD/tests/saboteur.so"
	"$BUILD/favfs-aggregator" --once "$S"
	sound || wrong=$(grep -c . "$T/fsck")
done
at_least "a position in a transaction of its own is noticed by what is counted twice" 1 "$wrong"
ok "umount" down
conclude
