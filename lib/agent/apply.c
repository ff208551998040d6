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

static enum imp_reason apply_clear(struct imp_agent *a, struct imp_span object,
				   struct applied *out)
{
	enum imp_reason reason;
	struct imp_chain chain; /* without links: these are never in another's right */
	struct imp_signed s;
	uint8_t id[32];

	if (imp_signed_decode(object, &s, NULL))
		return IMP_R_MALFORMED;
	if (s.kind != IMP_KIND_TRANSFER && s.kind != IMP_KIND_COMMAND)
		return IMP_R_UNSUPPORTED;
	reason = imp_chain_open(a->crypto, &s, &chain);
	if (reason)
		return reason;
	if (imp_signed_id(a->crypto, &s, id))
		return IMP_R_STORAGE;
	return s.kind == IMP_KIND_TRANSFER ? apply_transfer(a, &s, id, out)
					   : apply_command(a, &chain, id, out);
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
