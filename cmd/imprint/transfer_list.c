/* SPDX-License-Identifier: Apache-2.0 */
/* Many transfers, by the device that they are for. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/grow.h"
#include "object/batch.h"
#include "transfer.h"

static const char waiting[] = "the transfers";

int transfers_init(struct transfers *t, struct imp_error *err)
{
	pthread_mutex_init(&t->lock, NULL);
	return imp_seen_init(&t->seen, err);
}

static int keep(struct transfers *t, struct imp_span object, struct imp_error *err)
{
	struct transfers_place *more =
		imp_grow(t->place, t->count, &t->cap, sizeof(*more), err);

	if (!more)
		return -IMP_ERESOURCE;
	t->place = more;
	if (t->spool < 0 && imp_spool_open(waiting, &t->spool, err))
		return -IMP_ERESOURCE;
	if (imp_write_all(t->spool, object))
		return imp_spool_failed(waiting, err);
	t->place[t->count++] = (struct transfers_place){ t->end, object.len };
	t->end += object.len;
	return 0;
}

static int add(struct transfers *t, struct imp_crypto *crypto, struct imp_span ueid,
	       struct imp_span object, struct imp_error *err)
{
	uint32_t before;
	char name[80];
	int rc = imp_seen_add(&t->seen, ueid, (uint32_t)t->count, &before, err);

	if (!rc && before != IMP_SEEN_NOWHERE) {
		imp_device_name(ueid, name);
		rc = imp_fail(err, IMP_EUSAGE, "the second one for %s", name);
	}
	if (!rc && t->leaves)
		rc = imp_leaves_add(t->leaves, crypto, object, err);
	return rc ? rc : keep(t, object, err);
}

int transfers_add(struct transfers *t, struct imp_crypto *crypto, struct imp_span ueid,
		  struct imp_span object, struct imp_error *err)
{
	int rc;

	pthread_mutex_lock(&t->lock);
	rc = add(t, crypto, ueid, object, err);
	pthread_mutex_unlock(&t->lock);
	return rc;
}

int transfers_read(const struct transfers *t, size_t i, struct imp_secret *out,
		   struct imp_error *err)
{
	const struct transfers_place *p = &t->place[i];
	int rc = imp_secret_reserve(out, p->len, err);
	ssize_t n;

	if (rc)
		return rc;
	n = pread(t->spool, out->ptr, p->len, (off_t)p->at);
	if (n >= 0 && (size_t)n < p->len)
		errno = EIO;
	if (n < 0 || (size_t)n < p->len)
		return imp_spool_failed(waiting, err);
	out->len = p->len;
	return 0;
}

int transfers_find(const struct transfers *t, struct imp_span ueid,
		   struct imp_secret *out, struct imp_error *err)
{
	const uint32_t *i = imp_seen_find(&t->seen, ueid);
	int rc = i ? transfers_read(t, *i, out, err) : 0;

	return rc ? rc : i != NULL;
}

int transfers_write(const struct transfers *t, const struct out_args *args,
		    struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret item = { 0 };
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	int rc = imp_out_open(&out, args->path,
			      IMP_OUT_BINARY | (args->force ? IMP_OUT_FORCE : 0), err);

	if (!rc && t->count != 1)
		rc = imp_batch_head_write(&out, t->count, IMP_BATCH_SIGNED, err);
	for (size_t i = 0; !rc && i < t->count; i++) {
		rc = cli_check_cancel(err);
		if (!rc)
			rc = transfers_read(t, i, &item, err);
		if (!rc)
			rc = imp_out_write(&out, imp_secret_span(&item), err);
	}
	return rc ? rc : imp_out_commit(&out, err);
}

void transfers_fini(struct transfers *t)
{
	imp_seen_fini(&t->seen);
	free(t->place);
	if (t->spool >= 0)
		close(t->spool);
	pthread_mutex_destroy(&t->lock);
}
