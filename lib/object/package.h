/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package: a signed profile, encrypted to exactly one device.
 *
 * The outer claims repeat what is inside; for the station they are hints, the device
 * requires each to be equal. Source: imprint-formats(7), package; RFC 9052 5.1; RFC
 * 9053 6.4.1.
 */
#ifndef IMP_OBJECT_PACKAGE_H
#define IMP_OBJECT_PACKAGE_H

#include "cose/message.h"
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
	struct imp_span protected;  /* as received: additional data of the content */
	struct imp_span iv;	    /* 12 bytes */
	struct imp_span ciphertext; /* with its 16-byte tag */
	struct imp_span recipient_protected;
	struct imp_span sealing; /* kid, 32 bytes */
	struct imp_pub epk;
	struct imp_span wrapped; /* 40 bytes */
};

/* Take a package apart; spans are borrowed. Nothing is decrypted. 0, -IMP_EFORMAT, or
 * -IMP_EPOLICY: well formed, but its typ is not that of a package. */
int imp_package_decode(struct imp_span in, struct imp_package *out, struct imp_error *err)
	IMP_MUST_CHECK;

/* Whoever holds the private sealing key. */
struct imp_opener {
	void *ctx;
	int (*agree)(void *ctx, const struct imp_pub *peer, uint8_t z[32]);
};

/*
 * Decrypt in place.
 *
 *   ciphertext   the same bytes as p->ciphertext, but writable; wiped on failure
 *   content      points into ciphertext: one tagged object
 *
 * 0, or -IMP_EVERIFY: wrong key, epk not on its curve, unwrap and content failures are
 * one error.
 */
int imp_package_unseal(struct imp_crypto *crypto, const struct imp_opener *opener,
		       const struct imp_package *p, uint8_t *ciphertext,
		       struct imp_span *content) IMP_MUST_CHECK;

#endif
