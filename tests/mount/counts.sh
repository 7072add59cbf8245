#!/bin/bash
#
# counts.sh - counts/: each number at every window, after random changes, too (SEED=n).
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

denied=EACCES # what the kernel says to all but root where modes forbid it
[[ $(id -u) == 0 ]] && denied=EPERM
seed=${SEED:-$RANDOM}
echo "SEED=$seed"
RANDOM=$seed

must_up
cd "$M" || exit

# ---- one count ----

is "counts/ of a new store" "" "$(names counts)"
gives "counts of no restaurant" ENOENT stat "$M/counts/nowhere"
mkdir restaurants/a
is "a restaurant has its counts at once" "a" "$(names counts)"
is "even without fans/" 0 "$(cat counts/a/all)"
is "with nothing but all in it" all "$(names counts/a)"
fan a ann bob eve
settle
today=$(readlink rankings/day)
month=${today%-??}
is "the count of all" 3 "$(cat counts/a/all)"
is "of this month" 3 "$(cat "counts/a/$month")"
is "of today" 3 "$(cat "counts/a/$today")"
is "windows with a count are listed, and all" "$month $today all" \
	"$(names counts/a | tr ' ' '\n' | LC_ALL=C sort | paste -sd ' ')"
is "st_size is exact" "2 2" "$(stat -c %s counts/a/all) $(wc -c <counts/a/all)"
printf '3\n' >"$T/want"
same "a number and a newline" "$T/want" counts/a/all
for window in 1970-01 1970-01-01 2024-02-29 2261-12 2261-12-31; do
	is "$window is well-formed: 0" "0 2" "$(cat counts/a/$window) $(stat -c %s counts/a/$window)"
done
for window in fortnight 2026-13 2026-02-30 2025-02-29 2026-1 1969-12 2262-01 2026 2026-W47 \
	2026-11-22T15 month day ALL; do
	gives "'$window' is no window here" ENOENT stat "$M/counts/a/$window"
done
gives "writing a count" "$denied" open O_WRONLY "$M/counts/a/all"
gives "removing a count" "$denied" unlink "$M/counts/a/all"
gives "a restaurant in counts/" "$denied" mkdir "$M/counts/b"
gives "rmdir there" "$denied" rmdir "$M/counts/a"
gives "the time of a count" EPERM utimens 1000000000 0 "$M/counts/a/all"
is "modes say so" "555 555 444" "$(stat -c %a counts counts/a counts/a/all | paste -sd ' ')"

touch -d 2024-02-29T23:59:59.999999999Z restaurants/a/fans/ann
settle
is "a moved favourite leaves its windows" "2 2" "$(cat "counts/a/$month") $(cat "counts/a/$today")"
is "for others" "1 1" "$(cat counts/a/2024-02) $(cat counts/a/2024-02-29)"
is "all stays" 3 "$(cat counts/a/all)"

stood=$(stat -c %y counts/a/2024-02)
before=$(date +%s%N)
touch restaurants/a/fans/joe
settle
moved=$(date -d "$(stat -c %y counts/a/all)" +%s%N)
is "mtime is when the count changed" yes \
	"$( ((before - 10**7 <= moved && moved <= $(date +%s%N))) && echo yes)"
is "which the others' did not" "$stood" "$(stat -c %y counts/a/2024-02)"
rm restaurants/a/fans/ann
settle
is "a window whose last favourite went: 0" 0 "$(cat counts/a/2024-02)"
is "it is no more listed" "$month $today all" \
	"$(names counts/a | tr ' ' '\n' | LC_ALL=C sort | paste -sd ' ')"
before=$(cat counts/a/all)
exec {open}<counts/a/all
touch restaurants/a/fans/{k,l,m,n,o,p,q,r,s}
settle
is "an open count is one moment" "$before" "$(cat <&"$open")"
exec {open}<&-
is "and a new one has more digits" "12 3" "$(cat counts/a/all) $(stat -c %s counts/a/all)"
tar -cf "$T/tar" counts
is "tar takes counts" 12 "$(tar -xOf "$T/tar" counts/a/all)"
rm -r restaurants/a
settle
gives "counts go with their restaurant" ENOENT stat "$M/counts/a"
mkdir -p restaurants/a/fans
is "made again it starts from nothing" "0 0" "$(cat counts/a/all) $(cat "counts/a/$month")"
rmdir restaurants/a/fans restaurants/a

# ---- random changes ----

restaurants=(taj noma "st john" wong-kei é)
moment() { printf '2026-%02d-%02d %02d:59:59.%09d' $((RANDOM % 3 + 1)) $((RANDOM % 28 + 1)) $((RANDOM % 24)) "$RANDOM"; }

# One change of a favourite that may or may not be there.
change()
{
	local restaurant=${restaurants[RANDOM % 5]} user=u$((RANDOM % 25)) file other

	file=restaurants/$restaurant/fans/$user
	case $((RANDOM % 8)) in
	0 | 1 | 2) touch -d "$(moment)" "$file" ;;
	3) : >>"$file" ;;
	4 | 5) rm -f "$file" ;;
	6) touch "$file" ;;
	7)
		other=restaurants/${restaurants[RANDOM % 5]}/fans/u$((RANDOM % 25))
		[[ ! -e $file || $file == "$other" ]] || mv -f "$file" "$other"
		;;
	esac
}

# Every number that counts/ shows, as "restaurant window count", and what it should show.
show_counts()
{
	local file

	for file in counts/*/*; do
		[[ $(<"$file") == 0 ]] || printf '%s\t%s\n' "${file#counts/}" "$(<"$file")"
	done | LC_ALL=C sort
}

recount_counts()
{
	list_favorites | awk -F '\t' '
		{ n[$1 "/all"]++; n[$1 "/" $3]++; n[$1 "/" substr($3, 1, 7)]++ }
		END { for (w in n) print w "\t" n[w] }' | LC_ALL=C sort
}

for restaurant in "${restaurants[@]}"; do mkdir -p "restaurants/$restaurant/fans"; done
for round in 1 2 3; do
	changes=0
	for ((i = 0; i < 150; i++)); do
		change && changes=$((changes + 1))
	done
	is "round $round: all changes went well" 150 "$changes"
	settle
	recount_counts >"$T/want"
	show_counts >"$T/got"
	same "round $round: each count is that of the favourites there" "$T/want" "$T/got"
	recounted "round $round: so is each ranking"
	for restaurant in "${restaurants[@]}"; do
		is "round $round: all of '$restaurant' is the number of its fans" \
			"$(find "restaurants/$restaurant/fans" -type f | wc -l)" "$(cat "counts/$restaurant/all")"
		for month in 2026-01 2026-02 2026-03; do
			days=$(cat "counts/$restaurant/$month"-?? 2>/dev/null | paste -sd +)
			is "round $round: the days of $month add up for '$restaurant'" \
				"$(cat "counts/$restaurant/$month")" "$((${days:-0}))"
		done
	done
	if ((round == 2)); then
		cd / && down && must_up && cd "$M" || exit
	fi
done
cd / && ok "umount" down
conclude
