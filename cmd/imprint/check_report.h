/* SPDX-License-Identifier: Apache-2.0 */
/* What check says of a profile and its rows: to people, in JSON, and to a CI server. */
#ifndef IMPRINT_CHECK_REPORT_H
#define IMPRINT_CHECK_REPORT_H

#include "base/secret.h"
#include "base/seen.h"
#include "compile.h"
#include "junit.h"

/* What one test case has to say. */
struct said {
	struct imp_secret text;	 /* all of it */
	struct imp_secret first; /* the first line */
};

struct check_report {
	const struct compile_args *compile; /* borrowed */
	bool json;
	uint64_t good, bad; /* rows, or the profile where it has none */
	uint64_t mistakes;
	size_t settings;      /* of each profile; 0: none was good yet */
	struct said profile;  /* of it, whatever the row */
	struct imp_seen told; /* what people were told of the profile, in whatever row */
	struct junit junit;
	char *explained; /* what the settings become; owned; NULL: nobody asked */
	size_t explained_len;
};

void said_fini(struct said *s);
/*
 * Begin: nothing is said yet.
 *
 *   r   zeroed but for compile and json; closed by the caller, also after a failure
 *
 * 0, -IMP_ERESOURCE, or the errors of junit_open().
 */
int check_report_open(struct check_report *r, const struct junit_args *a,
		      struct imp_error *err);
void check_report_fini(struct check_report *r);
/*
 * Say what is wrong, as imp_mistake_next() takes it apart, on standard error or in JSON.
 *
 *   row   gets what belongs to a row; all else is the profile's
 *
 * 0, -IMP_ERESOURCE.
 */
int check_report_mistakes(struct check_report *r, struct imp_span mistakes,
			  struct said *row, struct imp_error *err);
/* A row is done, or a profile without rows: count it; a row is a test case. */
void check_report_row(struct check_report *r, const struct compile_row *row,
		      const struct said *said);
/*
 * All rows are done: the profile's test case, and the summary.
 *
 *   rc   how it went; *err tells why
 *
 * rc, but -IMP_EFORMAT for whatever is wrong with files; 0, or -IMP_ERESOURCE.
 */
int check_report_finish(struct check_report *r, int rc, struct imp_error *err);

#endif
