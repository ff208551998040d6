/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Working on many devices: a thread and a conversation each, one table or one JSON object
 * a device at the end.
 */
#ifndef IMPRINT_DEVICES_H
#define IMPRINT_DEVICES_H

#include "args.h"
#include "base/secret.h"
#include "driver/session.h"
#include "evidence/cards.h"
#include "evidence/chains.h"
#include "evidence_file.h"

/* What a conversation with one device is about. */
struct device {
	const char *uri;
	const struct dev_args *args;
	struct imp_crypto *crypto; /* this thread's */
	struct imp_session session;
	struct imp_describe describe; /* scalars only once the next request was sent */
	uint8_t ueid_buf[33];
	struct imp_span ueid; /* from describe: a hint */
	uint32_t owner_epoch; /* from describe: a hint */
	/* Results. */
	int rc;
	struct imp_error err;
	bool skipped;	/* --id names another; what came of it does not matter */
	char name[80];	/* imei or ueid */
	char says[120]; /* one line on success */
	bool attested;
	bool again;
	unsigned reason; /* of a refusal */
	struct imp_appraisal appraisal;
	struct imp_known known; /* its card, once it was looked for */
	struct imp_secret evidence, card;
	uint64_t started_ns, took_ns;
};

struct device_work {
	const char *verb; /* for messages: "push" */
	/* Talk to one device; runs in a thread of its own. */
	int (*talk)(struct device *d, void *ctx);
	void *ctx;
	/* When all have ended, in order: take over what a device proved. May be NULL. */
	int (*done)(struct device *d, void *ctx, struct imp_error *err);
	/* Then, before anything is reported: write it down. May be NULL. */
	int (*save)(void *ctx, struct imp_error *err);
	const struct imp_cards *cards; /* for --id; NULL: none yet */
	bool json;
	bool progress; /* a bar on the terminal */
};

/*
 * Open, describe and talk to every device that the user named, in parallel, and report.
 *
 * 0; what done or save return; the code of the one device; -IMP_EPARTIAL when of several
 * at least one failed.
 */
int devices_run(const struct dev_args *args, const struct device_work *work,
		struct imp_error *err);

/* Is --id the ueid, imei or serial of this card? */
bool card_has_id(const struct imp_card *card, const char *id);

/* Draw a nonce. */
int device_nonce(struct device *d, uint8_t nonce[32]);
/* What the evidence of an answer, and its history, are appraised against. */
struct device_check {
	struct imp_expected expected;
	struct imp_chains chains;	 /* proven before this session */
	const struct imp_evidence *last; /* the token that proved them, or NULL */
	struct imp_step step;
};
/* 0, or -code of the first difference; reads the device's ring where it is needed. */
int device_appraise(struct device *d, struct imp_span evidence,
		    struct device_check *check);

#endif
