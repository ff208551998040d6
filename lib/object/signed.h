/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed objects: one(K) and many(K), with headers exactly as listed.
 *
 * one(K) is a COSE_Sign1 whose protected header is {1: alg, 4: kid, 16: typ}; many(K) a
 * COSE_Sign with {4: issuer kid, 16: typ} and signatures {1: alg, 4: kid}, ascending by
 * kid. The unprotected header may hold a chain (13) where the kind has one; nothing else,
 * but in a batch, which may carry a leaf and its proof. A leaf is read as if it were
 * signed so itself: kind, issuer, payload and identity are its own, the signatures are
 * the batch's. Source: imprint-formats(7), forms.
 */
#ifndef IMP_OBJECT_SIGNED_H
#define IMP_OBJECT_SIGNED_H

#include "cose/message.h"
#include "object/batched.h"
#include "object/target.h"

struct imp_signed {
	struct imp_sign cose; /* the message; of a leaf, the batch */
	enum imp_kind
		kind; /* of header 16; IMP_KIND_UNKNOWN where it is not one of ours */
	struct imp_span issuer; /* body kid, 32 bytes */
	struct imp_span payload;
	bool batched; /* it is the leaf of a batch: */
	struct imp_batched leaf;
};

/*
 * Take one object apart, strictly. Signatures are not verified here.
 *
 * 0, or -IMP_EFORMAT. All spans are borrowed from `in`.
 */
int imp_signed_decode(struct imp_span in, struct imp_signed *out, struct imp_error *err)
	IMP_MUST_CHECK;
/* The kid that the i-th signature names, 32 bytes. */
struct imp_span imp_signed_kid(const struct imp_signed *s, size_t i);
/* The algorithm that the i-th signature names. */
int64_t imp_signed_alg(const struct imp_signed *s, size_t i);
/*
 * Verify the i-th signature with a key; of a leaf, that it is one of the tree, too.
 * Whether that key may sign this is for lib/trust.
 *
 * 0, or -IMP_EVERIFY.
 */
int imp_signed_verify(struct imp_crypto *crypto, const struct imp_signed *s, size_t i,
		      const struct imp_pub *key) IMP_MUST_CHECK;
/*
 * Identity of an object: SHA-256 of its ToBeSigned bytes (of a many, with empty
 * sign_protected; of a leaf, as if it were a many). ECDSA signatures are malleable, so
 * never a hash over the whole.
 *
 * 0, or -IMP_EINTERNAL.
 */
int imp_signed_id(struct imp_crypto *crypto, const struct imp_signed *s, uint8_t id[32])
	IMP_MUST_CHECK;

/*
 * Would this payload, signed by this issuer in any form and with any algorithm of the
 * table, be the object of this identity?
 *
 *   issuer   kid, 32 bytes
 *
 * 1 yes, 0 no, -IMP_EINTERNAL.
 */
int imp_signed_would_be(struct imp_crypto *crypto, enum imp_kind kind,
			const uint8_t issuer[32], struct imp_span payload,
			const uint8_t id[32]) IMP_MUST_CHECK;

/*
 * Sign a payload as one(K); kid is the signer's own.
 *
 *   un      the encoded unprotected map; empty for {}
 *   id      receives the object's identity; may be NULL
 *
 * 0, -IMP_ERESOURCE (does not fit), or what the signer returns.
 */
int imp_signed_put_one(struct imp_crypto *crypto, const struct imp_signer *signer,
		       enum imp_kind kind, struct imp_span un, struct imp_span payload,
		       struct imp_writer *w, uint8_t id[32]) IMP_MUST_CHECK;
/*
 * Sign a payload as many(K): issuer names the body's kid, every signer signs; 1..8
 * signers in any order. Errors as above; -IMP_EUSAGE for the same key twice.
 */
int imp_signed_put_many(struct imp_crypto *crypto, const uint8_t issuer[32],
			const struct imp_signer *signer, size_t signers,
			enum imp_kind kind, struct imp_span un, struct imp_span payload,
			struct imp_writer *w) IMP_MUST_CHECK;
/*
 * Put a many(K) again with one signature more.
 *
 * 0; -IMP_EUSAGE: it is no many, the key has signed it, or there are 8; errors as above.
 */
int imp_signed_put_more(struct imp_crypto *crypto, const struct imp_signed *s,
			const struct imp_signer *signer, struct imp_writer *w)
	IMP_MUST_CHECK;

#endif
