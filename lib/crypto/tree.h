/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tree: the Merkle hash tree of Certificate Transparency, over SHA-256.
 *
 * A leaf hashes to SHA-256(0x00 || entry), two subtrees to SHA-256(0x01 || left ||
 * right), nothing to SHA-256 of nothing. Whoever adds leaves keeps a compact range,
 * whoever proves something fetches hashes of whole subtrees, and nobody holds the tree.
 * Source: RFC 6962 2.1; RFC 9162 2.1.
 */
#ifndef IMP_CRYPTO_TREE_H
#define IMP_CRYPTO_TREE_H

#include "crypto/face.h"

enum {
	IMP_TREE_LEVELS = 62, /* a tree has less than 2^62 leaves */
	IMP_TREE_PATH = 63,   /* hashes of a proof, at most */
};

struct imp_hash {
	uint8_t byte[IMP_SHA256_LEN];
};

/* 0, or -IMP_EINTERNAL. */
int imp_tree_leaf(struct imp_crypto *c, struct imp_span entry, struct imp_hash *out)
	IMP_MUST_CHECK;
/* out may be l or r. 0, or -IMP_EINTERNAL. */
int imp_tree_node(struct imp_crypto *c, const struct imp_hash *l,
		  const struct imp_hash *r, struct imp_hash *out) IMP_MUST_CHECK;

/* The right edge of a tree: all that adding a leaf needs. A zeroed one is empty. */
struct imp_range {
	uint64_t size;
	/* node[k]: of the subtree of 2^k leaves that bit k of size stands for. */
	struct imp_hash node[IMP_TREE_LEVELS];
};

/*
 * Add a leaf.
 *
 *   r   afterwards node[0] to node[imp_range_closed(r->size)] are the subtrees that end
 *       in this leaf: itself, the pair, the four, ...
 *
 * 0, -IMP_ERESOURCE (the tree is full), -IMP_EINTERNAL.
 */
int imp_range_add(struct imp_crypto *c, struct imp_range *r, const struct imp_hash *leaf)
	IMP_MUST_CHECK;
/* The level of the largest subtree that the last of `size` leaves completed. */
unsigned imp_range_closed(uint64_t size);
/* 0, or -IMP_EINTERNAL. */
int imp_range_root(struct imp_crypto *c, const struct imp_range *r, struct imp_hash *out)
	IMP_MUST_CHECK;

/* Where the hashes of subtrees come from. */
struct imp_tree {
	struct imp_crypto *crypto;
	/* The hash over the leaves index << level to (index + 1) << level, all of which
	 * are there. 0, or a negative code. */
	int (*fetch)(void *ctx, unsigned level, uint64_t index, struct imp_hash *out,
		     struct imp_error *err);
	void *ctx;
};

struct imp_path {
	size_t count;
	struct imp_hash hash[IMP_TREE_PATH]; /* from the leaves up */
};

/* The root over the first `size` leaves. 0, or what fetch returned. */
int imp_tree_root(const struct imp_tree *t, uint64_t size, struct imp_hash *out,
		  struct imp_error *err) IMP_MUST_CHECK;
/* The right edge of the first `size` leaves. Likewise. */
int imp_tree_range(const struct imp_tree *t, uint64_t size, struct imp_range *out,
		   struct imp_error *err) IMP_MUST_CHECK;
/* Prove that a leaf is in the tree of `size` > index leaves. Likewise. */
int imp_tree_include(const struct imp_tree *t, uint64_t index, uint64_t size,
		     struct imp_path *out, struct imp_error *err) IMP_MUST_CHECK;
/* Prove that the tree of `size` leaves goes on from that of 1 <= old <= size. Likewise.
 */
int imp_tree_extend(const struct imp_tree *t, uint64_t old, uint64_t size,
		    struct imp_path *out, struct imp_error *err) IMP_MUST_CHECK;

/* Is the leaf at `index` of the tree of `size` leaves with this root? 0, -IMP_EVERIFY,
 * -IMP_EINTERNAL. Source: RFC 9162 2.1.3.2. */
int imp_path_includes(struct imp_crypto *c, const struct imp_path *p,
		      const struct imp_hash *leaf, uint64_t index, uint64_t size,
		      const struct imp_hash *root) IMP_MUST_CHECK;
/* Does the second tree go on from the first, of at most as many leaves? From an empty one
 * every tree does, by an empty path. Returned as above. Source: RFC 9162 2.1.4.2. */
int imp_path_extends(struct imp_crypto *c, const struct imp_path *p, uint64_t old,
		     const struct imp_hash *old_root, uint64_t size,
		     const struct imp_hash *root) IMP_MUST_CHECK;

/* Hashes that a proof of inclusion has: exactly these, for index < size. */
unsigned imp_path_len(uint64_t index, uint64_t size);

/* The same as imp_path_includes(), hash by hash, for those who have no room for a path.
 */
struct imp_climb {
	struct imp_hash hash; /* of the subtree that was reached */
	struct imp_place {
		uint64_t node, last; /* it, and the last one, on its level */
	} at;
};

/* Start at a leaf; index < size. */
void imp_climb_begin(struct imp_climb *climb, const struct imp_hash *leaf, uint64_t index,
		     uint64_t size);
/* Go up by the next hash. 0, -IMP_EVERIFY (that is the root already), -IMP_EINTERNAL. */
int imp_climb_by(struct imp_crypto *c, struct imp_climb *climb,
		 const struct imp_hash *next) IMP_MUST_CHECK;
/* Is it the root that was reached, and this one? */
bool imp_climb_ends(const struct imp_climb *climb, const struct imp_hash *root);

bool imp_hash_eq(const struct imp_hash *a, const struct imp_hash *b);

#endif
