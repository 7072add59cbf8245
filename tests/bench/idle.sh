# shellcheck shell=bash
#
# idle: context switches of all favfs processes together in ten seconds with nothing to do.
#
# ROUND is set by peers.sh.
# shellcheck disable=SC2154

# A ranking that was open is held, or copied out, for up to two seconds.
readonly IDLE_SETTLE_SECONDS=3 IDLE_SECONDS=10

# idle_switches PID...: of all their threads since they began.
idle_switches()
{
	local pid

	for pid; do
		cat "/proc/$pid"/task/*/status
	done | awk '/ctxt_switches/ { sum += $2 } END { printf "%d\n", sum }'
}

idle_count()
{
	local processes before after

	load mark --clients 4 --count 250 >/dev/null && sync "$ROUND/mount/rankings/all" || return 1
	cat "$ROUND/mount/rankings/all" >/dev/null || return 1
	mapfile -t processes < <(processes)
	sleep $IDLE_SETTLE_SECONDS
	before=$(idle_switches "${processes[@]}") || return 1
	sleep $IDLE_SECONDS
	after=$(idle_switches "${processes[@]}") || return 1
	printf '%s\t%s\t%s\n' "${#processes[@]}" $IDLE_SECONDS $((after - before))
}

bench_idle()
{
	local file=$BUILD/bench/idle.tsv processes seconds switches

	echo "idle: all favfs processes together, nothing to do"
	mkdir -p "$(dirname "$file")" && peer_start favfs || return 1
	printf 'processes\tseconds\tswitches\n' >"$file"
	idle_count >>"$file" || return 1
	peer_stop
	IFS=$'\t' read -r processes seconds switches < <(tail -n 1 "$file")
	echo "$processes processes, $seconds s"
	goal idle all "context switches" count "<=" 0 "$switches"
}
