/* SPDX-License-Identifier: Apache-2.0 */
/* Who is known, and what they have proven: options, cards, keeping. */
#include "verifier.h"
#include "grantarg.h"
#include "registry.h"

enum {
	OPT_OWNER = 0x400,
	OPT_GRANT,
	OPT_EVIDENCE,
	OPT_ALLOW_DEBUG,
	OPT_CHALLENGE,
};

static const struct argp_option verifier_options[] = {
	{ "owner", OPT_OWNER, "PUB", 0,
	  "PUB is the owner: of the devices, and of what is signed in its name", 0 },
	{ "grant", OPT_GRANT, "FILE", 0,
	  "With --owner: what the holder of the grant in FILE set in its domain is expected; "
	  "repeatable",
	  0 },
	{ "evidence", OPT_EVIDENCE, "FILE", 0,
	  "Continue from what devices proved before, and add what they prove now", 0 },
	{ "challenge", OPT_CHALLENGE, "FILE", 0,
	  "Ask by the challenges in FILE: then evidence is fresh to whoever made them",
	  0 },
	{ "allow-debug", OPT_ALLOW_DEBUG, NULL, 0,
	  "Accept devices with debug access enabled", 0 },
	{ 0 },
};

static error_t verifier_parse(int key, char *arg, struct argp_state *state)
{
	struct verifier_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->known;
		return 0;
	case OPT_OWNER:
		a->owner = arg;
		return 0;
	case OPT_GRANT:
		path_list_add(state, &a->grants, arg);
		return 0;
	case OPT_EVIDENCE:
		a->evidence = arg;
		return 0;
	case OPT_CHALLENGE:
		a->challenge = arg;
		return 0;
	case OPT_ALLOW_DEBUG:
		a->allow_debug = true;
		return 0;
	case ARGP_KEY_END:
		if (a->grants.count > 0 && !a->owner)
			argp_error(state, "--grant goes with --owner PUB, who gave it");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child verifier_children[] = { { &cards_argp, 0, NULL, 0 },
						       { 0 } };
const struct argp verifier_argp = { .options = verifier_options,
				    .parser = verifier_parse,
				    .children = verifier_children };

/* A serial is what devices say of themselves: two of them must not pass for one. */
static int check_ids(const struct verifier *v, const struct dev_args *dev,
		     struct imp_error *err)
{
	for (size_t i = 0; i < dev->ids; i++) {
		int found =
			imp_cards_count_serial(&v->cards, imp_span_str(dev->id[i]), err);

		if (found < 0)
			return found;
		if (found > 1)
			return imp_hint(err,
					imp_fail(err, IMP_EPOLICY,
						 "--id %s: %d devices have this serial",
						 dev->id[i], found),
					"name the imei or the ueid");
	}
	return 0;
}

/* Whoever holds a grant, and those who gave it on. Old ones count: they were good once.
 */
static int parties_read(struct verifier *v, struct imp_crypto *crypto,
			const struct path_list *l, const struct imp_pub *owner,
			struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < l->count; i++) {
		CLEANUP(imp_grants_fini) struct imp_grants g = { 0 };

		rc = imp_grants_read(&g, crypto, l->path[i], owner, 0, err);
		for (size_t k = 0; !rc && k < g.links; k++) {
			struct imp_party *p = &v->party[v->parties++];
			const struct imp_grant *grant = &g.link[k].grant;

			p->domain = grant->domain;
			if (imp_cose_kid(crypto, &grant->holder, p->kid))
				rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
		}
	}
	return rc;
}

int verifier_open(struct verifier *v, struct imp_crypto *crypto,
		  const struct verifier_args *a, const struct dev_args *dev,
		  struct imp_error *err)
{
	struct imp_pub key[COUNTOF(a->known.factories.path)];
	const struct imp_factories factories = { .key = key,
						 .count = a->known.factories.count };
	CLEANUP(imp_key_fini) struct imp_key owner = { 0 };
	int rc;

	if (!cards_are_named(&a->known))
		return imp_hint(
			err,
			imp_fail(err, IMP_EUSAGE, "missing --cards FILE, or --ledger"),
			"imprint enroll -d DEVICE -o FILE makes it");
	rc = pubs_read(crypto, &a->known.factories, key, &v->test_factory, err);
	if (!rc && a->known.cards)
		rc = imp_cards_open(&v->cards, a->known.cards, &factories, err);
	if (!rc)
		rc = imp_proven_open(&v->proven, a->evidence, err);
	if (!rc)
		rc = registry_open(v, a, &factories, dev, err);
	if (!rc)
		rc = check_ids(v, dev, err);
	if (!rc && a->owner) {
		rc = trusted_read(crypto, a->owner, &owner, err);
		if (!rc)
			rc = factories_check(&(struct key_user){ a->owner, owner.class },
					     v->test_factory, err);
		if (!rc && imp_cose_kid(crypto, &owner.pub, v->owner_buf))
			rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
		v->owner = IMP_SPAN(v->owner_buf);
		v->owner_key = owner.pub;
		if (!rc)
			rc = parties_read(v, crypto, &a->grants, &owner.pub, err);
	}
	if (!rc && a->challenge)
		rc = challenges_open(&v->challenges, crypto, a->challenge,
				     a->owner ? &v->owner_key : NULL, err);
	v->allow_debug = a->allow_debug;
	v->require_endorsed = a->known.factories.count > 0;
	return rc;
}

void verifier_close(struct verifier *v)
{
	challenges_close(&v->challenges);
	imp_cards_close(&v->cards);
	imp_proven_close(&v->proven);
	imp_ledger_close(&v->ledger);
	imp_revoked_fini(&v->revoked);
}

int verifier_guess(const struct verifier *v, struct device *d)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	struct imp_card card;

	if (v->cards.ask)
		return registry_hidden(v, d);
	if (!d->args->ids && v->cards.index.keys != 1)
		return 0;
	for (size_t i = 0; i < v->cards.index.count; i++) {
		int rc = imp_cards_read(&v->cards, i, &bytes, &card, &d->err);

		if (rc)
			return rc;
		if (imp_cards_is_latest(&v->cards, i, card.ueid) &&
		    (!d->args->ids || card_is_wanted(d->args, &card)))
			return imp_cards_find(&v->cards, d->crypto, card.ueid, &d->known,
					      &d->err);
	}
	return 0;
}

static int no_card(struct device *d)
{
	int rc = imp_fail(&d->err, IMP_EPOLICY, "%s: %s: no card of this device", d->uri,
			  d->name);

	if (d->ueid.len == 0)
		return device_hint_hidden(d, rc);
	if (!d->entry)
		return imp_hint(
			&d->err, rc,
			"devices are enrolled on the line, before they call home");
	return imp_hint(&d->err, rc, "imprint enroll -d %s adds it", d->uri);
}

static int not_endorsed(struct device *d)
{
	return imp_fail(&d->err, IMP_EPOLICY,
			"%s: %s: its card is not endorsed by a key of --factory", d->uri,
			d->name);
}

/* What is revoked is to be locked, wiped and retired; a key that is proves nothing. */
static int check_revoked(const struct verifier *v, struct device *d)
{
	return v->takes_revoked ? imp_revoked_check_keys(&v->revoked, &d->known, &d->err)
				: imp_revoked_check_card(&v->revoked, &d->known, &d->err);
}

const struct imp_known *verifier_card(const struct verifier *v, struct device *d)
{
	int rc = 1;

	if (d->known.bytes.len == 0)
		rc = d->ueid.len > 0 ? imp_cards_find(&v->cards, d->crypto, d->ueid,
						      &d->known, &d->err)
				     : verifier_guess(v, d);
	if (rc > 0 && registry_check(v, d))
		rc = -(int)d->err.code;
	if (rc == 0)
		rc = no_card(d);
	else if (rc > 0 && v->require_endorsed && d->known.assurance == IMP_ASSERTED)
		rc = not_endorsed(d);
	else if (rc > 0 && check_revoked(v, d))
		rc = imp_wrap(&d->err, -IMP_EPOLICY, "%s: %s", d->uri, d->name);
	return rc > 0 ? &d->known : NULL;
}

int verifier_keep(struct verifier *v, struct device *d)
{
	if (d->evidence.len == 0)
		return 0;
	return imp_wrap(&d->err,
			imp_proven_add(&v->proven, IMP_SPAN(d->known.signing_kid),
				       imp_secret_span(&d->evidence), &d->err),
			"%s: %s: what it proved is not kept", d->uri, d->name);
}

int verifier_remember(struct verifier *v, struct device *d)
{
	return imp_proven_note(&v->proven, IMP_SPAN(d->known.signing_kid),
			       imp_secret_span(&d->evidence), &d->err);
}
