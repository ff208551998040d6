/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling profiles: once over all rows to find every mistake, once more to hand them
 * on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/text.h"
#include "compile.h"
#include "crypto/key.h"
#include "datadir.h"
#include "mistakes.h"
#include "note.h"
#include "rows.h"
#include "walk.h"

/* --id: any of the identifying columns may match. */
static bool has_id(const struct imp_csv *csv, const char *id)
{
	for (int k = 0; k < IMP_ROW_NAMES; k++) {
		int at = imp_csv_find(csv, imp_reserved_name((enum imp_reserved)k));

		if (at >= 0 && strcmp(imp_csv_field(csv, (size_t)at), id) == 0)
			return true;
	}
	return false;
}

static bool is_wanted(const struct compile_args *a, const struct imp_csv *csv,
		      uint64_t *found)
{
	bool wanted = a->id_count == 0;

	for (size_t i = 0; i < a->id_count; i++)
		if (has_id(csv, a->ids[i])) {
			wanted = true;
			*found |= UINT64_C(1) << i;
		}
	return wanted;
}

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

static void job_fini(struct job *j)
{
	imp_profile_source_fini(&j->source);
	imp_csv_close(&j->csv);
	rows_close(&j->rows);
	imp_seen_fini(&j->targets);
	imp_seen_fini(&j->endpoints);
	imp_secret_fini(&j->text);
	free(j->bad_line);
}

static int note_bad(struct job *j, struct imp_error *err)
{
	unsigned long *more;

	j->bad++;
	if (!j->a->keep_going)
		return 0;
	more = imp_grow(j->bad_line, j->bad_lines, &j->bad_cap, sizeof(*more), err);
	if (!more)
		return -IMP_ERESOURCE;
	j->bad_line = more;
	j->bad_line[j->bad_lines++] = j->csv.row_line;
	return 0;
}

/* Does an earlier row have the same? */
static int check_once(struct job *j, struct imp_seen *seen, struct imp_span what,
		      const char *name, struct imp_error *err)
{
	uint32_t line = (uint32_t)j->csv.row_line, before;
	int rc = imp_seen_add(seen, what, line, &before, err);

	if (rc || before == IMP_SEEN_NOWHERE)
		return rc;
	return imp_csv_mistake(&j->csv, -1, &j->text, err, "%s of line %u again", name,
			       before);
}

/* Two profiles of one device, or two devices that a server takes for one: what is put in
 * names no variable, or two columns name it. */
static int check_target(struct job *j, struct imp_error *err)
{
	struct imp_span ueid = { j->source.ueid, j->source.ueid_len };
	int rc = check_once(j, &j->targets, ueid, "the profile's target is the device",
			    err);

	if (rc || j->source.endpoint.len == 0)
		return rc;
	return check_once(j, &j->endpoints, j->source.endpoint,
			  "the profile's endpoint is that", err);
}

static const char *device_of(const struct imp_csv *csv)
{
	for (int k = 0; k < IMP_ROW_NAMES; k++) {
		int at = imp_csv_find(csv, imp_reserved_name((enum imp_reserved)k));

		if (at >= 0 && walk_is_whole(csv) && imp_csv_field(csv, (size_t)at)[0])
			return imp_csv_field(csv, (size_t)at);
	}
	return "";
}

/* Where somebody wants to know of each row, nothing is kept of it. */
static int tell(struct job *j, bool good, struct imp_span payload, struct imp_error *err)
{
	const struct compile_row row = { .line = j->csv.row_line,
					 .device = j->csv.row_line ? device_of(&j->csv)
								   : "",
					 .good = good,
					 .payload = payload,
					 .mistakes = imp_secret_span(&j->text),
					 .source = &j->source };
	int rc = j->sink->checked ? j->sink->checked(j->sink->ctx, &row, err) : 0;

	if (j->sink->checked)
		j->text.len = 0;
	return rc;
}

/* What is shown of a row needs its payload; else its secrets need not be derived. */
static int compile_row(struct job *j, struct imp_span *payload, struct imp_error *err)
{
	if (!walk_is_whole(&j->csv))
		return 0;
	if (j->sink->checked)
		return imp_profile_source_build(&j->source, &j->csv, payload, &j->text,
						err);
	return imp_profile_source_check(&j->source, &j->csv, &j->text, err);
}

/* One row; mistakes in it are kept, and the next row is looked at all the same. */
static int check_row(struct job *j, struct imp_error *err)
{
	struct imp_span payload = { 0 };
	int rc = walk_is_whole(&j->csv) ? rows_check(&j->rows, &j->csv, &j->text, err)
					: -IMP_EFORMAT;
	int rc2 = compile_row(j, &payload, err);

	if (!rc && !rc2)
		rc = check_target(j, err);
	if ((rc && rc != -IMP_EFORMAT) || (rc2 && rc2 != -IMP_EFORMAT))
		return rc && rc != -IMP_EFORMAT ? rc : rc2;
	if (!rc && !rc2) {
		j->good++;
		return tell(j, true, payload, err);
	}
	rc = note_bad(j, err);
	return rc ? rc : tell(j, false, (struct imp_span){ 0 }, err);
}

/* What was checked must be what is handed on. */
static int digest_row(struct job *j, unsigned pass, struct imp_error *err)
{
	const struct imp_span part[] = { IMP_SPAN(j->digest[pass]),
					 imp_secret_span(&j->csv.text) };

	return imp_sha256(j->crypto, part, COUNTOF(part), j->digest[pass])
		       ? imp_fail(err, IMP_EINTERNAL, "SHA-256 failed")
		       : 0;
}

static int missing_id(const struct job *j, struct imp_error *err)
{
	for (size_t i = 0; i < j->a->id_count; i++)
		if (!(j->id_found >> i & 1))
			return imp_fail(err, IMP_EFORMAT, "%s: no row with --id %s",
					j->csv.name, j->a->ids[i]);
	return 0;
}

static int verdict(struct job *j, struct imp_error *err)
{
	int rc = missing_id(j, err);

	if (rc)
		return rc;
	walk_note(&j->csv);
	return walk_verdict(&j->csv, j->good,
			    j->a->keep_going && j->good > 0 ? 0 : j->bad, err);
}

static int check_next(void *ctx, struct imp_error *err)
{
	struct job *j = ctx;
	int rc = digest_row(j, 0, err);

	if (!rc && (!walk_is_whole(&j->csv) || is_wanted(j->a, &j->csv, &j->id_found)))
		rc = check_row(j, err);
	return rc || !j->a->keep_going ? rc : mistakes_say(&j->text, err);
}

/* Nothing can be read behind it, but it is a mistake like any other. */
static int broken_csv(struct job *j, struct imp_error *err)
{
	struct imp_mistake m;
	int rc;

	imp_mistake_of(j->csv.name, err->msg, &m);
	m.row = (uint32_t)j->csv.row_line;
	rc = imp_mistake_put(&j->text, &m, err);
	j->bad++;
	return rc ? rc : tell(j, false, (struct imp_span){ 0 }, err);
}

static int check_rows(struct job *j, struct imp_error *err)
{
	const struct walk walk = { &j->csv, &j->text, check_next, j };
	int rc = imp_seen_init(&j->targets, err);

	if (!rc)
		rc = imp_seen_init(&j->endpoints, err);
	if (!rc)
		rc = walk_rows(&walk, err);
	if (rc == -IMP_EFORMAT && j->csv.fields == 0 && j->sink->checked)
		rc = broken_csv(j, err);
	return rc ? rc : verdict(j, err);
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
	int rc = digest_row(j, 1, err);

	if (rc)
		return rc;
	if (!walk_is_whole(&j->csv))
		j->text.len = 0; /* said already */
	if (j->skipped < j->bad_lines && j->bad_line[j->skipped] == j->csv.row_line)
		j->skipped++;
	else if (walk_is_whole(&j->csv) && is_wanted(j->a, &j->csv, &j->id_found))
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

static int hand_on(struct job *j, const struct compile_sink *sink, struct imp_error *err)
{
	int rc = sink->survey ? hand_all(j, sink->survey, err) : 0;

	if (rc || (sink->report && compile_is_lost(sink->report)))
		return rc;
	rc = sink->begin(sink->ctx, j->good, false, err);
	if (!rc)
		rc = hand_all(j, sink->each, err);
	return rc || !sink->end ? rc : sink->end(sink->ctx, err);
}

static int one(struct job *j, const struct compile_sink *sink, struct imp_error *err)
{
	struct compiled one = { .source = &j->source };
	int rc = imp_profile_source_build(&j->source, NULL, &one.payload, &j->text, err);

	if (!rc)
		rc = tell(j, true, one.payload, err);
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

static int all(struct job *j, struct imp_crypto *crypto,
	       const struct imp_build_options *o, const struct compile_sink *sink,
	       struct imp_error *err)
{
	uint64_t failed;
	int rc = j->a->csv ? imp_csv_open(&j->csv, j->a->csv, j->a->delimiter, err) : 0;

	if (!rc && j->a->csv)
		rc = rows_open(&j->rows, crypto, &j->csv, err);
	if (!rc)
		rc = imp_profile_source_open(&j->source, crypto, o,
					     j->a->csv ? &j->csv : NULL, &j->text, err);
	if (rc || !j->a->csv)
		return rc ? rc : one(j, sink, err);
	rc = check_rows(j, err);
	if (rc)
		return rc;
	name_unused(j);
	if (sink->report)
		*sink->report = (struct compile_report){ .rows = j->csv.name,
							 .keep_going = j->a->keep_going };
	if (sink->begin)
		rc = hand_on(j, sink, err);
	if (!rc)
		rc = compile_verdict(sink->report, err);
	failed = j->bad + (sink->report ? sink->report->failed : 0);
	if (rc || failed == 0)
		return rc;
	return imp_fail(err, IMP_EFINDINGS, "%s: %" PRIu64 " row%s left out", j->csv.name,
			failed, imp_plural(failed));
}

/* What is wrong and was told to nobody. */
static int say_rest(struct job *j, struct imp_error *err)
{
	j->csv.row_line = 0;
	if (j->text.len == 0)
		return 0;
	return j->sink->checked ? tell(j, false, (struct imp_span){ 0 }, err)
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

int compile(struct imp_crypto *crypto, const struct compile_args *a,
	    const struct compile_sink *sink, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret seed = { 0 };
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
				       .each_row = sink->checked || a->keep_going };
	struct job *j = calloc(1, sizeof(*j));
	int rc = j ? 0 : imp_fail(err, IMP_ERESOURCE, "out of memory");

	if (!rc && a->seed)
		rc = imp_seed_read(a->seed, &seed, err);
	objects_dir(objects, sizeof(objects));
	o.drawn = !a->seed && a->drawn.len > 0;
	o.seed = o.drawn ? a->drawn : imp_secret_span(&seed);
	if (!rc) {
		int rc2;

		j->a = a;
		j->sink = sink;
		j->crypto = crypto;
		rc = all(j, crypto, &o, sink, err);
		rc2 = say_rest(j, rc ? NULL : err);
		rc = rc ? rc : rc2;
		job_fini(j);
	}
	free(j);
	return rc;
}
