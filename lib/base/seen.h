/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seen: where each of many values stood first, in 16 to 24 bytes a value (host only).
 *
 * Values are kept as hashes under a key drawn at random, so nobody can aim at collisions;
 * of a million different values two are taken for the same with a chance below 1 in ten
 * million. Where that matters, compare what stands at the two places.
 */
#ifndef IMP_BASE_SEEN_H
#define IMP_BASE_SEEN_H

#include "base/bytes.h"
#include "base/error.h"

struct imp_seen {
	struct imp_seen_slot {
		uint32_t hash[2]; /* both 0: free */
		uint32_t where;
	} * slot; /* open addressing; owned */
	size_t cap, count;
	uint64_t key[2];
};

enum { IMP_SEEN_NOWHERE = UINT32_MAX };

/* Start empty. 0, or -IMP_EINTERNAL (no randomness). */
int imp_seen_init(struct imp_seen *s, struct imp_error *err) IMP_MUST_CHECK;
/*
 * Record that a value stands at `where` (below IMP_SEEN_NOWHERE), unless it stood
 * somewhere before.
 *
 *   before   its first place, or IMP_SEEN_NOWHERE
 *
 * 0, or -IMP_ERESOURCE.
 */
int imp_seen_add(struct imp_seen *s, struct imp_span value, uint32_t where,
		 uint32_t *before, struct imp_error *err) IMP_MUST_CHECK;
/* The place of a value; NULL where it was not seen. Writing to it moves the value. */
uint32_t *imp_seen_find(const struct imp_seen *s, struct imp_span value);
void imp_seen_fini(struct imp_seen *s);

#endif
