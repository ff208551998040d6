/* SPDX-License-Identifier: Apache-2.0 */
/* imprint check: everything that is wrong in a profile and its rows; what the settings
 * become. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/escape.h"
#include "base/seen.h"
#include "base/text.h"
#include "commands.h"
#include "compile.h"
#include "datadir.h"
#include "explain.h"
#include "grantarg.h"
#include "json.h"
#include "junit.h"
#include "mistakes.h"
#include "source/modem.h"

struct args {
	struct compile_args compile;
	struct grant_args grant;
	struct report_args report;
	struct junit_args junit;
	const char *modem;
	bool explain;
};

enum { OPT_EXPLAIN = 0x100, OPT_MODEM };

static const struct argp_option options[] = {
	{ "explain", OPT_EXPLAIN, NULL, 0,
	  "Show what each setting of the first device becomes", 0 },
	{ "modem", OPT_MODEM, "MODEM", 0,
	  "With --explain: the AT commands of MODEM, a shipped one or a file (default "
	  "3gpp)",
	  0 },
	{ 0 },
};

static const struct argp_child children[] = { { &source_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { &junit_argp, 0, NULL, 0 },
					      { &grant_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->compile;
		state->child_inputs[1] = &a->report;
		state->child_inputs[2] = &a->junit;
		state->child_inputs[3] = &a->grant;
		return 0;
	case OPT_EXPLAIN:
		a->explain = true;
		return 0;
	case OPT_MODEM:
		a->modem = arg;
		return 0;
	case ARGP_KEY_SUCCESS:
		if (a->modem && !a->explain)
			argp_error(state, "--modem goes with --explain");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "PROFILE",
	.doc = "Find everything that is wrong in the YAML file PROFILE and in every row of its CSV, "
	       "as build would. Nothing is written, and no seed is needed.",
	.children = children,
};

/* What one test case has to say. */
struct said {
	struct imp_secret text;	 /* all of it */
	struct imp_secret first; /* the first line */
};

static void said_fini(struct said *s)
{
	imp_secret_fini(&s->text);
	imp_secret_fini(&s->first);
}

struct check {
	const struct args *a;
	uint64_t good, bad, mistakes;
	uint64_t refused;     /* of the bad: by the grant, or because it is revoked */
	size_t settings;      /* of each profile */
	struct said mine;     /* of the profile, whatever the row */
	struct imp_seen told; /* what people were told of the profile, in whatever row */
	struct imp_grants grants;
	struct imp_revoked revoked;
	struct junit junit;
	char *explained; /* owned */
	size_t explained_len;
};

static void check_fini(struct check *c)
{
	said_fini(&c->mine);
	imp_seen_fini(&c->told);
	junit_abort(&c->junit);
	imp_grants_fini(&c->grants);
	imp_revoked_fini(&c->revoked);
	free(c->explained);
}

/* What is wrong in the profile by many rows is shown by the first of them. 1, 0, or a
 * negative code. */
static int is_told(struct check *c, const struct imp_mistake *m, struct imp_error *err)
{
	char what[IMP_MISTAKE_TEXT + 32];
	uint32_t before;
	int rc;

	if (m->row == 0 || !m->rows[0])
		return 0;
	snprintf(what, sizeof(what), "%u:%u:%s", m->line, m->column, m->text);
	rc = imp_seen_add(&c->told, imp_span_str(what), 0, &before, err);
	return rc ? rc : before != IMP_SEEN_NOWHERE;
}

static int say(struct check *c, const struct imp_mistake *m, struct said *said,
	       struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret record = { 0 }, line = { 0 };
	int told, rc = imp_mistake_put(&record, m, err);

	if (!rc)
		rc = imp_mistakes_text(imp_secret_span(&record), &line, err);
	told = rc ? rc : is_told(c, m, err);
	if (told < 0)
		return told;
	c->mistakes++;
	if (c->a->report.json)
		mistake_json(m);
	else if (!told)
		fwrite(line.ptr, 1, line.len, stderr);
	if (said->first.len == 0)
		rc = imp_secret_set(&said->first, imp_span_str(m->text), err);
	return rc ? rc : imp_secret_append(&said->text, imp_secret_span(&line), err);
}

/* What belongs to a row goes there, all else to the profile. */
static int say_all(struct check *c, struct imp_span mistakes, struct said *row,
		   struct imp_error *err)
{
	struct imp_mistake m;
	int rc = 0;

	while (!rc && imp_mistake_next(&mistakes, &m))
		rc = say(c, &m, m.row > 0 ? row : &c->mine, err);
	return rc;
}

static const char *csv_name(const struct check *c)
{
	const char *csv = c->a->compile.csv;

	return csv && strcmp(csv, "-") == 0 ? "standard input" : csv;
}

static void add_case(struct check *c, const char *name, struct imp_span first,
		     struct imp_span text)
{
	junit_add(&c->junit, &(struct junit_case){ .name = name,
						   .status = first.len > 0 ? 3 : 0,
						   .message = first,
						   .text = text });
}

static void report_row(struct check *c, const struct compile_row *row,
		       const struct said *said)
{
	struct imp_span first = imp_secret_span(&said->first);
	char name[400];

	if (row->line == 0)
		return;
	if (!row->good && first.len == 0)
		first = IMP_TEXT("the profile has mistakes");
	snprintf(name, sizeof(name), "%.200s:%lu%s%.100s", csv_name(c), row->line,
		 row->device[0] ? " " : "", row->device);
	add_case(c, name, first, imp_secret_span(&said->text));
}

/* "nrf91" is a shipped one, "./mine.yaml" a file. */
static int read_modem(struct check *c, const struct imp_catalog *catalog,
		      struct imp_modem *m, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret mistakes = { 0 };
	const char *name = c->a->modem ? c->a->modem : "3gpp";
	char dir[4096], path[4200];
	int rc;

	modems_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/%s.yaml", dir, name);
	if (strchr(name, '/') || strstr(name, ".yaml"))
		snprintf(path, sizeof(path), "%s", name);
	rc = imp_modem_read(m, path, catalog, &mistakes, err);
	if (rc == -IMP_EFORMAT && say_all(c, imp_secret_span(&mistakes), &c->mine, err))
		return -IMP_ERESOURCE;
	return rc;
}

static int explain(struct check *c, const struct compile_row *row,
		   const struct imp_profile *p, struct imp_error *err)
{
	CLEANUP(imp_modem_fini) struct imp_modem modem = { 0 };
	const struct imp_profile_source *s = row->source;
	struct explain x = { .json = c->a->report.json,
			     .catalog = &s->catalog,
			     .modem = &modem,
			     .label_hidden = s->label_hidden };
	int rc = read_modem(c, &s->catalog, &modem, err);

	if (rc)
		return rc;
	x.f = open_memstream(&c->explained, &c->explained_len);
	if (!x.f)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	rc = explain_profile(&x, p, (struct imp_span){ s->marks, s->marks_count }, err);
	if (fclose(x.f) != 0 && !rc)
		rc = imp_fail(err, IMP_ERESOURCE, "out of memory");
	return rc;
}

/* The first good one tells what all have. */
static int take_first(struct check *c, const struct compile_row *row,
		      struct imp_error *err)
{
	struct imp_settings_walk walk;
	struct imp_profile p;
	int rc = imp_profile_decode(row->payload, &p, err);

	if (rc)
		return rc;
	imp_settings_begin(&walk, p.settings);
	while (imp_settings_next(&walk)) /* a list is one setting */
		c->settings += walk.at.resource_instance == 0;
	return c->a->explain ? explain(c, row, &p, err) : 0;
}

/* Where the profile says what the grant does not allow. */
static struct imp_mark refused_at(const struct check *c, const struct compile_row *row,
				  const struct imp_profile *p, enum imp_scope scope)
{
	static const char *const keys[] = { [IMP_SCOPE_DOMAIN] = "domain",
					    [IMP_SCOPE_EPOCHS] = "epochs",
					    [IMP_SCOPE_DEVICE] = "target",
					    [IMP_SCOPE_SEQUENCE] = "sequence" };
	struct imp_setting outside;

	if (scope == IMP_SCOPE_OBJECT) {
		outside = imp_grants_outside(&c->grants, p->settings);
		return imp_profile_source_object(row->source, outside.object,
						 outside.instance);
	}
	return scope < COUNTOF(keys) && keys[scope]
		       ? imp_profile_source_key(row->source, keys[scope])
		       : (struct imp_mark){ 0 };
}

static int refuse(const struct check *c, const struct imp_profile *p,
		  enum imp_scope *scope, struct imp_error *why)
{
	int rc = imp_revoked_check(&c->revoked, IMP_REVOKED_DEVICE, "the device",
				   p->target.ueid, why);

	*scope = IMP_SCOPE_DEVICE;
	if (!rc && c->grants.name)
		rc = imp_grants_allow_profile(&c->grants, p, NULL, scope, why);
	return rc;
}

/* A good row that the grant does not allow, or of a device that is revoked, is one more
 * with a mistake: 1. */
static int hold_against(struct check *c, const struct compile_row *row, struct said *said,
			struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret mistakes = { 0 };
	struct imp_error why = { 0 };
	enum imp_scope scope;
	struct imp_profile p;
	int rc = imp_profile_decode(row->payload, &p, err);

	if (rc || !refuse(c, &p, &scope, &why))
		return rc;
	rc = imp_profile_source_mistake(row->source, refused_at(c, row, &p, scope),
					scope == IMP_SCOPE_DEVICE, why.msg, &mistakes,
					err);
	if (!rc)
		rc = say_all(c, imp_secret_span(&mistakes), said, err);
	return rc ? rc : 1;
}

static int checked(void *ctx, const struct compile_row *row, struct imp_error *err)
{
	CLEANUP(said_fini) struct said said = { 0 };
	struct compile_row at = *row;
	struct check *c = ctx;
	int rc = say_all(c, row->mistakes, &said, err);

	if (!rc && row->good && (c->grants.name || c->revoked.name))
		rc = hold_against(c, row, &said, err);
	if (rc < 0)
		return rc;
	at.good &= rc == 0;
	report_row(c, &at, &said);
	c->good += at.good;
	c->bad += !at.good && row->line > 0;
	c->refused += row->good && !at.good;
	return at.good && c->settings == 0 ? take_first(c, row, err) : 0;
}

/* A failure that is no mistake in a line: a file that is not there, no header, no row. */
static int take_error(struct check *c, struct imp_error *err)
{
	const struct compile_args *a = &c->a->compile;
	const char *const files[] = { a->profile, a->csv, a->objects, a->seed };
	struct imp_error what = *err;
	struct imp_mistake m = { 0 };

	*strchrnul(what.msg, '\n') = '\0';
	for (size_t i = 0; i < COUNTOF(files) && (!m.text || m.text == what.msg); i++)
		if (files[i])
			imp_mistake_of(files[i], what.msg, &m);
	if (m.text == what.msg)
		m.file = a->profile;
	c->mistakes++;
	if (c->a->report.json)
		mistake_json(&m);
	return imp_secret_set(&c->mine.first, imp_span_str(what.msg), NULL);
}

static void put_summary(const struct check *c)
{
	const struct compile_args *a = &c->a->compile;
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "kind", "summary");
	json_str(&j, "profile", a->profile);
	json_str(&j, "csv", csv_name(c));
	json_uint(&j, "good", c->good);
	json_uint(&j, "bad", c->bad);
	json_uint(&j, "mistakes", c->mistakes);
	json_uint(&j, "settings", c->settings);
	json_close(&j, '}');
	putchar('\n');
}

static void put_good(const struct check *c)
{
	const char *csv = csv_name(c);
	char name[1024], rows[1024];

	imp_escape(name, sizeof(name), imp_span_str(c->a->compile.profile));
	imp_escape(rows, sizeof(rows), imp_span_str(csv ? csv : ""));
	printf("%s%s: good", c->explained_len > 0 ? "\n" : "", name);
	if (csv)
		printf(" for %" PRIu64 " device%s of %s", c->good, imp_plural(c->good),
		       rows);
	printf(", %zu setting%s%s\n", c->settings, imp_plural(c->settings),
	       csv ? " each" : "");
}

static int finish(struct check *c, int rc, struct imp_error *err)
{
	bool wrong = rc == -IMP_EFORMAT || rc == -IMP_EUSAGE || rc == -IMP_EKEY;
	int rc2 = 0;

	if (wrong) {
		c->bad += !c->a->compile.csv;
		err->code = IMP_EFORMAT;
		rc = -IMP_EFORMAT;
		if (c->mistakes == 0)
			rc2 = take_error(c, err);
	}
	if (!rc2 && (wrong || !rc)) {
		add_case(c, c->a->compile.profile, imp_secret_span(&c->mine.first),
			 imp_secret_span(&c->mine.text));
		rc2 = junit_commit(&c->junit, rc, err);
	}
	if (!rc && c->explained_len > 0)
		fwrite(c->explained, 1, c->explained_len, stdout);
	if (c->a->report.json && (wrong || !rc))
		put_summary(c);
	else if (!rc && !rc2)
		put_good(c);
	return rc ? rc : rc2;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(check_fini) struct check c = { 0 };
	CLEANUP(imp_secret_fini) struct imp_secret seed = { 0 };
	struct args a = { 0 };
	const struct compile_sink sink = { .ctx = &c, .checked = checked };
	int rc;

	(void)cli;
	cli_parse(&cmd_check, argc, argv, &a);
	c.a = &a;
	rc = imp_seen_init(&c.told, err);
	if (!rc)
		rc = junit_open(&c.junit, &a.junit, "check", err);
	if (rc)
		return rc;
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = draw_seed(crypto, &seed, err);
	a.compile.drawn = imp_secret_span(&seed);
	if (!rc)
		rc = grants_open(&c.grants, &c.revoked, crypto, &a.grant,
				 &(struct grant_use){ .looks = true }, err);
	if (rc)
		return rc;
	rc = compile(crypto, &a.compile, &sink, err);
	if (!rc && c.refused > 0)
		rc = imp_fail(err, IMP_EFORMAT, "%s: %" PRIu64 " profile%s that the %s",
			      a.compile.profile, c.refused, imp_plural(c.refused),
			      c.grants.name ? "grant does not allow" : "list revokes");
	return finish(&c, rc, err);
}

const struct cli_cmd cmd_check = {
	.name = "check",
	.brief = "find every mistake in a profile and its rows",
	.argp = &argp,
	.run = run,
	.basic = true,
};
