/* SPDX-License-Identifier: Apache-2.0 */
/* imprint verify: what state is a device in, proven now. */
#include <inttypes.h>

#include "args.h"
#include "base/digits.h"
#include "commands.h"
#include "crypto/host.h"
#include "ledger/registry.h"
#include "plan.h"
#include "registry.h"

struct args {
	struct dev_args dev;
	struct verifier_args verifier;
	struct revoked_args revoked;
	struct report_args report;
	struct junit_args junit;
	const char *expect, *confirm;
	bool require_locked, retired;
};

enum { OPT_EXPECT = 0x100, OPT_REQUIRE_LOCKED, OPT_RETIRED, OPT_CONFIRM };

static const struct argp_option options[] = {
	{ "expect", OPT_EXPECT, "FILE", 0, "The device must hold its package in FILE",
	  0 },
	{ "require-locked", OPT_REQUIRE_LOCKED, NULL, 0, "The device must be locked", 0 },
	{ "retired", OPT_RETIRED, NULL, 0,
	  "The device must be retired: decommissioned, and nothing set", 0 },
	{ "confirm", OPT_CONFIRM, "WORD", 0,
	  "With --ledger: its key is confirmed by this, over a way WORD that does not pass the station which "
	  "enrolled it",
	  0 },
	{ 0 },
};

static const struct argp_child children[] = {
	{ &dev_argp, 0, NULL, 0 },     { &verifier_argp, 0, NULL, 0 },
	{ &report_argp, 0, NULL, 0 },  { &junit_argp, 0, NULL, 0 },
	{ &revoked_argp, 0, NULL, 0 }, { 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->dev;
		state->child_inputs[1] = &a->verifier;
		state->child_inputs[2] = &a->report;
		state->child_inputs[3] = &a->junit;
		state->child_inputs[4] = &a->revoked;
		return 0;
	case OPT_EXPECT:
		a->expect = arg;
		return 0;
	case OPT_REQUIRE_LOCKED:
		a->require_locked = true;
		return 0;
	case OPT_RETIRED:
		a->retired = true;
		return 0;
	case OPT_CONFIRM:
		a->confirm = cli_text(state, "--confirm", arg, IMP_LEDGER_REASON);
		return 0;
	case ARGP_KEY_END:
		if (a->confirm && !ledger_is_named(&a->verifier.known.ledger))
			argp_error(state, "--confirm goes with --ledger");
		if (a->retired && (a->expect || a->require_locked))
			argp_error(state, "--retired: such a device holds nothing and is "
					  "not locked");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Ask devices for fresh evidence and appraise it: signature, identity, lifecycle, owner, history, "
	       "and what each domain holds.",
	.children = children,
};

struct expect {
	struct verifier verifier;
	struct objects objects; /* of --expect */
	const struct args *a;
};

static void say(struct device *d)
{
	const struct imp_evidence *t = &d->appraisal.token;
	char owner[24] = "", proof[DEVICE_PROOF];
	size_t n;

	imp_short_hex(t->owner, owner);
	n = (size_t)snprintf(d->says, sizeof(d->says), "%s%s%s%s", imp_life_name(t->life),
			     t->owned && !d->owner_compared ? " by " : "",
			     t->owned && !d->owner_compared ? owner : "",
			     t->owned && !d->owner_compared ? " (not compared)" : "");

	for (unsigned i = 0; i < IMP_EVIDENCE_DOMAINS && n < sizeof(d->says); i++)
		if (t->used >> i & 1)
			n += (size_t)snprintf(
				d->says + n, sizeof(d->says) - n,
				t->domain[i].state == IMP_DOMAIN_SET
					? ", domain %u sequence %" PRIu64
					: ", domain %u wiped (sequence %" PRIu64 ")",
				i, t->domain[i].sequence);
	if (n < sizeof(d->says))
		snprintf(d->says + n, sizeof(d->says) - n, ", %s",
			 device_proof_says(d, proof));
}

static int talk(struct device *d, void *ctx)
{
	const struct expect *x = ctx;
	struct objects_of all = { 0 };
	size_t i = 0;
	int rc = x->a->expect ? objects_list(&x->objects, d, 0, &all) : 0;

	do {
		struct plan plan = { 0 };

		if (!rc && i < all.count)
			rc = objects_take(&x->objects, d, all.at[i], &plan);
		if (!rc && i < all.count)
			rc = verifier_allows(&x->verifier, d, plan.object);
		plan.expected.decommissioned = x->a->retired;
		if (x->a->retired)
			plan.expected.wiped_domains = UINT16_MAX;
		if (!rc)
			rc = plan_attest(d, &plan, &x->verifier);
	} while (!rc && ++i < all.count);
	if (x->a->confirm) /* by evidence that is there already */
		rc = registry_record(&x->verifier, d, rc);
	if (!rc && x->a->confirm)
		rc = imp_ledger_confirm(x->verifier.ledger, d->known.card.ueid,
					d->known.signing_kid, x->a->confirm, &d->err);
	if (!rc)
		rc = verifier_allows_held(&x->verifier, d);
	if (!rc)
		say(d);
	return rc;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(junit_abort) struct junit junit = { 0 };
	struct args a = { 0 };
	struct expect x = { .a = &a };
	struct device_work work = { .verb = "verify",
				    .talk = talk,
				    .ctx = &x,
				    .verifier = &x.verifier,
				    .junit = &junit };
	int rc;

	(void)cli;
	cli_parse(&cmd_verify, argc, argv, &a);
	work.json = a.report.json;
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = verifier_open(&x.verifier, crypto, &a.verifier, &a.dev, err);
	if (!rc)
		rc = verifier_revoke(
			&x.verifier, crypto, &a.verifier, &a.revoked,
			&(struct revoked_use){ .ledger = &a.verifier.known.ledger }, err);
	x.verifier.require_locked = a.require_locked;
	if (!rc && a.retired)
		registry_take_retired(&x.verifier);
	if (!rc && a.expect)
		rc = objects_open(&x.objects, crypto, a.expect, err);
	if (!rc)
		rc = junit_open(&junit, &a.junit, work.verb, err);
	if (!rc)
		rc = devices_run(&a.dev, &work, err);
	objects_close(&x.objects);
	verifier_close(&x.verifier);
	return rc;
}

const struct cli_cmd cmd_verify = {
	.name = "verify",
	.brief = "have devices prove their state",
	.argp = &argp,
	.run = run,
	.basic = true,
};
