/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command: what only the owner may tell a device.
 *
 * Lock and floor are monotone, carry no sequence and may target a class; wipe, policy and
 * decommission carry a sequence of domain 0 and target one device.
 * Source: imprint-formats(7), command.
 */
#ifndef IMP_OBJECT_COMMAND_H
#define IMP_OBJECT_COMMAND_H

#include "object/target.h"

enum imp_op {
	IMP_OP_LOCK = 4,
	IMP_OP_FLOOR = 5,
	IMP_OP_WIPE = 6,
	IMP_OP_POLICY = 7,
	IMP_OP_DECOMMISSION = 8,
};

struct imp_command {
	enum imp_op op;
	uint64_t sequence; /* 1..2^63-1; 0 for lock and floor */
	struct imp_target target;
	uint32_t owner_epoch;
	uint16_t domains;   /* floor, wipe: bit d */
	uint32_t floor[16]; /* floor: domain-epoch of each domain in domains */
	uint32_t policy;    /* policy: enum imp_policy bits */
};

/* "lock", "floor", ... ; NULL for a number that is none. */
const char *imp_op_name(unsigned op);
/* Decode a payload; spans are borrowed. 0, or -IMP_EFORMAT (an op that no version knows
 * included). */
int imp_command_decode(struct imp_span in, struct imp_command *out, struct imp_error *err)
	IMP_MUST_CHECK;
void imp_command_encode(const struct imp_command *m, struct imp_writer *w);

#endif
