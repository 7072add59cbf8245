#!/bin/bash
#
# errors.sh - a medium that fails, fills up or is slow: what callers are told, what stays, and
# who waits for whom.  strace(1) makes the system calls fail.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # not while strace(1) watches
R=$M/restaurants
mkdir "$T/other"

# fail_by INJECTION: from here on, until well
fail_by()
{
	rm -f "$T/strace.err"
	strace -f -o /dev/null -e trace=pwrite64,fdatasync -e signal=none -e inject="$1" \
		-p "$(pid_of favfs)" 2>"$T/strace.err" &
	tracer=$!
	eventually grep -qs . "$T/strace.err"
	grep -q ' attached' "$T/strace.err"
}
well()
{
	kill $tracer
	wait $tracer 2>/dev/null
}
mark() { "$TOOLS/syscalls" open O_CREAT,O_WRONLY "$1"; }

must_up -o noaggregator
mkdir -p "$R"/{noma,taj}/fans
touch "$R/noma/fans/before"
if ! fail_by pwrite64:error=EIO; then
	skip "failing system calls: strace cannot trace here: $(tail -n 1 "$T/strace.err")"
	ok "umount" down
	conclude
	exit
fi

# ---- writes ----

is "a write that fails: the caller is told" EIO "$(mark "$R/noma/fans/eio")"
is "and rm's" EIO "$("$TOOLS/syscalls" unlink "$R/noma/fans/before")"
ok "reading goes on" test -e "$R/noma/fans/before"
well
gives "nothing is half done" ENOENT stat "$R/noma/fans/eio"
is "and when it is well again, all is" ok "$(mark "$R/noma/fans/after")"
fail_by pwrite64:error=ENOSPC
is "a full disk: the caller is told" ENOSPC "$(mark "$R/noma/fans/full")"
is "by an import, too" ENOSPC "$(printf 'add\tnoma\timported\n' >"$T/in"; "$TOOLS/writes" 65536 "$M/import" <"$T/in" | grep -o 'E[A-Z]*' | head -n 1)"
well
gives "nothing is half done" ENOENT stat "$R/noma/fans/full"
gives "nor of the import" ENOENT stat "$R/noma/fans/imported"
ok "when there is room" touch "$R/noma/fans/room"
is "the log has what was done, and nothing else" "before after room" "$(cut -f 5 "$M/changes" | xargs)"

# ---- slow ----

fail_by fdatasync:delay_enter=1500000
touch "$R/noma/fans/slow" &
slow=$!
began=$(date +%s%N)
is_busy() { [[ $(cat "/proc/$slow/wchan" 2>/dev/null) == request_wait_answer ]]; }
ok "a commit takes long" eventually is_busy
ls -l "$R/taj/fans" "$M/users" "$M/rankings" >/dev/null
cat "$M/rankings/all" "$M/status" "$M/metrics" "$M/changes" >"$T/out"
stat "$R/noma/fans/before" "$R/taj/fans/nobody" >/dev/null 2>&1
ok "reading does not wait for it" kill -0 $slow
at_most "in ms" 1000 $((($(date +%s%N) - began) / 1000000))
ok "it ends" wait $slow
well
ok "umount" down
is "all of it is sound" 0 "$("$BUILD/favfs-aggregator" --once "$S" && "$BUILD/fsck.favfs" -n "$S" >"$T/out" 2>&1; echo $?)"

# ---- a sync that fails ----

"$BUILD/favfs" -f -o noaggregator "$S" "$M" 2>"$T/log" &
favfs=$!
is_up() { [[ -e $M/status ]]; }
ok "favfs -f" eventually is_up
fail_by fdatasync:error=EIO:when=1
is "a sync that fails: the caller is told" EIO "$(mark "$R/noma/fans/lost")"
well
is "and nothing is acknowledged after it" EIO "$(mark "$R/noma/fans/later")"
ok "though the medium is well" touch "$S/probe"
is "the log says so, once" 1 "$(grep -c 'nothing is acknowledged' "$T/log")"
is "and what to do" 1 "$(grep -c 'fsck.favfs' "$T/log")"
ok "reading goes on" test -e "$R/noma/fans/before"
rm "$S/probe"
ok "umount" unmount "$M"
ok "it ends" wait $favfs
must_up
gives "what was not acknowledged later is not there" ENOENT stat "$R/noma/fans/later"
ok "mounted again it is well" touch "$R/noma/fans/later"
recounted "and counts"
ok "umount" down

# ---- files that go while they are in use ----

is "nothing is left in the log of SQLite after the end" 0 "$(stat -c %s "$S/favorites.db-wal" 2>/dev/null || echo 0)"
must_up
rm "$S/lock"
refused "without the lock a second mount is refused, too" 1 "in use, and its file lock was removed" "$BUILD/favfs" "$S" "$T/other"
rm "$S/favorites.bell" "$S/derived.bell"
touch "$R/noma/fans/unheard"
ok "without the bells changes are counted" settle
recounted "all of them"
mv "$S/favorites.db-wal" "$T/wal"
is "without the log of SQLite nothing is acknowledged" EIO "$(mark "$R/noma/fans/nowhere")"
mv "$T/wal" "$S/favorites.db-wal"
is "nor any more" EIO "$(mark "$R/noma/fans/nowhere")"
ok "umount" down
must_up
gives "nothing was" ENOENT stat "$R/noma/fans/nowhere"
ok "what was before is there" test -e "$R/noma/fans/unheard"
ok "umount" down
conclude
