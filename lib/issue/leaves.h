/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaves: many objects signed by one signature over the root of their tree (host only).
 *
 * First every leaf is added, then the root is signed, then each leaf is put with its way
 * up to the root. Nothing of a leaf is held but hashes: 64 bytes each. Source:
 * imprint-formats(7), batch.
 */
#ifndef IMP_ISSUE_LEAVES_H
#define IMP_ISSUE_LEAVES_H

#include "base/secret.h"
#include "crypto/host.h"
#include "object/profile.h"
#include "object/signed.h"

struct imp_leaves {
	enum imp_kind kind;
	bool many; /* others approve the batch: signed in the form that has room for them
		    */
	uint8_t issuer[IMP_KID_LEN];
	struct imp_range edge;
	struct imp_leaves_level {
		struct imp_hash *hash; /* of the whole subtrees of this height; owned */
		size_t count, cap;
	} level[IMP_TREE_LEVELS];
	struct imp_secret message; /* the batch, signed, without a leaf; else empty */
	struct imp_sign batch;	   /* taken apart */
};

/*
 * Begin a tree.
 *
 *   l        zeroed
 *   kind     of every leaf: one that imp_kind_batches()
 *   issuer   whose kid it will be
 *
 * 0, or -IMP_EINTERNAL.
 */
int imp_leaves_begin(struct imp_leaves *l, struct imp_crypto *crypto, enum imp_kind kind,
		     const struct imp_pub *issuer, struct imp_error *err) IMP_MUST_CHECK;
/* Add a leaf by its payload. 0, -IMP_ERESOURCE (no memory, 2^32 - 1 leaves). */
int imp_leaves_add(struct imp_leaves *l, struct imp_crypto *crypto,
		   struct imp_span payload, struct imp_error *err) IMP_MUST_CHECK;
/* How many there are. */
uint32_t imp_leaves_count(const struct imp_leaves *l);
/*
 * Sign the root as one(batch), or with many as many(batch) with one signature: nothing
 * can be added any more.
 *
 *   un      the encoded unprotected map, as imp_signed_put_one() has it
 *   label   1..IMP_LABEL_MAX bytes of text, or empty
 *
 * 0; -IMP_EFORMAT (no leaf, a label that is none); -IMP_EKEY; -IMP_ERESOURCE.
 */
int imp_leaves_sign(struct imp_leaves *l, struct imp_crypto *crypto,
		    const struct imp_signer *signer, struct imp_span un,
		    struct imp_span label, struct imp_error *err) IMP_MUST_CHECK;
/*
 * Sign the root besides, where it was signed with many.
 *
 * 0; -IMP_EUSAGE (it was not, this key has signed, or eight have); -IMP_EKEY;
 * -IMP_ERESOURCE.
 */
int imp_leaves_countersign(struct imp_leaves *l, struct imp_crypto *crypto,
			   const struct imp_signer *signer, struct imp_error *err)
	IMP_MUST_CHECK;
/*
 * Put one leaf with the batch that signs it. Any thread.
 *
 *   index     of those added, from 0
 *   payload   the same as was added there
 *   id        receives the leaf's identity; may be NULL
 *
 * 0; -IMP_EFORMAT (another payload, or index); -IMP_ERESOURCE (does not fit).
 */
int imp_leaves_put(const struct imp_leaves *l, struct imp_crypto *crypto, uint32_t index,
		   struct imp_span payload, struct imp_writer *w, uint8_t id[IMP_ID_LEN],
		   struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a zeroed struct. Fits CLEANUP(). */
void imp_leaves_fini(struct imp_leaves *l);

/*
 * A batch counted over: is what lies here all that one signature signs, and nothing else?
 * For those who sign a batch besides, and look at every leaf before. Memory: the tree's
 * right edge.
 */
struct imp_recount {
	struct imp_secret batch; /* protected header and payload of the first leaf */
	size_t header;		 /* bytes of the header in it */
	struct imp_secret by;	 /* the first leaf's signatures */
	bool same;		 /* the last leaf's are the same */
	uint64_t alone;		 /* objects that are no leaves */
	struct imp_root root;	 /* borrowed from batch */
	struct imp_range edge;
};

/*
 * Count the next leaf, in the order of their indexes.
 *
 *   r      zeroed before the first
 *   leaf   batched; its kind, payload and id are for the caller to look at
 *
 * 0; -IMP_EFORMAT (no leaf, of another batch than the first, another index than the
 * next); -IMP_EINTERNAL; -IMP_ERESOURCE. Signatures and the leaf's own path are not
 * looked at.
 */
int imp_recount_add(struct imp_recount *r, struct imp_crypto *crypto,
		    const struct imp_signed *leaf, struct imp_error *err) IMP_MUST_CHECK;
/*
 * The same of a file that holds either one batch or objects that are signed by
 * themselves: those are let through. Also -IMP_EFORMAT: both are there.
 */
int imp_recount_any(struct imp_recount *r, struct imp_crypto *crypto,
		    const struct imp_signed *object, struct imp_error *err)
	IMP_MUST_CHECK;
/* Is it a batch, as far as it was counted? */
bool imp_recount_is_batch(const struct imp_recount *r);
/*
 * Were they all, and is their root the one that the batch names?
 *
 * 0; -IMP_EFORMAT (fewer than its size); -IMP_EVERIFY (another root); -IMP_EINTERNAL.
 */
int imp_recount_end(const struct imp_recount *r, struct imp_crypto *crypto,
		    struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a zeroed struct. Fits CLEANUP(). */
void imp_recount_fini(struct imp_recount *r);

#endif
