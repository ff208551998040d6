/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of what is revoked: order, bounds, and looking things up. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/key.h"
#include "issue/revoked.h"

enum { MANY = 100000 };

static struct imp_error err;

/* Spread over all bytes, the same for the same number. */
static void number(uint32_t n, uint8_t out[32])
{
	uint64_t x = n * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (size_t i = 0; i < 32; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		out[i] = (uint8_t)(x >> 32);
	}
}

static void add(struct imp_revoked *r, enum imp_revoked_set set, const uint8_t *at,
		size_t len)
{
	cr_assert_eq(imp_revoked_add(r, set, (struct imp_span){ at, len }, &err), 0);
}

Test(revoked, each_of_many_is_found_and_nothing_else)
{
	struct imp_revoked r = { .name = "x.list", .sequence = 7 };
	uint8_t id[32];

	for (uint32_t n = 0; n < MANY; n++) {
		number((n * 7919) % MANY, id);
		add(&r, n % 2 ? IMP_REVOKED_KEY : IMP_REVOKED_OBJECT, id, sizeof(id));
	}
	imp_revoked_sort(&r);
	cr_assert_eq(r.count, MANY);
	cr_assert_eq(imp_revoked_count(&r, IMP_REVOKED_KEY), MANY / 2);
	for (uint32_t n = 0; n < 2 * MANY; n++) {
		bool key, object;

		number(n, id);
		key = imp_revoked_has(&r, IMP_REVOKED_KEY, IMP_SPAN(id));
		object = imp_revoked_has(&r, IMP_REVOKED_OBJECT, IMP_SPAN(id));
		cr_assert_eq(key + object, n < MANY, "%u", n);
		cr_assert(!imp_revoked_has(&r, IMP_REVOKED_DEVICE, IMP_SPAN(id)));
	}
	imp_revoked_fini(&r);
}

/* What one set has is not in another, however alike; a prefix is something else. */
Test(revoked, sets_and_lengths_are_told_apart)
{
	struct imp_revoked r = { .name = "x.list", .sequence = 7 };
	uint8_t id[IMP_UEID_MAX];

	memset(id, 5, sizeof(id));
	add(&r, IMP_REVOKED_DEVICE, id, 32);
	add(&r, IMP_REVOKED_DEVICE, id, 7);
	add(&r, IMP_REVOKED_DEVICE, id, 32);
	imp_revoked_sort(&r);
	cr_assert_eq(r.count, 2);
	for (size_t len = 0; len <= sizeof(id); len++)
		cr_assert_eq(imp_revoked_has(&r, IMP_REVOKED_DEVICE,
					     (struct imp_span){ id, len }),
			     len == 7 || len == 32);
	cr_assert(!imp_revoked_has(&r, IMP_REVOKED_KEY, (struct imp_span){ id, 32 }));
	cr_assert(!imp_revoked_has(&r, IMP_REVOKED_OBJECT, (struct imp_span){ id, 32 }));
	imp_revoked_fini(&r);
}

Test(revoked, what_is_found_is_refused_in_words)
{
	struct imp_revoked r = { .name = "x.list", .sequence = 7 };
	uint8_t kid[32] = { 0xab, 0xcd }, ueid[15] = { 3, 0, 0, 1, 0 };

	add(&r, IMP_REVOKED_KEY, kid, sizeof(kid));
	add(&r, IMP_REVOKED_DEVICE, ueid, sizeof(ueid));
	cr_assert_eq(imp_revoked_check(&r, IMP_REVOKED_KEY, "the signing key",
				       IMP_SPAN(kid), &err),
		     -IMP_EPOLICY);
	cr_assert(strstr(err.msg, "the signing key abcd"), "%s", err.msg);
	cr_assert(strstr(err.msg, "is revoked, by x.list (sequence 7)"), "%s", err.msg);
	cr_assert_eq(imp_revoked_check(&r, IMP_REVOKED_DEVICE, "the device",
				       IMP_SPAN(ueid), &err),
		     -IMP_EPOLICY);
	cr_assert(strstr(err.msg, "the device imei 00100000000000"), "%s", err.msg);
	kid[31]++;
	cr_assert_eq(imp_revoked_check(&r, IMP_REVOKED_KEY, "x", IMP_SPAN(kid), &err), 0);
	cr_assert_eq(imp_revoked_check(NULL, IMP_REVOKED_KEY, "x", IMP_SPAN(kid), &err),
		     0);
	imp_revoked_fini(&r);
	cr_assert_eq(imp_revoked_check(&r, IMP_REVOKED_KEY, "x", IMP_SPAN(kid), &err), 0);
}

Test(revoked, what_cannot_be_one_is_not_taken)
{
	static const struct {
		enum imp_revoked_set set;
		size_t len;
	} bad[] = { { IMP_REVOKED_KEY, 31 },   { IMP_REVOKED_KEY, 33 },
		    { IMP_REVOKED_OBJECT, 0 }, { IMP_REVOKED_OBJECT, 33 },
		    { IMP_REVOKED_DEVICE, 6 }, { IMP_REVOKED_DEVICE, 34 } };
	struct imp_revoked r = { .name = "x.list" };
	const uint8_t id[40] = { 0 };

	for (size_t i = 0; i < COUNTOF(bad); i++)
		cr_assert_eq(imp_revoked_add(&r, bad[i].set,
					     (struct imp_span){ id, bad[i].len }, &err),
			     -IMP_EUSAGE);
	cr_assert_eq(r.count, 0);
	imp_revoked_sort(&r);
	imp_revoked_fini(&r);
}

/* A part is as full as it may be, and what it holds is read again. */
Test(revoked, parts_hold_all_of_it)
{
	static const size_t counts[] = { 0, 1, 1682, 1683, 1684, 1685, 3367, 5000 };
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	uint8_t id[32];
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	struct imp_signer signer;
	char path[] = "/tmp/imprint-revoked-XXXXXX";

	cr_assert_eq(imp_crypto_new(&crypto, &err), 0);
	cr_assert_eq(imp_key_generate(crypto, IMP_CRV_P256, IMP_CLASS_TEST, &key, &err),
		     0);
	cr_assert_eq(imp_key_signer(crypto, &key, 0, &signer, &err), 0);
	close(mkstemp(path));
	for (size_t i = 0; i < COUNTOF(counts); i++) {
		struct imp_revoked made = { .name = path, .sequence = 3 }, read = { 0 };
		struct imp_out out = { 0 };

		for (uint32_t n = 0; n < counts[i]; n++) {
			number(n, id);
			add(&made, n % 3 ? IMP_REVOKED_KEY : IMP_REVOKED_OBJECT, id, 32);
		}
		imp_revoked_sort(&made);
		cr_assert_eq(imp_out_open(&out, path, IMP_OUT_FORCE, &err), 0);
		cr_assert_eq(imp_revoked_write(&made, crypto, &signer, false, &out, &err),
			     0);
		cr_assert_eq(imp_out_commit(&out, &err), 0);
		cr_assert_eq(imp_revoked_read(&read, crypto, path,
					      &(struct imp_quorum){ &key.pub, NULL },
					      &err),
			     0, "%zu: %s", counts[i], err.msg);
		cr_assert_eq(read.count, counts[i]);
		cr_assert_eq(read.sequence, 3);
		cr_assert_arr_eq(read.id, made.id, 32);
		for (size_t n = 0; n < read.count; n++)
			cr_assert_eq(memcmp(&read.entry[n], &made.entry[n],
					    sizeof(*read.entry)),
				     0);
		imp_revoked_fini(&made);
		imp_revoked_fini(&read);
	}
	unlink(path);
}
