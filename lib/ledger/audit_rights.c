/* SPDX-License-Identifier: Apache-2.0 */
/* Who may write what. */
#include <stdio.h>
#include <string.h>

#include "evidence/cards.h"
#include "ledger/audit_case.h"

static bool is_owner(const struct imp_case *c, struct imp_span by)
{
	const struct imp_auditing *a = c->run->a;

	for (size_t i = 0; i < a->owners; i++)
		if (imp_span_eq(by, (struct imp_span){ a->owner[i], 32 }))
			return true;
	/* Whom the device names counts where the user names nobody. */
	for (size_t i = 0; a->owners == 0 && i < c->owners; i++)
		if (imp_span_eq(by, IMP_SPAN(c->owner[i])))
			return true;
	return false;
}

static struct imp_right answer(enum imp_right_is is, const char *why)
{
	struct imp_right r = { .is = is };

	snprintf(r.why, sizeof(r.why), "%s", why);
	return r;
}

static struct imp_right owners_alone(const struct imp_case *c)
{
	const struct imp_auditing *a = c->run->a;
	struct imp_right r = { .is = IMP_RIGHT_NO };
	struct imp_span owner = { a->owners ? a->owner[0] : c->owner[0], 32 };

	snprintf(r.why, sizeof(r.why), "domain 0 and commands are the owner's, %s",
		 imp_short(owner).text);
	return r;
}

/* The device as far as its card tells. */
static struct imp_target target_of(const struct imp_case *c, struct imp_card *card)
{
	const struct imp_carded *now = imp_case_card(c);
	struct imp_target t = { .ueid = c->ueid };

	if (now && imp_card_open(imp_case_bytes(c, now->at, now->len), card, NULL) == 0) {
		t.has_oemid = true;
		t.oemid = card->oemid;
		t.hwmodel = card->hwmodel;
	}
	return t;
}

static const char *beyond(enum imp_scope s)
{
	static const char *const words[] = {
		[IMP_SCOPE_ALLOWS] = "",
		[IMP_SCOPE_DOMAIN] = "is of another domain",
		[IMP_SCOPE_EPOCHS] = "is of other epochs",
		[IMP_SCOPE_DEPTH] = "may not be given on",
		[IMP_SCOPE_DEVICE] = "is for other devices",
		[IMP_SCOPE_SEQUENCE] = "has other sequences",
		[IMP_SCOPE_OBJECT] = "is of other objects",
		[IMP_SCOPE_EXPIRED] = "had expired when it was issued",
	};

	return words[s];
}

/* What its grants say: how near the nearest comes. */
struct held {
	size_t count, of_domain; /* grants of this holder; of anybody in this domain */
	enum imp_scope nearest;
};

static struct held look(const struct imp_case *c, const struct imp_claimed *w)
{
	struct imp_card card;
	const struct imp_target device = target_of(c, &card);
	const struct imp_write write = { .device = &device,
					 .partly = true,
					 .domain = w->domain,
					 .epochs = { w->epochs[0], w->epochs[1] },
					 .nothing = w->sequence == 0,
					 .sequence = w->sequence,
					 .settings = IMP_TEXT("\xa0"),
					 .now_s = w->time };
	struct held h = { .nearest = IMP_SCOPE_DOMAIN };

	for (size_t i = 0; i < c->run->grant_count; i++) {
		const struct imp_held_grant *g = &c->run->grant[i];
		enum imp_scope s = imp_scope_of(&g->grant, &write, 0);

		h.of_domain += g->grant.domain == w->domain;
		if (!imp_span_eq(w->by, IMP_SPAN(g->holder)))
			continue;
		h.count++;
		if (s == IMP_SCOPE_ALLOWS || (h.nearest && s > h.nearest))
			h.nearest = s;
	}
	return h;
}

/* Where nobody shows grants, who issues in the ledger counts. */
static bool is_issuer(const struct imp_case *c, const struct imp_claimed *w)
{
	for (size_t i = 0; i < c->issues; i++)
		if (c->issue[i].domain == w->domain &&
		    imp_span_eq(IMP_SPAN(c->issue[i].issuer), w->by))
			return true;
	return false;
}

struct imp_right imp_case_right(const struct imp_case *c, const struct imp_claimed *w)
{
	struct imp_right r = { .is = IMP_RIGHT_BEYOND };
	struct held h;

	if (is_owner(c, w->by) || (c->run->a->owners == 0 && c->owners == 0))
		return answer(IMP_RIGHT_YES, "");
	if (w->domain == 0)
		return owners_alone(c);
	h = look(c, w);
	if (h.count == 0 && h.of_domain == 0 && is_issuer(c, w))
		return answer(IMP_RIGHT_YES, "");
	if (h.count == 0)
		return answer(IMP_RIGHT_NO, "knows no grant that this key holds");
	if (h.nearest == IMP_SCOPE_ALLOWS)
		return answer(IMP_RIGHT_YES, "");
	snprintf(r.why, sizeof(r.why), "knows %zu grant%s of this key: it %s", h.count,
		 h.count == 1 ? "" : "s", beyond(h.nearest));
	return r;
}
