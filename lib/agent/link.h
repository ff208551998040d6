/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link: an agent on a line. Bytes in, framed answers out, in the framing they were asked
 * in.
 *
 * Source: imprint-protocol(7).
 */
#ifndef IMP_AGENT_LINK_H
#define IMP_AGENT_LINK_H

#include "agent/agent.h"
#include "wire/frame.h"

#ifndef AGENT_PACKET_MAX
#define AGENT_PACKET_MAX \
	2048 /* bytes of the largest packet, both ways: board->buffer at most */
#endif

struct imp_link {
	struct imp_agent *agent;
	struct imp_deframer deframer;
	uint8_t in[AGENT_PACKET_MAX + 4];
	uint8_t out[AGENT_PACKET_MAX];
	uint8_t wire[IMP_WIRE_MAX(AGENT_PACKET_MAX)];
};

/*
 * Begin on a line.
 *
 *   framing   bare, for USB and TCP; else console and COBS, whichever comes
 */
void imp_link_init(struct imp_link *l, struct imp_agent *agent, enum imp_framing framing);
/*
 * Take bytes until one request is answered.
 *
 *   in        advanced past what was taken
 *   answer    the framed answer, borrowed until the next call; empty where none is due
 *
 * True with an answer; false when `in` is used up.
 */
bool imp_link_feed(struct imp_link *l, struct imp_span *in, struct imp_span *answer);
/* On a line of messages (USB), one has ended: what is left of it is dropped. */
void imp_link_end(struct imp_link *l);

#endif
