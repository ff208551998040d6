/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle hash tree of Certificate Transparency: hashing, adding, proving. */
#include <string.h>

#include "crypto/tree.h"

bool imp_hash_eq(const struct imp_hash *a, const struct imp_hash *b)
{
	return memcmp(a->byte, b->byte, sizeof(a->byte)) == 0;
}

int imp_tree_leaf(struct imp_crypto *c, struct imp_span entry, struct imp_hash *out)
{
	const struct imp_span part[] = { { (const uint8_t[]){ 0 }, 1 }, entry };

	return imp_sha256(c, part, COUNTOF(part), out->byte);
}

int imp_tree_node(struct imp_crypto *c, const struct imp_hash *l,
		  const struct imp_hash *r, struct imp_hash *out)
{
	const struct imp_span part[] = { { (const uint8_t[]){ 1 }, 1 },
					 IMP_SPAN(l->byte),
					 IMP_SPAN(r->byte) };

	return imp_sha256(c, part, COUNTOF(part), out->byte);
}

static int empty_root(struct imp_crypto *c, struct imp_hash *out)
{
	return imp_sha256(c, NULL, 0, out->byte);
}

static unsigned lowest_bit(uint64_t n)
{
	return (unsigned)__builtin_ctzll(n);
}

unsigned imp_range_closed(uint64_t size)
{
	return lowest_bit(size);
}

int imp_range_add(struct imp_crypto *c, struct imp_range *r, const struct imp_hash *leaf)
{
	struct imp_hash h = *leaf, left;
	unsigned level = 0;
	int rc = 0;

	if ((r->size + 1) >> IMP_TREE_LEVELS)
		return -IMP_ERESOURCE;
	for (; !rc && r->size >> level & 1; level++) {
		left = r->node[level];
		r->node[level] = h;
		rc = imp_tree_node(c, &left, &h, &h);
	}
	r->node[level] = h;
	r->size++;
	return rc;
}

int imp_range_root(struct imp_crypto *c, const struct imp_range *r, struct imp_hash *out)
{
	uint64_t rest = r->size;
	int rc = 0;

	if (rest == 0)
		return empty_root(c, out);
	*out = r->node[lowest_bit(rest)];
	while (!rc && (rest &= rest - 1))
		rc = imp_tree_node(c, &r->node[lowest_bit(rest)], out, out);
	return rc;
}

/* The hash over leaves from..to. `from` is a multiple of the largest power of two that
 * fits in between, as in every split of RFC 6962, so that the pieces are whole. */
static int hash_between(const struct imp_tree *t, uint64_t from, uint64_t to,
			struct imp_hash *out, struct imp_error *err)
{
	struct imp_hash piece;
	uint64_t rest = to - from, at = to;
	bool first = true;
	int rc = 0;

	for (; !rc && rest; rest &= rest - 1, first = false) {
		unsigned level = lowest_bit(rest);

		at -= UINT64_C(1) << level;
		rc = t->fetch(t->ctx, level, at >> level, first ? out : &piece, err);
		if (!rc && !first && imp_tree_node(t->crypto, &piece, out, out))
			rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	}
	return rc;
}

int imp_tree_root(const struct imp_tree *t, uint64_t size, struct imp_hash *out,
		  struct imp_error *err)
{
	if (size == 0 && empty_root(t->crypto, out))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return hash_between(t, 0, size, out, err);
}

int imp_tree_range(const struct imp_tree *t, uint64_t size, struct imp_range *out,
		   struct imp_error *err)
{
	uint64_t at = size;
	int rc = 0;

	*out = (struct imp_range){ .size = size };
	for (uint64_t rest = size; !rc && rest; rest &= rest - 1) {
		unsigned level = lowest_bit(rest);

		at -= UINT64_C(1) << level;
		rc = t->fetch(t->ctx, level, at >> level, &out->node[level], err);
	}
	return rc;
}

/* Where a tree of more than one leaf falls in two. */
static uint64_t split(uint64_t size)
{
	return UINT64_C(1) << (63 - __builtin_clzll(size - 1));
}

static int push(const struct imp_tree *t, uint64_t from, uint64_t to,
		struct imp_path *out, struct imp_error *err)
{
	return hash_between(t, from, to, &out->hash[out->count++], err);
}

/* Proofs are found from the root down and written from the leaves up. */
static void turn_round(struct imp_path *p)
{
	for (size_t i = 0; i < p->count / 2; i++) {
		struct imp_hash h = p->hash[i];

		p->hash[i] = p->hash[p->count - 1 - i];
		p->hash[p->count - 1 - i] = h;
	}
}

/* Go down from lo..hi towards lo..edge, or to the leaf before edge; push what is passed.
 * left: no step went to the right. */
static int descend(const struct imp_tree *t, uint64_t edge, bool to_leaf, uint64_t *lo,
		   uint64_t *hi, bool *left, struct imp_path *out, struct imp_error *err)
{
	int rc = 0;

	while (!rc && (to_leaf ? *hi - *lo > 1 : *hi != edge)) {
		uint64_t middle = *lo + split(*hi - *lo);

		if (edge <= middle) {
			rc = push(t, middle, *hi, out, err);
			*hi = middle;
		} else {
			rc = push(t, *lo, middle, out, err);
			*lo = middle;
			*left = false;
		}
	}
	return rc;
}

int imp_tree_include(const struct imp_tree *t, uint64_t index, uint64_t size,
		     struct imp_path *out, struct imp_error *err)
{
	uint64_t lo = 0, hi = size;
	bool left = true;
	int rc;

	out->count = 0;
	rc = descend(t, index + 1, true, &lo, &hi, &left, out, err);
	turn_round(out);
	return rc;
}

int imp_tree_extend(const struct imp_tree *t, uint64_t old, uint64_t size,
		    struct imp_path *out, struct imp_error *err)
{
	uint64_t lo = 0, hi = size;
	bool left = true; /* then the old tree is a subtree, whose hash is known */
	int rc;

	out->count = 0;
	rc = descend(t, old, false, &lo, &hi, &left, out, err);
	if (!rc && !left)
		rc = push(t, lo, hi, out, err);
	turn_round(out);
	return rc;
}

static void up(struct imp_place *p)
{
	p->node >>= 1;
	p->last >>= 1;
}

/* The next hash stands to the left; levels on which nothing stands to the right follow.
 */
static bool from_left(struct imp_place *p)
{
	if (!(p->node & 1) && p->node != p->last)
		return false;
	while (!(p->node & 1) && p->node != 0)
		up(p);
	return true;
}

unsigned imp_path_len(uint64_t index, uint64_t size)
{
	struct imp_place at = { index, size - 1 };
	unsigned len = 0;

	for (; at.last != 0; up(&at))
		len += (at.node & 1) || at.node != at.last;
	return len;
}

void imp_climb_begin(struct imp_climb *climb, const struct imp_hash *leaf, uint64_t index,
		     uint64_t size)
{
	*climb = (struct imp_climb){ *leaf, { index, size - 1 } };
}

int imp_climb_by(struct imp_crypto *c, struct imp_climb *climb,
		 const struct imp_hash *next)
{
	struct imp_hash *h = &climb->hash;
	int rc;

	if (climb->at.last == 0)
		return -IMP_EVERIFY;
	rc = from_left(&climb->at) ? imp_tree_node(c, next, h, h)
				   : imp_tree_node(c, h, next, h);
	up(&climb->at);
	return rc;
}

bool imp_climb_ends(const struct imp_climb *climb, const struct imp_hash *root)
{
	return climb->at.last == 0 && imp_hash_eq(&climb->hash, root);
}

int imp_path_includes(struct imp_crypto *c, const struct imp_path *p,
		      const struct imp_hash *leaf, uint64_t index, uint64_t size,
		      const struct imp_hash *root)
{
	struct imp_climb climb;
	int rc = index < size ? 0 : -IMP_EVERIFY;

	imp_climb_begin(&climb, leaf, index, size);
	for (size_t i = 0; !rc && i < p->count; i++)
		rc = imp_climb_by(c, &climb, &p->hash[i]);
	return rc ? rc : imp_climb_ends(&climb, root) ? 0 : -IMP_EVERIFY;
}

static int extend_by(struct imp_crypto *c, const struct imp_hash *next,
		     struct imp_place *at, struct imp_hash *old, struct imp_hash *new)
{
	int rc = 0;

	if (at->last == 0)
		return -IMP_EVERIFY;
	if (from_left(at)) {
		rc = imp_tree_node(c, next, old, old);
		if (!rc)
			rc = imp_tree_node(c, next, new, new);
	} else {
		rc = imp_tree_node(c, new, next, new);
	}
	up(at);
	return rc;
}

int imp_path_extends(struct imp_crypto *c, const struct imp_path *p, uint64_t old,
		     const struct imp_hash *old_root, uint64_t size,
		     const struct imp_hash *root)
{
	struct imp_place at = { old - 1, size - 1 };
	struct imp_hash from, to;
	size_t i = 0;
	int rc = 0;

	if (old == 0 || old >= size)
		return p->count == 0 && (old == 0 || old == size) &&
				       (old == 0 || imp_hash_eq(old_root, root))
			       ? 0
			       : -IMP_EVERIFY;
	if (p->count == 0)
		return -IMP_EVERIFY;
	from = (old & (old - 1)) == 0 ? *old_root : p->hash[i++];
	to = from;
	while (at.node & 1)
		up(&at);
	for (; !rc && i < p->count; i++)
		rc = extend_by(c, &p->hash[i], &at, &from, &to);
	if (rc)
		return rc;
	return at.last == 0 && imp_hash_eq(&from, old_root) && imp_hash_eq(&to, root)
		       ? 0
		       : -IMP_EVERIFY;
}
