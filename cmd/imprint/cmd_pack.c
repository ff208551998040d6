/* SPDX-License-Identifier: Apache-2.0 */
/* imprint pack: build, sign and encrypt in one process, so that no plaintext is written.
 */
#include "base/wipe.h"
#include "commands.h"
#include "compile.h"
#include "issue.h"
#include "keyarg.h"

struct args {
	struct compile_args compile;
	struct key_args key;
	struct seal_args seal;
	struct out_args out;
};

static const struct argp_child children[] = { { &compile_argp, 0, NULL, 0 },
					      { &key_argp, 0, NULL, 0 },
					      { &seal_argp, 0, NULL, 0 },
					      { &out_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = &a->compile;
	state->child_inputs[1] = &a->key;
	state->child_inputs[2] = &a->seal;
	state->child_inputs[3] = &a->out;
	return 0;
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "PROFILE",
	.doc = "Compile the YAML file PROFILE, sign each profile with the owner's key and encrypt it to its device: build, "
	       "sign and encrypt in one process, so that nothing in clear is ever written.",
	.children = children,
};

struct packer {
	const struct args *a;
	struct imp_crypto *crypto;
	struct imp_signer signer;
	struct sealer sealer;
	struct imp_out out;
	uint64_t count;
	uint8_t buf[IMP_CBOR_MAX];
};

static int begin(void *ctx, uint64_t count, bool lone, struct imp_error *err)
{
	struct packer *p = ctx;
	int rc =
		imp_out_open(&p->out, p->a->out.path,
			     IMP_OUT_BINARY | (p->a->out.force ? IMP_OUT_FORCE : 0), err);

	return rc || lone ? rc : put_head(&p->out, count, IMP_BATCH_PACKAGES, err);
}

static int each(void *ctx, struct imp_span payload, struct imp_error *err)
{
	struct packer *p = ctx;
	struct imp_writer w = imp_writer(p->buf, sizeof(p->buf));
	struct imp_span package;
	int rc = sign_profile(p->crypto, &p->signer, payload, &w, err);

	if (!rc)
		rc = seal_profile(&p->sealer, imp_written(&w), &package, err);
	p->count += !rc;
	return rc ? rc : imp_out_write(&p->out, package, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	static struct packer p;
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	struct args a = { 0 };
	const struct compile_sink sink = { begin, each, &p };
	int rc;

	(void)cli;
	cli_parse(&cmd_pack, argc, argv, &a);
	p.a = &a;
	rc = imp_crypto_new(&crypto, err);
	p.crypto = crypto;
	if (!rc)
		rc = signer_read(crypto, a.key.path, a.key.pass_fd, &key, &p.signer, err);
	if (!rc)
		rc = sealer_open(&p.sealer, crypto, &a.seal, err);
	p.sealer.accept_asserted |= key.class == IMP_CLASS_TEST;
	if (!rc)
		rc = compile(crypto, &a.compile, &sink, err);
	if (!rc)
		rc = imp_out_commit(&p.out, err);
	if (!rc)
		report_asserted(&p.sealer);
	if (!rc && a.out.path)
		fprintf(stderr, "note: %s: %llu packages\n", a.out.path,
			(unsigned long long)p.count);
	imp_out_abort(&p.out);
	sealer_close(&p.sealer);
	imp_wipe(p.buf, sizeof(p.buf));
	return rc;
}

const struct cli_cmd cmd_pack = {
	.name = "pack",
	.brief = "build, sign and encrypt in one step",
	.argp = &argp,
	.run = run,
	.basic = true,
};
