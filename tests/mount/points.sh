#!/bin/bash
#
# points.sh - killed at one system call after the other: while a store is made, while favfs starts,
# commits, trims, brings its log home and ends, while it recovers from such an end, and while the
# aggregator counts.  strace(1) kills.
#
#	POINTS=6 SEED=n		so many of each phase, at random
#	POINTS=all		each of them
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

points=${POINTS:-10}
is_sanitized && points=${POINTS:-2}
seed=${SEED:-$RANDOM}
echo "SEED=$seed POINTS=$points"
RANDOM=$seed
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # not while strace(1) watches

if [[ $(id -u) != 0 ]] || ! strace -f -qq -o "$T/trace" true 2>"$T/err"; then
	skip "killing at system calls: strace cannot trace here: $(tail -n 1 "$T/err" 2>/dev/null)"
	conclude
	exit
fi

readonly changes=30
what='' lost=0 hits=0

# traced CALL WHEN COMMAND...: killed at the WHENth such call of a thread; 0: not at all
traced()
{
	local inject=()

	(($2 == 0)) || inject=(-e "inject=$1:signal=KILL:when=$2")
	(cd / && exec strace -f -qq -o "$T/trace" -e "trace=$1" -e signal=none "${inject[@]}" "${@:3}" 2>"$T/log")
}

# calls: each call that was made, with how often its thread had made it then
calls()
{
	sed -n 's/^\([0-9]*\) *\([a-z0-9_]*\)(.*/\1 \2/p' "$T/trace" |
		awk '{ print $2, ++n[$0] }' | sort -u
}

is_up_or_dead() { is_mounted || has_ended "$tracer"; }

# serve CALL WHEN OPTION...: what favfs does in its life, or in a part of it
serve()
{
	rm -f "$T"/manifest.*
	traced "$1" "$2" "$BUILD/favfs" -f -o "noaggregator${3:+,$3}" "$S" "$M" &
	tracer=$!
	eventually is_up_or_dead
	if is_mounted; then
		mkdir -p "$M/restaurants/r1/fans" "$M/restaurants/r2/fans" 2>/dev/null &&
			"$TOOLS/scribe" 7 p "$M/restaurants" "$T/manifest.1" $changes
		unmount "$M"
	fi 2>/dev/null
	wait $tracer
}

# ---- the phases: what is there before, and what is done ----

before_making() { rm -rf "$S"; }
do_making() { serve "$@"; }

before_serving() { cp -a "$T/base" "$S"; }
do_serving() { serve "$1" "$2" retention=1s; }

before_recovering() { cp -a "$T/killed" "$S"; }
do_recovering() { serve "$@"; }

before_counting() { cp -a "$T/waiting" "$S"; }
do_counting() { traced "$1" "$2" "$BUILD/favfs-aggregator" --once "$S"; }

before_counting_anew()
{
	cp -a "$T/waiting" "$S"
	rm -f "$S"/derived.db*
}
do_counting_anew() { do_counting "$@"; }

# judge: whatever came before, the next serves and all is as it was told
judge()
{
	local began

	began=$(milliseconds)
	if ! up; then
		fail "$what: it mounts again"
		return
	fi
	((wait_ms)) && at_most "$what: ms until it serves again" "$wait_ms" $(($(milliseconds) - began))
	if [[ -s $T/manifest.1 ]]; then
		compare_manifests
		[[ -s $T/wrong ]] && lost=$((lost + 1)) && [[ ! $expected ]] && fail "$what: $(head -n 1 "$T/wrong")"
	fi
	settle
	"$BUILD/fsck.favfs" -n "$S" >"$T/fsck" 2>&1 || [[ $expected ]] || fail "$what: fsck.favfs: $(head -n 2 "$T/fsck")"
	down || fail "$what: umount"
}

# point PHASE CALL WHEN
point()
{
	local status

	what="$1, $2 $3"
	rm -rf "$S" "$T"/manifest.*
	"before_$1"
	"do_$1" "$2" "$3" 2>/dev/null # the shell tells who was killed
	status=$?
	((status == 137)) && hits=$((hits + 1))
	judge
}

points_of()
{
	local i call when all

	rm -rf "$S"
	"before_$1"
	"do_$1" all 0 || fail "$1: without a kill it ends well: $(tail -n 1 "$T/log")"
	mapfile -t all < <(calls)
	echo "$1: ${#all[@]} points"
	for ((i = 0; i < ${#all[@]}; i++)); do
		[[ $points == all ]] || { ((i < points)) || break && all[i]=${all[RANDOM % ${#all[@]}]}; }
		read -r call when <<<"${all[i]}"
		point "$1" "$call" "$when"
	done
}

expected='' wait_ms=2000
is_sanitized && wait_ms=10000

# ---- the stores that the phases begin with ----

must_up
mkdir -p "$M/restaurants/r1/fans"
seq -f 'add%%tr1%%tu%.0f' 2000 | sed 's/%t/\t/g' >"$M/import"
settle
ok "umount" down
cp -a "$S" "$T/base"
must_up -o noaggregator
seq -f 'remove%%tr1%%tu%.0f' 500 | sed 's/%t/\t/g' >"$M/import"
touch "$M/restaurants/r1/fans/"{a..z}
kill -KILL "$(pid_of favfs)"
eventually has_no_favfs
cp -a "$S" "$T/killed"
must_up -o noaggregator
ok "umount" down
cp -a "$S" "$T/waiting"
sleep 1.1 # the retention of what is to be trimmed

for phase in making serving recovering counting counting_anew; do
	before=$hits
	points_of $phase
	echo "$phase: $((hits - before)) kills"
done
at_least "kills hit" 1 "$hits"
is "acknowledged changes were lost at so many points" 0 "$lost"

# ---- this would notice ----

if is_sanitized; then
	skip "mistakes: a sanitizer cannot be preloaded over"
	conclude
	exit
fi
expected=lost lost=0
export SABOTAGE=early LD_PRELOAD=$BUILD/tests/saboteur.so
for when in 30 45 60 75; do point serving pwrite64 $when; done
unset SABOTAGE LD_PRELOAD
at_least "an answer before its commit is noticed by what is lost" 1 "$lost"
conclude
