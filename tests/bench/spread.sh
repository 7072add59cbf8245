# shellcheck shell=bash
#
# spread: touch, durable, 16 clients, each in a restaurant of its own. The kernel lets one client at a
# time make a file in a directory; here no two ask for the same one, so commits are shared freely.

readonly SPREAD_GOALS="16 redis 0.6"

spread_round()
{
	load mark --clients "$1" --seconds "$ROUND_SECONDS" --restaurants 16 --spread own || return 1
	load stat --clients "$1" --count 3 --restaurants 16 --spread own >/dev/null
}

bench_spread()
{
	echo "spread: touch, durable, 16 clients in 16 restaurants"
	pairs_begin "$BUILD/bench/spread.tsv" || return 1
	pairs_run spread_round "$BUILD/bench/spread.tsv" "favfs null redis" 16 || return 1
	pairs_report "$BUILD/bench/spread.tsv" "$SPREAD_GOALS"
}
