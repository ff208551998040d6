/* SPDX-License-Identifier: Apache-2.0 */
/* imprint challenge: beacons, so that evidence is fresh to whoever made them. */
#include <stdlib.h>

#include "args.h"
#include "base/text.h"
#include "commands.h"
#include "crypto/host.h"
#include "grantarg.h"
#include "issue/issuer.h"
#include "keyarg.h"
#include "note.h"
#include "object/batch.h"
#include "object/challenge.h"
#include "target.h"

enum { CHALLENGE_MAX = 60 * 1024, COUNT_MAX = 1000000 };

struct args {
	struct key_args key;
	struct out_args out;
	struct grant_args grant;
	struct form_args form;
	struct path_list targets;
	uint64_t count; /* for each target; 0: one, for all who need it */
	uint32_t epoch; /* owner-epoch; 0: not given */
};

enum { OPT_TARGET = 0x100, OPT_EPOCH };

static const struct argp_option options[] = {
	{ "target", OPT_TARGET, "ID", 0,
	  "The device that may be asked by it (imei, or ueid in hex), or the class (PEN/MODEL or MODEL); repeatable",
	  0 },
	{ "number", 'n', "N", 0,
	  "Make N for each target; each of many serves one conversation (default: one, which serves any number)",
	  0 },
	{ "owner-epoch", OPT_EPOCH, "N", 0,
	  "Owner-epoch of the devices (default 1, or the grant's)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &key_argp, 0, NULL, 0 },
					      { &file_argp, 0, NULL, 0 },
					      { &grant_argp, 0, NULL, 0 },
					      { &form_argp, 0, NULL, 0 },
					      { 0 } };

static void check_args(struct argp_state *state, const struct args *a)
{
	if (!a->out.path)
		argp_error(state, "missing -o FILE");
	if (a->targets.count == 0)
		argp_error(state, "missing --target ID");
	if (a->grant.grant && a->epoch)
		argp_error(state, "--owner-epoch: the grant says which");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->key;
		state->child_inputs[1] = &a->out;
		state->child_inputs[2] = &a->grant;
		state->child_inputs[3] = &a->form;
		return 0;
	case OPT_TARGET:
		path_list_add(state, &a->targets, arg);
		return 0;
	case 'n':
		a->count = cli_number(state, "-n", arg, 1, COUNT_MAX);
		return 0;
	case OPT_EPOCH:
		a->epoch =
			(uint32_t)cli_number(state, "--owner-epoch", arg, 1, UINT32_MAX);
		return 0;
	case ARGP_KEY_END:
		check_args(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Make challenges: evidence that answers one was made after it, whichever station carried both. The owner of "
	       "devices signs them (-k), or with --grant the authority of a domain.",
	.children = children,
};

struct maker {
	const struct args *a;
	struct imp_crypto *crypto;
	struct imp_key key;
	struct imp_signer signer;
	struct imp_grants grants;
	bool many;
	struct imp_revoked revoked;
	struct imp_out out;
};

static void maker_fini(struct maker *m)
{
	imp_out_abort(&m->out);
	imp_grants_fini(&m->grants);
	imp_revoked_fini(&m->revoked);
	imp_key_fini(&m->key);
	imp_crypto_free(&m->crypto);
}

/* Whom the grant does not name, its holder need not ask. */
static int check_right(const struct maker *m, const struct imp_challenge *x,
		       struct imp_error *err)
{
	const struct imp_write w = { .device = &x->target,
				     .partly = true,
				     .domain = x->domain,
				     .epochs = { x->epochs[0], x->epochs[1] },
				     .nothing = true };

	return x->domain > 0 ? imp_grants_allow(&m->grants, &w, NULL, err) : 0;
}

static int make_one(struct maker *m, struct imp_challenge *x, struct imp_error *err)
{
	uint8_t beacon[IMP_BEACON_LEN], payload[256], object[CHALLENGE_MAX];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_writer w = imp_writer(object, sizeof(object));
	int rc;

	if (imp_random(m->crypto, beacon, sizeof(beacon)))
		return imp_fail(err, IMP_EINTERNAL, "no randomness");
	x->beacon = IMP_SPAN(beacon);
	imp_challenge_encode(x, &p);
	rc = imp_issuer_sign(m->crypto, &m->signer, m->many, IMP_KIND_CHALLENGE,
			     imp_secret_span(&m->grants.un), imp_written(&p), &w, err);
	return rc ? rc : imp_out_write(&m->out, imp_written(&w), err);
}

static int make_for(struct maker *m, const char *text, struct imp_error *err)
{
	const struct imp_grants *g = grants_given(&m->grants);
	const struct imp_grant *grant = g ? &g->link[0].grant : NULL;
	uint64_t count = m->a->count ? m->a->count : 1;
	struct imp_challenge x = { .domain = grant ? grant->domain : 0,
				   .epochs = { m->a->epoch ? m->a->epoch : 1 } };
	uint8_t ueid[IMP_UEID_MAX];
	int rc = target_parse(text, ueid, &x.target, err);

	if (grant) {
		x.epochs[0] = grant->epochs[0];
		x.epochs[1] = grant->epochs[1];
	}
	if (!rc)
		rc = check_right(m, &x, err);
	for (uint64_t i = 0; !rc && i < count; i++)
		rc = cli_check_cancel(err) ? -IMP_EINTERRUPTED : make_one(m, &x, err);
	if (!rc)
		target_note(count > 1 ? "challenges" : "challenge", &x.target);
	return rc;
}

static int make_all(struct maker *m, struct imp_error *err)
{
	const struct args *a = m->a;
	uint64_t total = a->targets.count * (a->count ? a->count : 1);
	int rc = imp_out_open(&m->out, a->out.path,
			      IMP_OUT_BINARY | (a->out.force ? IMP_OUT_FORCE : 0), err);

	if (!rc && total > 1)
		rc = imp_batch_head_write(&m->out, total, IMP_BATCH_SIGNED, err);
	for (size_t i = 0; !rc && i < a->targets.count; i++)
		rc = make_for(m, a->targets.path[i], err);
	return rc ? rc : imp_out_commit(&m->out, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(maker_fini) struct maker m = { 0 };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_challenge, argc, argv, &a);
	m.a = &a;
	rc = imp_crypto_new(&m.crypto, err);
	if (!rc)
		rc = signer_read(m.crypto, a.key.path, a.key.pass_fd, &m.key, &m.signer,
				 err);
	if (!rc)
		rc = grants_open(&m.grants, &m.revoked, m.crypto, &a.grant,
				 &(struct grant_use){ .path = a.key.path, .key = &m.key },
				 err);
	if (!rc)
		rc = grants_form(&m.grants, &a.form, &m.many, err);
	return rc ? rc : make_all(&m, err);
}

const struct cli_cmd cmd_challenge = {
	.name = "challenge",
	.brief = "make challenges that prove evidence to be fresh",
	.argp = &argp,
	.run = run,
};
