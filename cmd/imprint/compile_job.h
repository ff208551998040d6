/* SPDX-License-Identifier: Apache-2.0 */
/* One run of compile(), twice over its rows: checked, then handed on. */
#ifndef IMPRINT_COMPILE_JOB_H
#define IMPRINT_COMPILE_JOB_H

#include "base/seen.h"
#include "compile.h"
#include "rows.h"

typedef int sink_each(void *ctx, const struct compiled *profile, struct imp_error *err);

struct job {
	const struct compile_args *a;
	const struct compile_sink *sink;
	struct imp_crypto *crypto;
	struct imp_profile_source source;
	struct imp_csv csv;
	struct rows rows;
	struct imp_secret text;		    /* mistakes */
	struct imp_seen targets, endpoints; /* of the rows */
	uint8_t digest[2][IMP_SHA256_LEN];  /* of the rows as checked, and as handed on */
	uint64_t id_found;		    /* bit i: some row has the i-th --id */
	uint64_t good, bad;
	unsigned long *bad_line; /* rows to be left out; owned */
	size_t bad_lines, bad_cap;
	sink_each *each; /* what is done with a good row now */
	uint64_t left;	 /* good rows that were not handed on yet */
	size_t skipped;	 /* rows with mistakes that were passed over */
};

/* Does --id name the current row, or is there none? It is noted which was found. */
bool job_wants_row(struct job *j);
/* What was checked must be what is handed on: take the current row into the digest of a
 * pass, 0 or 1. 0, -IMP_EINTERNAL. */
int job_digest(struct job *j, unsigned pass, struct imp_error *err);
/* Where somebody wants to know of each row, tell of the one at hand, with its mistakes,
 * and keep nothing of it. 0, or what the sink returns. */
int job_tell(struct job *j, bool good, struct imp_span payload, struct imp_error *err);
/*
 * Check every row; j->good and j->bad count them, mistakes are told or left in j->text.
 *
 * 0; -IMP_EFORMAT: mistakes, no row, or none with an --id; errors of walk_rows() and of
 * the sink.
 */
int job_check(struct job *j, struct imp_error *err);

#endif
