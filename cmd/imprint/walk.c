/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over rows. */
#include <inttypes.h>

#include "base/text.h"
#include "cli.h"
#include "mistakes.h"
#include "note.h"
#include "walk.h"

int walk_rows(const struct walk *w, struct imp_error *err)
{
	size_t before = w->text->len;
	int rc;

	while ((rc = imp_csv_next_any(w->csv, w->text, err)) > 0) {
		rc = cli_check_cancel(err);
		if (!rc)
			rc = w->row(w->ctx, err);
		if (!rc)
			rc = mistakes_limit(w->text, before, err);
		if (rc)
			break;
		before = w->text->len;
	}
	return rc;
}

bool walk_is_whole(const struct imp_csv *csv)
{
	return csv->fields == csv->columns;
}

int walk_changed(const struct imp_csv *csv, struct imp_error *err)
{
	return imp_fail(err, IMP_EFORMAT, "%s: changed while it was read", csv->name);
}

int walk_verdict(const struct imp_csv *csv, uint64_t good, uint64_t bad,
		 struct imp_error *err)
{
	if (bad > 0)
		return imp_fail(err, IMP_EFORMAT, "%s: %" PRIu64 " row%s with mistakes",
				csv->name, bad, imp_plural(bad));
	return good > 0 ? 0 : imp_fail(err, IMP_EFORMAT, "%s: no row", csv->name);
}

void walk_note(const struct imp_csv *csv)
{
	if (csv->open_end)
		say_note("%s: the last line has no end: was the file cut off?",
			 csv->name);
}
