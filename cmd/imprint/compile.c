/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling profiles: once every row was checked, each good one is handed on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "compile_job.h"
#include "crypto/key.h"
#include "datadir.h"
#include "mistakes.h"
#include "note.h"
#include "walk.h"

static void job_free(struct job **job)
{
	struct job *j = *job;

	if (!j)
		return;
	imp_profile_source_fini(&j->source);
	imp_csv_close(&j->csv);
	rows_close(&j->rows);
	imp_seen_fini(&j->targets);
	imp_seen_fini(&j->endpoints);
	imp_secret_fini(&j->text);
	free(j->bad_line);
	free(j);
}

/* The head has the count already, and rows that came later were never checked. */
static int hand_one(struct job *j, struct imp_error *err)
{
	struct compiled one = { .source = &j->source,
				.line = j->csv.row_line,
				.key = rows_key(&j->rows, &j->csv) };
	int rc = imp_profile_source_build(&j->source, &j->csv, &one.payload, &j->text,
					  err);

	if (rc == -IMP_EFORMAT || (!rc && j->left-- == 0))
		return walk_changed(&j->csv, err);
	return rc ? rc : j->each(j->sink->ctx, &one, err);
}

static int hand_next(void *ctx, struct imp_error *err)
{
	struct job *j = ctx;
	int rc = job_digest(j, 1, err);

	if (rc)
		return rc;
	if (!walk_is_whole(&j->csv))
		j->text.len = 0; /* said already */
	if (j->skipped < j->bad_lines && j->bad_line[j->skipped] == j->csv.row_line)
		j->skipped++;
	else if (walk_is_whole(&j->csv) && job_wants_row(j))
		return hand_one(j, err);
	return 0;
}

/* Every good row once more. */
static int hand_all(struct job *j, sink_each *each, struct imp_error *err)
{
	const struct walk walk = { &j->csv, &j->text, hand_next, j };
	int rc = imp_csv_rewind(&j->csv, err);

	j->each = each;
	j->left = j->good;
	j->skipped = 0;
	memset(j->digest[1], 0, IMP_SHA256_LEN);
	if (!rc)
		rc = walk_rows(&walk, err);
	if (rc)
		return rc;
	return j->left > 0 || memcmp(j->digest[0], j->digest[1], IMP_SHA256_LEN) != 0
		       ? walk_changed(&j->csv, err)
		       : 0;
}

static int hand_on(struct job *j, struct imp_error *err)
{
	const struct compile_sink *sink = j->sink;
	int rc = sink->survey ? hand_all(j, sink->survey, err) : 0;

	if (rc || (sink->report && compile_is_lost(sink->report)))
		return rc;
	rc = sink->begin(sink->ctx, j->good, false, err);
	if (!rc)
		rc = hand_all(j, sink->each, err);
	return rc || !sink->end ? rc : sink->end(sink->ctx, err);
}

static int one(struct job *j, struct imp_error *err)
{
	const struct compile_sink *sink = j->sink;
	struct compiled one = { .source = &j->source };
	int rc = imp_profile_source_build(&j->source, NULL, &one.payload, &j->text, err);

	if (!rc)
		rc = job_tell(j, true, one.payload, err);
	if (!rc && sink->survey)
		rc = sink->survey(sink->ctx, &one, err);
	if (rc || !sink->begin)
		return rc;
	rc = sink->begin(sink->ctx, 1, true, err);
	if (!rc)
		rc = sink->each(sink->ctx, &one, err);
	return rc || !sink->end ? rc : sink->end(sink->ctx, err);
}

static void name_unused(const struct job *j)
{
	char names[512];

	imp_profile_source_unused(&j->source, &j->csv, names, sizeof(names));
	if (names[0])
		say_note("%s: columns that nothing uses: %s", j->csv.name, names);
}

static int left_out(const struct job *j, struct imp_error *err)
{
	const struct compile_report *r = j->sink->report;
	uint64_t failed = j->bad + (r ? r->failed : 0);

	return failed == 0
		       ? 0
		       : imp_fail(err, IMP_EFINDINGS, "%s: %" PRIu64 " row%s left out",
				  j->csv.name, failed, imp_plural(failed));
}

static int many(struct job *j, struct imp_error *err)
{
	const struct compile_sink *sink = j->sink;
	int rc = job_check(j, err);

	if (rc)
		return rc;
	name_unused(j);
	if (sink->report)
		*sink->report = (struct compile_report){ .rows = j->csv.name,
							 .keep_going = j->a->keep_going };
	if (sink->begin)
		rc = hand_on(j, err);
	if (!rc)
		rc = compile_verdict(sink->report, err);
	return rc ? rc : left_out(j, err);
}

static int open_sources(struct job *j, const struct imp_build_options *o,
			struct imp_error *err)
{
	const char *csv = j->a->csv;
	int rc = csv ? imp_csv_open(&j->csv, csv, j->a->delimiter, err) : 0;

	if (!rc && csv)
		rc = rows_open(&j->rows, j->crypto, &j->csv, err);
	return rc ? rc
		  : imp_profile_source_open(&j->source, j->crypto, o,
					    csv ? &j->csv : NULL, &j->text, err);
}

/* What is wrong and was told to nobody. */
static int say_rest(struct job *j, struct imp_error *err)
{
	j->csv.row_line = 0;
	if (j->text.len == 0)
		return 0;
	return j->sink->checked ? job_tell(j, false, (struct imp_span){ 0 }, err)
				: mistakes_say(&j->text, err);
}

int draw_seed(struct imp_crypto *crypto, struct imp_secret *seed, struct imp_error *err)
{
	enum { SEED = 32 };
	int rc = imp_secret_reserve(seed, SEED, err);

	if (!rc && imp_random(crypto, seed->ptr, SEED))
		rc = imp_fail(err, IMP_EINTERNAL, "no randomness");
	seed->len = rc ? 0 : SEED;
	return rc;
}

static int run(struct job *j, const struct imp_build_options *o, struct imp_error *err)
{
	int rc = open_sources(j, o, err), rc2;

	if (!rc)
		rc = j->a->csv ? many(j, err) : one(j, err);
	rc2 = say_rest(j, rc ? NULL : err);
	return rc ? rc : rc2;
}

int compile(struct imp_crypto *crypto, const struct compile_args *a,
	    const struct compile_sink *sink, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret seed = { 0 };
	CLEANUP(job_free) struct job *j = calloc(1, sizeof(*j));
	char objects[4096];
	struct imp_build_options o = { .path = a->profile,
				       .objects = a->objects ? a->objects : objects,
				       .set = a->set,
				       .sets = a->sets,
				       .sequence = a->sequence,
				       .has_epochs = a->has_epochs,
				       .has_generation = a->has_generation,
				       .epochs = { a->epochs[0], a->epochs[1] },
				       .generation = a->generation,
				       .each_row = sink->checked || a->keep_going,
				       .drawn = !a->seed && a->drawn.len > 0 };
	int rc = a->seed ? imp_seed_read(a->seed, &seed, err) : 0;

	if (!j)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	if (rc)
		return rc;
	objects_dir(objects, sizeof(objects));
	o.seed = o.drawn ? a->drawn : imp_secret_span(&seed);
	j->a = a;
	j->sink = sink;
	j->crypto = crypto;
	return run(j, &o, err);
}
