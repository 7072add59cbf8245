# shellcheck shell=bash
#
# Rounds of all peers in turn, each on a fresh store, and the table of their ratios.
#
# BUILD, COMMIT, PAIRS, SEED, SIZE and here are set by bench.sh; peers, peer_pid, favfs_options, ROUND and
# TARGET by peers.sh.
# shellcheck disable=SC2153,SC2154

# load OP [OPTION...]: the load generator on the peer that runs now.
load()
{
	"$BUILD/bench/load" "$1" --target "$TARGET" --seed "$SEED" "${@:2}"
}

# sized NUMBER: so many at SIZE=100, at least 100.
sized()
{
	local number=$(($1 * SIZE / 100))

	echo $((number > 100 ? number : 100))
}

# timed COUNT COMMAND...: runs it and prints, like load, that it did COUNT operations.
timed()
{
	local began ended

	began=${EPOCHREALTIME/[.,]/}
	"${@:2}" || return 1
	ended=${EPOCHREALTIME/[.,]/}
	awk -v count="$1" -v us=$((ended - began)) 'BEGIN {
		OFS = "\t"
		each = us / count
		print sprintf("%.3f", 1e6 / each), sprintf("%.3f", each), each, each, 0
	}'
}

# lines FILE COUNT [OPTION...]: lines for `import`, of the favourites that `load mark` with this count
# would make.
lines()
{
	"$BUILD/bench/load" mark --target "lines:$1" --seed "$SEED" --seconds 600 --count "$2" \
		"${@:3}" >/dev/null
}

# store_make FOLDER FILE: a store with these lines; counted, unless favfs_options have no aggregator.
store_make()
{
	peer_start favfs && cat "$2" >"$ROUND/mount/import" || return 1
	[[ " ${favfs_options[*]} " == *" noaggregator "* ]] ||
		sync "$ROUND/mount/rankings/all" || return 1
	peer_end
	mv "$ROUND/store" "$1" || return 1
	peer_stop
}

# fill PEER FILE: favfs gets these lines and has counted them; the kernel knows nothing of it. null
# has had them from the start: see null_fill.
fill()
{
	[[ $1 == null ]] || { cat "$2" >"$ROUND/mount/import" && sync "$ROUND/mount/rankings/all"; }
}

# The peers of the list that take part, in order, every second time in reverse, so that a drift of
# the machine hits all alike.
peers_in_turn()
{
	local pair=$1 peer taking=()

	for peer in $2; do
		[[ " ${peers[*]} " != *" $peer "* ]] || taking+=("$peer")
	done
	if ((pair % 2 == 1)); then
		printf '%s\n' "${taking[@]}"
	else
		printf '%s\n' "${taking[@]}" | tac
	fi
}

# pairs_round FUNCTION CASE PEER: sets RESULT to the line that FUNCTION CASE PEER prints.
pairs_round()
{
	local line

	peer_start "$3" || return 1
	if ! line=$("$1" "$2" "$3"); then
		echo "bench: $3 with $2: failed; the end of its log:" >&2
		[[ ! -e $ROUND/log ]] || tail -n 5 "$ROUND/log" >&2
		return 1
	fi
	peer_stop
	RESULT=$line
}

# pairs_begin FILE
pairs_begin()
{
	mkdir -p "$(dirname "$1")" || return 1
	printf 'case\tpair\tpeer\tops_per_s\tp50_us\tp99_us\tmax_us\terrors\n' >"$1"
}

# pairs_run FUNCTION FILE PEERS CASE...: all rounds, added to FILE.
pairs_run()
{
	local round=$1 file=$2 wanted=$3 case pair peer
	shift 3

	for case; do
		for ((pair = 1; pair <= PAIRS; pair++)); do
			for peer in $(peers_in_turn "$pair" "$wanted"); do
				pairs_round "$round" "$case" "$peer" || return 1
				printf '%s\t%s\t%s\t%s\n' "$case" "$pair" "$peer" "$RESULT" >>"$file"
			done
		done
	done
}

# report_awk BENCH ARGUMENT...: awk with what prints the lines of goals and keeps them.
report_awk()
{
	awk -v bench="$1" -v kept="$BUILD/bench/$1.goals" -v commit="$COMMIT" -f "$here/result.awk" "${@:2}"
}

# pairs_report FILE GOALS [LABEL [OF]]: GOALS as in pairs.awk, separated by semicolons.
pairs_report()
{
	report_awk "$(basename "$1" .tsv)" -v goals="$2" -v label="${3:-clients}" -v of="${4:-favfs}" \
		-f "$here/pairs.awk" "$1"
}

# goal BENCH CASE OF KIND SIGN GOAL VALUE...: a goal that is no ratio.
goal()
{
	printf '%s\n' "${@:7}" | report_awk "$1" -v c="$2" -v of="$3" -v kind="$4" -v sign="$5" \
		-v goal="$6" -f "$here/goal.awk"
}

# processes_of PID...: these and all that descend from them.
processes_of()
{
	local pid

	for pid; do
		echo "$pid"
		# shellcheck disable=SC2046 # numbers
		processes_of $(pgrep -P "$pid")
	done
}

# All processes of the favfs that runs now; its aggregator is no child of it.
processes()
{
	{
		processes_of "$peer_pid"
		sed -n 's/^aggregator: running pid //p' "$ROUND/mount/status"
	} | sort -un
}
