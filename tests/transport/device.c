/* SPDX-License-Identifier: Apache-2.0 */
/* The device's end of a line. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device.h"

void device_init(struct device *d)
{
	pthread_condattr_t attr;

	memset(d, 0, sizeof(*d));
	d->room = SIZE_MAX;
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &attr);
}

static void forget(struct device *d)
{
	while (d->outs > 0)
		device_drop_first(d);
	d->in_len = 0;
	d->ends = 0;
	d->moved = 0;
}

void device_fini(struct device *d)
{
	forget(d);
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
}

static void note_change(struct device *d)
{
	pthread_cond_broadcast(&d->changed);
	if (d->nudge)
		d->nudge(d->line);
}

bool device_say_now(struct device *d, struct imp_span bytes)
{
	uint8_t *copy = NULL;

	if (d->outs < DEVICE_MESSAGES)
		copy = malloc(bytes.len ? bytes.len : 1);
	if (!copy)
		return false;
	if (bytes.len > 0)
		memcpy(copy, bytes.ptr, bytes.len);
	d->out[d->outs].ptr = copy;
	d->out[d->outs].len = bytes.len;
	d->out[d->outs++].off = 0;
	note_change(d);
	return true;
}

bool device_say(struct device *d, struct imp_span bytes)
{
	bool said;

	pthread_mutex_lock(&d->lock);
	said = device_say_now(d, bytes);
	pthread_mutex_unlock(&d->lock);
	return said;
}

bool device_wait(struct device *d, size_t n)
{
	struct timespec end;
	int rc = 0;
	bool there;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += 5;
	pthread_mutex_lock(&d->lock);
	while (d->in_len < n && rc == 0)
		rc = pthread_cond_timedwait(&d->changed, &d->lock, &end);
	there = d->in_len >= n;
	pthread_mutex_unlock(&d->lock);
	return there;
}

void device_forget(struct device *d)
{
	pthread_mutex_lock(&d->lock);
	forget(d);
	pthread_mutex_unlock(&d->lock);
}

void device_set_room(struct device *d, size_t room)
{
	pthread_mutex_lock(&d->lock);
	d->room = room;
	note_change(d);
	pthread_mutex_unlock(&d->lock);
}

void device_pass_to_link(struct device *d, struct imp_span bytes, bool ended)
{
	struct imp_span rest = bytes, answer;

	while (imp_link_feed(d->link, &rest, &answer))
		(void)device_say_now(d, answer);
	if (ended)
		imp_link_end(d->link);
}

void device_hear(struct device *d, struct imp_span bytes, bool ended)
{
	if (bytes.len > sizeof(d->in) - d->in_len)
		abort();
	if (bytes.len > 0)
		memcpy(d->in + d->in_len, bytes.ptr, bytes.len);
	d->in_len += bytes.len;
	d->moved += bytes.len;
	d->ends += ended;
	if (d->room != SIZE_MAX)
		d->room -= bytes.len;
	if (d->heard)
		d->heard(d, bytes, ended);
	else if (d->link)
		device_pass_to_link(d, bytes, ended);
	pthread_cond_broadcast(&d->changed);
}

size_t device_until_pull(const struct device *d, size_t n)
{
	uint64_t left = d->pull_at > d->moved ? d->pull_at - d->moved : 0;

	return d->pull_at && left < n ? (size_t)left : n;
}

bool device_is_pulled(const struct device *d)
{
	return d->pull_at && d->moved >= d->pull_at;
}

struct imp_span device_next(const struct device *d)
{
	if (d->outs == 0)
		return (struct imp_span){ 0 };
	return (struct imp_span){ d->out[0].ptr + d->out[0].off,
				  d->out[0].len - d->out[0].off };
}

void device_went(struct device *d, size_t n)
{
	d->out[0].off += n;
	d->moved += n;
}

void device_drop_first(struct device *d)
{
	free(d->out[0].ptr);
	memmove(d->out, d->out + 1, --d->outs * sizeof(d->out[0]));
}
