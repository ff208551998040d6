/* SPDX-License-Identifier: Apache-2.0 */
/* imprint encrypt: signed profiles in, packages out, each for one device. */
#include "args.h"
#include "commands.h"
#include "issue.h"

struct args {
	struct out_args out;
	struct seal_args seal;
	const char *in;
};

static const struct argp_child children[] = { { &seal_argp, 0, NULL, 0 },
					      { &out_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->in = "-";
		state->child_inputs[0] = &a->seal;
		state->child_inputs[1] = &a->out;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			return ARGP_ERR_UNKNOWN;
		a->in = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "[FILE]",
	.doc = "Encrypt the signed profiles in FILE (or standard input), each to the sealing key in its "
	       "device's card.",
	.children = children,
};

static int seal_item(void *arg, struct imp_span item, struct imp_span *made,
		     struct imp_error *err)
{
	return seal_profile(arg, item, made, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	static struct sealer sealer;
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	struct args a = { 0 };
	const struct filter f = { .in = IMP_BATCH_SIGNED,
				  .out = IMP_BATCH_PACKAGES,
				  .each = seal_item,
				  .ctx = &sealer };
	int rc;

	(void)cli;
	cli_parse(&cmd_encrypt, argc, argv, &a);
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = sealer_open(&sealer, crypto, &a.seal, err);
	if (!rc)
		rc = run_filter(&f, a.in, &a.out, err);
	if (!rc)
		report_asserted(&sealer);
	sealer_close(&sealer);
	return rc;
}

const struct cli_cmd cmd_encrypt = {
	.name = "encrypt",
	.brief = "encrypt signed profiles to their devices",
	.argp = &argp,
	.run = run,
};
