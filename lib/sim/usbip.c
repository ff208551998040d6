/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of USB/IP. */
#include <string.h>

#include "sim/usbip.h"

enum {
	RET_SUBMIT = 3,
	RET_UNLINK = 4,
	ENDPOINTS = 16,
	URB_ZERO_PACKET = 0x40, /* Source: Linux, include/uapi/linux/usbip.h */
	ADDRESS = 12,		/* devid, direction and endpoint: 0 in answers */
	PAD = 20,
};

static bool take_submit(struct imp_reader *r, uint32_t direction, uint32_t endpoint,
			struct sim_usbip *out)
{
	uint32_t flags = imp_take_u32be(r), packets;

	out->in = direction == 1;
	out->endpoint = (uint8_t)(endpoint % ENDPOINTS);
	out->zero_packet = flags & URB_ZERO_PACKET;
	out->length = imp_take_u32be(r);
	(void)imp_take_u32be(r); /* start_frame */
	packets = imp_take_u32be(r);
	(void)imp_take_u32be(r); /* interval */
	memcpy(out->setup, imp_take(r, sizeof(out->setup)).ptr, sizeof(out->setup));
	return direction <= 1 && endpoint < ENDPOINTS &&
	       (packets == 0 || packets == UINT32_MAX) && out->length <= INT32_MAX &&
	       (out->in || out->length <= SIM_USBIP_DATA);
}

bool sim_usbip_decode(struct imp_span header, struct sim_usbip *out)
{
	struct imp_reader r = imp_reader(header);
	uint32_t kind = imp_take_u32be(&r), direction, endpoint;

	*out = (struct sim_usbip){ .kind = (enum sim_usbip_kind)kind };
	if (header.len != SIM_USBIP_HEADER)
		return false;
	out->sequence = imp_take_u32be(&r);
	(void)imp_take_u32be(&r); /* devid: there is but one */
	direction = imp_take_u32be(&r);
	endpoint = imp_take_u32be(&r);
	if (kind == SIM_USBIP_UNLINK)
		out->victim = imp_take_u32be(&r);
	return kind == SIM_USBIP_UNLINK ||
	       (kind == SIM_USBIP_SUBMIT && take_submit(&r, direction, endpoint, out));
}

size_t sim_usbip_follows(const struct sim_usbip *m)
{
	return m->kind == SIM_USBIP_SUBMIT && !m->in ? m->length : 0;
}

static void put(struct imp_writer *w, uint32_t kind, uint32_t sequence, int status,
		size_t actual)
{
	static const uint8_t zero[PAD];

	imp_put_u32be(w, kind);
	imp_put_u32be(w, sequence);
	imp_put(w, (struct imp_span){ zero, ADDRESS });
	imp_put_u32be(w, (uint32_t)status);
	imp_put_u32be(w, (uint32_t)actual);
	imp_put(w, (struct imp_span){ zero, PAD });
}

void sim_usbip_put_done(struct imp_writer *w, uint32_t sequence, int status,
			size_t actual)
{
	put(w, RET_SUBMIT, sequence, status, actual);
}

void sim_usbip_put_unlinked(struct imp_writer *w, uint32_t sequence, int status)
{
	put(w, RET_UNLINK, sequence, status, 0);
}
