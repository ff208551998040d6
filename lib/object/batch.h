/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch files: a CBOR sequence of objects behind a head that counts them (host only).
 *
 * The head is {0: "imprint-batch", 1: count, 2: kind}. A lone object needs none. Reading
 * streams: one item of at most 64 KiB is held at a time, in memory that is wiped. Source:
 * imprint-formats(7), batch files; RFC 8742.
 */
#ifndef IMP_OBJECT_BATCH_H
#define IMP_OBJECT_BATCH_H

#include "base/file.h"
#include "cbor/writer.h"

enum imp_batch_kind {
	IMP_BATCH_PROFILES,
	IMP_BATCH_SIGNED,
	IMP_BATCH_PACKAGES,
	IMP_BATCH_CARDS,
	IMP_BATCH_EVIDENCE,
	IMP_BATCH_CREDENTIALS,
	IMP_BATCH_REVOCATIONS,
};

const char *imp_batch_kind_name(enum imp_batch_kind kind); /* "profiles" */
/* Write the head of a batch to a file. 0, or -IMP_ERESOURCE. */
int imp_batch_head_write(struct imp_out *out, uint64_t count, enum imp_batch_kind kind,
			 struct imp_error *err) IMP_MUST_CHECK;

struct imp_batch_head {
	bool good;	      /* nothing is missing, nothing else is there */
	uint64_t count;	      /* of the items that follow */
	struct imp_span kind; /* "packages", borrowed */
};

/* Is the item the head of a batch? *out is written always. */
bool imp_batch_head(struct imp_span item, struct imp_batch_head *out);

struct imp_batch {
	char *name; /* of the file, for messages; owned */
	int fd;
	struct imp_secret buf;
	size_t at, len; /* unread bytes of buf: at .. at + len */
	bool end;
	bool lone;		  /* no head: exactly one object */
	enum imp_batch_kind kind; /* where there is a head */
	uint64_t count;		  /* items that the head announces; 1 for a lone object */
	uint64_t index;		  /* items read */
	uint64_t offset; /* where the last item starts, from the first byte read */
	uint64_t taken;	 /* bytes of head and items so far */
};

/*
 * Open a file ("-": standard input) and read its head. A lone object is taken for `kind`.
 * Where packages are expected, signed objects will do, since some are pushed in clear.
 *
 * 0, -IMP_EUSAGE (no such file), -IMP_EFORMAT (another kind, no head and no object),
 * -IMP_ERESOURCE.
 */
int imp_batch_open(struct imp_batch *b, const char *path, enum imp_batch_kind kind,
		   struct imp_error *err) IMP_MUST_CHECK;
/* The same of a descriptor, which is taken over whatever is returned; `name` is for
 * messages. */
int imp_batch_open_fd(struct imp_batch *b, int fd, const char *name,
		      enum imp_batch_kind kind, struct imp_error *err) IMP_MUST_CHECK;
/* The same for a file of any kind; a lone object is taken for what it looks like: a
 * profile, a package, or signed. */
int imp_batch_open_any(struct imp_batch *b, const char *path, struct imp_error *err)
	IMP_MUST_CHECK;
/*
 * The next object, strictly checked, borrowed until the next call.
 *
 * 1 with an item, 0 at the end, -IMP_EFORMAT (malformed, fewer or more than announced:
 * the message names file, index and offset), -IMP_ERESOURCE.
 */
int imp_batch_next(struct imp_batch *b, struct imp_span *item, struct imp_error *err)
	IMP_MUST_CHECK;
/* Wipe, close; accepts a zeroed struct. Fits CLEANUP(). */
void imp_batch_close(struct imp_batch *b);

#endif
