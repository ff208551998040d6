/* SPDX-License-Identifier: Apache-2.0 */
/* imprint verify: what state is a device in, proven now. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "commands.h"
#include "crypto/host.h"
#include "object/batch.h"
#include "plan.h"

struct args {
	struct dev_args dev;
	struct verifier_args verifier;
	struct report_args report;
	const char *expect;
	bool require_locked;
};

enum { OPT_EXPECT = 0x100, OPT_REQUIRE_LOCKED };

static const struct argp_option options[] = {
	{ "expect", OPT_EXPECT, "FILE", 0, "The device must hold its package in FILE",
	  0 },
	{ "require-locked", OPT_REQUIRE_LOCKED, NULL, 0, "The device must be locked", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &dev_argp, 0, NULL, 0 },
					      { &verifier_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->dev;
		state->child_inputs[1] = &a->verifier;
		state->child_inputs[2] = &a->report;
		return 0;
	case OPT_EXPECT:
		a->expect = arg;
		return 0;
	case OPT_REQUIRE_LOCKED:
		a->require_locked = true;
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
	const struct args *a;
	struct imp_secret bytes; /* packages, back to back */
	size_t *at;
	size_t count;
};

static int read_expect(struct expect *x, struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	struct imp_span object;
	int rc = imp_batch_open(&b, x->a->expect, IMP_BATCH_PACKAGES, err);

	while (!rc && (rc = imp_batch_next(&b, &object, err)) > 0) {
		size_t *more = reallocarray(x->at, x->count + 2, sizeof(*more));
		struct imp_package k;

		if (!more)
			return imp_fail(err, IMP_ERESOURCE, "out of memory");
		x->at = more;
		x->at[x->count++] = x->bytes.len;
		rc = imp_wrap(err, imp_package_decode(object, &k, err), "%s: package %zu",
			      b.name, x->count);
		if (!rc)
			rc = imp_secret_append(&x->bytes, object, err);
	}
	if (!rc && x->at)
		x->at[x->count] = x->bytes.len;
	return rc;
}

/* The package of this device: what its outer claims say it must hold. */
static int find(const struct expect *x, struct device *d, struct plan *out)
{
	for (size_t i = 0; i < x->count; i++) {
		struct imp_span object = { x->bytes.ptr + x->at[i],
					   x->at[i + 1] - x->at[i] };

		if (plan_object(d->crypto, object, out, NULL) == 0 &&
		    imp_span_eq(out->target.ueid, d->ueid))
			return 0;
	}
	return imp_fail(&d->err, IMP_EPOLICY, "%s: no package for %s in %s", d->uri,
			d->name, x->a->expect);
}

static void say(struct device *d)
{
	const struct imp_evidence *t = &d->appraisal.token;
	size_t n =
		(size_t)snprintf(d->says, sizeof(d->says), "%s", imp_life_name(t->life));

	for (unsigned i = 0; i < IMP_EVIDENCE_DOMAINS && n < sizeof(d->says); i++)
		if (t->used >> i & 1)
			n += (size_t)snprintf(
				d->says + n, sizeof(d->says) - n,
				t->domain[i].state == IMP_DOMAIN_SET
					? ", domain %u sequence %" PRIu64
					: ", domain %u wiped (sequence %" PRIu64 ")",
				i, t->domain[i].sequence);
	if (n < sizeof(d->says))
		snprintf(d->says + n, sizeof(d->says) - n, ", attested");
}

static int talk(struct device *d, void *ctx)
{
	const struct expect *x = ctx;
	struct device_check check = { 0 };
	struct imp_evidence last = { 0 };
	struct plan plan = { 0 };
	struct imp_response r;
	uint8_t nonce[32];
	int rc = x->a->expect ? find(x, d, &plan) : 0;

	if (!rc)
		rc = device_nonce(d, nonce);
	if (!rc)
		rc = plan_prepare(d, &plan, &x->verifier, nonce, &last, &check);
	if (!rc)
		rc = imp_session_attest(&d->session, nonce, &r, &d->reason, &d->err);
	check.expected.later = true;
	if (x->a->expect)
		check.step.entry = &plan.entry;
	if (!rc)
		rc = device_appraise(d, r.evidence, &check);
	if (!rc)
		say(d);
	return rc;
}

static int keep(struct device *d, void *ctx, struct imp_error *err)
{
	struct expect *x = ctx;

	return verifier_keep(&x->verifier, d, err);
}

static int save(void *ctx, struct imp_error *err)
{
	const struct expect *x = ctx;

	return evidence_file_save(&x->verifier.evidence, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	struct args a = { 0 };
	struct expect x = { .a = &a };
	struct device_work work = { .verb = "verify",
				    .talk = talk,
				    .done = keep,
				    .save = save,
				    .ctx = &x,
				    .cards = &x.verifier.cards };
	int rc;

	(void)cli;
	cli_parse(&cmd_verify, argc, argv, &a);
	work.json = a.report.json;
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = verifier_open(&x.verifier, crypto, &a.verifier, err);
	x.verifier.require_locked = a.require_locked;
	if (!rc && a.expect)
		rc = read_expect(&x, err);
	if (!rc)
		rc = devices_run(&a.dev, &work, err);
	verifier_close(&x.verifier);
	imp_secret_fini(&x.bytes);
	free(x.at);
	return rc;
}

const struct cli_cmd cmd_verify = {
	.name = "verify",
	.brief = "have devices prove their state",
	.argp = &argp,
	.run = run,
	.basic = true,
};
