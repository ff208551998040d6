/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite backend's own parts. Private to lib/ledger. */
#ifndef IMP_LEDGER_SQLITE_H
#define IMP_LEDGER_SQLITE_H

#include "ledger/db.h"
#include "ledger/libsqlite.h"

/* Beginning and ending a transaction. */
enum imp_sqlite_turn {
	IMP_SQLITE_READ,
	IMP_SQLITE_WRITE,
	IMP_SQLITE_COMMIT,
	IMP_SQLITE_ROLLBACK,
	IMP_SQLITE_TURNS,
};

struct imp_sqlite {
	struct imp_db db;
	struct imp_libsqlite lib;
	sqlite3 *conn;
	sqlite3_stmt *stmt[IMP_SQL_STATEMENTS];
	sqlite3_stmt *turn[IMP_SQLITE_TURNS];
	sqlite3_stmt *now; /* gives rows; reset when it is done with */
	char *path;
	unsigned waited_ms;
	bool cancelled;
};

extern const struct imp_db_ops imp_sqlite_ops;

/* Fail with what a code of SQLite's means. */
int imp_sqlite_failed(struct imp_sqlite *s, int rc, struct imp_error *err);
/* Called while somebody else holds the file: sleeps a little; 0 ends the waiting. */
int imp_sqlite_busy(void *s, int tries);

#endif
