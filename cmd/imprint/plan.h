/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans: an object on its way to a device, and what the device must show afterwards.
 *
 * What push, claim, transfer and the owner's commands share: everything that changes a
 * device is staged, applied, and appraised the same way.
 */
#ifndef IMPRINT_PLAN_H
#define IMPRINT_PLAN_H

#include "object/command.h"
#include "object/package.h"
#include "object/signed.h"
#include "object/transfer.h"
#include "verifier.h"

struct plan {
	struct imp_span object;		  /* borrowed */
	const char *what;		  /* "profile", "claim", "lock", ... */
	struct imp_package_claims claims; /* of a package; borrowed */
	struct imp_expected expected;	  /* without card and nonce */
	struct imp_entry entry;
	uint8_t id[32];
	struct imp_target target; /* of a clear object */
	/* Of a change of owner. */
	uint8_t owner[32];		  /* kid of the new one */
	struct imp_span issuer, previous; /* kid, owner record id; borrowed */
};

/* Does it make somebody the owner: a claim, a transfer, a recovery? */
static inline bool plan_changes_owner(const struct plan *p)
{
	return p->entry.kind == IMP_ENTRY_TRANSFER || p->entry.kind == IMP_ENTRY_RECOVERY;
}

/* What an object will do, by its outer claims or its payload. 0, -IMP_EFORMAT,
 * -IMP_EPOLICY. */
int plan_object(struct imp_crypto *crypto, struct imp_span object, struct plan *out,
		struct imp_error *err);

enum { OBJECT_FILES = 16, OBJECTS_OF_ONE = 32 };

/* The objects of files, found by the device that they are for. */
struct objects {
	struct imp_index file[OBJECT_FILES];
	size_t files;
	struct imp_crypto *crypto;
	bool any; /* anything goes: the device judges it */
};

/* Where one stands. */
struct object_at {
	size_t file, item;
};

/* Those of one device, in the order in which they are sent. */
struct objects_of {
	struct object_at at[OBJECTS_OF_ONE];
	size_t count;
};

/* Read a file, behind those that were read. 0; the errors of plan_object(); -IMP_EUSAGE:
 * two for one domain of a device. */
int objects_open(struct objects *o, struct imp_crypto *crypto, const char *path,
		 struct imp_error *err);
/*
 * The objects of this device. A lone one is for whoever is asked: a class, or a device
 * that hides who it is.
 *
 *   number   1.. : that one of the first file, whoever it is for; 0: by ueid
 *
 * 0, -IMP_EPOLICY (none), -IMP_EUSAGE (two files for one domain), or the errors of
 * plan_object().
 */
int objects_list(const struct objects *o, struct device *d, size_t number,
		 struct objects_of *out);
/* One of them, kept in d->object until the next is taken. */
int objects_take(const struct objects *o, struct device *d, struct object_at at,
		 struct plan *out);
void objects_close(struct objects *o);

/*
 * Do one after the other. What is said of all stands in one line; what was proven is kept
 * before the next one begins, and what the last one proves is the caller's to keep.
 *
 * 0, or what `one` returned of the first that failed.
 */
int objects_each(const struct objects *o, struct device *d, const struct objects_of *all,
		 struct verifier *v,
		 int (*one)(struct device *d, const struct plan *plan, void *ctx),
		 void *ctx);

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
