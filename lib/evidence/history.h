/* SPDX-License-Identifier: Apache-2.0 */
/*
 * History: one hash chain a domain over everything that was ever applied.
 *
 * H(0) = SHA-256("imprint-history-1" || signing kid || u8 domain);
 * H(n) = SHA-256(0x01 || H(n-1) || u32be n || entry). Source: imprint-formats(7),
 * history.
 */
#ifndef IMP_EVIDENCE_HISTORY_H
#define IMP_EVIDENCE_HISTORY_H

#include "crypto/face.h"

enum { IMP_ENTRY_LEN = 82 };

enum imp_entry_kind {
	IMP_ENTRY_PROFILE = 1,
	IMP_ENTRY_TRANSFER = 2, /* or claim */
	IMP_ENTRY_RECOVERY = 3,
	IMP_ENTRY_LOCK = 4,
	IMP_ENTRY_FLOOR = 5,
	IMP_ENTRY_WIPE = 6,
	IMP_ENTRY_POLICY = 7,
	IMP_ENTRY_DECOMMISSION = 8,
};

struct imp_entry {
	uint8_t kind;	/* enum imp_entry_kind */
	uint8_t domain; /* 0..15; 0 for all but profiles */
	uint32_t owner_epoch, domain_epoch;
	uint64_t sequence;  /* 0 where there is none */
	uint8_t issuer[32]; /* kid; of a change of owner the new one's */
	uint8_t id[32];	    /* of the object */
};

/* One chain's head. */
struct imp_head {
	uint32_t n;
	uint8_t h[32];
};

void imp_entry_encode(const struct imp_entry *e, uint8_t out[IMP_ENTRY_LEN]);
/* 0, or -IMP_EFORMAT: no such kind, a domain above 15. */
int imp_entry_decode(const uint8_t in[IMP_ENTRY_LEN], struct imp_entry *out)
	IMP_MUST_CHECK;
/* Set the head of an empty chain. 0, or -IMP_EINTERNAL. */
int imp_head_start(struct imp_crypto *c, const uint8_t signing_kid[32], uint8_t domain,
		   struct imp_head *head) IMP_MUST_CHECK;
/* Chain one encoded entry. 0, or -IMP_EINTERNAL. */
int imp_head_fold(struct imp_crypto *c, struct imp_head *head,
		  const uint8_t entry[IMP_ENTRY_LEN]) IMP_MUST_CHECK;

#endif
