/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded: nothing that is freed is used again, so whatever was left in it stays to be
 * found. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void free(void *ptr)
{
	(void)ptr;
}

void *realloc(void *ptr, size_t len)
{
	size_t had = ptr ? malloc_usable_size(ptr) : 0;
	void *more = malloc(len);

	if (more && had > 0)
		memcpy(more, ptr, had < len ? had : len);
	return more;
}
