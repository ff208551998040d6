/* SPDX-License-Identifier: Apache-2.0 */
/* Devices by verdict, by station, over time. */
#include <stdlib.h>
#include <string.h>

#include "audit.h"

/* Widths of bars; each divides the next. */
static const uint64_t widths[] = { 60,	   600,	    3600,     21600,	86400,
				   604800, 2419200, 31449600, 628992000 };

static uint64_t *station_of(struct audit_stats *s, const char *name)
{
	for (size_t i = 0; i < s->stations; i++)
		if (strcmp(s->station[i].name, name) == 0)
			return s->station[i].verdict;
	if (s->stations == STATIONS_MAX)
		return s->others;
	snprintf(s->station[s->stations].name, IMP_STATION_TEXT, "%s", name);
	return s->station[s->stations++].verdict;
}

static struct audit_bar *bar_at(struct audit_stats *s, uint64_t at)
{
	for (size_t i = 0; i < s->bars; i++)
		if (s->bar[i].at == at)
			return &s->bar[i];
	if (s->bars == BARS_MAX)
		return NULL;
	s->bar[s->bars] = (struct audit_bar){ .at = at };
	return &s->bar[s->bars++];
}

static void add_all(uint64_t to[IMP_SEVERITIES], const uint64_t from[IMP_SEVERITIES])
{
	for (size_t i = 0; i < IMP_SEVERITIES; i++)
		to[i] += from[i];
}

/* All from the first to the last must be there, empty ones, too. */
static bool fits(const struct audit_stats *s, uint64_t at)
{
	uint64_t low = at, high = at;

	for (size_t i = 0; i < s->bars; i++) {
		low = s->bar[i].at < low ? s->bar[i].at : low;
		high = s->bar[i].at > high ? s->bar[i].at : high;
	}
	return high - low < BARS_MAX;
}

static bool widen(struct audit_stats *s)
{
	struct audit_bar old[BARS_MAX];
	size_t count = s->bars, w = 0;
	uint64_t factor;

	while (w + 1 < COUNTOF(widths) && widths[w] <= s->width_s)
		w++;
	if (widths[w] <= s->width_s)
		return false;
	factor = widths[w] / s->width_s;
	memcpy(old, s->bar, sizeof(old));
	s->bars = 0;
	s->width_s = widths[w];
	for (size_t i = 0; i < count; i++) {
		struct audit_bar *b = bar_at(s, old[i].at / factor);

		add_all(b->verdict, old[i].verdict);
	}
	return true;
}

static void add_time(struct audit_stats *s, const struct imp_audited *d)
{
	struct audit_bar *b = NULL;
	bool wide = true;

	if (s->width_s == 0)
		s->width_s = widths[0];
	while (wide && !fits(s, d->time / s->width_s))
		wide = widen(s);
	if (wide)
		b = bar_at(s, d->time / s->width_s);
	if (b)
		b->verdict[d->verdict]++;
	else
		s->unseen++;
}

void stats_add(struct audit_stats *s, const struct imp_audited *d)
{
	s->verdict[d->verdict]++;
	station_of(s, d->station)[d->verdict]++;
	if (d->time > 0)
		add_time(s, d);
	else
		s->unseen++;
}

static uint64_t sum(const uint64_t verdict[IMP_SEVERITIES])
{
	uint64_t n = 0;

	for (size_t i = 0; i < IMP_SEVERITIES; i++)
		n += verdict[i];
	return n;
}

static int by_devices(const void *a, const void *b)
{
	const struct audit_station *x = a, *y = b;
	uint64_t n = sum(x->verdict), m = sum(y->verdict);

	return n == m ? strcmp(x->name, y->name) : n > m ? -1 : 1;
}

static int by_time(const void *a, const void *b)
{
	const struct audit_bar *x = a, *y = b;

	return x->at == y->at ? 0 : x->at < y->at ? -1 : 1;
}

void stats_sort(struct audit_stats *s)
{
	qsort(s->station, s->stations, sizeof(s->station[0]), by_devices);
	qsort(s->bar, s->bars, sizeof(s->bar[0]), by_time);
}
