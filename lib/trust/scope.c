/* SPDX-License-Identifier: Apache-2.0 */
/* What one grant allows. */
#include "trust/scope.h"

static bool names_device(struct imp_span targets, const struct imp_write *w)
{
	struct imp_cbor c = { .in = targets };
	size_t n = imp_cbor_array(&c);

	while (imp_cbor_more(&c, &n)) {
		struct imp_target t;

		imp_target_take(&c, &t);
		if (imp_cbor_ok(&c) && (w->partly ? imp_target_may_fit(&t, w->device)
						  : imp_target_fits(&t, w->device)))
			return true;
	}
	return false;
}

/* Does the entry come before what is written next? Both ascend. */
static bool is_before(const struct imp_granted_walk *g, const struct imp_setting *s)
{
	return g->object < s->object ||
	       (g->object == s->object && !g->all && g->instance < s->instance);
}

bool imp_scope_outside(struct imp_span objects, struct imp_span settings,
		       struct imp_setting *outside)
{
	struct imp_settings_walk s;
	struct imp_granted_walk g;
	bool more;

	imp_granted_begin(&g, objects);
	more = imp_granted_next(&g);
	imp_settings_begin(&s, settings);
	while (imp_settings_next(&s)) {
		while (more && is_before(&g, &s.at))
			more = imp_granted_next(&g);
		*outside = s.at;
		if (!more || g.object != s.at.object ||
		    (!g.all && g.instance != s.at.instance))
			return true;
	}
	return false;
}

static bool has_sequence(const struct imp_grant *g, uint64_t sequence)
{
	return sequence >= g->sequences[0] && sequence <= g->sequences[1];
}

enum imp_scope imp_scope_of(const struct imp_grant *g, const struct imp_write *w,
			    size_t below)
{
	struct imp_setting outside;

	if (g->domain != w->domain)
		return IMP_SCOPE_DOMAIN;
	if (g->epochs[0] != w->epochs[0] || g->epochs[1] != w->epochs[1])
		return IMP_SCOPE_EPOCHS;
	if (g->depth < below)
		return IMP_SCOPE_DEPTH;
	if (!names_device(g->targets, w))
		return IMP_SCOPE_DEVICE;
	if (!w->nothing && !has_sequence(g, w->sequence))
		return IMP_SCOPE_SEQUENCE;
	if (!w->nothing && imp_scope_outside(g->objects, w->settings, &outside))
		return IMP_SCOPE_OBJECT;
	if (w->now_s > 0 && g->has_exp && w->now_s >= g->exp)
		return IMP_SCOPE_EXPIRED;
	return IMP_SCOPE_ALLOWS;
}
