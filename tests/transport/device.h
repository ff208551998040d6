/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's end of a line, whatever the line is: bytes that came from the host, and
 * messages on their way to it. With an agent, it answers by itself.
 *
 * Lines call in from threads of their own; tests from theirs.
 */
#ifndef IMPRINT_TEST_DEVICE_H
#define IMPRINT_TEST_DEVICE_H

#include <pthread.h>

#include "agent/link.h"

enum { DEVICE_BYTES = 1 << 17, DEVICE_MESSAGES = 64 };

struct device {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct imp_link *link; /* an agent on this line; NULL */
	/* In place of an agent: called with what came, the lock held; NULL. */
	void (*heard)(struct device *d, struct imp_span bytes, bool ended);
	/* What came from the host. */
	size_t room; /* bytes that are still taken; SIZE_MAX: all */
	uint8_t in[DEVICE_BYTES];
	size_t in_len;
	unsigned ends; /* of messages among it */
	/* What goes to it: messages, the first partly gone. */
	struct {
		uint8_t *ptr;
		size_t len, off;
	} out[DEVICE_MESSAGES];
	size_t outs;
	/* The plug is pulled at this byte, both ways counted; 0: never. */
	uint64_t moved, pull_at;
	/* Tells the line that there is something to do; NULL. */
	void (*nudge)(void *line);
	void *line;
};

void device_init(struct device *d);
void device_fini(struct device *d);
/* Say something to the host: one message, or some bytes of a stream. False where too much
 * is on its way already. */
bool device_say(struct device *d, struct imp_span bytes);
/* Wait until n bytes came, at most five seconds; true when they did. */
bool device_wait(struct device *d, size_t n);
/* Nothing that came, or is to go, counts any more. */
void device_forget(struct device *d);
void device_set_room(struct device *d, size_t room);

/* For lines, with the lock held. */

bool device_say_now(struct device *d, struct imp_span bytes);
/* Let the agent hear it. */
void device_pass_to_link(struct device *d, struct imp_span bytes, bool ended);

/* Bytes came from the host; ended: so did a message. */
void device_hear(struct device *d, struct imp_span bytes, bool ended);
/* Of n bytes, those before the plug is pulled. */
size_t device_until_pull(const struct device *d, size_t n);
bool device_is_pulled(const struct device *d);
/* The rest of the first message; drop what went, the message with its last byte. */
struct imp_span device_next(const struct device *d);
void device_went(struct device *d, size_t n);
void device_drop_first(struct device *d);

#endif
