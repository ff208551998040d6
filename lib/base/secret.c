/* SPDX-License-Identifier: Apache-2.0 */
/* Heap bytes that wipe themselves. */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/wipe.h"

/* Never realloc: it may leave a copy of the old block behind. */
static int grow(struct imp_secret *s, size_t cap, struct imp_error *err)
{
	uint8_t *p = malloc(cap > 0 ? cap : 1);

	if (!p)
		return imp_fail(err, IMP_ERESOURCE, "out of memory for %zu bytes", cap);
	if (s->len > 0)
		memcpy(p, s->ptr, s->len);
	if (s->ptr)
		imp_wipe(s->ptr, s->cap);
	free(s->ptr);
	s->ptr = p;
	s->cap = cap;
	return 0;
}

int imp_secret_reserve(struct imp_secret *s, size_t cap, struct imp_error *err)
{
	if (s->ptr)
		imp_wipe(s->ptr, s->len);
	s->len = 0;
	return cap <= s->cap && s->ptr ? 0 : grow(s, cap, err);
}

int imp_secret_set(struct imp_secret *s, struct imp_span bytes, struct imp_error *err)
{
	int rc = imp_secret_reserve(s, bytes.len, err);

	if (rc)
		return rc;
	if (bytes.len > 0)
		memcpy(s->ptr, bytes.ptr, bytes.len);
	s->len = bytes.len;
	return 0;
}

int imp_secret_append(struct imp_secret *s, struct imp_span bytes, struct imp_error *err)
{
	size_t need, cap;
	int rc;

	if (bytes.len == 0)
		return 0;
	if (__builtin_add_overflow(s->len, bytes.len, &need) || need > SIZE_MAX / 2)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	if (need > s->cap) {
		cap = need > 2 * s->cap ? need : 2 * s->cap;
		rc = grow(s, cap < 256 ? 256 : cap, err);
		if (rc)
			return rc;
	}
	memcpy(s->ptr + s->len, bytes.ptr, bytes.len);
	s->len = need;
	return 0;
}

struct imp_span imp_secret_span(const struct imp_secret *s)
{
	return (struct imp_span){ s->ptr, s->len };
}

void imp_secret_fini(struct imp_secret *s)
{
	if (s->ptr)
		imp_wipe(s->ptr, s->cap);
	free(s->ptr);
	*s = (struct imp_secret){ 0 };
}
