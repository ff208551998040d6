/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the device is, and who may tell it something. */
#include "agent/internal.h"

struct imp_target self(const struct imp_agent *a)
{
	const struct imp_board *b = a->board;

	return (struct imp_target){
		.ueid = b->ueid,
		.has_oemid = true,
		.oemid = b->oemid,
		.hwmodel = b->hwmodel,
		.sealing =
			a->has_keys ? IMP_SPAN(a->sealing_kid) : (struct imp_span){ 0 },
	};
}

bool target_fits(const struct imp_agent *a, const struct imp_target *t)
{
	const struct imp_target device = self(a);

	return imp_target_fits(t, &device);
}

struct imp_side owner_side(const struct imp_agent *a)
{
	return (struct imp_side){ &a->state.owner, &a->state.approval,
				  a->board->production };
}

enum imp_reason check_chain(struct imp_agent *a, const struct imp_chain *chain)
{
	const struct imp_side owner = owner_side(a);
	enum imp_reason reason = imp_chain_match(a->crypto, chain, &owner);

	/* Its firmware may have been another when it got its owner. */
	if (!reason && owner.production)
		reason = imp_side_check(a->crypto, &owner);
	return reason ? reason : imp_chain_verify(a->crypto, chain, &owner);
}
