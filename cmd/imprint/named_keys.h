/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that objects name, by kid or in full: which of them are published. */
#ifndef IMPRINT_NAMED_KEYS_H
#define IMPRINT_NAMED_KEYS_H

#include "crypto/face.h"

enum { NAMED_KEYS = 64 /* the table of published ones is shorter */ };

struct named_keys {
	struct imp_crypto *crypto; /* borrowed */
	uint8_t kid[NAMED_KEYS][32];
	size_t count;
};

/* Look for published keys in an item, and in what its byte strings hold. What is no CBOR
 * to its end is looked at as far as it is. */
void named_keys_look(struct named_keys *k, struct imp_span item);
/* Say on standard error which were found; name is the file's. */
void named_keys_warn(const struct named_keys *k, const char *name);

#endif
