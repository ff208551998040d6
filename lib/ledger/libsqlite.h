/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's library, loaded when a file is named as the ledger. Private to lib/ledger. */
#ifndef IMP_LEDGER_LIBSQLITE_H
#define IMP_LEDGER_LIBSQLITE_H

#include <sqlite3.h>

#include "base/error.h"

#define IMP_LIBSQLITE(X)         \
	X(bind_blob64)           \
	X(bind_int64)            \
	X(bind_null)             \
	X(bind_text64)           \
	X(busy_handler)          \
	X(close)                 \
	X(column_blob)           \
	X(column_bytes)          \
	X(column_count)          \
	X(column_int64)          \
	X(column_text)           \
	X(column_type)           \
	X(db_config)             \
	X(errmsg)                \
	X(exec)                  \
	X(extended_result_codes) \
	X(finalize)              \
	X(free)                  \
	X(get_autocommit)        \
	X(mprintf)               \
	X(open)                  \
	X(open_v2)               \
	X(prepare_v2)            \
	X(prepare_v3)            \
	X(randomness)            \
	X(reset)                 \
	X(step)                  \
	X(system_errno)

struct imp_libsqlite {
#define IMP_MEMBER(f) __typeof__(sqlite3_##f) *f;
	IMP_LIBSQLITE(IMP_MEMBER)
#undef IMP_MEMBER
};

/* As imp_load(). */
int imp_libsqlite_load(struct imp_libsqlite *out, struct imp_error *err) IMP_MUST_CHECK;

#endif
