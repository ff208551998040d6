/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret: bytes on the heap that wipe themselves (host only).
 *
 * Never copied by value into another struct imp_secret, never printed, never compared
 * with memcmp. A zeroed struct is empty and valid.
 */
#ifndef IMP_BASE_SECRET_H
#define IMP_BASE_SECRET_H

#include "base/attr.h"
#include "base/bytes.h"
#include "base/error.h"

struct imp_secret {
	uint8_t *ptr;	 /* owned */
	size_t len, cap; /* bytes */
};

/*
 * Make room for cap bytes; the len bytes that were held are wiped, len becomes 0.
 *
 * 0, or -IMP_ERESOURCE.
 */
int imp_secret_reserve(struct imp_secret *s, size_t cap, struct imp_error *err)
	IMP_MUST_CHECK;
/* Replace what is held by a copy of `bytes`. 0, or -IMP_ERESOURCE. */
int imp_secret_set(struct imp_secret *s, struct imp_span bytes, struct imp_error *err)
	IMP_MUST_CHECK;
/* Append; grows by doubling and wipes the old block. 0, or -IMP_ERESOURCE. */
int imp_secret_append(struct imp_secret *s, struct imp_span bytes, struct imp_error *err)
	IMP_MUST_CHECK;
struct imp_span imp_secret_span(const struct imp_secret *s);
/* Wipe and free; leaves an empty secret. Fits CLEANUP(). */
void imp_secret_fini(struct imp_secret *s);

#endif
