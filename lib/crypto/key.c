/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: what a file may hold, and what is refused by name. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/held.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"

DEFINE_CLEANUP(PKCS8_PRIV_KEY_INFO *, PKCS8_PRIV_KEY_INFO_free);
DEFINE_CLEANUP(X509_SIG *, X509_SIG_free);

enum { KEY_FILE_MAX = 16384, SEED_LEN = 32, TRIES = 3, ITERATIONS = 600000 };

/* SubjectPublicKeyInfo of the three kinds up to the key itself. Source: RFC 5480 2.1.1;
 * RFC 8410 4. */
static const struct spki {
	int32_t crv;
	size_t prefix_len, len;
	uint8_t prefix[27];
} spkis[] = {
	{ IMP_CRV_P256,
	  27,
	  91,
	  { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
	    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
	    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 } },
	{ IMP_CRV_ED25519,
	  12,
	  44,
	  { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 } },
	{ IMP_CRV_X25519,
	  12,
	  44,
	  { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00 } },
};

void imp_key_fini(struct imp_key *key)
{
	held_close(key->held);
	EVP_PKEY_free(key->impl);
	*key = (struct imp_key){ 0 };
}

/* Name a key that is outside the table. */
int pkey_outside(const char *name, const EVP_PKEY *pkey, struct imp_error *err)
{
	char group[64] = "";
	int explicit_params = 0;

	if (pkey_in_table(pkey)) /* it could not be told a moment ago */
		return imp_fail(err, IMP_ERESOURCE, "%s: out of memory", name);
	EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group,
				       sizeof(group), NULL);
	EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
			       &explicit_params);
	if (explicit_params)
		return imp_fail(
			err, IMP_EPOLICY,
			"%s: curve by explicit parameters, expected a named curve", name);
	return imp_fail(err, IMP_EPOLICY,
			"%s: a key of type %s %s, expected P-256, Ed25519 or X25519",
			name, EVP_PKEY_get0_type_name(pkey), group);
}

bool pkey_in_table(const EVP_PKEY *pkey)
{
	char group[32] = "";
	int explicit_params = 0;

	if (EVP_PKEY_is_a(pkey, "ED25519") || EVP_PKEY_is_a(pkey, "X25519"))
		return true;
	EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
			       &explicit_params);
	return EVP_PKEY_is_a(pkey, "EC") && !explicit_params &&
	       EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group,
					      sizeof(group), NULL) == 1 &&
	       strcmp(group, "prime256v1") == 0;
}

static int check_pub(struct imp_crypto *c, const char *name, const struct imp_pub *pub,
		     struct imp_error *err)
{
	if (imp_pub_check(c, pub) == 0)
		return 0;
	return imp_fail(
		err, IMP_EKEY,
		"%s: the point is not on its curve, is infinity or of small order", name);
}

/* Is the subject public key of this SPKI, which OpenSSL could not read, a point in
 * another form? */
static bool other_point_form(struct imp_span der)
{
	static const uint8_t p256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d,
					0x03, 0x01, 0x07, 0x03 };

	for (size_t i = 0; i + sizeof(p256) + 3 < der.len; i++)
		if (memcmp(der.ptr + i, p256, sizeof(p256)) == 0) {
			uint8_t form = der.ptr[i + sizeof(p256) + 2];

			return form == 2 || form == 3 || form == 6 || form == 7;
		}
	return false;
}

static int parse_other_spki(const char *name, struct imp_span der, struct imp_error *err)
{
	const uint8_t *at = der.ptr;
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *pkey = NULL;

	if (other_point_form(der))
		return imp_fail(err, IMP_EPOLICY,
				"%s: a compressed or hybrid point, expected 04 || x || y",
				name);
	pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
	if (pkey && !pkey_in_table(pkey))
		return pkey_outside(name, pkey, err);
	return imp_fail(err, IMP_EKEY, "%s: is no public key that can be used", name);
}

int imp_pub_from_spki(const char *name, struct imp_span der, struct imp_pub *out,
		      struct imp_error *err)
{
	struct imp_pub pub = { 0 };

	for (size_t i = 0; i < COUNTOF(spkis); i++) {
		const struct spki *s = &spkis[i];

		if (der.len != s->len || memcmp(der.ptr, s->prefix, s->prefix_len) != 0)
			continue;
		pub.crv = s->crv;
		memcpy(pub.x, der.ptr + s->prefix_len, 32);
		if (s->crv == IMP_CRV_P256)
			memcpy(pub.y, der.ptr + s->prefix_len + 32, 32);
		*out = pub;
		return 0;
	}
	return parse_other_spki(name, der, err);
}

static int parse_spki(struct imp_crypto *c, const char *name, struct imp_span der,
		      struct imp_pub *out, struct imp_error *err)
{
	struct imp_pub pub;
	int rc = imp_pub_from_spki(name, der, &pub, err);

	if (!rc)
		rc = check_pub(c, name, &pub, err);
	if (!rc)
		*out = pub;
	return rc;
}

/* Only DER: what is written again must be the same bytes. */
static bool is_der(PKCS8_PRIV_KEY_INFO *info, struct imp_span der)
{
	uint8_t *again = NULL;
	int len = i2d_PKCS8_PRIV_KEY_INFO(info, &again);
	bool same =
		len > 0 && (size_t)len == der.len && memcmp(again, der.ptr, der.len) == 0;

	OPENSSL_clear_free(again, len > 0 ? (size_t)len : 0);
	return same;
}

static int take_private(struct imp_crypto *c, const char *name, PKCS8_PRIV_KEY_INFO *info,
			struct imp_key *out, struct imp_error *err)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *pkey = EVP_PKCS82PKEY(info), *own = NULL;
	struct imp_pub embedded, derived;
	uint8_t d[32];

	if (!pkey)
		return imp_fail(err, IMP_EKEY, "%s: is no private key that can be used",
				name);
	if (!pkey_in_table(pkey))
		return pkey_outside(name, pkey, err);
	if (pkey_pub(pkey, &embedded) || pkey_private(pkey, d))
		return imp_fail(err, IMP_EKEY, "%s: is no private key that can be used",
				name);
	own = pkey_from_private(c, embedded.crv, d, &derived);
	OPENSSL_cleanse(d, sizeof(d));
	if (!own || derived.crv != embedded.crv ||
	    memcmp(&derived, &embedded, sizeof(derived)))
		return imp_fail(err, IMP_EKEY,
				"%s: the private key does not fit its public part", name);
	out->pub = derived;
	out->has_private = true;
	out->impl = STEAL(own);
	return 0;
}

static int parse_pkcs8(struct imp_crypto *c, const char *name, struct imp_span der,
		       struct imp_key *out, struct imp_error *err)
{
	const uint8_t *at = der.ptr;
	CLEANUP(PKCS8_PRIV_KEY_INFO_freep)
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);

	if (!info || at != der.ptr + der.len || !is_der(info, der))
		return imp_fail(err, IMP_EKEY, "%s: is not one PKCS#8 key in DER", name);
	return take_private(c, name, info, out, err);
}

static int parse_encrypted(struct imp_crypto *c, const char *name, struct imp_span der,
			   const struct imp_pass *pass, struct imp_key *out,
			   struct imp_error *err)
{
	const uint8_t *at = der.ptr;
	CLEANUP(X509_SIG_freep) X509_SIG *sig = d2i_X509_SIG(NULL, &at, (long)der.len);
	CLEANUP(imp_secret_fini) struct imp_secret word = { 0 };

	if (!sig || at != der.ptr + der.len)
		return imp_fail(err, IMP_EKEY,
				"%s: is not one encrypted PKCS#8 key in DER", name);
	if (!pass)
		return imp_fail(err, IMP_EKEY,
				"%s: is encrypted, and there is no passphrase", name);
	for (unsigned i = 0; i < TRIES; i++) {
		CLEANUP(PKCS8_PRIV_KEY_INFO_freep) PKCS8_PRIV_KEY_INFO *info = NULL;
		const struct imp_asked asked = { "passphrase", name, NULL, i };
		int rc = pass->ask(pass->ctx, &asked, &word, err);

		if (rc)
			return rc;
		info = PKCS8_decrypt(sig, (const char *)word.ptr, (int)word.len);
		if (info)
			return take_private(c, name, info, out, err);
	}
	return imp_fail(err, IMP_EKEY, "%s: wrong passphrase, %d times", name, TRIES);
}

static int wrong_kind(const char *name, bool want_private, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EKEY, "%s: holds a %s key, expected a %s one", name,
			  want_private ? "public" : "private",
			  want_private ? "private" : "public");

	return want_private ? rc : imp_hint(err, rc, "imprint key --public %s", name);
}

static int parse_labelled(struct imp_crypto *c, const char *name, struct pem *p,
			  bool want_private, const struct imp_pass *pass,
			  struct imp_key *key, struct imp_error *err)
{
	bool public = strcmp(p->label, "PUBLIC KEY") == 0;
	bool plain = strcmp(p->label, "PRIVATE KEY") == 0;
	bool encrypted = strcmp(p->label, "ENCRYPTED PRIVATE KEY") == 0;
	struct imp_span der = imp_secret_span(&p->der);

	if (!public && !plain && !encrypted)
		return imp_hint(
			err,
			imp_fail(
				err, IMP_EKEY,
				"%s: holds a \"%s\", expected a PKCS#8 private or a public key",
				name, p->label),
			"openssl pkcs8 -topk8 -nocrypt -in %s", name);
	if (public == want_private)
		return wrong_kind(name, want_private, err);
	if (public)
		return parse_spki(c, name, der, &key->pub, err);
	return plain ? parse_pkcs8(c, name, der, key, err)
		     : parse_encrypted(c, name, der, pass, key, err);
}

int imp_pub_from_pem(const char *name, struct imp_span pem, struct imp_pub *out,
		     struct imp_error *err)
{
	CLEANUP(pem_fini) struct pem p = { 0 };
	int rc = pem_parse(name, pem, &p, err);

	if (!rc && strcmp(p.label, "PUBLIC KEY") != 0)
		rc = imp_fail(err, IMP_EKEY, "%s: holds a \"%s\", expected a public key",
			      name, p.label);
	return rc ? rc : imp_pub_from_spki(name, imp_secret_span(&p.der), out, err);
}

int imp_key_parse(struct imp_crypto *c, const char *name, struct imp_span pem,
		  bool want_private, const struct imp_pass *pass, struct imp_key *out,
		  struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	CLEANUP(pem_fini) struct pem p = { 0 };
	int rc = pem_parse(name, pem, &p, err);

	if (!rc)
		rc = parse_labelled(c, name, &p, want_private, pass, &key, err);
	if (rc)
		return rc;
	key.class = p.class;
	*out = key;
	key = (struct imp_key){ 0 };
	return 0;
}

int imp_key_read_private(struct imp_crypto *c, const char *path,
			 const struct imp_pass *pass, struct imp_key *out,
			 struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	int rc = imp_file_read_private(path, KEY_FILE_MAX, &text, err);

	/* A public key is no secret: its mode is not what is wrong with it. */
	if (rc == -IMP_EKEY && imp_file_read_key(path, KEY_FILE_MAX, &text, NULL) == 0) {
		struct imp_key key = { 0 };

		if (imp_key_parse(c, path, imp_secret_span(&text), false, NULL, &key,
				  NULL) == 0) {
			imp_key_fini(&key);
			return wrong_kind(path, true, err);
		}
	}
	return rc ? rc
		  : imp_key_parse(c, path, imp_secret_span(&text), true, pass, out, err);
}

int imp_key_read_public(struct imp_crypto *c, const char *path, struct imp_key *out,
			struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	int rc = imp_file_read_key(path, KEY_FILE_MAX, &text, err);

	return rc ? rc
		  : imp_key_parse(c, path, imp_secret_span(&text), false, NULL, out, err);
}

int imp_key_generate(struct imp_crypto *c, int32_t crv, enum imp_key_class class,
		     struct imp_key *out, struct imp_error *err)
{
	CLEANUP(imp_key_fini)
	struct imp_key key = { .class = class,
			       .has_private = true,
			       .impl = pkey_make(c, crv) };

	if (!key.impl || pkey_pub(key.impl, &key.pub))
		return imp_fail(err, IMP_EINTERNAL, "cannot make a key");
	*out = key;
	key = (struct imp_key){ 0 };
	return 0;
}

static int put_encrypted(PKCS8_PRIV_KEY_INFO *info, const struct imp_key *key,
			 struct imp_span pass, struct imp_secret *out,
			 struct imp_error *err)
{
	CLEANUP(X509_SIG_freep) X509_SIG *sig = NULL;
	uint8_t *der = NULL;
	X509_ALGOR *alg = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), ITERATIONS, NULL, 0, NULL,
					    NID_hmacWithSHA256);
	int len, rc;

	sig = alg ? PKCS8_set0_pbe((const char *)pass.ptr, (int)pass.len, info, alg)
		  : NULL;
	if (!sig) {
		X509_ALGOR_free(alg);
		return imp_fail(err, IMP_EINTERNAL, "cannot encrypt the key");
	}
	len = i2d_X509_SIG(sig, &der);
	rc = len > 0 ? pem_put("ENCRYPTED PRIVATE KEY", key->class,
			       (struct imp_span){ der, (size_t)len }, out, err)
		     : imp_fail(err, IMP_EINTERNAL, "cannot encode the key");
	OPENSSL_free(der);
	return rc;
}

int imp_key_pem_private(struct imp_crypto *c, const struct imp_key *key,
			struct imp_span pass, struct imp_secret *out,
			struct imp_error *err)
{
	CLEANUP(PKCS8_PRIV_KEY_INFO_freep)
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->impl);
	uint8_t *der = NULL;
	int len, rc;

	(void)c;
	if (!info)
		return imp_fail(err, IMP_EINTERNAL, "cannot encode the key");
	if (pass.len > 0)
		return put_encrypted(info, key, pass, out, err);
	len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	rc = len > 0 ? pem_put("PRIVATE KEY", key->class,
			       (struct imp_span){ der, (size_t)len }, out, err)
		     : imp_fail(err, IMP_EINTERNAL, "cannot encode the key");
	OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
	return rc;
}

int imp_key_pem_public(struct imp_crypto *c, const struct imp_key *key,
		       struct imp_secret *out, struct imp_error *err)
{
	uint8_t der[96];
	struct imp_writer w = imp_writer(der, sizeof(der));

	(void)c;
	for (size_t i = 0; i < COUNTOF(spkis); i++) {
		if (spkis[i].crv != key->pub.crv)
			continue;
		imp_put(&w, (struct imp_span){ spkis[i].prefix, spkis[i].prefix_len });
		imp_put(&w, IMP_SPAN(key->pub.x));
		if (key->pub.crv == IMP_CRV_P256)
			imp_put(&w, IMP_SPAN(key->pub.y));
	}
	return pem_put("PUBLIC KEY", key->class, imp_written(&w), out, err);
}

int imp_key_agree(struct imp_crypto *c, const struct imp_key *key,
		  const struct imp_pub *peer, uint8_t z[32], struct imp_error *err)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *other = pkey_from_pub(c, peer);

	if (!key->impl || key->pub.crv != peer->crv || !other ||
	    pkey_agree(key->impl, other, z))
		return imp_fail(err, IMP_EKEY, "key agreement failed");
	return 0;
}

int imp_seed_read(const char *path, struct imp_secret *out, struct imp_error *err)
{
	enum { TAKEN_FOR_A_SEED = 8192 };
	int rc = imp_key_in_hardware(path)
			 ? imp_fail(err, IMP_EKEY,
				    "%s: a seed is a file of 32 bytes, "
				    "not hardware",
				    path)
			 : imp_file_read_private(path, TAKEN_FOR_A_SEED, out, err);

	if (rc || out->len == SEED_LEN)
		return rc;
	rc = imp_fail(err, IMP_EKEY, "%s: %zu byte%s, a seed has 32", path, out->len,
		      imp_plural(out->len));
	if (memmem(out->ptr, out->len, "-----BEGIN", strlen("-----BEGIN")))
		imp_hint(err, rc,
			 "it is a PEM file; imprint keygen --type seed makes a seed");
	imp_secret_fini(out);
	return rc;
}
