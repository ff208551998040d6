/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed: something signed, encrypted to exactly one key; the form of packages and
 * credentials.
 *
 * A COSE_Encrypt whose protected header is {1: A256GCM, 16: typ}, with claims (15)
 * between them in a package. Source: imprint-formats(7), package, credentials; RFC 9052
 * 5.1; RFC 9053 6.4.1.
 */
#ifndef IMP_OBJECT_SEALED_H
#define IMP_OBJECT_SEALED_H

#include "cose/message.h"
#include "object/kind.h"

struct imp_sealed {
	enum imp_kind kind; /* of header 16; IMP_KIND_UNKNOWN where it is none of ours */
	struct imp_span
		claims; /* header 15, one encoded item; empty where there is none */
	struct imp_span protected;  /* as received: additional data of the content */
	struct imp_span iv;	    /* 12 bytes */
	struct imp_span ciphertext; /* with its 16-byte tag */
	struct imp_span recipient_protected;
	struct imp_span sealing; /* kid, 32 bytes */
	struct imp_pub epk;
	struct imp_span wrapped; /* 40 bytes */
};

/*
 * Take one apart; spans are borrowed. Nothing is decrypted, and which kind it is, is for
 * the caller to check.
 *
 *   what     for messages: "package"
 *   claims   header 15 must be there; else it must not
 *
 * 0, or -IMP_EFORMAT.
 */
int imp_sealed_decode(struct imp_span in, const char *what, bool claims,
		      struct imp_sealed *out, struct imp_error *err) IMP_MUST_CHECK;

/* Whoever holds the private sealing key. */
struct imp_opener {
	void *ctx;
	int (*agree)(void *ctx, const struct imp_pub *peer, uint8_t z[32]);
};

/*
 * Decrypt in place.
 *
 *   ciphertext   the same bytes as s->ciphertext, but writable; wiped on failure
 *   content      points into ciphertext: one tagged object
 *
 * 0, or -IMP_EVERIFY: wrong key, epk not on its curve, unwrap and content failures are
 * one error.
 */
int imp_unseal(struct imp_crypto *crypto, const struct imp_opener *opener,
	       const struct imp_sealed *s, uint8_t *ciphertext, struct imp_span *content)
	IMP_MUST_CHECK;

#endif
