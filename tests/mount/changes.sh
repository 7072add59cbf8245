#!/bin/bash
#
# changes.sh - the file changes: its lines, and that it is a file for every tool, also while
# it grows at one end and is trimmed at the other.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

denied=EACCES # what the kernel says to all but root where modes forbid it
[[ $(id -u) == 0 ]] && denied=EPERM

# last N: the newest lines, fields 3 on, tabs as they are
last() { tail -n "$1" "$M/changes" | cut -f 3-; }

moment() { date -u -d "$(stat -c %y "$1")" +%Y-%m-%dT%H:%M:%S.%NZ; }

must_up
cd "$M" || exit

# ---- the lines ----

is "empty at first" "0 0" "$(stat -c %s changes) $(wc -c <changes)"
fan taj ann
F=restaurants/taj/fans/ann
made=$(moment $F)
is "add: CREATED_AT, no PREVIOUS" "add	taj	ann	$made	-" "$(last 1)"
is "with SEQ and TIME" "1	$made" "$(cut -f 1,2 changes)"
touch $F
touch -m $F
is "marking again says nothing" 1 "$(wc -l <changes)"
touch -d 2001-02-03T04:05:06.000000007Z $F
is "update: both" "update	taj	ann	2001-02-03T04:05:06.000000007Z	$made" "$(last 1)"
touch -d 1970-01-01T00:00:00Z $F
is "update to the first moment" \
	"update	taj	ann	1970-01-01T00:00:00.000000000Z	2001-02-03T04:05:06.000000007Z" "$(last 1)"
touch -d 2261-12-31T23:59:59.999999999Z $F
is "and to the last" \
	"update	taj	ann	2261-12-31T23:59:59.999999999Z	1970-01-01T00:00:00.000000000Z" "$(last 1)"
mkdir -p restaurants/noma/fans
mv $F restaurants/noma/fans/eve
is "mv: remove and add, one moment" \
	"remove	taj	ann	-	2261-12-31T23:59:59.999999999Z|add	noma	eve	2261-12-31T23:59:59.999999999Z	-" \
	"$(last 2 | paste -sd '|')"
fan noma bob
bob=$(moment restaurants/noma/fans/bob)
mv -f restaurants/noma/fans/eve restaurants/noma/fans/bob
is "mv in the place of another: that one's remove first" \
	"remove	noma	bob	-	$bob|remove	noma	eve	-	2261-12-31T23:59:59.999999999Z|add	noma	bob	2261-12-31T23:59:59.999999999Z	-" \
	"$(last 3 | paste -sd '|')"
rm restaurants/noma/fans/bob
is "remove: no CREATED_AT" "remove	noma	bob	-	2261-12-31T23:59:59.999999999Z" "$(last 1)"
fan "st john" $'\xf0\x9f\x8d\x95'
made=$(moment "restaurants/st john/fans/"$'\xf0\x9f\x8d\x95')
setfattr -n user.favfs.expires_at -v +1s "restaurants/st john/fans/"$'\xf0\x9f\x8d\x95'
logged_expire() { [[ $(tail -n 1 changes) == *$'\texpire\t'* ]]; }
ok "an expiry is logged" eventually logged_expire
is "expire: as a remove" "expire	st john	"$'\xf0\x9f\x8d\x95'"	-	$made" "$(last 1)"
chown 1:1 restaurants/taj/fans 2>/dev/null
mkdir restaurants/x
fan taj ann
count=$(wc -l <changes)
setfattr -n user.note -v x $F
chmod 600 $F
[[ $(id -u) == 0 ]] && chown 1:1 $F
rmdir restaurants/x
is "attributes, modes, owners and restaurants are not logged" "$count" "$(wc -l <changes)"
printf 'add\timp\tann\t2020-01-01T00:00:00Z\nadd\timp\tann\nupdate\timp\tann\t2020-01-02T00:00:00Z\nexpire\timp\tann\nremove\timp\tann\n' >"$T/in"
cat "$T/in" >import
is "an import is logged as what it did" \
	"add	2020-01-01T00:00:00.000000000Z	-|update	2020-01-02T00:00:00.000000000Z	2020-01-01T00:00:00.000000000Z|expire	-	2020-01-02T00:00:00.000000000Z" \
	"$(last 3 | cut -f 1,4- | paste -sd '|')"
is "SEQ counts from 1 without a gap" "" \
	"$(cut -f 1 changes | diff - <(seq "$(wc -l <changes)"))"
is "every line is well-formed" "" "$(awk -F '\t' -v t='^[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9][.][0-9]+Z$' '
	NF != 7 || $2 !~ t || $2 < time || $3 !~ /^(add|remove|update|expire)$/ ||
	($6 ~ t) != ($3 ~ /add|update/) || ($7 ~ t) != ($3 != "add") { print }
	{ time = $2 }' changes)"

# ---- nobody writes it ----

is "mode and owner" "444 $(id -u) regular file" "$(stat -c '%a %u %F' changes)"
gives "writing" "$denied" open O_WRONLY "$M/changes"
gives "truncating" "$denied" truncate 0 "$M/changes"
gives "removing" "$denied" unlink "$M/changes"
gives "renaming" "$denied" rename 0 "$M/changes" "$M/x"
gives "its times" EPERM utimens 1000000000 0 "$M/changes"
gives "its mode" EPERM chmod 0600 "$M/changes"
ok "sync of it is the barrier" sync changes

# ---- a file like others ----

seq 1 40000 | awk '{ printf "add\trestaurant-%d\tuser-%d\t2026-%02d-%02dT10:00:00.%09dZ\n", $1 % 700, $1, $1 % 12 + 1, $1 % 28 + 1, $1 }' >"$T/in"
cat "$T/in" >import
cat changes >"$T/whole"
is "what was imported is there" 40000 "$(tail -n 40000 changes | cut -f 3-6 | diff - <(sed 's/\t-$//' "$T/in") | wc -l | sed 's/^0$/40000/')"
is "st_size is exact" "$(wc -c <"$T/whole")" "$(stat -c %s changes)"

# as_file WHAT COMMAND...: shows the same of it as of a copy
as_file()
{
	local what=$1

	"${@:2}" changes >"$T/got" 2>&1
	"${@:2}" "$T/whole" >"$T/want" 2>&1
	same "$what shows the same as of a copy" "$T/want" "$T/got"
}
as_file tail tail -n 5
as_file "tail -c" tail -c 12345
as_file "tail -c +" tail -c +1234567
as_file head head -n 7
as_file "head -n -1" head -n -1
as_file "head -c -" head -c -100
as_file tac tac
as_file "wc" wc -lc "--total=never"
as_file "mmap" "$TOOLS/syscalls" mmap
as_file "lseek to the end" "$TOOLS/syscalls" seek-end
as_file sort sort -k 5
for size in 1 7 100 4097 65536 1000000; do
	at=$((RANDOM * 100))
	dd if=changes bs="$size" skip="$at" iflag=skip_bytes count=20 2>/dev/null >"$T/got"
	dd if="$T/whole" bs="$size" skip="$at" iflag=skip_bytes count=20 2>/dev/null >"$T/want"
	same "reads of $size bytes from $at on" "$T/want" "$T/got"
done
is "nothing stands behind the end" 0 "$(dd if=changes bs=100 skip=99999999 iflag=skip_bytes 2>/dev/null | wc -c)"
ok "cp" cp changes "$T/copy"
same "copies it" "$T/whole" "$T/copy"
ok "tar" tar -cf "$T/tar" changes
same "takes it whole, and says nothing" <(tar -xOf "$T/tar") "$T/whole"
ok "rsync" rsync -a changes "$T/rsynced"
same "copies it, too" "$T/whole" "$T/rsynced"
is "with its time" "$(stat -c %y changes)" "$(stat -c %y "$T/rsynced")"

# ---- it grows ----

before=$(stat -c %y changes)
touch restaurants/taj/fans/another
after=$(stat -c %y changes)
isnt "mtime moves with every line" "$before" "$after"
is "to the time of the change" "$(tail -n 1 changes | cut -f 2)" "$(moment changes)"
is "and the size with it" "$(wc -c <changes)" "$(stat -c %s changes)"
touch restaurants/taj/fans/another
is "but not without one" "$after" "$(stat -c %y changes)"

exec 3<changes
cat <&3 >"$T/first"
touch restaurants/taj/fans/third
cat <&3 >"$T/then"
is "who stands at the end reads what comes" "add	taj	third" "$(cut -f 3-5 "$T/then")"
is "and the open file has grown" "$(cat "$T/first" "$T/then" | wc -c)" "$(stat -Lc %s /dev/fd/3)"
exec 3<&-

tail -n +1 -f changes >"$T/followed" 2>/dev/null &
follower=$!
follows() { cmp -s "$T/followed" changes; }
ok "tail -f shows what there is" eventually follows
for i in {1..50}; do : >"restaurants/taj/fans/followed-$i"; done
ok "and follows" eventually follows
rm restaurants/taj/fans/followed-*
ok "and goes on" eventually follows
kill "$follower"
wait "$follower" 2>/dev/null

# While it grows, a reader sees whole lines only, and tar does not complain.
"$TOOLS/pace" restaurants/taj/fans busy >"$T/pace" &
busy=$!
for i in {1..5}; do
	cat changes >"$T/got"
	[[ $(tail -c 1 "$T/got" | wc -l) == 1 && $(tail -n 1 "$T/got" | awk -F '\t' '{ print NF }') == 7 ]] || break
done
is "a reader meets no half line" 5 "$i"
kill "$busy"
wait "$busy"
cat changes >"$T/whole"
is "SEQ has no gap after all that" "" "$(cut -f 1 changes | diff - <(seq "$(wc -l <changes)"))"
cd / && ok "umount" down
must_up
same "the log survives" "$T/whole" "$M/changes"

# ---- how fast (a figure, no check) ----

seq 1 300000 | awk '{ printf "add\tplace-%d\tperson-%d\t2026-01-01T00:00:00Z\n", $1 % 3000, $1 }' >"$T/in"
cat "$T/in" >"$M/import"
settle
bytes=$(stat -c %s "$M/changes")
began=$(date +%s%N)
cat "$M/changes" >/dev/null
echo "cat changes: $((bytes / 1000000)) MB, $((bytes * 1000 / ($(date +%s%N) - began))) MB/s"
cat "$M/changes" >"$T/whole"
ok "umount" down

# ---- it is trimmed ----

# Time must pass for a log to be old; the first change after a start looks for what is.
sleep 1.3
must_up -o retention=1s
exec 3<"$M/changes" 4<"$M/changes" 5<"$M/changes" 6<"$M/changes"
inode=$(stat -c %i "$M/changes")
head -c 100000 <&3 >/dev/null
tail -c +30000001 <&5 >/dev/null
old=$(stat -Lc %s /dev/fd/4)
touch "$M/restaurants/taj/fans/trimmer"
newest=$(tail -n 1 "$T/whole" | cut -f 1)
is_trimmed() { (($(head -n 1 "$M/changes" | cut -f 1) >= newest)); }
ok "what is old and counted is trimmed" eventually is_trimmed
isnt "the name has a new inode" "$inode" "$(stat -c %i "$M/changes")"
is "its size is exact" "$(wc -c <"$M/changes")" "$(stat -c %s "$M/changes")"
is "what is left are the newest lines" "trimmer" "$(tail -n 1 "$M/changes" | cut -f 5)"
is "an open file keeps its inode" "$inode" "$(stat -Lc %i /dev/fd/4)"
is "and its size, which grows" $((old + $(tail -n 1 "$M/changes" | wc -c))) "$(stat -Lc %s /dev/fd/4)"
is "reading on in what was trimmed is ESTALE" "Stale file handle" "$(cat <&3 2>&1 >/dev/null | sed 's/.*: //')"
is "so is reading from its start" "Stale file handle" "$(cat <&4 2>&1 >/dev/null | sed 's/.*: //')"
is "who stood at the end goes on as if nothing was" "trimmer" "$(cut -f 5 <&5)"
rest=$(wc -c <"$M/changes")
tail -c "$rest" <&6 >"$T/got" 2>/dev/null
same "offsets of what is left are as they were" "$M/changes" "$T/got"
exec 3<&- 4<&- 5<&- 6<&-
settle
is "counts do not change by it" "$(($(wc -l <"$T/in")))" \
	"$(awk -F '\t' '$3 ~ /^place-/ { n += $2 } END { print n }' "$M/rankings/all")"
next=$(($(tail -n 1 "$M/changes" | cut -f 1) + 1))
ok "umount" down
must_up -o retention=1s
touch "$M/restaurants/taj/fans/next"
is "SEQ goes on" "$next" "$(tail -n 1 "$M/changes" | cut -f 1)"
ok "umount" down

# ---- but for what nobody has counted ----

# all_is_kept WHAT COUNTED: each change after the first COUNTED, when it is old and looked for
all_is_kept()
{
	ok "umount" down
	sleep 1.3 # as above
	must_up -o noaggregator,retention=1s
	# The second is committed after the committer has done what follows the first.
	touch "$M/restaurants/r1/fans/first-$2" && touch "$M/restaurants/r1/fans/second-$2"
	is "$1" 1002 "$(awk -F '\t' -v counted="$2" '$1 > counted' "$M/changes" | wc -l)"
}

rm -rf "$S"
must_up -o noaggregator
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "add\tr%d\tu%d\n", i % 10, i }' >"$T/in"
cat "$T/in" >"$M/import"
all_is_kept "nothing is trimmed where nothing was counted" 0
ok "umount" down
must_up
recounted "an aggregator that comes late finds all of it"
ok "umount" down
must_up -o noaggregator
sed 's/u/v/' "$T/in" >"$T/more"
cat "$T/more" >"$M/import"
all_is_kept "nor what came after that which was" 1002
ok "umount" down
must_up -o retention=1s
recounted "late as it comes"
conclude
