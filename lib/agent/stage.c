/* SPDX-License-Identifier: Apache-2.0 */
/* Staging: collecting an object in RAM, chunk by chunk, so that a lost answer costs
 * nothing. */
#include <string.h>

#include "agent/internal.h"
#include "base/wipe.h"

void stage_clear(struct imp_agent *a)
{
	imp_wipe(a->stage, sizeof(a->stage));
	a->staged = false;
	a->staged_len = a->staged_off = 0;
}

static enum imp_reason begin(struct imp_agent *a, const struct imp_request *q)
{
	if (!q->has_len || q->sha.len != 32 || q->len == 0)
		return IMP_R_MALFORMED;
	if (q->len > AGENT_OBJECT_MAX)
		return IMP_R_TOO_BIG;
	stage_clear(a);
	a->staged = true;
	a->staged_len = q->len;
	memcpy(a->staged_sha, q->sha.ptr, 32);
	return IMP_R_NONE;
}

enum imp_reason stage_chunk(struct imp_agent *a, const struct imp_request *q,
			    bool *complete)
{
	enum imp_reason reason = IMP_R_NONE;
	bool repeat = a->staged && q->has_off && q->off == 0 && q->sha.len == 32 &&
		      id_is(q->sha.ptr, a->staged_sha);

	*complete = false;
	if (!q->has_off)
		return IMP_R_MALFORMED;
	if (repeat && a->staged_off > 0)
		return IMP_R_NONE;
	if (q->off == 0 && !repeat)
		reason = begin(a, q);
	if (reason)
		return reason;
	if (!a->staged || q->off != a->staged_off)
		return IMP_R_NONE;
	if (q->data.len > a->staged_len - a->staged_off)
		return IMP_R_MALFORMED;
	if (q->data.len > 0)
		memcpy(a->stage + a->staged_off, q->data.ptr, q->data.len);
	a->staged_off += (uint32_t)q->data.len;
	*complete = q->data.len > 0 && a->staged_off == a->staged_len;
	return IMP_R_NONE;
}
