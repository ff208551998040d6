/* SPDX-License-Identifier: Apache-2.0 */
/* imprint build: a YAML profile and rows of devices become profiles. */
#include "bundle.h"
#include "commands.h"
#include "compile.h"

struct args {
	struct compile_args compile;
	struct bundle_args out;
};

static const struct argp_child children[] = { { &compile_argp, 0, NULL, 0 },
					      { &bundle_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = &a->compile;
	state->child_inputs[1] = &a->out;
	return 0;
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "PROFILE",
	.doc = "Compile the YAML file PROFILE to profiles, one for each row of a CSV, or one alone. All mistakes are "
	       "shown at once, and nothing is written unless all rows are good. The output holds secrets in clear; "
	       "pack makes packages without it.",
	.children = children,
};

static int begin(void *ctx, uint64_t count, bool lone, struct imp_error *err)
{
	return bundle_begin(ctx, count, lone, err);
}

static int each(void *ctx, const struct compiled *profile, struct imp_error *err)
{
	return bundle_put(ctx, profile->payload, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	struct args a = { 0 };
	struct bundle out = { .args = &a.out,
			      .verb = "build",
			      .kind = IMP_BATCH_PROFILES,
			      .flags = IMP_OUT_PRIVATE };
	const struct compile_sink sink = { .begin = begin, .each = each, .ctx = &out };
	int rc;

	(void)cli;
	cli_parse(&cmd_build, argc, argv, &a);
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = compile(crypto, &a.compile, &sink, err);
	rc = bundle_finish(&out, rc, err);
	bundle_abort(&out);
	return rc;
}

const struct cli_cmd cmd_build = {
	.name = "build",
	.brief = "compile a YAML profile for each device",
	.argp = &argp,
	.run = run,
};
