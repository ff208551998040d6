/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR heads by libcbor's encoders: the only door to <cbor.h>. */
#include <cbor.h>

#include "cbor/head.h"
#include "cbor/version.h"

size_t imp_cbor_head(uint8_t out[9], enum imp_cbor_major major, uint64_t value)
{
	const size_t len = (size_t)value; /* libcbor's type for what is in memory */

	switch (major) {
	case IMP_CBOR_UINT:
		return cbor_encode_uint(value, out, 9);
	case IMP_CBOR_NINT:
		return cbor_encode_negint(value, out, 9);
	case IMP_CBOR_BYTES:
		return cbor_encode_bytestring_start(len, out, 9);
	case IMP_CBOR_TEXT:
		return cbor_encode_string_start(len, out, 9);
	case IMP_CBOR_ARRAY:
		return cbor_encode_array_start(len, out, 9);
	case IMP_CBOR_MAP:
		return cbor_encode_map_start(len, out, 9);
	case IMP_CBOR_TAG:
		return cbor_encode_tag(value, out, 9);
	default:
		return cbor_encode_ctrl((uint8_t)value, out, 9);
	}
}

const char *imp_cbor_version(void)
{
#define TEXT(x)	 #x
#define VALUE(x) TEXT(x)
	return "libcbor " VALUE(CBOR_MAJOR_VERSION) "." VALUE(
		CBOR_MINOR_VERSION) "." VALUE(CBOR_PATCH_VERSION);
}
