/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fault: what a simulated device or its line does wrong, as a user writes it.
 *
 * [DEVICE:]KIND[@N[,N...]], DEVICE from 1; without it every device. Source:
 * imprint-simulate(1).
 */
#ifndef IMP_SIM_FAULT_H
#define IMP_SIM_FAULT_H

#include "base/bytes.h"
#include "base/error.h"

enum imp_sim_kind {
	IMP_SIM_CUT,	/* power goes at flash operation N, and comes back */
	IMP_SIM_NOISE,	/* log lines and stray bytes around every answer */
	IMP_SIM_DROP,	/* every Nth answer is lost */
	IMP_SIM_LOSE,	/* one byte in N is lost, both ways */
	IMP_SIM_SLOW,	/* N bytes a second */
	IMP_SIM_ECHO,	/* what the host sends comes back, and nothing else */
	IMP_SIM_COOKED, /* what the host sends comes back, before the answer */
	IMP_SIM_SILENT, /* nothing comes */
	IMP_SIM_TEXT,	/* text comes, never a frame */
	IMP_SIM_FLOOD,	/* text without end */
	IMP_SIM_UNPLUG, /* the line goes after N bytes both ways, and comes back */
	IMP_SIM_REBOOT, /* the device reboots after N bytes of the host's */
	IMP_SIM_REFUSE, /* everything but describe is refused with reason N */
	IMP_SIM_SWAP,	/* at request N the device trades places with its neighbour */
	IMP_SIM_CLONE,	/* the device has key and identity of the first */
	IMP_SIM_LIE,	/* see lie.h */
	IMP_SIM_KINDS,
};

enum { IMP_SIM_NUMBERS = 8 };

struct imp_sim_fault {
	size_t device; /* from 1; 0 is every device */
	enum imp_sim_kind kind;
	const struct sim_lie *lie; /* of IMP_SIM_LIE */
	uint32_t n[IMP_SIM_NUMBERS];
	size_t count; /* numbers given */
};

enum { IMP_SIM_FAULT_NAME = 32 };
/* The i-th kind as it is written, with @ where a number must follow: "cut@", "lie:key".
 * False: there are no more. */
bool imp_sim_fault_name(size_t i, char out[IMP_SIM_FAULT_NAME]);
/* 0, or -IMP_EUSAGE with what was expected. */
int imp_sim_fault_parse(const char *text, struct imp_sim_fault *out,
			struct imp_error *err) IMP_MUST_CHECK;

#endif
