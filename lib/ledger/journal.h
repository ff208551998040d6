/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journal: what is given away once, and where it stands; what was issued, what was
 * carried to devices, what they proved, and what owners have permitted and revoked.
 *
 * Source: imprint-ledger(5).
 */
#ifndef IMP_LEDGER_JOURNAL_H
#define IMP_LEDGER_JOURNAL_H

#include "evidence/token.h"
#include "ledger/ledger.h"
#include "ledger/step.h"

/* An object for a device that somebody signed. */
struct imp_issued {
	const uint8_t *object; /* id, 32 bytes */
	struct imp_span ueid;
	const uint8_t *issuer; /* kid, 32 bytes */
	uint32_t domain, owner_epoch, domain_epoch;
	uint64_t sequence;
	struct imp_span order; /* id, or empty */
	bool carried;	       /* whoever hands it on did not sign it */
};

/*
 * From now on only what was issued may be carried: whoever signs writes it down first.
 * 0, also where that was said before.
 */
int imp_ledger_only_issued(struct imp_ledger *l, const char *reason,
			   struct imp_error *err) IMP_MUST_CHECK;
/*
 * Note that an object was signed, before it is handed out.
 *
 * 0, also where it was noted before; -IMP_EPOLICY: another object of this issuer was
 * issued to this device under the same numbers, and it did not refuse that; the device's
 * owner has revoked the issuer, the device or the object, the issuer is the ledger's own
 * key, or it is carried and must have been issued.
 */
int imp_ledger_issue(struct imp_ledger *l, const struct imp_issued *object,
		     struct imp_error *err) IMP_MUST_CHECK;
/*
 * The same of several, as one transaction: all of them are noted, or none.
 *
 *   at   which one was refused; may be changed where none was
 */
int imp_ledger_issue_all(struct imp_ledger *l, const struct imp_issued *object,
			 size_t count, size_t *at, struct imp_error *err) IMP_MUST_CHECK;

/* Something that is given away once. */
struct imp_item {
	const uint8_t *id;     /* 32 bytes: of the object itself, of a seat, ... */
	const uint8_t *object; /* id of the object that hands it to a device, 32 bytes */
	struct imp_span ueid;  /* of that device, or empty */
	struct imp_span order; /* id, or empty */
	uint64_t quota;	       /* of the order: how many items may be taken on it */
};

/*
 * Take an item. Where this station has it for this object already, it has it.
 *
 * What stands on the outside of a package is not proven before a device takes it: what
 * somebody has sent to another device under this id takes nothing from this one, and
 * what the device has refused may be taken by another station.
 *
 * 0; -IMP_EPOLICY: somebody has it, it is settled, or the order is used up.
 */
int imp_ledger_reserve(struct imp_ledger *l, const struct imp_item *item,
		       struct imp_error *err) IMP_MUST_CHECK;
/* Note that it is about to leave this process, for a device (empty: whosever it is): to
 * be asked for before the first byte. 0, -IMP_EPOLICY. */
int imp_ledger_sent(struct imp_ledger *l, const uint8_t item[32], struct imp_span ueid,
		    struct imp_error *err) IMP_MUST_CHECK;
/* Note that a device has it. 0, -IMP_EPOLICY: this evidence does not say so. */
int imp_ledger_proven(struct imp_ledger *l, const uint8_t item[32],
		      const struct imp_shown *shown, struct imp_error *err)
	IMP_MUST_CHECK;
/*
 * Give it back, to be reserved again.
 *
 *   shown   NULL where it was only reserved
 *
 * 0, -IMP_EPOLICY: it is in doubt, or settled.
 */
int imp_ledger_release(struct imp_ledger *l, const uint8_t item[32],
		       const struct imp_shown *shown, const char *reason,
		       struct imp_error *err) IMP_MUST_CHECK;
/*
 * Settle what a device proves by evidence that was verified, under any nonce: an item
 * whose id is that of an object which a domain of the device holds, and which is open or
 * written off, is proven.
 */
int imp_ledger_settle(struct imp_ledger *l, const struct imp_evidence *token,
		      struct imp_error *err) IMP_MUST_CHECK;
/* Burn it: a person has decided. Likewise. */
int imp_ledger_write_off(struct imp_ledger *l, const uint8_t item[32], const char *reason,
			 struct imp_error *err) IMP_MUST_CHECK;

/* Where an item stands. */
struct imp_item_now {
	enum imp_item_state state;
	uint8_t item[32], object[32];
	uint64_t entry; /* that says so */
	uint64_t time;
	char station[65];
	uint8_t ueid[33]; /* whom its object was issued to: among the open ones */
	size_t ueid_len;  /* 0: that is not known */
};

/*
 * Where does it stand?
 *
 *   ueid   as far as it is this device's; empty: whosever
 *
 * 0; state IMP_ITEM_FREE where it was never reserved.
 */
int imp_ledger_item(struct imp_ledger *l, const uint8_t item[32], struct imp_span ueid,
		    struct imp_item_now *out, struct imp_error *err) IMP_MUST_CHECK;
/* Call fn with every item that is reserved or sent: what a restart has to settle. fn may
 * settle it there and then; what it returns other than 0 ends that. */
int imp_ledger_each_open(struct imp_ledger *l,
			 int (*fn)(void *ctx, const struct imp_item_now *item,
				   struct imp_error *err),
			 void *ctx, struct imp_error *err) IMP_MUST_CHECK;

/* What came of carrying an object to a device. */
struct imp_delivery {
	const uint8_t *object; /* id, 32 bytes */
	struct imp_span ueid;
	enum imp_code code; /* IMP_OK: it is in force */
	enum imp_delivered {
		IMP_ATTESTED = 1,
		IMP_READ_BACK = 2,
		IMP_UNPROVEN = 3,
		IMP_REFUSED = 4, /* the device answered that it does not take it */
	} way;
	const char *message; /* of a failure; cut to IMP_REASON_MAX bytes; or NULL */
};

/* Note what came of it; every try is one entry more. 0, or the errors of
 * imp_ledger_do(). */
int imp_ledger_deliver(struct imp_ledger *l, const struct imp_delivery *d,
		       struct imp_error *err) IMP_MUST_CHECK;

/* Evidence that was verified, with what its appraisal said. */
struct imp_proof_of_state {
	struct imp_span bytes; /* as the device signed it */
	const struct imp_evidence *token;
	const struct imp_pub *key; /* that verified it */
	enum imp_code verdict;	   /* IMP_OK: as expected */
	const uint8_t *object;	   /* id of the object that it was asked for, or NULL */
	/* The challenge that its nonce follows from: id, or NULL where the nonce is the
	 * station's own; what follows is then not looked at. */
	const uint8_t *challenge;
	struct imp_span beacon; /* 32 bytes */
	const uint8_t *by;	/* kid of who made it */
	const uint8_t *r;	/* 16 bytes */
};

/*
 * Keep evidence.
 *
 * 0, also where these bytes were kept before; -IMP_EVERIFY: its nonce was used by other
 * evidence.
 */
int imp_ledger_evidence(struct imp_ledger *l, const struct imp_proof_of_state *p,
			struct imp_error *err) IMP_MUST_CHECK;

/*
 * The last evidence of a device that was as expected, by the device's own counts; entries
 * that its key did not sign, or under other counts, are passed over.
 *
 *   kid   32 bytes: of its signing key
 *   out   as the device signed it; replaced
 *
 * 1, 0 where there is none, a negative code.
 */
int imp_ledger_last_evidence(struct imp_ledger *l, struct imp_span kid,
			     struct imp_secret *out, struct imp_error *err)
	IMP_MUST_CHECK;

enum { IMP_LEDGER_OBJECT = 60000 }; /* bytes of an object that is kept, at most */
/* Keep what an owner has signed for others to act on. `id` is the object's, 32 bytes. */
int imp_ledger_order(struct imp_ledger *l, const uint8_t id[32], struct imp_span object,
		     struct imp_error *err) IMP_MUST_CHECK;
int imp_ledger_grant(struct imp_ledger *l, const uint8_t id[32], struct imp_span object,
		     struct imp_error *err) IMP_MUST_CHECK;
/*
 * Note that a revocation names a kid, an object's id or a ueid: from this entry on, where
 * the part of it that says so is there (ledger/revocations.h).
 *
 *   id         of that part, 32 bytes
 *   sequence   of the revocation
 */
int imp_ledger_revoke(struct imp_ledger *l, const uint8_t id[32], uint64_t sequence,
		      struct imp_span subject, const char *reason, struct imp_error *err)
	IMP_MUST_CHECK;
/* A revocation list that somebody has shown. */
struct imp_shown_list {
	const uint8_t *owner; /* kid, 32 bytes */
	const uint8_t *id;    /* 32 bytes */
	uint64_t sequence;
};
/*
 * Is it the newest list of its owner that was ever shown to this ledger?
 *
 *   keep   note it, where it is new
 *
 * 0, or -IMP_EPOLICY: a newer one was, or another one of this sequence.
 */
int imp_ledger_list(struct imp_ledger *l, const struct imp_shown_list *list, bool keep,
		    struct imp_error *err) IMP_MUST_CHECK;

#endif
