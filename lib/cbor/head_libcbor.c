/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR heads by libcbor's encoders: the only door to <cbor.h>. */
#include <cbor.h>

#include "cbor/head.h"
#include "cbor/version.h"

size_t imp_cbor_head(uint8_t out[9], enum imp_cbor_major major, uint64_t value)
{
	static size_t (*const encode[])(uint64_t, unsigned char *, size_t) = {
		[IMP_CBOR_UINT] = cbor_encode_uint,
		[IMP_CBOR_NINT] = cbor_encode_negint,
		[IMP_CBOR_BYTES] = cbor_encode_bytestring_start,
		[IMP_CBOR_TEXT] = cbor_encode_string_start,
		[IMP_CBOR_ARRAY] = cbor_encode_array_start,
		[IMP_CBOR_MAP] = cbor_encode_map_start,
		[IMP_CBOR_TAG] = cbor_encode_tag,
	};

	if (major == IMP_CBOR_SIMPLE)
		return cbor_encode_ctrl((uint8_t)value, out, 9);
	return encode[major](value, out, 9);
}

const char *imp_cbor_version(void)
{
#define TEXT(x)	 #x
#define VALUE(x) TEXT(x)
	return "libcbor " VALUE(CBOR_MAJOR_VERSION) "." VALUE(
		CBOR_MINOR_VERSION) "." VALUE(CBOR_PATCH_VERSION);
}
