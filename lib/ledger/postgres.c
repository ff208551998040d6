/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL: many stations, one ledger.
 *
 * Statements without rows are sent on and their outcome is read with the next one that
 * has rows, or with the commit: a transaction takes few round trips.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/db.h"
#include "ledger/postgres.h"

enum {
	TRY_AGAIN_MS = 10000, /* how long a server that went away is waited for */
	NAP_MS = 200,
	OID_BYTEA = 17,
	OID_INT8 = 20,
};

static struct imp_postgres *of(struct imp_db *db)
{
	return (struct imp_postgres *)db;
}

static void done(struct imp_db *db)
{
	imp_pg_clear(of(db));
}

static int run(struct imp_db *db, enum imp_sql sql, const struct imp_value *param,
	       size_t params, struct imp_error *err)
{
	done(db);
	return imp_pg_send(of(db), sql, param, params, err);
}

static int ask(struct imp_db *db, enum imp_sql sql, const struct imp_value *param,
	       size_t params, struct imp_error *err)
{
	struct imp_postgres *p = of(db);
	int rc;

	done(db);
	rc = imp_pg_send(p, sql, param, params, err);
	if (!rc)
		rc = imp_pg_settle(p, err);
	if (!rc && !p->result)
		rc = imp_pg_said(p, IMP_EINTERNAL, "no rows were sent", err);
	return rc;
}

static void take(struct imp_postgres *p, int at, struct imp_value *out)
{
	const char *ptr = p->pq.PQgetvalue(p->result, p->at, at);
	struct imp_span s = { (const uint8_t *)ptr,
			      (size_t)p->pq.PQgetlength(p->result, p->at, at) };
	struct imp_reader r = imp_reader(s);

	*out = (struct imp_value){ .type = IMP_V_NULL };
	if (p->pq.PQgetisnull(p->result, p->at, at))
		return;
	if (p->pq.PQftype(p->result, at) == OID_INT8)
		*out = IMP_INT(imp_take_u64be(&r));
	else
		*out = p->pq.PQftype(p->result, at) == OID_BYTEA ? IMP_BYTES(s)
								 : IMP_STR(s);
}

static int row(struct imp_db *db, struct imp_value *col, size_t cols,
	       struct imp_error *err)
{
	struct imp_postgres *p = of(db);

	(void)err;
	if (!p->result || p->at >= p->pq.PQntuples(p->result)) {
		done(db);
		return 0;
	}
	for (size_t i = 0; i < cols && (int)i < p->pq.PQnfields(p->result); i++)
		take(p, (int)i, &col[i]);
	p->at++;
	return 1;
}

static void forget(struct imp_postgres *p)
{
	imp_pg_clear(p);
	memset(p->prepared, 0, sizeof(p->prepared));
	p->unread = 0;
	p->failed = false;
}

void imp_postgres_disconnect(struct imp_postgres *p)
{
	forget(p);
	if (p->conn)
		p->pq.PQfinish(p->conn);
	p->conn = NULL;
}

/* A statement by itself, to its end. */
static int do_text(struct imp_postgres *p, const char *text, struct imp_error *err)
{
	int rc = imp_pg_send_text(p, text, err);

	return rc ? rc : imp_pg_settle(p, err);
}

/* All ledgers of one database and schema that are written wait for each other here. */
static const char lock_text[] = "SELECT pg_catalog.pg_advisory_xact_lock(1768779890,"
				" pg_catalog.hashtext(pg_catalog.current_schema()))";

static int begin_once(struct imp_postgres *p, enum imp_db_use use, struct imp_error *err)
{
	int rc;

	if (use == IMP_DB_READ)
		return do_text(p, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
	rc = imp_pg_send_text(p, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", err);
	return rc ? rc : do_text(p, lock_text, err);
}

static void nap(void)
{
	nanosleep(&(struct timespec){ 0, NAP_MS * 1000000L }, NULL);
}

static bool interrupted(const struct imp_postgres *p)
{
	struct pollfd fd = { p->db.cancel_fd, POLLIN, 0 };

	return poll(&fd, 1, 0) > 0;
}

/* A connection may have died since it was last used, and a server may be starting. */
static int begin(struct imp_db *db, enum imp_db_use use, struct imp_error *err)
{
	struct imp_postgres *p = of(db);
	unsigned waited_ms = 0;
	int rc;

	for (;;) {
		db->again = false;
		rc = imp_pg_connected(p) ? 0 : imp_postgres_connect(p, err);
		if (!rc)
			rc = begin_once(p, use, err);
		if (!rc || !db->again)
			return rc;
		imp_postgres_disconnect(p);
		if (waited_ms >= TRY_AGAIN_MS || interrupted(p))
			return rc;
		if (waited_ms > 0)
			nap();
		waited_ms += NAP_MS;
	}
}

/* What was prepared in vain is not known: after a failure, a new connection. */
static void rollback(struct imp_db *db)
{
	struct imp_postgres *p = of(db);
	struct imp_error ignored;
	bool again = db->again;

	done(db);
	if (!imp_pg_connected(p) || imp_pg_settle(p, &ignored) ||
	    do_text(p, "ROLLBACK", &ignored) || p->failed)
		imp_postgres_disconnect(p);
	db->again = again;
}

/* The connection broke around the commit. The lock is free only when the server has done
 * with the old transaction, so that what is found then is what stays. */
static int ask_outcome(struct imp_db *db, const struct imp_value last[2],
		       struct imp_error *err)
{
	struct imp_value digest;
	struct imp_error why;
	int rc = begin(db, IMP_DB_WRITE, &why);

	if (!rc)
		rc = imp_db_one(db, IMP_SQL_DIGEST, &last[0], 1, &digest, 1, &why);
	if (rc < 0) {
		if (err)
			*err = why;
		db->again = false;
		rc = imp_wrap(err, rc,
			      "whether the last entries were written is not known");
		return imp_hint(err, rc,
				"the next command that reads the ledger will know");
	}
	if (rc > 0 && imp_span_eq(digest.bytes, last[1].bytes)) {
		rollback(db);
		return 0;
	}
	rollback(db);
	db->again = true;
	return imp_fail(err, IMP_ELEDGER, "%s: the connection broke; nothing was written",
			of(db)->db.shown);
}

static int commit(struct imp_db *db, const struct imp_value last[2],
		  struct imp_error *err)
{
	struct imp_postgres *p = of(db);
	int rc;

	done(db);
	rc = imp_pg_settle(p, err); /* so that what fails from here on is the commit */
	if (rc)
		return rc;
	p->tag[0] = '\0';
	rc = do_text(p, "COMMIT", err);
	if (!imp_pg_connected(p)) {
		imp_postgres_disconnect(p);
		return last ? ask_outcome(db, last, err) : rc;
	}
	if (!rc && strcmp(p->tag, "COMMIT") != 0)
		return imp_pg_said(p, IMP_ELEDGER, "the commit was refused", err);
	return rc;
}

static void replace(char *text, const char *word, const char *by)
{
	size_t old = strlen(word), new = strlen(by);

	for (char *at = strstr(text, word); at; at = strstr(at + new, word)) {
		memmove(at + new, at + old, strlen(at + old) + 1);
		memcpy(at, by, new);
	}
}

/* Our tables in PostgreSQL's words; none is longer. */
static char *translate(const char *text)
{
	static const char *const words[][2] = { { " STRICT, WITHOUT ROWID", "" },
						{ " STRICT", "" },
						{ "INTEGER", "BIGINT" },
						{ "BLOB", "BYTEA" } };
	char *out = malloc(2 * strlen(text) + 1);

	if (out)
		memcpy(out, text, strlen(text) + 1);
	for (size_t i = 0; out && i < COUNTOF(words); i++)
		replace(out, words[i][0], words[i][1]);
	return out;
}

/* Several statements at once are not for a pipeline. */
static int script(struct imp_db *db, const char *text, struct imp_error *err)
{
	struct imp_postgres *p = of(db);
	char *own = translate(text);
	PGresult *result;
	int rc;

	done(db);
	rc = own ? imp_pg_settle(p, err) : imp_fail(err, IMP_ERESOURCE, "out of memory");
	if (!rc && !p->pq.PQexitPipelineMode(p->conn))
		rc = imp_pg_lost(p, err);
	if (!rc) {
		result = p->pq.PQexec(p->conn, own);
		if (p->pq.PQresultStatus(result) != PGRES_COMMAND_OK)
			rc = imp_pg_refused(p, result, err);
		p->pq.PQclear(result);
		p->pq.PQenterPipelineMode(p->conn);
	}
	free(own);
	return rc;
}

static int version(struct imp_db *db, int64_t *out, struct imp_error *err)
{
	struct imp_value n[2];
	int rc = imp_db_one(db, IMP_SQL_PG_TABLES, IMP_WITHOUT, n, 2, err);

	if (rc <= 0)
		return rc ? rc : imp_pg_said(of(db), IMP_ELEDGER, "no answer", err);
	if (n[1].n == 0) {
		*out = 0;
		return 0;
	}
	if (n[0].n != n[1].n)
		return imp_pg_said(
			of(db), IMP_ELEDGER,
			"its tables are not the ledger's: something was added, taken "
			"away or changed",
			err);
	rc = imp_db_one(db, IMP_SQL_VERSION, IMP_WITHOUT, n, 1, err);
	if (rc > 0)
		*out = n[0].n;
	return rc < 0 ? rc : 0;
}

/* Changing tables is part of the transaction, and copies of a database are its
 * administrator's. */
static int keep(struct imp_db *db, int64_t was, char kept[256], struct imp_error *err)
{
	(void)db;
	(void)was;
	(void)err;
	kept[0] = '\0';
	return 0;
}

/* Who does not own a table is told nothing by VACUUM. */
static int scrub(struct imp_db *db, struct imp_error *err)
{
	struct imp_value owns;
	int rc = begin(db, IMP_DB_READ, err);

	if (!rc)
		rc = imp_db_one(db, IMP_SQL_PG_OWNS, IMP_WITHOUT, &owns, 1, err);
	if (rc > 0 && owns.n != 2)
		rc = imp_pg_said(of(db), IMP_ELEDGER,
				 "its tables are another role's, which alone can write "
				 "them anew",
				 err);
	rollback(db);
	return rc < 0 ? rc : script(db, "VACUUM (FULL, ANALYZE) records, refs", err);
}

static void close_postgres(struct imp_db *db)
{
	struct imp_postgres *p = of(db);

	imp_postgres_disconnect(p);
	free(p->url);
	free(p->db.shown);
	free(p);
}

const struct imp_db_ops imp_postgres_ops = {
	.name = "postgresql",
	.unseen = "where there is one, this role is not let see it: imprint-ledger(5)",
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.run = run,
	.ask = ask,
	.row = row,
	.done = done,
	.script = script,
	.version = version,
	.keep = keep,
	.scrub = scrub,
	.close = close_postgres,
};
