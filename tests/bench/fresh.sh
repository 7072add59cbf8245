# shellcheck shell=bash
#
# fresh: from a touch until the ranking shows it, as `touch FILE; sync rankings/all` has it, beside
# 1,000 touches a second by others. In multiples of one fdatasync.

readonly FRESH_GOALS="1 fdatasync p50 6;1 fdatasync p99 30"

fresh_round()
{
	local beside line

	if [[ $2 == fdatasync ]]; then
		load overwrite --seconds 1
		return
	fi
	"$BUILD/bench/load" mark --target "$TARGET" --seed $((SEED + 1)) --clients 4 --rate 1000 \
		--seconds $((ROUND_SECONDS + 1)) >"$ROUND/beside" &
	beside=$!
	# shellcheck disable=SC2064 # this one, now
	trap "kill $beside 2>/dev/null" EXIT
	line=$(load fresh --clients "$1" --seconds "$ROUND_SECONDS") || return 1
	wait "$beside" || return 1
	echo "$line"
}

bench_fresh()
{
	echo "fresh: touch and sync rankings/all, beside 1,000 touches/s"
	pairs_begin "$BUILD/bench/fresh.tsv" || return 1
	pairs_run fresh_round "$BUILD/bench/fresh.tsv" "favfs fdatasync" 1 || return 1
	pairs_report "$BUILD/bench/fresh.tsv" "$FRESH_GOALS"
}
