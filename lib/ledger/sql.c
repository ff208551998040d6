/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's tables and every statement over them. */
#include "ledger/sql.h"

/*
 * leaves   the tree: what is hashed, and the subtrees that each leaf completes
 * records  what a leaf stands for, and the salt that hides it
 * refs     where something is named: the one index over records
 * pending  items that are reserved or sent, and the entry that says so
 * lines    signatures under the checkpoint of a size
 * version  of these tables
 */
const struct imp_sql_step imp_sql_steps[] = {
	{ "CREATE TABLE version(number INTEGER PRIMARY KEY) STRICT;"
	  "CREATE TABLE leaves(idx INTEGER PRIMARY KEY, type INTEGER NOT NULL,"
	  " digest BLOB NOT NULL, nodes BLOB NOT NULL) STRICT;"
	  "CREATE TABLE records(idx INTEGER PRIMARY KEY, salt BLOB NOT NULL,"
	  " record BLOB NOT NULL) STRICT;"
	  "CREATE TABLE refs(kind INTEGER, key BLOB, idx INTEGER,"
	  " PRIMARY KEY(kind, key, idx)) STRICT, WITHOUT ROWID;"
	  "CREATE TABLE pending(item BLOB PRIMARY KEY, idx INTEGER NOT NULL)"
	  " STRICT, WITHOUT ROWID;"
	  "CREATE TABLE lines(size INTEGER, line TEXT, PRIMARY KEY(size, line))"
	  " STRICT, WITHOUT ROWID;",
	  0 },
	{ NULL, 14 },
};

const size_t imp_sql_versions = sizeof(imp_sql_steps) / sizeof(imp_sql_steps[0]);

#define ENTRY_COLUMNS "l.idx, l.type, l.digest, l.nodes, c.salt, c.record"
#define ENTRY_TABLES  "leaves l LEFT JOIN records c ON c.idx = l.idx"
#define NAMED_TABLES \
	"refs r JOIN leaves l ON l.idx = r.idx LEFT JOIN records c ON c.idx = r.idx"

const char *const imp_sql[IMP_SQL_STATEMENTS] = {
	[IMP_SQL_SAVE] = "SAVEPOINT job",
	[IMP_SQL_BACK] = "ROLLBACK TO SAVEPOINT job",
	[IMP_SQL_KEEP] = "RELEASE SAVEPOINT job",
	[IMP_SQL_PUT_VERSION] = "INSERT INTO version(number) VALUES($1)",
	[IMP_SQL_LAST_LEAF] = "SELECT idx, nodes FROM leaves ORDER BY idx DESC LIMIT 1",
	[IMP_SQL_DIGEST] = "SELECT digest FROM leaves WHERE idx = $1",
	[IMP_SQL_TYPE] = "SELECT type FROM leaves WHERE idx = $1",
	[IMP_SQL_NODES] = "SELECT nodes FROM leaves WHERE idx = $1",
	[IMP_SQL_PUT_LEAF] = "INSERT INTO leaves(idx, type, digest, nodes)"
			     " VALUES($1, $2, $3, $4)",
	[IMP_SQL_PUT_RECORD] = "INSERT INTO records(idx, salt, record)"
			       " VALUES($1, $2, $3)",
	[IMP_SQL_PUT_REF] = "INSERT INTO refs(kind, key, idx) VALUES($1, $2, $3)",
	[IMP_SQL_DROP_RECORD] = "DELETE FROM records WHERE idx = $1",
	[IMP_SQL_DROP_REF] = "DELETE FROM refs WHERE kind = $1 AND key = $2 AND idx = $3",
	[IMP_SQL_PUT_PENDING] = "INSERT INTO pending(item, idx) VALUES($1, $2)"
				" ON CONFLICT(item) DO UPDATE SET idx = excluded.idx",
	[IMP_SQL_DROP_PENDING] = "DELETE FROM pending WHERE item = $1",
	[IMP_SQL_ENTRY] =
		"SELECT " ENTRY_COLUMNS " FROM " ENTRY_TABLES " WHERE l.idx = $1",
	[IMP_SQL_LATEST] = "SELECT " ENTRY_COLUMNS " FROM " NAMED_TABLES
			   " WHERE r.kind = $1 AND r.key = $2"
			   " ORDER BY r.idx DESC LIMIT 1",
	[IMP_SQL_NAMED] = "SELECT " ENTRY_COLUMNS " FROM " NAMED_TABLES
			  " WHERE r.kind = $1 AND r.key = $2"
			  " ORDER BY r.idx",
	[IMP_SQL_NEWEST] = "SELECT " ENTRY_COLUMNS " FROM " NAMED_TABLES
			   " WHERE r.kind = $1 AND r.key > $2 AND r.key < $3"
			   " ORDER BY r.key DESC, r.idx DESC LIMIT 1",
	[IMP_SQL_PENDING] = "SELECT item, idx FROM pending WHERE item > $1"
			    " ORDER BY item LIMIT $2",
	[IMP_SQL_PUT_LINE] = "INSERT INTO lines(size, line) VALUES($1, $2)"
			     " ON CONFLICT(size, line) DO NOTHING",
	[IMP_SQL_LAST_SIZE] = "SELECT size FROM lines ORDER BY size DESC LIMIT 1",
	[IMP_SQL_LINES] = "SELECT line FROM lines WHERE size = $1 ORDER BY line",
	[IMP_SQL_NEXT_SIZE] = "SELECT size FROM lines WHERE size > $1"
			      " ORDER BY size LIMIT 1",
	[IMP_SQL_ALL] = "SELECT " ENTRY_COLUMNS " FROM " ENTRY_TABLES
			" WHERE l.idx >= $1 ORDER BY l.idx LIMIT 256",
	[IMP_SQL_SIGNED] = "SELECT " ENTRY_COLUMNS " FROM " ENTRY_TABLES
			   " WHERE l.idx >= $1 AND l.type IN (10, 41)"
			   " ORDER BY l.idx LIMIT 256",
	[IMP_SQL_ALL_REFS] = "SELECT kind, key, idx FROM refs"
			     " WHERE (kind, key, idx) > ($1, $2, $3)"
			     " ORDER BY kind, key, idx LIMIT 1024",
	[IMP_SQL_CHECK_LINES] = "SELECT (SELECT count(*) FROM lines),"
				" (SELECT count(*) FROM lines WHERE size > 0)",
	[IMP_SQL_KEYS] = "SELECT DISTINCT key FROM refs WHERE kind = $1 AND key > $2"
			 " ORDER BY key LIMIT 256",
	[IMP_SQL_FORGOTTEN] = "SELECT (SELECT count(*) FROM leaves)"
			      " - (SELECT count(*) FROM records)",
	[IMP_SQL_BY_KEY] = "SELECT r.key, r.idx, c.record FROM refs r"
			   " LEFT JOIN records c ON c.idx = r.idx"
			   " WHERE r.kind = $1 AND (r.key, r.idx) > ($2, $3)"
			   " ORDER BY r.key, r.idx LIMIT 256",
	[IMP_SQL_VERSION] = "SELECT max(number) FROM version",
	[IMP_SQL_PG_TABLES] =
		"SELECT count(*) FILTER (WHERE relkind = 'r' AND NOT relhastriggers"
		" AND NOT relhasrules), CASE WHEN count(*) = 0 THEN 0 ELSE 6::bigint END"
		" FROM pg_catalog.pg_class WHERE relnamespace ="
		" pg_catalog.current_schema()::pg_catalog.regnamespace AND relname IN"
		" ('version', 'leaves', 'records', 'refs', 'pending', 'lines')",
	[IMP_SQL_PG_OWNS] =
		"SELECT count(*) FROM pg_catalog.pg_class WHERE relnamespace ="
		" pg_catalog.current_schema()::pg_catalog.regnamespace AND relname IN"
		" ('records', 'refs') AND pg_catalog.pg_has_role(relowner, 'USAGE')",
};
