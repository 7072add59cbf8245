# shellcheck shell=bash
#
# apply: the aggregator drains a million queued changes, restaurants by Zipf's law, against a plain
# loop of SQLite that raises three counts for each.
#
# favfs_options is for peers.sh.
# shellcheck disable=SC2034

readonly APPLY_GOALS="changes sqlite rate 1.5 150000"

# queue_make FOLDER FILE: a store that has counted the first of these lines, and has all others in its
# log. (One that never counted anything would be counted from its favourites, not from its log.)
queue_make()
{
	peer_start favfs && head -n 1 "$2" >"$ROUND/mount/import" || return 1
	"$BUILD/favfs-aggregator" --once "$ROUND/store" || return 1
	tail -n +2 "$2" >"$ROUND/mount/import" || return 1
	peer_end
	mv "$ROUND/store" "$1" || return 1
	peer_stop
}

# After the first round fsck.favfs counts by itself and finds nothing wrong.
apply_round()
{
	local line

	cp -r "$WORK/queued" "$ROUND/store" && sync -f "$WORK" || return 1
	if [[ $2 == sqlite ]]; then
		timed "$APPLY_COUNT" "$BUILD/bench/bare" apply "$ROUND/store/favorites.db" \
			"$ROUND/store/counts.db"
		return
	fi
	line=$(timed "$APPLY_COUNT" "$BUILD/favfs-aggregator" --once "$ROUND/store") || return 1
	if [[ ! -e $WORK/counted ]]; then
		"$BUILD/fsck.favfs" "$ROUND/store" >"$WORK/counted" || return 1
	fi
	echo "$line"
}

bench_apply()
{
	local PAIRS=$((PAIRS < 3 ? PAIRS : 3)) favfs_options=(-o noaggregator) APPLY_COUNT

	APPLY_COUNT=$(sized 1000000)
	echo "apply: $APPLY_COUNT queued changes counted, $PAIRS pairs"
	lines "$WORK/apply" "$APPLY_COUNT" --restaurants 10000 --users 1000000 || return 1
	queue_make "$WORK/queued" "$WORK/apply" || return 1
	rm "$WORK/apply"
	pairs_begin "$BUILD/bench/apply.tsv" || return 1
	pairs_run apply_round "$BUILD/bench/apply.tsv" "aggregator sqlite" changes || return 1
	rm -rf "$WORK/queued" "$WORK/counted"
	pairs_report "$BUILD/bench/apply.tsv" "$APPLY_GOALS" work aggregator
}
