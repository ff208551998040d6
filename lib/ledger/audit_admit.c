/* SPDX-License-Identifier: Apache-2.0 */
/* Which evidence of a device is its own. */
#include <string.h>

#include "cose/key.h"
#include "evidence/cards.h"
#include "ledger/audit_case.h"
#include "object/signed.h"

static int accuse(struct imp_case *c, enum imp_finding_code code,
		  const struct imp_shown_token *t, struct imp_fact a, struct imp_fact b,
		  struct imp_error *err)
{
	const struct imp_charge charge = { .code = code,
					   .domain = -1,
					   .time = t->time,
					   .station = t->station,
					   .fact = { a, b } };

	return imp_case_tell(c, &charge, err);
}

static struct imp_fact card_fact(const struct imp_carded *card, const char *what)
{
	return imp_fact_entry(card->entry, "its card has the key %s%s",
			      imp_short(IMP_SPAN(card->signing)).text, what);
}

/* Evidence by a key that is not, or no longer, this device's. */
static int foreign_key(struct imp_case *c, const struct imp_shown_token *t,
		       struct imp_error *err)
{
	const struct imp_carded *now = imp_case_card(c);

	if (!now)
		return 0; /* told of the device as a whole */
	return accuse(c, IMP_FOUND_DUPLICATE_IDENTITY, t,
		      imp_fact_token(t, "evidence in its name is signed by the key %s",
				     imp_short(IMP_SPAN(t->signing)).text),
		      card_fact(now, ""), err);
}

/* After a board was exchanged, the old one is not seen again. */
static bool is_outlived(const struct imp_case *c, const struct imp_shown_token *t)
{
	const struct imp_carded *now = imp_case_card(c);

	return memcmp(now->signing, t->signing, sizeof(now->signing)) != 0 &&
	       t->from.source != IMP_FACT_FILE &&
	       (t->from.source == IMP_FACT_DEVICE || t->from.number > now->entry);
}

/* A file may come from anybody: what nobody signed in it says nothing about a device. */
static int unverified(struct imp_case *c, const struct imp_shown_token *t,
		      const char *what, struct imp_error *err)
{
	const struct imp_charge charge = {
		.code = IMP_FOUND_UNVERIFIED,
		.domain = -1,
		.fact = { imp_fact_token(t, "evidence by the key %s %s",
					 imp_short(IMP_SPAN(t->signing)).text, what),
			  card_fact(imp_case_card_of(c, t->signing), "") },
	};

	return imp_run_tell(c->run, &charge, err);
}

static int not_its_own(struct imp_case *c, const struct imp_shown_token *t,
		       const char *what, struct imp_error *err)
{
	const struct imp_carded *card = imp_case_card_of(c, t->signing);

	if (t->from.source == IMP_FACT_FILE)
		return unverified(c, t, what, err);
	return accuse(c, IMP_FOUND_KEY_CONFLICT, t, imp_fact_token(t, "%s", what),
		      card ? card_fact(card, "")
			   : imp_fact_ledger("knows no card of this device"),
		      err);
}

/* What comes from outside is verified now; what the ledger holds was, when it came. */
static bool is_signed(struct imp_case *c, const struct imp_shown_token *t,
		      const struct imp_signed *s)
{
	const struct imp_carded *card = imp_case_card_of(c, t->signing);
	struct imp_crypto *crypto = c->run->l->crypto;
	struct imp_card decoded;
	uint8_t kid[32];

	if (t->from.source == IMP_FACT_ENTRY)
		return imp_run_verdict(c->run, t->from.number) != IMP_FORGED;
	return imp_card_open(imp_case_bytes(c, card->at, card->len), &decoded, NULL) ==
		       0 &&
	       imp_cose_kid(crypto, &decoded.signing, kid) == 0 &&
	       memcmp(kid, t->signing, sizeof(kid)) == 0 &&
	       imp_signed_verify(crypto, s, 0, &decoded.signing) == 0;
}

static int other_device(struct imp_case *c, const struct imp_shown_token *t,
			const struct imp_evidence *e, struct imp_error *err)
{
	char name[80];

	imp_device_name(e->ueid, name);
	return accuse(c, IMP_FOUND_DUPLICATE_IDENTITY, t,
		      imp_fact_token(t, "its key says that it is %s", name),
		      card_fact(imp_case_card_of(c, t->signing), " of this device"), err);
}

/* Only what its own key signed says anything about it. */
static int admit(struct imp_case *c, struct imp_shown_token *t, struct imp_error *err)
{
	bool entry = t->from.source == IMP_FACT_ENTRY;
	struct imp_evidence *e = &c->read.evidence;
	struct imp_signed *s = &c->read.s;

	if (imp_case_decode(c, t, NULL) || s->kind != IMP_KIND_EVIDENCE)
		return not_its_own(c, t, "is no evidence that can be read", err);
	if (!imp_span_eq(s->issuer, IMP_SPAN(t->signing)))
		return not_its_own(c, t, "names another key as its signer's", err);
	if (!imp_case_card_of(c, t->signing))
		return foreign_key(c, t, err);
	if (!is_signed(c, t, s))
		return not_its_own(c, t, "is not signed by the device's key", err);
	if (!imp_span_eq(e->ueid, c->ueid))
		return other_device(c, t, e, err);
	if (entry && (t->boot != e->boot || t->count != e->count))
		return not_its_own(c, t, "is kept under other counts than it has", err);
	if (is_outlived(c, t))
		return foreign_key(c, t, err);
	t->boot = e->boot;
	t->count = e->count;
	t->good = true;
	c->run->out->evidence++;
	return 0;
}

static int read_ring(struct imp_case *c, const struct imp_shown_token *t,
		     struct imp_error *err)
{
	struct imp_known known = { 0 };
	int rc = imp_case_decode(c, t, err);

	memcpy(known.signing_kid, t->signing, sizeof(known.signing_kid));
	if (!rc)
		rc = imp_ring_read(c->run->l->crypto, t->asked, &known, &c->read.evidence,
				   &c->ring, err);
	c->ring_of = t;
	return rc;
}

int imp_case_admit(struct imp_case *c, struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->tokens; i++) {
		rc = admit(c, &c->token[i], err);
		if (!rc && c->token[i].good && c->token[i].asked)
			rc = read_ring(c, &c->token[i], err);
	}
	return rc;
}
