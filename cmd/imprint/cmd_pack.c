/* SPDX-License-Identifier: Apache-2.0 */
/* imprint pack: build, sign and encrypt in one process, so that no plaintext is written.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/grow.h"
#include "base/text.h"
#include "commands.h"
#include "compile.h"
#include "grantarg.h"
#include "issue.h"
#include "note.h"

struct args {
	struct compile_args compile;
	struct key_args key;
	struct grant_args grant;
	struct seal_args seal;
	struct bundle_args out;
	struct jobs_args jobs;
	struct leaves_args leaves;
};

static const struct argp_child children[] = {
	{ &compile_argp, 0, NULL, 0 }, { &key_argp, 0, NULL, 0 },
	{ &seal_argp, 0, NULL, 0 },    { &bundle_argp, 0, NULL, 0 },
	{ &jobs_argp, 0, NULL, 0 },    { &grant_argp, 0, NULL, 0 },
	{ &leaves_argp, 0, NULL, 0 },  { 0 }
};

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
	state->child_inputs[4] = &a->jobs;
	state->child_inputs[5] = &a->grant;
	state->child_inputs[6] = &a->leaves;
	return 0;
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "PROFILE",
	.doc = "Compile the YAML file PROFILE, sign each profile with the owner's key (or by a grant) and encrypt it to its device: build, "
	       "sign and encrypt in one process, so that nothing in clear is ever written.",
	.children = children,
};

/* Rows that are no leaves of the batch: they were told of already. */
struct left_out {
	unsigned long *line; /* ascending; owned */
	size_t count, cap, passed;
};

struct packer {
	const struct args *a;
	struct imp_crypto *crypto;
	struct imp_signer signer;
	struct imp_grants grants;
	struct imp_revoked revoked;
	struct imp_right right;
	struct imp_leaves leaves;
	struct left_out left_out;
	uint32_t leaf; /* the next one's index */
	struct sealing sealing;
	struct imp_pool *pool;
	struct bundle out;
	struct compile_report report;
};

/* Sign and seal one profile; any thread. */
static int make(void *ctx, struct imp_crypto *crypto, const struct imp_pool_item *item,
		struct imp_writer *out, struct imp_error *err)
{
	struct packer *p = ctx;
	struct imp_right right = p->right;
	bool asserted = false;
	int rc;

	right.leaf = item->leaf;
	rc = imp_issue_pack(crypto, &right, &p->sealing.sealer,
			    item->key.crv ? &item->key : NULL, item->in, out, &asserted,
			    err);
	p->sealing.asserted += !rc && asserted;
	return rc;
}

static int take(void *ctx, uint64_t where, int rc, struct imp_span out,
		struct imp_error *err)
{
	struct packer *p = ctx;

	if (rc)
		return compile_failed(&p->report, where, rc, err);
	return compile_is_lost(&p->report) ? 0 : bundle_put(&p->out, out, err);
}

static int leave_out(struct left_out *l, unsigned long line, struct imp_error *err)
{
	unsigned long *more = imp_grow(l->line, l->count, &l->cap, sizeof(*more), err);

	if (!more)
		return -IMP_ERESOURCE;
	l->line = more;
	l->line[l->count++] = line;
	return 0;
}

/* With --batch: every profile before the first is packed. */
static int survey(void *ctx, const struct compiled *profile, struct imp_error *err)
{
	struct packer *p = ctx;
	int rc = imp_issue_leaf(p->crypto, &p->right, profile->payload, &p->leaves, err);

	if (rc)
		rc = compile_failed(&p->report, profile->line, rc, err);
	else
		return 0;
	return rc ? rc : leave_out(&p->left_out, profile->line, err);
}

static int sign_root(struct packer *p, struct imp_error *err)
{
	return imp_leaves_count(&p->leaves) == 0
		       ? 0
		       : imp_issue_root(p->crypto, &p->right,
					imp_span_str(p->a->leaves.label), &p->leaves,
					err);
}

static int begin(void *ctx, uint64_t count, bool lone, struct imp_error *err)
{
	struct packer *p = ctx;
	const struct imp_pool_work work = { make, take, p };
	int rc = sign_root(p, err);

	if (!rc)
		rc = bundle_begin(&p->out, count, lone, err);
	return rc ? rc
		  : imp_pool_open(&p->pool, lone ? 1 : p->a->jobs.jobs, p->crypto, &work,
				  err);
}

static int each(void *ctx, const struct compiled *profile, struct imp_error *err)
{
	struct packer *p = ctx;
	struct left_out *l = &p->left_out;
	const struct imp_pool_item item = { .in = profile->payload,
					    .key = profile->key,
					    .where = profile->line,
					    .leaf = p->leaf };

	if (l->passed < l->count && l->line[l->passed] == profile->line) {
		l->passed++;
		return 0;
	}
	p->leaf++;
	return imp_pool_put(p->pool, &item, err);
}

static int end(void *ctx, struct imp_error *err)
{
	struct packer *p = ctx;

	return imp_pool_finish(p->pool, err);
}

/* What is signed is written into the ledger that is named, whatever the cards are in. */
static int open_ledger(struct packer *p, struct imp_error *err)
{
	int rc = 0;

	if (!p->sealing.ledger && ledger_is_named(&p->a->seal.known.ledger))
		rc = ledger_open(&p->a->seal.known.ledger, NULL, &p->sealing.ledger, err);
	p->out.recorder =
		(struct recorder){ .l = p->sealing.ledger, .crypto = p->crypto };
	return rc;
}

static int pack(struct packer *p, struct imp_key *key, struct imp_error *err)
{
	const struct args *a = p->a;
	const struct compile_sink sink = { .survey = a->leaves.batch ? survey : NULL,
					   .begin = begin,
					   .each = each,
					   .end = end,
					   .ctx = p,
					   .report = &p->report };
	int rc =
		signer_read(p->crypto, a->key.path, a->key.pass_fd, key, &p->signer, err);

	if (!rc)
		rc = grants_open(&p->grants, &p->revoked, p->crypto, &a->grant,
				 &(struct grant_use){ .path = a->key.path,
						      .key = key,
						      .ledger = &a->seal.known.ledger },
				 err);
	if (!rc && grants_given(&p->grants))
		rc = imp_grants_alone(&p->grants, err);
	p->right = (struct imp_right){ .signer = &p->signer,
				       .grants = grants_given(&p->grants),
				       .revoked = &p->revoked,
				       .leaves = a->leaves.batch ? &p->leaves : NULL };
	p->sealing.sealer.revoked = &p->revoked;
	if (!rc && a->leaves.batch)
		rc = imp_leaves_begin(&p->leaves, p->crypto, IMP_KIND_PROFILE,
				      &p->signer.pub, err);
	if (!rc)
		rc = sealing_open(&p->sealing, p->crypto, &a->seal, err);
	if (!rc)
		rc = open_ledger(p, err);
	if (!rc)
		rc = factories_check(&(struct key_user){ a->key.path, key->class },
				     p->sealing.test_factory, err);
	p->sealing.sealer.accept_asserted |= key->class == IMP_CLASS_TEST;
	return rc ? rc : compile(p->crypto, &a->compile, &sink, err);
}

static void report(const struct packer *p)
{
	sealing_report(&p->sealing);
	if (bundle_name(&p->out))
		say_note("%s: %" PRIu64 " package%s", bundle_name(&p->out), p->out.count,
			 imp_plural(p->out.count));
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	struct args a = { 0 };
	struct packer p = { .a = &a };
	int rc;

	(void)cli;
	cli_parse(&cmd_pack, argc, argv, &a);
	p.out = (struct bundle){ .args = &a.out,
				 .verb = "pack",
				 .kind = IMP_BATCH_PACKAGES,
				 .unsure = a.compile.keep_going };
	rc = imp_crypto_new(&crypto, err);
	p.crypto = crypto;
	if (!rc)
		rc = pack(&p, &key, err);
	rc = bundle_finish(&p.out, rc, err);
	if (!rc || rc == -IMP_EFINDINGS)
		report(&p);
	imp_pool_close(&p.pool);
	bundle_abort(&p.out);
	sealing_close(&p.sealing);
	imp_grants_fini(&p.grants);
	imp_leaves_fini(&p.leaves);
	free(p.left_out.line);
	imp_revoked_fini(&p.revoked);
	return rc;
}

const struct cli_cmd cmd_pack = {
	.name = "pack",
	.brief = "build, sign and encrypt in one step",
	.argp = &argp,
	.run = run,
	.basic = true,
};
