/* SPDX-License-Identifier: Apache-2.0 */
/* What check says: to people, in JSON, and to a CI server. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/text.h"
#include "check_report.h"
#include "json.h"
#include "mistakes.h"

void said_fini(struct said *s)
{
	imp_secret_fini(&s->text);
	imp_secret_fini(&s->first);
}

int check_report_open(struct check_report *r, const struct junit_args *a,
		      struct imp_error *err)
{
	int rc = imp_seen_init(&r->told, err);

	return rc ? rc : junit_open(&r->junit, a, "check", err);
}

void check_report_fini(struct check_report *r)
{
	said_fini(&r->profile);
	imp_seen_fini(&r->told);
	junit_abort(&r->junit);
	free(r->explained);
}

/* What is wrong in the profile by many rows is shown by the first of them. 1, 0, or a
 * negative code. */
static int is_told(struct check_report *r, const struct imp_mistake *m,
		   struct imp_error *err)
{
	char what[IMP_MISTAKE_TEXT + 32];
	uint32_t before;
	int rc;

	if (m->row == 0 || !m->rows[0])
		return 0;
	snprintf(what, sizeof(what), "%u:%u:%s", m->line, m->column, m->text);
	rc = imp_seen_add(&r->told, imp_span_str(what), 0, &before, err);
	return rc ? rc : before != IMP_SEEN_NOWHERE;
}

static int say(struct check_report *r, const struct imp_mistake *m, struct said *said,
	       struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret record = { 0 }, line = { 0 };
	int told, rc = imp_mistake_put(&record, m, err);

	if (!rc)
		rc = imp_mistakes_text(imp_secret_span(&record), &line, err);
	told = rc ? rc : is_told(r, m, err);
	if (told < 0)
		return told;
	r->mistakes++;
	if (r->json)
		mistake_json(m);
	else if (!told)
		fwrite(line.ptr, 1, line.len, stderr);
	if (said->first.len == 0)
		rc = imp_secret_set(&said->first, imp_span_str(m->text), err);
	return rc ? rc : imp_secret_append(&said->text, imp_secret_span(&line), err);
}

int check_report_mistakes(struct check_report *r, struct imp_span mistakes,
			  struct said *row, struct imp_error *err)
{
	struct imp_mistake m;
	int rc = 0;

	while (!rc && imp_mistake_next(&mistakes, &m))
		rc = say(r, &m, m.row > 0 ? row : &r->profile, err);
	return rc;
}

static const char *csv_name(const struct check_report *r)
{
	const char *csv = r->compile->csv;

	return csv && strcmp(csv, "-") == 0 ? "standard input" : csv;
}

static void add_case(struct check_report *r, const char *name, struct imp_span first,
		     struct imp_span text)
{
	junit_add(&r->junit, &(struct junit_case){ .name = name,
						   .status = first.len > 0 ? 3 : 0,
						   .message = first,
						   .text = text });
}

void check_report_row(struct check_report *r, const struct compile_row *row,
		      const struct said *said)
{
	struct imp_span first = imp_secret_span(&said->first);
	char name[400];

	r->good += row->good;
	if (row->line == 0)
		return;
	r->bad += !row->good;
	if (!row->good && first.len == 0)
		first = IMP_TEXT("the profile has mistakes");
	snprintf(name, sizeof(name), "%.200s:%lu%s%.100s", csv_name(r), row->line,
		 row->device[0] ? " " : "", row->device);
	add_case(r, name, first, imp_secret_span(&said->text));
}

/* A failure that is no mistake in a line: a file that is not there, no header, no row. */
static int take_error(struct check_report *r, struct imp_error *err)
{
	const struct compile_args *a = r->compile;
	const char *const files[] = { a->profile, a->csv, a->objects, a->seed };
	struct imp_error what = *err;
	struct imp_mistake m = { 0 };

	*strchrnul(what.msg, '\n') = '\0';
	for (size_t i = 0; i < COUNTOF(files) && (!m.text || m.text == what.msg); i++)
		if (files[i])
			imp_mistake_of(files[i], what.msg, &m);
	if (m.text == what.msg)
		m.file = a->profile;
	r->mistakes++;
	if (r->json)
		mistake_json(&m);
	return imp_secret_set(&r->profile.first, imp_span_str(what.msg), NULL);
}

static void put_summary(const struct check_report *r)
{
	const struct compile_args *a = r->compile;
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "kind", "summary");
	json_str(&j, "profile", a->profile);
	json_str(&j, "csv", csv_name(r));
	json_uint(&j, "good", r->good);
	json_uint(&j, "bad", r->bad);
	json_uint(&j, "mistakes", r->mistakes);
	json_uint(&j, "settings", r->settings);
	json_close(&j, '}');
	putchar('\n');
}

static void put_good(const struct check_report *r)
{
	const char *csv = csv_name(r);
	char name[1024], rows[1024];

	imp_escape(name, sizeof(name), imp_span_str(r->compile->profile));
	imp_escape(rows, sizeof(rows), imp_span_str(csv ? csv : ""));
	printf("%s%s: good", r->explained_len > 0 ? "\n" : "", name);
	if (csv)
		printf(" for %" PRIu64 " device%s of %s", r->good, imp_plural(r->good),
		       rows);
	printf(", %zu setting%s%s\n", r->settings, imp_plural(r->settings),
	       csv ? " each" : "");
}

int check_report_finish(struct check_report *r, int rc, struct imp_error *err)
{
	bool wrong = rc == -IMP_EFORMAT || rc == -IMP_EUSAGE || rc == -IMP_EKEY;
	int rc2 = 0;

	if (wrong) {
		r->bad += !r->compile->csv;
		err->code = IMP_EFORMAT;
		rc = -IMP_EFORMAT;
		if (r->mistakes == 0)
			rc2 = take_error(r, err);
	}
	if (!rc2 && (wrong || !rc)) {
		add_case(r, r->compile->profile, imp_secret_span(&r->profile.first),
			 imp_secret_span(&r->profile.text));
		rc2 = junit_commit(&r->junit, rc, err);
	}
	if (!rc && r->explained_len > 0)
		fwrite(r->explained, 1, r->explained_len, stdout);
	if (r->json && (wrong || !rc))
		put_summary(r);
	else if (!rc && !rc2)
		put_good(r);
	return rc ? rc : rc2;
}
