/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Working on many devices: a thread and a conversation each, one table or one JSON object
 * a device at the end.
 */
#ifndef IMPRINT_DEVICES_H
#define IMPRINT_DEVICES_H

#include "args.h"
#include "base/secret.h"
#include "challenges.h"
#include "driver/session.h"
#include "evidence/cards.h"
#include "evidence/chains.h"
#include "junit.h"

struct device_entry;
struct device_list;

/* What a conversation with one device is about. */
struct device {
	const char *uri;
	const struct device_entry *entry; /* where it was found; NULL: it called */
	const struct dev_args *args;
	struct imp_crypto *crypto; /* this thread's */
	struct imp_session session;
	struct imp_describe describe; /* scalars only once the next request was sent */
	uint8_t ueid_buf[33];
	struct imp_span ueid; /* from describe: a hint */
	uint32_t owner_epoch; /* from describe: a hint */
	bool has_kid;
	uint8_t signing_kid[32]; /* likewise */
	/* Results. */
	int rc;
	struct imp_error err;
	bool skipped;	/* --id names another; what came of it does not matter */
	char name[80];	/* imei or ueid */
	char says[240]; /* one line on success */
	bool dry;	/* nothing was sent that changes it: what is said is unproven */
	bool attested;
	bool proved;	     /* its last evidence in this run was as expected */
	bool owner_compared; /* with --owner, the object's issuer or earlier evidence */
	bool again;
	unsigned reason; /* of a refusal */
	struct imp_appraisal appraisal;
	struct imp_known known; /* its card, once it was looked for */
	struct imp_secret evidence, card;
	struct imp_secret last;	  /* what it proved before */
	struct imp_secret object; /* what is for it; the plan points into it */
	struct asked asked;	  /* by whose challenge it proves itself */
	enum { NOT_FRESH, FRESH_TO_US, FRESH_SINCE_CHALLENGE } fresh; /* its last proof */
	uint64_t started_ns, took_ns;
	uint32_t sent, to_send; /* its share of the bar */
};

struct verifier;

struct device_work {
	const char *verb; /* for messages: "push" */
	/* Talk to one device; runs in a thread of its own. */
	int (*talk)(struct device *d, void *ctx);
	/* Write down what it proved, before it is reported; in the same thread. NULL: the
	 * verifier keeps its evidence. */
	int (*keep)(struct device *d, void *ctx);
	/* Show one device in place of the report; then a failure is part of what is shown
	 * and none of the run. NULL: report it. */
	void (*show)(const struct device *d, void *ctx);
	void *ctx;
	struct verifier *verifier;     /* its cards tell serials for --id; may be NULL */
	struct challenges *challenges; /* without a verifier, which has its own */
	bool json;
	bool progress;	     /* a bar on the terminal */
	bool quiet;	     /* devices that fail are reported, others not */
	struct junit *junit; /* a report for CI; NULL: none */
};

/*
 * Open, describe and talk to every device that the user named, in parallel, and report.
 *
 * 0; the code of the one device; -IMP_EPARTIAL when of several at least one failed.
 */
int devices_run(const struct dev_args *args, const struct device_work *work,
		struct imp_error *err);

/* The same for devices of a list; those that are known are passed over. */
int devices_run_on(const struct device_list *l, const struct dev_args *args,
		   const struct device_work *work, struct imp_error *err);

/* Is the id this ueid in hex, or its imei? */
bool ueid_is(struct imp_span ueid, const char *id);
/* Is it an imei, or a ueid in hex: describe tells whether it is this one. Anything else
 * is a serial, which is in the card. */
bool id_is_ueid(const char *id);
/* Does --id, where it is given, name the ueid, imei or serial of this card? */
bool card_is_wanted(const struct dev_args *args, const struct imp_card *card);
/* Is it the device that one --id names, as far as it is known? */
bool device_has_id(const struct device *d, const char *id);

/* Ask who it is; fills ueid, name and what else describe says. 0, or as
 * imp_session_describe(). */
int device_describe(struct device *d);
/* Close the conversation, and free what came of it. Accepts a zeroed struct. */
void device_fini(struct device *d);

/* Draw a nonce: where there is a challenge, r of one that follows from it, and the
 * session asks by them. */
int device_nonce(struct device *d, uint8_t nonce[32]);
enum { DEVICE_PROOF = 96 };
/* "attested", and since which challenge that is fresh where there was one. */
const char *device_proof_says(const struct device *d, char out[DEVICE_PROOF]);
/* Add what to do about a device that does not say who it is; returns rc. */
int device_hint_hidden(struct device *d, int rc);
/* As imp_session_attest() and imp_session_enroll(); hints tell what a device that asks
 * for a challenge wants. */
int device_ask_evidence(struct device *d, const uint8_t nonce[32],
			struct imp_response *r);
int device_ask_card(struct device *d, const uint8_t nonce[32], struct imp_response *r);
/* Read its history: the heads that the ring starts from, and its entries, encoded. */
int device_ring(struct device *d, struct imp_secret *base, struct imp_secret *entries);
/* What the evidence of an answer, and its history, are appraised against. */
struct device_check {
	struct imp_expected expected;
	struct imp_chains chains; /* proven before this session */
	struct imp_step step;
	struct imp_span us; /* kid of who asks, where that may be its owner, or empty */
	const struct imp_party *party; /* holders of grants */
	size_t parties;
};
/* 0, or -code of the first difference; reads the device's ring where it is needed. */
int device_appraise(struct device *d, struct imp_span evidence,
		    struct device_check *check);

#endif
