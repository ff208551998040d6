/* SPDX-License-Identifier: Apache-2.0 */
/* Package: decode and decrypt. */
#include "object/package.h"
#include "base/wipe.h"
#include "cose/key.h"
#include "object/fields.h"
#include "object/kind.h"
#include "object/package_claims.h"

enum { DOMAIN_MAX = 15, AAD_MAX = 512 };

static void take_claims(struct imp_cbor *c, struct imp_package_claims *out)
{
	struct imp_fields f = imp_fields(c, false);

	imp_field_need(&f, IMP_PACKAGE_UEID);
	out->ueid = imp_cbor_bytes_len(c, IMP_UEID_MIN, IMP_UEID_MAX);
	imp_field_need(&f, IMP_PACKAGE_ID);
	out->profile_id = imp_cbor_bytes_len(c, 32, 32);
	imp_field_need(&f, IMP_PACKAGE_ISSUER);
	out->issuer = imp_cbor_bytes_len(c, IMP_KID_LEN, IMP_KID_LEN);
	imp_field_need(&f, IMP_PACKAGE_DOMAIN);
	out->domain = (uint32_t)imp_cbor_uint_max(c, DOMAIN_MAX);
	imp_field_need(&f, IMP_PACKAGE_EPOCHS);
	imp_cbor_expect_array(c, 3);
	out->epochs[0] = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	out->epochs[1] = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	out->sequence = imp_cbor_uint_max(c, INT64_MAX);
	imp_fields_end(&f);
	if (imp_cbor_ok(c) && out->sequence == 0)
		imp_cbor_fail(c, "sequence is 0, expected 1 or more");
}

static int decode_claims(struct imp_span in, struct imp_package_claims *out,
			 struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_cbor c;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "package claims", err);
	take_claims(&c, out);
	return imp_cbor_finish(&c, "package claims", err);
}

static int decode_epk(struct imp_span in, struct imp_pub *out, struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_cbor c;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "package epk", err);
	imp_cose_key_take(&c, out);
	if (imp_cbor_ok(&c) && out->crv == IMP_CRV_ED25519)
		imp_cbor_fail(&c, "an ephemeral key that only signs");
	return imp_cbor_finish(&c, "package epk", err);
}

static const char *check(const struct imp_encrypt *m)
{
	const struct imp_recipient *r = &m->recipient[0];

	if (m->tag != IMP_TAG_ENCRYPT || m->count != 1)
		return "not encrypted to exactly one recipient";
	if (m->ph.has != (IMP_HAS_ALG | IMP_HAS_CLAIMS | IMP_HAS_TYP) ||
	    m->ph.alg != IMP_ALG_A256GCM)
		return "protected header is not exactly {alg A256GCM, claims, typ}";
	if (m->uh.has != IMP_HAS_IV || m->uh.iv.len != IMP_AEAD_IV)
		return "unprotected header is not exactly {IV of 12 bytes}";
	if (m->detached || m->ciphertext.len < IMP_AEAD_TAG)
		return "no ciphertext";
	if (r->ph.has != (IMP_HAS_ALG | IMP_HAS_KID) ||
	    r->ph.alg != IMP_ALG_ECDH_ES_A256KW || r->ph.kid.len != IMP_KID_LEN)
		return "recipient is not exactly {alg ECDH-ES+A256KW, kid of 32 bytes}";
	if (r->uh.has != IMP_HAS_EPK || r->wrapped.len != IMP_WRAPPED_LEN)
		return "recipient has not exactly {ephemeral key} and 40 wrapped bytes";
	return NULL;
}

int imp_package_decode(struct imp_span in, struct imp_package *out, struct imp_error *err)
{
	struct imp_package p = { 0 };
	struct imp_encrypt m;
	const char *bad;
	int rc = imp_encrypt_decode(in, IMP_CBOR_STRICT, &m, err);

	if (rc)
		return imp_wrap(err, rc, "package");
	bad = check(&m);
	if (bad)
		return imp_fail(err, IMP_EFORMAT, "package: %s (imprint-formats(7))",
				bad);
	rc = decode_claims(m.ph.claims, &p.claims, err);
	if (!rc)
		rc = decode_epk(m.recipient[0].uh.epk, &p.epk, err);
	if (!rc && imp_kind_of(m.ph.typ) != IMP_KIND_PACKAGE)
		rc = imp_fail(err, IMP_EPOLICY,
			      "package: typ is not that of a package "
			      "(imprint-formats(7))");
	if (rc)
		return rc;
	p.protected = m.protected;
	p.iv = m.uh.iv;
	p.ciphertext = m.ciphertext;
	p.recipient_protected = m.recipient[0].protected;
	p.sealing = m.recipient[0].ph.kid;
	p.wrapped = m.recipient[0].wrapped;
	*out = p;
	return 0;
}

/* The content key, or an error; the buffers are the caller's to wipe. */
static int unwrap(struct imp_crypto *crypto, const struct imp_opener *opener,
		  const struct imp_package *p, uint8_t z[32], uint8_t kek[32],
		  uint8_t cek[32])
{
	int rc = imp_pub_check(crypto, &p->epk);

	if (!rc)
		rc = opener->agree(opener->ctx, &p->epk, z);
	if (!rc)
		rc = imp_kek(crypto, z, p->recipient_protected, kek);
	return rc ? rc : imp_unwrap(crypto, kek, p->wrapped, cek);
}

int imp_package_unseal(struct imp_crypto *crypto, const struct imp_opener *opener,
		       const struct imp_package *p, uint8_t *ciphertext,
		       struct imp_span *content)
{
	uint8_t z[32], kek[32], cek[32], aad[AAD_MAX];
	struct imp_writer w = imp_writer(aad, sizeof(aad));
	int rc = unwrap(crypto, opener, p, z, kek, cek);

	imp_enc_structure(&w, "Encrypt", p->protected, (struct imp_span){ 0 });
	if (!rc && !w.ok)
		rc = -IMP_EVERIFY;
	if (!rc)
		rc = imp_aead_open(crypto, cek, p->iv.ptr, imp_written(&w), ciphertext,
				   p->ciphertext.len);
	imp_wipe(z, sizeof(z));
	imp_wipe(kek, sizeof(kek));
	imp_wipe(cek, sizeof(cek));
	if (rc)
		return -IMP_EVERIFY;
	*content = (struct imp_span){ ciphertext, p->ciphertext.len - IMP_AEAD_TAG };
	return 0;
}
