#!/bin/bash
#
# bench.sh [NAME=VALUE...]: measures favfs against its peers, alternating, and prints the ratios.
#
#	ONLY=mark        one bench instead of all
#	PAIRS=5          rounds of each peer and number of clients
#	ROUND_SECONDS=2  length of a round
#	SEED=1           of restaurants and users
#	SIZE=100         percent of the usual number of lines, favourites and restaurants
#	PEERS="..."      which peers take part (see peers.sh)
#	BUILD=build      the folder of built programs; results go to $BUILD/bench/
#	TMPDIR=/var/tmp  where stores are made: must be a real disk
#
# Exit status: 0 whatever was measured, 1 when it could not run, 2 for usage.

set -uo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
benches=(mark unmark spread hot apply import fresh list stat stall idle rank)

# shellcheck source=/dev/null
. "$here/peers.sh"
# shellcheck source=/dev/null
. "$here/pairs.sh"

die()
{
	echo "bench: $1" >&2
	exit "${2:-1}"
}

cleanup()
{
	trap '' INT TERM HUP
	peer_stop
	[[ -z ${WORK:-} ]] || rm -rf --one-file-system -- "$WORK"
}

parse_arguments()
{
	local argument

	for argument; do
		case $argument in
		ONLY=* | PAIRS=* | ROUND_SECONDS=* | SEED=* | SIZE=* | PEERS=* | BUILD=* | TMPDIR=*)
			declare -g "$argument"
			;;
		*)
			die "'$argument': not one of ONLY, PAIRS, ROUND_SECONDS, SEED, SIZE, PEERS, BUILD, TMPDIR" 2
			;;
		esac
	done
	: "${ONLY:=}" "${PAIRS:=5}" "${ROUND_SECONDS:=2}" "${SEED:=1}" "${SIZE:=100}" "${BUILD:=build}"
	: "${PEERS:=${all_peers[*]}}" "${TMPDIR:=/var/tmp}"
	[[ $PAIRS =~ ^[1-9][0-9]{0,2}$ ]] || die "PAIRS: '$PAIRS' is not a number of 1 to 999" 2
	[[ $ROUND_SECONDS =~ ^[1-9][0-9]{0,2}$ ]] ||
		die "ROUND_SECONDS: '$ROUND_SECONDS' is not a number of 1 to 999" 2
	[[ $SEED =~ ^[0-9]{1,18}$ ]] || die "SEED: '$SEED' is not a number" 2
	[[ $SIZE =~ ^[1-9][0-9]{0,3}$ ]] || die "SIZE: '$SIZE' is not a number of 1 to 9999" 2
	[[ -z $ONLY || " ${benches[*]} " == *" $ONLY "* ]] ||
		die "ONLY: '$ONLY' is not one of: ${benches[*]}" 2
}

make_work()
{
	WORK=$(mktemp -d "$(realpath "$TMPDIR")/favfs-bench.XXXXXX") || die "cannot make a folder in $TMPDIR"
	case $(stat -f -c %T "$WORK") in
	tmpfs | ramfs)
		die "$TMPDIR is in memory, where durability costs nothing: set TMPDIR to a disk"
		;;
	esac
}

# first_line COMMAND...: what it says, or that it is not there.
first_line()
{
	local said

	said=$("$@" 2>/dev/null | head -n 1)
	echo "${said:-not found}"
}

# Reference for all that is durable: a block of a file, overwritten and synced.
overwrite_us()
{
	"$BUILD/bench/load" overwrite --target "file:$WORK" --count 500 --seconds 5 | cut -f2
}

describe_machine()
{
	local sync_us

	sync_us=$(overwrite_us) || return 1
	echo "machine     $(sed -n 's/^model name[^:]*: //p;T;q' /proc/cpuinfo), $(nproc) CPUs," \
		"$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
		"load $(cut -d' ' -f1 /proc/loadavg)"
	echo "kernel      $(uname -sr), $(uname -m)"
	echo "disk        $(findmnt -n -o SOURCE,FSTYPE -T "$WORK")," \
		"one fdatasync $sync_us us (median of 500)"
	echo "libfuse     $(first_line pkg-config --modversion fuse3)"
	echo "sqlite      $(first_line pkg-config --modversion sqlite3)"
	echo "redis       $(first_line redis-server --version)"
	echo "postgres    $(first_line psql --version)"
	echo "favfs       $(first_line "$BUILD/favfs" -V)"
	echo "rounds      $PAIRS of each, $ROUND_SECONDS s, seed $SEED, size $SIZE %"
}

main()
{
	local bench

	parse_arguments "$@"
	[[ -x $BUILD/bench/load ]] || die "$BUILD/bench/load is not built"
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	make_work
	peers_select || die "cannot run"
	describe_machine || die "cannot measure the disk"
	for bench in "${benches[@]}"; do
		[[ -z $ONLY || $ONLY == "$bench" ]] || continue
		# shellcheck source=/dev/null
		. "$here/$bench.sh"
		echo
		"bench_$bench" || die "$bench: could not run"
	done
}

main "$@"
