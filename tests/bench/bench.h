/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring: CPU time of this thread, medians, one JSON line a metric, a gate. */
#ifndef IMPRINT_BENCH_H
#define IMPRINT_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t bench_cpu_ns(void);
double bench_median(double *v, size_t n);
/* Print {"metric": ..., "value": ..., "limit": ...}; true where value <= limit. */
bool bench_report(const char *metric, double value, double limit);
/* The same for what should be at least `target`; true where it is at least `gate`, which
 * lies a little lower: machines are noisy. */
bool bench_at_least(const char *metric, double value, double target, double gate);

/* The same for what is counted, not measured: true where it is just so. */
bool bench_exactly(const char *metric, uint64_t value, uint64_t want);

#endif
