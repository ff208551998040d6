/* SPDX-License-Identifier: Apache-2.0 */
/* The charts of an audit's report: SVG for shapes, HTML for words. */
#include <inttypes.h>
#include <string.h>

#include "audit.h"
#include "base/text.h"
#include "entry.h"
#include "markup.h"

enum { ROWS_MAX = 12, STEP = 10, HEIGHT = 100, FULL = 24 /* columns */, DAY_S = 86400 };

static const char *name_of(size_t severity)
{
	return imp_severity_name((enum imp_severity)severity);
}

static uint64_t sum(const uint64_t v[IMP_SEVERITIES])
{
	uint64_t n = 0;

	for (size_t i = 0; i < IMP_SEVERITIES; i++)
		n += v[i];
	return n;
}

/* In percent of the whole; 0 of nothing. */
static double share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

/* A circle of circumference 100, so that shares are lengths. */
void chart_ring(FILE *f, const struct audit_stats *s)
{
	uint64_t all = sum(s->verdict);
	double at = 25; /* twelve o'clock */

	fputs("<div class=\"ring\"><svg viewBox=\"0 0 42 42\" role=\"img\" "
	      "aria-label=\"devices by verdict\"><circle class=\"rim\" cx=\"21\" "
	      "cy=\"21\" r=\"15.915\"/>",
	      f);
	for (size_t i = IMP_SEVERITIES; i-- > 0;) {
		double part = share(s->verdict[i], all);

		if (s->verdict[i] == 0)
			continue;
		fprintf(f,
			"<circle class=\"arc %s\" cx=\"21\" cy=\"21\" r=\"15.915\" "
			"stroke-dasharray=\"%.3f %.3f\" stroke-dashoffset=\"%.3f\">"
			"<title>%s: %" PRIu64 "</title></circle>",
			name_of(i), part, 100 - part, at, name_of(i), s->verdict[i]);
		at -= part;
	}
	fprintf(f,
		"<text x=\"21\" y=\"21.5\">%" PRIu64 "</text><text class=\"unit\" "
		"x=\"21\" y=\"26\">device%s</text></svg><ul>",
		all, imp_plural(all));
	for (size_t i = IMP_SEVERITIES; i-- > 0;)
		fprintf(f,
			"<li><i class=\"%s\"></i>%s<b>%" PRIu64
			"</b><span>%.1f %%</span></li>",
			name_of(i), name_of(i), s->verdict[i], share(s->verdict[i], all));
	fputs("</ul></div>\n", f);
}

static void put_bar(FILE *f, const uint64_t v[IMP_SEVERITIES], uint64_t most)
{
	double at = 0;

	fputs("<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
	      "aria-hidden=\"true\"><rect class=\"rim\" width=\"100\" height=\"10\"/>",
	      f);
	for (size_t i = IMP_SEVERITIES; i-- > 0;) {
		double part = share(v[i], most);

		if (v[i] > 0)
			fprintf(f,
				"<rect class=\"%s\" x=\"%.3f\" width=\"%.3f\" "
				"height=\"10\"><title>%s: %" PRIu64 "</title></rect>",
				name_of(i), at, part, name_of(i), v[i]);
		at += part;
	}
	fputs("</svg>", f);
}

static void put_row(FILE *f, const char *name, const uint64_t v[IMP_SEVERITIES],
		    uint64_t most)
{
	uint64_t bad = sum(v) - v[IMP_CLEAN];

	fputs("<div class=\"row\"><span class=\"name\">", f);
	markup_text(f, imp_span_str(name[0] ? name : "not said"), false);
	fputs("</span>", f);
	put_bar(f, v, most);
	fprintf(f, "<span class=\"n\">%" PRIu64, sum(v));
	if (bad > 0)
		fprintf(f, " <em>%" PRIu64 " found</em>", bad);
	fputs("</span></div>\n", f);
}

/* The largest first; the rest in one row. */
void chart_stations(FILE *f, const struct audit_stats *s)
{
	size_t rows = s->stations > ROWS_MAX ? ROWS_MAX : s->stations;
	uint64_t rest[IMP_SEVERITIES], most;
	char name[48];

	for (size_t v = 0; v < IMP_SEVERITIES; v++) {
		rest[v] = s->others[v];
		for (size_t i = rows; i < s->stations; i++)
			rest[v] += s->station[i].verdict[v];
	}
	most = s->stations > 0 ? sum(s->station[0].verdict) : 0;
	if (sum(rest) > most)
		most = sum(rest);
	for (size_t i = 0; i < rows; i++)
		put_row(f, s->station[i].name, s->station[i].verdict, most);
	if (sum(rest) > 0) {
		snprintf(name, sizeof(name), "other stations");
		put_row(f, name, rest, most);
	}
	if (s->stations == 0)
		fputs("<p class=\"none\">No station has written about a device.</p>\n",
		      f);
}

static const char *width_name(uint64_t width_s)
{
	static const struct {
		uint64_t s;
		const char *name;
	} names[] = {
		{ 60, "minute" },	   { 600, "ten minutes" }, { 3600, "hour" },
		{ 21600, "six hours" },	   { 86400, "day" },	   { 604800, "week" },
		{ 2419200, "four weeks" },
	};

	for (size_t i = 0; i < COUNTOF(names); i++)
		if (names[i].s == width_s)
			return names[i].name;
	return "year or more";
}

static void put_column(FILE *f, const struct audit_stats *s, const struct audit_bar *b,
		       uint64_t x, uint64_t most)
{
	char when[TIME_TEXT];
	double at = HEIGHT;

	time_text(b->at * s->width_s, when);
	for (size_t i = 0; i < IMP_SEVERITIES; i++) {
		double part = share(b->verdict[i], most) * HEIGHT / 100;

		if (b->verdict[i] == 0)
			continue;
		at -= part;
		fprintf(f,
			"<rect class=\"%s\" x=\"%.1f\" y=\"%.2f\" width=\"%d\" "
			"height=\"%.2f\"><title>%s: %" PRIu64 " %s</title></rect>",
			name_of(i), (double)(x * STEP) + 1, at, STEP - 2, part, when,
			b->verdict[i], name_of(i));
	}
}

/* Days where columns are days or more, else the time, too. */
static void put_axis(FILE *f, const struct audit_stats *s, uint64_t from, uint64_t to)
{
	const uint64_t end[] = { from, to };
	char text[2][TIME_TEXT];

	for (size_t i = 0; i < 2; i++) {
		time_text(end[i], text[i]);
		if (strlen(text[i]) < 17)
			continue;
		text[i][10] = ' ';
		text[i][s->width_s >= DAY_S ? 10 : 16] = '\0';
	}
	fprintf(f,
		"</svg><div class=\"axis\"><span>%s</span><span>a column: one %s</span>"
		"<span>%s</span></div></div>\n",
		text[0], width_name(s->width_s), text[1]);
}

void chart_time(FILE *f, const struct audit_stats *s)
{
	uint64_t first, last, columns, most = 0;

	if (s->bars == 0) {
		fputs("<p class=\"none\">No device has proven anything yet.</p>\n", f);
		return;
	}
	first = s->bar[0].at;
	last = s->bar[s->bars - 1].at;
	for (size_t i = 0; i < s->bars; i++)
		most = sum(s->bar[i].verdict) > most ? sum(s->bar[i].verdict) : most;
	columns = last - first + 1;
	/* Few columns keep their width. */
	fprintf(f,
		"<div class=\"time\" style=\"width:%d%%\"><span class=\"most\">up to %" PRIu64
		" in one column"
		"</span><svg viewBox=\"0 0 %" PRIu64
		" %d\" preserveAspectRatio=\"none\" role=\"img\" "
		"aria-label=\"devices over time\">",
		columns < FULL ? 40 + (int)columns * 60 / FULL : 100, most,
		columns * STEP, HEIGHT);
	for (size_t i = 0; i < s->bars; i++)
		put_column(f, s, &s->bar[i], s->bar[i].at - first, most);
	put_axis(f, s, first * s->width_s, (last + 1) * s->width_s);
}
