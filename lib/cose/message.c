/* SPDX-License-Identifier: Apache-2.0 */
/* Taking COSE messages apart. */
#include "cose/headers.h"

uint64_t imp_cose_tag(struct imp_span in)
{
	if (in.len >= 1 && in.ptr[0] >> 5 == IMP_CBOR_TAG && (in.ptr[0] & 31) < 24)
		return in.ptr[0] & 31;
	if (in.len >= 2 && in.ptr[0] == 0xd8)
		return in.ptr[1];
	return 0;
}

/* A payload or ciphertext: bytes, or nil where it travels elsewhere. */
static struct imp_span take_content(struct imp_cbor *c, bool *detached)
{
	*detached = imp_cbor_peek(c) == IMP_T_NULL;
	if (!*detached)
		return imp_cbor_bytes(c);
	imp_cbor_null(c);
	return (struct imp_span){ 0 };
}

static void take_signature(struct imp_cbor *c, enum imp_cbor_rules rules,
			   struct imp_signature *out)
{
	imp_cbor_expect_array(c, 3);
	take_buckets(c, rules, &out->protected, &out->ph, &out->uh);
	out->sig = imp_cbor_bytes(c);
}

static size_t take_list(struct imp_cbor *c, size_t max)
{
	size_t n = imp_cbor_array(c);

	if (imp_cbor_ok(c) && (n < 1 || n > max))
		imp_cbor_fail(c, "expected 1 to 8 signatures or recipients");
	return imp_cbor_ok(c) ? n : 0;
}

int imp_sign_decode(struct imp_span in, enum imp_cbor_rules rules, struct imp_sign *out,
		    struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_cbor c;

	if (imp_cbor_open(&c, in, rules, &fault))
		return imp_cbor_refuse(&fault, "COSE", err);
	out->tag = imp_cbor_tag(&c);
	if (imp_cbor_ok(&c) && out->tag != IMP_TAG_SIGN1 && out->tag != IMP_TAG_SIGN)
		return imp_fail(err, IMP_EFORMAT, "COSE: tag %llu, expected 18 or 98",
				(unsigned long long)out->tag);
	imp_cbor_expect_array(&c, 4);
	take_buckets(&c, rules, &out->protected, &out->ph, &out->uh);
	out->payload = take_content(&c, &out->detached);
	if (out->tag == IMP_TAG_SIGN1) {
		out->count = 1;
		out->signature[0] = (struct imp_signature){ .sig = imp_cbor_bytes(&c) };
	} else {
		out->count = take_list(&c, IMP_COSE_SIGNERS);
		for (size_t i = 0; i < out->count; i++)
			take_signature(&c, rules, &out->signature[i]);
	}
	return imp_cbor_finish(&c, "COSE", err);
}

static void take_recipient(struct imp_cbor *c, enum imp_cbor_rules rules,
			   struct imp_recipient *out)
{
	imp_cbor_expect_array(c, 3); /* a fourth would be nested recipients */
	take_buckets(c, rules, &out->protected, &out->ph, &out->uh);
	out->wrapped = imp_cbor_bytes(c);
}

int imp_encrypt_decode(struct imp_span in, enum imp_cbor_rules rules,
		       struct imp_encrypt *out, struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_cbor c;

	if (imp_cbor_open(&c, in, rules, &fault))
		return imp_cbor_refuse(&fault, "COSE", err);
	out->tag = imp_cbor_tag(&c);
	if (imp_cbor_ok(&c) && out->tag != IMP_TAG_ENCRYPT0 &&
	    out->tag != IMP_TAG_ENCRYPT)
		return imp_fail(err, IMP_EFORMAT, "COSE: tag %llu, expected 16 or 96",
				(unsigned long long)out->tag);
	imp_cbor_expect_array(&c, out->tag == IMP_TAG_ENCRYPT0 ? 3 : 4);
	take_buckets(&c, rules, &out->protected, &out->ph, &out->uh);
	out->ciphertext = take_content(&c, &out->detached);
	out->count = 0;
	if (out->tag == IMP_TAG_ENCRYPT) {
		out->count = take_list(&c, IMP_COSE_RECIPIENTS);
		for (size_t i = 0; i < out->count; i++)
			take_recipient(&c, rules, &out->recipient[i]);
	}
	return imp_cbor_finish(&c, "COSE", err);
}
