/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Append: adding items to a batch file that others may be adding to, too (host only).
 *
 * The file is replaced whole; processes that do the same to files of one folder wait for
 * each other, and threads of one process share the writing.
 */
#ifndef IMP_OBJECT_APPEND_H
#define IMP_OBJECT_APPEND_H

#include <pthread.h>

#include "object/batch.h"

/* Does an item of the file stay, now that `added` (items back to back) comes? */
typedef bool imp_append_stays(void *ctx, struct imp_span old, struct imp_span added);

struct imp_appender {
	const char *path; /* borrowed; NULL: nothing is kept */
	enum imp_batch_kind kind;
	imp_append_stays *stays; /* NULL: all do */
	void *ctx;
	pthread_mutex_t lock, writing;
	struct imp_secret pending; /* items not written yet, back to back */
	uint64_t count;		   /* of them */
	int lost; /* items that failed and could not wait: nothing is added any more */
};

/*
 * Prepare to add to a file that may not exist yet.
 *
 * 0, or -IMP_EUSAGE: it could not be written.
 */
int imp_appender_init(struct imp_appender *a, const char *path, enum imp_batch_kind kind,
		      struct imp_error *err) IMP_MUST_CHECK;
/*
 * Add one item; it is in the file, synced, when this returns 0. One that could not be
 * written waits, up to a bound, for the next call to write it.
 *
 * 0, -IMP_EFORMAT (the file is not one of this kind), -IMP_EUSAGE, -IMP_ERESOURCE.
 */
int imp_append(struct imp_appender *a, struct imp_span item, struct imp_error *err)
	IMP_MUST_CHECK;
void imp_appender_fini(struct imp_appender *a);

#endif
