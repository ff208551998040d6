/* SPDX-License-Identifier: Apache-2.0 */
/* What every transport has to do, on a rig of its kind. */
#ifndef IMPRINT_TEST_CASES_H
#define IMPRINT_TEST_CASES_H

#include "rig.h"
#include "transport/transport.h"

/* The host's end. */
struct host {
	struct rig *rig;
	struct imp_transport *t;
	int cancel[2]; /* a pipe: what is written to [1] cancels */
	struct imp_error err;
};

void host_start(struct host *h, struct rig *r);
void host_stop(struct host *h);
/* Open what the rig's device is called. */
int host_open(struct host *h);
void host_close(struct host *h);
struct imp_wait host_within(const struct host *h, unsigned ms);
int host_write(struct host *h, struct imp_span bytes, unsigned ms);
/* Read n bytes, in as many pieces as they come; how many came before the time was up. */
size_t host_read(struct host *h, uint8_t *buf, size_t n, unsigned ms);
/* Cancel in so many milliseconds, from another thread; host_uncancel() joins it. */
pthread_t host_cancel_in(struct host *h, unsigned ms);
void host_uncancel(struct host *h, pthread_t id);
/* Milliseconds since some time. */
uint64_t host_ms(void);
/* A limit of so many milliseconds, for a program that may run SLOWNESS times slower, by
 * the environment, than it would by itself. */
uint64_t host_slowly(unsigned ms);
/* Bytes that differ from place to place. */
struct imp_span host_pattern(uint8_t *out, size_t n, unsigned seed);

/* The cases. */
typedef void rig_case(struct host *h);
#define CASES(X)                                   \
	X(messages_of_every_size_arrive_whole)     \
	X(messages_one_after_another)              \
	X(silence_ends_at_the_deadline)            \
	X(a_device_that_takes_nothing)             \
	X(cancelled_while_reading)                 \
	X(cancelled_while_writing)                 \
	X(cancelled_before_opening)                \
	X(what_came_before_a_cancel_is_not_lost)   \
	X(unplugged_while_nothing_happens)         \
	X(unplugged_while_reading)                 \
	X(unplugged_while_writing)                 \
	X(plugged_in_again)                        \
	X(one_opener_at_a_time)                    \
	X(nothing_is_there)                        \
	X(every_byte_value_passes)                 \
	X(closing_waits_for_nobody)                \
	X(two_names_lead_to_one_place)             \
	X(a_session_works)                         \
	X(a_session_finds_its_answer_in_garbage)   \
	X(a_silent_device_costs_the_deadline_only) \
	X(one_byte_a_second)                       \
	X(an_endless_stream)                       \
	X(an_unplug_at_every_step_of_a_session)
#define X(name) rig_case name;
CASES(X)
#undef X

#endif
