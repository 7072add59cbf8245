#!/bin/bash
#
# soak.sh - what tests/run does in minutes, for hours: mixed load, a fault every ten seconds and a
# check of everything every minute; or one row of RELIABILITY-REPORT.md in its long size.
#
#	tests/soak/soak.sh [SECONDS=1800] [SEED=n] [STATE=FOLDER]
#	tests/soak/soak.sh ONLY=ROW [STATE=FOLDER]
#	tests/soak/soak.sh ONLY=list
#
# STATE (/var/tmp/favfs-soak) keeps the store, figures.tsv (what each program takes, every five
# seconds) and how far it came: a run that was stopped, even killed, goes on where it was when it
# is started again, until SECONDS are full.  The last line says what was proved; the folder can
# be removed then.  Rows run in chunks with seeds of their own, and go on in the same way.
#
# Exit status: 0; 1 when something was violated or nothing was proved; 2 for usage.
# shellcheck source=../mount/lib.sh
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." || exit 2
seconds=1800 only='' state=/var/tmp/favfs-soak seed=$RANDOM
for word in "$@"; do
	case $word in
	SECONDS=*) seconds=${word#*=} ;;
	ONLY=*) only=${word#*=} ;;
	SEED=*) seed=${word#*=} ;;
	STATE=*) state=${word#*=} ;;
	*) echo "soak.sh: usage: see its head" >&2 && exit 2 ;;
	esac
done
[[ $seconds =~ ^[1-9][0-9]*$ && $seed =~ ^[0-9]+$ ]] || { echo "soak.sh: a number, please" >&2 && exit 2; }
mkdir -p "$state" || exit 2

# ---- one row ----

# row: chunks, script, and the sizes of one chunk
declare -A rows=(
	[crash]="100 crash KILLS=100"
	[points]="1 points POINTS=all"
	[wakeups]="100 wakeups WAKEUPS=1000 CHANGES=50000"
	[ends]="50 ends ROUNDS=20"
	[damage]="50 damage DAMAGES=200"
	[disk]="25 disk ROUNDS=40"
	[listing]="50 memory LISTINGS=20"
	[open]="20 snapshots"
	[model]="500 model OPERATIONS=20000"
)

run_row()
{
	local chunks script sizes done=0 output

	read -r chunks script sizes <<<"${rows[$only]}"
	[[ -s $state/$only.done ]] && done=$(<"$state/$only.done")
	while ((done < chunks)); do
		# shellcheck disable=SC2086 # words
		if ! output=$(env $sizes SEED=$((seed + done)) LIMIT=100000 tests/run "$script"); then
			echo "$output"
			echo "VIOLATED: ONLY=$only, chunk $((done + 1)) of $chunks: $sizes SEED=$((seed + done)) tests/run $script"
			return 1
		fi
		done=$((done + 1))
		echo "$done" >"$state/$only.done"
		echo "$only: $done of $chunks: $sizes: $(tail -n 1 <<<"$output")"
	done
	echo "proved: $chunks times tests/run $script with $sizes, 0 violations"
}

if [[ $only == list ]]; then
	printf '%s\n' "${!rows[@]}" | sort
	exit
elif [[ $only ]]; then
	[[ ${rows[$only]:-} ]] || { echo "soak.sh: $only: no such row (ONLY=list)" >&2 && exit 2; }
	run_row
	exit
fi

# ---- the mixed run ----

. tests/mount/lib.sh
S=$state/store
tsv=$state/figures.tsv
RANDOM=$seed
faults=0 checks=0 acks=0 spent=0
declare -A struck=()
[[ -s $state/progress ]] && read -r spent faults checks acks <"$state/progress"
violations=0
readonly scribes_count=8 fault_every=10 check_every=60 sample_every=5 rss_max_kib=65536 fds_max=128

violated()
{
	violations=$((violations + 1))
	fail "$*"
}

say() { printf '%6d s  %s\n' "$spent" "$*"; }
save() { echo "$spent $faults $checks $acks" >"$state/progress.new" && mv "$state/progress.new" "$state/progress"; }

serve()
{
	up -o retention=60s 2>"$T/up.err" || { violated "it does not serve again: $(<"$T/up.err")" && return 1; }
	eventually who_serves || violated "no aggregator comes"
}

# Eight that mark and unmark, one that imports and expires, one that reads.
load()
{
	local i

	mkdir -p "$M"/restaurants/r{0..9}/fans
	rm -f "$T"/manifest.*
	workers=()
	for ((i = 0; i < scribes_count; i++)); do
		"$TOOLS/scribe" "$RANDOM" "s$i" "$M/restaurants" "$T/manifest.$i" 2>/dev/null &
		workers+=($!)
	done
	while printf 'add\tr1\timported-%d\nremove\tr1\timported-%d\nupdate\tr2\tother-%d\n' $((RANDOM % 999)) \
		$((RANDOM % 999)) $((RANDOM % 99)) >"$M/import" &&
		touch "$M/restaurants/r3/fans/brief" &&
		setfattr -n user.favfs.expires_at -v +1s "$M/restaurants/r3/fans/brief"; do sleep 0.05; done 2>/dev/null &
	workers+=($!)
	while cat "$M"/rankings/* "$M"/counts/r1/* "$M/changes" && ls -lR "$M/restaurants" "$M/users" && sleep 0.2; do :; done >/dev/null 2>&1 &
	workers+=($!)
	disown "${workers[@]}"
}

rest()
{
	local pid

	kill "${workers[@]}" 2>/dev/null
	for pid in "${workers[@]}"; do
		eventually has_ended "$pid" || violated "a caller is stuck"
	done
	workers=()
	rm -f "$M/restaurants/r3/fans/brief" # it would expire between two looks of a check
}

# sample WHEN: a line for each program
sample()
{
	local pid kib fds name

	for name in favfs aggregator; do
		pid=${!name}
		kib=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null) || continue
		fds=(/proc/"$pid"/fd/*)
		[[ $kib ]] || continue
		printf '%d\t%s\t%d\t%d\t%d\t%d\n' "$spent" $name "$pid" "$kib" ${#fds[@]} \
			"$(stat -c %s "$S/favorites.db-wal" 2>/dev/null || echo 0)" >>"$tsv"
		((kib <= rss_max_kib)) || is_sanitized || violated "$name takes $kib KiB"
		((${#fds[@]} <= fds_max)) || violated "$name has ${#fds[@]} descriptors open"
	done
}

# verify: nobody writes now; what was acknowledged is so
verify()
{
	compare_manifests
	acks=$((acks + $(grep -c ^done "$T/manifests")))
	[[ -s $T/wrong ]] && violated "after $1: $(head -n 3 "$T/wrong" | tr '\n' '|')"
}

# What stays up is sampled; what goes down comes up again.
strike()
{
	local what=$1

	case $what in
	kill-favfs) kill -KILL "$favfs" ;;
	kill-all) kill -KILL "$aggregator" "$favfs" ;;
	kill-unlinker) kill -KILL "$(pid_of favfs-unlinker)" ;;
	kill-aggregator) kill -KILL "$aggregator" ;;
	kill-callers) kill -KILL "${workers[@]}" 2>/dev/null ;;
	SIGTERM) kill "$favfs" ;;
	lazy-umount) unmount -l "$M" ;;
	remove-derived) rm -f "$S"/derived.db* ;;
	remove-bells) rm -f "$S"/*.bell ;;
	stop-aggregator)
		kill -STOP "$aggregator"
		sleep 2
		kill -CONT "$aggregator"
		;;
	esac
	struck[$what]=$((${struck[$what]:-0} + 1))
	faults=$((faults + 1))
}
# One favfs has to live for long enough to be seen growing.
readonly harms=(kill-favfs remove-derived kill-callers remove-bells stop-aggregator kill-unlinker kill-aggregator
	kill-callers remove-derived remove-bells stop-aggregator kill-all SIGTERM lazy-umount)

ends() { [[ $1 == kill-favfs || $1 == kill-all || $1 == SIGTERM || $1 == lazy-umount ]]; }

fault()
{
	local harm=${harms[faults % ${#harms[@]}]}

	strike "$harm"
	if ends "$harm"; then
		rest
		eventually has_ended "$favfs" || violated "$harm: favfs does not end"
		serve || exit
		verify "$harm"
		load
	elif [[ $harm == kill-callers ]]; then
		rest
		verify "$harm"
		load
	else
		eventually who_serves || violated "$harm: an aggregator comes back"
	fi
	say "$harm: $acks acknowledged, $violations violations"
}

check()
{
	rest
	verify "a minute"
	settle || violated "the barrier"
	recount >"$T/recounted"
	show_rankings >"$T/shown"
	diff "$T/recounted" "$T/shown" >"$T/out" || violated "rankings: $(head -n 3 "$T/out" | tr '\n' '|')"
	"$BUILD/fsck.favfs" -n "$S" >"$T/fsck" 2>&1 || violated "fsck.favfs: $(head -n 3 "$T/fsck" | tr '\n' '|')"
	checks=$((checks + 1))
	say "checked: $(sed -n '$p' "$T/fsck")"
	load
}

# Of each process that lived for a minute, and of each program in all of its lives together, the
# last third of its samples against the second.  SQLite fills a cache of 16 MiB at first.
flat()
{
	awk -F '\t' '
		function note(p) { n[p]++; kib[p, n[p]] = $4; fds[p, n[p]] = $5 }
		{ note($2); note($2 " pid " $3) }
		END {
			for (p in n) {
				if (n[p] < 12)
					continue
				third = int(n[p] / 3); a = b = c = d = 0
				for (i = third + 1; i <= 2 * third; i++) { a += kib[p, i]; c += fds[p, i] }
				for (i = n[p] - third + 1; i <= n[p]; i++) { b += kib[p, i]; d += fds[p, i] }
				judged++
				if (b > a * 1.25 + 16384 * third) print p " grew from " a / third " to " b / third " KiB"
				if (d > c * 1.25 + 8 * third) print p " went from " c / third " to " d / third " descriptors"
			}
			print judged + 0 " series judged" > "/dev/stderr"
		}' "$tsv" 2>"$T/judged"
}

stopped()
{
	[[ $BASHPID == "$$" ]] || exit 1 # a child that was killed before it forgot this
	kill "${workers[@]}" 2>/dev/null
	save
	echo "stopped after $spent s: started again it goes on"
	concluded=yes
	exit 1
}
# What a worker had started may look at the mount a little longer.
unmounts() { unmount "$M" 2>/dev/null; }

trap stopped INT TERM HUP
trap '[[ $BASHPID != "$$" ]] || finish' EXIT
echo "SEED=$seed SECONDS=$seconds STATE=$state"
((spent == 0)) || echo "going on after $spent s"
serve || exit
load
last=$SECONDS next_fault=$((spent + fault_every)) next_check=$((spent + check_every)) next_sample=$spent
while ((spent < seconds && violations == 0)); do
	sleep 0.5
	spent=$((spent + SECONDS - last)) last=$SECONDS
	if ((spent >= next_sample)); then sample && next_sample=$((spent + sample_every)); fi
	if ((spent >= next_fault)); then fault && next_fault=$((spent + fault_every)) && save; fi
	if ((spent >= next_check)); then check && next_check=$((spent + check_every)) && save; fi
done
check
rest
eventually unmounts || violated "umount"
eventually has_no_favfs || violated "favfs does not end"
flat >"$T/grown"
[[ -s $T/grown ]] && violated "$(<"$T/grown")"
save
at_least "faults" 1 "$faults"
at_least "checks" 1 "$checks"
at_least "series of figures that are long enough to be judged" 1 "$(cut -d ' ' -f 1 "$T/judged")"
at_least "acknowledged changes" $((faults * 10)) "$acks"
for harm in "${!struck[@]}"; do printf '%s %d, ' "$harm" "${struck[$harm]}"; done
printf '\nmost: '
awk -F '\t' '{ if ($4 > kib[$2]) kib[$2] = $4; if ($5 > fds[$2]) fds[$2] = $5; if ($6 > wal) wal = $6 }
	END { for (p in kib) printf "%s %d KiB, %d descriptors; ", p, kib[p], fds[p]; printf "log %d bytes; ", wal }' "$tsv"
cat "$T/judged"
if ((violations)); then
	echo "VIOLATED: $violations times in $spent s, SEED=$seed; $S is left as it is"
else
	echo "proved: $spent s, $acks acknowledged changes, $faults faults, $checks full checks: 0 violations"
	rm -f "$state/progress"
fi
conclude
