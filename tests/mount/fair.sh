#!/bin/bash
#
# fair.sh - that who reads much keeps nobody waiting who wants something small, nor another user
# who reads, and is answered when the mount ends.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

readers=16

if [[ $(id -u) == 0 ]]; then must_up -o allow_other; else must_up; fi
awk -v name="a name of some length, so that few restaurants make a long ranking" \
	'BEGIN { for (i = 0; i < 12000; i++) printf "add\t%05d %s\tann\n", i, name }' >"$T/lines"
ok "12,000 restaurants" cp "$T/lines" "$M/import"
ok "are counted" settle
for file in changes rankings/all; do
	at_least "$file has more than one piece" $((512 * 1024)) "$(stat -c %s "$M/$file")"
	# A piece is under way when it is asked for, and there may be one more before the answer.
	at_most "a look-up waits for few of the pieces of $file that $readers read" 8 \
		"$("$TOOLS/fair" look $readers 100 "$M/$file" "$M/restaurants/none")"
done
mkdir -p "$M/restaurants/a/fans"
alone=$("$TOOLS/fair" mark 1 40 "$M/changes" "$M/restaurants/a/fans/beside-one-")
at_most "a mark for as many as beside one reader" $((4 * alone + 16)) \
	"$("$TOOLS/fair" mark $readers 40 "$M/changes" "$M/restaurants/a/fans/beside-many-")"

if [[ $(id -u) == 0 ]]; then
	at_most "while a user reads 50 pieces, another with $readers readers reads few more" 400 \
		"$("$TOOLS/fair" users $readers 50 "$M/changes")"
fi

# ---- the end ----

"$TOOLS/fair" read $readers "$M/changes" >"$T/reading" &
reading=$!
ok "$readers read" eventually grep -q reading "$T/reading"
kill "$(pid_of favfs)"
ok "all are answered when the mount ends" wait $reading
ok "which it does" eventually has_no_favfs
must_up
if [[ $(id -u) == 0 ]]; then
	"$TOOLS/fair" read $readers "$M/changes" >"$T/reading" &
	reading=$!
	ok "$readers read" eventually grep -q reading "$T/reading"
	umount -f "$M" 2>/dev/null # which aborts first; the mount may be in use then
	ok "all are answered when the connection is aborted" wait $reading
	ok "favfs ends by that" eventually has_no_favfs
fi

conclude
