#!/bin/bash
#
# restaurants.sh - names, restaurants, favourites: what they are, what changes them, what is
# refused and with which errno.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

R=$M/restaurants
root=
[[ $(id -u) == 0 ]] && root=yes
denied=EACCES # what the kernel says to all but root where modes forbid it
[[ $root ]] && denied=EPERM

must_up
cd "$M" || exit

# ---- restaurants are directories ----

is "a new mount has these names" "changes counts import metrics rankings restaurants status users" "$(names)"
ok "mkdir makes an empty restaurant" mkdir restaurants/taj
is "nothing is in it" "" "$(ls -A restaurants/taj)"
gives "fans/ is not made with it" ENOENT open O_CREAT,O_WRONLY "$R/taj/fans/ann"
ok "mkdir makes its fans/" mkdir restaurants/taj/fans
ok "mkdir -p makes both" mkdir -p restaurants/noma/fans
ok "mkdir -p of what is there" mkdir -p restaurants/taj/fans restaurants/noma/fans
is "restaurants are listed" "noma taj" "$(names restaurants)"
is "fans/ is all there is in one" fans "$(ls -A restaurants/taj)"
gives "a restaurant twice" EEXIST mkdir "$R/taj"
gives "fans/ twice" EEXIST mkdir "$R/taj/fans"
gives "fans/ of no restaurant" ENOENT mkdir "$R/nowhere/fans"
gives "a fan of no restaurant" ENOENT open O_CREAT,O_WRONLY "$R/nowhere/fans/ann"
gives "rmdir of no restaurant" ENOENT rmdir "$R/nowhere"
gives "rmdir of a restaurant with fans/" ENOTEMPTY rmdir "$R/taj"
gives "another directory than fans/" EPERM mkdir "$R/taj/menu"
gives "a file beside fans/" EPERM open O_CREAT,O_WRONLY "$R/taj/menu"
gives "a file in restaurants/" EPERM open O_CREAT,O_WRONLY "$R/file"
gives "a directory in fans/" EPERM mkdir "$R/taj/fans/dir"
gives "a directory at the top" "$denied" mkdir "$M/dir"
gives "a file at the top" "$denied" open O_CREAT,O_WRONLY "$M/file"
gives "removing a part of the mount" "$denied" rmdir "$M/restaurants"
gives "unlink of a restaurant" EISDIR unlink "$R/taj"

(umask 077 && mkdir -p restaurants/strict/fans && touch restaurants/strict/fans/ann)
is "umask has no effect" "755 1777 644" \
	"$(stat -c %a restaurants/strict restaurants/strict/fans restaurants/strict/fans/ann | xargs)"
is "directories have one link" "1 1 1 1" \
	"$(stat -c %h . restaurants restaurants/taj restaurants/taj/fans | xargs)"
is "directories belong to the mounting user" "$(id -u):$(id -g)" \
	"$(stat -c %u:%g restaurants restaurants/taj restaurants/taj/fans | sort -u)"
gives "rmdir of fans/ with somebody in it" ENOTEMPTY rmdir "$R/strict/fans"
ok "rm -r of a restaurant" rm -r restaurants/strict
gives "it is gone" ENOENT stat "$R/strict"
ok "rmdir of an empty fans/" rmdir restaurants/noma/fans
ok "rmdir of an empty restaurant" rmdir restaurants/noma
is "what is left" taj "$(ls restaurants)"

# ---- a favourite ----

before=$(date +%s%N)
ok "touch marks" touch restaurants/taj/fans/ann
after=$(date +%s%N)
made=$(date -d "$(stat -c %y restaurants/taj/fans/ann)" +%s%N)
is "mtime is the moment, in ns" yes "$( ((before - 10**8 <= made && made <= after)) && echo yes)"
isnt "and not cut to less" 000 "${made: -3}$(stat -c %y restaurants/taj/fans/ann | cut -c 27-29)"
is "an empty file of its maker with one link" "0 1 644 $(id -u) $(id -g) regular empty file" \
	"$(stat -c '%s %h %a %u %g %F' restaurants/taj/fans/ann)"
is "ctime starts as mtime" "$(stat -c %y restaurants/taj/fans/ann)" \
	"$(stat -c %z restaurants/taj/fans/ann)"
ok "test -e finds it" test -e restaurants/taj/fans/ann
gives "another is not there" ENOENT stat "$R/taj/fans/bob"
gives "rm of no favourite" ENOENT unlink "$R/taj/fans/bob"

whole=$(stat restaurants/taj/fans/ann | grep -v Access:)
ok "touch again" touch restaurants/taj/fans/ann
ok "touch -a" touch -a restaurants/taj/fans/ann
ok "touch -m" touch -m restaurants/taj/fans/ann
gives "open with O_CREAT again" ok open O_CREAT,O_WRONLY "$R/taj/fans/ann"
is "marking again changes nothing" "$whole" "$(stat restaurants/taj/fans/ann | grep -v Access:)"
gives "O_EXCL on what is there" EEXIST open O_CREAT,O_EXCL,O_WRONLY "$R/taj/fans/ann"
gives "O_EXCL on what is not" ok open O_CREAT,O_EXCL,O_WRONLY "$R/taj/fans/excl"
gives "mknod of a file marks" ok mknod file "$R/taj/fans/mknod"
gives "mknod again" EEXIST mknod file "$R/taj/fans/mknod"
is "they are all listed" "ann excl mknod" "$(names restaurants/taj/fans)"
gives "rmdir of a favourite" ENOTDIR rmdir "$R/taj/fans/ann"
gives "a path through a favourite" ENOTDIR stat "$R/taj/fans/ann/x"
ok "rm unmarks" rm restaurants/taj/fans/excl
gives "then it is gone" ENOENT stat "$R/taj/fans/excl"
gives "rm again" ENOENT unlink "$R/taj/fans/excl"
is "find -type f finds favourites" "./restaurants/taj/fans/ann ./restaurants/taj/fans/mknod" \
	"$(find ./restaurants -type f | sort | xargs)"

# ---- its moment ----

F=restaurants/taj/fans/ann
moments=(
	"1970-01-01 00:00:00.000000000"
	"1999-12-31 23:59:59.999999999"
	"2026-02-28 12:00:00.123456789"
	"2200-01-01 00:00:00.000000001"
	"2261-12-31 23:59:59.999999999"
)
for moment in "${moments[@]}"; do
	changed=$(date +%s%N)
	ok "touch -d $moment" touch -d "$moment" "$F"
	is "mtime is $moment" "$moment +0000" "$(stat -c %y "$F")"
	is "ctime is the time of the change" yes \
		"$( (($(date -d "$(stat -c %z "$F")" +%s%N) >= changed - 10**8)) && echo yes)"
done
gives "a moment before 1970" EINVAL utimens -1 999999999 "$R/taj/fans/ann"
gives "1969" EINVAL utimens -86400 0 "$R/taj/fans/ann"
gives "2262" EINVAL utimens 9214646400 0 "$R/taj/fans/ann"
gives "far beyond" EINVAL utimens 100000000000 0 "$R/taj/fans/ann"
is "a refused moment changes nothing" "${moments[4]} +0000" "$(stat -c %y "$F")"
touch -d '2026-05-05 05:05:05.5' "$T/elsewhere"
ok "cp -p brings a moment in" cp -p "$T/elsewhere" restaurants/taj/fans/copied
is "as it was" "$(stat -c %y "$T/elsewhere")" "$(stat -c %y restaurants/taj/fans/copied)"
ok "cp -p takes it out" cp -p restaurants/taj/fans/copied "$T/back"
is "as it was, too" "$(stat -c %y "$T/elsewhere")" "$(stat -c %y "$T/back")"

# ---- modes, owners, contents ----

ok "chmod of a favourite" chmod 600 "$F"
is "changes nothing" 644 "$(stat -c %a "$F")"
gives "chmod of a restaurant" EPERM chmod 0700 "$R/taj"
gives "chmod of fans/" EPERM chmod 0755 "$R/taj/fans"
gives "chmod of restaurants/" EPERM chmod 0777 "$R"
gives "chmod that changes nothing" ok chmod 0755 "$R/taj"
gives "chmod of fans/ that changes nothing" ok chmod 01777 "$R/taj/fans"
gives "chown that changes nothing" ok chown "$(id -u)" "$(id -g)" "$R/taj/fans"
stood=$(stat -c %y restaurants/taj)
gives "setting the times of a directory" ok utimens 1000000000 0 "$R/taj"
is "changes nothing there" "$stood" "$(stat -c %y restaurants/taj)"
gives "writing" EPERM write "$R/taj/fans/ann"
gives "growing" EPERM truncate 1 "$R/taj/fans/ann"
gives "fallocate" EPERM fallocate 4096 "$R/taj/fans/ann"
gives "truncating to nothing" ok truncate 0 "$R/taj/fans/ann"
gives "opening with O_TRUNC" ok open O_WRONLY,O_TRUNC "$R/taj/fans/ann"
is "reading gives nothing" "" "$(cat "$F")"
is "still it is as it was" "0 ${moments[4]} +0000" "$(stat -c '%s %y' "$F")"
bash -c 'echo x >restaurants/taj/fans/writer' 2>"$T/err"
is "echo x > is refused" "Operation not permitted" "$(sed 's/.*: //' "$T/err")"
ok "but what it made first stays" rm restaurants/taj/fans/writer

gives "a symbolic link" EPERM symlink ann "$R/taj/fans/link"
gives "a hard link" EPERM link "$R/taj/fans/ann" "$R/taj/fans/ann2"
gives "a fifo" EPERM mknod fifo "$R/taj/fans/fifo"
gives "a socket" EPERM bind "$R/taj/fans/socket"
[[ $root ]] && gives "a device" EPERM mknod char "$R/taj/fans/device"
gives "a link beside fans/" EPERM symlink x "$R/taj/link"
gives "a fifo in restaurants/" EPERM mknod fifo "$R/fifo"
is "nothing of it is there" "ann copied mknod" "$(names restaurants/taj/fans)"

# ---- names ----

long=$(printf 'x%.0s' {1..255})
wide=$(printf 'é%.0s' {1..127})e # 255 bytes
names=("$long" "$wide" " " "O'Brien \"x\"; DROP TABLE favorite --" .hidden ... "Ångström 🍕" -rf
	'back\slash' '*' $'\xef\xbf\xbd' $'\xf4\x8f\xbf\xbf' Ann ANN $'e\xcc\x81' é fans all 2026-11)
mkdir -p restaurants/names/fans
for name in "${names[@]}"; do
	gives "the user '${name:0:40}'" ok open O_CREAT,O_EXCL,O_WRONLY "$R/names/fans/$name"
	gives "the restaurant '${name:0:40}'" ok mkdir "$R/$name"
done
printf '%s\n' "${names[@]}" | LC_ALL=C sort >"$T/names"
same "names come back as they were given" "$T/names" \
	<(find restaurants/names/fans -type f -printf '%f\n' | LC_ALL=C sort)
for name in "${names[@]}"; do
	rmdir -- "$R/$name"
done

# refused_name ERRNO MAKING LOOKING NAME WHAT
refused_name()
{
	gives "a user with $4" "$1" open O_CREAT,O_WRONLY "$R/names/fans/$3"
	gives "a restaurant with $4" "$1" mkdir "$R/$3"
	gives "renaming to $4" "$1" rename 0 "$R/names/fans/Ann" "$R/names/fans/$3"
	gives "looking for $4" "$2" stat "$R/names/fans/$3"
	gives "looking for a restaurant with $4" "$2" stat "$R/$3"
}
refused_name EINVAL ENOENT $'a\nb' "a newline"
refused_name EINVAL ENOENT $'a\tb' "a tab"
refused_name EINVAL ENOENT $'\001' "a control character"
refused_name EINVAL ENOENT $'a\033[31m' "an escape"
refused_name EINVAL ENOENT $'a\177' "DEL"
refused_name EINVAL ENOENT $'a\xc2\x80' "the first of C1"
refused_name EINVAL ENOENT $'a\xc2\x9f' "the last of C1"
refused_name EINVAL ENOENT $'a\xe2\x80\xa8' "a line separator"
refused_name EINVAL ENOENT $'a\xe2\x80\xa9' "a paragraph separator"
refused_name EILSEQ ENOENT $'a\xff' "a byte that is no UTF-8"
refused_name EILSEQ ENOENT $'a\xc3' "half a character"
refused_name EILSEQ ENOENT $'\xc0\x80' "an overlong NUL"
refused_name EILSEQ ENOENT $'\xed\xa0\x80' "a surrogate"
refused_name EILSEQ ENOENT $'\xf4\x90\x80\x80' "more than Unicode has"
refused_name ENAMETOOLONG ENAMETOOLONG "x$long" "256 bytes"
refused_name ENAMETOOLONG ENAMETOOLONG "é$wide" "257 bytes of two each"
refused_name ENAMETOOLONG ENAMETOOLONG "$long$long$long$long$long" "1275 bytes"
is "nothing came of these" "${#names[@]}" \
	"$(find restaurants/names/fans -type f -printf '%f\n' | wc -l)"
gives "'.' is there" EEXIST mkdir "$R/."
gives "'..' is there" EEXIST mkdir "$R/.."
rm -r restaurants/names

# ---- directories show the last change inside them ----

# moves WHAT DIRECTORY COMMAND...: its mtime and ctime become the time of the command
moves()
{
	local what=$1 directory=$2 before now

	shift 2
	stat "$directory" >/dev/null # the kernel may remember it
	before=$(date +%s%N)
	"$@" || fail "$what: $*"
	now=$(date -d "$(stat -c %y "$directory")" +%s%N)
	is "$what" yes "$( ((before - 10**7 <= now && now <= $(date +%s%N))) && echo yes)"
	is "$what, ctime" "$(stat -c %y "$directory")" "$(stat -c %z "$directory")"
}
moves "restaurants/ after mkdir" restaurants mkdir restaurants/new
moves "a restaurant after mkdir" restaurants/new mkdir restaurants/new/fans
moves "fans/ after touch" restaurants/new/fans touch restaurants/new/fans/u
moves "fans/ after another touch" restaurants/new/fans touch restaurants/new/fans/v
moves "fans/ after mv" restaurants/new/fans mv restaurants/new/fans/v restaurants/new/fans/w
moves "fans/ after mv out of it" restaurants/new/fans mv restaurants/new/fans/w restaurants/taj/fans
moves "fans/ after mv into it" restaurants/new/fans mv restaurants/taj/fans/w restaurants/new/fans
moves "fans/ after rm" restaurants/new/fans rm restaurants/new/fans/{u,w}
moves "a restaurant after rmdir" restaurants/new rmdir restaurants/new/fans
moves "restaurants/ after rmdir" restaurants rmdir restaurants/new
stood=$(stat -c %y restaurants/taj/fans)
touch restaurants/taj/fans/ann
is "marking again is no change" "$stood" "$(stat -c %y restaurants/taj/fans)"

# ---- mv of a favourite ----

mkdir -p restaurants/noma/fans
touch -d 2026-03-03T03:03:03.3 restaurants/taj/fans/mover
[[ $root ]] && chown 1:2 restaurants/taj/fans/mover
was=$(stat -c '%i %y %u %g' restaurants/taj/fans/mover)
ok "mv to another restaurant" mv restaurants/taj/fans/mover restaurants/noma/fans/moved
gives "it is no more where it was" ENOENT stat "$R/taj/fans/mover"
is "inode, moment and owner are kept" "$was" "$(stat -c '%i %y %u %g' restaurants/noma/fans/moved)"
ok "mv within a restaurant" mv restaurants/noma/fans/moved restaurants/noma/fans/again
is "keeps them, too" "$was" "$(stat -c '%i %y %u %g' restaurants/noma/fans/again)"
touch restaurants/noma/fans/target
gives "RENAME_NOREPLACE of an existing one" EEXIST rename RENAME_NOREPLACE \
	"$R/noma/fans/again" "$R/noma/fans/target"
mv -n restaurants/noma/fans/again restaurants/noma/fans/target 2>/dev/null
is "mv -n replaces nothing" "again target" "$(names restaurants/noma/fans)"
gives "RENAME_EXCHANGE" EINVAL rename RENAME_EXCHANGE \
	"$R/noma/fans/again" "$R/noma/fans/target"
gives "RENAME_WHITEOUT" EINVAL rename RENAME_WHITEOUT "$R/noma/fans/again" "$R/noma/fans/white"
ok "mv -f replaces the target" mv -f restaurants/noma/fans/again restaurants/noma/fans/target
is "by all that the other was" "$was" "$(stat -c '%i %y %u %g' restaurants/noma/fans/target)"
is "one of two is left" target "$(ls restaurants/noma/fans)"
gives "RENAME_NOREPLACE of a free name" ok rename RENAME_NOREPLACE \
	"$R/noma/fans/target" "$R/noma/fans/free"
gives "mv onto itself" ok rename 0 "$R/noma/fans/free" "$R/noma/fans/free"
gives "mv of no favourite" ENOENT rename 0 "$R/noma/fans/nobody" "$R/noma/fans/x"
gives "mv to no restaurant" ENOENT rename 0 "$R/noma/fans/free" "$R/nowhere/fans/free"
gives "mv beside fans/" EPERM rename 0 "$R/noma/fans/free" "$R/noma/free"
gives "mv into restaurants/" EPERM rename 0 "$R/noma/fans/free" "$R/free"
gives "mv into rankings/" "$denied" rename 0 "$R/noma/fans/free" "$M/rankings/free"
gives "mv of fans/" EXDEV rename 0 "$R/noma/fans" "$R/taj/fans2"
gives "mv out of the mount" EXDEV rename 0 "$R/noma/fans/free" "$T/free"
is "it stayed" free "$(ls restaurants/noma/fans)"

# ---- mv of a restaurant ----

gives "rename of a restaurant" EXDEV rename 0 "$R/taj" "$R/new-taj"
snapshot() { (cd "$1" && find . -type f -printf '%p %T@ %U %G\n' | LC_ALL=C sort); }
for i in {1..20}; do touch -d "2026-01-$i 01:02:03.00000000$((i % 10))" "restaurants/taj/fans/f$i"; done
snapshot restaurants/taj >"$T/before"
ok "mv copies and removes it" mv restaurants/taj restaurants/new-taj
gives "its old name is gone" ENOENT stat "$R/taj"
same "moments and owners are kept" "$T/before" <(snapshot restaurants/new-taj)
ok "cp -a of restaurants" cp -a restaurants "$T/copy"
same "cp -a keeps moments" <(snapshot restaurants) <(snapshot "$T/copy")
ok "tar of restaurants" tar --format=pax -cf "$T/tar" restaurants
rm -r restaurants/*
is "all is removed" "" "$(ls restaurants)"
ok "tar -xp brings it back" tar -xpf "$T/tar"
same "with its moments" <(snapshot "$T/copy") <(snapshot restaurants)
rm -r restaurants/*

# ---- many ----

awk 'BEGIN { for (i = 0; i < 5000; i++) printf "many\tfan-%d\n", i }' >"$T/many"
ok "5,000 favourites" "$TOOLS/mark" 16 "$R" <"$T/many"
cut -f 2 "$T/many" | LC_ALL=C sort >"$T/want"
same "find lists each of them once" "$T/want" \
	<(find restaurants/many/fans -type f -printf '%f\n' | LC_ALL=C sort)
printf '%s\n' . .. >>"$T/want"
LC_ALL=C sort -o "$T/want" "$T/want"
for bytes in 300 1000 32768 1000000; do
	same "and so do buffers of $bytes bytes" "$T/want" \
		<("$TOOLS/syscalls" getdents $bytes "$R/many/fans" | LC_ALL=C sort)
done
ls -l restaurants/many/fans >"$T/long"
is "ls -l shows each with its attributes" 5000 "$(grep -c '^-rw-r--r-- 1 .* 0 .* fan-[0-9]*$' "$T/long")"
touch "$T/churning"
while [[ -e $T/churning ]]; do
	touch "$R"/many/fans/come-{1..40}
	rm "$R"/many/fans/come-{1..40}
done &
churn=$!
for bytes in 300 4096; do
	same "what stays is listed once while others come and go, $bytes bytes" "$T/want" \
		<("$TOOLS/syscalls" getdents $bytes "$R/many/fans" | grep -v ^come- | LC_ALL=C sort)
done
rm "$T/churning"
ok "all of them could come and go" wait $churn
ok "rm -r of 5,000" rm -r restaurants/many
is "nothing is left of them" "" "$(ls restaurants)"

# ---- the filesystem as a whole ----

fan a ann bob
fan b ann
is "statfs" "255 fuseblk" "$(stat -f -c '%l fuseblk' .)"
is "used inodes are restaurants and favourites" 5 "$(df --output=iused . | tail -n 1 | tr -d ' ')"
is "free space is that of the store" yes "$( (($(stat -f -c %a .) > 0)) && echo yes)"
is "the type is fuse.favfs" fuse.favfs "$(df --output=fstype . | tail -n 1)"
is "the source is the store" "$S" "$(df --output=source . | tail -n 1)"
ids=$(stat -c '%n %i' restaurants/* restaurants/*/fans restaurants/*/fans/* counts/*)
cd / && down
must_up
cd "$M" || exit
is "ids are the same after a remount" "$ids" \
	"$(stat -c '%n %i' restaurants/* restaurants/*/fans restaurants/*/fans/* counts/*)"

is "a removed favourite that is open" "0 links, 0 bytes" "$("$TOOLS/syscalls" open-and-unlink "$R/a/fans/bob")"
is "a replaced favourite that is open" "0 links, 0 bytes" \
	"$("$TOOLS/syscalls" open-and-replace "$R/a/fans/ann" "$R/b/fans/ann")"
is "what is left" "restaurants/a/fans/ann" "$(ls -d restaurants/*/fans/*)"
cd a 2>/dev/null || cd restaurants/a/fans || exit
rm ann
rm -r "$R/a"
gives "a fan in a removed fans/" ENOENT open O_CREAT,O_WRONLY ann
cd "$M" || exit
mkdir -p restaurants/a/fans
is "a restaurant that is made again has no fans of the old" "" "$(ls restaurants/a/fans)"

exec {watched}< <(exec inotifywait -q -m -t 5 -e create,delete --format '%e %f' restaurants/a/fans 2>&1)
watcher=$!
is_watching() { grep -qs "inotify wd:" "/proc/$watcher/fdinfo"/*; }
eventually is_watching
fan a watched
rm restaurants/a/fans/watched
is "inotify tells of changes through the mount" "CREATE watched DELETE watched" \
	"$(head -n 2 <&"$watched" | xargs)"
exec {watched}<&-
kill "$watcher"

# ---- people ----

if [[ ! $root ]]; then
	skip "what other users may do: only root can act as them"
	cd / && ok "umount" down
	conclude
	exit
fi

as() { setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"; }
refuses_others()
{
	is "$1" "$2" "$(as 1001 "$TOOLS/syscalls" "${@:3}")"
}

refuses_others "without allow_other nobody else gets in" EACCES stat "$R/a"
cd / && down
must_up -o allow_other
cd "$M" || exit
ok "others mark" as 1001 touch restaurants/a/fans/own
is "what they mark is theirs" "1001 1001" "$(stat -c '%u %g' restaurants/a/fans/own)"
is "nobody else's touch changes it" EACCES "$(as 1002 "$TOOLS/syscalls" open O_CREAT,O_WRONLY "$R/a/fans/own")"
fan a roots
refuses_others "rm of somebody else's" EPERM unlink "$R/a/fans/roots"
refuses_others "mv of somebody else's" EPERM rename 0 "$R/a/fans/roots" "$R/a/fans/x"
refuses_others "mv over somebody else's" EPERM rename 0 "$R/a/fans/own" "$R/a/fans/roots"
refuses_others "the moment of somebody else's" EPERM utimens 1000000000 0 "$R/a/fans/roots"
refuses_others "chmod of somebody else's" EPERM chmod 0644 "$R/a/fans/roots"
refuses_others "giving one's own away" EPERM chown 1002 1002 "$R/a/fans/own"
refuses_others "a restaurant" EACCES mkdir "$R/mine"
refuses_others "rmdir of a restaurant" EACCES rmdir "$R/a"
refuses_others "rmdir of fans/" EACCES rmdir "$R/a/fans"
refuses_others "writing a ranking" EACCES open O_WRONLY "$M/rankings/all"
refuses_others "rm of a ranking" EACCES unlink "$M/rankings/all"
ok "touch -d of one's own" as 1001 touch -d 2026-01-01 restaurants/a/fans/own
ok "mv of one's own" as 1001 mv restaurants/a/fans/own restaurants/a/fans/mine
ok "chown by root" chown 1002:1003 restaurants/a/fans/mine
is "is kept" "1002 1003" "$(stat -c '%u %g' restaurants/a/fans/mine)"
gives "chown of a restaurant" EPERM chown 1001 1001 "$R/a"
gives "chown of fans/" EPERM chown 1001 1001 "$R/a/fans"
cd / && down
must_up -o allow_other
is "owners survive a remount" "1002 1003" "$(stat -c '%u %g' "$R/a/fans/mine")"
ok "rm of one's own" as 1002 rm "$R/a/fans/mine"
is "the store is private" 700 "$(stat -c %a "$S")"
ok "umount" down
conclude
