# shellcheck shell=bash
#
# unmark: rm, durable, of favourites over 64 restaurants that the same clients made before.

readonly UNMARK_GOALS="16 redis 1.5;64 redis 1.5;16 null 0.5;64 null 0.5"

# Afterwards nobody is found any more.
unmark_round()
{
	local each=$(($(sized 16000) / $1 + 1)) line

	load mark --clients "$1" --seconds 60 --count "$each" >/dev/null || return 1
	line=$(load unmark --clients "$1" --seconds 60 --count "$each") || return 1
	! load stat --clients "$1" --count 1 >/dev/null 2>&1 || return 1
	echo "$line"
}

bench_unmark()
{
	echo "unmark: rm, durable, over 64 restaurants"
	pairs_begin "$BUILD/bench/unmark.tsv" || return 1
	pairs_run unmark_round "$BUILD/bench/unmark.tsv" "favfs null redis" 16 64 || return 1
	pairs_report "$BUILD/bench/unmark.tsv" "$UNMARK_GOALS"
}
