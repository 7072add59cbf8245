/*
 * backend.h - favourites, their change log, and what is derived from them.
 *
 * The one door to a store.  No engine type passes through it, and nothing in
 * it tells whether the engine is a file beside us or a cluster far away.
 *
 * Errors	0 or a negative errno; on failure no ret_ parameter is written.
 *		Opening calls also say why in words, for a person.
 * Threads	store_submit and store_committed may be called by any thread;
 *		a reader, a ranking and a derived belong to the thread that opened them.
 * Time		int64_t nanoseconds since 1970 UTC, named *_ns.
 * Text		valid names (name_check), NUL-terminated, borrowed for the call.
 */
#ifndef FAVFS_BACKEND_H
#define FAVFS_BACKEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include "backend/complaint.h"
#include "backend/name.h"
#include "backend/window.h"

/* ---- a store ---- */

struct store; /* one open store */
struct effects;

/* Something changed although nobody asked for it by name. */
enum effect_kind {
	EFFECT_REMOVED, /* a favourite was removed: @restaurant, @favorite, and both names */
	EFFECT_EXPIRED, /* a favourite expired: the same */
	EFFECT_CHANGED, /* its row changed: @favorite */
	EFFECT_EXPIRY, /* when it expires changed: as of REMOVED */
	EFFECT_FANS, /* the times of a fans/ changed, or there is a new one: @restaurant */
	EFFECT_RESTAURANTS, /* a restaurant was made */
};

struct effect {
	enum effect_kind kind;
	int64_t restaurant;
	int64_t favorite;
	size_t restaurant_name; /* offsets in effects->names */
	size_t user_name;
};

struct effects {
	struct effect *list;
	size_t count;
	size_t capacity;
	char *names; /* NUL-terminated, one after the other */
	size_t names_size;
	size_t names_capacity;
};
void effects_free(struct effects *effects); /* NULL is fine */

enum store_mode {
	STORE_SERVE, /* the one writing mount; makes the store where there is none */
	STORE_READ, /* readers only; the store must exist */
};

/* What a store is made with, for ever. */
struct store_form {
	window_kinds_t windows; /* the kinds that it counts; 0: the default */
	const char *timezone; /* whose calendar they are of (zone.h); NULL: UTC */
};

struct store_options {
	enum store_mode mode;
	const char *mountpoint; /* SERVE: told to whoever finds the store taken */
	int64_t retention_ns; /* SERVE: how long applied changes stay in the log */
	struct store_form form; /* SERVE: of a new store; of one that exists it is compared */
	bool relaxed; /* SERVE: an answered change survives a crash, and power loss after a SYNC */
	int64_t ttl_ns; /* SERVE: every new favourite expires so long after it was written; 0: never */
	int64_t (*now_ns)(void); /* the clock; NULL: CLOCK_REALTIME */
	/*
	 * SERVE: what committed changes did to others than those they name (expiry, import).
	 * Called on a thread of the store, after the commit and before its answers; takes
	 * @effects over (effects_free).  Must not block.  NULL: nobody wants to know.
	 */
	void (*behind)(void *arg, struct effects *effects);
	/* SERVE: from now on nothing is acknowledged any more; told once, on a thread of the store. */
	void (*failed)(void *arg, const char *why);
	void *behind_arg; /* for both */
};

#define RETENTION_NS_DEFAULT (INT64_C(24) * 3600 * 1000000000)

/*
 * Opens the store at @where (a directory, or later the URL of another engine).
 * SERVE fails with -EBUSY when another process serves it (the complaint names
 * its pid and mountpoint).  Starts a thread in SERVE mode: call it after the
 * last fork.  Sets the time zone of the process (zone.h) to that of the store.  The store must
 * be closed by store_close.
 */
int store_open(const char *where, const struct store_options *options, struct store **ret_store,
	struct complaint *ret_why);

/*
 * Makes an empty store, as the first SERVE would.  What exists is left alone: -EEXIST, but for
 * an empty directory.
 */
int store_make(const char *where, const struct store_form *form, struct complaint *ret_why);

/* Waits until all that was submitted is answered; NULL is fine.  Close readers first. */
void store_close(struct store *store);

/* Waits until all that was submitted so far is answered.  SERVE only. */
void store_settle(struct store *store);

/* What the engine is, for people: "SQLite 3.40.1". */
const char *store_engine(void);

/* What is known to be wrong with this version of the engine, for people; or NULL. */
const char *store_engine_flaw(void);

/* The kinds of window that this store counts; always with WINDOW_ALL. */
window_kinds_t store_windows(const struct store *store);

/* The name of its time zone. */
const char *store_timezone(const struct store *store);

/*
 * The seq of the newest change that was acknowledged to anybody here (SERVE):
 * what a barrier waits for.  Rises before the acknowledgement is given.
 */
int64_t store_committed(const struct store *store);

/*
 * Whether a favourite that exists survives power loss as far as durability goes; if not (it
 * was made early), a SYNC waits for that.
 */
bool store_has(const struct store *store, int64_t favorite);

/* What the medium under the store says of its space: see statvfs(3). */
int store_space(const struct store *store, struct statvfs *ret_space);

/* ---- what there is ---- */

struct restaurant {
	int64_t id; /* never used again for another */
	int64_t changed_ns; /* last change inside the restaurant itself */
	int64_t fans_made_ns; /* 0: it has no fans/ */
	int64_t fans_changed_ns; /* last change inside fans/ */
	char name[NAME_BYTES_MAX + 1];
};

#define FAVORITE_ID_MAX (INT64_C(1) << 59) /* ids stay below: they are node ids */

struct favorite {
	int64_t id; /* never used again for another; kept when it is moved */
	int64_t restaurant;
	int64_t created_ns; /* the moment it is counted at */
	int64_t changed_ns; /* last change of anything here */
	int64_t expires_ns; /* 0: never */
	uid_t uid;
	gid_t gid;
};

/* ---- changes: one wish of one caller each ---- */

enum log_op {
	LOG_ADD = 1,
	LOG_REMOVE,
	LOG_UPDATE,
	LOG_EXPIRE,
};

#define MOMENT_NONE INT64_C(-1)

enum change_kind {
	CHANGE_MAKE_RESTAURANT, /* @name; -EEXIST */
	CHANGE_REMOVE_RESTAURANT, /* @name; -ENOENT, -ENOTEMPTY while it has fans/ */
	CHANGE_MAKE_FANS, /* @id: restaurant; -ENOENT, -EEXIST */
	CHANGE_REMOVE_FANS, /* @id: restaurant; -ENOENT, -ENOTEMPTY */
	CHANGE_MARK, /* @id: restaurant, @name: user, @uid, @gid; -ENOENT; see @exclusive */
	CHANGE_UNMARK, /* @id: restaurant, @name: user; -ENOENT */
	CHANGE_MOVE, /* @id, @name to @to_id, @to_name; -ENOENT; -EEXIST with @exclusive */
	CHANGE_SET_CREATED, /* @id: favourite, @created_ns; -ENOENT, -EINVAL */
	CHANGE_SET_OWNER, /* @id: favourite, @uid, @gid; -ENOENT */
	CHANGE_SET_EXPIRY, /* @id: favourite, @created_ns: when, 0 never; -ENOENT, -EINVAL */
	CHANGE_SET_ATTRIBUTE, /* @id, @name, @value; -EEXIST, -ENODATA, -EDQUOT, -ENOENT */
	CHANGE_REMOVE_ATTRIBUTE, /* @id, @name; -ENODATA, -ENOENT */
	CHANGE_IMPORT, /* @lines, @uid, @gid: all or nothing */
	CHANGE_SYNC, /* answered when all that was answered before survives power loss */
	CHANGE_KINDS,
};

/* One line of an import.  Restaurants and their fans/ are made where they are missing. */
struct import_line {
	enum log_op op; /* ADD: nothing if it is there; UPDATE: adds it if not; REMOVE, EXPIRE */
	const char *restaurant;
	const char *user;
	int64_t created_ns; /* MOMENT_NONE: now */
};

/* Bytes of names and values of all attributes of one favourite. */
#define ATTRIBUTES_BYTES_MAX 4096

/* What a change left behind; which member counts follows from its kind. */
union changed {
	struct restaurant restaurant; /* MAKE_RESTAURANT, MAKE_FANS */
	struct favorite favorite; /* MARK, MOVE, SET_CREATED, SET_OWNER */
};

/*
 * Filled in by the caller, who must leave it alone from store_submit until
 * @done, and frees it after (or within) @done.
 */
struct change {
	enum change_kind kind;
	bool exclusive; /* an existing favourite, target or attribute is -EEXIST */
	bool must; /* SET_ATTRIBUTE: a missing one is -ENODATA */
	bool early; /* @done may come when it is committed: see store_has */
	uid_t uid;
	gid_t gid;
	int64_t id;
	int64_t to_id;
	int64_t created_ns;
	char name[NAME_BYTES_MAX + 1];
	char to_name[NAME_BYTES_MAX + 1];
	const void *value; /* SET_ATTRIBUTE: borrowed until @done */
	size_t value_size;
	const struct import_line *lines; /* IMPORT: borrowed until @done */
	size_t line_count;

	/*
	 * Called once, on a thread of the store, when the change is committed and, but
	 * for relaxed and @early, survives power loss (@error 0, @after is what it left
	 * behind), or when nothing is promised of it (a negative errno, @after is NULL).
	 * Must not block.
	 */
	void (*done)(struct change *change, int error, const union changed *after);

	/* The store's own, between store_submit and @done. */
	struct change *next;
	int error;
	union changed after;
};

/* Hands a change over and returns at once.  SERVE only. */
void store_submit(struct store *store, struct change *change);

/* ---- reading: always committed data, each call one moment ---- */

struct reader;

int reader_open(struct store *store, struct reader **ret_reader);

/*
 * From here to reader_rest, reads between two commits of this process share one look at the
 * store for a moment, which is cheaper than one each; they still see all that was committed
 * before.  Not to be kept up while waiting: others may not tidy up meanwhile.
 */
void reader_hold(struct reader *reader);
void reader_rest(struct reader *reader);

/* 0, or -ESTALE when the favourites under it were replaced: close it, and open another. */
int reader_look(struct reader *reader);

void reader_close(struct reader *reader); /* NULL is fine; close its rankings first */

int reader_restaurant(struct reader *reader, const char *name, struct restaurant *ret_restaurant);
int reader_restaurant_by_id(struct reader *reader, int64_t id, struct restaurant *ret_restaurant);
int reader_favorite(
	struct reader *reader, int64_t restaurant, const char *user, struct favorite *ret_favorite);
int reader_favorite_by_id(struct reader *reader, int64_t id, struct favorite *ret_favorite);

/*
 * The value of an attribute of a favourite: its size, or -ENODATA, or -ERANGE where
 * it does not fit; @size 0 asks for the size.
 */
ssize_t reader_attribute(
	struct reader *reader, int64_t favorite, const char *name, void *ret_value, size_t size);

/* Shows the names of a favourite's attributes until @each says enough. */
typedef bool each_attribute(void *arg, const char *name);
int reader_attributes(struct reader *reader, int64_t favorite, each_attribute *each, void *arg);

struct totals {
	int64_t restaurants;
	int64_t favorites;
	int64_t changed_ns; /* last time a restaurant was made or removed */
	int64_t next_favorite; /* the id that the next new favourite gets */
	int64_t newest_seq; /* of the log; 0: nothing ever changed */
	int64_t newest_ns; /* when that was */
};
int reader_totals(struct reader *reader, struct totals *ret_totals);

/*
 * Lists call @each for one entry after the other until it returns true
 * (enough) or there are no more.  @after is the cookie of the last entry that
 * the caller has had, 0 at the start.  Cookies are positive, below COOKIE_MAX,
 * grow along the list and stay valid for ever: an entry that exists all the
 * time is listed exactly once, whatever else comes and goes.
 */
#define COOKIE_MAX (INT64_C(1) << 62)

typedef bool each_restaurant(void *arg, int64_t cookie, const struct restaurant *restaurant);
typedef bool each_favorite(
	void *arg, int64_t cookie, const char *user, const struct favorite *favorite);
typedef bool each_name(void *arg, int64_t cookie, const char *user, int64_t favorite);
typedef bool each_window(void *arg, int64_t cookie, window_t window);

int reader_restaurants(struct reader *reader, int64_t after, each_restaurant *each, void *arg);
int reader_favorites(
	struct reader *reader, int64_t restaurant, int64_t after, each_favorite *each, void *arg);

/* The same list with the same cookies, of names and ids only, which takes half the time. */
int reader_names(
	struct reader *reader, int64_t restaurant, int64_t after, each_name *each, void *arg);

/* ---- reading what is derived: eventually consistent ---- */

/*
 * A descriptor that becomes readable when derived data may have moved on (then
 * call store_derived_look), or a negative errno.
 */
int store_derived_fd(struct store *store);

/* Takes what is readable; the readers see the news from here on. */
void store_derived_look(struct store *store);

/* The change up to which everything derived counts; seq 0: nothing yet. */
struct position {
	int64_t seq;
	int64_t tag; /* of that very change: tells a restored store from its future */
};
int reader_position(struct reader *reader, struct position *ret_position);

/* Changes that could not be counted (derived_set_aside). */
struct set_aside {
	int64_t count;
	int64_t newest_seq; /* and why that one; 0: none */
	char why[64];
};
int reader_set_aside(struct reader *reader, struct set_aside *ret_set_aside);

struct count {
	int64_t count;
	int64_t changed_ns; /* 0: never was anything */
};
/* The count of a restaurant's name in a window; all zero where there is nothing. */
int reader_count(
	struct reader *reader, const char *restaurant, window_t window, struct count *ret_count);

/* The windows other than WINDOW_ALL in which the restaurant has a count above 0. */
int reader_count_windows(
	struct reader *reader, const char *restaurant, int64_t after, each_window *each, void *arg);

/* The windows other than WINDOW_ALL whose ranking has rows. */
int reader_ranking_windows(struct reader *reader, int64_t after, each_window *each, void *arg);

/* A user who has favourites, as the log tells. */
struct user {
	int64_t id; /* the same as long as what is derived is not made anew */
	int64_t favorites; /* above 0 */
	int64_t changed_ns;
	char name[NAME_BYTES_MAX + 1];
};
int reader_user(struct reader *reader, const char *name, struct user *ret_user);
int reader_user_by_id(struct reader *reader, int64_t id, struct user *ret_user);

typedef bool each_user(void *arg, int64_t cookie, const struct user *user);
int reader_users(struct reader *reader, int64_t after, each_user *each, void *arg);

/* A favourite from the user's side; cookies of listings are the restaurants' ids. */
struct link {
	int64_t restaurant;
	int64_t created_ns;
	char name[NAME_BYTES_MAX + 1]; /* of the restaurant */
};
int reader_link(struct reader *reader, int64_t user, int64_t restaurant, struct link *ret_link);
typedef bool each_link(void *arg, int64_t cookie, const struct link *link);
int reader_links(struct reader *reader, int64_t user, int64_t after, each_link *each, void *arg);

/* Ids stay below these: they share a node id. */
#define USER_ID_MAX       (INT64_C(1) << 28)
#define RESTAURANT_ID_MAX (INT64_C(1) << 31)

/* One state of one ranking. */
struct ranking_info {
	int64_t version; /* the same version is the same bytes, for the life of the store handle */
	int64_t rows;
	int64_t size_bytes; /* of the text */
	int64_t changed_ns; /* when it came to be so; 0: never was anything */
};

/* What has counted more in one file cannot be: a thousand a second for 8,900 years. */
#define RANKING_VERSION_MAX (INT64_C(1) << 48)

/*
 * The key of a version shares a node id with its window.  Keys are 1 to RANKING_KEY_MAX - 1 (a thousand a
 * second for 199 days) and come again in the next round; that of a version in round 0 is itself.
 */
#define RANKING_KEY_MAX (INT64_C(1) << 34)
int64_t ranking_key(int64_t version);
uint64_t ranking_round(int64_t version);

/*
 * The newest version of a ranking.  It can be opened for at least
 * RANKING_PROMISE_NS from now, whatever is committed meanwhile (less only where
 * reader_refresh asks for newer ones hundreds of times a second).
 */
#define RANKING_PROMISE_NS INT64_C(100000000)
int reader_ranking(struct reader *reader, window_t window, struct ranking_info *ret_info);

/* The next reader_ranking must not answer from what was seen before. */
void reader_refresh(struct reader *reader);

struct ranking; /* one version of one ranking, kept open */

/*
 * Opens the version that was shown last of those with this key; -ESTALE when it is gone.  Key 0:
 * whatever is newest.
 */
int ranking_open(struct reader *reader, window_t window, int64_t key, struct ranking **ret_ranking);
void ranking_close(struct ranking *ranking); /* NULL is fine */
void ranking_info(const struct ranking *ranking, struct ranking_info *ret_info);

/* Whether others have opened the same version, which is the same ranking then. */
bool ranking_is_shared(const struct ranking *ranking);

/* The seq of the change up to which it counts. */
int ranking_applied(const struct ranking *ranking, int64_t *ret_seq);

/*
 * Writes up to @size bytes of the ranking's text from @offset on to @buffer.
 * Returns how many (0 at the end), or a negative errno; -EAGAIN means that the
 * place is far from what was read before, and reader_work has to go there first.
 */
ssize_t ranking_read(struct ranking *ranking, int64_t offset, char *buffer, size_t size);

/*
 * Work that was put off so that no call takes long: finding far places in a
 * ranking, giving up what nobody needs, copying out what was held for long.
 * Does one small piece.  Returns the ns until it wants to be called again (0: at
 * once, other events first), or -1: not before another call on this reader.
 */
int64_t reader_work(struct reader *reader);

/* ---- reading the log as text ---- */

/*
 * The text of all changes ever has a place for each byte; @start is that of the
 * oldest line retained, @end that after the newest.
 */
#define LOG_TEXT_BYTES_MAX (INT64_C(1) << 59)

struct log_text {
	int64_t start;
	int64_t end;
	int64_t changed_ns; /* 0: never */
};
int reader_log_text(struct reader *reader, struct log_text *ret_text);

/*
 * Copies up to @size bytes of the text from @place on; returns how many (0 at the
 * end), or -ESTALE where that was trimmed.
 */
ssize_t reader_log_read(struct reader *reader, int64_t place, char *buffer, size_t size);

/* ---- figures, for people and their tools ---- */

/* Upper bounds of the buckets of latencies, in ns; the last bucket has none. */
#define LATENCY_BUCKETS 16
extern const int64_t latency_bounds_ns[LATENCY_BUCKETS - 1];

struct histogram {
	uint64_t buckets[LATENCY_BUCKETS];
	uint64_t count;
	int64_t sum_ns;
};
void histogram_add(struct histogram *histogram, int64_t ns);

struct figures {
	uint64_t commits; /* since this store was opened */
	uint64_t changes; /* logged by them */
	uint64_t refused; /* requests that were refused, or failed */
	uint64_t largest; /* requests answered by one commit */
	struct histogram commit; /* how long a transaction took, without the sync */
	struct histogram sync; /* how long the medium took */
	int failed; /* why nothing is acknowledged any more; 0: all is well */
	int last_error; /* the last that was told to anybody but refusals; 0: none */
};
void store_figures(struct store *store, struct figures *ret_figures); /* SERVE */

struct sizes {
	int64_t database_bytes; /* both databases */
	int64_t wal_bytes; /* and their logs */
	int64_t held; /* states of derived data held by this reader */
};
int reader_sizes(struct reader *reader, struct sizes *ret_sizes);

/* Who derives now: its pid, or 0. */
pid_t store_aggregator(const struct store *store);

/* The directory of the store. */
const char *store_where(const struct store *store);

/* ---- the aggregator's side ---- */

/* One change of one favourite, with its old and its new image. */
struct log_entry {
	struct position position;
	int64_t time_ns; /* never falls along seq */
	enum log_op op;
	int64_t restaurant_id;
	int64_t created_ns; /* counted at this moment from now on; MOMENT_NONE: gone */
	int64_t previous_ns; /* was counted there until now; MOMENT_NONE: is new */
	const char *restaurant; /* valid during the call that shows it */
	const char *user;
};

/* Becomes readable when the log may have grown; take what is there, then look. */
struct bell_watch;
int store_watch_log(struct store *store, struct bell_watch **ret_watch);

/* Makes whoever counts look now, also if it rests, though nothing may have been logged. */
void store_call_aggregator(const struct store *store);

/* Until the next change makes it again: whether it is there tells whether there was one. */
void store_remove_bell(const struct store *store);

typedef int each_log_entry(void *arg, const struct log_entry *entry);

/*
 * Shows the retained log after seq @after, oldest first, at most @limit entries.
 * A value of @each other than 0 ends it and is returned.
 */
int reader_log(
	struct reader *reader, int64_t after, int64_t limit, each_log_entry *each, void *arg);

/*
 * Whether the log still goes on from @position: 0, or -ESTALE when it names
 * another store's change, a future one, or one whose successors were trimmed.
 */
int reader_log_follows(struct reader *reader, const struct position *position);

/*
 * All favourites as they are at one moment, with the position of that moment:
 * what derived data is made anew from.  Each comes as the add of the one
 * that is there.
 */
int reader_scan(
	struct reader *reader, each_log_entry *each, void *arg, struct position *ret_position);

struct derived; /* the one writer of what is derived */

/*
 * Takes the lease on the store's derived data: waits without end while another process has it
 * (until a signal handler ran: -EINTR), or not at all (-EBUSY).  Makes it anew, empty, where it
 * is missing or damaged.
 */
int derived_open(
	struct store *store, bool wait, struct derived **ret_derived, struct complaint *ret_why);
void derived_close(struct derived *derived); /* NULL is fine; the lease stays with the store */

/* Removes what was found damaged; close it then, and open it again. */
void derived_discard(struct derived *derived);

int derived_position(struct derived *derived, struct position *ret_position);

/* -ESTALE where it counts by other rules of the time zone than those that this machine has now. */
int derived_follows_zone(struct derived *derived);

/* -ESTALE when what it writes to was removed or replaced: close it and open it anew. */
int derived_look(struct derived *derived);

/* One transaction: begin, any number of the others, then commit or roll back. */
int derived_begin(struct derived *derived);
int derived_clear(struct derived *derived);
/* Adds @delta to one count.  -EINVAL if that would make it negative. */
int derived_add(struct derived *derived, const char *restaurant, window_t window, int64_t delta,
	int64_t now_ns);
/*
 * Sets the moment of a user's favourite, or with MOMENT_NONE takes it away; what is
 * so already stays.  -EOVERFLOW past USER_ID_MAX or RESTAURANT_ID_MAX.
 */
int derived_link(struct derived *derived, const char *user, int64_t restaurant_id,
	const char *restaurant, int64_t created_ns, int64_t now_ns);
/*
 * Notes that change @seq of the log says what cannot be, and was left out: all is to be counted
 * anew, from the favourites, before counts can be trusted again.
 */
int derived_set_aside(struct derived *derived, int64_t seq, const char *why, int64_t now_ns);
/* Whether something was left out since all was last counted anew: 1 or 0, or an error. */
int derived_is_recount_due(struct derived *derived);
int derived_recounted(struct derived *derived);
/* Commits together with the position, then rings. */
int derived_commit(struct derived *derived, const struct position *position);
void derived_rollback(struct derived *derived);
/*
 * Brings home what was committed, as commits do in passing.  The ns until it wants to be called
 * again, because a reader still needs a log that has grown long; or -1.
 */
int64_t derived_tidy(struct derived *derived);

/* ---- checking, and repairing ---- */

/* What makes a finding go away. */
enum repair {
	REPAIR_NONE, /* nothing that could be told from the rest of the store */
	REPAIR_DERIVED, /* store_forget_derived: it is counted anew */
	REPAIR_FAVORITES, /* store_repair */
	REPAIRS,
};

struct finding_kind {
	const char *code; /* "F601": stable, for scripts */
	enum repair repair;
	const char *text; /* what is wrong, for people */
};

/* All there are, in order of their codes. */
const struct finding_kind *finding_kinds(size_t *ret_count);

/* Texts that a terminal can show: what is not printable is written as \xNN. */
struct finding {
	const struct finding_kind *kind;
	const char *place;
	const char *expected;
	const char *found;
};

struct check_options {
	void (*finding)(void *arg, const struct finding *finding);
	void (*progress)(void *arg, const char *phase, int percent); /* NULL: not wanted */
	void *arg;
};

/* What was looked at, and how often something was found. */
struct check_summary {
	int64_t checks; /* that ran to their end */
	int64_t restaurants;
	int64_t favorites;
	int64_t attributes;
	int64_t changes;
	int64_t counts;
	int64_t rankings;
	int64_t users;
	int64_t links;
	int64_t position; /* seq up to which what is derived was compared; 0: nothing was */
	bool countable; /* the favourites can be read, so that all can be counted anew */
	int64_t findings[REPAIRS];
};

/*
 * Looks at everything in the store at @where: each database as a file, the favourites against
 * the log, and what is derived against a recount of its own.  Only reads, each database at one
 * moment, also while the store is served.  Damage is a finding and no error; errors are what
 * kept it from looking, and -ENODATA that there was nothing to look at.
 */
int store_check(const char *where, const struct check_options *options,
	struct check_summary *ret_summary, struct complaint *ret_why);

/*
 * Makes those rows of a store right that follow from other rows of it (REPAIR_FAVORITES).
 * -EBUSY while it is served.
 */
int store_repair(const char *where, struct complaint *ret_why);

/*
 * Gives up all that is derived.  *ret_taken: an aggregator is at work and was woken, so that it
 * counts anew; else the next one that starts does.
 */
int store_forget_derived(const char *where, bool *ret_taken, struct complaint *ret_why);

#endif
