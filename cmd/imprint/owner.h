/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only an owner does: make an object for a device, sign it, and either write it to a
 * file or have it applied and appraised. Shared by claim, lock, floor, wipe, policy and
 * retire.
 */
#ifndef IMPRINT_OWNER_H
#define IMPRINT_OWNER_H

#include "args.h"
#include "keyarg.h"
#include "plan.h"

struct owner_args {
	struct key_args key;
	struct out_args out;
	struct dev_args dev;
	struct verifier_args verifier;
	struct report_args report;
	struct form_args form;
	struct revoked_args revoked;
	const char *target; /* ueid in hex or imei, or PEN/model; with -o */
	uint32_t epoch;	    /* owner-epoch; 0: not given */
};
extern const struct argp owner_argp;

struct owner {
	const char *verb;
	struct imp_crypto *crypto;
	struct imp_key key;
	struct imp_signer signer;
	uint8_t kid[32];
	struct verifier verifier;
	const struct owner_args *args;
	bool learns;   /* make() needs next and the owner-epoch, as the device proves them
			*/
	uint64_t next; /* sequence that the device takes in domain 0; 0: not known */
	/* Make the signed object for one target; runs in the device's thread. */
	int (*make)(struct owner *o, const struct imp_target *target, uint32_t epoch,
		    struct imp_writer *w, struct imp_error *err);
	void *ctx;
};

/*
 * Read the key, and where devices are attached whom they are held against.
 *
 *   o   zeroed but for verb, make and what that needs; owner_close() whatever is returned
 *   a   borrowed until then
 *
 * 0; the errors of signer_read(), verifier_open() and factories_check().
 */
int owner_open(struct owner *o, const struct owner_args *a, struct imp_error *err);
void owner_close(struct owner *o);
/* With -d to the devices, with -o to a file. */
int owner_run(struct owner *o, const struct owner_args *a, struct imp_error *err);

#endif
