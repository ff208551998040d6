/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that come to nothing after they were compiled. */
#include <inttypes.h>
#include <stdio.h>

#include "compile.h"

/* Rows that fail for the same reason, perhaps all of them: so many are told. */
enum { FAILED_TOLD = 20 };

int compile_failed(struct compile_report *r, uint64_t line, int rc, struct imp_error *err)
{
	bool about_row = rc == -IMP_EFORMAT || rc == -IMP_EPOLICY || rc == -IMP_EVERIFY ||
			 rc == -IMP_EKEY;

	if (r->rows)
		imp_wrap(err, rc, "%s:%" PRIu64, r->rows, line);
	if (!r->rows || !about_row)
		return rc;
	if (r->failed++ == 0 && !r->keep_going) {
		r->status = rc;
		r->first = *err;
		return 0;
	}
	if (r->status && r->failed == 2)
		fprintf(stderr, "%s\n", r->first.msg);
	fprintf(stderr, "%s\n", err->msg);
	if (!r->status || r->failed < FAILED_TOLD)
		return 0;
	return imp_fail(err, (enum imp_code) - r->status,
			"%s: %d rows failed, and there may be more", r->rows,
			FAILED_TOLD);
}

bool compile_is_lost(const struct compile_report *r)
{
	return r->status != 0;
}

/* One is the error itself; of several, that is said of each already. */
int compile_verdict(const struct compile_report *r, struct imp_error *err)
{
	if (!r || !compile_is_lost(r))
		return 0;
	if (r->failed > 1)
		return imp_fail(err, (enum imp_code) - r->status,
				"%s: %" PRIu64 " rows failed", r->rows, r->failed);
	if (err)
		*err = r->first;
	return r->status;
}
