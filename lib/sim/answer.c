/* SPDX-License-Identifier: Apache-2.0 */
/* What a line does with a request, and what it adds to or takes from the answer. */
#include "sim/state.h"

/* Source: S. Vigna, splitmix64. */
static uint64_t draw(struct sim_line *l)
{
	uint64_t z = l->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A good frame with the answer to a question that nobody asked: an old sequence number.
 */
static void put_stale_frame(struct sim_line *l)
{
	static const uint8_t empty = 0xa0;
	const struct imp_smp stale = { .version = 1,
				       .op = IMP_SMP_WRITE_RSP,
				       .group = IMP_GROUP_IMPRINT,
				       .sequence = 0,
				       .id = IMP_STAGE };
	struct imp_writer packet = imp_writer(l->sim->answer, sizeof(l->sim->answer));
	struct imp_writer wire = imp_writer(l->sim->wire, sizeof(l->sim->wire));

	imp_smp_put_header(&packet, &stale, sizeof(empty));
	imp_put_u8(&packet, empty);
	imp_frame_put(&wire, l->deframer.framing, imp_written(&packet));
	(void)sim_queue_put(&l->out, imp_written(&wire));
}

bool line_endless(const struct sim_line *l)
{
	const struct sim_lie *lie = l->unit->lying.lie;

	return l->received > 0 && (l->fault[IMP_SIM_FLOOD] || (lie && lie->stale_frames));
}

void line_refill(struct sim_line *l)
{
	if (!line_endless(l))
		return;
	if (l->fault[IMP_SIM_FLOOD])
		line_say(l,
			 "[00:00:17.311] <dbg> modem: counting sheep, and counting\r\n");
	else
		put_stale_frame(l);
}

/* One in so many bytes gets lost. */
size_t line_lose(struct sim_line *l, uint8_t *buf, size_t len)
{
	size_t kept = 0;

	if (l->fault[IMP_SIM_LOSE] == 0)
		return len;
	for (size_t i = 0; i < len; i++)
		if (draw(l) % l->fault[IMP_SIM_LOSE] != 0)
			buf[kept++] = buf[i];
	return kept;
}

/* Noise looks like what shares a UART with frames: log lines and stray bytes, some of
 * which start a frame. */
static void put_noise(struct sim_line *l)
{
	static const char *const logs[] = {
		"[00:00:03.021] <inf> modem: +CEREG: 5\r\n",
		"uart:~$ \x1b[J",
		"\x06\x09zz",
		"[00:00:03.377] <dbg> lwm2m: \xff\xfe\x80\r\n",
	};
	uint8_t stray[12];
	size_t n = (size_t)(draw(l) % sizeof(stray));

	line_say(l, logs[draw(l) % COUNTOF(logs)]);
	for (size_t i = 0; i < n; i++)
		stray[i] = (uint8_t)draw(l);
	(void)sim_queue_put(&l->out, (struct imp_span){ stray, n });
	line_say(l, "\r\n");
}

static void send_frame(struct sim_line *l, struct imp_span packet)
{
	struct imp_writer wire = imp_writer(l->sim->wire, sizeof(l->sim->wire));

	if (l->fault[IMP_SIM_DROP] && ++l->answers % l->fault[IMP_SIM_DROP] == 0)
		return;
	imp_frame_put(&wire, l->deframer.framing, packet);
	if (l->fault[IMP_SIM_NOISE])
		put_noise(l);
	(void)sim_queue_put(
		&l->out, (struct imp_span){ wire.ptr, line_lose(l, wire.ptr, wire.len) });
	if (l->fault[IMP_SIM_NOISE])
		put_noise(l);
}

bool line_is_bare(const struct sim_line *l)
{
	return l->port.framing == IMP_FRAMING_BARE;
}

/* A console that shares its UART with logs says something before the first frame. */
static void greet(struct sim_line *l)
{
	if (!l->greeted && !line_is_bare(l))
		line_say(l, "[00:00:00.482] <inf> smp: a host is there\r\n");
	l->greeted = true;
}

static void send_answer(struct sim_line *l, struct imp_span packet)
{
	greet(l);
	send_frame(l, packet);
}

/* 1 with 2, 3 with 4, ...; the odd one out with the first. */
static struct sim_line *neighbour(struct sim_line *l)
{
	struct imp_sim *s = l->sim;
	size_t i = (size_t)(l - s->line) ^ 1u;

	return &s->line[i < s->count ? i : 0];
}

static void trade_units(struct sim_line *l)
{
	struct sim_line *other = neighbour(l);
	struct sim_unit *mine = l->unit;

	l->fault[IMP_SIM_SWAP] = other->fault[IMP_SIM_SWAP] = 0;
	l->unit = other->unit;
	other->unit = mine;
	sim_event(l, "traded places with device %zu", (size_t)(other - l->sim->line) + 1);
}

static void refuse(const struct sim_line *l, const struct imp_smp *smp,
		   struct imp_writer *w)
{
	const struct imp_response r = { .failed = true,
					.group = IMP_GROUP_IMPRINT,
					.rc = l->fault[IMP_SIM_REFUSE] };
	struct imp_smp reply = *smp;
	size_t at;

	reply.op++;
	at = imp_smp_open(w, &reply);
	imp_response_encode(&r, w);
	imp_smp_close(w, at);
}

bool line_mute(const struct sim_line *l)
{
	return l->fault[IMP_SIM_SILENT] || l->fault[IMP_SIM_ECHO] ||
	       l->fault[IMP_SIM_TEXT];
}

void line_answer(struct sim_line *l, struct imp_span packet)
{
	struct imp_writer w = imp_writer(l->sim->answer, sizeof(l->sim->answer));
	struct imp_smp smp;
	bool ours = imp_smp_decode(packet, &smp) && smp.group == IMP_GROUP_IMPRINT;

	if (line_mute(l))
		return;
	l->requests += ours;
	if (l->fault[IMP_SIM_SWAP] && l->requests == l->fault[IMP_SIM_SWAP])
		trade_units(l);
	if (l->fault[IMP_SIM_REFUSE] && ours && smp.id != IMP_DESCRIBE)
		refuse(l, &smp, &w);
	else
		sim_unit_handle(l->unit, packet, line_is_bare(l), &w);
	if (l->unit->flash.off)
		line_power_off(l, "power cut");
	else if (w.len > 0)
		send_answer(l, imp_written(&w));
}
