#!/bin/bash
#
# unlinker.sh - what the store removes by itself goes from the kernel's memory as if somebody
# had called unlink(2): who watches sees it, and nothing waits for ever, however favfs ends.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

R=$M/restaurants

# ---- who watches a directory ----

must_up
mkdir -p "$R"/{noma,taj}/fans
touch "$R/noma/fans/known"
printf 'add\tnoma\tunknown\n' >"$M/import" # no look-up has told the kernel of it
inotifywait -q -m --format '%e %f' "$R/noma/fans" >"$T/events" 2>"$T/watching" &
watcher=$!
watches() { chmod 644 "$R/noma/fans/known" && [[ -s $T/events ]]; }
ok "a watcher watches" eventually watches
sees() { grep -qx "$1" "$T/events"; }
setfattr -n user.favfs.expires_at -v +1s "$R/noma/fans/known"
ok "inotify sees a favourite expire" eventually sees "DELETE known"
printf 'remove\tnoma\tunknown\n' >"$M/import"
printf 'add\tnoma\tlate\n' >"$M/import"
stat "$R/noma/fans/late" >/dev/null
printf 'remove\tnoma\tlate\n' >"$M/import"
ok "and one that the kernel knows go by a line of import" eventually sees "DELETE late"
is "nothing else" "" "$(grep DELETE "$T/events" | grep -v ' known$' | grep -v ' late$')"
kill $watcher
wait $watcher 2>/dev/null
ok "it keeps no mount busy" down
must_up -o ttl=1s
mkdir -p "$R/short/fans"
inotifywait -q -m --format '%e %f' "$R/short/fans" >"$T/events" 2>"$T/watching" &
watcher=$!
watches_short() { touch "$R/short/fans/again" && [[ -s $T/events ]]; }
ok "a watcher watches" eventually watches_short
printf 'add\tshort\tunknown\n' >"$M/import"
ok "inotify sees one expire that the kernel never knew" eventually sees "DELETE unknown"
kill $watcher
wait $watcher 2>/dev/null
ok "umount" down

# ---- what was made again meanwhile stays ----

must_up
: >"$R/taj/fans/u"
inotifywait -q -m --format '%e %f' "$R/taj/fans" >"$T/events" 2>"$T/watching" &
watcher=$!
watches_taj() { chmod 644 "$R/taj/fans/u" && [[ -s $T/events ]]; }
ok "a watcher watches" eventually watches_taj
unlinker=$(pid_of favfs-unlinker)
kill -STOP "$unlinker"
printf 'remove\ttaj\tu\n' >"$M/import" &
importer=$!
removes() { [[ $(tail -n 1 "$M/changes" | cut -f 3-5) == "remove	taj	u" ]]; }
ok "it is removed, and the kernel does not know" eventually removes
touch "$R/taj/fans/u"
is "made again, it is another" "add	taj	u" "$(tail -n 1 "$M/changes" | cut -f 3-5)"
kill -CONT "$unlinker"
ok "the import ends" wait $importer
is "the new one is there" "u 1" "$(names "$R/taj/fans") $(stat -c %h "$R/taj/fans/u")"
rm "$R/taj/fans/u"
ok "until it is removed" eventually sees "DELETE u"
is "which is seen once" 1 "$(grep -c DELETE "$T/events")"
kill $watcher
wait $watcher 2>/dev/null

# ---- without the process, or the path ----

expires()
{
	touch "$R/noma/fans/$2"
	setfattr -n user.favfs.expires_at -v +1s "$R/noma/fans/$2"
	is_gone() { [[ ! -e $R/noma/fans/$1 ]]; }
	ok "$1: expiry goes on" eventually is_gone "$2"
	printf 'add\tnoma\t%s\n' "$2" >"$M/import"
	stat "$R/noma/fans/$2" >/dev/null
	printf 'remove\tnoma\t%s\n' "$2" >"$M/import"
	gives "$1: an import is seen at once" ENOENT stat "$R/noma/fans/$2"
}
expires "with it" a
if [[ $(id -u) == 0 ]]; then
	mkdir "$T/other"
	exec {into}<"$M"
	mkdir -p "$T/other/restaurants/noma/fans"
	: >"$T/other/restaurants/noma/fans/b"
	mount --bind "$T/other" "$M"
	at=/proc/self/fd/$into
	printf 'add\tnoma\tb\n' >"$at/import"
	stat "$at/restaurants/noma/fans/b" >/dev/null
	printf 'remove\tnoma\tb\n' >"$at/import"
	gives "below another mount: an import is seen at once" ENOENT \
		stat "$at/restaurants/noma/fans/b"
	ok "what is mounted over it is not touched" test -e "$T/other/restaurants/noma/fans/b"
	exec {into}<&-
	umount "$M"
else
	skip "a mount over the mount: not root"
fi
kill -KILL "$(pid_of favfs-unlinker)"
expires "killed" c
ok "umount" down
"$BUILD/favfs" -f "$S" "$M" 2>"$T/log" &
favfs=$!
is_up() { [[ -e $M/status ]]; }
ok "favfs -f" eventually is_up
kill -KILL "$(pid_of favfs-unlinker)"
expires "killed, and seen" d
is "the log says so, once" 1 "$(grep -c 'favfs-unlinker is gone' "$T/log")"
kill $favfs
wait $favfs
is "it ends well" 0 $?
must_up
unlinker=$(pid_of favfs-unlinker)
touch "$R/noma/fans/stuck"
kill -STOP "$unlinker"
printf 'remove\tnoma\tstuck\n' 2>/dev/null >"$M/import" &
importer=$!
is_removed() { [[ $(tail -n 1 "$M/changes" | cut -f 5) == stuck ]]; }
ok "it is stuck" eventually is_removed
began=$(date +%s)
kill "$(pid_of favfs)"
ok "which does not keep favfs from ending" eventually has_no_favfs
at_most "within seconds" 9 $(($(date +%s) - began))
wait $importer 2>/dev/null

# ---- however it ends ----

seq -f 'add%%tr%%tu%.0f' 6000 | sed 's/%t/\t/g' >"$T/add"
sed 's/^add/remove/' "$T/add" >"$T/remove"
is_ended() { ! grep -qs . "/proc/$1/cmdline"; } # a zombie has none

# end_by SIGNAL ROUND: while an import takes away what others make and remove beside it
end_by()
{
	local callers=() i pid

	must_up
	dd if="$T/add" of="$M/import" bs=512K status=none
	ls -l "$R/r/fans" >"$T/list"
	for i in 1 2 3 4; do
		while : >"$R/r/fans/x$i" && rm "$R/r/fans/x$i"; do :; done 2>/dev/null &
		callers+=($!)
	done
	dd if="$T/remove" of="$M/import" bs=4k status=none 2>/dev/null &
	callers+=($!)
	sleep "0.0$2" # a moment of it
	pid=$(pid_of favfs)
	kill "-$1" "$pid"
	ok "$1, $2: it ends" eventually is_ended "$pid"
	for pid in "${callers[@]}"; do ok "$1, $2: its callers too" eventually is_ended "$pid"; done
	wait "${callers[@]}" 2>/dev/null
	must_up
	ok "$1, $2: and begins again" down
}
for round in 1 2 3 5 9; do
	end_by TERM $round
	end_by KILL $round
done
conclude
