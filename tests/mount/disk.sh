#!/bin/bash
#
# disk.sh - a small disk of its own (ext4 on a loop device): it fills up, is made read-only, and
# stops in the midst of everything, as if it had lost power (ROUNDS=n SEED=n).
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

rounds=${ROUNDS:-4}
seed=${SEED:-$RANDOM}
echo "SEED=$seed ROUNDS=$rounds"
RANDOM=$seed
disk=$T/disk
S=$disk/store
R=$M/restaurants
mkdir "$disk"

truncate -s 48M "$T/image"
if ! { mkfs.ext4 -q -m 0 "$T/image" && mount -o loop "$T/image" "$disk"; } 2>"$T/err"; then
	skip "a disk of its own: $(tail -n 1 "$T/err")"
	conclude
	exit
fi
attach() { mount -o loop "$T/image" "$disk"; }
detach() { eventually umount "$disk"; }
mark() { "$TOOLS/syscalls" open O_CREAT,O_WRONLY "$1"; }
sound() { "$BUILD/fsck.favfs" -n "$S" >"$T/fsck" 2>&1; }

# ---- full ----

must_up
fan noma ann
settle
dd if=/dev/zero of="$disk/ballast" bs=64K status=none 2>/dev/null
dd if=/dev/zero of="$disk/ballast-small" bs=1K status=none 2>/dev/null
result=ok
for ((made = 0; made < 20000; made++)); do
	result=$(mark "$R/noma/fans/full-$made")
	[[ $result == ok ]] || break
done
is "a full disk is told to the caller" ENOSPC "$result"
is "nothing half done is there" $((made + 1)) "$(find "$R/noma/fans" -type f | wc -l)"
gives "rm needs room, too" ENOSPC unlink "$R/noma/fans/ann"
ok "reading goes on" cat "$M/status" "$M/changes"
ok "favfs lives" test -n "$(pid_of favfs)"
rm "$disk"/ballast*
is "with room it works again" ok "$(mark "$R/noma/fans/room")"
recounted "and is counted"
ok "umount" down
ok "all is sound" sound

# ---- dead, and read-only ----

must_up
settle
ok "the disk dies" "$TOOLS/shutdown" "$disk"
isnt "a dead disk acknowledges nothing" ok "$(mark "$R/noma/fans/dead")"
isnt "and again" ok "$(mark "$R/noma/fans/dead")"
ok "favfs lives" test -n "$(pid_of favfs)"
ok "and can be unmounted" down
detach
attach
must_up
gives "what was not acknowledged is not there" ENOENT stat "$R/noma/fans/dead"
recounted "the rest is"
ok "umount" down
mount -o remount,ro "$disk"
ok "a read-only disk can be looked at" up -o ro
isnt "not more" ok "$(mark "$R/noma/fans/readonly")"
ok "umount" down
refused "and not written to" 1 "$S" up
mount -o remount,rw "$disk"

# ---- it stops, without a word ----

# forget_later: what was acknowledged while the disk stopped may be there or not
forget_later()
{
	local size manifest

	while read -r size manifest; do
		{ head -c "$size" "$manifest" && tail -c +$((size + 1)) "$manifest" | sed 's/^done/ask/'; } >"$T/known"
		mv "$T/known" "$manifest"
	done <"$T/sizes"
}

# stop ROUND OPTION...: sets wrong to how many acknowledged changes are not as they should be
stop()
{
	local round=$1 i scribes=()

	shift
	must_up "$@"
	mkdir -p "$R"/r{0..4}/fans
	sync "$R" # what is made relaxed would make the whole store vanish
	rm -f "$T"/manifest.*
	for i in 1 2 3 4; do
		"$TOOLS/scribe" "$RANDOM" "d$i" "$R" "$T/manifest.$i" 2>/dev/null &
		scribes+=($!)
	done
	sleep "0.$(printf %03d $((100 + RANDOM % 200)))"
	stat -c '%s %n' "$T"/manifest.* >"$T/sizes"
	ok "round $round: the disk stops" "$TOOLS/shutdown" "$disk"
	wait "${scribes[@]}" # EIO ends them
	forget_later
	down || fail "round $round: umount"
	detach || fail "round $round: the disk is free"
	attach
	must_up
	compare_manifests
	wrong=$(wc -l <"$T/wrong")
	acks=$(grep -c ^done "$T/manifests")
}

all_acks=0
for ((round = 1; round <= rounds; round++)); do
	stop $round
	same "round $round: each of $acks acknowledged changes is there" /dev/null "$T/wrong"
	all_acks=$((all_acks + acks))
	recounted "round $round: and counted"
	ok "umount" down
	sound || fail "round $round: $(head -n 3 "$T/fsck")"
done
at_least "changes were acknowledged before" "$rounds" $all_acks

# ---- this would notice ----

for ((wrong = 0, round = 1; round <= 10 && wrong == 0; round++)); do
	stop $round -o durability=relaxed
	ok "umount" down
done
at_least "without syncs a disk that stops loses what was acknowledged" 1 "$wrong"
detach
conclude
