/* SPDX-License-Identifier: Apache-2.0 */
/* Adding to batch files. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "object/append.h"

enum { WAITING_MAX = 1 << 20 /* bytes that may wait for a disk with room */ };

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

/* Those whose items these are find them waiting still, and try again. */
static void put_back(struct imp_appender *a, struct imp_secret *taken, uint64_t count)
{
	struct imp_secret newer;

	pthread_mutex_lock(&a->lock);
	a->lost = imp_secret_append(taken, imp_secret_span(&a->pending), NULL);
	if (!a->lost) {
		newer = a->pending;
		a->pending = *taken;
		*taken = newer;
		a->count += count;
	}
	pthread_mutex_unlock(&a->lock);
}

/* Whoever comes first writes what all have brought. */
static int write_pending(struct imp_appender *a, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret taken = { 0 };
	uint64_t count;
	int rc;

	if (a->lost)
		return imp_fail(err, IMP_ERESOURCE,
				"%s: an earlier item was lost: out of "
				"memory",
				a->path);
	pthread_mutex_lock(&a->lock);
	taken = a->pending;
	count = a->count;
	a->pending = (struct imp_secret){ 0 };
	a->count = 0;
	pthread_mutex_unlock(&a->lock);
	rc = count > 0 ? rewrite(a, imp_secret_span(&taken), count, err) : 0;
	if (rc)
		put_back(a, &taken, count);
	return rc;
}

static int add(struct imp_appender *a, struct imp_span item, struct imp_error *err)
{
	int rc = 0;

	pthread_mutex_lock(&a->lock);
	if (a->pending.len <= WAITING_MAX) {
		rc = imp_secret_append(&a->pending, item, err);
		a->count += !rc;
	} else {
		rc = imp_fail(err, IMP_ERESOURCE,
			      "%s: too much waits to be written there", a->path);
	}
	pthread_mutex_unlock(&a->lock);
	return rc;
}

int imp_append(struct imp_appender *a, struct imp_span item, struct imp_error *err)
{
	int rc, added;

	if (!a->path)
		return 0;
	added = add(a, item, err);
	if (added && added != -IMP_ERESOURCE)
		return added;
	pthread_mutex_lock(&a->writing);
	rc = write_pending(a, added ? NULL : err);
	pthread_mutex_unlock(&a->writing);
	return added ? added : rc;
}
