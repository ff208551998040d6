/* SPDX-License-Identifier: Apache-2.0 */
/* Loading libraries. */
#include <dlfcn.h>
#include <string.h>

#include "base/load.h"

int imp_load(const struct imp_library *l, void *out, struct imp_error *err)
{
	void *lib = dlopen(l->file, RTLD_NOW | RTLD_LOCAL);
	int rc;

	if (!lib) {
		rc = imp_fail(err, l->code, "%s cannot be loaded: %s", l->file,
			      dlerror());
		return imp_hint(err, rc, "apt install %s", l->package);
	}
	for (size_t i = 0; i < l->symbols; i++) {
		void *at = dlsym(lib, l->symbol[i].name);

		if (!at)
			return imp_fail(err, l->code,
					"%s has no %s: expected that of %s or later",
					l->file, l->symbol[i].name, l->release);
		memcpy((char *)out + l->symbol[i].offset, &at, sizeof(at));
	}
	return 0;
}
