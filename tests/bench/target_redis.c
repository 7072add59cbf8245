/*
 * The same work in Redis, as a developer would write it there: a hash of fans a restaurant, a
 * sorted set a window, changed together by a script that is loaded once.
 */
#include "target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hiredis/hiredis.h>

#define SHA_SIZE       41
#define ANSWER_SECONDS 20
#define DAY_SECONDS    86400

enum script {
	SCRIPT_MARK,
	SCRIPT_UNMARK,
	SCRIPT_COUNT
};

/* KEYS: the restaurant's hash. ARGV: restaurant, user, month, day, moment. */
#define COUNT_IN_WINDOWS(by)                                                                       \
	"redis.call('ZINCRBY', 'rank:all', " by ", ARGV[1]) "                                      \
	"redis.call('ZINCRBY', 'rank:' .. ARGV[3], " by ", ARGV[1]) "                              \
	"redis.call('ZINCRBY', 'rank:' .. ARGV[4], " by ", ARGV[1]) "

static const char *const script_sources[SCRIPT_COUNT] = {
	[SCRIPT_MARK] =
		"if redis.call('HSETNX', KEYS[1], ARGV[2], ARGV[5]) == 0 then return 0 end " COUNT_IN_WINDOWS(
			"1") "return 1",
	[SCRIPT_UNMARK] =
		"if redis.call('HDEL', KEYS[1], ARGV[2]) == 0 then return 0 end " COUNT_IN_WINDOWS(
			"-1") "return 1",
};

struct redis {
	redisContext *context; /* owned */
	char script_shas[SCRIPT_COUNT][SHA_SIZE];
	time_t windows_until_s; /* `month` and `day` hold until then */
	char month[16];
	char day[16];
};

static void redis_close(void *connection)
{
	struct redis *redis = connection;

	if (redis == NULL)
		return;
	if (redis->context != NULL)
		redisFree(redis->context);
	free(redis);
}

/* Takes the reply (NULL: the connection broke) and frees it. */
static int take_integer(struct redis *redis, redisReply *reply, long long *ret_value)
{
	int err = 0;

	if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
		const char *why = reply != NULL && reply->type == REDIS_REPLY_ERROR
					  ? reply->str
					  : redis->context->errstr;
		(void)fprintf(stderr, "redis: %s\n", why);
		err = -EIO;
	} else {
		*ret_value = reply->integer;
	}
	freeReplyObject(reply);
	return err;
}

static int load_script(struct redis *redis, enum script script)
{
	redisReply *reply = redisCommand(redis->context, "SCRIPT LOAD %s", script_sources[script]);
	int err = -EIO;

	if (reply != NULL && reply->type == REDIS_REPLY_STRING && reply->len == SHA_SIZE - 1) {
		memcpy(redis->script_shas[script], reply->str, SHA_SIZE);
		err = 0;
	}
	freeReplyObject(reply);
	return err;
}

static int redis_connect(struct redis *redis, const char *socket_path)
{
	struct timeval limit = {.tv_sec = ANSWER_SECONDS};

	redis->context = redisConnectUnixWithTimeout(socket_path, limit);
	if (redis->context == NULL)
		return -ENOMEM;
	if (redis->context->err != 0 || redisSetTimeout(redis->context, limit) != REDIS_OK) {
		(void)fprintf(stderr, "redis: %s\n", redis->context->errstr);
		return -ECONNREFUSED;
	}
	int err = load_script(redis, SCRIPT_MARK);
	return err < 0 ? err : load_script(redis, SCRIPT_UNMARK);
}

static int redis_open(const char *where, uint32_t client, void **ret_connection)
{
	(void)client;
	struct redis *redis = calloc(1, sizeof(*redis));

	if (redis == NULL)
		return -ENOMEM;
	int err = redis_connect(redis, where);
	if (err < 0) {
		redis_close(redis);
		return err;
	}
	*ret_connection = redis;
	return 0;
}

static void name_windows(struct redis *redis, time_t now_s)
{
	struct tm utc;

	if (now_s < redis->windows_until_s)
		return;
	(void)gmtime_r(&now_s, &utc);
	(void)strftime(redis->month, sizeof(redis->month), "%Y-%m", &utc);
	(void)strftime(redis->day, sizeof(redis->day), "%Y-%m-%d", &utc);
	redis->windows_until_s = now_s - now_s % DAY_SECONDS + DAY_SECONDS;
}

static int run_script(struct redis *redis, enum script script, const char *restaurant,
	const char *user, long long *ret_changed)
{
	struct timespec now;
	char moment[32];

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	name_windows(redis, now.tv_sec);
	(void)snprintf(moment, sizeof(moment), "%jd%09ld", (intmax_t)now.tv_sec, now.tv_nsec);
	return take_integer(redis,
		redisCommand(redis->context, "EVALSHA %s 1 fans:%s %s %s %s %s %s",
			redis->script_shas[script], restaurant, restaurant, user, redis->month,
			redis->day, moment),
		ret_changed);
}

/* Marking twice succeeds, as with touch(1). */
static int redis_mark(void *connection, const char *restaurant, const char *user)
{
	long long is_new;

	return run_script(connection, SCRIPT_MARK, restaurant, user, &is_new);
}

static int redis_unmark(void *connection, const char *restaurant, const char *user)
{
	long long was_there = 0;
	int err = run_script(connection, SCRIPT_UNMARK, restaurant, user, &was_there);

	return err == 0 && was_there == 0 ? -ENOENT : err;
}

static int redis_stat(void *connection, const char *restaurant, const char *user)
{
	struct redis *redis = connection;
	long long is_there = 0;
	int err = take_integer(redis,
		redisCommand(redis->context, "HEXISTS fans:%s %s", restaurant, user), &is_there);

	return err == 0 && is_there == 0 ? -ENOENT : err;
}

const struct target target_redis = {
	.scheme = "redis",
	.open = redis_open,
	.close = redis_close,
	.ops =
		{
			[TARGET_OP_MARK] = redis_mark,
			[TARGET_OP_UNMARK] = redis_unmark,
			[TARGET_OP_STAT] = redis_stat,
		},
};
