/* SPDX-License-Identifier: Apache-2.0 */
/* Texts from outside, made fit to be shown (host only). */
#ifndef IMP_BASE_QUOTE_H
#define IMP_BASE_QUOTE_H

#include "base/secret.h"

enum { IMP_QUOTED = 16 /* bytes that a character becomes at most, with a NUL */ };

/*
 * The first character of a text, as it stands between double quotes: \" and \\, \uXXXX
 * for control and bidirectional characters, \ufffd for a byte that is not UTF-8. Source:
 * RFC 8259 7.
 *
 *   text   not empty
 *
 * How many of its bytes that were.
 */
size_t imp_quote_one(struct imp_span text, char out[IMP_QUOTED]);
/* Append a text so, with the quotes. 0, or -IMP_ERESOURCE. */
int imp_quote(struct imp_secret *out, struct imp_span text, struct imp_error *err)
	IMP_MUST_CHECK;
/* Append what printf makes of it, at most 511 bytes. 0, or -IMP_ERESOURCE. */
int imp_append_fmt(struct imp_secret *out, struct imp_error *err, const char *fmt, ...)
	IMP_PRINTF(3, 4) IMP_MUST_CHECK;
/* Append bytes as lower-case hex. 0, or -IMP_ERESOURCE. */
int imp_append_hex(struct imp_secret *out, struct imp_span bytes, struct imp_error *err)
	IMP_MUST_CHECK;

#endif
