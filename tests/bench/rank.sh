# shellcheck shell=bash
#
# rank: cat rankings/all with a million restaurants. The first read against sqlite3 printing the same
# bytes; again, unchanged, against cat of a file; the first head -n 10 against that of 1,000
# restaurants.
#
# ROUND, favfs_store and small_store are for and from peers.sh.
# shellcheck disable=SC2034,SC2154

readonly RANK_GOALS="first sqlite time 1.3;again ext4 rate 0.7;head small time 1.3" RANK_AGAIN=20

# Every restaurant has one favourite, some have more.
rank_lines()
{
	awk -v restaurants="$2" 'BEGIN {
		for (r = 0; r < restaurants; r++)
			printf "add\trestaurant-%05d\tfirst\n", r
	}' >"$1" && lines "$1" "$2" --restaurants "$2"
}

# rank_make NAME RESTAURANTS: the store $WORK/NAME, and its ranking in $WORK/NAME.text.
rank_make()
{
	local favfs_store=''

	rank_lines "$WORK/lines" "$2" && store_make "$WORK/$1" "$WORK/lines" || return 1
	rm "$WORK/lines"
	favfs_store=$WORK/$1
	peer_start favfs && cp "$ROUND/mount/rankings/all" "$WORK/$1.text" || return 1
	peer_stop
	rank_print | cmp - "$WORK/$1.text"
}

# What favfs shows, by SQLite alone.
rank_print()
{
	sqlite3 -readonly -separator $'\t' "$favfs_store/derived.db" "
		SELECT printf('%*d', (SELECT max(6, length(rows)) FROM ranking WHERE window = 0),
			rank() OVER (ORDER BY count DESC)), count, restaurant
		FROM count WHERE window = 0 AND count > 0 ORDER BY count DESC, restaurant"
}

# rank_read TIMES COMMAND...: what it prints is read, and kept nowhere.
rank_read()
{
	local i

	for ((i = 0; i < $1; i++)); do
		"${@:2}" >/dev/null || return 1
	done
}

rank_round()
{
	local ranking=$ROUND/mount/rankings/all

	case $1/$2 in
	first/favfs)
		timed 1 rank_read 1 cat "$ranking"
		;;
	first/sqlite)
		timed 1 rank_read 1 rank_print
		;;
	again/favfs)
		rank_read 1 cat "$ranking" && timed $RANK_AGAIN rank_read $RANK_AGAIN cat "$ranking"
		;;
	again/ext4)
		cp "$favfs_store.text" "$ROUND/ranking" &&
			timed $RANK_AGAIN rank_read $RANK_AGAIN cat "$ROUND/ranking"
		;;
	head/*)
		timed 1 rank_read 1 head -n 10 "$ranking"
		;;
	esac
}

bench_rank()
{
	local file=$BUILD/bench/rank.tsv favfs_store='' small_store=$WORK/small RANK_COUNT

	RANK_COUNT=$(sized 1000000)
	echo "rank: rankings/all of $RANK_COUNT restaurants, and of 1,000"
	rank_make large "$RANK_COUNT" && rank_make small 1000 || return 1
	favfs_store=$WORK/large
	pairs_begin "$file" || return 1
	pairs_run rank_round "$file" "favfs sqlite" first || return 1
	pairs_run rank_round "$file" "favfs ext4" again || return 1
	pairs_run rank_round "$file" "favfs small" head || return 1
	rm -r "$WORK"/{large,small}{,.text}
	pairs_report "$file" "$RANK_GOALS" read
}
