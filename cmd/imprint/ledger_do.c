/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with a ledger by who has it. */
#include <inttypes.h>
#include <string.h>

#include "base/digits.h"
#include "base/file.h"
#include "json.h"
#include "ledger/forget.h"
#include "ledger/log.h"
#include "ledger_do.h"
#include "note.h"

int ledger_save(const struct ledger_work *w, struct imp_span text, struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	int rc = imp_out_open(&out, w->out.path, w->out.force ? IMP_OUT_FORCE : 0, err);

	if (!rc)
		rc = imp_out_write(&out, text, err);
	return rc ? rc : imp_out_commit(&out, err);
}

int ledger_vkey(const struct ledger_work *w, const char *path, enum imp_note_type type,
		struct imp_vkey *out, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	int rc = imp_file_read_key(path, IMP_VKEY_TEXT + 1, &text, err);

	if (rc)
		return rc;
	rc = imp_vkey_parse(w->crypto, imp_secret_span(&text), out, err);
	if (!rc && out->type != type)
		rc = imp_fail(err, IMP_EKEY,
			      "is the verifier key of a %s, expected that of a %s",
			      type == IMP_NOTE_ED25519 ? "witness" : "log",
			      type == IMP_NOTE_ED25519 ? "log" : "witness");
	return imp_wrap(err, rc, "%s", path);
}

int ledger_do_init(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	const struct ledger_new how = { .make = true, .origin = w->origin };
	struct imp_ledger_info i;
	int rc = ledger_open(&w->ledger, NULL, &l, NULL);

	if (rc == 0)
		return imp_hint(err,
				imp_fail(err, IMP_EUSAGE, "%s: is a ledger already",
					 imp_ledger_name(l)),
				"imprint ledger show tells its name and how many entries "
				"it has");
	rc = ledger_open(&w->ledger, &how, &l, err);
	if (!rc)
		rc = imp_ledger_info(l, &i, err);
	if (!rc)
		printf("%s: the ledger %s\n", imp_ledger_name(l), i.origin);
	if (!rc && !w->origin)
		say_note("a random name, for good; --origin gives one that others know: "
			 "factory.example/line-7");
	return rc;
}

static void show_json(const char *name, const struct imp_ledger_info *i,
		      uint64_t forgotten, struct imp_span vkey)
{
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "ledger", name);
	json_str(&j, "origin", i->origin);
	json_uint(&j, "entries", i->size);
	json_uint(&j, "forgotten", forgotten);
	json_hex(&j, "root", IMP_SPAN(i->root.byte));
	json_uint(&j, "checkpoint", i->checkpoint_size);
	json_some(&j, "key", vkey);
	json_bool(&j, "only_issued", i->only_issued > 0);
	json_close(&j, '}');
	putchar('\n');
}

static void show_text(const char *name, const struct imp_ledger_info *i,
		      uint64_t forgotten, struct imp_span vkey)
{
	char root[65];

	imp_hex(IMP_SPAN(i->root.byte), root);
	printf("ledger      %s\norigin      %s\nentries     %" PRIu64
	       "\nroot        %s\n",
	       name, i->origin, i->size, root);
	if (forgotten > 0)
		printf("forgotten   %" PRIu64 " of them\n", forgotten);
	if (i->checkpoint_size > 0)
		printf("checkpoint  of %" PRIu64 " entries\n", i->checkpoint_size);
	else
		printf("checkpoint  none\n");
	if (i->only_issued > 0)
		printf("carries     only what was issued, by entry %" PRIu64 "\n",
		       i->only_issued);
	if (vkey.len > 0)
		printf("key         %.*s\n", (int)vkey.len, (const char *)vkey.ptr);
	else
		printf("key         none: its first checkpoint sets it\n");
}

int ledger_do_show(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	uint8_t text[IMP_VKEY_TEXT];
	struct imp_writer vkey = imp_writer(text, sizeof(text));
	struct imp_ledger_info i;
	uint64_t forgotten = 0;
	int rc = ledger_open(&w->ledger, NULL, &l, err);

	if (!rc)
		rc = imp_ledger_info(l, &i, err);
	if (!rc)
		rc = imp_ledger_forgotten(l, &forgotten, err);
	if (rc)
		return rc;
	if (i.has_key)
		imp_vkey_put(&vkey, &i.key);
	(w->report.json ? show_json : show_text)(imp_ledger_name(l), &i, forgotten,
						 imp_written(&vkey));
	return 0;
}

int ledger_check_type(const char *path, const struct imp_pub *pub, struct imp_error *err)
{
	if (pub->crv == IMP_CRV_ED25519)
		return 0;
	return imp_hint(err,
			imp_fail(err, IMP_EKEY,
				 "%s: is no Ed25519 key, which logs and witnesses sign "
				 "with (C2SP signed-note)",
				 path),
			"imprint keygen --type eddsa makes one");
}

int ledger_do_key(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	uint8_t text[IMP_VKEY_TEXT];
	struct imp_writer out = imp_writer(text, sizeof(text));
	struct imp_vkey vkey;
	int rc = imp_key_open_public(w->crypto, w->file, &key, err);

	if (!rc)
		rc = ledger_check_type(w->file, &key.pub, err);
	if (!rc)
		rc = imp_vkey_make(w->crypto, imp_span_str(w->name),
				   w->cosigns ? IMP_NOTE_COSIGNED : IMP_NOTE_ED25519,
				   &key.pub, &vkey, err);
	if (rc)
		return rc;
	imp_vkey_put(&out, &vkey);
	imp_put_u8(&out, '\n');
	return ledger_save(w, imp_written(&out), err);
}

static int sign(const struct ledger_work *w, struct imp_ledger *l,
		struct imp_secret *note, struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	struct imp_signer signer;
	int rc = signer_read(w->crypto, w->key.path, w->key.pass_fd, &key, &signer, err);

	if (!rc)
		rc = ledger_check_type(w->key.path, &signer.pub, err);
	return rc ? rc : imp_ledger_checkpoint(l, &signer, note, err);
}

static int take_cosigned(const struct ledger_work *w, struct imp_ledger *l,
			 struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret note = { 0 };
	struct imp_vkey witness[PATHS_MAX];
	size_t added = 0;
	int rc = imp_file_read(w->file, IMP_NOTE_MAX, &note, err);

	for (size_t i = 0; !rc && i < w->witnesses.count; i++)
		rc = ledger_vkey(w, w->witnesses.path[i], IMP_NOTE_COSIGNED, &witness[i],
				 err);
	if (rc)
		return rc;
	rc = imp_ledger_cosigned(l, imp_secret_span(&note), witness, w->witnesses.count,
				 &added, err);
	if (!rc && added == 0)
		rc = imp_fail(err, IMP_EVERIFY, "has no signature by these witnesses");
	if (!rc)
		printf("%s: %zu cosignature%s\n", imp_ledger_name(l), added,
		       added == 1 ? "" : "s");
	return imp_wrap(err, rc, "%s", w->file);
}

int ledger_do_checkpoint(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	CLEANUP(imp_secret_fini) struct imp_secret note = { 0 };
	int rc = ledger_open(&w->ledger, NULL, &l, err);

	if (rc || w->file)
		return rc ? rc : take_cosigned(w, l, err);
	rc = sign(w, l, &note, err);
	return rc ? rc : ledger_save(w, imp_secret_span(&note), err);
}

int ledger_do_prove(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	int rc = ledger_open(&w->ledger, NULL, &l, err);

	if (!rc)
		rc = imp_ledger_prove(l, w->entry, &text, err);
	return rc ? rc : ledger_save(w, imp_secret_span(&text), err);
}

int ledger_do_grow(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	int rc = ledger_open(&w->ledger, NULL, &l, err);

	if (!rc)
		rc = imp_ledger_grow(l, w->since, &text, err);
	return rc ? rc : ledger_save(w, imp_secret_span(&text), err);
}
