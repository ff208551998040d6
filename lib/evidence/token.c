/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: decode and encode. */
#include "evidence/measured.h"
#include "object/domains.h"
#include "object/fields.h"
#include "object/target.h"
#include "object/transfer.h"

/* Claims. Source: IANA CWT Claims; imprint-formats(7). */
enum {
	NONCE = 10,
	UEID = 256,
	OEMID = 258,
	HWMODEL = 259,
	HWVERSION = 260,
	DBGSTAT = 263,
	EAT_PROFILE = 265,
	BOOTCOUNT = 267,
	MEASUREMENTS = 273,
	LIFECYCLE = 2395,
	OWNER = -70020,
	HEADS = -70021,
	COUNT = -70022,
	POLICY = -70023,
	ANCHOR = -70024,
	RECOVERY = -70025,
	PAIRS = -70026,
};

enum { HASH_LEN = 32, RECOVERY_LEN = 16 };

static const struct imp_span profile = { (const uint8_t *)IMP_EVIDENCE_PROFILE,
					 sizeof(IMP_EVIDENCE_PROFILE) - 1 };

const char *imp_life_name(uint32_t life)
{
	return life == IMP_LIFE_UNOWNED		 ? "unowned"
	       : life == IMP_LIFE_OWNED		 ? "owned"
	       : life == IMP_LIFE_LOCKED	 ? "locked"
	       : life == IMP_LIFE_DECOMMISSIONED ? "decommissioned"
						 : "unknown";
}

static void take_identity(struct imp_cbor *c, struct imp_fields *f,
			  struct imp_evidence *e)
{
	imp_field_need(f, NONCE);
	e->nonce = imp_cbor_bytes_len(c, IMP_NONCE_LEN, IMP_NONCE_LEN);
	imp_field_need(f, UEID);
	e->ueid = imp_cbor_bytes_len(c, IMP_UEID_MIN, IMP_UEID_MAX);
	imp_field_need(f, OEMID);
	e->oemid = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	imp_field_need(f, HWMODEL);
	e->hwmodel = imp_cbor_bytes_len(c, 1, IMP_HWMODEL_MAX);
	if (imp_field(f, HWVERSION)) {
		imp_cbor_expect_array(c, 1);
		e->hwversion = imp_cbor_text(c);
	}
}

static void take_state(struct imp_cbor *c, struct imp_fields *f, struct imp_evidence *e)
{
	imp_field_need(f, DBGSTAT);
	e->dbgstat = (uint32_t)imp_cbor_uint_max(c, IMP_DEBUG_MAX);
	imp_field_need(f, EAT_PROFILE);
	if (!imp_span_eq(imp_cbor_text(c), profile))
		imp_cbor_fail(c, "eat_profile is not that of imprint's evidence");
	imp_field_need(f, BOOTCOUNT);
	e->boot = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	if (imp_field(f, MEASUREMENTS))
		imp_measurements_take(c, e);
	imp_field_need(f, LIFECYCLE);
	e->life = (uint32_t)imp_cbor_uint_max(c, UINT16_MAX);
}

static void take_owner(struct imp_cbor *c, struct imp_evidence *e)
{
	e->owned = imp_cbor_peek(c) != IMP_T_NULL;
	if (!e->owned) {
		imp_cbor_null(c);
		return;
	}
	imp_cbor_expect_array(c, 3);
	e->owner = imp_cbor_bytes_len(c, HASH_LEN, HASH_LEN);
	e->owner_epoch = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	e->record = imp_cbor_bytes_len(c, HASH_LEN, HASH_LEN);
}

static void take_heads(struct imp_cbor *c, struct imp_evidence *e)
{
	size_t n = imp_cbor_map(c);

	while (imp_cbor_more(c, &n)) {
		unsigned d = (unsigned)imp_cbor_uint_max(c, IMP_EVIDENCE_DOMAINS - 1);

		imp_cbor_expect_array(c, 2);
		e->chain[d].n = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
		e->chain[d].h = imp_cbor_bytes_len(c, HASH_LEN, HASH_LEN);
		e->chains |= (uint16_t)(1u << d);
	}
	if (imp_cbor_ok(c) && !(e->chains & 1))
		imp_cbor_fail(c, "the history of domain 0 is missing");
}

/* {+ domain => [domain-epoch, sequence]} */
static void take_pairs(struct imp_cbor *c, struct imp_evidence *e)
{
	size_t n = imp_cbor_map(c);

	if (imp_cbor_ok(c) && n == 0)
		imp_cbor_fail(c, "no pair");
	while (imp_cbor_more(c, &n)) {
		unsigned d = (unsigned)imp_cbor_uint_max(c, IMP_EVIDENCE_DOMAINS - 1);
		struct imp_measured *m = &e->domain[d];

		if (imp_cbor_ok(c) && (e->used >> d & 1))
			imp_cbor_fail(c, "a pair of a domain that is measured");
		imp_cbor_expect_array(c, 2);
		m->domain_epoch = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
		m->sequence = imp_cbor_uint_max(c, INT64_MAX);
		if (imp_cbor_ok(c) && m->domain_epoch == 0 && m->sequence == 0)
			imp_cbor_fail(c, "a pair of zeros");
		e->raised |= (uint16_t)(1u << d);
	}
}

static void take_imprint(struct imp_cbor *c, struct imp_fields *f, struct imp_evidence *e)
{
	imp_field_need(f, OWNER);
	take_owner(c, e);
	imp_field_need(f, HEADS);
	take_heads(c, e);
	imp_field_need(f, COUNT);
	e->count = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	imp_field_need(f, POLICY);
	e->policy = (uint32_t)imp_cbor_uint_max(c, IMP_POLICY_ALL);
	imp_field_need(f, ANCHOR);
	e->anchor = (uint32_t)imp_cbor_uint_max(c, 1);
	if (imp_field(f, RECOVERY))
		e->recovery = imp_cbor_bytes_len(c, RECOVERY_LEN, RECOVERY_LEN);
	if (imp_field(f, PAIRS))
		take_pairs(c, e);
}

const char *imp_evidence_contradiction(const struct imp_evidence *e)
{
	if ((e->life == IMP_LIFE_UNOWNED) == e->owned)
		return "its lifecycle and its owner contradict each other";
	if (e->owned ? e->owner_epoch == 0 || e->chain[0].n == 0
		     : e->chain[0].n > 0 || e->used || e->raised)
		return "its owner and its history contradict each other";
	if ((e->used | 1) != e->chains)
		return "its domains and their histories contradict each other";
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if ((e->used >> d & 1) && e->chain[d].n == 0)
			return "a domain holds a profile that its history does not know";
	return NULL;
}

int imp_evidence_decode(struct imp_span in, struct imp_evidence *out,
			struct imp_error *err)
{
	struct imp_evidence e = { 0 };
	struct imp_cbor_fault fault;
	struct imp_fields f;
	struct imp_cbor c;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "evidence", err);
	f = imp_fields(&c, true);
	take_identity(&c, &f, &e);
	take_state(&c, &f, &e);
	take_imprint(&c, &f, &e);
	imp_fields_end(&f);
	rc = imp_cbor_finish(&c, "evidence", err);
	if (!rc)
		*out = e;
	return rc;
}

static void put_identity(struct imp_writer *w, const struct imp_evidence *e)
{
	imp_cbor_put_int(w, NONCE);
	imp_cbor_put_bytes(w, e->nonce);
	imp_cbor_put_int(w, UEID);
	imp_cbor_put_bytes(w, e->ueid);
	imp_cbor_put_int(w, OEMID);
	imp_cbor_put_uint(w, e->oemid);
	imp_cbor_put_int(w, HWMODEL);
	imp_cbor_put_bytes(w, e->hwmodel);
	if (e->hwversion.len > 0) {
		imp_cbor_put_int(w, HWVERSION);
		imp_cbor_put_array(w, 1);
		imp_cbor_put_text(w, e->hwversion);
	}
}

static void put_state(struct imp_writer *w, const struct imp_evidence *e)
{
	imp_cbor_put_int(w, DBGSTAT);
	imp_cbor_put_uint(w, e->dbgstat);
	imp_cbor_put_int(w, EAT_PROFILE);
	imp_cbor_put_text(w, profile);
	imp_cbor_put_int(w, BOOTCOUNT);
	imp_cbor_put_uint(w, e->boot);
	if (imp_measurements_any(e)) {
		imp_cbor_put_int(w, MEASUREMENTS);
		imp_measurements_put(w, e);
	}
	imp_cbor_put_int(w, LIFECYCLE);
	imp_cbor_put_uint(w, e->life);
}

static void put_owner(struct imp_writer *w, const struct imp_evidence *e)
{
	imp_cbor_put_int(w, OWNER);
	if (!e->owned) {
		imp_cbor_put_null(w);
		return;
	}
	imp_cbor_put_array(w, 3);
	imp_cbor_put_bytes(w, e->owner);
	imp_cbor_put_uint(w, e->owner_epoch);
	imp_cbor_put_bytes(w, e->record);
}

static void put_pairs(struct imp_writer *w, const struct imp_evidence *e)
{
	imp_cbor_put_int(w, PAIRS);
	imp_cbor_put_map(w, imp_domains_count(e->raised));
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++) {
		if (!(e->raised >> d & 1))
			continue;
		imp_cbor_put_uint(w, d);
		imp_cbor_put_array(w, 2);
		imp_cbor_put_uint(w, e->domain[d].domain_epoch);
		imp_cbor_put_uint(w, e->domain[d].sequence);
	}
}

static void put_heads(struct imp_writer *w, const struct imp_evidence *e)
{
	imp_cbor_put_int(w, HEADS);
	imp_cbor_put_map(w, imp_domains_count(e->chains));
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++) {
		if (!(e->chains >> d & 1))
			continue;
		imp_cbor_put_uint(w, d);
		imp_cbor_put_array(w, 2);
		imp_cbor_put_uint(w, e->chain[d].n);
		imp_cbor_put_bytes(w, e->chain[d].h);
	}
}

void imp_evidence_encode(const struct imp_evidence *e, struct imp_writer *w)
{
	imp_cbor_put_map(w, 13u + (e->hwversion.len > 0) + imp_measurements_any(e) +
				    (e->recovery.len > 0) + (e->raised != 0));
	put_identity(w, e);
	put_state(w, e);
	put_owner(w, e);
	put_heads(w, e);
	imp_cbor_put_int(w, COUNT);
	imp_cbor_put_uint(w, e->count);
	imp_cbor_put_int(w, POLICY);
	imp_cbor_put_uint(w, e->policy);
	imp_cbor_put_int(w, ANCHOR);
	imp_cbor_put_uint(w, e->anchor);
	if (e->recovery.len > 0) {
		imp_cbor_put_int(w, RECOVERY);
		imp_cbor_put_bytes(w, e->recovery);
	}
	if (e->raised)
		put_pairs(w, e);
}
