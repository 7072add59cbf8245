#!/bin/bash
#
# bench.sh [NAME=VALUE...]: measures favfs against its peers, alternating, and prints the ratios.
#
#	ONLY=mark        one bench instead of all; `scale` runs only so
#	PAIRS=5          rounds of each peer and number of clients
#	ROUND_SECONDS=2  length of a round
#	SEED=1           of restaurants and users
#	SIZE=100         percent of the usual number of lines, favourites and restaurants
#	PEERS="..."      which peers take part (see peers.sh)
#	FAVOURITES=10000000  of the largest store of `scale`
#	STORES=FOLDER    where `scale` keeps its stores for another time (nowhere)
#	BUILD=build      the folder of built programs; results go to $BUILD/bench/: rounds in *.tsv,
#	                 goals in *.goals, pictures in *.svg, and run.txt, what they were measured on
#	TMPDIR=/var/tmp  where stores are made: must be a real disk
#
# Exit status: 0 whatever was measured, 1 when something could not run, 2 for usage.

set -uo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
benches=(mark unmark spread hot import apply fresh rank list stat idle stall)
on_demand=(scale)
failed=()

# shellcheck source=/dev/null
. "$here/peers.sh"
# shellcheck source=/dev/null
. "$here/pairs.sh"

die()
{
	echo "bench: $*" >&2
	exit 1
}

refuse()
{
	echo "bench: $*" >&2
	exit 2
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
		ONLY=* | PAIRS=* | ROUND_SECONDS=* | SEED=* | SIZE=* | PEERS=* | FAVOURITES=* | STORES=* | \
			BUILD=* | TMPDIR=*)
			declare -g "$argument"
			;;
		*)
			refuse "'$argument': not one of ONLY, PAIRS, ROUND_SECONDS, SEED, SIZE, PEERS, FAVOURITES," \
				"STORES, BUILD, TMPDIR"
			;;
		esac
	done
	: "${ONLY:=}" "${PAIRS:=5}" "${ROUND_SECONDS:=2}" "${SEED:=1}" "${SIZE:=100}" "${BUILD:=build}"
	: "${PEERS:=${all_peers[*]}}" "${TMPDIR:=/var/tmp}" "${FAVOURITES:=10000000}" "${STORES:=}"
	[[ $PAIRS =~ ^[1-9][0-9]{0,2}$ ]] || refuse "PAIRS: '$PAIRS' is not a number of 1 to 999"
	[[ $ROUND_SECONDS =~ ^[1-9][0-9]{0,2}$ ]] ||
		refuse "ROUND_SECONDS: '$ROUND_SECONDS' is not a number of 1 to 999"
	[[ $SEED =~ ^[0-9]{1,18}$ ]] || refuse "SEED: '$SEED' is not a number"
	[[ $SIZE =~ ^[1-9][0-9]{0,3}$ ]] || refuse "SIZE: '$SIZE' is not a number of 1 to 9999"
	[[ $FAVOURITES =~ ^[1-9][0-9]{3,8}$ ]] || refuse "FAVOURITES: '$FAVOURITES' is not a number of 1000 to 999999999"
	[[ -z $ONLY || " ${benches[*]} ${on_demand[*]} " == *" $ONLY "* ]] ||
		refuse "ONLY: '$ONLY' is not one of: ${benches[*]} ${on_demand[*]}"
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

# Instances of inotify, as far as we may look.
inotify_taken()
{
	find /proc/[0-9]*/fd -lname anon_inode:inotify 2>/dev/null | wc -l
}

# Without inotify favfs looks once a second, and what is measured is that.
inotify_check()
{
	(($(inotify_taken) + 8 <= $(</proc/sys/fs/inotify/max_user_instances))) ||
		echo "bench: *** INOTIFY IS USED UP BY OTHERS: fs.inotify.max_user_instances ***" >&2
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
	echo "inotify     $(inotify_taken) of $(</proc/sys/fs/inotify/max_user_instances) instances taken"
	echo "favfs       $(first_line "$BUILD/favfs" -V), commit $COMMIT"
	echo "libfuse     $(first_line pkg-config --modversion fuse3)"
	echo "sqlite      $(first_line pkg-config --modversion sqlite3)"
	echo "redis       $(first_line redis-server --version)"
	echo "postgres    $(first_line psql --version)"
	echo "compiler    $(first_line "${CC:-cc}" --version)"
	echo "rounds      $PAIRS of each, $ROUND_SECONDS s, seed $SEED, size $SIZE %"
	echo "date        $(date -u +%FT%TZ)"
}

# What was measured, as far as git knows.
commit()
{
	git -C "$here" describe --always --dirty 2>/dev/null || echo unknown
}

# draw BENCH: a picture of its rounds, where there is gnuplot.
draw()
{
	[[ -e $BUILD/bench/$1.tsv ]] && command -v gnuplot >/dev/null || return 0
	if declare -F "draw_$1" >/dev/null; then
		"draw_$1"
	elif head -n 1 "$BUILD/bench/$1.tsv" | grep -q '^case	pair	peer	'; then
		awk -v bench="$1" -v commit="$COMMIT" -v seed="$SEED" -v file="$BUILD/bench/$1.svg" \
			-f "$here/result.awk" -f "$here/draw.awk" "$BUILD/bench/$1.tsv" | gnuplot
	fi
}

# run BENCH: one that fails does not keep the others from running.
run()
{
	local began=$SECONDS

	# shellcheck source=/dev/null
	. "$here/$1.sh"
	echo
	rm -f "$BUILD/bench/$1.goals" "$BUILD/bench/$1.svg"
	if "bench_$1" && draw "$1"; then
		echo "$1 took $((SECONDS - began)) s"
		return
	fi
	failed+=("$1")
	echo "bench: $1: could not run" >&2
	peer_stop
	find "$WORK" -xdev -mindepth 1 -delete
}

# summarize BENCH...
summarize()
{
	local bench files=()

	for bench; do
		[[ ! -e $BUILD/bench/$bench.goals ]] || files+=("$BUILD/bench/$bench.goals")
	done
	((${#files[@]} == 0)) || awk -f "$here/summary.awk" "${files[@]}"
}

main()
{
	local bench wanted

	parse_arguments "$@"
	[[ -x $BUILD/bench/load ]] || die "$BUILD/bench/load is not built"
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	make_work
	COMMIT=$(commit)
	wanted=("${benches[@]}")
	[[ -z $ONLY ]] || wanted=("$ONLY")
	peers_select || die "cannot run"
	mkdir -p "$BUILD/bench" || die "cannot make $BUILD/bench"
	describe_machine >"$WORK/run" || die "cannot measure the disk"
	tee "$BUILD/bench/run.txt" <"$WORK/run"
	inotify_check
	for bench in "${wanted[@]}"; do
		run "$bench"
	done
	printf '\n=== all that was measured, %d s\n\n' $SECONDS
	summarize "${wanted[@]}"
	((${#failed[@]} == 0)) || die "could not run: ${failed[*]}"
}

main "$@"
