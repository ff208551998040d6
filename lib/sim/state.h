/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulation holds. Private to lib/sim. */
#ifndef IMP_SIM_STATE_H
#define IMP_SIM_STATE_H

#include "sim/line.h"

struct imp_sim {
	struct sim_unit *unit; /* owned, count of them */
	struct sim_line *line; /* likewise */
	size_t count;
	char *devices; /* owned: the folder of the state files */
	int lock;      /* -1, or the folder's lock */
	int epoll;     /* -1 */
	int inotify;   /* -1: who closes a line */
	void (*event)(void *ctx, size_t device, const char *what);
	void *ctx;
	struct imp_pub maker;
	struct sim_objects objects;
	uint8_t answer[SIM_PACKET];
	uint8_t wire[IMP_WIRE_MAX(SIM_PACKET)];
};

void sim_event(struct sim_line *l, const char *fmt, ...) IMP_PRINTF(2, 3);
/* answer.c: answer one request. */
void line_answer(struct sim_line *l, struct imp_span packet);
/* What comes without end fills the queue again whenever it is empty. */
void line_refill(struct sim_line *l);
/* Does it keep its answers for itself? */
bool line_mute(const struct sim_line *l);
/* Does it carry packets only: no boot log, no greeting? */
bool line_is_bare(const struct sim_line *l);
/* Is there always more to come? */
bool line_endless(const struct sim_line *l);
/* Drop what the line loses of the host's bytes: how many are left. */
size_t line_lose(struct sim_line *l, uint8_t *buf, size_t len);
/* line.c: put text; take the power away until the next boot. */
void line_say(struct sim_line *l, const char *text);
void line_power_off(struct sim_line *l, const char *why);
/* Watch the line's port for what it waits for. */
void sim_watch(struct sim_line *l);

#endif
