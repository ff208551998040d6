/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pool: items made into others by several threads, and taken in the order that they were
 * put in (host only).
 */
#ifndef IMP_ISSUE_POOL_H
#define IMP_ISSUE_POOL_H

#include "crypto/host.h"

enum { IMP_POOL_THREADS = 64 };

struct imp_pool_item {
	struct imp_span in; /* at most IMP_CBOR_MAX bytes; copied by imp_pool_put() */
	struct imp_pub key; /* crv 0: none */
	uint64_t where;	    /* row or index, for messages */
	uint32_t leaf;	    /* index among those that are signed together */
};

struct imp_pool_work {
	/* Make *out of an item. Runs on any thread, with that thread's crypto. */
	int (*make)(void *ctx, struct imp_crypto *crypto,
		    const struct imp_pool_item *item, struct imp_writer *out,
		    struct imp_error *err);
	/* Take what was made, or failed to be (rc, *err); runs on the caller's thread, in
	 * order. What it returns other than 0 ends the pool's work. */
	int (*take)(void *ctx, uint64_t where, int rc, struct imp_span out,
		    struct imp_error *err);
	void *ctx;
};

struct imp_pool;

/*
 * Start.
 *
 *   threads   1..IMP_POOL_THREADS; with 1 everything runs on the caller's
 *   crypto    the caller's own, borrowed; other threads make theirs
 *
 * 0, -IMP_ERESOURCE, -IMP_EINTERNAL.
 */
int imp_pool_open(struct imp_pool **out, unsigned threads, struct imp_crypto *crypto,
		  const struct imp_pool_work *work, struct imp_error *err) IMP_MUST_CHECK;
/* Put an item in; may take earlier ones. 0, or what take returned. */
int imp_pool_put(struct imp_pool *p, const struct imp_pool_item *item,
		 struct imp_error *err) IMP_MUST_CHECK;
/* Take all that is left. 0, or what take returned. */
int imp_pool_finish(struct imp_pool *p, struct imp_error *err) IMP_MUST_CHECK;
/* Stop, wipe, free; accepts a pointer to NULL. Fits CLEANUP(). */
void imp_pool_close(struct imp_pool **p);

#endif
