#!/bin/bash
#
# import.sh - the file import: favourites in bulk, each write whole or not at all.
# Runs alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

root=
[[ $(id -u) == 0 ]] && root=yes
I=$M/import

# writes SIZE: what each write(2) of a piece of stdin answered, in one line
writes() { "$TOOLS/writes" "$1" "$I" | paste -sd ' '; }

# try LINE...: these lines, with \t and \n in them, by one write
try() { printf '%b\n' "$@" | writes 1000000; }

to_import() { cat "$1" >"$I"; }

import_error() { sed -n 's/^import_error: //p' "$M/status"; }

logged() { wc -l <"$M/changes"; }

must_up -o allow_other
cd "$M" || exit

# ---- the file ----

is "an ordinary file of who mounted, for nobody else" "600 $(id -u) $(id -g) 0 regular empty file" \
	"$(stat -c '%a %u %g %s %F' import)"
is "reading it gives nothing" "" "$(cat import)"
ok "> truncates what is nothing" bash -c ': >import'
ok "touch" touch import
gives "its mode" EPERM chmod 0644 "$I"
gives "its owner" EPERM chown 1 1 "$I"
gives "removing it" EPERM unlink "$I"
gives "renaming it" EPERM rename 0 "$I" "$M/x"
is "no error yet" "" "$(import_error)"

# ---- what the lines do ----

is "a write is taken whole" 70 "$(try 'add\ttaj\tann' 'add\tnoma\tann\t2020-02-02T02:02:02.000000002Z' 'add\ttaj\tbob\t-')"
is "restaurants and their fans/ are made" "noma taj fans fans" \
	"$(names restaurants) $(names restaurants/noma) $(names restaurants/taj)"
is "favourites are there" "ann bob" "$(names restaurants/taj/fans)"
is "with their moment" "2020-02-02 02:02:02.000000002 +0000" "$(stat -c %y restaurants/noma/fans/ann)"
is "as files of the writer" "644 $(id -u) $(id -g) 0 regular empty file" \
	"$(stat -c '%a %u %g %s %F' restaurants/noma/fans/ann)"
recounted "rankings follow"
mkdir restaurants/bare
try 'add\tbare\tann' >/dev/null
is "fans/ is made where only that was missing" ann "$(names restaurants/bare/fans)"
count=$(logged)
stood=$(stat restaurants/taj/fans/ann | grep -v Access:)
is "add of what is there, remove and expire of what is not" "$((14 + 20 + 17 + 21))" \
	"$(try 'add\ttaj\tann\t-' 'remove\ttaj\tnobody\t-' 'remove\tnowhere\tx' 'expire\tnowhere\tann\t-')"
is "change nothing" "$stood $count" "$(stat restaurants/taj/fans/ann | grep -v Access:) $(logged)"
gives "and make nothing" ENOENT stat "$M/restaurants/nowhere"
try 'update\ttaj\tann\t2021-01-01T00:00:00Z' 'update\ttaj\tnew\t2022-01-01T00:00:00Z' >/dev/null
is "update moves, or adds" "2021-01-01 2022-01-01" \
	"$(stat -c %y restaurants/taj/fans/ann restaurants/taj/fans/new | cut -d ' ' -f 1 | paste -sd ' ')"
try 'remove\ttaj\tann' 'expire\ttaj\tbob' 'add\ttaj\tann' 'remove\ttaj\tann' 'add\ttaj\teve' >/dev/null
is "lines see what those before them did" "eve new" "$(names restaurants/taj/fans)"
recounted "rankings follow that, too"
ok "cat" bash -c 'printf "add\tby\tcat\n" | cat >import'
ok "cat >>" bash -c 'printf "add\tby\tappend\n" | cat >>import'
printf 'add\tby\tcp\n' >"$T/in"
ok "cp" cp "$T/in" import
ok "dd with an fsync" dd if="$T/in" of=import conv=fsync status=none
ok "tee" bash -c 'printf "add\tby\ttee\n" | tee import'
is "any tool will do" "append cat cp tee" "$(names restaurants/by/fans)"

# ---- cut anywhere ----

awk 'BEGIN { for (i = 0; i < 100; i++) printf "add\tcut-%d\tuser number %d\t2026-01-%02dT00:00:00.%09dZ\n", i % 7, i, i % 28 + 1, i }' >"$T/in"
sed 's/add\tcut-\([0-9]*\)\t\([^\t]*\)\t.*-01-\(..\)T.*/cut-\1\t\2\t2026-01-\3/' "$T/in" | LC_ALL=C sort >"$T/want"
for size in 1 2 3 29 64 1000 8191 8192 8193; do
	rm -rf restaurants/cut-*
	"$TOOLS/writes" "$size" "$I" <"$T/in" | sort | uniq -c | sort -rn >"$T/out"
	same "lines cut after every $size bytes are whole" "$T/want" <(list_favorites | grep ^cut-)
done
is "no error yet" "" "$(import_error)"

# ---- a bad line ----

count=$(logged)
is "one bad line fails its write" EINVAL "$(try 'add\tgood\tg1' 'add\tgood\tg2' 'add\tonlyone' 'add\tgood\tg3')"
is "whole" "$count" "$(logged)"
gives "nothing of it is there" ENOENT stat "$M/restaurants/good"
is "status says which line, and why" "line 3: not OP, RESTAURANT, USER" "$(import_error | cut -d ' ' -f 1-6)"
is "what follows is as if nothing was" 12 "$(try 'add\ttaj\tyes')"
is "and the error is still told" "line 3:" "$(import_error | cut -d ' ' -f 1-2)"

# bad LINE REASON: where it stands in the second write of an open file, as its third line
bad()
{
	printf 'add\ttaj\tx1\nadd\ttaj\tx2\n' >"$T/before"
	printf 'add\tgood\tg1\nadd\tgood\tg2\n%b\nadd\tgood\tg3\n' "$1" >"$T/in"
	is "'${1:0:40}' is refused" "22 EINVAL" \
		"$({ "$TOOLS/writes" 1000 - <"$T/before"; "$TOOLS/writes" 1000 - <"$T/in"; } 3>"$I" | paste -sd ' ')"
	is "as line 5: $2" "line 5: $2" "$(import_error)"
}
bad 'mark\ta\tb' "OP 'mark': not add, remove, update or expire"
bad 'add\t.\tb' "RESTAURANT '.': Invalid argument"
bad 'add\ta/b\tb' "RESTAURANT 'a/b': Invalid argument"
bad 'add\ta\tb\r' "USER 'b\\x0d': Invalid argument"
bad 'add\ta\t\0033[31mb' "USER '\\x1b[31mb': Invalid argument"
bad 'add\ta\t\0377' "USER '\\xff': Invalid or incomplete multibyte or wide character"
bad 'add\ta\tb\tnow' "CREATED_AT 'now': neither RFC 3339 nor -"
bad 'add\ta\tb\t1969-12-31T23:59:59Z' "CREATED_AT '1969-12-31T23:59:59Z': neither RFC 3339 nor -"
bad '' "not OP, RESTAURANT, USER and perhaps CREATED_AT with tabs between"
is "nothing of these is there" "" "$(names restaurants | tr ' ' '\n' | grep -x -e a -e good)"

# The end of a refused write says nothing of its own, whatever it was.
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "%s\tlong\tu%d\n", i == 12345 ? "bad" : "add", i }' >"$T/in"
refused "cat of many lines with a bad one among them" 1 "Invalid argument" to_import "$T/in"
is "its number is told, not that of a cut line" \
	"line 12346: OP 'bad': not add, remove, update or expire" "$(import_error)"
is "pieces before it are there, its own is not" "" \
	"$(names restaurants/long/fans | tr ' ' '\n' | sort -V | diff - <(seq 0 $(($(find restaurants/long/fans -type f | wc -l) - 1)) | sed 's/^/u/'))"
at_most "so not all is" 12345 "$(find restaurants/long/fans -type f | wc -l)"

# ---- long lines, and one without an end ----

y=$(printf 'y%.0s' {1..8192})
is "8192 bytes without an end may yet be a line" 8192 "$(printf %s "$y" | writes 100000)"
is "at the last close they are dropped, and told" "line 1: no newline at its end: dropped" "$(import_error)"
is "one more is too long" "8192 EINVAL" "$(printf %sz "$y" | writes 8192)"
is "and told" "line 1: too long" "$(import_error)"
is "with its end, too" EINVAL "$(printf '%sz\n' "$y" | writes 100000)"
is "and told in the same words" "line 1: longer than 8192 bytes" "$(import_error)"
printf 'add\tlast\tann\nadd\tlast\tcut-of' >"$T/in"
ok "a last line without newline is no error for the writer" to_import "$T/in"
is "but dropped" ann "$(names restaurants/last/fans)"
is "and told" "line 2: no newline at its end: dropped" "$(import_error)"
{
	printf 'add\tlast\thalf' >&3
	bash -c : # inherits the descriptor and closes it: not the last close
	printf ' a line\n' >&3
} 3>"$I"
is "only the last close is one" "ann half a line" "$(names restaurants/last/fans)"

# ---- writes larger than 512 KiB ----

awk 'BEGIN { for (i = 0; i < 40000; i++) printf "add\tbig\tuser-%06d\t2026-01-01T00:00:00Z\n", i }' >"$T/in" # 41 bytes each
is "a large write comes in pieces, and whole" 1640000 "$(writes 2000000 <"$T/in")"
is "all of it is there" 40000 "$(find restaurants/big/fans -type f | wc -l)"
sed -i 's/big/BIG/' "$T/in"
{ head -n 20000 "$T/in" && echo bad && tail -n 20000 "$T/in"; } >"$T/worse" # the bad one in the second piece
# Pieces are of 512 KiB, and of a page more where the writer's memory lies so.
wrote=$(writes 2000000 <"$T/worse")
ok "it comes back short at the first bad one: $wrote" test "$wrote" -ge 524288 -a "$wrote" -le 540672
is "what came before is there" $((wrote / 41)) "$(find restaurants/BIG/fans -type f | wc -l)"
is "the bad line is told" "line 20001:" "$(import_error | cut -d ' ' -f 1-2)"
refused "dd bs=1M" 1 "Invalid argument" dd if="$T/worse" of=import bs=1M status=none

# ---- two writers ----

for who in a b c; do
	awk -v who=$who 'BEGIN { for (i = 0; i < 4000; i++) printf "add\twriter-%s\t%s-%s-%d\n", who, who, who, i }' >"$T/in.$who"
done
writers=()
for who in a b c; do
	"$TOOLS/writes" $((61 + $(printf %d "'$who"))) "$I" <"$T/in.$who" >"$T/out.$who" &
	writers+=($!)
done
ok "three write at once" wait "${writers[@]}"
is "and are answered" 0 "$(cat "$T"/out.? | grep -c E)"
for who in a b c; do
	same "their lines do not mix ($who)" <(cut -f 3 "$T/in.$who" | sort) \
		<(find restaurants/writer-$who/fans -type f -printf '%f\n' | sort)
done

# ---- who imports reads what was written ----

fan own kept gone moved
ls -l restaurants/own/fans >/dev/null # the kernel remembers all of it
gives "not there yet" ENOENT stat "$M/restaurants/own/fans/new"
gives "nor its restaurant" ENOENT stat "$M/restaurants/own2/fans/new"
exec 3<restaurants/own/fans/gone
try 'add\town\tnew' 'remove\town\tgone' 'update\town\tmoved\t2001-01-01T00:00:00Z' 'add\town2\tnew' >/dev/null
gives "an added one is there at once" ok stat "$M/restaurants/own/fans/new"
gives "also in a new restaurant" ok stat "$M/restaurants/own2/fans/new"
gives "a removed one is gone" ENOENT stat "$M/restaurants/own/fans/gone"
is "an updated one has its new moment" 2001-01-01 "$(stat -c %y restaurants/own/fans/moved | cut -d ' ' -f 1)"
is "the listing shows it" "kept moved new" "$(names restaurants/own/fans)"
is "that of restaurants/, too" "own own2" "$(names restaurants | tr ' ' '\n' | grep ^own | paste -sd ' ')"
is "a removed one that is open has no name" 0 "$(stat -Lc %h /dev/fd/3)"
exec 3<&-
wrong=0
printf 'add\town\ttoggled\n' >"$T/add"
printf 'remove\town\ttoggled\n' >"$T/remove"
for i in {1..100}; do
	cat "$T/add" >import
	[[ -e restaurants/own/fans/toggled ]] || wrong=$((wrong + 1))
	cat "$T/remove" >import
	[[ ! -e restaurants/own/fans/toggled ]] || wrong=$((wrong + 1))
done
is "200 times" 0 "$wrong"
before=$(stat -c %y restaurants/own/fans)
try 'add\town\tlater' >/dev/null
isnt "the time of fans/ moves" "$before" "$(stat -c %y restaurants/own/fans)"
before=$(stat -c %y restaurants)
try 'add\tanother\tann' >/dev/null
isnt "that of restaurants/, too, with a new one" "$before" "$(stat -c %y restaurants)"

# ---- whose they are ----

if [[ $root ]]; then
	exec 3>import
	printf 'add\towners\tother\nupdate\towners\tupdated\nupdate\town\tkept\n' >"$T/in"
	setpriv --reuid 1234 --regid 4321 --clear-groups "$TOOLS/writes" 10000 - <"$T/in" >/dev/null
	exec 3>&-
	is "the writer's, where they are new" "1234 4321|1234 4321|0 0" \
		"$(stat -c '%u %g' restaurants/owners/fans/{other,updated} restaurants/own/fans/kept | paste -sd '|')"
	is "nobody else may open it" "Permission denied" \
		"$(setpriv --reuid 1234 --clear-groups bash -c ': >import' 2>&1 | sed 's/.*: //')"
fi
recounted "after all of it"

# ---- touch beside an import ----

seq 1 300000 | awk '{ printf "add\tplace-%d\tperson-%d\t2026-%02d-01T00:00:00Z\n", $1 % 3000, $1, $1 % 12 + 1 }' >"$T/in"
mkdir -p restaurants/quiet/fans
"$TOOLS/pace" restaurants/quiet/fans t >"$T/pace" &
pace=$!
began=$(date +%s%N)
ok "300,000 lines" to_import "$T/in"
took=$((($(date +%s%N) - began) / 1000000))
kill "$pace"
wait "$pace"
read -r touches median p99 worst <"$T/pace"
echo "import of 300,000 lines: $took ms; beside it $touches touches, median $median us, p99 $p99 us, worst $worst us"
at_most "p99 of touch beside it, in us" 250000 "$p99"
is "all of it is there" 300000 "$(find restaurants/place-* -type f | wc -l)"
cd / && ok "umount" down

# ---- killed in the midst of it ----

for round in 1 2 3; do
	rm -rf "$S"
	must_up
	"$TOOLS/writes" 65536 "$I" <"$T/in" >"$T/answers" &
	writer=$!
	wants=$((RANDOM % 60 + 5))
	has_answers() { (($(wc -l <"$T/answers") >= wants)); }
	eventually has_answers
	kill -KILL "$(pid_of favfs)"
	wait "$writer" 2>/dev/null
	must_up
	there=$(find "$M/restaurants" -type f | wc -l)
	answered=$(grep -c '^65536$' "$T/answers")
	lines=$(head -c $((65536 * answered)) "$T/in" | wc -l)
	more=$(head -c $((65536 * (answered + 1))) "$T/in" | wc -l)
	ok "round $round: what was answered is there, and whole pieces only: $there of $lines or $more" \
		test "$there" = "$lines" -o "$there" = "$more"
	same "they are those of the first lines" \
		<(head -n "$there" "$T/in" | cut -f 2,3 | sed 's/\t/\/fans\//' | LC_ALL=C sort) \
		<(cd "$M/restaurants" && find . -type f -printf '%P\n' | LC_ALL=C sort)
	is "the log says the same" "$there" "$(wc -l <"$M/changes")"
	ok "umount" down
done
conclude
