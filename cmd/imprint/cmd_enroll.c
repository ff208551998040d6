/* SPDX-License-Identifier: Apache-2.0 */
/* imprint enroll: read devices' cards. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "commands.h"
#include "devices.h"
#include "issue.h"
#include "json.h"
#include "keyarg.h"
#include "object/batch.h"
#include "object/signed.h"

struct args {
	struct dev_args dev;
	struct report_args report;
	struct path_list factories;
	const char *out, *endorse;
	int pass_fd;
};

enum { OPT_FACTORY = 0x100, OPT_ENDORSE, OPT_PASS_FD };

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0,
	  "Write the cards to FILE; cards that are there already stay", 0 },
	{ "factory", OPT_FACTORY, "PUB", 0,
	  "Trust device keys that the factory key PUB has endorsed; repeatable", 0 },
	{ "endorse", OPT_ENDORSE, "KEY", 0,
	  "Endorse each card with the factory key KEY: on a line where you know whose keys these are",
	  0 },
	{ "pass-fd", OPT_PASS_FD, "FD", 0,
	  "Read the passphrase of an encrypted key from the descriptor FD, one line", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &dev_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->pass_fd = -1;
		state->child_inputs[0] = &a->dev;
		state->child_inputs[1] = &a->report;
		return 0;
	case 'o':
		a->out = arg;
		return 0;
	case OPT_FACTORY:
		path_list_add(state, &a->factories, arg);
		return 0;
	case OPT_ENDORSE:
		a->endorse = arg;
		return 0;
	case OPT_PASS_FD:
		a->pass_fd = (int)cli_number(state, "--pass-fd", arg, 0, 1023);
		return 0;
	case ARGP_KEY_END:
		if (!a->out)
			argp_error(state, "missing -o FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Ask devices who they are and what their public keys are, verify their cards and keep them in "
	       "a file.",
	.children = children,
};

struct run {
	struct imp_pub key[16];
	struct imp_factories factories;
	struct imp_signer endorser;
	bool endorses;
	struct imp_cards cards;	     /* that are in the file already */
	const struct device **fresh; /* devices with a card of this run; owned */
	size_t count, cap;
	const char *path; /* where the cards go */
};

/* {13: endorsement} of a card, by the key of --endorse. */
static int endorse(struct imp_crypto *crypto, const struct run *r,
		   const struct imp_card *card, struct imp_writer *un,
		   struct imp_error *err)
{
	const struct imp_endorsement e = { .ueid = card->ueid,
					   .oemid = card->oemid,
					   .hwmodel = card->hwmodel,
					   .signing = card->signing,
					   .sealing = card->sealing };
	uint8_t buf[512];
	struct imp_writer payload = imp_writer(buf, sizeof(buf));

	imp_endorsement_encode(&e, &payload);
	imp_cbor_put_map(un, 1);
	imp_cbor_put_int(un, IMP_HDR_CHAIN);
	if (imp_signed_put_one(crypto, &r->endorser, IMP_KIND_ENDORSEMENT,
			       (struct imp_span){ 0 }, imp_written(&payload), un, NULL))
		return imp_fail(err, IMP_EKEY, "endorsing failed");
	return 0;
}

/* The same card with another unprotected header: its signature does not cover it. */
static int with_endorsement(struct device *d, const struct run *r,
			    const struct imp_known *k, struct imp_secret *out)
{
	uint8_t un[1024], buf[4096];
	struct imp_writer u = imp_writer(un, sizeof(un)),
			  w = imp_writer(buf, sizeof(buf));
	struct imp_signed s;
	int rc = endorse(d->crypto, r, &k->card, &u, &d->err);

	if (!rc)
		rc = imp_signed_decode(imp_secret_span(&k->bytes), &s, &d->err);
	if (rc)
		return rc;
	imp_cbor_put_tag(&w, IMP_TAG_SIGN1);
	imp_cbor_put_array(&w, 4);
	imp_cbor_put_bytes(&w, s.cose.protected);
	imp_put(&w, imp_written(&u));
	imp_cbor_put_bytes(&w, s.cose.payload);
	imp_cbor_put_bytes(&w, s.cose.signature[0].sig);
	if (!w.ok)
		return imp_fail(&d->err, IMP_EINTERNAL, "a card that does not fit");
	return imp_secret_set(out, imp_written(&w), &d->err);
}

static int talk(struct device *d, void *ctx)
{
	struct imp_known *k = &d->known;
	const struct run *run = ctx;
	struct imp_response r;
	uint8_t nonce[32];
	int rc = device_nonce(d, nonce);

	if (!rc)
		rc = imp_session_enroll(&d->session, nonce, &r, &d->reason, &d->err);
	if (!rc)
		rc = imp_wrap(&d->err,
			      imp_known_check(d->crypto, r.card, nonce, &run->factories,
					      k, &d->err),
			      "%s", d->uri);
	if (rc)
		return rc;
	if (d->args->id && !card_has_id(&k->card, d->args->id)) {
		d->skipped = true;
		return 0;
	}
	imp_device_name(k->card.ueid, d->name);
	if (d->ueid.len > 0 && !imp_span_eq(k->card.ueid, d->ueid))
		return imp_fail(&d->err, IMP_EDEVICE,
				"%s: describes itself as another device", d->uri);
	snprintf(d->says, sizeof(d->says), "enrolled, key %s",
		 run->endorses ? "endorsed now" : imp_assurance_name(k->assurance));
	return run->endorses
		       ? with_endorsement(d, run, k, &d->card)
		       : imp_secret_set(&d->card, imp_secret_span(&k->bytes), &d->err);
}

static int note_fresh(struct run *run, const struct device *d, struct imp_error *err)
{
	if (run->count == run->cap) {
		size_t cap = run->cap ? 2 * run->cap : 16;
		const struct device **more = reallocarray(run->fresh, cap, sizeof(*more));

		if (!more)
			return imp_fail(err, IMP_ERESOURCE, "out of memory");
		run->fresh = more;
		run->cap = cap;
	}
	run->fresh[run->count++] = d;
	return 0;
}

/* One identity or key on two ports at once is a clone, or one device attached twice. */
static int check_fresh(const struct run *run, const struct device *d,
		       struct imp_error *err)
{
	for (size_t i = 0; i < run->count; i++) {
		const struct imp_card *other = &run->fresh[i]->known.card;

		if (imp_span_eq(other->ueid, d->known.card.ueid))
			return imp_fail(err, IMP_EPOLICY,
					"%s is on another port, too: a clone?", d->name);
		if (imp_pub_eq(&other->signing, &d->known.card.signing) ||
		    imp_pub_eq(&other->sealing, &d->known.card.sealing))
			return imp_fail(err, IMP_EPOLICY, "%s and %s have the same key",
					run->fresh[i]->name, d->name);
	}
	return 0;
}

static int add(struct run *run, const struct device *d, struct imp_error *err)
{
	int rc = check_fresh(run, d, err);

	if (!rc)
		rc = imp_wrap(err, imp_cards_contradict(&run->cards, &d->known.card, err),
			      "%s", run->path);
	return rc ? rc : note_fresh(run, d, err);
}

/* Where cards disagree this device fails, the others stay. */
static int done(struct device *d, void *ctx, struct imp_error *err)
{
	(void)err;
	if (d->rc)
		return 0;
	d->rc = add(ctx, d, &d->err);
	imp_wrap(&d->err, d->rc, "%s", d->uri);
	return 0;
}

static bool is_replaced(const struct run *run, struct imp_span ueid)
{
	for (size_t i = 0; i < run->count; i++)
		if (imp_span_eq(run->fresh[i]->known.card.ueid, ueid))
			return true;
	return false;
}

/* Cards of the file that stay: NULL for out only counts them. */
static int copy_kept(const struct run *run, struct imp_out *out, uint64_t *kept,
		     struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	struct imp_card card;
	bool latest;
	int rc = 0;

	*kept = 0;
	for (size_t i = 0; !rc && i < run->cards.count; i++) {
		rc = imp_cards_read(&run->cards, i, &bytes, &card, &latest, err);
		if (rc || !latest || is_replaced(run, card.ueid))
			continue;
		*kept += 1;
		if (out)
			rc = imp_out_write(out, imp_secret_span(&bytes), err);
	}
	return rc;
}

static int save(void *ctx, struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	const struct run *run = ctx;
	uint64_t kept;
	int rc;

	if (run->count == 0)
		return 0;
	rc = copy_kept(run, NULL, &kept, err);
	if (!rc)
		rc = imp_out_open(&out, run->path, IMP_OUT_FORCE | IMP_OUT_BINARY, err);
	if (!rc)
		rc = imp_batch_head_write(&out, kept + run->count, IMP_BATCH_CARDS, err);
	if (!rc)
		rc = copy_kept(run, &out, &kept, err);
	for (size_t i = 0; !rc && i < run->count; i++)
		rc = imp_out_write(&out, imp_secret_span(&run->fresh[i]->card), err);
	return rc ? rc : imp_out_commit(&out, err);
}

static int prepare(struct imp_crypto *crypto, const struct args *a, struct run *run,
		   struct imp_key *key, struct imp_error *err)
{
	int rc = pubs_read(crypto, &a->factories, run->key, err);

	run->factories = (struct imp_factories){ run->key, a->factories.count };
	run->endorses = a->endorse;
	run->path = a->out;
	if (!rc && a->endorse)
		rc = signer_read(crypto, a->endorse, a->pass_fd, key, &run->endorser,
				 err);
	if (!rc && access(a->out, F_OK) == 0)
		rc = imp_cards_open(&run->cards, a->out, &run->factories, err);
	return rc;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	struct run r = { 0 };
	struct args a = { 0 };
	struct device_work work = {
		.verb = "enroll", .talk = talk, .done = done, .save = save, .ctx = &r
	};
	int rc;

	(void)cli;
	cli_parse(&cmd_enroll, argc, argv, &a);
	work.json = a.report.json;
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = prepare(crypto, &a, &r, &key, err);
	if (!rc)
		rc = devices_run(&a.dev, &work, err);
	imp_cards_close(&r.cards);
	free(r.fresh);
	return rc;
}

const struct cli_cmd cmd_enroll = {
	.name = "enroll",
	.brief = "read devices' cards into a file",
	.argp = &argp,
	.run = run,
	.basic = true,
};
