# shellcheck shell=bash
#
# hot: touch, durable, all in one restaurant. The kernel lets one client at a time make a file in a
# directory, so each touch is a commit of its own: FUSE and one write to the disk is all there should
# be.

readonly HOT_GOALS="16 null+fdatasync time 1.3"

hot_round()
{
	if [[ $2 == fdatasync ]]; then
		load overwrite --seconds 1
	else
		load mark --clients "$1" --seconds "$ROUND_SECONDS" --restaurants 1
	fi
}

bench_hot()
{
	echo "hot: touch, durable, all in one restaurant"
	pairs_begin "$BUILD/bench/hot.tsv" || return 1
	pairs_run hot_round "$BUILD/bench/hot.tsv" "favfs null fdatasync" 16 || return 1
	pairs_report "$BUILD/bench/hot.tsv" "$HOT_GOALS"
}
