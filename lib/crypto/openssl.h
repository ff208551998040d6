/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenSSL backend's own parts. Private to lib/crypto. */
#ifndef IMP_CRYPTO_OPENSSL_H
#define IMP_CRYPTO_OPENSSL_H

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "crypto/alg.h"
#include "crypto/host.h"

struct imp_crypto {
	EVP_MD *sha256;
	EVP_CIPHER *gcm, *wrap;
	EVP_KDF_CTX *hkdf;    /* with its digest, which is fetched once */
	EVP_MAC_CTX *hmac;    /* likewise */
	EVP_PKEY *p256;	      /* template: its parameters are copied, never its key */
	EVP_PKEY_CTX *keygen; /* of P-256 */
	EC_GROUP *group;      /* likewise */
	EC_POINT *point;
	EVP_MD_CTX *md;
	EVP_CIPHER_CTX *cipher;
};

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free);
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free);
DEFINE_CLEANUP(EVP_KDF_CTX *, EVP_KDF_CTX_free);
DEFINE_CLEANUP(EVP_MAC_CTX *, EVP_MAC_CTX_free);
DEFINE_CLEANUP(ECDSA_SIG *, ECDSA_SIG_free);
DEFINE_CLEANUP(BIGNUM *, BN_clear_free);

/* The backend's form of a public key; NULL where the bytes are no key. The caller frees
 * it. */
EVP_PKEY *pkey_from_pub(struct imp_crypto *c, const struct imp_pub *pub);
/* Of a private key; pub receives the public part and may be NULL. */
EVP_PKEY *pkey_from_private(struct imp_crypto *c, int32_t crv, const uint8_t d[32],
			    struct imp_pub *pub);
/* Is it of a type and curve that is in our table? Refuse it by name where not:
 * -IMP_EPOLICY. */
bool pkey_in_table(const EVP_PKEY *pkey);
int pkey_outside(const char *name, const EVP_PKEY *pkey, struct imp_error *err);
int pkey_pub(const EVP_PKEY *pkey, struct imp_pub *pub);
int pkey_private(const EVP_PKEY *pkey, uint8_t d[32]);
EVP_PKEY *pkey_make(struct imp_crypto *c, int32_t crv);
/* SHA-256 in md; of c only what never changes is used. */
int md_sha256(EVP_MD_CTX *md, const struct imp_crypto *c, const struct imp_span *part,
	      size_t count, uint8_t out[IMP_SHA256_LEN]);
/* Threads may share c and pkey here. */
int pkey_sign(const struct imp_crypto *c, EVP_PKEY *pkey, int32_t alg,
	      const struct imp_span *part, size_t count, uint8_t sig[IMP_SIG_LEN]);
/* Does this public key verify the signature of a hash, of a message? Any thread. */
bool ecdsa_verifies(EVP_PKEY *pkey, const uint8_t hash[IMP_SHA256_LEN],
		    const uint8_t sig[IMP_SIG_LEN]);
bool eddsa_verifies(EVP_PKEY *pkey, const struct imp_span *part, size_t count,
		    const uint8_t sig[IMP_SIG_LEN]);
/* An ECDSA signature in DER as r || s. 0, -IMP_EINTERNAL. */
int der_to_raw(const uint8_t *der, size_t len, uint8_t raw[IMP_SIG_LEN]);
int pkey_agree(EVP_PKEY *pkey, EVP_PKEY *peer, uint8_t z[32]);
/* Is it one of the points of small order, or not in its canonical form? */
bool point_is_weak(const struct imp_pub *pub);
/* Join parts on the heap; NULL without memory. free() it. */
uint8_t *join_parts(const struct imp_span *part, size_t count, size_t *len);

#endif
