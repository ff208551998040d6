/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that grow by doubling (host only). */
#ifndef IMP_BASE_GROW_H
#define IMP_BASE_GROW_H

#include <stddef.h>

#include "base/error.h"

/*
 * Make room for one more.
 *
 *   at      what malloc() gave, or NULL
 *   count   items that are in use
 *   cap     items that there is room for; is written
 *   size    bytes of an item
 *
 * Where the items are now; NULL, and `at` as it was, where there is no memory
 * (IMP_ERESOURCE).
 */
void *imp_grow(void *at, size_t count, size_t *cap, size_t size, struct imp_error *err)
	IMP_MUST_CHECK;

#endif
