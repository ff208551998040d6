/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay: what state a device must be in, by the entries of its history (host only).
 *
 * A device signs its chain and its state; one that lies about the state contradicts the
 * chain. What entries do not tell (which domains a wipe or a floor was about, a policy's
 * bits) is not known any more after them. Source: imprint-formats(7), history; what the
 * device does.
 */
#ifndef IMP_EVIDENCE_REPLAY_H
#define IMP_EVIDENCE_REPLAY_H

#include "evidence/history.h"
#include "evidence/token.h"

struct imp_replay {
	bool owner_known, policy_known, lock_known;
	bool owned, locked, decommissioned;
	uint8_t owner[32], record[32];
	uint32_t owner_epoch, policy;
	uint32_t boot, count; /* of the last token; 0: none was seen */
	/* Of each domain: bit d of a set says that it is known. */
	uint16_t pair_known, content_known, state_known;
	struct imp_replayed {
		uint32_t domain_epoch;
		uint64_t sequence;
		enum imp_domain_state state;
		uint8_t id[32], authority[32];
	} domain[IMP_EVIDENCE_DOMAINS];
};

/* A device that nobody has touched. */
void imp_replay_start(struct imp_replay *r);
/* A device of which nothing is known but how far it has counted: to be followed by a
 * change of owner, after which the owner and every pair are known again. */
void imp_replay_forget(struct imp_replay *r);
/* The state that a verified token shows. */
void imp_replay_take(struct imp_replay *r, const struct imp_evidence *token);
/* The state after one more entry. */
void imp_replay_fold(struct imp_replay *r, const struct imp_entry *e);
/*
 * What in a token contradicts the replayed state: NULL, or the name of the first thing
 * that does ("owner", "sequence of domain 1", ...), in buf or static.
 */
const char *imp_replay_contradiction(const struct imp_replay *r,
				     const struct imp_evidence *token, char buf[48]);

#endif
