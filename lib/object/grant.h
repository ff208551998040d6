/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grant: a party that may write one domain, within a scope.
 *
 * By the owner, or by the holder of another grant, which stands in header 13. Source:
 * imprint-formats(7), grant; RFC 8747 (cnf).
 */
#ifndef IMP_OBJECT_GRANT_H
#define IMP_OBJECT_GRANT_H

#include "object/approval.h"
#include "object/target.h"

enum { IMP_GRANT_LINKS = 3 /* grants in a chain, at most */ };

struct imp_grant {
	struct imp_pub holder;	 /* whose objects it allows: a key that signs */
	uint32_t domain;	 /* 1..15 */
	struct imp_span objects; /* the encoded map {object => [*instance]} */
	struct imp_span targets; /* the encoded array of targets and classes */
	bool has_exp;
	uint64_t exp;		      /* seconds since 1970, below 2^63; hosts judge it */
	uint32_t epochs[2];	      /* owner-epoch, domain-epoch */
	uint64_t sequences[2];	      /* lowest and highest, 1..2^63-1 */
	uint32_t depth;		      /* links that may follow it, 0..2 */
	struct imp_approval approval; /* what the holder's objects need besides */
};

/*
 * Decode a payload; spans are borrowed.
 *
 * 0, or -IMP_EFORMAT: instances that do not ascend, no object, no target, and sequences
 * from high to low included.
 */
int imp_grant_decode(struct imp_span in, struct imp_grant *out, struct imp_error *err)
	IMP_MUST_CHECK;
void imp_grant_encode(const struct imp_grant *g, struct imp_writer *w);

/* One entry of a grant's objects at a time, ascending. */
struct imp_granted_walk {
	struct imp_cbor c;
	size_t objects, instances; /* left to read at each level */
	uint16_t object, instance;
	bool all; /* of the object; instance means nothing */
};

/* Start over the encoded map of a decoded grant. */
void imp_granted_begin(struct imp_granted_walk *walk, struct imp_span objects);
/* Next entry in walk, or false at the end. */
bool imp_granted_next(struct imp_granted_walk *walk);

#endif
