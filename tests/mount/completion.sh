#!/bin/bash
#
# completion.sh - what bash and zsh complete, and that both know all options the programs know.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

DIST=$(cd "$(dirname "$0")/../../dist/completion" && pwd) || exit 2
# shellcheck source=../../dist/completion/favfs.bash
. "$DIST/favfs.bash"

# completes WHAT EXPECTED LINE: what bash would offer at the end of LINE, in the order of bytes
completes()
{
	COMP_LINE=$3 COMP_POINT=${#3} COMPREPLY=()
	_favfs "${3%% *}" "" ""
	is "$1" "$2" "$(printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd ' ')"
}

# ---- bash ----

cd "$T" || exit
mkdir store.d
: >store.txt
completes "a word of -o" "allow_other allow_root" "favfs -o allow_"
completes "after others" "ro,nofail,noaggregator ro,nofail,noatime ro,nofail,noauto" "favfs -o ro,nofail,noa"
completes "its value" "relaxed" "favfs -o durability=r"
completes "after others, where bash cuts words at =" "full relaxed" "favfs -o ro,durability="
completes "a list in a list" "month,week" "favfs -o windows=month,w"
completes "a time zone" "Europe/Berlin" "favfs -o ttl=90d,timezone=Europe/Berl"
completes "a folder of them" "America/Argentina/" "mkfs.favfs --timezone America/Arg"
completes "windows" "month" "mkfs.favfs --windows m"
completes "several" "year,week" "mkfs.favfs --windows year,w"
completes "a letter" "--version" "favfs --v"
completes "of another program" "--rebuild" "fsck.favfs --r"
completes "a store" "store.d" "fsck.favfs -n st"
completes "for mount(8)'s helper, too" "retention=" "mount.favfs store.d /mnt -o ret"
completes "nothing where there is nothing" "" "favfs -o fsname="

# ---- both know the words of -o and the letters that there are ----

"$BUILD/favfs" -o help >"$T/words"
words_of_favfs()
{
	sed -nE 's/^  ([a-z_]+=?).*/\1/p; s/^Taken[^:]*:? //p; s/^ ([a-zX])/\1/p' "$T/words" | tr ' ' '\n' |
		LC_ALL=C sort -u
}
words_of_bash() { xargs -n 1 <<<"$_favfs_words"; }
at_least "favfs -o help names its options" 40 "$(words_of_favfs | wc -l)"
is "there is none that favfs does not know" "help rw x-systemd.automount x-systemd.requires-mounts-for=" \
	"$(comm -13 <(words_of_favfs) <(words_of_bash | LC_ALL=C sort -u) | xargs)"
while read -r word; do
	ok "bash knows $word" grep -qx -- "$word" <(words_of_bash)
	ok "zsh knows $word" grep -q -- "'${word%=}\[" "$DIST/_favfs"
done < <(sed -nE 's/^  ([a-z_]+=?).*/\1/p' "$T/words")
for program in favfs favfs-aggregator mkfs.favfs fsck.favfs; do
	COMP_LINE="$program -" COMP_POINT=$((${#program} + 2)) COMPREPLY=()
	_favfs "$program"
	same "all long options of $program" \
		<("$BUILD/$program" --help | grep -oE -- '--[a-z]+' | LC_ALL=C sort -u) \
		<(printf '%s\n' "${COMPREPLY[@]}" | grep -E '^--' | LC_ALL=C sort -u)
done

# ---- zsh, in a terminal of its own ----

# in_zsh LINE PATTERN: whether LINE becomes what matches PATTERN by a tab
in_zsh()
{
	# shellcheck disable=SC2016 # for zsh to expand
	timeout 10 zsh -f -c '
		zmodload zsh/zpty
		zpty z zsh -f -i
		zpty -w z "fpath=('"$DIST"' \$fpath); autoload -Uz compinit; compinit -u -D; print RE\"\"ADY"
		zpty -r -m z line "*READY*"
		zpty -w -n z "$(print -r -- "$1")$(print "\t")"
		zpty -r -m z line $2
		found=$?
		zpty -d z
		exit $found' zsh "$1" "$2" >/dev/null
}

if command -v zsh >/dev/null; then
	ok "zsh can read it" zsh -n "$DIST/_favfs"
	ok "a word of -o in zsh" in_zsh "favfs -o dur" "*durability*"
	ok "its value" in_zsh "favfs -o durability=re" "*durability=relaxed*"
	ok "a long option" in_zsh "fsck.favfs --reb" "*--rebuild*"
else
	skip "zsh: it is not here"
fi
conclude
