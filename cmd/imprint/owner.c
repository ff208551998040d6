/* SPDX-License-Identifier: Apache-2.0 */
/* What only an owner does. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cose/key.h"
#include "ledger/journal.h"
#include "ledger/registry.h"
#include "owner.h"
#include "registry.h"
#include "target.h"

enum { OPT_TARGET = 0x500, OPT_FORCE, OPT_EPOCH, OBJECT_MAX = 2048 };

static const struct argp_option options[] = {
	{ "target", OPT_TARGET, "ID", 0,
	  "With -o: the device it is for (imei, or ueid in hex), or the class (PEN/MODEL or MODEL)",
	  0 },
	{ "output", 'o', "FILE", 0,
	  "Write what is signed to FILE, for push, in place of talking to devices", 0 },
	{ "force", OPT_FORCE, NULL, 0, "Replace FILE where it exists", 0 },
	{ "owner-epoch", OPT_EPOCH, "N", 0,
	  "Owner-epoch of the device (default with -d: as it proves; with -o: 1)", 0 },
	{ 0 },
};

static const struct argp_child children[] = {
	{ &key_argp, 0, NULL, 0 },
	{ &dev_argp, 0, NULL, 0 },
	{ &verifier_argp, 0, NULL, 0 },
	{ &report_argp, 0, NULL, 0 },
	{ &form_argp, 0, NULL, 0 },
	{ &revoked_argp, 0, NULL, 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct owner_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->key;
		state->child_inputs[1] = &a->dev;
		state->child_inputs[2] = &a->verifier;
		state->child_inputs[3] = &a->report;
		state->child_inputs[4] = &a->form;
		state->child_inputs[5] = &a->revoked;
		return 0;
	case OPT_TARGET:
		a->target = arg;
		return 0;
	case 'o':
		a->out.path = arg;
		return 0;
	case OPT_FORCE:
		a->out.force = true;
		return 0;
	case OPT_EPOCH:
		a->epoch =
			(uint32_t)cli_number(state, "--owner-epoch", arg, 1, UINT32_MAX);
		return 0;
	case ARGP_KEY_END:
		if (a->out.path && (!a->target || a->dev.devices > 0))
			argp_error(state, "-o goes with --target ID and without -d");
		if (!a->out.path && a->form.many)
			argp_error(state, "--to-approve goes with -o: push sends what "
					  "others have approved");
		if (!a->out.path && a->dev.devices == 0 && !getenv("IMPRINT_DEVICE"))
			argp_error(state,
				   "name devices with -d, or write a file with -o");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp owner_argp = { .options = options,
				 .parser = parse,
				 .children = children };

/* The owner's own list, unless --owner says whose. */
static int read_revoked(struct owner *o, const struct owner_args *a,
			struct imp_error *err)
{
	const struct revoked_use use = { .owner = &o->signer.pub,
					 .ledger = &a->verifier.known.ledger };
	int rc = verifier_revoke(&o->verifier, o->crypto, &a->verifier, &a->revoked, &use,
				 err);

	return rc ? rc
		  : revoked_check_key(&o->verifier.revoked, o->crypto, a->key.path,
				      "the signing key", &o->signer.pub, err);
}

int owner_open(struct owner *o, const struct owner_args *a, struct imp_error *err)
{
	int rc = imp_crypto_new(&o->crypto, err);

	o->args = a;
	if (!rc)
		rc = signer_read(o->crypto, a->key.path, a->key.pass_fd, &o->key,
				 &o->signer, err);
	if (!rc && imp_cose_kid(o->crypto, &o->signer.pub, o->kid))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!rc && !a->out.path)
		rc = verifier_open(&o->verifier, o->crypto, &a->verifier, &a->dev, err);
	if (!rc && !a->out.path)
		rc = factories_check(&(struct key_user){ a->key.path, o->key.class },
				     o->verifier.test_factory, err);
	return rc ? rc : read_revoked(o, a, err);
}

void owner_close(struct owner *o)
{
	verifier_close(&o->verifier);
	imp_key_fini(&o->key);
	imp_crypto_free(&o->crypto);
}

/* What the object must name, as the device has proven it: describe is not signed, and
 * whoever sits on the line would choose the numbers that the owner signs. */
static int learn(struct owner *o, struct device *d, const struct verifier *v,
		 uint32_t *epoch)
{
	const struct plan nothing = { .expected.any_life = true };
	struct device_check check = { .us = IMP_SPAN(o->kid) };
	const struct imp_evidence *t = &d->appraisal.token;
	struct imp_response r;
	uint8_t nonce[32];
	int rc = device_nonce(d, nonce);

	if (!rc)
		rc = plan_prepare(d, &nothing, v, nonce, &check);
	if (!rc)
		rc = device_ask_evidence(d, nonce, &r);
	if (!rc)
		rc = device_appraise(d, r.evidence, &check);
	if (rc)
		return rc;
	o->next = t->domain[0].sequence + 1;
	*epoch = t->owned ? t->owner_epoch : 1;
	return 0;
}

/* An audit follows the device's history by what it took. */
static int deliver(struct imp_ledger *l, struct device *d, const struct plan *plan)
{
	const struct imp_delivery delivery = { .object = plan->id,
					       .ueid = d->known.card.ueid,
					       .way = IMP_ATTESTED };

	return l ? imp_ledger_deliver(l, &delivery, &d->err) : 0;
}

static int talk(struct device *d, void *ctx)
{
	const struct owner *shared = ctx;
	struct owner o = *shared;
	const struct imp_known *known = verifier_card(&shared->verifier, d);
	uint32_t epoch = o.args->epoch ? o.args->epoch : 1;
	uint8_t buf[OBJECT_MAX];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_target target = { 0 };
	struct plan plan;
	int rc = 0;

	if (!known)
		return -(int)d->err.code;
	o.crypto = d->crypto; /* this thread's own */
	target.ueid = known->card.ueid;
	/* Under policy bit 1 it attests to challenges only: the numbers must be given. */
	if (o.learns && (!d->describe.restricted || d->asked.bytes.len > 0))
		rc = learn(&o, d, &shared->verifier, &epoch);
	if (!rc)
		rc = o.make(&o, &target, epoch, &w, &d->err);
	if (!rc)
		rc = plan_object(d->crypto, imp_written(&w), &plan, &d->err);
	if (!rc)
		rc = plan_apply(d, &plan, &shared->verifier);
	rc = registry_record(&shared->verifier, d, rc);
	if (!rc)
		rc = deliver(shared->verifier.ledger, d, &plan);
	if (!rc && shared->verifier.ledger && plan.entry.kind == IMP_ENTRY_DECOMMISSION)
		rc = imp_ledger_retire(shared->verifier.ledger, target.ueid,
				       "decommissioned by its owner", &d->err);
	return rc;
}

static int to_file(struct owner *o, const struct owner_args *a, struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	uint8_t buf[OBJECT_MAX], ueid[33];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_target target;
	int rc = target_parse(a->target, ueid, &target, err);

	if (!rc)
		rc = o->make(o, &target, a->epoch ? a->epoch : 1, &w, err);
	if (!rc)
		rc = imp_out_open(&out, a->out.path,
				  IMP_OUT_BINARY | (a->out.force ? IMP_OUT_FORCE : 0),
				  err);
	if (!rc)
		rc = imp_out_write(&out, imp_written(&w), err);
	if (!rc)
		rc = imp_out_commit(&out, err);
	if (!rc)
		target_note(o->verb, &target);
	return rc;
}

int owner_run(struct owner *o, const struct owner_args *a, struct imp_error *err)
{
	const struct device_work work = { .verb = o->verb,
					  .talk = talk,
					  .ctx = o,
					  .verifier = &o->verifier,
					  .json = a->report.json };

	return a->out.path ? to_file(o, a, err) : devices_run(&a->dev, &work, err);
}
