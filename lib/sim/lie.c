/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lies: what a dishonest device says in place of what its agent said.
 *
 * A lying device has its own signing key, so it can sign altered claims; only what it
 * cannot have, the nonce before it came or another device's key, gives it away.
 */
#include <string.h>

#include "evidence/token.h"
#include "object/signed.h"
#include "sim/internal.h"
#include "wire/message.h"

static bool is_ours(const struct imp_smp *smp)
{
	return smp->group == IMP_GROUP_IMPRINT;
}

/* Put an answer of the same header around another body. */
static struct imp_span wrap(struct imp_writer *w, const struct imp_smp *smp,
			    const struct imp_response *r, struct imp_span raw)
{
	size_t at = imp_smp_open(w, smp);

	if (r)
		imp_response_encode(r, w);
	else
		imp_put(w, raw);
	imp_smp_close(w, at);
	return imp_written(w);
}

static int sign(void *ctx, const struct imp_span *part, size_t count, uint8_t sig[64])
{
	const struct imp_sim_device *d = ctx;

	return imp_soft_sign(d->crypto, IMP_ALG_ES256, d->key[IMP_KEY_SIGNING], part,
			     count, sig);
}

/* Sign a payload as evidence with this device's key. */
static struct imp_span resign(struct imp_sim_device *d, struct imp_span payload,
			      struct imp_writer *w)
{
	const struct imp_signer signer = { .alg = IMP_ALG_ES256,
					   .pub = d->pub[IMP_KEY_SIGNING],
					   .ctx = d,
					   .sign = sign };

	if (imp_signed_put_one(d->crypto, &signer, IMP_KIND_EVIDENCE,
			       (struct imp_span){ 0 }, payload, w, NULL))
		return (struct imp_span){ 0 };
	return imp_written(w);
}

static struct imp_span other_key(struct imp_sim_device *d, struct imp_span payload,
				 struct imp_writer *w)
{
	struct imp_sim_device stranger = { .crypto = d->crypto };

	if (imp_soft_make(d->crypto, IMP_CRV_P256, stranger.key[IMP_KEY_SIGNING],
			  &stranger.pub[IMP_KEY_SIGNING]))
		return (struct imp_span){ 0 };
	return resign(&stranger, payload, w);
}

/* The claims again, with one of them altered. */
static struct imp_span alter(struct imp_sim_device *d, enum imp_fault_kind kind,
			     struct imp_span payload, struct imp_writer *w)
{
	static const uint8_t nonce[32] = { 0x5a };
	uint8_t ueid[15], buf[IMP_EVIDENCE_MAX];
	struct imp_writer p = imp_writer(buf, sizeof(buf));
	struct imp_evidence e;

	if (imp_evidence_decode(payload, &e, NULL))
		return (struct imp_span){ 0 };
	memcpy(ueid, d->ueid, sizeof(ueid));
	ueid[14] ^= 1;
	if (kind == IMP_FAULT_LIE_NONCE)
		e.nonce = IMP_SPAN(nonce);
	else
		e.ueid = IMP_SPAN(ueid);
	imp_evidence_encode(&e, &p);
	return resign(d, imp_written(&p), w);
}

/* With a text-keyed claim at the end, or without the first claim (the nonce). */
static struct imp_span recount(struct imp_sim_device *d, enum imp_fault_kind kind,
			       struct imp_span payload, struct imp_writer *w)
{
	enum { NONCE_CLAIM = 1 + 2 + 32 };
	uint8_t buf[IMP_EVIDENCE_MAX];
	struct imp_writer p = imp_writer(buf, sizeof(buf));
	size_t pairs = payload.ptr[0] & 31;

	if (kind == IMP_FAULT_LIE_CLAIM) {
		imp_cbor_put_map(&p, pairs + 1);
		imp_put(&p, (struct imp_span){ payload.ptr + 1, payload.len - 1 });
		imp_cbor_put_text(&p, IMP_TEXT("x"));
		imp_cbor_put_int(&p, 1);
	} else {
		imp_cbor_put_map(&p, pairs - 1);
		imp_put(&p, (struct imp_span){ payload.ptr + 1 + NONCE_CLAIM,
					       payload.len - 1 - NONCE_CLAIM });
	}
	return resign(d, imp_written(&p), w);
}

static struct imp_span lie_evidence(struct imp_sim_device *d, struct imp_span evidence,
				    struct imp_writer *w)
{
	struct imp_signed s;

	if (imp_signed_decode(evidence, &s, NULL))
		return evidence;
	if (imp_sim_fault(d, IMP_FAULT_LIE_KEY))
		return other_key(d, s.cose.payload, w);
	if (imp_sim_fault(d, IMP_FAULT_LIE_NONCE))
		return alter(d, IMP_FAULT_LIE_NONCE, s.cose.payload, w);
	if (imp_sim_fault(d, IMP_FAULT_LIE_UEID))
		return alter(d, IMP_FAULT_LIE_UEID, s.cose.payload, w);
	if (imp_sim_fault(d, IMP_FAULT_LIE_CLAIM))
		return recount(d, IMP_FAULT_LIE_CLAIM, s.cose.payload, w);
	if (imp_sim_fault(d, IMP_FAULT_LIE_MISSING))
		return recount(d, IMP_FAULT_LIE_MISSING, s.cose.payload, w);
	if (imp_sim_fault(d, IMP_FAULT_LIE_REPLAY)) {
		if (d->replay.len == 0)
			(void)!imp_secret_set(&d->replay, evidence, NULL);
		return imp_secret_span(&d->replay);
	}
	return imp_sim_fault(d, IMP_FAULT_LIE_EVIDENCE) ? (struct imp_span){ 0 }
							: evidence;
}

static struct imp_span lie_version(struct imp_writer *w, const struct imp_smp *smp)
{
	/* {"v": [0, 65535], "buf": 512} */
	return wrap(w, smp, NULL,
		    IMP_TEXT("\xa2\x61v\x82\x00\x19\xff\xff\x63"
			     "buf\x19\x02\x00"));
}

struct imp_span lie_about(struct imp_sim_device *d, struct imp_span request,
			  struct imp_span answer, struct imp_writer *w)
{
	static uint8_t token[IMP_EVIDENCE_MAX];
	struct imp_writer t = imp_writer(token, sizeof(token));
	struct imp_response r;
	struct imp_smp smp;

	(void)request;
	if (!imp_smp_decode(answer, &smp) || !is_ours(&smp))
		return answer;
	if (imp_sim_fault(d, IMP_FAULT_LIE_GARBAGE))
		return wrap(w, &smp, NULL, IMP_TEXT("\xbf\x61\x6f\x1c\xff\xff"));
	if (imp_sim_fault(d, IMP_FAULT_LIE_BOMB))
		return wrap(w, &smp, NULL, IMP_TEXT("\xa1\x61v\x9a\xff\xff\xff\xff"));
	if (smp.id == IMP_DESCRIBE)
		return imp_sim_fault(d, IMP_FAULT_LIE_VERSION) ? lie_version(w, &smp)
							       : answer;
	if (imp_response_decode(smp.body, &r, NULL) || r.evidence.len == 0)
		return answer;
	r.evidence = lie_evidence(d, r.evidence, &t);
	if (imp_sim_fault(d, IMP_FAULT_LIE_EVIDENCE))
		r.again = false;
	return wrap(w, &smp, &r, (struct imp_span){ 0 });
}

/* "Applied": evidence of the state before, by way of an honest attest. smp is the
 * answer's header. */
static void attest_instead(struct imp_sim_device *d, struct imp_smp smp,
			   struct imp_span nonce, struct imp_writer *w)
{
	enum { ID_AT = 7 };
	const struct imp_request q = { .nonce = nonce };
	uint8_t ask[128];
	struct imp_writer a = imp_writer(ask, sizeof(ask));
	size_t at;

	smp.op--;
	smp.id = IMP_ATTEST;
	at = imp_smp_open(&a, &smp);
	imp_request_encode(&q, &a);
	imp_smp_close(&a, at);
	imp_agent_handle(&d->agent, imp_written(&a), w);
	w->ptr[ID_AT] = IMP_STAGE;
}

/* Answers that the agent is never asked for. */
bool lie_before(struct imp_sim_device *d, struct imp_span request, struct imp_writer *w)
{
	const struct imp_fault *refuse = imp_sim_fault(d, IMP_FAULT_REFUSE);
	struct imp_response r = { .failed = true, .group = IMP_GROUP_IMPRINT };
	struct imp_request q;
	struct imp_smp smp;

	if (!imp_smp_decode(request, &smp) || !is_ours(&smp) || smp.id == IMP_DESCRIBE)
		return false;
	smp.op++;
	if (refuse) {
		r.rc = refuse->n;
		wrap(w, &smp, &r, (struct imp_span){ 0 });
		return true;
	}
	if (!imp_sim_fault(d, IMP_FAULT_LIE_APPLIED) || smp.id != IMP_STAGE ||
	    !imp_request_decode(smp.body, &q) || q.nonce.len == 0)
		return false;
	attest_instead(d, smp, q.nonce, w);
	return true;
}
