/* SPDX-License-Identifier: Apache-2.0 */
/* The newest revocation list of each owner that was ever shown. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digits.h"
#include "base/file.h"
#include "lastseen.h"
#include "ledger/journal.h"
#include "statedir.h"

enum { HEX = 64, LINE_MAX_LEN = 128 };

/* "SEQUENCE ID\n" */
struct seen {
	uint64_t sequence;
	uint8_t id[32];
};

static int damaged(const char *path, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EFORMAT,
			  "%s: is damaged: expected a sequence and the id of a list",
			  path);

	return imp_hint(err, rc, "it says which list of an owner was seen last");
}

static bool parse(struct imp_span text, struct seen *out)
{
	struct imp_writer id = imp_writer(out->id, sizeof(out->id));
	size_t digits = 0;

	out->sequence = 0;
	for (; digits < text.len && digits < 19 && text.ptr[digits] >= '0' &&
	       text.ptr[digits] <= '9';
	     digits++)
		out->sequence = out->sequence * 10 + (uint64_t)(text.ptr[digits] - '0');
	return digits > 0 && text.len == digits + 1 + HEX + 1 &&
	       text.ptr[digits] == ' ' && text.ptr[text.len - 1] == '\n' &&
	       imp_from_hex((struct imp_span){ text.ptr + digits + 1, HEX }, &id) &&
	       id.ok && id.len == sizeof(out->id);
}

/* 1, 0 where nothing was seen, or a negative code. */
static int read_seen(const char *path, struct seen *out, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	int rc;

	if (access(path, F_OK) != 0)
		return 0;
	rc = imp_file_read(path, LINE_MAX_LEN, &text, err);
	if (rc)
		return rc;
	return parse(imp_secret_span(&text), out) ? 1 : damaged(path, err);
}

static int write_seen(const char *path, const struct imp_revoked *list,
		      struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	uint8_t text[LINE_MAX_LEN];
	struct imp_writer w = imp_writer(text, sizeof(text));
	char sequence[24];
	int rc = imp_out_open(&out, path, IMP_OUT_PRIVATE | IMP_OUT_FORCE, err);

	snprintf(sequence, sizeof(sequence), "%" PRIu64 " ", list->sequence);
	imp_put(&w, imp_span_str(sequence));
	imp_put_hex(&w, IMP_SPAN(list->id));
	imp_put_u8(&w, '\n');
	if (!rc)
		rc = imp_out_write(&out, imp_written(&w), err);
	return rc ? rc : imp_out_commit(&out, err);
}

static int compare(const char *path, const struct imp_revoked *list,
		   const struct seen *seen, struct imp_error *err)
{
	if (seen->sequence > list->sequence)
		return imp_fail(err, IMP_EPOLICY,
				"sequence %" PRIu64 " is older than %" PRIu64
				", which was seen before (%s)",
				list->sequence, seen->sequence, path);
	if (seen->sequence == list->sequence &&
	    !imp_span_eq(IMP_SPAN(seen->id), IMP_SPAN(list->id)))
		return imp_fail(err, IMP_EPOLICY,
				"another list of sequence %" PRIu64
				" was seen before (%s)",
				list->sequence, path);
	return 0;
}

static int in_file(const struct imp_revoked *list, bool keep, struct imp_error *err)
{
	CLEANUP(imp_folder_unlock) int folder = -1;
	char name[80] = "revoked-", path[PATH_MAX];
	struct imp_writer w = imp_writer((uint8_t *)name + strlen(name), HEX);
	struct seen seen;
	int found = 0, rc;

	imp_put_hex(&w, IMP_SPAN(list->owner));
	rc = state_path(name, keep, path, err);
	if (!rc && keep)
		rc = imp_folder_lock(path, &folder, err);
	if (!rc)
		found = read_seen(path, &seen, err);
	if (rc || found < 0)
		return rc ? rc : found;
	if (found)
		rc = compare(path, list, &seen, err);
	if (!rc && keep && !(found && seen.sequence == list->sequence))
		rc = write_seen(path, list, err);
	return rc;
}

static int in_ledger(const struct imp_revoked *list, const struct ledger_args *args,
		     bool keep, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	const struct imp_shown_list shown = { .owner = list->owner,
					      .id = list->id,
					      .sequence = list->sequence };
	int rc = ledger_open(args, NULL, &l, err);

	return rc ? rc : imp_ledger_list(l, &shown, keep, err);
}

int lastseen_check(const struct imp_revoked *list, const struct ledger_args *ledger,
		   bool keep, struct imp_error *err)
{
	static const struct ledger_args none;
	const struct ledger_args *a = ledger ? ledger : &none;
	int rc = ledger_is_named(a) ? in_ledger(list, a, keep, err)
				    : in_file(list, keep, err);

	if (rc != -IMP_EPOLICY)
		return rc;
	imp_wrap(err, rc, "%s", list->name);
	return imp_hint(err, rc, "the owner has the newest one");
}
