/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed: decode and decrypt. */
#include "object/sealed.h"
#include "base/wipe.h"
#include "cose/key.h"

enum { AAD_MAX = 512 };

static int decode_epk(struct imp_span in, const char *what, struct imp_pub *out,
		      struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_cbor c;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_wrap(err, imp_cbor_refuse(&fault, "epk", err), "%s", what);
	imp_cose_key_take(&c, out);
	if (imp_cbor_ok(&c) && out->crv == IMP_CRV_ED25519)
		imp_cbor_fail(&c, "an ephemeral key that only signs");
	return imp_wrap(err, imp_cbor_finish(&c, "epk", err), "%s", what);
}

static const char *check_header(const struct imp_encrypt *m, bool claims)
{
	uint32_t want = IMP_HAS_ALG | IMP_HAS_TYP | (claims ? IMP_HAS_CLAIMS : 0);

	if (m->ph.has == want && m->ph.alg == IMP_ALG_A256GCM)
		return NULL;
	return claims ? "protected header is not exactly {alg A256GCM, claims, typ}"
		      : "protected header is not exactly {alg A256GCM, typ}";
}

static const char *check(const struct imp_encrypt *m, bool claims)
{
	const struct imp_recipient *r = &m->recipient[0];
	const char *bad = check_header(m, claims);

	if (m->tag != IMP_TAG_ENCRYPT || m->count != 1)
		return "not encrypted to exactly one recipient";
	if (bad)
		return bad;
	if (m->uh.has != IMP_HAS_IV || m->uh.iv.len != IMP_AEAD_IV)
		return "unprotected header is not exactly {IV of 12 bytes}";
	if (m->detached || m->ciphertext.len < IMP_AEAD_TAG)
		return "no ciphertext";
	if (r->ph.has != (IMP_HAS_ALG | IMP_HAS_KID) ||
	    r->ph.alg != IMP_ALG_ECDH_ES_A256KW || r->ph.kid.len != IMP_SHA256_LEN)
		return "recipient is not exactly {alg ECDH-ES+A256KW, kid of 32 bytes}";
	if (r->uh.has != IMP_HAS_EPK || r->wrapped.len != IMP_WRAPPED_LEN)
		return "recipient has not exactly {ephemeral key} and 40 wrapped bytes";
	return NULL;
}

int imp_sealed_decode(struct imp_span in, const char *what, bool claims,
		      struct imp_sealed *out, struct imp_error *err)
{
	struct imp_encrypt m;
	struct imp_pub epk;
	const char *bad;
	int rc = imp_encrypt_decode(in, IMP_CBOR_STRICT, &m, err);

	if (rc)
		return imp_wrap(err, rc, "%s", what);
	bad = check(&m, claims);
	if (bad)
		return imp_fail(err, IMP_EFORMAT, "%s: %s (imprint-formats(7))", what,
				bad);
	rc = decode_epk(m.recipient[0].uh.epk, what, &epk, err);
	if (rc)
		return rc;
	*out = (struct imp_sealed){ .kind = imp_kind_of(m.ph.typ),
				    .claims = m.ph.claims,
				    .protected = m.protected,
				    .iv = m.uh.iv,
				    .ciphertext = m.ciphertext,
				    .recipient_protected = m.recipient[0].protected,
				    .sealing = m.recipient[0].ph.kid,
				    .epk = epk,
				    .wrapped = m.recipient[0].wrapped };
	return 0;
}

/* The content key, or an error; the buffers are the caller's to wipe. */
static int unwrap(struct imp_crypto *crypto, const struct imp_opener *opener,
		  const struct imp_sealed *s, uint8_t z[32], uint8_t kek[32],
		  uint8_t cek[32])
{
	int rc = imp_pub_check(crypto, &s->epk);

	if (!rc)
		rc = opener->agree(opener->ctx, &s->epk, z);
	if (!rc)
		rc = imp_kek(crypto, z, s->recipient_protected, kek);
	return rc ? rc : imp_unwrap(crypto, kek, s->wrapped, cek);
}

int imp_unseal(struct imp_crypto *crypto, const struct imp_opener *opener,
	       const struct imp_sealed *s, uint8_t *ciphertext, struct imp_span *content)
{
	uint8_t z[32], kek[32], cek[32], aad[AAD_MAX];
	struct imp_writer w = imp_writer(aad, sizeof(aad));
	int rc = unwrap(crypto, opener, s, z, kek, cek);

	imp_enc_structure(&w, "Encrypt", s->protected, (struct imp_span){ 0 });
	if (!rc && !w.ok)
		rc = -IMP_EVERIFY;
	if (!rc)
		rc = imp_aead_open(crypto, cek, s->iv.ptr, imp_written(&w), ciphertext,
				   s->ciphertext.len);
	imp_wipe(z, sizeof(z));
	imp_wipe(kek, sizeof(kek));
	imp_wipe(cek, sizeof(cek));
	if (rc)
		return -IMP_EVERIFY;
	*content = (struct imp_span){ ciphertext, s->ciphertext.len - IMP_AEAD_TAG };
	return 0;
}
