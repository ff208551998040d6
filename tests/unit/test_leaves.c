/* SPDX-License-Identifier: Apache-2.0 */
/* Objects signed together: each leaf verifies, and nothing else does; a batch counted
 * over. */
#include <criterion/criterion.h>
#include <string.h>

#include "cose/key.h"
#include "issue/leaves.h"
#include "issue/once.h"

enum { MANY = 70, CAP = 4096 };

static struct imp_crypto *crypto;
static struct imp_signer signer;
static uint8_t d[32];

static int sign(void *ctx, const struct imp_span *part, size_t count,
		uint8_t sig[IMP_SIG_LEN])
{
	(void)ctx;
	return imp_soft_sign(crypto, IMP_ALG_ES256, d, part, count, sig);
}

static void setup(void)
{
	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	cr_assert_eq(imp_soft_make(crypto, IMP_CRV_P256, d, &signer.pub), 0);
	signer.alg = IMP_ALG_ES256;
	signer.sign = sign;
}

static void teardown(void)
{
	imp_crypto_free(&crypto);
}

TestSuite(leaves, .init = setup, .fini = teardown);

/* Payloads are opaque here: their number. */
static struct imp_span payload(uint32_t i, uint8_t buf[8])
{
	memset(buf, 0x61, 8);
	memcpy(buf, &i, sizeof(i));
	return (struct imp_span){ buf, 8 };
}

static void gather(struct imp_leaves *l, uint32_t count, struct imp_span label)
{
	uint8_t buf[8];

	cr_assert_eq(imp_leaves_begin(l, crypto, IMP_KIND_PROFILE, &signer.pub, NULL), 0);
	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(imp_leaves_add(l, crypto, payload(i, buf), NULL), 0);
	cr_assert_eq(imp_leaves_count(l), count);
	cr_assert_eq(
		imp_leaves_sign(l, crypto, &signer, (struct imp_span){ 0 }, label, NULL),
		0);
}

static void take(const struct imp_leaves *l, uint32_t i, uint8_t out[CAP],
		 struct imp_signed *s)
{
	struct imp_writer w = imp_writer(out, CAP);
	uint8_t buf[8], id[32], again[32];

	cr_assert_eq(imp_leaves_put(l, crypto, i, payload(i, buf), &w, id, NULL), 0);
	cr_assert_eq(imp_signed_decode(imp_written(&w), s, NULL), 0);
	cr_assert_eq(imp_signed_id(crypto, s, again), 0);
	cr_assert_arr_eq(id, again, 32);
}

Test(leaves, each_leaf_of_each_size_verifies_by_one_signature)
{
	uint8_t first[CAP], out[CAP], buf[8];
	struct imp_signed one, s;

	for (uint32_t n = 1; n <= MANY; n++) {
		CLEANUP(imp_leaves_fini) struct imp_leaves l = { 0 };

		gather(&l, n, n % 2 ? IMP_TEXT("line 4") : (struct imp_span){ 0 });
		take(&l, 0, first, &one);
		for (uint32_t i = 0; i < n; i++) {
			take(&l, i, out, &s);
			cr_assert(s.batched);
			cr_assert_eq(s.kind, IMP_KIND_PROFILE);
			cr_assert(imp_span_eq(s.payload, payload(i, buf)));
			cr_assert_eq(s.leaf.root.label.len, n % 2 ? 6 : 0);
			cr_assert(imp_span_eq(s.cose.signature[0].sig,
					      one.cose.signature[0].sig));
			cr_assert_eq(imp_signed_verify(crypto, &s, 0, &signer.pub), 0);
		}
	}
}

/* Everything a leaf has, of another leaf: its proof, its payload. */
Test(leaves, leaf_with_the_proof_of_another_does_not_verify)
{
	CLEANUP(imp_leaves_fini) struct imp_leaves l = { 0 };
	uint8_t a[CAP], b[CAP];
	struct imp_signed x, y;

	gather(&l, 16, (struct imp_span){ 0 });
	for (uint32_t i = 0; i < 16; i++)
		for (uint32_t k = 0; k < 16; k++) {
			take(&l, i, a, &x);
			take(&l, k, b, &y);
			x.leaf.path = y.leaf.path;
			x.leaf.index = y.leaf.index;
			cr_assert_eq(imp_signed_verify(crypto, &x, 0, &signer.pub),
				     i == k ? 0 : -IMP_EVERIFY);
		}
}

Test(leaves, payload_that_was_not_added_there_is_refused)
{
	CLEANUP(imp_leaves_fini) struct imp_leaves l = { 0 };
	struct imp_error err = { 0 };
	uint8_t out[CAP], buf[8];
	struct imp_writer w = imp_writer(out, sizeof(out));

	gather(&l, 5, (struct imp_span){ 0 });
	cr_assert_eq(imp_leaves_put(&l, crypto, 2, payload(3, buf), &w, NULL, &err),
		     -IMP_EFORMAT);
	cr_assert_str_eq(err.msg, "is another than when its batch was signed");
	cr_assert_eq(imp_leaves_put(&l, crypto, 5, payload(5, buf), &w, NULL, &err),
		     -IMP_EFORMAT);
	cr_assert_eq(w.len, 0);
	w = imp_writer(out, 100);
	cr_assert_eq(imp_leaves_put(&l, crypto, 2, payload(2, buf), &w, NULL, &err),
		     -IMP_ERESOURCE);
}

Test(leaves, nothing_is_signed_of_no_leaf_or_under_a_label_that_is_none)
{
	static const char *const labels[] = { "a\nb", "\xff" };
	CLEANUP(imp_leaves_fini) struct imp_leaves l = { 0 };
	struct imp_error err = { 0 };
	uint8_t buf[8];

	cr_assert_eq(imp_leaves_begin(&l, crypto, IMP_KIND_PROFILE, &signer.pub, NULL),
		     0);
	cr_assert_eq(imp_leaves_sign(&l, crypto, &signer, (struct imp_span){ 0 },
				     (struct imp_span){ 0 }, &err),
		     -IMP_EFORMAT);
	cr_assert_eq(imp_leaves_add(&l, crypto, payload(0, buf), NULL), 0);
	for (size_t i = 0; i < COUNTOF(labels); i++)
		cr_assert_eq(imp_leaves_sign(&l, crypto, &signer, (struct imp_span){ 0 },
					     imp_span_str(labels[i]), &err),
			     -IMP_EFORMAT);
	cr_assert_eq(l.message.len, 0);
}

/* The leaves from..to of a batch, counted. */
static int recount(const struct imp_leaves *l, uint32_t from, uint32_t to,
		   struct imp_error *err)
{
	CLEANUP(imp_recount_fini) struct imp_recount r = { 0 };
	uint8_t out[CAP];
	struct imp_signed s;
	int rc = 0;

	for (uint32_t i = from; !rc && i < to; i++) {
		take(l, i, out, &s);
		rc = imp_recount_add(&r, crypto, &s, err);
	}
	return rc ? rc : imp_recount_end(&r, crypto, err);
}

Test(leaves, a_batch_that_is_all_here_is_told_from_one_that_is_not)
{
	for (uint32_t n = 1; n <= 20; n++) {
		CLEANUP(imp_leaves_fini) struct imp_leaves l = { 0 };
		struct imp_error err = { 0 };

		gather(&l, n, (struct imp_span){ 0 });
		cr_assert_eq(recount(&l, 0, n, &err), 0, "%s", err.msg);
		cr_assert_eq(recount(&l, 0, n - 1, &err), -IMP_EFORMAT);
		cr_assert_eq(recount(&l, 1, n, &err), -IMP_EFORMAT);
	}
}

static int recount_with(const struct imp_leaves *l, struct imp_signed *odd,
			struct imp_error *err)
{
	CLEANUP(imp_recount_fini) struct imp_recount r = { 0 };
	uint8_t out[CAP];
	struct imp_signed s;
	int rc;

	take(l, 0, out, &s);
	rc = imp_recount_add(&r, crypto, &s, err);
	if (!rc)
		rc = imp_recount_add(&r, crypto, odd, err);
	return rc ? rc : imp_recount_end(&r, crypto, err);
}

Test(leaves, what_is_no_part_of_a_batch_is_not_counted)
{
	CLEANUP(imp_leaves_fini) struct imp_leaves l = { 0 }, other = { 0 };
	struct imp_error err = { 0 };
	uint8_t out[CAP], buf[8];
	struct imp_writer w = imp_writer(out, sizeof(out));
	struct imp_signed s;

	gather(&l, 2, (struct imp_span){ 0 });
	gather(&other, 2, IMP_TEXT("other"));
	take(&l, 1, out, &s);
	cr_assert_eq(recount_with(&l, &s, &err), 0);
	s.leaf.payload = payload(7, buf);
	cr_assert_eq(recount_with(&l, &s, &err), -IMP_EVERIFY);
	cr_assert_str_eq(err.msg, "the leaves' root is not the one that the batch names");
	take(&l, 0, out, &s);
	cr_assert_eq(recount_with(&l, &s, &err), -IMP_EFORMAT);
	cr_assert_str_eq(err.msg, "is leaf 0 of its batch, expected leaf 1");
	take(&other, 1, out, &s);
	cr_assert_eq(recount_with(&l, &s, &err), -IMP_EFORMAT);
	cr_assert_str_eq(err.msg, "is a leaf of another batch");
	cr_assert_eq(imp_signed_put_one(crypto, &signer, IMP_KIND_PROFILE,
					(struct imp_span){ 0 }, payload(1, buf), &w,
					NULL),
		     0);
	cr_assert_eq(imp_signed_decode(imp_written(&w), &s, NULL), 0);
	cr_assert_eq(recount_with(&l, &s, &err), -IMP_EFORMAT);
	cr_assert_str_eq(err.msg, "is signed by itself, expected a leaf of a batch");
}

/* A second key, which signs by the first one's rules. */
static uint8_t other_d[32];
static unsigned asked;

static int sign_other(void *ctx, const struct imp_span *part, size_t count,
		      uint8_t sig[IMP_SIG_LEN])
{
	(void)ctx;
	asked++;
	return imp_soft_sign(crypto, IMP_ALG_ES256, other_d, part, count, sig);
}

static struct imp_signer other_signer(void)
{
	struct imp_signer s = { .alg = IMP_ALG_ES256, .sign = sign_other };

	cr_assert_eq(imp_soft_make(crypto, IMP_CRV_P256, other_d, &s.pub), 0);
	return s;
}

Test(leaves, root_is_signed_by_another_besides)
{
	CLEANUP(imp_leaves_fini) struct imp_leaves l = { 0 };
	const struct imp_signer more = other_signer();
	struct imp_error err = { 0 };
	uint8_t out[CAP], kid[32];
	struct imp_signed s;

	gather(&l, 3, (struct imp_span){ 0 });
	cr_assert_eq(imp_leaves_countersign(&l, crypto, &more, &err), -IMP_EUSAGE);
	l.many = true;
	cr_assert_eq(imp_leaves_sign(&l, crypto, &signer, (struct imp_span){ 0 },
				     (struct imp_span){ 0 }, NULL),
		     0);
	cr_assert_eq(imp_leaves_countersign(&l, crypto, &more, &err), 0, "%s", err.msg);
	cr_assert_eq(imp_leaves_countersign(&l, crypto, &more, &err), -IMP_EUSAGE);
	cr_assert_eq(imp_cose_kid(crypto, &more.pub, kid), 0);
	for (uint32_t i = 0; i < 3; i++) {
		take(&l, i, out, &s);
		cr_assert_eq(s.cose.count, 2);
		for (size_t k = 0; k < 2; k++) {
			bool is = imp_span_eq(imp_signed_kid(&s, k), IMP_SPAN(kid));

			cr_assert_eq(imp_signed_verify(crypto, &s, k,
						       is ? &more.pub : &signer.pub),
				     0);
		}
	}
}

/* A key in hardware is asked once for a batch, and again for what is another. */
Test(leaves, signer_is_asked_once_for_the_same_bytes)
{
	const struct imp_signer more = other_signer();
	const struct imp_span part[] = { IMP_TEXT("one"), IMP_TEXT("two") };
	uint8_t first[IMP_SIG_LEN], again[IMP_SIG_LEN];
	struct imp_once o;
	const struct imp_signer once = imp_once(&o, crypto, &more);

	asked = 0;
	cr_assert_eq(once.sign(once.ctx, part, 2, first), 0);
	cr_assert_eq(once.sign(once.ctx, part, 2, again), 0);
	cr_assert_eq(asked, 1);
	cr_assert_arr_eq(first, again, IMP_SIG_LEN);
	cr_assert_eq(once.sign(once.ctx, part, 1, again), 0);
	cr_assert_eq(asked, 2);
	cr_assert_arr_neq(first, again, IMP_SIG_LEN);
	cr_assert_eq(
		imp_verify(crypto, IMP_ALG_ES256, &more.pub, part, 1, IMP_SPAN(again)),
		0);
}

/* Whoever verified the signatures of the first leaf need not verify those that are the
 * same. */
Test(leaves, signatures_of_a_batch_are_compared_with_the_first)
{
	CLEANUP(imp_leaves_fini) struct imp_leaves l = { 0 };
	CLEANUP(imp_recount_fini) struct imp_recount r = { 0 };
	uint8_t out[CAP], spoilt[IMP_SIG_LEN] = { 1 };
	struct imp_signed s;

	gather(&l, 3, (struct imp_span){ 0 });
	for (uint32_t i = 0; i < 3; i++) {
		take(&l, i, out, &s);
		if (i == 1)
			s.cose.signature[0].sig = IMP_SPAN(spoilt);
		cr_assert_eq(imp_recount_add(&r, crypto, &s, NULL), 0);
		cr_assert_eq(r.same, i != 1, "%u", i);
	}
	cr_assert_eq(imp_recount_end(&r, crypto, NULL), 0);
}

Test(leaves, file_holds_a_batch_or_none)
{
	CLEANUP(imp_leaves_fini) struct imp_leaves l = { 0 };
	CLEANUP(imp_recount_fini) struct imp_recount r = { 0 }, q = { 0 };
	struct imp_error err = { 0 };
	uint8_t out[CAP], one[CAP], buf[8];
	struct imp_writer w = imp_writer(one, sizeof(one));
	struct imp_signed leaf, alone;

	gather(&l, 2, (struct imp_span){ 0 });
	take(&l, 0, out, &leaf);
	cr_assert_eq(imp_signed_put_one(crypto, &signer, IMP_KIND_PROFILE,
					(struct imp_span){ 0 }, payload(1, buf), &w,
					NULL),
		     0);
	cr_assert_eq(imp_signed_decode(imp_written(&w), &alone, NULL), 0);
	cr_assert_eq(imp_recount_any(&r, crypto, &alone, NULL), 0);
	cr_assert_eq(imp_recount_any(&r, crypto, &alone, NULL), 0);
	cr_assert_not(imp_recount_is_batch(&r));
	cr_assert_eq(imp_recount_any(&r, crypto, &leaf, &err), -IMP_EFORMAT);
	cr_assert_str_eq(err.msg, "is a leaf of a batch, and those before are not");
	cr_assert_eq(imp_recount_any(&q, crypto, &leaf, NULL), 0);
	cr_assert(imp_recount_is_batch(&q));
	cr_assert_eq(imp_recount_any(&q, crypto, &alone, &err), -IMP_EFORMAT);
}
