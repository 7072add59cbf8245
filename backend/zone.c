#include "backend/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "backend/window.h"

#define ZONES       "/usr/share/zoneinfo/"
#define NS_PER_S    INT64_C(1000000000)
#define S_PER_HOUR  3600
#define RULES_MAX   65536 /* bytes of one file; the largest has 4,000 */
#define RULES_BEGIN "TZif"

static struct zone {
	char name[ZONE_NAME_MAX];
	bool utc;
	int64_t version;
	int64_t first_hour;
	int64_t last_hour;
} zone = {
	.name = ZONE_DEFAULT,
	.utc = true,
	.first_hour = 0,
	.last_hour = MOMENT_NS_MAX / NS_PER_S / S_PER_HOUR,
};

/*
 * Beside the zones lie other things: copies that count leap seconds, and what this machine
 * takes for its own, or for none.
 */
static bool is_name(const char *name)
{
	static const char *const others[] = {
		"posix/", "right/", "posixrules", "localtime", "Factory"};

	if (!*name || *name == '/' || strstr(name, "//") || name[strlen(name) - 1] == '/' ||
		strlen(name) >= ZONE_NAME_MAX ||
		name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_+-/")])
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strncmp(name, others[i], strlen(others[i])))
			return false;
	return true;
}

/* What the C library will read. */
static int read_rules(const char *path, int64_t *ret_version)
{
	static unsigned char rules[RULES_MAX];
	unsigned char digest[crypto_generichash_BYTES_MIN];
	struct stat st;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	got = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, rules, sizeof(rules)) : -1;
	(void)close(fd); /* was read only */
	if (got < (ssize_t)strlen(RULES_BEGIN) || got == sizeof(rules) ||
		memcmp(rules, RULES_BEGIN, strlen(RULES_BEGIN)) != 0)
		return -ENOENT;
	(void)crypto_generichash(
		digest, sizeof(digest), rules, (unsigned long long)got, NULL, 0); /* cannot fail */
	memcpy(ret_version, digest, sizeof(*ret_version));
	return 0;
}

/* Clocks on the wall can be behind 1970. */
static int64_t hour_of(time_t local_s)
{
	return (local_s < 0 ? local_s - (S_PER_HOUR - 1) : local_s) / S_PER_HOUR;
}

int64_t zone_hour(int64_t moment_ns)
{
	time_t s = moment_ns / NS_PER_S;
	struct tm tm;

	if (zone.utc || !localtime_r(&s, &tm)) /* it fails for years that no int can hold */
		return hour_of(s);
	return hour_of(s + tm.tm_gmtoff);
}

int zone_set(const char *name)
{
	char path[sizeof(":" ZONES) + ZONE_NAME_MAX];
	int64_t version = 0;
	int error = is_name(name) ? 0 : -EINVAL;

	if (error)
		return error;
	(void)snprintf(path, sizeof(path), ":" ZONES "%s", name);
	zone.utc = !strcmp(name, ZONE_DEFAULT);
	if (!zone.utc)
		error = read_rules(path + 1, &version);
	if (!error && !zone.utc && setenv("TZ", path, true) < 0)
		error = -errno;
	if (error) {
		zone.utc = !strcmp(zone.name, ZONE_DEFAULT);
		return error;
	}
	tzset();
	strcpy(zone.name, name);
	zone.version = version;
	zone.first_hour = zone_hour(0);
	zone.last_hour = zone_hour(MOMENT_NS_MAX);
	return 0;
}

const char *zone_name(void)
{
	return zone.name;
}

int64_t zone_first_hour(void)
{
	return zone.first_hour;
}

int64_t zone_last_hour(void)
{
	return zone.last_hour;
}

int64_t zone_version(void)
{
	return zone.version;
}
