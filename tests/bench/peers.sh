# shellcheck shell=bash
#
# The peers. Each has a line here and two functions: NAME_check says on stderr why it cannot take
# part and fails; NAME_start starts it on the empty folder $ROUND, in the background with its
# output in $ROUND/log, sets peer_pid and TARGET (as load wants it), and returns when it answers.
# SIGTERM must end it.
#
# BUILD, PEERS and WORK are set by bench.sh; peers and TARGET are for those who source this.
# shellcheck disable=SC2034,SC2153

all_peers=(favfs null redis)

peer_pid=
ROUND=
TARGET=
peers=() # those that take part

readonly START_SECONDS=20 STOP_SECONDS=20

favfs_check()
{
	[[ -x $BUILD/favfs ]] || { echo "$BUILD/favfs is not built" >&2 && return 1; }
}

favfs_start()
{
	"$BUILD/favfs" -f "$ROUND/store" "$ROUND/mount" >"$ROUND/log" 2>&1 &
	tree_await $!
}

null_check()
{
	[[ -x $BUILD/bench/nullfs ]] || { echo "$BUILD/bench/nullfs is not built" >&2 && return 1; }
}

null_start()
{
	"$BUILD/bench/nullfs" "$ROUND/mount" >"$ROUND/log" 2>&1 &
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

# Safe to call at any time, also twice.
peer_stop()
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
	rm -rf --one-file-system -- "$ROUND"
	ROUND=
}
