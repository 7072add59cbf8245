/*
 * check_favorites.c - what must hold within favorites.db: counters, restaurants, favourites and
 * their attributes, the log, and the favourites as the log tells of them.
 */
#include "backend/sqlite/check.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Places in the words of the mount; what has no name gets its number. */
#define RESTAURANT(id)                                                                             \
	"coalesce((SELECT name FROM main.restaurant WHERE id = " id "), '#' || " id ")"
#define FAVORITE           "'restaurants/' || " RESTAURANT("f.restaurant") " || '/fans/' || f.user"
#define ATTRIBUTE          "'attribute ' || a.name || ' of favourite #' || a.favorite"
#define OF_LOG(restaurant) "'restaurants/' || " restaurant " || '/fans/' || user"

/* Bytes of a text, whatever is in it. */
#define BYTES(text) "length(CAST(" text " AS BLOB))"

#define NEWEST "(SELECT seq, tag, time_ns, end_bytes FROM main.change ORDER BY seq DESC LIMIT 1)"

const struct row_check favorite_checks[] = {
	{"F010", NEED_FAVORITES,
		"SELECT 'favorites.db store', '1 row', n || ' rows'"
		" FROM (SELECT count(*) AS n FROM main.store) WHERE n <> 1"},
	{"F010", NEED_FAVORITES,
		"SELECT 'favorites.db store.hash_key', '16 bytes', length(hash_key) || ' bytes'"
		" FROM main.store WHERE length(hash_key) <> 16"},
	{"F010", NEED_FAVORITES,
		"SELECT 'favorites.db store.windows', 'a set of kinds', windows FROM main.store"
		" WHERE windows NOT BETWEEN 1 AND 63"},
	{"F010", NEED_FAVORITES,
		"SELECT 'favorites.db store.timezone', 'a time zone that is known here',"
		" timezone FROM main.store WHERE timezone <> zone_name()"},
	{"F011", NEED_FAVORITES,
		"SELECT 'favorites.db state', '1 row', n || ' rows'"
		" FROM (SELECT count(*) AS n FROM main.state) WHERE n <> 1"},

	{"F101", NEED_FAVORITES,
		"SELECT 'favorites.db state.favorites', n, favorites"
		" FROM main.state, (SELECT count(*) AS n FROM main.favorite) WHERE n <> favorites"},
	{"F102", NEED_FAVORITES,
		"SELECT 'favorites.db state.restaurants', n, restaurants"
		" FROM main.state, (SELECT count(*) AS n FROM main.restaurant)"
		" WHERE n <> restaurants"},
	{"F103", NEED_FAVORITES,
		"SELECT 'favorites.db state.next_favorite', 'more than ' || n, next_favorite"
		" FROM main.state, (SELECT coalesce(max(id), 0) AS n FROM main.favorite)"
		" WHERE next_favorite <= n"},
	{"F104", NEED_FAVORITES,
		"SELECT 'favorites.db state.next_seq', seq + 1, next_seq FROM main.state, " NEWEST
		" WHERE next_seq <> seq + 1"},
	{"F105", NEED_FAVORITES,
		"SELECT 'favorites.db state.last_tag', tag, last_tag FROM main.state, " NEWEST
		" WHERE last_tag <> tag"},
	{"F106", NEED_FAVORITES,
		"SELECT 'favorites.db state.last_ns', time_ns, last_ns FROM main.state, " NEWEST
		" WHERE last_ns <> time_ns"},
	{"F107", NEED_FAVORITES,
		"SELECT 'favorites.db state.end_bytes', n.end_bytes, s.end_bytes"
		" FROM main.state AS s, " NEWEST " AS n WHERE n.end_bytes <> s.end_bytes"},
	{"F108", NEED_FAVORITES,
		"SELECT 'favorites.db sqlite_sequence of restaurant', 'at least ' || n,"
		" coalesce(seq, 'none')"
		" FROM (SELECT max(id) AS n FROM (SELECT max(id) AS id FROM main.restaurant"
		" UNION ALL SELECT max(restaurant_id) FROM main.change))"
		" LEFT JOIN main.sqlite_sequence ON name = 'restaurant'"
		" WHERE n IS NOT NULL AND (seq IS NULL OR seq < n)"},

	{"F201", NEED_FAVORITES,
		"SELECT 'restaurants/' || name, 'a name', 'restaurant #' || id"
		" FROM main.restaurant WHERE NOT name_ok(name)"},
	{"F202", NEED_FAVORITES,
		"SELECT 'restaurants/' || name, 'moments from 1970 to 2261', changed_ns || ', ' ||"
		" fans_made_ns || ', ' || fans_changed_ns FROM main.restaurant"
		" WHERE NOT (moment_ok(changed_ns) AND moment_ok(fans_made_ns)"
		" AND moment_ok(fans_changed_ns))"},
	{"F203", NEED_FAVORITES,
		"SELECT 'restaurants/' || name, 'an id from 1 to 2147483647', id"
		" FROM main.restaurant WHERE id NOT BETWEEN 1 AND 2147483647"},
	{"F204", NEED_FAVORITES,
		"SELECT " FAVORITE ", 'a name', 'favourite #' || f.id"
		" FROM main.favorite AS f WHERE NOT name_ok(f.user)"},
	{"F205", NEED_FAVORITES,
		"SELECT " FAVORITE ", 'moments from 1970 to 2261', created_ns || ', ' ||"
		" coalesce(changed_ns, '-') || ', ' || coalesce(expires_ns, '-')"
		" FROM main.favorite AS f WHERE NOT (moment_ok(created_ns)"
		" AND (changed_ns IS NULL OR moment_ok(changed_ns))"
		" AND (expires_ns IS NULL OR moment_ok(expires_ns)))"},
	{"F206", NEED_FAVORITES,
		"SELECT " FAVORITE ", 'restaurant #' || f.restaurant, 'none'"
		" FROM main.favorite AS f LEFT JOIN main.restaurant AS r ON r.id = f.restaurant"
		" WHERE r.id IS NULL"},
	{"F207", NEED_FAVORITES,
		"SELECT " FAVORITE ", 'fans/', 'none'"
		" FROM main.favorite AS f JOIN main.restaurant AS r ON r.id = f.restaurant"
		" WHERE r.fans_made_ns = 0"},
	{"F208", NEED_FAVORITES | NEED_KEY,
		"SELECT " FAVORITE ", 'place ' || place_of(f.user), place"
		" FROM main.favorite AS f WHERE place <> place_of(f.user)"},
	{NULL, NEED_FAVORITES,
		"CREATE TEMP TABLE held_bytes (favorite INTEGER PRIMARY KEY, bytes INTEGER)"},
	{NULL, NEED_FAVORITES,
		"INSERT INTO temp.held_bytes SELECT favorite, sum(" BYTES(
			"name") " + length(value))"
				" FROM main.attribute GROUP BY favorite"},
	{"F209", NEED_FAVORITES,
		"SELECT " FAVORITE ", coalesce(h.bytes, 0), f.attribute_bytes"
		" FROM main.favorite AS f LEFT JOIN temp.held_bytes AS h ON h.favorite = f.id"
		" WHERE f.attribute_bytes <> coalesce(h.bytes, 0)"},
	{"F210", NEED_FAVORITES,
		"SELECT " ATTRIBUTE ", 'a favourite', 'none' FROM main.attribute AS a"
		" WHERE NOT EXISTS (SELECT 1 FROM main.favorite AS f WHERE f.id = a.favorite)"},
	{"F211", NEED_FAVORITES,
		"SELECT " FAVORITE ", 'at most 4096 bytes of attributes', h.bytes"
		" FROM temp.held_bytes AS h JOIN main.favorite AS f ON f.id = h.favorite"
		" WHERE h.bytes > 4096"},
	{"F212", NEED_FAVORITES,
		"SELECT " ATTRIBUTE ", '1 to 255 bytes', " BYTES(
			"name") " FROM main.attribute AS a"
				" WHERE " BYTES("name") " NOT BETWEEN 1 AND 255"},
	{"F213", NEED_FAVORITES,
		"SELECT " FAVORITE ", 'an id, uid and gid', id || ', ' || uid || ', ' || gid"
		" FROM main.favorite AS f WHERE id < 1 OR uid NOT BETWEEN 0 AND 4294967295"
		" OR gid NOT BETWEEN 0 AND 4294967295"},
};
const size_t favorite_checks_count = COUNT(favorite_checks);

_Static_assert(ATTRIBUTES_BYTES_MAX == 4096 && NAME_BYTES_MAX == 255 && WINDOW_KINDS == 6 &&
		       RESTAURANT_ID_MAX == INT64_C(2147483648),
	"the statements above say so");

/* SEQ TIME OP RESTAURANT USER CREATED_AT PREVIOUS: six tabs, a newline, moments of 30 bytes. */
#define LINE_BYTES                                                                                   \
	"(length(seq) + 37 + (CASE op WHEN 1 THEN 3 ELSE 6 END) + " BYTES("restaurant") " + " BYTES( \
		"user") " + iif(created_ns IS NULL, 1, 30) + iif(previous_ns IS NULL, 1, 30))"

/*
 * temp.chain	changes that do not go on from the one before of the same favourite
 * temp.last	the newest change of each favourite
 * temp.fold	favourites that are not as their newest change says
 */
const struct row_check log_checks[] = {
	{"F314", NEED_FAVORITES,
		"SELECT 'changes', 'the change ' || (next_seq - 1), 'none' FROM main.state"
		" WHERE next_seq > 1 AND NOT EXISTS (SELECT 1 FROM main.change)"},
	{"F301", NEED_FAVORITES,
		"SELECT 'changes ' || seq, 'after ' || (seq - 1), 'after ' || before FROM (SELECT"
		" seq, lag(seq) OVER (ORDER BY seq) AS before FROM main.change)"
		" WHERE seq <> before + 1"},
	{"F302", NEED_FAVORITES,
		"SELECT 'changes ' || seq, 'not before ' || before, time_ns FROM (SELECT seq, time_ns,"
		" lag(time_ns) OVER (ORDER BY seq) AS before FROM main.change)"
		" WHERE time_ns < before"},
	{"F303", NEED_FAVORITES,
		"SELECT 'changes ' || seq, CASE op WHEN 1 THEN 'an add with only a moment made'"
		" WHEN 2 THEN 'a remove with only a previous moment'"
		" WHEN 3 THEN 'an update with both moments'"
		" WHEN 4 THEN 'an expire with only a previous moment' ELSE 'an op from 1 to 4' END,"
		" 'op ' || op || ', ' || coalesce(created_ns, '-') || ', ' ||"
		" coalesce(previous_ns, '-') FROM main.change WHERE (op IN (1, 3)) <>"
		" (created_ns IS NOT NULL) OR (op IN (2, 3, 4)) <> (previous_ns IS NOT NULL)"
		" OR op NOT BETWEEN 1 AND 4"},
	{"F304", NEED_FAVORITES,
		"SELECT 'changes ' || seq, before + bytes, end_bytes FROM (SELECT seq, end_bytes,"
		" " LINE_BYTES " AS bytes, lag(end_bytes, 1, iif(seq = 1, 0, NULL))"
		" OVER (ORDER BY seq) AS before FROM main.change) WHERE end_bytes <> before + bytes"},
	{"F305", NEED_FAVORITES,
		"SELECT 'changes ' || seq, 'names', restaurant || ', ' || user FROM main.change"
		" WHERE NOT (name_ok(restaurant) AND name_ok(user))"},
	{"F306", NEED_FAVORITES,
		"SELECT 'changes ' || seq, 'moments from 1970 to 2261', time_ns || ', ' ||"
		" coalesce(created_ns, '-') || ', ' || coalesce(previous_ns, '-') FROM main.change"
		" WHERE NOT (moment_ok(time_ns) AND (created_ns IS NULL OR moment_ok(created_ns))"
		" AND (previous_ns IS NULL OR moment_ok(previous_ns)))"},

	{NULL, NEED_FAVORITES,
		"CREATE TEMP TABLE chain AS SELECT * FROM (SELECT seq, op, created_ns, previous_ns,"
		" restaurant, user, lag(op, 1, 0) OVER w AS op_before, lag(created_ns) OVER w"
		" AS created_before FROM main.change WINDOW w AS"
		" (PARTITION BY restaurant_id, user ORDER BY seq)) WHERE"
		" CASE op_before WHEN 0 THEN op <> 1 AND (SELECT whole FROM temp.look)"
		" ELSE (op_before IN (1, 3)) = (op = 1) OR previous_ns IS NOT created_before END"},
	{"F307", NEED_FAVORITES,
		"SELECT 'changes ' || seq || ' ' || " OF_LOG(
			"restaurant") ","
				      " iif(op_before IN (1, 3), 'no add', 'an add'), 'op ' || op"
				      " FROM temp.chain WHERE (op_before IN (1, 3)) = (op = 1)"},
	{"F308", NEED_FAVORITES,
		"SELECT 'changes ' || seq || ' ' || " OF_LOG(
			"restaurant") ","
				      " coalesce(created_before, '-'), coalesce(previous_ns, '-')"
				      " FROM temp.chain WHERE (op_before IN (1, 3)) <> (op = 1)"},

	{NULL, NEED_FAVORITES,
		"CREATE TEMP TABLE last (restaurant_id INTEGER, user TEXT, seq INTEGER, op INTEGER,"
		" created_ns INTEGER,"
		" PRIMARY KEY (restaurant_id, user)) WITHOUT ROWID"},
	{NULL, NEED_FAVORITES,
		"INSERT INTO temp.last SELECT restaurant_id, user, max(seq), op, created_ns"
		" FROM main.change GROUP BY restaurant_id, user"},
	{"F309", NEED_FAVORITES | NEED_KEY,
		"SELECT " OF_LOG(RESTAURANT(
			"l.restaurant_id")) ", 'a favourite since change ' || l.seq,"
					    " 'none' FROM temp.last AS l WHERE l.op IN (1, 3) AND NOT EXISTS (SELECT 1"
					    " FROM main.favorite AS f WHERE f.restaurant = l.restaurant_id"
					    " AND f.place = place_of(l.user) AND f.user = l.user)"},
	{NULL, NEED_FAVORITES,
		"CREATE TEMP TABLE fold AS SELECT f.restaurant, f.user, f.created_ns, l.seq, l.op,"
		" l.created_ns AS logged_ns FROM main.favorite AS f LEFT JOIN temp.last AS l"
		" ON l.restaurant_id = f.restaurant AND l.user = f.user WHERE CASE WHEN l.seq"
		" IS NULL THEN (SELECT whole FROM temp.look)"
		" ELSE l.created_ns IS NOT f.created_ns END"},
	{"F310", NEED_FAVORITES,
		"SELECT " FAVORITE ", 'none since change ' || seq, 'a favourite'"
		" FROM temp.fold AS f WHERE op IN (2, 4)"},
	{"F311", NEED_FAVORITES,
		"SELECT " FAVORITE ", coalesce(logged_ns, '-') || ' by change ' || seq, created_ns"
		" FROM temp.fold AS f WHERE seq IS NOT NULL AND op NOT IN (2, 4)"},
	{"F312", NEED_FAVORITES,
		"SELECT " FAVORITE ", 'a change that added it', 'none' FROM temp.fold AS f"
		" WHERE seq IS NULL"},
	{"F313", NEED_FAVORITES,
		"SELECT 'changes ' || c.seq, 'restaurants/' || r.name, c.restaurant"
		" FROM main.change AS c JOIN main.restaurant AS r ON r.id = c.restaurant_id"
		" WHERE c.restaurant <> r.name"},
};
const size_t log_checks_count = COUNT(log_checks);
