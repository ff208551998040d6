/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves of signed batches, good ones and bad ones, put together by the definition of RFC
 * 6962 and byte by byte. */
#ifndef IMPRINT_TEST_LEAVES_H
#define IMPRINT_TEST_LEAVES_H

#include "board.h"
#include "object/kind.h"

enum { LEAVES_CAP = 4096 };

/* Where something is added that does not belong there. */
enum leaf_rest { REST_NONE, REST_LEAF, REST_PROOF, REST_HEADERS, REST_PAYLOAD };

/* A leaf at `index` of a tree of `size`; what is set besides is told in place of the
 * truth. */
struct leaf_spec {
	uint32_t size, index; /* size 0: 1 */
	struct imp_span label;
	enum imp_kind typ, kind, header_kind; /* of the message, in what is signed, in the
						 leaf */
	const uint8_t *header_kid;	      /* in the leaf */
	bool no_size; /* size 0 in what is signed, and in the proof */
	uint32_t signed_size, proof_size, proof_index; /* proof_index: plus one */
	int longer;				       /* hashes more, or less */
	unsigned short_hash; /* this one of the path, from 1, is a byte short */
	const uint8_t *id;   /* of another leaf whose place is proven */
	const uint8_t *root;
	enum leaf_rest rest;
	bool no_proof, no_leaf;
	/* The bytes that are signed are the batch's payload under this typ. */
	enum imp_kind signed_as;
};

/* Who signs the batch: as one, or as many where signers are given. */
struct leaf_signers {
	const struct party *issuer;
	const struct imp_signer *signer;
	size_t signers;
	struct imp_span grant; /* for header 13, or empty */
};

/* The message of one leaf. */
struct imp_span make_leaf(struct imp_crypto *crypto, const struct leaf_spec *spec,
			  const struct leaf_signers *by, enum imp_kind kind,
			  struct imp_span payload, uint8_t out[LEAVES_CAP]);
/* id(leaf), by its definition. */
void leaf_identity(struct imp_crypto *crypto, const uint8_t kid[32], enum imp_kind kind,
		   struct imp_span payload, uint8_t id[32]);

#endif
