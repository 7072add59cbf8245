#!/bin/bash
#
# program.sh - favfs as a program: its options, what it refuses, how it starts and ends (SEED=n).
# Runs alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

seed=${SEED:-$RANDOM}
echo "SEED=$seed"
RANDOM=$seed
favfs=$BUILD/favfs

# ---- what it says ----

is "-h ends well" 0 "$("$favfs" -h >"$T/help" 2>"$T/err"; echo $?)"
is "and says nothing of errors" "" "$(<"$T/err")"
for word in STORE MOUNTPOINT -f -d -h -V allow_other allow_root retention windows noaggregator fsname; do
	ok "-h tells of $word" grep -q -- "$word" "$T/help"
done
is "--help is the same" "$(<"$T/help")" "$("$favfs" --help)"
at_most "which fits on a screen of 24 lines, with a prompt" 23 "$(wc -l <"$T/help")"
at_most "and of 80 columns" 80 "$(awk 'length > most { most = length } END { print most }' "$T/help")"
is "-o help lists the words of -o" 0 "$("$favfs" -o help >"$T/words" 2>&1; echo $?)"
for word in allow_other ttl= noauto x-; do
	ok "such as $word" grep -q -- "$word" "$T/words"
done
refused "and is named where a word is unknown" 2 "-o help" "$favfs" -o windmill "$S" "$M"
is "-V ends well" 0 "$("$favfs" -V >"$T/version" 2>&1; echo $?)"
ok "and tells the version" grep -qE '^favfs [0-9]+\.[0-9]+' "$T/version"
ok "and those below" grep -qi sqlite "$T/version"
ok "and of libfuse" grep -qE '^libfuse [0-9]+\.[0-9]+' "$T/version"
is "and warns of this SQLite where that has the bug" "$(
	sed -n 's/^SQLite //p' "$T/version" | awk -F . '
		{ n = $1 * 1000000 + $2 * 1000 + $3 }
		{ print n < 3051003 && !(n >= 3044006 && n < 3045000) && !(n >= 3050007 && n < 3051000) }')" \
	"$(grep -c 'WAL-reset bug' "$T/version")"
refused "no arguments" 2 "favfs: no STORE" "$favfs"
refused "no mountpoint" 2 "favfs: no MOUNTPOINT" "$favfs" "$S"
refused "too many arguments" 2 "$T/x" "$favfs" "$S" "$M" "$T/x"
refused "an unknown letter" 2 "-q" "$favfs" -q "$S" "$M"
refused "an unknown long option" 2 "--quux" "$favfs" --quux "$S" "$M"
refused "-o without words" 2 "-o" "$favfs" "$S" "$M" -o
refused "an unknown word" 2 "windmill" up -o windmill
refused "an unknown word among others" 2 "windmill=3" up -o rw,windmill=3,noatime
refused "a known word with a value too many" 2 "noaggregator=1" up -o noaggregator=1
for words in retention= retention=x retention=-1 retention=0 retention=1w retention=1hh windows=century \
	windows= windows=all,century retention=99999999999999999999 fsname=; do
	refused "-o $words" 2 "${words##*,}" up -o "$words"
done
ok "nothing was made by all this" test ! -e "$S"
ok "nothing is mounted" test ! -e "$M/restaurants"

# ---- where to ----

refused "another engine" 1 "postgresql://host/db" "$favfs" postgresql://host/db "$M"
refused "also in the foreground" 1 "postgresql://host/db" "$favfs" -f postgresql://host/db "$M"
refused "a mountpoint that is not there" 1 "$T/none" "$favfs" "$S" "$T/none"
ok "it says what to do" grep -q 'make the mountpoint' "$T/err"
touch "$T/file"
refused "a file as a mountpoint" 1 "$T/file" "$favfs" "$S" "$T/file"
refused "a file as a store" 1 "$T/file" "$favfs" "$T/file" "$M"
refused "a store in a folder that is not there" 1 "$T/none/store" "$favfs" "$T/none/store" "$M"
refused "a store in its own mountpoint" 1 "$M/store" "$favfs" "$M/store" "$M"
refused "a store that is its own mountpoint" 1 "$M" "$favfs" "$M" "$M"
is "a mountpoint stays empty by that" "" "$(names "$M")"
mkdir "$T/foreign"
touch "$T/foreign/thesis.tex"
refused "somebody's folder as a store" 1 "(thesis.tex is in it)" "$favfs" "$T/foreign" "$M"
is "it stays as it was" thesis.tex "$(names "$T/foreign")"
touch "$T/foreign"/{zebra,abstract.tex}
refused "of several files the first is named" 1 "(abstract.tex and 2 others are in it)" "$favfs" "$T/foreign" "$M"
if [[ $(id -u) == 0 ]]; then
	mkdir "$T/others"
	chown 1001 "$T/others"
	refused "a folder of another user" 1 "1001" "$favfs" "$T/others" "$M"
fi
mkdir "$T/empty"
ok "an empty folder becomes a store" "$favfs" "$T/empty" "$M"
ok "umount" down
for words in rw exec noexec sync async dirsync atime noatime nodiratime \
	retention=1s retention=90s,retention=30m,retention=12h,retention=7d windows=all,month \
	windows=day fsname=x; do
	rm -rf "$S"
	ok "-o $words" up -o "$words"
	ok "umount" down
done
rm -rf "$S"
ok "words of mount(8), fstab and systemd" up -o rw,auto,noauto,user,users,nouser,owner,group,nofail \
	-o _netdev,dev,nodev,suid,nosuid,exec,noexec,atime,noatime,relatime,strictatime,lazytime \
	-o defaults,diratime,nodiratime,async,x-systemd.automount,x-gvfs-show,X-mount.mkdir,comment=x \
	-o user=ann,nousers,noowner,nogroup,uhelper=udisks2,helper=udisks2,silent,loud,mand,nomand \
	-o iversion,noiversion,symfollow,nosymfollow,default_permissions,fsname=favourites
is "fsname is the source" favourites "$(df --output=source "$M" | tail -n 1)"
options=$(awk -v m="$M" '$5 == m { print $6 "," $NF }' /proc/self/mountinfo)
for word in nosuid nodev default_permissions noexec; do
	ok "it is mounted with $word" grep -qw "$word" <<<"$options"
done
ok "umount" down
ok "a source that ends with a backslash" up -o "fsname=x\\,noexec"
is "is shown so" "x\\" "$(findmnt -n -o SOURCE "$M")"
ok "and leaves the next word alone" grep -qw noexec <<<"$(findmnt -n -o OPTIONS "$M")"
ok "umount" down
ok "also in front of what is added to the words" up -o "ro,fsname=x\\"
is "it is shown so" "x\\" "$(findmnt -n -o SOURCE "$M")"
gives "and read only" EROFS mkdir "$M/restaurants/x"
ok "umount" down
refused "other windows than the store was made with" 1 "windows=all,month,day, not all,year" \
	up -o windows=all,year
ok "the same windows" up -o windows=all,month,day
ok "umount" down

odd="$T/a store, with commas\\ and 'quotes'"
ok "a store with blanks and commas in its path" "$favfs" "$odd" "$M"
fan a ann
recounted "it works"
is "and is the source" "$odd" "$(df --output=source "$M" | tail -n 1)"
ok "umount" down
mkdir "$T/odd mount, point"
ok "so may be the mountpoint" "$favfs" "$odd" "$T/odd mount, point"
is "which works" ann "$(names "$T/odd mount, point/restaurants/a/fans")"
unmount "$T/odd mount, point"
eventually has_no_favfs
cd "$T" || exit
here=.$(printf '/..%.0s' {1..20})$T # by which the clean-up knows the program, too
ok "relative paths" "$favfs" "$here/store" "$here/mnt"
is "the source is absolute" "$T/store" "$(findmnt -n -o SOURCE "$T/mnt")"
is "work, too" "changes counts import metrics rankings restaurants status users" "$(names mnt)"
ok "umount" down

# ---- where it may not mount ----

# beside COMMAND...: in a mount namespace, with a /dev of its own, in which there is little
beside()
{
	unshare -m bash -c 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && '"$1" beside "${@:2}"
}
fuse() { echo "mknod -m $1 /dev/fuse c 10 229 && shift && "; }
if [[ $(id -u) == 0 ]] && beside "$(fuse 666) : <>/dev/fuse" x 2>/dev/null; then
	mkdir -m 755 "$T/nobody" "$T/nobody/mnt" "$T/nobody/store"
	chown 65534 "$T"/nobody{,/*}
	nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	theirs=("$favfs" "$T/nobody/store" "$T/nobody/mnt")
	refused "no /dev/fuse: one line" 1 "favfs: $M: cannot mount: device not found" beside '"$@"' "$favfs" "$S" "$M"
	ok "it says what a container needs" grep -q -- '--device /dev/fuse' "$T/err"
	refused "one that may not be opened" 1 "its mode should be 0666" beside "$(fuse 600)"'"$@"' x "${nobody[@]}" "${theirs[@]}"
	refused "without CAP_SYS_ADMIN" 1 "--cap-add SYS_ADMIN" beside "$(fuse 666)"'"$@"' x \
		setpriv --bounding-set=-sys_admin "$favfs" "$S" "$M"
	refused "a folder of somebody else's" 1 "take a folder of your own" beside "$(fuse 666)"'"$@"' x \
		"${nobody[@]}" "$favfs" "$T/nobody/store" "$M"
	refused "allow_other that is not allowed" 1 "user_allow_other" beside "$(fuse 666)"'"$@"' x \
		"${nobody[@]}" "${theirs[@]}" -o allow_other
	refused "a store on a full disk" 1 "No space left" beside 'mount -t tmpfs -o size=64k none /dev; "$@"' "$favfs" /dev/store "$M"
	refused "a disk that cannot be written" 1 "Read-only file system" beside 'mount -t tmpfs -o ro none /dev; "$@"' "$favfs" /dev/store "$M"
else
	skip "where it may not mount: no mount namespace of one's own here"
fi

# ---- one mount at a time ----

must_up
mkdir "$T/second"
refused "a second mount of the store" 1 "pid $(pid_of favfs) at $M" "$favfs" "$S" "$T/second"
refused "also by another name" 1 "pid $(pid_of favfs) at $M" "$favfs" "$T/second/../store" "$T/second"
refused "another store over a mount" 1 "$M" "$favfs" "$T/empty" "$M"
is "one is mounted" 1 "$(grep -c " $T/" /proc/self/mountinfo)"
ok "another store elsewhere" "$favfs" "$T/empty" "$T/second"
unmount "$T/second"
fan a ann
ok "the first goes on" settle
ok "umount" down

# ---- starting and ending ----

late=0
for i in {1..10}; do
	up && [[ -d $M/restaurants && -e $M/rankings/all ]] || late=$((late + 1))
	unmount "$M"
done
is "when favfs has returned the mount answers, 10 times of 10" 0 $late
eventually has_no_favfs

"$favfs" -f "$S" "$M" >"$T/foreground" 2>&1 &
foreground=$!
ok "-f mounts" eventually is_mounted
is "and is not another process" "$foreground" "$(pid_of favfs)"
fan a foreground
unmount "$M"
wait $foreground
is "umount ends it well" 0 $?
is "it said nothing" "" "$(<"$T/foreground")"

for signal in TERM INT HUP; do
	(cd / && exec "$favfs" -f "$S" "$M") &
	foreground=$!
	eventually is_mounted
	fan a "$signal"
	kill -$signal $foreground
	wait $foreground
	is "SIG$signal ends it well" 0 $?
	ok "and unmounts" test ! -e "$M/restaurants"
	must_up
	ok "what was marked is there" test -e "$M/restaurants/a/fans/$signal"
	ok "umount" down
done

"$favfs" -f "$S" "$M" 2>"$T/err" &
foreground=$!
eventually is_mounted
(cd "$M/rankings" && exec sleep 100) &
in_it=$!
tail -f "$M/changes" >/dev/null 2>&1 &
reads_it=$!
has_both() { [[ $(readlink "/proc/$in_it/cwd") == "$M"/* && $(readlink "/proc/$reads_it"/fd/* | grep -c "$M/") == 1 ]]; }
ok "two use the mount" eventually has_both
kill $foreground
wait $foreground
is "SIGTERM ends it well all the same" 0 $?
who=" by pid $in_it (sleep), pid $reads_it (tail)"
[[ $(id -u) != 0 ]] || who="" # it has given up the right to look into others
is "and says so in a line" "favfs: $M: unmounted while in use$who" \
	"$(sed "s/pid $reads_it (tail), pid $in_it (sleep)/pid $in_it (sleep), pid $reads_it (tail)/" "$T/err")"
kill $in_it $reads_it 2>/dev/null

lost=0
for i in {1..20}; do
	must_up
	touch "$M/restaurants/a/fans/remount-$i"
	unmount "$M"
	up || lost=$((lost + 1)) # at once
	[[ -e $M/restaurants/a/fans/remount-$i ]] || lost=$((lost + 1))
	unmount "$M"
done
is "umount and at once a new favfs, 20 times" 0 $lost
eventually has_no_favfs

must_up
kill -KILL "$(pid_of favfs)"
is_dead() { [[ $("$TOOLS/syscalls" stat "$M/rankings") == ENOTCONN ]]; }
ok "a killed favfs leaves a dead mount" eventually is_dead
ok "the next favfs takes it away" up
is "and there is one mount" 1 "$(grep -c " $M " /proc/self/mountinfo)"
ok "that works" test -e "$M/restaurants/a/fans/TERM"
kill -KILL "$(pid_of favfs)"
eventually has_no_favfs
"$favfs" -f "$S" "$M" &
foreground=$!
answers() { stat -f "$M/restaurants" >/dev/null 2>&1; }
ok "also in the foreground" eventually answers
kill $foreground
wait $foreground
is "which ends well" 0 $?
if [[ $(id -u) == 0 ]]; then
	mount -t tmpfs none "$M"
	refused "a mount of somebody else's" 1 tmpfs up
	umount "$M"
fi

# ---- where autofs waits for it ----

# Only this process group may pass, as only that of systemd, or automount(8), and of mount(8) from there.
exec {requests}> >(exec cat >/dev/null)
group=$(ps -o pgrp= -p $$ | tr -d ' ')
if mount -t autofs -o "fd=$requests,pgrp=$group,minproto=5,maxproto=5,direct" none "$M" 2>"$T/err"; then
	ok "favfs mounts where autofs waits for it" timeout --foreground 10 "$BUILD/favfs" "$S" "$M"
	ok "that works" test -e "$M/restaurants/a/fans/TERM"
	is "by none of the caller's processes" "" "$(for pid in $(pids_in "$T"); do
		[[ $(cat "/proc/$pid/comm") != favfs* ]] || ps -o pgrp= -p "$pid"; done | grep -w "$group")"
	lost=0
	for i in {1..5}; do
		unmount "$M"
		timeout --foreground 10 "$BUILD/favfs" "$S" "$M" 2>"$T/err" || lost=$((lost + 1)) # at once
	done
	is "umount and at once a new favfs, 5 times" 0 $lost
	ok "umount" unmount "$M"
	is "autofs is still there" autofs "$(findmnt -n -o FSTYPE "$M")"
	umount "$M"
	eventually has_no_favfs
else
	skip "where autofs waits for it: $(head -n 1 "$T/err")"
fi
exec {requests}>&-

# ---- a damaged store ----

must_up
fan a ann
settle
down
cp -a "$S" "$T/sound"
garbage() { head -c 40 /dev/urandom | dd of="$S/favorites.db" bs=1 seek="$1" conv=notrunc status=none; }
for damage in "garbage 0" "garbage 4096" "truncate -s 0 $S/favorites.db" "truncate -s 8192 $S/favorites.db"; do
	$damage
	refused "damaged by ${damage%% /*}" 1 "$S/favorites.db" up
	ok "it says what to do" grep -q 'fsck\.favfs' "$T/err"
	rm -r "$S"
	cp -a "$T/sound" "$S"
done
mv "$S/favorites.db" "$T/lost.db"
refused "without favorites.db it is not made anew" 1 "$S/favorites.db" up
mv "$T/lost.db" "$S/favorites.db"
must_up
ok "as it was before, it mounts" test -e "$M/restaurants/a/fans/ann"
mv "$S/favorites.db" "$T/away.db"
gives "the database is taken away while mounted" EIO open O_CREAT,O_WRONLY "$M/restaurants/a/fans/lost"
mv "$T/away.db" "$S/favorites.db"
gives "nothing more is acknowledged" EIO open O_CREAT,O_WRONLY "$M/restaurants/a/fans/lost"
ok "status tells" grep -q '^last_error: Input/output error' "$M/status"
ok "umount" down
must_up
gives "what was not acknowledged is not there" ENOENT stat "$M/restaurants/a/fans/lost"
ok "and all is well again" touch "$M/restaurants/a/fans/found"
ok "umount" down

# ---- SIGTERM under load ----

for round in 1 2 3; do
	rm -f "$T"/manifest.*
	(cd / && exec "$favfs" -f "$S" "$M") &
	foreground=$!
	eventually is_mounted
	mkdir -p "$M"/restaurants/r{0..9}/fans
	scribes=()
	for i in 1 2 3 4; do
		"$TOOLS/scribe" "$RANDOM" "t$round-$i" "$M/restaurants" "$T/manifest.$i" &
		scribes+=($!)
	done
	sleep "0.$((RANDOM % 5 + 1))" # a random moment
	kill $foreground
	wait $foreground
	is "round $round: SIGTERM under load ends it well" 0 $?
	ok "round $round: the writers see nothing but the end" wait "${scribes[@]}"
	must_up
	acknowledged "round $round: SIGTERM under load"
	recounted "round $round: rankings"
	ok "umount" down
done
# ---- a clock that is behind the log ----

# log_at SECONDS: as if the clock had shown that at the newest change
log_at()
{
	sqlite3 -init /dev/null "$S/favorites.db" "UPDATE state SET last_ns = $1 * 1000000000;
		UPDATE change SET time_ns = $1 * 1000000000 WHERE seq = (SELECT max(seq) FROM change)"
}

must_up
mkdir -p "$M/restaurants/a/fans"
touch "$M/restaurants/a/fans/late"
ok "umount" down
log_at $(($(date +%s) + 1800))
up 2>"$T/err"
is "half an hour ahead is nothing to tell of" "" "$(<"$T/err")"
ok "umount" down
log_at 5000000000
up -o ro 2>"$T/err"
is "nor what nobody adds to" "" "$(<"$T/err")"
ok "umount" down
up 2>"$T/err"
is "years ahead are told of in a line" "favfs: $S: the newest change is of 2128-06-11T08:53:20.000000000Z, and the \
clock is behind that: until then all changes carry that time" "$(<"$T/err")"
rm "$M/restaurants/a/fans/late"
is "which is so" 2128-06-11T08:53:20.000000000Z "$(tail -n 1 "$M/changes" | cut -f 2)"
ok "umount" down

# ---- a service manager that wants to know ----

rm -rf "$S"
"$TOOLS/listener" "$T/notify" >"$T/told" &
listener=$!
ok "somebody listens" eventually test -S "$T/notify"
NOTIFY_SOCKET=$T/notify "$BUILD/favfs" -f "$S" "$M" 2>"$T/err" &
favfs=$!
ok "it is told" wait $listener
is "that the mount is ready" READY=1 "$(<"$T/told")"
ok "which it is" test -e "$M/status"
kill $favfs
wait $favfs
is "told to end, it ends well" 0 $?
gives "and is unmounted" ENOENT stat "$M/status"
NOTIFY_SOCKET=$T/nobody "$BUILD/favfs" "$S" "$M"
is "where nobody listens it works as well" 0 $?
ok "umount" down
conclude
