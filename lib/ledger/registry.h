/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registry: the devices that there are, their cards, how far their keys are known, and
 * what speaks against them.
 *
 * Two cards that disagree on a device or on a key take both devices out, unless a factory
 * vouches for one of them: an impostor cannot take out a device that is endorsed. Source:
 * imprint-security(7), whose key is it; imprint-ledger(5).
 */
#ifndef IMP_LEDGER_REGISTRY_H
#define IMP_LEDGER_REGISTRY_H

#include "evidence/known.h"
#include "ledger/ledger.h"

enum { IMP_LEDGER_REASON = 256 }; /* bytes of a reason, at most */

/* Why the registry itself takes devices out; the first goes on with the other's name. */
#define IMP_REASON_SHARED_KEY "has the key of "
#define IMP_REASON_OTHER_KEYS "another card of it has other keys"

/* What can still be asked of a device that is out for good. */
#define IMP_HINT_RETIRED                                                         \
	"it is out for good; imprint verify --retired has it prove that it was " \
	"decommissioned"

/* A device as the registry has it. */
struct imp_device {
	uint64_t entry;			  /* of its card */
	struct imp_secret card;		  /* signed; owned */
	uint8_t signing[32], sealing[32]; /* kids */
	enum imp_assurance assurance;
	bool quarantined, retired;
	uint64_t reinstated;		    /* the entry that did so last; 0: none */
	char reason[IMP_LEDGER_REASON + 1]; /* for either */
};

/* Accepts a zeroed one. Fits CLEANUP(). */
void imp_device_fini(struct imp_device *d);
/* 1, 0 where it is not there, a negative code. */
int imp_ledger_device(struct imp_ledger *l, struct imp_span ueid, struct imp_device *out,
		      struct imp_error *err) IMP_MUST_CHECK;

/* Some of the registry's devices. */
struct imp_roster {
	struct imp_roster_place {
		uint8_t ueid[33], len;
	} place[256];
	size_t count;
};
/*
 * The next of the registry's devices, those that it took out among them, ascending by
 * ueid.
 *
 *   r   zeroed before the first time
 *
 * 1; 0 where there are no more; a negative code.
 */
int imp_ledger_roster(struct imp_ledger *l, struct imp_roster *r, struct imp_error *err)
	IMP_MUST_CHECK;

/*
 * The device's card, verified, as imp_known_check() does; its assurance is what the
 * factories say, or the registry, where none is named.
 *
 *   factories   that the user names
 *   retired     one that was retired is asked for, too: what it is now is to be proven
 *   out         owned by the caller, imp_known_fini()
 *
 * 1; 0 where it is not there; -IMP_EPOLICY (it is quarantined or retired); other negative
 * codes.
 */
int imp_ledger_known(struct imp_ledger *l, struct imp_crypto *crypto,
		     const struct imp_factories *factories, struct imp_span ueid,
		     bool retired, struct imp_known *out, struct imp_error *err)
	IMP_MUST_CHECK;

enum imp_registration {
	IMP_REG_KNOWN,	     /* all of it was there: no entry was made */
	IMP_REG_ADDED,	     /* a new device, or its card was renewed */
	IMP_REG_OUTWEIGHS,   /* so, against a card for which no factory vouches */
	IMP_REG_QUARANTINED, /* it contradicts what was there: both are taken out now */
};

/*
 * Take a device's card in.
 *
 *   known     verified
 *   replaces  why it takes the place of one that it contradicts, or NULL: as the user
 * says out       what came of it
 *
 * 0; -IMP_EPOLICY: the device is retired or quarantined, or an endorsed device
 * contradicts it; the errors of imp_ledger_do().
 */
int imp_ledger_register(struct imp_ledger *l, const struct imp_known *known,
			const char *replaces, enum imp_registration *out,
			struct imp_error *err) IMP_MUST_CHECK;
/*
 * Note that a device's signing key has shown evidence on a path that does not pass the
 * station which enrolled it.
 *
 *   path   in words, or NULL
 *
 * 0, -IMP_EPOLICY (no such device, another key, quarantined, retired).
 */
int imp_ledger_confirm(struct imp_ledger *l, struct imp_span ueid,
		       const uint8_t signing[32], const char *path, struct imp_error *err)
	IMP_MUST_CHECK;
/* Take a device out until a factory vouches for it, the user replaces its card or
 * reinstates it. 0, -IMP_EPOLICY: there is none. */
int imp_ledger_quarantine(struct imp_ledger *l, struct imp_span ueid, const char *reason,
			  struct imp_error *err) IMP_MUST_CHECK;
/* Take it in again with the card that it has: a person has looked. 0, -IMP_EPOLICY: there
 * is none, it is not quarantined, or another one in service has its key. */
int imp_ledger_reinstate(struct imp_ledger *l, struct imp_span ueid, const char *reason,
			 struct imp_error *err) IMP_MUST_CHECK;
/* Take a device out for good. 0, -IMP_EPOLICY: there is none. */
int imp_ledger_retire(struct imp_ledger *l, struct imp_span ueid, const char *reason,
		      struct imp_error *err) IMP_MUST_CHECK;

#endif
