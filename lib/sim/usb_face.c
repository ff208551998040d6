/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers to and from a simulated device on USB. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "sim/usb_face.h"

enum {
	LENGTH = 4, /* in front of each message that is queued */
	CONTROL_MAX = 256,
	NOTIFY = 2, /* the endpoint that says nothing */
};

/* Endpoints have one number for both ways. */
static const uint8_t endpoint_of[SIM_USB_PIPES] = {
	[SIM_USB_BULK] = 1,
	[SIM_USB_ACM] = 3,
};

static bool pipe_of(uint8_t endpoint, enum sim_usb_pipe *out)
{
	for (int i = 0; i < SIM_USB_PIPES; i++)
		if (endpoint_of[i] == endpoint) {
			*out = (enum sim_usb_pipe)i;
			return true;
		}
	return false;
}

void sim_usb_init(struct sim_usb_face *f, const char *serial,
		  void (*answer)(void *ctx, struct imp_span header, struct imp_span data),
		  void *ctx)
{
	static const uint8_t coding[7] = { 0x00, 0xc2, 0x01, 0x00, 0, 0, 8 }; /* 115200 */

	*f = (struct sim_usb_face){ .answer = answer, .ctx = ctx };
	snprintf(f->serial, sizeof(f->serial), "%s", serial);
	memcpy(f->coding, coding, sizeof(coding));
}

void sim_usb_fini(struct sim_usb_face *f)
{
	for (size_t i = 0; i < SIM_USB_PIPES; i++)
		sim_queue_fini(&f->out[i].queue);
}

static void tell(struct sim_usb_face *f, uint32_t sequence, int status, size_t actual,
		 struct imp_span data)
{
	uint8_t header[SIM_USBIP_HEADER];
	struct imp_writer w = imp_writer(header, sizeof(header));

	sim_usbip_put_done(&w, sequence, status, actual);
	f->answer(f->ctx, imp_written(&w), data);
}

static void forget(struct sim_usb_face *f, size_t i)
{
	f->count--;
	memmove(&f->waiting[i], &f->waiting[i + 1],
		(f->count - i) * sizeof(f->waiting[0]));
}

/* Is there a message, or the rest of one? */
static bool begin_message(struct sim_usb_out *o)
{
	struct imp_reader r = imp_reader(sim_queue_rest(&o->queue));

	if (o->open)
		return true;
	if (r.rest.len == 0)
		return false;
	o->left = imp_take_u32be(&r);
	o->open = true;
	sim_queue_drop(&o->queue, LENGTH);
	return true;
}

/* A transfer ends in a packet that is not full, or when it is full itself; then the
 * message goes on in the next, be it with an empty packet. One that ends within a packet
 * does not fit. */
static void fill(struct sim_usb_face *f, struct sim_usb_out *o,
		 const struct sim_usb_waiting *t)
{
	size_t n = o->left < t->length ? o->left : t->length;

	if (o->left > t->length && t->length % SIM_USB_PACKET != 0) {
		tell(f, t->sequence, -EOVERFLOW, 0, (struct imp_span){ 0 });
		n = o->left;
	} else {
		tell(f, t->sequence, 0, n,
		     (struct imp_span){ sim_queue_rest(&o->queue).ptr, n });
	}
	if (n > 0)
		sim_queue_drop(&o->queue, n);
	o->left -= n;
	o->open = o->left > 0 || (n == t->length && n % SIM_USB_PACKET == 0);
}

static void pump(struct sim_usb_face *f, enum sim_usb_pipe pipe)
{
	struct sim_usb_out *o = &f->out[pipe];

	for (size_t i = 0; i < f->count;) {
		const struct sim_usb_waiting t = f->waiting[i];

		if (t.endpoint != endpoint_of[pipe]) {
			i++;
			continue;
		}
		if (!begin_message(o))
			return;
		forget(f, i);
		fill(f, o, &t);
	}
}

void sim_usb_send(struct sim_usb_face *f, enum sim_usb_pipe pipe, struct imp_span bytes)
{
	uint8_t length[LENGTH];
	struct imp_writer w = imp_writer(length, sizeof(length));
	struct sim_queue *q = &f->out[pipe].queue;

	imp_put_u32be(&w, (uint32_t)bytes.len);
	if (!sim_queue_put(q, (struct imp_span){ length, LENGTH }))
		return;
	if (!sim_queue_put(q, bytes))
		q->end -= LENGTH; /* no length without its message */
	pump(f, pipe);
}

static void take_control(struct sim_usb_face *f, const struct sim_usbip *m,
			 struct imp_span data)
{
	uint8_t out[CONTROL_MAX];
	struct imp_writer w =
		imp_writer(out, m->length < sizeof(out) ? m->length : sizeof(out));
	int status = sim_usb_control(f, m->setup, data, &w);

	if (status || !m->in)
		tell(f, m->sequence, status, status ? 0 : data.len,
		     (struct imp_span){ 0 });
	else
		tell(f, m->sequence, 0, w.len, imp_written(&w));
}

static void take_in(struct sim_usb_face *f, const struct sim_usbip *m)
{
	enum sim_usb_pipe pipe = SIM_USB_PIPES;

	if ((m->endpoint != NOTIFY && !pipe_of(m->endpoint, &pipe)) ||
	    f->count == COUNTOF(f->waiting)) {
		tell(f, m->sequence, -EPIPE, 0, (struct imp_span){ 0 });
		return;
	}
	f->waiting[f->count++] = (struct sim_usb_waiting){ .sequence = m->sequence,
							   .length = m->length,
							   .endpoint = m->endpoint };
	if (m->endpoint != NOTIFY)
		pump(f, pipe);
}

static bool take_out(struct sim_usb_face *f, const struct sim_usbip *m,
		     struct imp_span data, struct sim_usb_got *got)
{
	if (!pipe_of(m->endpoint, &got->pipe)) {
		tell(f, m->sequence, -EPIPE, 0, (struct imp_span){ 0 });
		return false;
	}
	got->bytes = data;
	got->ended = data.len % SIM_USB_PACKET != 0 || data.len == 0 || m->zero_packet;
	tell(f, m->sequence, 0, data.len, (struct imp_span){ 0 });
	return true;
}

static void take_back(struct sim_usb_face *f, const struct sim_usbip *m)
{
	uint8_t header[SIM_USBIP_HEADER];
	struct imp_writer w = imp_writer(header, sizeof(header));
	int status = 0;

	for (size_t i = 0; i < f->count && !status; i++)
		if (f->waiting[i].sequence == m->victim) {
			forget(f, i);
			status = -ECONNRESET;
		}
	sim_usbip_put_unlinked(&w, m->sequence, status);
	f->answer(f->ctx, imp_written(&w), (struct imp_span){ 0 });
}

bool sim_usb_take(struct sim_usb_face *f, const struct sim_usbip *m, struct imp_span data,
		  struct sim_usb_got *got)
{
	*got = (struct sim_usb_got){ 0 };
	if (m->kind == SIM_USBIP_UNLINK)
		take_back(f, m);
	else if (m->endpoint == 0)
		take_control(f, m, data);
	else if (f->configuration == 0) /* it does not listen there yet */
		tell(f, m->sequence, -EPROTO, 0, (struct imp_span){ 0 });
	else if (m->in)
		take_in(f, m);
	else
		return take_out(f, m, data, got);
	return false;
}
