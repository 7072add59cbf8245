#!/bin/bash
#
# upgrade.sh - a store made by an earlier version is brought up to date by the first mount that
# writes, and loses nothing; one made by a later version is refused.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

old="$(dirname "${BASH_SOURCE[0]}")/store-1.sql"
mkdir -m 700 "$S"
ok "a store of the first format" sqlite3 -init /dev/null "$S/favorites.db" ".read $old"
version() { sqlite3 -init /dev/null "$S/favorites.db" "PRAGMA user_version"; }

refused "is not changed by a reading mount, which says what to do" 1 "mounting it without -o ro" \
	up -o ro
refused "nor by fsck.favfs, which says the same" 8 "mount it once without -o ro" "$BUILD/fsck.favfs" -y "$S"
is "it is as it was" 1 "$(version)"
must_up
cd "$M" || exit
is "its favourites are there" "restaurants/noma/fans/alice restaurants/taj-mahal/fans/alice" \
	"$(find restaurants -type f | LC_ALL=C sort | xargs)"
is "with their moments" 2025-03-04T05:06:07.123456789Z \
	"$(getfattr --only-values -n user.favfs.created_at restaurants/taj-mahal/fans/alice)"
is "and attributes" hello "$(getfattr --only-values -n user.note restaurants/noma/fans/alice)"
is "its log too" "add add add update remove" "$(cut -f 3 changes | xargs)"
settle
is "it is counted" "     1	1	noma     1	1	taj-mahal" "$(tr -d '\n' <rankings/all)"
is "it is in UTC, as before" UTC "$(sed -n 's/^timezone: //p' status)"
touch restaurants/noma/fans/carol
cd / && ok "umount" down
isnt "it has a later format now" 1 "$(version)"
ok "that is sound, and shaped like one that is made today" "$BUILD/fsck.favfs" -n "$S"
must_up
ok "what was made since is there" test -e "$M/restaurants/noma/fans/carol"
ok "umount" down

sqlite3 -init /dev/null "$S/favorites.db" "PRAGMA user_version = 99" >/dev/null
refused "one made later is refused" 1 "made by a later version of favfs" up
is "and left alone" 99 "$(version)"
conclude
