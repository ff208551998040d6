/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports for CI servers: a suite of test cases in JUnit's XML.
 *
 * Source: junit-10.xsd of Jenkins' xunit plugin, and the part of it that GitLab reads:
 * classname and name tell cases apart, a failure is shown by its text.
 */
#ifndef IMPRINT_JUNIT_H
#define IMPRINT_JUNIT_H

#include "base/file.h"
#include "cli.h"

/* --junit */
struct junit_args {
	const char *path; /* NULL: no report */
};
extern const struct argp junit_argp;

struct junit_case {
	const char *name; /* tells it from the others of the suite */
	uint64_t took_ns;
	unsigned status;	 /* exit status of it alone; 0: passed */
	bool skipped;		 /* passed, but proves nothing */
	struct imp_span message; /* one line: what is said of it */
	struct imp_span text;	 /* of a failure: all that is said; empty: the message */
};

struct junit {
	const char *suite;  /* borrowed: a command */
	struct imp_out out; /* path NULL: nobody asked for a report */
	FILE *body;	    /* the cases, in memory until they are counted */
	char *cases;	    /* of body; owned */
	size_t len;	    /* bytes of cases */
	unsigned tests, failures, skipped;
	uint64_t took_ns;
};

/*
 * Begin a report; without a path, one that nobody reads.
 *
 *   suite   borrowed until the end, "push"
 *
 * 0; -IMP_EUSAGE (standard output, what is there is no report of imprint, no such
 * folder); -IMP_ERESOURCE.
 */
int junit_open(struct junit *j, const struct junit_args *a, const char *suite,
	       struct imp_error *err) IMP_MUST_CHECK;
void junit_add(struct junit *j, const struct junit_case *c);
/*
 * Write the report, whatever came of the cases.
 *
 *   rc   the outcome so far; err holds its message
 *
 * rc, if it is not 0: a report that cannot be written is told as a hint then. 0, or
 * -IMP_ERESOURCE.
 */
int junit_commit(struct junit *j, int rc, struct imp_error *err);
/* Drop what was not committed. Accepts a zeroed struct. Fits CLEANUP(). */
void junit_abort(struct junit *j);

#endif
