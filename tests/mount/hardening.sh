#!/bin/bash
#
# hardening.sh - what the programs give up, which stores they trust, that no text of others gets
# to a terminal as it is, and what one user's open files may cost.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

is_root() { [[ $(id -u) == 0 ]]; }

# ---- what is given up ----

# of PROGRAM KEY: the value of /proc/PID/status
of() { awk -v key="$2:" '$1 == key { print $2 }' "/proc/$(pid_of "$1")/status"; }

cores() { awk '/^Max core file size/ { print $5, $6 }' "/proc/$(pid_of "$1")/limits"; }

bits() # CAPABILITY-NUMBER...: as in /proc/PID/status
{
	local mask=0 bit

	for bit; do mask=$((mask | 1 << bit)); done
	printf '%016x' $mask
}
dac_read_search=2 sys_admin=21

must_up
for program in favfs favfs-unlinker favfs-aggregator; do
	ok "$program runs" eventually of $program Pid
	is "$program leaves no core file" "0 0" "$(cores $program)"
	is "$program makes files for its owner alone" 0077 "$(of $program Umask)"
done
for program in favfs-unlinker favfs-aggregator; do
	is "$program gains no privileges" 1 "$(of $program NoNewPrivs)"
	is "$program has a filter of system calls" 2 "$(of $program Seccomp)"
done
if is_root; then
	is "favfs gains no privileges" 1 "$(of favfs NoNewPrivs)"
	is "favfs has a filter of system calls" 2 "$(of favfs Seccomp)"
	for set in CapPrm CapEff CapBnd; do
		is "$set of favfs" "$(bits $dac_read_search $sys_admin)" "$(of favfs $set)"
	done
	for program in favfs-unlinker favfs-aggregator; do
		is "what $program may" "$(bits $dac_read_search)" "$(of $program CapEff)"
		is "and could" "$(bits $dac_read_search)" "$(of $program CapPrm)"
	done
	for task in /proc/"$(pid_of favfs)"/task/*; do
		is "each thread of favfs has the filter" 2 "$(awk '$1 == "Seccomp:" { print $2 }' "$task/status")"
	done
fi
fan a ann
kill "$(pid_of favfs-aggregator)"
ok "an aggregator is started again for all that" settle
ok "umount of the first" down

if is_root; then # of a process of theirs, /proc says that it is root's when they may not look into it
	as=(setpriv --reuid=1001 --regid=1001 --clear-groups)
	mkdir "$T/own"
	chown 1001:1001 "$T/own"
	ok "a store of an ordinary user" "${as[@]}" "$BUILD/mkfs.favfs" "$T/own/store"
	"${as[@]}" "$BUILD/favfs-aggregator" -f "$T/own/store" &
	hidden() { [[ $(stat -c %u "/proc/$(pid_of favfs-aggregator)/environ") == 0 ]]; }
	ok "others of that user do not look into the aggregator" eventually hidden
	kill $!
	wait $!
fi

# ---- stores that are not trusted ----

# distrusts WHAT TEXT
distrusts()
{
	refused "$1: favfs" 1 "$2" up
	refused "$1: fsck.favfs" 8 "$2" "$BUILD/fsck.favfs" "$S"
	refused "$1: favfs-aggregator" 1 "$2" "$BUILD/favfs-aggregator" --once "$S"
}

for mode in 720 702 1777; do
	chmod $mode "$S"
	distrusts "a store of mode $mode" "$S: may be written by others"
done
chmod 700 "$S"
for file in lock favorites.db favorites.db-wal favorites.db-shm derived.db derived.bell favorites.bell; do
	touch "$S/$file"
	mv "$S/$file" "$T/elsewhere"
	ln -s "$T/elsewhere" "$S/$file"
	distrusts "a symbolic link as $file" "$S/$file: a symbolic link"
	rm "$S/$file"
	mv "$T/elsewhere" "$S/$file"
done
mv "$S/favorites.bell" "$T/elsewhere"
mkfifo "$S/favorites.bell"
distrusts "a fifo as a bell" "$S/favorites.bell: not an ordinary file"
mv "$T/elsewhere" "$S/favorites.bell"
mkdir -p "$T/above/below"
mv "$S" "$T/above/below/store"
S=$T/above/below/store
chmod 777 "$T/above"
distrusts "a directory above it that anybody writes" "$T/above: may be written by anybody"
refused "nor does mkfs.favfs make one there" 1 "$T/above: may be" "$BUILD/mkfs.favfs" "$T/above/new"
refused "nor does favfs" 1 "$T/above: may be" "$BUILD/favfs" "$T/above/new" "$M"
ok "nothing was made" test ! -e "$T/above/new"
chmod 1777 "$T/above"
ok "a sticky one will do" up
ok "umount of that" down
if is_root; then
	chmod 755 "$T/above"
	chown 1001 "$T/above"
	ok "root trusts whose folder that is" up
	ok "umount of that, too" down
	as=(setpriv --reuid=1002 --regid=1002 --clear-groups)
	mkdir -m 700 "$T/above/of-1002" "$T/above/of-1002/store" "$T/above/of-1002/mnt"
	chown -R 1002 "$T/above/of-1002"
	for command in "mkfs.favfs store" "favfs store mnt" "fsck.favfs store"; do
		ok "nobody else does: ${command%% *}" grep -q "$T/above: belongs to uid 1001" \
			<<<"$("${as[@]}" bash -c "cd '$T/above/of-1002' && $BUILD/$command" 2>&1)"
	done
	chown 0 "$T/above"
	chown 1001 "$S/derived.db"
	distrusts "a file of another user" "$S/derived.db: belongs to another user"
	chown 0 "$S/derived.db"
	chown 1001 "$S"
	distrusts "another user's store" "$S: belongs to uid 1001"
	chown 0 "$S"
	mkdir -m 700 "$T/home" "$T/home/mnt"
	chown 1001 "$T/home"
	ok "a mountpoint where only its owner passes" "$BUILD/favfs" "$S" "$T/home/mnt"
	ok "works" test -e "$T/home/mnt/status"
	ok "umount of it" unmount "$T/home/mnt"
	ok "favfs has ended" eventually has_no_favfs
	mkdir "$T/theirs"
	chown 1002 "$T/theirs"
	chmod 777 "$T/theirs"
	refused "a mountpoint of another user, to an ordinary one" 1 "$T/theirs: belongs to uid 1002" \
		setpriv --reuid=1001 --regid=1001 --clear-groups "$BUILD/favfs" /var/tmp/none "$T/theirs"
fi
ok "as it was before, it mounts" up

# ---- texts of others ----

odd=$'a\e[31mb\nc\x9bd\xff\u2028e'
shown='a\x1b[31mb\x0ac\x9bd\xff\xe2\x80\xa8e'

# harmless WHAT COMMAND...: says it so that it can be read, in lines of printable text
harmless()
{
	local what=$1

	shift
	"$@" >"$T/said" 2>&1 </dev/null
	ok "$what: it is told of" grep -qF -- "$shown" "$T/said"
	is "$what: nothing else" 0 "$(grep -cP '[^\t\x20-\x7e]' "$T/said")"
}

for program in favfs favfs-aggregator mkfs.favfs fsck.favfs mount.favfs; do
	harmless "$program, an option" "$BUILD/$program" "--$odd"
done
harmless "favfs, an operand too many" "$BUILD/favfs" a b "$odd"
harmless "mount.favfs, an operand too many" "$BUILD/mount.favfs" a b "$odd"
for program in favfs-aggregator mkfs.favfs fsck.favfs; do
	harmless "$program, an operand too many" "$BUILD/$program" a "$odd"
	harmless "$program, a store" "$BUILD/$program" "/none/$odd"
done
harmless "favfs, a store" "$BUILD/favfs" "/none/$odd" "$T/above"
harmless "a mountpoint" "$BUILD/favfs" "$T/new" "/none/$odd"
harmless "a word of -o" up -o "$odd"
harmless "mkfs.favfs --windows" "$BUILD/mkfs.favfs" --windows "$odd" "$T/new"
harmless "mkfs.favfs --timezone" "$BUILD/mkfs.favfs" --timezone "$odd" "$T/new"
harmless "what mkfs.favfs made" "$BUILD/mkfs.favfs" "$T/$odd"
harmless "fsck.favfs of it" "$BUILD/fsck.favfs" --rebuild "$T/$odd"
harmless "mount.favfs -v" "$BUILD/mount.favfs" -fv "$T/$odd" "$M"
ok "umount" down
mkdir "$T/m$odd"
ok "mounting it" "$BUILD/favfs" "$T/$odd" "$T/m$odd"
harmless "status" cat "$T/m$odd/status"
is "status: one line for the store" 1 "$(grep -c '^store: ' "$T/said")"
harmless "who holds it" "$BUILD/favfs" "$T/$odd" "$M"
unmount "$T/m$odd"
ok "favfs has ended" eventually has_no_favfs
must_up -o allow_other
fan a ann
for name in $'x\n' $'x\e[31m' $'x\x7f' $'x\u2028'; do
	gives "an attribute called $(printf %q "$name")" EINVAL setxattr "user.$name" 1 "$M/restaurants/a/fans/ann"
done
gives "one that is not UTF-8" EILSEQ setxattr $'user.\xff' 1 "$M/restaurants/a/fans/ann"
gives "one with a slash" ok setxattr user.a/b 1 "$M/restaurants/a/fans/ann"

# ---- what one user's open files may cost ----

# opens COUNT FILE [COMMAND...]: so many, and what comes then
opens()
{
	# shellcheck disable=SC2016 # it is the other shell that expands them
	"${@:3}" bash -c 'ulimit -n "$(ulimit -Hn)"
		for ((i = 0; i < $1; i++)); do { exec {fd}<"$2"; } 2>/dev/null || break; done
		echo $i; : <"$2"' - "$1" "$M/$2" 2>&1 | sed 's/.*: //' | paste -sd ' '
}

# Those of before may not be released yet: the limits are met within a few.
limited() # WHAT LIMIT RESULT
{
	at_least "$1: so many" $(($2 * 9 / 10)) "${3%% *}"
	at_most "$1: and no more" "$2" "${3%% *}"
	is "$1: then" "Too many open files in system" "${3#* }"
}

other=(setpriv --reuid=1001 --regid=1001 --clear-groups)
is_root || other=()
settle
kib() { awk '$1 == "VmHWM:" { print $2 }' "/proc/$(pid_of favfs)/status"; }
if (($(ulimit -Hn) < 17000)); then
	skip "open files: only $(ulimit -Hn) descriptors here"
elif is_sanitized; then
	skip "open files: a sanitizer takes too long for 16,384"
else
	before=$(kib)
	limited "metrics" $(((4 << 20) / $(wc -c <"$M/metrics"))) "$(opens 2000 metrics "${other[@]}")"
	limited "rankings" 16384 "$(opens 16500 rankings/all "${other[@]}")"
	ok "others open what they like meanwhile" cat "$M/rankings/all" "$M/metrics"
	at_most "KiB more of favfs" 16384 $(($(kib) - before))
fi
limited "import" 520 "$(opens 600 import)"
ok "what was closed can be opened again" eventually cat "$M/metrics" "$M/import"
ok "umount in the end" down
conclude
