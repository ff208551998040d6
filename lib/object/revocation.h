/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation: keys, objects and devices that an owner takes back; hosts read it, devices
 * never (host only).
 *
 * A list that does not fit one object goes on in further parts of the same sequence.
 * Source: imprint-formats(7), revocation.
 */
#ifndef IMP_OBJECT_REVOCATION_H
#define IMP_OBJECT_REVOCATION_H

#include "object/target.h"

enum imp_revoked_set {
	IMP_REVOKED_KEY,    /* a kid: of whoever signs, of a station, of a device */
	IMP_REVOKED_OBJECT, /* an object's id: a grant, a profile, an order, ... */
	IMP_REVOKED_DEVICE, /* a ueid */
	IMP_REVOKED_SETS,
};

enum { IMP_REVOCATION_PARTS = 1024 };

struct imp_revocation {
	uint64_t sequence;    /* 1..2^63-1 */
	uint32_t part, parts; /* 1 of 1, or 1..parts of 2..IMP_REVOCATION_PARTS */
	struct imp_span set[IMP_REVOKED_SETS]; /* each an encoded array of byte strings,
						* ascending bytewise; borrowed */
};

/* "key", "object", "device" */
const char *imp_revoked_set_name(enum imp_revoked_set set);
/* May something of this length stand in the set? */
bool imp_revoked_len(enum imp_revoked_set set, size_t len);
/* Decode a payload; spans are borrowed. 0, or -IMP_EFORMAT. */
int imp_revocation_decode(struct imp_span in, struct imp_revocation *out,
			  struct imp_error *err) IMP_MUST_CHECK;
void imp_revocation_encode(const struct imp_revocation *r, struct imp_writer *w);

#endif
