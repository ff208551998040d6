/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agent: the code on the device. Portable C, no heap, no operating system.
 *
 * Storage, keys, random numbers and the settings sink come through struct imp_port,
 * cryptography through crypto/face.h. Everything that changes state enters one way: bytes
 * are staged, then applied, and one commit makes the new state and its history current
 * together. A cut at any write leaves the old state or the new one, whole. The agent
 * judges authority, scope and shape; the board judges values (check, before any write)
 * and puts them in force (activate, after the commit and at each boot). Source:
 * imprint-agent(7), imprint-formats(7), imprint-protocol(7).
 */
#ifndef IMP_AGENT_AGENT_H
#define IMP_AGENT_AGENT_H

#include "base/reason.h"
#include "crypto/face.h"
#include "evidence/card.h"
#include "evidence/history.h"
#include "object/transfer.h"

#ifndef AGENT_OBJECT_MAX
#define AGENT_OBJECT_MAX 4096 /* bytes of the largest object, 512..65536 */
#endif
#ifndef AGENT_DOMAINS
#define AGENT_DOMAINS 4 /* domains that the state has room for, 1..16 */
#endif
#ifndef AGENT_SETTINGS_MAX
#define AGENT_SETTINGS_MAX AGENT_OBJECT_MAX /* bytes of one domain's settings */
#endif
enum { AGENT_RING = 16 /* history entries that are kept to be read */ };

/* Constants of a board, given at init and kept by the caller. */
struct imp_board {
	struct imp_span ueid;		     /* 7..33 bytes */
	uint32_t oemid;			     /* private enterprise number */
	struct imp_span hwmodel;	     /* 1..32 bytes */
	struct imp_span hwversion;	     /* text, or empty */
	struct imp_span imei, iccid, serial; /* text, or empty */
	struct imp_span endorsement;	     /* one(endorsement), or empty */
	const struct imp_pub *maker;	     /* built into the image, or NULL */
	bool production; /* no key whose private part is published may own, approve or
			  * hold a grant */
	struct imp_span firmware; /* SHA-256 of the running image, or empty */
	struct imp_span
		objects;     /* the encoded map {object => version text} of the card */
	uint32_t half_size;  /* bytes of each half of the state store */
	uint32_t write_unit; /* bytes: writes start and end on multiples; 1..256 */
	bool cobs;	     /* announce COBS framing, on a link that carries text */
	uint32_t buffer;     /* bytes of the largest SMP packet that the link takes */
};

enum imp_key_use { IMP_KEY_SIGNING, IMP_KEY_SEALING };

struct imp_board_now {
	uint32_t boot;	  /* boot count, rises with each boot */
	uint32_t dbgstat; /* RFC 9711 4.2.9, 0..4 */
};

/* What a board gives the agent. Every function returns 0 or a negative value. */
struct imp_port {
	void *ctx;
	/* State: two halves. The new one is written whole and synced, its header
	 * (generation, SHA-256) last; boot takes the highest valid. */
	int (*read)(void *ctx, unsigned half, uint32_t off, uint8_t *buf, size_t len);
	int (*erase)(void *ctx, unsigned half); /* to 0xff */
	int (*write)(void *ctx, unsigned half, uint32_t off, const uint8_t *buf,
		     size_t len); /* whole units, once after erase */
	int (*sync)(void *ctx);
	int (*key_make)(void *ctx, enum imp_key_use use,
			struct imp_pub *pub); /* again = same key */
	int (*key_sign)(void *ctx, const struct imp_span *part, size_t count,
			uint8_t sig[64]);
	int (*key_agree)(void *ctx, const struct imp_pub *peer, uint8_t z[32]);
	int (*random)(void *ctx, uint8_t *out, size_t len);
	int (*now)(void *ctx, struct imp_board_now *out);
	/* Optional (NULL) monotonic counter, 0 on a new board and used by nobody else;
	 * advance adds one and returns the new value. Evidence then says anchor 1, and a
	 * state that is older than the counter is refused. */
	int (*counter)(void *ctx, uint64_t *value, bool advance);
	/* Would you take these settings? After authority and scope, before any write; no
	 * side effects. 0, or an enum imp_reason. Optional (NULL): takes all. */
	int (*check)(void *ctx, unsigned domain, struct imp_span settings);
	/* In force now (empty = wiped). After commit and at each boot; idempotent. */
	int (*activate)(void *ctx, unsigned domain, struct imp_span settings);
};

/* What one domain holds. */
struct imp_agent_domain {
	uint8_t domain;		       /* 0..15 */
	uint8_t state;		       /* enum imp_domain_state */
	uint32_t domain_epoch;	       /* always 0 in domain 0 */
	uint64_t sequence;	       /* in domain 0 the state's sequence0 counts */
	uint8_t id[32], authority[32]; /* of the last profile applied */
	struct imp_head base,
		head; /* history: before the ring, and now; unused in domain 0 */
	uint32_t settings_len;
	uint8_t settings[AGENT_SETTINGS_MAX];
};

/* All that survives a reset: what one commit writes. Encoded field by field, never as
 * memory. */
struct imp_agent_state {
	uint32_t generation; /* of the commit; 0 before the first */
	uint64_t anchor;     /* value of the monotonic counter at this commit */
	bool enrolled;	     /* keys were made */
	bool owned, locked, decommissioned;
	struct imp_pub owner;
	uint8_t owner_kid[32], record[32];
	uint32_t owner_epoch;
	struct imp_approval approval;
	uint32_t policy; /* enum imp_policy */
	uint8_t recovery[16];
	uint64_t sequence0;	  /* of domain 0: its profiles and commands share it */
	uint8_t last_command[32]; /* id of the last command applied; zeros: none */
	struct imp_head base0, head0; /* history of domain 0: before the ring, and now */
	uint8_t ring_len;	      /* entries in ring, oldest first */
	uint8_t ring[AGENT_RING][IMP_ENTRY_LEN];
	uint8_t domains; /* entries in domain, ascending by domain */
	struct imp_agent_domain domain[AGENT_DOMAINS];
};

/* Bytes of a state without its settings, of an evidence or card payload: what scratch
 * must hold. */
#define AGENT_SCRATCH (1664 + AGENT_RING * IMP_ENTRY_LEN + 208 * AGENT_DOMAINS)
/* Bytes of a signed token or card, its endorsement included. */
#define AGENT_TOKEN (1536 + 208 * AGENT_DOMAINS)

struct imp_agent {
	const struct imp_board *board;
	const struct imp_port *port;
	struct imp_crypto *crypto;
	bool broken;   /* the store cannot be read: everything but describe is refused */
	unsigned half; /* where the current state lies */
	struct imp_agent_state state;
	/* From here on RAM only. */
	bool bare; /* the link of this request carries bare packets: describe says so */
	bool has_keys;
	struct imp_pub signing, sealing;
	uint8_t signing_kid[32], sealing_kid[32];
	uint32_t evidence_count; /* tokens since boot */
	bool staged;
	uint32_t staged_len, staged_off; /* bytes announced, bytes there */
	uint8_t staged_sha[32];
	uint8_t stage[AGENT_OBJECT_MAX];
	uint8_t scratch[AGENT_SCRATCH];
	uint8_t token[AGENT_TOKEN];
};

/*
 * Start: load the state, bring settings into force, finish what a cut left undone.
 *
 * 0; -IMP_ERESOURCE (storage unreadable, or no half valid although one was written: the
 * agent then answers describe and refuses the rest with `storage`); -IMP_EUSAGE (board
 * constants out of range).
 */
int imp_agent_boot(struct imp_agent *a, const struct imp_board *board,
		   const struct imp_port *port, struct imp_crypto *crypto) IMP_MUST_CHECK;
/*
 * Answer one SMP packet.
 *
 *   packet     one whole packet
 *   response   receives the answer, empty where none is due (not a request)
 */
void imp_agent_handle(struct imp_agent *a, struct imp_span packet,
		      struct imp_writer *response);

#endif
