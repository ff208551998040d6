/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange: a request goes out, its answer comes back, or words for why not. */
#include <inttypes.h>
#include <string.h>

#include "base/reason.h"
#include "driver/exchange.h"

enum { PATIENCE_MS = 1500, CHUNK = 4096 };

int imp_session_open(struct imp_session *s, const char *uri, struct imp_crypto *crypto,
		     uint32_t timeout_ms, int cancel_fd, struct imp_error *err)
{
	memset(s, 0, sizeof(*s));
	s->uri = uri;
	s->crypto = crypto;
	s->wait =
		(struct imp_wait){ .deadline_ns = imp_now_ns() + timeout_ms * 1000000ull,
				   .cancel_fd = cancel_fd };
	s->patience_ms = timeout_ms / 3 < PATIENCE_MS ? timeout_ms / 3 : PATIENCE_MS;
	s->framing = IMP_FRAMING_CONSOLE;
	imp_deframer_init(&s->deframer, s->in, IMP_SESSION_PACKET);
	return imp_transport_open(&s->transport, uri, err);
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

/* The last text that came, as a quotation; controls are escaped when the error is
 * recorded. */
static void quote_text(const struct imp_session *s, char *out, size_t cap)
{
	size_t n = s->deframer.text_len < cap - 1 ? s->deframer.text_len : cap - 1;

	memcpy(out, s->deframer.text + s->deframer.text_len - n, n);
	out[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (out[i] == '\0')
			out[i] = '.';
}

static bool mostly_text(const struct imp_session *s)
{
	size_t good = 0;

	for (size_t i = 0; i < s->deframer.text_len; i++) {
		uint8_t c = s->deframer.text[i];

		good += (c >= 0x20 && c < 0x7f) || c == '\r' || c == '\n' || c == '\t' ||
			c == 0x1b;
	}
	return s->deframer.text_len > 0 && good * 10 >= s->deframer.text_len * 9;
}

/* Why no answer came, told apart by what did come. */
static int no_answer(struct imp_session *s, bool echoed, struct imp_error *err)
{
	char text[81];
	int rc;

	if (echoed) {
		rc = imp_fail(err, IMP_ETRANSPORT, "%s: only our own bytes came back",
			      s->uri);
		return imp_hint(err, rc, "is TX wired to RX, or is a shell echoing?");
	}
	if (s->received == 0) {
		rc = imp_fail(err, IMP_ETRANSPORT,
			      "%s: nothing came (asked %" PRIu32 " times)", s->uri,
			      s->retries + 1);
		return imp_hint(err, rc, "is the device powered, and is it this port?");
	}
	if (s->deframer.bad > 0) {
		rc = imp_fail(err, IMP_ETRANSPORT,
			      "%s: %" PRIu32
			      " frames came, none of them whole (asked %" PRIu32
			      " times)",
			      s->uri, s->deframer.bad, s->retries + 1);
		return imp_hint(err, rc, "a noisy line, or two programs on one port");
	}
	quote_text(s, text, sizeof(text));
	if (mostly_text(s)) {
		rc = imp_fail(err, IMP_ETRANSPORT, "%s: text came, no answer: \"%s\"",
			      s->uri, text);
		return imp_hint(err, rc,
				"does the firmware have the imprint group on this port?");
	}
	rc = imp_fail(err, IMP_ETRANSPORT, "%s: %" PRIu64 " bytes came that are no frame",
		      s->uri, s->received);
	return imp_hint(err, rc, "is the baud rate right? serial:%s?baud=N", s->uri);
}

/* Read until the answer, or until `until` passes: 1 with it, 0 without. */
static int await(struct imp_session *s, const struct imp_smp *asked, uint64_t until,
		 struct imp_smp *out, bool *echoed, struct imp_error *err)
{
	struct imp_wait wait = s->wait;
	uint8_t buf[CHUNK];

	if (until < wait.deadline_ns)
		wait.deadline_ns = until;
	for (;;) {
		struct imp_span in, packet;
		size_t len;
		int rc = s->transport->ops->read(s->transport, buf, sizeof(buf), &len,
						 &wait, err);

		if (rc || len == 0)
			return rc;
		s->received += len;
		in = (struct imp_span){ buf, len };
		while (imp_deframe(&s->deframer, &in, &packet)) {
			if (!imp_smp_decode(packet, out))
				continue;
			if (is_answer(out, asked))
				return 1;
			*echoed |= is_own_echo(out, asked);
		}
		if (imp_now_ns() >= wait.deadline_ns)
			return 0; /* an endless stream must not outlast the deadline */
	}
}

static int send(struct imp_session *s, struct imp_span packet, struct imp_error *err)
{
	struct imp_writer w = imp_writer(s->wire, sizeof(s->wire));

	imp_frame_put(&w, s->framing, packet);
	if (!w.ok)
		return imp_fail(err, IMP_EINTERNAL, "%s: a packet that does not fit",
				s->uri);
	s->sent += w.len;
	return s->transport->ops->write(s->transport, imp_written(&w), &s->wait, err);
}

int exchange(struct imp_session *s, struct imp_smp *smp, struct imp_span body,
	     unsigned tries, struct imp_smp *out, struct imp_error *err)
{
	struct imp_writer w = imp_writer(s->out, sizeof(s->out));
	bool echoed = false;
	int rc = 0;

	smp->version = 1;
	smp->sequence = ++s->sequence;
	imp_smp_put_header(&w, smp, body.len);
	imp_put(&w, body);
	if (!w.ok)
		return imp_fail(err, IMP_EINTERNAL, "%s: a request that does not fit",
				s->uri);
	for (unsigned i = 0; i < tries && imp_now_ns() < s->wait.deadline_ns; i++) {
		s->retries += i > 0;
		rc = send(s, imp_written(&w), err);
		if (!rc)
			rc = await(s, smp, imp_now_ns() + s->patience_ms * 1000000ull,
				   out, &echoed, err);
		if (rc < 0)
			return rc;
		if (rc > 0) {
			s->round_trips++;
			return 0;
		}
	}
	return no_answer(s, echoed, err);
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
