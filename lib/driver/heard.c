/* SPDX-License-Identifier: Apache-2.0 */
/* Why no answer came, told apart by what did come. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "driver/exchange.h"

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

/* What to do about it is known to the transport. */
static int advise(const struct imp_session *s, enum imp_heard heard, int rc,
		  struct imp_error *err)
{
	const struct imp_transport *t = s->transport;

	return t->ops->advise ? t->ops->advise(t, heard, rc, err) : rc;
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
		return advise(s, IMP_HEARD_PIECES, rc, err);
	}
	quote_text(s, text, sizeof(text));
	if (mostly_text(s)) {
		rc = imp_fail(err, IMP_ETRANSPORT, "%s: text came, no answer: \"%s\"",
			      s->uri, text);
		return advise(s, IMP_HEARD_TEXT, rc, err);
	}
	rc = imp_fail(err, IMP_ETRANSPORT, "%s: %" PRIu64 " byte%s came, and no %s",
		      s->uri, s->received - h->before,
		      imp_plural(s->received - h->before),
		      s->framing == IMP_FRAMING_BARE ? "answer" : "frame");
	return advise(s, IMP_HEARD_BYTES, rc, err);
}

/* Nothing came: what the line did instead. */
static int silence(const struct imp_session *s, const struct heard *h,
		   struct imp_error *err)
{
	uint32_t stalls = s->transport->stalls - h->stalls;
	int rc;

	if (stalls > 0)
		return imp_fail(err, IMP_ETRANSPORT,
				"%s: no answer came, the device halted its endpoint "
				"%" PRIu32 " time%s (asked %u time%s)",
				s->uri, stalls, imp_plural(stalls), h->asked,
				imp_plural(h->asked));
	if (s->round_trips > 0)
		return imp_fail(err, IMP_ETRANSPORT,
				"%s: nothing came any more after %" PRIu32
				" answer%s (asked %u time%s)",
				s->uri, s->round_trips, imp_plural(s->round_trips),
				h->asked, imp_plural(h->asked));
	rc = imp_fail(err, IMP_ETRANSPORT, "%s: nothing came (asked %u time%s)", s->uri,
		      h->asked, imp_plural(h->asked));
	return advise(s, IMP_HEARD_NOTHING, rc, err);
}

int no_answer(const struct imp_session *s, const struct heard *h, struct imp_error *err)
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
		return advise(s, IMP_HEARD_ITSELF, rc, err);
	}
	return s->received > h->before ? garbage(s, h, err) : silence(s, h, err);
}

int broke_off(const struct imp_session *s, int rc, struct imp_error *err)
{
	char text[81];

	if (rc != -IMP_ETRANSPORT || !mostly_text(s))
		return rc;
	quote_text(s, text, sizeof(text));
	return imp_hint(err, rc, "the last that came: \"%s\"", text);
}
