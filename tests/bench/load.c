/*
 * load: clients that each wait for an answer before they ask again.
 *
 *	load OP --target [SCHEME:]WHERE [--clients N] [--seconds N] [--count N]
 *		[--restaurants N] [--users N] [--seed N] [--spread zipf|own] [--rate N]
 *
 * OP is mark, unmark, stat, fresh or overwrite. A client ends after --seconds or after --count
 * operations, or when any client has met an error. With --rate all clients together begin so many
 * operations a second, as far as they get answers in time; a latency counts from the moment at which
 * its operation was due. Connecting and making the restaurants happens
 * before the clock starts. Prints one line, separated by tabs:
 *
 *	operations/s, p50, p99 and greatest latency in us, errors
 *
 * Exit status: 0; 1 when there was an error or nothing was done; 2 for usage.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "draw.h"
#include "latency.h"
#include "target.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_US     1000.0

/* What connecting, preparing and one stuck operation may take on top of --seconds. */
#define GRACE_SECONDS 60

struct numbers {
	uint64_t clients;
	uint64_t seconds;
	uint64_t count;
	uint64_t restaurants;
	uint64_t users;
	uint64_t seed;
	uint64_t rate; /* operations/s of all clients; 0: as fast as it goes */
};

/* Set before the clients start, except for what is atomic. */
struct load {
	const struct target *target;
	const char *where;
	enum target_op op;
	struct numbers numbers;
	struct draw_plan plan;
	pthread_barrier_t start;
	atomic_bool stop;
};

/* Belongs to its thread until that is joined. */
struct client {
	struct load *load;
	uint32_t number;
	pthread_t thread;
	void *connection; /* owned */
	struct draw_stream stream;
	struct latency latency;
	uint64_t started_ns;
	uint64_t ended_ns;
	uint64_t errors;
};

static const struct {
	const char *name;
	size_t offset;
	uint64_t min;
	uint64_t max;
	uint64_t by_default;
} number_options[] = {
	{"clients", offsetof(struct numbers, clients), 1, 1024, 1},
	{"seconds", offsetof(struct numbers, seconds), 1, 3600, 3},
	{"count", offsetof(struct numbers, count), 1, 1000000000, 10000000},
	{"restaurants", offsetof(struct numbers, restaurants), 1, 10000000, 64},
	{"users", offsetof(struct numbers, users), 1, 1000000000, 100000},
	{"seed", offsetof(struct numbers, seed), 0, UINT64_MAX, 1},
	{"rate", offsetof(struct numbers, rate), 0, 1000000, 0},
};

#define NUMBER_OPTIONS (sizeof(number_options) / sizeof(number_options[0]))
#define OPTION_TARGET  ((int)NUMBER_OPTIONS)
#define OPTION_SPREAD  ((int)NUMBER_OPTIONS + 1)
#define OPTION_COUNT   (NUMBER_OPTIONS + 2)

static _Noreturn __attribute__((format(printf, 2, 3))) void die(
	int exit_status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fputs("load: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
	exit(exit_status);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static uint64_t *number_slot(struct numbers *numbers, size_t option)
{
	return (uint64_t *)(void *)((char *)numbers + number_options[option].offset);
}

static void set_number(struct numbers *numbers, size_t option, const char *text)
{
	char *end;

	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' ||
		value < number_options[option].min || value > number_options[option].max)
		die(2, "--%s: '%s' is not a number of %" PRIu64 " to %" PRIu64,
			number_options[option].name, text, number_options[option].min,
			number_options[option].max);
	*number_slot(numbers, option) = value;
}

static void set_spread(struct draw_plan *plan, const char *text)
{
	if (strcmp(text, "zipf") == 0)
		plan->spread = DRAW_SPREAD_ZIPF;
	else if (strcmp(text, "own") == 0)
		plan->spread = DRAW_SPREAD_OWN;
	else
		die(2, "--spread: '%s' is neither zipf nor own", text);
}

static void list_options(struct option options[OPTION_COUNT + 1])
{
	memset(options, 0, (OPTION_COUNT + 1) * sizeof(*options));
	for (size_t i = 0; i < NUMBER_OPTIONS; i++)
		options[i] = (struct option){
			number_options[i].name, required_argument, NULL, (int)i};
	options[OPTION_TARGET] = (struct option){"target", required_argument, NULL, OPTION_TARGET};
	options[OPTION_SPREAD] = (struct option){"spread", required_argument, NULL, OPTION_SPREAD};
}

static void parse_options(struct load *load, int argc, char **argv)
{
	struct option options[OPTION_COUNT + 1];
	int option;

	list_options(options);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			exit(2);
		if (option == OPTION_TARGET)
			load->target = target_parse(optarg, &load->where);
		else if (option == OPTION_SPREAD)
			set_spread(&load->plan, optarg);
		else
			set_number(&load->numbers, (size_t)option, optarg);
	}
}

static void parse_command_line(struct load *load, int argc, char **argv)
{
	for (size_t i = 0; i < NUMBER_OPTIONS; i++)
		*number_slot(&load->numbers, i) = number_options[i].by_default;
	parse_options(load, argc, argv);
	if (optind + 1 != argc || load->target == NULL)
		die(2, "usage: load OP --target [SCHEME:]WHERE [OPTIONS]");
	if (target_op_parse(argv[optind], &load->op) < 0)
		die(2, "'%s': no such operation", argv[optind]);
	if (load->target->ops[load->op] == NULL)
		die(2, "'%s': not with a target of kind '%s'", argv[optind], load->target->scheme);
}

static void client_fail(struct client *client, const char *what, int err)
{
	(void)fprintf(
		stderr, "load: client %" PRIu32 ": %s: %s\n", client->number, what, strerror(-err));
	client->errors++;
	atomic_store(&client->load->stop, true);
}

/* The clients share the restaurants out among themselves. */
static int client_add_restaurants(struct client *client)
{
	const struct load *load = client->load;
	char name[DRAW_NAME_SIZE];

	if (load->target->add_restaurant == NULL)
		return 0;
	for (uint32_t r = client->number; r < load->plan.restaurants; r += load->plan.clients) {
		draw_restaurant_name(r, name);
		int err = load->target->add_restaurant(client->connection, name);
		if (err < 0)
			return err;
	}
	return 0;
}

static void client_prepare(struct client *client)
{
	struct load *load = client->load;
	int err = draw_stream_init(&client->stream, &load->plan, client->number);

	if (err == 0)
		err = load->target->open(load->where, client->number, &client->connection);
	if (err == 0)
		err = client_add_restaurants(client);
	if (err < 0)
		client_fail(client, load->where, err);
}

/* Returns when the operation ended; a failed one is not in the latencies. */
static uint64_t client_operate(struct client *client, uint64_t began_ns)
{
	struct load *load = client->load;
	struct draw_pair pair;

	draw_next(&client->stream, &pair);
	int err = load->target->ops[load->op](client->connection, pair.restaurant, pair.user);
	uint64_t ended_ns = now_ns();
	if (err < 0)
		client_fail(client, pair.user, err);
	else
		latency_add(&client->latency, ended_ns - began_ns);
	return ended_ns;
}

/* When the operation of this number begins: at once, or on the beat of --rate. */
static uint64_t client_await_turn(const struct client *client, uint64_t number, uint64_t now)
{
	const struct numbers *numbers = &client->load->numbers;

	if (numbers->rate == 0)
		return now;
	uint64_t turn = number * numbers->clients + client->number;
	uint64_t due_ns = client->started_ns + turn * NS_PER_SECOND / numbers->rate;
	struct timespec due = {
		.tv_sec = (time_t)(due_ns / NS_PER_SECOND),
		.tv_nsec = (long)(due_ns % NS_PER_SECOND),
	};
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL); /* no signals come */
	return due_ns;
}

static void *client_run(void *arg)
{
	struct client *client = arg;
	struct load *load = client->load;

	client_prepare(client);
	(void)pthread_barrier_wait(&load->start);
	client->started_ns = now_ns();
	uint64_t deadline_ns = client->started_ns + load->numbers.seconds * NS_PER_SECOND;
	uint64_t now = client->started_ns;
	for (uint64_t i = 0; i < load->numbers.count && now < deadline_ns; i++) {
		if (atomic_load_explicit(&load->stop, memory_order_relaxed))
			break;
		now = client_operate(client, client_await_turn(client, i, now));
	}
	client->ended_ns = now;
	return NULL;
}

static void client_fini(struct client *client)
{
	client->load->target->close(client->connection);
	draw_stream_fini(&client->stream);
}

/* A client that cannot be started would leave the others at the barrier: the program ends. */
static void start_clients(struct load *load, struct client *clients)
{
	int err = pthread_barrier_init(&load->start, NULL, load->plan.clients);

	if (err != 0)
		die(1, "cannot make a barrier: %s", strerror(err));
	for (uint32_t i = 0; i < load->plan.clients; i++) {
		clients[i].load = load;
		clients[i].number = i;
		err = pthread_create(&clients[i].thread, NULL, client_run, &clients[i]);
		if (err != 0)
			die(1, "cannot start client %" PRIu32 ": %s", i, strerror(err));
	}
}

/* Adds all clients up in `ret_sum`, from the first start to the last end. */
static void join_clients(const struct load *load, struct client *clients, struct client *ret_sum)
{
	ret_sum->started_ns = UINT64_MAX;
	for (uint32_t i = 0; i < load->plan.clients; i++) {
		struct client *client = &clients[i];
		(void)pthread_join(client->thread, NULL); /* ours, joined once */
		latency_merge(&ret_sum->latency, &client->latency);
		ret_sum->errors += client->errors;
		if (client->started_ns < ret_sum->started_ns)
			ret_sum->started_ns = client->started_ns;
		if (client->ended_ns > ret_sum->ended_ns)
			ret_sum->ended_ns = client->ended_ns;
		client_fini(client);
	}
}

static void print_result(const struct client *sum)
{
	double took_s = (double)(sum->ended_ns - sum->started_ns) / (double)NS_PER_SECOND;
	double per_second = took_s > 0 ? (double)sum->latency.total / took_s : 0;

	printf("%.0f\t%.1f\t%.1f\t%.1f\t%" PRIu64 "\n", per_second,
		(double)latency_quantile_ns(&sum->latency, 0.50) / NS_PER_US,
		(double)latency_quantile_ns(&sum->latency, 0.99) / NS_PER_US,
		(double)sum->latency.max_ns / NS_PER_US, sum->errors);
}

static void plan_from_numbers(struct draw_plan *plan, const struct numbers *numbers)
{
	plan->seed = numbers->seed;
	plan->clients = (uint32_t)numbers->clients;
	plan->restaurants = (uint32_t)numbers->restaurants;
	plan->users = (uint32_t)numbers->users;
}

int main(int argc, char **argv)
{
	static struct load load;
	static struct client sum;

	parse_command_line(&load, argc, argv);
	plan_from_numbers(&load.plan, &load.numbers);
	struct client *clients = calloc(load.plan.clients, sizeof(*clients));
	if (clients == NULL || draw_plan_init(&load.plan) < 0)
		die(1, "out of memory");
	(void)alarm((unsigned int)load.numbers.seconds + GRACE_SECONDS);
	start_clients(&load, clients);
	join_clients(&load, clients, &sum);
	print_result(&sum);
	draw_plan_fini(&load.plan);
	free(clients);
	return sum.errors == 0 && sum.latency.total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
