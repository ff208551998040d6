/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence: the claims of an entity attestation token in which a device says what state
 * it is in.
 *
 * Source: imprint-formats(7), evidence; RFC 9711; RFC 9783 (lifecycle); RFC 10013
 * (measured component).
 */
#ifndef IMP_EVIDENCE_TOKEN_H
#define IMP_EVIDENCE_TOKEN_H

#include "cbor/reader.h"
#include "cbor/writer.h"
#include "evidence/history.h"

enum {
	IMP_NONCE_LEN = 32,
	IMP_EVIDENCE_DOMAINS = 16,
	IMP_TEXT_CLAIM_MAX = 32, /* bytes of hwversion, iccid, serial */
};

/* eat_profile of our evidence. */
#define IMP_EVIDENCE_PROFILE "tag:imprint.example,2026:evidence-1"

/* Source: RFC 9783 4.3.1. */
enum imp_lifecycle {
	IMP_LIFE_UNOWNED = 0x1000,
	IMP_LIFE_OWNED = 0x2000,
	IMP_LIFE_LOCKED = 0x3000,
	IMP_LIFE_DECOMMISSIONED = 0x6000,
};

const char *imp_life_name(uint32_t life); /* "owned"; "unknown" */

/* Source: RFC 9711 4.2.9. 0 enabled, 1 disabled, 2 disabled since boot, 3 permanently, 4
 * fully and permanently. */
enum { IMP_DEBUG_ENABLED = 0, IMP_DEBUG_MAX = 4 };

enum imp_domain_state { IMP_DOMAIN_UNUSED = 0, IMP_DOMAIN_SET = 1, IMP_DOMAIN_WIPED = 2 };

/* One measured component: what a domain holds. */
struct imp_measured {
	enum imp_domain_state state;
	uint32_t domain_epoch;
	uint64_t sequence;
	struct imp_span id;	   /* profile id, 32 bytes */
	struct imp_span authority; /* kid, 32 bytes */
};

struct imp_chain_head {
	uint32_t n;
	struct imp_span h; /* 32 bytes */
};

struct imp_evidence {
	struct imp_span nonce; /* 32 bytes */
	struct imp_span ueid;  /* 7..33 bytes */
	uint32_t oemid;
	struct imp_span hwmodel;   /* 1..32 bytes */
	struct imp_span hwversion; /* text, or empty */
	uint32_t dbgstat;
	uint32_t boot;
	uint32_t life; /* enum imp_lifecycle */
	uint16_t used; /* bit d: a profile was ever applied in domain d */
	struct imp_measured domain[IMP_EVIDENCE_DOMAINS];
	uint16_t raised; /* bit d: none was, and domain-epoch and sequence are not 0 */
	struct imp_span firmware; /* SHA-256 of the image, or empty */
	bool owned;
	struct imp_span owner;	/* kid, 32 bytes, where owned */
	uint32_t owner_epoch;	/* where owned */
	struct imp_span record; /* owner record id, 32 bytes, where owned */
	uint16_t chains;	/* bit d; bit 0 always */
	struct imp_chain_head chain[IMP_EVIDENCE_DOMAINS];
	uint32_t count; /* tokens since boot, this one included */
	uint32_t policy;
	uint32_t anchor;	  /* 1: a monotonic counter guards the state */
	struct imp_span recovery; /* 16 bytes, or empty */
};

/*
 * Decode a payload: strict form; unknown claims are passed over. Spans are borrowed.
 *
 * 0, or -IMP_EFORMAT.
 */
int imp_evidence_decode(struct imp_span in, struct imp_evidence *out,
			struct imp_error *err) IMP_MUST_CHECK;
void imp_evidence_encode(const struct imp_evidence *e, struct imp_writer *w);
/* What in a token cannot be at the same time, whatever was done to the device; NULL:
 * nothing. Static text. */
const char *imp_evidence_contradiction(const struct imp_evidence *e);

#endif
