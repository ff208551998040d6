/* SPDX-License-Identifier: Apache-2.0 */
/* Parties, boards and every object that the agent's tests push at them, good ones and bad
 * ones. */
#ifndef IMPRINT_TEST_KIT_H
#define IMPRINT_TEST_KIT_H

#include "leaves.h"
#include "object/challenge.h"
#include "object/command.h"
#include "object/grant.h"

enum { KIT_CAP = 4096, OUTER_CLAIMS = 6 };

struct scene {
	struct imp_crypto *crypto;
	struct party owner, maker, stranger, approver[2];
	struct party tenant, deputy; /* authorities */
	struct board dev, other;     /* two devices of one class */
};

/* Two devices, booted, without keys and owner. */
void scene_start(struct scene *s, bool with_maker);
void scene_stop(struct scene *s);
void scene_enroll(struct board *b);
/* Enroll, and make `owner` the owner. */
void scene_claim(struct scene *s, struct board *b);

/* A claim or another transfer; unset: by the owner to itself, for this device. */
struct claim_spec {
	uint32_t epoch; /* 0: 1 */
	uint32_t policy;
	struct imp_span ueid, previous, recovery; /* empty: the board's, zeros, none */
	bool class_target, kept, one;		  /* one: not as COSE_Sign */
	uint16_t domains;			  /* that are kept, with `kept` */
	const struct party *to, *issuer;	  /* NULL: the owner */
	const struct imp_signer *signer;	  /* NULL: the issuer alone */
	size_t signers;
	struct imp_approval approval;
	const struct leaf_spec *leaf; /* NULL: signed by itself */
};

struct imp_span make_claim(struct scene *s, const struct board *b,
			   const struct claim_spec *spec, uint8_t out[KIT_CAP]);
/* The same as the next change of dev's owner: its epoch and its record, where they are
 * unset, from `from` (the owner, or for a recovery the maker), whom spec->to follows. */
struct imp_span make_transfer(struct scene *s, const struct party *from,
			      struct claim_spec spec, uint8_t out[KIT_CAP]);

/* A grant; unset: of domain 1 by the owner to the tenant, for dev, of objects 10 and 11,
 * for any sequence. */
struct grant_spec {
	const struct party *holder, *issuer;
	uint32_t domain, epochs[2];
	struct imp_span objects, targets; /* encoded; empty: as above */
	uint64_t sequences[2], exp;
	uint32_t depth;
	struct imp_approval approval;
	struct imp_span parent;		 /* the grant that it stems from, or empty */
	const struct imp_signer *signer; /* NULL: one(grant) by the issuer */
	size_t signers;
	bool spoil_signature;
	const struct leaf_spec *leaf;
};

struct imp_span make_grant(struct scene *s, const struct grant_spec *spec,
			   uint8_t out[KIT_CAP]);
/* {13: grant}; empty where there is none. */
struct imp_span chain_of(struct imp_span grant, uint8_t out[KIT_CAP]);
/* [{256: ueid}] */
struct imp_span for_board(const struct board *b, uint8_t out[64]);

/* A package for dev and the profile in it; unset: what dev takes after scene_claim(). */
struct spec {
	const struct board *target, *recipient; /* inside, outside; NULL: dev */
	const struct party *issuer;		/* NULL: the owner */
	const struct imp_signer *signer;	/* NULL: one(profile) by the issuer */
	size_t signers;
	uint32_t domain, epochs[2]; /* owner-epoch 0: 1 */
	uint64_t sequence;	    /* 0: 1 */
	struct imp_span settings;   /* empty: `cellular` */
	struct imp_span replaces, hwmodel;
	struct imp_span grant;	/* of the issuer, or empty */
	unsigned outer_differs; /* 1..OUTER_CLAIMS: this one; 0: none */
	bool spoil_signature, spoil_cipher, spoil_typ;
	const struct leaf_spec *leaf; /* NULL: signed by itself */
};

extern const struct imp_span cellular, apn; /* settings: object 10, object 11 */

/* The signed profile alone; id receives its identity. */
struct imp_span make_profile(struct scene *s, const struct spec *spec,
			     uint8_t out[KIT_CAP], uint8_t id[32]);
/* id as above; may be NULL. */
struct imp_span make_package(struct scene *s, const struct spec *spec,
			     uint8_t out[KIT_CAP], uint8_t id[32]);
/* Make and push to dev. */
unsigned push_package(struct scene *s, const struct spec *spec, bool *again);

/* Unset: owner-epoch 1, for dev, by one signature of `by`. */
struct imp_span make_command(struct scene *s, struct imp_command m,
			     const struct party *by, uint8_t out[KIT_CAP]);
unsigned push_command(struct scene *s, struct imp_command m, const struct party *by,
		      bool *again);

/* A challenge; unset: by the owner, for dev, with owner-epoch 1. */
struct imp_span make_challenge(struct scene *s, struct imp_challenge x,
			       const struct party *by, struct imp_span grant,
			       uint8_t out[KIT_CAP]);

/* Another spelling, in place: n - s of an ECDSA signature, -y of a point of P-256. */
void other_s(uint8_t s[32]);
void other_y(uint8_t y[32]);

#endif
