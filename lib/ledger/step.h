/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Step: what an item that is given away once may do next.
 *
 * An item (the identity, the secret or the seat that a package hands to a device) is
 * reserved, sent, and proven; or released, from where it may be reserved again; or
 * written off, which burns it. Once something may have left this process, an item is in
 * doubt until evidence decides, or a person. Source: imprint-ledger(5), items.
 */
#ifndef IMP_LEDGER_STEP_H
#define IMP_LEDGER_STEP_H

#include <stdbool.h>
#include <stdint.h>

enum imp_item_state {
	IMP_ITEM_FREE,
	IMP_ITEM_RESERVED,
	IMP_ITEM_SENT,
	IMP_ITEM_PROVEN,
	IMP_ITEM_RELEASED,
	IMP_ITEM_WRITTEN_OFF,
	IMP_ITEM_STATES,
};

const char *imp_item_state_name(enum imp_item_state s); /* "written-off" */

/* What a device that was appraised shows of an object's domain. */
struct imp_shown {
	uint32_t owner_epoch;  /* of the device */
	uint32_t domain_epoch; /* the pair that is stored */
	uint64_t sequence;
	bool unbroken; /* the domain's history folds without a gap from a head that was
			* proven before the object was sent */
	bool holds_object; /* the object's id stands in that history, or in the domain */
};

struct imp_item_step {
	enum imp_item_state from, to;
	bool other_object;  /* reserved for another object than this */
	bool other_station; /* by another station than this */
	bool refused;	    /* by the device, each time that it was sent */
	/* Of the object. */
	uint32_t owner_epoch, domain_epoch;
	uint64_t sequence;
	const struct imp_shown *shown; /* NULL: nothing */
};

/* NULL: allowed; else why not, one clause. */
const char *imp_item_step_refused(const struct imp_item_step *s);

#endif
