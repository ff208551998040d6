/* SPDX-License-Identifier: Apache-2.0 */
/* imprint transfer: give devices to their next owner, take them over, recover them. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "cose/key.h"
#include "crypto/alg.h"
#include "issue.h"
#include "keyarg.h"
#include "note.h"
#include "scope.h"
#include "transfer.h"

struct args {
	struct key_args key;
	struct out_args out;
	struct dev_args dev;
	struct verifier_args verifier;
	struct report_args report;
	struct leaves_args leaves;
	struct revoked_args revoked;
	const char *to, *to_key, *approval, *from, *file, *csv;
	uint16_t kept;
	uint32_t policy; /* enum imp_policy */
	bool accept, recover;
};

enum {
	OPT_TO = 0x100,
	OPT_TO_KEY,
	OPT_KEEP,
	OPT_RECOVERY,
	OPT_CHALLENGED,
	OPT_APPROVAL,
	OPT_RECOVER,
	OPT_ACCEPT,
	OPT_FROM,
	OPT_CSV,
};

static const struct argp_option options[] = {
	{ "to", OPT_TO, "PUB", 0, "The new owner's public key", 0 },
	{ "to-key", OPT_TO_KEY, "KEY", 0,
	  "The new owner's private key, where it is at hand: it signs, too", 0 },
	{ "keep", OPT_KEEP, "LIST", 0,
	  "Domains that stay as they are, as 0,1 or all (default: everything is wiped)",
	  0 },
	{ "allow-recovery", OPT_RECOVERY, NULL, 0,
	  "Let the maker's key recover the device from the new owner", 0 },
	{ "only-challenges", OPT_CHALLENGED, NULL, 0,
	  "Let it prove itself, and say who it is, to challenges only", 0 },
	{ "approval", OPT_APPROVAL, "M:PUB,...", 0,
	  "What the new owner signs needs M of these keys, too", 0 },
	{ "recover", OPT_RECOVER, NULL, 0,
	  "Recover: -k is the maker's key, where the owner lets it", 0 },
	{ "accept", OPT_ACCEPT, NULL, 0,
	  "Take over what is in FILE: -k is the new owner's key", 0 },
	{ "from", OPT_FROM, "PUB", 0,
	  "With --accept: verify that PUB, the owner until now, has signed", 0 },
	{ "csv", OPT_CSV, "FILE", 0,
	  "Without -d: only the devices that rows name by ueid, imei or serial", 0 },
	{ 0 },
};

static const struct argp_child children[] = {
	{ &key_argp, 0, NULL, 0 },     { &file_argp, 0, NULL, 0 },
	{ &dev_argp, 0, NULL, 0 },     { &verifier_argp, 0, NULL, 0 },
	{ &report_argp, 0, NULL, 0 },  { &leaves_argp, 0, NULL, 0 },
	{ &revoked_argp, 0, NULL, 0 }, { 0 },
};

/* "0,1", "all" */
static uint16_t domains_parse(struct argp_state *state, const char *arg)
{
	uint16_t mask = 0;
	const char *at = arg;

	if (strcmp(arg, "all") == 0)
		return UINT16_MAX;
	while (*at) {
		size_t n = strcspn(at, ",");
		char one[8] = "";

		if (n > 0 && n < sizeof(one))
			memcpy(one, at, n);
		mask |= (uint16_t)(1u << cli_number(state, "--keep", one, 0, 15));
		at += n + (at[n] == ',' && at[n + 1]);
		if (*at == ',')
			argp_error(state, "--keep: '%s' is no list of domains", arg);
	}
	if (!mask)
		argp_error(state, "--keep: '%s' is no list of domains", arg);
	return mask;
}

static void check_accept(struct argp_state *state, const struct args *a)
{
	if (!a->file)
		argp_error(state, "--accept: missing FILE");
	if (a->to || a->to_key || a->kept || a->policy || a->approval || a->recover ||
	    a->leaves.batch)
		argp_error(state, "--accept takes it as it is: the terms are in FILE");
}

static void check_make(struct argp_state *state, const struct args *a)
{
	if (a->file || a->from)
		argp_error(state, "%s goes with --accept", a->file ? "FILE" : "--from");
	if (!a->to == !a->to_key)
		argp_error(state, "name the new owner with --to PUB, or --to-key KEY");
	if (!a->out.path && !a->to_key)
		argp_error(state, "the new owner has to accept it: -o FILE, or --to-key");
	if (!a->out.path && a->approval)
		argp_error(state, "its approvers have to sign it: -o FILE");
	if (!a->out.path && a->leaves.batch)
		argp_error(state, "--batch goes with -o FILE");
}

/* Who there is, and what they proved. */
static void check_known(struct argp_state *state, const struct verifier_args *v)
{
	if (ledger_is_named(&v->known.ledger))
		return;
	if (!v->known.cards)
		argp_error(state, "without -d: the devices are those of --cards FILE, or "
				  "of --ledger");
	if (!v->evidence)
		argp_error(state, "name devices with -d, or what they proved with "
				  "--evidence");
}

static void check_args(struct argp_state *state, const struct args *a)
{
	bool devices = a->dev.devices > 0 || getenv("IMPRINT_DEVICE");

	if (a->accept)
		check_accept(state, a);
	else
		check_make(state, a);
	if (!a->out.path && !devices)
		argp_error(state, "name devices with -d, or write a file with -o");
	if (a->accept && a->out.path && a->dev.devices > 0)
		argp_error(state, "--accept: -o FILE, or -d DEVICE");
	if (a->csv && (a->accept || !a->out.path || a->dev.devices > 0))
		argp_error(state,
			   "--csv picks of --cards or --ledger: it goes with -o FILE "
			   "and without -d");
	if (!a->accept && a->out.path && a->dev.devices == 0)
		check_known(state, &a->verifier);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->key;
		state->child_inputs[1] = &a->out;
		state->child_inputs[2] = &a->dev;
		state->child_inputs[3] = &a->verifier;
		state->child_inputs[4] = &a->report;
		state->child_inputs[5] = &a->leaves;
		state->child_inputs[6] = &a->revoked;
		return 0;
	case OPT_TO:
		a->to = arg;
		return 0;
	case OPT_TO_KEY:
		a->to_key = arg;
		return 0;
	case OPT_KEEP:
		a->kept |= domains_parse(state, arg);
		return 0;
	case OPT_RECOVERY:
		a->policy |= IMP_POLICY_RECOVERY;
		return 0;
	case OPT_CHALLENGED:
		a->policy |= IMP_POLICY_CHALLENGED;
		return 0;
	case OPT_APPROVAL:
		a->approval = arg;
		return 0;
	case OPT_RECOVER:
		a->recover = true;
		return 0;
	case OPT_ACCEPT:
		a->accept = true;
		return 0;
	case OPT_FROM:
		a->from = arg;
		return 0;
	case OPT_CSV:
		a->csv = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->file)
			return ARGP_ERR_UNKNOWN;
		a->file = arg;
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
	.args_doc = "[FILE]",
	.doc = "Give devices to their next owner. Their owner (-k) makes a transfer for each and the new owner accepts it, each on "
	       "its own machine; whoever has the devices then pushes it. Or recover devices by the maker's key.",
	.children = children,
};

/* The new owner's key. */
static int read_taker(struct transfer *t, const struct args *a, struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key pub = { 0 };
	const struct key_user by = { a->key.path, t->key.class };
	int rc;

	if (a->to_key) {
		rc = signer_read(t->crypto, a->to_key, a->key.pass_fd, &t->taker_key,
				 &t->taker, err);
		if (!rc)
			rc = key_check_class(&by, a->to_key, &t->taker_key, err);
		t->terms.taker = &t->taker;
		t->terms.owner = t->taker.pub;
		return rc;
	}
	rc = trusted_read(t->crypto, a->to, &pub, err);
	if (!rc)
		rc = key_check_class(&by, a->to, &pub, err);
	t->terms.owner = pub.pub;
	if (!rc && imp_alg_for(pub.pub.crv) == 0)
		rc = imp_fail(err, IMP_EKEY, "%s: is no key that signs", a->to);
	return rc;
}

static int read_terms(struct transfer *t, const struct args *a, struct imp_error *err)
{
	int rc = read_taker(t, a, err);

	t->terms.issuer = &t->signer;
	t->terms.recovery = a->recover;
	t->terms.policy = a->policy;
	t->terms.kept = a->kept;
	if (!rc && a->approval)
		rc = approval_parse(t->crypto, a->approval,
				    &(struct key_user){ a->key.path, t->key.class },
				    &t->terms.approval, err);
	if (!rc && imp_cose_kid(t->crypto, &t->terms.owner, t->owner))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return rc;
}

/* The list of whoever signs as owner, of now or the next; a maker is none. */
static int read_revoked(struct transfer *t, const struct args *a, struct imp_error *err)
{
	const struct revoked_use use = { .owner = a->recover ? NULL : &t->signer.pub,
					 .ledger = &a->verifier.known.ledger };
	const struct imp_revoked *r = &t->verifier.revoked;
	int rc = verifier_revoke(&t->verifier, t->crypto, &a->verifier, &a->revoked, &use,
				 err);

	if (!rc)
		rc = revoked_check_key(r, t->crypto, a->key.path, "the signing key",
				       &t->signer.pub, err);
	if (!rc && !a->accept)
		rc = revoked_check_key(r, t->crypto, a->to ? a->to : a->to_key,
				       "the new owner's key", &t->terms.owner, err);
	return rc || a->accept ? rc
			       : imp_revoked_check_approval(r, t->crypto,
							    &t->terms.approval, err);
}

static int open_all(struct transfer *t, const struct args *a, struct imp_error *err)
{
	int rc = imp_crypto_new(&t->crypto, err);

	t->show = (struct transfer_show){ .f = a->accept || a->dev.devices == 0 ? stdout
										: NULL,
					  .json = a->report.json };
	t->apply = !a->out.path;
	t->batch = a->leaves.batch;
	if (!rc)
		rc = transfers_init(&t->offered, err);
	if (!rc)
		rc = transfers_init(&t->list, err);
	if (!rc)
		rc = signer_read(t->crypto, a->key.path, a->key.pass_fd, &t->key,
				 &t->signer, err);
	if (!rc && !a->accept)
		rc = read_terms(t, a, err);
	if (!rc && t->batch)
		rc = imp_leaves_begin(&t->leaves, t->crypto, IMP_KIND_TRANSFER,
				      &t->signer.pub, err);
	t->offered.leaves = t->batch ? &t->leaves : NULL;
	/* To accept into a file takes no devices, hence no cards. */
	if (!rc && (t->apply || !a->accept))
		rc = verifier_open(&t->verifier, t->crypto, &a->verifier, &a->dev, err);
	if (!rc && revoked_is_named(&a->revoked))
		rc = read_revoked(t, a, err);
	return rc;
}

static void close_all(struct transfer *t)
{
	transfer_show_fini(&t->show);
	transfers_fini(&t->list);
	transfers_fini(&t->offered);
	imp_leaves_fini(&t->leaves);
	verifier_close(&t->verifier);
	imp_key_fini(&t->taker_key);
	imp_key_fini(&t->key);
	imp_crypto_free(&t->crypto);
}

static int accept(struct transfer *t, const struct args *a, struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key from = { 0 };
	int rc = a->from ? trusted_read(t->crypto, a->from, &from, err) : 0;

	if (!rc && a->from)
		rc = key_check_class(&(struct key_user){ a->key.path, t->key.class },
				     a->from, &from, err);
	if (!rc)
		rc = transfer_accept(t, a->file, a->from ? &from.pub : NULL, err);
	if (!rc && !a->from)
		say_note("whether the owner until now has signed is not verified: --from "
			 "PUB does; the device will");
	return rc;
}

static int from_evidence(struct transfer *t, const struct args *a, struct imp_error *err)
{
	CLEANUP(listed_close) struct listed listed = { 0 };
	int rc = a->csv ? listed_open(&listed, a->csv, a->verifier.known.cards, err) : 0;

	return rc ? rc : transfer_from_evidence(t, &a->dev, &listed, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(close_all)
	struct transfer t = { .offered.spool = -1, .list.spool = -1 };
	struct args a = { 0 };
	struct device_work work = { .verb = "transfer",
				    .talk = transfer_talk,
				    .ctx = &t,
				    .verifier = &t.verifier };
	bool devices;
	int rc;

	(void)cli;
	cli_parse(&cmd_transfer, argc, argv, &a);
	work.json = a.report.json;
	devices = a.dev.devices > 0 || !a.out.path;
	rc = a.out.path ? imp_out_check(a.out.path, a.out.force ? IMP_OUT_FORCE : 0, err)
			: 0;
	if (!rc)
		rc = open_all(&t, &a, err);
	if (!rc && a.accept)
		rc = accept(&t, &a, err);
	if (!rc && devices)
		rc = devices_run(&a.dev, &work, err);
	else if (!rc && !a.accept)
		rc = from_evidence(&t, &a, err);
	if (!rc && a.leaves.batch)
		rc = transfer_sign(&t, imp_span_str(a.leaves.label), err);
	if (!rc && a.out.path)
		rc = transfers_write(&t.list, &a.out, err);
	return rc;
}

const struct cli_cmd cmd_transfer = {
	.name = "transfer",
	.brief = "give devices to their next owner",
	.argp = &argp,
	.run = run,
};
