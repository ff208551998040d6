/* SPDX-License-Identifier: Apache-2.0 */
/* What a verifier has from the ledger, and what it gives it. */
#ifndef IMPRINT_REGISTRY_H
#define IMPRINT_REGISTRY_H

#include "verifier.h"

/*
 * Open the ledger where one is named. Without --cards the devices' cards are those of its
 * registry; what devices proved last is what it has of them.
 *
 * 0; -IMP_EUSAGE: --id names a serial, which only cards tell; the errors of
 * ledger_open().
 */
int registry_open(struct verifier *v, const struct verifier_args *a,
		  const struct imp_factories *factories, const struct dev_args *dev,
		  struct imp_error *err);
/* The cards of a ledger's registry: each is asked for when it is needed. */
void registry_cards(struct imp_cards *c, struct imp_ledger *l,
		    const struct imp_factories *factories);
/* From now on devices that the ledger has retired are asked, too. */
void registry_take_retired(struct verifier *v);
/* Does the ledger speak against a device whose card is in a file? 0, also without a
 * ledger; -IMP_EPOLICY. */
int registry_speaks(const struct verifier *v, const struct imp_known *known,
		    struct imp_error *err);
/* The same of the device at hand. */
int registry_check(const struct verifier *v, struct device *d);
/* The card of a device that hides who it is, as --id has it. 1, 0, a negative code. */
int registry_hidden(const struct verifier *v, struct device *d);
/*
 * Keep the evidence of a device in a ledger, and settle what it proves.
 *
 *   verdict   a code, or 0: it was as expected
 *   object    id of the object that it was asked for, or NULL
 */
int registry_keep(struct imp_ledger *l, const struct device *d, int verdict,
		  const uint8_t *object, struct imp_error *err);
/*
 * What came of a conversation, when the ledger was to keep it.
 *
 *   rc     of the conversation, with d->err: where that failed, the ledger is a hint
 *   kept   what the ledger returned, with err
 *   lost   a clause: what is not in it
 *
 * rc, or kept where only that failed: then nothing is proven.
 */
int registry_kept(struct device *d, int rc, int kept, const struct imp_error *err,
		  const char *lost);
/* After a conversation: its evidence, whatever came of it. rc; where that was 0,
 * -IMP_ELEDGER: it is not in the ledger. */
int registry_record(const struct verifier *v, struct device *d, int rc);

#endif
