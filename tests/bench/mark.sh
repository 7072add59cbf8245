# shellcheck shell=bash
#
# mark: touch, durable, over 64 restaurants.

readonly MARK_GOALS="1 redis 1.0;16 redis 1.0;16 postgres 3.0;64 redis 1.0;64 null 0.5"

# The first favourites of each client are looked up afterwards: a peer that said yes and did nothing
# must not win. (A tree may answer from the kernel's cache.)
mark_round()
{
	load mark --clients "$1" --seconds "$ROUND_SECONDS" || return 1
	load stat --clients "$1" --count 3 >/dev/null
}

bench_mark()
{
	local file=$BUILD/bench/mark.tsv

	echo "mark: touch, durable, over 64 restaurants"
	pairs_begin "$file" || return 1
	pairs_run mark_round "$file" "favfs null redis" 1 || return 1
	pairs_run mark_round "$file" "favfs null redis postgres" 16 || return 1
	pairs_run mark_round "$file" "favfs null redis" 64 || return 1
	rm -rf "$WORK/cluster" # of postgres
	pairs_report "$file" "$MARK_GOALS"
}
