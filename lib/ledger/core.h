/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the ledger share: appending, and finding entries. Private to
 * lib/ledger. */
#ifndef IMP_LEDGER_CORE_H
#define IMP_LEDGER_CORE_H

#include <pthread.h>

#include "base/secret.h"
#include "ledger/checkpoint.h"
#include "ledger/db.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "ledger/revocations.h"
#include "object/signed.h"

struct imp_job;

struct imp_ledger {
	struct imp_db *db;
	struct imp_crypto *crypto; /* of whoever holds `writing` */
	char *station, *tool;	   /* owned; NULL: not said */
	char kept[256];
	pthread_mutex_t lock, writing; /* of the queue; of the connection */
	struct imp_job *queue;
	unsigned long runner; /* the thread whose work is under way; atomic */
	bool only_reads;
	bool verified; /* within this reading: each record is what its leaf says */
	/* Under `writing`, within a transaction. */
	struct imp_range edge; /* of the tree, once it is loaded */
	bool edge_loaded;
	struct imp_hash last; /* digest of the last leaf that was added */
	uint64_t added;	      /* leaves */
	bool changed;	      /* something else was written */
	uint8_t buf[IMP_RECORD_MAX];
	struct imp_part { /* of a revocation list, verified; empty payload: none */
		uint8_t id[32], owner[32]; /* kid of who signed it */
		struct imp_secret payload;
	} part;
};

/* Add an entry, within a work. r's time, station and tool are filled in; index may be
 * NULL. */
int imp_append_record(struct imp_ledger *l, struct imp_record *r, uint64_t *index,
		      struct imp_error *err) IMP_MUST_CHECK;

/* The same of a record that is encoded and salted already; r is what it says. */
int imp_append_raw(struct imp_ledger *l, const struct imp_record *r,
		   const uint8_t salt[IMP_SALT_LEN], struct imp_span record,
		   struct imp_error *err) IMP_MUST_CHECK;

/* The leaf alone of one whose record is forgotten. */
int imp_append_leaf(struct imp_ledger *l, enum imp_leaf type,
		    const struct imp_hash *digest, struct imp_error *err) IMP_MUST_CHECK;

/* Keep, with an entry that is about an item, whether that is open now. */
int imp_track_item(struct imp_ledger *l, const struct imp_record *r, uint64_t index,
		   struct imp_error *err) IMP_MUST_CHECK;

/* A leaf as it stands in the database. */
struct imp_row {
	uint64_t index;
	enum imp_leaf type;
	struct imp_hash digest;
	struct imp_span nodes;	      /* borrowed until the next row */
	struct imp_span salt, record; /* likewise; empty where it is missing */
};

/* Take a row of the statements that give entries. 0, or -IMP_ELEDGER. */
int imp_row_take(const struct imp_ledger *l, const struct imp_value col[6],
		 struct imp_row *out, struct imp_error *err) IMP_MUST_CHECK;
enum { IMP_ROW_COLUMNS = 6 };

/* An entry that was looked up. */
struct imp_found {
	uint64_t index;
	struct imp_secret bytes;  /* its record; owned */
	struct imp_record record; /* borrowed from bytes */
};

/* Accepts a zeroed one. Fits CLEANUP(). */
void imp_found_fini(struct imp_found *f);
/* What a row stands for, which must be what its leaf was made of. 1, or a negative code.
 */
int imp_found_take(struct imp_ledger *l, const struct imp_row *row, struct imp_found *out,
		   struct imp_error *err) IMP_MUST_CHECK;
/* What the record of a row says, borrowed from it; nothing else is checked. 0, or
 * -IMP_ELEDGER. */
int imp_row_record(const struct imp_ledger *l, const struct imp_row *row,
		   struct imp_record *out, struct imp_error *err) IMP_MUST_CHECK;
/* By its index: 1, 0 where it is not there, a negative code. */
int imp_find_entry(struct imp_ledger *l, uint64_t index, struct imp_found *out,
		   struct imp_error *err) IMP_MUST_CHECK;
/* The last entry that names something. Likewise. */
int imp_find_latest(struct imp_ledger *l, enum imp_ref_kind kind, struct imp_span key,
		    struct imp_found *out, struct imp_error *err) IMP_MUST_CHECK;
/* Of the entries whose key of a kind lies between two, the one with the highest, the
 * last of several. Likewise. */
int imp_find_newest(struct imp_ledger *l, enum imp_ref_kind kind, struct imp_span above,
		    struct imp_span below, struct imp_found *out, struct imp_error *err)
	IMP_MUST_CHECK;
/* The last entry about an item that is not another device's; ueid empty: any. Likewise.
 */
int imp_find_item(struct imp_ledger *l, struct imp_span item, struct imp_span ueid,
		  struct imp_found *out, struct imp_error *err) IMP_MUST_CHECK;
/* Call fn with each entry that names something, in order; what it returns other than 0
 * ends that. fn must not look anything up; what it is given is borrowed. */
typedef int imp_find_fn(void *ctx, const struct imp_found *f, struct imp_error *err);
int imp_find_each(struct imp_ledger *l, enum imp_ref_kind kind, struct imp_span key,
		  imp_find_fn *fn, void *ctx, struct imp_error *err) IMP_MUST_CHECK;
struct imp_device;
/* As imp_ledger_device(), within a work. */
int imp_find_device(struct imp_ledger *l, struct imp_span ueid, struct imp_device *out,
		    struct imp_error *err) IMP_MUST_CHECK;
/* What is said of something that may be revoked. */
struct imp_revoked_by {
	bool claimed;	/* some entry says that it is */
	uint64_t entry; /* which: of a list that counts, else the first */
};
/* Is it revoked, by a list of one of them that verifies? 1, 0, a negative code. */
int imp_find_revoked(struct imp_ledger *l, const struct imp_owner_kids *by,
		     struct imp_span subject, struct imp_revoked_by *out,
		     struct imp_error *err) IMP_MUST_CHECK;
/* Has the device answered each time that this was sent to it that it does not take it?
 * Where an answer was lost, it may have. 1, 0, a negative code. */
int imp_find_refused(struct imp_ledger *l, struct imp_span ueid, struct imp_span object,
		     struct imp_error *err) IMP_MUST_CHECK;
/* The same with each row as it stands, from an index on, some at a time: nothing of it is
 * checked. */
typedef int imp_row_fn(void *ctx, const struct imp_row *row, struct imp_error *err);
int imp_each_row(struct imp_ledger *l, uint64_t from, imp_row_fn *fn, void *ctx,
		 struct imp_error *err) IMP_MUST_CHECK;
/* Likewise of what devices have signed: cards and evidence. */
int imp_each_signed(struct imp_ledger *l, imp_row_fn *fn, void *ctx,
		    struct imp_error *err) IMP_MUST_CHECK;

/* The COSE_Key of a record. 0, -IMP_EFORMAT. */
int imp_parse_key(const struct imp_ledger *l, struct imp_span in, struct imp_pub *out,
		  struct imp_error *err) IMP_MUST_CHECK;
/* Is this evidence that this key signed? What it gives is borrowed from `bytes`. */
bool imp_is_evidence(struct imp_crypto *crypto, struct imp_span bytes,
		     const struct imp_pub *key, struct imp_signed *out);
/* The tree as the database has it. */
struct imp_tree imp_ledger_tree(struct imp_ledger *l);
/* Within a work: how many leaves there are. */
int imp_ledger_size(struct imp_ledger *l, uint64_t *out, struct imp_error *err)
	IMP_MUST_CHECK;
/* Keep a signature under the checkpoint of a size, without its newline. */
int imp_log_put_line(struct imp_ledger *l, uint64_t size, struct imp_span line,
		     struct imp_error *err) IMP_MUST_CHECK;
/* Is it a checkpoint that this ledger has signed? 0, -IMP_EVERIFY. */
int imp_log_check_own(struct imp_ledger *l, const struct imp_checkpoint *c,
		      struct imp_error *err) IMP_MUST_CHECK;
/* Append the checkpoint of a size, with every signature that is known. */
int imp_log_note(struct imp_ledger *l, const char *origin, uint64_t size,
		 struct imp_secret *out, struct imp_error *err) IMP_MUST_CHECK;
/* Make the tables, or bring them up to date. */
int imp_tables_bring(struct imp_ledger *l, const struct imp_ledger_config *config,
		     struct imp_error *err) IMP_MUST_CHECK;

#endif
