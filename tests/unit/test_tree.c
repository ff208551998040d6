/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle tree: published vectors, the definition of RFC 6962 word for word, and
 * proofs spoiled in every way. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "crypto/host.h"
#include "crypto/tree.h"

enum { LINE = 8192, LEAVES = 140, MANY = 3000 };

static struct imp_crypto *crypto;
static struct imp_hash leaf[MANY];

static struct imp_hash sha(uint8_t first, struct imp_span a, struct imp_span b)
{
	const struct imp_span part[] = { { &first, first < 2 }, a, b };
	struct imp_hash out;

	cr_assert_eq(imp_sha256(crypto, part, 3, out.byte), 0);
	return out;
}

static void setup(void)
{
	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	for (uint32_t i = 0; i < MANY; i++)
		leaf[i] =
			sha(0, IMP_SPAN((&(uint32_t[]){ i })[0]), (struct imp_span){ 0 });
}

static void teardown(void)
{
	imp_crypto_free(&crypto);
}

TestSuite(tree, .init = setup, .fini = teardown);

/* MTH of RFC 6962 2.1, as it stands there. */
static struct imp_hash mth(size_t from, size_t to)
{
	size_t k = 1;
	struct imp_hash l, r;

	if (to == from)
		return sha(2, (struct imp_span){ 0 }, (struct imp_span){ 0 });
	if (to - from == 1)
		return leaf[from];
	while (2 * k < to - from)
		k *= 2;
	l = mth(from, from + k);
	r = mth(from + k, to);
	return sha(1, IMP_SPAN(l.byte), IMP_SPAN(r.byte));
}

/* PATH of RFC 6962 2.1.1. */
static void path(size_t m, size_t from, size_t to, struct imp_path *out)
{
	size_t k = 1;

	if (to - from == 1)
		return;
	while (2 * k < to - from)
		k *= 2;
	path(m, m < from + k ? from : from + k, m < from + k ? from + k : to, out);
	out->hash[out->count++] = m < from + k ? mth(from + k, to) : mth(from, from + k);
}

/* SUBPROOF of RFC 6962 2.1.2. */
static void subproof(size_t m, size_t from, size_t to, bool whole, struct imp_path *out)
{
	size_t k = 1;

	if (m == to) {
		if (!whole)
			out->hash[out->count++] = mth(from, to);
		return;
	}
	while (2 * k < to - from)
		k *= 2;
	if (m <= from + k)
		subproof(m, from, from + k, whole, out);
	else
		subproof(m, from + k, to, false, out);
	out->hash[out->count++] = m <= from + k ? mth(from + k, to) : mth(from, from + k);
}

/* Hashes of whole subtrees only, as a ledger stores them. */
static int fetch(void *ctx, unsigned level, uint64_t index, struct imp_hash *out,
		 struct imp_error *err)
{
	size_t from = (size_t)(index << level);

	(void)err;
	cr_assert_leq(from + ((size_t)1 << level), *(const size_t *)ctx);
	*out = mth(from, from + ((size_t)1 << level));
	return 0;
}

static bool same(const struct imp_path *a, const struct imp_path *b)
{
	return a->count == b->count &&
	       memcmp(a->hash, b->hash, a->count * sizeof(a->hash[0])) == 0;
}

Test(tree, adding_leaf_by_leaf_gives_every_root)
{
	struct imp_range r = { 0 };
	struct imp_hash root, expected;

	for (size_t n = 0; n < LEAVES; n++) {
		expected = mth(0, n);
		cr_assert_eq(imp_range_root(crypto, &r, &root), 0);
		cr_assert(imp_hash_eq(&root, &expected), "size %zu", n);
		cr_assert_eq(imp_range_add(crypto, &r, &leaf[n]), 0);
		for (unsigned k = 0; k <= imp_range_closed(n + 1); k++) {
			expected = mth(n + 1 - ((size_t)1 << k), n + 1);
			cr_assert(imp_hash_eq(&r.node[k], &expected));
		}
	}
}

Test(tree, proofs_are_those_of_the_rfc)
{
	struct imp_path got, expected;
	struct imp_hash root;

	for (size_t n = 1; n < LEAVES; n++) {
		const struct imp_tree t = { crypto, fetch, &n };
		struct imp_range r, again = { 0 };

		cr_assert_eq(imp_tree_root(&t, n, &root, NULL), 0);
		cr_assert_eq(imp_tree_range(&t, n, &r, NULL), 0);
		cr_assert_eq(imp_range_root(crypto, &r, &again.node[0]), 0);
		cr_assert(imp_hash_eq(&root, &again.node[0]));
		for (size_t m = 0; m < n; m++) {
			cr_assert_eq(imp_tree_include(&t, m, n, &got, NULL), 0);
			expected.count = 0;
			path(m, 0, n, &expected);
			cr_assert(same(&got, &expected), "leaf %zu of %zu", m, n);
			cr_assert_eq(imp_tree_extend(&t, m + 1, n, &got, NULL), 0);
			expected.count = 0;
			subproof(m + 1, 0, n, true, &expected);
			cr_assert(same(&got, &expected), "from %zu to %zu", m + 1, n);
		}
	}
}

/* A proof of either kind about leaf m, or the first m + 1 leaves, in the tree of n. */
struct claim {
	bool inclusion;
	size_t m, n;
	struct imp_hash root, old;
};

static int check(const struct claim *c, const struct imp_path *p)
{
	return c->inclusion
		       ? imp_path_includes(crypto, p, &leaf[c->m % MANY], c->m, c->n,
					   &c->root)
		       : imp_path_extends(crypto, p, c->m + 1, &c->old, c->n, &c->root);
}

/* Another bit, another length. */
static void spoil(const struct claim *c, const struct imp_path *p)
{
	struct imp_path bad;

	for (size_t i = 0; i < p->count; i++) {
		bad = *p;
		bad.hash[i].byte[i % 32] ^= 1;
		cr_expect_eq(check(c, &bad), -IMP_EVERIFY);
		bad = *p;
		bad.count = i;
		cr_expect_eq(check(c, &bad), -IMP_EVERIFY);
	}
	bad = *p;
	bad.hash[bad.count++] = c->root;
	cr_expect_eq(check(c, &bad), -IMP_EVERIFY);
	bad.hash[0] = c->root;
	memcpy(&bad.hash[1], p->hash, p->count * sizeof(p->hash[0]));
	cr_expect_eq(check(c, &bad), -IMP_EVERIFY);
}

/* Another place, another root. */
static void misplace(const struct claim *c, const struct imp_path *p)
{
	struct claim bad = *c;

	bad.m = c->n;
	cr_expect_eq(check(&bad, p), -IMP_EVERIFY);
	bad.m = SIZE_MAX - 1;
	cr_expect_eq(check(&bad, p), -IMP_EVERIFY);
	bad = *c;
	bad.root.byte[31] ^= 1;
	cr_expect_eq(check(&bad, p), -IMP_EVERIFY);
	bad = *c;
	bad.old.byte[0] ^= 1;
	cr_expect_eq(check(&bad, p), c->inclusion ? 0 : -IMP_EVERIFY);
}

Test(tree, spoiled_proofs_are_refused)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 8, 13, 64, 65 };

	for (size_t i = 0; i < 2 * COUNTOF(sizes); i++) {
		size_t n = sizes[i / 2];
		const struct imp_tree t = { crypto, fetch, &n };
		struct claim c = { .inclusion = i % 2, .n = n, .root = mth(0, n) };
		struct imp_path p;

		for (; c.m < n; c.m++) {
			c.old = mth(0, c.m + 1);
			cr_assert_eq(c.inclusion
					     ? imp_tree_include(&t, c.m, n, &p, NULL)
					     : imp_tree_extend(&t, c.m + 1, n, &p, NULL),
				     0);
			cr_expect_eq(check(&c, &p), 0);
			spoil(&c, &p);
			misplace(&c, &p);
		}
	}
}

/* Sizes far apart, at random but the same in every run. */
Test(tree, any_two_sizes)
{
	size_t n = MANY;
	const struct imp_tree t = { crypto, fetch, &n };
	struct imp_hash old, new;
	struct imp_path p;

	srand(6962);
	for (unsigned i = 0; i < 30; i++) {
		size_t size = 2 + (size_t)rand() % (MANY - 2);
		size_t m = 1 + (size_t)rand() % (size - 1);

		old = mth(0, m);
		new = mth(0, size);
		cr_assert_eq(imp_tree_extend(&t, m, size, &p, NULL), 0);
		cr_expect_eq(imp_path_extends(crypto, &p, m, &old, size, &new), 0);
		cr_expect(imp_path_extends(crypto, &p, m, &old, size, &old));
		cr_assert_eq(imp_tree_include(&t, m, size, &p, NULL), 0);
		cr_expect_eq(imp_path_includes(crypto, &p, &leaf[m], m, size, &new), 0);
	}
}

/* From nothing every tree goes on, by no proof. */
Test(tree, the_empty_tree)
{
	struct imp_path none = { 0 }, one = { .count = 1 };
	struct imp_hash root = mth(0, 3), empty = mth(0, 0);

	cr_expect_eq(imp_path_extends(crypto, &none, 0, &empty, 3, &root), 0);
	cr_expect(imp_path_extends(crypto, &one, 0, &empty, 3, &root));
	cr_expect(imp_path_includes(crypto, &none, &root, 0, 0, &root));
}

/* Vectors: the columns of a line. */
struct row {
	char line[LINE], *field[8];
};

static bool next(FILE *f, struct row *row)
{
	char *save = NULL;
	size_t n = 0;

	if (!fgets(row->line, sizeof(row->line), f))
		return false;
	for (char *p = strtok_r(row->line, " \n", &save); p && n < COUNTOF(row->field);
	     p = strtok_r(NULL, " \n", &save))
		row->field[n++] = p;
	return n > 1;
}

static void hash(const char *hex, struct imp_hash *out)
{
	struct imp_writer w = imp_writer(out->byte, sizeof(out->byte));

	cr_assert(imp_from_hex((struct imp_span){ (const uint8_t *)hex, 64 }, &w));
	cr_assert_eq(w.len, 32);
}

static FILE *vectors(const char *name, struct row *head)
{
	char file[512];
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s", VECTORS, name);
	f = fopen(file, "r");
	cr_assert_not_null(f, "%s", file);
	cr_assert(next(f, head));
	return f;
}

static void proof(const char *hex, struct imp_path *p)
{
	p->count = 0;
	for (; strlen(hex) >= 64 && p->count < COUNTOF(p->hash); hex += hex[64] ? 65 : 64)
		hash(hex, &p->hash[p->count++]);
}

Test(tree, published_roots)
{
	struct imp_range r = { 0 };
	struct row row;
	FILE *f = vectors("roots.txt", &row);

	while (next(f, &row)) {
		uint8_t entry[64];
		struct imp_writer w = imp_writer(entry, sizeof(entry));
		struct imp_hash h, expected;

		hash(row.field[1], &expected);
		if (strcmp(row.field[0], "-") != 0)
			cr_assert(imp_from_hex(imp_span_str(row.field[0]), &w));
		cr_assert_eq(imp_tree_leaf(crypto, imp_written(&w), &h), 0);
		cr_assert_eq(imp_range_add(crypto, &r, &h), 0);
		cr_assert_eq(imp_range_root(crypto, &r, &h), 0);
		cr_expect(imp_hash_eq(&h, &expected), "%s", row.field[0]);
	}
	fclose(f);
	cr_expect_eq(r.size, 8);
}

static unsigned published(const char *name, bool inclusion)
{
	struct row row;
	FILE *f = vectors(name, &row);
	unsigned count = 0;

	while (next(f, &row)) {
		uint64_t a = strtoull(row.field[1], NULL, 10);
		uint64_t b = strtoull(row.field[2], NULL, 10);
		struct imp_hash first, second;
		struct imp_path p;
		int rc;

		hash(row.field[3], &first);
		hash(row.field[4], &second);
		proof(row.field[5], &p);
		rc = inclusion ? imp_path_includes(crypto, &p, &second, a, b, &first)
			       : imp_path_extends(crypto, &p, a, &first, b, &second);
		cr_expect_eq(rc == 0, row.field[0][0] == 'v', "%s", row.field[6]);
		count++;
	}
	fclose(f);
	return count;
}

Test(tree, published_proofs)
{
	cr_expect_eq(published("inclusion.txt", true), 72);
	cr_expect_eq(published("consistency.txt", false), 71);
}
