/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failures: what devices that call again and again failed with last.
 *
 * Who has the key of one device may call as often as it likes, and fail each time: that
 * must not fill a ledger. Kept while the program runs, in some bytes for each device that
 * has proven its key. Not for several threads at once.
 */
#ifndef IMPRINT_FAILURES_H
#define IMPRINT_FAILURES_H

#include "base/seen.h"

enum {
	FAILURES_KEPT = 32,	 /* entries of a device in one run, whatever it does */
	FAILURES_SENT = 8,	 /* times that something is sent to it in vain */
	FAILURES_AGAIN_S = 3600, /* and then one more in that time */
};

struct failures {
	struct imp_seen of; /* ueid: where in `at` */
	struct failure {
		int last; /* code; 0: none, or it went well since */
		uint32_t kept, sent;
		uint64_t next_ns;
	} * at; /* owned */
	size_t count, cap;
};

/* 0, or -IMP_EINTERNAL (no randomness). */
int failures_init(struct failures *f, struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a zeroed one. */
void failures_fini(struct failures *f);
/* Is it to be written down that it failed so? Once for each change, FAILURES_KEPT times
 * at most. */
bool failures_is_news(struct failures *f, struct imp_span ueid, int code);
/* May something be sent to it, which may fail? */
bool failures_may_send(struct failures *f, struct imp_span ueid, uint64_t now_ns);
/* It went well. */
void failures_end(struct failures *f, struct imp_span ueid);

#endif
