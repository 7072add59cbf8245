#!/bin/sh
# convert.sh - makes restaurants.txt and favorites.tsv from the UCI files.
#
# FOLDER holds rating_final.csv and places.csv (geoplaces2.csv in UCI's own archive).
# The results go to OUT, by default the folder of this script.  The same input gives
# the same bytes everywhere: nothing depends on locale, clock or order of the input.

set -eu
LC_ALL=C
export LC_ALL

fail() {
	printf 'convert.sh: %s\n' "$1" >&2
	exit "${2:-1}"
}

# One file mixes encodings: a line that is not valid UTF-8 is ISO 8859-1.
to_utf8() {
	while IFS= read -r line || [ -n "$line" ]; do
		if printf '%s\n' "$line" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1; then
			printf '%s\n' "$line"
		else
			printf '%s\n' "$line" | iconv -f ISO-8859-1 -t UTF-8
		fi || return
	done
}

# UTF-8 places on stdin, "placeID TAB name" on stdout: every place once, every name once.
name_places() {
	awk -F, '
	function clean(s) {
		gsub(/\//, "-", s)
		gsub(/[[:cntrl:] ]+/, " ", s)
		sub(/^ /, "", s)
		sub(/ $/, "", s)
		return s
	}
	function give_up(why) {
		printf "convert.sh: places: line %d: %s\n", NR, why > "/dev/stderr"
		failed = 1
		exit 1
	}
	{ sub(/\r$/, "") }
	NR == 1 {
		fields = NF
		for (i = 1; i <= NF; i++)
			column[$i] = i
		if (!("placeID" in column) || !("name" in column))
			give_up("no columns placeID and name")
		next
	}
	NF != fields || /"/ { give_up("not " fields " plain fields") }
	{
		id = $(column["placeID"])
		name = clean($(column["name"]))
		if (id !~ /^[0-9]+$/ || id in name_of)
			give_up("bad or repeated placeID " id)
		if (length(name) > 255 || name == "." || name == "..")
			give_up("no valid name of a restaurant: " name)
		if (name ~ /\302[\200-\237]/ || name ~ /\342\200[\250\251]/)
			give_up("control character in " name)
		name_of[id] = name
		bearers[name]++
	}
	END {
		if (failed)
			exit 1
		for (id in name_of) {
			name = name_of[id]
			if (name == "" || name == "?" || bearers[name] > 1)
				name = id
			if (name in taken)
				give_up("name taken twice: " name)
			taken[name] = 1
			print id "\t" name
		}
	}'
}

# Ratings on stdin, "placeID TAB name" in the file $1; "restaurant TAB user" on stdout.
pick_favorites() {
	awk '
	function give_up(why) {
		printf "convert.sh: ratings: line %d: %s\n", FNR, why > "/dev/stderr"
		exit 1
	}
	{ sub(/\r$/, "") }
	FILENAME == ARGV[1] {
		split($0, place, "\t")
		name_of[place[1]] = place[2]
		next
	}
	{ n = split($0, field, ",") }
	FNR == 1 {
		if ($0 !~ /^userID,placeID,rating,/)
			give_up("not userID,placeID,rating,...")
		fields = n
		next
	}
	n != fields || field[1] !~ /^[0-9A-Za-z]+$/ || field[3] !~ /^[012]$/ { give_up($0) }
	!(field[2] in name_of) { give_up("unknown placeID " field[2]) }
	field[3] == 2 { print name_of[field[2]] "\t" field[1] }
	' "$1" -
}

case $# in
1) out=$(dirname -- "$0") ;;
2) out=$2 ;;
*) fail 'usage: convert.sh FOLDER [OUT]' 2 ;;
esac
from=$1

places=$from/places.csv
[ -f "$places" ] || places=$from/geoplaces2.csv
ratings=$from/rating_final.csv
[ -r "$places" ] || fail "$from: no places.csv or geoplaces2.csv to read"
[ -r "$ratings" ] || fail "$from: no rating_final.csv to read"
[ -d "$out" ] || fail "$out: not a folder"

tmp=$(mktemp -d)
trap 'rm -rf -- "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

to_utf8 <"$places" >"$tmp/places"
name_places <"$tmp/places" >"$tmp/names"
pick_favorites "$tmp/names" <"$ratings" >"$tmp/picked"
cut -f 2 "$tmp/names" | sort >"$tmp/restaurants.txt"
sort -u "$tmp/picked" >"$tmp/favorites.tsv"

cp -- "$tmp/restaurants.txt" "$tmp/favorites.tsv" "$out"
