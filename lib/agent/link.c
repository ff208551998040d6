/* SPDX-License-Identifier: Apache-2.0 */
/* An agent on a line. */
#include "agent/link.h"

void imp_link_init(struct imp_link *l, struct imp_agent *agent, enum imp_framing framing)
{
	l->agent = agent;
	imp_deframer_init(&l->deframer, framing, l->in, AGENT_PACKET_MAX);
}

bool imp_link_feed(struct imp_link *l, struct imp_span *in, struct imp_span *answer)
{
	struct imp_span packet;

	while (imp_deframe(&l->deframer, in, &packet)) {
		struct imp_writer out = imp_writer(l->out, sizeof(l->out));
		struct imp_writer wire = imp_writer(l->wire, sizeof(l->wire));

		l->agent->bare = l->deframer.framing == IMP_FRAMING_BARE;
		imp_agent_handle(l->agent, packet, &out);
		if (out.len == 0)
			continue;
		imp_frame_put(&wire, l->deframer.framing, imp_written(&out));
		*answer = imp_written(&wire);
		return answer->len > 0;
	}
	return false;
}

void imp_link_end(struct imp_link *l)
{
	imp_deframe_end(&l->deframer);
}
