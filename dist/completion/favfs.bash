# Completion of favfs and its programs for bash; needs nothing but bash.
# shellcheck shell=bash

# The words of -o, and what follows those that end in =.
_favfs_words="ro rw allow_other allow_root login_names durability= ttl= retention= windows= timezone=
	noaggregator fsname= exec noexec sync async dirsync atime noatime defaults auto noauto user nouser
	users owner group nofail _netdev x-systemd.automount x-systemd.requires-mounts-for= help"
_favfs_windows="all year month week day hour"

# The names of time zones, and of the folders they are in.
_favfs_zones()
{
	local IFS=$'\n'

	(cd /usr/share/zoneinfo 2>/dev/null && compgen -f -- "$1" |
		grep -vE '^(posix|right|posixrules|localtime|Factory|leap.*|.*\.(tab|zi|list))$' |
		while read -r zone; do [[ -d $zone ]] && echo "$zone/" || echo "$zone"; done)
}

# _favfs_list WORD CHOICES: for the last part of a list with commas
_favfs_list()
{
	local before=

	[[ $1 == *,* ]] && before=${1%,*},
	compgen -P "$before" -W "$2" -- "${1##*,}"
}

# _favfs_option WORD: what WORD, a list of options, may become
_favfs_option()
{
	local list=$1 last=${1##*,} before=

	[[ $list == *,* ]] && before=${list%,*},
	if [[ $list =~ (^|.*,)windows=(([a-z]+,)*[a-z]*)$ ]]; then
		before=${BASH_REMATCH[1]}windows=
		_favfs_list "${BASH_REMATCH[2]}" "$_favfs_windows" | sed "s|^|$before|"
		return
	fi
	case $last in
	durability=*) compgen -P "${before}durability=" -W "full relaxed" -- "${last#*=}" ;;
	ttl=* | retention=*) compgen -P "$before${last%%=*}=" -W "12h 24h 7d 30d 90d" -- "${last#*=}" ;;
	timezone=*) _favfs_zones "${last#*=}" | sed "s|^|${before}timezone=|" ;;
	*=*) ;;
	*) compgen -P "$before" -W "$_favfs_words" -- "$last" ;;
	esac
}

# _favfs_folders WORD: what is a folder; a store is one
_favfs_folders() { compgen -d -- "$1"; }

_favfs()
{
	local program=${1##*/} line=${COMP_LINE:0:COMP_POINT} word before i

	# By blanks, for bash takes words apart at = and : too.
	word=${line##*[[:blank:]]}
	before=${line%"$word"}
	before=${before%"${before##*[![:blank:]]}"}
	before=${before##*[[:blank:]]}
	compopt +o nospace 2>/dev/null
	case $program,$before in
	favfs,-o | mount.favfs,-o) mapfile -t COMPREPLY < <(_favfs_option "$word") ;;
	mkfs.favfs,--windows) mapfile -t COMPREPLY < <(_favfs_list "$word" "$_favfs_windows") ;;
	mkfs.favfs,--timezone) mapfile -t COMPREPLY < <(_favfs_zones "$word") ;;
	favfs-aggregator,--linger) mapfile -t COMPREPLY < <(compgen -W "10 30 60" -- "$word") ;;
	favfs-aggregator,--batch) mapfile -t COMPREPLY < <(compgen -W "100 1000 10000" -- "$word") ;;
	mount.favfs,-t) mapfile -t COMPREPLY < <(compgen -W "favfs fuse.favfs" -- "$word") ;;
	*)
		if [[ $word == -* ]]; then
			local letters
			case $program in
			favfs) letters="-f -d -h -V -o --help --version" ;;
			favfs-aggregator) letters="-f --foreground --once --linger --batch -h --help -V --version" ;;
			mkfs.favfs) letters="--windows --timezone -h --help -V --version" ;;
			fsck.favfs) letters="-n -y -a -p --rebuild --codes -h --help -V --version" ;;
			mount.favfs) letters="-f -n -r -s -t -v -w -o -h --help -V --version" ;;
			esac
			mapfile -t COMPREPLY < <(compgen -W "$letters" -- "$word")
		else
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(_favfs_folders "$word")
			return
		fi
		;;
	esac
	# A list goes on, and so does what ends in = or /.
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace 2>/dev/null
	# What bash has taken apart it puts together again by itself.
	if [[ $word == *[=:]* && $COMP_WORDBREAKS == *=* ]]; then
		i=${word%"${word##*[=:]}"}
		COMPREPLY=("${COMPREPLY[@]#"$i"}")
	fi
}

complete -F _favfs favfs favfs-aggregator mkfs.favfs fsck.favfs mount.favfs
