# shellcheck shell=bash
#
# import: a million lines through `import`, durable, against the same rows in a plain loop of SQLite
# with 4,000 a transaction. Nothing is counted meanwhile.
#
# favfs_options is for peers.sh.
# shellcheck disable=SC2034

readonly IMPORT_GOALS="lines sqlite 0.8"

import_whole()
{
	cat "$WORK/import" >"$ROUND/mount/import"
}

import_bare()
{
	"$BUILD/bench/bare" import "$ROUND/store/favorites.db" <"$WORK/import"
}

# The last favourite is looked at afterwards.
import_round()
{
	local count=$IMPORT_COUNT restaurant user line

	if [[ $2 == sqlite ]]; then
		"$BUILD/mkfs.favfs" "$ROUND/store" >"$ROUND/log" 2>&1 || return 1
		timed "$count" import_bare
		return
	fi
	line=$(timed "$count" import_whole) || return 1
	IFS=$'\t' read -r _ restaurant user < <(tail -n 1 "$WORK/import")
	[[ -e $ROUND/mount/restaurants/$restaurant/fans/$user ]] || return 1
	echo "$line"
}

bench_import()
{
	local PAIRS=$((PAIRS < 3 ? PAIRS : 3)) favfs_options=(-o noaggregator) IMPORT_COUNT

	IMPORT_COUNT=$(sized 1000000)
	echo "import: $IMPORT_COUNT lines through import, $PAIRS pairs"
	lines "$WORK/import" "$IMPORT_COUNT" --restaurants 10000 --users 1000000 || return 1
	pairs_begin "$BUILD/bench/import.tsv" || return 1
	pairs_run import_round "$BUILD/bench/import.tsv" "favfs sqlite" lines || return 1
	rm "$WORK/import"
	pairs_report "$BUILD/bench/import.tsv" "$IMPORT_GOALS" work
}
