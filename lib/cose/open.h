/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening COSE messages from anybody: verify and decrypt within the table of algorithms
 * (host only).
 *
 * Lenient in form, strict in substance: the algorithm comes from the protected header and
 * the table only, it must fit the key, every signature must verify with one of the keys
 * given, key material inside the message is refused, and no plaintext leaves before its
 * tag is checked. Source: RFC 9052 4.4, 5.3; RFC 9053.
 */
#ifndef IMP_COSE_OPEN_H
#define IMP_COSE_OPEN_H

#include "base/secret.h"
#include "cose/message.h"

/* One key that the user gave. */
struct imp_open_key {
	const char *name;	   /* where it came from, for messages */
	struct imp_pub pub;	   /* crv 0 for a symmetric key */
	uint8_t kid[32];	   /* thumbprint of pub */
	struct imp_span own_kid;   /* the kid that a COSE_Key gives itself, or empty */
	struct imp_span symmetric; /* 32 bytes, or empty */
	void *ctx;		   /* with the private part: */
	int (*agree)(void *ctx, const struct imp_pub *peer, uint8_t z[32]); /* or NULL */
};

struct imp_open {
	struct imp_span message;
	bool has_detached;
	struct imp_span detached; /* payload or ciphertext that travels elsewhere */
	struct imp_span external_aad;
	const struct imp_open_key *key;
	size_t keys;
};

/*
 * Verify or decrypt one message.
 *
 *   out   the payload; untouched on failure
 *
 * 0; -IMP_EFORMAT (not a COSE message of the four kinds, detached content missing or too
 * much); -IMP_EPOLICY (algorithm not in the protected header or not in the table, IV or
 * tag of another length, key material in the message); -IMP_EKEY (no key given that
 * fits); -IMP_EVERIFY.
 */
int imp_cose_open(struct imp_crypto *crypto, const struct imp_open *in,
		  struct imp_secret *out, struct imp_error *err) IMP_MUST_CHECK;

#endif
