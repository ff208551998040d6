/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Challenges that a station was given: --challenge FILE.
 *
 * A lone one serves every device that it fits, as often as it likes: each answer has a
 * nonce of its own. Of a file of many each serves one conversation of a run.
 */
#ifndef IMPRINT_CHALLENGES_H
#define IMPRINT_CHALLENGES_H

#include <pthread.h>

#include "base/secret.h"
#include "crypto/host.h"
#include "object/challenge.h"
#include "object/index.h"

struct challenges {
	struct imp_index index; /* by ueid, or by model; no name: none was given */
	struct imp_crypto *crypto;
	const struct imp_pub *owner; /* whose they must be, or NULL; borrowed */
	pthread_mutex_t lock;
	bool *used;  /* owned; NULL for a lone one */
	size_t next; /* before it, all for classes are used */
};

/* Read a file of them, and verify it where the owner is known. 0; the errors of
 * imp_index_open(); -IMP_EPOLICY, -IMP_EVERIFY: not the owner's. */
int challenges_open(struct challenges *c, struct imp_crypto *crypto, const char *path,
		    const struct imp_pub *owner, struct imp_error *err);
/* Accepts a zeroed struct. */
void challenges_close(struct challenges *c);

/* What one device is asked by. */
struct asked {
	struct imp_secret bytes; /* of the challenge; empty: by nonces of our own */
	struct imp_challenge challenge; /* borrowed from bytes */
	uint8_t id[32], by[32];		/* of the challenge: identity, issuer */
	uint8_t r[IMP_CHALLENGE_R];	/* of the last nonce */
};

struct device;
/*
 * Take one for the device at hand, ask by it from now on, and where the device hides who
 * it is have it say so: a hint, as describe's.
 *
 *   c   NULL, or one that was not opened: nothing is done
 *
 * 0; -IMP_EPOLICY: none is for it, or none is left; what a device that is asked returns.
 */
int challenges_begin(struct challenges *c, struct device *d);
void asked_fini(struct asked *a);

#endif
