/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles: where build, sign, encrypt and pack put what they make: one file with a head,
 * or with --split a file a device in a new folder. It appears whole or not at all.
 */
#ifndef IMPRINT_BUNDLE_H
#define IMPRINT_BUNDLE_H

#include "args.h"
#include "base/file.h"
#include "object/batch.h"
#include "progress.h"
#include "recorder.h"
#include "split.h"

/* -o, --force, --split */
struct bundle_args {
	struct out_args out;
	const char *split; /* NULL: one file */
};
extern const struct argp bundle_argp;

struct bundle {
	const struct bundle_args *args;
	const char *verb; /* for progress: "pack" */
	enum imp_batch_kind kind;
	unsigned flags;		  /* IMP_OUT_PRIVATE where items hold secrets in clear */
	bool unsure;		  /* items may be left out: the head is written last */
	bool lone;		  /* exactly one, without a head */
	struct recorder recorder; /* of items that are signed */
	struct imp_out out;
	struct imp_out spool; /* items that cannot be handed out yet; no path: none */
	struct split split;
	uint64_t count;
	struct progress progress;
};

/*
 * Begin with what is known: how many there will be.
 *
 *   lone   there is one, and no head
 *
 * 0, or the errors of imp_out_open(); with --split -IMP_EUSAGE where the folder exists.
 */
int bundle_begin(struct bundle *b, uint64_t count, bool lone, struct imp_error *err);
int bundle_put(struct bundle *b, struct imp_span item, struct imp_error *err);
/*
 * Have it in the ledger, where there is one; sync and give it its name; say so on
 * standard error where it may hold secrets.
 *
 *   rc    what making the items came to; 0 and -IMP_EFINDINGS (some were left out, which
 *         *err tells) are committed
 *
 * rc where it is done or was not to be done; else why not: -IMP_ERESOURCE,
 * -IMP_EINTERRUPTED, the errors of recorder_write().
 */
int bundle_finish(struct bundle *b, int rc, struct imp_error *err);
/* Drop what was not committed. */
void bundle_abort(struct bundle *b);
/* Where the items went, for messages; NULL for standard output. */
const char *bundle_name(const struct bundle *b);

#endif
