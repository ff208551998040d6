/* SPDX-License-Identifier: Apache-2.0 */
/* imprint claim: become the owner of devices that nobody owns. */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "commands.h"
#include "cose/key.h"
#include "issue.h"
#include "keyarg.h"
#include "owner.h"
#include "plan.h"
#include "scope.h"

struct args {
	struct owner_args owner;
	const char *maker, *approval;
	uint32_t policy; /* enum imp_policy */
};

enum { OPT_MAKER = 0x100, OPT_RECOVERY, OPT_CHALLENGED, OPT_APPROVAL };

static const struct argp_option options[] = {
	{ "maker", OPT_MAKER, "KEY", 0,
	  "Sign also with the maker's key, for devices that have one built in", 0 },
	{ "allow-recovery", OPT_RECOVERY, NULL, 0,
	  "Let the maker's key recover the device later", 0 },
	{ "approval", OPT_APPROVAL, "M:PUB,...", 0,
	  "With -o: whatever the owner signs, this claim too, needs M of these keys besides",
	  0 },
	{ "only-challenges", OPT_CHALLENGED, NULL, 0,
	  "Let it prove itself, and say who it is, to challenges only", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &owner_argp, 0, NULL, 0 }, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->owner;
		return 0;
	case OPT_MAKER:
		a->maker = arg;
		return 0;
	case OPT_RECOVERY:
		a->policy |= IMP_POLICY_RECOVERY;
		return 0;
	case OPT_APPROVAL:
		a->approval = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->owner.form.many)
			argp_error(state,
				   "--to-approve: a claim always is so; --approval "
				   "says by whom");
		if (a->approval && !a->owner.out.path)
			argp_error(state, "--approval goes with -o: approvers sign the "
					  "claim before it is pushed");
		return 0;
	case OPT_CHALLENGED:
		a->policy |= IMP_POLICY_CHALLENGED;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Make the owner of the key KEY (-k) the owner of devices: signed by it, applied and appraised with "
	       "-d, or written to a file with -o. A device is claimed once in its life.",
	.children = children,
};

struct claim {
	const struct args *a;
	struct imp_approval approval;
	struct imp_key maker;
	struct imp_signer maker_signer;
};

/* One signature where both are the same key. */
static size_t signers(const struct owner *o, const struct claim *c)
{
	return c->a->maker && !imp_pub_eq(&o->signer.pub, &c->maker_signer.pub) ? 2 : 1;
}

static int make(struct owner *o, const struct imp_target *target, uint32_t epoch,
		struct imp_writer *w, struct imp_error *err)
{
	static const uint8_t none[32];
	const struct claim *c = o->ctx;
	struct imp_signer signer[2] = { o->signer, c->maker_signer };
	const struct imp_transfer t = {
		.owner_epoch = 1,
		.target = *target,
		.owner = o->signer.pub,
		.approval = c->approval,
		.policy = c->a->policy,
		.previous = IMP_SPAN(none),
	};
	uint8_t payload[1024];
	struct imp_writer p = imp_writer(payload, sizeof(payload));

	int rc = imp_revoked_check_transfer(&o->verifier.revoked, o->crypto, &t, err);

	(void)epoch;
	if (rc)
		return rc;
	imp_transfer_encode(&t, &p);
	if (imp_signed_put_many(o->crypto, o->kid, signer, signers(o, c),
				IMP_KIND_TRANSFER, (struct imp_span){ 0 },
				imp_written(&p), w))
		return imp_sign_failed(c->a->maker && signer[1].why(signer[1].ctx, NULL)
					       ? &signer[1]
					       : &signer[0],
				       err);
	return 0;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(owner_close) struct owner o = { .verb = "claim", .make = make };
	struct claim c = { 0 };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_claim, argc, argv, &a);
	c.a = &a;
	o.ctx = &c;
	rc = owner_open(&o, &a.owner, err);
	if (!rc && a.maker)
		rc = signer_read(o.crypto, a.maker, a.owner.key.pass_fd, &c.maker,
				 &c.maker_signer, err);
	if (!rc && a.maker)
		rc = key_check_class(&(struct key_user){ a.owner.key.path, o.key.class },
				     a.maker, &c.maker, err);
	if (!rc && a.maker)
		rc = revoked_check_key(&o.verifier.revoked, o.crypto, a.maker,
				       "the signing key", &c.maker.pub, err);
	if (!rc && a.approval)
		rc = approval_parse(o.crypto, a.approval,
				    &(struct key_user){ a.owner.key.path, o.key.class },
				    &c.approval, err);
	if (!rc)
		rc = approval_check_own(&c.approval, &o.signer.pub, "owner", err);
	if (!rc)
		rc = owner_run(&o, &a.owner, err);
	imp_key_fini(&c.maker);
	return rc;
}

const struct cli_cmd cmd_claim = {
	.name = "claim",
	.brief = "become the owner of devices",
	.argp = &argp,
	.run = run,
	.basic = true,
};
