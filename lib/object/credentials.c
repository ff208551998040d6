/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials: decode, encode, seal and open. */
#include "object/credentials.h"
#include "cose/key.h"
#include "object/fields.h"
#include "object/profile.h"
#include "object/signed.h"

/* Keys of the payload map. */
enum {
	VERSION = 1,
	DOMAIN = 2,
	SEQUENCE = 3,
	PROFILE = 8,
	SECRETS = 12,
	ENDPOINT = 13,
	UEID = 256,
};

static struct imp_span take_endpoint(struct imp_cbor *c)
{
	struct imp_span s = imp_cbor_text(c);

	if (imp_cbor_ok(c) && (s.len < 1 || s.len > IMP_ENDPOINT_MAX))
		imp_cbor_fail(c, "endpoint is not 1..255 bytes");
	return s;
}

static int check_secrets(struct imp_span secrets, struct imp_error *err)
{
	struct imp_cbor c = { .in = secrets };
	int rc = imp_settings_check(secrets, err);

	if (!rc && imp_cbor_map(&c) == 0)
		rc = imp_fail(err, IMP_EFORMAT, "no secret in them (imprint-formats(7))");
	return rc;
}

int imp_credentials_decode(struct imp_span in, struct imp_credentials *out,
			   struct imp_error *err)
{
	struct imp_credentials k = { 0 };
	struct imp_cbor_fault fault;
	struct imp_fields f;
	struct imp_cbor c;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "credentials", err);
	f = imp_fields(&c, false);
	imp_field_need(&f, VERSION);
	imp_cbor_expect_int(&c, 1);
	imp_field_need(&f, DOMAIN);
	k.domain = (uint32_t)imp_cbor_uint_max(&c, IMP_DOMAINS - 1);
	imp_field_need(&f, SEQUENCE);
	k.sequence = imp_cbor_uint_max(&c, INT64_MAX);
	imp_field_need(&f, PROFILE);
	k.profile = imp_cbor_bytes_len(&c, IMP_SHA256_LEN, IMP_SHA256_LEN);
	imp_field_need(&f, SECRETS);
	k.secrets = imp_cbor_item(&c);
	if (imp_field(&f, ENDPOINT))
		k.endpoint = take_endpoint(&c);
	imp_field_need(&f, UEID);
	k.ueid = imp_cbor_bytes_len(&c, IMP_UEID_MIN, IMP_UEID_MAX);
	imp_fields_end(&f);
	if (imp_cbor_ok(&c) && k.sequence == 0)
		imp_cbor_fail(&c, "sequence is 0, expected 1 or more");
	rc = imp_cbor_finish(&c, "credentials", err);
	if (!rc)
		rc = imp_wrap(err, check_secrets(k.secrets, err), "credentials");
	if (!rc)
		*out = k;
	return rc;
}

void imp_credentials_encode(const struct imp_credentials *c, struct imp_writer *w)
{
	imp_cbor_put_map(w, 6u + (c->endpoint.len > 0));
	imp_cbor_put_int(w, VERSION);
	imp_cbor_put_int(w, 1);
	imp_cbor_put_int(w, DOMAIN);
	imp_cbor_put_uint(w, c->domain);
	imp_cbor_put_int(w, SEQUENCE);
	imp_cbor_put_uint(w, c->sequence);
	imp_cbor_put_int(w, PROFILE);
	imp_cbor_put_bytes(w, c->profile);
	imp_cbor_put_int(w, SECRETS);
	imp_put(w, c->secrets);
	if (c->endpoint.len > 0) {
		imp_cbor_put_int(w, ENDPOINT);
		imp_cbor_put_text(w, c->endpoint);
	}
	imp_cbor_put_int(w, UEID);
	imp_cbor_put_bytes(w, c->ueid);
}

int imp_credentials_seal(struct imp_crypto *crypto, const struct imp_signer *signer,
			 const struct imp_pub *to, struct imp_span credentials,
			 struct imp_writer *w)
{
	CLEANUP(imp_secret_fini) struct imp_secret object = { 0 };
	const struct imp_span none = { 0 };
	struct imp_writer o;
	int rc = imp_secret_reserve(&object, IMP_CBOR_MAX, NULL);

	if (rc)
		return rc;
	o = imp_writer(object.ptr, object.cap);
	rc = imp_signed_put_one(crypto, signer, IMP_KIND_CREDENTIALS, none, credentials,
				&o, NULL);
	return rc ? rc
		  : imp_seal(crypto, to, IMP_KIND_CREDENTIALS, none, imp_written(&o), w);
}

static int decrypt(const struct imp_credentials_reader *r, struct imp_span item,
		   struct imp_secret *scratch, struct imp_span *content,
		   struct imp_error *err)
{
	struct imp_sealed s;
	int rc = imp_sealed_decode(item, "credentials", false, &s, err);

	if (!rc && s.kind != IMP_KIND_CREDENTIALS)
		rc = imp_fail(err, IMP_EPOLICY, "is a %s, expected credentials",
			      imp_kind_name(s.kind));
	if (!rc && !imp_span_eq(s.sealing, IMP_SPAN(r->sealing_kid)))
		rc = imp_fail(err, IMP_EVERIFY,
			      "are encrypted to another key than the one given");
	if (!rc)
		rc = imp_secret_set(scratch, s.ciphertext, err);
	if (!rc && imp_unseal(r->crypto, &r->opener, &s, scratch->ptr, content))
		rc = imp_fail(err, IMP_EVERIFY, "do not decrypt with the key given");
	return rc;
}

static int verify(const struct imp_credentials_reader *r, const struct imp_signed *s,
		  struct imp_error *err)
{
	if (s->kind != IMP_KIND_CREDENTIALS || s->cose.tag != IMP_TAG_SIGN1 ||
	    s->cose.uh.has != 0)
		return imp_fail(err, IMP_EFORMAT,
				"what is inside are no signed credentials "
				"(imprint-formats(7))");
	if (!imp_span_eq(s->issuer, IMP_SPAN(r->signer_kid)))
		return imp_fail(err, IMP_EVERIFY,
				"are signed by another key than the one expected");
	if (imp_signed_verify(r->crypto, s, 0, &r->signer))
		return imp_fail(err, IMP_EVERIFY, "the signature does not verify");
	return 0;
}

int imp_credentials_open(const struct imp_credentials_reader *r, struct imp_span item,
			 struct imp_secret *scratch, struct imp_credentials *out,
			 struct imp_error *err)
{
	struct imp_span content = { 0 };
	struct imp_signed s;
	int rc = decrypt(r, item, scratch, &content, err);

	if (!rc)
		rc = imp_signed_decode(content, &s, err);
	if (!rc)
		rc = verify(r, &s, err);
	return rc ? rc : imp_credentials_decode(s.cose.payload, out, err);
}
