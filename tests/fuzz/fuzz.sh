#!/bin/bash
#
# fuzz.sh SECONDS [TARGET...]: lets libFuzzer look for what breaks a target (make fuzz)
# fuzz.sh keep [TARGET...]: takes what it found to be new into corpus/, as little as will do
#
#	BUILD=build/fuzz   the folder of the targets, and below it, for each: new/TARGET, what
#			   went beyond corpus/TARGET; and findings/, inputs that break something
#
# Exit status: 0; 1 when a target broke.  What did is then to be kept, with a name of its own.
set -uo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." || exit 2
: "${BUILD:=build/fuzz}"
readonly files_max=60 bytes_max=4096
# Leaks are told at the end of an input; the zone of a store is set for the whole process.
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1

# What an import cut in pieces has to do with lines of 8 KiB is worth the time.
length_max()
{
	case $1 in
	import) echo 20000 ;;
	import_line) echo 9000 ;;
	*) echo 600 ;;
	esac
}

fuzz()
{
	local target=$1 seconds=$2 status log=$BUILD/$1.log

	mkdir -p "$BUILD/new/$target" "$BUILD/findings"
	"$BUILD/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
		-max_len="$(length_max "$target")" -print_final_stats=1 -reload=0 \
		-artifact_prefix="$BUILD/findings/$target-" \
		"$BUILD/new/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1
	status=$?
	printf '%-12s %10d inputs, %s\n' "$target" \
		"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
		"$( ((status == 0)) && echo "no finding" || echo "BROKEN, see $log")"
	return $((status != 0))
}

# Small inputs first: of those that show the same the first is kept.
keep()
{
	local target=$1 corpus=tests/fuzz/corpus/$1 all=$BUILD/keep/$1 file

	rm -rf "$all" && mkdir -p "$all" "$BUILD/new/$target"
	"$BUILD/tests/fuzz/fuzz_$target" -set_cover_merge=1 "$all" "$corpus" "$BUILD/new/$target" \
		>"$BUILD/$target.log" 2>&1 || return 1
	find "$all" -type f -size +${bytes_max}c -delete
	find "$corpus" -type f ! -name 'found-*' -delete
	find "$all" -type f -printf '%s %p\n' | sort -n | head -n $files_max | cut -d ' ' -f 2- |
		while read -r file; do cp "$file" "$corpus"; done
	echo "$target: $(find "$corpus" -type f | wc -l) files"
}

[[ ${1:-} == keep || ${1:-} =~ ^[1-9][0-9]*$ ]] || { echo "usage: fuzz.sh SECONDS|keep [TARGET...]" >&2 && exit 2; }
what=$1 bad=0
shift
if (($# == 0)); then
	for folder in tests/fuzz/corpus/*; do set -- "$@" "${folder##*/}"; done
fi
for target; do
	if [[ $what == keep ]]; then keep "$target"; else fuzz "$target" "$what"; fi || bad=1
done
exit $bad
