# shellcheck shell=bash
#
# stat: of favourites that the kernel has never seen, and of the same ones again; 16 clients.
#
# null_fill is for peers.sh.
# shellcheck disable=SC2034

readonly STAT_GOALS="new null 0.9;cached null 0.9"

stat_all()
{
	load stat --clients 16 --seconds 60 --count "$STAT_EACH"
}

stat_round()
{
	fill "$2" "$WORK/stat" || return 1
	[[ $1 == new ]] || stat_all >/dev/null || return 1
	stat_all
}

bench_stat()
{
	local null_fill=("$WORK/stat") STAT_EACH

	STAT_EACH=$(($(sized 100000) / 16 + 1))
	echo "stat: $((STAT_EACH * 16)) favourites, new to the kernel and again"
	lines "$WORK/stat" "$STAT_EACH" --clients 16 || return 1
	pairs_begin "$BUILD/bench/stat.tsv" || return 1
	pairs_run stat_round "$BUILD/bench/stat.tsv" "favfs null" new cached || return 1
	rm "$WORK/stat"
	pairs_report "$BUILD/bench/stat.tsv" "$STAT_GOALS" entries
}
