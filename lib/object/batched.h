/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batched: objects that one signature signs together, as the leaves of a Merkle tree.
 *
 * What is signed is a batch: its payload names the root. Each leaf travels in a copy of
 * that message, whose unprotected headers carry the leaf (-70030) and the way from it up
 * to the root (-70031). Source: imprint-formats(7), batch; RFC 9162 2.1.
 */
#ifndef IMP_OBJECT_BATCHED_H
#define IMP_OBJECT_BATCHED_H

#include "cose/message.h"
#include "crypto/tree.h"
#include "object/kind.h"

enum {
	IMP_ROOT_MAX = 256,	  /* bytes of a batch's payload */
	IMP_LEAF_HEADER_MAX = 128 /* of a leaf's protected header */
};

/* A batch's payload. */
struct imp_root {
	struct imp_span hash;  /* 32 bytes */
	uint32_t size;	       /* leaves, 1 and more */
	enum imp_kind leaves;  /* profile, grant or transfer */
	struct imp_span label; /* 1..IMP_LABEL_MAX bytes of text, or empty */
};

/* May objects of this kind be signed as leaves? */
bool imp_kind_batches(enum imp_kind kind);

/* 0, or -IMP_EFORMAT. Spans are borrowed from `in`, which is exactly one map. */
int imp_root_decode(struct imp_span in, struct imp_root *out, struct imp_error *err)
	IMP_MUST_CHECK;
void imp_root_encode(const struct imp_root *r, struct imp_writer *w);

/* One leaf, and where it hangs. */
struct imp_batched {
	struct imp_span protected; /* {4: the batch's kid, 16: typ}, encoded */
	struct imp_span payload;
	struct imp_root root;
	uint32_t index;	      /* below root.size */
	struct imp_span path; /* the encoded hashes from the leaf up, one behind the other
			       */
	size_t hashes;	      /* as many as index and size call for */
};

/*
 * Take the leaf in a batch's headers apart. Whether it belongs to the root is for
 * imp_batched_verify().
 *
 *   batch   a message of kind batch that has both headers and a kid of 32 bytes
 *
 * 0, or -IMP_EFORMAT: a payload of no batch, leaves of a kind that is none to batch, a
 * leaf of another kind or issuer, another size, a path of another length. Spans are
 * borrowed from the message.
 */
int imp_batched_decode(const struct imp_sign *batch, struct imp_batched *out,
		       struct imp_error *err) IMP_MUST_CHECK;
/* Identity of a leaf: that of the same object as a many. 0, or -IMP_EINTERNAL. */
int imp_batched_id(struct imp_crypto *crypto, const struct imp_batched *l, uint8_t id[32])
	IMP_MUST_CHECK;
/* What the tree is made of: the hash over an identity. 0, or -IMP_EINTERNAL. */
int imp_batched_hash(struct imp_crypto *crypto, const uint8_t id[32],
		     struct imp_hash *out) IMP_MUST_CHECK;
/* Does its path lead to the root? 0, -IMP_EVERIFY, -IMP_EINTERNAL. */
int imp_batched_verify(struct imp_crypto *crypto, const struct imp_batched *l)
	IMP_MUST_CHECK;

/* The protected header of a leaf, which is the body's of a many: {4: kid, 16: typ}; at
 * most IMP_LEAF_HEADER_MAX bytes. */
void imp_batched_header_put(struct imp_writer *w, const uint8_t issuer[32],
			    enum imp_kind kind);
/*
 * Put one leaf with the batch that signs it (host only).
 *
 *   batch   its message, signed; its own leaf, if it has one, does not matter
 *   path    from the leaf up, as index and size call for
 *
 * 0, -IMP_ERESOURCE (does not fit), -IMP_EFORMAT (its payload is of no batch).
 */
int imp_batched_put(struct imp_writer *w, const struct imp_sign *batch,
		    struct imp_span payload, uint32_t index, const struct imp_path *path)
	IMP_MUST_CHECK;

#endif
