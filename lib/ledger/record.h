/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record: what one entry of the ledger says, and how it is encoded, hidden and named.
 *
 * A record is a strict CBOR map of the fields that its type has; the leaf that stands for
 * it is CBOR[1, type, SHA-256("imprint-leaf-1" || salt || record)]. Nothing secret is
 * ever a field. Source: imprint-ledger(5).
 */
#ifndef IMP_LEDGER_RECORD_H
#define IMP_LEDGER_RECORD_H

#include "cbor/reader.h"
#include "cbor/writer.h"
#include "crypto/tree.h"

/* Types of leaves. The numbers are in leaves for good. */
enum imp_leaf {
	IMP_LEAF_LEDGER = 1, /* the first entry: which log this is */
	IMP_LEAF_KEY = 2,    /* the key that signs its checkpoints */
	IMP_LEAF_ONLY_ISSUED = 3,
	IMP_LEAF_DEVICE = 10,
	IMP_LEAF_CONFIRM = 11,
	IMP_LEAF_QUARANTINE = 12,
	IMP_LEAF_RETIRE = 13,
	IMP_LEAF_REINSTATE = 14,
	IMP_LEAF_ISSUE = 20,
	IMP_LEAF_RESERVED = 30,
	IMP_LEAF_SENT = 31,
	IMP_LEAF_PROVEN = 32,
	IMP_LEAF_RELEASED = 33,
	IMP_LEAF_WRITTEN_OFF = 34,
	IMP_LEAF_DELIVERY = 40,
	IMP_LEAF_EVIDENCE = 41,
	IMP_LEAF_ORDER = 50,
	IMP_LEAF_GRANT = 51,
	IMP_LEAF_REVOKE = 52,
	IMP_LEAF_LIST = 53,
	IMP_LEAF_LIST_PART = 54,
	IMP_LEAF_FORGOTTEN = 60,
};

const char *imp_leaf_name(enum imp_leaf type); /* "reserved"; "unknown" */

enum {
	IMP_RECORD_MAX = 65000,	      /* bytes of an encoded record */
	IMP_OBJECT_IN_RECORD = 60000, /* IMP_LEDGER_OBJECT of those who call */
	IMP_REASON_MAX = 256,
	IMP_SALT_LEN = 32,
	IMP_LEAF_BYTES = 38, /* of an encoded leaf, at most */
};

/* Everything that any type can say; unused fields are empty or 0. Spans are borrowed. */
struct imp_record {
	enum imp_leaf type;
	uint64_t time; /* seconds since 1970, as the station's clock had it */
	struct imp_span station, tool;
	struct imp_span name; /* of the log */
	struct imp_span ueid, signing, sealing;
	uint64_t assurance;
	struct imp_span reason;
	struct imp_span object, issuer; /* an object's id, a kid */
	uint64_t domain, owner_epoch, domain_epoch, sequence;
	struct imp_span item, order;
	uint64_t used;	/* of the order, with this entry */
	uint64_t after; /* the entry before it about the same item */
	uint64_t code;	/* what came of it: an exit status */
	struct imp_span nonce;
	uint64_t boot, count;
	struct imp_span key;	 /* a COSE_Key */
	struct imp_span bytes;	 /* a card, evidence, another object, a list of entries */
	struct imp_span subject; /* a kid, an object id or a ueid */
	/* What a nonce follows from: a challenge's id and beacon, and the station's r. */
	struct imp_span challenge, beacon, r;
	bool forgotten; /* of an entry whose record was: but its type nothing is known */
};

/* 0, or -IMP_EINTERNAL: a field that the type must have is missing or too long. */
int imp_record_encode(const struct imp_record *r, struct imp_writer *w,
		      struct imp_error *err) IMP_MUST_CHECK;
/* 0, or -IMP_EFORMAT (form, a type or a field that is not known). */
int imp_record_decode(enum imp_leaf type, struct imp_span in, struct imp_record *out,
		      struct imp_error *err) IMP_MUST_CHECK;

/* The digest that hides a record. 0, or -IMP_EINTERNAL. */
int imp_record_digest(struct imp_crypto *c, const uint8_t salt[IMP_SALT_LEN],
		      struct imp_span record, struct imp_hash *out) IMP_MUST_CHECK;
/* The leaf itself: what is hashed into the tree and published. */
void imp_leaf_put(struct imp_writer *w, enum imp_leaf type,
		  const struct imp_hash *digest);
/* By what an entry is found again. The numbers are in the database for good. */
enum imp_ref_kind {
	IMP_REF_REGISTRY = 1, /* ueid: what the registry says of a device */
	IMP_REF_KEY = 2,      /* kid: of a device's card */
	IMP_REF_DEVICE = 3,   /* ueid: all else that names a device */
	IMP_REF_OBJECT = 4,   /* object id: its issuance */
	IMP_REF_PAIR = 5,     /* device, domain, epochs, sequence: likewise */
	IMP_REF_ITEM = 6,
	IMP_REF_ORDER = 7,    /* order id: items taken on it */
	IMP_REF_EVIDENCE = 8, /* kid that signed it */
	IMP_REF_NONCE = 9,
	IMP_REF_GIVEN = 10,   /* object id: an order, a grant */
	IMP_REF_REVOKED = 11, /* a kid, an object id, a ueid */
	IMP_REF_SIGNER = 12,  /* name of the log: its key */
	IMP_REF_LIST = 13,    /* kid of an owner: its revocation lists */
	IMP_REF_GOOD = 14,    /* kid, boot, count: evidence that was as expected */
	IMP_REF_RULE = 15,    /* name of the log: that it carries only what was issued */
};

enum { IMP_REFS_MAX = 6, IMP_PAIR_MAX = 50 };

struct imp_ref {
	enum imp_ref_kind kind;
	struct imp_span key;
};

struct imp_refs {
	size_t count;
	struct imp_ref ref[IMP_REFS_MAX];
	uint8_t pair[IMP_PAIR_MAX]; /* storage of one of them, of several fields */
};

/*
 * List all that an entry is to be found by, each once; what it does not name is left out.
 *
 *   r     of one of the types of leaves; borrowed by *out
 *   out   stays where it is: one of its keys may lie in itself
 *
 * Source: imprint-ledger(5).
 */
void imp_record_refs(const struct imp_record *r, struct imp_refs *out);
/* The key of IMP_REF_PAIR. */
void imp_pair_put(const struct imp_record *r, struct imp_writer *w);
/* The key of IMP_REF_GOOD: those of one kid ascend as the device counts. */
void imp_good_put(const struct imp_record *r, struct imp_writer *w);

#endif
