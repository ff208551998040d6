/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mistakes: what is wrong in a source, where, and what may have been meant.
 *
 * They are gathered one after the other in a struct imp_secret, since rows may hold
 * secrets, and read from there as text for people or by their parts for programs.
 * Source: imprint-profile(5), errors.
 */
#ifndef IMP_SOURCE_MISTAKE_H
#define IMP_SOURCE_MISTAKE_H

#include "base/secret.h"

enum { IMP_MISTAKE_TEXT = 600 /* bytes of a clause, with its NUL */ };

/* Texts are never NULL: "" where there is none. */
struct imp_mistake {
	const char *file;
	uint32_t line, column; /* from 1; 0: the file as a whole */
	uint32_t row;	       /* line of the CSV's row that it came up in; 0: in any */
	const char *rows;      /* name of the CSV, where that is not `file` */
	const char *text;      /* one clause, control characters escaped */
	const char *near;      /* what may have been meant; also said in text */
	const char *shown; /* the line and a caret below it, two lines; secrets masked */
};

/* Append one. 0, or -IMP_ERESOURCE. */
int imp_mistake_put(struct imp_secret *all, const struct imp_mistake *m,
		    struct imp_error *err) IMP_MUST_CHECK;
/* Take apart "file:line:column: text" or "file: text" of a known file; anything else is
 * the text. Borrowed from both. */
void imp_mistake_of(const char *file, const char *message, struct imp_mistake *out);
/*
 * Take the first of those that are left.
 *
 *   rest   what imp_mistake_put() wrote; moves on
 *   out    borrowed from it
 */
bool imp_mistake_next(struct imp_span *rest, struct imp_mistake *out);
/* The same with the last one: `told` is cut. */
bool imp_mistake_last(struct imp_span *told, struct imp_mistake *out);
/* Append all as text: "file:line:column: text (rows:row)", the line and a caret. 0, or
 * -IMP_ERESOURCE. */
int imp_mistakes_text(struct imp_span all, struct imp_secret *out, struct imp_error *err)
	IMP_MUST_CHECK;

#endif
