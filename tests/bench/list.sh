# shellcheck shell=bash
#
# list: ls -f of one restaurant's 100,000 fans, and find over as many favourites of 64 restaurants,
# none of which the kernel has seen before; against null with the same entries. Operations are entries.
#
# null_fill is for peers.sh.
# shellcheck disable=SC2034

readonly LIST_GOALS="ls null 0.8;find null 0.8"

list_ls()
{
	ls -f "$ROUND/mount/restaurants/restaurant-00000/fans" >"$ROUND/listed"
}

list_find()
{
	find "$ROUND/mount/restaurants" >"$ROUND/listed"
}

list_round()
{
	local line

	fill "$2" "$WORK/$1" || return 1
	line=$(timed "$LIST_COUNT" "list_$1") || return 1
	(($(wc -l <"$ROUND/listed") >= LIST_COUNT)) || return 1
	echo "$line"
}

bench_list()
{
	local case LIST_COUNT null_fill
	local -A restaurants=([ls]=1 [find]=64)

	LIST_COUNT=$(sized 100000)
	echo "list: $LIST_COUNT fans"
	pairs_begin "$BUILD/bench/list.tsv" || return 1
	for case in ls find; do
		lines "$WORK/$case" "$LIST_COUNT" --restaurants "${restaurants[$case]}" || return 1
		null_fill=("$WORK/$case")
		pairs_run list_round "$BUILD/bench/list.tsv" "favfs null" "$case" || return 1
		rm "$WORK/$case"
	done
	pairs_report "$BUILD/bench/list.tsv" "$LIST_GOALS" with
}
