/* SPDX-License-Identifier: Apache-2.0 */
/* imprint build: a YAML profile and rows of devices become profiles. */
#include "base/file.h"
#include "commands.h"
#include "compile.h"
#include "issue.h"

struct args {
	struct compile_args compile;
	struct out_args out;
};

static const struct argp_child children[] = { { &compile_argp, 0, NULL, 0 },
					      { &out_argp, 0, NULL, 0 },
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

struct sink {
	struct imp_out out;
	const struct args *a;
	uint64_t count;
};

static int begin(void *ctx, uint64_t count, bool lone, struct imp_error *err)
{
	struct sink *s = ctx;
	int rc = imp_out_open(&s->out, s->a->out.path,
			      IMP_OUT_PRIVATE | IMP_OUT_BINARY |
				      (s->a->out.force ? IMP_OUT_FORCE : 0),
			      err);

	return rc || lone ? rc : put_head(&s->out, count, IMP_BATCH_PROFILES, err);
}

static int each(void *ctx, struct imp_span payload, struct imp_error *err)
{
	struct sink *s = ctx;

	s->count++;
	return imp_out_write(&s->out, payload, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	struct args a = { 0 };
	struct sink s = { .a = &a };
	const struct compile_sink sink = { begin, each, &s };
	int rc;

	(void)cli;
	cli_parse(&cmd_build, argc, argv, &a);
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = compile(crypto, &a.compile, &sink, err);
	if (!rc)
		rc = imp_out_commit(&s.out, err);
	if (!rc && a.out.path)
		fprintf(stderr,
			"note: %s: %llu profiles in clear, mode 0600: they may hold secrets\n",
			a.out.path, (unsigned long long)s.count);
	imp_out_abort(&s.out);
	return rc;
}

const struct cli_cmd cmd_build = {
	.name = "build",
	.brief = "compile a YAML profile for each device",
	.argp = &argp,
	.run = run,
};
