/*
 * status.c - status and metrics: how it goes, for people and for Prometheus.
 *
 * The text is made when the file is opened; as in /proc its size is shown as 0.
 */
#include "fs/kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/clock.h"
#include "backend/printable.h"
#include "backend/version.h"
#include "fs/reply.h"
#include "fs/request.h"

struct facts {
	struct totals totals;
	struct position position;
	struct figures figures;
	struct sizes sizes;
	struct set_aside set_aside;
	pid_t aggregator;
	double uptime_s;
	double lag_s;
	int64_t lag_changes;
};

static int take_time(void *arg, const struct log_entry *entry)
{
	*(int64_t *)arg = entry->time_ns;
	return 0;
}

static int collect(struct mount *m, struct facts *ret_facts)
{
	struct facts f = {.aggregator = store_aggregator(m->store)};
	int64_t waiting_ns = 0; /* since when the oldest uncounted change does */
	int error = reader_totals(m->reader, &f.totals);

	if (!error)
		error = reader_position(m->reader, &f.position);
	if (!error)
		error = reader_log(m->reader, f.position.seq, 1, take_time, &waiting_ns);
	if (!error)
		error = reader_sizes(m->reader, &f.sizes);
	if (!error)
		error = reader_set_aside(m->reader, &f.set_aside);
	if (error)
		return error;
	if (!m->read_only)
		store_figures(m->store, &f.figures);
	f.uptime_s = (double)(clock_monotonic_ns() - m->began_ns) / 1e9;
	f.lag_changes = f.totals.newest_seq - f.position.seq;
	if (f.lag_changes < 0) /* the two files are not read at one moment */
		f.lag_changes = 0;
	if (f.lag_changes && waiting_ns)
		f.lag_s = (double)(clock_realtime_ns() - waiting_ns) / 1e9;
	*ret_facts = f;
	return 0;
}

/* ---- status ---- */

static void write_trouble(const struct mount *m, FILE *out, const struct figures *figures)
{
	int error = figures->failed ? figures->failed : figures->last_error;

	(void)fprintf(out, "import_error: ");
	if (m->import_error_line)
		(void)fprintf(out, "line %" PRId64 ": %s\n", m->import_error_line, m->import_error);
	else
		(void)fprintf(out, "\n");
	(void)fprintf(out, "last_error: %s\n", error ? strerror(-error) : "");
}

static void write_status(const struct mount *m, FILE *out, const struct facts *f)
{
	char windows[WINDOW_KINDS_TEXT_MAX];

	(void)fprintf(out, "version: %s\n", VERSION);
	(void)fprintf(out, "engine: %s\n", store_engine());
	(void)print_line(out, "store: %s", store_where(m->store));
	(void)fprintf(out, "mode: %s\n", m->read_only ? "ro" : "rw");
	(void)fprintf(out, "durability: %s\n", m->relaxed ? "relaxed" : "full");
	window_kinds_format(store_windows(m->store), windows);
	(void)fprintf(out, "windows: %s\n", windows);
	(void)fprintf(out, "timezone: %s\n", store_timezone(m->store));
	(void)fprintf(out, "uptime: %.0f\n", f->uptime_s);
	(void)fprintf(out, "restaurants: %" PRId64 "\n", f->totals.restaurants);
	(void)fprintf(out, "favorites: %" PRId64 "\n", f->totals.favorites);
	(void)fprintf(out, "changes_logged: %" PRId64 "\n", f->totals.newest_seq);
	(void)fprintf(out, "changes_applied: %" PRId64 "\n", f->position.seq);
	(void)fprintf(out, "lag_changes: %" PRId64 "\n", f->lag_changes);
	(void)fprintf(out, "lag_seconds: %.3f\n", f->lag_s);
	if (f->aggregator)
		(void)fprintf(out, "aggregator: running pid %d\n", (int)f->aggregator);
	else
		(void)fprintf(out, "aggregator: stopped\n");
	(void)fprintf(out, "commits: %" PRIu64 "\n", f->figures.commits);
	(void)fprintf(out, "changes_per_commit: %.1f\n",
		f->figures.commits ? (double)f->figures.changes / (double)f->figures.commits : 0.0);
	(void)fprintf(out, "database_bytes: %" PRId64 "\n", f->sizes.database_bytes);
	(void)fprintf(out, "wal_bytes: %" PRId64 "\n", f->sizes.wal_bytes);
	(void)fprintf(out, "set_aside: ");
	if (f->set_aside.count)
		(void)fprintf(out, "%" PRId64 " (the newest: change %" PRId64 ": %s)\n",
			f->set_aside.count, f->set_aside.newest_seq, f->set_aside.why);
	else
		(void)fprintf(out, "0\n");
	write_trouble(m, out, &f->figures);
}

/* ---- metrics ---- */

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	(void)fprintf(out, "# HELP favfs_%s %s\n# TYPE favfs_%s %s\n", name, help, name, type);
}

static void write_requests(FILE *out)
{
	static const char *const outcomes[2] = {"ok", "error"};

	head(out, "requests_total", "counter", "Requests answered, by operation and outcome.");
	for (int i = 0; i < OPERATION_COUNT; i++)
		for (int error = 0; error < 2; error++)
			(void)fprintf(out,
				"favfs_requests_total{operation=\"%s\",outcome=\"%s\"} %" PRIu64
				"\n",
				operation_names[i], outcomes[error],
				(uint64_t)atomic_load(&reply_counts[i][error]));
}

static void write_histogram(
	FILE *out, const char *name, const char *help, const struct histogram *histogram)
{
	uint64_t sum = 0;

	head(out, name, "histogram", help);
	for (int i = 0; i < LATENCY_BUCKETS - 1; i++) {
		sum += histogram->buckets[i];
		(void)fprintf(out, "favfs_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
			(double)latency_bounds_ns[i] / 1e9, sum);
	}
	(void)fprintf(out, "favfs_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, histogram->count);
	(void)fprintf(out, "favfs_%s_sum %.9f\n", name, (double)histogram->sum_ns / 1e9);
	(void)fprintf(out, "favfs_%s_count %" PRIu64 "\n", name, histogram->count);
}

static void write_one(FILE *out, const char *name, const char *type, const char *help, double value)
{
	head(out, name, type, help);
	(void)fprintf(out, "favfs_%s %.15g\n", name, value);
}

static void write_counters(FILE *out, const struct facts *f)
{
	write_one(out, "commits_total", "counter", "Transactions committed since mounting.",
		(double)f->figures.commits);
	write_one(out, "changes_total", "counter", "Changes logged by them.",
		(double)f->figures.changes);
	write_one(out, "refusals_total", "counter", "Requests refused or failed.",
		(double)f->figures.refused);
	write_one(out, "batch_requests_max", "gauge",
		"Requests answered by the largest transaction.", (double)f->figures.largest);
	write_one(out, "changes_logged", "gauge", "Newest change of the log.",
		(double)f->totals.newest_seq);
	write_one(out, "changes_applied", "gauge", "Change up to which rankings count.",
		(double)f->position.seq);
}

static void write_gauges(FILE *out, const struct facts *f)
{
	write_one(out, "uptime_seconds", "gauge", "Time since mounting.", f->uptime_s);
	write_one(out, "restaurants", "gauge", "Restaurants.", (double)f->totals.restaurants);
	write_one(out, "favorites", "gauge", "Favourites.", (double)f->totals.favorites);
	write_one(out, "lag_changes", "gauge", "Changes not counted yet.", (double)f->lag_changes);
	write_one(
		out, "lag_seconds", "gauge", "Age of the oldest change not counted yet.", f->lag_s);
	write_one(out, "aggregator_up", "gauge", "Whether an aggregator runs.",
		f->aggregator ? 1 : 0);
	write_one(out, "database_bytes", "gauge", "Bytes of both databases.",
		(double)f->sizes.database_bytes);
	write_one(out, "wal_bytes", "gauge", "Bytes of their write-ahead logs.",
		(double)f->sizes.wal_bytes);
	write_one(out, "snapshots_held", "gauge", "States of the rankings held for readers.",
		(double)f->sizes.held);
	write_one(out, "set_aside", "gauge", "Changes of the log that could not be counted.",
		(double)f->set_aside.count);
	write_one(out, "failed", "gauge", "Whether nothing is acknowledged any more.",
		f->figures.failed ? 1 : 0);
}

static void write_metrics(const struct mount *m, FILE *out, const struct facts *f)
{
	struct histogram touches;

	(void)m;
	head(out, "build_info", "gauge", "The version that runs.");
	(void)fprintf(
		out, "favfs_build_info{version=\"%s\",engine=\"%s\"} 1\n", VERSION, store_engine());
	write_requests(out);
	request_touches(&touches);
	write_histogram(out, "touch_seconds",
		"Time from the request to make a favourite to its answer.", &touches);
	write_histogram(out, "commit_seconds", "Time of a transaction, without the sync.",
		&f->figures.commit);
	write_histogram(
		out, "sync_seconds", "Time of a sync of committed transactions.", &f->figures.sync);
	write_counters(out, f);
	write_gauges(out, f);
}

/* ---- the files ---- */

struct text {
	char *bytes;
	size_t size;
	struct cost cost;
};

typedef void write_text(const struct mount *m, FILE *out, const struct facts *f);

static int make_text(struct mount *m, write_text *write, struct text **ret_text)
{
	struct text *text = calloc(1, sizeof(*text));
	struct facts facts;
	FILE *out = NULL;
	int error = text ? collect(m, &facts) : -ENOMEM;

	if (!error)
		out = open_memstream(&text->bytes, &text->size);
	if (!error && !out)
		error = -ENOMEM;
	if (!error) {
		write(m, out, &facts);
		error = fclose(out) == 0 ? 0 : -ENOMEM;
	}
	if (!error) {
		*ret_text = text;
		return 0;
	}
	if (text)
		free(text->bytes);
	free(text);
	return error;
}

static void free_text(struct text *text)
{
	if (text)
		free(text->bytes);
	free(text);
}

static int pay(struct mount *m, fuse_req_t req, struct text *text)
{
	text->cost = (struct cost){
		.uid = fuse_req_ctx(req)->uid,
		.memory_bytes = (int64_t)(sizeof(*text) + text->size),
	};
	return shares_take(&m->shares, &text->cost);
}

static void release(struct mount *m, struct text *text)
{
	shares_give(&m->shares, &text->cost);
	free_text(text);
}

static void open_text(struct mount *m, fuse_req_t req, struct fuse_file_info *fi, write_text *write)
{
	struct text *text = NULL;
	int error = make_text(m, write, &text);

	if (!error)
		error = pay(m, req, text);
	if (error) {
		free_text(text);
		reply_error(req, error);
		return;
	}
	fi->fh = (uintptr_t)text;
	fi->direct_io = 1; /* its size is shown as 0 */
	fi->noflush = 1;
	if (reply_open(req, fi) < 0)
		release(m, text);
}

static void status_open(struct mount *m, fuse_req_t req, struct node n, struct fuse_file_info *fi)
{
	(void)n;
	open_text(m, req, fi, write_status);
}

static void metrics_open(struct mount *m, fuse_req_t req, struct node n, struct fuse_file_info *fi)
{
	(void)n;
	open_text(m, req, fi, write_metrics);
}

static void text_read(struct mount *m, fuse_req_t req, struct node n, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	const struct text *text = (const struct text *)(uintptr_t)fi->fh;
	size_t skip = (uint64_t)offset < text->size ? (size_t)offset : text->size;
	size_t left = text->size - skip;

	(void)m;
	(void)n;
	reply_bytes(req, text->bytes + skip, left < size ? left : size);
}

static void text_release(struct mount *m, struct node n, struct fuse_file_info *fi)
{
	(void)n;
	release(m, (struct text *)(uintptr_t)fi->fh);
}

static int text_getattr(struct mount *m, struct node n, struct stat *st)
{
	attr_fill(m, n, clock_realtime_ns(), st);
	return 0;
}

const struct node_ops status_ops = {
	.mode = S_IFREG | 0444,
	.derived = true,
	.getattr = text_getattr,
	.open = status_open,
	.read = text_read,
	.release = text_release,
};

const struct node_ops metrics_ops = {
	.mode = S_IFREG | 0444,
	.derived = true,
	.getattr = text_getattr,
	.open = metrics_open,
	.read = text_read,
	.release = text_release,
};
