/* SPDX-License-Identifier: Apache-2.0 */
/* Adding to batch files. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "object/append.h"

int imp_appender_init(struct imp_appender *a, const char *path, enum imp_batch_kind kind,
		      struct imp_error *err)
{
	*a = (struct imp_appender){ .path = path, .kind = kind };
	pthread_mutex_init(&a->lock, NULL);
	pthread_mutex_init(&a->writing, NULL);
	return path ? imp_out_possible(path, err) : 0;
}

void imp_appender_fini(struct imp_appender *a)
{
	imp_secret_fini(&a->pending);
	pthread_mutex_destroy(&a->lock);
	pthread_mutex_destroy(&a->writing);
}

/* Go through the file as it is now; what stays is counted, and written where there is an
 * output. */
static int copy(const struct imp_appender *a, struct imp_span added, struct imp_out *out,
		uint64_t *stay, struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	struct imp_span item;
	int rc;

	*stay = 0;
	if (access(a->path, F_OK) != 0 && errno == ENOENT)
		return 0;
	rc = imp_batch_open(&b, a->path, a->kind, err);
	while (!rc && (rc = imp_batch_next(&b, &item, err)) > 0) {
		rc = 0;
		if (a->stays && !a->stays(a->ctx, item, added))
			continue;
		*stay += 1;
		if (out)
			rc = imp_out_write(out, item, err);
	}
	return rc;
}

static int rewrite(const struct imp_appender *a, struct imp_span added, uint64_t count,
		   struct imp_error *err)
{
	CLEANUP(imp_folder_unlock) int folder = -1;
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	uint64_t stay = 0;
	int rc = imp_folder_lock(a->path, &folder, err);

	if (!rc)
		rc = copy(a, added, NULL, &stay, err);
	if (!rc)
		rc = imp_out_open(&out, a->path, IMP_OUT_FORCE | IMP_OUT_BINARY, err);
	if (!rc)
		rc = imp_batch_head_write(&out, stay + count, a->kind, err);
	if (!rc)
		rc = copy(a, added, &out, &stay, err);
	if (!rc)
		rc = imp_out_write(&out, added, err);
	return rc ? rc : imp_out_commit(&out, err);
}

/* Whoever comes first writes what all have brought. */
static int write_pending(struct imp_appender *a)
{
	CLEANUP(imp_secret_fini) struct imp_secret taken = { 0 };
	uint64_t count;

	if (a->rc)
		return a->rc;
	pthread_mutex_lock(&a->lock);
	taken = a->pending;
	count = a->count;
	a->pending = (struct imp_secret){ 0 };
	a->count = 0;
	pthread_mutex_unlock(&a->lock);
	if (count > 0)
		a->rc = rewrite(a, imp_secret_span(&taken), count, &a->why);
	return a->rc;
}

int imp_append(struct imp_appender *a, struct imp_span item, struct imp_error *err)
{
	int rc;

	if (!a->path)
		return 0;
	pthread_mutex_lock(&a->lock);
	rc = imp_secret_append(&a->pending, item, err);
	a->count += !rc;
	pthread_mutex_unlock(&a->lock);
	if (rc)
		return rc;
	pthread_mutex_lock(&a->writing);
	rc = write_pending(a);
	if (rc && err)
		*err = a->why;
	pthread_mutex_unlock(&a->writing);
	return rc;
}
