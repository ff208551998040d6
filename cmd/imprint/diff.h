/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing what two sides say of devices: one is held in memory and found by ueid and
 * domain, the other comes one device at a time.
 */
#ifndef IMPRINT_DIFF_H
#define IMPRINT_DIFF_H

#include "compile.h"
#include "object/batch.h"
#include "object/profile.h"
#include "verifier.h"

enum { NO_DOMAIN = 0xff };

/* What a side says of one device in one domain. */
struct held {
	uint8_t ueid_buf[IMP_UEID_MAX];
	uint8_t ueid_len;
	uint8_t domain;		 /* NO_DOMAIN: the device is known, whatever it holds */
	bool wiped;		 /* by evidence */
	bool unproven;		 /* a device says so, and no card verified it */
	bool has_id, has_issuer; /* of the signed profile */
	uint8_t id[32], issuer[32];
	bool owned; /* of NO_DOMAIN: by this key, under epochs[0] */
	uint8_t owner[32];
	uint32_t epochs[2]; /* owner-epoch, domain-epoch */
	uint64_t sequence;
	/* Where it is a profile in clear. */
	struct imp_span payload; /* empty: only what stands above is known */
	struct imp_span marks;	 /* enum imp_setting_mark bits of each setting */
	bool label_hidden;
	bool needs_seed; /* it holds secrets, and there was no seed: its id is unknown */
};

struct imp_span held_ueid(const struct held *h);
void held_set_ueid(struct held *h, struct imp_span ueid);
void held_set_id(struct held *h, struct imp_span id, struct imp_span issuer);

/* What a signed profile says; payload borrowed. 0, -IMP_EFORMAT, -IMP_EINTERNAL. */
int held_take_signed(struct imp_crypto *crypto, struct imp_span object, struct held *h,
		     struct imp_error *err);

/* Those of one side, sorted once all are there. */
struct held_list {
	struct held_entry {
		struct held held;
		size_t payload_at, marks_at; /* in bytes */
		bool seen;
	} * at; /* owned */
	size_t count, cap;
	struct imp_secret bytes; /* payloads and marks */
};

/* Copy one in. 0, or -IMP_ERESOURCE. */
int held_add(struct held_list *l, const struct held *h, struct imp_error *err);
/* Sort by ueid and domain. 0, or -IMP_EFORMAT: two profiles for one. */
int held_sort(struct held_list *l, const char *side, struct imp_error *err);
/* NULL where there is none; its spans are filled in. */
struct held_entry *held_find(struct held_list *l, struct imp_span ueid, uint8_t domain);
/* Fill in the spans of an entry, borrowed from the list. */
const struct held *held_at(struct held_list *l, struct held_entry *e);
void held_fini(struct held_list *l);

enum side_kind {
	SIDE_YAML,     /* a profile and its rows */
	SIDE_OBJECTS,  /* profiles, signed profiles or packages */
	SIDE_EVIDENCE, /* what devices signed, in a file */
	SIDE_DEVICES,  /* what devices say now */
};

struct side {
	enum side_kind kind;
	const char *path;	/* of YAML */
	const char *name;	/* for people */
	struct imp_batch batch; /* of objects and evidence */
	bool packages;		/* encrypted: only outer claims can be read */
	/* Which domains its profiles are in (bit d), once it was read; evidence and
	 * devices tell all that there are. */
	uint16_t domains;
};

/* What reading a side takes. */
struct side_work {
	struct imp_crypto *crypto;
	const struct compile_args *compile; /* for YAML; the path is the side's */
	const struct verifier *verifier;    /* its cards; NULL: nothing is proven */
	/* Called for each, in the order of the file; *h is borrowed. source is that of a
	 * YAML side, else NULL. */
	int (*each)(void *ctx, const struct held *h,
		    const struct imp_profile_source *source, struct imp_error *err);
	void *ctx;
};

/* What is it? By its first byte and its head; "-" is objects or evidence on standard
 * input. 0, -IMP_EUSAGE, -IMP_EFORMAT. */
int side_open(struct side *s, const char *path, struct imp_error *err);
void side_close(struct side *s);
/* Read it through, once. 0, the errors of compile() and imp_batch_next(), -IMP_EVERIFY
 * (evidence that a card does not verify), or what each returns. */
int side_read(struct side *s, const struct side_work *w, struct imp_error *err);

/* Count its domain, and hand it on; -IMP_EINTERRUPTED once the user has interrupted. */
int side_hand_on(struct side *s, const struct side_work *w, const struct held *h,
		 const struct imp_profile_source *source, struct imp_error *err);
/* Read a batch of evidence; first is what was read of it already, or empty. */
int side_read_evidence(struct side *s, const struct side_work *w, struct imp_span first,
		       struct imp_error *err);
/* What a token says: first that the device is known, then each domain. */
int side_take_token(const struct imp_evidence *t, bool proven,
		    int (*each)(void *ctx, const struct held *h, struct imp_error *err),
		    void *ctx, struct imp_error *err);

/*
 * Ask devices: for evidence where cards are given, which also adds to --evidence; else
 * for a description, which proves nothing.
 *
 *   verifier   NULL without cards
 *   out        owned by the caller
 *
 * The code of devices_run(); those that answered are in *out.
 */
int devices_read(const struct dev_args *args, struct verifier *verifier, bool json,
		 struct held_list *out, struct imp_error *err);

/* How a difference is told. */
struct diff_report {
	FILE *f;
	bool json;
	bool same; /* profiles that are the same are shown, too */
	const struct imp_catalog *catalog;
	struct imp_crypto *crypto;
	const char *name[2]; /* of the sides, first and second */
	bool drawn[2];	     /* generated secrets were made for this run only */
	uint64_t total, differing, unknown; /* unknown: could not be compared */
	uint64_t unproven;		    /* of those that are the same */
	uint64_t owners;		    /* devices that have another owner */
	bool not_compared;		    /* a generated secret was passed over */
};

/*
 * Compare what the two sides say of one device and domain, and tell.
 *
 *   first, second   one of them may be NULL, or say that the device is known and holds
 *                   nothing there (NO_DOMAIN)
 *
 * 0, -IMP_EKEY (an id cannot be told without a seed), -IMP_ERESOURCE, -IMP_EINTERNAL.
 */
int diff_one(struct diff_report *r, const struct held *first, const struct held *second,
	     struct imp_error *err);

/* The same of whose the device is, where both sides say that (both are NO_DOMAIN). */
void diff_owner(struct diff_report *r, const struct held *first,
		const struct held *second);

#endif
