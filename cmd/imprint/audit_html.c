/* SPDX-License-Identifier: Apache-2.0 */
/* An audit as one page of HTML, for people: no script, nothing from elsewhere. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/file.h"
#include "base/text.h"
#include "entry.h"
#include "markup.h"
#include "version.h"

enum { SHOWN_MAX = 200 /* findings of one kind */ };

static const char style[] =
	":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2027;"
	"--soft:#5b6573;--line:#e2e6eb;--rim:#eceff3;--alarm:#c62f45;--warning:#c98208;"
	"--notice:#3a76b8;--clean:#2c8f63}"
	"@media(prefers-color-scheme:dark){:root{--bg:#12151a;--card:#1b2027;"
	"--ink:#e8ebef;--soft:#9aa5b3;--line:#2d343e;--rim:#272e37;--alarm:#f0627a;"
	"--warning:#e9a93a;--notice:#6ea8e6;--clean:#4fbd8c}}"
	"*{box-sizing:border-box}"
	"body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,"
	"-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif}"
	"main{max-width:1120px;margin:0 auto;padding:40px 24px 56px}"
	".over{margin:0;color:var(--soft);font-size:13px;letter-spacing:.06em;"
	"text-transform:uppercase}"
	"h1{margin:4px 0 8px;font-size:30px;line-height:1.2;letter-spacing:-.01em}"
	"h2{margin:0 0 16px;font-size:15px}"
	".meta{margin:0;color:var(--soft)}.meta b{color:var(--ink);font-weight:600}"
	".card{background:var(--card);border:1px solid var(--line);border-radius:10px;"
	"padding:20px}"
	".grid{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:16px;"
	"margin:28px 0 40px}.wide{grid-column:1/-1}"
	"svg{display:block}.rim{fill:var(--rim)}circle.rim,circle.arc{fill:none;"
	"stroke-width:5}circle.rim{stroke:var(--rim)}"
	"rect.alarm{fill:var(--alarm)}rect.warning{fill:var(--warning)}"
	"rect.notice{fill:var(--notice)}rect.clean{fill:var(--clean)}"
	"circle.alarm{stroke:var(--alarm)}circle.warning{stroke:var(--warning)}"
	"circle.notice{stroke:var(--notice)}circle.clean{stroke:var(--clean)}"
	".ring{display:flex;align-items:center;gap:28px}"
	".ring svg{width:168px;flex:none}.ring text{font-size:8px;font-weight:650;"
	"text-anchor:middle;fill:var(--ink)}.ring .unit{font-size:3.2px;font-weight:400;"
	"fill:var(--soft)}"
	".ring ul{list-style:none;margin:0;padding:0;flex:1;max-width:260px}"
	".ring li{display:grid;grid-template-columns:18px 1fr auto 66px;padding:5px 0;"
	"border-bottom:1px solid var(--line);align-items:center}"
	".ring li:last-child{border:0}.ring li span{text-align:right;color:var(--soft);"
	"font-size:13px}"
	"i{width:10px;height:10px;border-radius:3px;display:inline-block}"
	"i.alarm{background:var(--alarm)}i.warning{background:var(--warning)}"
	"i.notice{background:var(--notice)}i.clean{background:var(--clean)}"
	".row{display:grid;grid-template-columns:minmax(80px,26%) 1fr 104px;gap:12px;"
	"align-items:center;padding:5px 0}"
	".row svg{width:100%;height:14px;border-radius:4px}"
	".row .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}"
	".row .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
	".row em{font-style:normal;color:var(--soft);font-size:13px}"
	".time{position:relative}.time svg{width:100%;height:150px;"
	"border-bottom:1px solid var(--line);border-top:1px dashed var(--line)}"
	".time{padding-top:20px}.time .most{position:absolute;top:0;left:0;color:var(--soft);font-size:12px}"
	".axis{display:flex;justify-content:space-between;gap:12px;color:var(--soft);"
	"font-size:12px;padding-top:6px}"
	".none{color:var(--soft);margin:0}"
	"section.kind{margin:0 0 20px;padding:0;overflow:hidden}"
	".kind header{padding:16px 20px 14px;border-left:4px solid}"
	".kind.alarm header{border-color:var(--alarm)}"
	".kind.warning header{border-color:var(--warning)}"
	".kind.notice header{border-color:var(--notice)}"
	".kind h3{margin:0;font-size:17px;display:flex;flex-wrap:wrap;gap:4px 10px;"
	"align-items:baseline}"
	".badge{font-size:12px;font-weight:600;text-transform:uppercase;"
	"letter-spacing:.05em}"
	".alarm .badge{color:var(--alarm)}.warning .badge{color:var(--warning)}"
	".notice .badge{color:var(--notice)}"
	".count{color:var(--soft);font-weight:400;font-size:14px}"
	".kind p{margin:2px 0 0}.next{color:var(--soft)}"
	"table{width:100%;border-collapse:collapse}"
	"td{padding:11px 20px;border-top:1px solid var(--line);vertical-align:top}"
	"td:first-child{width:250px}"
	".device{font-weight:600;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}"
	".when{color:var(--soft);font-size:13px;overflow-wrap:anywhere}"
	"dl{margin:0;display:grid;grid-template-columns:46px minmax(0,1fr);gap:3px 8px}"
	"dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}"
	"code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;"
	"background:var(--rim);border-radius:4px;padding:1px 5px}"
	".more{padding:12px 20px;border-top:1px solid var(--line);color:var(--soft)}"
	".well{border-left:4px solid var(--clean)}.well p{margin:0}"
	"footer{margin-top:32px;color:var(--soft);font-size:13px}"
	"footer p{margin:0 0 6px}"
	"@media(max-width:720px){main{padding:24px 14px 40px}h1{font-size:24px}"
	".grid{grid-template-columns:1fr;margin:20px 0 28px}"
	".ring{flex-direction:column;align-items:stretch;gap:14px}"
	".ring svg{margin:0 auto}.ring ul{max-width:none}"
	"td{display:block;padding:10px 16px}td:first-child{width:auto;padding-bottom:0}"
	"td+td{border-top:0;padding-top:6px}.kind header{padding:14px 16px}"
	".row{grid-template-columns:30% 1fr 84px;gap:8px}}"
	"@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;"
	"--soft:#444;--line:#ccc;--rim:#eee;--alarm:#c62f45;--warning:#c98208;"
	"--notice:#3a76b8;--clean:#2c8f63}"
	"*{-webkit-print-color-adjust:exact;print-color-adjust:exact}"
	"body{font-size:11px}main{max-width:none;padding:0}.card{border-radius:0;"
	"padding:14px}section.kind{margin:0 0 14px}h2{font-size:12px;margin:0 0 10px}"
	".when,.row em,.ring li span,.axis,.count,.badge,.time .most,footer{"
	"font-size:10px}code{font-size:10px}.kind h3{font-size:13px}td{padding:7px 14px}"
	".kind header{padding:10px 14px}.time svg{height:110px}.ring svg{width:130px}"
	".grid{margin:16px 0 20px}h1{font-size:22px}"
	"tr,.grid .card,.kind header{break-inside:avoid}.kind header{break-after:avoid}"
	"@page{margin:16mm 14mm}}";

struct page {
	FILE *f;
	struct audit_result *r;
	uint64_t shown;
};

static void put(const struct page *p, const char *text)
{
	markup_text(p->f, imp_span_str(text), false);
}

static void put_title(const struct page *p)
{
	const uint64_t *v = p->r->stats.verdict;
	uint64_t bad = v[IMP_ALARM] + v[IMP_WARNING] + v[IMP_NOTICE];
	uint64_t all = p->r->report.devices;

	if (p->r->spool.total == 0)
		fprintf(p->f, "Nothing speaks against %" PRIu64 " device%s", all,
			imp_plural(all));
	else if (bad == 0)
		fprintf(p->f,
			"Nothing speaks against the devices; %" PRIu64
			" finding%s about the ledger",
			p->r->spool.total, imp_plural(p->r->spool.total));
	else if (v[IMP_ALARM] > 0)
		fprintf(p->f, "%" PRIu64 " of %" PRIu64 " device%s %s not as %s issued",
			v[IMP_ALARM], all, imp_plural(all),
			v[IMP_ALARM] == 1 ? "is" : "are",
			v[IMP_ALARM] == 1 ? "it was" : "they were");
	else
		fprintf(p->f, "%" PRIu64 " of %" PRIu64 " device%s need%s a look", bad,
			all, imp_plural(all), bad == 1 ? "s" : "");
}

static void put_head(const struct page *p)
{
	const struct imp_audit_report *a = &p->r->report;
	char now[TIME_TEXT];

	time_text(p->r->now_s, now);
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n<meta "
	      "name=\"referrer\" content=\"no-referrer\">\n<title>Audit of ",
	      p->f);
	put(p, p->r->origin);
	fprintf(p->f,
		"</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<p class=\"over\">"
		"Audit of a provisioning ledger</p>\n<h1>",
		style);
	put_title(p);
	fputs("</h1>\n<p class=\"meta\"><b>", p->f);
	put(p, p->r->origin);
	fprintf(p->f,
		"</b> at %s: %" PRIu64 " entries, %" PRIu64 " device%s, %" PRIu64
		" tokens of evidence. ",
		now, a->entries, a->devices, imp_plural(a->devices), a->evidence);
	if (a->anchored > 0)
		fprintf(p->f,
			"Its first %" PRIu64
			" entries are those of a checkpoint that was kept elsewhere.",
			a->anchored);
	else
		fputs("No checkpoint from elsewhere vouches for it.", p->f);
	if (a->signatures > 0)
		fprintf(p->f, " %" PRIu64 " signature%s verified again.", a->signatures,
			imp_plural(a->signatures));
	fputs("</p>\n", p->f);
}

static void put_charts(const struct page *p)
{
	const struct audit_stats *s = &p->r->stats;

	fputs("<div class=\"grid\">\n<div class=\"card\"><h2>Devices by verdict</h2>\n",
	      p->f);
	chart_ring(p->f, s);
	fputs("</div>\n<div class=\"card\"><h2>Devices by station</h2>\n", p->f);
	chart_stations(p->f, s);
	fputs("</div>\n<div class=\"card wide\"><h2>Devices by the time of their last "
	      "evidence</h2>\n",
	      p->f);
	chart_time(p->f, s);
	fputs("</div>\n</div>\n", p->f);
}

static void put_fact(const struct page *p, const char *word, const struct imp_fact *f)
{
	char source[128];

	audit_source(f, source);
	fprintf(p->f, "<dt>%s</dt><dd><code>", word);
	put(p, source);
	fputs("</code> ", p->f);
	put(p, f->text);
	fputs("</dd>", p->f);
}

/* When and where what shows it was written down. */
static void put_when(const struct page *p, const struct imp_finding *f)
{
	char when[TIME_TEXT];

	if (f->has_domain)
		fprintf(p->f, "<div class=\"when\">domain %u</div>", f->domain);
	if (f->time > 0) {
		time_text(f->time, when);
		fprintf(p->f, "<div class=\"when\">%.10s %.8s UTC</div>", when,
			strlen(when) > 11 ? when + 11 : "");
	}
	if (f->station[0]) {
		fputs("<div class=\"when\">", p->f);
		put(p, f->station);
		fputs("</div>", p->f);
	}
}

static int put_finding(void *ctx, const struct imp_finding *f, struct imp_error *err)
{
	struct page *p = ctx;

	(void)err;
	if (p->shown++ >= SHOWN_MAX)
		return 0;
	fputs("<tr><td><div class=\"device\">", p->f);
	put(p, f->device[0] ? f->device : "the ledger");
	fputs("</div>", p->f);
	put_when(p, f);
	fputs("</td><td><dl>", p->f);
	put_fact(p, "found", &f->fact[0]);
	put_fact(p, "but", &f->fact[1]);
	fputs("</dl></td></tr>\n", p->f);
	return 0;
}

static int put_kind(struct page *p, enum imp_finding_code code, struct imp_error *err)
{
	const struct imp_finding_kind *k = imp_finding_kind(code);
	uint64_t count = p->r->spool.count[code];
	int rc;

	fprintf(p->f,
		"<section class=\"card kind %s\">\n<header><h3><span class=\"badge\">%s"
		"</span>%s<span class=\"count\">%" PRIu64 "</span></h3><p>%c%s.</p>"
		"<p class=\"next\">Next: %s.</p></header>\n<table>\n",
		imp_severity_name(k->severity), imp_severity_name(k->severity), k->word,
		count, toupper((unsigned char)k->means[0]), k->means + 1, k->next);
	p->shown = 0;
	rc = spool_each(&p->r->spool, code, put_finding, p, err);
	fputs("</table>\n", p->f);
	if (count > SHOWN_MAX)
		fprintf(p->f,
			"<div class=\"more\">and %" PRIu64
			" more: imprint audit --csv lists all</div>\n",
			count - SHOWN_MAX);
	fputs("</section>\n", p->f);
	return rc;
}

static int put_findings(struct page *p, struct imp_error *err)
{
	int rc = 0;

	if (p->r->spool.total == 0)
		fputs("<section class=\"card well\"><p>Every device that has proven its "
		      "state holds what was issued to it, and nothing else was ever "
		      "applied.</p></section>\n",
		      p->f);
	for (int i = 0; !rc && i < IMP_FOUND_CODES; i++)
		if (p->r->spool.count[i] > 0)
			rc = put_kind(p, (enum imp_finding_code)i, err);
	return rc;
}

static int write_page(FILE *f, struct audit_result *r, struct imp_error *err)
{
	struct page p = { .f = f, .r = r };
	int rc;

	put_head(&p);
	put_charts(&p);
	rc = put_findings(&p, err);
	fputs("<footer><p>Each finding names two facts that cannot both be true, and where "
	      "each comes from. imprint-audit(7) explains every kind.</p><p>No evidence "
	      "proves that nobody came after it. Made by imprint " IMPRINT_VERSION
	      ".</p></footer>\n</main>\n</body>\n</html>\n",
	      f);
	return rc;
}

int audit_html(const char *path, bool force, struct audit_result *r,
	       struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int rc =
		f ? write_page(f, r, err) : imp_fail(err, IMP_ERESOURCE, "out of memory");

	if (f && (ferror(f) | fclose(f)) && !rc)
		rc = imp_fail(err, IMP_ERESOURCE, "out of memory");
	if (!rc)
		rc = imp_out_open(&out, path, force ? IMP_OUT_FORCE : 0, err);
	if (!rc)
		rc = imp_out_write(&out, (struct imp_span){ (const uint8_t *)text, len },
				   err);
	free(text);
	return rc ? rc : imp_out_commit(&out, err);
}
