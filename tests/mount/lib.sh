#!/bin/bash
#
# lib.sh - what the mount tests share: a temporary folder with one store and one mountpoint
# in it, checks, and a clean-up that leaves nothing behind, however a script ends.
#
# A script sources it, checks, and calls conclude last.  The last line of its output is
# "N passed, N failed", with ", N skipped" where something could not be tried here; it
# exits 1 when a check failed or conclude was not reached.
#
#	lib.sh release FOLDER    only cleans up: ends, unmounts and removes what is in FOLDER
#
# BUILD (build) is the folder of the programs, TMPDIR (/tmp) where the folder is made.
# shellcheck disable=SC2034 # those who source this use the variables
set -uo pipefail
export LC_ALL=C.UTF-8 TZ=UTC # messages, sorting and dates are compared

# ---- cleaning up ----

# The pids of all programs that have FOLDER/ in their command line, but for ourselves.
pids_in()
{
	local pid words

	for pid in /proc/[0-9]*; do
		{ mapfile -d '' words <"$pid/cmdline"; } 2>/dev/null || continue
		[[ ${words[*]} == *"$1"/* ]] && echo "${pid#/proc/}"
	done
	return 0
}

# mountpoint(1) denies a mount whose daemon is dead; this file does not.
mounts_in()
{
	local mount

	awk '{ print $5 }' /proc/self/mountinfo | tac | while read -r mount; do
		printf -v mount %b "$mount" # \040 is a blank
		[[ $mount == "$1"/* ]] && printf '%s\n' "$mount"
	done
}

# unmount [-l] MOUNTPOINT; a daemon that does not answer must not keep it for ever
unmount()
{
	local how=(umount)

	[[ $(id -u) == 0 ]] || how=(fusermount3 -u)
	if [[ $1 == -l ]]; then
		shift
		[[ $(id -u) == 0 ]] && how+=(-l) || how+=(-z)
	fi
	timeout -k 1 10 "${how[@]}" "$1"
}

# eventually COMMAND...: for what has no event to wait for; gives up after 10 s
eventually()
{
	local i

	for ((i = 0; i < 500; i++)); do
		"$@" && return 0
		sleep 0.02
	done
	return 1
}

none_in() { [[ -z $(pids_in "$1") ]]; }

kill_all_in()
{
	local pid

	for pid in $(pids_in "$1"); do
		printf 'left running: %s\n' "$(tr '\0' ' ' <"/proc/$pid/cmdline")"
		kill -KILL "$pid"
	done
	eventually none_in "$1"
}

# Takes away all that is in FOLDER; fails where a program had to be killed.
release()
{
	local folder=$1 mount clean=0

	cd /
	while read -r mount; do
		unmount "$mount" 2>/dev/null || unmount -l "$mount" && continue
		kill_all_in "$folder"
		unmount -l "$mount"
		clean=1
	done < <(mounts_in "$folder")
	if ! eventually none_in "$folder"; then
		kill_all_in "$folder"
		clean=1
	fi
	rm -rf --one-file-system -- "$folder"
	return $clean
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	[[ $# == 2 && $1 == release && -d $2 ]] || { echo "usage: lib.sh release FOLDER" >&2 && exit 2; }
	release "$2"
	exit
fi

# ---- one script ----

if ! BUILD=$(cd "${BUILD:-build}" && pwd); then exit 2; fi
TOOLS=$BUILD/tests/mount
if [[ ! -x $BUILD/favfs || ! -x $TOOLS/syscalls ]]; then
	echo "$BUILD: not built (make tests)" >&2
	exit 2
fi
T=$(mktemp -d "${TMPDIR:-/tmp}/favfs-test.XXXXXX") || exit 2
chmod 755 "$T" # other users act in it, too
S=$T/store
M=$T/mnt
mkdir "$M"

passed=0 failed=0 skipped=0 concluded=

conclude() { concluded=yes; }

finish()
{
	local pid

	trap '' INT TERM HUP
	[[ $concluded ]] || fail "the script came to its end"
	for pid in $(jobs -pr); do kill "$pid" 2>/dev/null; done
	release "$T" || fail "no program is left running"
	printf '%d passed, %d failed' "$passed" "$failed"
	((skipped == 0)) || printf ', %d skipped' "$skipped"
	echo
	((failed == 0)) || exit 1
	exit 0
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

# ---- checks: the first word says what holds ----

pass() { passed=$((passed + 1)); }

fail()
{
	failed=$((failed + 1))
	printf 'FAIL: %s\n' "$*"
}

skip()
{
	skipped=$((skipped + 1))
	printf 'SKIPPED: %s\n' "$*"
}

# is WHAT EXPECTED ACTUAL
is()
{
	if [[ $2 == "$3" ]]; then pass; else fail "$1: expected '$2', got '$3'"; fi
}

# isnt WHAT UNWANTED ACTUAL
isnt()
{
	if [[ $2 != "$3" ]]; then pass; else fail "$1: got '$3'"; fi
}

# at_most, at_least WHAT LIMIT ACTUAL
at_most()
{
	if (($3 <= $2)); then pass; else fail "$1: expected at most $2, got $3"; fi
}

at_least()
{
	if (($3 >= $2)); then pass; else fail "$1: expected at least $2, got $3"; fi
}

# ok WHAT COMMAND...
ok()
{
	local what=$1 status

	shift
	"$@" >"$T/out" 2>&1
	status=$?
	if ((status == 0)); then pass; else fail "$what: status $status: $(tail -n 1 "$T/out")"; fi
}

# refused WHAT STATUS TEXT COMMAND...: one line on stderr that has TEXT in it
refused()
{
	local what=$1 wanted=$2 text=$3 status

	shift 3
	"$@" >"$T/out" 2>"$T/err"
	status=$?
	if [[ $status == "$wanted" && $(wc -l <"$T/err") == 1 && $(<"$T/err") == *"$text"* ]]; then
		pass
	else
		fail "$what: expected status $wanted and '$text', got $status and '$(<"$T/err")'"
	fi
}

# gives WHAT RESULT CALL...: ok, or the name of the errno (see syscalls.c)
gives()
{
	local what=$1 wanted=$2

	shift 2
	is "$what" "$wanted" "$("$TOOLS/syscalls" "$@")"
}

# same WHAT FILE FILE; each is read once
same()
{
	if diff "$2" "$3" >"$T/out" 2>&1; then
		pass
	else
		fail "$1: $(head -n 4 "$T/out" | tr '\n' '|')"
	fi
}

# ---- the mount ----

up() { "$BUILD/favfs" "$@" "$S" "$M"; }

# For scripts that make no sense without it.
must_up()
{
	up "$@" && return
	fail "favfs mounts"
	exit
}

has_no_favfs() { [[ -z $(pid_of favfs) ]]; }

down() { unmount "$M" && eventually has_no_favfs; }

# The barrier: when it returns all that was acknowledged before is counted.
settle()
{
	sync "$M/rankings/all" && return
	fail "the barrier"
	return 1
}

# Sanitizers have memory and threads of their own.
is_sanitized() { grep -qE '__(asan|tsan|ubsan)_' "$BUILD/favfs"; }

is_mounted() { grep -qF " $M " /proc/self/mountinfo; }

# The pids of our favfs, or of our favfs-aggregator.
pid_of()
{
	local pid

	for pid in $(pids_in "$T"); do
		[[ $(cat "/proc/$pid/comm" 2>/dev/null) == "${1:0:15}" ]] && echo "$pid"
	done
	return 0
}

# names [DIRECTORY]: what ls -A shows, in one line
names()
{
	local all

	mapfile -t all < <(ls -A "$@")
	echo "${all[*]}"
}

# A zombie has ended, too.
has_ended() { ! grep -qs . "/proc/$1/cmdline"; }

# fan RESTAURANT USER...: marks
fan()
{
	local restaurant=$1

	shift
	mkdir -p "$M/restaurants/$restaurant/fans" && touch "${@/#/$M/restaurants/$restaurant/fans/}"
}

# ---- what must be derived from what is there ----

# ranking_of FILE: from lines that start with "restaurant TAB" the ranking of these
ranking_of()
{
	awk -F '\t' '{ n[$1]++ } END { for (r in n) print n[r] "\t" r }' "$1" |
		LC_ALL=C sort -t $'\t' -k 1,1nr -k 2 |
		awk -F '\t' '
			{ line[NR] = $0; rank[NR] = $1 == before ? rank[NR - 1] : NR; before = $1 }
			END {
				width = length(NR "") < 6 ? 6 : length(NR "")
				for (i = 1; i <= NR; i++)
					printf "%" width "d\t%s\n", rank[i], line[i]
			}'
}

# What is there: restaurant TAB user TAB day, a favourite a line.
list_favorites()
{
	find "$M/restaurants" -mindepth 3 -printf '%P\t%TY-%Tm-%Td\n' |
		sed 's|/fans/|\t|' | LC_ALL=C sort
}

# Windows, one a line, with their rankings after them.
recount()
{
	local window

	list_favorites >"$T/favorites"
	for window in $(cut -f 3 "$T/favorites" | sed -n 'p; s/-..$//p' | sort -u) all; do
		echo "$window"
		awk -F '\t' -v w="$window" 'w == "all" || index($3, w) == 1' "$T/favorites" >"$T/within"
		ranking_of "$T/within"
	done
}

show_rankings()
{
	local window

	for window in "$M"/rankings/*; do
		[[ -L $window ]] && continue
		echo "${window##*/}"
		cat "$window"
	done
}

# recounted WHAT: the rankings, their names included, are those of the favourites there
recounted()
{
	settle || return
	recount >"$T/recounted"
	show_rankings >"$T/shown"
	same "$1" "$T/recounted" "$T/shown"
}

# ---- what scribes wrote down ----

# compare_manifests: into $T/wrong what is not as the manifests of this mount's scribes say;
# what they had asked for last is as before or as after it.
compare_manifests()
{
	cat "$T"/manifest.* >"$T/manifests" 2>/dev/null # a scribe may not have begun
	list_favorites >"$T/live"
	awk -F '\t' '
		FNR == NR { live[$1 FS $2] = 1; next }
		{ name = $3 FS $4; known[name] = 1; asked[name] = $1 == "ask" }
		$1 != "ask" { present[name] = $2 == "add" }
		END {
			for (name in known)
				if (!asked[name] && present[name] && !(name in live))
					print "lost: " name
				else if (!asked[name] && !present[name] && name in live)
					print "came back: " name
		}' "$T/live" "$T/manifests" >"$T/wrong"
}

# acknowledged WHAT: what the manifests say is there or not is so
acknowledged()
{
	compare_manifests
	at_least "$1: something was acknowledged" 1 "$(grep -c ^done "$T/manifests")"
	same "$1: all that was acknowledged is so" /dev/null "$T/wrong"
}

# ---- faults ----

# sabotaged HOW COMMAND...: with a mistake built in (saboteur.c), to see tests fail
sabotaged()
{
	local mistake=$1

	shift
	SABOTAGE=$mistake LD_PRELOAD=$BUILD/tests/saboteur.so "$@"
}

# Sets favfs and aggregator to the pids of those that serve this mount, without a fork.  An
# aggregator of a favfs that was killed may not have ended yet: its parent is another.
who_serves()
{
	local key value rest comm

	favfs='' aggregator=''
	while read -r key value rest; do
		[[ $key == aggregator: && $value == running ]] && aggregator=${rest#pid }
	done <"$M/status"
	[[ $aggregator ]] || return
	{ read -r _ _ _ favfs _ <"/proc/$aggregator/stat" && read -r comm <"/proc/$favfs/comm"; } \
		2>/dev/null && [[ $comm == favfs ]]
}

milliseconds() { echo $((${EPOCHREALTIME/./} / 1000)); }
