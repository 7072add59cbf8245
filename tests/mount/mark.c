/*
 * mark: favourites in numbers, by many hands at once.
 *
 *	mark THREADS RESTAURANTS < LIST
 *
 * LIST has lines RESTAURANT TAB USER; RESTAURANTS is that folder of a mount.  Restaurants
 * and their fans/ are made where they are missing.  An existing favourite is left as it is.
 *
 * Exit status: 0 when all of the list is marked; 1 at the first failure; 2 for usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS_MAX 64

static pthread_mutex_t input = PTHREAD_MUTEX_INITIALIZER; /* a line at a time */
static int restaurants; /* set before the threads start */

static void __attribute__((noreturn)) give_up(const char *what)
{
	(void)fprintf(stderr, "mark: %s: %s\n", what, strerror(errno));
	_exit(EXIT_FAILURE); /* the other threads are in the midst of it */
}

static int next_line(char **line, size_t *size)
{
	ssize_t length;

	(void)pthread_mutex_lock(&input);
	length = getline(line, size, stdin);
	(void)pthread_mutex_unlock(&input);
	if (length <= 0)
		return 0;
	(*line)[strcspn(*line, "\n")] = '\0';
	return 1;
}

/* Another thread may make the same at the same time. */
static void make_fans(const char *restaurant, const char *fans)
{
	if (mkdirat(restaurants, restaurant, 0755) < 0 && errno != EEXIST)
		give_up(restaurant);
	if (mkdirat(restaurants, fans, 0755) < 0 && errno != EEXIST)
		give_up(fans);
}

static int make_favorite(const char *path)
{
	return openat(restaurants, path, O_CREAT | O_WRONLY, 0644);
}

static void mark(char *line)
{
	char *user = strchr(line, '\t');
	char fans[300], path[600];
	int fd;

	if (!user) {
		errno = EINVAL;
		give_up(line);
	}
	*user++ = '\0';
	(void)snprintf(fans, sizeof(fans), "%s/fans", line);
	(void)snprintf(path, sizeof(path), "%s/%s", fans, user);
	fd = make_favorite(path);
	if (fd < 0 && errno == ENOENT) {
		make_fans(line, fans);
		fd = make_favorite(path);
	}
	if (fd < 0 || close(fd) < 0)
		give_up(path);
}

static void *work(void *unused)
{
	char *line = NULL;
	size_t size = 0;

	(void)unused;
	while (next_line(&line, &size))
		mark(line);
	free(line);
	return NULL;
}

int main(int argc, char *argv[])
{
	pthread_t threads[THREADS_MAX];
	int count = argc == 3 ? atoi(argv[1]) : 0;

	if (count < 1 || count > THREADS_MAX) {
		(void)fprintf(stderr, "mark: usage: mark THREADS RESTAURANTS < LIST\n");
		return 2;
	}
	restaurants = open(argv[2], O_PATH | O_DIRECTORY);
	if (restaurants < 0)
		give_up(argv[2]);
	for (int i = 0; i < count; i++) {
		errno = pthread_create(&threads[i], NULL, work, NULL);
		if (errno)
			give_up("thread");
	}
	for (int i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	return EXIT_SUCCESS;
}
