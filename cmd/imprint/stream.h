/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: formatted text into an output, through a buffer that is wiped. */
#ifndef IMPRINT_STREAM_H
#define IMPRINT_STREAM_H

#include <stdio.h>

#include "base/file.h"

struct stream {
	FILE *f;	     /* NULL when closed */
	struct imp_out *out; /* borrowed */
	int rc;		     /* of the first write that failed, and why */
	struct imp_error why;
	char buffer[65536];
};

/*
 * Begin to write to an open output, which takes nothing else until stream_end().
 *
 *   s      stays where it is
 *
 * 0, -IMP_ERESOURCE.
 */
int stream_begin(struct stream *s, struct imp_out *out, struct imp_error *err);
/* 0, or what imp_out_write() returned once something could not be written. */
int stream_check(const struct stream *s, struct imp_error *err);
/* All of it is with the output. Errors as stream_check(). */
int stream_end(struct stream *s, struct imp_error *err);
/* Close and wipe. Accepts a zeroed struct. */
void stream_fini(struct stream *s);

#endif
