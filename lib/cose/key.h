/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COSE_Key: public keys on the wire, and their names.
 *
 * Our objects carry exactly {1:2,-1:1,-2:x32,-3:y32}, {1:1,-1:6,-2:x32} or
 * {1:1,-1:4,-2:u32}. A kid is the RFC 9679 thumbprint with SHA-256: the hash of exactly
 * these maps. Source: RFC 9052 7; RFC 9053 7.1, 7.2; RFC 9679 3, 4.
 */
#ifndef IMP_COSE_KEY_H
#define IMP_COSE_KEY_H

#include "cbor/reader.h"
#include "cbor/writer.h"
#include "crypto/face.h"

enum { IMP_COSE_KEY_MAX = 80 }; /* bytes of an encoded public key, at most */

void imp_cose_key_put(struct imp_writer *w, const struct imp_pub *pub);
/* Read exactly one of the three forms; the cursor fails on anything else. Whether the
 * point is on its curve is imp_pub_check()'s to say. */
void imp_cose_key_take(struct imp_cbor *c, struct imp_pub *out);
/* 0, or -IMP_EINTERNAL. */
int imp_cose_kid(struct imp_crypto *crypto, const struct imp_pub *pub, uint8_t kid[32])
	IMP_MUST_CHECK;
bool imp_pub_eq(const struct imp_pub *a, const struct imp_pub *b);

/* A COSE_Key from elsewhere: more members than ours, maybe a private or a symmetric key.
 */
struct imp_cose_key {
	int64_t kty;	     /* 1 OKP, 2 EC2, 4 symmetric */
	struct imp_pub pub;  /* OKP and EC2 */
	struct imp_span d;   /* private part, 32 bytes, or empty; borrowed */
	struct imp_span k;   /* symmetric key, or empty; borrowed */
	struct imp_span kid; /* as it says itself, or empty; borrowed */
	int64_t alg;	     /* 0: none */
};

/*
 * Read a COSE_Key leniently in form, strictly in substance.
 *
 * 0; -IMP_EFORMAT (not a COSE_Key); -IMP_EPOLICY (a type, curve or compressed point
 * outside the table). Source: RFC 9052 7.1.
 */
int imp_cose_key_parse(struct imp_span in, struct imp_cose_key *out,
		       struct imp_error *err) IMP_MUST_CHECK;

#endif
