/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers on their way: many at once, by device, and what they say in words. */
#ifndef IMPRINT_TRANSFER_H
#define IMPRINT_TRANSFER_H

#include <pthread.h>

#include "args.h"
#include "base/seen.h"
#include "crypto/key.h"
#include "issue/handover.h"
#include "issue/leaves.h"
#include "listed.h"
#include "plan.h"

/* Transfers by the device that they are for. They wait in a file without a name; memory:
 * 40 bytes each. */
struct transfers {
	pthread_mutex_t lock; /* devices are worked on in parallel */
	int spool;	      /* owned; -1: nothing waits yet */
	uint64_t end;	      /* bytes in it */
	struct imp_seen seen; /* by ueid: number in place */
	struct transfers_place {
		uint64_t at;
		size_t len;
	} * place; /* owned */
	size_t count, cap;
	struct imp_leaves *leaves; /* that each becomes a leaf of; NULL: of none */
};

/* Begin with none; spool is -1. 0, -IMP_EINTERNAL. */
int transfers_init(struct transfers *t, struct imp_error *err);
/*
 * Add one; threads may at once.
 *
 *   crypto   the thread's own
 *   object   a signed one; where there are leaves, the payload of one
 *
 * 0, -IMP_EUSAGE (a second one for this device), -IMP_ERESOURCE.
 */
int transfers_add(struct transfers *t, struct imp_crypto *crypto, struct imp_span ueid,
		  struct imp_span object, struct imp_error *err);
/* The i-th that was added; out is replaced. 0, -IMP_ERESOURCE. Any thread, once nothing
 * is added any more. */
int transfers_read(const struct transfers *t, size_t i, struct imp_secret *out,
		   struct imp_error *err);
/* That of a device: 1, 0 where there is none, or as transfers_read(). */
int transfers_find(const struct transfers *t, struct imp_span ueid,
		   struct imp_secret *out, struct imp_error *err);
/* All into a file, as push takes it. 0, -IMP_ERESOURCE, -IMP_EINTERRUPTED, the errors of
 * imp_out_open(). */
int transfers_write(const struct transfers *t, const struct out_args *out,
		    struct imp_error *err);
/* Accepts one whose spool is -1 and that is zeroed else. */
void transfers_fini(struct transfers *t);

/* What is shown: terms in full where they are not those of the one before. */
struct transfer_show {
	FILE *f; /* NULL: nothing is, the report of the devices tells */
	bool json;
	struct imp_secret terms; /* of the one before, encoded */
};

/* Show one. 0, -IMP_EINTERNAL, -IMP_ERESOURCE. */
int transfer_show(struct transfer_show *s, struct imp_crypto *crypto,
		  const struct imp_offer *o, struct imp_error *err);
void transfer_show_fini(struct transfer_show *s);
/* "domains 0, 2", or what stands in place of none. */
const char *transfer_domains(uint16_t domains, const char *none, char out[80]);

/* What the command is about. */
struct transfer {
	struct imp_crypto *crypto;
	struct imp_key key, taker_key;	 /* of -k, of --to-key */
	struct imp_signer signer, taker; /* likewise */
	struct imp_handover terms;	 /* issuer NULL: they are in a file */
	uint8_t owner[32];		 /* kid of the new one */
	bool apply;			 /* else they are made into a file */
	bool batch;			 /* by one signature */
	struct imp_leaves leaves;	 /* of that */
	struct verifier verifier;
	struct transfers offered; /* what is not signed by all who sign here */
	struct transfers list;	  /* what is */
	struct transfer_show show;
};

/* Of each device that is attached. */
int transfer_talk(struct device *d, void *ctx);
/* Make one: signed, or what is to be the leaf of a batch. 0, the errors of
 * imp_handover_make(). */
int transfer_make(struct transfer *t, struct imp_crypto *crypto,
		  const struct imp_evidence *token, struct imp_writer *w,
		  struct imp_error *err);
/* Keep what was made so. As transfers_add(). */
int transfer_add(struct transfer *t, struct imp_crypto *crypto, struct imp_span ueid,
		 struct imp_span object, struct imp_error *err);
/*
 * Of each device of the cards, or of the ledger's registry, that --id and the list want,
 * by what it proved last.
 *
 * 0; -IMP_EUSAGE: there is none, or not of every --id and row; -IMP_EPOLICY: one that was
 * named is taken out; the errors of imp_handover_make().
 */
int transfer_from_evidence(struct transfer *t, const struct dev_args *dev,
			   struct listed *listed, struct imp_error *err);
/*
 * Sign all that were offered, together.
 *
 *   label   empty: none
 *
 * 0; -IMP_EKEY; -IMP_ERESOURCE.
 */
int transfer_sign(struct transfer *t, struct imp_span label, struct imp_error *err);
/*
 * Accept all that is in a file: a batch only as a whole. Nothing is signed before all of
 * it was looked at.
 *
 *   from   who must have signed it; NULL: whoever it names, unverified
 *
 * 0; -IMP_EFORMAT; -IMP_EPOLICY: what it names is revoked; the errors of
 * imp_offer_open(), imp_offer_check(), imp_offer_accept(), imp_recount_any() and
 * imp_recount_end().
 */
int transfer_accept(struct transfer *t, const char *path, const struct imp_pub *from,
		    struct imp_error *err);

#endif
