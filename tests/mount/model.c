/*
 * model.c - random operations on a mount; each answer is compared with a model in memory.
 *
 *	model MOUNT [--operations N] [--seed S] [--remount-command COMMAND --remount K]
 *
 * The store behind MOUNT must be new and nobody else may use it.  The model is
 * what the contract promises, said as plainly as can be: it knows nothing of
 * favfs, and renders windows with gmtime(3).  It answers for every call with an errno and, where
 * that is 0, with all that can be seen afterwards.  What only the clock of the
 * mount decides is known as a span (from before the call to after it) until it
 * is seen once; from then on it must stay.
 *
 * As root some calls are made as other users (fsuid), for favourites have owners.
 * COMMAND, run in / every K operations with nothing of ours open, unmounts and mounts.
 *
 * Exits 0 when all was as the model says, 1 at the first difference, 2 for usage.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* ---- the name space: what making each name gets ---- */

struct name {
	const char *text;
	int error;
};

#define LONG_60  "a-name-that-is-as-long-as-names-may-be-and-then-a-bit-longer"
#define LONG_240 LONG_60 LONG_60 LONG_60 LONG_60

static const struct name restaurant_names[] = {
	{"noma", 0},
	{"Noma", 0},
	{"noma 2", 0},
	{"st-john's \\ \"bar\" & grill", 0},
	{"\xe9\xa3\x9f\xe5\xa0\x82", 0},
	{LONG_240 "-and-some-more.", 0},
	{"two\nlines", EINVAL},
	{"caf\xe9", EILSEQ},
	{LONG_240 "-and-more-than-that", ENAMETOOLONG},
};

static const struct name user_names[] = {
	{"alice", 0},
	{"bob", 0},
	{"BOB", 0},
	{"-rf", 0},
	{"...", 0},
	{".alice.Xr2bQd", 0},
	{"all", 0},
	{"fans", 0},
	{"2026-11", 0},
	{"\xc3\xa9milie", 0},
	{"e\xcc\x81milie", 0},
	{LONG_240 "-and-some-more!", 0},
	{"tab\tbed", EINVAL},
	{"\xe2\x80\xa8", EINVAL},
	{"\xc2\x9b"
	 "31m",
		EINVAL},
	{"\xc0\xaf", EILSEQ},
	{LONG_240 "-and-some-more!!", ENAMETOOLONG},
};

#define RESTAURANTS    LENGTH(restaurant_names)
#define USERS          LENGTH(user_names)
#define ILLEGAL_ONE_IN 25 /* names that are drawn */
#define LEGAL_R        6
#define LEGAL_U        12

#define DAY_S         86400
#define LAST_SECOND   INT64_C(9214646399) /* of 2261 */
#define NS_PER_SECOND 1000000000

static const struct timespec moments[] = {
	{0, 0},
	{0, 1},
	{31 * DAY_S - 1, 999999999}, /* the last of January 1970, and the first of February */
	{31 * DAY_S, 0},
	{68169600, 0}, /* 29 February 1972 */
	{951782399, 999999999}, /* around 29 February 2000 */
	{951782400, 0},
	{951868799, 999999999},
	{951868800, 0},
	{1709164800, 0}, /* the same of 2024 */
	{1709251199, 999999999},
	{1709251200, 0},
	{1793491199, 999999999}, /* around 1 November 2026 */
	{1793491200, 0},
	{1798761599, 999999999}, /* the last of 2026 */
	{2147483647, 999999999},
	{2147483648, 0}, /* past 32 bits */
	{4107542399, 999999999}, /* 2100 has no 29 February */
	{4107542400, 0},
	{4294967296, 0},
	{LAST_SECOND, 0},
	{LAST_SECOND, 999999999},
	{LAST_SECOND + 1, 0},
	{9223372036, 854775807},
	{9223372037, 0}, /* past 64 bits of ns */
	{20000000000, 0}, /* so far past that it looks good again */
	{-10000000000, 0},
	{253402300800, 0},
	{-1, 999999999},
	{-1, 0},
	{-DAY_S, 0},
	{-2208988800, 0},
};

/* Windows beside those of the favourites: what looking them up gets in a store of all,month,day. */
static const struct name odd_windows[] = {
	{"1999-12", 0},
	{"1970-01-01", 0},
	{"2096-02-29", 0},
	{"2261-12-31", 0},
	{"2026-02-29", ENOENT},
	{"2100-02-29", ENOENT},
	{"2026-13", ENOENT},
	{"2026-00", ENOENT},
	{"2026-1", ENOENT},
	{"2026-11-", ENOENT},
	{"+026-11", ENOENT},
	{"1969-12", ENOENT},
	{"2262-01", ENOENT},
	{"2026", ENOENT},
	{"2026-W47", ENOENT},
	{"2026-11-22T15", ENOENT},
	{"week", ENOENT},
	{"ALL", ENOENT},
	{LONG_240 LONG_60, ENAMETOOLONG},
};

/* ---- the model ---- */

/* In ns; both ends are the same once it was seen. */
struct span {
	int64_t low, high;
};

struct favorite {
	bool live;
	uid_t uid;
	gid_t gid;
	ino_t ino; /* of the last one when there is none */
	struct span created;
	struct span changed;
};

struct restaurant {
	bool made;
	bool fans;
	ino_t ino; /* as above */
	struct span changed;
	struct span fans_changed;
	struct favorite favorites[USERS];
};

static struct restaurant restaurants[RESTAURANTS];
static struct span restaurants_changed;

enum level {
	RESTAURANT, /* restaurants/R */
	FANS, /* restaurants/R/fans */
	OTHER, /* restaurants/R/other */
	FAVORITE, /* restaurants/R/fans/U */
};

static const mode_t modes[] = {
	[RESTAURANT] = S_IFDIR | 0755, [FANS] = S_IFDIR | 01777, [FAVORITE] = S_IFREG | 0644};

/* A place in the tree, whether anything is there or not. */
struct node {
	enum level level;
	size_t r, u;
};

static struct restaurant *restaurant_of(struct node n)
{
	return &restaurants[n.r];
}

static struct favorite *favorite_of(struct node n)
{
	return &restaurants[n.r].favorites[n.u];
}

static bool is_directory(struct node n)
{
	return n.level == RESTAURANT || n.level == FANS;
}

static bool is_same(struct node a, struct node b)
{
	return a.level == b.level && a.r == b.r && (a.level != FAVORITE || a.u == b.u);
}

static bool is_above(struct node a, struct node b)
{
	return a.r == b.r && a.level < b.level &&
	       (a.level == RESTAURANT || (a.level == FANS && b.level == FAVORITE));
}

static int missing(const struct name *name)
{
	return name->error == ENAMETOOLONG ? ENAMETOOLONG : ENOENT;
}

static int model_lookup(struct node n)
{
	const struct restaurant *r = restaurant_of(n);

	if (!r->made)
		return missing(&restaurant_names[n.r]);
	if (n.level == RESTAURANT)
		return 0;
	if (n.level == OTHER || !r->fans)
		return ENOENT;
	return n.level == FANS || favorite_of(n)->live ? 0 : missing(&user_names[n.u]);
}

static int model_lookup_parent(struct node n)
{
	if (n.level == RESTAURANT)
		return 0;
	return model_lookup((struct node){n.level == FAVORITE ? FANS : RESTAURANT, n.r, 0});
}

/* What stands in the way of making anything there, before it is looked at what. */
static int model_vacant(struct node n)
{
	int error = model_lookup_parent(n);

	if (!error)
		error = model_lookup(n);
	else
		return error;
	return error == ENOENT ? 0 : error ? error : EEXIST;
}

static int model_name(struct node n)
{
	const int errors[] = {
		[RESTAURANT] = restaurant_names[n.r].error,
		[OTHER] = EPERM,
		[FAVORITE] = user_names[n.u].error,
	};

	return errors[n.level];
}

static bool any_favorite(const struct restaurant *r)
{
	for (size_t u = 0; u < USERS; u++)
		if (r->favorites[u].live)
			return true;
	return false;
}

#define WINDOW_TEXT 16

/* "2026-11-22", of which a month is the first seven characters. */
static void day_of(const struct favorite *f, char ret_day[static WINDOW_TEXT])
{
	time_t seconds = f->created.low / NS_PER_SECOND;
	struct tm tm;

	(void)strftime(ret_day, WINDOW_TEXT, "%Y-%m-%d", gmtime_r(&seconds, &tm));
}

static bool is_within(const struct favorite *f, const char *window)
{
	char day[WINDOW_TEXT];

	day_of(f, day);
	return !strcmp(window, "all") || !strncmp(window, day, strlen(window));
}

static int model_count(const struct restaurant *r, const char *window)
{
	int count = 0;

	for (size_t u = 0; u < USERS; u++)
		count += r->favorites[u].live && is_within(&r->favorites[u], window);
	return count;
}

struct row {
	int count;
	const char *name;
};

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->count != y->count ? y->count - x->count : strcmp(x->name, y->name);
}

#define TEXT_MAX 8192

static void model_ranking(const char *window, char ret_text[static TEXT_MAX])
{
	struct row rows[RESTAURANTS];
	size_t n = RESTAURANTS, rank = 0, used = 0;

	for (size_t r = 0; r < n; r++)
		rows[r] = (struct row){
			model_count(&restaurants[r], window), restaurant_names[r].text};
	qsort(rows, n, sizeof(*rows), compare_rows);
	ret_text[0] = '\0';
	for (size_t i = 0; i < n && rows[i].count; i++) {
		if (i == 0 || rows[i].count != rows[i - 1].count)
			rank = i + 1;
		used += (size_t)snprintf(ret_text + used, TEXT_MAX - used, "%6zu\t%d\t%s\n", rank,
			rows[i].count, rows[i].name);
	}
}

/* ---- chance ---- */

static uint64_t random_state;

static uint64_t draw(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static size_t pick(size_t n)
{
	return (size_t)(draw() % n);
}

static bool one_in(size_t n)
{
	return pick(n) == 0;
}

static size_t pick_name(size_t legal, size_t all)
{
	return one_in(ILLEGAL_ONE_IN) ? legal + pick(all - legal) : pick(legal);
}

static struct node pick_node(unsigned percent_favorites)
{
	static const enum level others[] = {RESTAURANT, RESTAURANT, FANS, FANS, FANS, OTHER};

	return (struct node){
		pick(100) < percent_favorites ? FAVORITE : others[pick(LENGTH(others))],
		pick_name(LEGAL_R, RESTAURANTS),
		pick_name(LEGAL_U, USERS),
	};
}

/* Mostly one that is there; where little is, another. */
static struct node pick_existing(unsigned percent_favorites)
{
	struct node n = pick_node(percent_favorites);

	for (int i = 0; i < 4 && model_lookup(n); i++)
		n = pick_node(percent_favorites);
	return n;
}

/* ---- telling ---- */

#define OPERATIONS_TOLD 20
#define NOTES           256 /* as many calls as these may make, nearly always */
#define NOTE_TEXT       1400

static struct {
	const char *mount; /* absolute */
	uint64_t seed;
	long number; /* of the operation */
	struct note {
		long number;
		char text[NOTE_TEXT];
	} notes[NOTES]; /* a ring */
	size_t noted;
	unsigned long accepted, refused, counted; /* counted: rankings with rows compared */
} run = {0};

/* Names may hold what a terminal should not get, and more than a person wants to. */
static void print_visibly(const char *text)
{
	const size_t long_length = strlen(LONG_240);

	for (; *text; text++) {
		if (!strncmp(text, LONG_240, long_length)) {
			(void)printf("(%zu bytes)", long_length);
			text += long_length - 1;
		} else if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f) {
			(void)printf("\\x%02x", (unsigned char)*text);
		} else {
			(void)putchar(*text);
		}
	}
}

static void print_notes(void)
{
	size_t first = run.noted < NOTES ? 0 : run.noted - NOTES;

	for (size_t i = first; i < run.noted; i++) {
		const struct note *note = &run.notes[i % NOTES];

		if (note->number <= run.number - OPERATIONS_TOLD)
			continue;
		(void)printf("  %ld ", note->number);
		print_visibly(note->text);
		(void)putchar('\n');
	}
}

static void print_texts(const char *expected, const char *found)
{
	(void)printf("expected ");
	print_visibly(expected);
	(void)printf("\nfound    ");
	print_visibly(found);
	(void)putchar('\n');
}

__attribute__((noreturn)) static void differ(
	const char *what, const char *expected, const char *found)
{
	(void)printf("seed %llu, operation %ld: %s differs from the model, after\n",
		(unsigned long long)run.seed, run.number, what);
	print_notes();
	print_texts(expected, found);
	(void)fflush(stdout);
	_exit(EXIT_FAILURE);
}

static void same_text(const char *what, const char *expected, const char *found)
{
	if (strcmp(expected, found) != 0)
		differ(what, expected, found);
}

static void same_number(const char *what, int64_t expected, int64_t found)
{
	char texts[2][32];

	if (expected == found)
		return;
	(void)snprintf(texts[0], sizeof(texts[0]), "%lld", (long long)expected);
	(void)snprintf(texts[1], sizeof(texts[1]), "%lld", (long long)found);
	differ(what, texts[0], texts[1]);
}

static int64_t ns_of(struct timespec time)
{
	return (int64_t)time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	return ns_of(now);
}

static void same_time(const char *what, struct span *span, struct timespec found)
{
	int64_t ns = ns_of(found);

	if (ns < span->low)
		same_number(what, span->low, ns);
	if (ns > span->high)
		same_number(what, span->high, ns);
	*span = (struct span){ns, ns};
}

/* ---- one call: begin(), then end() with what it returned ---- */

static uid_t me, actor; /* actor: who makes the next call */
static struct span call; /* when the last one was made */

/* The group differs from the user, so that nobody can take one for the other. */
static gid_t group_of(uid_t uid)
{
	return uid == me ? getegid() : uid + 500;
}

static void become(uid_t uid)
{
	(void)setfsgid(group_of(uid)); /* tells the old one, whether it worked or not */
	(void)setfsuid(uid);
}

static void pick_actor(struct node n)
{
	static const uid_t others[] = {1001, 1002};

	actor = me;
	if (me == 0 && n.level == FAVORITE && one_in(3))
		actor = others[pick(LENGTH(others))];
}

__attribute__((format(printf, 1, 2))) static void begin(const char *format, ...)
{
	struct note *note = &run.notes[run.noted++ % NOTES];
	int used = snprintf(note->text, NOTE_TEXT, "uid %u: ", actor);
	va_list values;

	note->number = run.number;
	va_start(values, format);
	(void)vsnprintf(note->text + used, NOTE_TEXT - (size_t)used, format, values);
	va_end(values);
	call.low = now_ns();
	if (actor != me)
		become(actor);
}

static const char *words_of(int error)
{
	return error ? strerror(error) : "success";
}

/* Whether it was accepted. */
static bool end(int expected, long result)
{
	int error = result < 0 ? errno : 0;

	call.high = now_ns();
	if (actor != me)
		become(me);
	if (error != expected)
		differ("the answer", words_of(expected), words_of(error));
	if (error)
		run.refused++;
	else
		run.accepted++;
	return !error;
}

#define PATH_TEXT 640

struct path {
	char text[PATH_TEXT];
};

static struct path path_of(struct node n)
{
	static const char *const below[] = {"", "/fans", "/other", "/fans/"};
	struct path path;

	(void)snprintf(path.text, sizeof(path.text), "restaurants/%s%s%s",
		restaurant_names[n.r].text, below[n.level],
		n.level == FAVORITE ? user_names[n.u].text : "");
	return path;
}

/* ---- what can be seen of a node ---- */

static void check_favorite(struct favorite *f, const struct stat *st)
{
	same_number("size", 0, st->st_size);
	same_number("owner", f->uid, st->st_uid);
	same_number("group", f->gid, st->st_gid);
	same_number("inode number", (int64_t)f->ino, (int64_t)st->st_ino);
	same_time("mtime", &f->created, st->st_mtim);
	same_time("ctime", &f->changed, st->st_ctim);
}

static void check_directory(struct node n, const struct stat *st)
{
	struct restaurant *r = restaurant_of(n);

	same_number("owner", me, st->st_uid);
	same_time("mtime", n.level == FANS ? &r->fans_changed : &r->changed, st->st_mtim);
	if (n.level == RESTAURANT)
		same_number("inode number", (int64_t)r->ino, (int64_t)st->st_ino);
}

static void check_node(struct node n, const struct stat *st)
{
	same_number("mode", modes[n.level], st->st_mode);
	same_number("number of links", 1, (int64_t)st->st_nlink);
	if (n.level == FAVORITE)
		check_favorite(favorite_of(n), st);
	else
		check_directory(n, st);
}

static void check_top(void)
{
	struct stat st;

	if (end(0, stat("restaurants", &st)) && restaurants_changed.high)
		same_time("mtime", &restaurants_changed, st.st_mtim);
}

static void look(struct node n)
{
	struct path path = path_of(n);
	struct stat st;

	begin("stat %s", path.text);
	if (end(model_lookup(n), lstat(path.text, &st)))
		check_node(n, &st);
}

static void op_stat(struct node n)
{
	look(n);
	begin("stat restaurants");
	check_top();
}

/* What is new has an inode number that nothing had: as far as the model remembers. */
static ino_t new_ino(ino_t ino)
{
	for (size_t r = 0; r < RESTAURANTS; r++) {
		bool used = restaurants[r].ino == ino;

		for (size_t u = 0; u < USERS; u++)
			used = used || restaurants[r].favorites[u].ino == ino;
		if (used)
			differ("inode number", "a new one", "one that was used");
	}
	return ino;
}

/* ---- making and removing ---- */

static void made_directory(struct node n, const char *path)
{
	struct restaurant *r = restaurant_of(n);
	struct stat st;

	r->changed = call;
	if (n.level == RESTAURANT) {
		r->made = true;
		restaurants_changed = call;
	} else {
		r->fans = true;
		r->fans_changed = call;
	}
	begin("stat %s", path);
	if (end(0, stat(path, &st)) && n.level == RESTAURANT)
		r->ino = new_ino(st.st_ino);
	check_node(n, &st);
}

static void op_mkdir(struct node n)
{
	struct path path = path_of(n);
	int expected = model_vacant(n);

	if (!expected)
		expected = n.level == FAVORITE ? EPERM : model_name(n);
	begin("mkdir %s", path.text);
	if (end(expected, mkdir(path.text, one_in(2) ? 0755 : 0700)))
		made_directory(n, path.text);
}

static int model_rmdir(struct node n)
{
	const struct restaurant *r = restaurant_of(n);
	int error = model_lookup(n);

	if (error)
		return error;
	if (n.level == FAVORITE)
		return ENOTDIR;
	return (n.level == RESTAURANT ? r->fans : any_favorite(r)) ? ENOTEMPTY : 0;
}

static void op_rmdir(struct node n)
{
	struct restaurant *r = restaurant_of(n);
	struct path path = path_of(n);

	begin("rmdir %s", path.text);
	if (!end(model_rmdir(n), rmdir(path.text)))
		return;
	if (n.level == RESTAURANT) {
		r->made = false;
		restaurants_changed = call;
	} else {
		r->fans = false;
		r->changed = call;
	}
	look((struct node){RESTAURANT, n.r, 0});
}

static bool owns(const struct favorite *f)
{
	return actor == 0 || actor == f->uid;
}

/* fans/ is sticky, and of the user who mounted. */
static bool may_remove(const struct favorite *f)
{
	return owns(f) || actor == me;
}

static void marked(struct node n, const struct stat *st)
{
	struct favorite *f = favorite_of(n);

	*f = (struct favorite){
		.live = true,
		.uid = actor,
		.gid = group_of(actor),
		.ino = new_ino(st->st_ino),
		.created = call,
	};
	same_time("mtime", &f->created, st->st_mtim);
	f->changed = f->created;
	restaurant_of(n)->fans_changed = f->created;
	check_node(n, st);
}

/* fs.protected_regular: no O_CREAT of a stranger's file where all may write. */
static bool is_protected(const struct favorite *f)
{
	static int level = -1;
	FILE *file;

	if (level < 0) {
		level = 0;
		file = fopen("/proc/sys/fs/protected_regular", "re");
		if (file && fscanf(file, "%d", &level) != 1)
			level = 0;
		if (file)
			(void)fclose(file);
	}
	return level > 0 && f->uid != actor && f->uid != me;
}

static int model_create(struct node n, bool exclusive)
{
	int error = model_vacant(n);

	if (!error)
		return n.level == FAVORITE ? model_name(n) : EPERM;
	if (error != EEXIST || exclusive)
		return error;
	if (is_directory(n))
		return EISDIR;
	return !owns(favorite_of(n)) || is_protected(favorite_of(n)) ? EACCES : 0;
}

static void op_create(struct node n)
{
	static const int extras[] = {0, 0, O_EXCL, O_TRUNC, O_NONBLOCK | O_NOCTTY};
	int flags = O_CREAT | O_WRONLY | O_CLOEXEC | extras[pick(LENGTH(extras))];
	bool is_new = model_lookup(n) != 0;
	struct path path = path_of(n);
	struct stat st = {0};
	int fd;

	pick_actor(n);
	begin("create%s%s %s", flags & O_EXCL ? " O_EXCL" : "", flags & O_TRUNC ? " O_TRUNC" : "",
		path.text);
	fd = open(path.text, flags, one_in(2) ? 0666 : 0600);
	if (!end(model_create(n, flags & O_EXCL), fd))
		return;
	same_number("fstat", 0, fstat(fd, &st));
	if (is_new)
		marked(n, &st);
	else
		check_node(n, &st);
	same_number("close", 0, close(fd));
}

static void op_mknod(struct node n)
{
	static const mode_t types[] = {S_IFREG, S_IFREG, S_IFREG, S_IFREG, S_IFIFO, S_IFSOCK};
	mode_t type = types[pick(LENGTH(types))];
	int expected = model_vacant(n);
	struct path path = path_of(n);
	struct stat st;

	pick_actor(n);
	if (!expected)
		expected = n.level == FAVORITE && type == S_IFREG ? model_name(n) : EPERM;
	begin("mknod %o %s", type, path.text);
	if (!end(expected, mknod(path.text, type | 0640, 0)))
		return;
	same_number("stat", 0, stat(path.text, &st));
	marked(n, &st);
}

static int model_unlink(struct node n)
{
	int error = model_lookup(n);

	if (error)
		return error;
	if (is_directory(n))
		return EISDIR;
	return may_remove(favorite_of(n)) ? 0 : EPERM;
}

static void op_unlink(struct node n)
{
	struct path path = path_of(n);

	pick_actor(n);
	begin("unlink %s", path.text);
	if (!end(model_unlink(n), unlink(path.text)))
		return;
	favorite_of(n)->live = false;
	restaurant_of(n)->fans_changed = call;
}

/* rm -r */
static void op_clear(struct node n)
{
	for (size_t u = 0; u < LEGAL_U; u++) {
		struct node favorite = {FAVORITE, n.r, u};

		while (favorite_of(favorite)->live)
			op_unlink(favorite);
	}
	actor = me;
	op_rmdir((struct node){FANS, n.r, 0});
	op_rmdir((struct node){RESTAURANT, n.r, 0});
}

/* ---- renaming ---- */

/* Directories are renamed by copying and removing, which EXDEV tells mv(1). */
static const int directory_renames[] = {[RESTAURANT] = EXDEV, [FANS] = EXDEV};

/* What Linux says before it asks the filesystem; -1: it asks. */
static int model_rename_linux(struct node from, struct node to, unsigned flags)
{
	int source = model_lookup(from), target = model_lookup(to);
	int parent = model_lookup_parent(to);
	bool exchange = flags & RENAME_EXCHANGE;

	if (exchange && flags & RENAME_NOREPLACE)
		return EINVAL;
	if (model_lookup_parent(from) || parent || source)
		return model_lookup_parent(from) ? model_lookup_parent(from)
		       : parent                  ? parent
						 : source;
	if (!target && flags & RENAME_NOREPLACE)
		return EEXIST;
	if (target && (exchange || target != ENOENT))
		return target;
	if (is_above(from, to))
		return EINVAL;
	if (is_above(to, from))
		return exchange ? EINVAL : ENOTEMPTY;
	if (is_same(from, to))
		return 0;
	if (from.level == FAVORITE && !may_remove(favorite_of(from)))
		return EPERM;
	if (!target && to.level == FAVORITE && !may_remove(favorite_of(to)))
		return EPERM;
	if (!target && !exchange && is_directory(from) != is_directory(to))
		return is_directory(to) ? EISDIR : ENOTDIR;
	return -1;
}

static int model_rename(struct node from, struct node to, unsigned flags)
{
	int error = model_rename_linux(from, to, flags);

	if (error >= 0)
		return error;
	if (is_directory(from))
		return directory_renames[from.level];
	if (flags & RENAME_EXCHANGE)
		return EINVAL;
	return to.level == FAVORITE ? model_name(to) : EPERM;
}

static void renamed(struct node from, struct node to)
{
	if (is_same(from, to))
		return;
	*favorite_of(to) = *favorite_of(from);
	favorite_of(to)->changed = call;
	favorite_of(from)->live = false;
	restaurant_of(from)->fans_changed = call;
	restaurant_of(to)->fans_changed = call;
}

static void op_rename(struct node from)
{
	static const unsigned choices[] = {0, 0, 0, 0, RENAME_NOREPLACE, RENAME_NOREPLACE,
		RENAME_EXCHANGE, RENAME_NOREPLACE | RENAME_EXCHANGE};
	unsigned flags = choices[pick(LENGTH(choices))];
	struct node to = pick_node(from.level == FAVORITE ? 92 : 30);
	struct path path = path_of(from), to_path;

	if (one_in(3))
		to.r = from.r;
	if (to.level == FAVORITE)
		pick_actor(from);
	to_path = path_of(to);
	begin("rename flags %u %s to %s", flags, path.text, to_path.text);
	if (end(model_rename(from, to, flags),
		    renameat2(AT_FDCWD, path.text, AT_FDCWD, to_path.text, flags)))
		renamed(from, to);
}

static void op_link(struct node from)
{
	struct node to = pick_node(80);
	struct path path = path_of(from), to_path = path_of(to);
	int expected = model_lookup(from);

	if (!expected)
		expected = model_vacant(to);
	begin("link %s to %s", path.text, to_path.text);
	(void)end(expected ? expected : EPERM, link(path.text, to_path.text));
}

static void op_symlink(struct node n)
{
	struct path path = path_of(n);
	int expected = model_vacant(n);

	begin("symlink %s", path.text);
	(void)end(expected ? expected : EPERM, symlink("bob", path.text));
}

/* ---- attributes ---- */

static bool is_countable(struct timespec time)
{
	return time.tv_sec >= 0 && time.tv_sec <= LAST_SECOND;
}

static struct timespec pick_moment(const struct favorite *f)
{
	int64_t same = f->created.low;

	switch (pick(6)) {
	case 0: /* often the one that it has */
		return (struct timespec){same / NS_PER_SECOND, same % NS_PER_SECOND};
	case 1:
		return (struct timespec){(time_t)pick(LAST_SECOND + 1), (long)pick(NS_PER_SECOND)};
	case 2: /* close to others */
		return (struct timespec){1793491200 + (time_t)pick(40 * DAY_S), 0};
	default:
		return moments[pick(LENGTH(moments))];
	}
}

static int model_utimens(struct node n, const struct timespec times[static 2])
{
	bool is_explicit = times[1].tv_nsec != UTIME_NOW && times[1].tv_nsec != UTIME_OMIT;
	bool both_now = times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW;
	int error = model_lookup(n);

	if (error || n.level != FAVORITE)
		return error;
	if (!owns(favorite_of(n)))
		return both_now ? EACCES : EPERM;
	return is_explicit && !is_countable(times[1]) ? EINVAL : 0;
}

static void changed_moment(struct favorite *f, struct timespec time)
{
	if (time.tv_nsec == UTIME_NOW || time.tv_nsec == UTIME_OMIT)
		return;
	if (ns_of(time) == f->created.low)
		return;
	f->created = (struct span){ns_of(time), ns_of(time)};
	f->changed = call;
}

static void op_utimens(struct node n)
{
	struct timespec moment = pick_moment(favorite_of(n));
	struct timespec now = {.tv_nsec = UTIME_NOW}, keep = {.tv_nsec = UTIME_OMIT};
	const struct timespec choices[][2] = {{moment, moment}, {moment, moment}, {moment, moment},
		{now, moment}, {keep, moment}, {now, now}, {moment, now}, {moment, keep}};
	const struct timespec *times = choices[pick(LENGTH(choices))];
	struct path path = path_of(n);

	pick_actor(n);
	begin("utimensat {%lld %ld, %lld %ld} %s", (long long)times[0].tv_sec, times[0].tv_nsec,
		(long long)times[1].tv_sec, times[1].tv_nsec, path.text);
	if (end(model_utimens(n, times), utimensat(AT_FDCWD, path.text, times, 0)) &&
		n.level == FAVORITE)
		changed_moment(favorite_of(n), times[1]);
}

static void op_chmod(struct node n)
{
	static const mode_t choices[] = {0600, 0644, 0755, 01777, 0};
	mode_t mode = choices[pick(LENGTH(choices))];
	struct path path = path_of(n);
	int expected = model_lookup(n);

	pick_actor(n);
	if (!expected && n.level == FAVORITE)
		expected = owns(favorite_of(n)) ? 0 : EPERM;
	else if (!expected)
		expected = mode == (modes[n.level] & 07777) ? 0 : EPERM;
	begin("chmod %o %s", mode, path.text);
	(void)end(expected, chmod(path.text, mode));
}

static void changed_owner(struct favorite *f, uid_t uid, gid_t gid)
{
	bool same = gid == f->gid && (uid == f->uid || uid == (uid_t)-1);

	f->changed = (struct span){same ? f->changed.low : call.low, call.high};
	f->uid = uid == (uid_t)-1 ? f->uid : uid;
	f->gid = gid;
}

/* Root's alone; another may only say what is so already. */
static void op_chown(struct node n)
{
	static const uid_t choices[] = {0, 1001, 1002, (uid_t)-1};
	uid_t uid = me == 0 ? choices[pick(LENGTH(choices))] : me;
	gid_t gid = me == 0 && one_in(2) ? 1601 : getegid();
	bool same = (uid == me || uid == (uid_t)-1) && gid == getegid();
	struct path path = path_of(n);
	int expected = model_lookup(n);

	if (!expected && n.level != FAVORITE)
		expected = same ? 0 : EPERM;
	begin("chown %d:%d %s", (int)uid, (int)gid, path.text);
	if (end(expected, chown(path.text, uid, gid)) && n.level == FAVORITE)
		changed_owner(favorite_of(n), uid, gid);
}

static void op_truncate(struct node n)
{
	static const off_t choices[] = {0, 0, 1, INT64_C(1) << 40};
	off_t size = choices[pick(LENGTH(choices))];
	struct path path = path_of(n);
	int expected = model_lookup(n);

	if (!expected && is_directory(n))
		expected = EISDIR;
	if (!expected && size)
		expected = EPERM;
	begin("truncate %lld %s", (long long)size, path.text);
	(void)end(expected, truncate(path.text, size));
}

static void op_write(struct node n)
{
	struct path path = path_of(n);
	int expected = model_lookup(n);
	char byte;
	int fd;

	begin("open O_RDWR %s", path.text);
	fd = open(path.text, O_RDWR | O_CLOEXEC);
	if (!end(!expected && is_directory(n) ? EISDIR : expected, fd))
		return;
	begin("write %s", path.text);
	(void)end(EPERM, write(fd, "x", 1));
	begin("fallocate %s", path.text);
	(void)end(EPERM, fallocate(fd, 0, 0, 1));
	begin("read %s", path.text);
	same_number("bytes read", 0, pread(fd, &byte, 1, 0));
	(void)end(0, fsync(fd));
	same_number("close", 0, close(fd));
}

/* ---- listing ---- */

#define ENTRIES_MAX 512

struct entry {
	char name[NAME_MAX + 1];
	int type;
	ino_t ino; /* expected as 0: any */
};

static struct listing {
	size_t count;
	struct entry entries[ENTRIES_MAX];
} expected_listing, found_listing;

static void add_entry(struct listing *l, const char *name, int type, ino_t ino)
{
	struct entry *e = &l->entries[l->count++];

	assert(l->count <= ENTRIES_MAX && strlen(name) <= NAME_MAX);
	*e = (struct entry){.type = type, .ino = ino};
	(void)snprintf(e->name, sizeof(e->name), "%s", name);
}

static void expect_dots(void)
{
	expected_listing.count = 0;
	add_entry(&expected_listing, ".", DT_DIR, 0);
	add_entry(&expected_listing, "..", DT_DIR, 0);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void sort_listing(struct listing *l)
{
	qsort(l->entries, l->count, sizeof(*l->entries), compare_entries);
}

static void take_entries(const char *buffer, ssize_t size)
{
	for (ssize_t at = 0; at < size;) {
		const struct dirent64 *e = (const void *)(buffer + at);

		if (found_listing.count == ENTRIES_MAX)
			differ("the listing", "an end", "none");
		add_entry(&found_listing, e->d_name, e->d_type, e->d_ino);
		at += e->d_reclen;
	}
}

/* Often through a buffer that just holds the next entry, so that listings are resumed. */
static void read_listing(int fd)
{
	static const size_t sizes[] = {32, 32, 300, 600, 4096, 32768};
	_Alignas(struct dirent64) char buffer[32768];
	size_t size = sizes[pick(LENGTH(sizes))];
	ssize_t got;

	found_listing.count = 0;
	while ((got = getdents64(fd, buffer, size)) != 0) {
		if (got > 0)
			take_entries(buffer, got);
		else if (errno == EINVAL && size < sizeof(buffer))
			size *= 2;
		else
			differ("getdents", words_of(0), words_of(errno));
	}
}

static void compare_listings(void)
{
	const struct listing *expected = &expected_listing, *found = &found_listing;

	sort_listing(&expected_listing);
	sort_listing(&found_listing);
	for (size_t i = 0; i < expected->count || i < found->count; i++) {
		const struct entry *e = &expected->entries[i], *f = &found->entries[i];

		same_text("an entry", i < expected->count ? e->name : "(none)",
			i < found->count ? f->name : "(none)");
		same_number("type of entry", e->type, f->type);
		if (e->ino)
			same_number("inode number of entry", (int64_t)e->ino, (int64_t)f->ino);
	}
}

/* Against what was added to expected_listing. */
static void check_listing(const char *path, int expected)
{
	int fd;

	begin("list %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!end(expected, fd))
		return;
	read_listing(fd);
	same_number("close", 0, close(fd));
	compare_listings();
}

static void expect_restaurants(bool with_ino)
{
	for (size_t r = 0; r < RESTAURANTS; r++)
		if (restaurants[r].made)
			add_entry(&expected_listing, restaurant_names[r].text, DT_DIR,
				with_ino ? restaurants[r].ino : 0);
}

static void expect_fans(const struct restaurant *r)
{
	for (size_t u = 0; u < USERS; u++)
		if (r->favorites[u].live)
			add_entry(
				&expected_listing, user_names[u].text, DT_REG, r->favorites[u].ino);
}

static void op_list(struct node n)
{
	struct path path = path_of(n);
	int expected = model_lookup(n);

	expect_dots();
	if (n.level == RESTAURANT && restaurant_of(n)->fans)
		add_entry(&expected_listing, "fans", DT_DIR, 0);
	if (n.level == FANS)
		expect_fans(restaurant_of(n));
	check_listing(path.text, expected || is_directory(n) ? expected : ENOTDIR);
	expect_dots();
	expect_restaurants(true);
	check_listing("restaurants", 0);
}

/* ---- what is derived ---- */

static void read_text(int fd, char ret_text[static TEXT_MAX])
{
	size_t step = 1 + pick(TEXT_MAX), used = 0;
	ssize_t got;

	while ((got = read(fd, ret_text + used,
			step < TEXT_MAX - 1 - used ? step : TEXT_MAX - 1 - used)) > 0)
		used += (size_t)got;
	same_number("end of file", 0, got);
	ret_text[used] = '\0';
}

/*
 * Reads it whole; its size must be that of what is read.  Leaves it open: the descriptor,
 * or -1.  What stat said is what it said before: reading makes the kernel ask again.
 */
static int open_derived(
	const char *path, int expected, char ret_text[static TEXT_MAX], struct stat *ret_st)
{
	struct stat st;
	int fd;

	begin("stat %s", path);
	if (!end(expected, stat(path, ret_st)))
		return -1;
	begin("read %s", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)end(0, fd);
	same_number("fstat", 0, fstat(fd, &st));
	read_text(fd, ret_text);
	same_number("mode", S_IFREG | 0444, st.st_mode);
	same_number("size", (int64_t)strlen(ret_text), ret_st->st_size);
	same_number("size when open", ret_st->st_size, st.st_size);
	return fd;
}

/* Of a file: the text it had, and since when. */
struct seen {
	bool before;
	char text[TEXT_MAX];
	int64_t mtime_ns;
};

static void see(struct seen *seen, const char *text, struct timespec mtime)
{
	bool changed = seen->before && strcmp(seen->text, text) != 0;

	if (changed && ns_of(mtime) <= seen->mtime_ns)
		differ("mtime of a changed file", "a newer one", "the one it had, or older");
	if (ns_of(mtime) > now_ns())
		differ("mtime", "the past", "the future");
	seen->before = true;
	seen->mtime_ns = ns_of(mtime);
	(void)snprintf(seen->text, sizeof(seen->text), "%s", text);
}

/* @seen: NULL, or what was seen of that file before. */
static void check_derived(const char *path, int expected, const char *text, struct seen *seen)
{
	char found[TEXT_MAX];
	struct stat st;
	int fd = open_derived(path, expected, found, &st);

	if (fd < 0)
		return;
	same_text(path, text, found);
	if (seen)
		see(seen, text, st.st_mtim);
	same_number("close", 0, close(fd));
}

struct window {
	char text[512];
	int error;
};

static struct window pick_window(void)
{
	const struct favorite *f = &restaurants[pick(LEGAL_R)].favorites[pick(LEGAL_U)];
	const struct name *odd = &odd_windows[pick(LENGTH(odd_windows))];
	struct window window = {.text = "all"};
	size_t kind = pick(10);

	if (kind == 0)
		return window;
	if (kind == 1) {
		(void)snprintf(window.text, sizeof(window.text), "%s", odd->text);
		window.error = odd->error;
		return window;
	}
	day_of(f, window.text);
	if (kind < 6)
		window.text[strlen("2026-11")] = '\0';
	return window;
}

static bool is_all(struct window window)
{
	return !strcmp(window.text, "all");
}

static void check_ranking(struct window window)
{
	static struct seen seen;
	char path[PATH_TEXT], text[TEXT_MAX];

	(void)snprintf(path, sizeof(path), "rankings/%s", window.text);
	model_ranking(window.text, text);
	check_derived(path, window.error, text, is_all(window) ? &seen : NULL);
	run.counted += text[0] != '\0' && !window.error;
}

static void check_count(struct window window)
{
	static struct seen seen[RESTAURANTS];
	size_t r = pick_existing(0).r;
	char path[2 * PATH_TEXT], text[16];
	int expected = restaurants[r].made ? window.error : missing(&restaurant_names[r]);

	(void)snprintf(path, sizeof(path), "counts/%s/%s", restaurant_names[r].text, window.text);
	(void)snprintf(text, sizeof(text), "%d\n", model_count(&restaurants[r], window.text));
	check_derived(path, expected, text, is_all(window) ? &seen[r] : NULL);
}

static bool is_expected(const char *name)
{
	for (size_t i = 0; i < expected_listing.count; i++)
		if (!strcmp(expected_listing.entries[i].name, name))
			return true;
	return false;
}

static void expect_windows(const struct restaurant *r)
{
	char window[WINDOW_TEXT];

	for (size_t u = 0; u < USERS; u++) {
		if (!r->favorites[u].live)
			continue;
		day_of(&r->favorites[u], window);
		if (!is_expected(window))
			add_entry(&expected_listing, window, DT_REG, 0);
		window[strlen("2026-11")] = '\0';
		if (!is_expected(window))
			add_entry(&expected_listing, window, DT_REG, 0);
	}
}

static void check_derived_listings(void)
{
	size_t r = pick_existing(0).r;
	char path[PATH_TEXT];

	(void)snprintf(path, sizeof(path), "counts/%s", restaurant_names[r].text);
	expect_dots();
	add_entry(&expected_listing, "all", DT_REG, 0);
	expect_windows(&restaurants[r]);
	check_listing(path, restaurants[r].made ? 0 : missing(&restaurant_names[r]));
	expect_dots();
	expect_restaurants(false);
	check_listing("counts", 0);
	expect_dots();
	add_entry(&expected_listing, "all", DT_REG, 0);
	add_entry(&expected_listing, "month", DT_LNK, 0);
	add_entry(&expected_listing, "day", DT_LNK, 0);
	for (r = 0; r < RESTAURANTS; r++)
		expect_windows(&restaurants[r]);
	check_listing("rankings", 0);
}

static void barrier(void)
{
	static const char *const paths[] = {
		"rankings/all", "rankings/all", "rankings", "counts", "rankings/2026-11"};
	const char *path = paths[pick(LENGTH(paths))];
	int fd;

	begin("open %s", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)end(0, fd);
	begin("fsync %s", path);
	(void)end(0, fsync(fd));
	same_number("close", 0, close(fd));
}

/* A ranking that stays open: its text must stay, too. */
static struct {
	int fd;
	char text[TEXT_MAX];
} held = {.fd = -1};

static void release(void)
{
	if (held.fd >= 0)
		same_number("close", 0, close(held.fd));
	held.fd = -1;
}

static void op_derived(struct node n)
{
	struct stat st;

	(void)n;
	barrier();
	check_ranking((struct window){.text = "all"});
	for (int i = 0; i < 4; i++)
		check_ranking(pick_window());
	for (int i = 0; i < 8; i++)
		check_count(pick_window());
	check_derived_listings();
	if (held.fd < 0)
		held.fd = open_derived("rankings/all", 0, held.text, &st);
}

/* Once without what the kernel kept of it, once with. */
static void op_held(struct node n)
{
	size_t length = strlen(held.text), from = pick(length + 1);
	char found[TEXT_MAX];

	(void)n;
	if (held.fd < 0)
		return;
	begin("read rankings/all again from %zu", from);
	if (one_in(2))
		(void)posix_fadvise(held.fd, 0, 0, POSIX_FADV_DONTNEED); /* a wish */
	same_number("seek", (int64_t)from, lseek(held.fd, (off_t)from, SEEK_SET));
	read_text(held.fd, found);
	same_text("an open ranking", held.text + from, found);
	(void)end(0, fsync(held.fd));
	if (one_in(4))
		release();
}

/* ---- the run ---- */

static const struct operation {
	void (*make)(struct node n);
	unsigned weight;
	struct node (*pick)(unsigned percent_favorites);
	unsigned percent_favorites; /* of the nodes it is given */
} operations[] = {
	{op_create, 260, pick_node, 94},
	{op_mknod, 50, pick_node, 92},
	{op_unlink, 100, pick_existing, 94},
	{op_stat, 100, pick_existing, 75},
	{op_utimens, 140, pick_existing, 92},
	{op_rename, 150, pick_existing, 92},
	{op_mkdir, 120, pick_node, 10},
	{op_rmdir, 25, pick_existing, 10},
	{op_chmod, 25, pick_existing, 70},
	{op_chown, 40, pick_existing, 85},
	{op_truncate, 20, pick_existing, 85},
	{op_write, 15, pick_existing, 85},
	{op_link, 15, pick_existing, 85},
	{op_symlink, 15, pick_node, 80},
	{op_list, 50, pick_existing, 20},
	{op_clear, 3, pick_existing, 0},
	{op_derived, 10, pick_node, 0},
	{op_held, 20, pick_node, 0},
};

static const struct operation *pick_operation(void)
{
	size_t total = 0, at, i = 0;

	for (size_t o = 0; o < LENGTH(operations); o++)
		total += operations[o].weight;
	at = pick(total);
	while (at >= operations[i].weight)
		at -= operations[i++].weight;
	return &operations[i];
}

static void enter_mount(void)
{
	if (chdir(run.mount) < 0) {
		perror(run.mount);
		exit(EXIT_FAILURE);
	}
}

static void remount(const char *command)
{
	int status;

	release();
	begin("%s", command);
	(void)end(0, chdir("/"));
	status = system(command);
	same_number(
		"status of the remount command", 0, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	enter_mount();
}

static void run_operations(long count, const char *command, long between)
{
	for (run.number = 1; run.number <= count; run.number++) {
		const struct operation *operation = pick_operation();

		actor = me;
		operation->make(operation->pick(operation->percent_favorites));
		if (command && run.number % between == 0)
			remount(command);
	}
	op_derived(pick_node(0));
	release();
}

/* A run that did nothing has shown nothing. */
static int conclude(long count)
{
	bool idle = count >= 1000 &&
		    (run.accepted < (unsigned long)count / 4 ||
			    run.refused < (unsigned long)count / 10 || run.counted == 0);

	(void)printf("seed %llu: %ld operations, %lu calls accepted, %lu refused, "
		     "%lu rankings with rows compared%s\n",
		(unsigned long long)run.seed, count, run.accepted, run.refused, run.counted,
		idle ? ": too few to show anything" : "");
	return idle ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	static const struct option longs[] = {
		{"operations", required_argument, NULL, 'o'},
		{"seed", required_argument, NULL, 's'},
		{"remount", required_argument, NULL, 'k'},
		{"remount-command", required_argument, NULL, 'c'},
		{NULL, 0, NULL, 0},
	};
	long count = 20000, between = 1000;
	const char *command = NULL;
	int letter;

	run.seed = (uint64_t)now_ns();
	while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (letter == 'o')
			count = strtol(optarg, NULL, 10);
		else if (letter == 's')
			run.seed = strtoull(optarg, NULL, 10);
		else if (letter == 'k')
			between = strtol(optarg, NULL, 10);
		else if (letter == 'c')
			command = optarg;
		else
			return 2;
	}
	run.mount = optind == argc - 1 ? realpath(argv[optind], NULL) : NULL;
	if (!run.mount || count < 1 || between < 1) {
		(void)fprintf(stderr, "usage: model MOUNT [--operations N] [--seed S]"
				      " [--remount-command COMMAND --remount K]\n");
		return 2;
	}
	random_state = run.seed;
	me = geteuid();
	enter_mount();
	run_operations(count, command, between);
	return conclude(count);
}
