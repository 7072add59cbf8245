#!/bin/sh
# load.sh - marks the seed favourites in a mounted favfs, with mkdir and touch alone.
#
# Loading twice changes nothing the second time.  Names hold blanks, dots and letters
# beyond ASCII but never a newline, so they travel one a line and reach xargs NUL-ended.

set -eu
LC_ALL=C
export LC_ALL

fail() {
	printf 'load.sh: %s\n' "$1" >&2
	exit "${2:-1}"
}

[ "${1:+$#}" = 1 ] || fail 'usage: load.sh MOUNTPOINT' 2
case $1 in
/*) mount=$1 ;;
*) mount=./$1 ;;
esac

seeds=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
restaurants=$seeds/restaurants.txt
favorites=$seeds/favorites.tsv
for file in "$restaurants" "$favorites"; do
	[ -s "$file" ] || fail "$file: missing or empty"
done

[ -d "$mount/restaurants" ] || fail "$1: not a favfs mount: no restaurants/ in it"
[ -e "$mount/rankings/all" ] || fail "$1: not a favfs mount: no rankings/all in it"
cd -- "$mount"

awk '{ print "restaurants/" $0 "/fans" }' "$restaurants" | tr '\n' '\0' |
	xargs -0 mkdir -p -- || fail "$1: not every restaurant could be made"
awk -F '\t' '{ print "restaurants/" $1 "/fans/" $2 }' "$favorites" | tr '\n' '\0' |
	xargs -0 touch -- || fail "$1: not every favourite could be marked"
sync rankings/all || fail "$1: all is marked, but not yet counted: does an aggregator run?"

printf '%d restaurants and %d favourites are in %s\n' \
	"$(wc -l <"$restaurants")" "$(wc -l <"$favorites")" "$1"
