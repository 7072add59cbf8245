#!/bin/bash
#
# rankings.sh - rankings/: the text, which windows there are, that an open ranking is one
# moment, and the barrier.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

denied=EACCES # what the kernel says to all but root where modes forbid it
[[ $(id -u) == 0 ]] && denied=EPERM

# fresh OPTION...: a new store in the place of the old
fresh()
{
	cd /
	! is_mounted || down || fail "umount"
	rm -rf "$S"
	must_up "$@"
	cd "$M" || exit
}

# links WHAT LINK FORMAT: to the window of now; midnight may come between
links()
{
	local before target after

	before=$(date -u "+$3")
	target=$(readlink "$2")
	after=$(date -u "+$3")
	[[ $target == "$after" ]] || after=$before
	is "$1" "$after" "$target"
}

# ---- the text ----

TZ=FAR-14 fresh # windows are in UTC, whatever the program's time zone
is "rankings/ of a new store" "all day month" "$(names rankings)"
is "a ranking of nothing" "" "$(cat rankings/all)"
is "is 0 bytes" 0 "$(stat -c %s rankings/all)"
fan wong-kei ann
fan "st john" ann bob
fan noma ann bob
fan taj ann bob eve
mkdir -p restaurants/empty/fans
ok "the barrier" settle
printf '%6d\t%d\t%s\n' 1 3 taj 2 2 noma 2 2 'st john' 4 1 wong-kei >"$T/want"
same "rank, count, name; equal counts share a rank" "$T/want" rankings/all
same "this month is the same" "$T/want" rankings/month
same "so is today" "$T/want" rankings/day
rm restaurants/taj/fans/* restaurants/noma/fans/*
for name in B Z a é ab $'\xf0\x9f\x8d\x95' 'a b'; do
	fan "$name" ann
done
settle
printf '%6d\t%d\t%s\n' 1 2 'st john' 2 1 B 2 1 Z 2 1 a 2 1 'a b' 2 1 ab 2 1 wong-kei 2 1 é \
	2 1 $'\xf0\x9f\x8d\x95' >"$T/want"
same "equal counts stand in byte order; none is left out" "$T/want" rankings/all

# ---- windows ----

links "rankings/month is of now" rankings/month %Y-%m
links "rankings/day is of now" rankings/day %Y-%m-%d
is "aliases are links" "symbolic link symbolic link regular file" \
	"$(stat -c %F rankings/day rankings/month rankings/all | tail -n 3 | paste -sd ' ')"
touch -d 2024-02-29T23:59:59.999999999Z restaurants/a/fans/ann
touch -d 2024-03-01T00:00:00Z restaurants/B/fans/ann
touch -d 1970-01-01T00:00:00Z restaurants/Z/fans/ann
touch -d 2261-12-31T23:59:59Z restaurants/ab/fans/ann
settle
for window in 2024-02 2024-02-29; do
	is "the last ns of February counts in $window" $'     1\t1\ta' "$(cat rankings/$window)"
done
for window in 2024-03 2024-03-01; do
	is "the first of March counts in $window" $'     1\t1\tB' "$(cat rankings/$window)"
done
today=$(readlink rankings/day)
is "ls shows windows with rows, all and the aliases" \
	"1970-01 1970-01-01 2024-02 2024-02-29 2024-03 2024-03-01 ${today%-??} $today 2261-12 2261-12-31 all day month" \
	"$(names rankings | tr ' ' '\n' | LC_ALL=C sort | paste -sd ' ')"
is "their kinds come with the listing" "2 d_type=l, rest f" \
	"$(find rankings -mindepth 1 -printf '%y' | tr -d f | wc -c) d_type=l, rest f"
recounted "all windows are right"
for window in 1970-02 2261-11 1970-01-02 2261-12-30 1999-12-31 2000-02-29; do
	is "$window has no rows and is empty" "0 0" "$(stat -c %s rankings/$window) $(wc -c <rankings/$window)"
done
for window in fortnight 2026-13 2026-00 2026-02-30 2025-02-29 2100-02-29 2026-11-00 2026-1 \
	2026-01-1 02026-01 26-01 1969-12 1969-12-31 2262-01 2262-01-01 ALL ' all' 'all ' \
	2026-11-22Z -2026-11 2026/11 2026_11 .. ... 2026-11.; do
	[[ $window == *[/]* || $window == .. ]] && continue
	gives "'$window' is no window" ENOENT stat "$M/rankings/$window"
done
for window in 2026 2026-W47 2026-11-22T15 year week hour; do
	gives "'$window' is not counted here" ENOENT stat "$M/rankings/$window"
done
gives "too long for a name" ENAMETOOLONG stat "$M/rankings/$(printf 'x%.0s' {1..256})"
rm restaurants/a/fans/ann restaurants/Z/fans/ann
settle
is "a window that lost its rows is empty" "" "$(cat rankings/2024-02)"
is "and not listed" "2024-03 2024-03-01 2261-12 2261-12-31" \
	"$(names rankings | tr ' ' '\n' | grep -v -e "^${today%-??}" -e '^[a-z]' | LC_ALL=C sort | paste -sd ' ')"

fresh -o windows=all,year,week,hour
is "other kinds of window, if the store was made so" "all hour week year" "$(names rankings)"
links "rankings/year is of now" rankings/year %Y
links "rankings/week is of now" rankings/week %G-W%V
links "rankings/hour is of now" rankings/hour %Y-%m-%dT%H
fan a ann
fan b bob
touch -d 2027-01-01T15:59:59Z restaurants/a/fans/ann
touch -d 2024-12-30T00:00:00Z restaurants/b/fans/bob
settle
is "windows of these kinds" "2024 2024-12-30T00 2025-W01 2026-W53 2027 2027-01-01T15" \
	"$(names rankings | tr ' ' '\n' | grep ^2 | LC_ALL=C sort | paste -sd ' ')"
is "a week belongs to the year of its Thursday" $'     1\t1\ta' "$(cat rankings/2026-W53)"
is "also at the start of a year" $'     1\t1\tb' "$(cat rankings/2025-W01)"
for window in month day 2026-11 2026-11-22 2025-W53 2026-W00 2026-11-22T24; do
	gives "'$window' is not there" ENOENT stat "$M/rankings/$window"
done
cd / && down
must_up
is "the kinds stay with the store" "all hour week year" \
	"$(names "$M/rankings" | tr ' ' '\n' | grep '^[a-z]' | sort | paste -sd ' ')"

# ---- nothing derived can be changed ----

fresh
fan a ann
settle
A=$M/rankings/all
before=$(stat rankings/all rankings)
gives "writing a ranking" "$denied" open O_WRONLY "$A"
gives "truncating it by open" "$denied" open O_WRONLY,O_TRUNC "$A"
gives "truncating it" "$denied" truncate 0 "$A"
gives "its times" EPERM utimens 1000000000 0 "$A"
gives "its mode" EPERM chmod 0644 "$A"
gives "its owner" EPERM chown 1 1 "$A"
gives "removing it" "$denied" unlink "$A"
gives "removing an alias" "$denied" unlink "$M/rankings/month"
gives "renaming it" "$denied" rename 0 "$A" "$M/rankings/x"
gives "making it a favourite" "$denied" rename 0 "$A" "$M/restaurants/a/fans/x"
gives "making a ranking" ENOENT stat "$M/rankings/x"
gives "creating one" "$denied" open O_CREAT,O_WRONLY "$M/rankings/x"
gives "a directory in rankings/" "$denied" mkdir "$M/rankings/x"
gives "a link in rankings/" "$denied" symlink all "$M/rankings/x"
gives "rmdir of rankings/" "$denied" rmdir "$M/rankings"
gives "its times" EPERM utimens 1000000000 0 "$M/rankings"
gives "a hard link to a ranking" EPERM link "$A" "$M/restaurants/a/fans/x"
is "nothing has changed" "$before" "$(stat rankings/all rankings)"
is "modes say so" "444 555 $(id -u)" "$(stat -c %a rankings/all) $(stat -c '%a %u' rankings)"

# ---- the barrier ----

aggregator=$(pid_of favfs-aggregator)
n=0
for target in rankings/all rankings/month rankings/1999-01 rankings counts counts/a counts/a/all counts/a/1999-01; do
	kill -STOP "$aggregator"
	touch "restaurants/a/fans/before-$((n += 1))"
	sync "$target" &
	waiting=$!
	sleep 0.1 # for what must not happen there is nothing to wait for
	ok "sync $target waits for what was marked before" kill -0 "$waiting"
	kill -CONT "$aggregator"
	ok "and ends when it is counted" wait "$waiting"
	is "then it is to be seen" "$((n + 1)) $((n + 1))" "$(cut -f 2 rankings/all) $(cat counts/a/all)"
done
for i in {1..40}; do
	touch "restaurants/a/fans/own-$i"
	sync rankings/all
	read -r _ count _ <rankings/all
	((count == n + 1 + i)) || break
done
is "one's own writes are read after each of 40 barriers" "$((n + 41))" "$count"
ok "sync of a favourite needs no barrier" sync restaurants/a/fans/ann

fresh -o noaggregator
fan a ann
sync rankings/all &
waiting=$!
sleep 0.2 # as above
began=$(date +%s%N)
kill "$waiting"
wait "$waiting" 2>/dev/null
is "a barrier that nobody answers can be killed" 143 $?
at_most "at once, in ms" 2000 $((($(date +%s%N) - began) / 1000000))
sync rankings/all &
waiting=$!
(cd / && exec "$BUILD/favfs-aggregator" -f "$S") &
aggregator=$!
ok "a later aggregator releases another" wait "$waiting"
is "with what it counted" $'     1\t1\ta' "$(cat rankings/all)"
kill "$aggregator"

# ---- one open file is one moment ----

fresh
top="restaurant-0000$(printf ' whose name is long%.0s' {1..4})" # so that few make a large ranking
awk -v top="$top" 'BEGIN {
	for (i = 0; i < 4000; i++)
		for (u = 0; u <= i % 3; u++)
			printf "restaurant-%04d%s\tfan-%d\n", i, substr(top, 16), u
}' >"$T/list"
ok "4,000 restaurants" "$TOOLS/mark" 16 restaurants <"$T/list"
settle
ranking_of "$T/list" >"$T/want"
size=$(wc -c <"$T/want")
same "their ranking" "$T/want" rankings/all
is "st_size is exact" "$size" "$(stat -c %s rankings/all)"

# change_it: another version of rankings/all, and what it is: reading that would leave it in
# the kernel's memory, and the bytes shall come from favfs.
changes=0
change_it()
{
	touch "restaurants/$top/fans/more-$((changes += 1))"
	printf '%s\tmore-%d\n' "$top" $changes >>"$T/list"
}

# as_file WHAT FILE COMMAND...: of a version that nobody has read yet, the command shows the same
as_file()
{
	local what=$1

	change_it
	settle
	"${@:2}" >"$T/got"
	cat rankings/all >"$T/whole"
	"${@:2:$#-2}" "$T/whole" >"$T/want"
	same "$what shows the same as of a copy" "$T/want" "$T/got"
}
as_file tail tail -n 3 rankings/all
as_file "tail -c" tail -c 100 rankings/all
as_file "tail -c of a part" tail -c +200001 rankings/all
as_file head head -n 5000 rankings/all
as_file mmap "$TOOLS/syscalls" mmap rankings/all
as_file "lseek to the end" "$TOOLS/syscalls" seek-end rankings/all
as_file "reading backwards" tac rankings/all
count_bytes() { wc -c <"$1"; }
far_place() { dd bs=1 skip=350000 count=64 status=none <"$1"; }
odd_pieces() { dd bs=977 status=none <"$1"; }
through_tar() { tar -cO "$1" 2>/dev/null | tar -xO; }
copied() { rm -f "$T/copied" && cp "$1" "$T/copied" && cat "$T/copied"; }
as_file "wc -c" count_bytes rankings/all
as_file "a far place" far_place rankings/all
as_file "odd pieces" odd_pieces rankings/all
as_file tar through_tar rankings/all
as_file cp copied rankings/all

change_it
settle
ranking_of "$T/list" >"$T/before"
exec {open}<rankings/all {again}<rankings/all
head -c 1000 <&"$open" >"$T/got"
for ((i = 0; i < 3; i++)); do
	change_it
	settle
done
cmp -s "$T/before" rankings/all && fail "the ranking should have changed"
cat <&"$open" >>"$T/got"
same "an open ranking stays as it was while others come" "$T/before" "$T/got"
is "fstat of it shows its own size" "$(stat -c %s "$T/before")" "$(stat -Lc %s "/dev/fd/$open")"
exec {open}<&-
same "opened by way of its descriptor it is still the same" "$T/before" "/dev/fd/$again"
exec {again}<&-
is "opened again it shows the newest" $((1 + changes)) "$(head -n 1 rankings/all | cut -f 2)"

# What is held for long is copied out, and favfs keeps the copy in a file without a name.
change_it
settle
ranking_of "$T/list" >"$T/before"
exec {open}<rankings/all
head -c 1000 <&"$open" >"$T/got"
change_it
settle
ranking_of "$T/list" >"$T/before-late"
exec {late}<rankings/all
favfs=$(pid_of favfs)
has_copied() { find "/proc/$favfs/fd" -lname "$S/#* (deleted)" 2>/dev/null | grep -q .; }
ok "a ranking that is held for 2 s is copied out" eventually has_copied
for ((i = 0; i < 200; i++)); do
	change_it
done
settle
cat <&"$open" >>"$T/got"
same "it stays as it was, half read" "$T/before" "$T/got"
same "and not read at all" "$T/before-late" "/dev/fd/$late"
exec {open}<&- {late}<&-
has_not_copied() { ! has_copied; }
ok "the copies go when they are closed" eventually has_not_copied

# While changes come that make it longer and shorter, whatever is read is whole.
touch "$T/writing"
mkdir -p restaurants/flicker/fans
while [[ -e $T/writing ]]; do
	touch restaurants/flicker/fans/ann
	rm restaurants/flicker/fans/ann
done &
writing=$!
wrong=0
ranking_of "$T/list" >"$T/without"
printf 'flicker\tann\n' | cat "$T/list" - >"$T/list-with"
ranking_of "$T/list-with" >"$T/with"
for ((i = 0; i < 60; i++)); do
	cat rankings/all >"$T/got"
	cmp -s "$T/got" "$T/with" || cmp -s "$T/got" "$T/without" || wrong=$((wrong + 1))
done
rm "$T/writing"
ok "changes could be made meanwhile" wait "$writing"
is "60 rankings were whole while changes came" 0 "$wrong"

# ---- times, and what reading costs ----

fresh
fan a ann
fan b ann
touch -d 2026-01-01 restaurants/b/fans/ann
settle
january=$(stat -c '%y %i' rankings/2026-01)
stood=$(stat -c %y rankings/all)
before=$(date +%s%N)
touch restaurants/a/fans/bob
settle
now=$(stat -c %y rankings/all)
isnt "the mtime of a ranking moves with it" "$stood" "$now"
is "to the time of the change" yes \
	"$( (($(date -d "$now" +%s%N) >= before - 10**7 && $(date -d "$now" +%s%N) <= $(date +%s%N))) && echo yes)"
is "but not with changes of other windows" "$january" "$(stat -c '%y %i' rankings/2026-01)"
touch restaurants/a/fans/bob
settle
is "nor by marking again" "$now" "$(stat -c %y rankings/all)"
ls rankings/* >/dev/null
cat rankings/2026-01 >/dev/null
is "nor by reading" "$now" "$(stat -c %y rankings/all)"
cd / && down

"$BUILD/favfs" -d "$S" "$M" 2>"$T/requests" &
eventually is_mounted
reads() { grep -c 'opcode: READ (15)' "$T/requests"; }
cat "$M/rankings/all" >/dev/null
first=$(reads)
for ((i = 0; i < 10; i++)); do
	cat "$M/rankings/all" >/dev/null
	stat "$M/rankings/all" >/dev/null
done
is "reading again asks favfs for nothing" "1 $first" "$( ((first > 0)) && echo 1) $(reads)"
touch "$M/restaurants/a/fans/reader"
settle
cat "$M/rankings/all" >/dev/null
at_most "a new version is read once" "$(reads)" $((first + 1))
ok "umount" down

# ---- many at once ----

ulimit -n 2048 2>/dev/null
fresh
awk 'BEGIN { for (i = 0; i < 20; i++) printf "r%d\tfirst\n", i }' >"$T/list"
"$TOOLS/mark" 4 restaurants <"$T/list"
settle
open=()
for ((i = 0; i < 500; i++)); do
	: >"restaurants/r$((i % 20))/fans/u$i"
	exec {fd}<rankings/all
	open+=("$fd")
done
is "500 rankings are open at once" 500 "${#open[@]}"
mapfile -t sizes < <(stat -Lc %s "${open[@]/#//dev/fd/}")
settle
: >restaurants/r0/fans/last
settle
wrong=0 least=20
for ((i = 0; i < 500; i++)); do
	IFS= read -r -d '' -u "${open[i]}" text
	sum=0
	while IFS=$'\t' read -r _ count _; do sum=$((sum + count)); done <<<"${text%$'\n'}"
	((${#text} == sizes[i] && least <= sum && sum <= 20 + i + 1)) || wrong=$((wrong + 1))
	least=$sum
done
is "each is whole and none is older than the one before" 0 "$wrong"
sum_is_newest() { [[ $(awk '{ n += $2 } END { print n }' rankings/all) == 521 ]]; }
ok "and the newest is to be had" eventually sum_is_newest
for fd in "${open[@]}"; do exec {fd}<&-; done
cd / && ok "umount" down
conclude
