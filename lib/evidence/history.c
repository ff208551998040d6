/* SPDX-License-Identifier: Apache-2.0 */
/* History chains. */
#include <string.h>

#include "evidence/history.h"

enum { DOMAIN_MAX = 15 };

void imp_entry_encode(const struct imp_entry *e, uint8_t out[IMP_ENTRY_LEN])
{
	struct imp_writer w = imp_writer(out, IMP_ENTRY_LEN);

	imp_put_u8(&w, e->kind);
	imp_put_u8(&w, e->domain);
	imp_put_u32be(&w, e->owner_epoch);
	imp_put_u32be(&w, e->domain_epoch);
	imp_put_u64be(&w, e->sequence);
	imp_put(&w, IMP_SPAN(e->issuer));
	imp_put(&w, IMP_SPAN(e->id));
}

int imp_entry_decode(const uint8_t in[IMP_ENTRY_LEN], struct imp_entry *out)
{
	struct imp_reader r = imp_reader((struct imp_span){ in, IMP_ENTRY_LEN });
	struct imp_entry e;

	e.kind = imp_take_u8(&r);
	e.domain = imp_take_u8(&r);
	e.owner_epoch = imp_take_u32be(&r);
	e.domain_epoch = imp_take_u32be(&r);
	e.sequence = imp_take_u64be(&r);
	memcpy(e.issuer, imp_take(&r, 32).ptr, 32);
	memcpy(e.id, imp_take(&r, 32).ptr, 32);
	if (e.kind < IMP_ENTRY_PROFILE || e.kind > IMP_ENTRY_DECOMMISSION ||
	    e.domain > DOMAIN_MAX || (e.kind != IMP_ENTRY_PROFILE && e.domain != 0))
		return -IMP_EFORMAT;
	*out = e;
	return 0;
}

int imp_head_start(struct imp_crypto *c, const uint8_t signing_kid[32], uint8_t domain,
		   struct imp_head *head)
{
	const struct imp_span part[] = {
		IMP_TEXT("imprint-history-1"),
		{ signing_kid, 32 },
		{ &domain, 1 },
	};

	head->n = 0;
	return imp_sha256(c, part, COUNTOF(part), head->h);
}

int imp_head_fold(struct imp_crypto *c, struct imp_head *head,
		  const uint8_t entry[IMP_ENTRY_LEN])
{
	uint8_t before[32], n[4];
	struct imp_writer w = imp_writer(n, sizeof(n));
	const struct imp_span part[] = {
		IMP_TEXT("\x01"),
		IMP_SPAN(before),
		IMP_SPAN(n),
		{ entry, IMP_ENTRY_LEN },
	};

	memcpy(before, head->h, sizeof(before));
	imp_put_u32be(&w, ++head->n);
	return imp_sha256(c, part, COUNTOF(part), head->h);
}
