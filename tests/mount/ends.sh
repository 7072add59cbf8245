#!/bin/bash
#
# ends.sh - many begin at once and one works; and however one ends under load (SIGTERM, umount,
# an aborted connection, SIGKILL, callers that are killed), nobody is stuck, no mount is left
# stale and what was acknowledged is there (ROUNDS=20 SEED=n).
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

rounds=${ROUNDS:-20}
is_sanitized && rounds=${ROUNDS:-6}
seed=${SEED:-$RANDOM}
echo "SEED=$seed ROUNDS=$rounds"
RANDOM=$seed
starts=4

# ---- many at once ----

mkdir "$T"/m{1..4}

# race [VARIABLE=VALUE...]: sets served to how many serve, and told to how many say who does
race()
{
	local i starters=() status

	served=0 told=0
	for ((i = 1; i <= starts; i++)); do
		env "$@" "$BUILD/favfs" "$S" "$T/m$i" 2>"$T/race.$i" &
		starters+=($!)
	done
	for ((i = 1; i <= starts; i++)); do
		wait "${starters[i - 1]}"
		status=$?
		((status == 0)) && served=$((served + 1)) && M=$T/m$i
		((status == 1)) && grep -q 'pid [0-9]' "$T/race.$i" && told=$((told + 1))
	done
}

down_all()
{
	local i

	for ((i = 1; i <= starts; i++)); do unmount "$T/m$i" 2>/dev/null; done
	eventually has_no_favfs
}

for ((round = 1; round <= rounds; round++)); do
	((round % 4)) || rm -rf "$S"
	race
	[[ "$served $told" == "1 $((starts - 1))" ]] ||
		fail "round $round: one of $starts serves, the others say who does: $served, $told: $(cat "$T"/race.*)"
	fan r1 "u$round" || fail "round $round: it works"
	down_all
done
at_least "rounds of $starts starts at once" 1 $((round - 1))
must_up -o noaggregator
for ((round = 1; round <= rounds; round++)); do
	aggregators=()
	for ((i = 1; i <= starts; i++)); do
		"$BUILD/favfs-aggregator" --once "$S" 2>"$T/err" &
		aggregators+=($!)
	done
	fan "r$((round % 3))" "a$round-"{1..30}
	wait "${aggregators[@]}" || fail "round $round: $(<"$T/err")"
done
ok "what is left" "$BUILD/favfs-aggregator" --once "$S"
recounted "of many aggregators at once each change was counted by one"
ok "umount" down

# ---- ends ----

M=$T/mnt
has_gone() { ! kill -0 "$1" 2>/dev/null || has_ended "$1"; }
write()
{
	local i

	scribes=()
	rm -f "$T"/manifest.*
	for i in 1 2 3 4; do
		"$TOOLS/scribe" "$RANDOM" "e$1-$i" "$M/restaurants" "$T/manifest.$i" 2>/dev/null &
		scribes+=($!)
		disown $! # the shell would tell who was killed
	done
}

# The connection of a mount is named by the minor number of its device.
connection() { awk -v m="$M" '$5 == m { sub(/.*:/, "", $3); print $3 }' /proc/self/mountinfo; }
abort()
{
	mkdir -p "$T/fusectl"
	mount -t fusectl none "$T/fusectl" 2>/dev/null || return
	echo 1 >"$T/fusectl/$(connection)/abort"
	umount "$T/fusectl"
}

# end HOW: what must follow is that favfs ends, or that it goes on
end()
{
	case $1 in
	SIGTERM) kill "$favfs" ;;
	umount) until unmount "$M" 2>/dev/null; do kill "${scribes[@]}" 2>/dev/null; done ;;
	lazy) unmount -l "$M" ;;
	abort) abort ;;
	SIGKILL) kill -KILL "$favfs" ;;
	callers) kill -KILL "${scribes[@]}" ;;
	stuck) kill -STOP "$favfs" && kill "$favfs" ;;
	esac
}

# ended HOW ROUND
ended()
{
	local pid

	must_up
	mkdir -p "$M"/restaurants/r{0..4}/fans
	eventually who_serves
	write "$2"
	sleep "0.$(printf %03d $((30 + RANDOM % 80)))"
	end "$1"
	[[ $1 == lazy ]] && kill "${scribes[@]}" # it goes on for those who have it open
	for pid in "${scribes[@]}"; do
		eventually has_gone "$pid" || fail "$1, $2: a caller is stuck"
	done
	if [[ $1 == callers ]]; then
		touch "$M/restaurants/r1/fans/still" || fail "$1, $2: others are served"
		down || fail "$1, $2: umount"
	fi
	eventually has_gone "$favfs" || fail "$1, $2: favfs is stuck"
	must_up # also over what was left stale
	compare_manifests
	[[ -s $T/wrong ]] && fail "$1, $2: $(head -n 1 "$T/wrong")"
	down || fail "$1, $2: umount"
	is_mounted && fail "$1, $2: no mount is left"
	acks=$((acks + $(grep -c ^done "$T/manifests")))
}

hows=(SIGTERM umount lazy SIGKILL callers)
if [[ $(id -u) == 0 ]]; then hows+=(abort); else skip "aborting: not root"; fi
acks=0
for ((round = 0; round < rounds; round++)); do
	ended "${hows[round % ${#hows[@]}]}" $round
done
at_least "rounds of ends: changes were acknowledged" "$rounds" $acks
ok "all is sound" "$BUILD/fsck.favfs" -n "$S"

# ---- these checks would notice ----

must_up
eventually who_serves
end stuck
has_gone_soon() { timeout 1 tail -f /dev/null --pid="$favfs"; }
has_gone_soon && fail "one that does not end is noticed"
kill -CONT "$favfs"
eventually has_gone "$favfs"
if is_sanitized; then
	skip "mistakes: a sanitizer cannot be preloaded over"
else
	race SABOTAGE=open "LD_PRELOAD=$BUILD/tests/saboteur.so"
	at_least "a lock that everybody gets is noticed" 2 "$served"
	down_all
fi
conclude
