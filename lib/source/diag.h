/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics: every mistake of a source at once, each where it stands.
 *
 * Source: imprint-profile(5), errors.
 */
#ifndef IMP_SOURCE_DIAG_H
#define IMP_SOURCE_DIAG_H

#include "base/secret.h"

enum { IMP_DIAGS = 100 };

struct imp_mark {
	unsigned line, column; /* from 1; 0: the file as a whole */
	unsigned len;	       /* characters of what is meant; 0: unknown */
};

struct imp_diag {
	struct imp_mark mark;
	char text[240];
};

/* A part of a line that must not be shown. */
struct imp_masked {
	struct imp_mark mark;
};

struct imp_diags {
	const char *file; /* borrowed */
	size_t count;	  /* all of them; the first IMP_DIAGS are kept */
	struct imp_diag diag[IMP_DIAGS];
	struct imp_masked *masked; /* owned */
	size_t masks, masks_cap;
};

/* Record one mistake. */
void imp_diag(struct imp_diags *d, struct imp_mark mark, const char *fmt, ...)
	IMP_PRINTF(3, 4);
/* Never show this part of the source: it holds, or may hold, a secret. */
void imp_diag_mask(struct imp_diags *d, struct imp_mark mark);
/*
 * All of it as text: "file:line:column: text", the line and a caret.
 *
 *   source   the file's bytes
 *
 * 0, or -IMP_ERESOURCE.
 */
int imp_diag_format(const struct imp_diags *d, struct imp_span source,
		    struct imp_secret *out, struct imp_error *err) IMP_MUST_CHECK;
void imp_diag_fini(struct imp_diags *d);

#endif
