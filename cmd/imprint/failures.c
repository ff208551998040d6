/* SPDX-License-Identifier: Apache-2.0 */
/* What devices that call again and again failed with last. */
#include <stdlib.h>

#include "base/grow.h"
#include "failures.h"

int failures_init(struct failures *f, struct imp_error *err)
{
	return imp_seen_init(&f->of, err);
}

void failures_fini(struct failures *f)
{
	imp_seen_fini(&f->of);
	free(f->at);
}

static struct failure *find(struct failures *f, struct imp_span ueid)
{
	const uint32_t *where = imp_seen_find(&f->of, ueid);

	return where ? &f->at[*where] : NULL;
}

/* NULL where there is no memory: then it is as if it had never failed. */
static struct failure *find_or_add(struct failures *f, struct imp_span ueid)
{
	struct failure *there = find(f, ueid);
	uint32_t before;
	void *more;

	if (there)
		return there;
	more = imp_grow(f->at, f->count, &f->cap, sizeof(*f->at), NULL);
	if (!more)
		return NULL;
	f->at = more;
	if (imp_seen_add(&f->of, ueid, (uint32_t)f->count, &before, NULL))
		return NULL;
	f->at[f->count] = (struct failure){ 0 };
	return &f->at[f->count++];
}

bool failures_is_news(struct failures *f, struct imp_span ueid, int code)
{
	struct failure *of = find_or_add(f, ueid);
	bool news;

	if (!of)
		return true;
	news = of->last != code && of->kept < FAILURES_KEPT;
	of->kept += news;
	of->last = code;
	return news;
}

bool failures_may_send(struct failures *f, struct imp_span ueid, uint64_t now_ns)
{
	struct failure *of = find_or_add(f, ueid);

	if (!of)
		return true;
	if (of->sent >= FAILURES_SENT && now_ns < of->next_ns)
		return false;
	of->sent++;
	of->next_ns = now_ns + FAILURES_AGAIN_S * UINT64_C(1000000000);
	return true;
}

void failures_end(struct failures *f, struct imp_span ueid)
{
	struct failure *of = find(f, ueid);

	if (!of)
		return;
	of->last = 0;
	of->sent = 0;
}
