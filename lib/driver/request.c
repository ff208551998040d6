/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of a device. */
#include <string.h>

#include "base/reason.h"
#include "crypto/face.h"
#include "driver/exchange.h"

enum { BODY_MAX = IMP_SESSION_PACKET - IMP_SMP_HEADER, BUF_MIN = 192 };

/* An answer that does not read as one: the device's fault, not that of a file. */
static int garbled(const struct imp_session *s, struct imp_error *err)
{
	if (err)
		err->code = IMP_EDEVICE;
	return imp_wrap(err, -IMP_EDEVICE, "%s: an answer that is none", s->uri);
}

int imp_session_describe(struct imp_session *s, struct imp_describe *out,
			 struct imp_error *err)
{
	struct imp_smp smp = { .op = IMP_SMP_READ,
			       .group = IMP_GROUP_IMPRINT,
			       .id = IMP_DESCRIBE };
	struct imp_response r = { 0 };
	struct imp_smp answer;
	unsigned reason;
	int rc = exchange(s, &smp, IMP_TEXT("\xa0"), IMP_SESSION_TRIES, &answer, err);

	if (rc)
		return rc;
	if (imp_response_decode(answer.body, &r, NULL) == 0 && r.failed)
		return refusal(s, &r, &reason, err);
	rc = imp_describe_decode(answer.body, out, err);
	if (rc)
		return garbled(s, err);
	if (!out->v1)
		return imp_fail(err, IMP_EDEVICE,
				"%s: does not speak version 1 of the imprint protocol",
				s->uri);
	if (out->buf < BUF_MIN)
		return imp_fail(err, IMP_EDEVICE,
				"%s: a packet buffer of %u bytes, expected %d", s->uri,
				out->buf, BUF_MIN);
	s->buf = out->buf < IMP_SESSION_PACKET ? out->buf : IMP_SESSION_PACKET;
	if (s->framing != IMP_FRAMING_BARE)
		s->framing = out->cobs ? IMP_FRAMING_COBS : IMP_FRAMING_CONSOLE;
	return 0;
}

/* A challenge that a grant makes long, and a device with small packets. */
static int check_room(const struct imp_session *s, const struct imp_request *q,
		      size_t len, struct imp_error *err)
{
	if (q->challenge.len == 0 || s->buf == 0 || IMP_SMP_HEADER + len <= s->buf)
		return 0;
	return imp_fail(err, IMP_EPOLICY,
			"%s: a challenge of %zu bytes does not fit its packets of %u",
			s->uri, q->challenge.len, s->buf);
}

static int ask(struct imp_session *s, uint8_t op, uint8_t id, const struct imp_request *q,
	       unsigned tries, struct imp_response *out, unsigned *reason,
	       struct imp_error *err)
{
	struct imp_smp smp = { .op = op, .group = IMP_GROUP_IMPRINT, .id = id }, answer;
	uint8_t body[BODY_MAX];
	struct imp_writer w = imp_writer(body, sizeof(body));
	int rc;

	*reason = 0;
	imp_request_encode(q, &w);
	if (!w.ok)
		return imp_fail(err, IMP_EINTERNAL, "%s: a request that does not fit",
				s->uri);
	rc = check_room(s, q, w.len, err);
	if (!rc)
		rc = exchange(s, &smp, imp_written(&w), tries, &answer, err);
	if (rc)
		return rc;
	if (imp_response_decode(answer.body, out, err))
		return garbled(s, err);
	return out->failed ? refusal(s, out, reason, err) : 0;
}

static int missing(struct imp_session *s, const char *what, struct imp_error *err)
{
	return imp_fail(err, IMP_EDEVICE, "%s: answered without %s", s->uri, what);
}

void imp_session_challenge(struct imp_session *s, struct imp_span challenge,
			   struct imp_span r)
{
	s->challenge = challenge;
	s->r = r;
}

static struct imp_request by(const struct imp_session *s, const uint8_t nonce[32])
{
	return s->challenge.len > 0
		       ? (struct imp_request){ .challenge = s->challenge, .r = s->r }
		       : (struct imp_request){ .nonce = { nonce, 32 } };
}

int imp_session_attest(struct imp_session *s, const uint8_t nonce[32],
		       struct imp_response *out, unsigned *reason, struct imp_error *err)
{
	const struct imp_request q = by(s, nonce);
	int rc = ask(s, IMP_SMP_WRITE, IMP_ATTEST, &q, IMP_SESSION_TRIES, out, reason,
		     err);

	return !rc && out->evidence.len == 0 ? missing(s, "evidence", err) : rc;
}

int imp_session_enroll(struct imp_session *s, const uint8_t nonce[32],
		       struct imp_response *out, unsigned *reason, struct imp_error *err)
{
	const struct imp_request q = by(s, nonce);
	int rc = ask(s, IMP_SMP_WRITE, IMP_ENROLL, &q, IMP_SESSION_TRIES, out, reason,
		     err);

	return !rc && out->card.len == 0 ? missing(s, "a card", err) : rc;
}

int imp_session_history(struct imp_session *s, uint32_t from, struct imp_response *out,
			unsigned *reason, struct imp_error *err)
{
	const struct imp_request q = { .has_from = true,
				       .from = from,
				       .challenge = s->challenge };
	int rc = ask(s, IMP_SMP_READ, IMP_HISTORY, &q, IMP_SESSION_TRIES, out, reason,
		     err);

	return !rc && (out->base.len == 0 || out->entries.len == 0)
		       ? missing(s, "its history", err)
		       : rc;
}

/* Bytes of data that fit a packet beside the other fields of a stage request. */
static size_t chunk_room(const struct imp_session *s)
{
	enum { FIELDS = 112 }; /* map, keys, off, len, sha, nonce, heads */

	return s->buf - IMP_SMP_HEADER - FIELDS;
}

static void show_progress(struct imp_session *s, size_t done, size_t total)
{
	if (s->progress)
		s->progress(s->progress_ctx, (uint32_t)done, (uint32_t)total);
}

/* Once the chunk that completes the object is on its way, only a reason tells that it was
 * not applied. */
static int in_doubt(int rc, unsigned reason, struct imp_error *err)
{
	if (rc == -IMP_EINTERNAL || reason != 0)
		return rc;
	imp_wrap(err, rc, "in doubt, the object may have been applied");
	return imp_hint(err, rc, "run imprint verify, or push the same package again");
}

static bool applied(const struct imp_response *r)
{
	return r->evidence.len > 0 || r->again;
}

struct upload {
	struct imp_span object;
	const uint8_t *nonce;
	uint8_t sha[32];
	size_t off;
	unsigned backs; /* answers that did not move off forward */
};

/* One chunk; the last one carries the nonce and is applied. */
static int send_chunk(struct imp_session *s, struct upload *u, struct imp_response *out,
		      unsigned *reason, struct imp_error *err)
{
	size_t left = u->object.len - u->off, room = chunk_room(s);
	size_t len = left < room ? left : room;
	bool last = len == left;
	struct imp_request q = { .has_off = true, .off = (uint32_t)u->off };
	int rc;

	if (u->off == 0) {
		q.has_len = true;
		q.len = (uint32_t)u->object.len;
		q.sha = IMP_SPAN(u->sha);
	}
	if (last)
		q.nonce = (struct imp_span){ u->nonce, 32 };
	q.data = (struct imp_span){ u->object.ptr + u->off, len };
	rc = ask(s, IMP_SMP_WRITE, IMP_STAGE, &q, IMP_SESSION_TRIES, out, reason, err);
	if (rc && !last && !*reason)
		imp_wrap(err, rc, "after %zu of %zu bytes of the object", u->off,
			 u->object.len);
	if (!rc && (!out->has_off || out->off > u->object.len))
		rc = missing(s, "an offset that makes sense", err);
	if (!rc && last && out->off == u->object.len && !applied(out))
		rc = missing(s, "evidence", err);
	return rc && last ? in_doubt(rc, *reason, err) : rc;
}

/* All of it is there, but the chunk that completed it brought no evidence: apply it now.
 * A device that has nothing staged any more has lost it, or our question was heard and
 * its answer lost: what is sent again from the start tells. */
static int apply(struct imp_session *s, struct upload *u, struct imp_response *out,
		 unsigned *reason, struct imp_error *err)
{
	const struct imp_request q = { .sha = IMP_SPAN(u->sha),
				       .nonce = { u->nonce, 32 } };
	int rc =
		ask(s, IMP_SMP_WRITE, IMP_APPLY, &q, IMP_SESSION_TRIES, out, reason, err);

	if (*reason == IMP_R_MALFORMED) {
		*reason = 0;
		*out = (struct imp_response){ 0 };
		return 0;
	}
	if (!rc && !applied(out))
		rc = missing(s, "evidence", err);
	return rc ? in_doubt(rc, *reason, err) : 0;
}

static int upload(struct imp_session *s, struct upload *u, struct imp_response *out,
		  unsigned *reason, struct imp_error *err)
{
	for (;;) {
		int rc = u->off == u->object.len ? apply(s, u, out, reason, err)
						 : send_chunk(s, u, out, reason, err);

		if (rc)
			return rc;
		if (applied(out)) {
			show_progress(s, u->object.len, u->object.len);
			return 0;
		}
		u->backs += out->off <= u->off;
		if (u->backs > IMP_SESSION_TRIES)
			return imp_fail(err, IMP_EDEVICE,
					"%s: went back in the object %u times, now to "
					"byte %u of %zu",
					s->uri, u->backs, out->off, u->object.len);
		u->off = out->off;
		show_progress(s, u->off, u->object.len);
	}
}

int imp_session_stage(struct imp_session *s, struct imp_span object,
		      const uint8_t nonce[32], struct imp_response *out, unsigned *reason,
		      struct imp_error *err)
{
	struct upload u = { .object = object, .nonce = nonce };

	*reason = 0;
	if (imp_sha256(s->crypto, &object, 1, u.sha))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return upload(s, &u, out, reason, err);
}
