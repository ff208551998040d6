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
#include "evidence/proven.h"
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

/* The objects of a file, each found by the device it is for. */
struct objects {
	struct imp_index index;
	struct imp_crypto *crypto;
	bool any; /* anything goes: the device judges it */
};

/* Read FILE. 0; the errors of plan_object(); -IMP_EUSAGE: two for one device. */
int objects_open(struct objects *o, struct imp_crypto *crypto, const char *path,
		 struct imp_error *err);
/*
 * The object of this device, kept in d->object. A lone object is for whoever is asked: a
 * class, or a device that hides who it is.
 *
 *   number   1.. : that one, whoever it is for; 0: by ueid
 *
 * 0, -IMP_EPOLICY (none), or the errors of plan_object().
 */
int objects_find(const struct objects *o, struct device *d, size_t number,
		 struct plan *out);
void objects_close(struct objects *o);

/* Who is known, and what they have proven: shared by the threads of a run. */
struct verifier {
	struct imp_cards cards;
	struct imp_proven proven;
	struct imp_span owner; /* kid of --owner, or empty */
	uint8_t owner_buf[32];
	bool allow_debug, require_locked;
	bool require_endorsed; /* --factory was given */
};

/* --cards, --factory, --owner, --evidence, --allow-debug */
struct verifier_args {
	const char *cards, *owner, *evidence;
	struct path_list factories;
	bool allow_debug;
};
extern const struct argp verifier_argp;

int verifier_open(struct verifier *v, struct imp_crypto *crypto,
		  const struct verifier_args *a, const struct dev_args *dev,
		  struct imp_error *err);
void verifier_close(struct verifier *v);
/* The card of the device at hand, verified, kept in d->known; NULL with d->err filled. */
const struct imp_known *verifier_card(const struct verifier *v, struct device *d);
/* Keep what the device proved: nothing is reported before it is written down. */
int verifier_keep(struct verifier *v, struct device *d);

/* What the device must show: from the plan, its card and what it proved before. */
int plan_prepare(struct device *d, const struct plan *plan, const struct verifier *v,
		 const uint8_t nonce[32], struct device_check *check);
/*
 * What would become of the object? By what describe says, without proof: its lifecycle,
 * epochs, sequences and owner. 0 with d->says filled, or -code with the refusal in
 * d->err.
 */
int plan_foresee(struct device *d, const struct plan *plan);
/* Add what to do next about a refusal (d->reason); returns rc. */
int plan_hint(struct device *d, const struct plan *plan, int rc);
/* Have the device prove what state it is in now; it must hold the object of the plan,
 * where that has one. The negative code of what went wrong first. */
int plan_attest(struct device *d, const struct plan *plan, const struct verifier *v);
/* After plan_attest(): is the profile of the plan what it holds? Then d->says tells. */
bool plan_is_held(struct device *d, const struct plan *plan);
/* Stage the object, take the answer, appraise. The negative code of what went wrong
 * first. */
int plan_apply(struct device *d, const struct plan *plan, const struct verifier *v);

#endif
