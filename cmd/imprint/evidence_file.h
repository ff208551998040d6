/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence files: what devices have proven so far, kept by the verifier. */
#ifndef IMPRINT_EVIDENCE_FILE_H
#define IMPRINT_EVIDENCE_FILE_H

#include "evidence/chains.h"

struct evidence_file {
	const char *path;	 /* NULL: none */
	struct imp_secret bytes; /* all items, back to back; owned */
	size_t *at;		 /* where each starts; owned */
	size_t count, cap;
	size_t stored; /* of these, what the file has */
};

/* Read a file that may not exist yet. 0, or -IMP_EFORMAT and the like. */
int evidence_file_open(struct evidence_file *f, const char *path, struct imp_error *err);
int evidence_file_add(struct evidence_file *f, struct imp_span signed_evidence,
		      struct imp_error *err);
/* Write it back, atomically. Does nothing without a path. */
int evidence_file_save(const struct evidence_file *f, struct imp_error *err);
void evidence_file_close(struct evidence_file *f);

/*
 * The last evidence that verifies with the card's key: its heads become the known ones.
 *
 *   token   may be NULL; borrowed from f
 *
 * 1 found, 0 none (the chains are at their start), or a negative code.
 */
int evidence_file_last(const struct evidence_file *f, struct imp_crypto *crypto,
		       const struct imp_known *known, struct imp_chains *chains,
		       struct imp_evidence *token, struct imp_error *err);

#endif
