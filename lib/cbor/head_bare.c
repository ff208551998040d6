/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR heads where there is no operating system. */
#include "cbor/head.h"

size_t imp_cbor_head(uint8_t out[9], enum imp_cbor_major major, uint64_t value)
{
	size_t len = imp_cbor_head_len(value);
	static const uint8_t info[] = { [2] = 24, [3] = 25, [5] = 26, [9] = 27 };

	out[0] = (uint8_t)(major << 5 | (len == 1 ? (uint8_t)value : info[len]));
	for (size_t i = len; i-- > 1; value >>= 8)
		out[i] = (uint8_t)value;
	return len;
}
