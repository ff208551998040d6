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
	CHUNK = 4096,
};

void imp_session_init(struct imp_session *s, struct imp_transport *transport,
		      const char *uri, struct imp_crypto *crypto, uint32_t timeout_ms,
		      int cancel_fd)
{
	memset(s, 0, sizeof(*s));
	s->transport = transport;
	s->uri = uri;
	s->crypto = crypto;
	s->wait =
		(struct imp_wait){ .deadline_ns = imp_now_ns() + timeout_ms * 1000000ull,
				   .cancel_fd = cancel_fd };
	s->patience_ms = timeout_ms / 3 < PATIENCE_MS ? timeout_ms / 3 : PATIENCE_MS;
	s->framing = IMP_FRAMING_CONSOLE;
	imp_deframer_init(&s->deframer, IMP_FRAMING_CONSOLE, s->in, IMP_SESSION_PACKET);
	/* An answer to whoever used the port before must not pass for one to us. */
	if (crypto && imp_random(crypto, &s->sequence, 1))
		s->sequence = 0;
}

int imp_session_open(struct imp_session *s, const char *uri, struct imp_crypto *crypto,
		     uint32_t timeout_ms, int cancel_fd, struct imp_error *err)
{
	imp_session_init(s, NULL, uri, crypto, timeout_ms, cancel_fd);
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

/* What came during one exchange, for the words of a failure. */
struct heard {
	uint64_t before; /* bytes received before it */
	uint32_t bad;	 /* bad frames before it */
	unsigned asked;
	unsigned other; /* answers to other questions */
	bool echoed;
};

/* Where it came from is a serial line; of its name in any form, the path. */
static int hint_baud(const struct imp_session *s, int rc, struct imp_error *err)
{
	static const char scheme[] = "serial:";
	bool named = strncmp(s->uri, scheme, sizeof(scheme) - 1) == 0;
	const char *path = s->uri + (named ? sizeof(scheme) - 1 : 0);

	return imp_hint(err, rc, "is the baud rate right? -d serial:%.*s?baud=N",
			(int)strcspn(path, "?"), path);
}

static int garbage(const struct imp_session *s, const struct heard *h,
		   struct imp_error *err)
{
	uint32_t bad = s->deframer.bad - h->bad;
	char text[81];
	int rc;

	if (bad > 0) {
		rc = imp_fail(
			err, IMP_ETRANSPORT,
			"%s: %" PRIu32 " frame%s came, not one whole (asked %u time%s)",
			s->uri, bad, imp_plural(bad), h->asked, imp_plural(h->asked));
		return imp_hint(err, rc, "a noisy line, or two programs on one port");
	}
	quote_text(s, text, sizeof(text));
	if (mostly_text(s)) {
		rc = imp_fail(err, IMP_ETRANSPORT, "%s: text came, no answer: \"%s\"",
			      s->uri, text);
		return imp_hint(err, rc,
				"does the firmware have the imprint group on this port?");
	}
	rc = imp_fail(err, IMP_ETRANSPORT, "%s: %" PRIu64 " byte%s came, and no frame",
		      s->uri, s->received - h->before,
		      imp_plural(s->received - h->before));
	return hint_baud(s, rc, err);
}

/* Why no answer came, told apart by what did come. */
static int no_answer(const struct imp_session *s, const struct heard *h,
		     struct imp_error *err)
{
	int rc;

	if (h->asked == 0)
		return imp_fail(err, IMP_ETRANSPORT,
				"%s: no time left to ask (--timeout)", s->uri);
	if (h->other > 0)
		return imp_fail(err, IMP_ETRANSPORT,
				"%s: %u answer%s came, not one to this question (asked "
				"%u time%s)",
				s->uri, h->other, imp_plural(h->other), h->asked,
				imp_plural(h->asked));
	if (h->echoed) {
		rc = imp_fail(err, IMP_ETRANSPORT, "%s: only our own bytes came back",
			      s->uri);
		return imp_hint(err, rc, "is TX wired to RX, or is a shell echoing?");
	}
	if (s->received > h->before)
		return garbage(s, h, err);
	if (s->round_trips > 0)
		return imp_fail(err, IMP_ETRANSPORT,
				"%s: nothing came any more after %" PRIu32
				" answer%s (asked %u time%s)",
				s->uri, s->round_trips, imp_plural(s->round_trips),
				h->asked, imp_plural(h->asked));
	rc = imp_fail(err, IMP_ETRANSPORT, "%s: nothing came (asked %u time%s)", s->uri,
		      h->asked, imp_plural(h->asked));
	return imp_hint(err, rc, "is the device powered, and is it this port?");
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
		h->other += !is_own_echo(out, asked);
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
	uint8_t buf[CHUNK];

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
		if (imp_deframer_busy(&s->deframer)) /* slow, but it answers */
			wait.deadline_ns = earlier(imp_now_ns() + patience, last);
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
	struct heard h = { .before = s->received, .bad = s->deframer.bad };
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
		rc = send(s, imp_written(&w), err);
		if (!rc)
			rc = await(s, smp, patience(s), &h, out, err);
		if (rc < 0)
			return rc;
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
