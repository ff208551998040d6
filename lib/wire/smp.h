/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMP: the header of a management packet.
 *
 * Eight bytes, big-endian: version and op, flags, u16 length of what follows, u16 group,
 * sequence number (echoed), command. Then a CBOR map with text keys. Source: Zephyr, SMP
 * Protocol Specification; imprint-protocol(7).
 */
#ifndef IMP_WIRE_SMP_H
#define IMP_WIRE_SMP_H

#include "base/bytes.h"

enum {
	IMP_SMP_HEADER = 8,
	IMP_SMP_PACKET_MAX =
		8192, /* bytes of the largest packet that either side makes */
};

enum imp_smp_op {
	IMP_SMP_READ = 0,
	IMP_SMP_READ_RSP = 1,
	IMP_SMP_WRITE = 2,
	IMP_SMP_WRITE_RSP = 3
};

enum imp_smp_group { IMP_GROUP_OS = 0, IMP_GROUP_IMPRINT = 4096 };

enum imp_os_id { IMP_OS_ECHO = 0, IMP_OS_PARAMS = 6 };

/* Errors of SMP itself: the map {"rc": n}. */
enum imp_smp_rc {
	IMP_SMP_UNKNOWN = 1,
	IMP_SMP_NOMEM = 2,
	IMP_SMP_INVALID = 3,
	IMP_SMP_TIMEOUT = 4,
	IMP_SMP_NOENT = 5,
	IMP_SMP_BADSTATE = 6,
	IMP_SMP_MSGSIZE = 7,
	IMP_SMP_NOTSUP = 8,
	IMP_SMP_CORRUPT = 9,
};

struct imp_smp {
	uint8_t version; /* 0 legacy, 1 version 2 */
	uint8_t op;	 /* enum imp_smp_op */
	uint16_t group;
	uint8_t sequence;
	uint8_t id;
	struct imp_span body; /* the CBOR map, borrowed */
};

/* Take one packet apart: its length must be exactly what its header says. False where it
 * is not. */
bool imp_smp_decode(struct imp_span packet, struct imp_smp *out);
/* Put the header for a body that the caller has put, or will put, behind it. */
void imp_smp_put_header(struct imp_writer *w, const struct imp_smp *smp, size_t body_len);
/* Put the header with length 0; imp_smp_close() fills the length in when the body is
 * written. */
size_t imp_smp_open(struct imp_writer *w, const struct imp_smp *smp);
void imp_smp_close(struct imp_writer *w, size_t at);

#endif
