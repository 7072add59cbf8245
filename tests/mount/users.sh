#!/bin/bash
#
# users.sh - users/: what each user marks, as links; who is listed, and since when.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

denied=EACCES # what the kernel says to all but root where modes forbid it
[[ $(id -u) == 0 ]] && denied=EPERM

# What the links must be, told from the restaurants: user, restaurant, moment.
links_from_restaurants()
{
	find "$M/restaurants" -mindepth 3 -printf '%f\t%P\t%T@\n' |
		sed 's|/fans/[^\t]*||' | LC_ALL=C sort
}

links_from_users()
{
	find "$M/users" -mindepth 3 -printf '%P\t%T@\n' | sed 's|/favorites/|\t|' | LC_ALL=C sort
}

# linked WHAT: users/ says the same as restaurants/, and every link leads there
linked()
{
	settle || fail "$1: the barrier"
	links_from_restaurants >"$T/want"
	links_from_users >"$T/got"
	same "$1" "$T/want" "$T/got"
	is "$1: every link resolves" "" "$(find "$M/users" -xtype l | head -n 3)"
}

must_up
cd "$M" || exit

# ---- one user ----

is "nobody at first" "" "$(names users)"
fan taj ann
fan noma ann bob
mkdir -p restaurants/empty/fans
settle
is "who marks is listed" "ann bob" "$(names users)"
is "with favorites/ and nothing else" favorites "$(names users/ann)"
is "in which their restaurants are" "noma taj" "$(names users/ann/favorites)"
is "as links to them" ../../../restaurants/taj "$(readlink users/ann/favorites/taj)"
is "that resolve" "$(realpath restaurants/taj)" "$(realpath users/ann/favorites/taj)"
is "to what is there" fans "$(ls users/ann/favorites/taj)"
is "whose length is their size" "${#M} 24" \
	"${#M} $(stat -c %s users/ann/favorites/taj)"
is "modes say that nothing can be changed" "555 555 555 777 symbolic link" \
	"$(stat -c %a users users/ann users/ann/favorites | paste -sd ' ') $(stat -c '%a %F' users/ann/favorites/taj)"
is "the types come with the listing" "d d l" \
	"$(find users -mindepth 1 -printf '%y\n' | LC_ALL=C sort | uniq | sed '1s/.*/d d/' | paste -sd ' ')"
is "the time of a link is that of the favourite" "$(stat -c %y restaurants/taj/fans/ann)" \
	"$(stat -c %y users/ann/favorites/taj)"
touch -d 2001-02-03T04:05:06.000000007Z restaurants/taj/fans/ann
settle
is "also after it moved" "2001-02-03 04:05:06.000000007 +0000" "$(stat -c %y users/ann/favorites/taj)"
gives "no such user" ENOENT stat "$M/users/eve"
gives "no such favourite" ENOENT stat "$M/users/bob/favorites/taj"
gives "a restaurant without fans" ENOENT stat "$M/users/ann/favorites/empty"
gives "no such restaurant" ENOENT stat "$M/users/ann/favorites/nowhere"
gives "nothing beside favorites/" ENOENT stat "$M/users/ann/menu"
gives "a name that is none" ENOENT stat "$M/users/a"$'\n'"b"
gives "a name too long" ENAMETOOLONG stat "$M/users/$(printf 'x%.0s' {1..256})"

# ---- it follows ----

rm restaurants/taj/fans/ann
settle
is "rm is followed" noma "$(names users/ann/favorites)"
gives "the link is gone" ENOENT stat "$M/users/ann/favorites/taj"
rm restaurants/noma/fans/ann
settle
is "with the last favourite the user goes" bob "$(names users)"
gives "not to be found either" ENOENT stat "$M/users/ann"
gives "nor below" ENOENT stat "$M/users/ann/favorites"
touch restaurants/taj/fans/ann
settle
is "and comes back with the next" "ann bob" "$(names users)"
mv restaurants/taj/fans/ann restaurants/taj/fans/anna
settle
is "mv to another user" "anna bob" "$(names users)"
mv restaurants/taj/fans/anna restaurants/noma/fans/bob # in the place of bob's
settle
is "mv in the place of another" "bob|noma" "$(names users)|$(names users/bob/favorites)"
is "takes the moment along" "$(stat -c %y restaurants/noma/fans/bob)" \
	"$(stat -c %y users/bob/favorites/noma)"
mv restaurants/noma restaurants/st-john
settle
is "mv of a restaurant" st-john "$(names users/bob/favorites)"
printf 'add\ttaj\tann\t2020-01-01T00:00:00Z\nadd\tst-john\tann\t-\nupdate\tst-john\tbob\t2021-01-01T00:00:00.5Z\n' >"$T/in"
cat "$T/in" >import
linked "an import is followed"
printf 'expire\ttaj\tann\nremove\tst-john\tbob\nremove\tst-john\tann\nadd\ttaj\teve\n' >"$T/in"
cat "$T/in" >import
linked "also where it takes away"
is "who is left" eve "$(names users)"
touch restaurants/taj/fans/short
setfattr -n user.favfs.expires_at -v +1s restaurants/taj/fans/short
settle
is "one that will expire is there" "eve short" "$(names users)"
short_is_gone() { settle && [[ ! -e users/short ]]; }
ok "and goes when it does" eventually short_is_gone
is "others stay" eve "$(names users)"

# ---- names ----

long=$(printf 'x%.0s' {1..255})
for name in "$long" " " "O'Brien" favorites all $'\xf0\x9f\x8d\x95' -rf 'a\b' ...; do
	fan "$name" "$name" eve
done
linked "names of all kinds"
is "the longest link is read whole" "../../../restaurants/$long" "$(readlink "users/$long/favorites/$long")"
rm -r restaurants/* restaurants/...
linked "all is gone"
is "and nobody listed" "" "$(names users)"

# ---- nothing of it can be changed ----

fan taj ann
fan noma bob
settle
L=$M/users/ann/favorites/taj
before=$(stat users users/ann users/ann/favorites users/ann/favorites/taj | grep -v Access:)
gives "a user" "$denied" mkdir "$M/users/eve"
gives "a file" "$denied" open O_CREAT,O_WRONLY "$M/users/eve"
gives "a file at a user" "$denied" open O_CREAT,O_WRONLY "$M/users/ann/menu"
gives "a link" "$denied" symlink ../../../restaurants/noma "$M/users/ann/favorites/noma"
gives "removing a link" "$denied" unlink "$L"
gives "removing favorites/" "$denied" rmdir "$M/users/ann/favorites"
gives "removing a user" "$denied" rmdir "$M/users/ann"
gives "renaming a link" "$denied" rename 0 "$L" "$M/users/ann/favorites/x"
gives "renaming a user" "$denied" rename 0 "$M/users/ann" "$M/users/eve"
gives "the mode of a user" EPERM chmod 0755 "$M/users/ann"
gives "the owner of a user" EPERM chown 1 1 "$M/users/ann"
gives "the times of a user" EPERM utimens 1000000000 0 "$M/users/ann"
is "the times of a link" EPERM "$(touch -h -d 2001-01-01 "$L" 2>&1 | sed 's/.*Operation not permitted/EPERM/')"
is "nothing has changed" "$before" \
	"$(stat users users/ann users/ann/favorites users/ann/favorites/taj | grep -v Access:)"
sync users/ann/favorites || fail "sync of users/ann/favorites"
pass
touch restaurants/noma/fans/ann
sync users/ann
is "sync of users/ is the barrier, too" "noma taj" "$(names users/ann/favorites)"

# ---- random changes ----

echo "SEED=${SEED:=$RANDOM}"
RANDOM=$SEED
for ((i = 0; i < 300; i++)); do
	f=restaurants/r$((RANDOM % 6))/fans/u$((RANDOM % 12))
	mkdir -p "${f%/*}"
	case $((RANDOM % 5)) in
	0) rm -f "$f" ;;
	1) touch "$f" && touch -d "@$((RANDOM * 40000))" "$f" ;;
	2) [[ ! -e $f ]] || mv -f "$f" "restaurants/noma/fans/u$((RANDOM % 12))" ;;
	*) touch "$f" ;;
	esac
done
linked "300 random changes (SEED=$SEED)"
cd / && ok "umount" down
must_up
linked "they survive"

# ---- a user with 100,000 favourites ----

awk 'BEGIN { for (i = 0; i < 100000; i++) printf "add\tr%05d\tglutton\n", i }' >"$T/in"
cat "$T/in" >"$M/import"
ok "100,000 favourites of one" settle
cut -f 2 "$T/in" >"$T/want"
D=$M/users/glutton/favorites
began=$(date +%s%N)
find "$D" -mindepth 1 -printf '%f\n' | LC_ALL=C sort >"$T/got"
at_most "are listed in ms" 5000 $((($(date +%s%N) - began) / 1000000))
same "all of them, each once" "$T/want" "$T/got"
for size in 64 512 4096 1048576; do
	"$TOOLS/syscalls" getdents "$size" "$D" | grep -v '^\.\.*$' | LC_ALL=C sort >"$T/got"
	same "with $size bytes a call, too" "$T/want" "$T/got"
done
is "any of them is found" ../../../restaurants/r77777 "$(readlink "$D/r77777")"

# While it is listed, others come and go.
"$TOOLS/pace" "$M/restaurants/r00000/fans" busy >"$T/busy" &
busy=$!
(while :; do rm -f "$M/restaurants/r55555/fans/glutton" && touch "$M/restaurants/r55555/fans/glutton"; done) &
toggling=$!
for i in 1 2 3; do
	"$TOOLS/syscalls" getdents 4096 "$D" | grep -v -e '^\.\.*$' -e r55555 | LC_ALL=C sort >"$T/got"
	same "listing $i while others change" <(grep -v r55555 "$T/want") "$T/got"
done
kill "$busy" "$toggling"
wait "$busy" "$toggling" 2>/dev/null
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "remove\tr%05d\tglutton\n", i }' >"$T/in"
cat "$T/in" >"$M/import"
settle
gives "and at once is gone" ENOENT stat "$M/users/glutton"
ok "umount" down
conclude
