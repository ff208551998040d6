/* SPDX-License-Identifier: Apache-2.0 */
/* What the user sees of an audit. */
#ifndef IMPRINT_AUDIT_H
#define IMPRINT_AUDIT_H

#include <stdio.h>

#include "args.h"
#include "challenges.h"
#include "ledger/audit.h"

/* Findings wait here until all are there: one file without a name for each code. */
struct spool {
	FILE *of[IMP_FOUND_CODES];
	uint64_t count[IMP_FOUND_CODES];
	uint64_t total;
};

/* Write one behind the others of its code. 0, -IMP_ERESOURCE: no room for it. */
int spool_add(struct spool *s, const struct imp_finding *f, struct imp_error *err);
/* Call fn with each of one code, in the order of their coming; what it returns other than
 * 0 ends that. */
int spool_each(struct spool *s, enum imp_finding_code code,
	       int (*fn)(void *ctx, const struct imp_finding *f, struct imp_error *err),
	       void *ctx, struct imp_error *err);
/* Accepts a zeroed one. Fits CLEANUP(). */
void spool_fini(struct spool *s);

/* Devices by verdict, by station, over time; of bounded size. */
enum { STATIONS_MAX = 128, BARS_MAX = 48 };
struct audit_stats {
	uint64_t verdict[IMP_SEVERITIES];
	struct audit_station {
		char name[IMP_STATION_TEXT]; /* ""; does not say */
		uint64_t verdict[IMP_SEVERITIES];
	} station[STATIONS_MAX];
	size_t stations;
	uint64_t others[IMP_SEVERITIES]; /* of more stations than that */
	struct audit_bar {
		uint64_t at; /* in widths since 1970 */
		uint64_t verdict[IMP_SEVERITIES];
	} bar[BARS_MAX];
	size_t bars;
	uint64_t width_s;
	uint64_t unseen; /* devices without dated evidence */
};

/* Count one device: in its verdict, its station, and its time where its evidence has one;
 * where there are too many times, bars become wider. */
void stats_add(struct audit_stats *s, const struct imp_audited *d);
/* Bars by time, stations by their devices, the largest first. */
void stats_sort(struct audit_stats *s);

/* All that a report says. */
struct audit_result {
	struct spool spool;
	struct audit_stats stats;
	struct imp_audit_report report;
	const char *ledger; /* borrowed */
	char origin[129];
	uint64_t now_s;
};

/* Worst first. Each 0, or -IMP_ERESOURCE. */
int audit_text(FILE *f, struct audit_result *r, struct imp_error *err);
int audit_json(FILE *f, struct audit_result *r, struct imp_error *err);
int audit_csv(FILE *f, struct audit_result *r, struct imp_error *err);
/* Into a file, whole or not at all. */
int audit_html(const char *path, bool force, struct audit_result *r,
	       struct imp_error *err);
/* "3 findings in 2 of 8 devices" */
void audit_sum(const struct audit_result *r, char out[128]);
/* Where a fact comes from: "entry 17", "x.evidence, item 3", "sim/1", "--stale". */
void audit_source(const struct imp_fact *f, char out[128]);

/* SVG of the report. */
/* Each verdict's name in style sheets is that of its severity. */
void chart_ring(FILE *f, const struct audit_stats *s);
void chart_stations(FILE *f, const struct audit_stats *s);
void chart_time(FILE *f, const struct audit_stats *s);

/* Devices that are asked now. */
struct answers {
	struct imp_questioned *at;
	struct imp_secret *kept; /* what they point to */
	size_t count, cap, kept_cap;
	int rc; /* of the first that failed; it was told of */
	struct imp_error err;
};
/* challenges: to ask by, or NULL */
int answers_read(struct answers *l, const struct dev_args *dev,
		 struct challenges *challenges, struct imp_error *err);
void answers_fini(struct answers *l);

#endif
