/* SPDX-License-Identifier: Apache-2.0 */
/* Transfer and claim: decode and encode. */
#include "object/transfer.h"
#include "object/cnf.h"
#include "object/domains.h"
#include "object/fields.h"

/* Keys of the payload map. */
enum {
	VERSION = 1,
	OWNER_EPOCH = 3,
	TARGET = 4,
	OWNER = 5,
	APPROVAL = 6,
	POLICY = 7,
	PREVIOUS = 8,
	KEPT = 9,
	RECOVERY = 11,
};

enum { RECORD_LEN = 32, RECOVERY_LEN = 16 };

const char *imp_policy_name(uint32_t policy)
{
	static const char *const names[] = {
		[0] = "no recovery, attests to anyone",
		[IMP_POLICY_RECOVERY] = "recovery allowed",
		[IMP_POLICY_CHALLENGED] = "attests to challenges only",
		[IMP_POLICY_ALL] = "recovery allowed, attests to challenges only",
	};

	return policy <= IMP_POLICY_ALL ? names[policy] : NULL;
}

static bool is_zero(struct imp_span id)
{
	uint8_t any = 0;

	for (size_t i = 0; i < id.len; i++)
		any |= id.ptr[i];
	return any == 0;
}

enum imp_change imp_transfer_change(const struct imp_transfer *t)
{
	if (t->owner_epoch == 1 || is_zero(t->previous))
		return IMP_CHANGE_CLAIM;
	return t->recovery.len > 0 ? IMP_CHANGE_RECOVERY : IMP_CHANGE_TRANSFER;
}

const char *imp_change_name(enum imp_change change)
{
	static const char *const names[] = { [IMP_CHANGE_CLAIM] = "claim",
					     [IMP_CHANGE_TRANSFER] = "transfer",
					     [IMP_CHANGE_RECOVERY] = "recovery" };

	return names[change];
}

/* What only the one or the other has. */
static void check_form(struct imp_cbor *c, const struct imp_transfer *t)
{
	bool claim = imp_transfer_change(t) == IMP_CHANGE_CLAIM;

	if (imp_cbor_ok(c) && claim && (t->has_kept || t->recovery.len > 0))
		imp_cbor_fail(c, "a claim with kept domains or a recovery nonce");
	if (imp_cbor_ok(c) && !claim && t->target.ueid.len == 0)
		imp_cbor_fail(c, "a transfer of a class, where one device is due");
}

int imp_transfer_decode(struct imp_span in, struct imp_transfer *out,
			struct imp_error *err)
{
	struct imp_transfer t = { 0 };
	struct imp_cbor_fault fault;
	struct imp_fields f;
	struct imp_cbor c;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "transfer", err);
	f = imp_fields(&c, false);
	imp_field_need(&f, VERSION);
	imp_cbor_expect_int(&c, 1);
	imp_field_need(&f, OWNER_EPOCH);
	t.owner_epoch = (uint32_t)imp_cbor_uint_max(&c, UINT32_MAX);
	imp_field_need(&f, TARGET);
	imp_target_take(&c, &t.target);
	imp_field_need(&f, OWNER);
	imp_signing_key_take(&c, &t.owner);
	if (imp_field(&f, APPROVAL))
		imp_approval_take(&c, &t.approval);
	imp_field_need(&f, POLICY);
	t.policy = (uint32_t)imp_cbor_uint_max(&c, IMP_POLICY_ALL);
	imp_field_need(&f, PREVIOUS);
	t.previous = imp_cbor_bytes_len(&c, RECORD_LEN, RECORD_LEN);
	t.has_kept = imp_field(&f, KEPT);
	if (t.has_kept)
		t.kept = imp_domains_take(&c);
	if (imp_field(&f, RECOVERY))
		t.recovery = imp_cbor_bytes_len(&c, RECOVERY_LEN, RECOVERY_LEN);
	imp_fields_end(&f);
	check_form(&c, &t);
	rc = imp_cbor_finish(&c, "transfer", err);
	if (!rc)
		*out = t;
	return rc;
}

void imp_transfer_encode(const struct imp_transfer *t, struct imp_writer *w)
{
	imp_cbor_put_map(w, 6u + (t->approval.threshold > 0) + t->has_kept +
				    (t->recovery.len > 0));
	imp_cbor_put_int(w, VERSION);
	imp_cbor_put_int(w, 1);
	imp_cbor_put_int(w, OWNER_EPOCH);
	imp_cbor_put_uint(w, t->owner_epoch);
	imp_cbor_put_int(w, TARGET);
	imp_target_put(w, &t->target);
	imp_cbor_put_int(w, OWNER);
	imp_cose_key_put(w, &t->owner);
	if (t->approval.threshold > 0) {
		imp_cbor_put_int(w, APPROVAL);
		imp_approval_put(w, &t->approval);
	}
	imp_cbor_put_int(w, POLICY);
	imp_cbor_put_uint(w, t->policy);
	imp_cbor_put_int(w, PREVIOUS);
	imp_cbor_put_bytes(w, t->previous);
	if (t->has_kept) {
		imp_cbor_put_int(w, KEPT);
		imp_domains_put(w, t->kept);
	}
	if (t->recovery.len > 0) {
		imp_cbor_put_int(w, RECOVERY);
		imp_cbor_put_bytes(w, t->recovery);
	}
}
