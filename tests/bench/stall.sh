# shellcheck shell=bash
#
# stall: touch while the aggregator is stopped and a million changes wait for it, against touch beside
# an aggregator that has counted as many and goes on.
#
# ROUND is set by peers.sh.
# shellcheck disable=SC2154

readonly STALL_GOALS="16 undisturbed p99 1.5"

# The aggregator goes on before the round ends: nobody could end it otherwise.
stall_round()
{
	local aggregator lag

	if [[ $2 == stopped ]]; then
		aggregator=$(sed -n 's/^aggregator: running pid //p' "$ROUND/mount/status")
		kill -STOP "$aggregator" || return 1
		# shellcheck disable=SC2064 # this one, now
		trap "kill -CONT $aggregator" EXIT
		cat "$WORK/stall" >"$ROUND/mount/import" || return 1
	else
		fill "$2" "$WORK/stall" || return 1
	fi
	sync -f "$ROUND" || return 1 # what the import left to the kernel is no part of it
	load mark --clients "$1" --seconds "$ROUND_SECONDS" || return 1
	lag=$(sed -n 's/^favfs_lag_changes //p' "$ROUND/mount/metrics")
	[[ $2 != stopped ]] || ((lag > STALL_COUNT))
}

bench_stall()
{
	local STALL_COUNT

	STALL_COUNT=$(sized 1000000)
	echo "stall: touch, the aggregator stopped and $STALL_COUNT changes waiting"
	lines "$WORK/stall" "$STALL_COUNT" --restaurants 10000 --users 1000000 || return 1
	pairs_begin "$BUILD/bench/stall.tsv" || return 1
	pairs_run stall_round "$BUILD/bench/stall.tsv" "stopped undisturbed" 16 || return 1
	rm "$WORK/stall"
	pairs_report "$BUILD/bench/stall.tsv" "$STALL_GOALS" clients stopped
}
