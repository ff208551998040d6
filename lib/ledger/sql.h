/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's tables and every statement over them, once for both backends. Private to
 * lib/ledger. */
#ifndef IMP_LEDGER_SQL_H
#define IMP_LEDGER_SQL_H

#include <stddef.h>
#include <stdint.h>

enum imp_sql {
	IMP_SQL_SAVE,
	IMP_SQL_BACK,
	IMP_SQL_KEEP,
	IMP_SQL_PUT_VERSION,
	IMP_SQL_LAST_LEAF,
	IMP_SQL_DIGEST,
	IMP_SQL_TYPE,
	IMP_SQL_NODES,
	IMP_SQL_PUT_LEAF,
	IMP_SQL_PUT_RECORD,
	IMP_SQL_PUT_REF,
	IMP_SQL_DROP_RECORD,
	IMP_SQL_DROP_REF,
	IMP_SQL_PUT_PENDING,
	IMP_SQL_DROP_PENDING,
	IMP_SQL_ENTRY,
	IMP_SQL_LATEST,
	IMP_SQL_NAMED,
	IMP_SQL_NEWEST, /* of those between two keys, the one with the highest */
	IMP_SQL_PENDING,
	IMP_SQL_PUT_LINE,
	IMP_SQL_LAST_SIZE,
	IMP_SQL_LINES,
	IMP_SQL_NEXT_SIZE,
	IMP_SQL_ALL,
	IMP_SQL_SIGNED,
	IMP_SQL_ALL_REFS,
	IMP_SQL_CHECK_LINES, /* rows; rows that are right; rows there should be */
	IMP_SQL_KEYS,	     /* different keys of a kind, some at a time */
	IMP_SQL_FORGOTTEN,   /* entries without a record */
	IMP_SQL_BY_KEY, /* entries of a kind in the order of their keys, some at a time */
	IMP_SQL_VERSION,
	IMP_SQL_PG_TABLES, /* how many are as we made them; how many there are */
	IMP_SQL_PG_OWNS,   /* how many of those that scrub() writes anew this role owns */
	IMP_SQL_STATEMENTS,
};

/* Parameters are written $1, $2, ...; integers are 64 bits everywhere. */
extern const char *const imp_sql[IMP_SQL_STATEMENTS];

/* What brings the tables from one version to the next. */
struct imp_sql_step {
	const char *text; /* in SQLite's words: INTEGER, BLOB, STRICT, WITHOUT ROWID;
			   * NULL: they stay */
	int64_t refs; /* entries are found by this kind from now on, too; 0: by no other
		       */
};

/* step[0] makes version 1 of nothing. */
extern const struct imp_sql_step imp_sql_steps[];
extern const size_t imp_sql_versions;

#endif
