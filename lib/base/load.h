/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that are loaded when they are needed and not before: each costs every start
 * of the program, and most commands need none of them.
 */
#ifndef IMP_BASE_LOAD_H
#define IMP_BASE_LOAD_H

#include <stddef.h>

#include "base/error.h"

struct imp_symbol {
	const char *name;
	size_t offset; /* of the pointer to it, in the struct that is filled */
};

struct imp_library {
	const char *file;    /* as the loader looks for it: libpq.so.5 */
	const char *package; /* Debian's, for the hint */
	const char *release; /* the oldest that has all the symbols, for messages */
	enum imp_code code;  /* what it is an error of */
	const struct imp_symbol *symbol;
	size_t symbols;
};

/*
 * Load a library and fill a struct of pointers to its functions. It stays loaded.
 *
 * 0, or -library->code: it is not installed, or too old; `out` may be filled in part.
 */
int imp_load(const struct imp_library *library, void *out, struct imp_error *err)
	IMP_MUST_CHECK;

#endif
