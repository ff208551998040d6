/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict reader, differentially against libcbor: what we accept it accepts, too, with
 * the same length, and encodes again to the same bytes.
 */
#include <cbor.h>
#include <string.h>

#include "cbor/reader.h"
#include "fuzz.h"

/* libcbor 0.8 refuses the one-byte tags 6..20, so only items without those are compared.
 */
static bool has_small_tag(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] >= 0xc6 && data[i] <= 0xd4)
			return true;
	return false;
}

static void compare(const uint8_t *data, size_t size)
{
	struct cbor_load_result result = { 0 };
	cbor_item_t *item = cbor_load(data, size, &result);
	unsigned char *again = NULL;
	size_t cap = 0, len;

	MUST(item && result.error.code == CBOR_ERR_NONE && result.read == size);
	len = cbor_serialize_alloc(item, &again, &cap);
	MUST(len == size && memcmp(again, data, size) == 0);
	free(again);
	cbor_decref(&item);
}

static void walk(struct imp_span in)
{
	struct imp_cbor c;

	MUST(imp_cbor_open(&c, in, IMP_CBOR_STRICT, NULL) == 0);
	imp_cbor_item(&c);
	MUST(imp_cbor_done(&c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_span in = { data, size };
	struct imp_cbor_fault fault = { 0 };
	size_t strict = imp_cbor_item_len(in, IMP_CBOR_STRICT, &fault);
	size_t lenient = imp_cbor_item_len(in, IMP_CBOR_LENIENT, &fault);
	size_t any = imp_cbor_item_len(in, IMP_CBOR_ANY, &fault);

	MUST(strict <= size && lenient <= size && any <= size);
	MUST(strict == 0 || strict == lenient);
	MUST(lenient == 0 || lenient == any);
	if (strict == 0)
		return 0;
	walk((struct imp_span){ data, strict });
	if (!has_small_tag(data, strict))
		compare(data, strict);
	return 0;
}
