/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles: one file, or a folder of them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/wipe.h"
#include "bundle.h"
#include "evidence/known.h"
#include "note.h"
#include "object/package.h"
#include "object/profile.h"
#include "object/signed.h"
#include "split.h"

enum { OPT_SPLIT = 0x700 };

static const struct argp_option options[] = {
	{ "split", OPT_SPLIT, "DIR", 0,
	  "Write a file for each device into the new folder DIR, in place of one file",
	  0 },
	{ 0 },
};

static const struct argp_child children[] = { { &out_argp, 0, NULL, 0 }, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct bundle_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->out;
		return 0;
	case OPT_SPLIT:
		a->split = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->split && (a->out.path || a->out.force))
			argp_error(state, "--split is in place of -o and --force");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp bundle_argp = { .options = options,
				  .parser = parse,
				  .children = children };

const char *bundle_name(const struct bundle *b)
{
	return b->args->split ? b->args->split : b->args->out.path;
}

/* A head that is not known yet, or a pipe, from which nothing can be taken back. */
static bool must_wait(const struct bundle *b)
{
	return (b->unsure && !b->lone) || (b->recorder.l && !b->out.tmp);
}

static int begin_file(struct bundle *b, uint64_t count, struct imp_error *err)
{
	int rc = imp_out_open(&b->out, b->args->out.path,
			      b->flags | IMP_OUT_BINARY |
				      (b->args->out.force ? IMP_OUT_FORCE : 0),
			      err);

	if (rc)
		return rc;
	if (must_wait(b))
		return imp_out_spool(&b->spool,
				     bundle_name(b) ? bundle_name(b) : "the batch", err);
	return b->lone ? 0 : imp_batch_head_write(&b->out, count, b->kind, err);
}

int bundle_begin(struct bundle *b, uint64_t count, bool lone, struct imp_error *err)
{
	int rc;

	b->lone = lone;
	rc = b->args->split
		     ? split_begin(&b->split, b->args->split,
				   b->flags & IMP_OUT_PRIVATE ? SPLIT_PRIVATE : 0, err)
		     : begin_file(b, count, err);
	if (!rc)
		progress_begin(&b->progress, b->verb, count);
	return rc;
}

/* The device that an item is for. */
static int ueid_of(enum imp_batch_kind kind, struct imp_span item, struct imp_span *ueid,
		   struct imp_error *err)
{
	struct imp_package package;
	struct imp_profile profile;
	struct imp_signed object;
	int rc = 0;

	if (kind == IMP_BATCH_PACKAGES) {
		rc = imp_package_decode(item, &package, err);
		*ueid = package.claims.ueid;
		return rc;
	}
	if (kind == IMP_BATCH_SIGNED) {
		rc = imp_signed_decode(item, &object, err);
		item = object.payload;
	}
	if (!rc)
		rc = imp_profile_decode(item, &profile, err);
	if (!rc)
		*ueid = profile.target.ueid;
	return rc;
}

/* "001010010000014.package" */
static int put_split(struct bundle *b, struct imp_span item, struct imp_error *err)
{
	const char *kind = imp_batch_kind_name(b->kind);
	size_t len = strlen(kind) - (b->kind != IMP_BATCH_SIGNED); /* one: no plural */
	struct imp_span ueid = { 0 };
	char device[80], name[128];
	int rc = ueid_of(b->kind, item, &ueid, err);

	if (rc)
		return rc;
	imp_device_name(ueid, device);
	snprintf(name, sizeof(name), "%s.%.*s", strchr(device, ' ') + 1, (int)len, kind);
	return split_put(&b->split, name, item, err);
}

int bundle_put(struct bundle *b, struct imp_span item, struct imp_error *err)
{
	int rc = recorder_put(&b->recorder, b->kind, item, err);

	if (rc)
		return rc;
	b->count++;
	progress_step(&b->progress);
	if (b->args->split)
		return put_split(b, item, err);
	return imp_out_write(b->spool.path ? &b->spool : &b->out, item, err);
}

/* The head, now that it is known, and what was kept. */
static int copy_spool(struct bundle *b, struct imp_error *err)
{
	int rc = b->lone ? 0 : imp_batch_head_write(&b->out, b->count, b->kind, err);

	return rc ? rc : imp_out_copy(&b->spool, &b->out, err);
}

/* Files that hold secrets in clear are told of: they outlive the command. */
static void note_clear(const struct bundle *b)
{
	static const char *const clear[] = {
		[IMP_BATCH_PROFILES] = "profile", [IMP_BATCH_SIGNED] = "signed profile"
	};
	const char *what = b->kind < COUNTOF(clear) ? clear[b->kind] : NULL;

	if (what)
		say_note("%s: %" PRIu64 " %s%s in clear, mode %s: may hold secrets",
			 bundle_name(b), b->count, what, imp_plural(b->count),
			 b->args->split ? "0700" : "0600");
}

static int commit(struct bundle *b, struct imp_error *err)
{
	bool stays = b->args->split || b->out.tmp; /* else it passes bytes on */
	int rc = recorder_write(&b->recorder, err);

	progress_end(&b->progress);
	if (!rc && b->spool.path)
		rc = copy_spool(b, err);
	if (!rc)
		rc = b->args->split ? split_commit(&b->split, err)
				    : imp_out_commit(&b->out, err);
	if (!rc && stays)
		note_clear(b);
	return rc;
}

int bundle_finish(struct bundle *b, int rc, struct imp_error *err)
{
	struct imp_error why = { 0 };
	int rc2;

	if (rc && rc != -IMP_EFINDINGS)
		return rc;
	rc2 = commit(b, &why);
	if (rc2 && err)
		*err = why;
	return rc2 ? rc2 : rc;
}

void bundle_abort(struct bundle *b)
{
	progress_end(&b->progress);
	split_abort(&b->split);
	imp_out_abort(&b->out);
	imp_out_abort(&b->spool);
	recorder_fini(&b->recorder);
}
