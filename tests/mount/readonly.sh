#!/bin/bash
#
# readonly.sh - -o ro: what is refused, that such a mount follows the writer, that there may
# be many, and that none of them needs a writer or changes the store.
# Runs alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

RO=$T/ro
mkdir "$RO" "$T/ro2" "$T/ro3"

ro_up() { "$BUILD/favfs" "$@" -o ro "$S" "$RO"; }

# One favfs less than before.
ro_down()
{
	local before

	before=$(pid_of favfs | wc -l)
	unmount "$RO" && eventually fewer_than "$before"
}
fewer_than() { (($(pid_of favfs | wc -l) < $1)); }

# all_changes WHAT ERRNO: every call that would change something, through the mount $RO
all_changes()
{
	local call

	while read -ra call; do
		gives "$1: ${call[*]}" "$2" "${call[@]}"
	done <<-CALLS
		mkdir $RO/restaurants/new
		mkdir $RO/restaurants/empty/fans
		rmdir $RO/restaurants/empty
		open O_CREAT,O_WRONLY $RO/restaurants/taj/fans/new
		open O_CREAT,O_EXCL,O_WRONLY $RO/restaurants/taj/fans/new
		open O_WRONLY $RO/restaurants/taj/fans/ann
		mknod file $RO/restaurants/taj/fans/new
		symlink x $RO/restaurants/taj/fans/new
		unlink $RO/restaurants/taj/fans/ann
		rename 0 $RO/restaurants/taj/fans/ann $RO/restaurants/taj/fans/new
		rename 0 $RO/restaurants/taj $RO/restaurants/new
		truncate 0 $RO/restaurants/taj/fans/ann
		utimens 1000000000 0 $RO/restaurants/taj/fans/ann
		utimens-now $RO/restaurants/taj/fans/ann
		chmod 0600 $RO/restaurants/taj/fans/ann
		chown 1 1 $RO/restaurants/taj/fans/ann
		setxattr user.y 1 $RO/restaurants/taj/fans/ann
		setxattr user.favfs.expires_at +1d $RO/restaurants/taj/fans/ann
		removexattr user.x $RO/restaurants/taj/fans/ann
		utimens 1000000000 0 $RO/restaurants/taj
	CALLS
}

# Everything with its attributes; but the aliases in rankings/ have the times of their mount.
tree()
{
	(cd "$1" && find restaurants users counts rankings -printf '%p %y %s %m %U %T@ %l\n') |
		grep -v '^rankings/[a-z]* l' | LC_ALL=C sort
}

# The pid of the favfs that serves $M.
writer()
{
	local pid words

	for pid in $(pid_of favfs); do
		mapfile -d '' words <"/proc/$pid/cmdline"
		[[ ${words[-1]} == "$M" ]] && echo "$pid"
	done
}

# ---- there must be a store ----

refused "a store that does not exist" 1 "$S" ro_up
ok "is not made" test ! -e "$S"
mkdir "$S"
refused "an empty folder" 1 "$S" ro_up
is "stays empty" "" "$(names "$S")"
rmdir "$S"
is "nothing is mounted" "" "$(mounts_in "$T")"

# ---- beside the mount that writes ----

must_up
fan taj ann bob
fan noma ann
mkdir "$M/restaurants/empty"
setfattr -n user.x -v 1 "$M/restaurants/taj/fans/ann"
touch -d 2026-01-02T03:04:05.000000006Z "$M/restaurants/noma/fans/ann"
settle
ok "a read-only mount beside the writing one" ro_up
ok "another" "$BUILD/favfs" -o noatime,ro "$S" "$T/ro2"
ok "and another" "$BUILD/favfs" -o rw,ro "$S" "$T/ro3"
is "it is mounted so" ro "$(findmnt -no OPTIONS "$RO" 2>/dev/null | tr , '\n' | grep -x -e ro -e rw)"
is "one aggregator is enough" 1 "$(pid_of favfs-aggregator | wc -l)"
tree "$M" >"$T/want"
for mount in "$RO" "$T/ro2" "$T/ro3"; do
	tree "$mount" >"$T/got"
	same "the tree at ${mount##*/} is the writer's" "$T/want" "$T/got"
done
for file in rankings/all rankings/month rankings/2026-01 counts/taj/all changes; do
	same "$file is the writer's" "$M/$file" "$RO/$file"
done
is "attributes can be read" 1 "$(getfattr --only-values -n user.x "$RO/restaurants/taj/fans/ann" 2>/dev/null)"
is "status tells the mode" "mode: ro" "$(grep ^mode: "$RO/status")"
is "and who aggregates" "$(grep ^aggregator: "$M/status")" "$(grep ^aggregator: "$RO/status")"
is "and how many there are" "$(grep -e ^favorites: -e ^restaurants: "$M/status")" \
	"$(grep -e ^favorites: -e ^restaurants: "$RO/status")"
all_changes "read only" EROFS
for file in rankings/all counts/taj/all changes status metrics import; do
	gives "writing $file" EROFS open O_WRONLY "$RO/$file"
	gives "rm of $file" EROFS unlink "$RO/$file"
done
is "nothing came of it" "$(<"$T/want")" "$(tree "$M")"

# ---- it follows ----

shows() { [[ -e $RO/restaurants/$1 ]]; }
hides() { [[ ! -e $RO/restaurants/$1 ]]; }
hides taj/fans/late || fail "there should be no such favourite yet"
touch "$M/restaurants/taj/fans/late"
ok "a new favourite is seen" eventually shows taj/fans/late
rm "$M/restaurants/taj/fans/late"
ok "a removed one no more" eventually hides taj/fans/late
fan new-one ann
ok "a new restaurant is seen" eventually shows new-one/fans/ann
touch -d 2025-05-05 "$M/restaurants/taj/fans/ann"
is "so is a new moment" "2025-05-05" "$(stat -c %y "$RO/restaurants/taj/fans/ann" | cut -d ' ' -f 1)"
late=0
for i in {1..30}; do
	touch "$M/restaurants/taj/fans/u$i"
	[[ -e $RO/restaurants/taj/fans/u$i ]] || late=$((late + 1))
done
is "what was acknowledged is seen at once, 30 times" 0 $late
missed=0
for i in {1..30}; do
	touch "$M/restaurants/taj/fans/v$i"
	sync "$RO/rankings/all" || missed=$((missed + 1))
	same "ranking $i after the barrier" "$M/rankings/all" "$RO/rankings/all"
	[[ $(cat "$RO/counts/taj/all") == $((32 + i)) ]] || missed=$((missed + 1))
done
is "the barrier works through it: 30 own writes are counted" 0 $missed
aggregator=$(pid_of favfs-aggregator)
kill -STOP "$aggregator"
touch "$M/restaurants/taj/fans/waited-for"
sync "$RO/rankings/all" &
waiting=$!
sleep 0.1 # for what must not happen there is nothing to wait for
ok "and waits for what is not counted yet" kill -0 $waiting
kill -CONT "$aggregator"
ok "until it is" wait $waiting
tail -n 0 -f --retry "$RO/changes" >"$T/followed" 2>/dev/null &
tail=$!
follows()
{
	touch "$M/restaurants/noma/fans/followed-$RANDOM"
	grep -q followed- "$T/followed"
}
ok "changes can be followed" eventually follows
kill $tail
exec {open}<"$RO/rankings/all"
sum=$(sha1sum <"$M/rankings/all")
for i in {1..20}; do touch "$M/restaurants/noma/fans/w$i"; done
settle
is "an open ranking stays as it was" "$sum" "$(sha1sum <&"$open")"
exec {open}<&-

# ---- with the writer gone ----

down_writer()
{
	unmount "$M" && eventually fewer_than 4
}
kept=$(tree "$RO" | sha1sum)
ok "the writer unmounts" down_writer
is "its aggregator goes with it" "" "$(pid_of favfs-aggregator)"
is "the read-only ones stay" 3 "$(mounts_in "$T" | wc -l)"
is "with all there was" "$kept" "$(tree "$RO" | sha1sum)"
ok "the barrier has nothing to wait for" sync "$RO/rankings/all"
is "status tells that nobody aggregates" "aggregator: stopped" "$(grep ^aggregator: "$RO/status")"
all_changes "without a writer" EROFS
must_up
touch "$M/restaurants/taj/fans/again"
settle
ok "a new writer is followed, too" eventually shows taj/fans/again
ok "also by the barrier" sync "$RO/rankings/all"
same "in rankings" "$M/rankings/all" "$RO/rankings/all"
kept=$(tree "$RO" | sha1sum)
kill -KILL "$(writer)"
ok "a killed writer leaves them" test -e "$RO/restaurants/taj/fans/again"
for mount in "$RO" "$T/ro2" "$T/ro3" "$M"; do unmount "$mount" || unmount -l "$mount"; done
ok "all are gone" eventually none_in "$T"

# ---- on a store without a writer ----

must_up
ok "umount" down
fingerprint() { (cd "$S" && find . -type f -name '*.db' -exec sha256sum {} + | sort); }
before=$(fingerprint)
ok "a store without a writer" ro_up
is "is shown as it was" "$kept" "$(tree "$RO" | sha1sum)"
ok "the barrier ends" sync "$RO/rankings/all"
is "no aggregator is started" "" "$(pid_of favfs-aggregator)"
all_changes "alone" EROFS
ok "umount" ro_down
is "the databases are as they were" "$before" "$(fingerprint)"

# ---- what a kernel that was told otherwise asks for is refused, too ----

if [[ $(id -u) == 0 ]]; then
	must_up
	ok "ro" ro_up
	if mount -i -o remount,rw "$RO" 2>/dev/null; then
		while read -ra call; do
			gives "remounted with rw: ${call[*]}" EROFS "${call[@]}"
		done <<-CALLS
			mkdir $RO/restaurants/new
			mkdir $RO/restaurants/empty/fans
			rmdir $RO/restaurants/empty
			open O_CREAT,O_WRONLY $RO/restaurants/taj/fans/new
			mknod file $RO/restaurants/taj/fans/new
			unlink $RO/restaurants/taj/fans/ann
			rename 0 $RO/restaurants/taj/fans/ann $RO/restaurants/taj/fans/new
			utimens 1000000000 0 $RO/restaurants/taj/fans/ann
			chown 1 1 $RO/restaurants/taj/fans/ann
			setxattr user.y 1 $RO/restaurants/taj/fans/ann
			setxattr user.favfs.expires_at +1d $RO/restaurants/taj/fans/ann
			removexattr user.x $RO/restaurants/taj/fans/ann
			write $RO/import
		CALLS
		ok "it is still there" test -e "$RO/restaurants/taj/fans/ann"
	else
		skip "a read-only favfs under a writable mount: no remount here"
	fi
	unmount "$RO"
	ok "umount" down
else
	skip "a read-only favfs under a writable mount: only root can remount"
fi
# ---- a medium that cannot be written ----

if [[ $(id -u) == 0 ]] && unshare -m true 2>/dev/null; then
	must_up
	fan medium ann
	settle
	ok "umount" down
	cat >"$T/on-medium" <<-'EOF'
		mount --bind "$S" "$S" && mount -o remount,ro,bind "$S" || exit 9
		"$BUILD/favfs" -o ro "$S" "$M" || exit 8
		grep -c '	medium$' "$M/rankings/all"
		ls "$M/restaurants/medium/fans"
		umount "$M"
		"$BUILD/fsck.favfs" -n "$S" >/dev/null || exit 7
		"$BUILD/favfs" "$S" "$M" 2>&1 && exit 6
		"$BUILD/favfs-aggregator" --once "$S" 2>&1 && exit 5
		exit 0
	EOF
	export BUILD S M T
	ok "a store on it" unshare -m bash "$T/on-medium"
	is "can be read, and nothing else" "1 ann Read-only Read-only" \
		"$(sed 's/.*\(Read-only\) file system/\1/' "$T/out" | xargs)"
	ok "it ends" eventually has_no_favfs
else
	skip "a medium that cannot be written: no mount namespace here"
fi
conclude
