/* SPDX-License-Identifier: Apache-2.0 */
/* Remembering what type each leaf has. */
#include <stdlib.h>

#include "base/grow.h"
#include "ledger/types.h"

void imp_types_fini(struct imp_types *t)
{
	free(t->of);
	*t = (struct imp_types){ 0 };
}

int imp_types_add(struct imp_types *t, enum imp_leaf type, struct imp_error *err)
{
	void *more;

	if (t->count == t->most)
		return 0;
	more = imp_grow(t->of, t->count, &t->cap, sizeof(*t->of), err);
	if (!more)
		return -IMP_ERESOURCE;
	t->of = more;
	t->of[t->count++] = (uint8_t)type;
	return 0;
}

int imp_types_of(const struct imp_types *t, struct imp_ledger *l, uint64_t index,
		 enum imp_leaf *out, struct imp_error *err)
{
	struct imp_value col;
	int rc;

	if (index < t->count) {
		*out = (enum imp_leaf)t->of[index];
		return 0;
	}
	rc = imp_db_one(l->db, IMP_SQL_TYPE, IMP_WITH(IMP_INT(index)), &col, 1, err);
	if (rc > 0)
		*out = (enum imp_leaf)col.n;
	return rc > 0	? 0
	       : rc < 0 ? rc
			: imp_fail(err, IMP_ELEDGER, "%s: entry %llu: is missing",
				   l->db->shown, (unsigned long long)index);
}
