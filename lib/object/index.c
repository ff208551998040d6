/* SPDX-License-Identifier: Apache-2.0 */
/* Which item of a batch file is whose. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbor/reader.h"
#include "object/index.h"

/* As much as an item usually has; one that is longer is read again, whole. */
enum { USUAL_LEN = 1024 };

static int read_at(const struct imp_index *x, uint64_t offset, size_t len,
		   struct imp_secret *out, struct imp_error *err)
{
	int rc = imp_secret_reserve(out, len, err);

	while (!rc && out->len < len) {
		ssize_t n = pread(x->fd, out->ptr + out->len, len - out->len,
				  (off_t)(offset + out->len));

		if (n < 0 && errno != EINTR)
			rc = imp_read_failed(x->name, err);
		if (n == 0)
			break;
		out->len += n > 0 ? (size_t)n : 0;
	}
	return rc;
}

int imp_index_read(const struct imp_index *x, size_t i, struct imp_secret *out,
		   struct imp_error *err)
{
	static const size_t tries[] = { USUAL_LEN, IMP_CBOR_MAX };
	struct imp_cbor_fault f = { 0 };
	size_t len = 0;
	int rc = 0;

	for (size_t t = 0; !rc && len == 0 && t < COUNTOF(tries); t++) {
		rc = read_at(x, x->place[i].at, tries[t], out, err);
		if (!rc && out->len > 0)
			len = imp_cbor_item_len(imp_secret_span(out), IMP_CBOR_STRICT,
						&f);
	}
	if (!rc && len == 0)
		rc = imp_fail(err, IMP_EFORMAT, "%s: item %zu: changed while it was read",
			      x->name, i + 1);
	out->len = rc ? 0 : len;
	return rc;
}

uint32_t imp_index_find(const struct imp_index *x, struct imp_span key)
{
	const uint32_t *where = imp_seen_find(&x->seen, key);

	return where ? *where : IMP_SEEN_NOWHERE;
}

static int make_room(struct imp_index *x, struct imp_error *err)
{
	size_t cap = x->cap ? x->cap + x->cap / 2 : 64;
	struct imp_index_place *more;

	if (x->count < x->cap)
		return 0;
	more = cap < IMP_SEEN_NOWHERE ? reallocarray(x->place, cap, sizeof(*more)) : NULL;
	if (!more)
		return imp_fail(err, IMP_ERESOURCE, "out of memory for %zu items", cap);
	x->place = more;
	x->cap = cap;
	return 0;
}

static int add(struct imp_index *x, uint64_t at, struct imp_span key,
	       struct imp_error *err)
{
	uint32_t where = (uint32_t)x->count, before = IMP_SEEN_NOWHERE;
	int rc = make_room(x, err);

	if (!rc && key.len > 0) {
		rc = imp_seen_add(&x->seen, key, where, &before, err);
		x->keys += before == IMP_SEEN_NOWHERE;
	}
	if (rc)
		return rc;
	if (before != IMP_SEEN_NOWHERE) {
		uint32_t *last = imp_seen_find(&x->seen, key);

		before = *last;
		*last = where;
	}
	x->place[x->count++] = (struct imp_index_place){ at, before };
	return 0;
}

static int read_all(struct imp_index *x, const char *path, enum imp_batch_kind kind,
		    imp_index_key *key_of, void *ctx, struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	struct imp_span item, key = { 0 };
	int fd, rc = imp_file_open_twice(path, &x->fd, err);

	if (rc)
		return rc;
	x->name = strdup(strcmp(path, "-") == 0 ? "standard input" : path);
	if (!x->name)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	rc = imp_seen_init(&x->seen, err);
	if (!rc) {
		fd = fcntl(x->fd, F_DUPFD_CLOEXEC, 3);
		rc = fd < 0 ? imp_read_failed(x->name, err)
			    : imp_batch_open_fd(&b, fd, x->name, kind, err);
	}
	while (!rc && (rc = imp_batch_next(&b, &item, err)) > 0) {
		rc = key_of(ctx, item, &key, err);
		if (!rc)
			rc = add(x, b.offset, key, err);
		imp_wrap(err, rc, "%s: item %" PRIu64, x->name, b.index);
	}
	return rc;
}

int imp_index_open(struct imp_index *x, const char *path, enum imp_batch_kind kind,
		   imp_index_key *key_of, void *ctx, struct imp_error *err)
{
	int rc;

	*x = (struct imp_index){ .fd = -1 };
	rc = read_all(x, path, kind, key_of, ctx, err);
	if (rc)
		imp_index_close(x);
	return rc;
}

void imp_index_close(struct imp_index *x)
{
	if (x->name)
		close(x->fd);
	free(x->name);
	free(x->place);
	imp_seen_fini(&x->seen);
	*x = (struct imp_index){ .fd = -1 };
}
