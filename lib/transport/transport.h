/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport: a stream of bytes to and from one device.
 *
 * A transport moves bytes and nothing else: no framing, no retries, no cryptography.
 * Framing belongs to wire, retries and deadlines to the driver.
 */
#ifndef IMP_TRANSPORT_TRANSPORT_H
#define IMP_TRANSPORT_TRANSPORT_H

#include "base/bytes.h"
#include "base/error.h"

struct imp_transport;

/* When to give up: a point in time, and a descriptor that becomes readable on cancel. */
struct imp_wait {
	uint64_t deadline_ns; /* CLOCK_MONOTONIC */
	int cancel_fd;	      /* -1: none */
};

struct imp_transport_ops {
	const char *scheme; /* URI scheme: "serial" */

	/* Open what follows "scheme:". On success *out is owned by the caller. */
	int (*open)(struct imp_transport **out, const char *rest, struct imp_error *err);
	/* Write all of `bytes`, or fail. */
	int (*write)(struct imp_transport *t, struct imp_span bytes,
		     const struct imp_wait *wait, struct imp_error *err);
	/* Read 1..cap bytes into buf. A closed line is -IMP_ETRANSPORT, never 0 bytes. A
	 * deadline that passes is 0 with *len 0; a cancel is -IMP_EINTERRUPTED. */
	int (*read)(struct imp_transport *t, uint8_t *buf, size_t cap, size_t *len,
		    const struct imp_wait *wait, struct imp_error *err);
	/* Never fails; NULL is never passed. */
	void (*close)(struct imp_transport *t);
};

/* First member of every backend's private struct. */
struct imp_transport {
	const struct imp_transport_ops *ops;
	uint64_t byte_ns; /* that a byte takes on the line; 0: no time worth counting */
};

/* The backends compiled in, NULL-terminated. */
extern const struct imp_transport_ops *const imp_transports[];

/* Open a device URI; a path without a scheme is serial. 0, -IMP_EUSAGE, -IMP_ETRANSPORT.
 */
int imp_transport_open(struct imp_transport **out, const char *uri, struct imp_error *err)
	IMP_MUST_CHECK;
/* Accepts a pointer to NULL; leaves NULL. Fits CLEANUP(). */
void imp_transport_close(struct imp_transport **t);

uint64_t imp_now_ns(void); /* CLOCK_MONOTONIC */

#endif
