/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of keyed hashes. */
#include <string.h>

#include "base/sip.h"
#include "ledger/tally.h"

bool imp_tally_add(const uint64_t key[2], struct imp_tally *t, uint64_t kind,
		   uint64_t index, struct imp_span value)
{
	const uint64_t head[2] = { kind, index };
	uint8_t row[sizeof(head) + IMP_TALLY_VALUE];
	uint64_t sum[2];

	if (value.len > IMP_TALLY_VALUE)
		return false;
	memcpy(row, head, sizeof(head));
	if (value.len > 0)
		memcpy(row + sizeof(head), value.ptr, value.len);
	imp_sip(key, (struct imp_span){ row, sizeof(head) + value.len }, sum);
	t->rows++;
	t->lane[0] += sum[0];
	t->lane[1] += sum[1];
	return true;
}

bool imp_tally_eq(const struct imp_tally *a, const struct imp_tally *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}
