/* SPDX-License-Identifier: Apache-2.0 */
/* What every transport has to do: bytes, times, cancels, plugs. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"

enum { PACKET = 512, MOST = 8192, FLOOD = 16 << 20 };

static uint8_t out[FLOOD], in[1 << 16];

#define OPENED(h) cr_assert_eq(host_open(h), 0, "%s", (h)->err.msg)

static bool is_message_line(const struct host *h)
{
	return h->rig->ops->carries == IMP_CARRIES_MESSAGES;
}

/* From the host, and back. */
static void there_and_back(struct host *h, size_t n)
{
	struct device *d = &h->rig->device;
	struct imp_span message = host_pattern(out, n, (unsigned)n);

	device_forget(d);
	cr_assert_eq(host_write(h, message, 5000), 0, "%zu: %s", n, h->err.msg);
	cr_assert(device_wait(d, n), "%zu", n);
	cr_assert_eq(d->in_len, n);
	cr_assert_eq(memcmp(d->in, out, n), 0, "%zu", n);
	if (is_message_line(h))
		cr_assert_eq(d->ends, 1, "%zu: one write, one message", n);
	cr_assert(device_say(d, message));
	memset(in, 0, n);
	cr_assert_eq(host_read(h, in, n, 5000), n, "%zu", n);
	cr_assert_eq(memcmp(in, out, n), 0, "%zu", n);
}

/* USB-08, and SER-08 in part: around whole packets of any speed, and the largest. */
void messages_of_every_size_arrive_whole(struct host *h)
{
	static const size_t units[] = { 64, PACKET, 1024 };

	OPENED(h);
	there_and_back(h, 1);
	there_and_back(h, 8);
	for (size_t u = 0; u < COUNTOF(units); u++)
		for (size_t n = 1; n <= 3; n++)
			for (size_t around = 0; around < 3; around++)
				there_and_back(h, n * units[u] - 1 + around);
	there_and_back(h, MOST - 1);
	there_and_back(h, MOST);
	/* Nothing is left over, such as a packet of no bytes that nobody read. */
	cr_assert_eq(host_read(h, in, 1, 50), 0);
	cr_assert_eq(h->t->written, h->t->read);
}

void messages_one_after_another(struct host *h)
{
	struct device *d = &h->rig->device;
	static const size_t sizes[] = { 3, PACKET, 1, 2 * PACKET, 700 };
	size_t all = 0, got = 0;

	OPENED(h);
	for (size_t i = 0; i < COUNTOF(sizes); i++) {
		cr_assert(device_say(d, host_pattern(out + all, sizes[i], (unsigned)i)));
		all += sizes[i];
	}
	for (size_t i = 0; got < all; i++) {
		const struct imp_wait wait = host_within(h, 2000);
		size_t len;

		cr_assert_eq(h->t->ops->read(h->t, in + got, sizeof(in) - got, &len,
					     &wait, &h->err),
			     0, "%s", h->err.msg);
		cr_assert_gt(len, 0);
		if (is_message_line(h))
			cr_assert_eq(len, sizes[i], "one read, one message");
		got += len;
	}
	cr_assert_eq(got, all);
	cr_assert_eq(memcmp(in, out, all), 0);
}

/* DEV-01 */
void silence_ends_at_the_deadline(struct host *h)
{
	uint64_t from;

	OPENED(h);
	from = host_ms();
	cr_assert_eq(host_read(h, in, 1, 150), 0);
	cr_assert_geq(host_ms() - from, 149);
	cr_assert_lt(host_ms() - from, host_slowly(600));
	/* A deadline that has passed does not hide what is there. */
	cr_assert(device_say(&h->rig->device, IMP_TEXT("late")));
	usleep(50000);
	cr_assert_eq(host_read(h, in, 4, h->rig->ops == &rig_usb ? 20 : 0), 4);
}

/* More than anything on the way takes in. */
static struct imp_span flood(const struct host *h)
{
	return host_pattern(out, h->rig->ops == &rig_tcp ? FLOOD : 1 << 16, 0);
}

static void expect_part_of_flood(const struct host *h)
{
	char words[32];

	snprintf(words, sizeof(words), " of %zu", flood(h).len);
	cr_assert(strstr(h->err.msg, words), "%s", h->err.msg);
}

void a_device_that_takes_nothing(struct host *h)
{
	uint64_t from;

	OPENED(h);
	device_set_room(&h->rig->device, 0);
	from = host_ms();
	cr_assert_eq(host_write(h, flood(h), 200), -IMP_ETRANSPORT);
	cr_assert_lt(host_ms() - from, host_slowly(1000));
	cr_assert(strstr(h->err.msg, "takes no more bytes, after "), "%s", h->err.msg);
	expect_part_of_flood(h);
}

void cancelled_while_reading(struct host *h)
{
	const struct imp_wait wait = host_within(h, 10000);
	uint64_t from = host_ms();
	pthread_t id;
	size_t len;

	OPENED(h);
	id = host_cancel_in(h, 50);
	cr_assert_eq(h->t->ops->read(h->t, in, 1, &len, &wait, &h->err),
		     -IMP_EINTERRUPTED);
	cr_assert_lt(host_ms() - from, host_slowly(1000));
	host_uncancel(h, id);
	/* The line works on, and another opener gets it. */
	there_and_back(h, 100);
	host_close(h);
	OPENED(h);
	there_and_back(h, 100);
}

/* USB-12 in part */
void cancelled_while_writing(struct host *h)
{
	uint64_t from;
	pthread_t id;

	OPENED(h);
	device_set_room(&h->rig->device, 0);
	from = host_ms();
	id = host_cancel_in(h, 50);
	cr_assert_eq(host_write(h, flood(h), 10000), -IMP_EINTERRUPTED);
	cr_assert_lt(host_ms() - from, host_slowly(1000));
	expect_part_of_flood(h);
	host_uncancel(h, id);
	host_close(h);
	cr_assert_lt(host_ms() - from, host_slowly(1500));
}

void cancelled_before_opening(struct host *h)
{
	pthread_t id = host_cancel_in(h, 0);

	pthread_join(id, NULL);
	cr_assert_eq(host_open(h), -IMP_EINTERRUPTED);
	cr_assert_null(h->t);
	cr_assert_eq(read(h->cancel[0], in, 1), 1);
	OPENED(h); /* nothing was kept */
}

void what_came_before_a_cancel_is_not_lost(struct host *h)
{
	const struct imp_wait wait = host_within(h, 5000);
	size_t len = 1;
	pthread_t id;

	OPENED(h);
	cr_assert(device_say(&h->rig->device, host_pattern(out, 600, 1)));
	id = host_cancel_in(h, 0);
	pthread_join(id, NULL);
	usleep(50000);
	cr_assert_eq(h->t->ops->read(h->t, in, 600, &len, &wait, &h->err),
		     -IMP_EINTERRUPTED);
	cr_assert_eq(len, 0);
	cr_assert_eq(read(h->cancel[0], in, 1), 1);
	cr_assert_eq(host_read(h, in, 600, 2000), 600);
	cr_assert_eq(memcmp(in, out, 600), 0);
}

static void expect_gone(struct host *h, int rc)
{
	cr_assert_eq(rc, -IMP_ETRANSPORT, "%d", rc);
	cr_assert(strstr(h->err.msg, h->rig->ops->unplugs), "%s", h->err.msg);
}

/* USB-04 in part */
void unplugged_while_nothing_happens(struct host *h)
{
	const struct imp_wait wait = host_within(h, 5000);
	uint64_t from;
	size_t len;
	int rc = 0;

	OPENED(h);
	there_and_back(h, 20);
	h->rig->ops->unplug(h->rig);
	from = host_ms();
	expect_gone(h, h->t->ops->read(h->t, in, 10, &len, &wait, &h->err));
	cr_assert(strstr(h->err.msg, "after 20 bytes sent, 20 received"), "%s",
		  h->err.msg);
	for (int i = 0; rc == 0 && i < 10; i++) /* TCP has to ask once */
		rc = host_write(h, host_pattern(out, 300, 0), 1000);
	expect_gone(h, rc);
	cr_assert(strstr(h->err.msg, " of 300 bytes"), "%s", h->err.msg);
	cr_assert_lt(host_ms() - from, host_slowly(1500));
}

static void *unplug_soon(void *arg)
{
	struct rig *r = arg;

	usleep(50000);
	r->ops->unplug(r);
	return NULL;
}

void unplugged_while_reading(struct host *h)
{
	const struct imp_wait wait = host_within(h, 10000);
	uint64_t from = host_ms();
	pthread_t id;
	size_t len;

	OPENED(h);
	cr_assert_eq(pthread_create(&id, NULL, unplug_soon, h->rig), 0);
	expect_gone(h, h->t->ops->read(h->t, in, 10, &len, &wait, &h->err));
	pthread_join(id, NULL);
	cr_assert_lt(host_ms() - from, host_slowly(2000));
}

void unplugged_while_writing(struct host *h)
{
	uint64_t from = host_ms();
	pthread_t id;

	OPENED(h);
	device_set_room(&h->rig->device, 0);
	cr_assert_eq(pthread_create(&id, NULL, unplug_soon, h->rig), 0);
	expect_gone(h, host_write(h, flood(h), 10000));
	expect_part_of_flood(h);
	pthread_join(id, NULL);
	cr_assert_lt(host_ms() - from, host_slowly(2000));
}

/* USB-06: back on the same port, with another number on its bus. */
void plugged_in_again(struct host *h)
{
	const struct imp_wait wait = host_within(h, 5000);
	size_t len;

	for (int i = 0; i < 3; i++) {
		OPENED(h);
		there_and_back(h, 50);
		h->rig->ops->unplug(h->rig);
		device_forget(&h->rig->device);
		h->rig->ops->plug(h->rig);
		/* What was open stays dead: nobody talks to another device unawares. */
		expect_gone(h, h->t->ops->read(h->t, in, 10, &len, &wait, &h->err));
		host_close(h);
	}
	OPENED(h);
	there_and_back(h, 50);
}

/* SER-10, USB-10 in part */
void one_opener_at_a_time(struct host *h)
{
	struct host other;
	int rc;

	OPENED(h);
	host_start(&other, h->rig);
	rc = host_open(&other);
	if (h->rig->ops->exclusive) {
		cr_assert_eq(rc, -IMP_ETRANSPORT);
		cr_assert(strstr(other.err.msg, "held by "), "%s", other.err.msg);
		cr_assert_null(other.t);
	} else {
		cr_assert_eq(rc, 0, "whoever listens there decides: %s", other.err.msg);
	}
	there_and_back(h, 100);
	host_close(h);
	if (h->rig->ops->exclusive)
		OPENED(&other);
	host_stop(&other);
}

/* USB-01, SER-11 */
void nothing_is_there(struct host *h)
{
	char place[300];
	const char *rest;

	h->rig->ops->unplug(h->rig);
	cr_assert_eq(host_open(h), -IMP_ETRANSPORT);
	cr_assert_null(h->t);
	cr_assert(strstr(h->err.msg, "no such port") ||
			  strstr(h->err.msg, "no such device") ||
			  strstr(h->err.msg, "nothing listens"),
		  "%s", h->err.msg);
	cr_assert(imp_transport_find(h->rig->uri, &rest));
	if (h->rig->ops != &rig_tcp)
		cr_assert_not(imp_transport_find(h->rig->uri, &rest)
				      ->place(rest, h->rig->ids, place, sizeof(place)));
}

/* SER-13: no byte is special to a line. */
void every_byte_value_passes(struct host *h)
{
	struct device *d = &h->rig->device;

	OPENED(h);
	for (size_t i = 0; i < 256; i++)
		out[i] = (uint8_t)i;
	memcpy(out + 256, "\x03\x04\x11\x13\xff\x7f\r\n", 8);
	cr_assert_eq(host_write(h, (struct imp_span){ out, 264 }, 1000), 0);
	cr_assert(device_wait(d, 264));
	cr_assert_eq(memcmp(d->in, out, 264), 0);
	cr_assert(device_say(d, (struct imp_span){ out, 264 }));
	cr_assert_eq(host_read(h, in, 264, 1000), 264);
	cr_assert_eq(memcmp(in, out, 264), 0);
}

void closing_waits_for_nobody(struct host *h)
{
	uint64_t from;

	OPENED(h);
	device_set_room(&h->rig->device, 0);
	(void)host_write(h, host_pattern(out, 3000, 0), 30);
	from = host_ms();
	host_close(h);
	cr_assert_lt(host_ms() - from, host_slowly(500));
}

void two_names_lead_to_one_place(struct host *h)
{
	char place[2][300];
	const char *rest;
	const struct imp_transport_ops *ops = imp_transport_find(h->rig->uri, &rest);

	cr_assert_not_null(ops);
	cr_assert_eq(ops->carries, h->rig->ops->carries);
	cr_assert(ops->place(rest, h->rig->ids, place[0], sizeof(place[0])));
	if (h->rig->ops == &rig_usb)
		cr_assert(ops->place("", h->rig->ids, place[1], sizeof(place[1])));
	else if (h->rig->ops == &rig_pty)
		cr_assert(ops->place(place[0], NULL, place[1], sizeof(place[1])));
	else
		cr_assert(ops->place(rest, NULL, place[1], sizeof(place[1])));
	cr_assert_str_eq(place[0], place[1]);
	cr_assert_not(ops->place(rest, h->rig->ids, place[0], 3), "does not fit");
}
