/* SPDX-License-Identifier: Apache-2.0 */
/* Opening COSE messages from anybody. */
#include "cose/open.h"
#include "base/wipe.h"
#include "cose/key.h"

static const char key_material[] =
	"carries key material or a link to it; keys come from you only";

/* What is wrong with the headers whatever the kind of message, or NULL. */
static const char *headers_bad(const struct imp_headers *ph, const struct imp_headers *uh)
{
	if ((ph->has | uh->has) & IMP_HAS_KEYS)
		return key_material;
	if (uh->has & IMP_HAS_ALG)
		return "names its algorithm in the unprotected header";
	if (!(ph->has & IMP_HAS_ALG))
		return "names no algorithm in the protected header";
	if (ph->alg == 0)
		return "names its algorithm by a text: not one that imprint uses here";
	return NULL;
}

static int check_alg(const char *what, const struct imp_headers *ph,
		     const struct imp_headers *uh, enum imp_alg_use use,
		     struct imp_error *err)
{
	const struct imp_alg_row *row = imp_alg_row(ph->alg);
	const char *bad = headers_bad(ph, uh);

	if (bad)
		return imp_fail(err, IMP_EPOLICY, "%s: %s", what, bad);
	if (!row || row->use != use)
		return imp_fail(err, IMP_EPOLICY,
				"%s: algorithm %lld is not one that imprint uses here",
				what, (long long)ph->alg);
	return 0;
}

static int take_content(const struct imp_open *in, struct imp_span attached,
			bool detached, struct imp_span *out, struct imp_error *err)
{
	if (detached && !in->has_detached)
		return imp_fail(err, IMP_EFORMAT,
				"the content is detached: give it, too");
	if (!detached && in->has_detached)
		return imp_fail(
			err, IMP_EFORMAT,
			"the content is attached, but detached content was given");
	*out = detached ? in->detached : attached;
	return 0;
}

static bool names(const struct imp_open_key *key, struct imp_span kid)
{
	return imp_span_eq(kid, IMP_SPAN(key->kid)) ||
	       (key->own_kid.len > 0 && imp_span_eq(kid, key->own_kid));
}

/* A key that calls itself by the kid is the only one tried; without one, all that fit
 * are. */
static bool worth_trying(const struct imp_open *in, size_t i, struct imp_span kid)
{
	if (names(&in->key[i], kid))
		return true;
	for (size_t j = 0; j < in->keys; j++)
		if (names(&in->key[j], kid))
			return false;
	return true;
}

static int verify_one(struct imp_crypto *crypto, const struct imp_open *in,
		      const struct imp_sign *m, size_t i, struct imp_span payload,
		      struct imp_error *err)
{
	bool one = m->tag == IMP_TAG_SIGN1;
	const struct imp_signature *s = &m->signature[i];
	const struct imp_headers *ph = one ? &m->ph : &s->ph, *uh = one ? &m->uh : &s->uh;
	struct imp_span kid = ph->has & IMP_HAS_KID ? ph->kid : uh->kid;
	bool tried = false;
	struct imp_tbs tbs;
	int rc = check_alg("signature", ph, uh, IMP_USE_SIGN, err);

	if (rc)
		return rc;
	imp_sign_tbs(m, i, in->external_aad, payload, &tbs);
	for (size_t k = 0; k < in->keys; k++) {
		if (!imp_alg_signs(ph->alg, in->key[k].pub.crv) ||
		    !worth_trying(in, k, kid))
			continue;
		tried = true;
		if (imp_verify(crypto, (int32_t)ph->alg, &in->key[k].pub, tbs.part,
			       tbs.count, s->sig) == 0)
			return 0;
	}
	if (!tried)
		return imp_fail(err, IMP_EKEY, "signature %zu: no key given that fits %s",
				i + 1, imp_alg_row(ph->alg)->name);
	return imp_fail(err, IMP_EVERIFY,
			"signature %zu does not verify with the keys given", i + 1);
}

static int signers_differ(const struct imp_sign *m, struct imp_error *err)
{
	for (size_t i = 1; i < m->count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct imp_headers *a = &m->signature[i].ph;
			const struct imp_headers *b = &m->signature[j].ph;
			struct imp_span x =
				a->kid.len > 0 ? a->kid : m->signature[i].uh.kid;
			struct imp_span y =
				b->kid.len > 0 ? b->kid : m->signature[j].uh.kid;

			if (x.len > 0 && imp_span_eq(x, y))
				return imp_fail(
					err, IMP_EPOLICY,
					"signatures %zu and %zu are by the same signer",
					j + 1, i + 1);
		}
	return 0;
}

static int open_sign(struct imp_crypto *crypto, const struct imp_open *in,
		     struct imp_secret *out, struct imp_error *err)
{
	struct imp_span payload;
	struct imp_sign m;
	int rc = imp_sign_decode(in->message, IMP_CBOR_LENIENT, &m, err);

	if (!rc && ((m.ph.has | m.uh.has) & IMP_HAS_KEYS))
		rc = imp_fail(err, IMP_EPOLICY, "message: %s", key_material);
	if (!rc)
		rc = take_content(in, m.payload, m.detached, &payload, err);
	if (!rc)
		rc = signers_differ(&m, err);
	for (size_t i = 0; !rc && i < m.count; i++)
		rc = verify_one(crypto, in, &m, i, payload, err);
	return rc ? rc : imp_secret_set(out, payload, err);
}

/* The content key by one recipient and one key: 0, or a negative code (nothing is told
 * apart). */
static int try_recipient(struct imp_crypto *crypto, const struct imp_recipient *r,
			 const struct imp_pub *epk, const struct imp_open_key *key,
			 uint8_t cek[32])
{
	uint8_t z[32], kek[32];
	int rc = key->agree(key->ctx, epk, z);

	if (!rc)
		rc = imp_kek(crypto, z, r->protected, kek);
	if (!rc)
		rc = imp_unwrap(crypto, kek, r->wrapped, cek);
	imp_wipe(z, sizeof(z));
	imp_wipe(kek, sizeof(kek));
	return rc;
}

static int check_recipient(struct imp_crypto *crypto, const struct imp_recipient *r,
			   struct imp_pub *epk, struct imp_error *err)
{
	struct imp_cose_key key = { 0 };
	int rc = check_alg("recipient", &r->ph, &r->uh, IMP_USE_AGREE, err);

	if (!rc && ((r->ph.has | r->uh.has) & IMP_HAS_OTHER))
		rc = imp_fail(err, IMP_EPOLICY,
			      "recipient: headers other than alg, kid and epk");
	if (!rc && r->protected.len > IMP_RECIPIENT_MAX)
		rc = imp_fail(err, IMP_EPOLICY,
			      "recipient: a protected header of %zu bytes, expected at "
			      "most %d",
			      r->protected.len, IMP_RECIPIENT_MAX);
	if (!rc)
		rc = imp_cose_key_parse(r->uh.epk, &key, err);
	if (!rc && (key.pub.crv == 0 || imp_pub_check(crypto, &key.pub)))
		rc = imp_fail(err, IMP_EVERIFY,
			      "recipient: the ephemeral key is not a point of its curve");
	*epk = key.pub;
	return rc;
}

static int content_key(struct imp_crypto *crypto, const struct imp_open *in,
		       const struct imp_encrypt *m, uint8_t cek[32],
		       struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EKEY, "no key given that fits a recipient");

	for (size_t i = 0; i < m->count; i++) {
		const struct imp_recipient *r = &m->recipient[i];
		struct imp_span kid = r->ph.has & IMP_HAS_KID ? r->ph.kid : r->uh.kid;
		struct imp_pub epk = { 0 };
		int bad = check_recipient(crypto, r, &epk, m->count == 1 ? err : NULL);

		if (bad && m->count == 1)
			return bad;
		for (size_t k = 0; !bad && k < in->keys; k++) {
			if (!in->key[k].agree || in->key[k].pub.crv != epk.crv ||
			    !worth_trying(in, k, kid))
				continue;
			if (try_recipient(crypto, r, &epk, &in->key[k], cek) == 0)
				return 0;
			rc = imp_fail(err, IMP_EVERIFY,
				      "does not decrypt with the keys given");
		}
	}
	return rc;
}

static int symmetric_key(const struct imp_open *in, size_t *next, uint8_t cek[32])
{
	for (; *next < in->keys; (*next)++)
		if (in->key[*next].symmetric.len == 32) {
			for (size_t i = 0; i < 32; i++)
				cek[i] = in->key[*next].symmetric.ptr[i];
			(*next)++;
			return 0;
		}
	return -IMP_EKEY;
}

/* Decrypt a copy: the caller's bytes stay whole, the copy is wiped when the tag is wrong.
 */
static int decrypt(struct imp_crypto *crypto, const struct imp_open *in,
		   const struct imp_encrypt *m, struct imp_span ciphertext,
		   const uint8_t cek[32], struct imp_secret *out, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret aad = { 0 };
	struct imp_writer w;
	struct imp_span iv = m->ph.has & IMP_HAS_IV ? m->ph.iv : m->uh.iv;
	int rc = imp_secret_reserve(&aad, m->protected.len + in->external_aad.len + 64,
				    err);

	if (!rc)
		rc = imp_secret_set(out, ciphertext, err);
	if (rc)
		return rc;
	w = imp_writer(aad.ptr, aad.cap);
	imp_enc_structure(&w, m->tag == IMP_TAG_ENCRYPT0 ? "Encrypt0" : "Encrypt",
			  m->protected, in->external_aad);
	if (imp_aead_open(crypto, cek, iv.ptr, imp_written(&w), out->ptr, out->len)) {
		out->len = 0;
		return imp_fail(err, IMP_EVERIFY, "does not decrypt with the keys given");
	}
	out->len -= IMP_AEAD_TAG;
	return 0;
}

static int check_content(const struct imp_encrypt *m, struct imp_span ciphertext,
			 struct imp_error *err)
{
	struct imp_span iv = m->ph.has & IMP_HAS_IV ? m->ph.iv : m->uh.iv;
	int rc = check_alg("content", &m->ph, &m->uh, IMP_USE_CONTENT, err);

	if (rc)
		return rc;
	if ((m->ph.has | m->uh.has) & IMP_HAS_PARTIAL_IV)
		return imp_fail(err, IMP_EPOLICY, "content: a partial IV");
	if (iv.len != IMP_AEAD_IV)
		return imp_fail(err, IMP_EPOLICY, "content: IV of %zu bytes, expected 12",
				iv.len);
	if (ciphertext.len < IMP_AEAD_TAG)
		return imp_fail(err, IMP_EVERIFY,
				"content: %zu bytes are shorter than a tag",
				ciphertext.len);
	return 0;
}

static int open_encrypt(struct imp_crypto *crypto, const struct imp_open *in,
			struct imp_secret *out, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret plain = { 0 };
	struct imp_span ciphertext;
	struct imp_encrypt m;
	uint8_t cek[32];
	size_t next = 0;
	int rc = imp_encrypt_decode(in->message, IMP_CBOR_LENIENT, &m, err);

	if (!rc)
		rc = take_content(in, m.ciphertext, m.detached, &ciphertext, err);
	if (!rc)
		rc = check_content(&m, ciphertext, err);
	if (!rc && m.tag == IMP_TAG_ENCRYPT) {
		rc = content_key(crypto, in, &m, cek, err);
		if (!rc)
			rc = decrypt(crypto, in, &m, ciphertext, cek, &plain, err);
	} else if (!rc) {
		rc = imp_fail(err, IMP_EKEY, "no symmetric key of 32 bytes was given");
		while (rc && symmetric_key(in, &next, cek) == 0)
			rc = decrypt(crypto, in, &m, ciphertext, cek, &plain, err);
	}
	imp_wipe(cek, sizeof(cek));
	if (rc)
		return rc;
	imp_secret_fini(out);
	*out = plain;
	plain = (struct imp_secret){ 0 };
	return 0;
}

int imp_cose_open(struct imp_crypto *crypto, const struct imp_open *in,
		  struct imp_secret *out, struct imp_error *err)
{
	uint64_t tag = imp_cose_tag(in->message);

	if (tag == IMP_TAG_SIGN1 || tag == IMP_TAG_SIGN)
		return open_sign(crypto, in, out, err);
	if (tag == IMP_TAG_ENCRYPT0 || tag == IMP_TAG_ENCRYPT)
		return open_encrypt(crypto, in, out, err);
	return imp_fail(err, IMP_EFORMAT,
			"not a COSE message: expected tag 16, 18, 96 or 98 (RFC 9052 2)");
}
