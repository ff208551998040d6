/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with a ledger by who doubts it: verifying, and witnessing. */
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "entry.h"
#include "json.h"
#include "ledger/check.h"
#include "ledger/verify.h"
#include "ledger_do.h"

int ledger_outside(const struct ledger_work *w, const char *path,
		   const struct imp_vkey *log, struct imp_secret *text,
		   struct imp_checkpoint *out, struct imp_error *err)
{
	int rc = imp_file_read(path, IMP_NOTE_MAX, text, err);

	if (rc)
		return rc;
	rc = imp_checkpoint_parse(imp_secret_span(text), out, err);
	if (!rc)
		rc = imp_checkpoint_check(w->crypto, out, log, err);
	return imp_wrap(err, rc, "%s", path);
}

static void report_json(const char *name, const struct imp_ledger_report *r)
{
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "ledger", name);
	json_uint(&j, "entries", r->entries);
	json_uint(&j, "checkpoints", r->checkpoints);
	json_uint(&j, "open", r->open);
	json_uint(&j, "forgotten", r->forgotten);
	json_bool(&j, "anchored", r->anchored > 0);
	json_uint(&j, "anchored_entries", r->anchored);
	json_close(&j, '}');
	putchar('\n');
}

static void report_text(const char *name, const struct imp_ledger_report *r)
{
	printf("%s: %" PRIu64 " entries, %" PRIu64 " checkpoint%s, %" PRIu64
	       " open item%s: self-consistent, ",
	       name, r->entries, r->checkpoints, r->checkpoints == 1 ? "" : "s", r->open,
	       r->open == 1 ? "" : "s");
	if (r->forgotten > 0)
		printf("%" PRIu64 " forgotten, ", r->forgotten);
	if (r->anchored > 0)
		printf("its first %" PRIu64 " entries anchored\n", r->anchored);
	else
		printf("not anchored\n");
}

static int verify_ledger(const struct ledger_work *w,
			 const struct imp_checkpoint *outside, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	struct imp_ledger_report r;
	int rc = ledger_open(&w->ledger, NULL, &l, err);

	if (!rc)
		rc = imp_ledger_verify(l, outside, &r, err);
	if (!rc)
		(w->report.json ? report_json : report_text)(imp_ledger_name(l), &r);
	return rc;
}

/* An entry, by a proof: without the ledger. */
static int verify_proof(const struct ledger_work *w, const struct imp_vkey *log,
			struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 }, entry = { 0 };
	struct imp_record record;
	struct imp_proof proof;
	int rc = imp_file_read(w->file, IMP_PROOF_MAX, &text, err);

	if (rc)
		return rc;
	rc = imp_proof_parse(imp_secret_span(&text), &proof, err);
	if (!rc)
		rc = imp_proof_check(w->crypto, &proof, log, &entry, &record, err);
	if (rc)
		return imp_wrap(err, rc, "%s", w->file);
	(w->report.json ? entry_json : entry_text)(stdout, proof.index, &record);
	return 0;
}

int ledger_do_verify(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	struct imp_checkpoint outside;
	struct imp_vkey log;
	int rc = w->log ? ledger_vkey(w, w->log, IMP_NOTE_ED25519, &log, err) : 0;

	if (!rc && w->checkpoint)
		rc = ledger_outside(w, w->checkpoint, &log, &text, &outside, err);
	if (rc)
		return rc;
	return w->file ? verify_proof(w, &log, err)
		       : verify_ledger(w, w->checkpoint ? &outside : NULL, err);
}

/* What this witness has signed last is replaced before the new signature is out. */
static int remember(const struct ledger_work *w, struct imp_span checkpoint,
		    struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	int rc = imp_out_open(&out, w->seen, IMP_OUT_FORCE, err);

	if (!rc)
		rc = imp_out_write(&out, checkpoint, err);
	return rc ? rc : imp_out_commit(&out, err);
}

static int check_request(const struct ledger_work *w, const struct imp_growth *g,
			 struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	struct imp_checkpoint seen;
	struct imp_vkey log;
	bool any = access(w->seen, F_OK) == 0;
	int rc = ledger_vkey(w, w->log, IMP_NOTE_ED25519, &log, err);

	if (!rc && any)
		rc = ledger_outside(w, w->seen, &log, &text, &seen, err);
	if (rc)
		return rc;
	rc = imp_growth_check(w->crypto, g, &log, any ? &seen : NULL, err);
	return imp_wrap(err, rc, "%s", w->file);
}

static int add_line(const struct ledger_work *w, const struct imp_growth *g,
		    struct imp_secret *note, struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	uint8_t line[IMP_NOTE_LINE];
	struct imp_writer out = imp_writer(line, sizeof(line));
	time_t now = time(NULL);
	struct imp_signer signer;
	struct imp_vkey self;
	int rc = signer_read(w->crypto, w->key.path, w->key.pass_fd, &key, &signer, err);

	if (!rc)
		rc = ledger_check_type(w->key.path, &signer.pub, err);
	if (!rc)
		rc = imp_vkey_make(w->crypto, imp_span_str(w->name), IMP_NOTE_COSIGNED,
				   &signer.pub, &self, err);
	if (!rc)
		rc = imp_note_sign(&signer, &self, now > 0 ? (uint64_t)now : 0,
				   g->checkpoint.note.text, &out, err);
	if (!rc)
		rc = imp_secret_set(note, g->checkpoint_text, err);
	return rc ? rc : imp_secret_append(note, imp_written(&out), err);
}

int ledger_do_cosign(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_folder_unlock) int folder = -1;
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 }, note = { 0 };
	struct imp_growth g;
	int rc = imp_file_read(w->file, IMP_PROOF_MAX, &text, err);

	if (!rc)
		rc = imp_wrap(err, imp_growth_parse(imp_secret_span(&text), &g, err),
			      "%s", w->file);
	if (!rc)
		rc = imp_folder_lock(w->seen, &folder, err);
	if (!rc)
		rc = check_request(w, &g, err);
	if (!rc)
		rc = add_line(w, &g, &note, err);
	if (!rc)
		rc = remember(w, g.checkpoint_text, err);
	return rc ? rc : ledger_save(w, imp_secret_span(&note), err);
}
