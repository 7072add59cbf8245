#!/bin/bash
#
# memory.sh - a restaurant with many favourites (FANS=n) is listed and counted, and neither
# program grows with it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

fans=${FANS:-100000}
limit_kib=65536

# The disk has no part in this, and filling it would take most of the time.
mkdir "$T/ram"
if mount -t tmpfs none "$T/ram" 2>/dev/null; then S=$T/ram/store; fi

# peak_of PROGRAM: the most memory that it had, in KiB
peak_of() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(pid_of "$1")/status"; }

must_up
awk -v n="$fans" 'BEGIN { for (i = 0; i < n; i++) printf "popular\tfan-%d\n", i }' >"$T/list"
ok "$fans favourites" "$TOOLS/mark" 16 "$M/restaurants" <"$T/list"
fan other ann
if ((fans > 200000)); then sync "$M/rankings/all" || sync "$M/rankings/all"; fi # half a minute may not do
ok "the barrier" settle
ls -f "$M/restaurants/popular/fans" >"$T/all"
is "ls -f lists them all" $((fans + 2)) "$(wc -l <"$T/all")"
is "and each of them once" $((fans + 2)) "$(sort -u "$T/all" | wc -l)"
is "all are counted" "$fans" "$(cat "$M/counts/popular/all")"
printf '%6d\t%d\t%s\n' 1 "$fans" popular 2 1 other >"$T/want"
same "and ranked" "$T/want" "$M/rankings/all"
at_most "KiB of favfs" $limit_kib "$(peak_of favfs)"
at_most "KiB of favfs-aggregator" $limit_kib "$(peak_of favfs-aggregator)"
ok "umount" down
rm "$S"/derived.db*
must_up
ok "counting all anew" settle
same "gives the same ranking" "$T/want" "$M/rankings/all"
at_most "KiB of favfs-aggregator that counts all anew" $limit_kib "$(peak_of favfs-aggregator)"
if [[ ${FANS:-} ]]; then # takes as long as making them
	ok "rm -r of them" rm -r "$M/restaurants/popular"
	settle
	printf '%6d\t%d\t%s\n' 1 1 other >"$T/want"
	same "leaves the others" "$T/want" "$M/rankings/all"
fi
at_most "KiB of favfs in the end" $limit_kib "$(peak_of favfs)"
echo "KiB at most: favfs $(peak_of favfs), favfs-aggregator $(peak_of favfs-aggregator)"
ok "umount" down
conclude
