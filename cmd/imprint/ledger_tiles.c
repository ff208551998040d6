/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger as plain files, and a ledger of plain files. */
#include <inttypes.h>

#include "base/text.h"
#include "json.h"
#include "ledger/tiles.h"
#include "ledger_do.h"

static void report(const struct ledger_work *w, uint64_t entries, uint64_t files,
		   uint64_t kept)
{
	struct json j = { .f = stdout, .first = true };

	if (!w->report.json) {
		printf("%s: %" PRIu64 " entr%s, %" PRIu64 " file%s written, %" PRIu64
		       " there already\n",
		       w->file, entries, entries == 1 ? "y" : "ies", files,
		       imp_plural(files), kept);
		return;
	}
	json_open(&j, NULL, '{');
	json_str(&j, "folder", w->file);
	json_uint(&j, "entries", entries);
	json_uint(&j, "files", files);
	json_uint(&j, "kept", kept);
	json_close(&j, '}');
	putchar('\n');
}

int ledger_do_export(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	struct imp_tiles t;
	int rc = ledger_open(&w->ledger, NULL, &l, err);

	if (!rc)
		rc = imp_ledger_export(l, w->file, w->records, &t, err);
	if (!rc)
		report(w, t.entries, t.files, t.kept);
	return rc;
}

static int import(const struct ledger_work *w, const struct imp_vkey *log,
		  struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	const struct ledger_new how = { .make = true, .empty = true };
	struct imp_ledger_info i;
	int rc = ledger_open(&w->ledger, &how, &l, err);

	if (!rc)
		rc = imp_ledger_import(l, w->file, w->records, log, err);
	if (!rc)
		rc = imp_ledger_info(l, &i, err);
	if (!rc)
		printf("%s: the ledger %s, %" PRIu64 " entr%s\n", imp_ledger_name(l),
		       i.origin, i.size, i.size == 1 ? "y" : "ies");
	return rc;
}

/* One that failed leaves nothing that looks like a ledger. */
int ledger_do_import(const struct ledger_work *w, struct imp_error *err)
{
	char made[PATH_MAX] = "";
	struct imp_vkey log;
	int rc = ledger_vkey(w, w->log, IMP_NOTE_ED25519, &log, err);

	if (!rc)
		rc = ledger_make_file(&w->ledger, made, err);
	if (!rc)
		rc = import(w, &log, err);
	if (rc)
		ledger_drop_file(made);
	return rc;
}
