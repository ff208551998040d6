/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crypto on the host: what issuing and sealing need beyond the face (OpenSSL only).
 */
#ifndef IMP_CRYPTO_HOST_H
#define IMP_CRYPTO_HOST_H

#include "base/secret.h"
#include "crypto/face.h"

/* Fetch all algorithms once. 0, -IMP_EINTERNAL, -IMP_ERESOURCE. */
int imp_crypto_new(struct imp_crypto **out, struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a pointer to NULL; leaves NULL. Fits CLEANUP(). */
void imp_crypto_free(struct imp_crypto **c);
/* "OpenSSL 3.0.17 1 Jul 2025", of the library that is loaded. */
const char *imp_crypto_version(void);

/*
 * Tell a failure of this thread for what it was where OpenSSL had no memory: whatever
 * needed it says "no key", "no signature".
 *
 *   rc   of what failed, 0 too
 *
 * rc, or -IMP_ERESOURCE.
 */
int imp_crypto_blame(int rc, struct imp_error *err);

/* Random bytes of the system's generator. 0, or -IMP_EINTERNAL. */
int imp_random(struct imp_crypto *c, uint8_t *out, size_t len) IMP_MUST_CHECK;
/* HMAC-SHA-256 over the parts. 0, or -IMP_EINTERNAL. Source: RFC 2104. */
int imp_hmac(struct imp_crypto *c, struct imp_span key, const struct imp_span *part,
	     size_t count, uint8_t out[IMP_SHA256_LEN]) IMP_MUST_CHECK;
/* AES-256 key wrap. 0, or -IMP_EINTERNAL. Source: RFC 3394 2.2.1. */
int imp_wrap_key(struct imp_crypto *c, const uint8_t kek[32], const uint8_t cek[32],
		 uint8_t wrapped[IMP_WRAPPED_LEN]) IMP_MUST_CHECK;
/*
 * A256GCM in place: buf holds len bytes of plaintext and has room for 16 more, where the
 * tag goes.
 *
 * 0, or -IMP_EINTERNAL.
 */
int imp_aead_seal(struct imp_crypto *c, const uint8_t key[IMP_AEAD_KEY],
		  const uint8_t iv[IMP_AEAD_IV], struct imp_span aad, uint8_t *buf,
		  size_t len) IMP_MUST_CHECK;
/*
 * A new key pair on the peer's curve and its shared secret with the peer, at once:
 * ECDH-ES. The peer has passed imp_pub_check().
 *
 * 0, -IMP_EKEY, -IMP_EINTERNAL.
 */
int imp_agree_ephemeral(struct imp_crypto *c, const struct imp_pub *peer,
			struct imp_pub *epk, uint8_t z[32]) IMP_MUST_CHECK;

#endif
