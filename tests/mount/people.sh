#!/bin/bash
#
# people.sh - who may do what: each call by each caller, as a table of errnos; who gets in
# with and without allow_other and allow_root; login_names; mounting as an ordinary user.
# Runs alone.

# Mounts that only this script sees: it makes /dev/fuse accessible to an ordinary user in them.
if [[ $(id -u) == 0 && ! ${PEOPLE_APART:-} ]] && unshare -m true 2>/dev/null; then
	PEOPLE_APART=yes exec unshare -m --propagation private bash "$0"
fi
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

if [[ $(id -u) != 0 ]]; then
	skip "what other users may do: only root can act as them"
	conclude
	exit
fi
mounter=nobody owner=daemon other=bin # logins that Debian has everywhere; nobody logs in as them
for login in $mounter $owner $other; do
	id "$login" >/dev/null 2>&1 && continue
	skip "what other users may do: there is no login '$login'"
	conclude
	exit
done
owner_id=$(id -u $owner) owner_group=$(id -g $owner) other_id=$(id -u $other)

# as LOGIN COMMAND...
as()
{
	if [[ $1 == root ]]; then
		"${@:2}"
	else
		setpriv --reuid="$(id -u "$1")" --regid="$(id -g "$1")" --clear-groups "${@:2}"
	fi
}

# attempt LOGIN CALL...: one call of syscalls.c, or touch(1), and its errno by name
attempt()
{
	if [[ $2 != touch ]]; then
		as "$1" "$TOOLS/syscalls" "${@:2}"
	elif as "$1" touch "$3" 2>"$T/err"; then
		echo ok
	else
		sed 's/.*: Permission denied/EACCES/; s/.*: Operation not permitted/EPERM/' "$T/err"
	fi
}

# What the calls act on, as it was before the first.
restore()
{
	rm -r restaurants/* 2>/dev/null
	mkdir -p restaurants/{taj,noma,bare}/fans restaurants/empty
	touch restaurants/taj/fans/{owned,second,foreign}
	setfattr -n user.x -v 1 restaurants/taj/fans/owned
	chown "$owner_id:$owner_group" restaurants/taj/fans/{owned,second}
	chown "$other_id" restaurants/taj/fans/foreign
}

# matrix NAME=LOGIN...: the table on stdin, for each of these columns of it
matrix()
{
	local what call verdicts words expected column login got

	while IFS='|' read -r what call verdicts; do
		[[ $what ]] || continue
		read -ra words <<<"$call"
		read -ra expected <<<"$verdicts"
		for column; do
			login=${column#*=}
			got=$(attempt "$login" "${words[@]}")
			is "$what, by the ${column%=*} ($login)" "${expected[${number[${column%=*}]}]}" "$got"
			[[ $got != ok ]] || restore
		done
	done
}
declare -A number=([root]=0 [mounter]=1 [owner]=2 [other]=3)

# The owner is that of the favourite "owned"; modes are 0755, fans/ is 01777 of the mounter.
marks()
{
	#  what | call | root, mounter, owner, somebody else
	sed 's/[[:blank:]]*|[[:blank:]]*/|/g' <<-TABLE
	a restaurant         | mkdir restaurants/new                          | ok ok EACCES EACCES
	fans/ of an empty one | mkdir restaurants/empty/fans                  | ok ok EACCES EACCES
	another directory    | mkdir restaurants/empty/menu                   | EPERM EPERM EACCES EACCES
	a directory in fans/ | mkdir restaurants/taj/fans/dir                 | EPERM EPERM EPERM EPERM
	an existing one      | mkdir restaurants/taj                          | EEXIST EEXIST EEXIST EEXIST
	rmdir of an empty one | rmdir restaurants/empty                       | ok ok EACCES EACCES
	rmdir of empty fans/ | rmdir restaurants/bare/fans                    | ok ok EACCES EACCES
	rmdir of full fans/  | rmdir restaurants/taj/fans                     | ENOTEMPTY ENOTEMPTY EACCES EACCES
	a file beside fans/  | open O_CREAT,O_WRONLY restaurants/taj/x        | EPERM EPERM EACCES EACCES
	touch marks          | touch restaurants/taj/fans/new                 | ok ok ok ok
	O_EXCL marks         | open O_CREAT,O_EXCL,O_WRONLY restaurants/taj/fans/new | ok ok ok ok
	mknod marks          | mknod file restaurants/taj/fans/new            | ok ok ok ok
	touch again          | touch restaurants/taj/fans/owned               | ok EACCES ok EACCES
	O_EXCL again         | open O_CREAT,O_EXCL,O_WRONLY restaurants/taj/fans/owned | EEXIST EEXIST EEXIST EEXIST
	mknod again          | mknod file restaurants/taj/fans/owned          | EEXIST EEXIST EEXIST EEXIST
	stat                 | stat restaurants/taj/fans/owned                | ok ok ok ok
	opening to read      | open O_RDONLY restaurants/taj/fans/owned       | ok ok ok ok
	opening to write     | open O_WRONLY restaurants/taj/fans/owned       | ok EACCES ok EACCES
	writing              | write restaurants/taj/fans/owned               | EPERM EACCES EPERM EACCES
	truncating           | truncate 0 restaurants/taj/fans/owned          | ok EACCES ok EACCES
	growing              | truncate 1 restaurants/taj/fans/owned          | EPERM EACCES EPERM EACCES
	rm                   | unlink restaurants/taj/fans/owned              | ok ok ok EPERM
	rm of no favourite   | unlink restaurants/taj/fans/none               | ENOENT ENOENT ENOENT ENOENT
	mv within            | rename 0 restaurants/taj/fans/owned restaurants/taj/fans/new | ok ok ok EPERM
	mv across            | rename 0 restaurants/taj/fans/owned restaurants/noma/fans/owned | ok ok ok EPERM
	mv over one's own    | rename 0 restaurants/taj/fans/owned restaurants/taj/fans/second | ok ok ok EPERM
	mv over another's    | rename 0 restaurants/taj/fans/owned restaurants/taj/fans/foreign | ok ok EPERM EPERM
	mv of another's over | rename 0 restaurants/taj/fans/foreign restaurants/taj/fans/owned | ok ok EPERM EPERM
	mv beside fans/      | rename 0 restaurants/taj/fans/owned restaurants/taj/x | EPERM EPERM EACCES EPERM
	mv of a restaurant   | rename 0 restaurants/taj restaurants/new       | EXDEV EXDEV EACCES EACCES
	chmod                | chmod 0600 restaurants/taj/fans/owned          | ok EPERM ok EPERM
	chown                | chown $other_id -1 restaurants/taj/fans/owned  | ok EPERM EPERM EPERM
	chown to itself      | chown $owner_id -1 restaurants/taj/fans/owned  | ok EPERM ok EPERM
	the time now         | utimens-now restaurants/taj/fans/owned         | ok EACCES ok EACCES
	an explicit time     | utimens 1000000000 1 restaurants/taj/fans/owned | ok EPERM ok EPERM
	a time before 1970   | utimens -5 0 restaurants/taj/fans/owned        | EINVAL EPERM EINVAL EPERM
	an attribute         | setxattr user.y 2 restaurants/taj/fans/owned   | ok EACCES ok EACCES
	changing one         | setxattr user.x 2 restaurants/taj/fans/owned   | ok EACCES ok EACCES
	removing one         | removexattr user.x restaurants/taj/fans/owned  | ok EACCES ok EACCES
	removing what is not there | removexattr user.y restaurants/taj/fans/owned | ENODATA EACCES ENODATA EACCES
	an expiry            | setxattr user.favfs.expires_at +90d restaurants/taj/fans/owned | ok EACCES ok EACCES
	a malformed expiry   | setxattr user.favfs.expires_at soon restaurants/taj/fans/owned | EINVAL EACCES EINVAL EACCES
	created_at by attribute | setxattr user.favfs.created_at 2026-01-01T00:00:00Z restaurants/taj/fans/owned | EPERM EACCES EPERM EACCES
	an unknown user.favfs. | setxattr user.favfs.x 1 restaurants/taj/fans/owned | EPERM EACCES EPERM EACCES
	an attribute for root | setxattr trusted.x 1 restaurants/taj/fans/owned | EOPNOTSUPP EPERM EPERM EPERM
	chmod of a directory | chmod 0700 restaurants/taj                     | EPERM EPERM EPERM EPERM
	chmod of fans/       | chmod 0755 restaurants/taj/fans                | EPERM EPERM EPERM EPERM
	chmod to what it is  | chmod 0755 restaurants/taj                     | ok ok EPERM EPERM
	chown of a directory | chown $owner_id -1 restaurants/taj             | EPERM EPERM EPERM EPERM
	times of a directory | utimens 1000000000 1 restaurants/taj           | ok ok EPERM EPERM
	a link to a favourite | link restaurants/taj/fans/owned restaurants/noma/fans/link | EPERM EPERM EPERM EPERM
	a symbolic link      | symlink x restaurants/noma/fans/link           | EPERM EPERM EPERM EPERM
	a fifo               | mknod fifo restaurants/noma/fans/fifo          | EPERM EPERM EPERM EPERM
	import to write      | open O_WRONLY import                           | ok ok EACCES EACCES
	import to read       | open O_RDONLY import                           | ok ok EACCES EACCES
	> import             | truncate 0 import                              | ok ok EACCES EACCES
	a bad line in import | write import                                   | ok ok EACCES EACCES
	rm of import         | unlink import                                  | EPERM EACCES EACCES EACCES
	chmod of import      | chmod 0666 import                              | EPERM EPERM EPERM EPERM
	TABLE
}

# Nothing derived can be changed.  Times, modes and owners are their owner's and root's
# to ask for, as of any file: those get favfs's EPERM, others the kernel's.
derived()
{
	local file directory

	sed 's/[[:blank:]]*|[[:blank:]]*/|/g' <<-TABLE
	mkdir at the top     | mkdir dir                                      | EPERM EACCES EACCES EACCES
	a file at the top    | open O_CREAT,O_WRONLY file                     | EPERM EACCES EACCES EACCES
	mv of restaurants/   | rename 0 restaurants r                         | EPERM EACCES EACCES EACCES
	mv of a favourite into rankings/ | rename 0 restaurants/taj/fans/owned rankings/x | EPERM EACCES EACCES EPERM
	mv of a ranking into fans/ | rename 0 rankings/all restaurants/taj/fans/x | EPERM EACCES EACCES EACCES
	mv of status over a favourite | rename 0 status restaurants/taj/fans/owned | EPERM EACCES EACCES EACCES
	mv of a user         | rename 0 users/owned users/x                   | EPERM EACCES EACCES EACCES
	rmdir of a user      | rmdir users/owned                              | EPERM EACCES EACCES EACCES
	rmdir of favorites/  | rmdir users/owned/favorites                    | EPERM EACCES EACCES EACCES
	rm of a user's link  | unlink users/owned/favorites/taj               | EPERM EACCES EACCES EACCES
	a link of a user     | symlink x users/owned/favorites/noma           | EPERM EACCES EACCES EACCES
	mv of a user's link  | rename 0 users/owned/favorites/taj users/owned/favorites/x | EPERM EACCES EACCES EACCES
	rm of an alias       | unlink rankings/month                          | EPERM EACCES EACCES EACCES
	TABLE
	for file in rankings/all counts/taj/all status metrics changes; do
		sed 's/[[:blank:]]*|[[:blank:]]*/|/g' <<-TABLE
		reading $file    | open O_RDONLY $file            | ok ok ok ok
		opening $file to write | open O_WRONLY $file      | EPERM EACCES EACCES EACCES
		> $file          | open O_WRONLY,O_TRUNC $file    | EPERM EACCES EACCES EACCES
		reading $file, emptied | open O_RDONLY,O_TRUNC $file | EPERM EACCES EACCES EACCES
		truncating $file | truncate 0 $file               | EPERM EACCES EACCES EACCES
		rm of $file      | unlink $file                   | EPERM EACCES EACCES EACCES
		mv of $file      | rename 0 $file $file.old       | EPERM EACCES EACCES EACCES
		an attribute of $file | setxattr user.x 1 $file   | EPERM EACCES EACCES EACCES
		touch of $file   | utimens-now $file              | EPERM EPERM EACCES EACCES
		times of $file   | utimens 1000000000 1 $file     | EPERM EPERM EPERM EPERM
		chmod of $file   | chmod 0666 $file               | EPERM EPERM EPERM EPERM
		chown of $file   | chown $other_id -1 $file       | EPERM EPERM EPERM EPERM
		TABLE
	done
	for directory in counts counts/taj rankings users users/owned users/owned/favorites; do
		sed 's/[[:blank:]]*|[[:blank:]]*/|/g' <<-TABLE
		mkdir in $directory/  | mkdir $directory/dir                   | EPERM EACCES EACCES EACCES
		a file in $directory/ | open O_CREAT,O_WRONLY $directory/file  | EPERM EACCES EACCES EACCES
		mknod in $directory/  | mknod file $directory/file             | EPERM EACCES EACCES EACCES
		chmod of $directory/  | chmod 0777 $directory                  | EPERM EPERM EPERM EPERM
		TABLE
	done
}

# login_names: a favourite is of its name, whoever owns the file.  "daemon" is the owner.
of_their_names()
{
	sed 's/[[:blank:]]*|[[:blank:]]*/|/g' <<-TABLE
	touch of a free name | touch restaurants/noma/fans/$owner              | ok ok ok EPERM
	O_EXCL of it         | open O_CREAT,O_EXCL,O_WRONLY restaurants/noma/fans/$owner | ok ok ok EPERM
	mknod of it          | mknod file restaurants/noma/fans/$owner         | ok ok ok EPERM
	a name of nobody     | touch restaurants/noma/fans/none                | ok ok EPERM EPERM
	rm of one's own file with another's name | unlink restaurants/taj/fans/owned | ok ok EPERM EPERM
	touch of what is there | touch restaurants/taj/fans/owned              | ok EACCES ok EACCES
	mv of another's name to one's own | rename 0 restaurants/taj/fans/owned restaurants/noma/fans/$owner | ok ok EPERM EPERM
	mv from a free name  | rename 0 restaurants/taj/fans/none restaurants/noma/fans/$owner | ENOENT ENOENT ENOENT ENOENT
	TABLE
}

# A favourite of the owner's under the owner's name, anew before each.
own_name()
{
	restore
	as $owner touch "restaurants/taj/fans/$owner"
}

login_names_hold()
{
	local who=$1 columns=("${@:2}")

	restore
	matrix "${columns[@]}" < <(of_their_names)
	own_name
	is "$who: mv of one's own name to another" EPERM \
		"$(attempt $owner rename 0 restaurants/taj/fans/$owner restaurants/taj/fans/$other)"
	is "$who: also with RENAME_NOREPLACE" EPERM \
		"$(attempt $owner rename RENAME_NOREPLACE restaurants/taj/fans/$owner restaurants/taj/fans/$other)"
	is "$who: mv of it by somebody else" EPERM \
		"$(attempt $other rename 0 restaurants/taj/fans/$owner restaurants/taj/fans/$other)"
	is "$who: mv of it to another restaurant" ok \
		"$(attempt $owner rename 0 restaurants/taj/fans/$owner restaurants/noma/fans/$owner)"
	is "$who: rm of it by somebody else" EPERM "$(attempt $other unlink restaurants/noma/fans/$owner)"
	is "$who: rm of it" ok "$(attempt $owner unlink restaurants/noma/fans/$owner)"
	is "$who: a user without a login" EPERM \
		"$(setpriv --reuid=54321 --regid=54321 --clear-groups "$TOOLS/syscalls" mknod file restaurants/noma/fans/54321)"
	own_name
	is "$who: root moves it to another name" ok \
		"$(attempt root rename 0 restaurants/taj/fans/$owner restaurants/taj/fans/$other)"
	is "$who: whose file it then is not" EPERM "$(attempt $other unlink restaurants/taj/fans/$other)"
}

# closed LOGIN WHO: nothing of the mount answers
closed()
{
	local call

	while read -ra call; do
		is "$2: ${call[*]}" EACCES "$(attempt "$1" "${call[@]}")"
	done <<-CALLS
		open O_RDONLY,O_DIRECTORY $M
		stat $M/status
		stat $M/restaurants/taj/fans/owned
		stat $M/restaurants/taj/fans/none
		open O_RDONLY,O_DIRECTORY $M/restaurants
		open O_RDONLY $M/rankings/all
		open O_RDONLY $M/changes
		open O_WRONLY $M/import
		open O_CREAT,O_WRONLY $M/restaurants/taj/fans/new
		mknod file $M/restaurants/taj/fans/new
		mkdir $M/restaurants/new
		unlink $M/restaurants/taj/fans/owned
		rename 0 $M/restaurants/taj/fans/owned $M/restaurants/taj/fans/new
		utimens-now $M/restaurants/taj/fans/owned
		setxattr user.x 1 $M/restaurants/taj/fans/owned
	CALLS
}

leave() { cd / && down; }

# ---- root mounts ----

everybody=(root=root "owner=$owner" "other=$other")
must_up -o allow_other
cd "$M" || exit
restore
matrix "${everybody[@]}" < <(marks)
settle
matrix "${everybody[@]}" < <(derived)
fan noma roots
is "the mounter's is protected, too" EPERM "$(attempt $other unlink restaurants/noma/fans/roots)"
is "others import nothing" "Permission denied" \
	"$(as $other bash -c 'printf "add\tx\ty\n" >import' 2>&1 | sed 's/.*: //')"
printf 'add\timported\tann\n' >import
is "what is imported is the writer's" "0 0" "$(stat -c '%u %g' restaurants/imported/fans/ann)"
as $other touch restaurants/noma/fans/others
is "what is marked is of who marked it" "$(id -u $other) $(id -g $other)" \
	"$(stat -c '%u %g' restaurants/noma/fans/others)"
chown "$owner_id:4321" restaurants/noma/fans/others
is "chown by root is stored" "$owner_id 4321" "$(stat -c '%u %g' restaurants/noma/fans/others)"
is "and moves the right to remove" "EPERM ok" \
	"$(attempt $other unlink restaurants/noma/fans/others) $(attempt $owner unlink restaurants/noma/fans/others)"
ok "umount" leave

must_up
cd "$M" || exit
restore
closed $other "without allow_other"
is "and what they tried is not so" "bare empty noma taj foreign owned second" \
	"$(names restaurants) $(names restaurants/taj/fans)"
ok "umount" leave

must_up -o allow_root
cd "$M" || exit
restore
closed $other "allow_root, mounted by root"
ok "umount" leave

must_up -o allow_other,login_names
cd "$M" || exit
login_names_hold "login_names" "${everybody[@]}"
ok "umount" leave

# ---- an ordinary user mounts ----

# In mounts of our own the device is for everybody, and fuse.conf lets users allow others.
open_fuse()
{
	local device

	device=$(stat -c '%Hr:%Lr' /dev/fuse 2>/dev/null) || return
	mkdir "$T/device" && mknod -m 666 "$T/device/fuse" c "${device%:*}" "${device#*:}" &&
		mount --bind "$T/device/fuse" /dev/fuse || return
	echo user_allow_other >"$T/fuse.conf"
	[[ ! -e /etc/fuse.conf ]] || mount --bind "$T/fuse.conf" /etc/fuse.conf
}
mounting_for_users()
{
	[[ ${PEOPLE_APART:-} ]] && open_fuse && as $mounter test -x "$BUILD/favfs" &&
		as $mounter bash -c ': <>/dev/fuse' && grep -qs ^user_allow_other /etc/fuse.conf
}
if ! mounting_for_users 2>"$T/err"; then
	skip "mounting as an ordinary user: $(tail -n 1 "$T/err")"
	conclude
	exit
fi
mkdir "$T/home" "$T/home/mnt"
chown -R $mounter "$T/home"
S=$T/home/store M=$T/home/mnt
user_up() { as $mounter "$BUILD/favfs" "$@" "$S" "$M"; }

ok "an ordinary user mounts" user_up
cd / && as $mounter mkdir -p "$M/restaurants/taj/fans" && as $mounter touch "$M/restaurants/taj/fans/owned"
ok "and has counts" as $mounter sync "$M/rankings/all"
is "of what is there" $'     1\t1\ttaj' "$(as $mounter cat "$M/rankings/all")"
closed root "root, without allow_root"
closed $owner "others, without allow_other"
is "favfs runs as that user" $mounter "$(stat -c %U "/proc/$(pid_of favfs)")"
is "and so does its aggregator" $mounter "$(stat -c %U "/proc/$(pid_of favfs-aggregator)")"
is "the store is private" "700 $mounter" "$(stat -c '%a %U' "$S")"
refused "another user cannot mount it" 1 "" as $owner "$BUILD/favfs" "$S" "$T/mnt"
ok "that user unmounts" as $mounter fusermount3 -u "$M"
ok "and favfs ends" eventually has_no_favfs

ok "allow_root" user_up -o allow_root
cd "$M" || exit
ok "root gets in" restore
settle
closed $owner "others, with allow_root"
is "root changes nothing derived either" EPERM "$(attempt root unlink rankings/all)"
ok "umount" leave

everybody=(root=root "mounter=$mounter" "owner=$owner" "other=$other")
ok "allow_other" user_up -o allow_other
cd "$M" || exit
restore
matrix "${everybody[@]}" < <(marks)
settle
matrix "${everybody[@]}" < <(derived)
is "directories are the mounter's" "$mounter $mounter $mounter" \
	"$(stat -c %U restaurants restaurants/taj restaurants/taj/fans | xargs)"
ok "umount" leave

ok "login_names" user_up -o allow_other,login_names
cd "$M" || exit
login_names_hold "mounted by $mounter" "${everybody[@]}"
ok "umount" leave
conclude
