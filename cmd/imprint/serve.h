/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serving: devices that call, a thread and a conversation each, no more of them at once
 * than there is room for.
 *
 * A caller proves first who it is, by evidence under the key in its card with a nonce of
 * ours, and gets nothing before that. One conversation a device: who proves to be it last
 * ends those before. One that takes longer than its patience is cut off;
 * where the room is full, the oldest that has not proven itself gives way.
 */
#ifndef IMPRINT_SERVE_H
#define IMPRINT_SERVE_H

#include <pthread.h>
#include <sys/queue.h>

#include "base/seen.h"
#include "failures.h"
#include "plan.h"

struct caller;

struct serve {
	struct verifier verifier;
	struct objects objects; /* what is for whom */
	uint32_t room;		/* callers at once */
	uint32_t patience_ms;	/* to prove who it is */
	uint32_t timeout_ms;	/* for what follows */
	uint64_t wanted;	/* end when so many devices hold theirs; 0: go on */
	bool wants_all; /* who of the bundle was not served is told, and an error */
	bool json;
	/* Kept while it runs. */
	pthread_mutex_t lock;
	pthread_cond_t left;		     /* someone has left */
	TAILQ_HEAD(callers, caller) callers; /* in the order they came */
	struct callers gone;		     /* whose threads are to be joined */
	uint32_t count, most;
	int done_fd; /* readable once `wanted` is reached */
	struct imp_seen served;
	struct failures failures;
	uint64_t passed, failed; /* conversations */
	struct {
		uint64_t second_ns;
		uint32_t said, kept; /* in this second */
	} flood;
};

/*
 * Serve who calls until the user interrupts or `wanted` devices hold what is for them.
 *
 *   listener   of imp_tcp_listen(); borrowed
 *
 * Each caller is reported on standard output as it leaves; of callers that prove nothing
 * at most 20 a second, the rest as a number on standard error. 0, or -IMP_EINTERRUPTED:
 * callers were cut off by it; -IMP_EPARTIAL: wants_all, and some were not served;
 * -IMP_ERESOURCE.
 */
int serve_run(struct serve *s, int listener, struct imp_error *err);

/* How many devices the bundle is for; 0: for whoever calls. */
size_t serve_devices(const struct serve *s);
/* When nobody is talked to any more: report each device of the bundle that was not
 * served. 0, -IMP_EPARTIAL: there are some; the errors of imp_index_read(). */
int serve_tell_missing(const struct serve *s, struct imp_error *err);

#endif
