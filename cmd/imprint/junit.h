/* SPDX-License-Identifier: Apache-2.0 */
/* A report for CI systems: JUnit's XML, a test case a row. */
#ifndef IMPRINT_JUNIT_H
#define IMPRINT_JUNIT_H

#include "base/secret.h"

struct junit {
	struct imp_secret cases; /* those that are complete, as XML */
	uint64_t tests, failures;
};

/*
 * Add a test case.
 *
 *   suite, name   any text, one line
 *   failure       one line, or empty where it passed
 *   detail        any text; secrets masked
 */
int junit_add(struct junit *j, const char *suite, const char *name,
	      struct imp_span failure, struct imp_span detail, struct imp_error *err);
/* Write the report; a file that is there is replaced. */
int junit_write(const struct junit *j, const char *suite, const char *path,
		struct imp_error *err);
void junit_fini(struct junit *j);

#endif
