/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ledger: what was issued, sent and proven, and which devices there are; every change an
 * entry of an append-only tree, in the transaction that it records.
 *
 * One ledger is used by any number of processes, and within one by any number of threads:
 * what several threads bring while the disk is busy is written together. Everything is on
 * disk when a call returns 0. Source: imprint-ledger(5).
 */
#ifndef IMP_LEDGER_LEDGER_H
#define IMP_LEDGER_LEDGER_H

#include "crypto/host.h"
#include "crypto/tree.h"
#include "ledger/note.h"

struct imp_ledger;

struct imp_ledger_config {
	const char *name;    /* a file, or postgresql://... */
	bool create;	     /* make it where there is none */
	bool empty;	     /* make it without a first entry: it is to be imported */
	const char *origin;  /* of one that is made; NULL: a random one */
	const char *station; /* who writes, 1..64 bytes; NULL: does not say */
	const char *tool;    /* with what, likewise */
	int cancel_fd;	     /* readable: stop waiting; -1: there is none */
};

/*
 * Open, and make or bring up to date where that is needed.
 *
 *   config   borrowed during the call
 *
 * 0; -IMP_ELEDGER (there is none, it is damaged, newer than this program, locked,
 * unreachable); -IMP_EUSAGE; -IMP_ERESOURCE; -IMP_EINTERRUPTED.
 */
int imp_ledger_open(const struct imp_ledger_config *config, struct imp_ledger **out,
		    struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a pointer to NULL. Fits CLEANUP(). */
void imp_ledger_close(struct imp_ledger **l);
/* Its name for people; holds no password. */
const char *imp_ledger_name(const struct imp_ledger *l);
/* Where it was copied to before it was brought up to date; NULL: it was not. */
const char *imp_ledger_kept(const struct imp_ledger *l);

typedef int imp_ledger_work(struct imp_ledger *l, void *ctx, struct imp_error *err);

/*
 * Do some work as one transaction: all of it lasts, or none. Calls on the ledger within
 * the work belong to it. Called within another work, it is part of that one.
 *
 *   work   may be called again from its start where the database asks for that; what it
 *          returns other than 0 takes everything back
 *
 * 0, what work returned, or the errors of imp_ledger_open().
 */
int imp_ledger_do(struct imp_ledger *l, imp_ledger_work *work, void *ctx,
		  struct imp_error *err) IMP_MUST_CHECK;
/* The same for work that only reads: it sees one state of the ledger. */
int imp_ledger_read(struct imp_ledger *l, imp_ledger_work *work, void *ctx,
		    struct imp_error *err) IMP_MUST_CHECK;

struct imp_ledger_info {
	char origin[IMP_NOTE_NAME + 1];
	uint64_t size; /* entries */
	struct imp_hash root;
	bool has_key;
	struct imp_vkey key;	  /* that signs its checkpoints */
	uint64_t checkpoint_size; /* of the last one; 0: there is none */
	uint64_t only_issued; /* the entry from which on nothing is carried that was not
			       * issued; 0: none */
};

/* Say what a ledger is and how far it goes, of one state of it. 0, or the errors of
 * imp_ledger_read(). */
int imp_ledger_info(struct imp_ledger *l, struct imp_ledger_info *out,
		    struct imp_error *err) IMP_MUST_CHECK;
/*
 * Say which key signs the checkpoints. It is said once, and the key signs nothing else.
 *
 * 0 (also where it is this one already); -IMP_EKEY: another key is set, it is not
 * Ed25519, or has signed objects that were issued.
 */
int imp_ledger_set_key(struct imp_ledger *l, const struct imp_pub *key,
		       struct imp_error *err) IMP_MUST_CHECK;

#endif
