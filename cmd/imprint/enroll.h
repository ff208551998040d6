/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolling: what becomes of the cards that devices send. */
#ifndef IMPRINT_ENROLL_H
#define IMPRINT_ENROLL_H

#include <pthread.h>

#include "devices.h"
#include "evidence/cards.h"
#include "issue/revoked.h"
#include "object/append.h"

/* Shared by the threads of a run. */
struct enroll {
	struct imp_pub key[PATHS_MAX]; /* of --factory */
	struct imp_factories factories;
	struct imp_revoked revoked;
	struct imp_signer endorser;
	bool endorses, replaces;
	struct imp_cards cards; /* that are in the file already */
	struct imp_appender file;
	pthread_mutex_t lock;
	struct imp_secret fresh;   /* cards of this run, back to back */
	struct imp_ledger *ledger; /* NULL: none was named */
	struct challenges challenges;
};

/*
 * Endorse the card in d->known by the key of --endorse; with it, the card is in d->card.
 *
 * 0; -IMP_EKEY (the key does not sign); -IMP_EFORMAT (too large with it);
 * -IMP_ERESOURCE.
 */
int enroll_endorse(const struct enroll *e, struct device *d);
/*
 * Put the endorsement that the file has, and the device does not bring, on d->card: the
 * keys are the same.
 *
 * 0, also where there is none; the errors of imp_cards_read() and enroll_endorse().
 */
int enroll_keep_endorsement(const struct enroll *e, struct device *d);
/*
 * Keep d->card, in any thread: keep of struct device_work.
 *
 *   ctx   struct enroll
 *
 * 0; -IMP_EPOLICY: it contradicts another card, in this run, the file or the ledger; then
 * this device fails and the others stay. -IMP_ERESOURCE, -IMP_ELEDGER.
 */
int enroll_keep(struct device *d, void *ctx);
/* Does a card that the file has stay, where these are added? Unless the same device
 * brings a new one: stays of struct imp_appender. */
bool enroll_stays(void *ctx, struct imp_span old, struct imp_span added);

#endif
