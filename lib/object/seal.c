/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing packages and credentials. */
#include "object/seal.h"
#include "base/wipe.h"
#include "cose/key.h"
#include "object/package_claims.h"

enum { HEADER_MAX = 320, CLAIMS_MAX = 256, RECIPIENT_MAX = 64 };

static void put_claims(struct imp_writer *w, const struct imp_package_claims *c)
{
	imp_cbor_put_map(w, 5);
	imp_cbor_put_int(w, IMP_PACKAGE_UEID);
	imp_cbor_put_bytes(w, c->ueid);
	imp_cbor_put_int(w, IMP_PACKAGE_ID);
	imp_cbor_put_bytes(w, c->profile_id);
	imp_cbor_put_int(w, IMP_PACKAGE_ISSUER);
	imp_cbor_put_bytes(w, c->issuer);
	imp_cbor_put_int(w, IMP_PACKAGE_DOMAIN);
	imp_cbor_put_uint(w, c->domain);
	imp_cbor_put_int(w, IMP_PACKAGE_EPOCHS);
	imp_cbor_put_array(w, 3);
	imp_cbor_put_uint(w, c->epochs[0]);
	imp_cbor_put_uint(w, c->epochs[1]);
	imp_cbor_put_uint(w, c->sequence);
}

static void put_header(struct imp_writer *w, enum imp_kind kind, struct imp_span claims)
{
	imp_cbor_put_map(w, 2u + (claims.len > 0));
	imp_cbor_put_int(w, IMP_HDR_ALG);
	imp_cbor_put_int(w, IMP_ALG_A256GCM);
	if (claims.len > 0) {
		imp_cbor_put_int(w, IMP_HDR_CLAIMS);
		imp_put(w, claims);
	}
	imp_cbor_put_int(w, IMP_HDR_TYP);
	imp_cbor_put_text(w, imp_kind_typ(kind));
}

static int put_recipient_header(struct imp_crypto *crypto, const struct imp_pub *peer,
				struct imp_writer *w)
{
	uint8_t kid[32];
	int rc = imp_cose_kid(crypto, peer, kid);

	imp_cbor_put_map(w, 2);
	imp_cbor_put_int(w, IMP_HDR_ALG);
	imp_cbor_put_int(w, IMP_ALG_ECDH_ES_A256KW);
	imp_cbor_put_int(w, IMP_HDR_KID);
	imp_cbor_put_bytes(w, IMP_SPAN(kid));
	return rc;
}

/* Ciphertext and tag go straight to where they stay. */
static int put_ciphertext(struct imp_crypto *crypto, const uint8_t cek[32],
			  const uint8_t iv[12], struct imp_span header,
			  struct imp_span content, struct imp_writer *w)
{
	static const uint8_t tag[IMP_AEAD_TAG];
	uint8_t aad_buf[HEADER_MAX + 16];
	struct imp_writer aad = imp_writer(aad_buf, sizeof(aad_buf));
	size_t at;

	imp_enc_structure(&aad, "Encrypt", header, (struct imp_span){ 0 });
	imp_cbor_put_head(w, IMP_CBOR_BYTES, content.len + IMP_AEAD_TAG);
	at = w->len;
	imp_put(w, content);
	imp_put(w, IMP_SPAN(tag));
	if (!w->ok || !aad.ok)
		return -IMP_ERESOURCE;
	return imp_aead_seal(crypto, cek, iv, imp_written(&aad), w->ptr + at,
			     content.len);
}

struct keys {
	uint8_t cek[32], iv[IMP_AEAD_IV], z[32], kek[32], wrapped[IMP_WRAPPED_LEN];
	struct imp_pub epk;
};

static int make_keys(struct imp_crypto *crypto, const struct imp_pub *peer,
		     struct imp_span recipient_header, struct keys *k)
{
	int rc = imp_random(crypto, k->cek, sizeof(k->cek));

	if (!rc)
		rc = imp_random(crypto, k->iv, sizeof(k->iv));
	if (!rc)
		rc = imp_agree_ephemeral(crypto, peer, &k->epk, k->z);
	if (!rc)
		rc = imp_kek(crypto, k->z, recipient_header, k->kek);
	return rc ? rc : imp_wrap_key(crypto, k->kek, k->cek, k->wrapped);
}

static int put_sealed(struct imp_crypto *crypto, const struct keys *k,
		      struct imp_span header, struct imp_span recipient,
		      struct imp_span content, struct imp_writer *w)
{
	int rc;

	imp_cbor_put_tag(w, IMP_TAG_ENCRYPT);
	imp_cbor_put_array(w, 4);
	imp_cbor_put_bytes(w, header);
	imp_cbor_put_map(w, 1);
	imp_cbor_put_int(w, IMP_HDR_IV);
	imp_cbor_put_bytes(w, IMP_SPAN(k->iv));
	rc = put_ciphertext(crypto, k->cek, k->iv, header, content, w);
	imp_cbor_put_array(w, 1);
	imp_cbor_put_array(w, 3);
	imp_cbor_put_bytes(w, recipient);
	imp_cbor_put_map(w, 1);
	imp_cbor_put_int(w, IMP_HDR_EPK);
	imp_cose_key_put(w, &k->epk);
	imp_cbor_put_bytes(w, IMP_SPAN(k->wrapped));
	return rc ? rc : w->ok ? 0 : -IMP_ERESOURCE;
}

int imp_seal(struct imp_crypto *crypto, const struct imp_pub *peer, enum imp_kind kind,
	     struct imp_span claims, struct imp_span content, struct imp_writer *w)
{
	uint8_t header_buf[HEADER_MAX], recipient_buf[RECIPIENT_MAX];
	struct imp_writer header = imp_writer(header_buf, sizeof(header_buf));
	struct imp_writer recipient = imp_writer(recipient_buf, sizeof(recipient_buf));
	struct keys k;
	int rc = put_recipient_header(crypto, peer, &recipient);

	put_header(&header, kind, claims);
	if (!rc && (!header.ok || !recipient.ok))
		rc = -IMP_EINTERNAL;
	if (!rc)
		rc = make_keys(crypto, peer, imp_written(&recipient), &k);
	if (!rc)
		rc = put_sealed(crypto, &k, imp_written(&header), imp_written(&recipient),
				content, w);
	imp_wipe(&k, sizeof(k));
	return rc;
}

int imp_package_seal(struct imp_crypto *crypto, const struct imp_pub *peer,
		     const struct imp_package_claims *claims, struct imp_span content,
		     struct imp_writer *w)
{
	uint8_t buf[CLAIMS_MAX];
	struct imp_writer c = imp_writer(buf, sizeof(buf));

	put_claims(&c, claims);
	return c.ok ? imp_seal(crypto, peer, IMP_KIND_PACKAGE, imp_written(&c), content,
			       w)
		    : -IMP_EINTERNAL;
}
