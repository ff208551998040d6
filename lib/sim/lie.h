/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lie: what a lying device answers instead of the truth.
 *
 * The agent always tells the truth; a lie is made of its answer afterwards. A lying
 * device holds its own signing key, so altered claims carry a good signature unless the
 * lie is about the signature. Private to lib/sim.
 */
#ifndef IMP_SIM_LIE_H
#define IMP_SIM_LIE_H

#include "agent/agent.h"
#include "evidence/token.h"
#include "sim/fault.h"
#include "wire/message.h"

enum {
	SIM_PACKET = 4096, /* bytes of the largest SMP packet */
	SIM_TOKEN = 3072,  /* bytes of a signed token, at most */
};

struct sim_unit;

/* Bytes that an altered claim points at while it is being encoded. */
struct sim_claim {
	uint8_t bytes[64];
};

struct sim_lie {
	const char *name;
	bool number; /* takes @N */
	/* What the lie is about; one of the following. */
	/* Alter claims of evidence, to be signed again by the device. */
	void (*claim)(struct imp_evidence *e, struct sim_claim *room);
	/* Make the evidence of an answer of the true one; empty: leave it out. */
	struct imp_span (*token)(struct sim_unit *u, struct imp_span truth);
	void (*describe)(struct imp_describe *d);
	/* Describe a version that is not there. */
	bool version;
	/* Put the body of every answer of group 4096. */
	void (*body)(uint32_t number, struct imp_writer *w);
	/* Alter the board before it starts. */
	void (*board)(struct imp_board *b);
	/* Say that an object was applied without applying it. */
	bool skips_apply;
	/* After the first request answers to older questions come without end. */
	bool stale_frames;
};

struct sim_lying {
	const struct sim_lie *lie; /* NULL: honest */
	uint32_t number;
	uint8_t first[SIM_TOKEN]; /* the first evidence given: what is replayed */
	size_t first_len;
	/* While an answer is made. */
	uint8_t packet[SIM_PACKET], payload[SIM_TOKEN], token[SIM_TOKEN];
};

/* The i-th, or NULL. */
const struct sim_lie *sim_lie_at(size_t i);
const struct sim_lie *sim_lie_find(const char *name, size_t len);
/* Answer one packet. */
void sim_lie_handle(struct sim_unit *u, struct imp_span packet, struct imp_writer *w);

/* Lies about evidence, claim by claim or as a whole; see lie_claims.c. */
/* Sign a payload as evidence of the device. Borrowed from u->lying until the next call.
 */
struct imp_span sim_lie_sign(struct sim_unit *u, struct imp_span payload);
extern const struct sim_lie sim_lie_claims[];
extern const size_t sim_lie_claims_count;

#endif
