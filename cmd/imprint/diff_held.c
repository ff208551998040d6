/* SPDX-License-Identifier: Apache-2.0 */
/* What one side says, found by device and domain. */
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "diff.h"

struct imp_span held_ueid(const struct held *h)
{
	return (struct imp_span){ h->ueid_buf, h->ueid_len };
}

void held_set_ueid(struct held *h, struct imp_span ueid)
{
	h->ueid_len = (uint8_t)ueid.len;
	memcpy(h->ueid_buf, ueid.ptr, ueid.len);
}

void held_set_id(struct held *h, struct imp_span id, struct imp_span issuer)
{
	h->has_id = h->has_issuer = true;
	memcpy(h->id, id.ptr, sizeof(h->id));
	memcpy(h->issuer, issuer.ptr, sizeof(h->issuer));
}

static int order(const void *a, const void *b)
{
	const struct held *x = &((const struct held_entry *)a)->held;
	const struct held *y = &((const struct held_entry *)b)->held;
	int ueid = imp_span_cmp(held_ueid(x), held_ueid(y));

	return ueid ? ueid : (x->domain > y->domain) - (x->domain < y->domain);
}

int held_add(struct held_list *l, const struct held *h, struct imp_error *err)
{
	struct held_entry *e;
	int rc;

	e = imp_grow(l->at, l->count, &l->cap, sizeof(*e), err);
	if (!e)
		return -IMP_ERESOURCE;
	l->at = e;
	e = &l->at[l->count++];
	*e = (struct held_entry){ .held = *h, .payload_at = l->bytes.len };
	rc = imp_secret_append(&l->bytes, h->payload, err);
	e->marks_at = l->bytes.len;
	return rc ? rc : imp_secret_append(&l->bytes, h->marks, err);
}

int held_sort(struct held_list *l, const char *side, struct imp_error *err)
{
	char name[80];

	if (l->count == 0)
		return 0;
	qsort(l->at, l->count, sizeof(*l->at), order);
	for (size_t i = 1; i < l->count; i++) {
		if (order(&l->at[i - 1], &l->at[i]) != 0)
			continue;
		imp_device_name(held_ueid(&l->at[i].held), name);
		return imp_fail(err, IMP_EFORMAT, "%s: two profiles for %s, domain %u",
				side, name, l->at[i].held.domain);
	}
	return 0;
}

const struct held *held_at(struct held_list *l, struct held_entry *e)
{
	/* Where all sides tell ids only, there are no bytes. */
	if (l->bytes.len > 0) {
		e->held.payload.ptr = l->bytes.ptr + e->payload_at;
		e->held.marks.ptr = l->bytes.ptr + e->marks_at;
	}
	return &e->held;
}

struct held_entry *held_find(struct held_list *l, struct imp_span ueid, uint8_t domain)
{
	struct held_entry key = { .held = { .domain = domain,
					    .ueid_len = (uint8_t)ueid.len } };
	struct held_entry *e;

	memcpy(key.held.ueid_buf, ueid.ptr, ueid.len);
	e = l->count > 0 ? bsearch(&key, l->at, l->count, sizeof(key), order) : NULL;
	if (e)
		held_at(l, e);
	return e;
}

void held_fini(struct held_list *l)
{
	free(l->at);
	imp_secret_fini(&l->bytes);
	*l = (struct held_list){ 0 };
}
