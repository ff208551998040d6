/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL backend: keys in and out, signatures, key agreement. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/openssl.h"

enum { POINT_LEN = 65 };

DEFINE_CLEANUP(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free);
DEFINE_CLEANUP(OSSL_PARAM *, OSSL_PARAM_free);
DEFINE_CLEANUP(EC_POINT *, EC_POINT_free);

static int raw_type(int32_t crv)
{
	return crv == IMP_CRV_X25519	? EVP_PKEY_X25519
	       : crv == IMP_CRV_ED25519 ? EVP_PKEY_ED25519
					: EVP_PKEY_NONE;
}

/* A template's parameters and an encoded point: a twentieth of what a decoder costs. The
 * point is checked to be on the curve; exactly 04 || x || y, so never infinity. */
static EVP_PKEY *p256_from_point(struct imp_crypto *c, const uint8_t point[POINT_LEN])
{
	EVP_PKEY *pkey = EVP_PKEY_new();

	if (pkey && EVP_PKEY_copy_parameters(pkey, c->p256) == 1 &&
	    EVP_PKEY_set1_encoded_public_key(pkey, point, POINT_LEN) == 1)
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

static void put_point(const struct imp_pub *pub, uint8_t point[POINT_LEN])
{
	point[0] = 4;
	memcpy(point + 1, pub->x, 32);
	memcpy(point + 33, pub->y, 32);
}

EVP_PKEY *pkey_from_pub(struct imp_crypto *c, const struct imp_pub *pub)
{
	uint8_t point[POINT_LEN];

	if (pub->crv != IMP_CRV_P256)
		return EVP_PKEY_new_raw_public_key(raw_type(pub->crv), NULL, pub->x, 32);
	put_point(pub, point);
	return p256_from_point(c, point);
}

int imp_pub_check(struct imp_crypto *c, const struct imp_pub *pub)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *pkey = NULL;
	uint8_t point[POINT_LEN];

	if (point_is_weak(pub))
		return -IMP_EKEY;
	if (pub->crv == IMP_CRV_P256) { /* a key made of it would cost four times this */
		put_point(pub, point);
		return EC_POINT_oct2point(c->group, c->point, point, POINT_LEN, NULL) == 1
			       ? 0
			       : -IMP_EKEY;
	}
	pkey = pkey_from_pub(c, pub);
	return pkey ? 0 : -IMP_EKEY;
}

/* d times the generator, as an encoded point; fails unless 1 <= d < n. */
static int p256_point(const EC_GROUP *group, const uint8_t d[32],
		      uint8_t point[POINT_LEN])
{
	CLEANUP(BN_clear_freep) BIGNUM *k = BN_secure_new();
	CLEANUP(EC_POINT_freep) EC_POINT *q = EC_POINT_new(group);

	if (!k || !q || !BN_bin2bn(d, 32, k) || BN_is_zero(k) ||
	    BN_cmp(k, EC_GROUP_get0_order(group)) >= 0)
		return -IMP_EKEY;
	BN_set_flags(k, BN_FLG_CONSTTIME);
	if (EC_POINT_mul(group, q, k, NULL, NULL, NULL) != 1 ||
	    EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED, point, POINT_LEN,
			       NULL) != POINT_LEN)
		return -IMP_EKEY;
	return 0;
}

static EVP_PKEY *p256_from_private(const uint8_t d[32], const uint8_t point[POINT_LEN])
{
	CLEANUP(BN_clear_freep) BIGNUM *k = BN_secure_new();
	CLEANUP(OSSL_PARAM_BLD_freep) OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	CLEANUP(OSSL_PARAM_freep) OSSL_PARAM *params = NULL;
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *pkey = NULL;

	if (!k || !b || !ctx || !BN_bin2bn(d, 32, k) ||
	    !OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1",
					     0) ||
	    !OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, k) ||
	    !OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point,
					      POINT_LEN))
		return NULL;
	params = OSSL_PARAM_BLD_to_param(b);
	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		return NULL;
	return pkey;
}

EVP_PKEY *pkey_from_private(struct imp_crypto *c, int32_t crv, const uint8_t d[32],
			    struct imp_pub *pub)
{
	uint8_t point[POINT_LEN];
	EVP_PKEY *pkey;

	if (crv == IMP_CRV_P256)
		pkey = p256_point(c->group, d, point) ? NULL
						      : p256_from_private(d, point);
	else
		pkey = EVP_PKEY_new_raw_private_key(raw_type(crv), NULL, d, 32);
	if (pkey && pub && pkey_pub(pkey, pub)) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

int pkey_pub(const EVP_PKEY *pkey, struct imp_pub *pub)
{
	uint8_t point[POINT_LEN];
	struct imp_pub p = { 0 };
	size_t len = 32;

	if (EVP_PKEY_is_a(pkey, "EC")) {
		p.crv = IMP_CRV_P256;
		if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
						    sizeof(point), &len) != 1 ||
		    len != POINT_LEN || point[0] != 4)
			return -IMP_EKEY;
		memcpy(p.x, point + 1, 32);
		memcpy(p.y, point + 33, 32);
	} else {
		p.crv = EVP_PKEY_is_a(pkey, "ED25519") ? IMP_CRV_ED25519 : IMP_CRV_X25519;
		if (EVP_PKEY_get_raw_public_key(pkey, p.x, &len) != 1 || len != 32)
			return -IMP_EKEY;
	}
	*pub = p;
	return 0;
}

int pkey_private(const EVP_PKEY *pkey, uint8_t d[32])
{
	CLEANUP(BN_clear_freep) BIGNUM *k = NULL;
	size_t len = 32;

	if (!EVP_PKEY_is_a(pkey, "EC"))
		return EVP_PKEY_get_raw_private_key(pkey, d, &len) == 1 && len == 32
			       ? 0
			       : -IMP_EKEY;
	if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &k) != 1)
		return -IMP_EKEY;
	return BN_bn2binpad(k, d, 32) == 32 ? 0 : -IMP_EKEY;
}

EVP_PKEY *pkey_make(struct imp_crypto *c, int32_t crv)
{
	EVP_PKEY *pkey = NULL;

	if (crv == IMP_CRV_P256)
		return EVP_PKEY_generate(c->keygen, &pkey) == 1 ? pkey : NULL;
	if (crv != IMP_CRV_X25519 && crv != IMP_CRV_ED25519)
		return NULL;
	return EVP_PKEY_Q_keygen(NULL, NULL,
				 crv == IMP_CRV_X25519 ? "X25519" : "ED25519");
}

uint8_t *join_parts(const struct imp_span *part, size_t count, size_t *len)
{
	struct imp_writer w;
	uint8_t *buf;

	*len = 0;
	for (size_t i = 0; i < count; i++)
		*len += part[i].len;
	buf = malloc(*len + 1);
	w = imp_writer(buf, buf ? *len : 0);
	for (size_t i = 0; buf && i < count; i++)
		imp_put(&w, part[i]);
	return buf;
}

/* Raw r || s, each in [1, n-1], to DER. Returns its length, 0 on failure. */
static size_t raw_to_der(const uint8_t raw[IMP_SIG_LEN], uint8_t der[80])
{
	CLEANUP(ECDSA_SIG_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, 32, NULL), *s = BN_bin2bn(raw + 32, 32, NULL);
	uint8_t *end = der;
	int len;

	if (!sig || !r || !s || BN_is_zero(r) || BN_is_zero(s) ||
	    !ECDSA_SIG_set0(sig, r, s)) {
		BN_free(r);
		BN_free(s);
		return 0;
	}
	len = i2d_ECDSA_SIG(sig, &end);
	return len > 0 ? (size_t)len : 0;
}

int der_to_raw(const uint8_t *der, size_t len, uint8_t raw[IMP_SIG_LEN])
{
	const uint8_t *end = der;
	CLEANUP(ECDSA_SIG_freep) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &end, (long)len);

	if (!sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32) != 32 ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32) != 32)
		return -IMP_EINTERNAL;
	return 0;
}

bool ecdsa_verifies(EVP_PKEY *pkey, const uint8_t hash[IMP_SHA256_LEN],
		    const uint8_t sig[IMP_SIG_LEN])
{
	CLEANUP(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	uint8_t der[80];
	size_t len = raw_to_der(sig, der);

	return len > 0 && ctx && EVP_PKEY_verify_init(ctx) == 1 &&
	       EVP_PKEY_verify(ctx, der, len, hash, IMP_SHA256_LEN) == 1;
}

/* Ed25519 hashes twice: it needs the message in one piece. */
bool eddsa_verifies(EVP_PKEY *pkey, const struct imp_span *part, size_t count,
		    const uint8_t sig[IMP_SIG_LEN])
{
	CLEANUP(EVP_MD_CTX_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t len;
	uint8_t *msg = join_parts(part, count, &len);
	bool ok = md && msg && EVP_DigestVerifyInit(md, NULL, NULL, NULL, pkey) == 1 &&
		  EVP_DigestVerify(md, sig, IMP_SIG_LEN, msg, len) == 1;

	OPENSSL_cleanse(msg, msg ? len : 0);
	free(msg);
	return ok;
}

int imp_verify(struct imp_crypto *c, int32_t alg, const struct imp_pub *pub,
	       const struct imp_span *part, size_t count, struct imp_span sig)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *pkey = NULL;
	uint8_t hash[IMP_SHA256_LEN];
	bool ok;

	if (sig.len != IMP_SIG_LEN || !imp_alg_signs(alg, pub->crv) || point_is_weak(pub))
		return -IMP_EVERIFY;
	pkey = pkey_from_pub(c, pub);
	if (!pkey)
		return -IMP_EVERIFY;
	if (pub->crv == IMP_CRV_P256)
		ok = imp_sha256(c, part, count, hash) == 0 &&
		     ecdsa_verifies(pkey, hash, sig.ptr);
	else
		ok = eddsa_verifies(pkey, part, count, sig.ptr);
	return ok ? 0 : -IMP_EVERIFY;
}

/* A context of its own: threads that sign with one key share c. */
static int ecdsa_sign(const struct imp_crypto *c, EVP_PKEY *pkey,
		      const struct imp_span *part, size_t count, uint8_t sig[IMP_SIG_LEN])
{
	CLEANUP(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	CLEANUP(EVP_MD_CTX_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t hash[32], der[80];
	size_t len = sizeof(der);

	if (!ctx || md_sha256(md, c, part, count, hash) || EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_sign(ctx, der, &len, hash, 32) != 1)
		return -IMP_EINTERNAL;
	return der_to_raw(der, len, sig);
}

static int eddsa_sign(EVP_PKEY *pkey, const struct imp_span *part, size_t count,
		      uint8_t sig[IMP_SIG_LEN])
{
	CLEANUP(EVP_MD_CTX_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t len, sig_len = IMP_SIG_LEN;
	uint8_t *msg = join_parts(part, count, &len);
	bool ok = md && msg && EVP_DigestSignInit(md, NULL, NULL, NULL, pkey) == 1 &&
		  EVP_DigestSign(md, sig, &sig_len, msg, len) == 1 &&
		  sig_len == IMP_SIG_LEN;

	OPENSSL_cleanse(msg, msg ? len : 0);
	free(msg);
	return ok ? 0 : -IMP_EINTERNAL;
}

int pkey_sign(const struct imp_crypto *c, EVP_PKEY *pkey, int32_t alg,
	      const struct imp_span *part, size_t count, uint8_t sig[IMP_SIG_LEN])
{
	bool ec = EVP_PKEY_is_a(pkey, "EC");

	if (!imp_alg_signs(alg, ec ? IMP_CRV_P256 : IMP_CRV_ED25519))
		return -IMP_EKEY;
	return ec ? ecdsa_sign(c, pkey, part, count, sig)
		  : eddsa_sign(pkey, part, count, sig);
}

/* The peer was checked to be on its curve when it was made (cofactor 1), so not a second
 * time. */
int pkey_agree(EVP_PKEY *pkey, EVP_PKEY *peer, uint8_t z[32])
{
	CLEANUP(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	size_t len = 32;

	if (!ctx || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) != 1 ||
	    EVP_PKEY_derive(ctx, z, &len) != 1 || len != 32)
		return -IMP_EKEY;
	return 0;
}

int imp_agree_ephemeral(struct imp_crypto *c, const struct imp_pub *peer,
			struct imp_pub *epk, uint8_t z[32])
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *other = pkey_from_pub(c, peer);
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *own = pkey_make(c, peer->crv);

	if (!other || point_is_weak(peer))
		return -IMP_EKEY;
	if (!own || pkey_pub(own, epk))
		return -IMP_EINTERNAL;
	return pkey_agree(own, other, z);
}

int imp_soft_make(struct imp_crypto *c, int32_t crv, uint8_t d[32], struct imp_pub *pub)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *pkey = pkey_make(c, crv);

	if (!pkey || pkey_pub(pkey, pub) || pkey_private(pkey, d))
		return -IMP_EINTERNAL;
	return 0;
}

int imp_soft_pub(struct imp_crypto *c, int32_t crv, const uint8_t d[32],
		 struct imp_pub *pub)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *pkey = pkey_from_private(c, crv, d, pub);

	return pkey ? 0 : -IMP_EKEY;
}

int imp_soft_sign(struct imp_crypto *c, int32_t alg, const uint8_t d[32],
		  const struct imp_span *part, size_t count, uint8_t sig[IMP_SIG_LEN])
{
	bool ec = imp_alg_signs(alg, IMP_CRV_P256);
	CLEANUP(EVP_PKEY_freep)
	EVP_PKEY *pkey =
		pkey_from_private(c, ec ? IMP_CRV_P256 : IMP_CRV_ED25519, d, NULL);

	return pkey ? pkey_sign(c, pkey, alg, part, count, sig) : -IMP_EKEY;
}

int imp_soft_agree(struct imp_crypto *c, const uint8_t d[32], const struct imp_pub *peer,
		   uint8_t z[32])
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *own = pkey_from_private(c, peer->crv, d, NULL);
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *other = NULL;

	if (!own || point_is_weak(peer))
		return -IMP_EKEY;
	other = pkey_from_pub(c, peer);
	return other ? pkey_agree(own, other, z) : -IMP_EKEY;
}
