/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a ledger: a byte of type and a record, or an entry that is shown; what
 * decodes, encodes to the same bytes. */
#include "fuzz.h"
#include "ledger/check.h"
#include "ledger/forget.h"

static uint8_t buf[IMP_CBOR_MAX];

struct listed {
	uint64_t last, count;
};

static int list(void *ctx, uint64_t entry, struct imp_error *err)
{
	struct listed *l = ctx;

	(void)err;
	MUST(l->count == 0 || entry > l->last);
	l->last = entry;
	l->count++;
	return 0;
}

static void forgotten(struct imp_span in)
{
	struct listed l = { 0 };
	struct imp_error err;

	if (imp_forgotten_each(in, 1000, list, &l, &err) == 0)
		MUST(l.count == 0 || l.last < 1000);
}

static void record(enum imp_leaf type, struct imp_span in)
{
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_record r;
	struct imp_refs refs;
	struct imp_error err;

	if (imp_record_decode(type, in, &r, &err))
		return;
	MUST(imp_record_encode(&r, &w, &err) == 0);
	MUST(imp_span_eq(imp_written(&w), in));
	imp_record_refs(&r, &refs);
	MUST(refs.count <= IMP_REFS_MAX);
	if (type == IMP_LEAF_FORGOTTEN)
		forgotten(r.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_span in = { data, size };
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_disclosed d;
	struct imp_error err;

	if (imp_disclosed_take(in, &d, &err) == 0) {
		imp_disclosed_put(&w, &d);
		MUST(imp_span_eq(imp_written(&w), in));
		record(d.type, d.record);
	}
	if (size > 0)
		record((enum imp_leaf)data[0], (struct imp_span){ data + 1, size - 1 });
	return 0;
}
