#!/bin/bash
#
# aggregator.sh - whatever is killed or removed, each change is counted once; and with nothing
# to do nothing is done (SEED=n).
# Runs alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

seed=${SEED:-$RANDOM}
echo "SEED=$seed"
RANDOM=$seed

has_aggregator() { [[ $(pid_of favfs-aggregator) ]]; }
has_none() { ! has_aggregator; }
has_open() { find "/proc/$1/fd" -lname "$2" 2>/dev/null | grep -q .; }
aggregate() { cd / && exec "$BUILD/favfs-aggregator" "$@"; }

# ---- killed under load ----

for mount in 1 2 3; do
	must_up
	mkdir -p "$M"/restaurants/r{0..9}/fans
	"$TOOLS/scribe" "$RANDOM" "m$mount" "$M/restaurants" "$T/manifest" &
	scribe=$!
	for kill in 1 2 3 4; do # more in one mount would only wait longer and longer
		ok "mount $mount: an aggregator is there to be killed, $kill" eventually has_aggregator
		aggregator=$(pid_of favfs-aggregator)
		sleep "0.0$((RANDOM % 8 + 1))" # a random moment
		kill -KILL "$aggregator"
		eventually has_ended "$aggregator"
	done
	kill "$scribe"
	wait "$scribe" 2>/dev/null
	recounted "mount $mount: all is counted once"
	ok "mount $mount: umount" down
	is "mount $mount: which ends the aggregator" "" "$(pid_of favfs-aggregator)"
done
at_least "there was something to count" 100 "$(grep -c ^done "$T/manifest")"
must_up
recounted "after a remount, too"
aggregator=$(pid_of favfs-aggregator)
kill "$aggregator"
eventually has_ended "$aggregator"
ok "one that was told to end is followed by another" eventually has_aggregator
fan r0 after
recounted "which counts"

# ---- with its favfs ----

kill -KILL "$(pid_of favfs)"
ok "it ends with its favfs, even if that is killed" eventually has_none
must_up -o noaggregator
ok "none is started with noaggregator" has_none
before=$(cat "$M/rankings/all")
fan r0 uncounted
ok "umount" down
is "--once ends well" 0 "$("$BUILD/favfs-aggregator" --once "$S" >"$T/out" 2>&1; echo $?)"
is "and has nothing to say" "" "$(<"$T/out")"
must_up -o noaggregator
isnt "it has counted what waited" "$before" "$(cat "$M/rankings/all")"
recounted "as it should"
ok "--once with nothing to do" "$BUILD/favfs-aggregator" --once "$S"
recounted "changes nothing"
refused "a store that is not there" 1 "$T/none" "$BUILD/favfs-aggregator" -f "$T/none"
refused "no store" 2 STORE "$BUILD/favfs-aggregator" -f
refused "two stores" 2 "$T" "$BUILD/favfs-aggregator" -f "$S" "$T"
refused "an unknown option" 2 windmill "$BUILD/favfs-aggregator" --windmill "$S"

# ---- more in one transaction than is netted at once ----

# What goes again is netted in another part than where it came.
long_lines()
{
	printf -v restaurant "%0200d" 7
	printf -v user "%0200d" 8
	seq -f "add	$restaurant	%.0f$user" 100001 150000
	seq -f "remove	$restaurant	%.0f$user" 100001 120000
}
long_lines >"$T/lines"
ok "many changes of long names" cp "$T/lines" "$M/import"
is "are counted" 0 "$("$BUILD/favfs-aggregator" --once "$S" >"$T/out" 2>&1; echo $?)"
is "each once" 30000 "$(awk -F '\t' '/0007$/ { print $2 }' "$M/rankings/all")"
recounted "as the favourites say"
ends_early()
{
	rm -f "$S"/derived.db*
	"$BUILD/favfs-aggregator" --once "$S" 2>"$T/err" &
	eventually test -s "$S/derived.db"
	kill $!
	wait $!
	(($? == 1))
}
ok "--once that is told to end while it counts anew fails" eventually ends_early
is "and says why" "favfs-aggregator: told to end before all was counted" "$(<"$T/err")"
ok "the next does it" "$BUILD/favfs-aggregator" --once "$S"
recounted "all of it"

# ---- two at once ----

aggregate -f "$S" &
first=$!
fan r1 one
ok "the first works" settle
aggregate -f "$S" &
second=$!
ok "the second stands by" eventually has_open "$second" "$S/lock"
fan r1 two
recounted "with both each change is counted once"
is "only one writes" "yes no" "$(has_open $first "$S/derived.db" && printf 'yes ')$(has_open $second "$S/derived.db" || echo no)"
kill -KILL $first
wait $first 2>/dev/null
fan r1 three
recounted "the second takes over"
ok "it writes now" has_open $second "$S/derived.db"
"$BUILD/favfs-aggregator" "$S"
is "without -f it goes to the background" 0 $?
is "and stands by" 2 "$(pid_of favfs-aggregator | wc -l)"
kill $second
wait $second
is "told to end, the second ends well" 0 $?
fan r1 four
recounted "the third takes over"
ok "umount" down
kill "$(pid_of favfs-aggregator)"
ok "it ends, too" eventually has_none

# ---- derived.db is made from the rest ----

must_up
settle
show_rankings >"$T/before"
ok "umount" down
rm "$S"/derived.db*
must_up
ok "derived.db was removed: the barrier" settle
same "removed while unmounted" "$T/before" <(show_rankings)
ok "umount" down
rm "$S"/derived.db*
ok "--once makes it anew" "$BUILD/favfs-aggregator" --once "$S"
must_up -o noaggregator
same "with the same rankings" "$T/before" <(show_rankings)
ok "umount" down
rm "$S"/derived.db-* 2>/dev/null
head -c 100000 /dev/urandom >"$S/derived.db"
must_up
ok "derived.db was rubbish: the barrier" sync "$M/rankings/all"
same "damaged while unmounted" "$T/before" <(show_rankings)
exec {open}<"$M/rankings/all"
cp "$M/rankings/all" "$T/all"
rm "$S"/derived.db*
fan r2 news
recounted "removed while mounted: the next change makes it anew"
same "an open ranking does not change by that" "$T/all" <(cat <&"$open")
exec {open}<&-
rm "$M/restaurants/r2/fans/news"
settle
same "the same rankings, byte for byte" "$T/before" <(show_rankings)
rm "$S"/derived.db*
ok "removed and nothing changed: the barrier has it made anew" timeout 20 sync "$M/rankings/all"
ok "there it is" test -s "$S/derived.db"
for i in 1 2 3; do
	rm "$S"/derived.db*
	fan r2 "news$i"
	recounted "and again, $i"
done

# ---- idle ----

if is_sanitized; then
	skip "idle: a sanitizer has threads of its own"
	ok "umount" down
	conclude
	exit
fi

favfs=$(pid_of favfs)
unlinker=$(pid_of favfs-unlinker)
aggregator=$(pid_of favfs-aggregator)
switches() { cat /proc/{"$favfs","$unlinker","$aggregator"}/task/*/status | grep ctxt_switches; }
rests()
{
	local before

	before=$(switches)
	sleep 0.3
	[[ $(switches) == "$before" ]]
}
calls() { grep -c ') *= ' "$T/calls"; }

cat "$M"/rankings/* >/dev/null
ok "after work there is rest" eventually rests
before=$(switches)
tracer=
if command -v strace >/dev/null; then
	strace -f -o "$T/calls" -p "$favfs" -p "$unlinker" -p "$aggregator" 2>"$T/strace" &
	tracer=$!
	all_attached() { (($(grep -c attached "$T/strace") == 3)); }
	if ! eventually all_attached; then
		skip "system calls while idle: $(head -n 1 "$T/strace")"
		tracer=
	fi
	before=$(switches)
else
	skip "system calls while idle: no strace"
fi
sleep 3 # nothing shall happen
is "no thread was woken up for 3 s" "$before" "$(switches)"
if [[ $tracer ]]; then
	is "no system call was made" 0 "$(calls)"
	fan r3 wake
	settle
	at_least "and would have been seen" 1 "$(calls)"
	kill -INT $tracer
	wait $tracer 2>/dev/null
fi
fan r3 wake-too
settle
isnt "as would have been a wake-up" "$before" "$(switches)"

# One change after idling: how long until a ranking counts it, with what it takes to start sync(1).
took=()
for i in {1..11}; do
	eventually rests
	began=$(date +%s%N)
	: >"$M/restaurants/r3/fans/fresh$i"
	sync "$M/rankings/all"
	took+=($((($(date +%s%N) - began) / 1000)))
done
mapfile -t took < <(printf '%s\n' "${took[@]}" | sort -n)
at_most "after idling it counts within so many us, at the median (${took[5]})" 10000 "${took[5]}"
ok "umount" down
conclude
