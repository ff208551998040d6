/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that grow. */
#include <stdlib.h>

#include "base/grow.h"

enum { FIRST = 16 };

void *imp_grow(void *at, size_t count, size_t *cap, size_t size, struct imp_error *err)
{
	size_t wanted = *cap ? 2 * *cap : FIRST;
	void *more;

	if (count < *cap)
		return at;
	more = reallocarray(at, wanted, size);
	if (more)
		*cap = wanted;
	else
		imp_fail(err, IMP_ERESOURCE, "out of memory for %zu items", wanted);
	return more;
}
