/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody is asked to approve, in words: never a hash alone. */
#ifndef IMPRINT_APPROVE_H
#define IMPRINT_APPROVE_H

#include <stdio.h>

#include "args.h"
#include "base/seen.h"
#include "diff.h"
#include "issue/approve.h"
#include "keyarg.h"
#include "model/object.h"
#include "object/profile.h"
#include "object/signed.h"
#include "scope.h"

enum { APPROVE_WORDS = 1 << 18, APPROVE_TARGET = 192 };

/*
 * What a claim, a command, a grant, a challenge or a list of what is revoked will do, in
 * a sentence or two.
 *
 * 0; -IMP_EFORMAT; -IMP_EPOLICY: it is of a kind that nobody approves; -IMP_ERESOURCE:
 * more words than that; nothing is cut.
 */
int approve_words(struct imp_crypto *crypto, const struct imp_signed *s,
		  char out[APPROVE_WORDS], struct imp_error *err);
/* "imei 001010010000014", "every device of class 32473/keel-2" */
void approve_target(const struct imp_target *t, char out[APPROVE_TARGET]);

/* Lowest and highest of many. */
struct range {
	uint64_t low, high;
};

/* One value of a setting. */
struct value {
	uint8_t hash[32];
	struct imp_secret is; /* in words */
	uint64_t count;	      /* profiles that have it */
};

/* One setting of many profiles. */
struct common {
	struct imp_setting at; /* its place; the bytes are not kept */
	char names[160];
	bool secret;
	struct value *value; /* owned; all that differ, as they came */
	size_t values, cap;
	struct imp_seen seen; /* by its hash: which of them a value is */
	uint64_t count;	      /* profiles that have it */
};

/* What many profiles have in common, and what not. */
struct profiles {
	struct imp_crypto *crypto;	   /* borrowed */
	const struct imp_catalog *catalog; /* borrowed */
	uint64_t count, no_class, replacing;
	char (*device)[80]; /* owned; one a profile */
	size_t devices, devices_cap;
	char (*class)[APPROVE_TARGET]; /* owned; all that differ */
	size_t classes, classes_cap;
	uint16_t domains;
	struct range sequence, owner_epoch, domain_epoch;
	char label[80];
	bool labels_differ;
	struct common *setting; /* owned; in the order of the wire */
	size_t settings, cap;
};

/* Take one more. 0, -IMP_ERESOURCE, -IMP_EINTERNAL. */
int profiles_add(struct profiles *p, const struct imp_profile *profile,
		 struct imp_error *err);
void profiles_show(const struct profiles *p, FILE *f);
void profiles_fini(struct profiles *p);

/* What profiles change, compared with what devices hold. */
struct changes {
	struct side side;	 /* a file of it */
	struct held_list list;	 /* what they hold */
	struct diff_report diff; /* f is set once it is open */
	bool proven;
	char *text; /* of the first devices that differ; owned */
	size_t len;
};

/*
 * Read what devices hold; crypto, catalog, json and the second name are set.
 *
 *   against   a file; NULL: the devices are asked
 *   v         whose cards verify it, or NULL
 *
 * 0, the errors of side_read() and devices_read().
 */
int changes_open(struct changes *c, const char *against, const struct dev_args *dev,
		 struct verifier *v, struct imp_error *err);
/* Compare one signed profile. 0, or the errors of diff_one(). */
int changes_add(struct changes *c, struct imp_span object, struct imp_error *err);
void changes_show(struct changes *c, FILE *f);
/* Accepts a zeroed struct. */
void changes_fini(struct changes *c);

/* What was seen so far, with one object more: what is signed must be the same. 0, or
 * -IMP_EINTERNAL. */
int approve_chain(struct imp_crypto *crypto, struct imp_span object, uint8_t seen[32],
		  struct imp_error *err);
/*
 * Put each object again with one signature more.
 *
 *   b      open, at its start
 *   seen   chained as above
 *
 * 0; -IMP_EKEY; the errors of imp_batch_next() and imp_out_write().
 */
int approve_sign(struct imp_crypto *crypto, const struct imp_signer *signer,
		 struct imp_batch *b, struct imp_out *out, uint8_t seen[32],
		 struct imp_error *err);

struct approve_args {
	struct key_args key;
	struct out_args out;
	struct dev_args dev;
	struct verifier_args verifier;
	struct report_args report;
	struct quorum_args quorum;
	const char *in, *against, *objects;
	bool yes;
};
extern const struct argp approve_argp;

#endif
