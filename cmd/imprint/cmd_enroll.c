/* SPDX-License-Identifier: Apache-2.0 */
/* imprint enroll: read devices' cards. */
#include <unistd.h>

#include "args.h"
#include "cardsarg.h"
#include "commands.h"
#include "enroll.h"
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

/* Its card, of now, verified and kept in d->known. */
static int ask(struct device *d, const struct enroll *e)
{
	struct imp_response r;
	uint8_t nonce[32];
	int rc = device_nonce(d, nonce);

	if (!rc)
		rc = device_ask_card(d, nonce, &r);
	return rc ? rc
		  : imp_wrap(&d->err,
			     imp_known_check(d->crypto, r.card, nonce, &e->factories,
					     &d->known, &d->err),
			     "%s", d->uri);
}

static int admit(struct device *d, const struct enroll *e)
{
	const struct imp_known *k = &d->known;

	if (d->ueid.len > 0 && !imp_span_eq(k->card.ueid, d->ueid))
		return imp_fail(&d->err, IMP_EDEVICE,
				"%s: describes itself as another device", d->uri);
	if (e->factories.count > 0 && k->assurance == IMP_ASSERTED && !e->endorses)
		return imp_fail(&d->err, IMP_EPOLICY,
				"%s: its card is not endorsed by a key of --factory",
				d->uri);
	return imp_wrap(&d->err, imp_revoked_check_card(&e->revoked, k, &d->err), "%s",
			d->uri);
}

static int talk(struct device *d, void *ctx)
{
	struct imp_known *k = &d->known;
	const struct enroll *e = ctx;
	int rc = ask(d, e);

	if (rc)
		return rc;
	if (!card_is_wanted(d->args, &k->card)) {
		d->skipped = true;
		return 0;
	}
	imp_device_name(k->card.ueid, d->name);
	rc = admit(d, e);
	if (rc)
		return rc;
	snprintf(d->says, sizeof(d->says), "enrolled, key %s",
		 e->endorses ? "endorsed now" : imp_assurance_name(k->assurance));
	d->fresh = d->asked.bytes.len > 0 ? FRESH_SINCE_CHALLENGE : FRESH_TO_US;
	if (!e->endorses)
		return imp_secret_set(&d->card, imp_secret_span(&k->bytes), &d->err);
	k->assurance = IMP_ENDORSED;
	return enroll_endorse(e, d);
}

static int check_endorser(struct imp_crypto *crypto, const struct enroll *e,
			  struct imp_error *err)
{
	uint8_t kid[32];

	return imp_cose_kid(crypto, &e->endorser.pub, kid)
		       ? imp_fail(err, IMP_EINTERNAL, "SHA-256 failed")
		       : imp_revoked_check(&e->revoked, IMP_REVOKED_KEY,
					   "the factory key", IMP_SPAN(kid), err);
}

static int prepare(struct imp_crypto *crypto, const struct args *a, struct enroll *e,
		   struct imp_key *key, struct imp_error *err)
{
	const char *test = NULL;
	int rc = pubs_read(crypto, &a->factories, e->key, &test, err);

	e->factories = (struct imp_factories){ e->key, a->factories.count };
	e->endorses = a->endorse;
	e->replaces = a->replace;
	pthread_mutex_init(&e->lock, NULL);
	if (!rc)
		rc = imp_appender_init(&e->file, a->out, IMP_BATCH_CARDS, err);
	e->file.stays = enroll_stays;
	e->file.ctx = e;
	if (!rc && a->endorse)
		rc = signer_read(crypto, a->endorse, a->pass_fd, key, &e->endorser, err);
	if (!rc && a->challenge)
		rc = challenges_open(&e->challenges, crypto, a->challenge, NULL, err);
	if (!rc && a->endorse)
		rc = factories_check(&(struct key_user){ a->endorse, key->class }, test,
				     err);
	if (!rc)
		rc = revoked_open(&e->revoked, crypto, &a->revoked,
				  &(struct revoked_use){ .ledger = &a->ledger }, err);
	if (!rc && a->endorse)
		rc = check_endorser(crypto, e, err);
	if (!rc && ledger_is_named(&a->ledger))
		rc = ledger_open(&a->ledger, NULL, &e->ledger, err);
	if (!rc && a->out && access(a->out, F_OK) == 0)
		rc = imp_cards_open(&e->cards, a->out, &e->factories, err);
	return rc;
}

static void enroll_fini(struct enroll *e)
{
	imp_ledger_close(&e->ledger);
	challenges_close(&e->challenges);
	imp_cards_close(&e->cards);
	imp_revoked_fini(&e->revoked);
	imp_appender_fini(&e->file);
	imp_secret_fini(&e->fresh);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	CLEANUP(enroll_fini) struct enroll e = { 0 };
	struct args a = { 0 };
	struct device_work work = { .verb = "enroll",
				    .talk = talk,
				    .keep = enroll_keep,
				    .ctx = &e,
				    .challenges = &e.challenges };
	int rc;

	(void)cli;
	cli_parse(&cmd_enroll, argc, argv, &a);
	work.json = a.report.json;
	rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = prepare(crypto, &a, &e, &key, err);
	return rc ? rc : devices_run(&a.dev, &work, err);
}

const struct cli_cmd cmd_enroll = {
	.name = "enroll",
	.brief = "read devices' cards into a file or the ledger",
	.argp = &argp,
	.run = run,
	.basic = true,
};
