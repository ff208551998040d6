/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans: an object on its way to a device, and what the device must show afterwards.
 *
 * What push, claim and the owner's commands share: everything that changes a device is
 * staged, applied, and appraised the same way.
 */
#ifndef IMPRINT_PLAN_H
#define IMPRINT_PLAN_H

#include "devices.h"
#include "object/command.h"
#include "object/package.h"
#include "object/signed.h"
#include "object/transfer.h"

struct plan {
	struct imp_span object;		  /* borrowed */
	const char *what;		  /* "profile", "claim", "lock", ... */
	struct imp_package_claims claims; /* of a package; borrowed */
	struct imp_expected expected;	  /* without card and nonce */
	struct imp_entry entry;
	uint8_t id[32];
	struct imp_target target; /* of a clear object */
};

/* What an object will do, by its outer claims or its payload. 0, -IMP_EFORMAT,
 * -IMP_EPOLICY. */
int plan_object(struct imp_crypto *crypto, struct imp_span object, struct plan *out,
		struct imp_error *err);

/* Who is known, and what they have proven: shared by the threads of a run, read only. */
struct verifier {
	struct imp_cards cards;
	struct evidence_file evidence;
	struct imp_span owner; /* kid of --owner, or empty */
	uint8_t owner_buf[32];
	bool allow_debug, require_locked;
};

/* --cards, --factory, --owner, --evidence, --allow-debug */
struct verifier_args {
	const char *cards, *owner, *evidence;
	struct path_list factories;
	bool allow_debug;
};
extern const struct argp verifier_argp;

int verifier_open(struct verifier *v, struct imp_crypto *crypto,
		  const struct verifier_args *a, struct imp_error *err);
void verifier_close(struct verifier *v);
/* The card of the device at hand, verified, kept in d->known; NULL with d->err filled. */
const struct imp_known *verifier_card(const struct verifier *v, struct device *d);
/* Keep what the device proved. For devices_run()'s `done`, with the verifier first in
 * ctx. */
int verifier_keep(struct verifier *v, const struct device *d, struct imp_error *err);

/* What the device must show: from the plan, its card and what it proved before (*last:
 * its last token). */
int plan_prepare(struct device *d, const struct plan *plan, const struct verifier *v,
		 const uint8_t nonce[32], struct imp_evidence *last,
		 struct device_check *check);
/*
 * Would the device refuse the object? By what describe says, without proof: its
 * lifecycle, epochs and sequence. 0, or -code with the refusal in d->err.
 */
int plan_foresee(struct device *d, const struct plan *plan);
/* Stage the object, take the answer, appraise. The negative code of what went wrong
 * first. */
int plan_apply(struct device *d, const struct plan *plan, const struct verifier *v);

#endif
