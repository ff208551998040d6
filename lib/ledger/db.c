/* SPDX-License-Identifier: Apache-2.0 */
/* What both backends share. */
#include "ledger/db.h"

void imp_db_init(struct imp_db *db, const struct imp_db_ops *ops)
{
	db->ops = ops;
	db->cancel_fd = -1;
	db->step = imp_sql_steps;
	db->versions = (int64_t)imp_sql_versions;
}

void imp_db_close(struct imp_db **db)
{
	if (*db)
		(*db)->ops->close(*db);
	*db = NULL;
}

int imp_db_one(struct imp_db *db, enum imp_sql sql, const struct imp_value *param,
	       size_t params, struct imp_value *col, size_t cols, struct imp_error *err)
{
	int rc = db->ops->ask(db, sql, param, params, err);

	return rc ? rc : db->ops->row(db, col, cols, err);
}

int imp_db_all(struct imp_db *db, enum imp_sql sql, const struct imp_value *param,
	       size_t params, imp_db_each *fn, void *ctx, struct imp_error *err)
{
	struct imp_value col[IMP_DB_COLUMNS];
	int rc = db->ops->ask(db, sql, param, params, err);

	while (!rc && (rc = db->ops->row(db, col, COUNTOF(col), err)) > 0)
		rc = fn(ctx, col, err);
	db->ops->done(db);
	return rc;
}
