/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling profiles, the first time over all rows: every mistake. */
#include <string.h>

#include "base/grow.h"
#include "compile_job.h"
#include "mistakes.h"
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

bool job_wants_row(struct job *j)
{
	const struct compile_args *a = j->a;
	bool wanted = a->id_count == 0;

	for (size_t i = 0; i < a->id_count; i++)
		if (has_id(&j->csv, a->ids[i])) {
			wanted = true;
			j->id_found |= UINT64_C(1) << i;
		}
	return wanted;
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

int job_tell(struct job *j, bool good, struct imp_span payload, struct imp_error *err)
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
		return job_tell(j, true, payload, err);
	}
	rc = note_bad(j, err);
	return rc ? rc : job_tell(j, false, (struct imp_span){ 0 }, err);
}

int job_digest(struct job *j, unsigned pass, struct imp_error *err)
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
	int rc = job_digest(j, 0, err);

	if (!rc && (!walk_is_whole(&j->csv) || job_wants_row(j)))
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
	return rc ? rc : job_tell(j, false, (struct imp_span){ 0 }, err);
}

int job_check(struct job *j, struct imp_error *err)
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
