/* SPDX-License-Identifier: Apache-2.0 */
/* What a device proves: evidence, and the history that explains it. */
#include <string.h>

#include "base/digits.h"
#include "base/reason.h"
#include "crypto/host.h"
#include "devices.h"
#include "report.h"

int device_nonce(struct device *d, uint8_t nonce[32])
{
	struct asked *a = &d->asked;
	struct imp_span challenge = imp_secret_span(&a->bytes);
	struct imp_span ueid = d->known.bytes.len > 0 ? d->known.card.ueid : d->ueid;

	if (imp_random(d->crypto, nonce, 32))
		return imp_fail(&d->err, IMP_EINTERNAL, "no randomness");
	if (challenge.len == 0)
		return 0;
	memcpy(a->r, nonce, sizeof(a->r));
	imp_session_challenge(&d->session, challenge, IMP_SPAN(a->r));
	return imp_challenge_nonce(d->crypto, a->challenge.beacon, ueid, a->r, nonce)
		       ? imp_fail(&d->err, IMP_EINTERNAL, "SHA-256 failed")
		       : 0;
}

const char *device_proof_says(const struct device *d, char out[DEVICE_PROOF])
{
	char id[24], by[24];

	if (d->fresh != FRESH_SINCE_CHALLENGE)
		return "attested";
	imp_short_hex(IMP_SPAN(d->asked.id), id);
	imp_short_hex(IMP_SPAN(d->asked.by), by);
	snprintf(out, DEVICE_PROOF, "attested, fresh since challenge %s of %s", id, by);
	return out;
}

int device_hint_hidden(struct device *d, int rc)
{
	return imp_hint(&d->err, rc,
			"its policy is to hide who it is: --challenge FILE has it say "
			"so, or --id ID names it");
}

static int hint_challenge(struct device *d, int rc)
{
	if (d->reason != IMP_R_CHALLENGE)
		return rc;
	if (d->asked.bytes.len == 0)
		return imp_hint(&d->err, rc,
				"its policy: it proves itself to challenges only: "
				"--challenge FILE, which imprint challenge makes with "
				"its owner's key");
	return imp_hint(&d->err, rc,
			"the challenge is not one by its owner of now, or of an "
			"authority, for this device, or others must approve it: "
			"imprint inspect shows it");
}

int device_ask_evidence(struct device *d, const uint8_t nonce[32], struct imp_response *r)
{
	return hint_challenge(
		d, imp_session_attest(&d->session, nonce, r, &d->reason, &d->err));
}

int device_ask_card(struct device *d, const uint8_t nonce[32], struct imp_response *r)
{
	return hint_challenge(
		d, imp_session_enroll(&d->session, nonce, r, &d->reason, &d->err));
}

/* The ring, all of it: pages until the total is there. */
int device_ring(struct device *d, struct imp_secret *base, struct imp_secret *entries)
{
	uint8_t buf[4096];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	uint32_t total = 1, have = 0;
	int rc = 0;

	imp_cbor_put_head(&w, IMP_CBOR_ARRAY, 0);
	for (unsigned pages = 0; !rc && have < total && pages < 64; pages++) {
		struct imp_response r;
		struct imp_cbor c;
		size_t left;

		rc = hint_challenge(d, imp_session_history(&d->session, have, &r,
							   &d->reason, &d->err));
		if (rc)
			return rc;
		total = r.total;
		rc = imp_secret_set(base, r.base, &d->err);
		if (imp_cbor_open(&c, r.entries, IMP_CBOR_LENIENT, NULL))
			return imp_fail(&d->err, IMP_EDEVICE, "%s: unreadable history",
					d->uri);
		left = imp_cbor_array(&c);
		if (left == 0 && have < total)
			return imp_fail(&d->err, IMP_EDEVICE,
					"%s: history without entries", d->uri);
		for (; imp_cbor_more(&c, &left); have++)
			imp_cbor_put_bytes(&w, imp_cbor_bytes(&c));
	}
	if (!w.ok || have > 23)
		return imp_fail(&d->err, IMP_EDEVICE,
				"%s: more history than a ring holds", d->uri);
	buf[0] = (uint8_t)(0x80 | have);
	return rc ? rc : imp_secret_set(entries, imp_written(&w), &d->err);
}

static int explain(struct device *d, const struct device_check *check)
{
	const struct imp_evidence *token = &d->appraisal.token;
	const struct imp_writers writers = {
		.owner = check->expected.owner.len ? check->expected.owner : token->owner,
		.party = check->party,
		.parties = check->parties,
		.owner_named = check->expected.owner.len > 0 ||
			       imp_span_eq(check->us, token->owner),
	};
	CLEANUP(imp_secret_fini) struct imp_secret base = { 0 }, entries = { 0 };
	struct imp_ring ring;
	int rc = device_ring(d, &base, &entries);

	if (rc)
		return rc;
	ring = (struct imp_ring){ imp_secret_span(&base), imp_secret_span(&entries) };
	return imp_chains_explain(d->crypto, &check->chains, check->step, &ring, &writers,
				  &d->appraisal);
}

static int differences(struct device *d)
{
	const struct imp_difference *first = &d->appraisal.difference[0];
	char text[REPORT_DIFFERENCE];
	int rc;

	if (imp_appraisal_code(&d->appraisal) == 0)
		return 0;
	report_difference(first, text);
	rc = imp_fail(&d->err, first->code, "%s: %s: %s", d->uri, d->name, text);
	if (d->appraisal.decoded && d->appraisal.token.life == IMP_LIFE_DECOMMISSIONED)
		imp_hint(&d->err, rc,
			 "it is retired, for good: verify --retired expects that");
	if (d->appraisal.decoded && d->appraisal.token.life == IMP_LIFE_UNOWNED)
		imp_hint(&d->err, rc, "nobody owns it yet: imprint claim");
	if (d->appraisal.foreign > 0)
		imp_hint(&d->err, rc,
			 "where its owner let that key write domain %u: --grant FILE, "
			 "with --owner, says so",
			 d->appraisal.foreign);
	return rc;
}

int device_appraise(struct device *d, struct imp_span evidence,
		    struct device_check *check)
{
	int rc = imp_secret_set(&d->evidence, evidence, &d->err);

	if (rc)
		return rc;
	imp_appraise(d->crypto, imp_secret_span(&d->evidence), &check->expected,
		     &d->appraisal);
	d->attested = d->appraisal.decoded;
	d->proved = false;
	d->fresh = !d->attested || !imp_span_eq(d->appraisal.token.nonce,
						(struct imp_span){ check->expected.nonce,
								   IMP_NONCE_LEN })
			   ? NOT_FRESH
		   : d->asked.bytes.len > 0 ? FRESH_SINCE_CHALLENGE
					    : FRESH_TO_US;
	if (!d->attested)
		return differences(d);
	imp_device_name(d->appraisal.token.ueid, d->name);
	rc = imp_chains_foretell(d->crypto, &check->chains, check->step, &d->appraisal);
	if (rc < 0)
		return imp_fail(&d->err, IMP_EINTERNAL, "SHA-256 failed");
	/* What was expected is there, or the device's ring must explain every step. */
	if (rc == 0) {
		rc = explain(d, check);
		if (rc && d->appraisal.count == 0)
			return rc;
	}
	d->proved = imp_appraisal_code(&d->appraisal) == 0;
	return differences(d);
}
