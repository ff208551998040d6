/* SPDX-License-Identifier: Apache-2.0 */
/* Progress of a batch. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

static const uint64_t SECOND = 1000000000;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

void progress_begin(struct progress *p, const char *verb, uint64_t total)
{
	*p = (struct progress){ .verb = verb, .total = total, .began_ns = now_ns() };
	p->shown = isatty(STDERR_FILENO);
}

static void draw(const struct progress *p, uint64_t now)
{
	double seconds = (double)(now - p->began_ns) / (double)SECOND;
	double rate = (double)p->done / seconds;
	uint64_t left = (uint64_t)((double)(p->total - p->done) / rate + 0.5);

	fprintf(stderr,
		"\r%s: %" PRIu64 " of %" PRIu64 "  %" PRIu64 "%%  %.0f/s  %" PRIu64
		":%02" PRIu64 " left\033[K",
		p->verb, p->done, p->total, 100 * p->done / p->total, rate, left / 60,
		left % 60);
}

void progress_step(struct progress *p)
{
	uint64_t now;

	/* The clock is asked rarely: a step costs next to nothing. */
	if (++p->done % 64 != 0 || !p->shown || p->done > p->total)
		return;
	now = now_ns();
	if (now - p->began_ns < SECOND / 2 || now - p->drawn_ns < SECOND / 5)
		return;
	p->drawn_ns = now;
	draw(p, now);
}

void progress_end(struct progress *p)
{
	if (p->drawn_ns > 0)
		fputs("\r\033[K", stderr);
	*p = (struct progress){ 0 };
}
