/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics: every mistake of a source at once, each where it stands.
 *
 * Source: imprint-profile(5), errors.
 */
#ifndef IMP_SOURCE_DIAG_H
#define IMP_SOURCE_DIAG_H

#include "source/mistake.h"

enum { IMP_DIAGS = 100 };

/* Where something stands: from its first character to the one before its end. */
struct imp_mark {
	unsigned line, column;	       /* from 1; 0: the file as a whole */
	unsigned end_line, end_column; /* 0: nothing but that place */
};

struct imp_diag {
	struct imp_mark mark;
	unsigned long row; /* line of the row that it came up in; 0: in any */
	char text[320];
	char near[64]; /* what may have been meant; "": nothing is near */
};

struct imp_diags {
	const char *file;  /* borrowed */
	const char *rows;  /* name of the CSV; borrowed; NULL: none */
	unsigned long row; /* goes into what is recorded */
	const char *near;  /* goes into what is recorded next; NULL: nothing is near */
	bool each_row;	   /* what came up in a row is recorded again in the next one */
	size_t hits;	   /* mistakes since it was last set to 0, repeated ones too */
	size_t count;	   /* different mistakes; the first IMP_DIAGS are kept */
	size_t formatted;  /* of those, in text already */
	struct imp_diag diag[IMP_DIAGS];
	struct imp_mark *masked; /* parts that must not be shown; owned */
	size_t masks, masks_cap;
	bool mask_all; /* no memory to keep a mask: no line is shown */
};

/* Record one mistake; the same words for the same place are kept once. Where d->near is
 * set, "; did you mean ...?" is added. */
void imp_diag(struct imp_diags *d, struct imp_mark mark, const char *fmt, ...)
	IMP_PRINTF(3, 4);
/* Never show this part of the source: it holds, or may hold, a secret. */
void imp_diag_mask(struct imp_diags *d, struct imp_mark mark);
/*
 * Hand over what was recorded since the last time.
 *
 *   source   the file's bytes
 *   out      mistakes are appended
 *
 * 0, or -IMP_ERESOURCE.
 */
int imp_diag_format(struct imp_diags *d, struct imp_span source, struct imp_secret *out,
		    struct imp_error *err) IMP_MUST_CHECK;
/* The same, and the verdict: 0 where nothing was recorded, else -IMP_EFORMAT. */
int imp_diag_end(struct imp_diags *d, struct imp_span source, struct imp_secret *out,
		 struct imp_error *err) IMP_MUST_CHECK;
void imp_diag_fini(struct imp_diags *d);

#endif
