# shellcheck shell=bash
#
# The peers. Each has a line here and two functions: NAME_check says on stderr why it cannot take
# part and fails; NAME_start starts it on the empty folder $ROUND, in the background with its
# output in $ROUND/log, sets peer_pid and TARGET (as load wants it), and returns when it answers.
# SIGTERM must end it. A peer that is no server leaves peer_pid empty.
#
# A bench may set favfs_options, favfs_store and small_store for its rounds, and null_fill to a file
# of lines for `import` that null has from the start.
#
# BUILD, PEERS, WORK and here are set by bench.sh; peers and TARGET are for those who source this.
# shellcheck disable=SC2034,SC2153,SC2154

all_peers=(favfs aggregator stopped undisturbed small null redis postgres sqlite ext4 fdatasync)

peer_pid=
ROUND=
TARGET=
peers=() # those that take part
favfs_options=()
favfs_store=
small_store=
null_fill=()

readonly START_SECONDS=20 STOP_SECONDS=20

favfs_check()
{
	[[ -x $BUILD/favfs ]] || { echo "$BUILD/favfs is not built" >&2 && return 1; }
}

favfs_start()
{
	"$BUILD/favfs" -f "${favfs_options[@]}" "${favfs_store:-$ROUND/store}" "$ROUND/mount" \
		>"$ROUND/log" 2>&1 &
	tree_await $!
}

# favfs without a mount: what works on a store that lies there.
aggregator_check()
{
	[[ -x $BUILD/favfs-aggregator && -x $BUILD/fsck.favfs ]] ||
		{ echo "$BUILD/favfs-aggregator or $BUILD/fsck.favfs is not built" >&2 && return 1; }
}

aggregator_start()
{
	TARGET=
}

# favfs, with its aggregator stopped by the bench, and not.
stopped_check()
{
	favfs_check
}

stopped_start()
{
	favfs_start
}

undisturbed_check()
{
	favfs_check
}

undisturbed_start()
{
	favfs_start
}

# favfs on another store.
small_check()
{
	favfs_check
}

small_start()
{
	favfs_store=$small_store favfs_start
}

null_check()
{
	[[ -x $BUILD/bench/nullfs ]] || { echo "$BUILD/bench/nullfs is not built" >&2 && return 1; }
}

null_start()
{
	"$BUILD/bench/nullfs" "${null_fill[@]}" "$ROUND/mount" >"$ROUND/log" 2>&1 &
	tree_await $!
}

redis_check()
{
	command -v redis-server redis-cli >/dev/null ||
		{ echo "redis-server is missing: apt-get install redis-server" >&2 && return 1; }
}

redis_start()
{
	redis-server --port 0 --unixsocket "$ROUND/redis.sock" --dir "$ROUND" --daemonize no \
		--appendonly yes --appendfsync always --auto-aof-rewrite-percentage 0 --save "" \
		>"$ROUND/log" 2>&1 &
	peer_pid=$!
	TARGET=redis:$ROUND/redis.sock
	peer_await redis_answers
}

redis_answers()
{
	[[ $(redis-cli -s "$ROUND/redis.sock" ping 2>/dev/null) == PONG ]]
}

# postgres_run PROGRAM ARGUMENT...: in the place of this shell; root it refuses.
postgres_run()
{
	local as=()

	((EUID != 0)) || as=(setpriv --reuid postgres --regid postgres --init-groups)
	cd / && exec "${as[@]}" "$postgres_folder/$1" "${@:2}"
}

postgres_check()
{
	postgres_folder=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
	[[ -x $postgres_folder/initdb ]] ||
		{ echo "postgresql is missing: apt-get install postgresql" >&2 && return 1; }
}

# Made once, copied for each round.
postgres_make_cluster()
{
	[[ ! -e $WORK/cluster ]] || return 0
	mkdir -m 700 "$WORK/cluster" && chmod 711 "$WORK" || return 1
	((EUID != 0)) || chown postgres: "$WORK/cluster" || return 1
	(postgres_run initdb --no-sync --no-locale -E UTF8 -A trust -U postgres -D "$WORK/cluster")
}

postgres_start()
{
	postgres_make_cluster >"$ROUND/log" 2>&1 || return 1
	cp -a "$WORK/cluster" "$ROUND/cluster" && chmod 711 "$ROUND" && sync -f "$WORK" || return 1
	(postgres_run postgres -D "$ROUND/cluster" -k "$ROUND/cluster" -c listen_addresses= \
		-c max_connections=200 -c synchronous_commit=on) >>"$ROUND/log" 2>&1 &
	peer_pid=$!
	TARGET=postgres:$ROUND/cluster
	peer_await postgres_answers &&
		psql -q -h "$ROUND/cluster" -U postgres -v ON_ERROR_STOP=1 -f "$here/postgres.sql" \
			postgres >>"$ROUND/log" 2>&1
}

postgres_answers()
{
	psql -q -h "$ROUND/cluster" -U postgres -c '' postgres >/dev/null 2>&1
}

# The same statements in a plain loop, on a store of which nobody else knows.
sqlite_check()
{
	[[ -x $BUILD/bench/bare && -x $BUILD/mkfs.favfs ]] ||
		{ echo "$BUILD/bench/bare or $BUILD/mkfs.favfs is not built" >&2 && return 1; }
}

sqlite_start()
{
	TARGET=
}

# A plain file.
ext4_check()
{
	:
}

ext4_start()
{
	TARGET=
}

# What one durable write costs: the reference of all that waits for the disk.
fdatasync_check()
{
	:
}

fdatasync_start()
{
	TARGET=file:$ROUND
}

tree_await()
{
	peer_pid=$1
	TARGET=tree:$ROUND/mount
	peer_await tree_answers
}

tree_answers()
{
	mountpoint -q "$ROUND/mount" && timeout 5 test -d "$ROUND/mount/restaurants"
}

# peer_await COMMAND: until it succeeds, the peer has died or the time is up.
peer_await()
{
	local deadline=$((SECONDS + START_SECONDS))

	until "$1"; do
		kill -0 "$peer_pid" 2>/dev/null || return 1
		((SECONDS < deadline)) || return 1
		sleep 0.02
	done
}

# Fills `peers`. Without favfs nothing can be compared; any other peer may be missing.
peers_select()
{
	local peer

	for peer in $PEERS; do
		[[ " ${all_peers[*]} " == *" $peer "* ]] ||
			{ echo "bench: PEERS: '$peer' is not one of: ${all_peers[*]}" >&2 && return 1; }
		if "${peer}_check"; then
			peers+=("$peer")
		elif [[ $peer == favfs ]]; then
			return 1
		else
			echo "bench: *** NO COMPARISON WITH $peer ***" >&2
		fi
	done
	((${#peers[@]} > 0))
}

peer_start()
{
	ROUND=$(mktemp -d "$WORK/$1.XXXXXX") || return 1
	mkdir "$ROUND/mount" || return 1
	sync -f "$WORK" # what the round before left to write shall not slow this one
	"$1_start" && return
	echo "bench: $1 did not start:" >&2
	tail -n 5 "$ROUND/log" >&2
	return 1
}

# Ends the peer and its mount; what it stored stays. Safe to call at any time, also twice.
peer_end()
{
	[[ -n $ROUND ]] || return 0
	if [[ -n $peer_pid ]]; then
		kill -TERM "$peer_pid" 2>/dev/null
		timeout "$STOP_SECONDS" tail -s 0.02 --pid="$peer_pid" -f /dev/null ||
			kill -KILL "$peer_pid" 2>/dev/null
		wait "$peer_pid" 2>/dev/null
		peer_pid=
	fi
	! mountpoint -q "$ROUND/mount" ||
		umount -l "$ROUND/mount" 2>/dev/null || fusermount3 -uz "$ROUND/mount"
}

# Safe to call at any time, also twice.
peer_stop()
{
	[[ -n $ROUND ]] || return 0
	peer_end
	rm -rf --one-file-system -- "$ROUND"
	ROUND=
}
