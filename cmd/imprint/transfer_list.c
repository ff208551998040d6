/* SPDX-License-Identifier: Apache-2.0 */
/* Many transfers, by the device that they are for. */
#include <stdlib.h>

#include "base/file.h"
#include "base/grow.h"
#include "object/batch.h"
#include "transfer.h"

int transfers_init(struct transfers *t, struct imp_error *err)
{
	pthread_mutex_init(&t->lock, NULL);
	return imp_seen_init(&t->seen, err);
}

static int add(struct transfers *t, struct imp_span ueid, struct imp_span object,
	       struct imp_error *err)
{
	struct transfers_place *more =
		imp_grow(t->place, t->count, &t->cap, sizeof(*more), err);
	uint32_t before;
	char name[80];
	int rc;

	if (!more)
		return -IMP_ERESOURCE;
	t->place = more;
	rc = imp_seen_add(&t->seen, ueid, (uint32_t)t->count, &before, err);
	if (!rc && before != IMP_SEEN_NOWHERE) {
		imp_device_name(ueid, name);
		rc = imp_fail(err, IMP_EUSAGE, "the second one for %s", name);
	}
	if (rc)
		return rc;
	t->place[t->count++] = (struct transfers_place){ t->bytes.len, object.len };
	return imp_secret_append(&t->bytes, object, err);
}

int transfers_add(struct transfers *t, struct imp_span ueid, struct imp_span object,
		  struct imp_error *err)
{
	int rc;

	pthread_mutex_lock(&t->lock);
	rc = add(t, ueid, object, err);
	pthread_mutex_unlock(&t->lock);
	return rc;
}

struct imp_span transfers_find(const struct transfers *t, struct imp_span ueid)
{
	const uint32_t *i = imp_seen_find(&t->seen, ueid);

	if (!i)
		return (struct imp_span){ 0 };
	return (struct imp_span){ t->bytes.ptr + t->place[*i].at, t->place[*i].len };
}

int transfers_write(const struct transfers *t, const struct out_args *args,
		    struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	int rc = imp_out_open(&out, args->path,
			      IMP_OUT_BINARY | (args->force ? IMP_OUT_FORCE : 0), err);

	if (!rc && t->count != 1)
		rc = imp_batch_head_write(&out, t->count, IMP_BATCH_SIGNED, err);
	if (!rc)
		rc = imp_out_write(&out, imp_secret_span(&t->bytes), err);
	return rc ? rc : imp_out_commit(&out, err);
}

void transfers_fini(struct transfers *t)
{
	imp_secret_fini(&t->bytes);
	imp_seen_fini(&t->seen);
	free(t->place);
	pthread_mutex_destroy(&t->lock);
}
