/*
 * The same work in PostgreSQL, as a developer would write it there: a table of favourites, and a
 * trigger that keeps three counts. peers.sh makes both; WHERE is the folder of the socket.
 */
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <postgresql/libpq-fe.h>

#define CONNECTION_SIZE 256

static const char mark_sql[] = "INSERT INTO favorite (restaurant, fan) VALUES ($1, $2)"
			       " ON CONFLICT DO NOTHING";
static const char stat_sql[] = "SELECT 1 FROM favorite WHERE restaurant = $1 AND fan = $2";

struct postgres {
	PGconn *connection; /* owned */
};

static void postgres_close(void *connection)
{
	struct postgres *postgres = connection;

	if (postgres == NULL)
		return;
	PQfinish(postgres->connection);
	free(postgres);
}

/* Takes the result and frees it; `ret_rows` may be NULL. */
static int take_result(
	const struct postgres *postgres, PGresult *result, ExecStatusType wanted, int *ret_rows)
{
	int err = 0;

	if (PQresultStatus(result) != wanted) {
		(void)fprintf(stderr, "postgres: %s", PQerrorMessage(postgres->connection));
		err = -EIO;
	} else if (ret_rows != NULL) {
		*ret_rows = PQntuples(result);
	}
	PQclear(result);
	return err;
}

static int prepare(const struct postgres *postgres, const char *name, const char *sql)
{
	return take_result(postgres, PQprepare(postgres->connection, name, sql, 2, NULL),
		PGRES_COMMAND_OK, NULL);
}

static int postgres_connect(struct postgres *postgres, const char *folder)
{
	char words[CONNECTION_SIZE];

	(void)snprintf(words, sizeof(words), "host='%s' dbname=postgres user=postgres", folder);
	postgres->connection = PQconnectdb(words);
	if (PQstatus(postgres->connection) != CONNECTION_OK) {
		(void)fprintf(stderr, "postgres: %s", PQerrorMessage(postgres->connection));
		return -ECONNREFUSED;
	}
	int err = prepare(postgres, "mark", mark_sql);
	return err < 0 ? err : prepare(postgres, "stat", stat_sql);
}

static int postgres_open(const char *where, uint32_t client, void **ret_connection)
{
	(void)client;
	struct postgres *postgres = calloc(1, sizeof(*postgres));

	if (postgres == NULL)
		return -ENOMEM;
	int err = postgres_connect(postgres, where);
	if (err < 0) {
		postgres_close(postgres);
		return err;
	}
	*ret_connection = postgres;
	return 0;
}

static PGresult *execute(
	const struct postgres *postgres, const char *name, const char *restaurant, const char *user)
{
	const char *const values[] = {restaurant, user};

	return PQexecPrepared(postgres->connection, name, 2, values, NULL, NULL, 0);
}

/* Marking twice succeeds, as with touch(1). */
static int postgres_mark(void *connection, const char *restaurant, const char *user)
{
	return take_result(
		connection, execute(connection, "mark", restaurant, user), PGRES_COMMAND_OK, NULL);
}

static int postgres_stat(void *connection, const char *restaurant, const char *user)
{
	int rows = 0;
	int err = take_result(
		connection, execute(connection, "stat", restaurant, user), PGRES_TUPLES_OK, &rows);

	return err == 0 && rows == 0 ? -ENOENT : err;
}

const struct target target_postgres = {
	.scheme = "postgres",
	.open = postgres_open,
	.close = postgres_close,
	.ops =
		{
			[TARGET_OP_MARK] = postgres_mark,
			[TARGET_OP_STAT] = postgres_stat,
		},
};
