/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Database: what the ledger asks of one. Private to lib/ledger.
 *
 * Two backends, SQLite and PostgreSQL, run the same statements over the same tables; the
 * tests of one run on the other. One thread at a time uses a connection, and one
 * statement that gives rows is under way at a time.
 */
#ifndef IMP_LEDGER_DB_H
#define IMP_LEDGER_DB_H

#include "base/attr.h"
#include "base/bytes.h"
#include "base/error.h"
#include "ledger/sql.h"

enum imp_value_type { IMP_V_NULL, IMP_V_INT, IMP_V_BYTES, IMP_V_TEXT };

struct imp_value {
	enum imp_value_type type;
	int64_t n;
	struct imp_span bytes; /* borrowed */
};

#define IMP_INT(v)   ((struct imp_value){ .type = IMP_V_INT, .n = (int64_t)(v) })
#define IMP_BYTES(s) ((struct imp_value){ .type = IMP_V_BYTES, .bytes = (s) })
#define IMP_STR(s)   ((struct imp_value){ .type = IMP_V_TEXT, .bytes = (s) })

/* The parameters of a statement, in a call. */
#define IMP_WITH(...)                                               \
	(const struct imp_value[]){ __VA_ARGS__ },                  \
		sizeof((const struct imp_value[]){ __VA_ARGS__ }) / \
			sizeof(struct imp_value)
#define IMP_WITHOUT NULL, 0

enum { IMP_DB_COLUMNS = 6 /* of a row, at most */ };

enum imp_db_use {
	IMP_DB_READ,  /* one state of things, whatever others write meanwhile */
	IMP_DB_WRITE, /* nobody else writes until the end */
};

struct imp_db {
	const struct imp_db_ops *ops;
	char *shown;   /* its name in messages, without secrets; owned */
	int cancel_fd; /* readable: the user has interrupted; -1: there is none */
	const struct imp_sql_step *step; /* what the tables are made by */
	int64_t versions;
	/* Set beside an error: nothing of the transaction was written, and all of it may
	 * be tried again. begin() clears it. */
	bool again;
};

struct imp_db_ops {
	const char *name;   /* "sqlite" */
	const char *unseen; /* why tables that are there may look missing, or NULL */
	/*
	 * Start a transaction. Waits for others, a bounded time.
	 *
	 * 0, -IMP_ELEDGER, -IMP_ERESOURCE, -IMP_EINTERRUPTED.
	 */
	int (*begin)(struct imp_db *db, enum imp_db_use use, struct imp_error *err);
	/*
	 * Make what was written last, whatever happens to this process or machine.
	 *
	 *   last   index and digest of the last leaf that was written, by which an
	 *          outcome that did not arrive is asked for
	 *
	 * 0: it lasts; or, with nothing written, a code as above.
	 */
	int (*commit)(struct imp_db *db, const struct imp_value last[2],
		      struct imp_error *err);
	void (*rollback)(struct imp_db *db); /* whatever the state */
	/* Run a statement that gives no rows. 0, or a code as above. */
	int (*run)(struct imp_db *db, enum imp_sql sql, const struct imp_value *param,
		   size_t params, struct imp_error *err);
	/* Start one that gives rows. Likewise. */
	int (*ask)(struct imp_db *db, enum imp_sql sql, const struct imp_value *param,
		   size_t params, struct imp_error *err);
	/* The next row: 1 and its values, at most cols, borrowed until the next call; 0
	 * at the end; a negative code. */
	int (*row)(struct imp_db *db, struct imp_value *col, size_t cols,
		   struct imp_error *err);
	void (*done)(struct imp_db *db); /* leave the rows that were not read */
	/* Run text of ours, which may be several statements: the tables. */
	int (*script)(struct imp_db *db, const char *text, struct imp_error *err);
	/* The version of the tables, 0 where there are none; -IMP_ELEDGER where they are
	 * not as we made them. */
	int (*version)(struct imp_db *db, int64_t *out, struct imp_error *err);
	/* Keep what is there as it is now under a name of its own, before it is changed
	 * for good; *kept says where, for people, up to 256 bytes. */
	int (*keep)(struct imp_db *db, int64_t version, char kept[256],
		    struct imp_error *err);
	/* Write the files anew, so that nothing is left of rows that were deleted;
	 * outside of a transaction. 0, -IMP_ELEDGER: others are in the way, or this user
	 * may not.
	 */
	int (*scrub)(struct imp_db *db, struct imp_error *err);
	void (*close)(struct imp_db *db);
};

/* A SQLite file, made where it is not there and `create` is set. */
int imp_sqlite_open(const char *path, bool create, struct imp_db **out,
		    struct imp_error *err) IMP_MUST_CHECK;
/* A PostgreSQL database, by the URL that libpq takes. */
int imp_postgres_open(const char *url, struct imp_db **out, struct imp_error *err)
	IMP_MUST_CHECK;
void imp_db_init(struct imp_db *db, const struct imp_db_ops *ops);
/* Accepts a pointer to NULL. Fits CLEANUP(). */
void imp_db_close(struct imp_db **db);

typedef int imp_db_each(void *ctx, const struct imp_value *col, struct imp_error *err);

/* Call fn with each row of one statement; what it returns other than 0 ends that. fn runs
 * no statements. */
int imp_db_all(struct imp_db *db, enum imp_sql sql, const struct imp_value *param,
	       size_t params, imp_db_each *fn, void *ctx, struct imp_error *err)
	IMP_MUST_CHECK;
/* One row at most. 1 with cols values, which stay until the next statement; 0; a negative
 * code. */
int imp_db_one(struct imp_db *db, enum imp_sql sql, const struct imp_value *param,
	       size_t params, struct imp_value *col, size_t cols, struct imp_error *err)
	IMP_MUST_CHECK;

#endif
