/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL backend: algorithms that are fetched once, hashes, key derivation, ciphers. */
#include <errno.h>
#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/openssl.h"

static const OSSL_PARAM with_sha256[] = {
	{ OSSL_KDF_PARAM_DIGEST, OSSL_PARAM_UTF8_STRING, (void *)"SHA256", 6, 0 },
	OSSL_PARAM_END,
};

static EVP_KDF_CTX *make_hkdf(void)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;

	EVP_KDF_free(kdf);
	if (ctx && EVP_KDF_CTX_set_params(ctx, with_sha256) == 1)
		return ctx;
	EVP_KDF_CTX_free(ctx);
	return NULL;
}

static EVP_MAC_CTX *make_hmac(void)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac);
	if (ctx && EVP_MAC_CTX_set_params(ctx, with_sha256) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

/* OpenSSL's decoders free what they read a key from as it is; what they get from here is
 * wiped. */
static void wiped_free(void *ptr, const char *file, int line)
{
	(void)file;
	(void)line;
	if (ptr)
		OPENSSL_cleanse(ptr, malloc_usable_size(ptr));
	free(ptr);
}

static void *wiped_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(len);
}

static void *wiped_realloc(void *ptr, size_t len, const char *file, int line)
{
	size_t had = ptr ? malloc_usable_size(ptr) : 0;
	void *more = malloc(len);

	if (!more)
		return NULL;
	if (had > 0)
		memcpy(more, ptr, had < len ? had : len);
	wiped_free(ptr, file, line);
	return more;
}

static bool fetch(struct imp_crypto *c)
{
	c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	c->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	c->wrap = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
	c->hkdf = make_hkdf();
	c->hmac = make_hmac();
	c->p256 = EVP_EC_gen("P-256");
	c->keygen = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	c->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	c->point = c->group ? EC_POINT_new(c->group) : NULL;
	c->md = EVP_MD_CTX_new();
	c->cipher = EVP_CIPHER_CTX_new();
	return c->sha256 && c->gcm && c->wrap && c->hkdf && c->hmac && c->p256 &&
	       c->keygen && c->point && c->md && c->cipher &&
	       EVP_PKEY_keygen_init(c->keygen) == 1 &&
	       EVP_PKEY_CTX_set_group_name(c->keygen, "P-256") == 1;
}

int imp_crypto_new(struct imp_crypto **out, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *c = calloc(1, sizeof(*c));

	/* Refused once OpenSSL has memory of the usual kind: then that is what it has. */
	(void)CRYPTO_set_mem_functions(wiped_malloc, wiped_realloc, wiped_free);
	/* Without its global context a fetch would follow a null pointer. */
	if (!c || !OSSL_LIB_CTX_get0_global_default())
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	/* What it could not keep now it would miss later, and then say something else. */
	errno = 0;
	if (!fetch(c) || errno == ENOMEM)
		return imp_crypto_blame(
			imp_fail(err, IMP_EINTERNAL, "OpenSSL lacks an algorithm"), err);
	*out = STEAL(c);
	return 0;
}

void imp_crypto_free(struct imp_crypto **c)
{
	struct imp_crypto *p = *c;

	*c = NULL;
	if (!p)
		return;
	EVP_MD_free(p->sha256);
	EVP_CIPHER_free(p->gcm);
	EVP_CIPHER_free(p->wrap);
	EVP_KDF_CTX_free(p->hkdf);
	EVP_MAC_CTX_free(p->hmac);
	EVP_PKEY_free(p->p256);
	EVP_PKEY_CTX_free(p->keygen);
	EC_POINT_free(p->point);
	EC_GROUP_free(p->group);
	EVP_MD_CTX_free(p->md);
	EVP_CIPHER_CTX_free(p->cipher);
	free(p);
}

/* OpenSSL drops some of its errors; malloc's errno stays. */
int imp_crypto_blame(int rc, struct imp_error *err)
{
	bool memory = errno == ENOMEM;

	if (rc != -IMP_EINTERNAL && rc != -IMP_EKEY && rc != -IMP_EVERIFY)
		return rc;
	for (unsigned long e; (e = ERR_get_error()) != 0;)
		memory |= ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
	if (!memory)
		return rc;
	if (err)
		err->code = IMP_ERESOURCE;
	return imp_wrap(err, -IMP_ERESOURCE, "out of memory");
}

const char *imp_crypto_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}

bool imp_crypto_has(const struct imp_crypto *c, int32_t alg)
{
	(void)c;
	return imp_alg_row(alg) != NULL;
}

int imp_random(struct imp_crypto *c, uint8_t *out, size_t len)
{
	(void)c;
	return len <= INT32_MAX && RAND_bytes(out, (int)len) == 1 ? 0 : -IMP_EINTERNAL;
}

static const uint8_t blank[IMP_SHA256_LEN];

int md_sha256(EVP_MD_CTX *md, const struct imp_crypto *c, const struct imp_span *part,
	      size_t count, uint8_t out[IMP_SHA256_LEN])
{
	if (!md || EVP_DigestInit_ex2(md, c->sha256, NULL) != 1)
		return -IMP_EINTERNAL;
	for (size_t i = 0; i < count; i++)
		if (EVP_DigestUpdate(md, part[i].ptr, part[i].len) != 1)
			return -IMP_EINTERNAL;
	return EVP_DigestFinal_ex(md, out, NULL) == 1 ? 0 : -IMP_EINTERNAL;
}

int imp_sha256(struct imp_crypto *c, const struct imp_span *part, size_t count,
	       uint8_t out[IMP_SHA256_LEN])
{
	return md_sha256(c->md, c, part, count, out);
}

/* The key that was used does not stay in the context. */
static int hmac(EVP_MAC_CTX *m, struct imp_span key, const struct imp_span *part,
		size_t count, uint8_t out[IMP_SHA256_LEN])
{
	size_t len = 0;

	if (EVP_MAC_init(m, key.ptr, key.len, NULL) != 1)
		return -IMP_EINTERNAL;
	for (size_t i = 0; i < count; i++)
		if (EVP_MAC_update(m, part[i].ptr, part[i].len) != 1)
			return -IMP_EINTERNAL;
	return EVP_MAC_final(m, out, &len, IMP_SHA256_LEN) == 1 && len == IMP_SHA256_LEN
		       ? 0
		       : -IMP_EINTERNAL;
}

int imp_hmac(struct imp_crypto *c, struct imp_span key, const struct imp_span *part,
	     size_t count, uint8_t out[IMP_SHA256_LEN])
{
	int rc = hmac(c->hmac, key, part, count, out);

	return EVP_MAC_init(c->hmac, blank, sizeof(blank), NULL) == 1 ? rc
								      : -IMP_EINTERNAL;
}

int imp_hkdf(struct imp_crypto *c, struct imp_span ikm, struct imp_span info,
	     uint8_t *out, size_t len)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)ikm.ptr,
						  ikm.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info.ptr,
						  info.len),
		OSSL_PARAM_construct_end(),
	};
	const OSSL_PARAM clean[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)blank,
						  sizeof(blank)),
		OSSL_PARAM_construct_end(),
	};
	bool good = EVP_KDF_derive(c->hkdf, out, len, params) == 1;

	return EVP_KDF_CTX_set_params(c->hkdf, clean) == 1 && good ? 0 : -IMP_EINTERNAL;
}

int imp_wrap_key(struct imp_crypto *c, const uint8_t kek[32], const uint8_t cek[32],
		 uint8_t wrapped[IMP_WRAPPED_LEN])
{
	int n = 0;

	EVP_CIPHER_CTX_reset(c->cipher);
	EVP_CIPHER_CTX_set_flags(c->cipher, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_EncryptInit_ex2(c->cipher, c->wrap, kek, NULL, NULL) != 1 ||
	    EVP_EncryptUpdate(c->cipher, wrapped, &n, cek, 32) != 1 ||
	    n != IMP_WRAPPED_LEN)
		return -IMP_EINTERNAL;
	return 0;
}

int imp_unwrap(struct imp_crypto *c, const uint8_t kek[32], struct imp_span wrapped,
	       uint8_t cek[32])
{
	uint8_t buf[IMP_WRAPPED_LEN + 8];
	int n = 0;
	bool ok;

	if (wrapped.len != IMP_WRAPPED_LEN)
		return -IMP_EVERIFY;
	EVP_CIPHER_CTX_reset(c->cipher);
	EVP_CIPHER_CTX_set_flags(c->cipher, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ok = EVP_DecryptInit_ex2(c->cipher, c->wrap, kek, NULL, NULL) == 1 &&
	     EVP_DecryptUpdate(c->cipher, buf, &n, wrapped.ptr, IMP_WRAPPED_LEN) == 1 &&
	     n == 32;
	for (size_t i = 0; ok && i < 32; i++)
		cek[i] = buf[i];
	OPENSSL_cleanse(buf, sizeof(buf));
	return ok ? 0 : -IMP_EVERIFY;
}

/* EVP takes an int: nothing that we encrypt is near it, but a length from outside could
 * be. */
enum { AEAD_MAX = 1 << 24 };

int imp_aead_seal(struct imp_crypto *c, const uint8_t key[IMP_AEAD_KEY],
		  const uint8_t iv[IMP_AEAD_IV], struct imp_span aad, uint8_t *buf,
		  size_t len)
{
	int n = 0;

	if (len > AEAD_MAX || aad.len > AEAD_MAX)
		return -IMP_EINTERNAL;
	EVP_CIPHER_CTX_reset(c->cipher);
	if (EVP_EncryptInit_ex2(c->cipher, c->gcm, key, iv, NULL) != 1 ||
	    EVP_EncryptUpdate(c->cipher, NULL, &n, aad.ptr, (int)aad.len) != 1 ||
	    EVP_EncryptUpdate(c->cipher, buf, &n, buf, (int)len) != 1 ||
	    EVP_EncryptFinal_ex(c->cipher, buf + len, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c->cipher, EVP_CTRL_AEAD_GET_TAG, IMP_AEAD_TAG,
				buf + len) != 1)
		return -IMP_EINTERNAL;
	return 0;
}

int imp_aead_open(struct imp_crypto *c, const uint8_t key[IMP_AEAD_KEY],
		  const uint8_t iv[IMP_AEAD_IV], struct imp_span aad, uint8_t *buf,
		  size_t len)
{
	size_t text = len - IMP_AEAD_TAG;
	int n = 0;
	bool ok;

	if (len < IMP_AEAD_TAG || len > AEAD_MAX || aad.len > AEAD_MAX) {
		OPENSSL_cleanse(buf, len);
		return -IMP_EVERIFY;
	}
	EVP_CIPHER_CTX_reset(c->cipher);
	ok = EVP_DecryptInit_ex2(c->cipher, c->gcm, key, iv, NULL) == 1 &&
	     EVP_DecryptUpdate(c->cipher, NULL, &n, aad.ptr, (int)aad.len) == 1 &&
	     EVP_DecryptUpdate(c->cipher, buf, &n, buf, (int)text) == 1 &&
	     EVP_CIPHER_CTX_ctrl(c->cipher, EVP_CTRL_AEAD_SET_TAG, IMP_AEAD_TAG,
				 buf + text) == 1 &&
	     EVP_DecryptFinal_ex(c->cipher, buf + text, &n) == 1;
	if (!ok)
		OPENSSL_cleanse(buf, len);
	return ok ? 0 : -IMP_EVERIFY;
}
