/* SPDX-License-Identifier: Apache-2.0 */
/* SMP packets and messages: what decodes, encodes and decodes again. */
#include "fuzz.h"
#include "wire/message.h"

static uint8_t buf[65536];

static void request(struct imp_span body)
{
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_request q, again;

	if (!imp_request_decode(body, &q))
		return;
	imp_request_encode(&q, &w);
	MUST(w.ok && imp_request_decode(imp_written(&w), &again));
	MUST(again.off == q.off && imp_span_eq(again.nonce, q.nonce));
}

static void response(struct imp_span body)
{
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_response r, again;
	struct imp_error err;

	if (imp_response_decode(body, &r, &err))
		return;
	imp_response_encode(&r, &w);
	MUST(w.ok);
	MUST(imp_response_decode(imp_written(&w), &again, &err) == 0);
	MUST(again.failed == r.failed);
}

static void describe(struct imp_span body)
{
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_describe d, again;
	struct imp_error err;

	if (imp_describe_decode(body, &d, &err))
		return;
	imp_describe_encode(&d, &w);
	MUST(w.ok);
	MUST(imp_describe_decode(imp_written(&w), &again, &err) == 0);
	MUST(again.owned == d.owned || d.restricted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_span in = { data, size };
	struct imp_smp smp;

	if (imp_smp_decode(in, &smp))
		in = smp.body;
	request(in);
	response(in);
	describe(in);
	return 0;
}
