# shellcheck shell=bash
#
# scale: one store at 10 thousand, 100 thousand, 1 million ... favourites of up to 1 million users and
# 100,000 restaurants: touch and rm by 16 clients against the same at 10,000, the time until the mount
# answers, the most memory each program ever had, and the bytes on disk. It takes a quarter of an hour.
#
# FAVOURITES is the largest; with STORES, a folder, the stores stay there, and those that are there are
# not made again.
#
# ROUND, TARGET, peer_pid and peers are for and from peers.sh.
# shellcheck disable=SC2034,SC2154

readonly SCALE_RESTAURANTS=100000 SCALE_USERS=1000000
readonly SCALE_RATE_GOAL=0.7 SCALE_MOUNT_GOAL=0.2 SCALE_MEMORY_GOAL=64

scale_sizes()
{
	local size

	for ((size = 10000; size < FAVOURITES; size *= 10)); do
		echo "$size"
	done
	echo "$FAVOURITES"
}

# A peer on $scale_store that is asked without a pause, so that scale_mount_us is how long it took.
# What the shell looks at is not there before favfs answers.
scale_start()
{
	local began=${EPOCHREALTIME/[.,]/} deadline=$((SECONDS + START_SECONDS))

	"$BUILD/favfs" -f "$scale_store" "$ROUND/mount" >"$ROUND/log" 2>&1 &
	peer_pid=$!
	TARGET=tree:$ROUND/mount
	until [[ -d $ROUND/mount/restaurants ]]; do
		((SECONDS < deadline)) && kill -0 "$peer_pid" 2>/dev/null || return 1
	done
	scale_mount_us=$((${EPOCHREALTIME/[.,]/} - began))
}

# scale_peaks WHEN: adds the most memory that each program has had so far to $scale_peaks.
scale_peaks()
{
	local pid

	for pid in $(processes); do
		awk -v OFS='\t' -v when="$1" -v size="$scale_size" '
			/^Name:/ { name = $2 }
			/^VmHWM:/ { print size, when, name, $2 / 1024 }' "/proc/$pid/status"
	done >>"$scale_peaks"
}

# scale_fill SIZE BEFORE: the store $scale_stores/SIZE, from the one of BEFORE favourites and as many
# lines as are missing; standard input is where that one ended. Its peaks are kept beside it.
scale_fill()
{
	local scale_store=$scale_stores/next scale_size=$1 scale_peaks=$scale_stores/$1.peaks began=$SECONDS

	rm -rf "$scale_store" && : >"$scale_peaks"
	[[ $2 == 0 ]] || cp -r "$scale_stores/$2" "$scale_store" || return 1
	peer_start scale || return 1
	head -n $(($1 - $2)) | dd bs=512K iflag=fullblock status=none of="$ROUND/mount/import" && scale_peaks import || return 1
	echo "$1 favourites: $(($1 - $2)) imported in $((SECONDS - began)) s" >&2
	sync "$ROUND/mount/rankings/all" && scale_peaks count || return 1
	echo "$1 favourites: counted after $((SECONDS - began)) s" >&2
	peer_stop
	mv "$scale_store" "$scale_stores/$1"
}

# Other users than those who mark later: each mark must be new.
scale_lines()
{
	lines "$WORK/drawn" "$FAVOURITES" --restaurants $SCALE_RESTAURANTS --users $SCALE_USERS &&
		sed 's/user-/guest-/' "$WORK/drawn" >"$WORK/lines" && rm "$WORK/drawn"
}

scale_is_filled()
{
	local size

	for size in $(scale_sizes); do
		[[ -e $scale_stores/$size ]] || return 1
	done
}

scale_fill_all()
{
	local size before=0

	! scale_is_filled || return 0
	scale_lines || return 1
	for size in $(scale_sizes); do
		if [[ -e $scale_stores/$size ]]; then
			head -n $((size - before)) >/dev/null
		else
			scale_fill "$size" "$before" || return 1
		fi
		before=$size
	done <"$WORK/lines"
	rm "$WORK/lines"
}

# scale_round PAIR SIZE: on a copy.
scale_round()
{
	local scale_store=$WORK/copy scale_size=$2 marked unmarked began

	rm -rf "$scale_store" && cp -r "$scale_stores/$2" "$scale_store" || return 1
	peer_start scale || return 1
	marked=$(scale_load mark) && sync "$ROUND/mount/rankings/all" || return 1
	unmarked=$(scale_load unmark) && sync "$ROUND/mount/rankings/all" || return 1
	scale_peaks load
	printf 'mark\t%s\t%s\t%s\nunmark\t%s\t%s\t%s\n' "$1" "$2" "$marked" "$1" "$2" "$unmarked" >>"$scale_file"
	printf '%s\t%s\n' "$2" "$(awk -v us="$scale_mount_us" 'BEGIN { print us / 1e6 }')" >>"$scale_mounts"
	if [[ $1 == 1 ]]; then
		began=$SECONDS
		(($(find "$ROUND/mount/restaurants" | wc -l) > $2)) || return 1
		echo "$2 favourites: found in $((SECONDS - began)) s" >&2
		scale_peaks find
	fi
	peer_stop
	rm -r "$scale_store"
}

# Over the thousand restaurants that most lines are of.
scale_load()
{
	load "$1" --clients 16 --seconds 60 --count $(($(sized 16000) / 16 + 1)) --restaurants 1000
}

# The median of the second column of the lines of SIZE.
scale_median()
{
	awk -v size="$2" '$1 == size { print $2 }' "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# A line for each size: what is drawn.
scale_growth()
{
	local size

	printf 'favourites\tmark_per_s\tunmark_per_s\tmount_s\tfavfs_mib\taggregator_mib\tfavorites_db_bytes_each\tderived_db_bytes_each\n'
	for size in $(scale_sizes); do
		printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$size" \
			"$(scale_median <(awk '$1 == "mark" { print $3, $4 }' "$scale_file") "$size")" \
			"$(scale_median <(awk '$1 == "unmark" { print $3, $4 }' "$scale_file") "$size")" \
			"$(scale_median "$scale_mounts" "$size")" \
			"$(scale_peak "$size" favfs)" "$(scale_peak "$size" favfs-aggregator)" \
			"$(scale_bytes "$size" favorites.db)" "$(scale_bytes "$size" derived.db)"
	done
}

# scale_bytes SIZE DATABASE: its bytes for each favourite, its log included.
scale_bytes()
{
	du -bc "$scale_stores/$1/$2" "$scale_stores/$1/$2-wal" 2>/dev/null | awk -v size="$1" 'END { printf "%.0f", $1 / size }'
}

# scale_peak SIZE PROGRAM: of all its processes. The kernel keeps 15 letters of a name.
scale_peak()
{
	awk -v size="$1" -v program="${2:0:15}" '$1 == size && $3 == program && $4 > most { most = $4 }
		END { printf "%.1f", most }' "$scale_peaks"
}

scale_report()
{
	local size program

	pairs_report "$scale_file" \
		"mark 10000 $SCALE_RATE_GOAL;unmark 10000 $SCALE_RATE_GOAL" work "$FAVOURITES"
	for size in $(scale_sizes); do
		# shellcheck disable=SC2046 # numbers
		goal scale "$size" "mount answers" seconds "<=" $SCALE_MOUNT_GOAL \
			$(awk -v size="$size" '$1 == size { print $2 }' "$scale_mounts")
	done
	for program in favfs favfs-aggregator; do
		goal scale "$FAVOURITES" "$program memory" MiB "<=" $SCALE_MEMORY_GOAL \
			"$(scale_peak "$FAVOURITES" "$program")"
	done
	echo
	column -t -s $'\t' "$BUILD/bench/scale-growth.tsv"
}

bench_scale()
{
	local scale_file=$BUILD/bench/scale.tsv scale_peaks=$BUILD/bench/scale-memory.tsv
	local scale_stores=${STORES:-$WORK/stores} scale_mounts=$WORK/mounts scale_mount_us size pair

	echo "scale: stores of up to $FAVOURITES favourites"
	mkdir -p "$scale_stores" && scale_fill_all || return 1
	pairs_begin "$scale_file" && cat "$scale_stores"/*.peaks >"$scale_peaks" && : >"$scale_mounts" || return 1
	for ((pair = 1; pair <= PAIRS; pair++)); do
		for size in $(scale_sizes | if ((pair % 2)); then cat; else tac; fi); do
			scale_round "$pair" "$size" || return 1
		done
	done
	scale_growth >"$BUILD/bench/scale-growth.tsv"
	scale_report
}

draw_scale()
{
	gnuplot <<-EOD
		set terminal svg size 760,640 dynamic background rgb 'white' font 'sans,12'
		set output '$BUILD/bench/scale.svg'
		set multiplot layout 2,1 title 'scale ($COMMIT, seed $SEED)'
		set datafile separator tab; set key autotitle columnhead noenhanced outside right top
		set logscale x; set grid; set xlabel 'favourites'
		set format x '10^{%L}'
		set ylabel 'operations/s'; set yrange [0:*]
		plot '$BUILD/bench/scale-growth.tsv' using 1:2 with linespoints, '' using 1:3 with linespoints
		set ylabel 'MiB, bytes each'; set yrange [0:*]
		plot '$BUILD/bench/scale-growth.tsv' using 1:5 with linespoints, '' using 1:6 with linespoints, \\
			'' using 1:7 with linespoints, '' using 1:8 with linespoints
	EOD
}
