/* SPDX-License-Identifier: Apache-2.0 */
/* COSE messages, strict and lenient: what decodes strictly decodes leniently, spans stay
 * inside. */
#include "cose/key.h"
#include "cose/message.h"
#include "fuzz.h"

static bool inside(struct imp_span all, struct imp_span part)
{
	return part.len == 0 || (part.ptr >= all.ptr && part.len <= all.len &&
				 (size_t)(part.ptr - all.ptr) <= all.len - part.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_span in = { data, size };
	struct imp_error err;
	struct imp_cose_key key;
	struct imp_encrypt e;
	struct imp_sign s;

	if (imp_sign_decode(in, IMP_CBOR_STRICT, &s, &err) == 0)
		MUST(imp_sign_decode(in, IMP_CBOR_LENIENT, &s, &err) == 0);
	if (imp_sign_decode(in, IMP_CBOR_LENIENT, &s, &err) == 0) {
		MUST(s.count >= 1 && s.count <= IMP_COSE_SIGNERS);
		MUST(inside(in, s.payload) && inside(in, s.protected));
		for (size_t i = 0; i < s.count; i++)
			MUST(inside(in, s.signature[i].sig));
	}
	if (imp_encrypt_decode(in, IMP_CBOR_STRICT, &e, &err) == 0)
		MUST(imp_encrypt_decode(in, IMP_CBOR_LENIENT, &e, &err) == 0);
	if (imp_encrypt_decode(in, IMP_CBOR_LENIENT, &e, &err) == 0)
		MUST(e.count <= IMP_COSE_RECIPIENTS && inside(in, e.ciphertext));
	if (imp_cose_key_parse(in, &key, &err) == 0)
		MUST(inside(in, key.d) && inside(in, key.k));
	return 0;
}
