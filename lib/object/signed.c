/* SPDX-License-Identifier: Apache-2.0 */
/* Signed objects: headers exactly as listed, ids, signing. */
#include <string.h>

#include "cose/key.h"
#include "object/signed.h"

enum { PROTECTED_MAX = 128 };

static const struct imp_span none;

static int refuse(struct imp_error *err, const char *why)
{
	return imp_fail(err, IMP_EFORMAT, "object: %s (imprint-formats(7))", why);
}

static const char *check_signature(const struct imp_signature *s)
{
	if (s->ph.has != (IMP_HAS_ALG | IMP_HAS_KID) || s->ph.kid.len != IMP_KID_LEN)
		return "a signature's protected header is not exactly {alg, kid of 32 bytes}";
	if (s->uh.has != 0)
		return "a signature's unprotected header is not empty";
	return NULL;
}

static const char *check_many(const struct imp_sign *m)
{
	for (size_t i = 0; i < m->count; i++) {
		const char *bad = check_signature(&m->signature[i]);

		if (bad)
			return bad;
		if (i > 0 &&
		    imp_span_cmp(m->signature[i - 1].ph.kid, m->signature[i].ph.kid) > 0)
			return "signatures are not in ascending order of kid";
	}
	return NULL;
}

static const char *check(const struct imp_sign *m)
{
	bool one = m->tag == IMP_TAG_SIGN1;
	uint32_t want = IMP_HAS_KID | IMP_HAS_TYP | (one ? IMP_HAS_ALG : 0);
	uint32_t leaf = m->uh.has & (IMP_HAS_LEAF | IMP_HAS_PROOF);

	if (m->ph.has != want)
		return "protected header is not exactly what its form has";
	if (m->ph.kid.len != IMP_KID_LEN)
		return "kid is not 32 bytes";
	if (m->uh.has & ~(uint32_t)(IMP_HAS_CHAIN | IMP_HAS_LEAF | IMP_HAS_PROOF))
		return "unprotected header that its form does not have";
	if (leaf != 0 && leaf != (IMP_HAS_LEAF | IMP_HAS_PROOF))
		return "a leaf without its proof, or a proof without a leaf";
	if (leaf != 0 && imp_kind_of(m->ph.typ) != IMP_KIND_BATCH)
		return "a leaf in what is no batch";
	if (m->detached)
		return "payload is not attached";
	for (size_t i = 0; i < m->count; i++)
		if (m->signature[i].sig.len != IMP_SIG_LEN)
			return "a signature is not 64 bytes";
	return one ? NULL : check_many(m);
}

static int take_leaf(struct imp_signed *out, struct imp_error *err)
{
	int rc = imp_batched_decode(&out->cose, &out->leaf, err);

	if (rc)
		return rc;
	out->kind = out->leaf.root.leaves;
	out->payload = out->leaf.payload;
	return 0;
}

int imp_signed_decode(struct imp_span in, struct imp_signed *out, struct imp_error *err)
{
	const char *bad;
	int rc = imp_sign_decode(in, IMP_CBOR_STRICT, &out->cose, err);

	if (rc)
		return rc;
	bad = check(&out->cose);
	if (bad)
		return refuse(err, bad);
	out->kind = imp_kind_of(out->cose.ph.typ);
	out->issuer = out->cose.ph.kid;
	out->payload = out->cose.payload;
	out->batched = out->cose.uh.has & IMP_HAS_LEAF;
	rc = out->batched ? take_leaf(out, err) : 0;
	if (rc)
		return rc;
	if ((out->cose.uh.has & IMP_HAS_CHAIN) && !imp_kind_chains(out->kind))
		return refuse(err, "header 13 in an object that has no chain");
	return 0;
}

struct imp_span imp_signed_kid(const struct imp_signed *s, size_t i)
{
	return s->cose.tag == IMP_TAG_SIGN1 ? s->cose.ph.kid
					    : s->cose.signature[i].ph.kid;
}

int64_t imp_signed_alg(const struct imp_signed *s, size_t i)
{
	return s->cose.tag == IMP_TAG_SIGN1 ? s->cose.ph.alg
					    : s->cose.signature[i].ph.alg;
}

int imp_signed_verify(struct imp_crypto *crypto, const struct imp_signed *s, size_t i,
		      const struct imp_pub *key)
{
	int64_t alg = imp_signed_alg(s, i);
	struct imp_tbs tbs;
	int rc = s->batched ? imp_batched_verify(crypto, &s->leaf) : 0;

	if (rc || !imp_alg_signs(alg, key->crv))
		return -IMP_EVERIFY;
	imp_sign_tbs(&s->cose, i, none, s->cose.payload, &tbs);
	return imp_verify(crypto, (int32_t)alg, key, tbs.part, tbs.count,
			  s->cose.signature[i].sig);
}

static int identity(struct imp_crypto *crypto, struct imp_span protected, bool one,
		    struct imp_span payload, uint8_t id[32])
{
	struct imp_tbs tbs;

	imp_tbs(&tbs, protected, one ? NULL : &none, none, payload);
	return imp_sha256(crypto, tbs.part, tbs.count, id);
}

int imp_signed_id(struct imp_crypto *crypto, const struct imp_signed *s, uint8_t id[32])
{
	if (s->batched)
		return imp_batched_id(crypto, &s->leaf, id);
	return identity(crypto, s->cose.protected, s->cose.tag == IMP_TAG_SIGN1,
			s->cose.payload, id);
}

static void put_alg_kid(struct imp_writer *w, size_t fields, int32_t alg,
			const uint8_t kid[32])
{
	imp_cbor_put_map(w, fields);
	imp_cbor_put_int(w, IMP_HDR_ALG);
	imp_cbor_put_int(w, alg);
	imp_cbor_put_int(w, IMP_HDR_KID);
	imp_cbor_put_bytes(w, (struct imp_span){ kid, IMP_KID_LEN });
}

static void put_alg_kid_typ(struct imp_writer *w, int32_t alg, const uint8_t kid[32],
			    enum imp_kind kind)
{
	put_alg_kid(w, 3, alg, kid);
	imp_cbor_put_int(w, IMP_HDR_TYP);
	imp_cbor_put_text(w, imp_kind_typ(kind));
}

static struct imp_span or_empty_map(struct imp_span un)
{
	return un.len > 0 ? un : IMP_TEXT("\xa0");
}

int imp_signed_put_one(struct imp_crypto *crypto, const struct imp_signer *signer,
		       enum imp_kind kind, struct imp_span un, struct imp_span payload,
		       struct imp_writer *w, uint8_t id[32])
{
	uint8_t buf[PROTECTED_MAX], kid[32];
	struct imp_writer p = imp_writer(buf, sizeof(buf));
	int rc = imp_cose_kid(crypto, &signer->pub, kid);

	if (rc)
		return rc;
	put_alg_kid_typ(&p, signer->alg, kid, kind);
	if (id)
		rc = identity(crypto, imp_written(&p), true, payload, id);
	return rc ? rc
		  : imp_sign1_put(w, signer, imp_written(&p), or_empty_map(un), payload);
}

struct entry {
	const struct imp_signer *signer;
	uint8_t kid[32];
};

/* Insertion by kid: at most eight. */
static int sort_in(struct entry *list, size_t n, const struct entry *e)
{
	size_t at = n;

	while (at > 0 && memcmp(list[at - 1].kid, e->kid, 32) > 0) {
		list[at] = list[at - 1];
		at--;
	}
	list[at] = *e;
	return at > 0 && memcmp(list[at - 1].kid, e->kid, 32) == 0 ? -IMP_EUSAGE : 0;
}

static int put_signature(struct imp_writer *w, const struct entry *e,
			 struct imp_span body, struct imp_span payload)
{
	uint8_t buf[PROTECTED_MAX], sig[IMP_SIG_LEN];
	struct imp_writer p = imp_writer(buf, sizeof(buf));
	struct imp_span protected;
	struct imp_tbs tbs;
	int rc;

	put_alg_kid(&p, 2, e->signer->alg, e->kid);
	protected = imp_written(&p);
	imp_tbs(&tbs, body, &protected, none, payload);
	rc = e->signer->sign(e->signer->ctx, tbs.part, tbs.count, sig);
	if (rc)
		return rc;
	imp_cbor_put_array(w, 3);
	imp_cbor_put_bytes(w, protected);
	imp_cbor_put_map(w, 0);
	imp_cbor_put_bytes(w, IMP_SPAN(sig));
	return 0;
}

int imp_signed_put_many(struct imp_crypto *crypto, const uint8_t issuer[32],
			const struct imp_signer *signer, size_t signers,
			enum imp_kind kind, struct imp_span un, struct imp_span payload,
			struct imp_writer *w)
{
	struct entry list[IMP_COSE_SIGNERS], e;
	uint8_t buf[PROTECTED_MAX];
	struct imp_writer body = imp_writer(buf, sizeof(buf));
	int rc = signers < 1 || signers > IMP_COSE_SIGNERS ? -IMP_EUSAGE : 0;

	for (size_t i = 0; !rc && i < signers; i++) {
		e.signer = &signer[i];
		rc = imp_cose_kid(crypto, &signer[i].pub, e.kid);
		if (!rc)
			rc = sort_in(list, i, &e);
	}
	if (rc)
		return rc;
	imp_batched_header_put(&body, issuer, kind);
	imp_cbor_put_tag(w, IMP_TAG_SIGN);
	imp_cbor_put_array(w, 4);
	imp_cbor_put_bytes(w, imp_written(&body));
	imp_put(w, or_empty_map(un));
	imp_cbor_put_bytes(w, payload);
	imp_cbor_put_array(w, signers);
	for (size_t i = 0; !rc && i < signers; i++)
		rc = put_signature(w, &list[i], imp_written(&body), payload);
	return rc ? rc : w->ok ? 0 : -IMP_ERESOURCE;
}

/* The unprotected header as it was: nothing else may stand in it. */
static void put_unprotected(struct imp_writer *w, const struct imp_headers *uh)
{
	bool leaf = uh->has & IMP_HAS_LEAF, chain = uh->has & IMP_HAS_CHAIN;

	imp_cbor_put_map(w, (size_t)chain + 2u * leaf);
	if (chain) {
		imp_cbor_put_int(w, IMP_HDR_CHAIN);
		imp_put(w, uh->chain);
	}
	if (!leaf)
		return;
	imp_cbor_put_int(w, IMP_HDR_LEAF);
	imp_cbor_put_bytes(w, uh->leaf);
	imp_cbor_put_int(w, IMP_HDR_PROOF);
	imp_cbor_put_bytes(w, uh->proof);
}

static void put_old(struct imp_writer *w, const struct imp_signature *s)
{
	imp_cbor_put_array(w, 3);
	imp_cbor_put_bytes(w, s->protected);
	imp_cbor_put_map(w, 0);
	imp_cbor_put_bytes(w, s->sig);
}

int imp_signed_put_more(struct imp_crypto *crypto, const struct imp_signed *s,
			const struct imp_signer *signer, struct imp_writer *w)
{
	const struct imp_sign *m = &s->cose;
	struct entry e = { .signer = signer };
	size_t at = 0;
	int rc = m->tag != IMP_TAG_SIGN || m->count == IMP_COSE_SIGNERS
			 ? -IMP_EUSAGE
			 : imp_cose_kid(crypto, &signer->pub, e.kid);

	while (!rc && at < m->count && memcmp(imp_signed_kid(s, at).ptr, e.kid, 32) < 0)
		at++;
	if (!rc && at < m->count && imp_span_eq(imp_signed_kid(s, at), IMP_SPAN(e.kid)))
		rc = -IMP_EUSAGE;
	if (rc)
		return rc;
	imp_cbor_put_tag(w, IMP_TAG_SIGN);
	imp_cbor_put_array(w, 4);
	imp_cbor_put_bytes(w, m->protected);
	put_unprotected(w, &m->uh);
	imp_cbor_put_bytes(w, m->payload);
	imp_cbor_put_array(w, m->count + 1);
	for (size_t i = 0; i < at; i++)
		put_old(w, &m->signature[i]);
	rc = put_signature(w, &e, m->protected, m->payload);
	for (size_t i = at; i < m->count; i++)
		put_old(w, &m->signature[i]);
	return rc ? rc : w->ok ? 0 : -IMP_ERESOURCE;
}

/* A batch leaf and a many name no algorithm in the header that is hashed. */
int imp_signed_would_be(struct imp_crypto *crypto, enum imp_kind kind,
			const uint8_t issuer[32], struct imp_span payload,
			const uint8_t id[32])
{
	static const struct {
		int32_t alg;
		bool one;
	} forms[] = { { IMP_ALG_ES256, true },
		      { IMP_ALG_EDDSA, true },
		      { IMP_ALG_ESP256, true },
		      { IMP_ALG_ED25519, true },
		      { 0, false } };

	for (size_t i = 0; i < COUNTOF(forms); i++) {
		uint8_t buf[PROTECTED_MAX], found[32];
		struct imp_writer p = imp_writer(buf, sizeof(buf));

		if (forms[i].one)
			put_alg_kid_typ(&p, forms[i].alg, issuer, kind);
		else
			imp_batched_header_put(&p, issuer, kind);
		if (identity(crypto, imp_written(&p), forms[i].one, payload, found))
			return -IMP_EINTERNAL;
		if (imp_span_eq(IMP_SPAN(found), (struct imp_span){ id, 32 }))
			return 1;
	}
	return 0;
}
