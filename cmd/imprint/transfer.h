/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers on their way: many at once, by device, and what they say in words. */
#ifndef IMPRINT_TRANSFER_H
#define IMPRINT_TRANSFER_H

#include <pthread.h>

#include "args.h"
#include "base/seen.h"
#include "crypto/key.h"
#include "issue/handover.h"
#include "plan.h"

/* Transfers by the device that they are for. */
struct transfers {
	pthread_mutex_t lock;	 /* devices are worked on in parallel */
	struct imp_secret bytes; /* one behind the other */
	struct imp_seen seen;	 /* by ueid: number in place */
	struct transfers_place {
		size_t at, len;
	} * place; /* owned */
	size_t count, cap;
};

int transfers_init(struct transfers *t, struct imp_error *err);
/* Add one; threads may at once. 0, -IMP_EUSAGE (a second one for this device),
 * -IMP_ERESOURCE. */
int transfers_add(struct transfers *t, struct imp_span ueid, struct imp_span object,
		  struct imp_error *err);
/* That of a device, borrowed; empty where there is none. */
struct imp_span transfers_find(const struct transfers *t, struct imp_span ueid);
/* All into a file, as push takes it. */
int transfers_write(const struct transfers *t, const struct out_args *out,
		    struct imp_error *err);
void transfers_fini(struct transfers *t);

/* What is shown: terms in full where they are not those of the one before. */
struct transfer_show {
	FILE *f;
	bool json;
	struct imp_secret terms; /* of the one before, encoded */
};

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
	struct verifier verifier;
	struct transfers list;
	struct transfer_show show;
};

/* Of each device that is attached. */
int transfer_talk(struct device *d, void *ctx);
/* Of each device whose evidence is in the file of --evidence, as far as --id wants it.
 * 0, -IMP_EUSAGE (there is none, or not of every --id), or the errors of
 * imp_handover_make(). */
int transfer_from_evidence(struct transfer *t, const struct dev_args *dev,
			   struct imp_error *err);
/* Accept all that is in a file. */
int transfer_accept(struct transfer *t, const char *path, const struct imp_pub *from,
		    struct imp_error *err);

#endif
