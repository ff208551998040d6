/* SPDX-License-Identifier: Apache-2.0 */
/* What was issued, delivered, proven, permitted and revoked. */
#include <string.h>

#include "cose/key.h"
#include "fill.h"
#include "ledger/revocations.h"
#include "ledger/verify.h"
#include "object/revocation.h"
#include "object/signed.h"

static struct imp_error err;

static uint64_t size_of(struct imp_ledger *l)
{
	struct imp_ledger_info i;

	WORKS(imp_ledger_info(l, &i, &err));
	return i.size;
}

static struct imp_issued object_of(uint8_t id, uint64_t sequence)
{
	return (struct imp_issued){ .object = fill_id(id),
				    .ueid = { fill_id(9), 15 },
				    .issuer = fill_id(8),
				    .domain = 1,
				    .owner_epoch = 1,
				    .sequence = sequence };
}

TEST_BOTH(keep, one_object_a_device_and_its_numbers)
{
	struct imp_issued a = object_of(1, 7), b = object_of(2, 7);
	struct imp_ledger *l = place_open(p, "line-1");

	WORKS(imp_ledger_issue(l, &a, &err));
	WORKS(imp_ledger_issue(l, &a, &err)); /* a retry builds the same */
	cr_assert_eq(size_of(l), 2);
	SAYS(imp_ledger_issue(l, &b, &err), IMP_EPOLICY,
	     "sequence 7 of domain 1 was issued already");
	b.domain = 2;
	WORKS(imp_ledger_issue(l, &b, &err));
	b = object_of(3, 7);
	b.ueid = (struct imp_span){ fill_id(10), 15 };
	WORKS(imp_ledger_issue(l, &b, &err));
	b = object_of(4, 7);
	b.owner_epoch = 2;
	WORKS(imp_ledger_issue(l, &b, &err));
	b = object_of(5, 7);
	b.domain_epoch = 1;
	WORKS(imp_ledger_issue(l, &b, &err));
	b = object_of(6, 7);
	b.issuer = fill_id(7); /* another's numbers are another's */
	WORKS(imp_ledger_issue(l, &b, &err));
	b = object_of(1, 8);
	SAYS(imp_ledger_issue(l, &b, &err), IMP_EPOLICY, "which has other numbers");
	b.ueid = (struct imp_span){ fill_id(10), 15 }; /* forged: for which of them? */
	WORKS(imp_ledger_issue(l, &b, &err));
	imp_ledger_close(&l);
}

/* Whatever its outside says: only devices can tell. */
TEST_BOTH(keep, what_a_device_refuses_takes_no_numbers)
{
	struct imp_issued a = object_of(1, 7), b = object_of(2, 7),
			  forged = object_of(2, 9);
	const struct imp_item item = { .id = a.object,
				       .object = a.object,
				       .ueid = a.ueid };
	struct imp_delivery d = { .object = a.object,
				  .ueid = a.ueid,
				  .code = IMP_EVERIFY,
				  .way = IMP_REFUSED };
	struct imp_ledger *l = place_open(p, "line-1");

	WORKS(imp_ledger_issue(l, &a, &err));
	WORKS(imp_ledger_reserve(l, &item, &err));
	WORKS(imp_ledger_sent(l, item.id, item.ueid, &err));
	WORKS(imp_ledger_sent(l, item.id, item.ueid, &err));
	WORKS(imp_ledger_deliver(l, &d, &err));
	SAYS(imp_ledger_issue(l, &b, &err), IMP_EPOLICY, "was issued already"); /* one */
	WORKS(imp_ledger_deliver(l, &d, &err));
	WORKS(imp_ledger_issue(l, &b, &err));
	d.object = forged.object;
	WORKS(imp_ledger_deliver(l, &d, &err));
	WORKS(imp_ledger_issue(l, &forged, &err));
	imp_ledger_close(&l);
}

/* A list of one key, one object and one device, each of the same bytes. */
static struct imp_span list_of(const struct fill_key *k, uint8_t key, uint8_t object,
			       uint8_t device, struct imp_writer *w, uint8_t id[32])
{
	uint8_t set[IMP_REVOKED_SETS][64], payload[256];
	const struct imp_span subject[] = { { fill_id(key), 32 },
					    { fill_id(object), 32 },
					    { fill_id(device), 15 } };
	struct imp_revocation r = { .sequence = 1, .part = 1, .parts = 1 };
	struct imp_writer p = imp_writer(payload, sizeof(payload));

	for (int i = 0; i < IMP_REVOKED_SETS; i++) {
		struct imp_writer s = imp_writer(set[i], sizeof(set[i]));

		imp_cbor_put_array(&s, 1);
		imp_cbor_put_bytes(&s, subject[i]);
		r.set[i] = imp_written(&s);
	}
	imp_revocation_encode(&r, &p);
	cr_assert_eq(imp_signed_put_one(k->crypto, &k->signer, IMP_KIND_REVOCATION,
					(struct imp_span){ 0 }, imp_written(&p), w, id),
		     0);
	return imp_written(w);
}

static int is_revoked(struct imp_ledger *l, const uint8_t (*owner)[32],
		      struct imp_span subject, uint64_t *entry)
{
	const struct imp_owner_kids by = { owner, owner ? 1 : 0 };

	return imp_ledger_revoked(l, &by, subject, entry, &err);
}

TEST_BOTH(keep, what_an_owner_revokes_is_revoked_by_that_owner)
{
	struct imp_ledger *l = place_open(p, "line-1");
	uint8_t room[1024], id[32], mine[1][32], theirs[1][32];
	struct imp_writer w = imp_writer(room, sizeof(room));
	struct fill_key owner, other;
	struct imp_span part;
	uint64_t entry = 0;

	fill_key(&owner);
	fill_key(&other);
	cr_assert_eq(imp_cose_kid(owner.crypto, &owner.key.pub, mine[0]), 0);
	cr_assert_eq(imp_cose_kid(other.crypto, &other.key.pub, theirs[0]), 0);
	part = list_of(&owner, 0x41, 0x42, 0x43, &w, id);
	SAYS(imp_ledger_revoke_part(l, part, &other.key.pub, &err), IMP_EVERIFY,
	     "does not verify");
	cr_assert_eq(size_of(l), 1);
	WORKS(imp_ledger_revoke_part(l, part, &owner.key.pub, &err));
	cr_assert_eq(size_of(l), 5);
	WORKS(imp_ledger_revoke_part(l, part, &owner.key.pub, &err));
	cr_assert_eq(size_of(l), 6); /* the part alone: all of it is revoked */
	for (uint8_t i = 0; i < 3; i++) {
		const struct imp_span s = { fill_id((uint8_t)(0x41 + i)),
					    i < 2 ? 32 : 15 };

		cr_assert_eq(is_revoked(l, mine, s, &entry), 1);
		cr_assert_eq(entry, 2u + i);
		cr_assert_eq(is_revoked(l, theirs, s, &entry), 0);
		cr_assert_eq(is_revoked(l, NULL, s, &entry), 0);
	}
	imp_ledger_close(&l);
	fill_key_stop(&owner);
	fill_key_stop(&other);
}

/* An entry that no part stands behind, and one behind which a part says something else.
 */
TEST_BOTH(keep, what_no_list_says_is_not_revoked)
{
	const struct imp_span subject = { fill_id(0x51), 32 };
	struct imp_ledger *l = place_open(p, "line-1");
	uint8_t room[1024], id[32], mine[1][32];
	struct imp_writer w = imp_writer(room, sizeof(room));
	struct fill_key owner;
	struct imp_span part;
	uint64_t entry = 0;

	fill_key(&owner);
	cr_assert_eq(imp_cose_kid(owner.crypto, &owner.key.pub, mine[0]), 0);
	part = list_of(&owner, 0x41, 0x42, 0x43, &w, id);
	WORKS(imp_ledger_revoke(l, fill_id(0xaa), 1, subject, "lost", &err));
	WORKS(imp_ledger_revoke(l, id, 1, subject, "lost", &err));
	WORKS(imp_ledger_grant(l, id, IMP_TEXT("no list"), &err));
	cr_assert_eq(is_revoked(l, mine, subject, &entry), 0);
	WORKS(imp_ledger_revoke_part(l, part, &owner.key.pub, &err));
	cr_assert_eq(is_revoked(l, mine, subject, &entry), 0);
	/* What was entered under the id of the list before it hides nothing of it. */
	cr_assert_eq(is_revoked(l, mine, (struct imp_span){ fill_id(0x41), 32 }, &entry),
		     1);
	imp_ledger_close(&l);
	fill_key_stop(&owner);
}

/* SEQ: a nonce answers once. */
TEST_BOTH(keep, a_nonce_is_used_by_one_evidence)
{
	struct imp_evidence token = { .ueid = { fill_id(9), 15 },
				      .nonce = { fill_id(4), 32 },
				      .boot = 1,
				      .count = 2 };
	struct imp_proof_of_state e = { .bytes = IMP_TEXT("evidence"), .token = &token };
	struct imp_ledger *l = place_open(p, "line-1");
	struct fill_key key;

	fill_key(&key);
	e.key = &key.key.pub;
	WORKS(imp_ledger_evidence(l, &e, &err));
	WORKS(imp_ledger_evidence(l, &e, &err));
	cr_assert_eq(size_of(l), 2);
	e.bytes = IMP_TEXT("evidencf");
	SAYS(imp_ledger_evidence(l, &e, &err), IMP_EVERIFY, "(entry 1)");
	token.nonce.ptr = fill_id(5);
	WORKS(imp_ledger_evidence(l, &e, &err));
	fill_key_stop(&key);
	imp_ledger_close(&l);
}

TEST_BOTH(keep, what_an_owner_signed_is_kept_once)
{
	struct imp_ledger *l = place_open(p, "line-1");

	WORKS(imp_ledger_order(l, fill_id(1), IMP_TEXT("order"), &err));
	WORKS(imp_ledger_order(l, fill_id(1), IMP_TEXT("order"), &err));
	WORKS(imp_ledger_grant(l, fill_id(2), IMP_TEXT("grant"), &err));
	cr_assert_eq(size_of(l), 3);
	imp_ledger_close(&l);
}

/* A long message is cut between characters; what came of it stays readable. */
TEST_BOTH(keep, deliveries_are_kept_each)
{
	char long_one[600];
	struct imp_delivery d = { .object = fill_id(1),
				  .ueid = { fill_id(9), 15 },
				  .code = IMP_EDEVICE,
				  .way = IMP_ATTESTED,
				  .message = long_one };
	struct imp_ledger *l = place_open(p, "line-1");

	for (size_t i = 0; i + 2 < sizeof(long_one); i += 2)
		memcpy(long_one + i, "\xc3\xa9", 3);
	WORKS(imp_ledger_deliver(l, &d, &err));
	long_one[0] = 'x'; /* then the limit falls within a character */
	memmove(long_one + 1, long_one + 2, sizeof(long_one) - 2);
	WORKS(imp_ledger_deliver(l, &d, &err));
	d.message = NULL;
	d.code = IMP_OK;
	WORKS(imp_ledger_deliver(l, &d, &err));
	cr_assert_eq(size_of(l), 4);
	imp_ledger_close(&l);
}

struct told {
	uint32_t boot, count;
	enum imp_code verdict;
};

/* In the order that they come; the last of those that are good is not the last told. */
static const struct told told[] = {
	{ 1, 1, IMP_OK },      { 2, 7, IMP_OK },
	{ 2, 8, IMP_OK },      { 2, 3, IMP_OK }, /* held back */
	{ 3, 1, IMP_EVERIFY },			 /* not what was expected */
};
enum { LAST = 2 };

/* Evidence as a device signs it. */
static struct imp_span evidence_of(const struct fill_key *key, uint8_t nonce,
				   const struct told *t, struct imp_evidence *token,
				   uint8_t out[1024])
{
	uint8_t body[1024];
	struct imp_writer b = imp_writer(body, sizeof(body));
	struct imp_writer w = imp_writer(out, 1024);

	*token = (struct imp_evidence){ .ueid = { fill_id(9), 15 },
					.nonce = { fill_id(nonce), 32 },
					.oemid = 32473,
					.hwmodel = IMP_TEXT("keel-2"),
					.dbgstat = 1,
					.life = IMP_LIFE_UNOWNED,
					.chains = 1,
					.chain[0] = { 0, { fill_id(1), 32 } },
					.boot = t->boot,
					.count = t->count };
	imp_evidence_encode(token, &b);
	WORKS(imp_signed_put_one(key->crypto, &key->signer, IMP_KIND_EVIDENCE,
				 (struct imp_span){ 0 }, imp_written(&b), &w, NULL));
	return imp_written(&w);
}

static void tell(struct imp_ledger *l, const struct fill_key *key)
{
	for (size_t i = 0; i < COUNTOF(told); i++) {
		struct imp_evidence token;
		uint8_t buf[1024];
		struct imp_proof_of_state e = { .bytes = evidence_of(
							key, (uint8_t)(0x20 + i),
							&told[i], &token, buf),
						.token = &token,
						.key = &key->key.pub,
						.verdict = told[i].verdict };

		WORKS(imp_ledger_evidence(l, &e, &err));
	}
}

static void is_last(struct imp_ledger *l, const struct fill_key *key, size_t which)
{
	CLEANUP(imp_secret_fini) struct imp_secret last = { 0 };
	struct imp_evidence token;
	struct imp_signed s;
	uint8_t kid[32];

	WORKS(imp_cose_kid(key->crypto, &key->key.pub, kid));
	cr_assert_eq(imp_ledger_last_evidence(l, IMP_SPAN(kid), &last, &err), 1, "%s",
		     err.msg);
	WORKS(imp_signed_decode(imp_secret_span(&last), &s, &err));
	WORKS(imp_signed_verify(key->crypto, &s, 0, &key->key.pub));
	WORKS(imp_evidence_decode(s.cose.payload, &token, &err));
	cr_assert(token.boot == told[which].boot && token.count == told[which].count);
	cr_assert_eq(imp_ledger_last_evidence(l, (struct imp_span){ fill_id(1), 32 },
					      &last, &err),
		     0);
}

/* By the device's own counts; the others are not even looked at. */
TEST_BOTH(keep, the_last_evidence_is_found_by_its_counts)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_report r;
	struct fill_key key;

	fill_key(&key);
	tell(l, &key);
	is_last(l, &key, LAST);
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	place_sql(p, "UPDATE records SET record = %s WHERE idx <> 3 AND idx > 0",
		  place_blob(p, "00"));
	is_last(l, &key, LAST);
	fill_key_stop(&key);
	imp_ledger_close(&l);
}

/* T14: an older token under higher counts, which would hide that a device was rolled
 * back; another's, and noise, also under the counts of the last one. */
TEST_BOTH(keep, what_is_entered_as_the_last_evidence_must_be_it)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_evidence token;
	uint8_t buf[1024], not_signed[1024];
	struct imp_proof_of_state e = { .token = &token };
	struct fill_key key, other;

	fill_key(&key);
	fill_key(&other);
	tell(l, &key);
	e.key = &key.key.pub;
	e.bytes = evidence_of(&key, 0x40, &told[0], &token, buf);
	token.boot = 9;
	WORKS(imp_ledger_evidence(l, &e, &err));
	e.bytes = evidence_of(&other, 0x41, &(struct told){ 9, 9, IMP_OK }, &token, buf);
	WORKS(imp_ledger_evidence(l, &e, &err));
	e.bytes = evidence_of(&key, 0x42, &told[LAST], &token, buf);
	memcpy(not_signed, e.bytes.ptr, e.bytes.len);
	not_signed[e.bytes.len - 1] ^= 1;
	e.bytes.ptr = not_signed;
	WORKS(imp_ledger_evidence(l, &e, &err));
	is_last(l, &key, LAST);
	fill_key_stop(&other);
	fill_key_stop(&key);
	imp_ledger_close(&l);
}

/* LED-16: entries of a ledger that an older program made. */
TEST_BOTH(keep, what_older_entries_are_found_by_is_filled_in)
{
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_report r;
	struct fill_key key;

	fill_key(&key);
	tell(l, &key);
	imp_ledger_close(&l);
	place_sql(p, "DELETE FROM refs WHERE kind = 14");
	place_sql(p, "DELETE FROM version WHERE number = 2");
	l = place_open(p, "line-1");
	cr_assert_eq(place_number(p, "SELECT count(*) FROM refs WHERE kind = 14"), 4);
	is_last(l, &key, LAST);
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.entries, 1 + COUNTOF(told));
	fill_key_stop(&key);
	imp_ledger_close(&l);
}
