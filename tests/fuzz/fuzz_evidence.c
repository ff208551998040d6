/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: what decodes, encodes; without unknown claims to the same bytes. */
#include "evidence/token.h"
#include "fuzz.h"

static uint8_t buf[IMP_CBOR_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_span in = { data, size };
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_evidence e, again;
	struct imp_error err;

	if (imp_evidence_decode(in, &e, &err))
		return 0;
	imp_evidence_encode(&e, &w);
	MUST(w.ok && w.len <= size);
	MUST(imp_evidence_decode(imp_written(&w), &again, &err) == 0);
	MUST(w.len < size || imp_span_eq(imp_written(&w), in));
	return 0;
}
