/* SPDX-License-Identifier: Apache-2.0 */
/* Places for ledgers. */
#include <ftw.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "place.h"

static PGconn *connect_past(void)
{
	const char *url = getenv("IMPRINT_TEST_POSTGRES");
	PGconn *c;

	cr_assert(url, "tests/ledger/run.py starts a server");
	c = PQconnectdb(url);
	cr_assert_eq(PQstatus(c), CONNECTION_OK, "%s", PQerrorMessage(c));
	return c;
}

static long long ask_postgres(const struct place *p, const char *text)
{
	PGconn *c = connect_past();
	long long n = 0;
	char set[128];
	PGresult *r;

	snprintf(set, sizeof(set), "SET search_path = %s",
		 p->schema[0] ? p->schema : "public");
	PQclear(PQexec(c, set));
	r = PQexec(c, text);
	cr_assert(PQresultStatus(r) == PGRES_COMMAND_OK ||
			  PQresultStatus(r) == PGRES_TUPLES_OK,
		  "%s: %s", text, PQerrorMessage(c));
	if (PQntuples(r) > 0)
		n = atoll(PQgetvalue(r, 0, 0));
	PQclear(r);
	PQfinish(c);
	return n;
}

static int take_number(void *out, int cols, char **text, char **names)
{
	(void)cols;
	(void)names;
	*(long long *)out = text[0] ? atoll(text[0]) : 0;
	return 0;
}

static long long ask_sqlite(const struct place *p, const char *text)
{
	char *why = NULL;
	long long n = 0;
	sqlite3 *c;

	cr_assert_eq(sqlite3_open(p->name, &c), SQLITE_OK);
	sqlite3_busy_timeout(c, 10000);
	cr_assert_eq(sqlite3_exec(c, text, take_number, &n, &why), SQLITE_OK, "%s: %s",
		     text, why);
	sqlite3_close(c);
	return n;
}

static long long __attribute__((format(printf, 2, 0)))
ask(const struct place *p, const char *fmt, va_list ap)
{
	char text[8192];

	vsnprintf(text, sizeof(text), fmt, ap);
	return p->postgres ? ask_postgres(p, text) : ask_sqlite(p, text);
}

void place_sql(const struct place *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ask(p, fmt, ap);
	va_end(ap);
}

long long place_number(const struct place *p, const char *fmt, ...)
{
	long long n;
	va_list ap;

	va_start(ap, fmt);
	n = ask(p, fmt, ap);
	va_end(ap);
	return n;
}

const char *place_blob(const struct place *p, const char *hex)
{
	static char text[4][256];
	static unsigned next;
	char *out = text[next++ % 4];

	snprintf(out, sizeof(text[0]), p->postgres ? "'\\x%s'::bytea" : "x'%s'", hex);
	return out;
}

void place_start(struct place *p, bool postgres)
{
	static unsigned places;
	char text[128];

	memset(p, 0, sizeof(*p));
	p->postgres = postgres;
	snprintf(p->folder, sizeof(p->folder), "/tmp/imprint-ledger-XXXXXX");
	cr_assert(mkdtemp(p->folder));
	if (!postgres) {
		snprintf(p->name, sizeof(p->name), "%s/ledger.db", p->folder);
		return;
	}
	snprintf(p->schema, sizeof(p->schema), "t%d_%u", (int)getpid(), places++);
	snprintf(text, sizeof(text), "CREATE SCHEMA %s", p->schema);
	ask_postgres(p, text);
	snprintf(p->name, sizeof(p->name), "%s&options=-csearch_path%%3D%s",
		 getenv("IMPRINT_TEST_POSTGRES"), p->schema);
}

static int drop_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void place_stop(struct place *p)
{
	nftw(p->folder, drop_one, 8, FTW_DEPTH | FTW_PHYS);
	if (p->postgres)
		place_sql(p, "DROP SCHEMA %s CASCADE", p->schema);
}

struct imp_ledger *place_open(const struct place *p, const char *station)
{
	const struct imp_ledger_config config = { .name = p->name,
						  .create = true,
						  .origin = "log.example/test",
						  .station = station,
						  .tool = "test",
						  .cancel_fd = -1 };
	struct imp_ledger *l = NULL;
	struct imp_error err = { 0 };

	WORKS(imp_ledger_open(&config, &l, &err));
	return l;
}

int place_fork(const struct place *p, int (*fn)(const struct place *p))
{
	pid_t pid = fork();
	int status = 0;

	cr_assert(pid >= 0);
	if (pid == 0)
		_exit(fn(p));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
