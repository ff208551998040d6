/* SPDX-License-Identifier: Apache-2.0 */
/* imprint encrypt: signed profiles in, packages out, each for one device. */
#include "args.h"
#include "commands.h"
#include "issue.h"
#include "note.h"
#include "revokedarg.h"
#include "scope.h"

struct args {
	struct bundle_args out;
	struct seal_args seal;
	struct jobs_args jobs;
	struct quorum_args quorum;
	struct revoked_args revoked;
	const char *in;
};

static const struct argp_child children[] = {
	{ &seal_argp, 0, NULL, 0 },	     { &bundle_argp, 0, NULL, 0 },
	{ &jobs_argp, 0, NULL, 0 },	     { &quorum_argp, 0, NULL, 0 },
	{ &revoked_owner_argp, 0, NULL, 0 }, { 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->in = "-";
		state->child_inputs[0] = &a->seal;
		state->child_inputs[1] = &a->out;
		state->child_inputs[2] = &a->jobs;
		state->child_inputs[3] = &a->quorum;
		state->child_inputs[4] = &a->revoked;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			return ARGP_ERR_UNKNOWN;
		a->in = arg;
		return 0;
	case ARGP_KEY_END:
		if (!cards_are_named(&a->seal.known))
			argp_error(state, "missing --cards FILE, or --ledger");
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

static int make(void *ctx, struct imp_crypto *crypto, const struct imp_pool_item *item,
		struct imp_writer *out, struct imp_error *err)
{
	const struct filter *f = ctx;

	return sealing_make(f->ctx, crypto, &item->key, item->in, out, err);
}

/* An owner for production has no devices that a test key vouches for. */
static int read_revoked(struct imp_revoked *r, struct imp_crypto *crypto,
			const struct args *a, const struct sealing *sealing,
			struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key owner = { 0 };
	struct revoked_use use = { .ledger = &a->seal.known.ledger };
	int rc = 0;

	if (a->revoked.owner) {
		rc = trusted_read(crypto, a->revoked.owner, &owner, err);
		use.owner = &owner.pub;
	}
	if (!rc && a->revoked.owner)
		rc = factories_check(&(struct key_user){ a->revoked.owner, owner.class },
				     sealing->test_factory, err);
	return rc ? rc : revoked_open(r, crypto, &a->revoked, &use, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(imp_revoked_fini) struct imp_revoked revoked = { 0 };
	struct imp_approval approval;
	struct sealing sealing = { .sealer.revoked = &revoked };
	struct args a = { 0 };
	struct filter f = { .in = IMP_BATCH_SIGNED, .make = make, .ctx = &sealing };
	int rc;

	(void)cli;
	cli_parse(&cmd_encrypt, argc, argv, &a);
	f.jobs = a.jobs.jobs;
	f.out = (struct bundle){ .args = &a.out,
				 .verb = "encrypt",
				 .kind = IMP_BATCH_PACKAGES };
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = sealing_open(&sealing, crypto, &a.seal, err);
	if (!rc && a.quorum.approval) {
		rc = approval_parse(crypto, a.quorum.approval, NULL, &approval, err);
		sealing.sealer.approval = &approval;
	}
	if (!rc)
		rc = read_revoked(&revoked, crypto, &a, &sealing, err);
	if (!rc && sealing.test_factory)
		say_note("--factory %s: is a test key", sealing.test_factory);
	if (!rc)
		rc = run_filter(&f, a.in, crypto, err);
	if (!rc)
		sealing_report(&sealing);
	sealing_close(&sealing);
	return rc;
}

const struct cli_cmd cmd_encrypt = {
	.name = "encrypt",
	.brief = "encrypt signed profiles to their devices",
	.argp = &argp,
	.run = run,
};
