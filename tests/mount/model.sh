#!/bin/bash
#
# model.sh - random operations, each answer compared with a model: see model.c. The mount is
# taken down and up again now and then.
#
#	OPERATIONS=20000 SEED=random REMOUNT=1000 tests/mount/model.sh
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

OPERATIONS=${OPERATIONS:-20000}
SEED=${SEED:-$(od -An -N6 -tu8 /dev/urandom | tr -d ' ')}
REMOUNT=${REMOUNT:-1000}

again="SEED=$SEED OPERATIONS=$OPERATIONS REMOUNT=$REMOUNT $0"
unmount="fusermount3 -u"
[[ $(id -u) == 0 ]] && unmount=umount
echo "$again"

must_up
if "$TOOLS/model" "$M" --operations "$OPERATIONS" --seed "$SEED" --remount "$REMOUNT" \
	--remount-command "$unmount '$M' && '$BUILD/favfs' '$S' '$M'"; then
	pass
else
	fail "the mount answers as the model does: $again"
fi
recounted "after all that, the rankings are those of the favourites there"

# A model that believes in an empty store must notice one that is not.
fan noma alice
"$TOOLS/model" "$M" --operations 1000 --seed "$SEED" >"$T/wrong"
is "the model finds a difference where there is one" 1 $?
ok "and says after what" grep -q '^expected ' "$T/wrong"

ok "unmounting" down
conclude
