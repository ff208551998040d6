/* SPDX-License-Identifier: Apache-2.0 */
/* imprint enroll: read devices' cards. */
#include <pthread.h>
#include <unistd.h>

#include "args.h"
#include "commands.h"
#include "devices.h"
#include "issue.h"
#include "json.h"
#include "keyarg.h"
#include "ledger/registry.h"
#include "ledgerarg.h"
#include "object/append.h"
#include "object/signed.h"
#include "revokedarg.h"

struct args {
	struct dev_args dev;
	struct report_args report;
	struct ledger_args ledger;
	struct path_list factories;
	struct revoked_args revoked;
	const char *out, *endorse, *challenge;
	int pass_fd;
	bool replace;
};

enum { OPT_FACTORY = 0x100, OPT_ENDORSE, OPT_PASS_FD, OPT_REPLACE, OPT_CHALLENGE };

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
	{ "challenge", OPT_CHALLENGE, "FILE", 0,
	  "Ask by the challenges in FILE: a device may have the policy to answer nothing else",
	  0 },
	{ "replace", OPT_REPLACE, NULL, 0,
	  "Let a card replace one of the same device with other keys: its board was exchanged",
	  0 },
	{ 0 },
};

static const struct argp_child children[] = { { &dev_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { &ledger_argp, 0, NULL, 0 },
					      { &revoked_owner_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->pass_fd = -1;
		state->child_inputs[0] = &a->dev;
		state->child_inputs[1] = &a->report;
		state->child_inputs[2] = &a->ledger;
		state->child_inputs[3] = &a->revoked;
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
	case OPT_CHALLENGE:
		a->challenge = arg;
		return 0;
	case OPT_REPLACE:
		a->replace = true;
		return 0;
	case ARGP_KEY_END:
		if (!a->out && !ledger_is_named(&a->ledger))
			argp_error(state, "missing -o FILE, or --ledger");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Ask devices who they are and what their public keys are, verify their cards and keep them in "
	       "a file or the ledger, or both.",
	.children = children,
};

struct run {
	struct imp_pub key[16];
	struct imp_factories factories;
	struct imp_revoked revoked;
	struct imp_signer endorser;
	bool endorses, replaces;
	struct imp_cards cards; /* that are in the file already */
	struct imp_appender file;
	pthread_mutex_t lock;
	struct imp_secret fresh;   /* cards of this run, back to back */
	struct imp_ledger *ledger; /* NULL: none was named */
	struct challenges challenges;
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
		return imp_sign_failed(&r->endorser, err);
	return 0;
}

/* The same card with another unprotected header: its signature does not cover it. */
static int with_header(struct device *d, const struct imp_signed *s, struct imp_span un)
{
	CLEANUP(imp_secret_fini) struct imp_secret card = { 0 };
	int rc = imp_secret_reserve(&card, IMP_CBOR_MAX, &d->err);
	struct imp_writer w = imp_writer(card.ptr, rc ? 0 : IMP_CBOR_MAX);

	imp_cbor_put_tag(&w, IMP_TAG_SIGN1);
	imp_cbor_put_array(&w, 4);
	imp_cbor_put_bytes(&w, s->cose.protected);
	imp_put(&w, un);
	imp_cbor_put_bytes(&w, s->cose.payload);
	imp_cbor_put_bytes(&w, s->cose.signature[0].sig);
	if (!rc && !w.ok)
		rc = imp_fail(&d->err, IMP_EFORMAT,
			      "%s: its card is too large to be endorsed", d->uri);
	return rc ? rc : imp_secret_set(&d->card, imp_written(&w), &d->err);
}

static int with_endorsement(struct device *d, const struct run *r)
{
	uint8_t un[1024];
	struct imp_writer u = imp_writer(un, sizeof(un));
	struct imp_signed s;
	int rc = endorse(d->crypto, r, &d->known.card, &u, &d->err);

	if (!rc)
		rc = imp_signed_decode(imp_secret_span(&d->known.bytes), &s, &d->err);
	return rc ? rc : with_header(d, &s, imp_written(&u));
}

static int talk(struct device *d, void *ctx)
{
	struct imp_known *k = &d->known;
	const struct run *run = ctx;
	struct imp_response r;
	uint8_t nonce[32];
	int rc = device_nonce(d, nonce);

	if (!rc)
		rc = device_ask_card(d, nonce, &r);
	if (!rc)
		rc = imp_wrap(&d->err,
			      imp_known_check(d->crypto, r.card, nonce, &run->factories,
					      k, &d->err),
			      "%s", d->uri);
	if (rc)
		return rc;
	if (!card_is_wanted(d->args, &k->card)) {
		d->skipped = true;
		return 0;
	}
	imp_device_name(k->card.ueid, d->name);
	if (d->ueid.len > 0 && !imp_span_eq(k->card.ueid, d->ueid))
		return imp_fail(&d->err, IMP_EDEVICE,
				"%s: describes itself as another device", d->uri);
	if (run->factories.count > 0 && k->assurance == IMP_ASSERTED && !run->endorses)
		return imp_fail(&d->err, IMP_EPOLICY,
				"%s: its card is not endorsed by a key of --factory",
				d->uri);
	rc = imp_revoked_check_card(&run->revoked, k, &d->err);
	if (rc)
		return imp_wrap(&d->err, rc, "%s", d->uri);
	snprintf(d->says, sizeof(d->says), "enrolled, key %s",
		 run->endorses ? "endorsed now" : imp_assurance_name(k->assurance));
	d->fresh = d->asked.bytes.len > 0 ? FRESH_SINCE_CHALLENGE : FRESH_TO_US;
	if (!run->endorses)
		return imp_secret_set(&d->card, imp_secret_span(&k->bytes), &d->err);
	k->assurance = IMP_ENDORSED;
	return with_endorsement(d, run);
}

/* Goes through items that stand back to back. */
static bool next_item(struct imp_span *rest, struct imp_span *item)
{
	size_t len = rest->len > 0 ? imp_cbor_item_len(*rest, IMP_CBOR_STRICT, NULL) : 0;

	*item = (struct imp_span){ rest->ptr, len };
	if (len > 0)
		rest->ptr += len;
	rest->len -= len;
	return len > 0;
}

/* One identity or key on two ports at once is a clone, or one device attached twice. */
static int check_fresh(const struct run *run, const struct device *d,
		       struct imp_error *err)
{
	struct imp_span rest = imp_secret_span(&run->fresh), item;
	struct imp_card other;
	int rc = 0;

	while (!rc && next_item(&rest, &item)) {
		rc = imp_card_open(item, &other, err);
		if (!rc && imp_span_eq(other.ueid, d->known.card.ueid))
			return imp_fail(err, IMP_EPOLICY,
					"%s is on another port, too: a clone?", d->name);
		if (!rc)
			rc = imp_card_compare(&other, &d->known.card, err);
	}
	return rc;
}

/* Against the file. Where two cards disagree and nobody vouches for one of them, both are
 * quarantined: *added says whether this one goes into the file all the same. */
static int check_old(const struct run *run, struct device *d, bool *added)
{
	bool vouched = run->endorses || d->known.assurance == IMP_ENDORSED;
	bool rival = false;
	int rc = imp_cards_contradict(&run->cards, d->crypto, &d->known.card, &rival,
				      &d->err);

	*added = rc == 0 || run->replaces || vouched || !rival;
	if (rc != -IMP_EPOLICY || run->replaces || (vouched && !rival))
		return rc == -IMP_EPOLICY ? 0 : rc;
	imp_wrap(&d->err, rc, "%s", run->file.path);
	return imp_hint(&d->err, rc,
			"enroll --replace, where you exchanged the board; --factory PUB "
			"tells an endorsed card from others");
}

/* An endorsement that the file has, and the device does not bring, stays with its card:
 * the keys are the same. */
static int keep_endorsement(const struct run *run, struct device *d)
{
	CLEANUP(imp_secret_fini) struct imp_secret old = { 0 };
	uint32_t where = imp_index_find(&run->cards.index, d->known.card.ueid);
	struct imp_signed before, now;
	struct imp_card card;
	uint8_t un[1024];
	struct imp_writer w = imp_writer(un, sizeof(un));
	int rc = where == IMP_SEEN_NOWHERE
			 ? 0
			 : imp_cards_read(&run->cards, where, &old, &card, &d->err);

	if (rc || where == IMP_SEEN_NOWHERE ||
	    !imp_pub_eq(&card.signing, &d->known.card.signing) ||
	    !imp_pub_eq(&card.sealing, &d->known.card.sealing))
		return rc;
	rc = imp_signed_decode(imp_secret_span(&old), &before, &d->err);
	if (!rc)
		rc = imp_signed_decode(imp_secret_span(&d->card), &now, &d->err);
	if (rc || (now.cose.uh.has & IMP_HAS_CHAIN) ||
	    !(before.cose.uh.has & IMP_HAS_CHAIN))
		return rc;
	imp_cbor_put_map(&w, 1);
	imp_cbor_put_int(&w, IMP_HDR_CHAIN);
	imp_put(&w, before.cose.uh.chain);
	return w.ok ? with_header(d, &now, imp_written(&w)) : 0;
}

static int add(struct run *run, struct device *d, bool *added)
{
	int rc = check_fresh(run, d, &d->err), doubt;

	*added = false;
	if (rc)
		return rc;
	doubt = check_old(run, d, added);
	rc = *added ? keep_endorsement(run, d) : 0;
	if (!rc && *added)
		rc = imp_secret_append(&run->fresh, imp_secret_span(&d->card), &d->err);
	return rc ? rc : doubt;
}

/* The card as it is kept, with the endorsement that it may have got here. */
static int register_card(const struct run *run, struct device *d)
{
	CLEANUP(imp_known_fini) struct imp_known k = { 0 };
	const char *why = run->replaces ? "enroll --replace" : NULL;
	enum imp_registration r;
	int rc = imp_known_check(d->crypto, imp_secret_span(&d->card), NULL,
				 &run->factories, &k, &d->err);

	k.assurance = d->known.assurance;
	if (!rc)
		rc = imp_ledger_register(run->ledger, &k, why, &r, &d->err);
	if (rc || r != IMP_REG_QUARANTINED)
		return rc;
	rc = imp_fail(
		&d->err, IMP_EPOLICY,
		"%s: contradicts a card in the ledger: what disagrees is quarantined",
		d->name);
	return imp_hint(
		&d->err, rc,
		"imprint log tells which; enroll --replace, where you exchanged the "
		"board");
}

/* Where cards disagree this device fails, the others stay. */
static int keep(struct device *d, void *ctx)
{
	struct run *run = ctx;
	struct imp_error err = { 0 };
	bool added;
	int rc, kept = 0, refused = 0;

	pthread_mutex_lock(&run->lock);
	rc = add(run, d, &added);
	pthread_mutex_unlock(&run->lock);
	/* A card that the ledger refuses is in no file. */
	if (!rc && run->ledger)
		rc = refused = register_card(run, d);
	if (added && !refused)
		kept = imp_append(&run->file, imp_secret_span(&d->card), &err);
	if (kept && !rc) {
		d->err = err;
		rc = kept;
	}
	return imp_wrap(&d->err, rc, "%s", d->uri);
}

/* An old card stays unless the same device brings a new one. One with other keys that
 * somebody added meanwhile stays, too: whoever reads the file is told. */
static bool stays(void *ctx, struct imp_span old, struct imp_span added)
{
	const struct run *run = ctx;
	struct imp_card before, now;
	struct imp_span item;

	if (imp_card_open(old, &before, NULL))
		return true;
	while (next_item(&added, &item))
		if (imp_card_open(item, &now, NULL) == 0 &&
		    imp_span_eq(now.ueid, before.ueid) &&
		    (run->replaces || imp_card_compare(&before, &now, NULL) == 0))
			return false;
	return true;
}

static int check_endorser(struct imp_crypto *crypto, const struct run *run,
			  struct imp_error *err)
{
	uint8_t kid[32];

	return imp_cose_kid(crypto, &run->endorser.pub, kid)
		       ? imp_fail(err, IMP_EINTERNAL, "SHA-256 failed")
		       : imp_revoked_check(&run->revoked, IMP_REVOKED_KEY,
					   "the factory key", IMP_SPAN(kid), err);
}

static int prepare(struct imp_crypto *crypto, const struct args *a, struct run *run,
		   struct imp_key *key, struct imp_error *err)
{
	const char *test = NULL;
	int rc = pubs_read(crypto, &a->factories, run->key, &test, err);

	run->factories = (struct imp_factories){ run->key, a->factories.count };
	run->endorses = a->endorse;
	run->replaces = a->replace;
	pthread_mutex_init(&run->lock, NULL);
	if (!rc)
		rc = imp_appender_init(&run->file, a->out, IMP_BATCH_CARDS, err);
	run->file.stays = stays;
	run->file.ctx = run;
	if (!rc && a->endorse)
		rc = signer_read(crypto, a->endorse, a->pass_fd, key, &run->endorser,
				 err);
	if (!rc && a->challenge)
		rc = challenges_open(&run->challenges, crypto, a->challenge, NULL, err);
	if (!rc && a->endorse)
		rc = factories_check(&(struct key_user){ a->endorse, key->class }, test,
				     err);
	if (!rc)
		rc = revoked_open(&run->revoked, crypto, &a->revoked,
				  &(struct revoked_use){ .ledger = &a->ledger }, err);
	if (!rc && a->endorse)
		rc = check_endorser(crypto, run, err);
	if (!rc && ledger_is_named(&a->ledger))
		rc = ledger_open(&a->ledger, NULL, &run->ledger, err);
	if (!rc && a->out && access(a->out, F_OK) == 0)
		rc = imp_cards_open(&run->cards, a->out, &run->factories, err);
	return rc;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	struct run r = { 0 };
	struct args a = { 0 };
	struct device_work work = { .verb = "enroll",
				    .talk = talk,
				    .keep = keep,
				    .ctx = &r,
				    .challenges = &r.challenges };
	int rc;

	(void)cli;
	cli_parse(&cmd_enroll, argc, argv, &a);
	work.json = a.report.json;
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = prepare(crypto, &a, &r, &key, err);
	if (!rc)
		rc = devices_run(&a.dev, &work, err);
	imp_ledger_close(&r.ledger);
	challenges_close(&r.challenges);
	imp_cards_close(&r.cards);
	imp_revoked_fini(&r.revoked);
	imp_appender_fini(&r.file);
	imp_secret_fini(&r.fresh);
	return rc;
}

const struct cli_cmd cmd_enroll = {
	.name = "enroll",
	.brief = "read devices' cards into a file or the ledger",
	.argp = &argp,
	.run = run,
	.basic = true,
};
