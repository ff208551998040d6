/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults: what a simulated device or its line does wrong, on request.
 *
 * [DEVICE:]KIND[@N[,N]]; without DEVICE (1..) it is every device's. All lies are told
 * outside the agent, which runs unchanged. Source: imprint-simulate(1).
 */
#ifndef IMP_SIM_FAULT_H
#define IMP_SIM_FAULT_H

#include "base/error.h"

enum imp_fault_kind {
	IMP_FAULT_CUT,	       /* power goes at the Nth flash operation, and comes back */
	IMP_FAULT_NOISE,       /* bytes that mean nothing between frames */
	IMP_FAULT_DROP,	       /* every Nth answer is lost */
	IMP_FAULT_SLOW,	       /* N bytes a second */
	IMP_FAULT_ECHO,	       /* everything comes back, and nothing else */
	IMP_FAULT_SILENT,      /* nothing comes */
	IMP_FAULT_TEXT,	       /* only text comes */
	IMP_FAULT_FLOOD,       /* bytes without end */
	IMP_FAULT_UNPLUG,      /* the line goes after N bytes received */
	IMP_FAULT_REBOOT,      /* the device reboots after N bytes received */
	IMP_FAULT_REFUSE,      /* everything but describe is refused with reason N */
	IMP_FAULT_LIE_KEY,     /* evidence by another key */
	IMP_FAULT_LIE_NONCE,   /* evidence over another nonce */
	IMP_FAULT_LIE_REPLAY,  /* the first evidence again */
	IMP_FAULT_LIE_APPLIED, /* "applied", without applying: evidence of the state
				  before */
	IMP_FAULT_LIE_EVIDENCE, /* applied, but no evidence */
	IMP_FAULT_LIE_UEID,	/* evidence for another identity, signed well */
	IMP_FAULT_LIE_DEBUG,	/* debug access is enabled */
	IMP_FAULT_LIE_GARBAGE,	/* answers that are not CBOR */
	IMP_FAULT_LIE_BOMB,	/* answers that claim four thousand million items */
	IMP_FAULT_LIE_VERSION,	/* describes version 0 and 65535 */
	IMP_FAULT_LIE_STRINGS,	/* an hwmodel full of escape sequences */
	IMP_FAULT_LIE_CLAIM,   /* an extra claim that nobody knows: harmless, to be passed
				  over */
	IMP_FAULT_LIE_MISSING, /* evidence without its nonce claim */
	IMP_FAULT_SWAP,	 /* from the Nth request on, device 2 answers for device 1 and the
			    other way */
	IMP_FAULT_CLONE, /* every device has the first one's key and identity */
	IMP_FAULTS,
};

struct imp_fault {
	enum imp_fault_kind kind;
	unsigned device; /* 1..; 0: all */
	unsigned n, n2;	 /* the numbers behind @; 0: none */
};

/* 0, or -IMP_EUSAGE naming what is wrong. */
int imp_fault_parse(const char *text, struct imp_fault *out, struct imp_error *err)
	IMP_MUST_CHECK;
/* "cut", "lie:key", ... */
const char *imp_fault_name(enum imp_fault_kind kind);

#endif
