/* SPDX-License-Identifier: Apache-2.0 */
/* Which step an item may take. */
#include <stddef.h>

#include "ledger/step.h"

const char *imp_item_state_name(enum imp_item_state s)
{
	static const char *const names[IMP_ITEM_STATES] = {
		[IMP_ITEM_FREE] = "free",	  [IMP_ITEM_RESERVED] = "reserved",
		[IMP_ITEM_SENT] = "sent",	  [IMP_ITEM_PROVEN] = "proven",
		[IMP_ITEM_RELEASED] = "released", [IMP_ITEM_WRITTEN_OFF] = "written-off",
	};

	return names[s];
}

static const char *always(const struct imp_item_step *s)
{
	(void)s;
	return NULL;
}

/* Whoever has it goes on with it, after a crash, too. */
static const char *if_mine(const struct imp_item_step *s)
{
	if (s->other_object)
		return "is taken, for another object";
	return s->other_station && !s->refused ? "is taken, by another station" : NULL;
}

static const char *if_held(const struct imp_item_step *s)
{
	return s->shown && s->shown->holds_object
		       ? NULL
		       : "the evidence does not name its object";
}

/* Can the device still take the object? Not once its owner-epoch is above the object's,
 * or the pair that it stores is not below. */
static bool is_dead(const struct imp_item_step *s)
{
	const struct imp_shown *d = s->shown;

	if (d->owner_epoch != s->owner_epoch)
		return d->owner_epoch > s->owner_epoch;
	if (d->domain_epoch != s->domain_epoch)
		return d->domain_epoch > s->domain_epoch;
	return d->sequence >= s->sequence;
}

static const char *if_dead(const struct imp_item_step *s)
{
	if (!s->shown)
		return "is in doubt: only evidence, or writing it off, settles that";
	if (s->shown->holds_object)
		return "the device has its object";
	if (!is_dead(s))
		return "is in doubt: the device could still take its object";
	return s->shown->unbroken
		       ? NULL
		       : "is in doubt: the history since it was sent has a gap";
}

static const char *if_free(const struct imp_item_step *s)
{
	(void)s;
	return "was not reserved";
}

static const char *if_settled(const struct imp_item_step *s)
{
	return s->from == IMP_ITEM_PROVEN	 ? "is proven: a device has it"
	       : s->from == IMP_ITEM_WRITTEN_OFF ? "is written off"
						 : "was released: reserve it again";
}

typedef const char *rule(const struct imp_item_step *s);

/* From a row to a column; what is not there is settled. */
static rule *const rules[IMP_ITEM_STATES][IMP_ITEM_STATES] = {
	[IMP_ITEM_FREE] = { [IMP_ITEM_RESERVED] = always,
			    [IMP_ITEM_SENT] = if_free,
			    [IMP_ITEM_PROVEN] = if_free,
			    [IMP_ITEM_RELEASED] = if_free,
			    [IMP_ITEM_WRITTEN_OFF] = if_free },
	[IMP_ITEM_RESERVED] = { [IMP_ITEM_RESERVED] = if_mine,
				[IMP_ITEM_SENT] = if_mine,
				[IMP_ITEM_PROVEN] = if_held,
				[IMP_ITEM_RELEASED] = always,
				[IMP_ITEM_WRITTEN_OFF] = always },
	[IMP_ITEM_SENT] = { [IMP_ITEM_RESERVED] = if_mine,
			    [IMP_ITEM_SENT] = if_mine,
			    [IMP_ITEM_PROVEN] = if_held,
			    [IMP_ITEM_RELEASED] = if_dead,
			    [IMP_ITEM_WRITTEN_OFF] = always },
	[IMP_ITEM_PROVEN] = { [IMP_ITEM_PROVEN] = always },
	[IMP_ITEM_RELEASED] = { [IMP_ITEM_RESERVED] = always,
				[IMP_ITEM_RELEASED] = always },
	[IMP_ITEM_WRITTEN_OFF] = { [IMP_ITEM_PROVEN] = if_held,
				   [IMP_ITEM_WRITTEN_OFF] = always },
};

const char *imp_item_step_refused(const struct imp_item_step *s)
{
	rule *r = rules[s->from][s->to];

	return r ? r(s) : if_settled(s);
}
