/* SPDX-License-Identifier: Apache-2.0 */
/* Cards and endorsements: what decodes, encodes to the same bytes. */
#include "evidence/card.h"
#include "fuzz.h"

static uint8_t buf[IMP_CBOR_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_span in = { data, size };
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_endorsement e;
	struct imp_card card;
	struct imp_error err;

	if (imp_card_decode(in, &card, &err) == 0) {
		imp_card_encode(&card, &w);
		MUST(imp_span_eq(imp_written(&w), in));
		imp_card_has_object(&card, 11);
	} else if (imp_endorsement_decode(in, &e, &err) == 0) {
		imp_endorsement_encode(&e, &w);
		MUST(imp_span_eq(imp_written(&w), in));
	}
	return 0;
}
