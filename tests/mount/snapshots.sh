#!/bin/bash
#
# snapshots.sh - an open ranking is one moment, however closely one reads, however fast versions
# follow each other and however many are open; what that costs; user.favfs.applied; poll(2).
# Runs alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

snapshots=$TOOLS/snapshots
R=$M/restaurants
must_up
cd "$M" || exit

# 40 restaurants with names of many lengths, each with three favourites, and a wanderer.
restaurants=()
name=r
for i in {10..49}; do
	restaurants+=("$name$i")
	name+=$((i % 10))
	((i % 10)) || name=r
done
for name in "${restaurants[@]}"; do printf "$name\tfan-%d\n" 1 2 3; done >"$T/list"
ok "40 restaurants" "$TOOLS/mark" 16 restaurants <"$T/list"
touch "restaurants/${restaurants[0]}/fans/wanderer"
settle
is "their ranking" "$(awk -F '\t' 'NF == 3 { n++; sum += $2 } END { print n, sum }' rankings/all)" "40 121"

# ---- versions as fast as they come ----

fans=("${restaurants[@]/%//fans}")

# wander: moves it from restaurant to restaurant in the background, until stay
wander()
{
	"$snapshots" move wanderer "${fans[@]/#/$R/}" 2>"$T/move.err" &
	mover=$!
}
stay()
{
	kill $mover
	wait $mover 2>/dev/null
	is "all the time the favourite could wander" "" "$(<"$T/move.err")"
}

wander
for how in bytes pages; do
	timeout 30 "$snapshots" read $how 40 121 2 rankings/all >"$T/got" 2>&1
	read -r reads _ versions _ wrong _ <"$T/got"
	is "read by $how: each was one moment ($(<"$T/got"))" 0 "$wrong"
	is "and many were read" yes "$( ((reads >= 10 && versions >= 10)) && echo yes)"
done
"$snapshots" read bytes 40 121 1 "rankings/$(readlink rankings/day)" >"$T/day" &
day=$!
timeout 30 "$snapshots" read bytes 40 121 1 "rankings/$(readlink rankings/month)" >"$T/month"
wait $day
is "two windows at once: today" "0 wrong" "$(sed 's/.*, //' "$T/day")"
is "this month" "0 wrong" "$(sed 's/.*, //' "$T/month")"

# ---- ten thousand at once ----

# While the wanderer goes on they are of many versions.
favfs=$(pid_of favfs)
grown() { sed -n 's/^VmHWM:[[:blank:]]*\([0-9]*\) kB/\1/p' "/proc/$favfs/status"; }
mkfifo "$T/stop"
"$snapshots" hold 10000 rankings/all <"$T/stop" >"$T/held" 2>&1 &
holder=$!
exec {stop}>"$T/stop"
holds() { grep -q . "$T/held"; }
ok "opening 10,000 rankings ends" eventually holds
count=$(sed -n 's/^holding //p' "$T/held")
[[ $count == 10000 ]] || skip "10,000 open rankings: only ${count:-0} descriptors here: $(<"$T/held")"
is_sanitized || at_most "and favfs has grown, in KiB, to" 65536 "$(grown)"
stay
touch "restaurants/${restaurants[0]}/fans/now"
settle
is "the newest can be had beside them" 122 "$(awk -F '\t' '{ n += $2 } END { print n }' rankings/all)"
none_held() { [[ $(sed -n 's/^favfs_snapshots_held //p' metrics) == 0 ]]; }
ok "all are copied out after a while" eventually none_held
copies() { find "/proc/$favfs/fd" -lname "$S/#* (deleted)" 2>/dev/null | wc -l; }
isnt "to files without a name" 0 "$(copies)"
exec {stop}>&-
ok "reading all of them" wait $holder
is "each is whole" "0 wrong" "$(sed -n 's/.*, //p' "$T/held")"
is "they are of many versions" yes "$(sed -n 's/.*whole, \([0-9]*\) versions.*/\1/p' "$T/held" | awk '{ print ($1 >= 3 ? "yes" : $1) }')"
no_copies() { [[ $(copies) == 0 ]]; }
ok "the copies go with them" eventually no_copies
is_sanitized || at_most "it has not grown by that, in KiB" 65536 "$(grown)"

# ---- each open shows the newest, however many older ones are held ----

rm restaurants/*/fans/wanderer "restaurants/${restaurants[0]}/fans/now"
fresh=0
opened=()
for i in {1..120}; do
	: >"restaurants/${restaurants[1]}/fans/held-$i"
	settle
	exec {open}<rankings/all
	opened+=("$open")
	read -r _ count _ <&"$open"
	[[ $count == $((3 + i)) ]] && fresh=$((fresh + 1))
done
is "120 versions are open, each was the newest when it was opened" 120 $fresh
for open in "${opened[@]}"; do exec {open}<&-; done
ok "they go" eventually no_copies

# ---- user.favfs.applied ----

applied_to() { getfattr --only-values -n user.favfs.applied "$1" 2>/dev/null; }
last_seq() { tail -n 1 changes | cut -f 1; }
wrong=0
for i in {1..20}; do
	: >"restaurants/${restaurants[3]}/fans/applied-$i"
	settle
	[[ $(applied_to rankings/all) == "$(last_seq)" ]] || wrong=$((wrong + 1))
done
is "user.favfs.applied is the SEQ after each of 20 barriers" 0 $wrong
is "it is not listed" "" "$(getfattr -d -m - rankings/all 2>&1)"
touch -d 2020-02-02 "restaurants/${restaurants[4]}/fans/fan-1"
settle
exec {open}<rankings/2020-02
touch "restaurants/${restaurants[5]}/fans/later"
sync rankings/2020-02
is "also of a window in which nothing happened" "$(last_seq)" "$(applied_to rankings/2020-02)"
is "and of an empty one" "$(last_seq)" "$(applied_to rankings/1999-01)"
exec {open}<&-
exec {open}<rankings/all
then=$(last_seq)
touch "restaurants/${restaurants[5]}/fans/later-yet"
settle
is "an open ranking keeps its own" "$then $(last_seq)" "$(applied_to "/dev/fd/$open") $(applied_to rankings/all)"
exec {open}<&-
for name in user.favfs.created_at user.x; do
	is "$name is nowhere there" "No such attribute" \
		"$(getfattr --only-values -n $name rankings/all 2>&1 | sed 's/.*: //')"
done
gives "and it cannot be set" "$([[ $(id -u) == 0 ]] && echo EPERM || echo EACCES)" \
	setxattr user.favfs.applied 1 "$M/rankings/all"

# ---- a version that nobody opened for long, and that is gone ----

# late WORD: what the one says that looked it up, or why it ended
late()
{
	local line

	if echo "$1" >&"$ask" && read -r -u "$answer" line; then echo "$line"; else cat "$T/err"; fi
}
mkfifo "$T/ask" "$T/answer"
"$snapshots" late rankings/all <"$T/ask" >"$T/answer" 2>"$T/err" &
looker=$!
exec {ask}>"$T/ask" {answer}<"$T/answer"
read -r -u "$answer" line
is "a ranking is looked up" "looked up" "$line"
fan "later-$name" ann
settle
ok "and given up when nobody opens it" eventually none_held
size=$(stat -c %s rankings/all)
is "then its size is that of the newest" "$size" "$(late stat)"
is "as an open of it gets the newest" "$size" "$(late open)"
fan "latest-$name" ann
settle
isnt "which is followed by another" "$size" "$(stat -c %s rankings/all)"
is "it stays as it was opened" "$size" "$(late again)"
is "and has that size" "$size" "$(late stat)"
exec {ask}>&- {answer}<&-
ok "it goes" wait "$looker"
rm -r "restaurants/later-$name" "restaurants/latest-$name"

# ---- poll(2) ----

is "an open ranking can be read" IN "$("$snapshots" poll IN 0 rankings/all)"
is "and is the newest" "" "$("$snapshots" poll PRI 0 rankings/all)"
is "both asked for" IN "$("$snapshots" poll IN,PRI 0 rankings/all)"
is "without a change it stays so" 2 "$("$snapshots" poll PRI 300 rankings/all | grep -c '^$')"
"$snapshots" poll PRI 10000 rankings/all >"$T/polled" &
poller=$!
has_polled() { [[ -s $T/polled ]]; }
ok "somebody waits" eventually has_polled
began=$(date +%s%N)
touch "restaurants/${restaurants[6]}/fans/news"
ok "for a newer one" wait $poller
at_most "which comes at once, in ms" 2000 $((($(date +%s%N) - began) / 1000000))
is "as PRI" PRI "$(tail -n 1 "$T/polled")"
"$snapshots" poll PRI 400 rankings/2020-02 >"$T/polled" &
poller=$!
ok "somebody waits for another window" eventually has_polled
touch "restaurants/${restaurants[6]}/fans/other-news"
wait $poller
is "and does not hear of this one" 2 "$(grep -c '^$' "$T/polled")"
# raced COUNT: what is told of as many newer versions as they come
raced() { timeout 60 "$snapshots" race "$1" rankings/all "restaurants/${restaurants[7]}/fans/racer"; }
is "a newer one is told of each time" "0 of 50 missed" "$(raced 50)"
is "many are all told, some in later turns" "0 of 2000 missed" \
	"$(timeout 60 "$snapshots" crowd 2000 rankings/all "restaurants/${restaurants[7]}/fans/one-for-all")"
wander
is "also while others come fast" "0 of 50 missed" "$(raced 50)"
stay
for file in "restaurants/${restaurants[7]}/fans/fan-1" "counts/${restaurants[7]}/all" changes status metrics; do
	began=$(date +%s%N)
	is "poll of $file" IN "$("$snapshots" poll IN 0 "$file")"
	at_most "answers at once, in ms" 1000 $((($(date +%s%N) - began) / 1000000))
done
is "and rankings can still be polled" IN "$("$snapshots" poll IN 0 rankings/all)"
recounted "after all this"
cd / && ok "umount" down

# With durability=relaxed versions follow each other faster than any are handed out.
must_up -o durability=relaxed
cd "$M" || exit
is "a newer one in time, when changes are fast" "0 of 200 missed" "$(raced 200)"
cd / && ok "umount" down

# ---- more versions than an inode number can tell ----

must_up -o noaggregator
cd "$M" || exit
count_all() { "$BUILD/favfs-aggregator" --once "$S"; }
fan later-yet first
ok "what waits is counted" count_all
cp rankings/all "$T/before"
exec {open}<rankings/all
inode=$(stat -c %i rankings/all)
ok "after as many versions as there are keys" \
	sqlite3 "$S/derived.db" "UPDATE ranking SET version = version + (1 << 34) - 3"
fan later-yet second
ok "the next is counted" count_all
is "which has the number of one that is open" "$inode" "$(stat -c %i rankings/all)"
list_favorites >"$T/favorites"
ranking_of "$T/favorites" >"$T/want"
same "but its own bytes" "$T/want" rankings/all
isnt "which are others" "$(<"$T/before")" "$(<"$T/want")"
got=$(cat <&"$open" 2>/dev/null)
[[ ! $got ]] || is "the one that is open never shows them" "$(<"$T/before")" "$got"
exec {open}<&-
cd / && ok "umount" down

# ---- what is held for long does not keep the log of derived.db from being used again ----

rm -rf "$S"
must_up -o durability=relaxed
cd "$M" || exit
awk 'BEGIN {
	for (i = 0; i < 8000; i++)
		printf "add\trestaurant-%04d-whose-name-is-long-enough-for-pages-of-few-rows\tfirst\n", i
}' >"$T/first"
head -n 2000 "$T/first" | sed 's/first$/second/' >"$T/add"
sed 's/^add/remove/' "$T/add" >"$T/remove"
cat "$T/first" >import
settle

# What its head costs; looking at metrics costs reads, too, always as many.
reads() { awk '$1 == "favfs_requests_total{operation=\"read\",outcome=\"ok\"}" { print $2 }' metrics; }
reads >/dev/null
one=$(reads) two=$(reads)
head -n 1 rankings/all >/dev/null
three=$(reads)
at_most "the head of a ranking of $(stat -c %s rankings/all) bytes costs so many reads" 2 $((three - two - (two - one)))
cat rankings/all >/dev/null
ok "all of it costs more" test $(($(reads) - three - (two - one))) -ge 3
exec {open}<rankings/all
cat rankings/all >"$T/want"
: >"restaurants/$(sed -n '1s/.*\t\(.*\)\t.*/\1/p' "$T/first")/fans/third"
settle
has_copied() { [[ $(copies) == 1 ]]; }
favfs=$(pid_of favfs)
ok "a ranking that is held is copied out" eventually has_copied

# Status holds no state of the rankings, a barrier does.
is_applied() { [[ $(sed -n 's/^lag_changes: //p' status) == 0 ]]; }
for ((i = 0; i < 40; i++)); do
	dd if="$T/$( ((i % 2)) && echo remove || echo add)" of=import bs=512K status=none
	eventually is_applied
done
at_most "many times its size was written; the log of derived.db stays small, in bytes" $((32 << 20)) \
	"$(stat -c %s "$S/derived.db-wal")"
cat <&"$open" >"$T/got"
same "and the ranking stays as it was" "$T/want" "$T/got"
exec {open}<&-
cd / && ok "umount" down
conclude
