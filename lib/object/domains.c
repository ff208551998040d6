/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of domains. */
#include "object/domains.h"

enum { DOMAINS = 16 };

unsigned imp_domains_count(uint16_t mask)
{
	unsigned n = 0;

	for (; mask; mask &= (uint16_t)(mask - 1))
		n++;
	return n;
}

uint16_t imp_domains_take(struct imp_cbor *c)
{
	size_t n = imp_cbor_array(c);
	uint16_t mask = 0;

	while (imp_cbor_more(c, &n)) {
		unsigned d = (unsigned)imp_cbor_uint_max(c, DOMAINS - 1);

		if (imp_cbor_ok(c) && mask >> d)
			imp_cbor_fail(c, "domains are not in ascending order");
		mask |= (uint16_t)(1u << d);
	}
	return mask;
}

void imp_domains_put(struct imp_writer *w, uint16_t mask)
{
	imp_cbor_put_array(w, imp_domains_count(mask));
	for (unsigned d = 0; d < DOMAINS; d++)
		if (mask >> d & 1)
			imp_cbor_put_uint(w, d);
}

uint16_t imp_domain_map_take(struct imp_cbor *c, uint32_t value[16])
{
	size_t n = imp_cbor_map(c);
	uint16_t mask = 0;

	if (imp_cbor_ok(c) && n == 0)
		imp_cbor_fail(c, "a map of domains is empty");
	while (imp_cbor_more(c, &n)) {
		unsigned d = (unsigned)imp_cbor_uint_max(c, DOMAINS - 1);

		value[d] = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
		mask |= (uint16_t)(1u << d);
	}
	return mask;
}

void imp_domain_map_put(struct imp_writer *w, uint16_t mask, const uint32_t value[16])
{
	imp_cbor_put_map(w, imp_domains_count(mask));
	for (unsigned d = 0; d < DOMAINS; d++)
		if (mask >> d & 1) {
			imp_cbor_put_uint(w, d);
			imp_cbor_put_uint(w, value[d]);
		}
}

void imp_epochs_take(struct imp_cbor *c, uint32_t epochs[2])
{
	imp_cbor_expect_array(c, 2);
	epochs[0] = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	epochs[1] = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
}

void imp_epochs_put(struct imp_writer *w, const uint32_t epochs[2])
{
	imp_cbor_put_array(w, 2);
	imp_cbor_put_uint(w, epochs[0]);
	imp_cbor_put_uint(w, epochs[1]);
}
