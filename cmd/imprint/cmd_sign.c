/* SPDX-License-Identifier: Apache-2.0 */
/* imprint sign: profiles in, signed profiles out. */
#include "args.h"
#include "commands.h"
#include "grantarg.h"
#include "issue.h"
#include "keyarg.h"

struct args {
	struct bundle_args out;
	struct key_args key;
	struct grant_args grant;
	struct jobs_args jobs;
	struct leaves_args leaves;
	struct form_args form;
	struct ledger_args ledger;
	const char *in;
};

static const struct argp_child children[] = {
	{ &key_argp, 0, NULL, 0 },    { &bundle_argp, 0, NULL, 0 },
	{ &jobs_argp, 0, NULL, 0 },   { &grant_argp, 0, NULL, 0 },
	{ &leaves_argp, 0, NULL, 0 }, { &form_argp, 0, NULL, 0 },
	{ &ledger_argp, 0, NULL, 0 }, { 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->in = "-";
		state->child_inputs[0] = &a->key;
		state->child_inputs[1] = &a->out;
		state->child_inputs[2] = &a->jobs;
		state->child_inputs[3] = &a->grant;
		state->child_inputs[4] = &a->leaves;
		state->child_inputs[5] = &a->form;
		state->child_inputs[6] = &a->ledger;
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
	       "must be the devices' owner, or hold a grant. The output holds secrets in clear.",
	.children = children,
};

struct signing {
	struct imp_right right;
	struct imp_leaves leaves;
	const char *label;
};

static int make(void *ctx, struct imp_crypto *crypto, const struct imp_pool_item *item,
		struct imp_writer *out, struct imp_error *err)
{
	const struct filter *f = ctx;
	const struct signing *s = f->ctx;
	struct imp_right right = s->right;

	right.leaf = item->leaf;
	return imp_issue_sign(crypto, &right, item->in, out, err);
}

static int survey(void *ctx, struct imp_crypto *crypto, struct imp_span item,
		  struct imp_error *err)
{
	struct signing *s = ctx;

	return imp_issue_leaf(crypto, &s->right, item, &s->leaves, err);
}

static int sign_root(void *ctx, struct imp_crypto *crypto, struct imp_error *err)
{
	struct signing *s = ctx;

	return imp_issue_root(crypto, &s->right, imp_span_str(s->label), &s->leaves, err);
}

/* All of them together: they are read once before, for the root. */
static int begin_batch(struct filter *f, struct signing *s, struct imp_crypto *crypto,
		       struct imp_error *err)
{
	f->survey = survey;
	f->surveyed = sign_root;
	s->right.leaves = &s->leaves;
	return imp_leaves_begin(&s->leaves, crypto, IMP_KIND_PROFILE,
				&s->right.signer->pub, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	CLEANUP(imp_grants_fini) struct imp_grants grants = { 0 };
	CLEANUP(imp_revoked_fini) struct imp_revoked revoked = { 0 };
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	struct imp_signer signer;
	struct signing s = { .right = { .signer = &signer, .revoked = &revoked } };
	struct args a = { 0 };
	struct filter f = { .in = IMP_BATCH_PROFILES, .make = make, .ctx = &s };
	int rc;

	(void)cli;
	cli_parse(&cmd_sign, argc, argv, &a);
	f.jobs = a.jobs.jobs;
	f.out = (struct bundle){ .args = &a.out,
				 .verb = "sign",
				 .kind = IMP_BATCH_SIGNED,
				 .flags = IMP_OUT_PRIVATE };
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = signer_read(crypto, a.key.path, a.key.pass_fd, &key, &signer, err);
	if (!rc)
		rc = grants_open(&grants, &revoked, crypto, &a.grant,
				 &(struct grant_use){ .path = a.key.path,
						      .key = &key,
						      .ledger = &a.ledger },
				 err);
	if (!rc && ledger_is_named(&a.ledger))
		rc = ledger_open(&a.ledger, NULL, &l, err);
	f.out.recorder = (struct recorder){ .l = l, .crypto = crypto };
	if (!rc)
		rc = grants_form(&grants, &a.form, &s.right.many, err);
	s.right.grants = grants_given(&grants);
	s.label = a.leaves.label;
	if (!rc && a.leaves.batch)
		rc = begin_batch(&f, &s, crypto, err);
	if (!rc)
		rc = run_filter(&f, a.in, crypto, err);
	imp_leaves_fini(&s.leaves);
	return rc;
}

const struct cli_cmd cmd_sign = {
	.name = "sign",
	.brief = "sign profiles",
	.argp = &argp,
	.run = run,
};
