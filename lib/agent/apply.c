/* SPDX-License-Identifier: Apache-2.0 */
/* Applying what is staged: which kind of object it is, and the checks that all kinds
 * share. */
#include <string.h>

#include "agent/internal.h"
#include "base/wipe.h"

bool id_is(const uint8_t a[32], const uint8_t b[32])
{
	return memcmp(a, b, 32) == 0;
}

bool target_fits(const struct imp_agent *a, const struct imp_target *t)
{
	const struct imp_board *b = a->board;

	return (t->ueid.len == 0 || imp_span_eq(t->ueid, b->ueid)) &&
	       (!t->has_oemid || t->oemid == b->oemid) &&
	       (t->hwmodel.len == 0 || imp_span_eq(t->hwmodel, b->hwmodel)) &&
	       (t->sealing.len == 0 ||
		(a->has_keys && imp_span_eq(t->sealing, IMP_SPAN(a->sealing_kid))));
}

/* Chains, batches and algorithms that this agent does not have. */
enum imp_reason check_forms(const struct imp_agent *a, const struct imp_signed *s)
{
	if (s->batched || (s->cose.uh.has & IMP_HAS_CHAIN))
		return IMP_R_UNSUPPORTED;
	for (size_t i = 0; i < s->cose.count; i++) {
		int64_t alg = imp_signed_alg(s, i);

		if (!imp_alg_row(alg) || imp_alg_row(alg)->use != IMP_USE_SIGN ||
		    !imp_crypto_has(a->crypto, (int32_t)alg))
			return IMP_R_UNSUPPORTED;
	}
	return IMP_R_NONE;
}

static enum imp_reason apply_clear(struct imp_agent *a, struct imp_span object,
				   struct applied *out)
{
	enum imp_reason reason;
	struct imp_signed s;
	uint8_t id[32];

	if (imp_signed_decode(object, &s, NULL))
		return IMP_R_MALFORMED;
	if (s.kind != IMP_KIND_TRANSFER && s.kind != IMP_KIND_COMMAND)
		return IMP_R_UNSUPPORTED;
	reason = check_forms(a, &s);
	if (reason)
		return reason;
	if (imp_signed_id(a->crypto, &s, id))
		return IMP_R_STORAGE;
	return s.kind == IMP_KIND_TRANSFER ? apply_claim(a, &s, id, out)
					   : apply_command(a, &s, id, out);
}

static enum imp_reason apply_any(struct imp_agent *a, struct applied *out)
{
	struct imp_span object = { a->stage, a->staged_len };
	uint64_t tag = imp_cose_tag(object);
	uint8_t sha[32];

	if (imp_sha256(a->crypto, &object, 1, sha))
		return IMP_R_STORAGE;
	if (!id_is(sha, a->staged_sha))
		return IMP_R_MALFORMED;
	if (a->broken)
		return IMP_R_STORAGE;
	return tag == IMP_TAG_ENCRYPT ? apply_package(a, out)
				      : apply_clear(a, object, out);
}

enum imp_reason apply_staged(struct imp_agent *a, struct applied *out)
{
	enum imp_reason reason;

	*out = (struct applied){ 0 };
	reason = apply_any(a, out);
	stage_clear(a);
	return reason;
}
