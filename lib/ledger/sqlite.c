/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite: a file, nothing to set up. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/sqlite.h"

/* How long others are waited for in all, and how long at most each time. */
enum { WAIT_MS = 10000, NAP_MS = 10, TEXT_MAX = 1024 };

static struct imp_sqlite *of(struct imp_db *db)
{
	return (struct imp_sqlite *)db;
}

struct cause {
	int primary; /* SQLite's code */
	enum imp_code code;
	const char *says;
};

static const struct cause causes[] = {
	{ SQLITE_BUSY, IMP_ELEDGER, "is locked by another process for 10 seconds" },
	{ SQLITE_LOCKED, IMP_ELEDGER, "is locked by this process" },
	{ SQLITE_FULL, IMP_ERESOURCE, "no space is left" },
	{ SQLITE_IOERR, IMP_ERESOURCE, "reading or writing failed" },
	{ SQLITE_NOMEM, IMP_ERESOURCE, "out of memory" },
	{ SQLITE_READONLY, IMP_ELEDGER, "cannot be written" },
	{ SQLITE_CANTOPEN, IMP_ELEDGER, "cannot be opened" },
	{ SQLITE_NOTADB, IMP_ELEDGER, "is no database" },
	{ SQLITE_CORRUPT, IMP_ELEDGER, "is damaged" },
};

int imp_sqlite_failed(struct imp_sqlite *s, int rc, struct imp_error *err)
{
	int number = s->lib.system_errno(s->conn);

	if (s->cancelled)
		return imp_fail(err, IMP_EINTERRUPTED, "%s: interrupted", s->db.shown);
	for (size_t i = 0; i < COUNTOF(causes); i++)
		if (causes[i].primary == (rc & 0xff))
			return imp_fail(err, causes[i].code, "%s: %s%s%s%s", s->db.shown,
					causes[i].says, number ? " (" : "",
					number ? strerror(number) : "",
					number ? ")" : "");
	return imp_fail(err, IMP_ELEDGER, "%s: %s", s->db.shown, s->lib.errmsg(s->conn));
}

/* Sleep a little, not in step with others, unless the user has had enough. */
int imp_sqlite_busy(void *arg, int tries)
{
	struct imp_sqlite *s = arg;
	struct pollfd p = { s->db.cancel_fd, POLLIN, 0 };
	unsigned char random;
	int nap;

	if (tries == 0)
		s->waited_ms = 0;
	s->lib.randomness(1, &random);
	nap = 1 + random % NAP_MS;
	s->waited_ms += (unsigned)nap;
	if (s->waited_ms > WAIT_MS)
		return 0;
	s->cancelled = poll(&p, 1, nap) > 0;
	return !s->cancelled;
}

static void done(struct imp_db *db)
{
	struct imp_sqlite *s = of(db);

	if (s->now)
		s->lib.reset(s->now);
	s->now = NULL;
}

static int script(struct imp_db *db, const char *text, struct imp_error *err)
{
	struct imp_sqlite *s = of(db);
	int rc;

	done(db);
	s->cancelled = false;
	rc = s->lib.exec(s->conn, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : imp_sqlite_failed(s, rc, err);
}

static const char *const turns[IMP_SQLITE_TURNS] = {
	[IMP_SQLITE_READ] = "BEGIN",
	[IMP_SQLITE_WRITE] = "BEGIN IMMEDIATE",
	[IMP_SQLITE_COMMIT] = "COMMIT",
	[IMP_SQLITE_ROLLBACK] = "ROLLBACK",
};

/* Reading one device is a transaction, too: these are prepared like all else. */
static int turn(struct imp_sqlite *s, enum imp_sqlite_turn which, struct imp_error *err)
{
	int rc = SQLITE_OK;

	done(&s->db);
	s->cancelled = false;
	if (!s->turn[which])
		rc = s->lib.prepare_v3(s->conn, turns[which], -1,
				       SQLITE_PREPARE_PERSISTENT, &s->turn[which], NULL);
	if (rc == SQLITE_OK) {
		rc = s->lib.step(s->turn[which]);
		s->lib.reset(s->turn[which]);
	}
	return rc == SQLITE_OK || rc == SQLITE_DONE ? 0 : imp_sqlite_failed(s, rc, err);
}

static int begin(struct imp_db *db, enum imp_db_use use, struct imp_error *err)
{
	db->again = false;
	return turn(of(db), use == IMP_DB_WRITE ? IMP_SQLITE_WRITE : IMP_SQLITE_READ,
		    err);
}

static int commit(struct imp_db *db, const struct imp_value last[2],
		  struct imp_error *err)
{
	(void)last;
	return turn(of(db), IMP_SQLITE_COMMIT, err);
}

static void rollback(struct imp_db *db)
{
	struct imp_sqlite *s = of(db);

	done(db);
	if (!s->lib.get_autocommit(s->conn))
		turn(s, IMP_SQLITE_ROLLBACK, NULL);
}

/* $1 of the common text is ?1 here. */
static int prepare(struct imp_sqlite *s, enum imp_sql sql, sqlite3_stmt **out,
		   struct imp_error *err)
{
	char text[TEXT_MAX];
	int rc;

	if (!s->stmt[sql]) {
		snprintf(text, sizeof(text), "%s", imp_sql[sql]);
		for (char *p = text; *p; p++)
			if (*p == '$')
				*p = '?';
		rc = s->lib.prepare_v3(s->conn, text, -1, SQLITE_PREPARE_PERSISTENT,
				       &s->stmt[sql], NULL);
		if (rc != SQLITE_OK)
			return imp_sqlite_failed(s, rc, err);
	}
	*out = s->stmt[sql];
	return 0;
}

static int bind(const struct imp_sqlite *s, sqlite3_stmt *q, int at,
		const struct imp_value *v)
{
	const void *ptr = v->bytes.ptr ? (const void *)v->bytes.ptr : "";

	switch (v->type) {
	case IMP_V_INT:
		return s->lib.bind_int64(q, at, v->n);
	case IMP_V_BYTES:
		return s->lib.bind_blob64(q, at, ptr, v->bytes.len, SQLITE_STATIC);
	case IMP_V_TEXT:
		return s->lib.bind_text64(q, at, ptr, v->bytes.len, SQLITE_STATIC,
					  SQLITE_UTF8);
	default:
		return s->lib.bind_null(q, at);
	}
}

static int ask(struct imp_db *db, enum imp_sql sql, const struct imp_value *param,
	       size_t params, struct imp_error *err)
{
	struct imp_sqlite *s = of(db);
	sqlite3_stmt *q = NULL;
	int rc;

	done(db);
	s->cancelled = false;
	rc = prepare(s, sql, &q, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < params; i++) {
		rc = bind(s, q, (int)i + 1, &param[i]);
		if (rc != SQLITE_OK)
			return imp_sqlite_failed(s, rc, err);
	}
	s->now = q;
	return 0;
}

static void take(const struct imp_sqlite *s, int at, struct imp_value *out)
{
	static const enum imp_value_type types[] = { [SQLITE_INTEGER] = IMP_V_INT,
						     [SQLITE_BLOB] = IMP_V_BYTES,
						     [SQLITE_TEXT] = IMP_V_TEXT,
						     [SQLITE_NULL] = IMP_V_NULL };
	sqlite3_stmt *q = s->now;

	*out = (struct imp_value){ .type = types[s->lib.column_type(q, at)] };
	if (out->type == IMP_V_INT)
		out->n = s->lib.column_int64(q, at);
	else if (out->type != IMP_V_NULL)
		out->bytes = (struct imp_span){ s->lib.column_blob(q, at),
						(size_t)s->lib.column_bytes(q, at) };
}

static int row(struct imp_db *db, struct imp_value *col, size_t cols,
	       struct imp_error *err)
{
	struct imp_sqlite *s = of(db);
	int rc = s->lib.step(s->now);

	if (rc == SQLITE_ROW) {
		int there = s->lib.column_count(s->now);

		for (int i = 0; i < there && (size_t)i < cols; i++)
			take(s, i, &col[i]);
		return 1;
	}
	if (rc != SQLITE_DONE) {
		rc = imp_sqlite_failed(s, rc, err);
		done(db);
		return rc;
	}
	done(db);
	return 0;
}

static int run(struct imp_db *db, enum imp_sql sql, const struct imp_value *param,
	       size_t params, struct imp_error *err)
{
	int rc = ask(db, sql, param, params, err);

	return rc ? rc : row(db, NULL, 0, err);
}

/* What the tables are, as text: who added a trigger, a view or an index shows here. */
static int schema_text(struct imp_sqlite *s, sqlite3 *conn, char **out,
		       struct imp_error *err)
{
	static const char ask_schema[] =
		"SELECT group_concat(type || ' ' || name || ' ' || tbl_name || ' ' ||"
		" coalesce(sql, ''), char(10)) FROM"
		" (SELECT * FROM sqlite_schema ORDER BY type, name)";
	sqlite3_stmt *q = NULL;
	int rc = s->lib.prepare_v2(conn, ask_schema, -1, &q, NULL);

	if (rc == SQLITE_OK)
		rc = s->lib.step(q);
	if (rc == SQLITE_ROW) {
		const void *text = s->lib.column_text(q, 0);

		*out = strdup(text ? text : "");
	}
	s->lib.finalize(q);
	if (rc != SQLITE_ROW)
		return imp_sqlite_failed(s, rc, err);
	return *out ? 0 : imp_fail(err, IMP_ERESOURCE, "out of memory");
}

static void free_text(char **text)
{
	free(*text);
}

static int check_schema(struct imp_sqlite *s, const char *found, int64_t version,
			struct imp_error *err)
{
	CLEANUP(free_text) char *expected = NULL;
	sqlite3 *fresh = NULL;
	int rc = s->lib.open(":memory:", &fresh);

	for (int64_t v = 0; rc == SQLITE_OK && v < version; v++)
		if (s->db.step[v].text)
			rc = s->lib.exec(fresh, s->db.step[v].text, NULL, NULL, NULL);
	rc = rc == SQLITE_OK ? schema_text(s, fresh, &expected, err)
			     : imp_fail(err, IMP_EINTERNAL, "the tables cannot be made");
	s->lib.close(fresh);
	if (!rc && strcmp(found, expected) != 0)
		rc = imp_fail(err, IMP_ELEDGER,
			      "%s: its tables are not the ledger's: something was added, "
			      "taken away or changed",
			      s->db.shown);
	return rc;
}

static int version(struct imp_db *db, int64_t *out, struct imp_error *err)
{
	CLEANUP(free_text) char *found = NULL;
	struct imp_sqlite *s = of(db);
	sqlite3_stmt *q = NULL;
	int64_t n = 0;
	int rc;

	done(db);
	rc = schema_text(s, s->conn, &found, err);
	if (rc)
		return rc;
	if (found[0]) {
		rc = s->lib.prepare_v2(s->conn, "SELECT max(number) FROM version", -1, &q,
				       NULL);
		if (rc == SQLITE_OK && s->lib.step(q) == SQLITE_ROW)
			n = s->lib.column_int64(q, 0);
		s->lib.finalize(q);
		if (n < 1)
			return imp_fail(err, IMP_ELEDGER,
					"%s: is a database of something else",
					s->db.shown);
	}
	if (n > 0 && n <= s->db.versions)
		rc = check_schema(s, found, n, err);
	if (!rc)
		*out = n;
	return rc;
}

static int keep(struct imp_db *db, int64_t was, char kept[256], struct imp_error *err)
{
	struct imp_sqlite *s = of(db);
	char *text;
	int fd, rc;

	snprintf(kept, 256, "%s.v%lld", s->path, (long long)was);
	fd = open(kept, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return imp_fail(err, IMP_ERESOURCE, "%s: the copy cannot be made: %s",
				kept, strerror(errno));
	close(fd);
	text = s->lib.mprintf("VACUUM INTO %Q", kept);
	if (!text)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	rc = script(db, text, err);
	s->lib.free(text);
	return rc;
}

/* The log still holds pages as they were, until all of it is in the file. */
static int empty_log(struct imp_sqlite *s, struct imp_error *err)
{
	sqlite3_stmt *q = NULL;
	int rc = s->lib.prepare_v2(s->conn, "PRAGMA wal_checkpoint(TRUNCATE)", -1, &q,
				   NULL);
	bool busy = true;

	if (rc == SQLITE_OK)
		rc = s->lib.step(q);
	if (rc == SQLITE_ROW)
		busy = s->lib.column_int64(q, 0) != 0;
	s->lib.finalize(q);
	if (rc != SQLITE_ROW)
		return imp_sqlite_failed(s, rc, err);
	return busy ? imp_fail(err, IMP_ELEDGER, "%s: others are reading it", s->db.shown)
		    : 0;
}

/* Of a large file the copy need not fit into memory. */
static int scrub(struct imp_db *db, struct imp_error *err)
{
	int rc = script(db, "PRAGMA temp_store=FILE; VACUUM; PRAGMA temp_store=MEMORY",
			err);

	return rc ? rc : empty_log(of(db), err);
}

static void close_sqlite(struct imp_db *db)
{
	struct imp_sqlite *s = of(db);

	rollback(db);
	for (size_t i = 0; i < COUNTOF(s->stmt); i++)
		s->lib.finalize(s->stmt[i]);
	for (size_t i = 0; i < COUNTOF(s->turn); i++)
		s->lib.finalize(s->turn[i]);
	s->lib.close(s->conn);
	free(s->db.shown);
	free(s->path);
	free(s);
}

const struct imp_db_ops imp_sqlite_ops = {
	.name = "sqlite",
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
	.close = close_sqlite,
};
