/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport: bytes to and from one device.
 *
 * A transport moves bytes and nothing else: no retries, no cryptography, no framing; it
 * says what its line carries, and framing belongs to wire. Every wait has a deadline and
 * a descriptor that ends it. One thread at a time uses a transport; transports share
 * nothing.
 */
#ifndef IMP_TRANSPORT_TRANSPORT_H
#define IMP_TRANSPORT_TRANSPORT_H

#include "base/bytes.h"
#include "base/error.h"

struct imp_transport;
struct imp_usb_ids;

/* When to give up: a point in time, and a descriptor that becomes readable on cancel. */
struct imp_wait {
	uint64_t deadline_ns; /* CLOCK_MONOTONIC */
	int cancel_fd;	      /* -1: none */
};

/* What a line carries. */
enum imp_carries {
	IMP_CARRIES_TEXT,     /* a console: packets are framed, with logs around them */
	IMP_CARRIES_PACKETS,  /* bare packets, one after another */
	IMP_CARRIES_MESSAGES, /* bare packets; one write is one message, and one read */
};

/* What came where an answer was due. */
enum imp_heard {
	IMP_HEARD_NOTHING,
	IMP_HEARD_ITSELF, /* what was sent */
	IMP_HEARD_PIECES, /* frames, none of them whole */
	IMP_HEARD_TEXT,
	IMP_HEARD_BYTES, /* neither frames nor text */
	IMP_HEARDS,
};

/* A device that is attached, or that looks like one; texts are the caller's. */
struct imp_attached {
	const char *uri;  /* for open(); the same whenever it is plugged in there again */
	const char *what; /* for people: who made it, what it is; or "" */
	const char *port; /* the USB port that it hangs on, "1-2.3"; or "" */
	const char *trouble; /* why it cannot be opened, as far as can be seen; NULL */
};

struct imp_transport_ops {
	const char *scheme; /* of its names: "serial" */
	const char *names;  /* what follows it, for messages: "PATH[?baud=N]" */
	enum imp_carries carries;
	const char *access; /* how a user gets at it without being root; NULL: any may */

	/*
	 * Open what follows "scheme:".
	 *
	 *   ids   which USB interfaces are devices; NULL: none is
	 *   out   owned by the caller; its ops are set by imp_transport_open()
	 *
	 * Serial ports and USB interfaces are had by one opener at a time. 0; -IMP_EUSAGE
	 * (no name of this transport, or a name of several devices, which are listed);
	 * -IMP_ETRANSPORT (not there, no permission, held by whom, no answer before the
	 * deadline); -IMP_EINTERRUPTED, also where it was cancelled before;
	 * -IMP_EPOLICY (a device that is refused); -IMP_ERESOURCE.
	 */
	int (*open)(struct imp_transport **out, const char *rest,
		    const struct imp_usb_ids *ids, const struct imp_wait *wait,
		    struct imp_error *err);
	/*
	 * Write all of `bytes`, at least one: on a line of messages, as one.
	 *
	 * 0: the system has taken all of them. Otherwise some may have been sent, and the
	 * words say how many of how many: -IMP_ETRANSPORT (unplugged; closed by the peer;
	 * the deadline passed while nothing was taken; a device that halts its endpoint
	 * again after that was cleared), -IMP_EINTERRUPTED.
	 */
	int (*write)(struct imp_transport *t, struct imp_span bytes,
		     const struct imp_wait *wait, struct imp_error *err);
	/*
	 * Read 1..cap bytes: what there is of a stream; one message, of which what
	 * exceeds cap is lost.
	 *
	 * 0 with *len; 0 with *len 0 when the deadline passed. Bytes that came before the
	 * deadline or the cancel are never lost to either. -IMP_ETRANSPORT when the line
	 * is gone (unplugged, closed by the peer), never 0 bytes; -IMP_EINTERRUPTED.
	 * A halted endpoint is cleared, counted in t->stalls, and the read goes on; what
	 * fails again and again without a byte is -IMP_ETRANSPORT.
	 */
	int (*read)(struct imp_transport *t, uint8_t *buf, size_t cap, size_t *len,
		    const struct imp_wait *wait, struct imp_error *err);
	/* Give everything back, also to the kernel's driver; what was written and not
	 * sent yet is dropped. Never fails, never waits for the device; NULL is never
	 * passed. */
	void (*close)(struct imp_transport *t);
	/* Call fn for each device that is attached; NULL: cannot tell. */
	void (*each)(const struct imp_usb_ids *ids,
		     void (*fn)(const struct imp_attached *a, void *arg), void *arg);
	/* Put where a name leads: two names of one device lead to the same place. False
	 * where it leads nowhere, or does not fit. */
	bool (*place)(const char *rest, const struct imp_usb_ids *ids, char *out,
		      size_t cap);
	/* Add a hint for what was heard in place of an answer; returns rc. NULL: none. */
	int (*advise)(const struct imp_transport *t, enum imp_heard heard, int rc,
		      struct imp_error *err);
};

/* First member of every backend's private struct. */
struct imp_transport {
	const struct imp_transport_ops *ops;
	uint64_t byte_ns; /* that a byte takes on the line; 0: no time worth counting */
	uint64_t written, read; /* bytes so far */
	uint32_t stalls;	/* halted endpoints so far */
};

/* The backends compiled in, NULL-terminated; the ones that know most of a device first.
 */
extern const struct imp_transport_ops *const imp_transports[];

/* The backend of a device's name, and what follows its scheme; a name without one is a
 * serial port's path. NULL: no such scheme. */
const struct imp_transport_ops *imp_transport_find(const char *uri, const char **rest);
/* Open a device by its name; as ops->open. */
int imp_transport_open(struct imp_transport **out, const char *uri,
		       const struct imp_usb_ids *ids, const struct imp_wait *wait,
		       struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a pointer to NULL; leaves NULL. Fits CLEANUP(). */
void imp_transport_close(struct imp_transport **t);

uint64_t imp_now_ns(void); /* CLOCK_MONOTONIC */

#endif
