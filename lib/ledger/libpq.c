/* SPDX-License-Identifier: Apache-2.0 */
/* Loading libpq. */
#include "ledger/libpq.h"
#include "base/load.h"

#define SYMBOL(f) { #f, offsetof(struct imp_libpq, f) },
static const struct imp_symbol symbols[] = { IMP_LIBPQ(SYMBOL) };

int imp_libpq_load(struct imp_libpq *out, struct imp_error *err)
{
	static const struct imp_library libpq = {
		.file = "libpq.so.5",
		.package = "libpq5",
		.release = "PostgreSQL 14",
		.code = IMP_ELEDGER,
		.symbol = symbols,
		.symbols = COUNTOF(symbols),
	};
	return imp_load(&libpq, out, err);
}
