#!/bin/bash
#
# memory.sh - a restaurant with many favourites (FANS=n) is listed, also while others come and
# go (LISTINGS=n SEED=n), and counted, and neither program grows with it.
# Runs alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

limit_kib=65536
listings=${LISTINGS:-20}
is_sanitized && listings=${LISTINGS:-2}
seed=${SEED:-$RANDOM}
echo "SEED=$seed LISTINGS=$listings"

# The disk has no part in this, but waiting for it would take most of the time.
mkdir "$T/ram"
if mount -t tmpfs none "$T/ram" 2>/dev/null; then
	S=$T/ram/store
	fans=${FANS:-100000}
else
	fans=${FANS:-20000}
fi

# stays_small PROGRAM WHEN: the most memory that it ever had
stays_small()
{
	local kib

	if is_sanitized; then
		skip "the memory of $1 $2: a sanitizer needs its own"
		return
	fi
	kib=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(pid_of "$1")/status")
	echo "$1 $2: $kib KiB"
	at_most "KiB of $1 $2" $limit_kib "$kib"
}

must_up
awk -v n="$fans" 'BEGIN { for (i = 0; i < n; i++) printf "popular\tfan-%d\n", i }' >"$T/list"
ok "$fans favourites" "$TOOLS/mark" 16 "$M/restaurants" <"$T/list"
fan other ann
settle
ls -f "$M/restaurants/popular/fans" >"$T/all"
is "ls -f lists them all" $((fans + 2)) "$(wc -l <"$T/all")"
is "and each of them once" $((fans + 2)) "$(sort -u "$T/all" | wc -l)"
read -r visits _ wrong _ < <("$TOOLS/listing" "$listings" "$seed" "$M/restaurants/popular/fans" fan- "$fans" guest-)
is "$listings listings beside $visits visits: each once" 0 "$wrong"
at_least "there were visits" "$listings" "$visits"
read -r visits _ wrong _ < <("$TOOLS/listing" 10 "$seed" "$M/restaurants/popular/fans" fan- "$fans" fan-9)
isnt "one that comes and goes is noticed" 0 "$wrong"
seq -f 'add%%tpopular%%tfan-%.0f' 0 $((fans - 1)) | sed 's/%t/\t/g' >"$M/import" # those of them that went
rm -f "$M"/restaurants/popular/fans/guest-*
settle
is "all are counted" "$fans" "$(cat "$M/counts/popular/all")"
printf '%6d\t%d\t%s\n' 1 "$fans" popular 2 1 other >"$T/want"
same "and ranked" "$T/want" "$M/rankings/all"
stays_small favfs "after all that"
stays_small favfs-aggregator "after all that"
ok "umount" down
rm "$S"/derived.db*
must_up
sync "$M/rankings/all" 2>/dev/null # for a million half a minute may not do
ok "counting all anew" settle
same "gives the same ranking" "$T/want" "$M/rankings/all"
stays_small favfs-aggregator "that counted all anew"
if [[ ${FANS:-} ]]; then # takes as long as making them
	ok "rm -r of them" rm -r "$M/restaurants/popular"
	settle
	printf '%6d\t%d\t%s\n' 1 1 other >"$T/want"
	same "leaves the others" "$T/want" "$M/rankings/all"
fi
stays_small favfs "in the end"
ok "umount" down
conclude
