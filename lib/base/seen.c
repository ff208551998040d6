/* SPDX-License-Identifier: Apache-2.0 */
/* Where values stood first. */
#include <stdlib.h>
#include <sys/random.h>

#include "base/seen.h"

enum { SLOTS_MIN = 64 };

int imp_seen_init(struct imp_seen *s, struct imp_error *err)
{
	*s = (struct imp_seen){ 0 };
	if (getrandom(s->key, sizeof(s->key), 0) != sizeof(s->key))
		return imp_fail(err, IMP_EINTERNAL, "no randomness");
	return 0;
}

/* A keyed multiply a byte: enough to tell values apart, not a cryptographic hash. */
static uint64_t hash_of(const struct imp_seen *s, struct imp_span value)
{
	uint64_t h = s->key[0] + value.len;

	for (size_t i = 0; i < value.len; i++)
		h = (h ^ value.ptr[i]) * 0x9e3779b97f4a7c15u + s->key[1];
	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9u;
	return (h ^ h >> 32) | 1;
}

static bool is_free(const struct imp_seen_slot *slot)
{
	return slot->hash[0] == 0 && slot->hash[1] == 0;
}

/* The slot of a hash, or the free one where it belongs. The highest bits choose it. */
static struct imp_seen_slot *slot_of(struct imp_seen_slot *slot, size_t cap,
				     uint64_t hash)
{
	const uint32_t lo = (uint32_t)hash, hi = (uint32_t)(hash >> 32);
	size_t at = (size_t)((uint64_t)hi * cap >> 32);

	while (!is_free(&slot[at]) && (slot[at].hash[0] != lo || slot[at].hash[1] != hi))
		at = at + 1 == cap ? 0 : at + 1;
	return &slot[at];
}

static uint64_t hash_in(const struct imp_seen_slot *slot)
{
	return (uint64_t)slot->hash[1] << 32 | slot->hash[0];
}

/* Half as large again, so that it is never less than half full. */
static int grow(struct imp_seen *s, struct imp_error *err)
{
	size_t cap = s->cap ? s->cap + s->cap / 2 : SLOTS_MIN;
	struct imp_seen_slot *more = calloc(cap, sizeof(*more));

	if (!more || cap >= IMP_SEEN_NOWHERE) {
		free(more);
		return imp_fail(err, IMP_ERESOURCE, "out of memory for %zu values", cap);
	}
	for (size_t i = 0; i < s->cap; i++)
		if (!is_free(&s->slot[i]))
			*slot_of(more, cap, hash_in(&s->slot[i])) = s->slot[i];
	free(s->slot);
	s->slot = more;
	s->cap = cap;
	return 0;
}

int imp_seen_add(struct imp_seen *s, struct imp_span value, uint32_t where,
		 uint32_t *before, struct imp_error *err)
{
	uint64_t hash = hash_of(s, value);
	struct imp_seen_slot *slot;
	int rc = 4 * (s->count + 1) > 3 * s->cap ? grow(s, err) : 0;

	if (rc)
		return rc;
	slot = slot_of(s->slot, s->cap, hash);
	*before = is_free(slot) ? IMP_SEEN_NOWHERE : slot->where;
	if (!is_free(slot))
		return 0;
	*slot = (struct imp_seen_slot){ { (uint32_t)hash, (uint32_t)(hash >> 32) },
					where };
	s->count++;
	return 0;
}

uint32_t *imp_seen_find(const struct imp_seen *s, struct imp_span value)
{
	struct imp_seen_slot *slot =
		s->cap ? slot_of(s->slot, s->cap, hash_of(s, value)) : NULL;

	return slot && !is_free(slot) ? &slot->where : NULL;
}

void imp_seen_fini(struct imp_seen *s)
{
	free(s->slot);
	*s = (struct imp_seen){ 0 };
}
