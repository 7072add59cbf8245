#!/bin/bash
#
# table.sh FILE: puts what was measured last between the markers of FILE, BENCHMARKS.md, in place of what
# stood there: the machine, the goals, what the peers did, how it grows, and some pictures.
#
#	BUILD=build      what was measured is in $BUILD/bench/
#
# Exit status: 0, 1 when nothing was measured or FILE has no markers, 2 for usage.

set -uo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly BEGIN='<!-- measured: by make bench-table -->' END='<!-- end of what was measured -->'
readonly BENCHES=(mark unmark spread hot import apply fresh rank list stat scale idle stall)
readonly PICTURES=(mark unmark list scale)
: "${BUILD:=build}"

die()
{
	echo "table: $1" >&2
	exit "${2:-1}"
}

# files SUFFIX: those that are there, in order
files()
{
	local bench

	for bench in "${BENCHES[@]}"; do
		[[ ! -e $BUILD/bench/$bench.$1 ]] || printf '%s\n' "$BUILD/bench/$bench.$1"
	done
}

medians()
{
	local file

	printf '| bench | case | peer | ops/s | p50 us | p99 us | max us |\n|---|---|---|---|---|---|---|\n'
	while read -r file; do
		head -n 1 "$file" | grep -q '^case	pair	peer	' || continue
		awk -v bench="$(basename "$file" .tsv)" -v label=case -v of=favfs -v markdown=1 \
			-f "$here/result.awk" -f "$here/pairs.awk" "$file"
	done < <(files tsv)
}

growth()
{
	[[ -e $BUILD/bench/scale-growth.tsv ]] || return 0
	printf '\nHow it grows:\n\n'
	awk -F '\t' -v OFS=' | ' '
		{ $1 = "| " $1; print $0 " |" }
		NR == 1 { gsub(/[^|]+/, "---"); print }' "$BUILD/bench/scale-growth.tsv" | sed '2s/.*/|---|---|---|---|---|---|---|---|/'
}

table()
{
	local goals=$1

	echo
	sed 's/^/    /' "$BUILD/bench/run.txt"
	echo
	if (($(cut -f 12 <<<"$goals" | sort -u | wc -l) > 1)); then
		printf 'Not all of one commit: %s.\n\n' "$(cut -f 1,12 <<<"$goals" | sort -u |
			awk '{ of[$2] = of[$2] " " $1 } END { for (c in of) { printf "%s%s:%s", sep, c, of[c]; sep = "; " } }')"
	fi
	awk -v markdown=1 -f "$here/summary.awk" <<<"$goals"
	printf '\nMedians of the rounds:\n\n'
	medians
	growth
	echo
}

# pictures FILE: those that are worth a look, beside FILE, and where they are
pictures()
{
	local bench

	for bench in "${PICTURES[@]}"; do
		[[ -e $BUILD/bench/$bench.svg ]] || continue
		cp "$BUILD/bench/$bench.svg" "$(dirname "$1")/dist/pictures/bench-$bench.svg" || return 1
		printf '\n![%s](dist/pictures/bench-%s.svg)\n' "$bench" "$bench"
	done
	echo
}

main()
{
	local goals files

	(($# == 1)) || die "usage: table.sh FILE" 2
	grep -qxF -- "$BEGIN" "$1" || die "$1: '$BEGIN' is not there"
	grep -qxF -- "$END" "$1" || die "$1: '$END' is not there"
	mapfile -t files < <(files goals)
	[[ ${#files[@]} -gt 0 && -e $BUILD/bench/run.txt ]] || die "$BUILD/bench: nothing was measured: make bench"
	goals=$(cat "${files[@]}")
	{ table "$goals" && pictures "$1"; } >"$BUILD/bench/table.md" || exit 1
	awk -v begin="$BEGIN" -v end="$END" -v table="$BUILD/bench/table.md" '
		$0 == end { skip = 0 }
		!skip { print }
		$0 == begin {
			while ((getline line <table) > 0)
				print line
			skip = 1
		}' "$1" >"$BUILD/bench/whole.md" && cat "$BUILD/bench/whole.md" >"$1" && rm "$BUILD/bench/whole.md"
}

main "$@"
