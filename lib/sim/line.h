/* SPDX-License-Identifier: Apache-2.0 */
/* Line: the wire between a host and whatever unit is at its other end, and what goes
 * wrong on it. Private to lib/sim. */
#ifndef IMP_SIM_LINE_H
#define IMP_SIM_LINE_H

#include "sim/port.h"
#include "sim/queue.h"
#include "sim/unit.h"

struct imp_sim;

struct sim_line {
	struct imp_sim *sim;
	struct sim_unit *unit;
	struct sim_port port;
	unsigned host; /* of the port's hosts, the one that is talked to */
	struct imp_deframer deframer;
	uint8_t in[SIM_PACKET + 4];
	struct sim_queue out;
	bool blocked;		  /* the kernel takes no more for now */
	bool greeted;		  /* a line of log went out since the last boot */
	uint64_t wake_ns;	  /* 0: nothing is due */
	uint64_t boot_ns;	  /* not 0: without power until then */
	uint64_t plug_ns;	  /* not 0: unplugged until then */
	uint64_t paced_ns;	  /* slow: bytes are paid for up to here */
	uint64_t received, moved; /* bytes from the host, and both ways */
	uint32_t answers, requests;
	uint64_t random; /* state of the generator */
	/* By kind: its number, 1 where it takes none, 0 where the line is free of it. */
	uint32_t fault[IMP_SIM_KINDS];
};

/* 0, or what the port says. */
int sim_line_plug(struct sim_line *l, struct imp_error *err);
/* Power on the unit and let it tell its boot log. */
void sim_line_boot(struct sim_line *l);
/* The host has sent something, or the line takes bytes again. */
void sim_line_readable(struct sim_line *l);
void sim_line_writable(struct sim_line *l);
/* What was due by now: pacing, power, the plug. */
void sim_line_wake(struct sim_line *l, uint64_t now);
void sim_line_fini(struct sim_line *l);

#endif
