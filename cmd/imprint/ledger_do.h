/* SPDX-License-Identifier: Apache-2.0 */
/* What `imprint ledger` does, action by action. */
#ifndef IMPRINT_LEDGER_DO_H
#define IMPRINT_LEDGER_DO_H

#include "args.h"
#include "keyarg.h"
#include "ledger/checkpoint.h"
#include "ledgerarg.h"

struct ledger_work {
	struct ledger_args ledger;
	struct key_args key;
	struct out_args out;
	struct report_args report;
	const char *action, *file;
	const char *origin, *name, *log, *seen, *checkpoint, *records;
	const char *item, *id, *reason;
	struct path_list witnesses;
	uint64_t entry, since;
	bool cosigns, yes;
	struct imp_crypto *crypto; /* borrowed */
};

/* Each 0, or what went wrong. */
int ledger_do_init(const struct ledger_work *w, struct imp_error *err);
int ledger_do_show(const struct ledger_work *w, struct imp_error *err);
int ledger_do_key(const struct ledger_work *w, struct imp_error *err);
int ledger_do_checkpoint(const struct ledger_work *w, struct imp_error *err);
int ledger_do_prove(const struct ledger_work *w, struct imp_error *err);
int ledger_do_grow(const struct ledger_work *w, struct imp_error *err);
int ledger_do_verify(const struct ledger_work *w, struct imp_error *err);
int ledger_do_cosign(const struct ledger_work *w, struct imp_error *err);
int ledger_do_export(const struct ledger_work *w, struct imp_error *err);
int ledger_do_import(const struct ledger_work *w, struct imp_error *err);
int ledger_do_only_issued(const struct ledger_work *w, struct imp_error *err);
int ledger_do_items(const struct ledger_work *w, struct imp_error *err);
int ledger_do_release(const struct ledger_work *w, struct imp_error *err);
int ledger_do_write_off(const struct ledger_work *w, struct imp_error *err);
int ledger_do_retire(const struct ledger_work *w, struct imp_error *err);
int ledger_do_quarantine(const struct ledger_work *w, struct imp_error *err);
int ledger_do_reinstate(const struct ledger_work *w, struct imp_error *err);
int ledger_do_forget(const struct ledger_work *w, struct imp_error *err);

/* Read a verifier key, of a log or of a witness. 0, -IMP_EKEY, -IMP_EUSAGE. */
int ledger_vkey(const struct ledger_work *w, const char *path, enum imp_note_type type,
		struct imp_vkey *out, struct imp_error *err);
/* Is it a key that signs notes? 0, -IMP_EKEY. */
int ledger_check_type(const char *path, const struct imp_pub *pub, struct imp_error *err);
/* Read a checkpoint that was kept elsewhere, and verify that the log signed it; borrowed
 * from *text. */
int ledger_outside(const struct ledger_work *w, const char *path,
		   const struct imp_vkey *log, struct imp_secret *text,
		   struct imp_checkpoint *out, struct imp_error *err);
/* Write a text to -o. */
int ledger_save(const struct ledger_work *w, struct imp_span text, struct imp_error *err);

#endif
