/* SPDX-License-Identifier: Apache-2.0 */
/* The PostgreSQL backend's own parts. Private to lib/ledger. */
#ifndef IMP_LEDGER_POSTGRES_H
#define IMP_LEDGER_POSTGRES_H

#include "ledger/db.h"
#include "ledger/libpq.h"

enum { IMP_PG_UNREAD = 256 /* statements whose outcome is outstanding, at most */ };

struct imp_postgres {
	struct imp_db db;
	struct imp_libpq pq;
	char *url; /* never shown */
	PGconn *conn;
	bool prepared[IMP_SQL_STATEMENTS];
	unsigned unread;  /* statements that were sent and whose outcome was not read */
	bool failed;	  /* one of them */
	bool synced;	  /* the mark behind all of them was read */
	char tag[32];	  /* of the last command that was done */
	PGresult *result; /* the rows of the last statement that gave any; NULL */
	int at;		  /* the next of them */
};

extern const struct imp_db_ops imp_postgres_ops;

/* Is there a connection that has not broken? */
bool imp_pg_connected(const struct imp_postgres *p);
/* Fail with the first line of what libpq or the server says. */
int imp_pg_said(struct imp_postgres *p, enum imp_code code, const char *says,
		struct imp_error *err);
/* The connection broke: all of the transaction may be tried again. */
int imp_pg_lost(struct imp_postgres *p, struct imp_error *err);
/* Fail by the SQLSTATE of a result. */
int imp_pg_refused(struct imp_postgres *p, const PGresult *result, struct imp_error *err);

/*
 * Send a statement of the ledger's, or text without parameters. Its outcome is
 * outstanding until somebody settles.
 *
 * 0, or a negative code.
 */
int imp_pg_send(struct imp_postgres *p, enum imp_sql sql, const struct imp_value *param,
		size_t params, struct imp_error *err) IMP_MUST_CHECK;
int imp_pg_send_text(struct imp_postgres *p, const char *text, struct imp_error *err)
	IMP_MUST_CHECK;
/* Send a mark, and read everything up to it. 0, or what failed first. */
int imp_pg_settle(struct imp_postgres *p, struct imp_error *err) IMP_MUST_CHECK;
void imp_pg_clear(struct imp_postgres *p); /* drop the rows that were read */

/*
 * Connect and set the session up. A server that is not local proves who it is (sslmode
 * verify-full) unless the user has said something else.
 *
 * 0, or -IMP_ELEDGER.
 */
int imp_postgres_connect(struct imp_postgres *p, struct imp_error *err) IMP_MUST_CHECK;
void imp_postgres_disconnect(struct imp_postgres *p);

#endif
