#!/bin/bash
#
# helpers.sh - mkfs.favfs, fsck.favfs and mount.favfs as programs: options, exit codes, words.
# Runs alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

mkfs=$BUILD/mkfs.favfs fsck=$BUILD/fsck.favfs mount=$BUILD/mount.favfs
status() { "$@" >"$T/out" 2>"$T/err"; echo $?; }
status_of() { sed -n "s/^$1: //p" "$M/status"; }
db() { sqlite3 -init /dev/null "$S/$1" "$2" >/dev/null; }

# ---- mkfs.favfs ----

is "mkfs.favfs makes a store" 0 "$(status "$mkfs" "$S")"
is "and says what it counts" "$S: an empty store that counts all,month,day, time zone UTC" "$(<"$T/out")"
is "only its owner may enter" 700 "$(stat -c %a "$S")"
refused "a store that is there is left alone" 1 "$S: exists, and is a store" "$mkfs" "$S"
must_up
is "as it was made" "all,month,day UTC 0" "$(status_of windows) $(status_of timezone) $(status_of favorites)"
ok "umount" down
rm -r "$S"
# A leak cannot be looked for in a program that strace(1) watches.
if ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 strace -f -y -e trace=fsync,mkdir -o "$T/trace" "$mkfs" "$S" >/dev/null 2>&1; then
	is "its name is synced with its folder" 1 "$(grep -A 1 'mkdir("' "$T/trace" | grep -c "fsync([0-9]*<$T>) *= 0")"
else
	skip "whether its name is synced: strace cannot trace here"
fi
rm -rf "$S"
mkdir "$S"
: >"$S/notes"
refused "what is no store, either" 1 "(notes is in it)" "$mkfs" "$S"
: >"$S/drafts"
refused "of several files the first is named" 1 "(drafts and 1 other are in it)" "$mkfs" "$S"
rm "$S/notes" "$S/drafts"
refused "nothing is counted by a time zone that is none" 1 "not the name of a time zone" "$mkfs" --timezone Factory "$S"
: >"$S/lock" # by one that was killed
refused "a half-made one, too" 1 "lock is in it" "$mkfs" "$S"
rm "$S/lock"
ok "an empty folder is taken" "$mkfs" --windows week,hour "$S"
must_up
is "--windows" all,week,hour "$(status_of windows)"
is "is what there is" "week hour all" "$(cd "$M/rankings" && find . -type l -printf '%P\n' | sort -r | xargs) all"
ok "umount" down
rm -r "$S"
for bad in "" "--windows decade $S" "--timezone" "--windmill $S" "$S $S/other"; do
	# shellcheck disable=SC2086 # words
	is "misuse: $bad" 2 "$(status "$mkfs" $bad)"
done
refused "another engine" 1 "redis://" "$mkfs" redis://localhost
is "--version" 0 "$(status "$mkfs" --version)"
is "--help" 0 "$(status "$mkfs" --help)"

# ---- fsck.favfs: the exit codes of fsck(8) ----

"$mkfs" "$S" >/dev/null
is "0: nothing wrong" 0 "$(status "$fsck" -n "$S")"
must_up
fan noma ann bob
settle
is "also while it is mounted" 0 "$(status "$fsck" -n "$S")"
is "and to mend it" 0 "$(status "$fsck" -y "$S")"
ok "umount" down
must_up
unmount "$M"
rm "$S"/derived.db*
is "right after umount it does not wait for an aggregator that ends" 1 "$(status timeout 20 "$fsck" -y "$S")"
is "and counts by itself" 0 "$(status "$fsck" -n "$S")"
must_up
unmount "$M"
ok "nor does --rebuild" timeout 20 "$fsck" --rebuild "$S"
db derived.db "UPDATE count SET count = 7 WHERE window = 0"
is "4: left as it is" 4 "$(status "$fsck" -n "$S")"
is "with a sum in words" "$S: 1 restaurant, 2 favourites, 2 changes, 3 counts, 2 users: 3 findings, of which -y can repair 3" "$(tail -n 1 "$T/out")"
is "with a line that says what" "F601 counts/noma/all: expected 2, found 7" "$(grep ^F601 "$T/out")"
is "4: without -y" 4 "$(status "$fsck" "$S" </dev/null)"
is "1: mended" 1 "$(status "$fsck" -y "$S")"
is "0: all is well" 0 "$(status "$fsck" -n "$S")"
db favorites.db "UPDATE favorite SET user = 'a' || char(10) WHERE user = 'ann'"
is "4: what cannot be mended" 4 "$(status "$fsck" -y "$S")"
is "whoever looks is told the same" 4 "$(status "$fsck" -n "$S")"
is "and cannot reach a terminal" 1 "$(grep -c '^F204 .*a\\x0a' "$T/out")"
is "8: no store" 8 "$(status "$fsck" -n "$T/none")"
is "in words" 1 "$(wc -l <"$T/err")"
is "16: misuse" 16 "$(status "$fsck" --windmill "$S")"
is "16: nothing to check" 16 "$(status "$fsck")"
is "16: what contradicts itself" 16 "$(status "$fsck" -n -y "$S")"
rm -r "$S"
codes() { grep -o '\bF[0-9][0-9][0-9]\b' "$@" | sort -u; }
page=$(dirname "${BASH_SOURCE[0]}")/../../man/fsck.favfs.8
for program in favfs favfs-aggregator mkfs.favfs fsck.favfs mount.favfs; do
	at_most "--help of $program fits on a screen" 23 "$("$BUILD/$program" --help | wc -l)"
	at_most "in columns, too" 80 "$("$BUILD/$program" --help | awk 'length > most { most = length } END { print most }')"
done
at_least "--codes says what the codes mean" 50 "$("$fsck" --codes | codes | wc -l)"
same "and so does its page, of each" <("$fsck" --codes | codes) <(grep '^\.It F' "$page" | codes)

# ---- a damaged store ----

"$mkfs" "$S" >/dev/null
head -c 4096 /dev/urandom | dd of="$S/favorites.db" bs=1 conv=notrunc status=none
refused "is refused by a mount that only reads, too" 1 "fsck.favfs" up -o ro
is "which names the file" 1 "$(grep -c "$S/favorites.db" "$T/err")"
rm -r "$S"

# ---- mount.favfs ----

is "mount.favfs -f says whether it could" 0 "$(status "$mount" "$S" "$M" -fv -o rw,nofail)"
is "and what it would do" "$BUILD/favfs -o rw,nofail $S $M" "$(<"$T/out")"
ok "and mounts nothing" test ! -e "$S"
is "as mount(8) calls it" 0 "$(status "$mount" "$S" "$M" -o rw,nosuid,nodev,noatime,_netdev,x-systemd.automount)"
ok "it mounts" test -e "$M/status"
ok "umount" down
is "-r" 0 "$(status "$mount" -r -n -s -t favfs "$S" "$M")"
is "is read only" ro "$(status_of mode)"
ok "umount" down
refused "what favfs refuses it refuses" 2 "windmill" "$mount" "$S" "$M" -o windmill
refused "too little" 1 "no MOUNTPOINT" "$mount" "$S"
refused "too much" 1 "one STORE and one MOUNTPOINT" "$mount" "$S" "$M" "$T"
mkdir "$T/bin" "$T/up" "$T/work"
if [[ $(id -u) == 0 ]] && unshare -m true 2>/dev/null; then
	cat >"$T/by-mount" <<-'EOF'
		mount -t tmpfs none "$T/up" && mkdir "$T/up/upper" "$T/up/work" &&
			mount -t overlay -o "lowerdir=/usr/sbin,upperdir=$T/up/upper,workdir=$T/up/work" none /usr/sbin || exit 9
		ln -s "$BUILD/mount.favfs" /usr/sbin/mount.favfs
		echo "$S $M favfs noauto,noaggregator,windows=all:day 0 0" >"$T/fstab"
		mount -T "$T/fstab" "$M" || exit 8
		sed -n "s/^windows: //p" "$M/status"
		umount "$M"
		mount -t favfs -o ro,noaggregator "$S" "$M" || exit 7
		sed -n "s/^mode: //p" "$M/status"
		umount "$M"
	EOF
	export BUILD S M T
	rm -rf "$S"
	status=$(status unshare -m bash "$T/by-mount")
	if [[ $status == 9 ]]; then
		skip "mount(8): no overlay to put mount.favfs where it looks: $(<"$T/err")"
	else
		is "mount(8) and a line of fstab(5)" "0 all,day ro" "$status $(xargs <"$T/out")"
		ok "they end" eventually has_no_favfs
	fi
else
	skip "mount(8): no mount namespace here"
fi

# ---- an aggregator that cannot work ----

cp "$BUILD/favfs" "$T/bin/favfs"
printf '#!/bin/sh\ndate +%%s%%N >>%q\nexit 1\n' "$T/starts" >"$T/bin/favfs-aggregator"
chmod +x "$T/bin/favfs-aggregator"
rm -rf "$S"
ok "favfs with one" "$T/bin/favfs" "$S" "$M"
is_tried() { (($(wc -l <"$T/starts") >= 5)); }
ok "it is tried again" eventually is_tried
waits=$(awk '{ now = int($1 / 1e6) } NR > 1 { print now - before } { before = now }' "$T/starts" | head -n 4 | xargs)
read -r -a wait <<<"$waits"
at_least "later and later, in ms ($waits)" $((wait[0] * 4)) "${wait[3]}"
ok "while favourites are made" mkdir -p "$M/restaurants/noma/fans"
ok "and status tells" grep -q '^aggregator: stopped' "$M/status"
ok "umount" down
conclude
