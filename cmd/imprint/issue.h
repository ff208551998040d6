/* SPDX-License-Identifier: Apache-2.0 */
/* Issuing in batches: what sign, encrypt and pack share. */
#ifndef IMPRINT_ISSUE_H
#define IMPRINT_ISSUE_H

#include "bundle.h"
#include "cardsarg.h"
#include "issue/pool.h"
#include "issue/seal.h"

/* --cards, --factory, --ledger, --station, --accept-asserted */
struct seal_args {
	struct cards_args known;
	bool accept_asserted;
};
extern const struct argp seal_argp;

/* -j */
struct jobs_args {
	unsigned jobs; /* threads, 1..IMP_POOL_THREADS */
};
extern const struct argp jobs_argp;

/* --batch, --label */
struct leaves_args {
	bool batch;
	const char *label; /* NULL: none */
};
extern const struct argp leaves_argp;

/* Whom packages are sealed to, and how many nobody vouches for. */
struct sealing {
	struct imp_cards cards;
	struct imp_ledger *ledger; /* that the cards are in; NULL: a file, or none */
	struct imp_sealer sealer;
	const char *test_factory;  /* a key of --factory that is for tests; NULL: none */
	_Atomic uint64_t asserted; /* packages that were sealed to asserted keys */
};

/* Read the cards, where some are named. 0, or the errors of imp_cards_open(). */
int sealing_open(struct sealing *s, struct imp_crypto *crypto, const struct seal_args *a,
		 struct imp_error *err);
/* Seal one signed profile, with the key of its row if it has one. Any thread. */
int sealing_make(struct sealing *s, struct imp_crypto *crypto, const struct imp_pub *key,
		 struct imp_span object, struct imp_writer *w, struct imp_error *err);
/* Say on standard error how many packages went to asserted keys. */
void sealing_report(const struct sealing *s);
void sealing_close(struct sealing *s);

/* A batch in, a batch out, item by item; nothing appears unless all went well. */
struct filter {
	enum imp_batch_kind in;
	unsigned jobs;
	/* Look at every item before the first is made, and what then is to be done; NULL:
	 * items are read once. The caller's thread. */
	int (*survey)(void *ctx, struct imp_crypto *crypto, struct imp_span item,
		      struct imp_error *err);
	int (*surveyed)(void *ctx, struct imp_crypto *crypto, struct imp_error *err);
	/* Make one item of another; any thread. */
	int (*make)(void *ctx, struct imp_crypto *crypto,
		    const struct imp_pool_item *item, struct imp_writer *out,
		    struct imp_error *err);
	void *ctx;
	struct bundle out;
};
int run_filter(struct filter *f, const char *in, struct imp_crypto *crypto,
	       struct imp_error *err);

#endif
