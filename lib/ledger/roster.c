/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices the registry has. */
#include <string.h>

#include "ledger/core.h"
#include "ledger/registry.h"

struct page {
	struct imp_span after;
	struct imp_roster *out;
};

static int take(void *ctx, const struct imp_value *col, struct imp_error *err)
{
	struct imp_roster *r = ctx;
	struct imp_span ueid = col[0].bytes;

	if (r->count == COUNTOF(r->place) || ueid.len > sizeof(r->place[0].ueid))
		return imp_fail(err, IMP_ELEDGER,
				"what entries are found by is malformed");
	memcpy(r->place[r->count].ueid, ueid.ptr, ueid.len);
	r->place[r->count++].len = (uint8_t)ueid.len;
	return 0;
}

static int read_page(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct page *p = ctx;

	p->out->count = 0;
	return imp_db_all(l->db, IMP_SQL_KEYS,
			  IMP_WITH(IMP_INT(IMP_REF_REGISTRY), IMP_BYTES(p->after)), take,
			  p->out, err);
}

int imp_ledger_roster(struct imp_ledger *l, struct imp_roster *r, struct imp_error *err)
{
	const struct imp_roster_place last =
		r->count > 0 ? r->place[r->count - 1] : (struct imp_roster_place){ 0 };
	struct page p = { { last.ueid, last.len }, r };
	int rc = imp_ledger_read(l, read_page, &p, err);

	return rc ? rc : r->count > 0;
}
