/* SPDX-License-Identifier: Apache-2.0 */
/* Loading libpq. */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "ledger/libpq.h"

struct symbol {
	const char *name;
	size_t offset;
};

#define SYMBOL(f) { #f, offsetof(struct imp_libpq, f) },
static const struct symbol symbols[] = { IMP_LIBPQ(SYMBOL) };

int imp_libpq_load(struct imp_libpq *out, struct imp_error *err)
{
	void *lib = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
	int rc;

	if (!lib) {
		rc = imp_fail(err, IMP_ELEDGER, "libpq.so.5 cannot be loaded: %s",
			      dlerror());
		return imp_hint(err, rc,
				"PostgreSQL ledgers need it: apt install libpq5");
	}
	for (size_t i = 0; i < COUNTOF(symbols); i++) {
		void *at = dlsym(lib, symbols[i].name);

		if (!at)
			return imp_fail(err, IMP_ELEDGER,
					"libpq.so.5 has no %s: expected that of "
					"PostgreSQL 14 or later",
					symbols[i].name);
		memcpy((char *)out + symbols[i].offset, &at, sizeof(at));
	}
	return 0;
}
