/* SPDX-License-Identifier: Apache-2.0 */
/* imprint sign: profiles in, signed profiles out. */
#include "args.h"
#include "base/wipe.h"
#include "commands.h"
#include "issue.h"
#include "keyarg.h"

struct args {
	struct out_args out;
	struct key_args key;
	const char *in;
};

static const struct argp_child children[] = { { &key_argp, 0, NULL, 0 },
					      { &out_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->in = "-";
		state->child_inputs[0] = &a->key;
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
	.doc = "Sign the profiles in FILE (or standard input) as build wrote them. Whoever signs them "
	       "must be the devices' owner. The output holds secrets in clear.",
	.children = children,
};

struct ctx {
	struct imp_crypto *crypto;
	struct imp_signer signer;
	uint8_t buf[IMP_CBOR_MAX];
};

static int sign_item(void *arg, struct imp_span item, struct imp_span *made,
		     struct imp_error *err)
{
	struct ctx *c = arg;
	struct imp_writer w = imp_writer(c->buf, sizeof(c->buf));
	int rc = sign_profile(c->crypto, &c->signer, item, &w, err);

	*made = imp_written(&w);
	return rc;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	static struct ctx ctx;
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	struct args a = { 0 };
	const struct filter f = { .in = IMP_BATCH_PROFILES,
				  .out = IMP_BATCH_SIGNED,
				  .flags = IMP_OUT_PRIVATE,
				  .each = sign_item,
				  .ctx = &ctx };
	int rc;

	(void)cli;
	cli_parse(&cmd_sign, argc, argv, &a);
	rc = imp_crypto_new(&crypto, err);
	ctx.crypto = crypto;
	if (!rc)
		rc = signer_read(crypto, a.key.path, a.key.pass_fd, &key, &ctx.signer,
				 err);
	if (!rc)
		rc = run_filter(&f, a.in, &a.out, err);
	imp_wipe(ctx.buf, sizeof(ctx.buf)); /* a signed profile in clear */
	return rc;
}

const struct cli_cmd cmd_sign = {
	.name = "sign",
	.brief = "sign profiles",
	.argp = &argp,
	.run = run,
};
