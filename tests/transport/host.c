/* SPDX-License-Identifier: Apache-2.0 */
/* The host's end of a rig. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"

void host_start(struct host *h, struct rig *r)
{
	*h = (struct host){ .rig = r };
	cr_assert_eq(pipe2(h->cancel, O_CLOEXEC | O_NONBLOCK), 0);
}

void host_stop(struct host *h)
{
	imp_transport_close(&h->t);
	close(h->cancel[0]);
	close(h->cancel[1]);
}

struct imp_wait host_within(const struct host *h, unsigned ms)
{
	return (struct imp_wait){ imp_now_ns() + ms * 1000000ull, h->cancel[0] };
}

int host_open(struct host *h)
{
	const struct imp_wait wait = host_within(h, 5000);

	return imp_transport_open(&h->t, h->rig->uri, h->rig->ids, &wait, &h->err);
}

void host_close(struct host *h)
{
	imp_transport_close(&h->t);
}

int host_write(struct host *h, struct imp_span bytes, unsigned ms)
{
	const struct imp_wait wait = host_within(h, ms);

	return h->t->ops->write(h->t, bytes, &wait, &h->err);
}

size_t host_read(struct host *h, uint8_t *buf, size_t n, unsigned ms)
{
	const struct imp_wait wait = host_within(h, ms);
	size_t done = 0;

	while (done < n) {
		size_t len = 0;
		int rc =
			h->t->ops->read(h->t, buf + done, n - done, &len, &wait, &h->err);

		cr_assert_eq(rc, 0, "%s", h->err.msg);
		if (len == 0)
			break;
		done += len;
	}
	return done;
}

struct later {
	int fd;
	unsigned ms;
};

static void *write_later(void *arg)
{
	struct later *l = arg;
	const struct timespec t = { l->ms / 1000, l->ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
	if (write(l->fd, "x", 1) != 1)
		abort();
	free(l);
	return NULL;
}

pthread_t host_cancel_in(struct host *h, unsigned ms)
{
	struct later *l = malloc(sizeof(*l));
	pthread_t id;

	cr_assert_not_null(l);
	*l = (struct later){ h->cancel[1], ms };
	cr_assert_eq(pthread_create(&id, NULL, write_later, l), 0);
	return id;
}

void host_uncancel(struct host *h, pthread_t id)
{
	char byte;

	pthread_join(id, NULL);
	cr_assert_eq(read(h->cancel[0], &byte, 1), 1);
}

uint64_t host_ms(void)
{
	return imp_now_ns() / 1000000;
}

uint64_t host_slowly(unsigned ms)
{
	const char *slowness = getenv("SLOWNESS");

	return (uint64_t)ms * (slowness ? strtoul(slowness, NULL, 10) : 1);
}

struct imp_span host_pattern(uint8_t *out, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(i * 7 + i / 256 + seed);
	return (struct imp_span){ out, n };
}
