/*
 * check_derived.c - what is derived, against a recount of its own at its own position.
 *
 * The favourites of that moment are those of now, taken back by what the log says happened
 * since.  In which window a moment lies is said by the C library's zones and SQLite's calendar.
 */
#include "backend/sqlite/check.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define NEED_BOTH (NEED_FAVORITES | NEED_DERIVED)
#define NEED_ALL  (NEED_BOTH | NEED_POSITION | NEED_KINDS)

/* Places in the words of the mount; what is no window gets its number. */
#define WINDOW(number)          "coalesce(window_name(" number "), '#' || " number ")"
#define COUNT_OF(table, number) "'counts/' || " table ".restaurant || '/' || " WINDOW(number)
#define LINK(user, restaurant)  "'users/' || " user " || '/favorites/' || " restaurant

/* The ISO week of a date in SQLite's arguments: that of its Thursday. */
#define WEEK(date)                                                                                 \
	"strftime('%Y', " date ", '-3 days', 'weekday 4') || '-W' ||"                              \
	" printf('%02d', (strftime('%j', " date ", '-3 days', 'weekday 4') + 6) / 7)"

#define AT_HOUR "h.hour * 3600, 'unixepoch'"

_Static_assert(WINDOW_ALL == 0 && WINDOW_YEAR == 1 && WINDOW_MONTH == 2 && WINDOW_WEEK == 3 &&
		       WINDOW_DAY == 4 && WINDOW_HOUR == 5 && WINDOW_KINDS == 6 &&
		       WINDOW_NUMBER_BITS == 22,
	"the statements below say so");

const struct row_check position_checks[] = {
	{"F501", NEED_BOTH,
		"SELECT 'derived.db position', '1 row', n || ' rows'"
		" FROM (SELECT count(*) AS n FROM temp.position) WHERE n <> 1"},
	{"F502", NEED_BOTH,
		"SELECT 'derived.db position', CASE WHEN oldest IS NULL THEN 'a change of the log'"
		" ELSE oldest || ' to ' || newest END, position FROM temp.look"
		" WHERE position IS NOT NULL AND NOT sound AND NOT EXISTS"
		" (SELECT 1 FROM main.change AS c WHERE c.seq = position)"},
	{"F503", NEED_BOTH,
		"SELECT 'derived.db position ' || position, 'tag ' || c.tag, l.tag"
		" FROM temp.look AS l JOIN main.change AS c ON c.seq = l.position"
		" WHERE NOT l.sound AND c.tag <> l.tag"},
	{"F504", NEED_BOTH | NEED_KINDS,
		"SELECT 'derived.db position', 'zone data ' || zone_version(), zone_version"
		" FROM temp.position WHERE seq > 0 AND zone_version <> zone_version()"},
};
const size_t position_checks_count = COUNT(position_checks);

/*
 * temp.touched	favourites that changed after the position, as they were at it
 * temp.held	the favourites at the position
 * temp.cell	how many of a restaurant were made in which hour of its clock on the wall
 * temp.lies	in which windows an hour lies
 * temp.expected what counts should be
 * temp.counted	windows that have counts
 * temp.pair	kinds of window that consist of others
 * temp.part	a window and one that it is part of
 */
const struct row_check count_checks[] = {
	{NULL, NEED_ALL,
		"CREATE TEMP TABLE touched (restaurant_id INTEGER, user TEXT, restaurant TEXT,"
		" created_ns INTEGER,"
		" PRIMARY KEY (restaurant_id, user)) WITHOUT ROWID"},
	{NULL, NEED_ALL,
		"INSERT INTO temp.touched SELECT restaurant_id, user, restaurant, previous_ns FROM"
		" (SELECT restaurant_id, user, restaurant, previous_ns, min(seq) FROM main.change"
		" WHERE seq > (SELECT position FROM temp.look) GROUP BY restaurant_id, user)"},
	{NULL, NEED_ALL,
		"CREATE TEMP VIEW held AS SELECT f.restaurant AS restaurant_id,"
		" r.name AS restaurant, f.user AS user, f.created_ns AS created_ns"
		" FROM main.favorite AS f JOIN main.restaurant AS r ON r.id = f.restaurant"
		" WHERE NOT EXISTS (SELECT 1 FROM temp.touched AS t"
		" WHERE t.restaurant_id = f.restaurant AND t.user = f.user)"
		" UNION ALL SELECT restaurant_id, restaurant, user, created_ns FROM temp.touched"
		" WHERE created_ns IS NOT NULL"},
	{NULL, NEED_ALL, "CREATE TEMP TABLE cell (restaurant TEXT, hour INTEGER, n INTEGER)"},
	{NULL, NEED_ALL,
		"INSERT INTO temp.cell SELECT restaurant, local_hour(created_ns) AS hour, count(*)"
		" FROM temp.held WHERE moment_ok(created_ns) GROUP BY 1, 2"},
	{NULL, NEED_ALL,
		"CREATE TEMP TABLE lies (hour INTEGER, window INTEGER,"
		" PRIMARY KEY (hour, window)) WITHOUT ROWID"},
	{NULL, NEED_ALL,
		"INSERT INTO temp.lies SELECT h.hour, window_number(CASE k.kind"
		" WHEN 0 THEN 'all'"
		" WHEN 1 THEN strftime('%Y', " AT_HOUR ")"
		" WHEN 2 THEN strftime('%Y-%m', " AT_HOUR ")"
		" WHEN 3 THEN " WEEK(
			AT_HOUR) " WHEN 4 THEN strftime('%Y-%m-%d', " AT_HOUR ")"
				 " ELSE strftime('%Y-%m-%dT%H', " AT_HOUR ") END)"
				 " FROM (SELECT DISTINCT hour FROM temp.cell) AS h, temp.kind AS k"},
	{NULL, NEED_ALL,
		"CREATE TEMP TABLE expected (restaurant TEXT, window INTEGER, count INTEGER,"
		" PRIMARY KEY (restaurant, window)) WITHOUT ROWID"},
	{NULL, NEED_ALL,
		"INSERT INTO temp.expected SELECT c.restaurant, l.window, sum(c.n)"
		" FROM temp.cell AS c JOIN temp.lies AS l ON l.hour = c.hour GROUP BY 1, 2"},
	{"F601", NEED_ALL,
		"SELECT " COUNT_OF("e",
			"e.window") ", e.count, c.count FROM temp.expected AS e"
				    " JOIN derived.count AS c ON c.restaurant = e.restaurant AND c.window = e.window"
				    " WHERE c.count <> e.count"},
	{"F602", NEED_ALL,
		"SELECT " COUNT_OF("e",
			"e.window") ", e.count, 'none' FROM temp.expected AS e"
				    " WHERE NOT EXISTS (SELECT 1 FROM derived.count AS c"
				    " WHERE c.restaurant = e.restaurant AND c.window = e.window)"},
	{"F603", NEED_ALL,
		"SELECT " COUNT_OF("c",
			"c.window") ", 0, c.count FROM derived.count AS c"
				    " WHERE c.count > 0 AND NOT EXISTS (SELECT 1 FROM temp.expected AS e"
				    " WHERE e.restaurant = c.restaurant AND e.window = c.window)"},
	{"F604", NEED_DERIVED,
		"SELECT " COUNT_OF("c", "c.window") ", 'at least 0', c.count"
						    " FROM derived.count AS c WHERE c.count < 0"},
	{NULL, NEED_DERIVED,
		"CREATE TEMP TABLE counted (window INTEGER PRIMARY KEY, kind INTEGER, name TEXT)"},
	{NULL, NEED_DERIVED,
		"INSERT INTO temp.counted SELECT DISTINCT window, window >> 22, window_name(window)"
		" FROM derived.count"},
	{"F605", NEED_BOTH | NEED_KINDS,
		"SELECT " COUNT_OF("c",
			"c.window") ", 'a window of a kind that is counted', 'none'"
				    " FROM temp.counted AS w JOIN derived.count AS c ON c.window = w.window"
				    " WHERE w.name IS NULL OR w.kind NOT IN (SELECT kind FROM temp.kind)"},
	{NULL, NEED_BOTH, "CREATE TEMP TABLE pair (whole INTEGER, part INTEGER)"},
	{NULL, NEED_BOTH,
		"INSERT INTO temp.pair SELECT column1, column2 FROM (VALUES"
		" (0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (1, 2), (2, 4), (3, 4), (4, 5))"
		" WHERE column1 IN (SELECT kind FROM temp.kind)"
		" AND column2 IN (SELECT kind FROM temp.kind)"},
	{NULL, NEED_BOTH,
		"CREATE TEMP TABLE part (window INTEGER, part INTEGER, whole INTEGER,"
		" PRIMARY KEY (window, whole)) WITHOUT ROWID"},
	{NULL, NEED_BOTH,
		"INSERT OR IGNORE INTO temp.part SELECT w.window, p.part, window_number(CASE p.whole"
		" WHEN 0 THEN 'all'"
		" WHEN 1 THEN substr(w.name, 1, 4)"
		" WHEN 2 THEN substr(w.name, 1, 7)"
		" WHEN 3 THEN " WEEK(
			"w.name") " ELSE substr(w.name, 1, 10) END)"
				  " FROM temp.counted AS w JOIN temp.pair AS p ON p.part = w.kind"
				  " WHERE w.name IS NOT NULL"},
	{"F606", NEED_BOTH,
		"SELECT " COUNT_OF("s",
			"s.whole") ", parts || ' as it has by ' ||"
				   " CASE part WHEN 1 THEN 'year' WHEN 2 THEN 'month' WHEN 3 THEN 'week'"
				   " WHEN 4 THEN 'day' ELSE 'hour' END, total FROM (SELECT restaurant, whole, part,"
				   " sum(in_part) AS parts, sum(in_whole) AS total FROM"
				   " (SELECT c.restaurant, p.whole, p.part, c.count AS in_part, 0 AS in_whole"
				   " FROM derived.count AS c JOIN temp.part AS p ON p.window = c.window"
				   " UNION ALL SELECT c.restaurant, c.window, p.part, 0, c.count"
				   " FROM derived.count AS c JOIN temp.pair AS p ON p.whole = c.window >> 22)"
				   " GROUP BY 1, 2, 3 HAVING parts <> total) AS s"},
	{"F607", NEED_DERIVED,
		"SELECT " COUNT_OF(
			"c", "c.window") ", 'a name and a moment', c.changed_ns"
					 " FROM derived.count AS c WHERE NOT (name_ok(c.restaurant)"
					 " AND moment_ok(c.changed_ns))"},

	{NULL, NEED_ALL,
		"CREATE TEMP TABLE ranked (window INTEGER PRIMARY KEY, rows INTEGER,"
		" text_bytes INTEGER)"},
	{NULL, NEED_ALL,
		"INSERT INTO temp.ranked SELECT window, count(*), sum(length(count) +"
		" length(CAST(restaurant AS BLOB))) FROM temp.expected GROUP BY window"},
	{"F701", NEED_ALL,
		"SELECT 'rankings/' || " WINDOW(
			"d.window") ", coalesce(r.rows, 0) || ' rows',"
				    " d.rows FROM derived.ranking AS d LEFT JOIN temp.ranked AS r"
				    " ON r.window = d.window WHERE d.rows <> coalesce(r.rows, 0)"},
	{"F702", NEED_ALL,
		"SELECT 'rankings/' || " WINDOW(
			"d.window") ", coalesce(r.text_bytes, 0) ||"
				    " ' bytes of names and counts', d.text_bytes FROM derived.ranking AS d"
				    " LEFT JOIN temp.ranked AS r ON r.window = d.window"
				    " WHERE d.text_bytes <> coalesce(r.text_bytes, 0)"},
	{"F703", NEED_ALL,
		"SELECT 'rankings/' || " WINDOW(
			"r.window") ", r.rows || ' rows', 'none'"
				    " FROM temp.ranked AS r"
				    " WHERE NOT EXISTS (SELECT 1 FROM derived.ranking AS d WHERE d.window = r.window)"},
	{"F704", NEED_BOTH | NEED_KINDS,
		"SELECT 'rankings/' || " WINDOW(
			"d.window") ", 'a window of a kind that is counted',"
				    " 'none' FROM derived.ranking AS d WHERE window_name(d.window) IS NULL"
				    " OR d.window >> 22 NOT IN (SELECT kind FROM temp.kind)"},
	{"F705", NEED_DERIVED,
		"SELECT 'rankings/' || " WINDOW(
			"d.window") ", 'a version and a moment',"
				    " d.version || ', ' || d.changed_ns FROM derived.ranking AS d"
				    " WHERE d.version NOT BETWEEN 1 AND (1 << 48) - 1"
				    " OR NOT moment_ok(d.changed_ns)"},
};
const size_t count_checks_count = COUNT(count_checks);

/*
 * temp.fan	users and how many favourites they have at the position
 * temp.unlinked favourites at the position that are not so on the user's side
 */
const struct row_check user_checks[] = {
	{"F801", NEED_DERIVED,
		"SELECT 'users/' || name, 'a name and an id', '#' || id FROM derived.user"
		" WHERE NOT name_ok(name) OR id NOT BETWEEN 1 AND 268435455"},
	{NULL, NEED_ALL,
		"CREATE TEMP TABLE fan (user TEXT PRIMARY KEY, favorites INTEGER) WITHOUT ROWID"},
	{NULL, NEED_ALL, "INSERT INTO temp.fan SELECT user, count(*) FROM temp.held GROUP BY user"},
	{"F802", NEED_ALL,
		"SELECT 'users/' || u.name, coalesce(f.favorites, 0), u.favorites"
		" FROM derived.user AS u LEFT JOIN temp.fan AS f ON f.user = u.name"
		" WHERE u.favorites <> coalesce(f.favorites, 0)"},
	{"F803", NEED_ALL,
		"SELECT 'users/' || f.user, f.favorites || ' favourites', 'none'"
		" FROM temp.fan AS f"
		" WHERE NOT EXISTS (SELECT 1 FROM derived.user AS u WHERE u.name = f.user)"},
	{NULL, NEED_ALL,
		"CREATE TEMP TABLE unlinked AS SELECT h.user, h.restaurant, h.created_ns,"
		" l.created_ns AS link_ns, l.restaurant AS link_name FROM temp.held AS h"
		" LEFT JOIN derived.user AS u ON u.name = h.user LEFT JOIN derived.link AS l"
		" ON l.user = u.id AND l.restaurant_id = h.restaurant_id WHERE l.user IS NULL"
		" OR l.created_ns <> h.created_ns OR l.restaurant <> h.restaurant"},
	{"F804", NEED_ALL,
		"SELECT " LINK("user", "restaurant") ", 'a link', 'none'"
						     " FROM temp.unlinked WHERE link_ns IS NULL"},
	{"F805", NEED_ALL | NEED_KEY,
		"SELECT " LINK("u.name",
			"l.restaurant") ", 'none', 'a link'"
					" FROM derived.link AS l JOIN derived.user AS u ON u.id = l.user"
					" LEFT JOIN temp.touched AS t ON t.restaurant_id = l.restaurant_id"
					" AND t.user = u.name WHERE CASE WHEN t.user IS NOT NULL THEN t.created_ns IS NULL"
					" ELSE NOT EXISTS (SELECT 1 FROM main.favorite AS f WHERE"
					" f.restaurant = l.restaurant_id AND f.place = place_of(u.name)"
					" AND f.user = u.name) END"},
	{"F806", NEED_ALL,
		"SELECT " LINK(
			"user", "restaurant") ", created_ns, link_ns"
					      " FROM temp.unlinked WHERE link_ns <> created_ns"},
	{"F807", NEED_ALL,
		"SELECT " LINK(
			"user", "restaurant") ", restaurant, link_name"
					      " FROM temp.unlinked WHERE link_name <> restaurant"},
	{"F808", NEED_DERIVED,
		"SELECT " LINK("'#' || l.user",
			"l.restaurant") ", 'a user', 'none'"
					" FROM derived.link AS l"
					" WHERE NOT EXISTS (SELECT 1 FROM derived.user AS u WHERE u.id = l.user)"},
	{"F809", NEED_DERIVED,
		"SELECT 'users/' || u.name, n || ' favourites as listed', u.favorites"
		" FROM (SELECT user, count(*) AS n FROM derived.link GROUP BY user) AS l"
		" JOIN derived.user AS u ON u.id = l.user WHERE u.favorites <> n"
		" UNION ALL SELECT 'users/' || name, '0 favourites as listed', favorites"
		" FROM derived.user AS u WHERE favorites <> 0"
		" AND NOT EXISTS (SELECT 1 FROM derived.link AS l WHERE l.user = u.id)"},
};
const size_t user_checks_count = COUNT(user_checks);

_Static_assert(USER_ID_MAX == INT64_C(268435456), "the statements above say so");
