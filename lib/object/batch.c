/* SPDX-License-Identifier: Apache-2.0 */
/* Batch files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cose/message.h"
#include "object/batch.h"
#include "object/fields.h"

static const char *const names[] = {
	[IMP_BATCH_PROFILES] = "profiles",	 [IMP_BATCH_SIGNED] = "signed",
	[IMP_BATCH_PACKAGES] = "packages",	 [IMP_BATCH_CARDS] = "cards",
	[IMP_BATCH_EVIDENCE] = "evidence",	 [IMP_BATCH_CREDENTIALS] = "credentials",
	[IMP_BATCH_REVOCATIONS] = "revocations",
};

/* Keys of the head. */
enum { MAGIC = 0, COUNT = 1, KIND = 2 };

const char *imp_batch_kind_name(enum imp_batch_kind kind)
{
	return names[kind];
}

static void put_head(struct imp_writer *w, uint64_t count, enum imp_batch_kind kind)
{
	imp_cbor_put_map(w, 3);
	imp_cbor_put_uint(w, MAGIC);
	imp_cbor_put_text(w, IMP_TEXT("imprint-batch"));
	imp_cbor_put_uint(w, COUNT);
	imp_cbor_put_uint(w, count);
	imp_cbor_put_uint(w, KIND);
	imp_cbor_put_text(w, imp_span_str(names[kind]));
}

int imp_batch_head_write(struct imp_out *out, uint64_t count, enum imp_batch_kind kind,
			 struct imp_error *err)
{
	uint8_t buf[64];
	struct imp_writer w = imp_writer(buf, sizeof(buf));

	put_head(&w, count, kind);
	return imp_out_write(out, imp_written(&w), err);
}

/* Read more behind the unread bytes, which move to the front. */
static int refill(struct imp_batch *b, struct imp_error *err)
{
	ssize_t n;

	if (b->at > 0)
		memmove(b->buf.ptr, b->buf.ptr + b->at, b->len);
	b->at = 0;
	n = read(b->fd, b->buf.ptr + b->len, b->buf.cap - b->len);
	if (n < 0)
		return imp_read_failed(b->name, err);
	b->end = n == 0;
	b->len += (size_t)n;
	return 0;
}

static int bad_item(const struct imp_batch *b, const struct imp_cbor_fault *f,
		    struct imp_error *err)
{
	return imp_fail(err, IMP_EFORMAT, "%s: item %llu: offset %zu: %s", b->name,
			(unsigned long long)b->index, f->offset, f->rule);
}

/* Look at the next item without consuming it: 1, 0 at the end, or an error. */
static int peek(struct imp_batch *b, struct imp_span *item, struct imp_error *err)
{
	for (;;) {
		struct imp_span have = { b->buf.ptr + b->at, b->len };
		struct imp_cbor_fault f = { 0 };
		size_t len = 0;
		int rc;

		if (b->len > 0)
			len = imp_cbor_item_len(have, IMP_CBOR_STRICT, &f);
		if (len > 0) {
			*item = (struct imp_span){ have.ptr, len };
			return 1;
		}
		if (b->len == 0 && b->end)
			return 0;
		/* Truncated, or a count that the bytes so far cannot hold: more may come.
		 */
		if (b->len > 0 && (b->end || b->len >= IMP_CBOR_MAX))
			return bad_item(b, &f, err);
		rc = refill(b, err);
		if (rc)
			return rc;
	}
}

static void consume(struct imp_batch *b, size_t len)
{
	b->at += len;
	b->len -= len;
	b->taken += len;
}

bool imp_batch_head(struct imp_span item, struct imp_batch_head *out)
{
	struct imp_cbor c;
	struct imp_fields f;

	*out = (struct imp_batch_head){ 0 };
	if (imp_cbor_open(&c, item, IMP_CBOR_STRICT, NULL) ||
	    imp_cbor_peek(&c) != IMP_T_MAP)
		return false;
	f = imp_fields(&c, false);
	if (!imp_field(&f, MAGIC) ||
	    !imp_span_eq(imp_cbor_text(&c), IMP_TEXT("imprint-batch")))
		return false;
	imp_field_need(&f, COUNT);
	out->count = imp_cbor_uint(&c);
	imp_field_need(&f, KIND);
	out->kind = imp_cbor_text(&c);
	imp_fields_end(&f);
	out->good = imp_cbor_done(&c);
	return true;
}

/* The kind of this name; COUNTOF(names) where there is none. */
static size_t kind_of(struct imp_span name)
{
	size_t k = 0;

	while (k < COUNTOF(names) && !imp_span_eq(name, imp_span_str(names[k])))
		k++;
	return k;
}

/* Not all that is pushed is a package: claims, transfers and commands go in clear. */
static bool is_wanted(size_t found, const enum imp_batch_kind *kind)
{
	return !kind || found == *kind ||
	       (*kind == IMP_BATCH_PACKAGES && found == IMP_BATCH_SIGNED);
}

/* kind NULL: any */
static int take_head(struct imp_batch *b, const struct imp_batch_head *head,
		     const enum imp_batch_kind *kind, struct imp_error *err)
{
	size_t found = kind_of(head->kind);

	if (!head->good)
		return imp_fail(err, IMP_EFORMAT,
				"%s: batch head is not {0, 1: count, 2: kind}", b->name);
	if (found == COUNTOF(names) || !is_wanted(found, kind))
		return imp_fail(err, IMP_EFORMAT, "%s: holds %.*s, expected %s", b->name,
				(int)head->kind.len, (const char *)head->kind.ptr,
				kind ? names[*kind] : "a kind that is known here");
	b->kind = (enum imp_batch_kind)found;
	b->count = head->count;
	return 0;
}

static enum imp_batch_kind looks_like(struct imp_span item)
{
	uint64_t tag = imp_cose_tag(item);

	return tag == 0			? IMP_BATCH_PROFILES
	       : tag == IMP_TAG_ENCRYPT ? IMP_BATCH_PACKAGES
					: IMP_BATCH_SIGNED;
}

static int start(struct imp_batch *b, const enum imp_batch_kind *kind,
		 struct imp_error *err)
{
	const char *expected = kind ? names[*kind] : "objects", *text;
	struct imp_batch_head head;
	struct imp_span item;
	int rc = imp_secret_reserve(&b->buf, 2 * IMP_CBOR_MAX, err);

	if (!rc)
		rc = refill(b, err);
	text = imp_text_kind((struct imp_span){ b->buf.ptr, b->len });
	if (!rc && text)
		rc = imp_fail(err, IMP_EFORMAT, "%s: is %s, expected %s", b->name, text,
			      expected);
	if (!rc)
		rc = peek(b, &item, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return imp_fail(err, IMP_EFORMAT, "%s: is empty, expected %s", b->name,
				expected);
	if (imp_batch_head(item, &head)) {
		consume(b, item.len);
		return take_head(b, &head, kind, err);
	}
	b->kind = kind ? *kind : looks_like(item);
	b->lone = true;
	b->count = 1;
	return 0;
}

/* Takes fd over. */
static int open_batch(struct imp_batch *b, int fd, const char *name,
		      const enum imp_batch_kind *kind, struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch t = { .fd = fd, .name = strdup(name) };
	struct stat st;
	int rc;

	if (!t.name) {
		close(fd);
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return imp_fail(err, IMP_EUSAGE, "%s: is a folder, expected a file",
				name);
	rc = start(&t, kind, err);
	if (rc)
		return rc;
	*b = t;
	t = (struct imp_batch){ 0 };
	return 0;
}

int imp_batch_open_fd(struct imp_batch *b, int fd, const char *name,
		      enum imp_batch_kind kind, struct imp_error *err)
{
	return open_batch(b, fd, name, &kind, err);
}

static int open_path(struct imp_batch *b, const char *path,
		     const enum imp_batch_kind *kind, struct imp_error *err)
{
	bool in = strcmp(path, "-") == 0;
	int fd = in ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
		    : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (in)
		path = "standard input";
	if (fd < 0)
		return imp_read_failed(path, err);
	return open_batch(b, fd, path, kind, err);
}

int imp_batch_open(struct imp_batch *b, const char *path, enum imp_batch_kind kind,
		   struct imp_error *err)
{
	return open_path(b, path, &kind, err);
}

int imp_batch_open_any(struct imp_batch *b, const char *path, struct imp_error *err)
{
	return open_path(b, path, NULL, err);
}

static int short_of(const struct imp_batch *b, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EFORMAT,
			  "%s: ends after %llu of its %s, its head says %llu", b->name,
			  (unsigned long long)b->index, names[b->kind],
			  (unsigned long long)b->count);

	return imp_hint(err, rc, "was the command that wrote it cut off?");
}

int imp_batch_next(struct imp_batch *b, struct imp_span *item, struct imp_error *err)
{
	struct imp_span next;
	int rc = peek(b, &next, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		return b->index < b->count ? short_of(b, err) : 0;
	if (b->index == b->count)
		return imp_fail(
			err, IMP_EFORMAT,
			"%s: goes on after the last of its %s, its head says %llu",
			b->name, names[b->kind], (unsigned long long)b->count);
	b->offset = b->taken;
	consume(b, next.len);
	b->index++;
	*item = next;
	return 1;
}

void imp_batch_close(struct imp_batch *b)
{
	if (b->name)
		close(b->fd);
	free(b->name);
	imp_secret_fini(&b->buf);
	*b = (struct imp_batch){ 0 };
}
