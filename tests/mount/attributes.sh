#!/bin/bash
#
# attributes.sh - extended attributes of favourites, and those that expire.
# Runs alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

R=$M/restaurants
root=
[[ $(id -u) == 0 ]] && root=yes

# xattr WHAT RESULT CALL...: what xattr.c prints, without the blank at the end of a list
xattr()
{
	local what=$1 wanted=$2 got

	shift 2
	got=$("$TOOLS/xattr" "$@" | tr -d '\0')
	is "$what" "$wanted" "${got% }"
}

moment() { date -u -d "$1" +%Y-%m-%dT%H:%M:%S.%NZ; }

# expires_in FILE: how many ms from now on, by its attribute
expires_in()
{
	local at

	at=$(getfattr --only-values -n user.favfs.expires_at "$1" 2>/dev/null) || return
	echo $((($(date -d "$at" +%s%N) - $(date +%s%N)) / 1000000))
}

# about WHAT LOW HIGH NUMBER
about()
{
	if [[ $4 && $4 -ge $2 && $4 -le $3 ]]; then pass; else fail "$1: expected $2 to $3, got '$4'"; fi
}

must_up
cd "$R" || exit
fan taj ann bob
A=$R/taj/fans/ann

# ---- the caller's own ----

xattr "none at first" "" list "$A"
xattr "none of that name" ENODATA get user.note "$A"
ok "setfattr" setfattr -n user.note -v 'best dosa' "$A"
is "getfattr" 'best dosa' "$(getfattr --absolute-names --only-values -n user.note "$A")"
xattr "its size" 9 size user.note "$A"
xattr "create of what is there" EEXIST create user.note x "$A"
xattr "replace of what is not" ENODATA replace user.other x "$A"
xattr "replace" ok replace user.note better "$A"
xattr "create" ok create user.Zwei 2 "$A"
xattr "set of nothing" ok set user.empty "" "$A"
xattr "is something" 0 size user.empty "$A"
is "getfattr -d shows them all" 'user.Zwei="2" user.empty="" user.note="better"' \
	"$(cd "$R" && getfattr -d taj/fans/ann | grep -v -e '^#' -e '^$' | LC_ALL=C sort | paste -sd ' ')"
ok "setfattr -x" setfattr -x user.empty "$A"
xattr "takes it away" ENODATA get user.empty "$A"
xattr "once" ENODATA remove user.empty "$A"
setfattr -n user.binary -v 0x00ff0a00 "$A"
is "any bytes" 0x00ff0a00 "$(getfattr --absolute-names --only-values -n user.binary "$A" | od -An -tx1 | tr -d ' ' | sed 's/^/0x/')"
xattr "the longest name" ok set "user.$(printf 'n%.0s' {1..250})" v "$A"
setfattr -x "user.$(printf 'n%.0s' {1..250})" "$A"
xattr "a name too long" ERANGE set "user.$(printf 'n%.0s' {1..251})" v "$A"
xattr "those of others are others" "" list "$R/taj/fans/bob"
count=$(wc -l <"$M/changes")
before=$(stat -c '%y %i %u %g' "$A")
changed=$(stat -c %z "$A")
setfattr -n user.note -v again "$A"
is "nothing else changes by one" "$before $count" "$(stat -c '%y %i %u %g' "$A") $(wc -l <"$M/changes")"
isnt "but ctime" "$changed" "$(stat -c %z "$A")"

# ---- how much ----

B=$R/taj/fans/bob
xattr "4096 bytes, names included" ok set user.a x4090 "$B"
xattr "no byte more" ENOSPC set user.a x4091 "$B"
xattr "no other beside them" ENOSPC set user.b "" "$B"
xattr "what is there stays" 4090 size user.a "$B"
xattr "64 KiB" ENOSPC set user.a x65536 "$B"
xattr "a smaller one makes room" ok set user.a x4000 "$B"
xattr "for another" ok set user.b x84 "$B"
xattr "of just that size" ENOSPC set user.b x85 "$B"
for i in {1..1000}; do setfattr -n "user.$i" -v x "$A" 2>/dev/null || break; done
at_most "many are limited as well" 600 "$i"
is "and all are listed" "$((i - 1 + 3))" "$("$TOOLS/xattr" list "$A" | wc -w)"

# ---- favfs' own ----

xattr "created_at is the moment" "$(moment "$(stat -c %y "$A")")" get user.favfs.created_at "$A"
touch -d 2001-02-03T04:05:06.000000007Z "$A"
xattr "also after touch -d" 2001-02-03T04:05:06.000000007Z get user.favfs.created_at "$A"
is "it is not listed" 0 "$("$TOOLS/xattr" list "$A" | grep -c favfs)"
xattr "and read only" EPERM set user.favfs.created_at 2001-02-03T04:05:06Z "$A"
xattr "not to be removed" EPERM remove user.favfs.created_at "$A"
xattr "there is no other" EPERM set user.favfs.note x "$A"
xattr "to remove" EPERM remove user.favfs.note "$A"
xattr "nor to read" ENODATA get user.favfs.note "$A"
xattr "not even without a name" EPERM set user.favfs. x "$A"
xattr "user.favfsx is anybody's" ENOSPC set user.favfsx x4096 "$A"
for name in trusted.note security.note system.note note user; do
	[[ ! $root && $name == trusted* ]] && continue # the kernel hides them
	xattr "other namespaces: $name" EOPNOTSUPP set $name x "$A"
done
[[ $root ]] && xattr "reading them" EOPNOTSUPP get trusted.note "$A"

# ---- where there is nothing to have attributes ----

for path in "$R" "$R/taj" "$R/taj/fans" "$M" "$M/status" "$M/changes" "$M/import" "$M/counts/taj/all" "$M/users"; do
	result=$("$TOOLS/xattr" set user.note x "$path")
	ok "no attribute of ${path#"$T"/}: $result" test "$result" = EOPNOTSUPP -o "$result" = EPERM -o "$result" = EACCES
	is "no list, ${path#"$T"/}" "" "$("$TOOLS/xattr" list "$path" | grep -v EOPNOTSUPP)"
done
xattr "of no favourite" ENOENT set user.note x "$R/taj/fans/nobody"

# ---- they stay with their favourite ----

mkdir -p noma/fans
fan taj mover
setfattr -n user.note -v mine taj/fans/mover
mv taj/fans/mover noma/fans/moved
xattr "mv takes them along" mine get user.note "$R/noma/fans/moved"
rm noma/fans/moved
touch noma/fans/moved
xattr "rm takes them away" "" list "$R/noma/fans/moved"
setfattr -n user.note -v kept noma/fans/moved
cd / && ok "umount" down
must_up
xattr "they survive" kept get user.note "$R/noma/fans/moved"
cd "$R" || exit

# ---- expires_at ----

E=$R/noma/fans/eve
fan noma eve
xattr "none at first" ENODATA get user.favfs.expires_at "$E"
xattr "none to remove" ENODATA remove user.favfs.expires_at "$E"
xattr "none to replace" ENODATA replace user.favfs.expires_at +1d "$E"
xattr "a moment" ok set user.favfs.expires_at 2100-01-01T01:00:00.5+01:00 "$E"
xattr "is shown in UTC" 2100-01-01T00:00:00.500000000Z get user.favfs.expires_at "$E"
xattr "and listed" user.favfs.expires_at list "$E"
xattr "create of it" EEXIST create user.favfs.expires_at +1d "$E"
xattr "replace of it" ok replace user.favfs.expires_at +90d "$E"
about "+90d is 90 days from now, in ms" $((90 * 86400000 - 10000)) $((90 * 86400000)) "$(expires_in "$E")"
setfattr -n user.favfs.expires_at -v +12h "$E"
about "+12h" $((12 * 3600000 - 10000)) $((12 * 3600000)) "$(expires_in "$E")"
setfattr -n user.favfs.expires_at -v +30m "$E"
about "+30m" $((1800000 - 10000)) 1800000 "$(expires_in "$E")"
setfattr -n user.favfs.expires_at -v +900 "$E"
about "+900" 890000 900000 "$(expires_in "$E")"
setfattr -n user.favfs.expires_at -v 2001-01-01T00:00:00Z "$E"
about "a moment past means in 60 s" 50000 60000 "$(expires_in "$E")"
setfattr -n user.favfs.expires_at -v +0 "$E"
about "so does +0" 50000 60000 "$(expires_in "$E")"
for value in "" tomorrow 90d - +1w +-1d +1.5d "+ 1d" ++1d 2100-01-01 2100-01-01T00:00:00 \
	2262-01-01T00:00:00Z 1969-12-31T23:59:59Z +99999999d x200; do
	xattr "'$value' is no moment" EINVAL set user.favfs.expires_at "$value" "$E"
done
about "and leaves it as it was" 45000 60000 "$(expires_in "$E")"
ok "setfattr -x" setfattr -x user.favfs.expires_at "$E"
xattr "clears it" ENODATA get user.favfs.expires_at "$E"
setfattr -n user.favfs.expires_at -v 2100-01-01T00:00:00Z "$E"
mv "$E" taj/fans/eve
xattr "mv takes it along" 2100-01-01T00:00:00.000000000Z get user.favfs.expires_at "$R/taj/fans/eve"
cd / && ok "umount" down
must_up
xattr "it survives" 2100-01-01T00:00:00.000000000Z get user.favfs.expires_at "$R/taj/fans/eve"
cd "$R" || exit

# ---- on time ----

# vanishes WHAT FILE: as its attribute says, and is never seen again, whatever the kernel remembers
vanishes()
{
	local at last gone back

	at=$(date -d "$(getfattr --only-values -n user.favfs.expires_at "$2")" +%s%N)
	read -r last gone back < <("$TOOLS/linger" "$2" 3)
	ok "$1: it was there until its moment" test "$last" -gt $((at - 200000000))
	ok "$1: and not seen after it, $(((last - at) / 1000)) us" test "$last" -le "$at"
	about "$1: it is gone at once, in us" -1000 1000000 $(((gone - at) / 1000))
	is "$1: and stays so" "0 0" "$back $(find "${2%/*}" -name "${2##*/}" | wc -l)"
}
fan noma short
count=$(wc -l <"$M/changes")
setfattr -n user.favfs.expires_at -v +1s noma/fans/short
ls -l noma/fans >/dev/null # the kernel remembers it
vanishes "+1s" noma/fans/short
is "the log says so" "expire	noma	short	-" "$(tail -n +$((count + 1)) "$M/changes" | cut -f 3-6)"
at=$(date -u -d '+2 seconds' +%Y-%m-%dT%H:%M:%S.%NZ)
fan noma again
setfattr -n user.favfs.expires_at -v +10d noma/fans/again
stat noma/fans/again >/dev/null
setfattr -n user.favfs.expires_at -v "$at" noma/fans/again
vanishes "sooner than first said" noma/fans/again
fan noma later
setfattr -n user.favfs.expires_at -v +1s noma/fans/later
setfattr -n user.favfs.expires_at -v +1d noma/fans/later
fan noma never
setfattr -n user.favfs.expires_at -v +1s noma/fans/never
setfattr -x user.favfs.expires_at noma/fans/never
fan noma soon
setfattr -n user.favfs.expires_at -v +1s noma/fans/soon
exec 3<noma/fans/soon
is_gone() { ! test -e "$1"; }
ok "one expires" eventually is_gone noma/fans/soon
is "while it is open it is a file without a name" 0 "$(stat -Lc %h /dev/fd/3)"
exec 3<&-
# Many go at once, and somebody gives one of them an expiry.
for op in add remove; do seq 0 2999 | sed "s/.*/$op\tcrowd\tu&/" >"$T/$op"; done
for i in 1 2 3; do
	cat "$T/add" >"$M/import"
	(until [[ $("$TOOLS/xattr" set user.favfs.expires_at +1d crowd/fans/u2999) == ENOENT ]]; do :; done) &
	setter=$!
	cat "$T/remove" >"$M/import"
	ok "who is late is told so" eventually has_ended "$setter"
done
is "those that were put off are there" "later moved never" "$(names noma/fans)"
inode=$(stat -c %i noma/fans/never)
setfattr -n user.favfs.expires_at -v +1s noma/fans/never
ok "one more expires" eventually is_gone noma/fans/never
touch noma/fans/never
isnt "marking again makes another" "$inode" "$(stat -c %i noma/fans/never)"
xattr "that does not expire" ENODATA get user.favfs.expires_at "$R/noma/fans/never"
mkdir -p gone/fans
touch gone/fans/x
setfattr -n user.favfs.expires_at -v +1s gone/fans/x
ok "the only fan expires" eventually is_gone gone/fans/x
ok "so rmdir finds it empty" rmdir gone/fans gone
recounted "rankings follow"

# One that expires while nothing runs.
setfattr -n user.favfs.expires_at -v +1s noma/fans/never
cd / && ok "umount" down
sleep 1.1 # time must pass
must_up
gives "what expired meanwhile is never seen" ENOENT stat "$R/noma/fans/never"
recounted "nor counted"
tail -n 1 "$M/changes" | cut -f 3-5 >"$T/got"
is "and logged" "expire	noma	never" "$(cat "$T/got")"
cd "$R" || exit

# ---- who watches ----

inotifywait -q -m --format '%e %f' "$R/noma/fans" >"$T/events" 2>"$T/watching" &
watcher=$!
fan noma watched
inotifywait -q -m --format '%e' "$R/noma/fans/watched" >"$T/self" 2>>"$T/watching" &
self=$!
# So that both watch: who is told of a change that is made until it is told.
watches() { chmod 644 noma/fans/watched && [[ -s $T/events && -s $T/self ]]; }
ok "watchers watch" eventually watches
sees() { grep -qx "$1" "$T/events"; }
touch noma/fans/other
ok "inotify sees a touch" eventually sees 'CREATE other'
rm noma/fans/other
ok "and an rm" eventually sees 'DELETE other'
mv noma/fans/later noma/fans/latest
ok "and a mv" eventually sees 'MOVED_TO latest'
touch -d 2001-01-01 noma/fans/latest
ok "and an update" eventually sees 'ATTRIB latest'
setfattr -n user.favfs.expires_at -v +1s noma/fans/watched
stat noma/fans/watched >/dev/null # the kernel tells only of names that it remembers
sees_end() { grep -q DELETE_SELF "$T/self"; }
ok "who watches a favourite sees it expire" eventually sees_end
kill "$watcher" "$self" 2>/dev/null
wait "$watcher" "$self" 2>/dev/null
cd / && ok "umount" down

# ---- -o ttl ----

must_up -o ttl=2s
cd "$R" || exit
fan ttl ann bob eve
about "every new favourite expires, in ms" 0 2000 "$(expires_in ttl/fans/ann)"
setfattr -n user.favfs.expires_at -v +1d ttl/fans/bob
setfattr -x user.favfs.expires_at ttl/fans/eve
touch -d 2001-01-01T00:00:00Z ttl/fans/ann
printf 'add\tttl\timported\t2001-01-01T00:00:00Z\n' >"$T/in"
cat "$T/in" >"$M/import"
about "imported ones, too, counted from now" 0 2000 "$(expires_in ttl/fans/imported)"
xattr "older ones do not" ENODATA get user.favfs.expires_at "$R/noma/fans/moved"
vanishes "-o ttl" ttl/fans/imported
is "an explicit one wins" "bob eve" "$(names ttl/fans)"
recounted "rankings follow"
cd / && ok "umount" down
conclude
