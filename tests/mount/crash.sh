#!/bin/bash
#
# crash.sh - killed at any moment, nothing that was acknowledged is lost and nothing is
# counted twice (ROUNDS=n, SEED=n).
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

rounds=${ROUNDS:-10}
seed=${SEED:-$RANDOM}
echo "SEED=$seed ROUNDS=$rounds"
RANDOM=$seed

# Kills what the round is about; those that are left end by themselves.
strike()
{
	case $(($1 % 3)) in
	0) kill -KILL "$(pid_of favfs)" ;;
	1) kill -KILL "$(pid_of favfs-aggregator)" "$(pid_of favfs)" ;;
	2)
		kill -KILL "$(pid_of favfs-aggregator)"
		sleep "0.0$((RANDOM % 10))" # the next may be there, or not yet
		kill -KILL "$(pid_of favfs)"
		;;
	esac
}

must_up
mkdir -p "$M"/restaurants/r{0..9}/fans
for ((round = 1; round <= rounds; round++)); do
	scribes=()
	rm -f "$T"/manifest.*
	for writer in 1 2 3 4; do
		"$TOOLS/scribe" "$RANDOM" "k$round-$writer" "$M/restaurants" "$T/manifest.$writer" &
		scribes+=($!)
	done
	sleep "0.$((RANDOM % 6))$((RANDOM % 10))" # a random moment
	strike "$round"
	ok "round $round: the writers see nothing but the end" wait "${scribes[@]}"
	must_up
	acknowledged "round $round"
	recounted "round $round: each ranking is that of the favourites there"
done
is "all restaurants are there" "$(echo r{0..9})" "$(names "$M/restaurants")"
ok "umount" down
must_up
recounted "and after an orderly remount"
ok "umount" down
conclude
