/* SPDX-License-Identifier: Apache-2.0 */
/* The tables: making them, bringing them up to date; the first entry. */
#include <stdio.h>

#include "base/digits.h"
#include "ledger/core.h"

struct bring {
	const struct imp_ledger_config *config;
	int64_t from; /* version that was found before the lock */
};

/* Somebody else may have been faster: whoever holds the lock looks again. */
static int raise_tables(struct imp_ledger *l, int64_t *version, struct imp_error *err)
{
	struct imp_db *db = l->db;
	int rc = db->ops->version(db, version, err);

	for (int64_t v = *version; !rc && v < db->versions; v++) {
		rc = db->ops->script(db, db->step[v].text, err);
		if (!rc)
			rc = db->ops->run(db, IMP_SQL_PUT_VERSION,
					  IMP_WITH(IMP_INT(v + 1)), err);
		l->changed = true;
	}
	return rc;
}

static int first_entry(struct imp_ledger *l, const char *origin, struct imp_error *err)
{
	struct imp_record r = { .type = IMP_LEAF_LEDGER };
	uint8_t random[8];
	char text[64];
	struct imp_writer w = imp_writer((uint8_t *)text, sizeof(text));

	r.name = imp_span_str(origin);
	if (!origin) {
		if (imp_random(l->crypto, random, sizeof(random)))
			return imp_fail(err, IMP_EINTERNAL, "no randomness");
		imp_put(&w, IMP_TEXT("imprint.invalid/"));
		imp_put_hex(&w, IMP_SPAN(random));
		r.name = imp_written(&w);
	}
	return imp_append_record(l, &r, NULL, err);
}

static int bring(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct bring *b = ctx;
	int64_t version = 0;
	int rc = raise_tables(l, &version, err);

	return rc || version > 0 || b->config->empty
		       ? rc
		       : first_entry(l, b->config->origin, err);
}

static int newer(const struct imp_ledger *l, int64_t version, struct imp_error *err)
{
	return imp_fail(
		err, IMP_ELEDGER,
		"%s: its tables are version %lld, this imprint knows version %lld",
		l->db->shown, (long long)version, (long long)l->db->versions);
}

static int missing(const struct imp_ledger *l, struct imp_error *err)
{
	int rc = imp_fail(err, IMP_ELEDGER, "%s: there is no ledger in it", l->db->shown);

	return imp_hint(err, rc, "imprint ledger init makes one");
}

int imp_tables_bring(struct imp_ledger *l, const struct imp_ledger_config *config,
		     struct imp_error *err)
{
	struct bring b = { .config = config };
	int rc = l->db->ops->version(l->db, &b.from, err);

	if (rc || b.from == l->db->versions)
		return rc;
	if (b.from > l->db->versions)
		return newer(l, b.from, err);
	if (b.from == 0 && !config->create)
		return missing(l, err);
	if (b.from > 0)
		rc = l->db->ops->keep(l->db, b.from, l->kept, err);
	return rc ? rc : imp_ledger_do(l, bring, &b, err);
}
