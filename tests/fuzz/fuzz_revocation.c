/* SPDX-License-Identifier: Apache-2.0 */
/* Revocations: what the decoder accepts is written again to the same bytes; the entries
 * ascend, none is too long, and the sets end where they end. */
#include "fuzz.h"
#include "object/revocation.h"

static uint8_t buf[IMP_CBOR_MAX + 64];

static void walk(struct imp_span all, enum imp_revoked_set set)
{
	struct imp_cbor c = { .in = all };
	size_t n = imp_cbor_array(&c);
	struct imp_span last = { 0 }, next;

	while (imp_cbor_more(&c, &n)) {
		next = imp_cbor_bytes(&c);
		MUST(imp_revoked_len(set, next.len));
		MUST(last.len == 0 || imp_span_cmp(last, next) < 0);
		last = next;
	}
	MUST(imp_cbor_done(&c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_span in = { data, size };
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_revocation r;
	struct imp_error err;

	if (imp_revocation_decode(in, &r, &err))
		return 0;
	MUST(r.sequence > 0 && r.part >= 1 && r.part <= r.parts);
	for (int set = 0; set < IMP_REVOKED_SETS; set++)
		walk(r.set[set], (enum imp_revoked_set)set);
	imp_revocation_encode(&r, &w);
	MUST(w.ok && imp_span_eq(imp_written(&w), in));
	return 0;
}
