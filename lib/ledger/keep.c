/* SPDX-License-Identifier: Apache-2.0 */
/* What was delivered, proven, permitted and revoked. */

#include "cose/key.h"
#include "ledger/core.h"
#include "ledger/journal.h"
#include "object/challenge.h"
#include "object/signed.h"

static struct imp_span bytes32(const uint8_t *p)
{
	return (struct imp_span){ p, p ? 32 : 0 };
}

static int put(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	return imp_append_record(l, ctx, NULL, err);
}

int imp_ledger_deliver(struct imp_ledger *l, const struct imp_delivery *d,
		       struct imp_error *err)
{
	struct imp_span message = imp_span_str(d->message);
	struct imp_record r = { .type = IMP_LEAF_DELIVERY,
				.ueid = d->ueid,
				.object = bytes32(d->object),
				.code = (uint64_t)d->code,
				.assurance = d->way,
				.reason = message };

	if (message.len > IMP_REASON_MAX) /* cut between characters */
		for (r.reason.len = IMP_REASON_MAX;
		     r.reason.len > 0 && (message.ptr[r.reason.len] & 0xc0) == 0x80;)
			r.reason.len--;
	return imp_ledger_do(l, put, &r, err);
}

static int evidence(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	struct imp_record *r = ctx;
	int rc = imp_find_latest(l, IMP_REF_NONCE, r->nonce, &f, err);

	if (rc > 0 && imp_span_eq(f.record.bytes, r->bytes))
		return 0;
	if (rc > 0)
		return imp_fail(err, IMP_EVERIFY,
				"its nonce was used by other evidence (entry %llu)",
				(unsigned long long)f.index);
	return rc ? rc : put(l, r, err);
}

int imp_ledger_evidence(struct imp_ledger *l, const struct imp_proof_of_state *p,
			struct imp_error *err)
{
	uint8_t key[IMP_COSE_KEY_MAX], kid[32];
	struct imp_writer w = imp_writer(key, sizeof(key));
	struct imp_record r = { .type = IMP_LEAF_EVIDENCE,
				.ueid = p->token->ueid,
				.signing = IMP_SPAN(kid),
				.nonce = p->token->nonce,
				.boot = p->token->boot,
				.count = p->token->count,
				.code = (uint64_t)p->verdict,
				.object = bytes32(p->object),
				.bytes = p->bytes };
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	int rc = imp_crypto_new(&crypto, err);

	if (rc)
		return rc;
	if (imp_cose_kid(crypto, p->key, kid))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (p->challenge) {
		r.challenge = bytes32(p->challenge);
		r.issuer = bytes32(p->by);
		r.beacon = p->beacon;
		r.r = (struct imp_span){ p->r, IMP_CHALLENGE_R };
	}
	imp_cose_key_put(&w, p->key);
	r.key = imp_written(&w);
	return imp_ledger_do(l, evidence, &r, err);
}

static int give(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	struct imp_record *r = ctx;
	int rc = imp_find_latest(l, IMP_REF_GIVEN, r->object, &f, err);

	return rc < 0 ? rc : rc > 0 ? 0 : put(l, r, err);
}

int imp_ledger_order(struct imp_ledger *l, const uint8_t id[32], struct imp_span object,
		     struct imp_error *err)
{
	struct imp_record r = { .type = IMP_LEAF_ORDER,
				.object = bytes32(id),
				.bytes = object };

	return imp_ledger_do(l, give, &r, err);
}

int imp_ledger_grant(struct imp_ledger *l, const uint8_t id[32], struct imp_span object,
		     struct imp_error *err)
{
	struct imp_record r = { .type = IMP_LEAF_GRANT,
				.object = bytes32(id),
				.bytes = object };

	return imp_ledger_do(l, give, &r, err);
}

int imp_ledger_revoke(struct imp_ledger *l, const uint8_t id[32], uint64_t sequence,
		      struct imp_span subject, const char *reason, struct imp_error *err)
{
	struct imp_record r = { .type = IMP_LEAF_REVOKE,
				.object = bytes32(id),
				.sequence = sequence,
				.subject = subject,
				.reason = imp_span_str(reason) };

	return imp_ledger_do(l, put, &r, err);
}

struct last {
	struct imp_ledger *l;
	struct imp_span kid;
	struct imp_secret *out;
	bool any;
};

bool imp_is_evidence(struct imp_crypto *crypto, struct imp_span bytes,
		     const struct imp_pub *key, struct imp_signed *out)
{
	uint8_t kid[32];

	return imp_signed_decode(bytes, out, NULL) == 0 &&
	       out->kind == IMP_KIND_EVIDENCE && out->cose.count == 1 &&
	       imp_cose_kid(crypto, key, kid) == 0 &&
	       imp_span_eq(out->issuer, IMP_SPAN(kid)) &&
	       imp_signed_verify(crypto, out, 0, key) == 0;
}

/* Whoever writes past the program can enter anything under any counts; the device signed
 * its own. */
static bool is_what_it_says(const struct last *q, const struct imp_record *r)
{
	struct imp_evidence token;
	struct imp_signed s;
	struct imp_pub key;

	return imp_parse_key(q->l, r->key, &key, NULL) == 0 &&
	       imp_is_evidence(q->l->crypto, r->bytes, &key, &s) &&
	       imp_span_eq(s.issuer, q->kid) &&
	       imp_evidence_decode(s.cose.payload, &token, NULL) == 0 &&
	       token.boot == r->boot && token.count == r->count;
}

static int take_last(void *ctx, const struct imp_found *f, struct imp_error *err)
{
	struct last *q = ctx;

	if (!is_what_it_says(q, &f->record))
		return 0;
	q->any = true;
	return imp_secret_set(q->out, f->record.bytes, err);
}

/* The last one below these counts, or another one with the same. 1: there was one, which
 * may not be what it says; 0; a negative code. */
static int look_below(struct last *q, uint64_t *boot, uint64_t *count,
		      struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	struct imp_record at = { .signing = q->kid, .boot = *boot, .count = *count };
	uint8_t key[IMP_PAIR_MAX];
	struct imp_writer w = imp_writer(key, sizeof(key));
	int rc;

	imp_good_put(&at, &w);
	rc = imp_find_newest(q->l, IMP_REF_GOOD, q->kid, imp_written(&w), &f, err);
	if (rc <= 0)
		return rc;
	*boot = f.record.boot;
	*count = f.record.count;
	w.len = 0;
	imp_good_put(&f.record, &w);
	rc = take_last(q, &f, err);
	if (!rc && !q->any)
		rc = imp_find_each(q->l, IMP_REF_GOOD, imp_written(&w), take_last, q,
				   err);
	return rc ? rc : 1;
}

/* An answer that was held back comes late: the device's own counts say which is last. */
static int find_last(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct last *q = ctx;
	uint64_t boot = UINT64_MAX, count = UINT64_MAX;
	int rc = 1;

	q->l = l;
	q->any = false;
	while (rc > 0 && !q->any)
		rc = look_below(q, &boot, &count, err);
	return rc < 0 ? rc : q->any;
}

int imp_ledger_last_evidence(struct imp_ledger *l, struct imp_span kid,
			     struct imp_secret *out, struct imp_error *err)
{
	struct last q = { .kid = kid, .out = out };

	return imp_ledger_read(l, find_last, &q, err);
}

struct list {
	const struct imp_shown_list *shown;
	bool keep;
};

static int list(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	CLEANUP(imp_found_fini) struct imp_found f = { 0 };
	const struct list *q = ctx;
	struct imp_record r = { .type = IMP_LEAF_LIST,
				.object = bytes32(q->shown->id),
				.issuer = bytes32(q->shown->owner),
				.sequence = q->shown->sequence };
	int rc = imp_find_latest(l, IMP_REF_LIST, r.issuer, &f, err);

	if (rc > 0 && f.record.sequence > r.sequence)
		return imp_fail(err, IMP_EPOLICY,
				"sequence %llu is older than %llu, seen in entry %llu",
				(unsigned long long)r.sequence,
				(unsigned long long)f.record.sequence,
				(unsigned long long)f.index);
	if (rc > 0 && f.record.sequence == r.sequence)
		return imp_span_eq(f.record.object, r.object)
			       ? 0
			       : imp_fail(err, IMP_EPOLICY,
					  "another list of sequence %llu was seen in "
					  "entry %llu",
					  (unsigned long long)r.sequence,
					  (unsigned long long)f.index);
	if (rc < 0)
		return rc;
	return q->keep ? put(l, &r, err) : 0;
}

int imp_ledger_list(struct imp_ledger *l, const struct imp_shown_list *shown, bool keep,
		    struct imp_error *err)
{
	struct list q = { shown, keep };

	return keep ? imp_ledger_do(l, list, &q, err) : imp_ledger_read(l, list, &q, err);
}
