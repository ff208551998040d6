/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crypto face: all the cryptography that a device agent needs, and nothing more.
 *
 * Two backends implement it, OpenSSL on hosts and mbedTLS on microcontrollers. Inputs
 * that are signed or hashed come as parts, so that nobody has to join them. Every
 * function returns 0 or a negative enum imp_code; the reason is always the same one ("it
 * does not verify"), so no struct imp_error is asked for. The algorithms are the closed
 * table of lib/cose; a number that is not in it is refused.
 */
#ifndef IMP_CRYPTO_FACE_H
#define IMP_CRYPTO_FACE_H

#include "base/attr.h"
#include "base/bytes.h"
#include "base/error.h"

/* COSE elliptic curves. Source: IANA COSE Elliptic Curves; RFC 9053 7.1. */
enum imp_curve { IMP_CRV_P256 = 1, IMP_CRV_X25519 = 4, IMP_CRV_ED25519 = 6 };

/* COSE algorithms of the table. Source: RFC 9053 2.1, 2.2, 4.1, 6.4; RFC 9864. */
enum imp_alg {
	IMP_ALG_ES256 = -7,
	IMP_ALG_ESP256 = -9,
	IMP_ALG_EDDSA = -8,
	IMP_ALG_ED25519 = -19,
	IMP_ALG_ECDH_ES_A256KW = -31,
	IMP_ALG_A256GCM = 3,
};

enum {
	IMP_SHA256_LEN = 32,
	IMP_SIG_LEN = 64, /* raw r || s, or Ed25519's R || S */
	IMP_AEAD_KEY = 32,
	IMP_AEAD_IV = 12,
	IMP_AEAD_TAG = 16,
	IMP_WRAPPED_LEN = 40, /* AES key wrap of 32 bytes */
};

struct imp_crypto; /* one a thread: fetched algorithms and contexts; never global */

struct imp_pub {
	int32_t crv;   /* enum imp_curve */
	uint8_t x[32]; /* P-256: big-endian; X25519: u; Ed25519: the encoded point */
	uint8_t y[32]; /* P-256 only; else zeros */
};

/* Something that signs: a key in a file, a token, a device. */
struct imp_signer {
	int32_t alg; /* what goes into the protected header: -7, -9, -8 or -19 */
	struct imp_pub pub;
	void *ctx;
	/* 0 and 64 bytes in sig, or a negative code. */
	int (*sign)(void *ctx, const struct imp_span *part, size_t count,
		    uint8_t sig[IMP_SIG_LEN]);
	/* Record why sign() failed first, on whichever thread; its code, or 0: it never
	 * did. NULL: there is nothing to be told. */
	int (*why)(void *ctx, struct imp_error *err);
};

/* Is this algorithm there? (mbedTLS has no Ed25519.) */
bool imp_crypto_has(const struct imp_crypto *c, int32_t alg);

/* SHA-256 over the parts in order. 0, or -IMP_EINTERNAL. */
int imp_sha256(struct imp_crypto *c, const struct imp_span *part, size_t count,
	       uint8_t out[IMP_SHA256_LEN]) IMP_MUST_CHECK;

/*
 * Is this a public key that may be trusted to mean something: on its curve, not infinity,
 * of no small order, coordinates below the field prime, X25519's top bit 0?
 *
 * 0, or -IMP_EKEY. Source: RFC 7748 6.1; SEC 1 3.2.2.1; the small-order points of
 * edwards25519.
 */
int imp_pub_check(struct imp_crypto *c, const struct imp_pub *pub) IMP_MUST_CHECK;

/*
 * Verify a signature over the parts. The algorithm must fit the key's curve, sig is
 * exactly 64 bytes.
 *
 * 0, or -IMP_EVERIFY. Source: RFC 9053 2.1, 2.2.
 */
int imp_verify(struct imp_crypto *c, int32_t alg, const struct imp_pub *pub,
	       const struct imp_span *part, size_t count, struct imp_span sig)
	IMP_MUST_CHECK;

/* HKDF-SHA-256 without salt, out of 1..255*32 bytes. 0, or -IMP_EINTERNAL. Source: RFC
 * 5869. */
int imp_hkdf(struct imp_crypto *c, struct imp_span ikm, struct imp_span info,
	     uint8_t *out, size_t len) IMP_MUST_CHECK;

/* AES-256 key unwrap of exactly 40 bytes. 0, or -IMP_EVERIFY. Source: RFC 3394 2.2.2. */
int imp_unwrap(struct imp_crypto *c, const uint8_t kek[32], struct imp_span wrapped,
	       uint8_t cek[32]) IMP_MUST_CHECK;

/*
 * A256GCM in place: buf holds ciphertext || 16-byte tag, afterwards plaintext in its
 * first len - 16 bytes. On failure the whole buffer is wiped.
 *
 * 0, or -IMP_EVERIFY. Source: RFC 9053 4.1; NIST SP 800-38D.
 */
int imp_aead_open(struct imp_crypto *c, const uint8_t key[IMP_AEAD_KEY],
		  const uint8_t iv[IMP_AEAD_IV], struct imp_span aad, uint8_t *buf,
		  size_t len) IMP_MUST_CHECK;

/*
 * Keys in software, for boards without a secure element and for hosts. d is the private
 * key: P-256 scalar big-endian, or the 32 bytes of RFC 7748 / RFC 8032.
 *
 * soft_agree gives the raw shared secret (P-256: x coordinate, 32 bytes, leading zeros
 * kept) and refuses an all-zero X25519 result. 0, -IMP_EKEY (peer or d unusable),
 * -IMP_EINTERNAL.
 */
int imp_soft_make(struct imp_crypto *c, int32_t crv, uint8_t d[32], struct imp_pub *pub)
	IMP_MUST_CHECK;
int imp_soft_pub(struct imp_crypto *c, int32_t crv, const uint8_t d[32],
		 struct imp_pub *pub) IMP_MUST_CHECK;
int imp_soft_sign(struct imp_crypto *c, int32_t alg, const uint8_t d[32],
		  const struct imp_span *part, size_t count, uint8_t sig[IMP_SIG_LEN])
	IMP_MUST_CHECK;
int imp_soft_agree(struct imp_crypto *c, const uint8_t d[32], const struct imp_pub *peer,
		   uint8_t z[32]) IMP_MUST_CHECK;

#endif
