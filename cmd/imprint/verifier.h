/* SPDX-License-Identifier: Apache-2.0 */
/* Who is known, and what they have proven: options, cards, keeping. */
#ifndef IMPRINT_VERIFIER_H
#define IMPRINT_VERIFIER_H

#include "cardsarg.h"
#include "challenges.h"
#include "devices.h"
#include "evidence/proven.h"
#include "object/grant.h"
#include "revokedarg.h"

/* Shared by the threads of a run. */
struct verifier {
	struct imp_cards cards;
	struct imp_proven proven;
	struct imp_ledger *ledger; /* NULL: none is named */
	struct imp_span owner;	   /* kid of --owner, or empty */
	uint8_t owner_buf[32];
	struct imp_pub owner_key;
	struct challenges challenges;
	bool allow_debug, require_locked;
	bool takes_retired;	  /* registry_take_retired() */
	bool require_endorsed;	  /* --factory was given */
	const char *test_factory; /* one that is for tests; NULL: none is */
	struct imp_party party[IMP_GRANT_LINKS * PATHS_MAX]; /* of --grant */
	size_t parties;
	struct imp_revoked revoked; /* by its owner; nothing is read: nothing is */
	bool takes_revoked; /* a device that stands there by its ueid is worked on */
};

/* --cards, --factory, --owner, --grant, --evidence, --challenge, --allow-debug, --ledger,
 * --station */
struct verifier_args {
	struct cards_args known;
	const char *owner, *evidence, *challenge;
	struct path_list grants;
	bool allow_debug;
};
extern const struct argp verifier_argp;

/*
 * Read what the options name: cards, what was proven before, the owner and whom it has
 * granted a domain, challenges; open the ledger.
 *
 *   v     zeroed; closed by the caller, also after a failure
 *   a     borrowed until then
 *
 * 0; -IMP_EUSAGE: neither cards nor a ledger; -IMP_EPOLICY: two devices have a serial of
 * --id; the errors of imp_cards_open(), imp_proven_open(), registry_open(),
 * trusted_read(), imp_grants_read() and challenges_open().
 */
int verifier_open(struct verifier *v, struct imp_crypto *crypto,
		  const struct verifier_args *a, const struct dev_args *dev,
		  struct imp_error *err);
void verifier_close(struct verifier *v);
/*
 * Read the list of --revoked, where one is named: from then on cards and objects are held
 * against it.
 *
 *   verifier   whose --owner must have signed it
 *   use        its owner is that of the list where there is no --owner
 *
 * 0, or the errors of trusted_read() and revoked_open().
 */
int verifier_revoke(struct verifier *v, struct imp_crypto *crypto,
		    const struct verifier_args *verifier, const struct revoked_args *a,
		    const struct revoked_use *use, struct imp_error *err);
/* Is an object that is to be sent, or expected, still good? 0, -IMP_EPOLICY. */
int verifier_allows(const struct verifier *v, struct device *d, struct imp_span object);
/* And is what the device proved to hold, and to belong to? Likewise. */
int verifier_allows_held(const struct verifier *v, struct device *d);
/* The card of the device at hand, verified, kept in d->known; NULL with d->err filled. */
const struct imp_known *verifier_card(const struct verifier *v, struct device *d);
/* A device that tells no ueid (policy: attest only to challenges) is taken for the one of
 * --id, or of the only card, in d->known; its signature then tells. 1, 0 (nobody), or a
 * negative code. */
int verifier_guess(const struct verifier *v, struct device *d);
/* Keep what the device proved: nothing is reported before it is written down. */
int verifier_keep(struct verifier *v, struct device *d);
/* Know it for the rest of this run alone. */
int verifier_remember(struct verifier *v, struct device *d);

#endif
