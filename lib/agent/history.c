/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's chains, its ring of entries, its table of domains. */
#include <string.h>

#include "agent/internal.h"
#include "base/wipe.h"

struct imp_agent_domain *domain_find(struct imp_agent *a, unsigned domain)
{
	for (unsigned i = 0; i < a->state.domains; i++)
		if (a->state.domain[i].domain == domain)
			return &a->state.domain[i];
	return NULL;
}

struct imp_agent_domain *domain_make(struct imp_agent *a, unsigned domain)
{
	struct imp_agent_domain *d = domain_find(a, domain), *list = a->state.domain;
	unsigned at = a->state.domains;

	if (d || at == AGENT_DOMAINS)
		return d;
	while (at > 0 && list[at - 1].domain > domain) {
		list[at] = list[at - 1];
		at--;
	}
	a->state.domains++;
	d = &list[at];
	memset(d, 0, sizeof(*d));
	d->domain = (uint8_t)domain;
	if (imp_head_start(a->crypto, a->signing_kid, (uint8_t)domain, &d->head))
		return NULL;
	d->base = d->head;
	return d;
}

void domains_wipe(struct imp_agent *a, uint16_t domains)
{
	for (unsigned i = 0; i < a->state.domains; i++) {
		struct imp_agent_domain *d = &a->state.domain[i];

		if (!(domains >> d->domain & 1) || d->state != IMP_DOMAIN_SET)
			continue;
		imp_wipe(d->settings, sizeof(d->settings));
		d->settings_len = 0;
		d->state = IMP_DOMAIN_WIPED;
	}
}

/* A floor alone took a place in the table; a chain keeps its own for good. */
void domains_start_again(struct imp_agent *a)
{
	struct imp_agent_domain *list = a->state.domain;
	unsigned n = 0;

	for (unsigned i = 0; i < a->state.domains; i++) {
		if (list[i].state == IMP_DOMAIN_UNUSED)
			continue;
		if (n < i)
			list[n] = list[i];
		list[n].domain_epoch = 0;
		list[n++].sequence = 0;
	}
	for (unsigned i = n; i < a->state.domains; i++)
		imp_wipe(&list[i], sizeof(list[i]));
	a->state.domains = (uint8_t)n;
	a->state.sequence0 = 0;
}

static struct imp_head *head_of(struct imp_agent *a, unsigned domain, bool base)
{
	struct imp_agent_domain *d = domain == 0 ? NULL : domain_find(a, domain);

	if (domain == 0)
		return base ? &a->state.base0 : &a->state.head0;
	return base ? &d->base : &d->head;
}

/* The oldest entry leaves the ring and enters its chain's base. */
static int shift_ring(struct imp_agent *a)
{
	struct imp_entry oldest;
	int rc = imp_entry_decode(a->state.ring[0], &oldest);

	if (!rc)
		rc = imp_head_fold(a->crypto, head_of(a, oldest.domain, true),
				   a->state.ring[0]);
	memmove(a->state.ring[0], a->state.ring[1], (AGENT_RING - 1) * IMP_ENTRY_LEN);
	a->state.ring_len--;
	return rc;
}

static int append(struct imp_agent *a, const struct imp_entry *entry)
{
	uint8_t *slot;
	int rc = a->state.ring_len == AGENT_RING ? shift_ring(a) : 0;

	slot = a->state.ring[a->state.ring_len++];
	imp_entry_encode(entry, slot);
	return rc ? rc : imp_head_fold(a->crypto, head_of(a, entry->domain, false), slot);
}

enum imp_reason history_commit(struct imp_agent *a, int rc, const struct imp_entry *entry)
{
	if (rc || append(a, entry)) {
		store_restore(a);
		return IMP_R_STORAGE;
	}
	return store_commit(a) ? IMP_R_STORAGE : IMP_R_NONE;
}

void history_erase_ring(struct imp_agent *a)
{
	memset(a->state.ring, 0, sizeof(a->state.ring));
	a->state.ring_len = 0;
	a->state.base0 = a->state.head0;
	for (unsigned i = 0; i < a->state.domains; i++)
		a->state.domain[i].base = a->state.domain[i].head;
}
