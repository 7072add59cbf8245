#!/bin/bash
#
# damage.sh - files of the store are damaged at random, or come from an older copy: no program
# crashes or hangs, and no wrong count is shown that fsck.favfs does not know of.  Each store is
# checked, counted and repaired; every tenth is mounted, and all of it is read (DAMAGES=n SEED=n).
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

damages=${DAMAGES:-200}
is_sanitized && damages=${DAMAGES:-60}
seed=${SEED:-$RANDOM}
echo "SEED=$seed DAMAGES=$damages"
mkdir "$T/ram"
mount -t tmpfs none "$T/ram" 2>/dev/null && S=$T/ram/store
files=(favorites.db favorites.db favorites.db derived.db derived.db favorites.db-wal derived.db-wal older)
crashes=0 silent=0 clean=0 refusals=0 mounted=0

# ---- the stores: one at rest, one as a killed favfs leaves it, and an older copy ----

must_up
awk 'BEGIN { for (i = 0; i < 400; i++) printf "add\tr%d\tuser-%d\t2026-%02d-10T12:00:00Z\n", i % 23, i, i % 12 + 1 }' >"$M/import"
for i in {1..20}; do setfattr -n user.note -v "$i" "$M/restaurants/r$i/fans/user-$i"; done
settle
ok "umount" down
cp -a "$S" "$T/older"
must_up
fan r1 {a..z}
rm "$M"/restaurants/r2/fans/user-*
settle
ok "umount" down
cp -a "$S" "$T/rest"
must_up
fan r3 {a..z}
settle
fan r4 {a..z}
eventually who_serves
kill -KILL "$aggregator" "$favfs"
eventually has_no_favfs
unmount -l "$M" 2>/dev/null
cp -a "$S" "$T/killed"

# ---- one damage after the other ----

# bounded COMMAND...: 10 s are a hang; signals and what a sanitizer says are crashes
bounded()
{
	local status

	timeout -k 1 "${limit:-10}" "$@" >"$T/said" 2>&1
	status=$?
	if ((status >= 124 && status != ${allowed:-0})) || grep -qE 'Sanitizer|runtime error' "$T/said"; then
		crashes=$((crashes + 1))
		fail "$what: $(basename "$1"): status $status: $(tail -n 3 "$T/said" | tr '\n' '|')"
	fi
	return $status
}

# What a curious user does.
read_all()
{
	ls -lR "$M/restaurants" "$M/rankings" "$M/counts" "$M/users"
	cat "$M"/rankings/* "$M"/counts/*/* "$M/changes" "$M/status" "$M/metrics"
	getfattr -d "$M"/restaurants/r[12]/fans/*
	touch "$M/restaurants/r1/fans/new"
	rm -f "$M/restaurants/r1/fans/new"
	true
}
export -f read_all
export M

# is_counted: what the mount shows is what its favourites say; 2 where it can show neither
is_counted()
{
	timeout -k 1 1 sync "$M/rankings/all" 2>/dev/null || return 2
	recount >"$T/recounted" 2>"$T/errors"
	show_rankings >"$T/shown" 2>>"$T/errors"
	[[ -s $T/errors ]] && return 2
	diff -q "$T/recounted" "$T/shown" >/dev/null
}

is_sound() { bounded "$BUILD/fsck.favfs" -n "$S"; }

mount_it()
{
	local status

	"$BUILD/favfs" -f "$S" "$M" >"$T/log" 2>&1 &
	favfs=$!
	is_up_or_dead() { is_mounted || has_ended "$favfs"; }
	if eventually is_up_or_dead && is_mounted; then
		mounted=$((mounted + 1))
		allowed=124 bounded bash -c read_all || fail "$what: reading hangs"
		is_counted
		if (($? == 1)) && is_sound; then
			silent=$((silent + 1))
			[[ $expected ]] || fail "$what: a wrong count, and fsck.favfs finds nothing"
		fi
		kill -0 $favfs 2>/dev/null || fail "$what: favfs is gone"
		eventually unmount "$M" 2>/dev/null # one that was stopped may still be about to leave
	else
		refusals=$((refusals + 1))
		grep -q "$S" "$T/log" || fail "$what: refused without the file: $(<"$T/log")"
	fi
	eventually has_ended $favfs || { fail "$what: favfs hangs" && kill -KILL $favfs; }
	wait $favfs
	status=$?
	if ((status > 1)) || grep -qE 'Sanitizer|runtime error|killed by signal' "$T/log"; then
		crashes=$((crashes + 1))
		fail "$what: favfs: status $status: $(tail -n 3 "$T/log" | tr '\n' '|')"
	fi
}

# spoil FILE
spoil()
{
	rm -rf "$S"
	case $1 in
	older)
		cp -a "$T/rest" "$S"
		rm -f "$S"/favorites.db*
		cp -a "$T/older"/favorites.db* "$S"
		harm=restored
		;;
	*)
		cp -a "$T/$( ((RANDOM % 2)) && [[ $1 != *-wal ]] && echo rest || echo killed)" "$S"
		harm=$("$TOOLS/damage" "$RANDOM" "$S/$1")
		;;
	esac
}

expected=''
for ((round = 1; round <= damages; round++)); do
	RANDOM=$((seed + round)) # any round can be had alone
	file=${files[RANDOM % ${#files[@]}]}
	spoil "$file"
	what="SEED=$((seed + round - 1)), $file: $harm"
	((round % 10)) || mount_it
	is_sound && clean=$((clean + 1)) && continue
	bounded "$BUILD/favfs-aggregator" --once "$S"
	bounded "$BUILD/fsck.favfs" -y "$S"
done
echo "$damages damages: $clean found harmless, $mounted mounted, $refusals refused"
is "crashes and hangs" 0 $crashes
is "wrong counts that nobody knows of" 0 $silent
at_least "some were seen by fsck.favfs" $((damages / 4)) $((damages - clean))
at_least "some were mounted" 1 "$mounted"

# ---- these checks would notice ----

expected=silent what="a blind fsck"
rm -rf "$S"
cp -a "$T/rest" "$S"
sqlite3 -init /dev/null "$S/derived.db" "UPDATE count SET count = count + 1 WHERE restaurant = 'r1'"
is_sound() { true; }
mount_it
is "a wrong count is noticed where fsck.favfs is blind" 1 $silent
conclude
