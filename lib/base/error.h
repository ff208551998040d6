/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: what went wrong, as a code to branch on and a sentence to print.
 *
 * A function that can fail returns 0 or a negative enum imp_code and takes
 * `struct imp_error *err` last. The caller owns the struct, usually on its
 * stack; NULL means "I only want the code". Nothing here allocates. Control
 * characters are escaped once, when a message is recorded. Without an operating
 * system (-ffreestanding) the text is dropped and only the code is kept.
 */
#ifndef IMP_BASE_ERROR_H
#define IMP_BASE_ERROR_H

#include "base/attr.h"

/* The values are the exit statuses of the command; main returns them as they are. */
enum imp_code {
	IMP_OK = 0,
	IMP_EINTERNAL = 1,  /* our own mistake */
	IMP_EUSAGE = 2,	    /* the caller asked for something that makes no sense */
	IMP_EFORMAT = 3,    /* bytes do not follow the specification */
	IMP_EPOLICY = 4,    /* well-formed, refused */
	IMP_EVERIFY = 5,    /* signature, decryption or freshness failed */
	IMP_EKEY = 6,	    /* key missing, unusable or forbidden */
	IMP_EDEVICE = 7,    /* device misbehaved */
	IMP_ETRANSPORT = 8, /* nothing, garbage or a broken line */
	IMP_ELEDGER = 9,
	IMP_ERESOURCE = 10, /* memory, disk, descriptors */
	IMP_EFINDINGS = 11, /* an audit found something */
	IMP_EPARTIAL = 12,  /* some devices failed */
	IMP_EINTERRUPTED = 130,
};

#if __STDC_HOSTED__
#define IMP_ERROR_TEXT 512
#else
#define IMP_ERROR_TEXT 1
#endif

struct imp_error {
	enum imp_code code;
	char msg[IMP_ERROR_TEXT]; /* outermost context first, NUL-terminated; lines after
				   * the first start with "hint: " */
};

/* Record a failure and return -code, so callers write `return imp_fail(...)`. */
int imp_fail(struct imp_error *err, enum imp_code code, const char *fmt, ...)
	IMP_PRINTF(3, 4);

/* Put "context: " in front of the message; return rc. rc 0 changes nothing. */
int imp_wrap(struct imp_error *err, int rc, const char *fmt, ...) IMP_PRINTF(3, 4);

/* Add a line "hint: ..." that says what to do next; return rc. rc 0 changes nothing. */
int imp_hint(struct imp_error *err, int rc, const char *fmt, ...) IMP_PRINTF(3, 4);

#endif
