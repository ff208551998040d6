/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"

uint64_t bench_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), order);
	return v[n / 2];
}

bool bench_report(const char *metric, double value, double limit)
{
	printf("{\"metric\":\"%s\",\"value\":%.4f,\"limit\":%.4f}\n", metric, value,
	       limit);
	return value <= limit;
}

bool bench_at_least(const char *metric, double value, double target, double gate)
{
	printf("{\"metric\":\"%s\",\"value\":%.4f,\"target\":%.4f,\"gate\":%.4f}\n",
	       metric, value, target, gate);
	return value >= gate;
}

bool bench_exactly(const char *metric, uint64_t value, uint64_t want)
{
	printf("{\"metric\":\"%s\",\"value\":%" PRIu64 ",\"exactly\":%" PRIu64 "}\n",
	       metric, value, want);
	return value == want;
}
