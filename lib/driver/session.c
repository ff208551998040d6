/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange: a request goes out, its answer comes back, or words for why not. */
#include <inttypes.h>
#include <string.h>

#include "base/reason.h"
#include "base/text.h"
#include "crypto/host.h"
#include "driver/exchange.h"

enum {
	PATIENCE_MS = 1500,
	STRETCH = 4,   /* times the patience, while a frame is coming in */
	ANSWER = 2048, /* wire bytes of an answer that are waited for */
};

static struct imp_wait whole_wait(const struct imp_session_setup *setup)
{
	return (struct imp_wait){
		.deadline_ns = imp_now_ns() + setup->timeout_ms * 1000000ull,
		.cancel_fd = setup->cancel_fd,
	};
}

static void begin(struct imp_session *s, struct imp_transport *transport,
		  const struct imp_session_setup *setup, struct imp_wait wait)
{
	memset(s, 0, sizeof(*s));
	s->transport = transport;
	s->uri = setup->uri;
	s->crypto = setup->crypto;
	s->wait = wait;
	s->patience_ms =
		setup->timeout_ms / 3 < PATIENCE_MS ? setup->timeout_ms / 3 : PATIENCE_MS;
	s->framing = transport->ops->carries == IMP_CARRIES_TEXT ? IMP_FRAMING_CONSOLE
								 : IMP_FRAMING_BARE;
	imp_deframer_init(&s->deframer, s->framing, s->in, IMP_SESSION_PACKET);
	/* An answer to whoever used the port before must not pass for one to us. */
	if (setup->crypto && imp_random(setup->crypto, &s->sequence, 1))
		s->sequence = 0;
}

void imp_session_init(struct imp_session *s, struct imp_transport *transport,
		      const struct imp_session_setup *setup)
{
	begin(s, transport, setup, whole_wait(setup));
}

int imp_session_open(struct imp_session *s, const struct imp_session_setup *setup,
		     struct imp_error *err)
{
	const struct imp_wait wait = whole_wait(setup);
	struct imp_transport *transport;
	int rc = imp_transport_open(&transport, setup->uri, setup->usb, &wait, err);

	if (!rc)
		begin(s, transport, setup, wait);
	return rc;
}

void imp_session_close(struct imp_session *s)
{
	imp_transport_close(&s->transport);
}

static bool is_answer(const struct imp_smp *smp, const struct imp_smp *asked)
{
	return smp->op == asked->op + 1 && smp->group == asked->group &&
	       smp->id == asked->id && smp->sequence == asked->sequence;
}

static bool is_own_echo(const struct imp_smp *smp, const struct imp_smp *asked)
{
	return smp->op == asked->op && smp->group == asked->group && smp->id == asked->id;
}

/* An answer to another question. Bytes that are none look like packets, too, where no
 * checksum is on the line. */
static bool is_other(const struct imp_session *s, const struct imp_smp *smp,
		     const struct imp_smp *asked)
{
	return !is_own_echo(smp, asked) &&
	       (s->framing != IMP_FRAMING_BARE ||
		(smp->group == asked->group && (smp->op & 1) != 0));
}

/* Look for the answer among what came; other packets are counted. */
static bool take(struct imp_session *s, struct imp_span in, const struct imp_smp *asked,
		 struct heard *h, struct imp_smp *out)
{
	struct imp_span packet;

	while (imp_deframe(&s->deframer, &in, &packet)) {
		if (!imp_smp_decode(packet, out))
			continue;
		if (is_answer(out, asked))
			return true;
		h->echoed |= is_own_echo(out, asked);
		h->other += is_other(s, out, asked);
	}
	return false;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Read until the answer, or until patience ends: 1 with it, 0 without. */
static int await(struct imp_session *s, const struct imp_smp *asked, uint64_t patience,
		 struct heard *h, struct imp_smp *out, struct imp_error *err)
{
	uint64_t last = earlier(imp_now_ns() + STRETCH * patience, s->wait.deadline_ns);
	struct imp_wait wait = s->wait;
	uint8_t buf[IMP_SESSION_PACKET];

	wait.deadline_ns = earlier(imp_now_ns() + patience, last);
	for (;;) {
		size_t len;
		int rc = s->transport->ops->read(s->transport, buf, sizeof(buf), &len,
						 &wait, err);

		if (rc || len == 0)
			return rc;
		s->received += len;
		if (take(s, (struct imp_span){ buf, len }, asked, h, out))
			return 1;
		if (s->transport->ops->carries == IMP_CARRIES_MESSAGES)
			imp_deframe_end(&s->deframer);
		if (imp_deframer_busy(&s->deframer)) /* slow, but it answers */
			wait.deadline_ns = earlier(imp_now_ns() + patience, last);
		if (imp_now_ns() >= wait.deadline_ns)
			return 0; /* an endless stream must not outlast the deadline */
	}
}

static int send_packet(struct imp_session *s, struct imp_span packet,
		       struct imp_error *err)
{
	struct imp_writer w = imp_writer(s->wire, sizeof(s->wire));

	imp_frame_put(&w, s->framing, packet);
	if (!w.ok)
		return imp_fail(err, IMP_EINTERNAL, "%s: a packet that does not fit",
				s->uri);
	s->sent += w.len;
	return s->transport->ops->write(s->transport, imp_written(&w), &s->wait, err);
}

/* A port takes bytes faster than its line carries them: what is still on the line counts.
 */
static uint64_t patience(const struct imp_session *s)
{
	uint64_t line = IMP_WIRE_MAX(s->buf ? s->buf : IMP_SMP_HEADER) + ANSWER;

	return s->patience_ms * 1000000ull + s->transport->byte_ns * line;
}

int exchange(struct imp_session *s, struct imp_smp *smp, struct imp_span body,
	     unsigned tries, struct imp_smp *out, struct imp_error *err)
{
	struct imp_writer w = imp_writer(s->out, sizeof(s->out));
	struct heard h = { .before = s->received,
			   .bad = s->deframer.bad,
			   .stalls = s->transport->stalls };
	int rc = 0;

	smp->version = 1;
	smp->sequence = ++s->sequence;
	imp_smp_put_header(&w, smp, body.len);
	imp_put(&w, body);
	if (!w.ok)
		return imp_fail(err, IMP_EINTERNAL, "%s: a request that does not fit",
				s->uri);
	s->deframer.text_len = 0;
	while (h.asked < tries && imp_now_ns() < s->wait.deadline_ns) {
		s->retries += h.asked++ > 0;
		rc = send_packet(s, imp_written(&w), err);
		if (!rc)
			rc = await(s, smp, patience(s), &h, out, err);
		if (rc < 0)
			return broke_off(s, rc, err);
		if (rc > 0) {
			s->round_trips++;
			return 0;
		}
	}
	return no_answer(s, &h, err);
}

int refusal(struct imp_session *s, const struct imp_response *r, unsigned *reason,
	    struct imp_error *err)
{
	const struct imp_reason_row *row =
		r->group == IMP_GROUP_IMPRINT ? imp_reason_row(r->rc) : NULL;

	*reason = row ? r->rc : 0;
	if (row)
		return imp_fail(err, row->code, "%s: the device refuses (%s): %s", s->uri,
				row->name, row->says);
	if (r->group == 0 && r->rc == IMP_SMP_NOTSUP)
		return imp_fail(err, IMP_ETRANSPORT,
				"%s: speaks SMP, but has no imprint group (4096)",
				s->uri);
	return imp_fail(err, IMP_EDEVICE, "%s: error %" PRIu32 " of group %" PRIu32,
			s->uri, r->rc, r->group);
}
