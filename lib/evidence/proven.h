/* SPDX-License-Identifier: Apache-2.0 */
/* Proven: what devices have proven so far, as a file of evidence (host only). */
#ifndef IMP_EVIDENCE_PROVEN_H
#define IMP_EVIDENCE_PROVEN_H

#include "evidence/chains.h"
#include "object/append.h"
#include "object/index.h"

/* Evidence that is kept elsewhere: the last of a device, by the kid that signed it. 1, 0
 * or a negative code. */
typedef int imp_proven_ask(void *ctx, struct imp_span kid, struct imp_secret *out,
			   struct imp_error *err);

struct imp_proven {
	imp_proven_ask *ask; /* before the file; NULL: there is the file alone */
	void *ctx;
	struct imp_index index; /* by the kid that signed; as the file was when opened */
	struct imp_appender file;
	struct imp_proven_since *since; /* what was added to the file; owned */
};

/* imp_index_key of evidence: the kid that it names as its signer's. */
int imp_proven_key(void *ctx, struct imp_span item, struct imp_span *key,
		   struct imp_error *err);
/*
 * Open a file that may not exist yet.
 *
 *   path   NULL: nothing is known, and nothing kept for later runs
 *
 * 0; -IMP_EUSAGE (it could not be written); the errors of imp_index_open().
 */
int imp_proven_open(struct imp_proven *p, const char *path, struct imp_error *err)
	IMP_MUST_CHECK;
/*
 * The last evidence of a device: its heads become the known ones. Threads may ask at
 * once.
 *
 *   bytes    replaced; imp_secret_fini()
 *   chains   at their start where there is none
 *   token    borrowed from bytes; written where one is found
 *
 * 1 found, 0 none, -IMP_EVERIFY (it does not verify), or another negative code.
 */
int imp_proven_last(const struct imp_proven *p, struct imp_crypto *crypto,
		    const struct imp_known *known, struct imp_secret *bytes,
		    struct imp_chains *chains, struct imp_evidence *token,
		    struct imp_error *err) IMP_MUST_CHECK;
/*
 * Keep evidence that was appraised: it is the last of its device from now on, and synced
 * when this returns 0.
 *
 *   kid   32 bytes: the key that signed it
 */
int imp_proven_add(struct imp_proven *p, struct imp_span kid,
		   struct imp_span signed_evidence, struct imp_error *err) IMP_MUST_CHECK;
/* The same, for as long as this is open: it is not written. */
int imp_proven_note(struct imp_proven *p, struct imp_span kid,
		    struct imp_span signed_evidence, struct imp_error *err)
	IMP_MUST_CHECK;
void imp_proven_close(struct imp_proven *p);

#endif
