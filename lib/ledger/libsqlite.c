/* SPDX-License-Identifier: Apache-2.0 */
/* Loading SQLite's library. */
#include "ledger/libsqlite.h"
#include "base/load.h"

#define SYMBOL(f) { "sqlite3_" #f, offsetof(struct imp_libsqlite, f) },
static const struct imp_symbol symbols[] = { IMP_LIBSQLITE(SYMBOL) };

int imp_libsqlite_load(struct imp_libsqlite *out, struct imp_error *err)
{
	static const struct imp_library sqlite = {
		.file = "libsqlite3.so.0",
		.package = "libsqlite3-0",
		.release = "SQLite 3.33",
		.code = IMP_ELEDGER,
		.symbol = symbols,
		.symbols = COUNTOF(symbols),
	};
	return imp_load(&sqlite, out, err);
}
