#!/bin/bash
#
# roundtrip.sh - out and in again with cp, tar and rsync, and from the log of another store:
# moments, attributes, owners and so the rankings come back as they were.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

root=
[[ $(id -u) == 0 ]] && root=yes

# What each file of a tree is: moment, owner, attributes.
describe()
{
	(
		cd "$1" || exit
		find . -type f -printf '%p\t%T@\t%U\t%G\n' | LC_ALL=C sort
		find . -type f -print0 | LC_ALL=C sort -z | xargs -0 getfattr -d -e hex -- 2>/dev/null
	)
}

down_and_empty()
{
	cd / && down
	rm -rf "$S"
	must_up -o allow_other
	cd "$M" || exit
}

must_up -o allow_other
cd "$M" || exit

# ---- a history ----

echo "SEED=${SEED:=$RANDOM}"
RANDOM=$SEED
awk -v seed="$SEED" 'BEGIN {
	srand(seed)
	for (i = 0; i < 400; i++)
		printf "add\tr%d\tu%d\t20%02d-%02d-%02dT%02d:00:00.%09dZ\n", rand() * 9, i,
			24 + rand() * 2, 1 + rand() * 4, 1 + rand() * 4, rand() * 24, rand() * 1e9
}' >"$T/in"
cat "$T/in" >import
fan "st john" "O'Brien" $'\xf0\x9f\x8d\x95' ' ' ...
fan $'back\\slash' -rf "$(printf 'x%.0s' {1..255})"
touch -d 1970-01-01T00:00:00Z "restaurants/st john/fans/O'Brien"
touch -d 2261-12-31T23:59:59.999999999Z "restaurants/st john/fans/ "
mkdir -p restaurants/empty/fans restaurants/bare
some=(restaurants/r*/fans/u*)
for ((i = 0; i < 60; i++)); do
	file=${some[RANDOM % ${#some[@]}]}
	case $((i % 4)) in
	0) setfattr -n user.note -v "note $i" "$file" ;;
	1) setfattr -n user.binary -v 0x00ff0a09 -- "$file" ;;
	2) setfattr -n user.favfs.expires_at -v "21$((10 + i))-01-01T00:00:00.000000007Z" "$file" ;;
	3) [[ ! $root ]] || chown $((1000 + i)):$((2000 + i)) "$file" ;;
	esac
done
settle
describe restaurants >"$T/described"
show_rankings >"$T/rankings"
is "there is something of everything" "yes yes yes" "$(grep -q user.note "$T/described" && echo yes) $(grep -q user.favfs.expires_at "$T/described" && echo yes) $([[ ! $root ]] || grep -qE $'\t10[0-9]+\t20[0-9]+$' "$T/described" && echo yes)"
cut -f 3-6 changes >"$T/log"

# ---- out ----

mkdir "$T/cp" "$T/rsync"
ok "cp -a out" cp -a restaurants "$T/cp"
ok "tar --xattrs out" tar --xattrs --format=pax -cf "$T/tar" restaurants
ok "rsync -aX out" rsync -aX restaurants "$T/rsync"
for how in cp rsync; do
	same "$how has it all" "$T/described" <(describe "$T/$how/restaurants")
done
ok "tar finds no difference" tar --xattrs -df "$T/tar"
is "rsync has nothing more to do" "" "$(rsync -aXn --itemize-changes restaurants/ "$T/rsync/restaurants/" | grep -v '/$')"

# ---- in, to an empty store, and over what is there ----

# bring_in HOW
bring_in()
{
	case $1 in
	cp) cp -a "$T/cp/restaurants/." restaurants/ ;;
	tar) tar --xattrs --xattrs-include='user.*' -xpf "$T/tar" ;;
	rsync) rsync -aX "$T/rsync/restaurants/" restaurants/ ;;
	esac
}

for how in cp tar rsync; do
	down_and_empty
	ok "$how brings it in" bring_in $how
	same "$how: moments, owners, attributes" "$T/described" <(describe restaurants)
	is "$how: empty restaurants, too" "fans|" "$(names restaurants/empty)|$(names restaurants/bare)"
	settle
	same "$how: rankings" "$T/rankings" <(show_rankings)
	recounted "$how: and they are right"
	ok "$how once more, over it" bring_in $how
	same "$how: changes nothing" "$T/described" <(describe restaurants)
	settle
	same "$how: nor the rankings" "$T/rankings" <(show_rankings)
done

# ---- changed meanwhile ----

rm "${some[0]}" "${some[1]}"
touch "${some[2]}.new"
touch -d 2001-01-01 "${some[3]}"
setfattr -n user.note -v other "${some[4]}"
ok "rsync --delete makes it as it was" rsync -aX --delete "$T/rsync/restaurants/" restaurants/
same "in all" "$T/described" <(describe restaurants)
settle
same "also the rankings" "$T/rankings" <(show_rankings)

# ---- one that expires ----

touch restaurants/r1/fans/expiring
setfattr -n user.favfs.expires_at -v +1s restaurants/r1/fans/expiring
cp -a restaurants/r1/fans/expiring "$T/expiring"
expired() { [[ ! -e restaurants/r1/fans/expiring ]]; }
ok "it expires" eventually expired
ok "cp -a of what has expired" cp -a "$T/expiring" restaurants/r1/fans/expiring
is "lets cp finish: it has a while to live" "$(stat -c %y "$T/expiring")" \
	"$(stat -c %y restaurants/r1/fans/expiring)"
isnt "but not for ever" "" "$(getfattr --only-values -n user.favfs.expires_at restaurants/r1/fans/expiring 2>/dev/null)"

# ---- mv of a restaurant is cp and rm ----

describe restaurants/r2 >"$T/r2"
ok "mv of a restaurant" mv restaurants/r2 restaurants/moved
same "keeps it all" "$T/r2" <(describe restaurants/moved)
recounted "and is counted under its new name"

# ---- the log of another store is an import ----

down_and_empty
ok "cut -f 3-6 of a log" cp "$T/log" import
settle
same "gives the same rankings" "$T/rankings" <(show_rankings)
same "and the same favourites" <(grep -a $'\t' "$T/described" | cut -f 1,2) \
	<(describe restaurants | grep -a $'\t' | cut -f 1,2)

# Every kind of change, of a few that meet often.
for ((i = 0; i < 250; i++)); do
	file=restaurants/r$((RANDOM % 4))/fans/v$((RANDOM % 9))
	case $((RANDOM % 6)) in
	0) rm -f "$file" ;;
	1) touch "$file" && touch -d "2025-0$((RANDOM % 3 + 1))-0$((RANDOM % 4 + 1)) 12:00:00.$RANDOM" "$file" ;;
	2)
		to=restaurants/r$((RANDOM % 4))/fans/v$((RANDOM % 9))
		[[ ! -e $file || $file == "$to" ]] || mv -f "$file" "$to"
		;;
	*) touch "$file" ;;
	esac
done
touch restaurants/r0/fans/expiring
setfattr -n user.favfs.expires_at -v +1s restaurants/r0/fans/expiring
expired_too() { [[ ! -e restaurants/r0/fans/expiring ]]; }
ok "one expires" eventually expired_too
settle
show_rankings >"$T/rankings"
describe restaurants | grep -a $'\t' | cut -f 1,2 >"$T/described"
cut -f 3-6 changes >"$T/log"
is "all kinds of changes are in the log" "add expire remove update" \
	"$(cut -f 1 "$T/log" | sort -u | paste -sd ' ')"
down_and_empty
ok "such a log" cp "$T/log" import
settle
same "replays to the same rankings (SEED=$SEED)" "$T/rankings" <(show_rankings)
same "and the same favourites (SEED=$SEED)" "$T/described" <(describe restaurants | grep -a $'\t' | cut -f 1,2)
is "with the log it came from" "" "$(cut -f 3-6 changes | diff - "$T/log" | head -n 3)"
cd / && ok "umount" down
conclude
