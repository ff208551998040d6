/* SPDX-License-Identifier: Apache-2.0 */
/* SMP packets. */
#include "wire/smp.h"

bool imp_smp_decode(struct imp_span packet, struct imp_smp *out)
{
	struct imp_reader r = imp_reader(packet);
	uint8_t first = imp_take_u8(&r);
	uint16_t len;

	imp_take_u8(&r); /* flags: none are defined */
	len = imp_take_u16be(&r);
	*out = (struct imp_smp){ .version = first >> 3 & 3, .op = first & 7 };
	out->group = imp_take_u16be(&r);
	out->sequence = imp_take_u8(&r);
	out->id = imp_take_u8(&r);
	out->body = r.rest;
	return r.ok && out->op <= IMP_SMP_WRITE_RSP && first >> 5 == 0 &&
	       out->body.len == len;
}

void imp_smp_put_header(struct imp_writer *w, const struct imp_smp *smp, size_t body_len)
{
	imp_put_u8(w, (uint8_t)(smp->version << 3 | smp->op));
	imp_put_u8(w, 0);
	imp_put_u16be(w, (uint16_t)body_len);
	imp_put_u16be(w, smp->group);
	imp_put_u8(w, smp->sequence);
	imp_put_u8(w, smp->id);
	if (body_len > UINT16_MAX)
		w->ok = false;
}

size_t imp_smp_open(struct imp_writer *w, const struct imp_smp *smp)
{
	size_t at = w->len;

	imp_smp_put_header(w, smp, 0);
	return at;
}

void imp_smp_close(struct imp_writer *w, size_t at)
{
	size_t body = w->len - at - IMP_SMP_HEADER;

	if (!w->ok)
		return;
	if (body > UINT16_MAX) {
		w->ok = false;
		return;
	}
	w->ptr[at + 2] = (uint8_t)(body >> 8);
	w->ptr[at + 3] = (uint8_t)body;
}
