/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package: a signed profile, encrypted to exactly one device.
 *
 * The outer claims repeat what is inside; for the station they are hints, the device
 * requires each to be equal. Source: imprint-formats(7), package.
 */
#ifndef IMP_OBJECT_PACKAGE_H
#define IMP_OBJECT_PACKAGE_H

#include "object/sealed.h"
#include "object/target.h"

struct imp_package_claims {
	struct imp_span ueid;	    /* 7..33 bytes */
	struct imp_span profile_id; /* 32 bytes */
	struct imp_span issuer;	    /* kid, 32 bytes */
	uint32_t domain;	    /* 0..15 */
	uint32_t epochs[2];	    /* owner-epoch, domain-epoch */
	uint64_t sequence;
};

struct imp_package {
	struct imp_package_claims claims;
	struct imp_sealed sealed;
};

/* Take a package apart; spans are borrowed. Nothing is decrypted. 0, -IMP_EFORMAT, or
 * -IMP_EPOLICY: well formed, but its typ is not that of a package. */
int imp_package_decode(struct imp_span in, struct imp_package *out, struct imp_error *err)
	IMP_MUST_CHECK;

#endif
