/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoint: what a log says of its tree, signed; and the two texts that carry proofs
 * about it: of an entry to whoever doubts it, and of growth to a witness.
 *
 * Source: C2SP tlog-checkpoint v1.0.0, tlog-proof, tlog-witness (add-checkpoint).
 */
#ifndef IMP_LEDGER_CHECKPOINT_H
#define IMP_LEDGER_CHECKPOINT_H

#include "crypto/tree.h"
#include "ledger/note.h"

enum {
	IMP_CHECKPOINT_TEXT = 256,  /* bytes of a text that we write */
	IMP_PROOF_MAX = 262144,	    /* bytes of a proof or a request that is read */
	IMP_PROOF_HEAD_MAX = 98304, /* of all that stands before its checkpoint */
};

struct imp_checkpoint {
	struct imp_span origin; /* borrowed */
	uint64_t size;		/* leaves */
	struct imp_hash root;
	struct imp_note note; /* borrowed */
};

/* 0, or -IMP_EFORMAT. Nothing is verified. */
int imp_checkpoint_parse(struct imp_span in, struct imp_checkpoint *out,
			 struct imp_error *err) IMP_MUST_CHECK;
/* The text that is signed; three lines. */
void imp_checkpoint_put(struct imp_writer *w, struct imp_span origin, uint64_t size,
			const struct imp_hash *root);

/* That an entry is in the tree of a checkpoint. */
struct imp_proof {
	struct imp_span extra; /* in base64, or empty; borrowed */
	uint64_t index;
	struct imp_path path;
	struct imp_checkpoint checkpoint;
	struct imp_span checkpoint_text; /* as it stands there; borrowed */
};

/*
 * Take a proof apart, as imprint ledger prove writes it. Nothing is verified.
 *
 *   in    borrowed by *out; of any origin
 *   out   index, and at most IMP_TREE_PATH hashes: whether they fit the size of the
 *         checkpoint is for whoever climbs them
 *
 * 0, or -IMP_EFORMAT. Source: C2SP tlog-proof.
 */
int imp_proof_parse(struct imp_span in, struct imp_proof *out, struct imp_error *err)
	IMP_MUST_CHECK;
/* All but the checkpoint; `extra` as bytes, or empty. */
void imp_proof_put(struct imp_writer *w, struct imp_span extra, uint64_t index,
		   const struct imp_path *path);

/* That the tree of a checkpoint goes on from an older one. */
struct imp_growth {
	uint64_t old;
	struct imp_path path;
	struct imp_checkpoint checkpoint;
	struct imp_span checkpoint_text; /* likewise */
};

/*
 * Take the body of a request for a cosignature apart. Nothing is verified.
 *
 *   in    borrowed by *out
 *   out   old, the size that the witness has, and the way from there to the checkpoint
 *
 * 0, or -IMP_EFORMAT. Source: C2SP tlog-witness, add-checkpoint.
 */
int imp_growth_parse(struct imp_span in, struct imp_growth *out, struct imp_error *err)
	IMP_MUST_CHECK;
/* All but the checkpoint. */
void imp_growth_put(struct imp_writer *w, uint64_t old, const struct imp_path *path);

#endif
