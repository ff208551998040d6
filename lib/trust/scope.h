/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scope: what one grant allows.
 *
 * Source: imprint-formats(7), grant; imprint-protocol(7), reasons.
 */
#ifndef IMP_TRUST_SCOPE_H
#define IMP_TRUST_SCOPE_H

#include "object/grant.h"
#include "object/profile.h"

/* What an object does, in the terms of a grant. */
struct imp_write {
	const struct imp_target *device; /* who it is, in full */
	bool partly; /* as far as it is known: what is not known contradicts nothing */
	uint32_t domain, epochs[2];
	bool nothing; /* sequence and settings do not apply: a challenge */
	uint64_t sequence;
	struct imp_span settings; /* the encoded map */
	uint64_t now_s;		  /* seconds since 1970; 0: no clock, as on a device */
};

/* What of a grant does not allow it. */
enum imp_scope {
	IMP_SCOPE_ALLOWS,
	IMP_SCOPE_DOMAIN,
	IMP_SCOPE_EPOCHS,
	IMP_SCOPE_DEPTH,
	IMP_SCOPE_DEVICE,
	IMP_SCOPE_SEQUENCE,
	IMP_SCOPE_OBJECT,
	IMP_SCOPE_EXPIRED,
};

/* The first thing that does not, for an object with so many links between them. */
enum imp_scope imp_scope_of(const struct imp_grant *g, const struct imp_write *w,
			    size_t below);
/* The first setting that is not among what is granted, in *outside; false: all are. */
bool imp_scope_outside(struct imp_span objects, struct imp_span settings,
		       struct imp_setting *outside);

#endif
