# shellcheck shell=bash
#
# Rounds of all peers in turn, each on a fresh store, and the table of their ratios.
#
# BUILD, PAIRS, SEED and here are set by bench.sh; peers, ROUND and TARGET by peers.sh.
# shellcheck disable=SC2153,SC2154

# load OP [OPTION...]: the load generator on the peer that runs now.
load()
{
	"$BUILD/bench/load" "$1" --target "$TARGET" --seed "$SEED" "${@:2}"
}

# The peers in order, every second time in reverse, so that a drift of the machine hits all alike.
peers_in_turn()
{
	if (($1 % 2 == 1)); then
		printf '%s\n' "${peers[@]}"
	else
		printf '%s\n' "${peers[@]}" | tac
	fi
}

# pairs_round FUNCTION CLIENTS PEER: sets RESULT to the line that FUNCTION CLIENTS prints.
pairs_round()
{
	local line

	peer_start "$3" || return 1
	if ! line=$("$1" "$2"); then
		echo "bench: $3 with $2 clients: failed; the end of its log:" >&2
		tail -n 5 "$ROUND/log" >&2
		return 1
	fi
	peer_stop
	RESULT=$line
}

# pairs_run FUNCTION FILE CLIENTS...: all rounds, into FILE.
pairs_run()
{
	local round=$1 file=$2 clients pair peer
	shift 2

	mkdir -p "$(dirname "$file")" || return 1
	printf 'clients\tpair\tpeer\tops_per_s\tp50_us\tp99_us\tmax_us\terrors\n' >"$file" || return 1
	for clients; do
		for ((pair = 1; pair <= PAIRS; pair++)); do
			for peer in $(peers_in_turn "$pair"); do
				pairs_round "$round" "$clients" "$peer" || return 1
				printf '%s\t%s\t%s\t%s\n' "$clients" "$pair" "$peer" "$RESULT" >>"$file"
			done
		done
	done
}

# pairs_report FILE GOALS: GOALS are "CLIENTS PEER RATIO" separated by semicolons.
pairs_report()
{
	awk -v of=favfs -v order="${peers[*]}" -v goals="$2" -f "$here/pairs.awk" "$1"
}
