#!/bin/bash
#
# examples.sh - the examples of the man pages, run on a mount: what they print is what the pages say.
#
# In a page an example stands between the lines
#
#	.\" example NAME
#	.\" end
#
# Lines of it that start with "$ " are commands, "> " goes on with one, all others are what
# they print.  It is run as that, line by line, unless there is a function example_NAME here (with _
# for -): that is for files, and for what does not end by itself.  What is no example, because
# it only shows a form, starts with ".\" form NAME".  A display that is neither fails, and so
# does an example that is no session and has no function, and a function without an example.
#
# Folders at the top of the examples are in one of ours; moments, days and pids are not compared.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

MAN=$(cd "$(dirname "$0")/../../man" && pwd) || exit 2
DIST=$(cd "$(dirname "$0")/../../dist" && pwd) || exit 2
ROOT=$T/root
S=$ROOT/srv/favourites
M=$ROOT/mnt/favourites
EXAMPLE=$T/example # the text of the one at hand
export PATH=$BUILD:$PATH

# ---- reading the pages ----

# From a page as it is written: what a reader sees.
unescape() { sed 's/^\\&//; s/\\-/-/g; s/\\(aq/'\''/g; s/\\(ga/`/g; s/\\(ha/^/g; s/\\(ti/~/g; s/\\e/\\/g'; }

# text_of PAGE NAME
text_of()
{
	awk -v name="$2" '
		$0 == ".\\\" example " name { on = 1; next }
		on && $0 == ".\\\" end" { exit }
		on && !/^\.(Bd|Ed)/' "$1" | unescape
}

examples_of() { sed -n 's/^\.\\" example \([a-z][a-z-]*\)$/\1/p' "$1"; }

# Literal displays that are neither an example nor a form.
unmarked_in()
{
	awk '
		/^\.\\" (example|form) / { marked = 1 }
		/^\.\\" end$/ { marked = 0 }
		/^\.Bd -literal/ && !marked { print FILENAME ":" FNR }' "$1"
}

# ---- running them ----

# The folders of the examples are in ours.
to_ours() { sed -E "s#/usr/bin/(favfs|fsck|mkfs|mount)#$BUILD/\1#g; s#(^|[^A-Za-z0-9_./-])/(srv|mnt|var|etc)/#\1$ROOT/\2/#g"; }
to_theirs() { sed "s#$ROOT/#/#g; s#$BUILD/#/usr/bin/#g"; }

# What is another with every run.
without_moments()
{
	sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/MOMENT/g; s/pid [0-9]+/pid N/g;
		s/^bash: line [0-9]+: /bash: /'
}

is_mounted() { grep -qF " $M " /proc/self/mountinfo; }

# Prints each command as the page does, and what it prints after it.
run_session()
{
	awk -v quote="'" '
		function flush() {
			if (command == "")
				return
			text = command
			gsub(quote, quote "\\" quote quote, text)
			print "printf \"%s\\n\" " quote text quote
			gsub(/\n> /, "\n", command)
			print "{ " substr(command, 3) "\n} >\"$out\" 2>&1; sed \x27$a\\\x27 \"$out\""
			command = ""
		}
		/^\$ / { flush(); command = $0; next }
		/^> / { command = command "\n" $0; next }
		END { flush() }' "$EXAMPLE.ours" >"$EXAMPLE.sh"
	cd / || return
	if $in_mount && is_mounted; then cd "$M" || return; fi
	out=$EXAMPLE.out bash "$EXAMPLE.sh" </dev/null 2>&1 | sed "s#^$EXAMPLE.sh: #bash: #" | to_theirs
	cd "$T" || return
}

# check_session WHAT
check_session()
{
	run_session >"$EXAMPLE.all"
	without_moments <"$EXAMPLE" >"$T/expected"
	without_moments <"$EXAMPLE.all" >"$T/shown"
	same "$1" "$T/expected" "$T/shown"
}

# run PAGE NAME
run()
{
	local page=$1 name=$2 function=example_${2//-/_}

	text_of "$page" "$name" >"$EXAMPLE"
	to_ours <"$EXAMPLE" >"$EXAMPLE.ours"
	if declare -F "$function" >/dev/null; then
		used[$function]=yes
		"$function"
	elif [[ $(head -c 2 "$EXAMPLE") == '$ ' ]]; then
		check_session "${page##*/}: $name"
	else
		fail "${page##*/}: $name: no session, and nothing here knows how to run it"
	fi
}

# A page begins with nothing mounted and no store.
begin_page()
{
	local mount

	cd "$T" || exit
	while read -r mount; do unmount "$mount"; done < <(mounts_in "$ROOT")
	eventually none_in "$ROOT"
	rm -rf --one-file-system "$ROOT"
	mkdir -p "$ROOT"/{srv,etc/systemd/system,var/{lib/prometheus/node-exporter,backups}} \
		"$ROOT"/mnt/{favourites,look,berlin,restored,new,years}
}

run_page()
{
	local name

	is "${1##*/}: each display is marked" "" "$(unmarked_in "$1")"
	begin_page
	in_mount=false
	[[ $1 == *.[57] ]] && in_mount=true # section 8 is about mounting
	[[ $1 == */favfs.5 ]] && must_up
	while read -r name; do
		run "$1" "$name"
	done < <(examples_of "$1")
}

# ---- those that are no sessions ----

# The first command of the one at hand, to be run in the mount while something else is done.
start_in_mount()
{
	awk '/^\$ / { print substr($0, 3); next } /^> / { print substr($0, 3); next } { exit }' \
		"$EXAMPLE.ours" >"$EXAMPLE.sh"
	(cd "$M" && exec setsid bash "$EXAMPLE.sh") >"$EXAMPLE.out" 2>&1 &
	background=$!
}

# A program of the session that is in the background, which must be gone before the mount is.
stop_it()
{
	kill -- "-$background" 2>/dev/null
	wait "$background" 2>/dev/null
}

has_printed() { [[ $(<"$EXAMPLE.out") == "$(grep -v '^[$>] ' "$EXAMPLE")" ]]; }

watches()
{
	local pid

	for pid in $(pgrep -g "$background" -x inotifywait); do
		grep -qs ^inotify "/proc/$pid/fdinfo"/* && return
	done
	return 1
}
has_tail() { pgrep -g "$background" -x tail >/dev/null && sleep 0.1; }

example_watch()
{
	start_in_mount
	ok "watch: inotifywait looks" eventually watches
	touch "$M/restaurants/noma/fans/heidi"
	rm "$M/restaurants/noma/fans/heidi"
	ok "watch: it prints what the page says" eventually has_printed
	stop_it
}

example_follow()
{
	start_in_mount
	ok "follow: tail looks" eventually has_tail
	touch "$M/restaurants/noma/fans/heidi"
	rm "$M/restaurants/noma/fans/heidi"
	ok "follow: it prints what the page says" eventually has_printed
	stop_it
}

has_opened() { find "/proc/$waiting/fd" -lname '*/rankings/*' 2>/dev/null | grep -q .; }

example_await()
{
	local waiting

	if ! command -v python3 >/dev/null; then
		skip "await: no python3 here"
		return
	fi
	python3 "$EXAMPLE" "$M/rankings/all" &
	waiting=$!
	ok "await: it opens the ranking" eventually has_opened
	ok "await: and waits" kill -0 $waiting
	touch "$M/restaurants/noma/fans/ivan"
	ok "await: until there is a newer one" wait $waiting
}

example_take()
{
	local all

	all=$(wc -l <"$M/changes")
	is "take: first all" "$all" "$(sh "$EXAMPLE.ours" | wc -l)"
	is "take: then nothing" "" "$(sh "$EXAMPLE.ours")"
	touch "$M/restaurants/noma/fans/judy"
	is "take: then what is new" $'add\tnoma\tjudy' "$(sh "$EXAMPLE.ours" | cut -f 3-5)"
	is "take: once" "" "$(sh "$EXAMPLE.ours")"
}

example_serve()
{
	printf 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n' | sh "$EXAMPLE.ours" >"$T/answer"
	is "serve: it is HTTP" $'HTTP/1.0 200 OK\r' "$(head -n 1 "$T/answer")"
	is "serve: with the metrics after an empty line" '# HELP favfs_build_info' \
		"$(awk 'body { print $1, $2, $3; exit } /^\r$/ { body = 1 }' "$T/answer")"
}

# One file for each unit; only systemd itself can run them.
example_units()
{
	local units=$T/units

	mkdir "$units"
	awk -v dir="$units" '
		/^\[Service\]/ { service = 1 }
		{ print > (dir "/favfs-metrics" (service ? "@.service" : ".socket")) }' "$EXAMPLE"
	if ! command -v systemd-analyze >/dev/null; then
		skip "units: no systemd-analyze here"
		return
	fi
	sed -i 's#^ExecStart=.*#ExecStart=/bin/true#' "$units/favfs-metrics@.service"
	is "units: systemd has nothing against them" "" \
		"$(cd "$units" && systemd-analyze verify ./favfs-metrics.socket 2>&1 | grep favfs-metrics)"
}

# The lines of a crontab without their times and user.
example_cron()
{
	local line

	while read -r _ _ _ _ _ line; do
		is "cron: the user" root "${line%% *}"
		ok "cron: no % that cron(8) would take" test "${line/\%/}" == "$line"
		is "cron: ${line#root }" "" "$(bash -c "${line#root }" 2>&1)"
	done <"$EXAMPLE.ours"
	ok "cron: there is a backup" tar -tf "$ROOT/var/backups/favourites.tar"
}

# What the path unit does is done by hand.
example_on_demand()
{
	local mounting start

	unmount "$M"
	eventually none_in "$ROOT"
	mounting=$(sed -n '1s/^\$ //p' "$EXAMPLE.ours")
	ok "on-demand: the mount" bash -c "$mounting"
	ok "on-demand: the units are there" test -e "$DIST/systemd/favfs-aggregator@.path"
	ok "on-demand: the one to be enabled is among them" grep -q 'enable.*"favfs-aggregator@.*\.path"$' "$EXAMPLE"
	touch "$M/restaurants/noma/fans/mallory"
	ok "on-demand: its condition holds" test -e "$S/favorites.bell"
	start=$(sed -n 's/^ExecStart=//p' "$DIST/systemd/favfs-aggregator@.service" |
		to_ours | sed "s#%f#$S#; s/--linger 30/--linger 0/")
	ok "on-demand: the service counts" bash -c "$start"
	is "on-demand: all of it" 0 "$(sed -n 's/^lag_changes: //p' "$M/status")"
	ok "on-demand: then its condition holds no longer" test ! -e "$S/favorites.bell"
	if command -v systemd-escape >/dev/null; then
		is "on-demand: the name of the instance" srv-favourites "$(systemd-escape --path /srv/favourites)"
	fi
}

example_updatedb()
{
	echo 'PRUNEFS="NFS nfs4 tmpfs"' >"$ROOT/etc/updatedb.conf"
	check_session "updatedb: what it prints"
	is "updatedb: the type is in the list" 'PRUNEFS="fuse.favfs NFS nfs4 tmpfs"' \
		"$(<"$ROOT/etc/updatedb.conf")"
}

# Nobody counts any more when derived.db is taken away.
example_repair()
{
	ok "repair: all have ended" eventually none_in "$ROOT"
	check_session "repair"
}

example_by_hand()
{
	check_session "by-hand"
	ok "by-hand: nothing is mounted" test ! -e "$M/status"
}

# by_fstab: what mount(8) would call for the line of the example
by_fstab()
{
	local store mountpoint type options rest

	read -r store mountpoint type options rest <"$EXAMPLE.ours"
	is "fstab: type and the last fields" "favfs 0 0" "$type $rest"
	ok "fstab: mount.favfs takes $options" mount.favfs "$store" "$mountpoint" -o "rw,$options"
	ok "fstab: it is mounted" is_mounted
	ok "fstab: for others, too" grep -q ' allow_other\|,allow_other' <(grep -F " $M " /proc/self/mountinfo)
	unmount "$M"
	eventually none_in "$ROOT"
}

# Who holds it is told; pids and the widths of columns differ.
example_holders()
{
	local holder

	if [[ $(id -u) != 0 ]]; then
		skip "holders: umount(8) is root's"
		return
	fi
	(cd "$M" && exec sleep 100) &
	holder=$!
	is "holders: umount refuses" "umount: /mnt/favourites: target is busy." "$(umount "$M" 2>&1 | to_theirs)"
	is "holders: fuser names them" "root kernel mount /mnt/favourites root $holder ..c.. sleep" \
		"$(fuser -vm "$M" 2>&1 | grep -v "^Cannot stat file" | to_theirs | sed '1d; s/^[^ ]*: *//' | xargs)"
	kill $holder
	wait $holder 2>/dev/null
}

# What systemd would call: mount(8) with these, which calls mount.favfs.
example_mount_unit()
{
	local unit=$T/mnt-favourites.mount what where options

	cp "$EXAMPLE" "$unit"
	if command -v systemd-analyze >/dev/null; then
		is "mount-unit: systemd has nothing against it" "" "$(systemd-analyze verify --man=no "$unit" 2>&1 | grep "${unit##*/}")"
		is "mount-unit: its name" "${unit##*/}" "$(systemd-escape --path --suffix=mount "$(sed -n 's/^Where=//p' "$unit")")"
	fi
	what=$(sed -n 's/^What=//p' "$EXAMPLE.ours") where=$(sed -n 's/^Where=//p' "$EXAMPLE.ours")
	options=$(sed -n 's/^Options=//p' "$EXAMPLE.ours")
	ok "mount-unit: mount.favfs takes it" mount.favfs "$what" "$where" -o "$options"
	ok "mount-unit: it is mounted" is_mounted
	unmount "$M"
	eventually none_in "$ROOT"
}

# What it starts, in folders of ours.
example_service()
{
	local unit=$DIST/systemd/favfs@.service start stop

	if [[ $(id -u) != 0 ]]; then
		skip "service: it is root's"
		return
	fi
	ok "service: it is named like the unit" grep -q ' favfs@home$' "$EXAMPLE"
	start=$(sed -n 's/^ExecStart=//p' "$unit" | to_ours | sed "s#\${OPTIONS}#$(sed -n 's/^Environment=OPTIONS=//p' "$unit")#; s/%i/home/g")
	stop=$(sed -n 's/^ExecStopPost=-//p' "$unit" | to_ours | sed 's/%i/home/g')
	mkdir -p "$ROOT"/{var/lib,srv}/favfs/home
	$start &
	ok "service: it mounts" eventually test -e "$ROOT/srv/favfs/home/status"
	kill -KILL $!
	wait $! 2>/dev/null
	bash -c "$stop"
	is "service: what a crash left is taken away" "" "$(mounts_in "$ROOT/srv")"
}

example_fstab() { by_fstab; }
example_automount() { by_fstab; }

# ---- all ----

declare -A used=()
for page in "$MAN"/*.[578]; do
	run_page "$page"
done
begin_page
while read -r _ _ function; do
	[[ $function != example_* || ${used[$function]:-} ]] || fail "$function: no page has it"
done < <(declare -F)
conclude
