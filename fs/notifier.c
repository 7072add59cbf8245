#include "fs/notifier.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/log.h"
#include "backend/thread.h"
#include "fs/unlinker.h"

struct item {
	struct item *next;
	struct effects *effects; /* or NULL: a call */
	void (*then)(void *arg);
	void *arg;
};

/* With more effects than that waiting, names that nobody remembers are not unlinked. */
#define FLOOD_EFFECTS 10000

/* I: set at start; L: under lock. */
struct notifier {
	struct fuse_session *session; /* I */
	struct unlinker *unlinker; /* I */
	pthread_t thread; /* I */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct item *first; /* L */
	struct item **last; /* L */
	size_t waiting; /* L: effects */
	bool busy; /* L */
	bool closing; /* L */
	bool mute; /* L: before the mount is there, and at the end */
};

static bool is_mute(struct notifier *notifier)
{
	bool mute;

	(void)pthread_mutex_lock(&notifier->lock);
	mute = notifier->mute;
	(void)pthread_mutex_unlock(&notifier->lock);
	return mute;
}

static bool is_flooded(struct notifier *notifier)
{
	bool flooded;

	(void)pthread_mutex_lock(&notifier->lock);
	flooded = notifier->waiting > FLOOD_EFFECTS;
	(void)pthread_mutex_unlock(&notifier->lock);
	return flooded;
}

/* ---- telling: a failure means that the kernel knew nothing of it ---- */

/* Takes no lock of a directory. */
static bool is_known(struct notifier *notifier, struct node n)
{
	return fuse_lowlevel_notify_inval_inode(notifier->session, node_id(n), -1, 0) != -ENOENT;
}

/*
 * Without the unlinker the kernel is told by ourselves, which takes the directory's lock.  What
 * expires is unlinked even where nobody remembers it, for those who watch the directory; not
 * when so much does at once that the list of it would only grow.
 */
static void drop(struct notifier *notifier, const struct effects *effects,
	const struct effect *effect, bool always)
{
	const char *user = effects->names + effect->user_name;
	struct node fans = {.kind = NODE_FANS, .key = effect->restaurant};
	struct node favorite = {.kind = NODE_FAVORITE, .key = effect->favorite};

	if (!is_known(notifier, favorite) && !always)
		return;
	if (unlinker_remove(notifier->unlinker, effect->restaurant, effect->favorite,
		    effects->names + effect->restaurant_name, user) < 0)
		(void)fuse_lowlevel_notify_delete(
			notifier->session, node_id(fans), node_id(favorite), user, strlen(user));
}

static void refresh(
	struct notifier *notifier, const struct effects *effects, const struct effect *effect)
{
	const char *user = effects->names + effect->user_name;
	struct node fans = {.kind = NODE_FANS, .key = effect->restaurant};
	struct node favorite = {.kind = NODE_FAVORITE, .key = effect->favorite};

	if (!is_known(notifier, favorite))
		return;
	if (unlinker_refresh(notifier->unlinker, effects->names + effect->restaurant_name, user) <
		0)
		(void)fuse_lowlevel_notify_inval_entry(
			notifier->session, node_id(fans), user, strlen(user));
}

static void tell(
	struct notifier *notifier, const struct effects *effects, const struct effect *effect)
{
	struct fuse_session *session = notifier->session;
	struct node restaurants = {.kind = NODE_RESTAURANTS};
	struct node restaurant = {.kind = NODE_RESTAURANT, .key = effect->restaurant};
	struct node fans = {.kind = NODE_FANS, .key = effect->restaurant};
	struct node favorite = {.kind = NODE_FAVORITE, .key = effect->favorite};

	switch (effect->kind) {
	case EFFECT_REMOVED:
		drop(notifier, effects, effect, false);
		break;
	case EFFECT_EXPIRED:
		drop(notifier, effects, effect, !is_flooded(notifier));
		break;
	case EFFECT_EXPIRY:
		refresh(notifier, effects, effect);
		break;
	case EFFECT_CHANGED:
		(void)fuse_lowlevel_notify_inval_inode(session, node_id(favorite), -1, 0);
		break;
	case EFFECT_FANS:
		(void)fuse_lowlevel_notify_inval_inode(session, node_id(fans), -1, 0);
		(void)fuse_lowlevel_notify_inval_inode(session, node_id(restaurant), -1, 0);
		break;
	case EFFECT_RESTAURANTS:
		(void)fuse_lowlevel_notify_inval_inode(session, node_id(restaurants), -1, 0);
		break;
	}
}

static void do_item(struct notifier *notifier, struct item *item)
{
	struct effects *effects = item->effects;

	for (size_t i = 0; effects && i < effects->count && !is_mute(notifier); i++)
		tell(notifier, effects, &effects->list[i]);
	if (effects)
		unlinker_rest(notifier->unlinker);
	effects_free(effects);
	if (item->then)
		item->then(item->arg);
	free(item);
}

/* The next item, or NULL: the end. */
static struct item *wait_for_item(struct notifier *notifier)
{
	struct item *item;

	(void)pthread_mutex_lock(&notifier->lock);
	notifier->busy = false;
	while (!notifier->first && !notifier->closing)
		(void)pthread_cond_wait(&notifier->wake, &notifier->lock);
	item = notifier->first;
	if (item) {
		notifier->waiting -= item->effects ? item->effects->count : 0;
		notifier->first = item->next;
		if (!notifier->first)
			notifier->last = &notifier->first;
	}
	notifier->busy = item;
	(void)pthread_mutex_unlock(&notifier->lock);
	return item;
}

static void *run(void *arg)
{
	struct notifier *notifier = arg;
	struct item *item;

	while ((item = wait_for_item(notifier)))
		do_item(notifier, item);
	return NULL;
}

/* ---- adding ---- */

static void add(struct notifier *notifier, struct item *item)
{
	(void)pthread_mutex_lock(&notifier->lock);
	notifier->waiting += item->effects ? item->effects->count : 0;
	*notifier->last = item;
	notifier->last = &item->next;
	(void)pthread_mutex_unlock(&notifier->lock);
	(void)pthread_cond_signal(&notifier->wake);
}

void notifier_add_effects(struct notifier *notifier, struct effects *effects)
{
	struct item *item = calloc(1, sizeof(*item));

	if (!item) { /* the kernel may show for a while what it remembers */
		log_line(LOG_ERR, "telling the kernel of changes: %s", strerror(ENOMEM));
		effects_free(effects);
		return;
	}
	item->effects = effects;
	add(notifier, item);
}

void notifier_add_call(struct notifier *notifier, void (*then)(void *arg), void *arg)
{
	struct item *item = calloc(1, sizeof(*item));

	if (!item) {
		then(arg); /* early beats never */
		return;
	}
	item->then = then;
	item->arg = arg;
	add(notifier, item);
}

/* ---- beginning and end ---- */

int notifier_open(
	struct fuse_session *session, struct unlinker *unlinker, struct notifier **ret_notifier)
{
	struct notifier *notifier = calloc(1, sizeof(*notifier));
	int error;

	if (!notifier)
		return -ENOMEM;
	notifier->session = session;
	notifier->unlinker = unlinker;
	notifier->last = &notifier->first;
	notifier->mute = true;
	(void)pthread_mutex_init(&notifier->lock, NULL); /* glibc: cannot fail */
	(void)pthread_cond_init(&notifier->wake, NULL);
	error = thread_start(&notifier->thread, run, notifier);
	if (error) {
		free(notifier);
		return error;
	}
	*ret_notifier = notifier;
	return 0;
}

void notifier_set_mute(struct notifier *notifier, bool mute)
{
	(void)pthread_mutex_lock(&notifier->lock);
	notifier->mute = mute;
	(void)pthread_mutex_unlock(&notifier->lock);
}

bool notifier_is_idle(struct notifier *notifier)
{
	bool idle;

	(void)pthread_mutex_lock(&notifier->lock);
	idle = !notifier->first && !notifier->busy;
	(void)pthread_mutex_unlock(&notifier->lock);
	return idle;
}

void notifier_close(struct notifier *notifier)
{
	if (!notifier)
		return;
	(void)pthread_mutex_lock(&notifier->lock);
	notifier->closing = true;
	(void)pthread_mutex_unlock(&notifier->lock);
	(void)pthread_cond_signal(&notifier->wake);
	(void)pthread_join(notifier->thread, NULL);
	(void)pthread_cond_destroy(&notifier->wake);
	(void)pthread_mutex_destroy(&notifier->lock);
	free(notifier);
}
