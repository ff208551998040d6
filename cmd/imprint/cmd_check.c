/* SPDX-License-Identifier: Apache-2.0 */
/* imprint check: everything that is wrong in a profile and its rows; what the settings
 * become. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "check_report.h"
#include "commands.h"
#include "datadir.h"
#include "explain.h"
#include "grantarg.h"
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

struct check {
	const struct args *a;
	struct check_report report;
	uint64_t refused; /* good rows that the grant or the list does not allow */
	struct imp_grants grants;
	struct imp_revoked revoked;
};

static void check_fini(struct check *c)
{
	check_report_fini(&c->report);
	imp_grants_fini(&c->grants);
	imp_revoked_fini(&c->revoked);
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
	if (rc == -IMP_EFORMAT &&
	    check_report_mistakes(&c->report, imp_secret_span(&mistakes),
				  &c->report.profile, err))
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
	x.f = open_memstream(&c->report.explained, &c->report.explained_len);
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
		c->report.settings += walk.at.resource_instance == 0;
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
		rc = check_report_mistakes(&c->report, imp_secret_span(&mistakes), said,
					   err);
	return rc ? rc : 1;
}

static int checked(void *ctx, const struct compile_row *row, struct imp_error *err)
{
	CLEANUP(said_fini) struct said said = { 0 };
	struct compile_row at = *row;
	struct check *c = ctx;
	int rc = check_report_mistakes(&c->report, row->mistakes, &said, err);

	if (!rc && row->good && (c->grants.name || c->revoked.name))
		rc = hold_against(c, row, &said, err);
	if (rc < 0)
		return rc;
	at.good &= rc == 0;
	check_report_row(&c->report, &at, &said);
	c->refused += row->good && !at.good;
	return at.good && c->report.settings == 0 ? take_first(c, row, err) : 0;
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
	c.report.compile = &a.compile;
	c.report.json = a.report.json;
	rc = check_report_open(&c.report, &a.junit, err);
	if (!rc)
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
	return check_report_finish(&c.report, rc, err);
}

const struct cli_cmd cmd_check = {
	.name = "check",
	.brief = "find every mistake in a profile and its rows",
	.argp = &argp,
	.run = run,
	.basic = true,
};
