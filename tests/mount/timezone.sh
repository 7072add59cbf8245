#!/bin/bash
#
# timezone.sh - windows of another time zone's calendar.
# Runs alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

zone=Europe/Berlin
status_of() { sed -n "s/^$1: //p" "$M/status"; }

# ---- making one ----

refused "a zone that does not exist is refused" 1 "Europe/Atlantis: this machine knows no such" \
	up -o timezone=Europe/Atlantis
refused "and what is no name" 1 "../etc/passwd: not the name of a time zone" up -o timezone=../etc/passwd
refused "by mkfs.favfs, too" 1 "right/UTC: not the name" "$BUILD/mkfs.favfs" --timezone right/UTC "$S"
refused "and a path with too many slashes" 1 "not the name" up -o timezone=Europe//Berlin
ok "nothing is made then" test ! -e "$S"
ok "mkfs.favfs --timezone" "$BUILD/mkfs.favfs" --windows all,year,week,month,day,hour --timezone $zone "$S"
must_up
is "status shows it" $zone "$(status_of timezone)"
ok "umount" down
refused "another zone later is an error that names both" 1 \
	"was made with timezone=$zone, not UTC" up -o timezone=UTC
must_up -o timezone=$zone
cd "$M" || exit

# ---- windows ----

mkdir -p restaurants/{noma,taj}/fans
# made NAME MOMENT
made() { touch -d "$2" "restaurants/noma/fans/$1"; }
made winter 2025-12-31T23:30:00Z # New Year there
made first-two 2026-10-25T00:30:00Z # half past two, twice
made second-two 2026-10-25T01:30:00Z
made before 2026-10-24T21:59:59Z
made begin 2026-10-24T22:00:00Z
made end 2026-10-25T22:59:59Z
made after 2026-10-25T23:00:00Z
touch restaurants/taj/fans/now
settle
count() { cat "counts/noma/$1"; }
is "New Year's Eve in UTC is New Year there" "0 1" "$(count 2025 | xargs) $(count 2026-01-01 | xargs)"
is "a day of 25 hours is one day" "1 4 1" "$(cat counts/noma/2026-10-{24,25,26} | xargs)"
is "an hour that is shown twice is one hour" 2 "$(count 2026-10-25T02)"
is "days add up to the month" 6 "$(count 2026-10)"
is "the week begins at midnight there" "5 1" "$(count 2026-W43 | xargs) $(count 2026-W44 | xargs)"
is "and all of it" "7 7" "$(count all) $(count 2026)"
# An alias names what is now, there; unless it is midnight just now.
today() { TZ=$zone date "+$1"; }
for pair in year:%Y month:%Y-%m week:%G-W%V day:%Y-%m-%d hour:%Y-%m-%dT%H; do
	before=$(today "${pair#*:}")
	is_now() { [[ $(readlink "rankings/${pair%%:*}") == @($before|$(today "${pair#*:}")) ]]; }
	ok "rankings/${pair%%:*} is the one there" is_now
	is "which has what was made now" 1 "$(grep -c "	1	taj$" "rankings/${pair%%:*}")"
done
recounted_here() { sync rankings/all && "$BUILD/fsck.favfs" -n "$S"; }
ok "fsck.favfs counts by that clock, too" recounted_here
rm restaurants/noma/fans/first-two
touch -d 2026-10-26T12:00:00Z restaurants/noma/fans/second-two
settle
is "what goes and moves goes from its windows" "0 2 2" \
	"$(count 2026-10-25T02) $(count 2026-10-25) $(count 2026-10-26)"
cd / && ok "umount" down

# ---- rules that change ----

if [[ $(id -u) == 0 ]] && unshare -m true 2>/dev/null; then
	cat >"$T/elsewhere" <<-'EOF'
		mount --bind /usr/share/zoneinfo/Asia/Tokyo /usr/share/zoneinfo/Europe/Berlin || exit 9
		"$BUILD/fsck.favfs" -n "$S" >"$T/fsck"
		"$BUILD/favfs" "$S" "$M" || exit 8
		for ((i = 0; i < 500; i++)); do # the old ones are served until then
			cat "$M/counts/noma/2026-10-2"{4,5,6} | xargs >"$T/counts"
			[[ $(<"$T/counts") == "0 2 3" ]] && break
			sleep 0.02
		done
		rm "$M/restaurants/noma/fans/end" && sync "$M/rankings/all"
		cat "$M/counts/noma/2026-10-2"{4,5,6} | xargs >>"$T/counts"
		"$BUILD/fsck.favfs" -n "$S" >"$T/clean" || exit 7
		umount "$M"
	EOF
	export BUILD S M T
	ok "where the zone has other rules all is counted anew" unshare -m bash "$T/elsewhere"
	is "as fsck.favfs says before" 1 "$(grep -c ^F504 "$T/fsck")"
	is "by these" "0 2 3,0 2 2," "$(tr '\n' , <"$T/counts")"
	ok "it ends" eventually has_no_favfs
	must_up
	is_back() { [[ $(cat "$M/counts/noma/2026-10-2"{4,5,6} | xargs) == "1 1 2" ]]; }
	ok "and back, by the old ones" eventually is_back
	ok "umount" down
else
	skip "other rules of a zone: no mount namespace here"
fi
conclude
